/*
 * Every fault of names, connections, TLS, heads, bodies and redirects that a
 * server can play, and the word that each must end with.
 *
 * All rows of the table run at once against scripted servers, so the time
 * limits are waited for only once. "row" counts as the list of faults in
 * docs/robustness.md does.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include <curl/curl.h>

#include "crawler/fetch/transfer.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/scripted_server.h"

#define OK_HEAD "HTTP/1.1 200 OK\r\n"
#define CLOSE   "Connection: close\r\n"
#define HTML    "Content-Type: text/html\r\n"
#define GZIP    "Content-Encoding: gzip\r\n"
#define END     "\r\n"

#define SAY(words)                                                             \
    {                                                                          \
        .op = SCRIPTED_SEND, .text = (words)                                   \
    }
#define SAY_BYTES(words)                                                       \
    {                                                                          \
        .op = SCRIPTED_SEND, .text = (words), .len = sizeof(words) - 1         \
    }
#define REPEAT(words, nr)                                                      \
    {                                                                          \
        .op = SCRIPTED_SEND, .text = (words), .times = (nr)                    \
    }
#define DRIP(words, nr, wait)                                                  \
    {                                                                          \
        .op = SCRIPTED_DRIP, .text = (words), .times = (nr), .ms = (wait)      \
    }
#define BLOB(bytes)                                                            \
    {                                                                          \
        .op = SCRIPTED_BLOB, .blob = &(bytes)                                  \
    }
#define WAIT(wait)                                                             \
    {                                                                          \
        .op = SCRIPTED_WAIT, .ms = (wait)                                      \
    }
#define RESET                                                                  \
    {                                                                          \
        .op = SCRIPTED_RESET                                                   \
    }
#define NEXT                                                                   \
    {                                                                          \
        .op = SCRIPTED_NEXT                                                    \
    }

#define LIMIT_MS       2500
#define TOTAL_MS       9000
#define MAX_BODY_BYTES 200000

static struct scripted_blob gzip_page, gzip_cut, gzip_bomb, gzip_damaged;
static struct scripted_blob binary;

#define BLOB_BYTES ((size_t)1 << 20)

static const struct row {
    const char *name;
    enum scripted_tls tls;
    struct scripted_step steps[SCRIPTED_STEPS_MAX];
    enum error error;
    enum outcome outcome;
    int status;
    int64_t body_bytes;   /* decoded; -1: any */
    uint32_t flags;       /* that the page must have */
    const char *location; /* with %u for the port; NULL: any */
    const char *detail;   /* NULL: any */
} rows[] = {
    {.name = "12 certificate has expired",
     .tls = SCRIPTED_TLS_EXPIRED,
     .error = ERROR_TLS},
    {.name = "12 certificate of another host",
     .tls = SCRIPTED_TLS_WRONG_HOST,
     .error = ERROR_TLS},
    {.name = "12 certificate signs itself",
     .tls = SCRIPTED_TLS_SELF_SIGNED,
     .error = ERROR_TLS},
    {.name = "12 issuer is unknown",
     .tls = SCRIPTED_TLS_UNKNOWN,
     .error = ERROR_TLS},
    {.name = "12 certificate is good",
     .tls = SCRIPTED_TLS,
     .steps = {SAY(OK_HEAD CLOSE "Content-Length: 2" END END "ok")},
     .outcome = OUTCOME_OK,
     .status = 200,
     .body_bytes = 2},
    {.name = "13 handshake stalls",
     .tls = SCRIPTED_TLS_STALLED,
     .error = ERROR_CONNECT_TIMEOUT},
    {.name = "14 nothing newer than TLS 1.1",
     .tls = SCRIPTED_TLS_OLD,
     .error = ERROR_TLS},

    {.name = "16 HTTP/0.9",
     .steps = {SAY("<html>hello</html>")},
     .error = ERROR_PROTOCOL},
    {.name = "16 ICY",
     .steps = {SAY("ICY 200 OK" END END "x")},
     .error = ERROR_PROTOCOL},
    {.name = "16 random bytes",
     .steps = {SAY_BYTES("\x16\x03\x00\xff\x80\r\n")},
     .error = ERROR_PROTOCOL},
    {.name = "17 status abc",
     .steps = {SAY("HTTP/1.1 abc" END END)},
     .error = ERROR_PROTOCOL},
    {.name = "17 status 99",
     .steps = {SAY("HTTP/1.1 99 No" END END)},
     .error = ERROR_PROTOCOL},
    {.name = "17 HTTP/9.9",
     .steps = {SAY("HTTP/9.9 200 OK" END END)},
     .error = ERROR_PROTOCOL},
    {.name = "18 HTTP/2 in plain text is taken for what it says",
     .steps = {SAY("HTTP/2 200 OK" END "Content-Length: 1" END END "x"), NEXT},
     .outcome = OUTCOME_OK,
     .status = 200,
     .body_bytes = 1},
    {.name = "19 ends inside the head",
     .steps = {SAY(OK_HEAD "X: y" END)},
     .error = ERROR_TRUNCATED},
    {.name = "20 empty reply", .error = ERROR_CONNECT_CLOSED},
    {.name = "20 reset before the reply",
     .steps = {RESET},
     .error = ERROR_CONNECT_CLOSED},
    {.name = "21 header of 99 KB",
     .steps = {SAY(OK_HEAD "X: "), REPEAT("0123456789", 9900),
               SAY(END CLOSE END "page")},
     .outcome = OUTCOME_OK,
     .status = 200,
     .body_bytes = 4},
    {.name = "22 header of 1 MB",
     .steps = {SAY(OK_HEAD "X: "), REPEAT("0123456789", 100000),
               SAY(END CLOSE END "page")},
     .error = ERROR_HEAD_TOO_LARGE},
    {.name = "23 10,000 small headers",
     .steps = {SAY(OK_HEAD), REPEAT("a: b" END, 10000), SAY(CLOSE END "page")},
     .outcome = OUTCOME_OK,
     .status = 200,
     .body_bytes = 4},
    {.name = "24 head over 300 KB",
     .steps = {SAY(OK_HEAD),
               REPEAT("name: 0123456789012345678901234" END, 12000),
               SAY(CLOSE END "page")},
     .error = ERROR_HEAD_TOO_LARGE},
    {.name = "24 20,000 interim answers",
     .steps = {REPEAT("HTTP/1.1 100 Continue" END END, 20000),
               SAY(OK_HEAD CLOSE END "page")},
     .error = ERROR_HEAD_TOO_LARGE},
    {.name = "25 NUL in a header",
     .steps = {SAY_BYTES(OK_HEAD "X: a\0b" END END "page")},
     .error = ERROR_PROTOCOL},
    {.name = "25 line without colon",
     .steps = {SAY(OK_HEAD "nonsense" END END "page")},
     .error = ERROR_PROTOCOL},
    {.name = "26 folded header",
     .steps = {SAY(OK_HEAD "Content-Type:" END " text/html" END
                           "Content-Length: 4" END END "page"),
               NEXT},
     .outcome = OUTCOME_OK,
     .status = 200,
     .body_bytes = 4,
     .flags = PAGE_SCANNED},
    {.name = "26 bare LF",
     .steps = {SAY("HTTP/1.1 200 OK\nContent-Length: 4\n\npage"), NEXT},
     .outcome = OUTCOME_OK,
     .status = 200,
     .body_bytes = 4},
    {.name = "27 escape bytes in headers",
     .steps = {SAY(OK_HEAD "ETag: \"\033[31m\xff\"" END
                           "Content-Length: 4" END END "page"),
               NEXT},
     .outcome = OUTCOME_OK,
     .status = 200,
     .body_bytes = 4},
    {.name = "28 flood of cookies",
     .steps = {SAY(OK_HEAD),
               REPEAT("Set-Cookie: a=0123456789012345678901" END, 5000),
               SAY(CLOSE END "page")},
     .outcome = OUTCOME_OK,
     .status = 200,
     .body_bytes = 4},
    {.name = "29 no answer at all",
     .steps = {WAIT(8000)},
     .error = ERROR_TIMEOUT},
    {.name = "29 slow head",
     .steps = {SAY(OK_HEAD),
               DRIP("a: 0123456789012345678901234567890123" END, 100, 20)},
     .error = ERROR_TIMEOUT},

    {.name = "30 length too long",
     .steps = {SAY(OK_HEAD "Content-Length: 100" END END "0123456789")},
     .error = ERROR_TRUNCATED,
     .status = 200,
     .body_bytes = 10,
     .flags = PAGE_BODY_CUT},
    {.name = "31 length too short",
     .steps = {SAY(OK_HEAD "Content-Length: 4" END END "0123456789"), NEXT},
     .outcome = OUTCOME_OK,
     .status = 200,
     .body_bytes = 4},
    {.name = "32 negative length",
     .steps = {SAY(OK_HEAD "Content-Length: -1" END END "page")},
     .error = ERROR_PROTOCOL},
    {.name = "33 two lengths that differ",
     .steps = {SAY(OK_HEAD "Content-Length: 4" END "Content-Length: 5" END END
                           "pages")},
     .error = ERROR_PROTOCOL},
    {.name = "33 a list of lengths that differ",
     .steps = {SAY(OK_HEAD "Content-Length: 4, 5" END END "pages")},
     .error = ERROR_PROTOCOL},
    {.name = "33 the same length twice",
     .steps = {SAY(OK_HEAD "Content-Length: 4" END "Content-Length: 4" END END
                           "page"),
               NEXT},
     .outcome = OUTCOME_OK,
     .status = 200,
     .body_bytes = 4},
    {.name = "34 length and chunks",
     .steps = {SAY(OK_HEAD "Content-Length: 2" END
                           "Transfer-Encoding: chunked" END END
                           "4\r\npage\r\n0\r\n\r\n"),
               NEXT},
     .outcome = OUTCOME_OK,
     .status = 200,
     .body_bytes = 4},
    {.name = "35 length of 10^22",
     .steps = {SAY(OK_HEAD "Content-Length: 10000000000000000000000" END END
                           "page")},
     .error = ERROR_TOO_LARGE},
    {.name = "36 bad chunk size",
     .steps = {SAY(OK_HEAD "Transfer-Encoding: chunked" END END
                           "zz\r\npage\r\n")},
     .error = ERROR_PROTOCOL,
     .status = 200,
     .body_bytes = -1},
    {.name = "36 huge chunk size",
     .steps = {SAY(OK_HEAD "Transfer-Encoding: chunked" END END
                           "4\r\npage\r\nffffffffffffffffff\r\npage\r\n")},
     .error = ERROR_PROTOCOL,
     .status = 200,
     .body_bytes = -1},
    {.name = "37 chunks end early",
     .steps = {SAY(OK_HEAD "Transfer-Encoding: chunked" END END "8\r\npage")},
     .error = ERROR_TRUNCATED,
     .status = 200,
     .body_bytes = 4,
     .flags = PAGE_BODY_CUT},
    {.name = "38 reset in the body",
     .steps = {SAY(OK_HEAD "Content-Length: 100" END END "page"), WAIT(200),
               RESET},
     .error = ERROR_TRUNCATED,
     .status = 200,
     .body_bytes = -1},
    {.name = "39 drip",
     .steps = {SAY(OK_HEAD "Content-Length: 100" END END),
               DRIP("0123456789", 5, 250)},
     .error = ERROR_STALLED,
     .status = 200,
     .body_bytes = -1,
     .flags = PAGE_BODY_CUT},
    {.name = "40 endless body",
     .steps = {SAY(OK_HEAD END),
               REPEAT("0123456789012345678901234567890123456789", 1 << 20)},
     .error = ERROR_TOO_LARGE,
     .status = 200,
     .body_bytes = MAX_BODY_BYTES,
     .flags = PAGE_BODY_CUT},
    {.name = "41 gzip bomb",
     .steps = {SAY(OK_HEAD GZIP END), BLOB(gzip_bomb)},
     .error = ERROR_TOO_LARGE,
     .status = 200,
     .body_bytes = MAX_BODY_BYTES,
     .flags = PAGE_BODY_CUT},
    {.name = "42 gzip cut short",
     .steps = {SAY(OK_HEAD GZIP END), BLOB(gzip_cut)},
     .error = ERROR_TRUNCATED_ENCODING,
     .status = 200,
     .body_bytes = -1,
     .flags = PAGE_BODY_CUT},
    {.name = "43 junk behind gzip",
     .steps = {SAY(OK_HEAD GZIP END), BLOB(gzip_page), SAY("junk")},
     .outcome = OUTCOME_OK,
     .status = 200,
     .body_bytes = 50000,
     .flags = PAGE_JUNK_AFTER},
    {.name = "44 gzip damaged",
     .steps = {SAY(OK_HEAD GZIP END), BLOB(gzip_damaged)},
     .error = ERROR_BAD_ENCODING,
     .status = 200,
     .body_bytes = -1},
    {.name = "44 gzip that is none stays as it is",
     .steps = {SAY(OK_HEAD GZIP END "plain text")},
     .error = ERROR_BAD_ENCODING,
     .status = 200,
     .body_bytes = 10},
    {.name = "45 six codings",
     .steps = {SAY(OK_HEAD "Content-Encoding: gzip, gzip, gzip" END
                           "Content-Encoding: gzip, gzip, gzip" END END "x")},
     .error = ERROR_BAD_ENCODING,
     .status = 200,
     .body_bytes = 1},
    {.name = "45 unknown coding",
     .steps = {SAY(OK_HEAD "Content-Encoding: rot13" END END "cntr")},
     .error = ERROR_BAD_ENCODING,
     .status = 200,
     .body_bytes = 4},
    {.name = "46 204 with a body",
     .steps = {SAY("HTTP/1.1 204 No" END "Content-Length: 4" END END "page"),
               NEXT},
     .outcome = OUTCOME_OK,
     .status = 204,
     .body_bytes = 0},
    {.name = "46 206 that nobody asked for",
     .steps = {SAY("HTTP/1.1 206 Part" END "Content-Length: 4" END END "page"),
               NEXT},
     .error = ERROR_PROTOCOL,
     .status = 206,
     .body_bytes = 4},
    {.name = "46 304 that nobody asked for",
     .steps = {SAY("HTTP/1.1 304 No" END "Content-Length: 4" END END "page"),
               NEXT},
     .error = ERROR_PROTOCOL,
     .status = 304,
     .body_bytes = 0},
    {.name = "47 binary named text/html",
     .steps = {SAY(OK_HEAD HTML CLOSE END), BLOB(binary)},
     .outcome = OUTCOME_OK,
     .status = 200,
     .body_bytes = 1000},

    {.name = "49 redirect to itself",
     .steps = {SAY("HTTP/1.1 302 Go" END "Location: " END CLOSE END)},
     .outcome = OUTCOME_REDIRECT,
     .status = 302,
     .location = "same"},
    {.name = "50 redirect to file:",
     .steps = {SAY("HTTP/1.1 301 Go" END
                   "Location: file:///etc/passwd" END CLOSE END)},
     .error = ERROR_BLOCKED_SCHEME,
     .status = 301},
    {.name = "50 redirect to javascript:",
     .steps = {SAY("HTTP/1.1 301 Go" END
                   "Location: javascript:alert(1)" END CLOSE END)},
     .error = ERROR_BLOCKED_SCHEME,
     .status = 301},
    {.name = "49 a redirect whose body is cut leads on",
     .steps = {SAY("HTTP/1.1 302 Go" END "Location: http://example.org/" END
                   "Content-Length: 100" END END "cut")},
     .outcome = OUTCOME_REDIRECT,
     .status = 302,
     .location = "http://example.org/",
     .body_bytes = 3},
    {.name = "49 a redirect whose body stalls leads on",
     .steps = {SAY("HTTP/1.1 302 Go" END "Location: http://example.org/" END
                   "Content-Length: 100" END END "cut"),
               DRIP("0123456789", 5, 250)},
     .outcome = OUTCOME_REDIRECT,
     .status = 302,
     .location = "http://example.org/",
     .body_bytes = -1},
    {.name = "49 a redirect with a damaged coding leads on",
     .steps = {SAY("HTTP/1.1 302 Go" END "Location: http://example.org/" END
                   "Content-Encoding: gzip" END CLOSE END "\x1f\x8b\x08junk")},
     .outcome = OUTCOME_REDIRECT,
     .status = 302,
     .location = "http://example.org/",
     .body_bytes = -1},
    {.name = "49 a redirect with an unknown coding leads on",
     .steps = {SAY("HTTP/1.1 302 Go" END "Location: http://example.org/" END
                   "Content-Encoding: lzma" END CLOSE END "what")},
     .outcome = OUTCOME_REDIRECT,
     .status = 302,
     .location = "http://example.org/",
     .body_bytes = 4},
    {.name = "49 a redirect with two lengths leads on",
     .steps = {SAY("HTTP/1.1 302 Go" END "Content-Length: 4" END
                   "Content-Length: 5" END
                   "Location: http://example.org/" END END "page")},
     .outcome = OUTCOME_REDIRECT,
     .status = 302,
     .location = "http://example.org/",
     .body_bytes = -1},
    {.name = "49 a redirect with broken chunks leads on",
     .steps = {SAY("HTTP/1.1 302 Go" END "Location: http://example.org/" END
                   "Transfer-Encoding: chunked" END END "zz" END "page")},
     .outcome = OUTCOME_REDIRECT,
     .status = 302,
     .location = "http://example.org/",
     .body_bytes = -1},
    {.name = "49 a redirect with an endless body leads on",
     .steps = {SAY("HTTP/1.1 302 Go" END
                   "Location: http://example.org/" END END),
               REPEAT("0123456789012345678901234567890123456789", 1 << 20)},
     .outcome = OUTCOME_REDIRECT,
     .status = 302,
     .location = "http://example.org/",
     .body_bytes = MAX_BODY_BYTES},
    {.name = "50 redirect to mailto: keeps the Location",
     .steps = {SAY("HTTP/1.1 301 Go" END
                   "Location: mailto:me@example.org" END CLOSE END)},
     .error = ERROR_BLOCKED_SCHEME,
     .status = 301,
     .detail = "mailto:me@example.org"},
    {.name = "50 redirect to ftp: keeps the Location without its password",
     .steps = {SAY("HTTP/1.1 301 Go" END
                   "Location: ftp://me:secret@example.org/x@y" END CLOSE END)},
     .error = ERROR_BLOCKED_SCHEME,
     .status = 301,
     .detail = "ftp://example.org/x@y"},
    {.name = "53 credentials in Location are dropped",
     .steps = {SAY(
         "HTTP/1.1 301 Go" END
         "Location: http://user:secret@example.org/x#y" END CLOSE END)},
     .outcome = OUTCOME_REDIRECT,
     .status = 301,
     .location = "http://example.org/x"},
    {.name = "54 two Locations",
     .steps = {SAY("HTTP/1.1 301 Go" END "Location: /a" END
                   "Location: /b" END CLOSE END)},
     .error = ERROR_BAD_REDIRECT},
    {.name = "54 no Location",
     .steps = {SAY("HTTP/1.1 301 Go" END CLOSE END)},
     .error = ERROR_BAD_REDIRECT,
     .status = 301},
    {.name = "54 Location that is no URL",
     .steps = {SAY("HTTP/1.1 301 Go" END
                   "Location: http://[::1" END CLOSE END)},
     .error = ERROR_BAD_REDIRECT,
     .status = 301},
    {.name = "54 control bytes, UTF-8 and spaces",
     .steps = {SAY(
         "HTTP/1.1 301 Go" END
         "Location: http://example.org/\xc3\xa4 b\x01?q=\tc" END CLOSE END)},
     .outcome = OUTCOME_REDIRECT,
     .status = 301,
     .location = "http://example.org/%C3%A4%20b%01?q=c"},
    {.name = "54 bytes that are not UTF-8 stay those bytes",
     .steps = {SAY(
         "HTTP/1.1 301 Go" END
         "Location: http://example.org/caf\xe9?q=\xfc" END CLOSE END)},
     .outcome = OUTCOME_REDIRECT,
     .status = 301,
     .location = "http://example.org/caf%E9?q=%FC"},
    {.name = "55 https to http",
     .tls = SCRIPTED_TLS,
     .steps = {SAY("HTTP/1.1 301 Go" END
                   "Location: http://example.org/" END CLOSE END)},
     .outcome = OUTCOME_REDIRECT,
     .status = 301,
     .location = "http://example.org/"},
};

#define NR_ROWS NR(rows)
#define NR_TLS  (SCRIPTED_TLS_STALLED + 1)

struct seen {
    bool ended;
    struct page page; /* numbers alone: the views are gone */
    char location[256];
    char detail[PAGE_DETAIL_BYTES + 1];
};

static struct world {
    struct scripted_answer answers[NR_TLS][NR_ROWS];
    size_t nr_answers[NR_TLS];
    struct scripted_server *servers[NR_TLS];
    char paths[NR_ROWS][16];
    char urls[NR_ROWS][64];
    char ca_file[64];
    struct transfers *transfers;
    struct seen seen[NR_ROWS];
} world;

/* ---- bodies that no literal can hold ---- */

static void fill_gzip(struct scripted_blob *out, size_t nr_bytes)
{
    unsigned char *plain = malloc(nr_bytes);
    z_stream stream = {0};

    assert_non_null(plain);
    for (size_t i = 0; i < nr_bytes; i++)
        plain[i] = (unsigned char)(nr_bytes > 100000 ? 'a' : i * 7919 >> 5);
    out->data = malloc(BLOB_BYTES);
    assert_non_null(out->data);
    assert_int_equal(
        deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY),
        Z_OK);
    stream.next_in = plain;
    stream.avail_in = (uInt)nr_bytes;
    stream.next_out = out->data;
    stream.avail_out = (uInt)BLOB_BYTES;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    out->len = stream.total_out;
    deflateEnd(&stream);
    free(plain);
}

static void make_bodies(void)
{
    fill_gzip(&gzip_page, 50000);
    fill_gzip(&gzip_cut, 50000);
    gzip_cut.len /= 2;
    fill_gzip(&gzip_damaged, 50000);
    memset(gzip_damaged.data + gzip_damaged.len / 2, 0xff, 20);
    fill_gzip(&gzip_bomb, 50000000);
    binary = (struct scripted_blob){malloc(1000), 1000};
    assert_non_null(binary.data);
    for (size_t i = 0; i < binary.len; i++)
        binary.data[i] = (unsigned char)(i % 7);
}

static void release_bodies(void)
{
    free(gzip_page.data);
    free(gzip_cut.data);
    free(gzip_damaged.data);
    free(gzip_bomb.data);
    free(binary.data);
}

/* ---- one world for all tests ---- */

static int open_world(void **state)
{
    struct fetch_options options = {
        .max_transfers = (int)NR_ROWS,
        .dns_timeout_ms = LIMIT_MS,
        .connect_timeout_ms = LIMIT_MS,
        .first_byte_timeout_ms = LIMIT_MS,
        .stall_timeout_ms = LIMIT_MS,
        .stall_bytes_per_s = 10,
        .total_timeout_ms = TOTAL_MS,
        .max_body_bytes = MAX_BODY_BYTES,
        .ca_file = world.ca_file,
    };

    signal(SIGPIPE, SIG_IGN); /* as a worker does */
    make_bodies();
    scripted_write_ca(world.ca_file);
    for (size_t i = 0; i < NR_ROWS; i++) {
        enum scripted_tls tls = rows[i].tls;
        struct scripted_answer *answer =
            &world.answers[tls][world.nr_answers[tls]++];

        snprintf(world.paths[i], sizeof(world.paths[i]), "/%zu", i);
        answer->path = world.paths[i];
        memcpy(answer->steps, rows[i].steps, sizeof(answer->steps));
    }
    for (size_t i = 0; i < NR_TLS; i++)
        world.servers[i] = scripted_start(
            (enum scripted_tls)i, world.answers[i], world.nr_answers[i]);
    for (size_t i = 0; i < NR_ROWS; i++)
        snprintf(world.urls[i], sizeof(world.urls[i]), "%s://127.0.0.1:%u/%zu",
                 rows[i].tls == SCRIPTED_PLAIN ? "http" : "https",
                 scripted_port(world.servers[rows[i].tls]), i);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    *state = &world;
    return transfers_open(&world.transfers, &options) ? -1 : 0;
}

static int close_world(void **state)
{
    (void)state;
    transfers_close(world.transfers);
    for (size_t i = 0; i < NR_TLS; i++)
        scripted_stop(world.servers[i]);
    unlink(world.ca_file);
    release_bodies();
    curl_global_cleanup();
    return 0;
}

static void copy_text(char *out, size_t cap, struct bytes text)
{
    snprintf(out, cap, "%.*s", (int)text.len, (const char *)text.data);
}

static void run_all(void)
{
    size_t nr_started = 0;
    size_t nr_ended = 0;

    while (nr_ended < NR_ROWS) {
        struct transfer *transfer;

        while (nr_started < NR_ROWS && transfers_room(world.transfers) > 0) {
            struct job job = {.url = world.urls[nr_started],
                              .url_len = strlen(world.urls[nr_started]),
                              .flags = JOB_PRIVATE_OK | JOB_LINKS |
                                       JOB_LINK_TEXTS | JOB_BODY};

            assert_int_equal(transfers_start(world.transfers, nr_started, &job),
                             CERR_OK);
            nr_started++;
        }
        assert_int_equal(transfers_turn(world.transfers, 1000), CERR_OK);
        transfer = transfers_next_done(world.transfers);
        for (; transfer; transfer = transfers_next_done(world.transfers)) {
            struct seen *seen = &world.seen[transfer_id(transfer)];
            struct page *page = transfer_page(transfer);

            seen->ended = true;
            seen->page = *page;
            copy_text(seen->location, sizeof(seen->location), page->location);
            copy_text(seen->detail, sizeof(seen->detail), page->detail);
            transfer_recycle(transfer);
            nr_ended++;
        }
    }
}

static bool is_as_expected(const struct row *row, const struct seen *seen,
                           const char *url)
{
    const struct page *page = &seen->page;
    enum outcome outcome = row->error ? OUTCOME_ERROR : row->outcome;

    if (page->error != row->error || page->outcome != outcome)
        return false;
    if (page->status != row->status)
        return false;
    if (row->body_bytes >= 0 && page->body_bytes != (uint64_t)row->body_bytes)
        return false;
    if ((page->flags & row->flags) != row->flags)
        return false;
    if (row->detail && strcmp(seen->detail, row->detail) != 0)
        return false;
    if (!row->location)
        return true;
    return strcmp(seen->location,
                  strcmp(row->location, "same") == 0 ? url : row->location) ==
           0;
}

static void fetch_gives_every_fault_its_word(void **state)
{
    size_t nr_wrong = 0;

    (void)state;
    run_all();
    for (size_t i = 0; i < NR_ROWS; i++) {
        const struct page *page = &world.seen[i].page;

        if (is_as_expected(&rows[i], &world.seen[i], world.urls[i]))
            continue;
        nr_wrong++;
        print_error("row %s: got %s %s, status %d, %zu bytes, flags %x, "
                    "location %s (%s)\n",
                    rows[i].name, outcome_name(page->outcome),
                    error_code(page->error), page->status,
                    (size_t)page->body_bytes, page->flags,
                    world.seen[i].location, world.seen[i].detail);
    }
    assert_int_equal(nr_wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fetch_gives_every_fault_its_word),
    };

    return cmocka_run_group_tests(tests, open_world, close_world);
}
