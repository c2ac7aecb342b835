/*
 * How a transfer ends when the C library fails it for want of memory: with
 * lookup_double.c behind our getaddrinfo(), so it is shown too that libcurl
 * comes by there.
 */
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <curl/curl.h>

#include "crawler/content/scan.h"
#include "crawler/fetch/fetch_internal.h"
#include "crawler/fetch/lookup.h"
#include "tests/integration/lookup_double.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/scripted_server.h"

#define TURNS_MAX 1000

static bool refuses;  /* memory to read a page, once */
static bool may_pass; /* the last fetch has PAGE_MAY_PASS */
static const char *proxy;

/* The linker puts these two in the place of one (--wrap). */
enum err __real_scan_page(struct scan *scan, const struct scan_input *input,
                          struct page *page);
enum err __wrap_scan_page(struct scan *scan, const struct scan_input *input,
                          struct page *page);

enum err __wrap_scan_page(struct scan *scan, const struct scan_input *input,
                          struct page *page)
{
    bool refused = refuses;

    refuses = false;
    return refused ? CERR_NOMEM : __real_scan_page(scan, input, page);
}

/* How the fetch of http://HOST:PORT/ ends. */
static enum error fetch(const char *host, unsigned port)
{
    const struct fetch_options options = {
        .max_transfers = 1, .proxies = {.http = proxy, .https = proxy}};
    struct transfers *transfers;
    struct transfer *done = NULL;
    char url[100];
    const struct job job = {
        .url = url,
        .url_len =
            (size_t)snprintf(url, sizeof(url), "http://%s:%u/", host, port),
        .flags = JOB_PRIVATE_OK | JOB_HEAD_SCAN,
    };
    enum error error;

    assert_int_equal(transfers_open(&transfers, &options), CERR_OK);
    assert_int_equal(transfers_start(transfers, 1, &job), CERR_OK);
    for (int i = 0; i < TURNS_MAX && !done; i++) {
        assert_int_equal(transfers_turn(transfers, 1000), CERR_OK);
        done = transfers_next_done(transfers);
    }
    assert_non_null(done);
    error = transfer_page(done)->error;
    may_pass = (transfer_page(done)->flags & PAGE_MAY_PASS) != 0;
    transfer_recycle(done);
    transfers_close(transfers);
    return error;
}

static void lookup_tells_a_missing_name_from_our_own_failure(void **state)
{
    static const struct {
        const char *host;
        enum error error;
        int nr_calls;
    } rows[] = {
        {"missing.test", ERROR_DNS, 1},
        {"memory.test", ERROR_INTERNAL, 1},
        {"unsaid.test", ERROR_INTERNAL, 1},
        {"descriptors.test", ERROR_INTERNAL, 1},
        {"never.test", ERROR_DNS, 2},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint64_t before = lookup_nr_exhausted();
        int calls_before = lookup_double_nr_calls();

        assert_int_equal(fetch(rows[i].host, 80), rows[i].error);
        assert_int_equal(lookup_nr_exhausted() - before,
                         rows[i].error == ERROR_INTERNAL);
        assert_int_equal(lookup_double_nr_calls() - calls_before,
                         rows[i].nr_calls);
        /* asked again, in vain: no name server could tell */
        assert_int_equal(may_pass, rows[i].nr_calls == 2);
    }
}

static void lookup_asks_again_where_the_answer_is_to_try_again(void **state)
{
    static const struct scripted_answer answers[] = {
        {"/",
         {{.op = SCRIPTED_SEND,
           .text = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"}}},
    };
    struct scripted_server *server =
        scripted_start(SCRIPTED_PLAIN, answers, NR(answers));

    (void)state;
    assert_int_equal(fetch("again.test", scripted_port(server)), ERROR_NONE);
    scripted_stop(server);
}

static void a_proxy_without_a_name_server_may_come_back(void **state)
{
    (void)state;
    proxy = "never.test:3128";
    assert_int_equal(fetch("known.test", 80), ERROR_DNS);
    assert_true(may_pass);
    proxy = "http://missing.test:3128";
    assert_int_equal(fetch("never.test", 80), ERROR_DNS);
    assert_false(may_pass);
    proxy = NULL;
}

static void lookup_remembers_only_the_last_answer(void **state)
{
    struct addrinfo *found = NULL;

    (void)state;
    for (int round = 0; round < 2; round++) {
        assert_int_equal(getaddrinfo("later.test", NULL, NULL, &found),
                         EAI_AGAIN);
        assert_true(lookup_may_pass("later.test", 10));
        assert_false(lookup_may_pass("later.tes", 9));
        assert_int_equal(getaddrinfo("later.test", NULL, NULL, &found),
                         EAI_NONAME);
        assert_false(lookup_may_pass("later.test", 10));
    }
}

static void page_that_cannot_be_read_is_our_own_failure(void **state)
{
    static const struct scripted_answer answers[] = {
        {"/",
         {{.op = SCRIPTED_SEND,
           .text = "HTTP/1.1 200 OK\r\nConnection: close\r\n"
                   "Content-Type: text/html\r\n\r\n<title>here</title>"}}},
    };
    struct scripted_server *server =
        scripted_start(SCRIPTED_PLAIN, answers, NR(answers));

    (void)state;
    refuses = true;
    assert_int_equal(fetch("127.0.0.1", scripted_port(server)), ERROR_INTERNAL);
    assert_int_equal(fetch("127.0.0.1", scripted_port(server)), ERROR_NONE);
    scripted_stop(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lookup_tells_a_missing_name_from_our_own_failure),
        cmocka_unit_test(lookup_asks_again_where_the_answer_is_to_try_again),
        cmocka_unit_test(a_proxy_without_a_name_server_may_come_back),
        cmocka_unit_test(lookup_remembers_only_the_last_answer),
        cmocka_unit_test(page_that_cannot_be_read_is_our_own_failure),
    };

    signal(SIGPIPE, SIG_IGN); /* as a worker does */
    curl_global_init(CURL_GLOBAL_DEFAULT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
