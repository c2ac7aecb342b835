#include "frontier_web.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/xalloc.h"
#include "crawler/scope/local_names.h"
#include "storage/results.h"

#define FLIGHTS_MAX 1024
#define TURNS_MAX   2000000
#define COMMIT_ROWS 1000

struct flight {
    uint64_t id;
    int64_t due_ms;
    struct web_answer answer;
};

static void copy_text(char *out, size_t cap, struct bytes text)
{
    size_t len = text.len < cap - 1 ? text.len : cap - 1;

    if (len)
        memcpy(out, text.data, len);
    out[len] = '\0';
}

static enum err keep_visit(void *ctx, const struct visit *visit)
{
    struct web *web = ctx;
    const char *outcome = outcome_name(visit->outcome);
    const char *error = error_code(visit->error);
    struct web_visit *kept = &web->visits[web->nr_visits++];
    struct hop_record hop = {.kind = {"http", 4}};

    if (visit->nr_hops > 0) {
        hop.from_url = visit->hops[0].from_url;
        hop.to_url = visit->hops[0].to_url;
    }

    assert_true(web->nr_visits < WEB_VISITS_MAX);
    *kept = (struct web_visit){
        .line = visit->line,
        .depth = visit->depth,
        .tries = visit->tries,
        .outcome = visit->outcome,
        .error = visit->error,
        .may_pass = visit->may_pass,
        .status = visit->page ? visit->page->status : 0,
        .nr_hops = visit->nr_hops,
        .elapsed_ms = visit->elapsed_ms,
        .wait_ms = visit->wait_ms,
    };
    copy_text(kept->url, sizeof(kept->url), visit->url);
    copy_text(kept->listed, sizeof(kept->listed), visit->listed);
    copy_text(kept->final_url, sizeof(kept->final_url), visit->final_url);
    copy_text(kept->detail, sizeof(kept->detail), visit->detail);
    return storage_put_page(web->storage,
                            &(struct page_record){
                                .key = {visit->host_id, visit->url_hash},
                                .url = visit->url,
                                .listed = visit->listed,
                                .line = visit->line,
                                .depth = visit->depth,
                                .outcome = {outcome, strlen(outcome)},
                                .error = {error, strlen(error)},
                                .tries = visit->tries,
                                .status = kept->status,
                                .fetched_at = visit->fetched_at,
                                .worker = -1,
                                .final_url = visit->final_url,
                                .hops = &hop,
                                .nr_hops = visit->nr_hops > 0,
                                .nr_redirects = (int)visit->nr_hops,
                            });
}

void web_init(struct web *web)
{
    static const char resolver[] = "search test";

    *web = (struct web){.local_names = local_names_new()};
    local_names_add_search(web->local_names,
                           (struct bytes){resolver, sizeof(resolver) - 1});
    web->options = (struct frontier_options){
        .concurrency = 64,
        .any_host.limits.per_host = 6,
        .max_redirects = -1,
        .any_host.retries = 2,
        .local_names = web->local_names,
        .any_host.ignore_robots = true,
        .wall_offset_ms = WEB_WALL_MS,
        .seed = 42,
        .on_visit = keep_visit,
        .ctx = web,
    };
    snprintf(web->folder, sizeof(web->folder), "/tmp/frontier-test-XXXXXX");
    assert_non_null(mkdtemp(web->folder));
    snprintf(web->path, sizeof(web->path), "%s/crawl.db", web->folder);
    web->fetches = xcalloc(WEB_FETCHES_MAX, sizeof(*web->fetches));
    web->visits = xcalloc(WEB_VISITS_MAX, sizeof(*web->visits));
    web->flights = xcalloc(FLIGHTS_MAX, sizeof(*web->flights));
}

int web_setup(void **state)
{
    struct web *web = malloc(sizeof(*web));

    if (!web)
        return -1;
    web_init(web);
    *state = web;
    return 0;
}

int web_teardown(void **state)
{
    web_free(*state);
    free(*state);
    return 0;
}

void web_open(struct web *web)
{
    const char *outputs[] = {web->path};
    char message[STORAGE_MESSAGE_BYTES];
    struct storage_options options = {
        .outputs = outputs,
        .nr_outputs = 1,
        .version = "test",
        .command = "test",
        .config_json = "{}",
        .user_agent = "test",
        .input = "test",
        .now_ms = web->now_ms + WEB_WALL_MS,
    };

    assert_int_equal(storage_open(&web->storage, &options, message), CERR_OK);
    assert_int_equal(
        frontier_open(&web->frontier, &web->options, web->storage, message),
        CERR_OK);
}

static void drop_flights(struct web *web)
{
    while (web->nr_flights > 0)
        buf_release(&web->flights[--web->nr_flights].answer.links);
}

void web_close(struct web *web, const char *status)
{
    assert_int_equal(frontier_release(web->frontier, web->now_ms), CERR_OK);
    assert_int_equal(storage_commit(web->storage), CERR_OK);
    assert_int_equal(
        storage_close(web->storage, status, "", web->now_ms + WEB_WALL_MS),
        CERR_OK);
    frontier_free(web->frontier);
    web->storage = NULL;
    web->frontier = NULL;
    drop_flights(web);
}

void web_kill(struct web *web)
{
    frontier_free(web->frontier);
    assert_int_equal(storage_close(web->storage, "interrupted", "",
                                   web->now_ms + WEB_WALL_MS),
                     CERR_OK);
    web->storage = NULL;
    web->frontier = NULL;
    drop_flights(web);
}

void web_free(struct web *web)
{
    char command[160];

    if (web->frontier)
        web_close(web, "interrupted");
    snprintf(command, sizeof(command), "rm -r '%s'", web->folder);
    assert_int_equal(system(command), 0);
    local_names_free(web->local_names);
    free(web->fetches);
    free(web->visits);
    free(web->flights);
}

void web_add_list(struct web *web, const char *lines)
{
    int64_t line = 1;

    while (*lines) {
        size_t len = strcspn(lines, "\n");
        assert_int_equal(frontier_add_line(web->frontier,
                                           (struct bytes){lines, len}, line++,
                                           web->now_ms),
                         CERR_OK);
        lines += len + (lines[len] == '\n');
    }
    assert_int_equal(frontier_flush_lines(web->frontier, web->now_ms), CERR_OK);
    frontier_list_ended(web->frontier);
}

void web_add_many(struct web *web, const char *host, int nr)
{
    char line[128];

    for (int i = 0; i < nr; i++) {
        int len = snprintf(line, sizeof(line), "http://%s/%d", host, i);
        assert_int_equal(frontier_add_line(web->frontier,
                                           (struct bytes){line, (size_t)len},
                                           i + 1, web->now_ms),
                         CERR_OK);
    }
    assert_int_equal(frontier_flush_lines(web->frontier, web->now_ms), CERR_OK);
}

static void start_one(struct web *web, const struct frontier_fetch *fetch)
{
    struct flight *flight = &web->flights[web->nr_flights];
    struct web_fetch *kept = &web->fetches[web->nr_fetches];

    assert_true(web->nr_flights < FLIGHTS_MAX);
    assert_true(web->nr_fetches < WEB_FETCHES_MAX);
    assert_int_equal(strlen(fetch->url), fetch->url_len);
    assert_true(fetch->id != 0 && fetch->affinity != 0);
    *flight = (struct flight){.id = fetch->id};
    page_init(&flight->answer.page);
    flight->answer.latency_ms = 10;
    buf_init(&flight->answer.links, 1 << 20);
    web_status(&flight->answer, 200);
    web->nr_asked++;
    kept->flags = fetch->flags; /* an answer may depend on them */
    if (web->answer)
        web->answer(web, fetch->url, &flight->answer);
    if (flight->answer.put_back) {
        frontier_put_back(web->frontier, fetch->id);
        buf_release(&flight->answer.links);
        return;
    }
    flight->due_ms = web->now_ms + flight->answer.latency_ms;
    snprintf(kept->url, sizeof(kept->url), "%s", fetch->url);
    kept->header_set = fetch->header_set;
    kept->started_ms = web->now_ms;
    kept->nr_in_flight = (int)web->nr_flights;
    web->nr_fetches++;
    web->nr_flights++;
}

static int64_t first_answer_ms(const struct web *web)
{
    int64_t first_ms = INT64_MAX;

    for (size_t i = 0; i < web->nr_flights; i++)
        if (web->flights[i].due_ms < first_ms)
            first_ms = web->flights[i].due_ms;
    return first_ms;
}

/* Takes the links before the answer, as for one with many of them. */
static void take_in_slices(struct web *web, const struct flight *flight)
{
    const struct page *page = &flight->answer.page;
    struct bytes rest = page->links;

    while (rest.len > 0) {
        size_t before = rest.len;
        assert_int_equal(frontier_take_links(web->frontier, flight->id, page,
                                             &rest, web->slice_links),
                         CERR_OK);
        assert_true(rest.len < before);
        assert_int_equal(frontier_store_links(web->frontier, web->now_ms),
                         CERR_OK);
    }
}

static void take_answers(struct web *web)
{
    for (size_t i = 0; i < web->nr_flights;) {
        struct flight flight = web->flights[i];
        if (flight.due_ms > web->now_ms) {
            i++;
            continue;
        }
        web->flights[i] = web->flights[--web->nr_flights];
        flight.answer.page.links =
            (struct bytes){flight.answer.links.data, flight.answer.links.len};
        if (web->slice_links)
            take_in_slices(web, &flight);
        assert_int_equal(frontier_answer(web->frontier, flight.id, 0,
                                         &flight.answer.page, web->now_ms),
                         CERR_OK);
        buf_release(&flight.answer.links);
    }
}

enum frontier_end web_run(struct web *web)
{
    struct frontier_fetch fetch;

    for (int turn = 0; turn < TURNS_MAX; turn++) {
        take_answers(web);
        if (web->stop_at_ms && web->now_ms >= web->stop_at_ms)
            frontier_stop(web->frontier);
        assert_int_equal(frontier_turn(web->frontier, web->now_ms), CERR_OK);
        int asked = web->nr_asked;
        while (web->nr_asked < asked + FLIGHTS_MAX &&
               frontier_next(web->frontier, web->now_ms, &fetch))
            start_one(web, &fetch);
        if (storage_uncommitted(web->storage) >= COMMIT_ROWS)
            assert_int_equal(storage_commit(web->storage), CERR_OK);
        if (frontier_ended(web->frontier) != FRONTIER_RUNNING)
            return frontier_ended(web->frontier);

        int64_t wait_ms = frontier_wait_ms(web->frontier, web->now_ms);
        int64_t next_ms = first_answer_ms(web);
        if (wait_ms >= 0 && web->now_ms + wait_ms < next_ms)
            next_ms = web->now_ms + wait_ms;
        if (next_ms == INT64_MAX)
            fail_msg("nothing in flight and nothing to wait for");
        web->now_ms = next_ms;
    }
    fail_msg("the run does not end");
    return FRONTIER_RUNNING;
}

const struct web_visit *web_visit(const struct web *web, const char *url)
{
    const struct web_visit *found = NULL;

    for (size_t i = 0; i < web->nr_visits; i++) {
        if (strcmp(web->visits[i].url, url) != 0)
            continue;
        if (found)
            fail_msg("%s ended twice", url);
        found = &web->visits[i];
    }
    if (!found)
        fail_msg("%s never ended", url);
    return found;
}

size_t web_nr_fetches(const struct web *web, const char *url)
{
    size_t nr = 0;

    for (size_t i = 0; i < web->nr_fetches; i++)
        nr += strcmp(web->fetches[i].url, url) == 0;
    return nr;
}

void web_status(struct web_answer *answer, int status)
{
    answer->page.status = (uint16_t)status;
    answer->page.outcome = status < 300   ? OUTCOME_OK
                           : status < 400 ? OUTCOME_REDIRECT
                                          : OUTCOME_HTTP_ERROR;
}

void web_redirect(struct web_answer *answer, int status, const char *to)
{
    web_status(answer, status);
    answer->page.location = (struct bytes){to, strlen(to)};
}

void web_fail(struct web_answer *answer, enum error error)
{
    answer->page.status = 0;
    answer->page.outcome = OUTCOME_ERROR;
    answer->page.error = error;
}

void web_body(struct web_answer *answer, const char *body)
{
    answer->page.body = (struct bytes){body, strlen(body)};
    answer->page.body_bytes = strlen(body);
}

void web_link(struct web_answer *answer, const char *url, uint8_t rel)
{
    struct page_link link = {
        .url = {url, strlen(url)},
        .text = {"", 0},
        .kind = LINK_A,
        .rel = rel,
    };

    assert_int_equal(page_append_link(&answer->links, &link), CERR_OK);
    answer->page.nr_links++;
}
