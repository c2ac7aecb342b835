/*
 * Nothing lost, nothing twice: a writer of all outputs is killed, starved of
 * disk space, failed by fsync or cut from power at chosen calls, run again
 * until it is done, and then everything is counted.
 *
 * CRAWL_FAULTS is the number of cases of each kind; the nightly run has more.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "storage/leases.h"
#include "storage/query.h"
#include "storage/results.h"
#include "tests/fault/storage_shim.h"
#include "tests/support/storage_fixture.h"

#define NR_HOSTS      4
#define NR_URLS       25 /* of each host */
#define NR_ALL        (NR_HOSTS * NR_URLS)
#define COMMIT_PAGES  7
#define ROUNDS_MAX    6 /* faults in a row before the run is left in peace */
#define DEFAULT_CASES 25

/* Shared with the writer: survives it as a terminal would. */
struct reported {
    bool ended[NR_HOSTS + 1][NR_URLS + 1]; /* said to be stored */
    long nr_calls;
};

static struct reported *reported;

/* ---- the writer ---- */

struct writer {
    struct fixture *fix;
    struct storage *storage;
    bool pending[NR_HOSTS + 1][NR_URLS + 1]; /* not yet committed */
    size_t nr_pending;
    enum err err;
};

static enum err commit(struct writer *writer)
{
    enum err err = storage_commit(writer->storage);

    if (err)
        return err;
    for (int host = 1; host <= NR_HOSTS; host++)
        for (int i = 1; i <= NR_URLS; i++)
            reported->ended[host][i] |= writer->pending[host][i];
    memset(writer->pending, 0, sizeof(writer->pending));
    writer->nr_pending = 0;
    return CERR_OK;
}

static enum err end_url(struct writer *writer, struct url_key key)
{
    struct page_record page =
        fixture_page((int)key.host_id, key.url_hash, "ok", 200);
    struct link_record link = {.url = page.url, .key = key, .kind = text("a")};
    enum err err;

    /* what was reported as stored is never handed out again */
    if (reported->ended[key.host_id][key.url_hash])
        return CERR_EXISTS;
    page.raw_request = text("GET / HTTP/1.1\r\n\r\n");
    page.raw_head = text("HTTP/1.1 200 OK\r\n\r\n");
    page.raw_body = page.url;
    page.links = &link;
    page.nr_links = 1;
    err = storage_put_page(writer->storage, &page);
    if (err)
        return err;
    writer->pending[key.host_id][key.url_hash] = true;
    if (++writer->nr_pending < COMMIT_PAGES)
        return CERR_OK;
    return commit(writer);
}

static enum err crawl_host(struct writer *writer, struct host_record *host)
{
    struct fixture *fix = writer->fix;
    struct storage_taker taker = fixture_taker(fix);
    enum err err;

    fix->nr_urls = 0;
    err = storage_refill_urls(writer->storage, host->host_id, &URL_PLACE_FIRST,
                              5, &taker);
    for (size_t i = 0; i < fix->nr_urls && !err; i++)
        err = end_url(writer, fix->urls[i].key);
    if (err)
        return err;
    host->due_at = fix->nr_urls ? NOW : STORAGE_HOST_IDLE;
    return storage_release_host(writer->storage, host);
}

static enum err add_list(struct writer *writer)
{
    struct storage_input input = {.name = "urls.txt"};
    enum err err = storage_get_input(writer->storage, &input);

    if (err != CERR_NOT_FOUND)
        return err;
    err = CERR_OK;
    for (int host = 1; host <= NR_HOSTS; host++)
        for (int i = 1; i <= NR_URLS && !err; i++) {
            struct url_record url = fixture_url(host, i, i);

            err = storage_add_urls(writer->storage, &url, 1, NOW, NULL);
        }
    input.done = true;
    if (!err)
        err = storage_put_input(writer->storage, &input);
    return err ? err : commit(writer);
}

static enum err crawl(struct writer *writer)
{
    struct fixture *fix = writer->fix;
    struct storage_taker taker = fixture_taker(fix);
    size_t nr_woken = 1;
    enum err err = add_list(writer);

    while (!err && nr_woken) {
        fix->nr_hosts = 0;
        err = storage_lease_hosts(writer->storage, NOW, 2, &taker);
        for (size_t i = 0; i < fix->nr_hosts && !err; i++)
            err = crawl_host(writer, &fix->hosts[i]);
        if (!err && fix->nr_hosts == 0)
            err = storage_sweep(writer->storage, NOW, &nr_woken);
    }
    return err ? err : commit(writer);
}

/* Exit status: the error; 100 and more: a promise is broken. */
static int run_writer(struct fixture *fix, enum shim_fault fault, long at,
                      unsigned files)
{
    struct writer writer = {.fix = fix};
    char message[STORAGE_MESSAGE_BYTES];
    enum err err, close_err;

    shim_set(fault, at, files);
    err = storage_open(&writer.storage, &fix->options, message);
    if (err) {
        fprintf(stderr, "%s\n", message);
        return message[0] ? (int)err : 100;
    }
    err = crawl(&writer);
    if (err == CERR_EXISTS || (err && !storage_message(writer.storage)[0]))
        return 101;
    if (err)
        fprintf(stderr, "%s\n", storage_message(writer.storage));
    close_err =
        storage_close(writer.storage, err ? "failed" : "done", NULL, NOW);
    reported->nr_calls = shim_calls();
    return (int)(err ? err : close_err);
}

/* Runs it in a process of its own; returns its wait status. */
static int fork_writer(struct fixture *fix, enum shim_fault fault, long at,
                       unsigned files)
{
    int status;
    pid_t pid;

    fflush(stdout);
    fflush(stderr);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

        dup2(null, STDERR_FILENO);
        _exit(run_writer(fix, fault, at, files));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

#ifdef __SANITIZE_ADDRESS__
/* A fork copies the page tables of all freed memory that is kept back. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
    return "quarantine_size_mb=1:thread_local_quarantine_size_kb=16";
}
#endif

/* ---- what must hold ---- */

static enum err keep_text(void *ctx, const struct query_row *row)
{
    char *out = ctx;

    if (row->values)
        snprintf(out, 64, "%.*s", (int)row->values[0].text.len,
                 (const char *)row->values[0].text.data);
    return CERR_OK;
}

static void answer_is(struct reader *reader, const char *sql,
                      const char *expected)
{
    char answer[64] = "";

    assert_ok(reader_run(reader, sql, strlen(sql), keep_text, answer));
    assert_string_equal(answer, expected);
}

static enum err keep_page(void *ctx, const struct query_row *row)
{
    bool(*found)[NR_URLS + 1] = ctx;

    if (row->values) {
        int64_t host = row->values[0].integer, url = row->values[1].integer;

        assert_in_range(host, 1, NR_HOSTS);
        assert_in_range(url, 1, NR_URLS);
        found[host][url] = true;
    }
    return CERR_OK;
}

static void check_reported(struct reader *reader)
{
    static const char sql[] = "SELECT host_id, url_hash FROM pages";
    bool found[NR_HOSTS + 1][NR_URLS + 1] = {{false}};

    assert_ok(reader_run(reader, sql, strlen(sql), keep_page, found));
    for (int host = 1; host <= NR_HOSTS; host++)
        for (int i = 1; i <= NR_URLS; i++)
            assert_true(found[host][i] || !reported->ended[host][i]);
}

/* Also in the middle: nothing is damaged, and what was reported is there. */
static void check_middle(struct fixture *fix)
{
    struct reader *reader;
    enum err err = reader_open(&reader, fix->paths[0], fix->message);

    if (err) {
        /* the journal waits for the next crawl, which rolls it back; what was
         * reported is looked for when that has gone on */
        if (err == CERR_STATE)
            return;
        /* killed before there was a schema: then nothing was reported */
        assert_true(err == CERR_FORMAT || err == CERR_NOT_FOUND);
        for (int host = 1; host <= NR_HOSTS; host++)
            for (int i = 1; i <= NR_URLS; i++)
                assert_false(reported->ended[host][i]);
        return;
    }
    answer_is(reader, "PRAGMA integrity_check", "ok");
    answer_is(reader,
              "SELECT count(*) = count(DISTINCT host_id * 1000 + url_hash)"
              " FROM pages",
              "1");
    check_reported(reader);
    reader_close(reader);
}

static size_t count_lines(struct fixture *fix, const char *name)
{
    char *data = fixture_read(fix, name);
    size_t nr = 0;

    assert_non_null(data);
    for (const char *at = strchr(data, '\n'); at; at = strchr(at + 1, '\n'))
        nr++;
    free(data);
    return nr;
}

static void check_end(struct fixture *fix, bool warc)
{
    char command[600], *data;
    struct reader *reader;

    check_middle(fix);
    assert_ok(reader_open(&reader, fix->paths[0], fix->message));
    answer_is(reader, "SELECT count(*) FROM pages", "100");
    answer_is(reader, "SELECT count(*) FROM links", "100");
    answer_is(reader, "SELECT count(*) FROM urls WHERE state = 2", "100");
    answer_is(reader, "SELECT v FROM meta WHERE k = 'ended'", "100");
    answer_is(reader, "SELECT status FROM runs", "done");
    reader_close(reader);
    /* one file, whose head says that it has no log ("Database Header Format",
     * file format versions) */
    assert_null(fixture_read(fix, "crawl.db-wal"));
    data = fixture_read(fix, "crawl.db");
    assert_memory_equal(data + 18, "\1\1", 2);
    free(data);
    assert_int_equal(count_lines(fix, "db.txt"), NR_ALL);
    assert_int_equal(count_lines(fix, "out.jsonl"), NR_ALL);
    assert_int_equal(count_lines(fix, "out.csv"), NR_ALL + 1);
    data = fixture_read(fix, "db.txt");
    for (int host = 1; host <= NR_HOSTS; host++)
        for (int i = 1; i <= NR_URLS; i++) {
            char line[64];

            snprintf(line, sizeof(line), "http://h%d/%d:%d\n", host, i,
                     1000 + i);
            assert_non_null(strstr(data, line));
        }
    free(data);
    if (!warc)
        return;
    snprintf(command, sizeof(command),
             "/usr/bin/python3 " TEST_SOURCE_DIR "/tests/support/read_warc.py"
             " %s/out.warc.gz %s/out.cdxj %d",
             fix->folder, fix->folder, 1 + 2 * NR_ALL);
    assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c) */
}

/* ---- cases ---- */

static int nr_cases(void)
{
    const char *text = getenv("CRAWL_FAULTS");
    long nr = text ? strtol(text, NULL, 10) : 0;

    return nr > 0 ? (int)nr : DEFAULT_CASES;
}

static void start_case(struct fixture *fix)
{
    fixture_empty(fix);
    memset(reported, 0, sizeof(*reported));
}

/* The calls of an undisturbed run, which is also a case. */
static long count_calls(struct fixture *fix)
{
    start_case(fix);
    assert_int_equal(fork_writer(fix, SHIM_SYNC, LONG_MAX, 0), 0);
    check_end(fix, true);
    return reported->nr_calls;
}

static void is_expected(int status, enum shim_fault fault)
{
    int code;

    if (WIFSIGNALED(status)) {
        assert_int_equal(WTERMSIG(status), SIGKILL);
        assert_true(fault == SHIM_KILL || fault == SHIM_POWER_CUT);
        return;
    }
    code = WEXITSTATUS(status);
    if (code != CERR_OK)
        assert_int_equal(code, fault == SHIM_FULL ? CERR_FULL : CERR_IO);
}

/* Fault after fault, at calls that a fixed sequence chooses. */
static void run_cases(struct fixture *fix, enum shim_fault fault)
{
    long nr_calls = count_calls(fix);
    unsigned seed = 1;
    int nr = nr_cases();

    for (int i = 0; i < nr; i++) {
        int status = 1;

        start_case(fix);
        for (int round = 0; round < ROUNDS_MAX && status != 0; round++) {
            long at;

            seed = seed * 1103515245 + 12345;
            /* the first strikes walk through all of the run */
            at = round == 0 ? 1 + i * nr_calls / nr
                            : 1 + (long)(seed >> 8) % nr_calls;
            status = fork_writer(fix, fault, at, seed >> 16 & 0xff);
            is_expected(status, fault);
            check_middle(fix);
        }
        if (status != 0)
            assert_int_equal(fork_writer(fix, SHIM_NONE, 0, 0), 0);
        check_end(fix, i % 10 == 0);
    }
}

static void storage_survives_kills(void **state)
{
    run_cases(*state, SHIM_KILL);
}

static void storage_survives_power_cuts(void **state)
{
    run_cases(*state, SHIM_POWER_CUT);
}

static void storage_survives_a_full_disk(void **state)
{
    run_cases(*state, SHIM_FULL);
}

static void storage_survives_failing_syncs(void **state)
{
    run_cases(*state, SHIM_SYNC);
}

static int set_up(void **state)
{
    struct fixture *fix;

    reported = mmap(NULL, sizeof(*reported), PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (reported == MAP_FAILED)
        return -1;
    fixture_new(state);
    fix = *state;
    fixture_output(fix, "out.jsonl");
    fixture_output(fix, "out.csv");
    fixture_output(fix, "out.warc.gz");
    return 0;
}

static int tear_down(void **state)
{
    munmap(reported, sizeof(*reported));
    return fixture_free(state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(storage_survives_kills),
        TEST(storage_survives_power_cuts),
        TEST(storage_survives_a_full_disk),
        TEST(storage_survives_failing_syncs),
    };

    return cmocka_run_group_tests_name("storage faults", tests, NULL, NULL);
}
