/* Settings into each part's options; up and down in the right order. */
#include <errno.h>
#include <signal.h>
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

#define DEFAULT_OUTPUT     "crawl.db"
#define WORKER_SILENCE_MS  60000
#define TERMINATE_GRACE_MS 200
#define TASK_SLACK_MS      15000 /* above --max-time before a worker is killed */

const char *crawl_main_output(const struct config *config)
{
    return config->outputs.nr_items ? config->outputs.items[0] : DEFAULT_OUTPUT;
}

static int nr_workers(const struct config *config)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    int64_t nr = config->workers ? config->workers : cores > 0 ? cores : 1;

    if (nr > config->concurrency)
        nr = config->concurrency; /* an idle worker is of no use */
    return nr > POOL_WORKERS_MAX ? POOL_WORKERS_MAX : (int)nr;
}

/* A host's connections can all fall to one worker, and all of them must fit. */
static int transfers_per_worker(const struct config *config)
{
    int workers = nr_workers(config);

    return (frontier_max_in_flight((int)config->concurrency) + workers - 1) /
           workers;
}

void crawl_fill_fetch_options(struct crawl *crawl)
{
    const struct config *config = crawl->config;

    crawl->fetch_options = (struct fetch_options){
        .max_transfers = transfers_per_worker(config),
        .dns_timeout_ms = config->dns_timeout_ms,
        .connect_timeout_ms = config->connect_timeout_ms,
        .first_byte_timeout_ms = config->first_byte_timeout_ms,
        .stall_timeout_ms = config->idle_timeout_ms,
        .total_timeout_ms = config->max_time_ms,
        .max_body_bytes = config->max_size_bytes,
        .max_wire_bytes = config->max_size_bytes,
        .user_agent =
            config->user_agent ? config->user_agent : CRAWL_USER_AGENT,
        .headers = config->headers.items,
        .nr_headers = config->headers.nr_items,
        .header_sets = crawl->hosts.header_sets,
        .nr_header_sets = crawl->hosts.nr,
        .proxy = config->proxy,
        .ca_file = config->cacert,
        .insecure = config->insecure,
        .resolve = config->resolve.items,
        .nr_resolve = config->resolve.nr_items,
        .ipv4_only = config->ipv4,
        .ipv6_only = config->ipv6,
        .http1_only = config->http1,
        .no_compression = config->no_compression,
        .cookies = config->cookies,
        .auth_file = config->auth_file,
        .allow_private = config->allow_private.items,
        .nr_allow_private = config->allow_private.nr_items,
        .sandbox = (enum fetch_sandbox)config->sandbox,
        .user = config->user,
    };
}

/* "Name/1.2 (+https://...)" is known to robots.txt as "Name". RFC 9309, 2.2.1
 */
static void fill_product_token(struct crawl *crawl)
{
    const char *agent = crawl->fetch_options.user_agent;
    size_t len = strcspn(agent, "/ \t(");

    if (len == 0 || len >= sizeof(crawl->product_token)) {
        agent = "crawl";
        len = 5;
    }
    memcpy(crawl->product_token, agent, len);
    crawl->product_token[len] = '\0';
}

static void fill_limits(struct frontier_options *options,
                        const struct config *config)
{
    options->max_pages_per_host = (int)config->max_pages_per_host;
    options->max_url_length = (int)config->max_url_length;
    options->max_path_depth = (int)config->max_path_depth;
    options->max_repeated_segments = (int)config->max_repeated_segments;
    options->max_query_variants = (int)config->max_query_variants;
    options->max_urls = config->max_urls;
    options->max_bytes = config->max_total_bytes;
    options->max_redirects = (int)config->max_redirects;
    options->max_host_errors = (int)config->max_host_errors;
    options->retries = (int)config->retries;
    options->retry_delay_ms = config->retry_delay_ms;
}

/* Hosts whose handshake came to an end, one way or the other. */
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

static enum err on_visit(void *ctx, const struct visit *visit)
{
    struct crawl *crawl = ctx;

    watch_clock(&crawl->clock_doubt, visit);
    return crawl->parse(crawl->parse_ctx, crawl->storage, visit);
}

void crawl_fill_frontier_options(struct crawl *crawl,
                                 struct frontier_options *options)
{
    const struct config *config = crawl->config;

    fill_product_token(crawl);
    *options = (struct frontier_options){
        .concurrency = (int)config->concurrency,
        .per_host = (int)config->per_host,
        .delay_ms = config->delay_ms,
        .max_crawl_delay_ms = config->max_crawl_delay_ms,
        .max_retry_after_ms = config->max_retry_after_ms,
        .hosts = crawl->hosts.rules,
        .nr_hosts = crawl->hosts.nr,
        .rate_per_s = config->rate_per_s,
        .ignore_robots = config->robots == CONFIG_ROBOTS_IGNORE,
        .product_token = crawl->product_token,
        .depth = (int)config->depth,
        .sitemaps = config->sitemaps,
        .store_links = config->extract == CONFIG_EXTRACT_LINKS,
        .head_scan = config->extract != CONFIG_EXTRACT_NONE,
        .want_body = config->store == CONFIG_STORE_BODY,
        .want_raw = storage_wants_raw(crawl->storage),
        .scope = (enum frontier_scope)config->scope,
        .include = config->include.items,
        .nr_include = config->include.nr_items,
        .exclude = config->exclude.items,
        .nr_exclude = config->exclude.nr_items,
        .wall_offset_ms = crawl->wall_offset_ms,
        .seed = (uint64_t)crawl->start_ms,
        .on_visit = on_visit,
        .ctx = crawl,
    };
    fill_limits(options, config);
}

/* Every transfer wants a descriptor: take as many as may be had. */
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

enum err crawl_tell_sandbox(struct crawl *crawl, int worker)
{
    const struct fetch_options *options = &crawl->fetch_options;
    uint32_t parts = sandbox_board_parts(options->sandbox_board, worker);
    uint32_t missing = SANDBOX_ALL & ~parts;
    char has[SANDBOX_TEXT_BYTES], lacks[SANDBOX_TEXT_BYTES];
    char detail[2 * SANDBOX_TEXT_BYTES + 20];

    crawl->sandbox_is_told = true;
    if (options->sandbox == FETCH_SANDBOX_OFF)
        snprintf(detail, sizeof(detail), "off");
    else {
        sandbox_describe(parts, has, sizeof(has));
        sandbox_describe(missing, lacks, sizeof(lacks));
        snprintf(detail, sizeof(detail), "%s; without: %s",
                 parts ? has : "none", missing ? lacks : "nothing");
    }
    log_info("sandbox: %s", detail);
    enum err err = storage_put_sandbox(crawl->storage, detail);
    if (!err)
        err = storage_put_event(crawl->storage, clock_wall_ms(), "info",
                                "sandbox", detail);
    return err;
}

static void on_worker_death(void *user, int worker, pid_t pid, int signal_nr,
                            int exit_code)
{
    struct crawl *crawl = user;
    char detail[200], call[SANDBOX_CALL_BYTES] = "";

    sandbox_board_take(crawl->fetch_options.sandbox_board, worker);
    if (signal_nr == SIGSYS)
        sandbox_board_call(crawl->fetch_options.sandbox_board, worker, call,
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
    if (crawl->storage && !crawl->closing &&
        storage_put_event(crawl->storage, clock_wall_ms(), "warning",
                          "worker_death", detail))
        log_debug("the event could not be stored");
}

static enum err open_pool(struct crawl *crawl)
{
    const struct config *config = crawl->config;
    struct pool_options options = {
        .nr_workers = nr_workers(config),
        .worker_main = fetch_worker_main,
        .ctx = &crawl->fetch_options,
        .tasks_per_worker = transfers_per_worker(config),
        .arena_bytes = (size_t)(config->max_size_bytes * 4 > (64 << 20)
                                    ? config->max_size_bytes * 4
                                    : 64 << 20),
        .max_task_bytes = JOB_BYTES_MAX,
        .max_queued_tasks =
            (size_t)frontier_max_in_flight((int)config->concurrency),
        .max_attempts = 1, /* the frontier decides what is tried again */
        .hard_timeout_ms = config->max_time_ms + TASK_SLACK_MS,
        .silence_ms = WORKER_SILENCE_MS,
        .on_worker_death = on_worker_death,
        .user = crawl,
        .max_restarts = 100, /* hostile pages may come in rows */
    };

    crawl->fetch_options.sandbox_board = sandbox_board_new(options.nr_workers);
    if (!crawl->fetch_options.sandbox_board)
        return CERR_NOMEM;
    return pool_open(&crawl->pool, &options);
}

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

static enum crawl_exit open_storage(struct crawl *crawl)
{
    static const char *const default_outputs[] = {DEFAULT_OUTPUT};
    const struct config *config = crawl->config;
    bool named = config->outputs.nr_items > 0;
    struct error_record errors[ERROR_NR];
    char message[STORAGE_MESSAGE_BYTES] = "";
    char *json = config_json(config);
    struct storage_options options = {
        .outputs = named ? config->outputs.items : default_outputs,
        .nr_outputs = named ? config->outputs.nr_items : 1,
        .format = config->format,
        .force = config->force,
        .store_bodies = config->store == CONFIG_STORE_BODY,
        .errors = errors,
        .nr_errors = fill_error_rows(errors),
        .version = CRAWL_VERSION,
        .command = crawl->options->command,
        .config_json = json,
        .user_agent = crawl->fetch_options.user_agent,
        .input = config->inputs.items[0],
        .nr_workers = nr_workers(config),
        .now_ms = clock_wall_ms(),
    };
    enum err err =
        parse_refetch(config->refetch, &options.refetch, &options.stale_ms);

    if (err) {
        log_error("--refetch takes failed, all or stale=DUR, as stale=7d");
        free(json);
        return CRAWL_EXIT_USAGE;
    }
    err = storage_open(&crawl->storage, &options, message);
    free(json);
    if (!err)
        return CRAWL_EXIT_OK;
    log_error("%s", message[0] ? message : err_str(err));
    return err == CERR_INVALID ? CRAWL_EXIT_USAGE : CRAWL_EXIT_STORAGE;
}

static enum crawl_exit open_frontier(struct crawl *crawl)
{
    struct frontier_options options;
    char message[STORAGE_MESSAGE_BYTES] = "";
    enum err err;

    crawl_fill_frontier_options(crawl, &options);
    err = frontier_open(&crawl->frontier, &options, crawl->storage, message);
    if (!err)
        return CRAWL_EXIT_OK;
    log_error("%s", message[0] ? message : err_str(err));
    return err == CERR_INVALID ? CRAWL_EXIT_USAGE : CRAWL_EXIT_STORAGE;
}

static enum err add_to_epoll(const struct crawl *crawl, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

    if (epoll_ctl(crawl->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
        return err_from_errno(errno);
    return CERR_OK;
}

/* After the pool: workers must not inherit the mask. */
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
    sigprocmask(SIG_BLOCK, &mask, NULL);
    crawl->signal_fd = signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC);
    crawl->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (crawl->signal_fd < 0 || crawl->epoll_fd < 0)
        return err_from_errno(errno);
    err = add_to_epoll(crawl, crawl->signal_fd);
    return err ? err : add_to_epoll(crawl, pool_fd(crawl->pool));
}

static void open_flights(struct crawl *crawl)
{
    size_t nr = (size_t)frontier_max_in_flight((int)crawl->config->concurrency);

    crawl->flights = xcalloc(nr, sizeof(*crawl->flights));
    for (size_t i = nr; i-- > 0;) {
        crawl->flights[i].crawl = crawl;
        crawl->flights[i].next_free = crawl->free_flights;
        crawl->free_flights = &crawl->flights[i];
    }
    buf_init(&crawl->job, JOB_BYTES_MAX);
}

static void open_progress(struct crawl *crawl)
{
    const struct config *config = crawl->config;
    struct progress_options options = {
        .mode = progress_choose(config->progress, config->quiet),
        .interval_ms = config->progress_interval_ms,
        .out = stderr,
        .input = config->inputs.items[0],
        .output = crawl_main_output(config),
        .nr_workers = nr_workers(config),
        .start_ms = crawl->start_ms,
    };

    crawl->progress = progress_new(&options);
}

static void choose_parse(struct crawl *crawl)
{
    const struct config *config = crawl->config;

    crawl->parse_options = (struct parse_options){
        .store_links = config->extract == CONFIG_EXTRACT_LINKS,
        .store_body = config->store == CONFIG_STORE_BODY,
    };
    crawl->parse = crawl->options->parse;
    crawl->parse_ctx = crawl->options->parse_ctx;
    if (!crawl->parse) {
        crawl->parse = parse_visit;
        crawl->parse_ctx = &crawl->parse_options;
    }
}

/* What must be right before anything is started. */
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
                   message)) {
        log_error("%s", message);
        return CRAWL_EXIT_USAGE;
    }
    crawl_hosts_init(&crawl->hosts, config);
    crawl_fill_fetch_options(crawl);
    if (fetch_options_check(&crawl->fetch_options, message, sizeof(message))) {
        log_error("%s", message);
        return CRAWL_EXIT_USAGE;
    }
    return CRAWL_EXIT_OK;
}

enum crawl_exit crawl_open(struct crawl *crawl)
{
    enum crawl_exit exit_status = check_first(crawl);
    enum err err;

    if (exit_status)
        return exit_status;
    crawl->start_ms = clock_mono_ms();
    crawl->wall_offset_ms = clock_wall_ms() - crawl->start_ms;
    choose_parse(crawl);
    raise_descriptor_limit();
    err = open_pool(crawl);
    if (!err)
        err = open_loop(crawl);
    if (err) {
        char limit[200] = "";

        if (err != CERR_LIMIT ||
            !pool_small_limit(nr_workers(crawl->config), limit, sizeof(limit)))
            snprintf(limit, sizeof(limit), "%s", err_str(err));
        log_error("cannot start the workers: %s", limit);
        return CRAWL_EXIT_FAILURE;
    }
    exit_status = open_storage(crawl);
    if (!exit_status)
        exit_status = open_frontier(crawl);
    if (exit_status)
        return exit_status;
    if (storage_count(crawl->storage, &crawl->before)) {
        log_error("%s", storage_message(crawl->storage));
        return CRAWL_EXIT_STORAGE;
    }
    input_attach(crawl->input, crawl->storage, crawl->frontier);
    open_flights(crawl);
    open_progress(crawl);
    crawl->next_commit_ms = crawl->start_ms + CRAWL_COMMIT_MS;
    crawl->next_sample_ms = crawl->start_ms + CRAWL_SAMPLE_MS;
    return CRAWL_EXIT_OK;
}

enum err crawl_close(struct crawl *crawl, const char *status,
                     const char *reason)
{
    enum err err = CERR_OK;

    crawl->closing = true;
    progress_free(crawl->progress);
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
    if (crawl->pool &&
        pool_terminate(crawl->pool, crawl->stop_now ? 0 : TERMINATE_GRACE_MS))
        log_debug("workers had to be killed");
    pool_free(crawl->pool);
    sandbox_board_free(crawl->fetch_options.sandbox_board);
    input_close(crawl->input);
    if (crawl->signal_fd >= 0)
        close(crawl->signal_fd);
    if (crawl->epoll_fd >= 0)
        close(crawl->epoll_fd);
    buf_release(&crawl->job);
    crawl_hosts_release(&crawl->hosts);
    free(crawl->flights);
    return err;
}
