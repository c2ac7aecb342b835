/* How a transfer ends whose page cannot be read for want of memory. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <curl/curl.h>

#include "crawler/content/scan.h"
#include "crawler/fetch/fetch_internal.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/scripted_server.h"

#define TURNS_MAX 1000

static bool refuses; /* memory to read a page, once */

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
    const struct fetch_options options = {.max_transfers = 1};
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
    transfer_recycle(done);
    transfers_close(transfers);
    return error;
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
        cmocka_unit_test(page_that_cannot_be_read_is_our_own_failure),
    };

    signal(SIGPIPE, SIG_IGN); /* as a worker does */
    curl_global_init(CURL_GLOBAL_DEFAULT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
