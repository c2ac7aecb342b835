/* Whose file is it: what storage_open and reader_open make of files that are
 * not theirs, damaged, newer, read-only; and what the schema promises. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "base/xalloc.h"
#include "storage/query.h"
#include "storage/stamp.h"
#include "tests/support/storage_fixture.h"

/* ---- files ---- */

static void make_garbage(const char *path)
{
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    for (int i = 0; i < 1000; i++)
        fputs("no database, and long enough to look at\n", file);
    fclose(file);
}

static void run_sql(const char *path, const char *sql)
{
    sqlite3 *db;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void make_foreign(const char *path)
{
    run_sql(path, "CREATE TABLE mine (a)");
}

static void make_newer(const char *path)
{
    run_sql(path, "PRAGMA application_id = 1668446060;"
                  "PRAGMA user_version = 99; CREATE TABLE pages (a)");
}

/* Ours, but with a page in the middle overwritten. */
static void make_damaged(const char *path)
{
    struct storage_options options = {.outputs = &path, .nr_outputs = 1};
    char message[STORAGE_MESSAGE_BYTES], junk[8192];
    struct storage *storage;
    int fd;

    assert_ok(storage_open(&storage, &options, message));
    assert_ok(storage_close(storage, "done", NULL, NOW));
    memset(junk, 0x5a, sizeof(junk));
    fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    for (off_t page = 1; page < 12; page++)
        assert_int_equal(pwrite(fd, junk, sizeof(junk), page * 8192),
                         sizeof(junk));
    close(fd);
}

static void make_folder(const char *path)
{
    assert_int_equal(mkdir(path, 0777), 0);
}

static void make_link(const char *path)
{
    assert_int_equal(symlink("/tmp/crawl-nowhere.db", path), 0);
}

static void make_fifo(const char *path)
{
    assert_int_equal(mkfifo(path, 0666), 0);
}

static const struct {
    const char *name;
    void (*make)(const char *path);
    enum err write_err, read_err;
    const char *says; /* on writing */
} others[] = {
    {"garbage.db", make_garbage, CERR_FORMAT, CERR_FORMAT, "not a database"},
    {"foreign.db", make_foreign, CERR_FORMAT, CERR_FORMAT, "another program"},
    {"newer.db", make_newer, CERR_FORMAT, CERR_FORMAT, "newer version"},
    {"damaged.db", make_damaged, CERR_CORRUPT, CERR_OK, "--force"},
    {"folder.db", make_folder, CERR_INVALID, CERR_INVALID, "not a regular"},
    {"link.db", make_link, CERR_INVALID, CERR_NOT_FOUND, "symbolic link"},
    {"fifo.db", make_fifo, CERR_INVALID, CERR_INVALID, "not a regular"},
};
#define NR_OTHERS (sizeof(others) / sizeof(others[0]))

static char *path_of(struct fixture *fix, const char *name)
{
    char *path = xcalloc(1, 400);

    snprintf(path, 400, "%s/%s", fix->folder, name);
    return path;
}

static void open_refuses_what_is_not_ours(void **state)
{
    struct fixture *fix = *state;

    for (size_t i = 0; i < NR_OTHERS; i++) {
        char *path = path_of(fix, others[i].name);
        const char *output = path;
        char *before, *after;

        print_message("%s\n", others[i].name);
        others[i].make(path);
        fix->options.outputs = &output;
        fix->options.nr_outputs = 1;
        /* ours may be prepared for writing; theirs is not touched */
        before = others[i].write_err == CERR_FORMAT
                     ? fixture_read(fix, others[i].name)
                     : NULL;
        assert_int_equal(
            storage_open(&fix->storage, &fix->options, fix->message),
            others[i].write_err);
        print_message("%s\n", fix->message);
        assert_non_null(strstr(fix->message, others[i].says));
        assert_null(strchr(fix->message, '\n'));
        if (before) {
            after = fixture_read(fix, others[i].name);
            assert_non_null(after);
            assert_memory_equal(before, after, 40000);
            free(after);
        }
        free(before);
        free(path);
    }
}

static void open_forces_its_own_damaged_file_alone(void **state)
{
    struct fixture *fix = *state;

    fix->options.nr_outputs = 1;
    fix->options.force = true;
    make_foreign(fix->paths[0]);
    assert_int_equal(storage_open(&fix->storage, &fix->options, fix->message),
                     CERR_FORMAT);
    fixture_empty(fix);
    make_damaged(fix->paths[0]);
    fixture_open(fix);
    assert_int_equal(storage_state(fix->storage), STORAGE_NEW);
    fixture_add(fix, 1, 1);
    fixture_close(fix, "interrupted");
    fix->options.force = false;
    fixture_open(fix);
    assert_int_equal(storage_state(fix->storage), STORAGE_UNFINISHED);
}

static enum err ignore_row(void *ctx, const struct query_row *row)
{
    (void)ctx;
    (void)row;
    return CERR_OK;
}

static void open_reads_with_a_reason_or_not_at_all(void **state)
{
    struct fixture *fix = *state;

    for (size_t i = 0; i < NR_OTHERS; i++) {
        char *path = path_of(fix, others[i].name);
        struct reader *reader;

        print_message("%s\n", others[i].name);
        others[i].make(path);
        assert_int_equal(reader_open(&reader, path, fix->message),
                         others[i].read_err);
        assert_true((reader == NULL) == (fix->message[0] != '\0'));
        if (reader) { /* the damage is behind the first page */
            static const char sql[] = "SELECT count(*) FROM urls";
            struct reader_status status;

            assert_int_equal(reader_status(reader, &status), CERR_CORRUPT);
            assert_int_equal(
                reader_run(reader, sql, strlen(sql), ignore_row, NULL),
                CERR_CORRUPT);
        }
        reader_close(reader);
        free(path);
    }
}

/* As root every file can be written; nobody else may write this one. */
static void open_refuses_a_read_only_file(void **state)
{
    struct fixture *fix = *state;
    int status;
    pid_t pid;

    fix->options.nr_outputs = 1;
    fixture_open(fix);
    fixture_close(fix, "interrupted");
    assert_int_equal(chmod(fix->paths[0], 0444), 0);
    assert_int_equal(chmod(fix->folder, 0755), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if (geteuid() == 0 && setuid(65534))
            _exit(99);
        _exit(storage_open(&fix->storage, &fix->options, fix->message));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), CERR_PERM);
}

/* A finished file is readable for others in a folder that they cannot write. */
static void open_leaves_a_file_that_others_can_read(void **state)
{
    struct fixture *fix = *state;
    int status;
    pid_t pid;

    fixture_open(fix);
    fixture_close(fix, "done");
    assert_int_equal(chmod(fix->folder, 0755), 0);
    assert_int_equal(chmod(fix->paths[0], 0444), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct reader *reader;
        struct reader_status now;

        if (geteuid() == 0 && setuid(65534))
            _exit(99);
        if (reader_open(&reader, fix->paths[0], fix->message) ||
            reader_status(reader, &now))
            _exit(1);
        reader_close(reader);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

/* ---- the schema ---- */

struct docs {
    char text[100000];
    size_t nr_found;
};

/* The column stands in the section of its table. */
static enum err find_in_docs(void *ctx, const struct query_row *row)
{
    struct docs *docs = ctx;
    const char *section, *end, *column;
    char wanted[160];

    if (!row->values)
        return CERR_OK;
    snprintf(wanted, sizeof(wanted), "\n### %.*s\n",
             (int)row->values[0].text.len,
             (const char *)row->values[0].text.data);
    section = strstr(docs->text, wanted);
    if (!section) {
        print_error("docs/schema.md lacks the section%s", wanted);
        return CERR_NOT_FOUND;
    }
    end = strstr(section + 1, "\n### ");
    snprintf(wanted, sizeof(wanted), "\n| `%.*s` |",
             (int)row->values[1].text.len,
             (const char *)row->values[1].text.data);
    column = strstr(section, wanted);
    if (!column || (end && column > end)) {
        print_error("docs/schema.md, %.*s: lacks%s\n",
                    (int)row->values[0].text.len,
                    (const char *)row->values[0].text.data, wanted);
        return CERR_NOT_FOUND;
    }
    docs->nr_found++;
    return CERR_OK;
}

static size_t count_columns(const char *text)
{
    size_t nr = 0;

    for (const char *at = strstr(text, "\n| `"); at;
         at = strstr(at + 1, "\n| `"))
        nr++;
    return nr;
}

static void schema_is_documented_column_by_column(void **state)
{
    static const char sql[] =
        "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name)"
        " c WHERE m.type IN ('table', 'view') AND m.name NOT LIKE 'sqlite%'";
    struct fixture *fix = *state;
    struct reader *reader;
    FILE *file = fopen(TEST_SOURCE_DIR "/docs/schema.md", "re");
    struct docs *docs = xcalloc(1, sizeof(*docs));

    assert_non_null(file);
    assert_true(fread(docs->text, 1, sizeof(docs->text) - 1, file) > 0);
    fclose(file);
    fixture_open(fix);
    fixture_close(fix, "interrupted");
    assert_ok(reader_open(&reader, fix->paths[0], fix->message));
    assert_ok(reader_run(reader, sql, strlen(sql), find_in_docs, docs));
    /* and none that the schema does not have */
    assert_int_equal(count_columns(docs->text), docs->nr_found);
    reader_close(reader);
    free(docs);
}

static void schema_begins_results_with_what_people_ask_first(void **state)
{
    static const char *const first[] = {"url",     "length", "status",
                                        "outcome", "error",  "final_url",
                                        "line",    "detail"};
    struct fixture *fix = *state;
    sqlite3_stmt *stmt;
    sqlite3 *db;

    fixture_open(fix);
    fixture_close(fix, "interrupted");
    assert_int_equal(sqlite3_open(fix->paths[0], &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_prepare_v2(db, "SELECT * FROM results", -1, &stmt, NULL),
        SQLITE_OK);
    for (int i = 0; i < 8; i++)
        assert_string_equal(sqlite3_column_name(stmt, i), first[i]);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
}

static void open_goes_on_only_with_the_secrets_of_the_run(void **state)
{
    static const struct {
        const char *secrets;
        enum err err;
    } rows[] = {
        {NULL, CERR_INVALID},
        {"-H X-Keys\n", CERR_INVALID},
        {"-H X-Key\n", CERR_INVALID},
        {"--proxy\n-H x-key\n", CERR_OK},
        {"-H X-Key\n--proxy\n-H Cookie\n", CERR_OK},
        {"-H X-Key\n--proxy\n", CERR_INVALID}, /* Cookie came to it */
    };
    struct fixture *fix = *state;

    fix->options.secrets = "-H X-Key\n--proxy\n";
    fixture_open(fix);
    fixture_add(fix, 1, 2);
    fixture_close(fix, "interrupted");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        fix->options.secrets = rows[i].secrets;
        assert_int_equal(fixture_try(fix, &fix->storage), rows[i].err);
        if (rows[i].err)
            assert_non_null(strstr(fix->message, "kept nowhere: add it"));
        else
            fixture_close(fix, "interrupted");
    }
    fix->options.secrets = NULL; /* a finished run needs none any more */
    fix->options.force = true;
    fixture_open(fix);
    fixture_close(fix, "done");
}

/* The clock was days ahead and was mended while the session ran: its end has
 * the right time, but what it kept of its hosts has not. */
static void
open_asks_a_host_by_the_clock_of_the_session_that_kept_it(void **state)
{
    const int64_t day_ms = 86400000;
    struct fixture *fix = *state;

    fix->options.now_ms = NOW + 10 * day_ms;
    fixture_open(fix);
    fixture_add(fix, 1, 1);
    fixture_lease_hosts(fix, NOW + 10 * day_ms, 1);
    fix->hosts[0].not_before = NOW + 10 * day_ms + 9000;
    fix->hosts[0].due_at = NOW + 10 * day_ms + 9000;
    assert_ok(storage_release_host(fix->storage, &fix->hosts[0]));
    assert_ok(storage_put_sample(
        fix->storage,
        &(struct sample_record){.clock_ms = NOW + 10 * day_ms + 2000}));
    fixture_close(fix, "interrupted");

    fix->options.now_ms = NOW + 60000;
    fixture_open(fix);
    fixture_lease_hosts(fix, NOW + 66999, 1);
    assert_int_equal(fix->nr_hosts, 0);
    fixture_lease_hosts(fix, NOW + 67000, 1);
    assert_int_equal(fix->nr_hosts, 1);
    assert_int_equal(fix->hosts[0].not_before, NOW + 67000);
}

static void open_asks_at_once_when_the_clock_was_set_forward(void **state)
{
    struct fixture *fix = *state;

    fixture_open(fix);
    fixture_add(fix, 1, 1);
    fixture_lease_hosts(fix, NOW, 1);
    fix->hosts[0].not_before = fix->hosts[0].due_at = NOW + 9000;
    assert_ok(storage_release_host(fix->storage, &fix->hosts[0]));
    fixture_close(fix, "interrupted");
    fix->options.now_ms = NOW + INT64_C(864000000);
    fixture_open(fix);
    fixture_lease_hosts(fix, fix->options.now_ms, 1);
    assert_int_equal(fix->nr_hosts, 1);
}

static void open_tells_in_the_run_what_its_last_session_was_given(void **state)
{
    struct fixture *fix = *state;
    sqlite3_stmt *stmt;
    sqlite3 *db;

    fixture_open(fix);
    fixture_add(fix, 1, 2);
    fixture_close(fix, "interrupted");
    fix->options.user_agent = "other/2.0";
    fix->options.config_json = "{\"store\": \"body\"}";
    fixture_open(fix);
    fixture_close(fix, "interrupted");
    assert_int_equal(sqlite3_open(fix->paths[0], &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_prepare_v2(db, "SELECT user_agent, config, sessions FROM runs",
                           -1, &stmt, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    assert_string_equal(sqlite3_column_text(stmt, 0), "other/2.0");
    assert_string_equal(sqlite3_column_text(stmt, 1), "{\"store\": \"body\"}");
    assert_int_equal(sqlite3_column_int(stmt, 2), 2);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
}

static void stamp_agrees_with_the_clock(void **state)
{
    static const int64_t times[] = {
        NOW, NOW + 1, NOW + 877, NOW + 999, NOW - 5000, 0,    1,
        -1,  -1,      -1001,     NOW,       999,        1000, 253402300799999};
    struct stamp stamp = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        char expected[CLOCK_ISO_BYTES];

        clock_iso(times[i], expected);
        assert_memory_equal(stamp_text(&stamp, times[i]).data, expected,
                            CLOCK_ISO_BYTES);
    }
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, fixture_new, fixture_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(open_refuses_what_is_not_ours),
        TEST(open_forces_its_own_damaged_file_alone),
        TEST(open_reads_with_a_reason_or_not_at_all),
        TEST(open_refuses_a_read_only_file),
        TEST(open_leaves_a_file_that_others_can_read),
        TEST(schema_is_documented_column_by_column),
        TEST(schema_begins_results_with_what_people_ask_first),
        TEST(open_goes_on_only_with_the_secrets_of_the_run),
        TEST(open_asks_a_host_by_the_clock_of_the_session_that_kept_it),
        TEST(open_asks_at_once_when_the_clock_was_set_forward),
        TEST(open_tells_in_the_run_what_its_last_session_was_given),
        TEST(stamp_agrees_with_the_clock),
    };

    return cmocka_run_group_tests_name("storage files", tests, NULL, NULL);
}
