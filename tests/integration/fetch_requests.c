/*
 * What a transfer sends, whom it asks, and how it ends, against a scripted
 * server: conditions, credentials, raw bytes for archives, caps of robots.txt
 * and sitemaps, the guard, cancels, names that are looked up.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <curl/curl.h>

#include "crawler/fetch/fetch_internal.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/scripted_server.h"

#define SAY(words)                                                             \
    {                                                                          \
        .op = SCRIPTED_SEND, .text = (words)                                   \
    }
#define NEXT                                                                   \
    {                                                                          \
        .op = SCRIPTED_NEXT                                                    \
    }

static const struct scripted_answer answers[] = {
    {"/page",
     {SAY("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n"
          "ETag: \"v1\"\r\n\r\npage"),
      NEXT}},
    {"/304", {SAY("HTTP/1.1 304 Not Modified\r\nETag: \"v1\"\r\n\r\n"), NEXT}},
    {"/404",
     {SAY("HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\n"
          "Content-Length: 21\r\n\r\n<title>gone</title>\r\n"),
      NEXT}},
    {"/chunks",
     {SAY("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
          "2\r\npa\r\n2\r\nge\r\n0\r\n\r\n"),
      NEXT}},
    {"/long",
     {SAY("HTTP/1.1 200 OK\r\n\r\n"),
      {.op = SCRIPTED_SEND, .text = "0123456789", .times = 1000}}},
    {"/excess",
     {SAY("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npage"
          "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"),
      NEXT}},
    {"/http2", {SAY("HTTP/2 200 OK\r\nContent-Length: 1\r\n\r\n2"), NEXT}},
    {"/first",
     {{.op = SCRIPTED_WAIT, .ms = 200},
      SAY("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst"),
      NEXT}},
    {"/slow", {{.op = SCRIPTED_WAIT, .ms = 30000}}},
    {"/links",
     {SAY("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
          "X-Robots-Tag: noarchive\r\nConnection: close\r\n\r\n"
          "<html lang=en><title> A  page</title>"
          "<meta name=robots content=nofollow>"
          "<link rel=canonical href=/canonical>"
          "<a href=/a rel=nofollow>A</a> <a href='b?x=1#f'>B</a>"
          "<a href=mailto:c@d>C</a>")}},
    {"/latin1",
     {SAY("HTTP/1.1 200 OK\r\nContent-Type: text/html; "
          "charset=iso-8859-1\r\nConnection: close\r\n\r\n"
          "<title>\xe4\xf6\xfc</title>")}},
};

static struct scripted_server *server;
static const char *scheme;
static struct transfers *transfers;
static char auth_path[] = "/tmp/fetch-auth-XXXXXX";

static void open_transfers(const struct fetch_options *options)
{
    transfers_close(transfers);
    transfers = NULL;
    assert_int_equal(transfers_open(&transfers, options), CERR_OK);
}

static int set_up(void **state)
{
    struct fetch_options options = {.max_transfers = 4};

    (void)state;
    server = scripted_start(SCRIPTED_PLAIN, answers, NR(answers));
    scheme = "http";
    open_transfers(&options);
    return 0;
}

static void use_tls(void)
{
    struct fetch_options options = {.max_transfers = 4, .insecure = true};

    scripted_stop(server);
    server = scripted_start(SCRIPTED_TLS, answers, NR(answers));
    scheme = "https";
    open_transfers(&options);
}

static int tear_down(void **state)
{
    (void)state;
    transfers_close(transfers);
    transfers = NULL;
    scripted_stop(server);
    return 0;
}

static const char *url_of(const char *host, const char *path)
{
    static char url[200];

    snprintf(url, sizeof(url), "%s://%s:%u%s", scheme, host,
             scripted_port(server), path);
    return url;
}

static void start(uint64_t id, struct job *job, const char *url)
{
    job->url = url;
    job->url_len = strlen(url);
    assert_int_equal(transfers_start(transfers, id, job), CERR_OK);
}

static struct transfer *wait_for_one(void)
{
    struct transfer *transfer = transfers_next_done(transfers);

    while (!transfer) {
        assert_int_equal(transfers_turn(transfers, 1000), CERR_OK);
        transfer = transfers_next_done(transfers);
    }
    return transfer;
}

/* Fetches one and lends its page until the next. */
static struct page *fetch(struct job job, const char *url)
{
    static struct transfer *last;
    static struct transfers *last_set;

    if (last && last_set == transfers && transfers_busy(transfers) > 0)
        transfer_recycle(last);
    start(1, &job, url);
    last = wait_for_one();
    last_set = transfers;
    return transfer_page(last);
}

static bool is(struct bytes text, const char *wanted)
{
    return text.len == strlen(wanted) &&
           memcmp(text.data, wanted, text.len) == 0;
}

static bool last_request_has(const char *words)
{
    char request[4096];

    scripted_last_request(server, request, sizeof(request));
    return strstr(request, words) != NULL;
}

/* ---- requests ---- */

static void fetch_sends_an_honest_request(void **state)
{
    struct page *page = fetch((struct job){.flags = JOB_PRIVATE_OK},
                              url_of("127.0.0.1", "/page"));

    (void)state;
    assert_int_equal(page->outcome, OUTCOME_OK);
    assert_int_equal(page->http_version, 11);
    assert_true(is(page->ip, "127.0.0.1"));
    assert_true(is(page->etag, "\"v1\""));
    assert_true(last_request_has("GET /page HTTP/1.1\r\n"));
    assert_true(
        last_request_has("Accept-Encoding: gzip, deflate, br, zstd\r\n"));
    assert_true(last_request_has("User-Agent: crawl/"));
    assert_false(last_request_has("Authorization"));
    assert_false(last_request_has("If-None-Match"));
}

static void fetch_asks_conditionally(void **state)
{
    struct job job = {.flags = JOB_PRIVATE_OK,
                      .etag = "\"v1\"",
                      .etag_len = 4,
                      .last_modified = "Mon, 01 Jan 2024 00:00:00 GMT",
                      .last_modified_len = 29};
    struct page *page = fetch(job, url_of("127.0.0.1", "/304"));

    (void)state;
    assert_int_equal(page->error, ERROR_NONE);
    assert_int_equal(page->outcome, OUTCOME_OK);
    assert_int_equal(page->status, 304);
    assert_true(page->flags & PAGE_NOT_MODIFIED);
    assert_true(last_request_has("If-None-Match: \"v1\"\r\n"));
    assert_true(last_request_has("If-Modified-Since: Mon, 01 Jan 2024 "
                                 "00:00:00 GMT\r\n"));
    /* the same handle again, without a condition */
    page = fetch((struct job){.flags = JOB_PRIVATE_OK},
                 url_of("127.0.0.1", "/page"));
    assert_int_equal(page->outcome, OUTCOME_OK);
    assert_false(last_request_has("If-None-Match"));
    assert_true(last_request_has("Accept-Encoding: gzip"));
}

static void fetch_drops_validators_that_break_their_line(void **state)
{
    struct job job = {
        .flags = JOB_PRIVATE_OK, .etag = "\"a\"\r\nX-Evil: 1", .etag_len = 15};

    (void)state;
    fetch(job, url_of("127.0.0.1", "/page"));
    assert_false(last_request_has("X-Evil"));
    assert_false(last_request_has("If-None-Match"));
}

static void fetch_sends_credentials_only_where_they_belong(void **state)
{
    struct fetch_options options = {.max_transfers = 4, .auth_file = auth_path};
    struct job job = {.flags = JOB_PRIVATE_OK};
    int fd = mkstemp(auth_path);

    (void)state;
    assert_int_equal(write(fd, "127.0.0.1 user:pass\n", 20), 20);
    close(fd);
    open_transfers(&options);
    unlink(auth_path);
    fetch(job, url_of("127.0.0.1", "/page"));
    assert_false(last_request_has("Authorization"));
    job.flags |= JOB_LISTED_AUTH;
    fetch(job, url_of("127.0.0.1", "/page"));
    assert_true(last_request_has("Authorization: Basic dXNlcjpwYXNz\r\n"));
    fetch(job, url_of("localhost", "/page"));
    assert_false(last_request_has("Authorization"));
}

static void fetch_sends_the_users_headers_in_place_of_ours(void **state)
{
    static const char *const headers[] = {"X-Own: yes", "Accept-Encoding: br"};
    struct fetch_options options = {.headers = headers,
                                    .nr_headers = NR(headers),
                                    .user_agent = "tester/2.0"};

    (void)state;
    open_transfers(&options);
    fetch((struct job){.flags = JOB_PRIVATE_OK}, url_of("127.0.0.1", "/page"));
    assert_true(last_request_has("X-Own: yes\r\n"));
    assert_true(last_request_has("Accept-Encoding: br\r\n"));
    assert_false(last_request_has("gzip"));
    assert_true(last_request_has("User-Agent: tester/2.0\r\n"));
}

/* ---- answers ---- */

static void fetch_keeps_raw_bytes_for_archives(void **state)
{
    struct job job = {.flags = JOB_PRIVATE_OK | JOB_RAW | JOB_BODY};
    struct page *page = fetch(job, url_of("127.0.0.1", "/chunks"));

    (void)state;
    assert_true(is(page->body, "page"));
    assert_int_equal(page->wire_bytes, 4);
    assert_true(is(page->raw_head,
                   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"));
    assert_true(is(page->raw_body, "2\r\npa\r\n2\r\nge\r\n0\r\n\r\n"));
    assert_true(page->raw_request.len > 30);
    assert_memory_equal(page->raw_request.data, "GET /chunks HTTP/1.1\r\n", 22);
    assert_memory_equal((const char *)page->raw_request.data +
                            page->raw_request.len - 4,
                        "\r\n\r\n", 4);
    page = fetch((struct job){.flags = JOB_PRIVATE_OK},
                 url_of("127.0.0.1", "/chunks"));
    assert_int_equal(page->raw_body.len, 0);
    assert_int_equal(page->body.len, 0);
    assert_int_equal(page->body_bytes, 4);
}

static void fetch_cuts_robots_and_sitemaps_without_an_error(void **state)
{
    struct fetch_options options = {.max_robots_bytes = 100,
                                    .max_sitemap_bytes = 200,
                                    .max_body_bytes = 300};
    struct page *page;

    (void)state;
    open_transfers(&options);
    page = fetch((struct job){.flags = JOB_PRIVATE_OK | JOB_ROBOTS},
                 url_of("127.0.0.1", "/long"));
    assert_int_equal(page->outcome, OUTCOME_OK);
    assert_int_equal(page->body.len, 100);
    assert_true(page->flags & PAGE_BODY_CUT);
    page = fetch((struct job){.flags = JOB_PRIVATE_OK | JOB_SITEMAP},
                 url_of("127.0.0.1", "/long"));
    assert_int_equal(page->outcome, OUTCOME_OK);
    assert_int_equal(page->body_bytes, 200);
    assert_int_equal(page->body.len, 0);
    page = fetch((struct job){.flags = JOB_PRIVATE_OK | JOB_BODY},
                 url_of("127.0.0.1", "/long"));
    assert_int_equal(page->error, ERROR_TOO_LARGE);
    assert_int_equal(page->body.len, 300);
    assert_true(page->flags & PAGE_BODY_CUT);
}

static void fetch_scans_pages_and_error_pages(void **state)
{
    struct job job = {.flags = JOB_PRIVATE_OK | JOB_LINKS | JOB_LINK_TEXTS};
    struct page *page = fetch(job, url_of("127.0.0.1", "/links"));
    struct page_link link;
    bool bad;

    (void)state;
    assert_true(page->flags & PAGE_SCANNED);
    assert_true(is(page->title, "A page"));
    assert_true(is(page->lang, "en"));
    assert_true(is(page->mime, "text/html"));
    assert_int_equal(page->robots, PAGE_NOFOLLOW | PAGE_NOARCHIVE);
    assert_int_equal(page->canonical.len,
                     strlen(url_of("127.0.0.1", "/canonical")));
    assert_int_equal(page->nr_links, 2);
    assert_true(page_next_link(&page->links, &link, &bad));
    assert_true(is(link.url, url_of("127.0.0.1", "/a")));
    assert_int_equal(link.rel, LINK_NOFOLLOW);
    assert_true(page_next_link(&page->links, &link, &bad));
    assert_true(is(link.url, url_of("127.0.0.1", "/b?x=1")));
    assert_true(is(link.text, "B"));
    job.flags = JOB_PRIVATE_OK | JOB_LINKS;
    page = fetch(job, url_of("127.0.0.1", "/links"));
    while (page_next_link(&page->links, &link, &bad))
        assert_true(is(link.text, ""));
    job.flags = JOB_PRIVATE_OK | JOB_HEAD_SCAN;
    page = fetch(job, url_of("127.0.0.1", "/404"));
    assert_int_equal(page->outcome, OUTCOME_HTTP_ERROR);
    assert_int_equal(page->status, 404);
    assert_true(is(page->title, "gone"));
    page = fetch(job, url_of("127.0.0.1", "/latin1"));
    assert_true(is(page->title, "\xc3\xa4\xc3\xb6\xc3\xbc"));
    assert_true(is(page->charset, "windows-1252"));
    assert_int_equal(page->chars, 18);
    assert_int_equal(page->body_bytes, 18);
}

static void fetch_believes_nothing_behind_the_length(void **state)
{
    struct job job = {.flags = JOB_PRIVATE_OK | JOB_BODY};
    struct page *page = fetch(job, url_of("127.0.0.1", "/excess"));

    (void)state;
    assert_true(is(page->body, "page"));
    page = fetch(job, url_of("127.0.0.1", "/page"));
    assert_true(is(page->body, "page"));
    assert_false(page->flags & PAGE_REUSED);
    assert_int_equal(scripted_nr_connections(server), 2);
}

/* The error of "/page", asked for while "/first" waits for its answer on a
 * connection that is not HTTP/2, although its server said so. */
static enum error share_false_http2(void)
{
    struct job job = {.flags = JOB_PRIVATE_OK | JOB_BODY};
    const char *const paths[] = {"/first", "/page"};
    struct page *page = fetch(job, url_of("127.0.0.1", "/http2"));
    enum error errors[2];

    assert_true(is(page->body, "2"));
    for (uint64_t id = 0; id < NR(paths); id++)
        start(id, &job, url_of("127.0.0.1", paths[id]));
    for (size_t i = 0; i < NR(paths); i++) {
        struct transfer *transfer = wait_for_one();
        uint64_t id = transfer_id(transfer);

        page = transfer_page(transfer);
        errors[id] = page->error;
        if (!page->error)
            assert_true(is(page->body, paths[id] + 1));
    }
    assert_int_equal(errors[0], ERROR_NONE);
    return errors[1];
}

static void fetch_shares_no_connection_in_plain_text(void **state)
{
    (void)state;
    assert_int_equal(share_false_http2(), ERROR_NONE);
}

static void fetch_shares_no_connection_because_of_a_status_line(void **state)
{
    (void)state;
    use_tls();
    assert_int_equal(share_false_http2(), ERROR_CONNECT_CLOSED);
}

static void fetch_uses_connections_again(void **state)
{
    struct job job = {.flags = JOB_PRIVATE_OK};
    struct page *page = fetch(job, url_of("127.0.0.1", "/page"));

    (void)state;
    assert_false(page->flags & PAGE_REUSED);
    page = fetch(job, url_of("127.0.0.1", "/page"));
    assert_true(page->flags & PAGE_REUSED);
    assert_int_equal(page->connect_us, 0);
    assert_int_equal(scripted_nr_connections(server), 1);
}

static size_t count_connections(void)
{
    struct sockaddr_in peer = {.sin_port = 0};
    socklen_t len = sizeof(peer);
    size_t nr = 0;

    for (int fd = 0; fd < 2048; fd++)
        nr += getpeername(fd, (struct sockaddr *)&peer, &len) == 0 &&
              ntohs(peer.sin_port) == scripted_port(server);
    return nr;
}

static void fetch_keeps_no_more_connections_than_there_is_room_for(void **state)
{
    static char entries[400][48];
    const char *resolve[400];
    struct fetch_options options = {
        .max_transfers = 4, .resolve = resolve, .nr_resolve = NR(entries)};
    struct job job = {.flags = JOB_PRIVATE_OK};
    char host[32];

    (void)state;
    for (size_t i = 0; i < NR(entries); i++) {
        resolve[i] = entries[i];
        snprintf(entries[i], sizeof(entries[i]), "h%zu.example:%u:127.0.0.1", i,
                 scripted_port(server));
    }
    open_transfers(&options);
    transfers->easy.max_connections = 112; /* as with few descriptors */
    for (size_t i = 0; i < NR(entries); i++) {
        snprintf(host, sizeof(host), "h%zu.example", i);
        assert_int_equal(fetch(job, url_of(host, "/page"))->error, ERROR_NONE);
        assert_true(count_connections() <= 112);
    }
    assert_true(fetch(job, url_of(host, "/page"))->flags & PAGE_REUSED);
}

/* ---- whom it asks ---- */

static void fetch_asks_no_private_address_unless_allowed(void **state)
{
    static const char *const loopback = "127.0.0.0/8";
    struct fetch_options options = {.allow_private = &loopback,
                                    .nr_allow_private = 1};
    struct page *page = fetch((struct job){0}, url_of("127.0.0.1", "/page"));

    (void)state;
    assert_int_equal(page->error, ERROR_BLOCKED_ADDRESS);
    assert_int_equal(page->outcome, OUTCOME_SKIPPED);
    page = fetch((struct job){0}, url_of("localhost", "/page"));
    assert_int_equal(page->error, ERROR_BLOCKED_ADDRESS);
    assert_int_equal(scripted_nr_connections(server), 0);
    open_transfers(&options);
    page = fetch((struct job){0}, url_of("127.0.0.1", "/page"));
    assert_int_equal(page->error, ERROR_NONE);
}

static void fetch_lends_no_connection_to_those_who_may_not_connect(void **state)
{
    struct page *page = fetch((struct job){.flags = JOB_PRIVATE_OK},
                              url_of("127.0.0.1", "/page"));

    (void)state;
    assert_int_equal(page->error, ERROR_NONE);
    page = fetch((struct job){0}, url_of("127.0.0.1", "/page"));
    assert_int_equal(page->error, ERROR_BLOCKED_ADDRESS);
    page = fetch((struct job){.flags = JOB_PRIVATE_OK},
                 url_of("127.0.0.1", "/page"));
    assert_int_equal(page->error, ERROR_NONE);
}

/* A name whose address changes between two look-ups (rebinding). */
static void fetch_judges_the_address_and_not_the_name(void **state)
{
    char entry[64];
    const char *const resolve = entry;
    struct fetch_options options = {.resolve = &resolve, .nr_resolve = 1};
    struct page *page;

    (void)state;
    snprintf(entry, sizeof(entry), "public.example:%u:127.0.0.1",
             scripted_port(server));
    open_transfers(&options);
    page = fetch((struct job){0}, url_of("public.example", "/page"));
    assert_int_equal(page->error, ERROR_BLOCKED_ADDRESS);
    page = fetch((struct job){.flags = JOB_PRIVATE_OK},
                 url_of("public.example", "/page"));
    assert_int_equal(page->error, ERROR_NONE);
}

/* Nobody listens on ::1; where there is no IPv6 at all it is the same. */
static void fetch_goes_on_from_a_broken_ipv6_to_ipv4(void **state)
{
    char entry[64];
    const char *const resolve = entry;
    struct fetch_options options = {.resolve = &resolve, .nr_resolve = 1};
    struct page *page;

    (void)state;
    snprintf(entry, sizeof(entry), "both.example:%u:[::1],127.0.0.1",
             scripted_port(server));
    open_transfers(&options);
    page = fetch((struct job){.flags = JOB_PRIVATE_OK},
                 url_of("both.example", "/page"));
    assert_int_equal(page->error, ERROR_NONE);
    assert_true(is(page->ip, "127.0.0.1"));
}

static void fetch_refuses_bad_ports(void **state)
{
    struct page *page =
        fetch((struct job){.flags = JOB_PRIVATE_OK}, "http://127.0.0.1:25/");

    (void)state;
    assert_int_equal(page->error, ERROR_BAD_PORT);
}

/* ---- how it ends ---- */

static void fetch_tells_refused_from_unknown(void **state)
{
    char url[64];
    struct page *page;

    (void)state;
    page = fetch((struct job){.flags = JOB_PRIVATE_OK},
                 "http://no-such-name.invalid/");
    assert_int_equal(page->error, ERROR_DNS);
    snprintf(url, sizeof(url), "http://127.0.0.1:%u/", scripted_port(server));
    scripted_stop(server);
    server = NULL;
    page = fetch((struct job){.flags = JOB_PRIVATE_OK}, url);
    assert_int_equal(page->error, ERROR_CONNECT);
}

/* Fills the descriptor table; returns how many it took. */
static size_t take_descriptors(int *taken, size_t cap)
{
    size_t nr = 0;

    while (nr < cap) {
        taken[nr] = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
        if (taken[nr] < 0)
            break;
        nr++;
    }
    return nr;
}

static void fetch_blames_itself_when_descriptors_are_gone(void **state)
{
    static const char *const urls[] = {"http://some-name.invalid/",
                                       "http://127.0.0.1:9999/"};
    struct rlimit before;
    struct rlimit tight;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    tight = before;
    tight.rlim_cur = 64;
    for (size_t i = 0; i < NR(urls); i++) {
        int taken[64];
        size_t nr;
        struct page *page;

        assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
        nr = take_descriptors(taken, NR(taken));
        assert_true(nr > 0);
        page = fetch((struct job){.flags = JOB_PRIVATE_OK}, urls[i]);
        while (nr > 0)
            close(taken[--nr]);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
        if (page->error != ERROR_INTERNAL)
            fail_msg("%s: got %s", urls[i], error_code(page->error));
    }
}

static void fetch_can_be_canceled(void **state)
{
    struct job job = {.flags = JOB_PRIVATE_OK};
    struct transfer *transfer;

    (void)state;
    start(7, &job, url_of("127.0.0.1", "/slow"));
    start(8, &job, url_of("127.0.0.1", "/slow"));
    assert_int_equal(transfers_turn(transfers, 50), CERR_OK);
    assert_false(transfers_cancel(transfers, 9));
    assert_true(transfers_cancel(transfers, 7));
    assert_false(transfers_cancel(transfers, 7));
    transfer = transfers_next_done(transfers);
    assert_int_equal(transfer_id(transfer), 7);
    assert_int_equal(transfer_page(transfer)->error, ERROR_CANCELED);
    transfer_recycle(transfer);
    assert_int_equal(transfers_busy(transfers), 1);
    /* the other one goes with the set */
}

static void fetch_has_room_for_as_many_as_asked(void **state)
{
    struct job job = {.flags = JOB_PRIVATE_OK};

    (void)state;
    for (uint64_t id = 1; id <= 4; id++) {
        assert_int_equal(transfers_room(transfers), 5 - id);
        start(id, &job, url_of("127.0.0.1", "/slow"));
    }
    assert_int_equal(transfers_room(transfers), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(fetch_sends_an_honest_request),
        TEST(fetch_asks_conditionally),
        TEST(fetch_drops_validators_that_break_their_line),
        TEST(fetch_sends_credentials_only_where_they_belong),
        TEST(fetch_sends_the_users_headers_in_place_of_ours),
        TEST(fetch_keeps_raw_bytes_for_archives),
        TEST(fetch_cuts_robots_and_sitemaps_without_an_error),
        TEST(fetch_scans_pages_and_error_pages),
        TEST(fetch_believes_nothing_behind_the_length),
        TEST(fetch_shares_no_connection_in_plain_text),
        TEST(fetch_shares_no_connection_because_of_a_status_line),
        TEST(fetch_uses_connections_again),
        TEST(fetch_keeps_no_more_connections_than_there_is_room_for),
        TEST(fetch_asks_no_private_address_unless_allowed),
        TEST(fetch_lends_no_connection_to_those_who_may_not_connect),
        TEST(fetch_judges_the_address_and_not_the_name),
        TEST(fetch_goes_on_from_a_broken_ipv6_to_ipv4),
        TEST(fetch_refuses_bad_ports),
        TEST(fetch_tells_refused_from_unknown),
        TEST(fetch_blames_itself_when_descriptors_are_gone),
        TEST(fetch_can_be_canceled),
        TEST(fetch_has_room_for_as_many_as_asked),
    };

    signal(SIGPIPE, SIG_IGN); /* as a worker does */
    curl_global_init(CURL_GLOBAL_DEFAULT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
