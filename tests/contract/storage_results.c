/*
 * The contract of storage, second part: results, and running it again. Every
 * back end has to pass it as it is; CMakeLists.txt builds it for each.
 */
#include "storage/storage.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/xalloc.h"
#include "storage/leases.h"
#include "storage/results.h"
#include "tests/support/storage_fixture.h"

/* ---- results ---- */

static void storage_ends_a_url_once(void **state)
{
    struct fixture *fix = *state;
    struct page_record page = fixture_page(1, 1, "ok", 200);
    struct storage_counts counts;

    fixture_open(fix);
    fixture_add(fix, 1, 1);
    assert_ok(storage_put_page(fix->storage, &page));
    assert_int_equal(storage_put_page(fix->storage, &page), CERR_EXISTS);
    fixture_refill_urls(fix, 1, 10);
    assert_int_equal(fix->nr_urls, 0);
    fixture_reopen(fix);
    assert_int_equal(storage_put_page(fix->storage, &page), CERR_EXISTS);
    assert_ok(storage_count(fix->storage, &counts));
    assert_int_equal(counts.nr_ended, 1);
    fixture_close(fix, "done");
    fixture_text_is(fix, "http://h1/1:1001\n");
}

static void storage_ends_no_url_that_it_does_not_know(void **state)
{
    struct fixture *fix = *state;
    struct page_record page = fixture_page(1, 1, "ok", 200);

    fixture_open(fix);
    assert_int_equal(storage_put_page(fix->storage, &page), CERR_NOT_FOUND);
    fixture_close(fix, "done");
    fixture_text_is(fix, "");
}

static void storage_lists_only_listed_urls_that_answered_200(void **state)
{
    struct fixture *fix = *state;
    struct page_record odd = fixture_page(1, 4, "ok", 200);
    struct url_record found = fixture_url(1, 5, 0);
    struct page_record found_page = fixture_page(1, 5, "ok", 200);

    fixture_open(fix);
    fixture_add(fix, 1, 4);
    assert_ok(storage_add_urls(fix->storage, &found, 1, NOW, NULL));
    found_page.line = 0;
    odd.listed = (struct bytes){"H1/\n\t4\x7f", 7};
    fixture_end(fix, 1, 1, "ok", 204);
    fixture_end(fix, 1, 2, "http_error", 404);
    fixture_end(fix, 1, 3, "error", 200);
    assert_ok(storage_put_page(fix->storage, &odd));
    assert_ok(storage_put_page(fix->storage, &found_page));
    fixture_close(fix, "done");
    fixture_text_is(fix, "H1/%0A%094%7F:1004\n");
}

static void storage_forgets_what_was_not_committed(void **state)
{
    struct fixture *fix = *state;
    struct storage_counts counts;

    fixture_open(fix);
    fixture_add(fix, 1, 3);
    fixture_end(fix, 1, 1, "ok", 200);
    assert_true(storage_uncommitted(fix->storage) > 0);
    assert_ok(storage_commit(fix->storage));
    assert_int_equal(storage_uncommitted(fix->storage), 0);
    fixture_end(fix, 1, 2, "ok", 200);
    fixture_crash(fix);
    fixture_open(fix);
    assert_int_equal(storage_state(fix->storage), STORAGE_UNFINISHED);
    assert_ok(storage_count(fix->storage, &counts));
    assert_int_equal(counts.nr_ended, 1);
    assert_int_equal(counts.nr_urls, 3);
    fixture_end(fix, 1, 3, "ok", 200);
    fixture_end(fix, 1, 2, "ok", 200);
    fixture_close(fix, "done");
    fixture_text_is(fix, "http://h1/1:1001\nhttp://h1/3:1003\n"
                         "http://h1/2:1002\n");
}

static void storage_stores_what_hangs_on_a_page(void **state)
{
    struct fixture *fix = *state;
    struct page_record page = fixture_page(1, 1, "ok", 200);
    struct hop_record hop = {.from_url = text("http://h1/1"),
                             .to_url = text("http://h1/b"),
                             .kind = text("http"),
                             .status = 301};
    struct link_record links[2] = {
        {.url = text("http://h1/2"), .key = {1, 2}, .kind = text("a")},
        {.url = text("http://h2/1"),
         .key = {2, 1},
         .kind = text("area"),
         .text = text("there"),
         .rel = text("nofollow")}};
    struct attempt_record attempt = {
        .key = {1, 1}, .attempt = 1, .at = NOW, .status = 503};
    struct sample_record sample = {.t_ms = 1000, .nr_done = 1};

    page.hops = &hop;
    page.nr_redirects = 1;
    page.nr_hops = 1;
    page.links = links;
    page.nr_links = 2;
    page.nr_links_out = 2;
    page.final_url = hop.to_url;
    fixture_open(fix);
    fixture_add(fix, 1, 1);
    assert_ok(storage_put_attempt(fix->storage, &attempt));
    assert_ok(storage_put_page(fix->storage, &page));
    assert_ok(storage_put_sample(fix->storage, &sample));
    assert_ok(storage_put_event(fix->storage, NOW, "info", "test", "said"));
    assert_ok(storage_commit(fix->storage));
}

static void put_redirect(struct fixture *fix, int64_t hash, const char *from,
                         const char *to, const char *error)
{
    struct page_record page =
        fixture_page(1, hash, error[0] ? "error" : "redirect", 302);
    struct hop_record hop = {.from_url = text(from),
                             .to_url = text(to),
                             .kind = text("http"),
                             .status = 302};

    page.hops = &hop;
    page.nr_hops = 1;
    page.nr_redirects = 1;
    page.final_url = hop.to_url;
    page.error = text(error);
    assert_ok(storage_put_page(fix->storage, &page));
}

static void assert_leads_to(struct fixture *fix, int64_t hash, const char *to,
                            bool is_loop)
{
    struct buf found;
    bool loops;

    buf_init(&found, 100);
    assert_ok(storage_get_redirect(fix->storage, (struct url_key){1, hash},
                                   &found, &loops));
    assert_int_equal(found.len, strlen(to));
    if (found.len)
        assert_memory_equal(found.data, to, found.len);
    assert_int_equal(loops, is_loop);
    buf_release(&found);
}

/* 4 leads to 1, 1 to 2, 2 to 3, and 3 closes the loop; 5 leads elsewhere, and 6
 * has not ended. */
static void storage_makes_a_loop_of_all_that_leads_into_it(void **state)
{
    struct fixture *fix = *state;
    int64_t nr;

    fixture_open(fix);
    fixture_add(fix, 1, 6);
    put_redirect(fix, 4, "http://h1/4", "http://h1/1", "");
    put_redirect(fix, 1, "http://h1/1", "http://h1/2", "");
    put_redirect(fix, 2, "http://h1/2", "http://h1/3", "");
    put_redirect(fix, 5, "http://h1/5", "http://h1/6", "");
    assert_leads_to(fix, 2, "http://h1/3", false);
    assert_leads_to(fix, 6, "", false);
    assert_leads_to(fix, 9, "", false);
    assert_ok(storage_end_loops(fix->storage, &nr));
    assert_int_equal(nr, 0);
    put_redirect(fix, 3, "http://h1/3", "http://h1/1", "redirect_loop");
    assert_leads_to(fix, 3, "", true);
    assert_ok(storage_end_loops(fix->storage, &nr));
    assert_int_equal(nr, 3);
    assert_leads_to(fix, 4, "", true);
    assert_leads_to(fix, 1, "", true);
    assert_leads_to(fix, 2, "", true);
    assert_leads_to(fix, 5, "http://h1/6", false);
}

static enum err take_landing(void *ctx, struct bytes listed,
                             struct bytes landed)
{
    assert_int_equal(listed.len, 11);
    assert_memory_equal(listed.data, "http://h1/1", 11);
    assert_int_equal(landed.len, 11);
    assert_memory_equal(landed.data, "http://h1/b", 11);
    ++*(int *)ctx;
    return CERR_OK;
}

static void storage_tells_where_listed_urls_landed(void **state)
{
    struct fixture *fix = *state;
    struct page_record page = fixture_page(1, 1, "ok", 200);
    bool listed;
    int nr = 0;

    fixture_open(fix);
    fixture_add(fix, 1, 3);
    page.nr_redirects = 1;
    page.final_url = text("http://h1/b");
    assert_ok(storage_put_page(fix->storage, &page));
    fixture_end(fix, 1, 2, "ok", 200);
    put_redirect(fix, 3, "http://h1/3", "http://h1/x", "");
    assert_ok(storage_each_landing(fix->storage, take_landing, &nr));
    assert_int_equal(nr, 1);
    assert_ok(storage_host_is_listed(fix->storage, 1, &listed));
    assert_true(listed);
    assert_ok(storage_host_is_listed(fix->storage, 9, &listed));
    assert_false(listed);
}

/* What a trap refused is no page of its host, and neither is a line. */
static void storage_counts_the_found_urls_of_a_host(void **state)
{
    struct fixture *fix = *state;
    int64_t nr;

    fixture_open(fix);
    fixture_add(fix, 1, 1);
    for (int i = 2; i <= 5; i++) {
        struct url_record url = {.key = {1, i},
                                 .host_key = text("http://h1:80"),
                                 .url = text("http://h1/x"),
                                 .parent = {1, 1},
                                 .kind = URL_FOUND,
                                 .depth = 1};
        assert_ok(storage_add_urls(fix->storage, &url, 1, 0, NULL));
    }
    struct page_record page = fixture_page(1, 3, "skipped", 0);
    page.error = text("trap");
    assert_ok(storage_put_page(fix->storage, &page));
    fixture_end(fix, 1, 4, "ok", 200);
    assert_ok(storage_count_found(fix->storage, 1, 100, &nr));
    assert_int_equal(nr, 3);
    assert_ok(storage_count_found(fix->storage, 1, 2, &nr));
    assert_int_equal(nr, 2);
    assert_ok(storage_count_found(fix->storage, 9, 2, &nr));
    assert_int_equal(nr, 0);
}

/* ---- running again ---- */

static void finish_three(struct fixture *fix)
{
    struct storage_input input = {.name = "urls.txt", .done = true};
    struct page_record page = fixture_page(1, 1, "ok", 200);

    page.etag = text("\"v1\"");
    page.last_modified = text("Mon, 23 Nov 2026 08:19:42 GMT");
    fixture_open(fix);
    fixture_add(fix, 1, 3);
    fixture_lease_hosts(fix, NOW, 1);
    assert_ok(storage_put_page(fix->storage, &page));
    page = fixture_page(1, 2, "http_error", 503);
    page.fetched_at = NOW + 1000;
    assert_ok(storage_put_page(fix->storage, &page));
    fixture_end(fix, 1, 3, "error", 0);
    fix->hosts[0].due_at = STORAGE_HOST_IDLE;
    assert_ok(storage_release_host(fix->storage, &fix->hosts[0]));
    assert_ok(storage_put_input(fix->storage, &input));
    fixture_close(fix, "done");
}

static void storage_says_finished_when_all_is_done(void **state)
{
    struct fixture *fix = *state;

    finish_three(fix);
    fixture_open(fix);
    assert_int_equal(storage_state(fix->storage), STORAGE_FINISHED);
    fixture_lease_hosts(fix, NOW, 10);
    assert_int_equal(fix->nr_hosts, 0);
}

static void storage_says_unfinished_while_the_list_is_not_read(void **state)
{
    struct fixture *fix = *state;
    struct storage_input input = {.name = "urls.txt", .done = false};

    fixture_open(fix);
    assert_ok(storage_put_input(fix->storage, &input));
    fixture_close(fix, "interrupted");
    fixture_open(fix);
    assert_int_equal(storage_state(fix->storage), STORAGE_UNFINISHED);
}

static void storage_takes_new_lines_after_it_was_finished(void **state)
{
    struct fixture *fix = *state;
    struct url_record url = fixture_url(1, 4, 4);

    finish_three(fix);
    fixture_open(fix);
    assert_ok(storage_add_urls(fix->storage, &url, 1, NOW, NULL));
    fixture_crash(fix);
    fixture_open(fix);
    assert_int_equal(storage_state(fix->storage), STORAGE_FINISHED);
    assert_ok(storage_add_urls(fix->storage, &url, 1, NOW, NULL));
    fixture_reopen(fix);
    assert_int_equal(storage_state(fix->storage), STORAGE_UNFINISHED);
    fixture_lease_hosts(fix, NOW, 10);
    assert_int_equal(fix->nr_hosts, 1);
}

static void storage_refetches_what_was_asked_for(void **state)
{
    static const struct {
        const char *name;
        enum storage_refetch refetch;
        int64_t stale_ms;
        size_t nr_urls;
        int64_t first_hash;
    } rows[] = {
        {"nothing", STORAGE_REFETCH_NONE, 0, 0, 0},
        {"failed", STORAGE_REFETCH_FAILED, 0, 2, 2},
        {"stale", STORAGE_REFETCH_STALE, 500, 2, 1},
        {"all", STORAGE_REFETCH_ALL, 0, 3, 1},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture *fix = *state;

        print_message("refetch %s\n", rows[i].name);
        finish_three(fix);
        fix->options.refetch = rows[i].refetch;
        fix->options.stale_ms = rows[i].stale_ms;
        fix->options.now_ms = NOW + 1000;
        fixture_open(fix);
        assert_int_equal(storage_state(fix->storage), STORAGE_FINISHED);
        fixture_lease_hosts(fix, NOW + 1000, 10);
        assert_int_equal(fix->nr_hosts, rows[i].nr_urls > 0);
        fixture_refill_urls(fix, 1, 10);
        assert_int_equal(fix->nr_urls, rows[i].nr_urls);
        if (rows[i].nr_urls)
            assert_int_equal(fix->urls[0].key.url_hash, rows[i].first_hash);
        fixture_close(fix, "interrupted");
        fixture_empty(fix);
    }
}

static void storage_totals_are_of_the_run_and_all_its_sessions(void **state)
{
    struct fixture *fix = *state;
    struct storage_totals totals;

    fixture_open(fix);
    fixture_add(fix, 1, 4);
    fixture_end(fix, 1, 1, "ok", 200);
    fixture_end(fix, 1, 2, "http_error", 404);
    fixture_close(fix, "interrupted");
    fixture_open(fix);
    fixture_end(fix, 1, 3, "ok", 200);
    fixture_end(fix, 1, 4, "skipped", 0);
    assert_ok(storage_run_totals(fix->storage, &totals));
    assert_int_equal(totals.nr_sessions, 2);
    assert_int_equal(totals.nr_ok, 2);
    assert_int_equal(totals.nr_http_error, 1);
    assert_int_equal(totals.nr_error, 0);
    assert_int_equal(totals.nr_skipped, 1);
    fixture_close(fix, "done");
    fix->options.refetch = STORAGE_REFETCH_ALL;
    fixture_open(fix); /* another run */
    assert_ok(storage_run_totals(fix->storage, &totals));
    assert_int_equal(totals.nr_sessions, 1);
    assert_int_equal(totals.nr_ok, 0);
}

static bool run_answered(struct fixture *fix)
{
    bool answered = false;

    assert_ok(storage_run_answered(fix->storage, &answered));
    return answered;
}

static void
storage_knows_whether_any_session_of_a_run_was_answered(void **state)
{
    struct fixture *fix = *state;
    struct page_record forbidden = fixture_page(1, 3, "skipped", 0);

    forbidden.error = text("robots");
    fixture_open(fix);
    fixture_add(fix, 1, 3);
    assert_false(run_answered(fix));
    fixture_end(fix, 1, 1, "error", 0);
    assert_false(run_answered(fix));
    fixture_end(fix, 1, 2, "http_error", 500);
    assert_true(run_answered(fix));
    assert_ok(storage_put_page(fix->storage, &forbidden));
    fixture_reopen(fix);
    assert_true(run_answered(fix));
    fixture_close(fix, "done");
    fix->options.refetch = STORAGE_REFETCH_ALL;
    fixture_open(fix);
    assert_false(run_answered(fix));
    assert_ok(storage_put_page(fix->storage, &forbidden));
    assert_true(run_answered(fix));
}

static void refuse(struct fixture *fix, int64_t hash, const char *error)
{
    struct url_record url = fixture_url(1, hash, 0);
    struct page_record page = fixture_page(1, hash, "skipped", 0);

    page.error = text(error);
    page.fetched_at = 0;
    assert_ok(storage_add_urls(fix->storage, &url, 1, NOW, NULL));
    assert_ok(storage_put_page(fix->storage, &page));
}

static void storage_reopens_what_was_refused_as_a_link(void **state)
{
    static const struct {
        const char *error;
        enum storage_added added;
    } rows[] = {
        {"trap", STORAGE_REOPENED},
        {"blocked_address", STORAGE_REOPENED},
        {"robots", STORAGE_ADOPTED},
        {"", STORAGE_ADOPTED},
    };
    const int nr_rows = sizeof(rows) / sizeof(rows[0]);
    struct fixture *fix = *state;
    struct storage_counts counts;

    /* named in the same session, then in a new run */
    for (int later = 0; later <= 1; later++) {
        fixture_empty(fix);
        fix->options.refetch = STORAGE_REFETCH_NONE;
        fixture_open(fix);
        for (int i = 0; i < nr_rows; i++)
            refuse(fix, i + 2, rows[i].error);
        if (later) {
            fixture_close(fix, "done");
            fix->options.refetch = STORAGE_REFETCH_FAILED;
            fixture_open(fix);
        }
        for (int i = 0; i < nr_rows; i++) {
            struct url_record url = fixture_url(1, i + 2, i + 1);
            enum storage_added added;

            assert_ok(storage_add_urls(fix->storage, &url, 1, NOW, &added));
            assert_int_equal(added, rows[i].added);
        }
        assert_ok(storage_count(fix->storage, &counts));
        assert_int_equal(counts.nr_ended, nr_rows - 2);
        fixture_lease_hosts(fix, NOW, 10);
        fixture_refill_urls(fix, 1, 10);
        assert_int_equal(fix->nr_urls, 2);
        fixture_end(fix, 1, 2, "ok", 200);
        fixture_end(fix, 1, 3, "ok", 200);
        assert_ok(storage_count(fix->storage, &counts));
        assert_int_equal(counts.nr_ended, nr_rows);
        fixture_close(fix, "done");
    }
}

static void storage_leaves_what_a_trap_rule_refused(void **state)
{
    struct fixture *fix = *state;
    struct url_record url = fixture_url(1, 4, 0);
    struct page_record page = fixture_page(1, 4, "skipped", 0);

    page.error = text("trap");
    page.fetched_at = 0;
    for (int refetch = STORAGE_REFETCH_FAILED; refetch <= STORAGE_REFETCH_ALL;
         refetch++) {
        fixture_empty(fix);
        fix->options.refetch = STORAGE_REFETCH_NONE;
        fixture_open(fix);
        fixture_add(fix, 1, 1);
        assert_ok(storage_add_urls(fix->storage, &url, 1, NOW, NULL));
        fixture_end(fix, 1, 1, "error", 0);
        assert_ok(storage_put_page(fix->storage, &page));
        fixture_close(fix, "done");
        fix->options.refetch = (enum storage_refetch)refetch;
        fix->options.stale_ms = -1000;
        fixture_open(fix);
        fixture_refill_urls(fix, 1, 10);
        assert_int_equal(fix->nr_urls, 1);
        assert_int_equal(fix->urls[0].key.url_hash, 1);
        fixture_close(fix, "interrupted");
    }
}

static void storage_brings_validators_with_a_refetched_url(void **state)
{
    struct fixture *fix = *state;

    finish_three(fix);
    fix->options.refetch = STORAGE_REFETCH_ALL;
    fixture_open(fix);
    fixture_refill_urls(fix, 1, 1);
    assert_string_equal(fix->etag, "\"v1\"");
    assert_string_equal(fix->last_modified, "Mon, 23 Nov 2026 08:19:42 GMT");
}

static void storage_keeps_the_answer_that_a_304_confirms(void **state)
{
    struct fixture *fix = *state;
    struct page_record page = fixture_page(1, 1, "ok", 304);

    finish_three(fix);
    fix->options.refetch = STORAGE_REFETCH_ALL;
    fixture_open(fix);
    page.length = -1;
    assert_ok(storage_put_page(fix->storage, &page));
    assert_int_equal(storage_put_page(fix->storage, &page), CERR_EXISTS);
    fixture_close(fix, "interrupted");
    /* with the length of the stored answer, not that of the 304 */
    fixture_text_is(fix, "http://h1/1:1001\nhttp://h1/1:1001\n");
    /* the validators are still there for the next time */
    fix->options.refetch = STORAGE_REFETCH_NONE;
    fixture_open(fix);
    assert_int_equal(storage_state(fix->storage), STORAGE_UNFINISHED);
    fixture_end(fix, 1, 2, "ok", 200);
    fixture_end(fix, 1, 3, "ok", 200);
    fixture_close(fix, "done");
    fix->options.refetch = STORAGE_REFETCH_ALL;
    fixture_open(fix);
    fixture_refill_urls(fix, 1, 1);
    assert_string_equal(fix->etag, "\"v1\"");
}

static void storage_starts_over_when_forced(void **state)
{
    struct fixture *fix = *state;
    struct storage_counts counts;

    finish_three(fix);
    fix->options.force = true;
    fixture_open(fix);
    assert_int_equal(storage_state(fix->storage), STORAGE_NEW);
    assert_ok(storage_count(fix->storage, &counts));
    assert_int_equal(counts.nr_urls, 0);
    assert_int_equal(counts.nr_hosts, 0);
    fixture_add(fix, 1, 1);
    fixture_end(fix, 1, 1, "ok", 200);
    fixture_close(fix, "done");
    fixture_text_is(fix, "http://h1/1:1001\n");
}

static void storage_refuses_a_second_crawl(void **state)
{
    struct fixture *fix = *state;
    struct storage *second;
    char pid[32];

    fixture_open(fix);
    assert_int_equal(fixture_try(fix, &second), CERR_BUSY);
    assert_null(second);
    snprintf(pid, sizeof(pid), "process %d", (int)getpid());
    assert_non_null(strstr(fix->message, pid));
    /* and the first is none the worse for it */
    fixture_add(fix, 1, 1);
    assert_ok(storage_commit(fix->storage));
}

static void storage_closes_nothing(void **state)
{
    (void)state;
    assert_ok(storage_close(NULL, "done", NULL, NOW));
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, fixture_new, fixture_free)

static void storage_drops_what_its_caller_abandons(void **state)
{
    struct fixture *fix = *state;
    struct url_record urls[] = {fixture_url(1, 10, 1), fixture_url(1, 11, 2)};
    struct storage_counts counts;

    fixture_open(fix);
    assert_ok(storage_add_urls(fix->storage, urls, 1, NOW, NULL));
    assert_ok(storage_commit(fix->storage));
    assert_ok(storage_add_urls(fix->storage, urls + 1, 1, NOW, NULL));
    storage_abandon(fix->storage, CERR_NOMEM);
    assert_string_not_equal(storage_message(fix->storage), "");
    assert_int_equal(storage_uncommitted(fix->storage), 0);
    assert_int_equal(storage_commit(fix->storage), CERR_NOMEM);
    assert_int_equal(storage_close(fix->storage, "failed", NULL, NOW),
                     CERR_NOMEM);
    fix->storage = NULL;
    fixture_open(fix);
    assert_ok(storage_count(fix->storage, &counts));
    assert_int_equal(counts.nr_urls, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(storage_ends_a_url_once),
        TEST(storage_ends_no_url_that_it_does_not_know),
        TEST(storage_lists_only_listed_urls_that_answered_200),
        TEST(storage_forgets_what_was_not_committed),
        TEST(storage_drops_what_its_caller_abandons),
        TEST(storage_stores_what_hangs_on_a_page),
        TEST(storage_makes_a_loop_of_all_that_leads_into_it),
        TEST(storage_tells_where_listed_urls_landed),
        TEST(storage_counts_the_found_urls_of_a_host),
        TEST(storage_says_finished_when_all_is_done),
        TEST(storage_says_unfinished_while_the_list_is_not_read),
        TEST(storage_takes_new_lines_after_it_was_finished),
        TEST(storage_refetches_what_was_asked_for),
        TEST(storage_totals_are_of_the_run_and_all_its_sessions),
        TEST(storage_knows_whether_any_session_of_a_run_was_answered),
        TEST(storage_reopens_what_was_refused_as_a_link),
        TEST(storage_leaves_what_a_trap_rule_refused),
        TEST(storage_brings_validators_with_a_refetched_url),
        TEST(storage_keeps_the_answer_that_a_304_confirms),
        TEST(storage_starts_over_when_forced),
        TEST(storage_refuses_a_second_crawl),
        TEST(storage_closes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
