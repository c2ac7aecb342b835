/*
 * DESIGN. One loop, one thread. A turn of it: read a slice of the list, let
 * the frontier do its housekeeping, hand out what may be fetched now, commit
 * what is old enough, draw, sleep, and take what the workers have sent.
 * Answers come back inside pool_dispatch() and go, on the same stack, through
 * page_decode() and the frontier to the parse callback and into storage.
 */
#include "crawler/crawl.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "crawler/crawl_internal.h"
#include "crawler/page/job.h"
#include "crawler/sandbox/sandbox.h"
#include "storage/results.h"

/* Bytes of a copy's room that stay between two answers. */
#define COPY_KEEP_BYTES ((size_t)256 << 10)

/* Keeps the first failure, which is the one that people are told; those after
 * it follow from it. */
static void fail(struct crawl *crawl, enum err err)
{
    if (!crawl->err)
        crawl->err = err;
}

/* ---- answers ---- */

/* Makes a page for a task without a reply: its worker died, or we gave the task
 * up. SIGSYS is the signal by which seccomp kills, so it means the sandbox. */
static void fill_lost_page(const struct crawl *crawl, struct page *page,
                           const struct pool_result *result,
                           char call[SANDBOX_CALL_BYTES])
{
    const char *detail = result->message;

    page_init(page);
    page->outcome = OUTCOME_ERROR;
    page->error = result->status == POOL_CANCELED ? ERROR_CANCELED
                  : result->signal_nr == SIGSYS   ? ERROR_SANDBOX
                                                  : ERROR_WORKER_CRASH;
    if (page->error == ERROR_SANDBOX) {
        sandbox_board_call(crawl->settings.fetch.sandbox_board, result->worker,
                           call, SANDBOX_CALL_BYTES);
        detail = call;
    }
    page->detail = (struct bytes){detail, strlen(detail)};
    if (result->signal_nr == SIGKILL)
        page->flags |= PAGE_KILLED;
}

/* Copies the bytes, and makes *at lead to the copy. The room of a usual answer
 * stays; that of a larger one is no larger than it. */
static enum err copy_out(struct crawl_copy *to, const void **at, size_t len)
{
    if (!to->data || len > to->cap || to->cap > COPY_KEEP_BYTES) {
        free(to->data);
        to->cap = len > COPY_KEEP_BYTES ? len : COPY_KEEP_BYTES;
        to->data = malloc(to->cap);
    }
    if (!to->data) {
        to->cap = 0;
        return CERR_NOMEM;
    }
    if (len > 0)
        memcpy(to->data, *at, len);
    *at = to->data;
    return CERR_OK;
}

/*
 * Reads the page of an answer. What a worker sends may lie in memory that it
 * can still write: the parent takes a copy, and checks and uses that alone.
 * Else a link could be one URL while it is hashed and another one when it is
 * stored. CERR_CORRUPT: it is no page.
 */
static enum err read_page(struct crawl *crawl, const struct pool_result *result,
                          struct page *page)
{
    struct crawl_answers *answers = &crawl->answers;
    const struct fetch_options *limits = &crawl->settings.fetch;
    int64_t most = limits->max_wire_bytes > FETCH_SITEMAP_BYTES
                       ? limits->max_wire_bytes
                       : FETCH_SITEMAP_BYTES;
    const void *data = result->data, *extra = result->extra;
    enum err err = copy_out(&answers->fields, &data, result->len);

    if (!err)
        err = copy_out(&answers->payload, &extra, result->extra_len);
    if (!err)
        err = page_decode(page, data, result->len, extra, result->extra_len);
    if (err)
        return err;
    /* This number is added up, against --max-total-bytes too. A worker reads no
     * further than its limit. */
    if (page->wire_bytes > (uint64_t)most)
        page->wire_bytes = (uint64_t)most;
    return CERR_OK;
}

/* Hands a page to the frontier, which decides what it means; at once, or when
 * its many links are taken. */
static void take_page(struct crawl *crawl, struct crawl_flight *flight,
                      int worker, const struct page *page, int64_t now_us)
{
    crawl_see_answer(crawl, page, flight->url, now_us / 1000);
    if (crawl_must_wait(crawl, flight, page, now_us)) {
        fail(crawl, crawl_wait(crawl, flight, worker, page, now_us));
        return;
    }
    crawl_note_direct(crawl);
    fail(crawl, frontier_answer(crawl->frontier, flight->fetch_id, worker, page,
                                now_us / 1000));
    crawl_free_flight(crawl, flight);
}

/* Takes one answer of a worker, or the news that none will come. */
static void on_reply(void *user, const struct pool_result *result)
{
    struct crawl_flight *flight = user;
    struct crawl *crawl = flight->crawl;
    int64_t now_us = clock_mono_us();
    char call[SANDBOX_CALL_BYTES];
    struct page page;
    enum err err = CERR_OK;

    if (crawl->stop.phase == CRAWL_CLOSING)
        return; /* the URL has not ended and is fetched in the next session */
    if (result->status == POOL_OK && !crawl->sandbox_is_noted)
        fail(crawl, crawl_note_sandbox(crawl, result->worker));
    if (result->status != POOL_OK)
        fill_lost_page(crawl, &page, result, call);
    else
        err = read_page(crawl, result, &page);
    if (err == CERR_NOMEM) {
        fail(crawl, err); /* the URL has not ended */
    } else if (err) {
        /* a worker that sends nonsense may have been taken over by a page;
         * nothing more of it is believed */
        log_warn("worker %d sent a damaged page: it is replaced",
                 result->worker);
        page_init(&page);
        page.outcome = OUTCOME_ERROR;
        page.error = ERROR_WORKER_CRASH;
        if (pool_kill_worker(crawl->pool, result->worker, SIGKILL))
            log_debug("worker %d was gone already", result->worker);
    }
    if (!crawl->err)
        take_page(crawl, flight, result->worker, &page, now_us);
}

/* ---- jobs ---- */

/* Hands one fetch to the pool. The flight is taken off the free list only when
 * that has worked: CERR_AGAIN means that the pool is full, and the caller puts
 * the fetch back. */
static enum err submit(struct crawl *crawl, const struct frontier_fetch *fetch)
{
    struct crawl_flight *flight = crawl->flights.free;
    struct job job = {
        .url = fetch->url,
        .url_len = fetch->url_len,
        .flags = fetch->flags,
        .header_set = fetch->header_set,
        .etag = fetch->etag.data,
        .etag_len = fetch->etag.len,
        .last_modified = fetch->last_modified.data,
        .last_modified_len = fetch->last_modified.len,
    };
    struct pool_task task = {
        .affinity = fetch->affinity,
        .on_done = on_reply,
        .user = flight,
    };
    enum err err;

    buf_reset(&crawl->flights.job);
    err = job_encode(&crawl->flights.job, &job);
    task.data = crawl->flights.job.data;
    task.len = crawl->flights.job.len;
    if (!err)
        err = pool_submit(crawl->pool, &task, NULL);
    if (err)
        return err;
    flight->fetch_id = fetch->id;
    flight->host = fetch->affinity;
    flight->url = (struct bytes){fetch->url, fetch->url_len};
    crawl->flights.free = flight->next_free;
    return CERR_OK;
}

/* Submits what may start now, until the pool or the frontier has enough. */
static void hand_out(struct crawl *crawl, int64_t now_ms)
{
    struct frontier_fetch fetch;
    enum err err = CERR_OK;

    while (crawl->flights.free && !err &&
           frontier_next(crawl->frontier, now_ms, &fetch)) {
        err = submit(crawl, &fetch);
        if (err)
            frontier_put_back(crawl->frontier, fetch.id);
    }
    if (err && err != CERR_AGAIN)
        fail(crawl, err);
    pool_flush(crawl->pool);
}

/* ---- storage ---- */

/* Returns how long the next commit may wait, in ms, after one that took
 * `took_ms`: so that commits take a fifth of the time at most, unless that
 * would leave too much to a crash. */
static int64_t pause_after_ms(int64_t took_ms)
{
    int64_t pause_ms = took_ms * CRAWL_COMMIT_SHARE;

    if (pause_ms < CRAWL_COMMIT_MS)
        return CRAWL_COMMIT_MS;
    return pause_ms < CRAWL_COMMIT_MAX_MS ? pause_ms : CRAWL_COMMIT_MAX_MS;
}

/* Commits the place in the list together with the rows of its lines, so that
 * neither can be ahead of the other after a crash. Progress counts what is
 * committed. */
static void commit(struct crawl *crawl)
{
    int64_t began_us = clock_mono_us(), took_us;
    size_t nr_rows = storage_uncommitted(crawl->storage);
    enum err err = input_save(crawl->input);

    if (!err)
        err = storage_commit(crawl->storage);
    if (err)
        fail(crawl, err);
    if (!err || storage_kept_rows(crawl->storage))
        frontier_get_stats(crawl->frontier, &crawl->committed);
    took_us = clock_mono_us() - began_us;
    crawl->loop.next_commit_ms =
        clock_mono_ms() + pause_after_ms(took_us / 1000);
    crawl_note_commit(crawl, took_us, nr_rows);
}

/* Writes a row of the table `samples` each second. `crawl status` and the query
 * "throughput" read the speed from it. */
static void write_sample(struct crawl *crawl, int64_t now_ms)
{
    struct sample_record sample;

    crawl_sample(crawl, now_ms, &sample);
    fail(crawl, storage_put_sample(crawl->storage, &sample));
    crawl->loop.next_sample_ms = now_ms + CRAWL_SAMPLE_MS;
}

/* ---- the list ---- */

/* A list that is a pipe wakes the loop when it has more. It is watched only
 * after it was found empty, as it would else wake the loop all the time. */
static void watch_input(struct crawl *crawl, bool watch)
{
    int fd = input_fd(crawl->input);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

    if (watch == crawl->loop.input_watched || fd < 0)
        return;
    if (epoll_ctl(crawl->loop.epoll_fd, watch ? EPOLL_CTL_ADD : EPOLL_CTL_DEL,
                  fd, &event) == 0)
        crawl->loop.input_watched = watch;
}

/* ---- readers ---- */

/* Writes on to streams whose readers take more. One that waits wakes the loop;
 * a file or device that epoll does not know never waits. */
static void push_streams(struct crawl *crawl)
{
    struct crawl_loop *loop = &crawl->loop;
    int fd;

    if (storage_unread(crawl->storage, &fd)) {
        fail(crawl, storage_push(crawl->storage));
        (void)storage_unread(crawl->storage, &fd);
    }
    if (storage_left(crawl->storage))
        crawl->stop.phase = CRAWL_STOPPED;
    if (fd == loop->stream_fd)
        return;
    if (loop->stream_fd >= 0)
        (void)epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, loop->stream_fd, NULL);
    if (fd >= 0) {
        struct epoll_event event = {.events = EPOLLOUT, .data.fd = fd};

        (void)epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event);
    }
    loop->stream_fd = fd;
}

/* Whether readers are so far behind that nothing new is begun. */
static bool must_wait_for_readers(const struct crawl *crawl)
{
    int fd;

    return storage_unread(crawl->storage, &fd) > CRAWL_UNREAD_BYTES;
}

/* Reads one slice of the list per turn, so that answers are not kept waiting;
 * several while workers have nothing to do. */
static enum err read_slices(struct crawl *crawl, int64_t now_ms)
{
    enum err err = input_read(crawl->input, now_ms);

    for (int i = 1;
         i < CRAWL_SLICES_MAX && !err && !input_ended(crawl->input) &&
         frontier_wants_more(crawl->frontier);
         i++)
        err = input_read(crawl->input, now_ms);
    return err;
}

/* Reads on in the list. Returns true when more can be read at once. */
static bool read_list(struct crawl *crawl, int64_t now_ms)
{
    enum err err;

    if (input_ended(crawl->input) || crawl->stop.signal_nr ||
        must_wait_for_readers(crawl))
        return false;
    watch_input(crawl, false);
    err = read_slices(crawl, now_ms);
    if (err == CERR_AGAIN) {
        watch_input(crawl, true);
        return false;
    }
    if (err == CERR_CORRUPT || err == CERR_IO)
        log_error("%s", input_message(crawl->input));
    if (err == CERR_CORRUPT) /* a row tells of it, and the rest goes on */
        err = CERR_OK;
    fail(crawl, err);
    return !err && !input_ended(crawl->input);
}

/* ---- signals ---- */

/* Moves to STOPPING: nothing new starts from now on. */
static void begin_to_stop(struct crawl *crawl, int64_t now_ms)
{
    crawl->stop.phase = CRAWL_STOPPING;
    crawl->stop.until_ms = now_ms + CRAWL_STOP_MS;
    frontier_stop(crawl->frontier);
}

/* The first signal lets fetches in flight end, the second one does not. */
static void stop(struct crawl *crawl, int signal_nr, int64_t now_ms)
{
    struct frontier_stats stats;

    if (crawl->stop.signal_nr) {
        crawl->stop.phase = CRAWL_STOPPED;
        return;
    }
    crawl->stop.signal_nr = signal_nr;
    begin_to_stop(crawl, now_ms);
    frontier_get_stats(crawl->frontier, &stats);
    log_set_level(log_get_level() < LOG_INFO ? LOG_INFO : log_get_level());
    log_info("stopping: %d transfers may still end; again to stop at once",
             stats.nr_in_flight);
}

/* SIGINT, SIGTERM, SIGHUP and SIGQUIT stop the run; the others are about what
 * is shown. */
static void on_signal(struct crawl *crawl, int signal_nr, int64_t now_ms)
{
    switch (signal_nr) {
    case SIGUSR1:
        crawl_print_status(crawl, now_ms);
        break;
    case SIGUSR2:
        crawl->is_paused = !crawl->is_paused;
        frontier_pause(crawl->frontier, crawl->is_paused);
        break;
    case SIGWINCH:
        progress_resized(crawl->progress);
        break;
    default:
        stop(crawl, signal_nr, now_ms);
        break;
    }
}

/* Signals come as bytes of a descriptor, so that no handler runs in the middle
 * of anything. */
static void read_signals(struct crawl *crawl, int64_t now_ms)
{
    struct signalfd_siginfo info;

    while (read(crawl->loop.signal_fd, &info, sizeof(info)) == sizeof(info))
        on_signal(crawl, (int)info.ssi_signo, now_ms);
}

/* ---- the loop ---- */

/* Returns the shorter of two waits; a negative one has no end. */
static int64_t earlier(int64_t wait_ms, int64_t other_ms)
{
    if (wait_ms < 0)
        return other_ms;
    return other_ms < 0 || wait_ms < other_ms ? wait_ms : other_ms;
}

/* Returns the ms until `due_ms`; 0 if it has passed. */
static int64_t until(int64_t due_ms, int64_t now_ms)
{
    return due_ms > now_ms ? due_ms - now_ms : 0;
}

/* Returns how long nothing will happen, in ms, unless a descriptor wakes the
 * loop. */
static int64_t wait_ms(const struct crawl *crawl, int64_t now_ms)
{
    int64_t wait = until(crawl->loop.next_sample_ms, now_ms);

    if (!must_wait_for_readers(crawl))
        wait = earlier(wait, frontier_wait_ms(crawl->frontier, now_ms));
    wait = earlier(wait, pool_wait_ms(crawl->pool, now_ms));
    wait = earlier(wait, crawl_waiting_wait_ms(crawl));
    if (!messages_push(crawl->loop.messages))
        wait = earlier(wait, progress_wait_ms(crawl->progress, now_ms));
    wait = earlier(wait, crawl_network_wait_ms(crawl, now_ms));
    if (storage_uncommitted(crawl->storage))
        wait = earlier(wait, until(crawl->loop.next_commit_ms, now_ms));
    if (crawl->stop.phase == CRAWL_STOPPING)
        wait = earlier(wait, until(crawl->stop.until_ms, now_ms));
    if (crawl->config->max_duration_ms && !crawl->stop.at_duration)
        wait = earlier(
            wait, until(crawl->loop.start_ms + crawl->config->max_duration_ms,
                        now_ms));
    return wait;
}

/* Does what is due by the clock: commit, sample, progress, --max-duration. */
static void housekeeping(struct crawl *crawl, int64_t now_ms)
{
    const struct config *config = crawl->config;
    struct progress_view view;

    if (storage_uncommitted(crawl->storage) >= CRAWL_COMMIT_ROWS ||
        now_ms >= crawl->loop.next_commit_ms)
        commit(crawl);
    if (!crawl->err && now_ms >= crawl->loop.next_sample_ms)
        write_sample(crawl, now_ms);
    if (!crawl->err)
        push_streams(crawl);
    if (progress_due(crawl->progress, now_ms) &&
        !messages_push(crawl->loop.messages)) {
        crawl_view(crawl, now_ms, &view);
        progress_draw(crawl->progress, &view, now_ms);
    }
    if (!crawl->stop.at_network && crawl_watch_network(crawl, now_ms)) {
        crawl->stop.at_network = true;
        begin_to_stop(crawl, now_ms);
    }
    if (config->max_duration_ms && !crawl->stop.at_duration &&
        now_ms >= crawl->loop.start_ms + config->max_duration_ms) {
        crawl->stop.at_duration = true;
        begin_to_stop(crawl, now_ms);
    }
}

/* Whether the loop is over: by a failure, by the user, or because list and
 * frontier have nothing left. */
static bool ended(const struct crawl *crawl, int64_t now_ms)
{
    if (crawl->err || crawl->stop.phase == CRAWL_STOPPED)
        return true;
    if (crawl->stop.phase == CRAWL_STOPPING &&
        ((pool_pending(crawl->pool) == 0 && !crawl->answers.waiting.first) ||
         now_ms >= crawl->stop.until_ms))
        return true;
    return frontier_ended(crawl->frontier) != FRONTIER_RUNNING &&
           input_ended(crawl->input);
}

/* Notes that this process was stopped or that the machine slept. Nobody is
 * late by that; what failed in it the workers mark themselves. */
static void note_absence(struct crawl *crawl, int64_t late_ms)
{
    char detail[80];

    if (late_ms < CLOCK_ABSENCE_MS)
        return;
    pool_was_away(crawl->pool, late_ms);
    snprintf(detail, sizeof(detail), "stopped or asleep for %.1f s",
             (double)late_ms / 1000);
    log_info("%s: what failed meanwhile is asked again", detail);
    fail(crawl, storage_put_event(crawl->storage, clock_wall_ms(), "info",
                                  "absence", detail));
}

/* Waits for answers, signals or the list, and takes the answers. The pool is
 * asked even if nothing woke the loop, as it does its own housekeeping then. */
static void sleep_and_take(struct crawl *crawl, int64_t wait, int64_t turn_ms)
{
    struct epoll_event events[8];
    int timeout = wait < 0 || wait > 60000 ? 60000 : (int)wait;
    int nr = epoll_wait(crawl->loop.epoll_fd, events, 8, timeout);

    if (nr < 0 && errno != EINTR)
        fail(crawl, err_from_errno(errno));
    note_absence(crawl, clock_mono_ms() - turn_ms - timeout);
    for (int i = 0; i < nr; i++)
        if (events[i].data.fd == crawl->loop.signal_fd)
            read_signals(crawl, clock_mono_ms());
        else if (events[i].data.fd == worker_lines_fd(crawl->worker_lines))
            worker_lines_read(crawl->worker_lines);
    if (!crawl->err)
        fail(crawl, pool_dispatch(crawl->pool, NULL));
}

/* The order matters: lines first, as they may be all that there is to do; then
 * the frontier, so that what is due stands in its queues; then the fetches. */
static void loop(struct crawl *crawl)
{
    int64_t now_ms = clock_mono_ms();

    while (!ended(crawl, now_ms)) {
        bool more = read_list(crawl, now_ms);

        if (!crawl->err)
            fail(crawl, frontier_turn(crawl->frontier, now_ms));
        if (!crawl->err && !must_wait_for_readers(crawl))
            hand_out(crawl, now_ms);
        if (!crawl->err)
            housekeeping(crawl, now_ms);
        /* the frontier may have ended just now: then there is no sleep */
        more = more || ended(crawl, now_ms);
        if (!crawl->err)
            sleep_and_take(crawl, more ? 0 : wait_ms(crawl, now_ms), now_ms);
        if (!crawl->err)
            fail(crawl, crawl_take_waiting(crawl));
        now_ms = clock_mono_ms();
    }
}

/* ---- the end ---- */

/* Says an error code in words that tell what to look for. */
static const char *reason_of(const struct crawl *crawl)
{
    /* storage has a sentence; else it is the pool that is closed */
    if (crawl->err == CERR_CLOSED && !storage_message(crawl->storage)[0])
        return "no worker is left: they could not start, or died one after "
               "another";
    return err_str(crawl->err);
}

/* Says why the run failed, and returns the exit status. Storage has a sentence
 * of its own if the failure was there; else the failure was ours. */
static enum crawl_exit storage_failed(const struct crawl *crawl)
{
    const char *message = storage_message(crawl->storage);

    if (message[0]) {
        log_error("%s", message);
        return CRAWL_EXIT_STORAGE;
    }
    log_error("stopped: %s; what is committed is safe, run again to go on",
              reason_of(crawl));
    return CRAWL_EXIT_FAILURE;
}

/* Whether any URL of the run was answered; if none was, there is no network. A
 * redirect to where we may not go counts as an answer, and a bad line asks
 * nobody. Sessions of a run count together: what is left to the last one may
 * be just what never answers. */
static bool anything_answered(struct crawl *crawl)
{
    const struct frontier_stats *stats = &crawl->committed;
    int64_t nr_tried =
        stats->nr_visits[OUTCOME_ERROR] + stats->nr_visits[OUTCOME_SKIPPED];
    bool answered = stats->nr_answers > 0 ||
                    stats->nr_by_error[ERROR_ROBOTS] > 0 || nr_tried == 0;

    if (!answered)
        fail(crawl, storage_run_answered(crawl->storage, &answered));
    return answered;
}

/* Whether a reader of a stream has left, as head(1) does, before every URL had
 * ended: then nobody wants the rest. Says which one. */
static bool reader_left_early(struct crawl *crawl)
{
    const char *name = storage_left(crawl->storage);

    if (!name || (frontier_ended(crawl->frontier) == FRONTIER_DONE &&
                  input_ended(crawl->input)))
        return false;
    if (strcmp(name, "-") == 0)
        name = "standard output";
    snprintf(crawl->stop.why, sizeof(crawl->stop.why),
             "the reader of %s has left", name);
    return true;
}

/* Decides how the run ended: the words for the table `runs`, and the exit
 * status. 128 plus the number of a signal is what shells return for one. */
static enum crawl_exit verdict(struct crawl *crawl, const char **status,
                               const char **reason)
{
    bool answered = crawl->err || crawl->stop.signal_nr ||
                    reader_left_early(crawl) || anything_answered(crawl);

    *reason = "";
    if (crawl->err) {
        *status = "failed";
        *reason = reason_of(crawl);
        return storage_failed(crawl);
    }
    if (crawl->stop.signal_nr) {
        *status = "interrupted";
        *reason = strsignal(crawl->stop.signal_nr);
        return crawl->stop.signal_nr == SIGINT ? CRAWL_EXIT_INTERRUPT
               : crawl->stop.signal_nr == SIGTERM
                   ? CRAWL_EXIT_TERMINATED
                   : (enum crawl_exit)(128 + crawl->stop.signal_nr);
    }
    if (reader_left_early(crawl)) {
        *status = "interrupted";
        *reason = crawl->stop.why;
        return CRAWL_EXIT_READER_LEFT;
    }
    if (crawl->stop.at_network) {
        *status = "limit";
        *reason = "no network: nobody answered for --network-timeout";
        return CRAWL_EXIT_LIMIT;
    }
    if (crawl->stop.at_duration ||
        frontier_ended(crawl->frontier) == FRONTIER_LIMIT) {
        *status = "limit";
        *reason = "a limit of this run was reached";
        return CRAWL_EXIT_LIMIT;
    }
    *status = "done";
    return answered ? CRAWL_EXIT_OK : CRAWL_EXIT_NO_ANSWER;
}

/* Notes that links of listed URLs were left out, and the option that would
 * follow them. */
static enum err note_moved_away(struct crawl *crawl, int64_t nr)
{
    char detail[160];

    if (nr == 0)
        return CERR_OK;
    snprintf(detail, sizeof(detail),
             "listed URLs that redirect to another domain: %" PRId64
             "; no links followed there; list where they lead, or --scope any",
             nr);
    return storage_put_event(crawl->storage, clock_wall_ms(), "warning",
                             "moved_away", detail);
}

/* Notes that sitemaps of the list were fetched and not read. */
static enum err note_sitemaps(struct crawl *crawl, int64_t nr)
{
    char detail[100];

    if (nr == 0)
        return CERR_OK;
    snprintf(detail, sizeof(detail),
             "listed URLs that are sitemaps: %" PRId64
             "; --sitemaps reads the entries",
             nr);
    return storage_put_event(crawl->storage, clock_wall_ms(), "warning",
                             "sitemap", detail);
}

/* Notes what was left out of what listed URLs lead to. */
static enum err note_left_out(struct crawl *crawl)
{
    struct frontier_stats stats;

    frontier_get_stats(crawl->frontier, &stats);
    enum err err = note_moved_away(crawl, stats.left_out.nr_moved_away);
    return err ? err : note_sitemaps(crawl, stats.left_out.nr_unread_sitemaps);
}

/* Commits the last rows before anything is said about them. If links of their
 * pages could not be stored, the rows are given up too, and those pages are
 * fetched again. */
static void settle(struct crawl *crawl)
{
    int64_t now_ms = clock_mono_ms();
    enum err err;

    if (crawl->err && storage_message(crawl->storage)[0])
        return; /* storage refuses everything since its error */
    err = frontier_release(crawl->frontier, now_ms);
    if (!err)
        err = note_left_out(crawl);
    fail(crawl, err);
    if (err) {
        storage_abandon(crawl->storage, err);
        return;
    }
    write_sample(crawl, now_ms);
    commit(crawl);
}

/* Whether no line of the list is a URL; *nr_lines is their number. Storage
 * counts them: lines of earlier runs are in it, and those of a list that has
 * changed were read twice. */
static bool list_has_no_url(struct crawl *crawl, int64_t *nr_lines)
{
    struct storage_counts counts = {0};

    fail(crawl, storage_count(crawl->storage, &counts));
    *nr_lines = counts.nr_lines;
    return !crawl->err && counts.nr_lines == counts.nr_bad_lines;
}

/* Says that the list has no URL. An empty list and one of another kind, as a
 * page of HTML, call for different help. */
static void say_no_url(int64_t nr_lines)
{
    if (nr_lines == 0)
        log_error("the list holds no URL: one a line, '#' begins a comment");
    else
        log_error("the list holds no URL: all of its %" PRId64 " lines are bad",
                  nr_lines);
}

/* Whether the readers have no more time: after a signal or --max-duration they
 * have what transfers in flight had, after a failure none, else as long as they
 * want. */
static bool time_is_up(const struct crawl *crawl, int64_t now_ms)
{
    return crawl->err || crawl->stop.phase == CRAWL_STOPPED ||
           (crawl->stop.phase == CRAWL_STOPPING &&
            now_ms >= crawl->stop.until_ms);
}

/* Waits for readers of streams and of standard error to take what is written
 * for them. Ctrl-C ends that as it ends a run. */
static void wait_for_readers(struct crawl *crawl)
{
    int64_t now_ms = clock_mono_ms();
    bool waits = true;

    while (waits) {
        struct pollfd fds[3] = {{.fd = crawl->loop.signal_fd, .events = POLLIN},
                                {.fd = -1, .events = POLLOUT},
                                {.fd = -1, .events = POLLOUT}};

        push_streams(crawl);
        fds[1].fd = crawl->loop.stream_fd;
        waits = messages_push(crawl->loop.messages);
        if (waits)
            fds[2].fd = messages_fd(crawl->loop.messages);
        waits |= fds[1].fd >= 0;
        if (!waits || time_is_up(crawl, now_ms))
            return;
        (void)poll(fds, 3, 100);
        now_ms = clock_mono_ms();
        read_signals(crawl, now_ms);
    }
}

/* Says what the readers of streams have not got, as nothing else will. */
static void say_unread(struct crawl *crawl)
{
    const char *left = storage_left(crawl->storage);
    int fd;
    size_t bytes = storage_unread(crawl->storage, &fd);

    if (left && !reader_left_early(crawl))
        log_warn("%s: its reader has left, and lacks the last rows", left);
    if (bytes)
        log_warn("the reader of an output did not take its last %zu bytes: "
                 "they are lost to it",
                 bytes);
}

/* Settles what is left, says what came of it, and closes everything. An error
 * while closing outweighs success. */
static enum crawl_exit finish(struct crawl *crawl)
{
    const char *status, *reason;
    enum crawl_exit exit_status;
    int64_t nr_lines = 0;

    settle(crawl);
    wait_for_readers(crawl);
    exit_status = verdict(crawl, &status, &reason);
    progress_free(crawl->progress);
    crawl->progress = NULL;
    messages_take_log(crawl->loop.messages);
    say_unread(crawl);
    bool no_url =
        exit_status == CRAWL_EXIT_OK && list_has_no_url(crawl, &nr_lines);
    if (!crawl->config->quiet && (nr_lines > 0 || !no_url))
        crawl_summary(crawl, status, reason);
    if (no_url) {
        say_no_url(nr_lines);
        exit_status = CRAWL_EXIT_USAGE;
    }
    wait_for_readers(crawl);
    if (crawl_close(crawl, status, reason) && exit_status != CRAWL_EXIT_STORAGE)
        exit_status = CRAWL_EXIT_STORAGE;
    return exit_status;
}

enum crawl_exit crawl_run(const struct crawl_options *options)
{
    struct crawl crawl = {
        .options = options,
        .config = options->config,
        .loop = {.epoll_fd = -1, .signal_fd = -1, .stream_fd = -1},
    };
    enum crawl_exit exit_status;

    network_probe_init(&crawl.loop.network.probe);
    exit_status = crawl_open(&crawl);
    if (exit_status) {
        if (crawl_close(&crawl, "failed", "it could not start"))
            log_debug("closing after a failed start failed too");
        return exit_status;
    }
    loop(&crawl);
    return finish(&crawl);
}
