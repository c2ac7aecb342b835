/*
 * Opens the parts in the one order that works, and closes them again: workers
 * are forked while the process is small and has no database, storage is open
 * before the frontier reads it.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "crawler/cli/value.h"
#include "crawler/crawl_internal.h"
#include "crawler/page/job.h"
#include "crawler/sandbox/sandbox.h"
#include "storage/record.h"
#include "storage/results.h"

#define WORKER_SILENCE_MS  60000
#define TERMINATE_GRACE_MS 200
#define POOL_WHY_BYTES     256
#define TASK_SLACK_MS      15000 /* above --max-time before a worker is killed */

/* Notes hosts whose TLS handshake came to an end, whether it failed or not. */
static void watch_clock(struct clock_doubt *doubt, const struct visit *visit)
{
    bool has_failed = visit->error == ERROR_TLS;
    bool has_answered = visit->page && visit->page->status > 0;

    if (visit->final_url.len > 6 &&
        memcmp(visit->final_url.data, "https:", 6) == 0 &&
        (has_failed || has_answered))
        clock_doubt_add(doubt, visit->host_id,
                        has_failed && clock_doubt_is_about_time(visit->detail));
}

/* The frontier calls this once for every URL that ended. */
static enum err on_visit(void *ctx, const struct visit *visit)
{
    struct crawl *crawl = ctx;

    watch_clock(&crawl->clock_doubt, visit);
    return crawl->parse.fn(crawl->parse.ctx, crawl->storage, visit);
}

/* Raises the soft limit of open files to the hard one: every transfer needs a
 * descriptor, and workers inherit the limit. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
        limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
            log_debug("the limit of open files stays as it is");
    }
}

enum err crawl_note_sandbox(struct crawl *crawl, int worker)
{
    const struct fetch_options *options = &crawl->settings.fetch;
    uint32_t parts = sandbox_board_parts(options->sandbox_board, worker);
    uint32_t missing = SANDBOX_ALL & ~parts;
    char has[SANDBOX_TEXT_BYTES], lacks[SANDBOX_TEXT_BYTES];
    char detail[2 * SANDBOX_TEXT_BYTES + 40];
    bool is_root = geteuid() == 0 && !(parts & SANDBOX_USER);

    crawl->sandbox_is_noted = true;
    if (options->sandbox == FETCH_SANDBOX_OFF)
        snprintf(detail, sizeof(detail), "off");
    else {
        sandbox_describe(parts, has, sizeof(has));
        sandbox_describe(missing, lacks, sizeof(lacks));
        snprintf(detail, sizeof(detail), "%s; without: %s%s",
                 parts ? has : "none", missing ? lacks : "nothing",
                 is_root ? "; as root" : "");
    }
    log_info("sandbox: %s", detail);
    if (is_root)
        log_warn("workers run as root: start crawl as another user, or name "
                 "one with --user");
    enum err err = storage_put_sandbox(crawl->storage, detail);
    if (!err)
        err = storage_put_event(crawl->storage, clock_wall_ms(), "info",
                                "sandbox", detail);
    return err;
}

/* Notes a death in the log and the database. The pool replaces the worker, and
 * the frontier decides about its URLs. */
static void on_worker_death(void *user, int worker, pid_t pid, int signal_nr,
                            int exit_code)
{
    struct crawl *crawl = user;
    char detail[200], call[SANDBOX_CALL_BYTES] = "";

    sandbox_board_take(crawl->settings.fetch.sandbox_board, worker);
    if (signal_nr == SIGSYS)
        sandbox_board_call(crawl->settings.fetch.sandbox_board, worker, call,
                           sizeof(call));
    if (call[0])
        snprintf(detail, sizeof(detail),
                 "worker %d (pid %ld) made a forbidden system call, %s", worker,
                 (long)pid, call);
    else if (signal_nr)
        snprintf(detail, sizeof(detail), "worker %d (pid %ld) died of %s",
                 worker, (long)pid, strsignal(signal_nr));
    else
        snprintf(detail, sizeof(detail), "worker %d (pid %ld) left with %d",
                 worker, (long)pid, exit_code);
    log_info("%s; its URLs are fetched again", detail);
    if (crawl->storage && crawl->stop.phase != CRAWL_CLOSING &&
        storage_put_event(crawl->storage, clock_wall_ms(), "warning",
                          "worker_death", detail))
        log_debug("the event could not be stored");
}

/* Says why the workers could not be started, in words that tell what to look
 * at. A spawner that is gone was killed: nothing in it ends it. */
static void say_too_little(enum err err, char why[POOL_WHY_BYTES])
{
    struct rlimit space;

    if (err == CERR_CLOSED || err == CERR_IO)
        snprintf(why, POOL_WHY_BYTES,
                 "the process that starts them ended; the system may be short "
                 "of memory (memory.max of a cgroup, 'free -m'): fewer "
                 "--workers or a smaller --max-size need less");
    else if (err == CERR_NOMEM && getrlimit(RLIMIT_AS, &space) == 0 &&
             space.rlim_cur != RLIM_INFINITY)
        snprintf(why, POOL_WHY_BYTES,
                 "out of memory: RLIMIT_AS is %ju bytes (ulimit -v counts "
                 "KiB); fewer --workers or a smaller --max-size need less",
                 (uintmax_t)space.rlim_cur);
    else
        snprintf(why, POOL_WHY_BYTES, "%s", err_str(err));
}

/* The frontier decides what is tried again, so the pool tries nothing twice.
 * The hard limit is for workers that do not keep --max-time: it is above it, so
 * that a slow page is an error of its own and no dead worker. */
static enum err open_pool(struct crawl *crawl, char why[POOL_WHY_BYTES])
{
    const struct config *config = crawl->config;
    struct pool_options options = {
        .nr_workers = crawl_nr_workers(config),
        .worker_main = fetch_worker_main,
        .ctx = &crawl->settings.fetch,
        .tasks_per_worker = crawl->settings.fetch.max_transfers,
        .arena_bytes = (size_t)(config->max_size_bytes * 4 > (64 << 20)
                                    ? config->max_size_bytes * 4
                                    : 64 << 20),
        .max_task_bytes = JOB_BYTES_MAX,
        .max_queued_tasks = (size_t)config->concurrency,
        .max_attempts = 1, /* the frontier decides what is tried again */
        .hard_timeout_ms = config->max_time_ms + TASK_SLACK_MS,
        .silence_ms = WORKER_SILENCE_MS,
        .on_worker_death = on_worker_death,
        .user = crawl,
        .max_restarts = 100, /* hostile pages may come in rows */
    };

    enum err err = worker_lines_open(&crawl->worker_lines);

    if (err)
        return err;
    options.worker_stdio = worker_lines_stdio(crawl->worker_lines);
    crawl->settings.fetch.sandbox_board = sandbox_board_new(options.nr_workers);
    if (!crawl->settings.fetch.sandbox_board)
        return CERR_NOMEM;
    err = pool_open(&crawl->pool, &options);
    if (err &&
        (err != CERR_LIMIT || !pool_small_limit(&options, why, POOL_WHY_BYTES)))
        say_too_little(err, why);
    return err;
}

/* Reads the value of --refetch: "failed", "all" or "stale=DUR". The table of
 * options cannot do it, as one of the words has a value of its own. */
static enum err parse_refetch(const char *text, enum storage_refetch *what,
                              int64_t *stale_ms)
{
    *what = STORAGE_REFETCH_NONE;
    if (!text)
        return CERR_OK;
    if (strcmp(text, "failed") == 0)
        *what = STORAGE_REFETCH_FAILED;
    else if (strcmp(text, "all") == 0)
        *what = STORAGE_REFETCH_ALL;
    else if (strncmp(text, "stale=", 6) == 0 &&
             !value_duration_ms(text + 6, stale_ms))
        *what = STORAGE_REFETCH_STALE;
    else
        return CERR_INVALID;
    return CERR_OK;
}

/* Makes the rows of the table `errors`, so that a database explains its own
 * codes. */
static size_t fill_error_rows(struct error_record rows[ERROR_NR])
{
    size_t nr = 0;

    for (int i = ERROR_NONE + 1; i < ERROR_NR; i++) {
        const struct error_info *info = error_info((enum error)i);

        rows[nr++] = (struct error_record){
            .code = info->code,
            .error_class = error_class_name(info->error_class),
            .meaning = info->meaning,
            .hint = info->hint,
            .retryable = info->retryable,
        };
    }
    return nr;
}

/* A storage_waiter: waits a moment for the reader of a named pipe, and for a
 * signal that ends the waiting. */
static bool wait_for_reader(void *ctx, const char *path)
{
    struct crawl *crawl = ctx;
    struct pollfd signals = {.fd = crawl->loop.signal_fd, .events = POLLIN};
    int64_t waited_ms = clock_mono_ms() - crawl->loop.start_ms;
    int64_t most_ms = crawl->config->max_duration_ms;
    struct signalfd_siginfo info;

    if (!crawl->loop.told_to_wait)
        log_warn("%s: waiting for a reader of this named pipe; Ctrl-C ends it",
                 path);
    crawl->loop.told_to_wait = true;
    (void)poll(&signals, 1, 100);
    while (read(signals.fd, &info, sizeof(info)) == sizeof(info))
        if (info.ssi_signo != SIGUSR1 && info.ssi_signo != SIGUSR2 &&
            info.ssi_signo != SIGWINCH)
            crawl->stop.signal_nr = (int)info.ssi_signo;
    return !crawl->stop.signal_nr && (most_ms == 0 || waited_ms < most_ms);
}

/* Opens the outputs. A wrong option is usage, anything else is storage: scripts
 * tell by the exit status whether a retry makes sense. */
static enum crawl_exit open_storage(struct crawl *crawl)
{
    const struct config *config = crawl->config;
    bool named = config->outputs.nr_items > 0;
    const char *output = crawl_main_output(config);
    struct error_record errors[ERROR_NR];
    const struct storage_waiter waiter = {wait_for_reader, crawl};
    char message[STORAGE_MESSAGE_BYTES] = "";
    char *json = config_json(config);
    struct storage_options options = {
        .outputs = named ? config->outputs.items : &output,
        .nr_outputs = named ? config->outputs.nr_items : 1,
        .format = config->format,
        .force = config->force,
        .store_bodies = config->store == CONFIG_STORE_BODY,
        .errors = errors,
        .nr_errors = fill_error_rows(errors),
        .version = CRAWL_VERSION,
        .command = crawl->options->command,
        .secrets = crawl->options->secrets,
        .config_json = json,
        .user_agent = crawl->settings.fetch.user_agent,
        .input = config->inputs.items[0],
        .nr_workers = crawl_nr_workers(config),
        .now_ms = clock_wall_ms(),
        .waiter = &waiter,
    };
    enum err err =
        parse_refetch(config->refetch, &options.refetch, &options.stale_ms);

    if (err) {
        log_error("--refetch takes failed, all or stale=DUR, as stale=7d");
        free(json);
        return CRAWL_EXIT_USAGE;
    }
    if (options.force) {
        storage_forced(&options, message);
        if (message[0])
            log_warn("--force removes %s", message);
    }
    message[0] = '\0';
    err = storage_open(&crawl->storage, &options, message);
    free(json);
    if (!err && message[0]) {
        log_warn("%s", message);
        err = storage_put_event(crawl->storage, options.now_ms, "warning",
                                "options", message);
    }
    if (!err)
        return CRAWL_EXIT_OK;
    log_error("%s", message[0] ? message : err_str(err));
    if (err == CERR_CANCELED)
        return crawl->stop.signal_nr
                   ? (enum crawl_exit)(128 + crawl->stop.signal_nr)
                   : CRAWL_EXIT_LIMIT;
    return err == CERR_INVALID ? CRAWL_EXIT_USAGE : CRAWL_EXIT_STORAGE;
}

static enum crawl_exit open_frontier(struct crawl *crawl)
{
    struct frontier_options *options = &crawl->settings.frontier;
    char message[STORAGE_MESSAGE_BYTES] = "";
    enum err err;

    options->wants.raw = storage_wants_raw(crawl->storage);
    options->on_visit = on_visit;
    options->ctx = crawl;
    err = frontier_open(&crawl->frontier, options, crawl->storage, message);
    if (!err)
        return CRAWL_EXIT_OK;
    log_error("%s", message[0] ? message : err_str(err));
    return err == CERR_INVALID ? CRAWL_EXIT_USAGE : CRAWL_EXIT_STORAGE;
}

static enum err add_to_epoll(const struct crawl *crawl, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

    if (epoll_ctl(crawl->loop.epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
        return err_from_errno(errno);
    return CERR_OK;
}

/* Opens signals and epoll. This comes after the pool is open, as workers must
 * not inherit the blocked signals. */
static enum err open_loop(struct crawl *crawl)
{
    static const int signals[] = {SIGINT,  SIGTERM, SIGHUP,  SIGQUIT,
                                  SIGUSR1, SIGUSR2, SIGWINCH};
    sigset_t mask;
    enum err err;

    sigemptyset(&mask);
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        sigaddset(&mask, signals[i]);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* EFBIG says the same (setrlimit(2)) */
    sigprocmask(SIG_BLOCK, &mask, NULL);
    crawl->loop.signal_fd = signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC);
    crawl->loop.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (crawl->loop.signal_fd < 0 || crawl->loop.epoll_fd < 0)
        return err_from_errno(errno);
    err = add_to_epoll(crawl, crawl->loop.signal_fd);
    if (!err)
        err = add_to_epoll(crawl, worker_lines_fd(crawl->worker_lines));
    return err ? err : add_to_epoll(crawl, pool_fd(crawl->pool));
}

/* Makes one flight for each fetch that can be out at once, robots.txt included.
 */
static void open_flights(struct crawl *crawl)
{
    size_t nr = (size_t)crawl->config->concurrency;

    crawl->flights.all = xcalloc(nr, sizeof(*crawl->flights.all));
    for (size_t i = nr; i-- > 0;) {
        crawl->flights.all[i].crawl = crawl;
        crawl->flights.all[i].next_free = crawl->flights.free;
        crawl->flights.free = &crawl->flights.all[i];
    }
    buf_init(&crawl->flights.job, JOB_BYTES_MAX);
}

/* Opens the progress; from here on log lines are printed above it. */
static void open_progress(struct crawl *crawl)
{
    const struct config *config = crawl->config;
    struct progress_options options = {
        .mode = progress_choose((enum progress_mode)config->progress,
                                config->quiet),
        .interval_ms = config->progress_interval_ms,
        .out = messages_file(crawl->loop.messages),
        .input = config->inputs.items[0],
        .output = crawl_main_output(config),
        .nr_workers = crawl_nr_workers(config),
        .start_ms = crawl->loop.start_ms,
    };

    crawl->progress = progress_new(&options);
}

/* Chooses the parse callback: that of the program that embeds the crawl, or
 * else our own. */
static void choose_parse(struct crawl *crawl)
{
    const struct config *config = crawl->config;

    crawl->parse.options = (struct parse_options){
        .store_links = config->extract == CONFIG_EXTRACT_LINKS,
        .store_body = config->store == CONFIG_STORE_BODY,
    };
    crawl->parse.fn = crawl->options->parse;
    crawl->parse.ctx = crawl->options->parse_ctx;
    if (!crawl->parse.fn) {
        crawl->parse.fn = parse_visit;
        crawl->parse.ctx = &crawl->parse.options;
    }
}

/* Checks what can be checked before any process or file is made: the list and
 * the options of a fetch. */
static enum crawl_exit check_first(struct crawl *crawl)
{
    const struct config *config = crawl->config;
    char message[INPUT_MESSAGE_BYTES] = "";

    if (config->inputs.nr_items == 0) {
        log_error("no list: 'crawl urls.txt' fetches every URL of a file, "
                  "'crawl --help' says more");
        return CRAWL_EXIT_USAGE;
    }
    if (input_open(&crawl->input, config->inputs.items, config->inputs.nr_items,
                   config->sitemaps, message)) {
        log_error("%s", message);
        return CRAWL_EXIT_USAGE;
    }
    crawl_settings_init(&crawl->settings, config);
    if (fetch_options_check(&crawl->settings.fetch, message, sizeof(message))) {
        log_error("%s", message);
        return CRAWL_EXIT_USAGE;
    }
    return CRAWL_EXIT_OK;
}

/* Says that the environment chose a proxy, which may surprise; its user and
 * password are cut off. */
static void say_proxies(const struct fetch_proxies *proxies)
{
    const char *each[] = {proxies->http, proxies->https};
    static const char *const schemes[] = {"http", "https"};

    for (size_t i = 0; i < 2 && proxies->from_environment; i++) {
        const char *at = each[i] ? strrchr(each[i], '@') : NULL;

        if (each[i])
            log_warn("%s is asked by the proxy %s of the environment; "
                     "'--proxy none' asks the hosts themselves",
                     schemes[i], at ? at + 1 : each[i]);
    }
}

/* Opens everything. What is open when a step fails is closed by crawl_close().
 * Workers are forked before the database is opened: SQLite forbids to carry a
 * connection over a fork (sqlite.org/howtocorrupt.html, 2.6). */
enum crawl_exit crawl_open(struct crawl *crawl)
{
    enum crawl_exit exit_status = check_first(crawl);
    char why[POOL_WHY_BYTES] = "";
    enum err err;

    if (exit_status)
        return exit_status;
    crawl->loop.start_ms = clock_mono_ms();
    crawl->settings.frontier.seed = (uint64_t)crawl->loop.start_ms;
    crawl->settings.frontier.wall_offset_ms =
        clock_wall_ms() - crawl->loop.start_ms;
    choose_parse(crawl);
    raise_descriptor_limit();
    say_proxies(&crawl->settings.fetch.proxies);
    err = open_pool(crawl, why);
    if (!err)
        err = open_loop(crawl);
    if (err) {
        log_error("cannot start the workers: %s", why[0] ? why : err_str(err));
        return CRAWL_EXIT_FAILURE;
    }
    crawl->loop.messages = messages_open();
    exit_status = open_storage(crawl);
    if (!exit_status)
        exit_status = open_frontier(crawl);
    if (exit_status)
        return exit_status;
    if (storage_count(crawl->storage, &crawl->before)) {
        log_error("%s", storage_message(crawl->storage));
        return CRAWL_EXIT_STORAGE;
    }
    input_attach(crawl->input, crawl->storage, crawl_main_output(crawl->config),
                 crawl->frontier);
    open_flights(crawl);
    open_progress(crawl);
    crawl->loop.next_commit_ms = crawl->loop.start_ms + CRAWL_COMMIT_MS;
    crawl->loop.next_sample_ms = crawl->loop.start_ms + CRAWL_SAMPLE_MS;
    return CRAWL_EXIT_OK;
}

/* The order: workers are told to leave first and do so while the database is
 * being closed, which takes longest; what is still alive then is killed. */
enum err crawl_close(struct crawl *crawl, const char *status,
                     const char *reason)
{
    int grace_ms = crawl->stop.phase == CRAWL_STOPPED ? 0 : TERMINATE_GRACE_MS;
    enum err err = CERR_OK;

    crawl->stop.phase = CRAWL_CLOSING;
    progress_free(crawl->progress);
    if (crawl->loop.messages)
        messages_take_log(crawl->loop.messages);
    /* workers leave while the database is being closed */
    if (crawl->pool && pool_close(crawl->pool))
        log_debug("the pool was closed already");
    frontier_free(crawl->frontier);
    if (crawl->storage) {
        err = storage_close(crawl->storage, status, reason, clock_wall_ms());
        if (err)
            log_error("closing the database failed: %s; make that right and "
                      "run the same command again: it goes on from the last "
                      "commit",
                      err_str(err));
    }
    crawl->storage = NULL;
    if (crawl->pool && pool_terminate(crawl->pool, grace_ms))
        log_debug("workers had to be killed");
    pool_free(crawl->pool);
    worker_lines_close(crawl->worker_lines);
    network_probe_close(&crawl->loop.network.probe);
    sandbox_board_free(crawl->settings.fetch.sandbox_board);
    input_close(crawl->input);
    if (crawl->loop.signal_fd >= 0)
        close(crawl->loop.signal_fd);
    if (crawl->loop.epoll_fd >= 0)
        close(crawl->loop.epoll_fd);
    messages_close(crawl->loop.messages);
    buf_release(&crawl->flights.job);
    crawl_drop_waiting(crawl);
    free(crawl->answers.fields.data);
    free(crawl->answers.payload.data);
    crawl_settings_release(&crawl->settings);
    free(crawl->flights.all);
    return err;
}
