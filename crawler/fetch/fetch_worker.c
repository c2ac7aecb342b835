#include "crawler/fetch/fetch_worker.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "crawler/fetch/curl_alloc.h"
#include "crawler/fetch/fetch_internal.h"
#include "crawler/fetch/lookup.h"
#include "crawler/fetch/transfer.h"
#include "crawler/page/job.h"
#include "crawler/page/page.h"
#include "crawler/sandbox/sandbox.h"

#define TURN_MS_MAX       200 /* between two signs of life */
#define FIELDS_BYTES_MAX  ((size_t)128 << 10)
#define MEMORY_BASE_BYTES ((uint64_t)2 << 30)
#define CODE_BAD_JOB      1 /* the task was no job: a bug of the parent */

/* A job that came while there was no room for it. */
struct waiting {
    struct waiting *next;
    uint64_t id;
    size_t len;
    unsigned char data[];
};

struct fetcher {
    struct worker *worker; /* borrowed */
    struct transfers *transfers;
    struct transfer *held; /* done, but the arena has no room for it */
    struct waiting *waiting, **last_waiting;
    struct buf fields; /* of the page on its way out */
    struct sandbox sandbox;
    bool stopping;
    bool gone; /* nobody to report to */
};

/* ---- pages out ---- */

static enum err send_page(struct fetcher *fetcher, uint64_t id,
                          const struct page *page)
{
    size_t payload = page_payload_bytes(page);
    void *space = NULL;
    enum err err;

    buf_reset(&fetcher->fields);
    err = page_encode(&fetcher->fields, page);
    if (err)
        return err;
    if (payload > 0) {
        space = worker_space(fetcher->worker, payload);
        if (!space)
            return CERR_AGAIN;
        page_put_payload(page, space);
    }
    err = worker_reply_parts(fetcher->worker, &(struct worker_reply){
                                                  .task_id = id,
                                                  .data = fetcher->fields.data,
                                                  .len = fetcher->fields.len,
                                                  .space = space,
                                                  .space_len = payload,
                                              });
    if (err && space)
        worker_space_drop(fetcher->worker, space);
    return err;
}

/* A page that no arena holds loses the end of its body, then its raw bytes. */
static void fit_payload(struct page *page, size_t most)
{
    size_t payload = page_payload_bytes(page);
    size_t others;

    if (payload <= most)
        return;
    others = payload - page->body.len;
    if (others > most) {
        page->raw_request.len = 0;
        page->raw_head.len = 0;
        page->raw_body.len = 0;
        others = page->links.len;
    }
    if (others > most) {
        page->links.len = 0;
        page->nr_links = 0;
        page->flags |= PAGE_LINKS_CUT;
        others = 0;
    }
    if (page->body.len > most - others)
        page->body.len = most - others;
    page->flags |= PAGE_BODY_CUT;
    if (!page->error) {
        page->error = ERROR_TOO_LARGE;
        page->outcome = OUTCOME_ERROR;
    }
}

/* False: it has to wait for room in the arena. */
static bool report(struct fetcher *fetcher, struct transfer *transfer)
{
    struct page *page = transfer_page(transfer);
    enum err err;

    fit_payload(page, worker_space_max(fetcher->worker));
    err = send_page(fetcher, transfer_id(transfer), page);
    if (err == CERR_AGAIN)
        return false;
    if (err)
        fetcher->gone = true;
    transfer_recycle(transfer);
    return true;
}

static void report_all(struct fetcher *fetcher)
{
    struct transfer *transfer = fetcher->held;

    fetcher->held = NULL;
    if (!transfer)
        transfer = transfers_next_done(fetcher->transfers);
    while (transfer) {
        if (!report(fetcher, transfer)) {
            fetcher->held = transfer;
            return;
        }
        transfer = transfers_next_done(fetcher->transfers);
    }
}

/* ---- jobs in ---- */

/* It ends before it has begun. */
static void refuse(struct fetcher *fetcher, uint64_t id, enum error error)
{
    struct page page;

    page_init(&page);
    page.outcome = OUTCOME_ERROR;
    page.error = error;
    if (send_page(fetcher, id, &page))
        fetcher->gone = true;
}

static void begin(struct fetcher *fetcher, uint64_t id, const void *data,
                  size_t len)
{
    struct worker_reply bad = {.task_id = id, .code = CODE_BAD_JOB};
    struct job job;

    if (job_decode(&job, data, len)) {
        if (worker_reply_parts(fetcher->worker, &bad))
            fetcher->gone = true;
        return;
    }
    if (transfers_start(fetcher->transfers, id, &job))
        refuse(fetcher, id, ERROR_INTERNAL);
}

static bool has_room(const struct fetcher *fetcher)
{
    return !fetcher->held && transfers_room(fetcher->transfers) > 0;
}

static void put_off(struct fetcher *fetcher, const struct worker_task *task)
{
    struct waiting *waiting = xmalloc(sizeof(*waiting) + task->len);

    waiting->next = NULL;
    waiting->id = task->id;
    waiting->len = task->len;
    memcpy(waiting->data, task->data, task->len);
    *fetcher->last_waiting = waiting;
    fetcher->last_waiting = &waiting->next;
}

/* Takes the one that `link` points at out of the list. */
static void drop_waiting(struct fetcher *fetcher, struct waiting **link)
{
    struct waiting *waiting = *link;

    *link = waiting->next;
    if (fetcher->last_waiting == &waiting->next)
        fetcher->last_waiting = link;
    free(waiting);
}

static void begin_waiting(struct fetcher *fetcher)
{
    while (fetcher->waiting && has_room(fetcher)) {
        struct waiting *first = fetcher->waiting;

        begin(fetcher, first->id, first->data, first->len);
        drop_waiting(fetcher, &fetcher->waiting);
    }
}

static void cancel(struct fetcher *fetcher, uint64_t id)
{
    struct waiting **link = &fetcher->waiting;

    if (transfers_cancel(fetcher->transfers, id))
        return;
    while (*link && (*link)->id != id)
        link = &(*link)->next;
    if (!*link)
        return;
    drop_waiting(fetcher, link);
    refuse(fetcher, id, ERROR_CANCELED);
}

/* Its sandbox is stale, or it was refused memory, which can leave a library
 * half-made for as long as it lives. Such a worker leaves: it takes no more
 * jobs, the pool gives those it was sent to others and starts another in its
 * place. */
static bool is_spent(const struct fetcher *fetcher)
{
    return fetcher->sandbox.is_stale || curl_alloc_nr_refused() > 0;
}

/* Reads until the pool has nothing more, as only that empties its socket;
 * jobs beyond our room wait here. */
static void take_jobs(struct fetcher *fetcher)
{
    struct worker_task task;

    begin_waiting(fetcher);
    while (!fetcher->gone && !is_spent(fetcher)) {
        switch (worker_take(fetcher->worker, &task)) {
        case WORKER_TASK:
            if (fetcher->waiting || !has_room(fetcher))
                put_off(fetcher, &task);
            else
                begin(fetcher, task.id, task.data, task.len);
            break;
        case WORKER_CANCEL:
            cancel(fetcher, task.id);
            break;
        case WORKER_EMPTY:
            return;
        case WORKER_STOP:
            fetcher->stopping = true;
            return;
        case WORKER_GONE:
            fetcher->gone = true;
            break;
        }
    }
}

/* ---- the loop ---- */

static enum err turn(struct fetcher *fetcher)
{
    /* Jobs put off because of too many look-ups at once go on at once. */
    int wait_ms = fetcher->waiting && has_room(fetcher) ? 0 : TURN_MS_MAX;
    int fd = is_spent(fetcher) ? -1 : worker_fd(fetcher->worker);
    enum err err = transfers_watch(fetcher->transfers, fd);

    return err ? err : transfers_turn(fetcher->transfers, wait_ms);
}

static bool has_work(const struct fetcher *fetcher)
{
    return transfers_busy(fetcher->transfers) > 0 || fetcher->waiting ||
           worker_unsent(fetcher->worker) > 0;
}

static bool is_leaving(const struct fetcher *fetcher)
{
    return fetcher->stopping || is_spent(fetcher);
}

static enum err run(struct fetcher *fetcher)
{
    enum err err = CERR_OK;

    while (!err) {
        take_jobs(fetcher);
        if (fetcher->gone || (is_leaving(fetcher) && !has_work(fetcher)))
            return CERR_OK;
        err = turn(fetcher);
        report_all(fetcher);
        if (!err)
            err = worker_flush(fetcher->worker);
        worker_alive(fetcher->worker);
    }
    return err;
}

/* ---- before the first job ---- */

/* What all bodies at once may want, as received, decoded and as UTF-8, and the
 * stacks of the threads that look names up. */
static uint64_t memory_needed(const struct fetch_options *options)
{
    int64_t body = options->max_body_bytes;

    if (body < options->max_wire_bytes)
        body = options->max_wire_bytes;
    if (body < options->max_sitemap_bytes)
        body = options->max_sitemap_bytes;
    return MEMORY_BASE_BYTES +
           (uint64_t)options->max_transfers * (uint64_t)body * 4;
}

static enum err lock_in(struct fetcher *fetcher,
                        const struct fetch_options *options)
{
    struct sandbox_options sandbox = {
        .user = options->user,
        .ca_file = options->ca_file ? options->ca_file : TRANSFER_CA_FILE,
        .memory_bytes = memory_needed(options),
        .board = options->sandbox_board,
        .worker = worker_slot(fetcher->worker),
    };
    enum err err;

    if (options->sandbox == FETCH_SANDBOX_OFF)
        return CERR_OK;
    err = sandbox_enter(&fetcher->sandbox, &sandbox);
    if (err) {
        log_error("a worker cannot enter its sandbox: %s", err_str(err));
        return err;
    }
    if (options->sandbox == FETCH_SANDBOX_REQUIRE &&
        (fetcher->sandbox.parts & SANDBOX_REQUIRED) != SANDBOX_REQUIRED) {
        log_error("the sandbox is incomplete on this system");
        return CERR_PERM;
    }
    transfers_set_sandbox(fetcher->transfers, &fetcher->sandbox);
    return CERR_OK;
}

int fetch_worker_main(struct worker *worker, void *ctx)
{
    struct fetch_options full;
    const struct fetch_options *options = &full;
    struct fetcher fetcher = {.worker = worker,
                              .last_waiting = &fetcher.waiting};
    int status = EXIT_SUCCESS;
    enum err err;

    /* OpenSSL writes without MSG_NOSIGNAL, and libcurl installs no handlers. */
    signal(SIGPIPE, SIG_IGN);
    buf_init(&fetcher.fields, FIELDS_BYTES_MAX);
    fetch_options_fill(&full, ctx);
    if (curl_alloc_open((size_t)full.max_transfers))
        return EXIT_FAILURE;
    /* what is loaded at its first use, while files are still open */
    tzset();
    if (lookup_warm_up()) {
        curl_alloc_close();
        return EXIT_FAILURE;
    }
    err = transfers_open(&fetcher.transfers, options);
    if (!err)
        err = lock_in(&fetcher, options);
    if (err) {
        log_error("worker cannot start: %s", err_str(err));
        /* memory may be back for the next one */
        status = err == CERR_NOMEM ? EXIT_FAILURE : WORKER_EXIT_FATAL;
    } else {
        err = run(&fetcher);
        if (err && err != CERR_CLOSED)
            status = EXIT_FAILURE;
    }
    while (fetcher.waiting)
        drop_waiting(&fetcher, &fetcher.waiting);
    transfers_close(fetcher.transfers);
    buf_release(&fetcher.fields);
    curl_alloc_close();
    return status;
}
