/*
 * The contract of storage.h, through storage.h alone: whatever stands behind
 * the interface has to pass this program as it is. What was stored is seen
 * through leases, counts and the text output, which every back end has.
 * CMakeLists.txt builds it once for each back end.
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
#include "tests/support/storage_fixture.h"

/* ---- adding ---- */

static void storage_says_new_at_first(void **state)
{
    struct fixture *fix = *state;

    fixture_open(fix);
    assert_int_equal(storage_state(fix->storage), STORAGE_NEW);
    assert_string_equal(storage_message(fix->storage), "");
    assert_int_equal(storage_uncommitted(fix->storage), 0);
}

static void storage_adds_each_url_once(void **state)
{
    struct fixture *fix = *state;
    enum storage_added added[3];
    struct url_record urls[3] = {fixture_url(1, 10, 1), fixture_url(1, 10, 2),
                                 fixture_url(1, 11, 3)};
    struct storage_counts counts;

    fixture_open(fix);
    assert_ok(storage_add_urls(fix->storage, urls, 3, NOW, added));
    assert_int_equal(added[0], STORAGE_ADDED);
    assert_int_equal(added[1], STORAGE_KNOWN);
    assert_int_equal(added[2], STORAGE_ADDED);
    assert_ok(storage_add_urls(fix->storage, urls, 3, NOW, added));
    for (int i = 0; i < 3; i++)
        assert_int_equal(added[i], STORAGE_KNOWN);
    assert_ok(storage_count(fix->storage, &counts));
    assert_int_equal(counts.nr_urls, 2);
    assert_int_equal(counts.nr_lines, 2);
    assert_int_equal(counts.nr_hosts, 1);
    assert_int_equal(counts.nr_ended, 0);
}

static void storage_adopts_a_discovered_url_that_the_list_names(void **state)
{
    struct fixture *fix = *state;
    struct url_record found = fixture_url(1, 10, 0);
    struct url_record listed = fixture_url(1, 10, 7);
    enum storage_added added;

    found.depth = 3;
    fixture_open(fix);
    assert_ok(storage_add_urls(fix->storage, &found, 1, NOW, &added));
    assert_int_equal(added, STORAGE_ADDED);
    assert_ok(storage_add_urls(fix->storage, &listed, 1, NOW, &added));
    assert_int_equal(added, STORAGE_ADOPTED);
    assert_ok(storage_add_urls(fix->storage, &listed, 1, NOW, &added));
    assert_int_equal(added, STORAGE_KNOWN);
    fixture_lease_hosts(fix, NOW, 10);
    assert_true(fix->hosts[0].listed);
    fixture_refill_urls(fix, 1, 10);
    assert_int_equal(fix->nr_urls, 1);
    assert_int_equal(fix->urls[0].line, 7);
    assert_int_equal(fix->urls[0].depth, 0);
}

static void storage_counts_lines_without_a_url(void **state)
{
    struct fixture *fix = *state;
    struct line_record bad = {
        .line = 4, .text = text("::"), .error = text("bad_url")};
    struct storage_counts counts;

    fixture_open(fix);
    assert_ok(storage_put_line(fix->storage, &bad));
    assert_ok(storage_put_line(fix->storage, &bad));
    assert_ok(storage_count(fix->storage, &counts));
    assert_int_equal(counts.nr_lines, 1);
    assert_int_equal(counts.nr_bad_lines, 1);
}

static void storage_keeps_a_line_as_its_list_has_it_now(void **state)
{
    struct fixture *fix = *state;
    struct line_record bad = {
        .line = 4, .text = text("::"), .error = text("bad_url")};
    struct line_record duplicate = {
        .line = 5, .error = text("duplicate"), .same_as = {1, 10}};
    struct storage_counts counts;
    struct storage_gone gone;

    fixture_open(fix);
    assert_ok(storage_put_line(fix->storage, &bad));
    assert_ok(storage_put_line(fix->storage, &duplicate));
    assert_ok(storage_begin_reading(fix->storage, 0));
    bad.text = text("ftp://a/");
    bad.error = text("blocked_scheme");
    assert_ok(storage_put_line(fix->storage, &bad));
    assert_ok(storage_put_line(fix->storage, &duplicate));
    assert_ok(storage_end_reading(fix->storage, true, &gone));
    fixture_reopen(fix);
    assert_ok(storage_count(fix->storage, &counts));
    assert_int_equal(counts.nr_bad_lines, 2);
    /* a reading that is not of the whole list takes nothing away */
    assert_ok(storage_begin_reading(fix->storage, 0));
    assert_ok(storage_end_reading(fix->storage, false, &gone));
    assert_ok(storage_count(fix->storage, &counts));
    assert_int_equal(counts.nr_bad_lines, 2);
    assert_ok(storage_begin_reading(fix->storage, 0));
    assert_ok(storage_put_line(fix->storage, &duplicate));
    assert_ok(storage_end_reading(fix->storage, true, &gone));
    fixture_reopen(fix);
    assert_ok(storage_count(fix->storage, &counts));
    assert_int_equal(counts.nr_bad_lines, 1);
    assert_int_equal(counts.nr_lines, 1);
}

/* The line of each URL of host 1 that is to do, by its hash. */
static void expect_lines(struct fixture *fix, const int64_t *lines, size_t nr)
{
    fixture_reopen(fix);
    fixture_lease_hosts(fix, NOW + 100000, 10);
    fixture_refill_urls(fix, 1, 100);
    assert_int_equal(fix->nr_urls, nr);
    for (size_t i = 0; i < nr; i++)
        assert_int_equal(fix->urls[i].line, lines[i]);
}

static void storage_gives_a_moved_line_its_new_number(void **state)
{
    struct fixture *fix = *state;
    const struct url_record before[] = {
        fixture_url(1, 10, 1), fixture_url(1, 11, 2), fixture_url(1, 12, 3)};
    /* a new one on top, and two in the place of each other */
    const struct url_record now[] = {
        fixture_url(1, 9, 1), fixture_url(1, 10, 2), fixture_url(1, 11, 4),
        fixture_url(1, 12, 3)};
    static const int64_t lines[] = {1, 2, 4, 3};
    const struct url_record again = fixture_url(1, 10, 5);
    enum storage_added added[4];
    struct storage_counts counts;
    struct storage_gone gone;

    fixture_open(fix);
    assert_ok(storage_add_urls(fix->storage, before, 3, NOW, NULL));
    assert_ok(storage_begin_reading(fix->storage, 0));
    assert_ok(storage_add_urls(fix->storage, now, 4, NOW, added));
    assert_int_equal(added[0], STORAGE_ADDED);
    for (int i = 1; i < 4; i++)
        assert_int_equal(added[i], STORAGE_KEPT);
    /* the first line that names a URL keeps it */
    assert_ok(storage_add_urls(fix->storage, &again, 1, NOW, added));
    assert_int_equal(added[0], STORAGE_KNOWN);
    assert_ok(storage_end_reading(fix->storage, true, &gone));
    assert_int_equal(gone.nr_forgotten, 0);
    assert_ok(storage_count(fix->storage, &counts));
    assert_int_equal(counts.nr_urls, 4);
    assert_int_equal(counts.nr_lines, 4);
    expect_lines(fix, lines, 4);
}

static void storage_writes_nothing_for_a_list_that_is_as_it_was(void **state)
{
    struct fixture *fix = *state;
    struct url_record urls[] = {fixture_url(1, 10, 1), fixture_url(1, 11, 2)};
    enum storage_added added[2];
    struct storage_gone gone;

    fixture_open(fix);
    urls[1].listed = text("HTTP://HOST1.TEST/b");
    assert_ok(storage_add_urls(fix->storage, urls, 2, NOW, NULL));
    assert_ok(storage_commit(fix->storage));
    assert_ok(storage_begin_reading(fix->storage, 0));
    assert_ok(storage_add_urls(fix->storage, urls, 2, NOW, added));
    assert_int_equal(added[0], STORAGE_KEPT);
    assert_int_equal(added[1], STORAGE_KEPT);
    assert_ok(storage_end_reading(fix->storage, true, &gone));
    assert_int_equal(gone.nr_forgotten + gone.nr_closed, 0);
}

static void storage_adds_nothing_that_is_only_looked_up(void **state)
{
    struct fixture *fix = *state;
    struct url_record urls[] = {fixture_url(1, 10, 1), fixture_url(1, 11, 0),
                                fixture_url(2, 10, 0)};
    struct storage_counts counts;
    enum storage_added added[3];
    int64_t due_at;

    fixture_open(fix);
    assert_ok(storage_add_urls(fix->storage, urls, 1, NOW, NULL));
    urls[0].line = 0;
    for (int i = 0; i < 3; i++)
        urls[i].is_only_looked_up = true;
    assert_ok(storage_add_urls(fix->storage, urls, 3, NOW, added));
    assert_int_equal(added[0], STORAGE_KNOWN);
    assert_int_equal(added[1], STORAGE_ABSENT);
    assert_int_equal(added[2], STORAGE_ABSENT);
    assert_ok(storage_count(fix->storage, &counts));
    assert_int_equal(counts.nr_urls, 1);
    assert_int_equal(counts.nr_hosts, 1);
    assert_ok(storage_next_due(fix->storage, &due_at));
    assert_int_equal(due_at, NOW);
}

static void storage_counts_what_a_rule_refused(void **state)
{
    struct fixture *fix = *state;
    struct refusal_record refusal = {.host_id = 1,
                                     .rule = text("max-path-depth"),
                                     .nr_rows = 200,
                                     .nr_more = 5,
                                     .example = text("http://h/1")};
    int64_t nr_rows = -1;

    fixture_open(fix);
    assert_ok(storage_get_refused(fix->storage, 1, refusal.rule, &nr_rows));
    assert_int_equal(nr_rows, 0);
    assert_ok(storage_add_refused(fix->storage, &refusal));
    refusal.nr_rows = -1;
    assert_ok(storage_add_refused(fix->storage, &refusal));
    assert_ok(storage_commit(fix->storage));
    fixture_reopen(fix);
    assert_ok(storage_get_refused(fix->storage, 1, refusal.rule, &nr_rows));
    assert_int_equal(nr_rows, 199);
    assert_ok(
        storage_get_refused(fix->storage, 1, text("max-url-length"), &nr_rows));
    assert_int_equal(nr_rows, 0);
    assert_ok(storage_get_refused(fix->storage, 2, refusal.rule, &nr_rows));
    assert_int_equal(nr_rows, 0);
}

static void storage_takes_what_a_list_names_no_more_out_of_it(void **state)
{
    struct fixture *fix = *state;
    const struct url_record urls[] = {
        fixture_url(1, 10, 1), fixture_url(1, 11, 2), fixture_url(1, 12, 3)};
    struct page_record page = fixture_page(1, 10, "ok", 200);
    static const int64_t lines[] = {3};
    enum storage_added added;
    struct storage_counts counts;
    struct storage_gone gone;

    fixture_open(fix);
    assert_ok(storage_add_urls(fix->storage, urls, 3, NOW, NULL));
    assert_ok(storage_put_page(fix->storage, &page));
    assert_ok(storage_begin_reading(fix->storage, 0));
    assert_ok(storage_add_urls(fix->storage, &urls[2], 1, NOW, NULL));
    assert_ok(storage_end_reading(fix->storage, true, &gone));
    assert_int_equal(gone.nr_forgotten, 1); /* 11, which was never asked */
    assert_int_equal(gone.nr_closed, 0);
    assert_ok(storage_count(fix->storage, &counts));
    assert_int_equal(counts.nr_urls, 2);
    assert_int_equal(counts.nr_ended, 1);
    assert_int_equal(counts.nr_lines, 1);
    expect_lines(fix, lines, 1);
    /* a list names it again: its answer is there */
    assert_ok(storage_add_urls(fix->storage, &urls[0], 1, NOW, &added));
    assert_int_equal(added, STORAGE_ADOPTED);
    assert_ok(storage_count(fix->storage, &counts));
    assert_int_equal(counts.nr_lines, 2);
    assert_int_equal(counts.nr_ended, 1);
}

static void storage_leaves_a_url_to_another_list_that_names_it(void **state)
{
    struct fixture *fix = *state;
    const struct url_record url = fixture_url(1, 10, 1);
    struct line_record duplicate = {.text = text("http://host1.test/10"),
                                    .error = text("duplicate"),
                                    .same_as = {1, 10}};
    static int64_t lines[1];
    struct storage_counts counts;
    struct storage_gone gone;

    fixture_open(fix);
    assert_ok(storage_add_urls(fix->storage, &url, 1, NOW, NULL));
    duplicate.line = lines[0] = storage_line(1, 7);
    assert_ok(storage_put_line(fix->storage, &duplicate));
    assert_ok(storage_begin_reading(fix->storage, 0));
    assert_ok(storage_end_reading(fix->storage, true, &gone));
    assert_int_equal(gone.nr_forgotten, 0);
    assert_ok(storage_count(fix->storage, &counts));
    assert_int_equal(counts.nr_urls, 1);
    assert_int_equal(counts.nr_lines, 1);
    assert_int_equal(counts.nr_bad_lines, 0);
    expect_lines(fix, lines, 1);
}

static void storage_takes_no_line_for_a_duplicate_of_itself(void **state)
{
    struct fixture *fix = *state;
    struct url_record url = fixture_url(1, 10, 3);
    struct line_record line = {
        .line = 3, .error = text("duplicate"), .same_as = {1, 10}};
    struct storage_counts counts;

    fixture_open(fix);
    assert_ok(storage_add_urls(fix->storage, &url, 1, NOW, NULL));
    assert_ok(storage_put_line(fix->storage, &line));
    assert_ok(storage_count(fix->storage, &counts));
    assert_int_equal(counts.nr_bad_lines, 0);
    line.line = 4;
    assert_ok(storage_put_line(fix->storage, &line));
    assert_ok(storage_count(fix->storage, &counts));
    assert_int_equal(counts.nr_bad_lines, 1);
    assert_int_equal(counts.nr_lines, 2);
}

static void storage_keeps_equal_line_numbers_of_two_lists_apart(void **state)
{
    static const char *const names[] = {"a.txt", "b.txt"};
    struct fixture *fix = *state;
    struct storage_counts counts;

    fixture_open(fix);
    for (int i = 0; i < 2; i++) {
        struct storage_input input = {.name = names[i]};
        struct line_record bad = {.text = text("::"), .error = text("bad_url")};

        assert_int_equal(storage_get_input(fix->storage, &input),
                         CERR_NOT_FOUND);
        assert_int_equal(input.number, i);
        assert_ok(storage_put_input(fix->storage, &input));
        bad.line = storage_line(input.number, 4);
        assert_ok(storage_put_line(fix->storage, &bad));
        assert_ok(storage_put_line(fix->storage, &bad));
    }
    assert_ok(storage_count(fix->storage, &counts));
    assert_int_equal(counts.nr_bad_lines, 2);
    fixture_reopen(fix);
    for (int i = 0; i < 2; i++) {
        struct storage_input input = {.name = names[i]};

        assert_ok(storage_get_input(fix->storage, &input));
        assert_int_equal(input.number, i);
    }
}

/* What storage_lists_have_whole_paths_in_the_order_of_their_numbers saw. */
static enum err see_path(void *ctx, const struct storage_input *input)
{
    char *seen = ctx;

    snprintf(seen + strlen(seen), 600 - strlen(seen), "%d %s %s;",
             (int)input->number, input->name, input->path ? input->path : "-");
    return CERR_OK;
}

static void
storage_lists_have_whole_paths_in_the_order_of_their_numbers(void **state)
{
    struct fixture *fix = *state;
    char below[300], expected[600], seen[600] = "";
    struct storage_input pipe = {.name = "-"}, far = {.name = "b.txt"};
    struct storage_input near = {.name = "./a.txt"};

    fixture_open(fix);
    snprintf(below, sizeof(below), "%s/lists/a.txt", fix->folder);
    far.path = "/elsewhere/b.txt";
    near.path = below;
    struct storage_input *const inputs[] = {&pipe, &far, &near};
    for (int i = 0; i < 3; i++) {
        inputs[i]->number = i;
        assert_ok(storage_put_input(fix->storage, inputs[i]));
    }
    fixture_reopen(fix); /* in another folder, to which this one was moved */
    assert_ok(storage_each_input(fix->storage, see_path, seen));
    snprintf(expected, sizeof(expected),
             "0 - -;1 b.txt /elsewhere/b.txt;2 ./a.txt %s/lists/a.txt;",
             fix->folder);
    assert_string_equal(seen, expected);
}

static void storage_remembers_how_far_a_list_was_read(void **state)
{
    struct fixture *fix = *state;
    struct storage_input input = {.name = "urls.txt",
                                  .size_bytes = 100,
                                  .mtime_ns = 5,
                                  .offset_bytes = 60,
                                  .line = 3};
    struct storage_input read = {.name = "urls.txt"};

    fixture_open(fix);
    assert_int_equal(storage_get_input(fix->storage, &read), CERR_NOT_FOUND);
    assert_ok(storage_put_input(fix->storage, &input));
    input.offset_bytes = 100;
    input.line = 5;
    input.done = true;
    assert_ok(storage_put_input(fix->storage, &input));
    fixture_reopen(fix);
    assert_ok(storage_get_input(fix->storage, &read));
    assert_int_equal(read.size_bytes, 100);
    assert_int_equal(read.mtime_ns, 5);
    assert_int_equal(read.offset_bytes, 100);
    assert_int_equal(read.line, 5);
    assert_true(read.done);
}

/* ---- leases ---- */

static void storage_leases_a_host_to_one_holder_at_a_time(void **state)
{
    struct fixture *fix = *state;

    fixture_open(fix);
    fixture_add(fix, 3, 2);
    fixture_lease_hosts(fix, NOW, 2);
    assert_int_equal(fix->nr_hosts, 2);
    fixture_lease_hosts(fix, NOW, 10);
    assert_int_equal(fix->nr_hosts, 1);
    fixture_lease_hosts(fix, NOW, 10);
    assert_int_equal(fix->nr_hosts, 0);
}

static void storage_leases_again_when_the_lease_has_ended(void **state)
{
    struct fixture *fix = *state;
    struct host_record first;

    fixture_open(fix);
    fixture_add(fix, 1, 1);
    fixture_lease_hosts(fix, NOW, 1);
    first = fix->hosts[0];
    assert_string_equal(fix->host_key[0], "http://h1:80");
    fixture_lease_hosts(fix, NOW + STORAGE_LEASE_MS - 1, 1);
    assert_int_equal(fix->nr_hosts, 0);
    fixture_lease_hosts(fix, NOW + STORAGE_LEASE_MS, 1);
    assert_int_equal(fix->nr_hosts, 1);
    assert_int_equal(fix->hosts[0].token, first.token + 1);
    /* whoever held it before is refused */
    assert_int_equal(storage_put_host(fix->storage, &first), CERR_NOT_FOUND);
    assert_int_equal(storage_release_host(fix->storage, &first),
                     CERR_NOT_FOUND);
    assert_int_equal(
        storage_renew_host(fix->storage, first.host_id, first.token, NOW),
        CERR_NOT_FOUND);
}

static void storage_renews_a_lease(void **state)
{
    struct fixture *fix = *state;

    fixture_open(fix);
    fixture_add(fix, 1, 1);
    fixture_lease_hosts(fix, NOW, 1);
    assert_ok(
        storage_renew_host(fix->storage, 1, fix->hosts[0].token, NOW + 100));
    fixture_lease_hosts(fix, NOW + STORAGE_LEASE_MS + 99, 1);
    assert_int_equal(fix->nr_hosts, 0);
    fixture_lease_hosts(fix, NOW + STORAGE_LEASE_MS + 100, 1);
    assert_int_equal(fix->nr_hosts, 1);
}

static void storage_keeps_what_is_known_of_a_host(void **state)
{
    struct fixture *fix = *state;
    struct host_record host;

    fixture_open(fix);
    fixture_add(fix, 1, 1);
    fixture_lease_hosts(fix, NOW, 1);
    host = fix->hosts[0];
    host.delay_ms = 250;
    host.not_before = NOW + 5000;
    host.nr_errors = 2;
    host.robots_status = 200;
    host.robots_at = NOW;
    host.robots_until = NOW + 1000;
    host.robots = text("User-agent: *\nDisallow: /x\n");
    assert_ok(storage_put_host(fix->storage, &host));
    host.robots = text("not read: same time of fetch");
    host.due_at = NOW + 5000;
    assert_ok(storage_release_host(fix->storage, &host));
    fixture_reopen(fix);
    fixture_lease_hosts(fix, NOW + 4999, 1);
    assert_int_equal(fix->nr_hosts, 0);
    fixture_lease_hosts(fix, NOW + 5000, 1);
    assert_int_equal(fix->nr_hosts, 1);
    assert_int_equal(fix->hosts[0].delay_ms, 250);
    assert_int_equal(fix->hosts[0].not_before, NOW + 5000);
    assert_int_equal(fix->hosts[0].nr_errors, 2);
    assert_int_equal(fix->hosts[0].robots_status, 200);
    assert_int_equal(fix->hosts[0].robots_at, NOW);
    assert_int_equal(fix->hosts[0].robots_until, NOW + 1000);
    assert_string_equal(fix->robots[0], "User-agent: *\nDisallow: /x\n");
}

static void storage_holds_failures_against_a_host_within_one_run(void **state)
{
    struct fixture *fix = *state;
    struct host_record host = {.host_id = 1, .nr_errors = 20};

    fixture_open(fix);
    fixture_add(fix, 1, 1);
    fixture_lease_hosts(fix, NOW, 1);
    host.key = text("http://h1:80");
    host.token = fix->hosts[0].token;
    host.due_at = NOW;
    fixture_end(fix, 1, 1, "error", 0);
    assert_ok(storage_put_host(fix->storage, &host));
    fixture_close(fix, "done");
    fix->options.refetch = STORAGE_REFETCH_ALL;
    fixture_open(fix);
    fixture_lease_hosts(fix, NOW + 1000, 1);
    assert_int_equal(fix->nr_hosts, 1);
    assert_int_equal(fix->hosts[0].nr_errors, 0);
}

static void storage_frees_the_hosts_of_a_dead_process(void **state)
{
    struct fixture *fix = *state;
    int64_t token;

    fixture_open(fix);
    fixture_add(fix, 1, 1);
    fixture_lease_hosts(fix, NOW, 1);
    token = fix->hosts[0].token;
    assert_ok(storage_put_tries(fix->storage, (struct url_key){1, 1}, 1));
    fixture_reopen(fix);
    assert_int_equal(storage_state(fix->storage), STORAGE_UNFINISHED);
    fixture_lease_hosts(fix, NOW, 1);
    assert_int_equal(fix->nr_hosts, 1);
    assert_int_equal(fix->hosts[0].token, token + 1);
    fixture_refill_urls(fix, 1, 10);
    assert_int_equal(fix->urls[0].tries, 1);
}

static void
storage_keeps_what_was_left_of_a_wait_when_the_clock_was_set_back(void **state)
{
    struct fixture *fix = *state;
    int64_t tomorrow = NOW + 86400000;

    fixture_open(fix);
    fixture_add(fix, 1, 1);
    fixture_lease_hosts(fix, NOW, 1);
    fix->hosts[0].not_before = tomorrow + 5000;
    fix->hosts[0].due_at = tomorrow + 5000;
    assert_ok(storage_release_host(fix->storage, &fix->hosts[0]));
    assert_ok(storage_close(fix->storage, "interrupted", NULL, tomorrow));
    fix->storage = NULL;
    fixture_open(fix);
    fixture_lease_hosts(fix, NOW + 4999, 1);
    assert_int_equal(fix->nr_hosts, 0);
    fixture_lease_hosts(fix, NOW + 5000, 1);
    assert_int_equal(fix->nr_hosts, 1);
    assert_int_equal(fix->hosts[0].not_before, NOW + 5000);
}

static void storage_leases_one_host_by_its_key(void **state)
{
    struct fixture *fix = *state;
    struct storage_taker taker = fixture_taker(fix);
    struct bytes key = text("http://h9:80");

    fixture_open(fix);
    fix->nr_hosts = 0;
    assert_ok(storage_lease_host(fix->storage, 9, key, NOW, &taker));
    assert_int_equal(fix->nr_hosts, 1);
    assert_int_equal(fix->hosts[0].host_id, 9);
    assert_false(fix->hosts[0].listed);
    assert_string_equal(fix->host_key[0], "http://h9:80");
    assert_int_equal(storage_lease_host(fix->storage, 9, key, NOW, &taker),
                     CERR_BUSY);
    fix->hosts[0].due_at = STORAGE_HOST_IDLE;
    assert_ok(storage_release_host(fix->storage, &fix->hosts[0]));
    assert_ok(storage_lease_host(fix->storage, 9, key, NOW, &taker));
}

static void storage_wakes_an_idle_host_for_a_new_url(void **state)
{
    struct fixture *fix = *state;
    struct url_record url = fixture_url(1, 99, 0);
    int64_t due_at;

    fixture_open(fix);
    assert_ok(storage_next_due(fix->storage, &due_at));
    assert_true(due_at == STORAGE_HOST_IDLE);
    fixture_add(fix, 1, 1);
    fixture_lease_hosts(fix, NOW, 1);
    fixture_end(fix, 1, 1, "ok", 200);
    fix->hosts[0].due_at = STORAGE_HOST_IDLE;
    assert_ok(storage_release_host(fix->storage, &fix->hosts[0]));
    assert_ok(storage_next_due(fix->storage, &due_at));
    assert_true(due_at == STORAGE_HOST_IDLE);
    assert_ok(storage_add_urls(fix->storage, &url, 1, NOW + 7, NULL));
    assert_ok(storage_next_due(fix->storage, &due_at));
    assert_int_equal(due_at, NOW + 7);
}

static void storage_does_not_wake_a_host_before_its_time(void **state)
{
    struct fixture *fix = *state;
    struct url_record url = fixture_url(1, 99, 0);
    int64_t due_at;

    fixture_open(fix);
    fixture_add(fix, 1, 1);
    fixture_lease_hosts(fix, NOW, 1);
    fix->hosts[0].due_at = NOW + 9000;
    assert_ok(storage_release_host(fix->storage, &fix->hosts[0]));
    assert_ok(storage_add_urls(fix->storage, &url, 1, NOW, NULL));
    assert_ok(storage_next_due(fix->storage, &due_at));
    assert_int_equal(due_at, NOW + 9000);
}

static void
storage_sweeps_up_hosts_that_were_put_to_sleep_too_early(void **state)
{
    struct fixture *fix = *state;
    size_t nr_woken;

    fixture_open(fix);
    fixture_add(fix, 2, 1);
    fixture_lease_hosts(fix, NOW, 2);
    fixture_end(fix, 1, 1, "ok", 200);
    for (int i = 0; i < 2; i++) {
        fix->hosts[i].due_at = STORAGE_HOST_IDLE;
        assert_ok(storage_release_host(fix->storage, &fix->hosts[i]));
    }
    assert_ok(storage_sweep(fix->storage, NOW + 1, &nr_woken));
    assert_int_equal(nr_woken, 1);
    fixture_lease_hosts(fix, NOW + 1, 10);
    assert_int_equal(fix->nr_hosts, 1);
    assert_int_equal(fix->hosts[0].host_id, 2);
    assert_ok(storage_sweep(fix->storage, NOW + 1, &nr_woken));
    assert_int_equal(nr_woken, 0);
}

/* ---- refills ---- */

static void add_urls_of_all_kinds(struct fixture *fix)
{
    static const struct {
        int64_t hash;
        enum url_kind kind;
        int depth;
    } rows[] = {{-9, URL_FOUND, 2},
                {-7, URL_BULK, 0},
                {3, URL_BULK, 0},
                {4, URL_FOUND, 1},
                {5, URL_LISTED, 0}};
    struct url_record urls[5];

    for (int i = 0; i < 5; i++) {
        urls[i] = fixture_url(1, rows[i].hash, i + 1);
        urls[i].kind = rows[i].kind;
        urls[i].depth = rows[i].depth;
    }
    assert_ok(storage_add_urls(fix->storage, urls, 5, NOW, NULL));
}

static void storage_hands_out_bulk_urls_then_the_nearest_first(void **state)
{
    static const int64_t order[] = {-7, 3, 5, 4, -9};
    struct fixture *fix = *state;

    fixture_open(fix);
    add_urls_of_all_kinds(fix);
    fixture_refill_urls(fix, 1, 3);
    assert_int_equal(fix->nr_urls, 3);
    fixture_refill_urls(fix, 1, 10);
    assert_int_equal(fix->nr_urls, 5);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(fix->urls[i].key.url_hash, order[i]);
}

/* The database keeps one number of them, and the line. */
static void storage_gives_back_kind_depth_and_hops(void **state)
{
    static const struct {
        enum url_kind kind;
        int depth, nr_hops;
        int64_t line;
    } rows[] = {{URL_BULK, 0, 0, 1},    {URL_LISTED, 0, 0, 2},
                {URL_SITEMAP, 2, 0, 0}, {URL_FOUND, 0, 1, 0},
                {URL_FOUND, 1, 0, 0},   {URL_FOUND, 3, 20, 0}};
    struct fixture *fix = *state;
    struct url_record urls[6];

    fixture_open(fix);
    for (int i = 0; i < 6; i++) {
        urls[i] = fixture_url(1, i, rows[i].line);
        urls[i].kind = rows[i].kind;
        urls[i].depth = rows[i].depth;
        urls[i].nr_hops = rows[i].nr_hops;
    }
    assert_ok(storage_add_urls(fix->storage, urls, 6, NOW, NULL));
    fixture_refill_urls(fix, 1, 10);
    assert_int_equal(fix->nr_urls, 6);
    for (int i = 0; i < 6; i++) {
        assert_int_equal(fix->urls[i].key.url_hash, i);
        assert_int_equal(fix->urls[i].kind, rows[i].kind);
        assert_int_equal(fix->urls[i].depth, rows[i].depth);
        assert_int_equal(fix->urls[i].nr_hops, rows[i].nr_hops);
    }
}

static void storage_hands_out_what_lies_behind_the_place(void **state)
{
    struct fixture *fix = *state;
    struct storage_taker taker = fixture_taker(fix);
    struct url_place place = URL_PLACE_FIRST;

    fixture_open(fix);
    add_urls_of_all_kinds(fix);
    place.walk = (struct hash_range){3, INT64_MAX};
    url_place_pass(&place, 5, URL_LISTED, 0, 0);
    assert_ok(storage_refill_urls(fix->storage, 1, &place, 10, &taker));
    assert_int_equal(fix->nr_urls, 3);
    assert_int_equal(fix->urls[0].key.url_hash, 3);
    assert_int_equal(fix->urls[1].key.url_hash, 4);
    assert_int_equal(fix->urls[2].key.url_hash, -9);
}

static void assert_range(struct hash_range range, int64_t from, int64_t to)
{
    assert_int_equal(range.from, from);
    assert_int_equal(range.to, to);
}

static void storage_knows_where_bulk_urls_were_added(void **state)
{
    struct fixture *fix = *state;
    struct url_record before = fixture_url(1, -3, 9);
    struct url_record behind = fixture_url(1, 8, 10);

    fixture_open(fix);
    fixture_add(fix, 1, 2);
    fixture_lease_hosts(fix, NOW, 1);
    assert_range(fix->hosts[0].walk, 1, 2);
    fix->hosts[0].walk = HASH_RANGE_NONE;
    fix->hosts[0].due_at = NOW;
    assert_ok(storage_release_host(fix->storage, &fix->hosts[0]));
    assert_ok(storage_add_urls(fix->storage, &before, 1, NOW, NULL));
    fixture_lease_hosts(fix, NOW, 1);
    assert_range(fix->hosts[0].walk, -3, -3);
    /* while it is leased */
    assert_ok(storage_add_urls(fix->storage, &behind, 1, NOW, NULL));
    fixture_reopen(fix);
    fixture_lease_hosts(fix, NOW, 1);
    assert_range(fix->hosts[0].walk, -3, 8);
}

static void storage_walks_within_a_range_alone(void **state)
{
    struct fixture *fix = *state;
    struct storage_taker taker = fixture_taker(fix);
    struct url_place place = URL_PLACE_FIRST;

    fixture_open(fix);
    fixture_add(fix, 1, 9);
    fixture_lease_hosts(fix, NOW, 1);
    place.walk = (struct hash_range){4, 6};
    assert_ok(storage_refill_urls(fix->storage, 1, &place, 10, &taker));
    assert_int_equal(fix->nr_urls, 3);
    assert_int_equal(fix->urls[0].key.url_hash, 4);
    assert_int_equal(fix->urls[2].key.url_hash, 6);
}

static void storage_brings_forward_what_is_still_to_do(void **state)
{
    struct fixture *fix = *state;
    struct url_record urls[2] = {fixture_url(1, 1, 0), fixture_url(1, 2, 0)};
    bool is_moved = false;

    urls[0].depth = urls[1].depth = 4;
    urls[0].kind = urls[1].kind = URL_FOUND;
    fixture_open(fix);
    assert_ok(storage_add_urls(fix->storage, urls, 2, NOW, NULL));
    assert_ok(
        storage_bring_forward(fix->storage, urls[1].key, 3, 1, &is_moved));
    assert_true(is_moved);
    assert_ok(
        storage_bring_forward(fix->storage, urls[0].key, 5, 0, &is_moved));
    assert_false(is_moved);
    assert_ok(storage_bring_forward(fix->storage, (struct url_key){9, 9}, 0, 0,
                                    &is_moved));
    assert_false(is_moved);
    fixture_refill_urls(fix, 1, 10);
    assert_int_equal(fix->nr_urls, 2);
    assert_int_equal(fix->urls[0].key.url_hash, 2);
    assert_int_equal(fix->urls[0].depth, 3);
    assert_int_equal(fix->urls[0].kind, URL_FOUND);
    assert_int_equal(fix->urls[0].nr_hops, 1);
    assert_int_equal(fix->urls[1].depth, 4);
    assert_int_equal(fix->urls[1].nr_hops, 0);
}

static enum err refuse_url(void *ctx, const struct stored_url *url)
{
    (void)url;
    ++*(int *)ctx;
    return CERR_AGAIN;
}

static void storage_ends_a_refill_when_the_callback_says_so(void **state)
{
    struct fixture *fix = *state;
    int nr_calls = 0;
    struct storage_taker taker = {.on_url = refuse_url, .ctx = &nr_calls};

    fixture_open(fix);
    fixture_add(fix, 1, 3);
    assert_int_equal(
        storage_refill_urls(fix->storage, 1, &URL_PLACE_FIRST, 10, &taker),
        CERR_AGAIN);
    assert_int_equal(nr_calls, 1);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, fixture_new, fixture_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(storage_says_new_at_first),
        TEST(storage_adds_each_url_once),
        TEST(storage_adopts_a_discovered_url_that_the_list_names),
        TEST(storage_counts_lines_without_a_url),
        TEST(storage_keeps_a_line_as_its_list_has_it_now),
        TEST(storage_gives_a_moved_line_its_new_number),
        TEST(storage_writes_nothing_for_a_list_that_is_as_it_was),
        TEST(storage_adds_nothing_that_is_only_looked_up),
        TEST(storage_counts_what_a_rule_refused),
        TEST(storage_takes_what_a_list_names_no_more_out_of_it),
        TEST(storage_leaves_a_url_to_another_list_that_names_it),
        TEST(storage_holds_failures_against_a_host_within_one_run),
        TEST(storage_takes_no_line_for_a_duplicate_of_itself),
        TEST(storage_keeps_equal_line_numbers_of_two_lists_apart),
        TEST(storage_lists_have_whole_paths_in_the_order_of_their_numbers),
        TEST(storage_remembers_how_far_a_list_was_read),
        TEST(storage_leases_a_host_to_one_holder_at_a_time),
        TEST(storage_leases_again_when_the_lease_has_ended),
        TEST(storage_renews_a_lease),
        TEST(storage_keeps_what_is_known_of_a_host),
        TEST(storage_frees_the_hosts_of_a_dead_process),
        TEST(storage_keeps_what_was_left_of_a_wait_when_the_clock_was_set_back),
        TEST(storage_leases_one_host_by_its_key),
        TEST(storage_wakes_an_idle_host_for_a_new_url),
        TEST(storage_does_not_wake_a_host_before_its_time),
        TEST(storage_sweeps_up_hosts_that_were_put_to_sleep_too_early),
        TEST(storage_hands_out_bulk_urls_then_the_nearest_first),
        TEST(storage_gives_back_kind_depth_and_hops),
        TEST(storage_hands_out_what_lies_behind_the_place),
        TEST(storage_knows_where_bulk_urls_were_added),
        TEST(storage_walks_within_a_range_alone),
        TEST(storage_brings_forward_what_is_still_to_do),
        TEST(storage_ends_a_refill_when_the_callback_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
