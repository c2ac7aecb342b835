/*
 * Both kinds of map, written with async results (pool_async.h).
 *
 * A canceled item may still be in its worker when the map or imap that it
 * belongs to is freed. So what its callback needs lives on until that callback:
 * the flag of a map is counted, an item of an imap frees itself.
 */
#include "pool/map.h"

#include <stdlib.h>

#include "pool/pool_async.h"
#include "pool/pool_internal.h"

#define WINDOW_PER_WORKER 128 /* items of an imap, unless the user says */

/* A chunk is a run of items that share an affinity key, so they go to one
 * worker. The key's top bit is set: users' own keys seldom have it. */
struct chunks {
    uint64_t key;
    size_t nr_items; /* in each chunk; 0 or 1: no chunks */
    size_t left;     /* items that the current chunk still takes */
};

/* The affinity key of the next item; 0 (none) when each chunk is one item. */
static uint64_t next_key(struct chunks *chunks)
{
    static uint64_t last_key = (uint64_t)1 << 63;

    if (chunks->nr_items <= 1)
        return 0;
    if (chunks->left == 0) {
        chunks->key = ++last_key;
        chunks->left = chunks->nr_items;
    }
    chunks->left--;
    return chunks->key;
}

/* The result of a task, or NULL while the task has not ended. */
static const struct pool_result *peek_result(struct pool_async *async)
{
    const struct pool_result *result = NULL;

    return pool_get(async, 0, &result) == CERR_OK ? result : NULL;
}

/* ---- map ---- */

/* The flag of a fail-fast map: some item has failed. It lives until the last
 * task that may set it has ended. */
struct fail_flag {
    bool is_set;
    size_t nr_users; /* the map and its tasks in the pool; frees at 0 */
};

struct pool_results {
    struct pool_async **asyncs; /* owned; in the order of the items */
    size_t nr;                  /* items submitted so far */
    struct fail_flag *fail;     /* NULL: failures cancel nothing */
};

/* Ends one use of the flag; the last user frees it. */
static void leave_flag(struct fail_flag *flag)
{
    if (flag && --flag->nr_users == 0)
        free(flag);
}

/* The callback of each item of a fail-fast map. */
static void on_map_item_end(void *user, const struct pool_result *result)
{
    struct fail_flag *flag = user;

    flag->is_set = flag->is_set || result->status != POOL_OK;
    leave_flag(flag);
}

static void cancel_all(const struct pool_results *results)
{
    for (size_t i = 0; i < results->nr; i++) {
        enum err err = pool_cancel(results->asyncs[i]);

        (void)err; /* an item that has ended needs no cancel */
    }
}

/* Submits the next item, and waits for room in the queue if there is none. */
static enum err submit_item(struct pool *pool, const struct pool_map *map,
                            struct pool_results *results, struct chunks *chunks,
                            int64_t deadline_ms)
{
    const struct pool_item *item = &map->items[results->nr];
    struct pool_task task = {
        .function = map->function,
        .data = item->data,
        .len = item->len,
        .retryable = map->retryable,
        .soft_timeout_ms = map->soft_timeout_ms,
        .hard_timeout_ms = map->hard_timeout_ms,
        .affinity = next_key(chunks),
        .on_done = results->fail ? on_map_item_end : NULL,
        .user = results->fail,
    };
    struct pool_async *async;
    enum err err = pool_apply_async(pool, &task, &async);

    while (err == CERR_AGAIN && !pool_is_past(deadline_ms)) {
        run_once(pool, deadline_ms);
        err = pool_apply_async(pool, &task, &async);
    }
    if (err == CERR_OK) {
        results->asyncs[results->nr++] = async;
        if (results->fail)
            results->fail->nr_users++;
    }
    return err == CERR_AGAIN ? CERR_TIMEOUT : err;
}

/* Waits for all items. The first failure of a fail-fast map cancels what has
 * not started. */
static enum err wait_for_all(struct pool *pool,
                             const struct pool_results *results,
                             int64_t deadline_ms)
{
    bool may_cancel = results->fail != NULL;

    for (size_t i = 0; i < results->nr; i++) {
        while (!pool_ready(results->asyncs[i])) {
            if (pool_is_past(deadline_ms))
                return CERR_TIMEOUT;
            run_once(pool, deadline_ms);
            if (may_cancel && results->fail->is_set) {
                may_cancel = false;
                cancel_all(results);
            }
        }
    }
    return CERR_OK;
}

/* Makes the results of a map. The caller frees `out` after an error too. */
static enum err new_results(const struct pool_map *map,
                            struct pool_results **out)
{
    struct pool_results *results = calloc(1, sizeof(*results));

    *out = results;
    if (!results)
        return CERR_NOMEM;
    results->asyncs = calloc(map->nr_items + 1, sizeof(struct pool_async *));
    if (map->is_fail_fast)
        results->fail = calloc(1, sizeof(*results->fail));
    if (!results->asyncs || (map->is_fail_fast && !results->fail))
        return CERR_NOMEM;
    if (results->fail)
        results->fail->nr_users = 1; /* this map; each task is one more */
    return CERR_OK;
}

enum err pool_map(struct pool *pool, const struct pool_map *map,
                  int64_t timeout_ms, struct pool_results **out)
{
    int64_t deadline_ms = pool_deadline_ms(timeout_ms);
    struct chunks chunks = {.nr_items = map->chunk_items};
    struct pool_results *results;
    enum err err;

    *out = NULL;
    if (!pool_is_owner(pool))
        return CERR_PERM;
    err = new_results(map, &results);
    if (err != CERR_OK) {
        pool_results_free(results);
        return err;
    }
    if (chunks.nr_items == 0) { /* Python's rule: four chunks a worker */
        size_t nr_parts = 4 * (size_t)pool->options.nr_workers;

        chunks.nr_items =
            map->nr_items / nr_parts + (map->nr_items % nr_parts != 0);
    }
    pool_enter(pool);
    while (err == CERR_OK && results->nr < map->nr_items)
        err = submit_item(pool, map, results, &chunks, deadline_ms);
    if (err == CERR_OK)
        err = wait_for_all(pool, results, deadline_ms);
    if (err != CERR_OK) { /* the caller gets no results, so nobody waits */
        cancel_all(results);
        pool_results_free(results);
        results = NULL;
    }
    pool_leave(pool);
    *out = results;
    return err;
}

size_t pool_results_nr(const struct pool_results *results)
{
    return results->nr;
}

const struct pool_result *pool_results_get(const struct pool_results *results,
                                           size_t i)
{
    return peek_result(results->asyncs[i]);
}

const struct pool_result *
pool_results_first_error(const struct pool_results *results)
{
    for (size_t i = 0; i < results->nr; i++) {
        const struct pool_result *result = pool_results_get(results, i);

        if (result->status != POOL_OK)
            return result;
    }
    return NULL;
}

void pool_results_free(struct pool_results *results)
{
    if (!results)
        return;
    for (size_t i = 0; i < results->nr; i++)
        pool_async_free(results->asyncs[i]);
    leave_flag(results->fail);
    free(results->asyncs);
    free(results);
}

/* ---- imap ---- */

/* One item between its submit and its result. */
struct imap_item {
    struct imap_item *next, *prev; /* in the window, in order of submitting */
    struct imap_item *next_ended;  /* in an unordered imap, by its end */
    struct pool_imap *imap;        /* NULL: the imap is freed */
    struct pool_async *async;      /* owned */
};

struct pool_imap {
    struct pool *pool;
    struct pool_imap_options options;
    struct chunks chunks;
    struct imap_item *first, *last;
    struct imap_item *first_ended, *last_ended; /* in order of their end */
    size_t nr_items;                            /* items in the window */
    struct imap_item *lent; /* owned; the caller has its result; NULL: none */
    struct pool_item input; /* read from the source, not yet submitted */
    bool has_input;         /* `input` is valid */
    bool is_closing;     /* pool_imap_free() runs: callbacks change no list */
    enum err source_err; /* CERR_OK while there may be more */
};

static void add_item(struct pool_imap *imap, struct imap_item *item)
{
    item->imap = imap;
    item->prev = imap->last;
    if (imap->last)
        imap->last->next = item;
    else
        imap->first = item;
    imap->last = item;
    imap->nr_items++;
}

static void remove_item(struct pool_imap *imap, struct imap_item *item)
{
    if (item->prev)
        item->prev->next = item->next;
    else
        imap->first = item->next;
    if (item->next)
        item->next->prev = item->prev;
    else
        imap->last = item->prev;
    imap->nr_items--;
}

/* Notes the order of the ends, which an unordered imap gives its results in. */
static void on_imap_item_end(void *user, const struct pool_result *result)
{
    struct imap_item *item = user;
    struct pool_imap *imap = item->imap;

    (void)result; /* the async result has it */
    if (!imap) {  /* it was freed before, and left the item to us */
        free(item);
        return;
    }
    if (imap->is_closing || !imap->options.is_unordered)
        return;
    if (imap->last_ended)
        imap->last_ended->next_ended = item;
    else
        imap->first_ended = item;
    imap->last_ended = item;
}

enum err pool_imap_open(struct pool *pool,
                        const struct pool_imap_options *options,
                        struct pool_imap **out)
{
    struct pool_imap *imap;

    *out = NULL;
    if (!pool_is_owner(pool))
        return CERR_PERM;
    if (!options->source)
        return CERR_INVALID;
    imap = calloc(1, sizeof(*imap));
    if (!imap)
        return CERR_NOMEM;
    imap->pool = pool;
    imap->options = *options;
    if (imap->options.window == 0)
        imap->options.window =
            (size_t)pool->options.nr_workers * WINDOW_PER_WORKER;
    imap->chunks.nr_items = options->chunk_items;
    *out = imap;
    return CERR_OK;
}

/* Submits the item that was read from the source. CERR_AGAIN keeps it. */
static enum err submit_input(struct pool_imap *imap)
{
    struct imap_item *item = calloc(1, sizeof(*item));
    struct pool_task task = {
        .function = imap->options.function,
        .data = imap->input.data,
        .len = imap->input.len,
        .retryable = imap->options.retryable,
        .soft_timeout_ms = imap->options.soft_timeout_ms,
        .hard_timeout_ms = imap->options.hard_timeout_ms,
        .affinity = next_key(&imap->chunks),
        .on_done = on_imap_item_end,
        .user = item,
    };
    enum err err;

    if (!item)
        return CERR_NOMEM;
    err = pool_apply_async(imap->pool, &task, &item->async);
    if (err != CERR_OK) {
        free(item);
        return err;
    }
    imap->has_input = false;
    add_item(imap, item);
    return CERR_OK;
}

/*
 * Reads the source until the window or the pool's queue is full. What the
 * pool refuses for good ends the input like an error of the source.
 */
static void fill_window(struct pool_imap *imap)
{
    enum err err = CERR_OK;

    while (err == CERR_OK && imap->nr_items < imap->options.window) {
        if (!imap->has_input && imap->source_err == CERR_OK) {
            imap->source_err =
                imap->options.source(imap->options.user, &imap->input);
            imap->has_input = imap->source_err == CERR_OK;
        }
        if (!imap->has_input)
            return;
        err = submit_input(imap);
    }
    if (err != CERR_OK && err != CERR_AGAIN) {
        imap->has_input = false;
        imap->source_err = err;
    }
}

/* The item whose result comes next, if it has ended; else NULL. */
static struct imap_item *find_ended(const struct pool_imap *imap)
{
    if (imap->options.is_unordered)
        return imap->first_ended;
    if (imap->first && pool_ready(imap->first->async))
        return imap->first;
    return NULL;
}

/* Takes an item out of the window and lends its result to the caller. */
static const struct pool_result *lend_item(struct pool_imap *imap,
                                           struct imap_item *item)
{
    if (imap->options.is_unordered) {
        imap->first_ended = item->next_ended;
        if (!imap->first_ended)
            imap->last_ended = NULL;
    }
    remove_item(imap, item);
    imap->lent = item;
    return peek_result(item->async);
}

/* Frees the item whose result the caller has had since the last call. */
static void drop_lent(struct pool_imap *imap)
{
    if (!imap->lent)
        return;
    pool_async_free(imap->lent->async);
    free(imap->lent);
    imap->lent = NULL;
}

enum err pool_imap_next(struct pool_imap *imap, int64_t timeout_ms,
                        const struct pool_result **result)
{
    int64_t deadline_ms = pool_deadline_ms(timeout_ms);
    struct imap_item *item = NULL;
    enum err err = CERR_OK;

    *result = NULL;
    if (!pool_is_owner(imap->pool))
        return CERR_PERM;
    drop_lent(imap);
    pool_enter(imap->pool);
    /* The window is filled first, so that workers go on while the caller looks
     * at the result. */
    for (;;) {
        fill_window(imap);
        item = find_ended(imap);
        if (item || (imap->nr_items == 0 && !imap->has_input) ||
            pool_is_past(deadline_ms))
            break;
        run_once(imap->pool, deadline_ms);
    }
    if (item) {
        *result = lend_item(imap, item);
    } else if (imap->nr_items == 0 && !imap->has_input) {
        err = imap->source_err;
        imap->source_err = CERR_NOT_FOUND; /* an error shows once */
    } else {
        err = CERR_TIMEOUT;
    }
    pool_leave(imap->pool);
    return err;
}

void pool_imap_free(struct pool_imap *imap)
{
    if (!imap)
        return;
    /* Callbacks of any item may run in here. `is_closing` keeps them from
     * changing the list that this walks through. */
    imap->is_closing = true;
    for (struct imap_item *item = imap->first; item; item = item->next) {
        enum err err = pool_cancel(item->async);

        (void)err; /* the task ends in any case, and nobody looks */
    }
    while (imap->first) {
        struct imap_item *item = imap->first;
        bool is_ready = pool_ready(item->async);

        imap->first = item->next;
        pool_async_free(item->async);
        item->imap = NULL;
        if (is_ready)
            free(item); /* else its callback will */
    }
    drop_lent(imap);
    free(imap);
}
