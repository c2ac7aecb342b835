/* The reading side: every named query runs and says what it should on a small
 * crawl whose answers can be counted by hand. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "storage/leases.h"
#include "storage/query.h"
#include "storage/results.h"
#include "tests/support/storage_fixture.h"

/* Rows as text, "a|b|c\n", without the names. */
static enum err add_row(void *ctx, const struct query_row *row)
{
    struct buf *out = ctx;

    if (!row->values)
        return CERR_OK;
    for (size_t i = 0; i < row->nr_columns; i++) {
        assert_ok(buf_add(out, "|", i > 0));
        assert_ok(
            buf_add(out, row->values[i].text.data, row->values[i].text.len));
    }
    return buf_add_byte(out, '\n');
}

static struct reader *open_reader(struct fixture *fix)
{
    struct reader *reader;
    enum err err = reader_open(&reader, fix->paths[0], fix->message);

    if (err)
        print_error("%s\n", fix->message);
    assert_ok(err);
    return reader;
}

static void query_is(struct fixture *fix, const char *name,
                     const struct query_options *options, const char *expected)
{
    const struct query_info *query = query_find(name);
    struct reader *reader = open_reader(fix);
    struct buf sql, out;
    enum err err;

    assert_non_null(query);
    buf_init(&sql, 100000);
    buf_init(&out, 100000);
    assert_ok(reader_sql(reader, query, options, &sql));
    err = reader_run(reader, (char *)sql.data, sql.len, add_row, &out);
    if (err)
        print_error("%s: %s\n%.*s\n", name, reader_message(reader),
                    (int)sql.len, (char *)sql.data);
    assert_ok(err);
    assert_ok(buf_add(&out, "", 1));
    if (expected && strcmp((char *)out.data, expected) != 0)
        print_error("%s:\n%s", name, (char *)out.data);
    if (expected)
        assert_string_equal((char *)out.data, expected);
    buf_release(&sql);
    buf_release(&out);
    reader_close(reader);
}

/* A page of host 1 with links to 1/2, 1/3 and an http one to host 2. */
static void put_linking_page(struct fixture *fix)
{
    struct page_record page = fixture_page(1, 1, "ok", 200);
    const struct link_record links[] = {
        {.url = text("http://h1/2"), .key = {1, 2}, .kind = text("a")},
        {.url = text("http://h1/3"), .key = {1, 3}, .kind = text("a")},
        {.url = text("http://h1/3"), .key = {1, 3}, .kind = text("area")},
        {.url = text("http://h2/9"), .key = {2, 9}, .kind = text("a")},
    };
    const struct hop_record hops[] = {
        {.from_url = text("http://h1/1"),
         .to_url = text("http://h1/x"),
         .status = 301,
         .kind = text("http")},
        {.from_url = text("http://h1/x"),
         .to_url = text("https://h1/y"),
         .status = 302,
         .kind = text("http")},
    };

    page.links = links;
    page.nr_links = 4;
    page.nr_links_out = 4;
    page.hops = hops;
    page.nr_redirects = 2;
    page.nr_hops = 2;
    page.final_url = text("https://h1/y");
    page.mime = text("text/html");
    page.title = text("One");
    page.canonical = text("http://h1/1");
    page.total_ms = 3;
    page.bytes_down = 500;
    page.content_hash = (struct bytes){"0123456789abcdef", 16};
    assert_ok(storage_put_page(fix->storage, &page));
}

static void put_crawl(struct fixture *fix)
{
    static const struct error_record errors[] = {
        {"timeout", "timeout", "It took too long.", "Try later.", true},
        {"bad_url", "input", "Not a URL.", "Correct the line.", false},
    };
    struct sample_record sample = {
        .t_ms = 1000, .nr_done = 10, .nr_active = 4, .nr_workers_busy = 2};
    struct page_record page;
    struct line_record line = {
        .line = 6, .text = text("::"), .error = text("bad_url")};

    fix->options.errors = errors;
    fix->options.nr_errors = 2;
    fixture_open(fix);
    fixture_add(fix, 1, 5);
    put_linking_page(fix);
    fixture_end(fix, 1, 2, "http_error", 404);
    page = fixture_page(1, 3, "error", 0);
    page.tries = 3;
    assert_ok(storage_put_page(fix->storage, &page));
    page = fixture_page(1, 4, "ok", 200);
    page.tries = 2;
    page.mime = text("text/html");
    page.title = text("One");
    page.total_ms = 40;
    page.content_hash = (struct bytes){"0123456789abcdef", 16};
    assert_ok(storage_put_page(fix->storage, &page));
    assert_ok(storage_put_line(fix->storage, &line));
    assert_ok(storage_put_sample(fix->storage, &sample));
    sample.t_ms = 3000;
    sample.nr_done = 30;
    assert_ok(storage_put_sample(fix->storage, &sample));
}

static void query_answers_by_hand_counted(void **state)
{
    static const struct {
        const char *name, *expected;
    } rows[] = {
        {"status", "200|2|50.0|500\n404|1|25.0|\ntimeout|1|25.0|\n"},
        {"errors", "input|bad_url|1|0|::|Correct the line.\n"
                   "timeout|timeout|1|1|http://h1/3|Try later.\n"},
        {"broken", "http://h1/3||timeout|2|http://h1/1\n"
                   "http://h1/2|404||1|http://h1/1\n"},
        {"redirects", "http://h1/1|2|301 > 302|https://h1/y|\n"},
        {"slow-hosts", "http://h1:80|2|3.0|40.0|40.0\n"},
        {"slow-pages", "http://h1/4|40.0||||2\nhttp://h1/1|3.0|||500|1\n"},
        {"largest", "http://h1/4|1004||text/html|\n"
                    "http://h1/1|1001|500|text/html|\n"
                    "http://h1/2|1002|||\n"},
        {"duplicates", "2|http://h1/1|1004|1004|"
                       "30313233343536373839616263646566\n"},
        {"throughput", "0|10.0|0.0|0.0|1\n"},
        {"latency", "2.0|4.0|1|50.0\n32.0|64.0|1|100.0\n"},
        {"hosts", "http://h1:80|4|2|2|500|21.5|0|0|0\n"},
        {"mime", "text/html|2|2005|1003.0\n|1|1002|1002.0\n"},
        {"depth", "0|4|2|0|1|1|0\n"},
        {"flaky", "http://h1:80|4|2|1|50.0|\n"},
        {"skipped", "bad_url|1|::|Not a URL.\n"},
        {"titles", "One|2|http://h1/1\n"},
        {"missing-meta", "http://h1/1|0|1|1|\nhttp://h1/4|0|1|1|\n"},
        {"canonical-mismatch", "http://h1/1|http://h1/1|https://h1/y\n"},
        {"top-linked", "http://h1/3|1|2\nhttp://h1/2|1|1\nhttp://h2/9|1|1\n"},
        {"orphans", "1|http://h1/1||\n4|http://h1/4||\n5|http://h1/5||\n"},
        {"insecure", "http://h1/3|2|http://h1/1\nhttp://h1/2|1|http://h1/1\n"
                     "http://h2/9|1|http://h1/1\n"},
        {"summary", "urls ended|4\nok|2\nredirect|0\nhttp error|1\n"
                    "no answer|1\nskipped|0\nlines without a url|1\n"
                    "still to do|1\nbytes received|500\nbytes decoded|3007\n"
                    "seconds|3.0\nurls/s|10.0\nmean "
                    "ms|21.5\np50 ms|3.0\n"
                    "p95 ms|40.0\nsessions|1\n"},
    };
    const size_t nr_rows = sizeof(rows) / sizeof(rows[0]);
    struct fixture *fix = *state;
    struct query_options options = {0};
    size_t nr_queries;

    put_crawl(fix);
    fixture_close(fix, "interrupted");
    for (size_t i = 0; i < nr_rows; i++) {
        options.run = 0;
        query_is(fix, rows[i].name, &options, rows[i].expected);
        options.run = 1; /* the only one: the same answer */
        query_is(fix, rows[i].name, &options, rows[i].expected);
    }
    /* all but diff, which needs two runs */
    query_list(&nr_queries);
    assert_int_equal(nr_rows + 1, nr_queries);
}

/* Puts url 9 of host 1, which redirects to the broken 1/2. */
static void put_redirect(struct fixture *fix)
{
    struct page_record page = fixture_page(1, 9, "redirect", 301);
    const struct hop_record hop = {.from_url = text("http://h1/9"),
                                   .to_url = text("http://h1/2"),
                                   .status = 301,
                                   .kind = text("http")};
    struct url_record record = fixture_url(1, 9, 0);

    record.parent = (struct url_key){1, 1};
    record.kind = URL_FOUND;
    assert_ok(storage_add_urls(fix->storage, &record, 1, 1000, NULL));
    page.line = 0;
    page.hops = &hop;
    page.nr_hops = 1;
    assert_ok(storage_put_page(fix->storage, &page));
}

/* Adds pages of host 1 that an `ok` page of the list, 1/1, has led to: 2 is
 * gone, and 9 redirects there. */
static void put_found(struct fixture *fix, const struct link_record *link)
{
    struct url_record found[2] = {fixture_url(1, 2, 0), fixture_url(1, 3, 0)};
    struct page_record page = fixture_page(1, 1, "ok", 200);

    fixture_open(fix);
    fixture_add(fix, 1, 1);
    page.links = link;
    page.nr_links = link != NULL;
    assert_ok(storage_put_page(fix->storage, &page));
    found[0].parent = (struct url_key){1, 9};
    found[1].parent = (struct url_key){1, 1};
    found[0].kind = found[1].kind = URL_FOUND;
    put_redirect(fix);
    assert_ok(storage_add_urls(fix->storage, found, 2, 1000, NULL));
    page = fixture_page(1, 2, "http_error", 404);
    page.line = 0;
    assert_ok(storage_put_page(fix->storage, &page));
    page = fixture_page(1, 3, "skipped", 0);
    page.line = 0;
    page.error = text("host_down");
    assert_ok(storage_put_page(fix->storage, &page));
    fixture_close(fix, "interrupted");
}

static void
query_broken_names_the_page_that_found_a_url_where_links_are_not_stored(
    void **state)
{
    static const struct query_options none;
    struct fixture *fix = *state;
    bool has;
    struct reader *reader;

    put_found(fix, NULL);
    query_is(fix, "broken", &none,
             "http://h1/2|404||1|http://h1/1\n"
             "http://h1/3||host_down|1|http://h1/1\n");
    reader = open_reader(fix);
    assert_ok(reader_has_links(reader, &none, &has));
    assert_false(has);
    reader_close(reader);
}

static void query_broken_knows_who_links_to_the_start_of_a_chain(void **state)
{
    static const struct query_options none;
    const struct link_record link = {
        .url = text("http://h1/9"), .key = {1, 9}, .kind = text("canonical")};
    struct fixture *fix = *state;
    struct reader *reader;
    struct buf out;
    bool has;

    put_found(fix, &link);
    query_is(fix, "broken", &none,
             "http://h1/2|404||1|http://h1/1\n"
             "http://h1/3||host_down|0|\n");
    reader = open_reader(fix);
    assert_ok(reader_has_links(reader, &none, &has));
    assert_true(has);
    buf_init(&out, 10000);
    assert_ok(reader_run(reader, "select * from v_broken", 22, add_row, &out));
    assert_ok(buf_add(&out, "", 1));
    assert_string_equal((char *)out.data,
                        "http://h1/2|404||http://h1/1||canonical\n");
    buf_release(&out);
    reader_close(reader);
}

/* Puts a sitemap of host 1, which names 5 and 6, and a list with 1 and 2. Page
 * 1 links to itself and, by way of 9, to 2; page 2 links to 6. */
static void put_sitemap(struct fixture *fix)
{
    const struct link_record links[] = {
        {.url = text("http://h1/1"), .key = {1, 1}, .kind = text("a")},
        {.url = text("http://h1/9"), .key = {1, 9}, .kind = text("a")},
        {.url = text("http://h1/6"), .key = {1, 6}, .kind = text("a")},
    };
    struct url_record urls[3] = {fixture_url(1, 5, 0), fixture_url(1, 6, 0),
                                 fixture_url(1, 7, 0)};
    struct page_record page = fixture_page(1, 1, "ok", 200);

    fixture_open(fix);
    fixture_add(fix, 1, 2);
    put_redirect(fix);
    urls[0].kind = urls[1].kind = URL_FOUND;
    urls[0].depth = urls[1].depth = 1;
    urls[0].parent = urls[1].parent = (struct url_key){1, 7};
    urls[2].kind = URL_SITEMAP;
    assert_ok(storage_add_urls(fix->storage, urls, 3, 1000, NULL));
    page.links = links;
    page.nr_links = 2;
    assert_ok(storage_put_page(fix->storage, &page));
    page = fixture_page(1, 2, "ok", 200);
    page.links = links + 2;
    page.nr_links = 1;
    assert_ok(storage_put_page(fix->storage, &page));
    for (int i = 5; i <= 7; i++) {
        page = fixture_page(1, i, "ok", 200);
        page.line = 0;
        assert_ok(storage_put_page(fix->storage, &page));
    }
}

static void query_orphans_are_of_the_list_and_of_sitemaps(void **state)
{
    static const struct query_options none;
    struct fixture *fix = *state;

    put_sitemap(fix);
    fixture_close(fix, "interrupted");
    query_is(fix, "orphans", &none,
             "1|http://h1/1||\n"
             "|http://h1/5||http://h1/7\n");
}

static void put_sample(struct fixture *fix, int64_t t_ms, int64_t nr_done)
{
    struct sample_record sample = {.t_ms = t_ms, .nr_done = nr_done};

    assert_ok(storage_put_sample(fix->storage, &sample));
}

/* A session of 20 s, a pause, and one of 10 s. */
static void query_speeds_are_of_sessions_and_not_of_pauses(void **state)
{
    static const struct query_options none;
    struct fixture *fix = *state;
    struct reader_status status;
    struct reader *reader;
    struct buf out;

    fixture_open(fix);
    fixture_add(fix, 1, 2);
    fixture_end(fix, 1, 1, "ok", 200);
    put_sample(fix, 9000, 90);
    put_sample(fix, 20000, 200);
    fixture_close(fix, "interrupted");
    fix->options.now_ms += 3600000;
    fix->options.user_agent = "other/2.0";
    fixture_open(fix);
    fixture_end(fix, 1, 2, "ok", 200);
    put_sample(fix, 8000, 32);
    put_sample(fix, 10000, 40);
    fixture_close(fix, "done");
    query_is(fix, "throughput", &none,
             "0|10.0|0.0|0.0|1\n20|10.0|0.0|0.0|1\n0|4.0|0.0|0.0|2\n"
             "10|4.0|0.0|0.0|2\n");
    reader = open_reader(fix);
    assert_ok(reader_status(reader, &status));
    assert_true(status.urls_a_second == 4);
    buf_init(&out, 10000);
    assert_ok(reader_run(reader,
                         "SELECT session, status, user_agent FROM sessions", 48,
                         add_row, &out));
    assert_ok(buf_add(&out, "", 1));
    assert_string_equal((char *)out.data,
                        "1|interrupted|crawl/1.0\n2|done|other/2.0\n");
    buf_release(&out);
    reader_close(reader);
    query_is(fix, "summary", &none,
             "urls ended|2\nok|2\nredirect|0\nhttp error|0\n"
             "no answer|0\nskipped|0\nlines without a url|0\n"
             "still to do|0\nbytes received|\nbytes decoded|2003\n"
             "seconds|30.0\nurls/s|8.0\nmean ms|\n"
             "p50 ms|\np95 ms|\nsessions|2\n");
}

/* A reader may not add what the database lacks. */
static void query_reads_what_an_older_program_has_made(void **state)
{
    static const struct query_options none;
    struct fixture *fix = *state;
    size_t nr_queries;
    const struct query_info *queries = query_list(&nr_queries);
    sqlite3 *db;

    put_crawl(fix);
    fixture_close(fix, "interrupted");
    assert_int_equal(sqlite3_open(fix->paths[0], &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  "DROP TABLE sessions; DROP TABLE refusals;"
                                  "ALTER TABLE samples DROP COLUMN session",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(db);
    for (size_t i = 0; i < nr_queries; i++)
        if (strcmp(queries[i].name, "diff") != 0)
            query_is(fix, queries[i].name, &none, NULL);
    query_is(fix, "throughput", &none, "0|10.0|0.0|0.0|1\n");
}

static void query_tells_what_changed_between_runs(void **state)
{
    struct fixture *fix = *state;
    struct storage_input input = {.name = "x", .done = true};
    const struct query_options none = {0}, back = {.run = 1, .other = 2},
                               limit = {.limit = 1};
    struct page_record page;

    put_crawl(fix);
    fixture_end(fix, 1, 5, "ok", 200);
    assert_ok(storage_put_input(fix->storage, &input));
    fixture_close(fix, "done");
    fix->options.refetch = STORAGE_REFETCH_ALL;
    fixture_open(fix);
    put_linking_page(fix);
    fixture_end(fix, 1, 2, "ok", 200);
    fixture_end(fix, 1, 3, "http_error", 500);
    page = fixture_page(1, 4, "ok", 200);
    page.content_hash = (struct bytes){"fedcba9876543210", 16};
    assert_ok(storage_put_page(fix->storage, &page));
    fixture_end(fix, 1, 5, "http_error", 404);
    fixture_close(fix, "done");
    query_is(fix, "diff", &none,
             "changed|http://h1/4|200|200|||1004|1004\n"
             "gone|http://h1/5|200|404|||1005|1005\n"
             "moved|http://h1/3||500|timeout|||1003\n"
             "repaired|http://h1/2|404|200|||1002|1002\n");
    query_is(fix, "diff", &back,
             "changed|http://h1/4|200|200|||1004|1004\n"
             "gone|http://h1/2|200|404|||1002|1002\n"
             "moved|http://h1/3|500|||timeout|1003|\n"
             "repaired|http://h1/5|404|200|||1005|1005\n");
    query_is(fix, "diff", &limit, "changed|http://h1/4|200|200|||1004|1004\n");
    query_is(fix, "status", &none,
             "200|3|60.0|500\n404|1|20.0|\n500|1|20.0|\n");
}

/* An answer of a run; no outcome: the run has none. */
struct answer {
    const char *outcome;
    int status;
    char body;         /* all of its hash */
    const char *error; /* NULL: none */
};

static void put_answer(struct fixture *fix, int64_t url,
                       const struct answer *answer)
{
    struct url_record record = fixture_url(1, url, url);
    char hash[16];
    struct page_record page;

    if (!answer->outcome)
        return;
    assert_ok(storage_add_urls(fix->storage, &record, 1, 1000, NULL));
    page = fixture_page(1, url, answer->outcome, answer->status);
    if (answer->error)
        page.error = text(answer->error);
    memset(hash, answer->body, sizeof(hash));
    if (answer->body)
        page.content_hash = (struct bytes){hash, sizeof(hash)};
    assert_ok(storage_put_page(fix->storage, &page));
}

static void query_diff_has_one_word_for_each_change(void **state)
{
    static const struct {
        const char *change; /* NULL: none */
        struct answer old, new;
    } rows[] = {
        {NULL, {"ok", 200, 'a'}, {"ok", 200, 'a'}},
        {NULL, {"http_error", 404, 0}, {"http_error", 404, 0}},
        {NULL, {"error", 0, 0}, {"error", 0, 0}},
        {NULL, {"redirect", 301, 0}, {"redirect", 301, 0}},
        {NULL, {"ok", 200, 'a'}, {0}},
        {"new", {0}, {"ok", 200, 'a'}},
        {"new", {0}, {"http_error", 404, 0}},
        {"changed", {"ok", 200, 'a'}, {"ok", 200, 'b'}},
        {"changed", {"ok", 200, 'a'}, {"ok", 200, 0}},
        {"gone", {"ok", 200, 'a'}, {"http_error", 404, 0}},
        {"gone", {"ok", 200, 'a'}, {"http_error", 410, 0}},
        {"newly broken", {"ok", 200, 'a'}, {"http_error", 403, 0}},
        {"newly broken", {"ok", 200, 'a'}, {"http_error", 500, 0}},
        {"newly broken", {"ok", 200, 'a'}, {"error", 0, 0}},
        {"newly broken", {"redirect", 301, 0}, {"http_error", 404, 0}},
        {"repaired", {"http_error", 404, 0}, {"ok", 200, 'a'}},
        {"repaired", {"error", 0, 0}, {"redirect", 301, 0}},
        {"moved", {"ok", 200, 'a'}, {"redirect", 301, 0}},
        {"moved", {"redirect", 301, 0}, {"redirect", 308, 0}},
        {"moved", {"http_error", 404, 0}, {"http_error", 410, 0}},
        {"moved", {"http_error", 500, 0}, {"error", 0, 0}},
        /* what was not asked is not repaired */
        {"moved", {"error", 0, 0}, {"skipped", 0, 0, "robots"}},
        {"moved", {"http_error", 404, 0}, {"skipped", 0, 0, "robots"}},
        {"moved", {"error", 0, 0}, {"skipped", 0, 0, "host_down"}},
        {"newly broken", {"ok", 200, 'a'}, {"skipped", 0, 0, "host_down"}},
        {"repaired", {"skipped", 0, 0, "host_down"}, {"ok", 200, 'a'}},
        {NULL, {"skipped", 0, 0, "host_down"}, {"skipped", 0, 0, "host_down"}},
        {"moved", {"ok", 200, 'a'}, {"skipped", 0, 0, "robots"}},
    };
    const size_t nr_rows = sizeof(rows) / sizeof(rows[0]);
    struct fixture *fix = *state;
    struct storage_input input = {.name = "x", .done = true};
    const struct query_options none = {0};
    struct reader *reader;
    struct buf sql, out;

    fixture_open(fix);
    assert_ok(storage_put_input(fix->storage, &input));
    for (size_t i = 0; i < nr_rows; i++)
        put_answer(fix, (int64_t)i + 1, &rows[i].old);
    fixture_close(fix, "done");
    fix->options.refetch = STORAGE_REFETCH_ALL;
    fixture_open(fix);
    for (size_t i = 0; i < nr_rows; i++)
        put_answer(fix, (int64_t)i + 1, &rows[i].new);
    fixture_close(fix, "done");

    reader = open_reader(fix);
    buf_init(&sql, 100000);
    buf_init(&out, 100000);
    assert_ok(reader_sql(reader, query_find("diff"), &none, &sql));
    assert_ok(reader_run(reader, (char *)sql.data, sql.len, add_row, &out));
    assert_ok(buf_add(&out, "", 1));
    for (size_t i = 0; i < nr_rows; i++) {
        char url[32], expected[64];

        snprintf(url, sizeof(url), "|http://h1/%zu|", i + 1);
        snprintf(expected, sizeof(expected), "%s%s",
                 rows[i].change ? rows[i].change : "", url);
        const char *found =
            strstr((char *)out.data, rows[i].change ? expected : url);
        if (!found == !!rows[i].change)
            print_error("row %zu: %s\n%s", i + 1, expected, (char *)out.data);
        assert_int_equal(found != NULL, rows[i].change != NULL);
    }
    buf_release(&sql);
    buf_release(&out);
    reader_close(reader);
}

static void number_is(struct fixture *fix, const char *sql,
                      const char *expected)
{
    struct reader *reader = open_reader(fix);
    struct buf out;

    buf_init(&out, 1000);
    assert_ok(reader_run(reader, sql, strlen(sql), add_row, &out));
    assert_ok(buf_add(&out, "", 1));
    assert_string_equal((char *)out.data, expected);
    buf_release(&out);
    reader_close(reader);
}

static void pages_keep_their_links_through_a_304(void **state)
{
    struct fixture *fix = *state;
    struct page_record page = fixture_page(1, 1, "ok", 304);
    struct storage_input input = {.name = "x", .done = true};

    put_crawl(fix);
    fixture_end(fix, 1, 5, "ok", 200);
    assert_ok(storage_put_input(fix->storage, &input));
    fixture_close(fix, "done");
    fix->options.refetch = STORAGE_REFETCH_ALL;
    fixture_open(fix);
    page.length = -1;
    page.etag = text("\"new\"");
    assert_ok(storage_put_page(fix->storage, &page));
    fixture_close(fix, "interrupted");
    number_is(fix,
              "SELECT p.status, p.length, p.title, p.etag, p.not_modified,"
              " p.final_url, count(l.pos) FROM pages p JOIN links l ON"
              " l.page_id = p.id WHERE p.run_id = 2",
              "200|1001|One|\"new\"|1|https://h1/y|4\n");
    /* the other four wait for their turn, with their old answers */
    number_is(fix, "SELECT count(*) FROM results WHERE outcome IS NULL", "4\n");
    number_is(fix, "SELECT count(*) FROM v_latest", "5\n");
}

static void bodies_are_kept_once(void **state)
{
    struct fixture *fix = *state;
    const char hash[] = "0123456789abcdef";

    fix->options.store_bodies = true;
    fixture_open(fix);
    fixture_add(fix, 1, 3);
    for (int i = 1; i <= 3; i++) {
        struct page_record page = fixture_page(1, i, "ok", 200);

        page.body = text(i < 3 ? "the same body" : "another");
        page.content_hash = (struct bytes){i < 3 ? hash : hash + 1, 15};
        assert_ok(storage_put_page(fix->storage, &page));
    }
    fixture_close(fix, "done");
    /* behind the magic number of a frame (RFC 8878, section 3.1.1) */
    number_is(fix,
              "SELECT p.url, b.body_bytes, hex(substr(b.zstd, 1, 4)),"
              " instr(b.zstd, CAST('body' AS blob)) > 0 FROM pages p"
              " JOIN bodies b USING (content_hash) ORDER BY p.url",
              "http://h1/1|13|28B52FFD|1\nhttp://h1/2|13|28B52FFD|1\n"
              "http://h1/3|7|28B52FFD|0\n");
    number_is(fix, "SELECT count(*) FROM bodies", "2\n");
}

/* ---- what is known of one URL, one host ---- */

static enum err add_known_url(void *ctx, const struct known_url *url)
{
    return buf_addf(ctx, "%lld|%lld|%.*s|%.*s|%d|%.*s|%.*s|%.*s\n",
                    (long long)url->line, (long long)url->depth,
                    (int)url->parent.len, (const char *)url->parent.data,
                    (int)url->outcome.len, (const char *)url->outcome.data,
                    url->status, (int)url->error.len,
                    (const char *)url->error.data, (int)url->detail.len,
                    (const char *)url->detail.data, (int)url->fetched_at.len,
                    (const char *)url->fetched_at.data);
}

static void known_url_is(struct reader *reader, const char *url,
                         const char *expected)
{
    struct buf out;

    buf_init(&out, 1000);
    assert_ok(reader_find_url(reader, url, add_known_url, &out));
    assert_ok(buf_add_byte(&out, '\0'));
    assert_string_equal((char *)out.data, expected);
    buf_release(&out);
}

static void a_url_is_found_with_its_page_and_its_end(void **state)
{
    struct fixture *fix = *state;
    struct url_record found = fixture_url(1, 8, 0),
                      quoted = fixture_url(1, 9, 9);
    struct reader *reader;

    put_crawl(fix);
    found.parent = (struct url_key){1, 1};
    found.depth = 1;
    quoted.url = text("http://h1/'9'");
    assert_ok(storage_add_urls(fix->storage, &found, 1, NOW, NULL));
    assert_ok(storage_add_urls(fix->storage, &quoted, 1, NOW, NULL));
    fixture_close(fix, "interrupted");
    reader = open_reader(fix);
    known_url_is(reader, "http://h1/2",
                 "2|0||http_error|404|||2026-11-23T08:19:42.123Z\n");
    known_url_is(reader, "http://h1/3",
                 "3|0||error|0|timeout||2026-11-23T08:19:42.123Z\n");
    known_url_is(reader, "http://h1/8", "0|1|http://h1/1||0|||\n");
    known_url_is(reader, "http://h1/'9'", "9|0|||0|||\n");
    known_url_is(reader, "http://h1/7", "");
    known_url_is(reader, "' OR 1 --", "");
    reader_close(reader);
}

static enum err add_known_host(void *ctx, const struct known_host *host)
{
    return buf_addf(ctx, "%d|%d|%lld|%lld|%.*s\n", host->listed,
                    host->robots_status, (long long)host->robots_at,
                    (long long)host->robots_until, (int)host->robots.len,
                    (const char *)host->robots.data);
}

static enum err add_known_text(void *ctx, struct bytes url)
{
    enum err err = buf_add(ctx, url.data, url.len);

    return err ? err : buf_add_byte(ctx, '\n');
}

static void a_host_is_found_with_its_urls(void **state)
{
    struct fixture *fix = *state;
    struct url_record found = fixture_url(1, 8, 0),
                      other = fixture_url(2, 8, 0);
    struct reader *reader;
    struct buf out;

    put_crawl(fix);
    assert_ok(storage_add_urls(fix->storage, &found, 1, NOW, NULL));
    assert_ok(storage_add_urls(fix->storage, &other, 1, NOW, NULL));
    fixture_close(fix, "interrupted");
    reader = open_reader(fix);
    buf_init(&out, 1000);
    assert_ok(reader_find_host(reader, "http://h1:80", add_known_host, &out));
    assert_ok(reader_find_host(reader, "http://h2:80", add_known_host, &out));
    assert_ok(reader_find_host(reader, "http://h3:80", add_known_host, &out));
    assert_ok(reader_each_found(reader, "http://h1:80", add_known_text, &out));
    assert_ok(reader_each_listed(reader, add_known_text, &out));
    assert_ok(buf_add_byte(&out, '\0'));
    assert_string_equal((char *)out.data,
                        "1|0|0|0|\n0|0|0|0|\nhttp://h1/8\n"
                        "http://h1/1\nhttp://h1/2\nhttp://h1/3\n"
                        "http://h1/4\nhttp://h1/5\n");
    buf_release(&out);
    reader_close(reader);
}

static enum err refuse_text(void *ctx, struct bytes url)
{
    (void)url;
    ++*(int *)ctx;
    return CERR_CANCELED;
}

static void a_reading_ends_when_its_callback_says_so(void **state)
{
    struct fixture *fix = *state;
    struct reader *reader;
    int nr_calls = 0;

    put_crawl(fix);
    fixture_close(fix, "interrupted");
    reader = open_reader(fix);
    assert_int_equal(reader_each_listed(reader, refuse_text, &nr_calls),
                     CERR_CANCELED);
    assert_int_equal(nr_calls, 1);
    reader_close(reader);
}

static void two_runs_are_there_or_not(void **state)
{
    static const struct {
        int64_t run, other;
        bool has;
    } rows[] = {
        {0, 0, true}, {2, 1, true}, {1, 2, true}, {3, 1, false}, {1, 3, false}};
    struct fixture *fix = *state;
    struct storage_input input = {.name = "x", .done = true};
    struct query_options options = {0};
    struct reader *reader;
    bool has = true;

    put_crawl(fix);
    fixture_end(fix, 1, 5, "ok", 200);
    assert_ok(storage_put_input(fix->storage, &input));
    fixture_close(fix, "done");
    reader = open_reader(fix);
    assert_ok(reader_has_runs(reader, &options, &has));
    assert_false(has);
    reader_close(reader);
    fix->options.refetch = STORAGE_REFETCH_ALL;
    fixture_open(fix);
    fixture_close(fix, "interrupted");
    reader = open_reader(fix);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        options.run = rows[i].run;
        options.other = rows[i].other;
        assert_ok(reader_has_runs(reader, &options, &has));
        assert_int_equal(has, rows[i].has);
    }
    reader_close(reader);
}

/* ---- statements of the user ---- */

static void query_only_reads(void **state)
{
    static const struct {
        const char *sql;
        enum err err;
        const char *says;
    } rows[] = {
        {"SELECT 1", CERR_OK, ""},
        {"SELECT 1; -- and a word", CERR_OK, ""},
        {"SELEC 1", CERR_INVALID, "syntax error"},
        {"SELECT * FROM nowhere", CERR_INVALID, "no such table"},
        {"DELETE FROM pages", CERR_INVALID, "only read"},
        {"SELECT 1; SELECT 2", CERR_INVALID, "one statement"},
        {"ATTACH '/tmp/crawl-attached.db' AS x", CERR_INVALID, ""},
        {"", CERR_INVALID, "no statement"},
        {"-- nothing", CERR_INVALID, "no statement"},
    };
    struct fixture *fix = *state;
    struct reader *reader;

    put_crawl(fix);
    fixture_close(fix, "interrupted");
    reader = open_reader(fix);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct buf out;

        print_message("%s\n", rows[i].sql);
        buf_init(&out, 10000);
        assert_int_equal(
            reader_run(reader, rows[i].sql, strlen(rows[i].sql), add_row, &out),
            rows[i].err);
        assert_non_null(strstr(reader_message(reader), rows[i].says));
        buf_release(&out);
    }
    assert_int_not_equal(access("/tmp/crawl-attached.db", F_OK), 0);
    reader_close(reader);
}

static void put_u32(unsigned char *to, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        to[i] = (unsigned char)(value >> (24 - 8 * i));
}

/* Writes a rollback journal of one page that is hot for SQLite: its header
 * (sqlite.org/fileformat2.html, 3), a page, and the name of another file, if
 * one is given, with its length, sum and the magic bytes. */
static void write_journal(const char *database, const char *other)
{
    static const unsigned char magic[8] = {0xd9, 0xd5, 0x05, 0xf9,
                                           0x20, 0xa1, 0x63, 0xd7};
    unsigned char head[512] = {0}, end[16];
    size_t len = other ? strlen(other) : 0;
    uint32_t sum = 0;
    char path[300];
    FILE *file;

    snprintf(path, sizeof(path), "%s-journal", database);
    file = fopen(path, "wb");
    assert_non_null(file);
    memcpy(head, magic, sizeof(magic));
    put_u32(head + 20, 512);  /* bytes of a sector */
    put_u32(head + 24, 4096); /* bytes of a page */
    assert_int_equal(fwrite(head, sizeof(head), 1, file), 1);
    for (size_t i = 0; i < len; i++)
        sum += (unsigned char)other[i];
    if (other) {
        put_u32(end, (uint32_t)len);
        put_u32(end + 4, sum);
        memcpy(end + 8, magic, sizeof(magic));
        assert_int_equal(fwrite(other, len, 1, file), 1);
        assert_int_equal(fwrite(end, sizeof(end), 1, file), 1);
    }
    fclose(file);
}

static void query_does_not_delete_the_file_that_a_journal_names(void **state)
{
    struct fixture *fix = *state;
    char victim[] = "/tmp/crawl-victim-XXXXXX", path[300];
    struct reader *reader;
    int fd = mkstemp(victim);

    assert_true(fd >= 0);
    close(fd);
    fixture_open(fix);
    fixture_close(fix, "done");
    write_journal(fix->paths[0], victim);
    assert_int_equal(reader_open(&reader, fix->paths[0], fix->message),
                     CERR_FORMAT);
    assert_non_null(strstr(fix->message, "-journal names another file"));
    /* nor does a crawl */
    assert_int_equal(fixture_try(fix, &fix->storage), CERR_FORMAT);
    assert_non_null(strstr(fix->message, "-journal names another file"));
    assert_int_equal(access(victim, F_OK), 0);
    unlink(victim);
    snprintf(path, sizeof(path), "%s-journal", fix->paths[0]);
    assert_int_equal(unlink(path), 0);
}

static void query_leaves_a_journal_to_the_crawl(void **state)
{
    struct fixture *fix = *state;
    char path[300];
    struct reader *reader;

    fixture_open(fix);
    fixture_close(fix, "done");
    snprintf(path, sizeof(path), "%s-journal", fix->paths[0]);
    write_journal(fix->paths[0], NULL);
    assert_int_equal(reader_open(&reader, fix->paths[0], fix->message),
                     CERR_STATE);
    assert_non_null(strstr(fix->message, "started again, repairs it"));
    assert_int_equal(access(path, F_OK), 0);
    fixture_open(fix);
    fixture_close(fix, "done");
    assert_int_equal(access(path, F_OK), -1);
    reader_close(open_reader(fix));
}

static void query_reads_while_the_crawl_writes(void **state)
{
    struct fixture *fix = *state;
    struct reader_status status;
    struct reader *reader;

    put_crawl(fix);
    assert_ok(storage_commit(fix->storage));
    fixture_end(fix, 1, 5, "ok", 200); /* not committed: not seen */
    reader = open_reader(fix);
    assert_ok(reader_status(reader, &status));
    assert_true(status.running);
    assert_int_equal(status.pid, getpid());
    assert_string_equal(status.run_status, "running");
    assert_string_equal(status.started_at, "2026-11-23T08:19:42.123Z");
    assert_string_equal(status.finished_at, "");
    assert_int_equal(status.counts.nr_urls, 5);
    assert_int_equal(status.counts.nr_ended, 4);
    assert_int_equal(status.counts.nr_lines, 6);
    assert_int_equal(status.counts.nr_bad_lines, 1);
    assert_int_equal(status.nr_ok, 2);
    assert_int_equal(status.nr_http_errors, 1);
    assert_int_equal(status.nr_errors, 1);
    assert_int_equal(status.bytes_down, 500);
    assert_int_equal(status.nr_active, 4);
    assert_true(status.urls_a_second == 10);
    assert_ok(storage_commit(fix->storage));
    assert_ok(reader_status(reader, &status));
    assert_int_equal(status.counts.nr_ended, 5);
    reader_close(reader);
    fixture_close(fix, "done");
    reader = open_reader(fix);
    assert_ok(reader_status(reader, &status));
    assert_false(status.running);
    assert_string_equal(status.run_status, "done");
    reader_close(reader);
}

static void results_have_a_row_for_every_line(void **state)
{
    static const char sql[] = "SELECT url, length, status, outcome, error,"
                              " final_url, line, detail FROM results"
                              " ORDER BY line IS NULL, line, url";
    struct fixture *fix = *state;
    struct line_record twice = {.line = 7,
                                .text = text("http://h1/2#x"),
                                .error = text("duplicate"),
                                .same_as = {1, 2}};
    struct url_record found = fixture_url(1, 8, 0);
    struct reader *reader;
    struct buf out;

    put_crawl(fix);
    assert_ok(storage_put_line(fix->storage, &twice));
    assert_ok(storage_add_urls(fix->storage, &found, 1, NOW, NULL));
    fixture_close(fix, "interrupted");
    reader = open_reader(fix);
    buf_init(&out, 10000);
    assert_ok(reader_run(reader, sql, strlen(sql), add_row, &out));
    assert_ok(buf_add(&out, "", 1));
    assert_string_equal((char *)out.data,
                        "http://h1/1|1001|200|ok||https://h1/y|1|\n"
                        "http://h1/2|1002|404|http_error||http://h1/2|2|\n"
                        "http://h1/3|||error|timeout||3|\n"
                        "http://h1/4|1004|200|ok||http://h1/4|4|\n"
                        "http://h1/5||||||5|\n"
                        "::|||skipped|bad_url||6|\n"
                        "http://h1/2#x|||skipped|duplicate||7|repeats line 2\n"
                        "http://h1/8|||||||\n");
    buf_release(&out);
    reader_close(reader);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, fixture_new, fixture_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(query_answers_by_hand_counted),
        TEST(
            query_broken_names_the_page_that_found_a_url_where_links_are_not_stored),
        TEST(query_broken_knows_who_links_to_the_start_of_a_chain),
        TEST(query_orphans_are_of_the_list_and_of_sitemaps),
        TEST(query_speeds_are_of_sessions_and_not_of_pauses),
        TEST(query_reads_what_an_older_program_has_made),
        TEST(query_tells_what_changed_between_runs),
        TEST(query_diff_has_one_word_for_each_change),
        TEST(pages_keep_their_links_through_a_304),
        TEST(bodies_are_kept_once),
        TEST(a_url_is_found_with_its_page_and_its_end),
        TEST(a_host_is_found_with_its_urls),
        TEST(a_reading_ends_when_its_callback_says_so),
        TEST(two_runs_are_there_or_not),
        TEST(query_only_reads),
        TEST(query_does_not_delete_the_file_that_a_journal_names),
        TEST(query_leaves_a_journal_to_the_crawl),
        TEST(query_reads_while_the_crawl_writes),
        TEST(results_have_a_row_for_every_line),
    };

    return cmocka_run_group_tests_name("query", tests, NULL, NULL);
}
