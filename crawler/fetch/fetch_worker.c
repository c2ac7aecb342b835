/*
 * The event loop of a worker behind fetch_worker.h: reads jobs, runs a turn of
 * the transfers, sends the pages of those that have ended.
 *
 *   pool ─► read_jobs ─► begin ─► transfers ─► send_ended ─► pool
 *                │         ▲                       │
 *                └─► waiting (no room)             └─► unsent (arena is full)
 */
#include "crawler/fetch/fetch_worker.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <time.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "crawler/fetch/curl_alloc.h"
#include "crawler/fetch/fetch_internal.h"
#include "crawler/fetch/transfer.h"
#include "crawler/page/job.h"
#include "crawler/page/page.h"
#include "crawler/sandbox/sandbox.h"

/* Longest wait of a turn: the pool wants signs of life. */
#define TURN_MS_MAX       200
#define FIELDS_BYTES_MAX  ((size_t)128 << 10)
/* Address space: of the process and its threads, of a transfer beside its body,
 * of a connection with TLS. */
#define MEMORY_BASE_BYTES ((uint64_t)1 << 30)
#define TRANSFER_BYTES    ((uint64_t)1 << 20)
#define CONNECTION_BYTES  ((uint64_t)128 << 10)
#define CODE_BAD_JOB      1 /* the task was no job: a bug of the parent */

/* A job that came while there was no room for it. */
struct waiting {
    STAILQ_ENTRY(waiting) link;
    uint64_t id;
    size_t len;
    unsigned char data[]; /* the job, encoded */
};

/*
 *   RUNNING ─► STOPPING   [read_jobs]  the pool says stop: what was sent ends
 *   RUNNING, STOPPING ─► GONE          nobody is there to report to: leaves at
 *                                      once [read_jobs, note_failure]
 */
enum fetcher_state { FETCHER_RUNNING, FETCHER_STOPPING, FETCHER_GONE };

struct fetcher {
    struct worker *worker;       /* borrowed */
    struct transfers *transfers; /* owned */
    enum fetcher_state state;
    struct transfer *unsent; /* ended, but the arena has no room for it */
    STAILQ_HEAD(, waiting) waiting;
    struct buf fields; /* of the page on its way out */
    struct sandbox sandbox;
};

/* ---- pages out ---- */

/* Takes any refusal of the pool as its end, except one for want of room. */
static void note_failure(struct fetcher *fetcher, enum err err)
{
    if (err)
        fetcher->state = FETCHER_GONE;
}

/* Sends one page. CERR_AGAIN: the arena has no room for the payload now. */
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
        page_write_payload(page, space);
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

/* A page that is larger than the whole arena loses its raw bytes, then its
 * links, then the end of its body, until it fits. */
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

/* Sends the page of a transfer; returns false if it has to wait for room in the
 * arena. */
static bool send_transfer(struct fetcher *fetcher, struct transfer *transfer)
{
    struct page *page = transfer_page(transfer);
    enum err err;

    fit_payload(page, worker_space_max(fetcher->worker));
    err = send_page(fetcher, transfer_id(transfer), page);
    if (err == CERR_AGAIN)
        return false;
    note_failure(fetcher, err);
    transfer_recycle(transfer);
    return true;
}

/* Sends the pages of transfers that have ended. One page waits at most: the
 * transfers behind it stay where they are, so no more jobs begin, and the pool
 * sends no more of them. */
static void send_ended(struct fetcher *fetcher)
{
    struct transfer *transfer = fetcher->unsent;

    fetcher->unsent = NULL;
    if (!transfer)
        transfer = transfers_next_done(fetcher->transfers);
    while (transfer) {
        if (!send_transfer(fetcher, transfer)) {
            fetcher->unsent = transfer;
            return;
        }
        transfer = transfers_next_done(fetcher->transfers);
    }
}

/* ---- jobs in ---- */

/* Reports a job that ends before it has begun: without a payload, so that it
 * needs no room in the arena. */
static void refuse(struct fetcher *fetcher, uint64_t id, enum error error)
{
    struct page page;

    page_init(&page);
    page.outcome = OUTCOME_ERROR;
    page.error = error;
    note_failure(fetcher, send_page(fetcher, id, &page));
}

static void begin(struct fetcher *fetcher, uint64_t id, const void *data,
                  size_t len)
{
    struct worker_reply bad = {.task_id = id, .code = CODE_BAD_JOB};
    struct job job;

    if (job_decode(&job, data, len)) {
        note_failure(fetcher, worker_reply_parts(fetcher->worker, &bad));
        return;
    }
    if (transfers_start(fetcher->transfers, id, &job))
        refuse(fetcher, id, ERROR_INTERNAL);
}

static bool has_room(const struct fetcher *fetcher)
{
    return !fetcher->unsent && transfers_room(fetcher->transfers) > 0;
}

/* Keeps a copy of the job: the task's bytes live until the next is read. */
static void postpone(struct fetcher *fetcher, const struct worker_task *task)
{
    struct waiting *waiting = xmalloc(sizeof(*waiting) + task->len);

    waiting->id = task->id;
    waiting->len = task->len;
    memcpy(waiting->data, task->data, task->len);
    STAILQ_INSERT_TAIL(&fetcher->waiting, waiting, link);
}

static void begin_waiting(struct fetcher *fetcher)
{
    while (!STAILQ_EMPTY(&fetcher->waiting) && has_room(fetcher)) {
        struct waiting *first = STAILQ_FIRST(&fetcher->waiting);

        STAILQ_REMOVE_HEAD(&fetcher->waiting, link);
        begin(fetcher, first->id, first->data, first->len);
        free(first);
    }
}

static void drop_waiting(struct fetcher *fetcher)
{
    while (!STAILQ_EMPTY(&fetcher->waiting)) {
        struct waiting *first = STAILQ_FIRST(&fetcher->waiting);

        STAILQ_REMOVE_HEAD(&fetcher->waiting, link);
        free(first);
    }
}

/* Cancels a job. One that is neither in flight nor waiting has ended, and its
 * page is on its way. */
static void cancel(struct fetcher *fetcher, uint64_t id)
{
    struct waiting *waiting;

    if (transfers_cancel(fetcher->transfers, id))
        return;
    STAILQ_FOREACH(waiting, &fetcher->waiting, link)
    if (waiting->id == id)
        break;
    if (!waiting)
        return;
    STAILQ_REMOVE(&fetcher->waiting, waiting, waiting, link);
    free(waiting);
    refuse(fetcher, id, ERROR_CANCELED);
}

/* The sandbox is stale, or memory was refused, which can leave a library
 * half-made for as long as it lives. Such a worker leaves: it reads no more
 * jobs, the pool gives those it was sent to others and starts another in its
 * place. */
static bool is_spent(const struct fetcher *fetcher)
{
    return fetcher->sandbox.is_stale || curl_alloc_nr_refused() > 0;
}

/* Reads until the pool has nothing more, as only that empties its socket;
 * jobs beyond our room wait here. */
static void read_jobs(struct fetcher *fetcher)
{
    struct worker_task task;

    begin_waiting(fetcher);
    while (fetcher->state != FETCHER_GONE && !is_spent(fetcher)) {
        switch (worker_take(fetcher->worker, &task)) {
        case WORKER_TASK:
            if (!STAILQ_EMPTY(&fetcher->waiting) || !has_room(fetcher))
                postpone(fetcher, &task);
            else
                begin(fetcher, task.id, task.data, task.len);
            break;
        case WORKER_CANCEL:
            cancel(fetcher, task.id);
            break;
        case WORKER_EMPTY:
            return;
        case WORKER_STOP:
            fetcher->state = FETCHER_STOPPING;
            return;
        case WORKER_GONE:
            fetcher->state = FETCHER_GONE;
            break;
        }
    }
}

/* ---- the loop ---- */

/* Waits for the transfers and, unless no more jobs are read, for the pool. */
static enum err turn(struct fetcher *fetcher)
{
    bool is_urgent = !STAILQ_EMPTY(&fetcher->waiting) && has_room(fetcher);
    /* Jobs put off because of too many look-ups at once go on at once. */
    int wait_ms = is_urgent ? 0 : TURN_MS_MAX;
    int fd = is_spent(fetcher) ? -1 : worker_fd(fetcher->worker);
    enum err err = transfers_watch(fetcher->transfers, fd);

    return err ? err : transfers_turn(fetcher->transfers, wait_ms);
}

static bool has_work(const struct fetcher *fetcher)
{
    return transfers_busy(fetcher->transfers) > 0 ||
           !STAILQ_EMPTY(&fetcher->waiting) ||
           worker_unsent(fetcher->worker) > 0;
}

static bool may_leave(const struct fetcher *fetcher)
{
    bool is_leaving = fetcher->state == FETCHER_STOPPING || is_spent(fetcher);

    return fetcher->state == FETCHER_GONE || (is_leaving && !has_work(fetcher));
}

static enum err run(struct fetcher *fetcher)
{
    enum err err = CERR_OK;

    while (!err) {
        read_jobs(fetcher);
        if (may_leave(fetcher))
            return CERR_OK;
        err = turn(fetcher);
        send_ended(fetcher);
        if (!err)
            err = worker_flush(fetcher->worker);
        worker_alive(fetcher->worker);
    }
    return err;
}

/* ---- before the first job ---- */

/* The address space that all bodies at once may want, as received, decoded and
 * as UTF-8, beside libraries.
 */
static uint64_t memory_needed(const struct fetch_options *options)
{
    int64_t body = options->max_body_bytes;

    if (body < options->max_wire_bytes)
        body = options->max_wire_bytes;
    if (body < options->max_sitemap_bytes)
        body = options->max_sitemap_bytes;
    return MEMORY_BASE_BYTES + 2 * (uint64_t)options->max_bodies_bytes +
           4 * (uint64_t)body +
           (uint64_t)options->max_transfers * TRANSFER_BYTES +
           TRANSFER_CONNECTIONS_MAX * CONNECTION_BYTES;
}

/* The last step before the first job: from here on no file can be opened but
 * the resolver's and the CA file. */
static enum err enter_sandbox(struct fetcher *fetcher,
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

    transfers_set_sandbox(fetcher->transfers, &fetcher->sandbox);
    if (options->sandbox == FETCH_SANDBOX_OFF) {
        sandbox_watch(&fetcher->sandbox);
        return CERR_OK;
    }
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
    return CERR_OK;
}

/* Opens the transfers and shuts the sandbox. Returns the worker's exit status
 * if that fails, else EXIT_SUCCESS. */
static int prepare(struct fetcher *fetcher, const struct fetch_options *options)
{
    enum err err = transfers_open(&fetcher->transfers, options);

    if (!err)
        err = enter_sandbox(fetcher, options);
    if (!err)
        return EXIT_SUCCESS;
    log_error("worker cannot start: %s", err_str(err));
    /* Memory may be back for the next one; all else stays as it is. */
    return err == CERR_NOMEM ? EXIT_FAILURE : WORKER_EXIT_FATAL;
}

int fetch_worker_main(struct worker *worker, void *ctx)
{
    struct fetcher fetcher = {.worker = worker};
    struct fetch_options options;
    int status;
    enum err err;

    /* OpenSSL writes without MSG_NOSIGNAL, and libcurl installs no handlers. */
    signal(SIGPIPE, SIG_IGN);
    STAILQ_INIT(&fetcher.waiting);
    buf_init(&fetcher.fields, FIELDS_BYTES_MAX);
    fetch_options_fill(&options, ctx);
    if (curl_alloc_open((size_t)options.max_transfers))
        return EXIT_FAILURE;
    /* The C library loads some files at their first use: that has to be now,
     * as the sandbox shuts them. */
    tzset();
    status = prepare(&fetcher, &options);
    if (status == EXIT_SUCCESS) {
        err = run(&fetcher);
        if (err && err != CERR_CLOSED)
            status = EXIT_FAILURE;
    }
    drop_waiting(&fetcher);
    transfers_close(fetcher.transfers);
    buf_release(&fetcher.fields);
    curl_alloc_close();
    return status;
}
