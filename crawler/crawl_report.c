/* What a run shows of itself: progress, samples, the summary. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "crawler/cli/summary.h"
#include "crawler/crawl_internal.h"

/* URLs that ended in this run, whatever their outcome. */
static int64_t nr_visits(const struct frontier_stats *stats)
{
    int64_t nr = 0;

    for (int i = 0; i < OUTCOME_NR; i++)
        nr += stats->nr_visits[i];
    return nr;
}

/* Shows only what is committed: a number that people have seen must not go back
 * after a crash. In flight and waiting are of this moment. */
void crawl_view(struct crawl *crawl, int64_t now_ms, struct progress_view *view)
{
    const struct frontier_stats *done = &crawl->committed;
    const struct network *network = frontier_network(crawl->frontier);
    struct frontier_stats now;

    frontier_get_stats(crawl->frontier, &now);
    *view = (struct progress_view){
        .nr_run = nr_visits(done),
        .nr_ended = crawl->before.nr_ended + nr_visits(done),
        .nr_urls = crawl->before.nr_ended + nr_visits(done) + done->nr_queued,
        .list_done = input_ended(crawl->input),
        .nr_ok = done->nr_visits[OUTCOME_OK],
        .nr_3xx = done->nr_status[3],
        .nr_4xx = done->nr_status[4],
        .nr_5xx = done->nr_status[5],
        .nr_failed = done->nr_visits[OUTCOME_ERROR],
        .nr_skipped = done->nr_visits[OUTCOME_SKIPPED],
        .nr_retrying = now.nr_retries_waiting,
        .nr_active = now.nr_in_flight,
        .nr_hosts_waiting = now.nr_hosts_waiting,
        .bytes_down = done->bytes_down,
        .paused = crawl->is_paused,
        .no_network_ms =
            network->state == NETWORK_DOWN ? now_ms - network->since_ms : 0,
        .stopping = crawl->stop.signal_nr != 0,
        .throttled = {.host = now.throttled_host ? now.throttled_host : "",
                      .status = now.throttled_status,
                      .for_ms = now.throttled_until_ms - now_ms},
        .wall_ms = now_ms + crawl->settings.frontier.wall_offset_ms,
    };
    if (progress_is_plain(crawl->progress))
        view->slowest.host =
            frontier_slowest_host(crawl->frontier, &view->slowest.latency_ms);
}

/* Returns the resident memory of this process in bytes: the second number of
 * statm, in pages (proc(5)). */
static int64_t rss_bytes(void)
{
    FILE *statm = fopen("/proc/self/statm", "re");
    long long pages = 0;

    if (!statm)
        return 0;
    if (fscanf(statm, "%*s %lld", &pages) != 1) // NOLINT(cert-err34-c)
        pages = 0;
    fclose(statm);
    return (int64_t)pages * sysconf(_SC_PAGESIZE);
}

/* Unlike progress, samples count what is not committed yet: they tell the
 * speed. */
void crawl_sample(struct crawl *crawl, int64_t now_ms,
                  struct sample_record *sample)
{
    struct frontier_stats stats;
    struct pool_worker_info info;

    frontier_get_stats(crawl->frontier, &stats);
    *sample = (struct sample_record){
        .t_ms = now_ms - crawl->loop.start_ms,
        .clock_ms = now_ms + crawl->settings.frontier.wall_offset_ms,
        .nr_done = nr_visits(&stats),
        .nr_failed = stats.nr_visits[OUTCOME_ERROR],
        .nr_queued = stats.nr_queued,
        .nr_active = stats.nr_in_flight,
        .bytes_down = stats.bytes_down,
        .nr_hosts_active = stats.nr_hosts_active,
        .nr_hosts_waiting = stats.nr_hosts_waiting,
        .rss_bytes = rss_bytes(),
    };
    for (int i = 0; !pool_worker_info(crawl->pool, i, &info); i++)
        sample->nr_workers_busy += info.state == POOL_WORKER_BUSY;
}

/* The line is shown even without --verbose: somebody has asked for it by a
 * signal. */
void crawl_print_status(struct crawl *crawl, int64_t now_ms)
{
    struct progress_view view;
    enum log_level level = log_get_level();

    crawl_view(crawl, now_ms, &view);
    if (level < LOG_INFO)
        log_set_level(LOG_INFO);
    log_info("done=%" PRId64 " urls=%" PRId64 " ok=%" PRId64 " failed=%" PRId64
             " active=%d hosts_waiting=%d bytes=%" PRId64
             " session_done=%" PRId64 "%s",
             view.nr_ended, view.nr_urls, view.nr_ok, view.nr_failed,
             view.nr_active, view.nr_hosts_waiting, view.bytes_down,
             view.nr_run, view.paused ? " paused" : "");
    log_set_level(level);
}

static int by_nr(const void *a, const void *b)
{
    const struct summary_cause *left = a, *right = b;

    return left->nr < right->nr ? 1 : left->nr > right->nr ? -1 : 0;
}

/* Fills every reason that occurred with its count, the most frequent first.
 * Statuses 4xx and 5xx are no errors of ours, but are causes all the same. */
static size_t fill_causes(const struct frontier_stats *stats,
                          struct summary_cause *causes)
{
    size_t nr = 0;

    for (int i = ERROR_NONE + 1; i < ERROR_NR; i++) {
        const struct error_info *info = error_info((enum error)i);

        if (stats->nr_by_error[i])
            causes[nr++] = (struct summary_cause){
                info->code, stats->nr_by_error[i], info->meaning, info->hint};
    }
    if (stats->nr_more_refused)
        causes[nr++] = (struct summary_cause){
            "trap, no row", stats->nr_more_refused,
            "further links over the limits against endless sites, only counted",
            "'crawl query DB skipped' has an example"};
    if (stats->nr_status[4])
        causes[nr++] =
            (struct summary_cause){"4xx", stats->nr_status[4],
                                   "the server has no such page, or refuses it",
                                   "'crawl query DB broken' lists them with "
                                   "the pages that link there"};
    if (stats->nr_status[5])
        causes[nr++] = (struct summary_cause){
            "5xx", stats->nr_status[5], "the server failed",
            "later: the same command with --refetch failed"};
    if (stats->nr_status[0])
        causes[nr++] = (struct summary_cause){
            "other status", stats->nr_status[0],
            "it is outside of 100 to 599, as 999, and none of HTTP",
            "'crawl query DB broken' lists them; some servers answer robots "
            "so"};
    qsort(causes, nr, sizeof(*causes), by_nr);
    return nr;
}

/* The output that `crawl query` can read; NULL: there is none. */
static const char *database_of(const struct config *config)
{
    if (config->outputs.nr_items == 0)
        return crawl_main_output(config);
    for (size_t i = 0; i < config->outputs.nr_items; i++)
        if (storage_is_database(config->outputs.items[i], config->format))
            return config->outputs.items[i];
    return NULL;
}

/*
 * The command that goes on, owned by the caller; NULL: none does. Outputs that
 * are all streams keep nothing to go on with. A list from standard input is in
 * the database when it was read to its end; before that it has to come again.
 */
static char *command_that_goes_on(const struct crawl *crawl)
{
    const struct config *config = crawl->config;
    const char *from = "";
    char *command = NULL;

    if (!storage_goes_on(crawl->storage))
        return NULL;
    for (size_t i = 0; i < config->inputs.nr_items; i++)
        if (strcmp(config->inputs.items[i], "-") == 0)
            from = input_ended(crawl->input) ? " < /dev/null" : " < LIST";
    if (asprintf(&command, "%s%s", crawl->options->command, from) < 0)
        return NULL;
    return command;
}

/* What the run has done in all its sessions, if storage can still tell. */
static void fill_all(struct crawl *crawl, struct summary_all *all)
{
    struct storage_totals totals;

    if (storage_run_totals(crawl->storage, &totals))
        return;
    *all = (struct summary_all){
        .nr_sessions = totals.nr_sessions,
        .work_ms = totals.work_ms,
        .ended = {.nr_ok = totals.nr_ok,
                  .nr_redirect = totals.nr_redirect,
                  .nr_http_error = totals.nr_http_error,
                  .nr_error = totals.nr_error,
                  .nr_skipped = totals.nr_skipped},
    };
}

/* The clock is that of the last sample, which was taken when the run had
 * settled: what is said here then fits what the database says. */
void crawl_summary(struct crawl *crawl, const char *ended, const char *reason)
{
    const struct frontier_stats *done = &crawl->committed;
    struct summary_cause causes[ERROR_NR + 4];
    char *again =
        strcmp(ended, "done") == 0 ? NULL : command_that_goes_on(crawl);
    struct summary summary = {
        .ended = ended,
        .reason = reason,
        .database = database_of(crawl->config),
        .again = again ? again : "",
        .secrets = crawl->options->secrets,
        .nr_bad_lines = done->nr_bad_lines,
        .nr_duplicates = done->nr_duplicates,
        .visits = {.nr_ok = done->nr_visits[OUTCOME_OK],
                   .nr_redirect = done->nr_visits[OUTCOME_REDIRECT],
                   .nr_http_error = done->nr_visits[OUTCOME_HTTP_ERROR],
                   .nr_error = done->nr_visits[OUTCOME_ERROR],
                   .nr_skipped = done->nr_visits[OUTCOME_SKIPPED]},
        .nr_left = done->nr_queued,
        .nr_moved_away = done->left_out.nr_moved_away,
        .nr_unread_sitemaps = done->left_out.nr_unread_sitemaps,
        .nr_requests = done->nr_requests,
        .bytes_down = done->bytes_down,
        .waits = {.nr_429 = done->waits.nr_429,
                  .nr_503 = done->waits.nr_503,
                  .nr_slow_downs = done->waits.nr_slow_downs,
                  .longest_wait_ms = done->waits.longest_wait_ms},
        .clock_in_doubt = clock_doubt_holds(&crawl->clock_doubt),
        .causes = causes,
        .nr_causes = fill_causes(done, causes),
    };
    struct sample_record last;

    if (crawl->before.nr_ended > 0)
        fill_all(crawl, &summary.all);
    crawl_sample(crawl, crawl->loop.next_sample_ms - CRAWL_SAMPLE_MS, &last);
    summary.elapsed_ms = last.t_ms;
    if (storage_state(crawl->storage) == STORAGE_FINISHED &&
        nr_visits(done) == 0 && strcmp(ended, "done") == 0)
        summary.reason = "everything was fetched before; --refetch "
                         "failed|stale=DUR|all asks again, --force starts over";
    summary_print(&summary, messages_file(crawl->loop.messages));
    free(again);
}
