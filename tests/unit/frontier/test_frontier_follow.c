/* Where pages lead to: links, scope, traps, redirects, sitemaps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "crawler/frontier/url_key.h"
#include "crawler/page/job.h"
#include "crawler/scope/seen.h"
#include "frontier_web.h"
#include "storage/query.h"
#include "storage/results.h"

static int setup(void **state)
{
    if (web_setup(state))
        return -1;
    struct web *web = *state;
    web->options.depth = 3;
    return 0;
}

/* The same rules hold when the links of a page are taken one by one. */
static int setup_sliced(void **state)
{
    if (setup(state))
        return -1;
    struct web *web = *state;
    web->slice_links = 1;
    return 0;
}

static bool is(const char *url, const char *other)
{
    return strcmp(url, other) == 0;
}

/* A test's site: which page links to which. */
struct edge {
    const char *from, *to;
};

static void edge_answers(struct web *web, const char *url,
                         struct web_answer *answer)
{
    const struct edge *edge = web->ctx;

    for (; edge->from; edge++)
        if (is(url, edge->from))
            web_link(answer, edge->to, 0);
}

static void run_edges(struct web *web, const struct edge *edges,
                      const char *list)
{
    web->answer = edge_answers;
    web->ctx = (void *)(uintptr_t)edges;
    web_open(web);
    web_add_list(web, list);
    assert_int_equal(web_run(web), FRONTIER_DONE);
}

static void frontier_follows_links_to_its_depth(void **state)
{
    static const struct edge edges[] = {
        {"http://a.test/", "http://a.test/1"},
        {"http://a.test/1", "http://a.test/2"},
        {"http://a.test/2", "http://a.test/3"},
        {"http://a.test/3", "http://a.test/4"},
        {NULL, NULL},
    };
    struct web *web = *state;

    run_edges(web, edges, "http://a.test/");
    assert_int_equal(web->nr_visits, 4);
    assert_int_equal(web_visit(web, "http://a.test/3")->depth, 3);
    assert_int_equal(web_visit(web, "http://a.test/3")->line, 0);
    assert_int_equal(web->fetches[0].flags & JOB_LINK_TEXTS, 0);
}

static void site_of_statuses(struct web *web, const char *url,
                             struct web_answer *answer)
{
    (void)web;
    if (is(url, "http://a.test/")) {
        web_link(answer, "http://a.test/gone", 0);
        web_link(answer, "http://a.test/odd", 0);
        web_link(answer, "http://a.test/moved", 0);
    } else if (is(url, "http://a.test/gone")) {
        web_status(answer, 404);
    } else if (is(url, "http://a.test/odd")) {
        web_status(answer, 999);
    } else if (is(url, "http://a.test/moved")) {
        web_redirect(answer, 301, "http://a.test/");
    }
}

static void frontier_counts_statuses_of_followed_urls_as_of_listed(void **state)
{
    struct web *web = *state;
    struct frontier_stats stats;

    web->answer = site_of_statuses;
    web_open(web);
    web_add_list(web, "http://a.test/");
    assert_int_equal(web_run(web), FRONTIER_DONE);
    frontier_get_stats(web->frontier, &stats);
    assert_int_equal(stats.nr_status[2], 1);
    assert_int_equal(stats.nr_status[3], 1);
    assert_int_equal(stats.nr_status[4], 1);
    assert_int_equal(stats.nr_status[0], 1);
}

static void frontier_follows_nothing_without_depth(void **state)
{
    static const struct edge edges[] = {
        {"http://a.test/", "http://a.test/1"},
        {NULL, NULL},
    };
    struct web *web = *state;

    web->options.depth = 0;
    run_edges(web, edges, "http://a.test/");
    assert_int_equal(web->nr_visits, 1);
    assert_int_equal(web->fetches[0].flags & JOB_LINKS, 0);
}

static void frontier_asks_for_texts_of_links_only_to_store_them(void **state)
{
    static const struct edge edges[] = {
        {"http://a.test/", "http://a.test/1"},
        {NULL, NULL},
    };
    const uint32_t asked = JOB_LINKS | JOB_LINK_TEXTS;
    struct web *web = *state;

    web->options.depth = 0;
    web->options.wants.links = true;
    run_edges(web, edges, "http://a.test/");
    assert_int_equal(web->fetches[0].flags & asked, asked);
}

static void frontier_asks_each_page_once(void **state)
{
    static const struct edge edges[] = {
        {"http://a.test/", "http://a.test/1"},
        {"http://a.test/", "http://a.test/1"},
        {"http://a.test/", "http://a.test/"},
        {"http://a.test/", "HTTP://A.test:80/1"},
        {"http://a.test/1", "http://a.test/"},
        {"http://a.test/1", "http://a.test/2"},
        {"http://a.test/2", "http://a.test/1"},
        {NULL, NULL},
    };
    struct web *web = *state;

    run_edges(web, edges, "http://a.test/");
    assert_int_equal(web->nr_visits, 3);
    assert_int_equal(web->nr_fetches, 3);
}

static void frontier_stays_in_scope(void **state)
{
    static const struct edge edges[] = {
        {"http://www.a.test/x/", "http://www.a.test/y"},
        {"http://www.a.test/x/", "http://www.a.test/x/z"},
        {"http://www.a.test/x/", "http://other.a.test/"},
        {"http://www.a.test/x/", "http://b.test/"},
        {"http://www.a.test/x/", "https://www.a.test/s"},
        {NULL, NULL},
    };
    static const struct {
        enum scope_kind scope;
        size_t nr_visits;
    } rows[] = {
        {SCOPE_HOST, 4}, {SCOPE_DOMAIN, 5}, {SCOPE_PREFIX, 2}, {SCOPE_ANY, 6}};
    struct web *web = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        web->options.scope.scope = rows[i].scope;
        run_edges(web, edges, "http://www.a.test/x/");
        assert_int_equal(web->nr_visits, rows[i].nr_visits);
        web_teardown(state);
        setup(state);
        web = *state;
    }
}

static void frontier_keeps_the_prefix_of_the_seed(void **state)
{
    static const struct edge edges[] = {
        {"http://a.test/docs/index.html", "http://a.test/docs/x/1.html"},
        {"http://a.test/docs/x/1.html", "http://a.test/docs/y/2.html"},
        {"http://a.test/docs/y/2.html", "http://a.test/blog/"},
        {NULL, NULL},
    };
    struct web *web = *state;

    web->options.scope.scope = SCOPE_PREFIX;
    run_edges(web, edges, "http://a.test/docs/index.html");
    assert_int_equal(web->nr_visits, 3);
    assert_int_equal(web_nr_fetches(web, "http://a.test/docs/y/2.html"), 1);
}

static void frontier_knows_the_prefix_after_a_restart(void **state)
{
    static const struct edge edges[] = {
        {"http://a.test/docs/", "http://a.test/docs/x/1"},
        {"http://a.test/docs/x/1", "http://a.test/docs/y/2"},
        {"http://a.test/docs/x/1", "http://a.test/no"},
        {NULL, NULL},
    };
    struct web *web = *state;

    web->options.scope.scope = SCOPE_PREFIX;
    web->options.max_urls = 1;
    web->answer = edge_answers;
    web->ctx = (void *)(uintptr_t)edges;
    web_open(web);
    web_add_list(web, "http://a.test/docs/");
    assert_int_equal(web_run(web), FRONTIER_LIMIT);
    web_close(web, "limit");
    web->options.max_urls = 0;
    web_open(web);
    frontier_list_ended(web->frontier);
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_int_equal(web->nr_visits, 3);
    web_visit(web, "http://a.test/docs/y/2");
}

static void frontier_keeps_include_and_exclude(void **state)
{
    static const struct edge edges[] = {
        {"http://a.test/", "http://a.test/1.html"},
        {"http://a.test/", "http://a.test/2.pdf"},
        {"http://a.test/", "http://a.test/private/3.html"},
        {NULL, NULL},
    };
    static const char *const include[] = {"\\.html$"};
    static const char *const exclude[] = {"/private/"};
    struct web *web = *state;

    web->options.scope.include = include;
    web->options.scope.nr_include = 1;
    web->options.scope.exclude = exclude;
    web->options.scope.nr_exclude = 1;
    run_edges(web, edges, "http://a.test/");
    assert_int_equal(web->nr_visits, 2);
    web_visit(web, "http://a.test/1.html");
}

static void frontier_refuses_a_pattern_that_does_not_compile(void **state)
{
    static const char *const include[] = {"("};
    struct web *web = *state;
    struct frontier *frontier = NULL;
    char message[STORAGE_MESSAGE_BYTES];

    web_open(web);
    web->options.scope.include = include;
    web->options.scope.nr_include = 1;
    assert_int_equal(
        frontier_open(&frontier, &web->options, web->storage, message),
        CERR_INVALID);
    assert_true(strlen(message) > 0);
}

static void nofollow_answers(struct web *web, const char *url,
                             struct web_answer *answer)
{
    (void)web;
    if (is(url, "http://a.test/")) {
        web_link(answer, "http://a.test/yes", 0);
        web_link(answer, "http://a.test/no", LINK_NOFOLLOW);
    } else if (is(url, "http://a.test/yes")) {
        web_link(answer, "http://a.test/meta", 0);
        answer->page.robots = PAGE_NOFOLLOW;
    }
}

static void frontier_obeys_nofollow_unless_told(void **state)
{
    struct web *web = *state;

    web->options.any_host.ignore_robots = false;
    web->answer = nofollow_answers;
    web_open(web);
    web_add_list(web, "http://a.test/");
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_int_equal(web->nr_visits, 2);
    web_visit(web, "http://a.test/yes");
    web_teardown(state);
    setup(state);

    web = *state;
    web->answer = nofollow_answers;
    web_open(web);
    web_add_list(web, "http://a.test/");
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_int_equal(web->nr_visits, 4);
}

static void calendar_answers(struct web *web, const char *url,
                             struct web_answer *answer)
{
    char to[512];

    (void)web;
    snprintf(to, sizeof(to), "%snext/", url);
    web_link(answer, to, 0);
}

static void frontier_ends_a_trap_with_a_reason(void **state)
{
    struct web *web = *state;

    web->options.depth = 1000;
    web->answer = calendar_answers;
    web_open(web);
    web_add_list(web, "http://a.test/");
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_true(web->nr_visits < 10);
    size_t nr_traps = 0;
    for (size_t i = 0; i < web->nr_visits; i++) {
        const struct web_visit *visit = &web->visits[i];
        if (visit->outcome != OUTCOME_SKIPPED)
            continue;
        nr_traps++;
        assert_int_equal(visit->error, ERROR_TRAP);
        assert_true(strlen(visit->detail) > 0);
    }
    assert_int_equal(nr_traps, 1);
    assert_int_equal(web->nr_fetches, web->nr_visits - 1);
}

static void frontier_follows_no_url_over_its_length(void **state)
{
    static const struct edge edges[] = {
        {"http://a.test/", "http://a.test/just-so-long-as-it-may-be"},
        {"http://a.test/", "http://a.test/just-one-byte-too-long-now"},
        {NULL, NULL},
    };
    struct web *web = *state;

    web->options.traps.url_bytes = (int)strlen(edges[0].to);
    run_edges(web, edges, "http://a.test/");
    assert_int_equal(web_visit(web, edges[0].to)->outcome, OUTCOME_OK);
    assert_int_equal(web_visit(web, edges[1].to)->error, ERROR_TRAP);
    assert_string_equal(web_visit(web, edges[1].to)->detail,
                        "bytes of the URL: 40, limit 39");
}

static void many_links(struct web *web, const char *url,
                       struct web_answer *answer)
{
    char to[64];

    (void)url;
    for (int i = 0; i < 10; i++) {
        snprintf(to, sizeof(to), "http://a.test/%d", web->nr_asked * 10 + i);
        web_link(answer, to, 0);
    }
}

static void frontier_limits_the_pages_of_a_host(void **state)
{
    struct web *web = *state;

    web->options.depth = 5;
    web->options.traps.pages_per_host = 50;
    web->answer = many_links;
    web_open(web);
    web_add_list(web, "http://a.test/");
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_int_equal(web->nr_fetches, 1 + 50); /* and the listed one */
}

static void links_over_a_limit(struct web *web, const char *url,
                               struct web_answer *answer)
{
    char to[64];

    (void)web;
    if (!is(url, "http://a.test/") && !is(url, "http://a.test/new/"))
        return;
    for (int i = 0; i < 600; i++) {
        snprintf(to, sizeof(to), "%s%d", url, i);
        web_link(answer, to, 0);
    }
}

static void
frontier_gives_200_refused_links_rows_and_counts_the_rest(void **state)
{
    struct web *web = *state;
    struct frontier_stats stats;
    int64_t nr_rows = 0;
    size_t nr_skipped = 0;

    web->options.depth = 5;
    web->options.traps.pages_per_host = 50;
    web->answer = links_over_a_limit;
    web_open(web);
    web_add_list(web, "http://a.test/");
    assert_int_equal(web_run(web), FRONTIER_DONE);
    for (size_t i = 0; i < web->nr_visits; i++)
        nr_skipped += web->visits[i].error == ERROR_TRAP;
    assert_int_equal(nr_skipped, 200);
    frontier_get_stats(web->frontier, &stats);
    assert_int_equal(stats.nr_more_refused, 600 - 50 - 200);
    struct bytes rule = {"max-pages-per-host", 18}, no_url = {"", 0};
    struct bytes host = {"http://a.test:80", 16};
    struct url_key key =
        url_key_of(storage_hash_key(web->storage), host, no_url);
    assert_int_equal(
        storage_get_refused(web->storage, key.host_id, rule, &nr_rows),
        CERR_OK);
    assert_int_equal(nr_rows, 200);
}

/* Each host of many has 5 links, and 1 that is too long and so no page. */
#define CROWD 60

static void crowd_of_hosts(struct web *web, const char *url,
                           struct web_answer *answer)
{
    char to[128];

    (void)web;
    if (!strstr(url, "//seed.test/"))
        return;
    for (int host = 0; host < CROWD; host++)
        for (int i = 0; i < 6; i++) {
            snprintf(to, sizeof(to), "http://h%d.test/%s%d", host,
                     i == 0 ? "a-path-that-is-too-long-to-be-taken-for-a-page"
                            : "",
                     i);
            web_link(answer, to, 0);
        }
}

static void
frontier_counts_the_pages_of_each_of_many_hosts_exactly(void **state)
{
    struct web *web = *state;
    struct frontier_stats stats;

    web->options.depth = 1;
    web->options.scope.scope = SCOPE_ANY;
    web->options.traps.pages_per_host = 4;
    web->options.traps.url_bytes = 40;
    web->answer = crowd_of_hosts;
    web_open(web);
    web_add_list(web, "http://seed.test/");
    assert_int_equal(web_run(web), FRONTIER_DONE);
    frontier_get_stats(web->frontier, &stats);
    assert_int_equal(stats.nr_visits[OUTCOME_OK], 1 + 4 * CROWD);
    assert_int_equal(stats.nr_visits[OUTCOME_SKIPPED], 2 * CROWD);
}

static enum err keep_event(void *ctx, const struct query_row *row)
{
    char *text = ctx;

    if (row->values)
        snprintf(text + strlen(text), 1000 - strlen(text), "%.*s\n",
                 (int)row->values[0].text.len,
                 (const char *)row->values[0].text.data);
    return CERR_OK;
}

/* 300 days that have one page, and months that have each their own. */
static void empty_days(struct web *web, const char *url,
                       struct web_answer *answer)
{
    char to[64];
    int number = 0;

    (void)web;
    if (is(url, "http://a.test/"))
        for (int i = 0; i < 300; i++) {
            snprintf(to, sizeof(to), "http://a.test/day/%d", i);
            web_link(answer, to, 0);
            snprintf(to, sizeof(to), "http://a.test/month/%d", i);
            web_link(answer, to, 0);
        }
    answer->page.body_bytes = 10;
    if (sscanf(url, "http://a.test/month/%d", &number) == 1)
        memcpy(answer->page.hash, &number, sizeof(number));
    if (is(url, "http://a.test/month/299"))
        web_link(answer, "http://a.test/day/300", 0);
}

static void frontier_stops_a_pattern_of_more_than_50_equal_pages(void **state)
{
    static const char sql[] = "SELECT detail FROM events WHERE what = 'trap'";
    static const char reason[] =
        "pages of this pattern with equal content: over 50";
    struct web *web = *state;
    char text[1000] = "", message[STORAGE_MESSAGE_BYTES];
    size_t nr_days = 0, nr_months = 0, nr_refused = 0;
    struct reader *reader;

    web->options.depth = 2;
    web->answer = empty_days;
    web_open(web);
    web_add_list(web, "http://a.test/");
    assert_int_equal(web_run(web), FRONTIER_DONE);
    for (size_t i = 0; i < web->nr_visits; i++) {
        const struct web_visit *visit = &web->visits[i];
        bool is_ok = visit->outcome == OUTCOME_OK;

        nr_days += is_ok && strstr(visit->url, "/day/");
        nr_months += is_ok && strstr(visit->url, "/month/");
        if (is_ok)
            continue;
        assert_int_equal(visit->error, ERROR_TRAP);
        assert_string_equal(visit->detail, reason);
        nr_refused++;
    }
    assert_int_equal(nr_months, 300);
    assert_in_range(nr_days, 51, 100); /* with what was in flight */
    assert_int_equal(nr_days + nr_refused, 301);
    web_close(web, "done");
    assert_int_equal(reader_open(&reader, web->path, message), CERR_OK);
    assert_int_equal(reader_run(reader, sql, strlen(sql), keep_event, text),
                     CERR_OK);
    reader_close(reader);
    assert_memory_equal(text, "http://a.test/day/", 18);
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1); /* once */
}

/* Each answer has an id of its own in its links, as of a visitor without
 * cookies. */
static void site_of_sessions(struct web *web, const char *url,
                             struct web_answer *answer)
{
    char to[64];

    (void)url;
    for (int i = 0; i < 5; i++) {
        snprintf(to, sizeof(to), "http://a.test/%c;jsessionid=%08d", 'a' + i,
                 web->nr_asked);
        web_link(answer, to, 0);
    }
    answer->page.body_bytes = 10;
    memcpy(answer->page.hash, &web->nr_asked, sizeof(web->nr_asked));
}

static void frontier_takes_ids_of_sessions_out_of_links(void **state)
{
    struct web *web = *state;

    web->options.depth = 20;
    web->answer = site_of_sessions;
    web_open(web);
    web_add_list(web, "http://a.test/");
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_int_equal(web_nr_fetches(web, "http://a.test/a"), 1);
    assert_int_equal(web_nr_fetches(web, "http://a.test/e"), 1);
    assert_in_range(web->nr_fetches, 1 + 5 + 2 + 5, 100);
}

/* A limit holds over sessions, in which what was refused is no page. */
static void frontier_counts_the_pages_of_a_host_over_a_restart(void **state)
{
    struct web *web = *state;

    web->options.depth = 1;
    web->options.max_urls = 20;
    web->options.traps.pages_per_host = 50;
    web->answer = links_over_a_limit;
    web_open(web);
    web_add_list(web, "http://a.test/");
    assert_int_equal(web_run(web), FRONTIER_LIMIT);
    web_close(web, "limit");
    web->options.max_urls = 0;
    web->options.traps.pages_per_host = 70;
    web_open(web);
    web_add_list(web, "http://a.test/new/");
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_int_equal(web->nr_fetches, 1 + 50 + 1 + 20);
}

/* ---- redirects ---- */

static void redirected_seed(struct web *web, const char *url,
                            struct web_answer *answer)
{
    (void)web;
    if (is(url, "http://a.test/"))
        web_redirect(answer, 301, "http://www.a.test/moved");
    else if (is(url, "http://www.a.test/moved"))
        web_redirect(answer, 301, "http://www.a.test/");
    else if (is(url, "http://www.a.test/"))
        web_link(answer, "http://www.a.test/1", 0);
    else if (is(url, "http://www.a.test/1")) {
        web_link(answer, "http://www.a.test/", 0);
        web_link(answer, "http://www.a.test/moved", 0);
        web_link(answer, "http://www.a.test/2", 0);
    }
}

static void frontier_goes_on_where_the_seed_redirects_to(void **state)
{
    struct web *web = *state;

    web->answer = redirected_seed;
    web_open(web);
    web_add_list(web, "http://a.test/");
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_int_equal(web->nr_fetches, 5);
    assert_int_equal(web_visit(web, "http://a.test/")->outcome, OUTCOME_OK);
    assert_int_equal(web_visit(web, "http://www.a.test/")->outcome, OUTCOME_OK);
    assert_int_equal(web_visit(web, "http://www.a.test/moved")->outcome,
                     OUTCOME_REDIRECT);
    assert_int_equal(web_visit(web, "http://www.a.test/moved")->status, 301);
    web_visit(web, "http://www.a.test/2");
    assert_int_equal(web->nr_visits, 5);
}

static void moved_apex(struct web *web, const char *url,
                       struct web_answer *answer)
{
    (void)web;
    if (is(url, "http://a.test/"))
        web_redirect(answer, 301, "http://www.a.test/");
    else if (is(url, "http://www.a.test/"))
        web_link(answer, "http://www.a.test/1", 0);
    else if (is(url, "http://www.a.test/1"))
        web_link(answer, "http://a.test/2", 0);
}

static void frontier_knows_where_a_seed_landed_after_a_restart(void **state)
{
    struct web *web = *state;

    web->options.max_urls = 1;
    web->answer = moved_apex;
    web_open(web);
    web_add_list(web, "http://a.test/");
    assert_int_equal(web_run(web), FRONTIER_LIMIT);
    web_close(web, "limit");
    web->options.max_urls = 0;
    web_open(web);
    frontier_list_ended(web->frontier);
    assert_int_equal(web_run(web), FRONTIER_DONE);
    web_visit(web, "http://a.test/2");
}

static void moved_away(struct web *web, const char *url,
                       struct web_answer *answer)
{
    (void)web;
    if (is(url, "http://a.test/"))
        web_redirect(answer, 301, "http://b.test/profile");
    else if (is(url, "http://b.test/profile"))
        web_link(answer, "http://b.test/1", 0);
}

static void
frontier_crawls_no_other_domain_that_a_seed_redirects_to(void **state)
{
    static const struct {
        enum scope_kind scope;
        const char *list;
        size_t nr_asked;
        int64_t nr_moved_away;
    } rows[] = {
        {SCOPE_HOST, "http://a.test/", 0, 1},
        {SCOPE_PREFIX, "http://a.test/", 0, 1},
        {SCOPE_DOMAIN, "http://a.test/", 0, 1},
        {SCOPE_ANY, "http://a.test/", 1, 0},
        {SCOPE_HOST, "http://b.test/0\nhttp://a.test/", 1, 0},
    };
    struct web *web = *state;
    struct frontier_stats stats;

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        web->options.scope.scope = rows[i].scope;
        web->answer = moved_away;
        web_open(web);
        web_add_list(web, rows[i].list);
        assert_int_equal(web_run(web), FRONTIER_DONE);
        assert_int_equal(web_nr_fetches(web, "http://b.test/1"),
                         rows[i].nr_asked);
        frontier_get_stats(web->frontier, &stats);
        assert_int_equal(stats.left_out.nr_moved_away, rows[i].nr_moved_away);
        web_teardown(state);
        setup(state);
        web = *state;
    }
}

static void moved_link(struct web *web, const char *url,
                       struct web_answer *answer)
{
    (void)web;
    if (is(url, "http://a.test/"))
        web_link(answer, "http://a.test/old", 0);
    else if (is(url, "http://a.test/old"))
        web_redirect(answer, 301, "http://a.test/new");
    else if (is(url, "http://a.test/new"))
        web_redirect(answer, 301, "http://b.test/outside");
}

static void frontier_takes_a_links_redirect_as_a_url(void **state)
{
    struct web *web = *state;

    web->answer = moved_link;
    web_open(web);
    web_add_list(web, "http://a.test/");
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_int_equal(web->nr_visits, 4);
    const struct web_visit *old = web_visit(web, "http://a.test/old");
    assert_int_equal(old->outcome, OUTCOME_REDIRECT);
    assert_int_equal(old->nr_hops, 1);
    assert_string_equal(old->final_url, "http://a.test/new");
    assert_int_equal(web_visit(web, "http://a.test/new")->depth, 1);
    assert_string_equal(web_visit(web, "http://a.test/new")->final_url,
                        "http://b.test/outside");
}

static void endless_links(struct web *web, const char *url,
                          struct web_answer *answer)
{
    static char to[64];

    if (is(url, "http://a.test/")) {
        web_link(answer, "http://a.test/r0", 0);
    } else {
        snprintf(to, sizeof(to), "http://a.test/r%d", web->nr_asked);
        web_redirect(answer, 302, to);
    }
}

static void frontier_ends_a_links_chain_of_redirects(void **state)
{
    struct web *web = *state;

    web->answer = endless_links;
    web_open(web);
    web_add_list(web, "http://a.test/");
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_int_equal(web->nr_fetches, 12);
    assert_int_equal(web->visits[11].error, ERROR_REDIRECT_LIMIT);
}

/* /self leads to itself; /a to /b and back, /tail into that circle. */
static void circles(struct web *web, const char *url, struct web_answer *answer)
{
    (void)web;
    if (is(url, "http://a.test/")) {
        web_link(answer, "http://a.test/self", 0);
        web_link(answer, "http://a.test/a", 0);
        web_link(answer, "http://a.test/tail", 0);
    } else if (is(url, "http://a.test/self")) {
        web_redirect(answer, 302, "http://a.test/self");
    } else if (is(url, "http://a.test/a") || is(url, "http://a.test/tail")) {
        web_redirect(answer, 302, "http://a.test/b");
    } else if (is(url, "http://a.test/b")) {
        web_redirect(answer, 302, "http://a.test/a");
    }
}

static void frontier_finds_the_loops_that_links_lead_into(void **state)
{
    struct web *web = *state;
    struct frontier_stats stats;

    web->answer = circles;
    web_open(web);
    web_add_list(web, "http://a.test/");
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_int_equal(web->nr_fetches, 5);
    const struct web_visit *self = web_visit(web, "http://a.test/self");
    assert_int_equal(self->error, ERROR_REDIRECT_LOOP);
    assert_int_equal(self->nr_hops, 1);
    assert_int_equal(web_visit(web, "http://a.test/b")->error,
                     ERROR_REDIRECT_LOOP);
    assert_int_equal(frontier_release(web->frontier, web->now_ms), CERR_OK);
    frontier_get_stats(web->frontier, &stats);
    assert_int_equal(stats.nr_by_error[ERROR_REDIRECT_LOOP], 4);
    assert_int_equal(stats.nr_visits[OUTCOME_REDIRECT], 0);
}

static void ways_out(struct web *web, const char *url,
                     struct web_answer *answer)
{
    (void)web;
    if (is(url, "http://a.test/")) {
        web_link(answer, "http://a.test/out", 0);
        web_link(answer, "http://a.test/out2", 0);
        web_link(answer, "http://a.test/no", 0);
    } else if (strstr(url, "/out")) {
        web_redirect(answer, 302, "http://b.test/far");
    } else if (is(url, "http://a.test/no")) {
        web_redirect(answer, 302, "http://b.test/private/x");
    } else if (is(url, "http://b.test/far")) {
        web_redirect(answer, 302, "http://c.test/farther");
    } else if (is(url, "http://c.test/farther")) {
        web_link(answer, "http://c.test/never", 0);
        web_status(answer, 404);
    }
}

static void
frontier_checks_once_what_a_redirect_out_of_scope_leads_to(void **state)
{
    static const char *const exclude[] = {"/private/"};
    struct web *web = *state;

    web->options.scope.exclude = exclude;
    web->options.scope.nr_exclude = 1;
    web->answer = ways_out;
    web_open(web);
    web_add_list(web, "http://a.test/");
    assert_int_equal(web_run(web), FRONTIER_DONE);
    const struct web_visit *far = web_visit(web, "http://b.test/far");
    assert_int_equal(far->status, 404);
    assert_int_equal(far->depth, 1);
    assert_string_equal(far->final_url, "http://c.test/farther");
    assert_int_equal(web_nr_fetches(web, "http://c.test/farther"), 1);
    assert_int_equal(web_nr_fetches(web, "http://b.test/private/x"), 0);
    assert_int_equal(web_nr_fetches(web, "http://c.test/never"), 0);
    assert_int_equal(web->nr_visits, 5);
}

/* a.test leads out to b.test/page by a redirect; b.test, a seed too, links to
 * it, and so it is a page of the crawl. */
static void two_sites(struct web *web, const char *url,
                      struct web_answer *answer)
{
    (void)web;
    if (is(url, "http://a.test/"))
        web_link(answer, "http://a.test/out", 0);
    else if (is(url, "http://a.test/out"))
        web_redirect(answer, 302, "http://b.test/page");
    else if (is(url, "http://b.test/"))
        web_link(answer, "http://b.test/1", 0);
    else if (is(url, "http://b.test/1"))
        web_link(answer, "http://b.test/page", 0);
    else if (is(url, "http://b.test/page"))
        web_link(answer, "http://b.test/2", 0);
    if (strncmp(url, "http://b.test/", 14) == 0)
        answer->latency_ms = 500;
}

static void
frontier_follows_what_was_only_checked_when_a_page_links_there(void **state)
{
    struct web *web = *state;

    web->answer = two_sites;
    web_open(web);
    web_add_list(web, "http://a.test/\nhttp://b.test/");
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_int_equal(web_nr_fetches(web, "http://b.test/page"), 1);
    assert_int_equal(web_visit(web, "http://b.test/2")->depth, 3);
}

/* ---- restart ---- */

static void frontier_goes_on_following_after_a_restart(void **state)
{
    struct web *web = *state;

    web->options.depth = 2;
    web->options.max_urls = 30;
    web->answer = many_links;
    web_open(web);
    web_add_list(web, "http://a.test/");
    assert_int_equal(web_run(web), FRONTIER_LIMIT);
    web_close(web, "limit");
    web->options.max_urls = 0;
    web_open(web);
    frontier_list_ended(web->frontier);
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_int_equal(web->nr_visits, 111);
    assert_int_equal(web->nr_fetches, 111);
}

/* ---- sitemaps ---- */

static void add_entry(struct web_answer *answer, enum link_kind kind,
                      const char *url)
{
    struct page_link link = {
        .url = {url, strlen(url)}, .text = {"", 0}, .kind = kind};

    assert_int_equal(page_append_link(&answer->links, &link), CERR_OK);
    answer->page.nr_links++;
}

/* A sitemap at /s1.xml may name what is in scope, whatever its folder. */
static void sitemap_answers(struct web *web, const char *url,
                            struct web_answer *answer)
{
    (void)web;
    if (is(url, "http://a.test/robots.txt")) {
        web_body(answer, "Sitemap: http://a.test/maps/index.xml\n"
                         "Sitemap: /relative.xml\nSitemap: http://:x/\n");
    } else if (is(url, "http://a.test/maps/index.xml")) {
        add_entry(answer, LINK_SITEMAP, "http://a.test/other/s1.xml");
        add_entry(answer, LINK_SITEMAP, "http://b.test/s2.xml");
        add_entry(answer, LINK_SITEMAP, "http://a.test/maps/index.xml");
        add_entry(answer, LINK_SITEMAP, "https://a.test/s3.xml");
    } else if (is(url, "http://a.test/other/s1.xml")) {
        add_entry(answer, LINK_ENTRY, "http://a.test/1");
        add_entry(answer, LINK_ENTRY, "https://a.test/2");
        add_entry(answer, LINK_ENTRY, "http://b.test/3");
        add_entry(answer, LINK_ENTRY, "http://b.test/4");
    } else if (is(url, "http://a.test/relative.xml")) {
        add_entry(answer, LINK_ENTRY, "http://a.test/5");
    } else if (strstr(url, "robots.txt") || strstr(url, "xml")) {
        web_status(answer, 404);
    }
}

static void open_with_sitemaps(struct web *web, web_answer_fn answer)
{
    web->options.depth = 0;
    if (web->options.max_sitemaps == 0)
        web->options.max_sitemaps = 1000;
    web->options.any_host.ignore_robots = false;
    web->answer = answer;
    web_open(web);
    web_add_list(web, "http://a.test/");
    assert_int_equal(web_run(web), FRONTIER_DONE);
}

static void frontier_reads_the_sitemaps_of_listed_hosts(void **state)
{
    struct web *web = *state;

    open_with_sitemaps(web, sitemap_answers);
    web_visit(web, "http://a.test/1");
    web_visit(web, "https://a.test/2");
    web_visit(web, "http://a.test/5");
    web_visit(web, "https://a.test/s3.xml");
    assert_int_equal(web_nr_fetches(web, "http://b.test/3"), 0);
    assert_int_equal(web_nr_fetches(web, "http://b.test/s2.xml"), 0);
    assert_int_equal(web_nr_fetches(web, "http://a.test/maps/index.xml"), 1);
    for (size_t i = 0; i < web->nr_fetches; i++)
        if (strstr(web->fetches[i].url, ".xml"))
            assert_int_equal(web->fetches[i].flags & JOB_SITEMAP, JOB_SITEMAP);
}

static void frontier_tells_what_it_drops_of_sitemaps(void **state)
{
    static const char sql[] =
        "SELECT detail FROM events WHERE what = 'sitemap' ORDER BY detail";
    struct web *web = *state;
    char text[1000] = "", message[STORAGE_MESSAGE_BYTES];
    struct reader *reader;

    open_with_sitemaps(web, sitemap_answers);
    web_close(web, "done");
    assert_int_equal(reader_open(&reader, web->path, message), CERR_OK);
    assert_int_equal(reader_run(reader, sql, strlen(sql), keep_event, text),
                     CERR_OK);
    reader_close(reader);
    assert_string_equal(
        text,
        "http://a.test/maps/index.xml: of 4 entries 0 are out of scope; of its "
        "sitemaps 1 are of other hosts, nested too deep or over "
        "--max-sitemaps\n"
        "http://a.test/other/s1.xml: of 4 entries 2 are out of scope; of its "
        "sitemaps 0 are of other hosts, nested too deep or over "
        "--max-sitemaps\n"
        "http://a.test:80: 1 of 3 sitemaps of robots.txt are not read: no "
        "URLs, or over --max-sitemaps\n");
}

/* A listed URL that turns out to be an index on another subdomain than the
 * sitemaps that it names. */
static void listed_sitemap(struct web *web, const char *url,
                           struct web_answer *answer)
{
    (void)web;
    if (is(url, "http://www.a.test/map")) {
        answer->page.flags |= PAGE_IS_SITEMAP;
        add_entry(answer, LINK_SITEMAP, "http://cdn.a.test/s1.xml");
        add_entry(answer, LINK_SITEMAP, "http://b.example/s2.xml");
    } else if (is(url, "http://cdn.a.test/s1.xml")) {
        add_entry(answer, LINK_ENTRY, "http://cdn.a.test/1");
        add_entry(answer, LINK_ENTRY, "http://www.a.test/2");
    } else if (strstr(url, "robots.txt") || strstr(url, "xml")) {
        web_status(answer, 404);
    }
}

static void frontier_reads_a_listed_sitemap_by_the_scope(void **state)
{
    struct web *web = *state;

    web->options.scope.scope = SCOPE_DOMAIN;
    web->options.depth = 0;
    web->options.max_sitemaps = 10;
    web->answer = listed_sitemap;
    web_open(web);
    web_add_list(web, "http://www.a.test/map");
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_int_equal(web_nr_fetches(web, "http://cdn.a.test/1"), 1);
    assert_int_equal(web_nr_fetches(web, "http://www.a.test/2"), 1);
    assert_int_equal(web_nr_fetches(web, "http://b.example/s2.xml"), 0);
    assert_int_equal(web_visit(web, "http://www.a.test/2")->depth, 1);
}

static void frontier_counts_a_listed_sitemap_that_it_may_not_read(void **state)
{
    struct frontier_stats stats;
    struct web *web = *state;

    web->options.depth = 0;
    web->answer = listed_sitemap;
    web_open(web);
    web_add_list(web, "http://www.a.test/map");
    assert_int_equal(web_run(web), FRONTIER_DONE);
    frontier_get_stats(web->frontier, &stats);
    assert_int_equal(stats.left_out.nr_unread_sitemaps, 1);
    assert_int_equal(web_nr_fetches(web, "http://cdn.a.test/s1.xml"), 0);
}

static void many_sitemaps(struct web *web, const char *url,
                          struct web_answer *answer)
{
    char text[64];
    int number = 0;

    (void)web;
    if (strstr(url, "robots.txt")) {
        web_status(answer, 404);
        return;
    }
    if (is(url, "http://a.test/") ||
        sscanf(url, "http://a.test/%d", &number) > 1)
        return;
    (void)sscanf(url, "http://a.test/m%d", &number);
    for (int i = 1; i <= 5; i++) {
        snprintf(text, sizeof(text), "http://a.test/m%d", number * 10 + i);
        add_entry(answer, LINK_SITEMAP, text);
    }
}

static void frontier_reads_just_so_many_sitemaps_of_a_host(void **state)
{
    struct web *web = *state;

    web->options.max_sitemaps = 7;
    open_with_sitemaps(web, many_sitemaps);
    assert_int_equal(web->nr_fetches, 1 + 1 + 7); /* robots.txt, the page */
}

/* ---- seen ---- */

static void seen_remembers_and_forgets(void **state)
{
    struct seen *seen = seen_new(1024);
    uint64_t random = 1;
    int nr_kept = 0;

    (void)state;
    assert_false(seen_has(seen, 0));
    for (int i = 0; i < 4096; i++) {
        random = random * UINT64_C(6364136223846793005) + 1;
        uint64_t hash = random ^ random >> 33;
        assert_false(seen_has(seen, hash));
        seen_add(seen, hash);
        assert_true(seen_has(seen, hash));
    }
    random = 1;
    for (int i = 0; i < 4096; i++) {
        random = random * UINT64_C(6364136223846793005) + 1;
        nr_kept += seen_has(seen, random ^ random >> 33);
    }
    assert_in_range(nr_kept, 1000, 1024);
    seen_free(seen);
}

/* ---- what waits for the turn ---- */

static struct frontier_fetch start_next(struct web *web)
{
    struct frontier_fetch fetch;

    assert_true(frontier_next(web->frontier, web->now_ms, &fetch));
    return fetch;
}

static void answer_with(struct web *web, const struct frontier_fetch *fetch,
                        const char *body)
{
    struct page page;

    page_init(&page);
    page.outcome = OUTCOME_OK;
    page.status = 200;
    page.body = (struct bytes){body, strlen(body)};
    assert_int_equal(
        frontier_answer(web->frontier, fetch->id, 0, &page, web->now_ms),
        CERR_OK);
}

static void frontier_ends_no_other_url_with_an_answer(void **state)
{
    struct frontier_fetch fetch;
    struct web *web = *state;

    web->options.any_host.ignore_robots = false;
    web_open(web);
    web_add_list(web, "http://a.test/1\nhttp://a.test/2");
    assert_int_equal(frontier_turn(web->frontier, web->now_ms), CERR_OK);
    fetch = start_next(web);
    assert_string_equal(fetch.url, "http://a.test/robots.txt");
    answer_with(web, &fetch, "User-agent: *\nDisallow: /");
    /* refused, but that is not known before the turn */
    assert_int_equal(web->nr_visits, 0);
    assert_int_equal(frontier_wait_ms(web->frontier, web->now_ms), 0);
    assert_false(frontier_next(web->frontier, web->now_ms, &fetch));
    assert_int_equal(frontier_turn(web->frontier, web->now_ms), CERR_OK);
    assert_int_equal(web->nr_visits, 2);
    assert_int_equal(web_visit(web, "http://a.test/1")->error, ERROR_ROBOTS);
    web_close(web, "done");
}

#define LINKS_OF_TWO                                                           \
    2500 /* more than a batch of links holds when it is full                   \
          */

static void link_to_2500(struct web *web, const char *url,
                         struct web_answer *answer)
{
    char link[64];

    (void)web;
    if (!is(url, "http://a.test/") && !is(url, "http://a.test/b"))
        return;
    for (int i = 0; i < LINKS_OF_TWO / 2; i++) {
        snprintf(link, sizeof(link), "http://a.test/%s%d",
                 is(url, "http://a.test/") ? "x" : "y", i);
        web_link(answer, link, 0);
    }
    for (int i = 0; i < LINKS_OF_TWO / 2; i++) {
        snprintf(link, sizeof(link), "http://a.test/z%d", i);
        web_link(answer, link, 0);
    }
}

static void frontier_takes_more_links_than_a_full_batch(void **state)
{
    struct web *web = *state;

    web->options.depth = 1;
    web->answer = link_to_2500;
    web_open(web);
    web_add_list(web, "http://a.test/\nhttp://a.test/b");
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_int_equal(web->nr_visits, 2 + LINKS_OF_TWO / 2 * 3);
    web_visit(web, "http://a.test/x0");
    web_visit(web, "http://a.test/z1249");
    web_close(web, "done");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, web_teardown)
#define SLICED(name)                                                           \
    {                                                                          \
#name " in slices", name, setup_sliced, web_teardown, NULL             \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(frontier_follows_links_to_its_depth),
        TEST(frontier_counts_statuses_of_followed_urls_as_of_listed),
        TEST(frontier_follows_nothing_without_depth),
        TEST(frontier_asks_for_texts_of_links_only_to_store_them),
        TEST(frontier_asks_each_page_once),
        TEST(frontier_stays_in_scope),
        TEST(frontier_keeps_the_prefix_of_the_seed),
        TEST(frontier_knows_the_prefix_after_a_restart),
        TEST(frontier_keeps_include_and_exclude),
        TEST(frontier_refuses_a_pattern_that_does_not_compile),
        TEST(frontier_obeys_nofollow_unless_told),
        TEST(frontier_ends_a_trap_with_a_reason),
        TEST(frontier_follows_no_url_over_its_length),
        TEST(frontier_ends_no_other_url_with_an_answer),
        TEST(frontier_takes_more_links_than_a_full_batch),
        TEST(frontier_limits_the_pages_of_a_host),
        TEST(frontier_counts_the_pages_of_each_of_many_hosts_exactly),
        TEST(frontier_counts_the_pages_of_a_host_over_a_restart),
        TEST(frontier_stops_a_pattern_of_more_than_50_equal_pages),
        TEST(frontier_takes_ids_of_sessions_out_of_links),
        SLICED(frontier_stops_a_pattern_of_more_than_50_equal_pages),
        TEST(frontier_gives_200_refused_links_rows_and_counts_the_rest),
        TEST(frontier_goes_on_where_the_seed_redirects_to),
        TEST(frontier_knows_where_a_seed_landed_after_a_restart),
        TEST(frontier_crawls_no_other_domain_that_a_seed_redirects_to),
        TEST(frontier_takes_a_links_redirect_as_a_url),
        TEST(frontier_ends_a_links_chain_of_redirects),
        TEST(frontier_finds_the_loops_that_links_lead_into),
        TEST(frontier_checks_once_what_a_redirect_out_of_scope_leads_to),
        TEST(frontier_follows_what_was_only_checked_when_a_page_links_there),
        TEST(frontier_goes_on_following_after_a_restart),
        TEST(frontier_reads_the_sitemaps_of_listed_hosts),
        TEST(frontier_tells_what_it_drops_of_sitemaps),
        TEST(frontier_reads_a_listed_sitemap_by_the_scope),
        TEST(frontier_counts_a_listed_sitemap_that_it_may_not_read),
        TEST(frontier_reads_just_so_many_sitemaps_of_a_host),
        SLICED(frontier_reads_the_sitemaps_of_listed_hosts),
        SLICED(frontier_tells_what_it_drops_of_sitemaps),
        SLICED(frontier_reads_a_listed_sitemap_by_the_scope),
        SLICED(frontier_reads_just_so_many_sitemaps_of_a_host),
        SLICED(frontier_follows_links_to_its_depth),
        SLICED(frontier_follows_nothing_without_depth),
        SLICED(frontier_asks_for_texts_of_links_only_to_store_them),
        SLICED(frontier_asks_each_page_once),
        SLICED(frontier_stays_in_scope),
        SLICED(frontier_keeps_the_prefix_of_the_seed),
        SLICED(frontier_knows_the_prefix_after_a_restart),
        SLICED(frontier_keeps_include_and_exclude),
        SLICED(frontier_obeys_nofollow_unless_told),
        SLICED(frontier_ends_a_trap_with_a_reason),
        SLICED(frontier_follows_no_url_over_its_length),
        SLICED(frontier_takes_more_links_than_a_full_batch),
        SLICED(frontier_limits_the_pages_of_a_host),
        SLICED(frontier_gives_200_refused_links_rows_and_counts_the_rest),
        SLICED(frontier_goes_on_where_the_seed_redirects_to),
        SLICED(frontier_knows_where_a_seed_landed_after_a_restart),
        SLICED(frontier_crawls_no_other_domain_that_a_seed_redirects_to),
        SLICED(frontier_takes_a_links_redirect_as_a_url),
        SLICED(frontier_ends_a_links_chain_of_redirects),
        SLICED(frontier_finds_the_loops_that_links_lead_into),
        SLICED(frontier_checks_once_what_a_redirect_out_of_scope_leads_to),
        SLICED(frontier_follows_what_was_only_checked_when_a_page_links_there),
        SLICED(frontier_goes_on_following_after_a_restart),
        cmocka_unit_test(seen_remembers_and_forgets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
