/* What the text outputs look like, byte for byte, against golden files. With
 * CRAWL_UPDATE_GOLDEN set in the environment they are written anew. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

#include "base/xalloc.h"
#include "storage/leases.h"
#include "storage/query.h"
#include "storage/results.h"
#include "storage/sink/sink.h"
#include "tests/support/storage_fixture.h"

#define GOLDEN TEST_SOURCE_DIR "/tests/unit/storage/golden/"

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "rbe");
    char *data = xcalloc(1, 1 << 20);

    if (file) {
        data[fread(data, 1, (1 << 20) - 1, file)] = '\0';
        fclose(file);
    }
    return data;
}

static void is_golden(const char *found, const char *name)
{
    char path[400];
    char *expected;

    snprintf(path, sizeof(path), GOLDEN "%s", name);
    if (getenv("CRAWL_UPDATE_GOLDEN")) {
        FILE *file = fopen(path, "wbe");

        assert_non_null(file);
        fputs(found, file);
        fclose(file);
    }
    expected = read_file(path);
    assert_string_equal(found, expected);
    free(expected);
}

/* All members of a gzip file, one behind another. */
static char *inflate_file(const char *path)
{
    gzFile file = gzopen(path, "rbe");
    char *data = xcalloc(1, 1 << 20);
    int len;

    assert_non_null(file);
    len = gzread(file, data, (1 << 20) - 1);
    assert_true(len > 0);
    assert_int_equal(gzclose(file), Z_OK);
    return data;
}

/* A page in which every column has a value. */
static struct page_record full_page(void)
{
    struct page_record page = fixture_page(1, 1, "ok", 200);

    page.listed = text("H1/1?a=\"b,c\"");
    page.final_url = text("http://h1/end");
    page.detail = text("line one\r\nline \"two\", and a tab:\t.");
    page.title = text("Gr\xc3\xbc\xc3\x9f Gott \xe2\x80\x94 <b>\x01\\\xc2\x9b"
                      "1m");
    page.mime = text("text/html");
    page.charset = text("utf-8");
    page.lang = text("de");
    page.description = text("a, b");
    page.h1 = text("H");
    page.canonical = text("http://h1/1");
    page.robots = text("noindex");
    page.elapsed_ms = 1234.5678;
    page.ttfb_ms = 0.0004;
    page.total_ms = 0.9996;
    page.wait_ms = -1.5;
    page.dns_ms = 1e300;
    page.connect_ms = 2;
    page.tls_ms = 3.25;
    page.tries = 2;
    page.depth = 3;
    page.bytes_down = INT64_MAX;
    page.content_length = 0;
    page.chars = 999;
    page.truncated = text("length");
    page.encoding = text("gzip");
    page.http_version = text("1.1");
    page.ip = text("2001:db8::1");
    page.etag = text("W/\"x\"");
    page.last_modified = text("Mon, 23 Nov 2026 08:19:42 GMT");
    page.server = text("nginx/1.24 (\"x\")");
    page.nr_links_out = 0;
    page.content_hash = (struct bytes){"\x00\x01\xfe\xff"
                                       "0123456789ab",
                                       16};
    page.worker = 0;
    page.retry_later = true;
    page.raw_request = text("GET /1 HTTP/1.1\r\nHost: h1\r\n\r\n");
    page.raw_head = text("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
    page.raw_body = text("hello");
    return page;
}

/* Five ends of five kinds, and a line that was none. */
static void put_samples(struct fixture *fix)
{
    struct page_record page = full_page();
    struct line_record line = {.line = 6,
                               .text = text("ht!tp:\n"),
                               .error = text("bad_url"),
                               .detail = text("no scheme")};
    struct url_record url = fixture_url(1, 1, 1);
    struct storage_input input = {.name = "urls, 1.txt", .done = true};

    url.listed = page.listed;
    assert_ok(storage_put_input(fix->storage, &input));
    assert_ok(storage_add_urls(fix->storage, &url, 1, NOW, NULL));
    fixture_add(fix, 1, 5);
    assert_ok(storage_put_page(fix->storage, &page));
    page = fixture_page(1, 2, "http_error", 404);
    page.raw_head = text("HTTP/1.1 404 Not Found\r\n\r\n");
    page.raw_body = text("hello"); /* the one before is cut: no revisit of it */
    page.length = 5;
    assert_ok(storage_put_page(fix->storage, &page));
    fixture_end(fix, 1, 3, "error", 0);
    /* the same payload again, in chunks: a revisit */
    page = fixture_page(1, 4, "ok", 200);
    page.title = (struct bytes){"broken \xff\xc3 end", 13};
    page.raw_head =
        text("HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, Chunked \r\n\r\n");
    page.raw_body = text("2;x\r\nhe\r\n03\r\nllo\r\n0\r\n\r\n");
    assert_ok(storage_put_page(fix->storage, &page));
    page = fixture_page(1, 5, "redirect", 301);
    page.raw_head = text("HTTP/1.1 304 Not Modified\r\n\r\n");
    assert_ok(storage_put_page(fix->storage, &page));
    assert_ok(storage_put_line(fix->storage, &line));
}

static void open_all(struct fixture *fix)
{
    fixture_output(fix, "out.jsonl");
    fixture_output(fix, "out.csv");
    fixture_output(fix, "out.warc.gz");
    fixture_open(fix);
}

static void file_is_golden(struct fixture *fix, const char *name)
{
    char *found = fixture_read(fix, name);

    assert_non_null(found);
    is_golden(found, name);
    free(found);
}

static void sinks_write_what_the_golden_files_say(void **state)
{
    struct fixture *fix = *state;
    char path[400];
    char *warc;

    open_all(fix);
    assert_true(storage_wants_raw(fix->storage));
    put_samples(fix);
    fixture_close(fix, "done");
    file_is_golden(fix, "db.txt");
    file_is_golden(fix, "out.jsonl");
    file_is_golden(fix, "out.csv");
    snprintf(path, sizeof(path), "%s/out.warc.gz", fix->folder);
    warc = inflate_file(path);
    is_golden(warc, "out.warc");
    free(warc);
}

static void sinks_go_on_where_the_commit_was(void **state)
{
    struct fixture *fix = *state;
    char path[400];
    char *warc;

    open_all(fix);
    put_samples(fix);
    fixture_crash(fix); /* all of it is lost */
    fixture_open(fix);
    put_samples(fix);
    fixture_reopen(fix);
    fixture_close(fix, "done");
    file_is_golden(fix, "db.txt");
    file_is_golden(fix, "out.jsonl");
    file_is_golden(fix, "out.csv");
    snprintf(path, sizeof(path), "%s/out.warc.gz", fix->folder);
    warc = inflate_file(path);
    is_golden(warc, "out.warc");
    free(warc);
}

static void sinks_make_warcs_that_another_parser_reads(void **state)
{
    struct fixture *fix = *state;
    char command[600];

    open_all(fix);
    put_samples(fix);
    fixture_close(fix, "done");
    snprintf(command, sizeof(command),
             "/usr/bin/python3 " TEST_SOURCE_DIR "/tests/support/read_warc.py"
             " %s/out.warc.gz %s/out.cdxj 6",
             fix->folder, fix->folder);
    assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c) */
}

static void sinks_export_what_a_crawl_writes(void **state)
{
    static const char *const names[] = {"out.jsonl", "out.csv"};
    struct fixture *fix = *state;
    struct reader *reader;
    char path[400];

    fixture_open(fix);
    put_samples(fix);
    fixture_close(fix, "done");
    snprintf(path, sizeof(path), "%s/crawl.db", fix->folder);
    assert_ok(reader_open(&reader, path, fix->message));
    for (size_t i = 0; i < 2; i++) {
        struct query_options options = {.run = (int64_t)i};

        snprintf(path, sizeof(path), "%s/%s", fix->folder, names[i]);
        assert_ok(reader_export(reader, path, NULL, &options));
        assert_int_equal(reader_export(reader, path, NULL, &options),
                         CERR_EXISTS);
        file_is_golden(fix, names[i]);
    }
    snprintf(path, sizeof(path), "%s/out.warc.gz", fix->folder);
    assert_int_equal(
        reader_export(reader, path, NULL, &(struct query_options){0}),
        CERR_FORMAT);
    reader_close(reader);
}

/* ---- files ---- */

static void sink_begins_a_new_part_when_one_has_a_gigabyte(void **state)
{
    const off_t full = 1000000000;
    struct fixture *fix = *state;
    struct page_record page = fixture_page(1, 1, "ok", 200);
    struct sink_place place = {0};
    struct sink *sink;
    char path[400], part[400];
    int64_t committed;
    char *data, *revisit;

    page.raw_head = text("HTTP/1.1 200 OK\r\n\r\n");
    page.raw_body = text("hello");
    snprintf(path, sizeof(path), "%s/x.warc.gz", fix->folder);
    snprintf(part, sizeof(part), "%s/x-00001.warc.gz", fix->folder);
    assert_ok(sink_open(&sink, path, sink_kind(path, NULL)));
    assert_ok(sink_resume(sink, 0, 0, SINK_REST_OWN));
    assert_ok(sink_start(sink));
    assert_ok(sink_put(sink, &page, &place));
    assert_string_equal(place.file, "x.warc.gz");
    assert_ok(sink_flush(sink));
    /* as if a gigabyte had been written: a file with a hole */
    assert_int_equal(ftruncate(sink->fd, full), 0);
    assert_int_equal(lseek(sink->fd, full, SEEK_SET), full);
    sink->offset = full;
    assert_ok(sink_put(sink, &page, &place));
    assert_string_equal(place.file, "x-00001.warc.gz");
    assert_ok(sink_flush(sink));
    assert_int_equal(sink->part, 1);
    committed = sink->offset;
    /* what was not committed is cut off, in the right part */
    assert_ok(sink_put(sink, &page, &place));
    assert_ok(sink_flush(sink));
    sink_close(sink, false);
    assert_ok(sink_open(&sink, path, sink_kind(path, NULL)));
    assert_ok(sink_resume(sink, 1, committed, SINK_REST_OWN));
    sink_close(sink, false);
    data = inflate_file(part);
    assert_non_null(strstr(data, "WARC-Type: warcinfo"));
    /* the body lies in the part before; one such record is left */
    revisit = strstr(data, "WARC-Type: revisit");
    assert_non_null(revisit);
    assert_null(strstr(revisit + 1, "WARC-Type: revisit"));
    free(data);
}

static void sinks_know_their_kind_by_suffix_and_word(void **state)
{
    static const struct {
        const char *path, *format, *kind;
    } rows[] = {
        {"a.txt", NULL, "txt"},      {"a.jsonl", "csv", "jsonl"},
        {"a.ndjson", NULL, "jsonl"}, {"a.csv", NULL, "csv"},
        {"a.warc.gz", NULL, "warc"}, {"a.b", "txt", "txt"},
        {"-", NULL, "jsonl"},        {"-", "csv", "csv"},
        {".txt", NULL, NULL},        {"a.b", NULL, NULL},
        {"a.b", "xml", NULL},        {"a.warc.gz.x", NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct sink_ops *ops = sink_kind(rows[i].path, rows[i].format);

        print_message("%s\n", rows[i].path);
        if (rows[i].kind)
            assert_string_equal(ops->kind, rows[i].kind);
        else
            assert_null(ops);
    }
}

static void sinks_are_refused_with_a_reason(void **state)
{
    static const struct {
        const char *name;
        enum err err;
        const char *says;
    } rows[] = {
        {"no/such/folder.txt", CERR_NOT_FOUND, "cannot write there"},
        {"folder.csv", CERR_INVALID, "folder or a symbolic"},
        {"link.jsonl", CERR_INVALID, "folder or a symbolic"},
        {"other.unknown", CERR_INVALID, "does not tell the kind"},
        {"db.txt", CERR_INVALID, "named twice"},
        {"second.db", CERR_INVALID, "has one database"},
        {"full.jsonl", CERR_EXISTS, "exists already"},
    };
    struct fixture *fix = *state;
    char path[400];
    FILE *file;

    snprintf(path, sizeof(path), "%s/folder.csv", fix->folder);
    assert_int_equal(mkdir(path, 0777), 0);
    snprintf(path, sizeof(path), "%s/link.jsonl", fix->folder);
    assert_int_equal(symlink("/tmp/crawl-nowhere", path), 0);
    snprintf(path, sizeof(path), "%s/full.jsonl", fix->folder);
    file = fopen(path, "we");
    assert_non_null(file);
    fputs("mine\n", file);
    fclose(file);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char *left;

        fix->options.nr_outputs = 2;
        fixture_output(fix, rows[i].name);
        assert_int_equal(
            storage_open(&fix->storage, &fix->options, fix->message),
            rows[i].err);
        assert_null(fix->storage);
        print_message("%s\n", fix->message);
        assert_non_null(strstr(fix->message, rows[i].says));
        /* and nothing is left behind, nor anything changed */
        assert_null(fixture_read(fix, "crawl.db"));
        assert_null(fixture_read(fix, "db.txt"));
        left = fixture_read(fix, "full.jsonl");
        assert_string_equal(left, "mine\n");
        free(left);
    }
    snprintf(path, sizeof(path), "%s/folder.csv", fix->folder);
    rmdir(path);
}

static void sinks_alone_keep_their_state_beside_the_first(void **state)
{
    struct fixture *fix = *state;

    fix->options.outputs = fix->outputs + 1;
    fix->options.nr_outputs = 1;
    fixture_open(fix);
    fixture_add(fix, 1, 2);
    fixture_end(fix, 1, 1, "ok", 200);
    fixture_close(fix, "interrupted");
    fixture_open(fix);
    assert_int_equal(storage_state(fix->storage), STORAGE_UNFINISHED);
    fixture_end(fix, 1, 2, "ok", 200);
    fixture_close(fix, "done");
    fixture_text_is(fix, "http://h1/1:1001\nhttp://h1/2:1002\n");
    assert_null(fixture_read(fix, "db.txt.crawl-state"));
    /* the state is gone: this is no longer an unfinished output */
    assert_int_equal(storage_open(&fix->storage, &fix->options, fix->message),
                     CERR_EXISTS);
    fixture_text_is(fix, "http://h1/1:1001\nhttp://h1/2:1002\n");
}

static void sinks_notice_that_a_file_was_cut_short(void **state)
{
    struct fixture *fix = *state;

    fixture_open(fix);
    fixture_add(fix, 1, 2);
    fixture_end(fix, 1, 1, "ok", 200);
    fixture_close(fix, "interrupted");
    assert_int_equal(truncate(fix->paths[1], 3), 0);
    assert_int_equal(storage_open(&fix->storage, &fix->options, fix->message),
                     CERR_CORRUPT);
    assert_non_null(strstr(fix->message, "shorter than"));
}

static void sinks_survive_a_reader_that_leaves(void **state)
{
    struct fixture *fix = *state;
    struct sink *sink;
    struct sink_place place;
    struct page_record page = fixture_page(1, 1, "ok", 200);
    int ends[2], saved = dup(STDOUT_FILENO);

    assert_int_equal(pipe(ends), 0);
    fflush(stdout);
    dup2(ends[1], STDOUT_FILENO);
    close(ends[0]);
    close(ends[1]);
    assert_ok(sink_open(&sink, "-", &sink_jsonl));
    dup2(saved, STDOUT_FILENO);
    close(saved);
    assert_ok(sink_resume(sink, 0, 0, SINK_REST_OWN));
    assert_ok(sink_put(sink, &page, &place));
    /* no SIGPIPE: this process is still here to see the error */
    assert_int_equal(sink_flush(sink), CERR_CLOSED);
    sink_close(sink, false);
    (void)fix;
}

static void sinks_report_a_full_device(void **state)
{
    struct fixture *fix = *state;

    fix->outputs[1] = "/dev/full";
    fix->options.format = "jsonl";
    fixture_open(fix);
    fixture_add(fix, 1, 2);
    fixture_end(fix, 1, 1, "ok", 200);
    /* a stream gets its rows behind the commit, which therefore stands */
    assert_int_equal(storage_commit(fix->storage), CERR_FULL);
    assert_non_null(strstr(storage_message(fix->storage), "/dev/full"));
    assert_int_equal(storage_put_event(fix->storage, NOW, "info", "x", "y"),
                     CERR_FULL);
    assert_int_equal(storage_close(fix->storage, "failed", "full", NOW),
                     CERR_FULL);
    fix->storage = NULL;
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, fixture_new, fixture_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sinks_write_what_the_golden_files_say),
        TEST(sinks_go_on_where_the_commit_was),
        TEST(sinks_make_warcs_that_another_parser_reads),
        TEST(sinks_export_what_a_crawl_writes),
        TEST(sink_begins_a_new_part_when_one_has_a_gigabyte),
        TEST(sinks_know_their_kind_by_suffix_and_word),
        TEST(sinks_are_refused_with_a_reason),
        TEST(sinks_alone_keep_their_state_beside_the_first),
        TEST(sinks_notice_that_a_file_was_cut_short),
        TEST(sinks_survive_a_reader_that_leaves),
        TEST(sinks_report_a_full_device),
    };

    return cmocka_run_group_tests_name("sinks", tests, NULL, NULL);
}
