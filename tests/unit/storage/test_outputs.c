/* Whose the files beside the database are: what others wrote stays, what a kill
 * left is cut, and an output that would lack rows is refused. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "storage/query.h"
#include "storage/results.h"
#include "storage/sink/sink_key.h"
#include "tests/support/storage_fixture.h"

static void add_to(struct fixture *fix, const char *name, const char *words)
{
    char path[400];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", fix->folder, name);
    file = fopen(path, "ae");
    assert_non_null(file);
    fputs(words, file);
    assert_int_equal(fclose(file), 0);
}

static void file_is(struct fixture *fix, const char *name, const char *words)
{
    char *found = fixture_read(fix, name);

    assert_non_null(found);
    assert_string_equal(found, words);
    free(found);
}

static void is_refused(struct fixture *fix, enum err err, const char *words)
{
    assert_int_equal(storage_open(&fix->storage, &fix->options, fix->message),
                     err);
    assert_null(fix->storage);
    print_message("%s\n", fix->message);
    assert_non_null(strstr(fix->message, words));
}

/* A session with two URLs, of which one ends. */
static void begin(struct fixture *fix, const char *status)
{
    fixture_open(fix);
    fixture_add(fix, 1, 2);
    fixture_end(fix, 1, 1, "ok", 200);
    fixture_close(fix, status);
}

static void output_that_others_added_to_is_refused_and_left_alone(void **state)
{
    static const char *const ends[] = {"interrupted", "done", "limit"};
    struct fixture *fix = *state;

    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        begin(fix, ends[i]);
        add_to(fix, "db.txt", "a note\n");
        is_refused(fix, CERR_EXISTS, "the first 17 bytes are ours");
        file_is(fix, "db.txt", "http://h1/1:1001\na note\n");
        assert_int_equal(truncate(fix->paths[1], 17), 0);
        fixture_open(fix); /* without the note it goes on */
        fixture_close(fix, ends[i]);
        fixture_empty(fix);
    }
}

static void output_is_cut_to_its_last_commit_after_a_kill(void **state)
{
    struct fixture *fix = *state;

    fixture_open(fix);
    fixture_add(fix, 1, 2);
    fixture_end(fix, 1, 1, "ok", 200);
    assert_ok(storage_commit(fix->storage));
    fixture_crash(fix);
    add_to(fix, "db.txt", "http://h1/2:10");
    fixture_open(fix);
    fixture_end(fix, 1, 2, "ok", 200);
    fixture_close(fix, "done");
    fixture_text_is(fix, "http://h1/1:1001\nhttp://h1/2:1002\n");
}

static void output_of_an_older_program_is_cut_as_it_was(void **state)
{
    struct fixture *fix = *state;
    sqlite3 *db;

    begin(fix, "interrupted");
    assert_int_equal(sqlite3_open(fix->paths[0], &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "ALTER TABLE outputs DROP COLUMN state",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(db);
    add_to(fix, "db.txt", "http://h1/2:10");
    fixture_open(fix);
    fixture_close(fix, "interrupted");
    fixture_text_is(fix, "http://h1/1:1001\n");
}

/* Its `v_broken` knew no chains, and it had no table of sessions. */
static void database_of_an_older_program_gets_what_it_lacks(void **state)
{
    struct fixture *fix = *state;
    sqlite3_stmt *stmt;
    sqlite3 *db;

    begin(fix, "interrupted");
    assert_int_equal(sqlite3_open(fix->paths[0], &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  "DROP VIEW v_broken;"
                                  "CREATE VIEW v_broken AS SELECT 1;"
                                  "DROP TABLE sessions;"
                                  "ALTER TABLE samples DROP COLUMN session",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(db);
    fixture_open(fix);
    fixture_close(fix, "interrupted");
    assert_int_equal(sqlite3_open(fix->paths[0], &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(
                         db, "SELECT from_url, session FROM v_broken, sessions",
                         -1, &stmt, NULL),
                     SQLITE_OK);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
}

/* Finds each text behind the one before it. */
static void has_in_order(const char *found, const char *const *texts, size_t nr)
{
    for (size_t i = 0; i < nr; i++) {
        const char *next = strstr(found, texts[i]);

        if (!next)
            print_error("%s is not in %s\n", texts[i], found);
        assert_non_null(next);
        found = next + strlen(texts[i]);
    }
}

static void
outputs_and_exports_name_the_line_that_a_duplicate_repeats(void **state)
{
    static const char *const live[] = {
        "bad_url\",\"line\":2",
        "duplicate\",\"line\":4,\"detail\":\"repeats line 1\"",
        "\"line\":5",
        "\"line\":1",
    };
    /* in an export all lines stand at their places */
    static const char *const exported[] = {
        "\"line\":1", "\"line\":2",
        "\"line\":3", "duplicate\",\"line\":4,\"detail\":\"repeats line 1\"",
        "\"line\":5", "http://h1/7",
    };
    const struct line_record bad = {
        .line = 2, .text = text("::"), .error = text("bad_url")};
    const struct line_record twice = {.line = 4,
                                      .text = text("http://h1/1#x"),
                                      .error = text("duplicate"),
                                      .same_as = {1, 1}};
    static const int64_t lines[] = {1, 3, 5};
    struct fixture *fix = *state;
    struct reader *reader;
    char path[400];
    char *found;

    fixture_output(fix, "out.jsonl");
    fixture_open(fix);
    for (size_t i = 0; i < 3; i++) {
        struct url_record url = fixture_url(1, lines[i], lines[i]);

        assert_ok(storage_add_urls(fix->storage, &url, 1, NOW, NULL));
    }
    struct url_record discovered = fixture_url(1, 7, 0);
    assert_ok(storage_add_urls(fix->storage, &discovered, 1, NOW, NULL));
    assert_ok(storage_put_line(fix->storage, &bad));
    assert_ok(storage_put_line(fix->storage, &twice));
    struct page_record page = fixture_page(1, 7, "ok", 200);
    page.line = 0;
    assert_ok(storage_put_page(fix->storage, &page));
    for (size_t i = 3; i-- > 0;)
        fixture_end(fix, 1, lines[i], "ok", 200);
    fixture_close(fix, "done");
    found = fixture_read(fix, "out.jsonl");
    has_in_order(found, live, 4);
    free(found);

    assert_ok(reader_open(&reader, fix->paths[0], fix->message));
    snprintf(path, sizeof(path), "%s/export.jsonl", fix->folder);
    assert_ok(reader_export(reader, path, NULL, &(struct query_options){0}));
    reader_close(reader);
    found = fixture_read(fix, "export.jsonl");
    has_in_order(found, exported, 6);
    free(found);
}

static void
output_left_out_of_a_session_is_refused_with_the_command_that_makes_it(
    void **state)
{
    struct fixture *fix = *state;
    char command[500];

    begin(fix, "interrupted");
    fix->options.nr_outputs = 1;
    fixture_open(fix);
    fixture_close(fix, "interrupted"); /* it got no row: nothing is lacking */
    fix->options.nr_outputs = 2;
    fixture_open(fix);
    fixture_close(fix, "interrupted");

    fix->options.nr_outputs = 1;
    fixture_open(fix);
    fixture_end(fix, 1, 2, "ok", 200);
    fixture_close(fix, "done");
    fix->options.nr_outputs = 2;
    snprintf(command, sizeof(command), "rm %s && crawl export %s %s",
             fix->paths[1], fix->paths[0], fix->paths[1]);
    is_refused(fix, CERR_STATE, command);
    file_is(fix, "db.txt", "http://h1/1:1001\n");
}

static void
output_added_late_is_refused_with_the_command_that_makes_it(void **state)
{
    struct fixture *fix = *state;
    char command[500];

    fix->options.nr_outputs = 1;
    begin(fix, "interrupted");
    fix->options.nr_outputs = 2;
    snprintf(command, sizeof(command), ": crawl export %s %s", fix->paths[0],
             fix->paths[1]);
    is_refused(fix, CERR_STATE, command);
    assert_null(fixture_read(fix, "db.txt"));
}

static void archive_takes_no_name_that_is_taken(void **state)
{
    static const char *const names[] = {"x-00001.warc.gz", "x.cdxj"};
    struct fixture *fix = *state;
    char message[STORAGE_MESSAGE_BYTES];

    fix->options.nr_outputs = 1;
    fixture_output(fix, "x.warc.gz");
    for (size_t i = 0; i < 2; i++) {
        add_to(fix, names[i], "mine\n");
        is_refused(fix, CERR_EXISTS, names[i]);
        file_is(fix, names[i], "mine\n");
        assert_null(fixture_read(fix, "x.warc.gz"));
        assert_null(fixture_read(fix, "crawl.db"));

        storage_forced(&fix->options, message); /* --force names it */
        assert_non_null(strstr(message, names[i]));
        fix->options.force = true;
        fixture_open(fix);
        fixture_close(fix, "done");
        fix->options.force = false;
        fixture_empty(fix);
        storage_forced(&fix->options, message);
        assert_string_equal(message, "");
    }
}

static void
archive_leaves_the_parts_of_others_alone_when_it_goes_on(void **state)
{
    struct fixture *fix = *state;

    fix->options.nr_outputs = 1;
    fixture_output(fix, "x.warc.gz");
    begin(fix, "interrupted");
    add_to(fix, "x-00001.warc.gz", "mine\n");
    is_refused(fix, CERR_EXISTS, "x-00001.warc.gz");
    file_is(fix, "x-00001.warc.gz", "mine\n");

    fixture_empty(fix); /* after a kill only a part of ours is taken away */
    fixture_open(fix);
    fixture_add(fix, 1, 2);
    assert_ok(storage_commit(fix->storage));
    fixture_crash(fix);
    add_to(fix, "x-00001.warc.gz", "mine\n");
    is_refused(fix, CERR_EXISTS, "x-00001.warc.gz");
    file_is(fix, "x-00001.warc.gz", "mine\n");
}

static void archive_is_one_a_crawl(void **state)
{
    struct fixture *fix = *state;

    fix->options.nr_outputs = 1;
    fixture_output(fix, "x.warc.gz");
    fixture_output(fix, "y.warc.gz");
    is_refused(fix, CERR_INVALID, "has one archive");
}

static void index_follows_no_symbolic_link(void **state)
{
    struct fixture *fix = *state;
    char link[400], target[400];

    fix->options.nr_outputs = 1;
    fixture_output(fix, "x.warc.gz");
    snprintf(link, sizeof(link), "%s/x.cdxj", fix->folder);
    snprintf(target, sizeof(target), "%s/victim", fix->folder);
    add_to(fix, "victim", "mine\n");
    assert_int_equal(symlink(target, link), 0);
    is_refused(fix, CERR_EXISTS, "x.cdxj");
    unlink(link);
    begin(fix, "interrupted");
    unlink(link);
    assert_int_equal(symlink(target, link), 0);
    is_refused(fix, CERR_EXISTS, "is no file");
    fix->options.force = true;
    fixture_open(fix);
    fixture_close(fix, "done");
    file_is(fix, "victim", "mine\n");
}

static void key_is_the_way_from_the_database_to_the_output(void **state)
{
    static const struct {
        const char *database, *path, *key;
    } rows[] = {
        {"c.db", "o.txt", "o.txt"},
        {"db/c.db", "out/o.txt", "../out/o.txt"},
        {"c.db", "out/o.txt", "out/o.txt"},
        {"db/c.db", "o.txt", "../o.txt"},
        {"db/c.db", "db/../db/o.txt", "o.txt"},
        {"db/c.db", "dbx/o.txt", "../dbx/o.txt"},
        {"db/in/c.db", "out/o.txt", "../../out/o.txt"},
    };
    static const char *const folders[] = {"db", "db/in", "out", "dbx"};
    struct fixture *fix = *state;
    char database[400], path[400];

    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", fix->folder, folders[i]);
        assert_int_equal(mkdir(path, 0777), 0);
    }
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char *key;

        snprintf(database, sizeof(database), "%s/%s", fix->folder,
                 rows[i].database);
        snprintf(path, sizeof(path), "%s/%s", fix->folder, rows[i].path);
        key = sink_key_relative(database, path);
        assert_string_equal(key, rows[i].key);
        free(key);
    }
    assert_null(sink_key_relative("no/such/folder/c.db", "o.txt"));
    assert_null(sink_key_absolute("no/such/folder/o.txt"));
    snprintf(path, sizeof(path), "%s/db/in", fix->folder);
    rmdir(path);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, fixture_new, fixture_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(output_that_others_added_to_is_refused_and_left_alone),
        TEST(output_is_cut_to_its_last_commit_after_a_kill),
        TEST(output_of_an_older_program_is_cut_as_it_was),
        TEST(database_of_an_older_program_gets_what_it_lacks),
        TEST(outputs_and_exports_name_the_line_that_a_duplicate_repeats),
        TEST(
            output_left_out_of_a_session_is_refused_with_the_command_that_makes_it),
        TEST(output_added_late_is_refused_with_the_command_that_makes_it),
        TEST(archive_takes_no_name_that_is_taken),
        TEST(archive_leaves_the_parts_of_others_alone_when_it_goes_on),
        TEST(archive_is_one_a_crawl),
        TEST(index_follows_no_symbolic_link),
        TEST(key_is_the_way_from_the_database_to_the_output),
    };

    return cmocka_run_group_tests_name("outputs", tests, NULL, NULL);
}
