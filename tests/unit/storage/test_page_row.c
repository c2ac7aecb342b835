/*
 * The table of columns: it agrees with the database that is made from it, every
 * column survives the way there and back, and docs/schema.md and the golden
 * list of columns say the same. With CRAWL_UPDATE_GOLDEN set in the environment
 * both are written anew.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "storage/leases.h"
#include "storage/page_row.h"
#include "storage/query.h"
#include "storage/results.h"
#include "tests/support/storage_fixture.h"

#define DOCS          TEST_SOURCE_DIR "/docs/schema.md"
#define GOLDEN        TEST_SOURCE_DIR "/tests/unit/storage/golden/columns.txt"
#define COLUMNS_OF_V3 50 /* of pages; version 3 has had no others at first */
#define TEXT_MAX      ((size_t)1 << 20)

/* ---- help ---- */

static void run_sql(const char *path, const char *sql)
{
    sqlite3 *db;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL))
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* Rows as text, "a|b|c\n". */
static void read_sql(const char *path, const char *sql, struct buf *out)
{
    sqlite3_stmt *stmt;
    sqlite3 *db;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL))
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    while (sqlite3_step(stmt) == SQLITE_ROW)
        for (int i = 0, nr = sqlite3_column_count(stmt); i < nr; i++) {
            const char *text = (const char *)sqlite3_column_text(stmt, i);

            assert_ok(buf_addf(out, "%s%c", text ? text : "",
                               i + 1 < nr ? '|' : '\n'));
        }
    sqlite3_finalize(stmt);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void sql_says(const char *path, const char *sql, const char *expected)
{
    struct buf out;

    buf_init(&out, TEXT_MAX);
    read_sql(path, sql, &out);
    assert_ok(buf_add_byte(&out, '\0'));
    assert_string_equal((char *)out.data, expected);
    buf_release(&out);
}

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "rbe");
    char *data = xcalloc(1, TEXT_MAX);

    if (file) {
        data[fread(data, 1, TEXT_MAX - 1, file)] = '\0';
        fclose(file);
    }
    return data;
}

static void write_file(const char *path, const char *data)
{
    FILE *file = fopen(path, "wbe");

    assert_non_null(file);
    fputs(data, file);
    fclose(file);
}

static const struct page_column *find_number(int number)
{
    for (size_t i = 0; i < nr_page_columns; i++)
        if (page_columns[i].number == number)
            return &page_columns[i];
    return NULL;
}

static int highest_number(void)
{
    int highest = 0;

    while (find_number(highest + 1))
        highest++;
    return highest;
}

/* A value of its own in each field that has a column, and in `listed`. */
static void fill(struct page_record *page)
{
    static char texts[128][32];

    assert_true(nr_page_columns <= 128);
    for (size_t i = 0; i < nr_page_columns; i++) {
        const struct page_column *column = &page_columns[i];
        void *field = (char *)page + column->offset;

        snprintf(texts[i], sizeof(texts[i]), "text-of-%03zu", i);
        switch (column->kind) {
        case COLUMN_ZERO:
            break;
        case COLUMN_TEXT:
        case COLUMN_URL:
        case COLUMN_HASH:
            *(struct bytes *)field = text(texts[i]);
            break;
        case COLUMN_INT:
            *(int *)field = 1000 + (int)i;
            break;
        case COLUMN_INT64:
        case COLUMN_LINE:
            *(int64_t *)field = (INT64_C(1) << 33) + (int64_t)i;
            break;
        case COLUMN_REAL:
            *(double *)field = 0.5 + (double)i;
            break;
        case COLUMN_BOOL:
            *(bool *)field = true;
            break;
        case COLUMN_TIME:
            *(int64_t *)field = NOW + (int64_t)i;
            break;
        }
    }
}

/* A full page that the fixture's URL 1/1 can end with. */
static struct page_record full_page(void)
{
    struct page_record page = {.outcome = {"ok", 2}};

    fill(&page);
    page.key = (struct url_key){1, 1};
    page.line = 1;
    page.outcome = text("ok");
    page.listed = (struct bytes){0};
    page.nr_redirects = 0;
    return page;
}

static struct storage_input done_input(void)
{
    return (struct storage_input){.name = "x", .done = true};
}

static void put_full_page(struct fixture *fix)
{
    struct page_record page = full_page();
    struct storage_input input = done_input();

    fixture_open(fix);
    fixture_add(fix, 1, 1);
    assert_ok(storage_put_input(fix->storage, &input));
    assert_ok(storage_put_page(fix->storage, &page));
    fixture_close(fix, "done");
}

static struct reader *open_reader(struct fixture *fix)
{
    struct reader *reader;

    assert_ok(reader_open(&reader, fix->paths[0], fix->message));
    return reader;
}

/* ---- the table itself ---- */

static void columns_are_numbered_without_a_gap(void **state)
{
    int highest = highest_number(), nr = 0;

    (void)state;
    for (size_t i = 0; i < nr_page_columns; i++)
        nr += page_columns[i].number > 0;
    assert_int_equal(nr, highest);
    assert_true(highest >= COLUMNS_OF_V3);
}

static void columns_added_later_may_be_null(void **state)
{
    (void)state;
    for (int number = COLUMNS_OF_V3 + 1; number <= highest_number(); number++)
        assert_false(find_number(number)->flags & COLUMN_REQUIRED);
}

static void columns_keep_what_their_kind_allows(void **state)
{
    int nr_times = 0;

    (void)state;
    for (size_t i = 0; i < nr_page_columns; i++) {
        const struct page_column *column = &page_columns[i];

        nr_times += column->kind == COLUMN_TIME;
        if (column->flags & COLUMN_KEPT_IF_NONE)
            assert_int_equal(column->kind, COLUMN_TEXT);
        if (column->flags & COLUMN_SHOWN)
            assert_true(column->flags & COLUMN_EXPORTED);
    }
    assert_int_equal(nr_times, 1);
}

static void columns_and_the_empty_page_agree_on_none(void **state)
{
    static const struct page_record empty = {PAGE_RECORD_NONE};

    (void)state;
    for (size_t i = 0; i < nr_page_columns; i++) {
        const struct page_column *column = &page_columns[i];
        const void *field = page_field(&empty, column);

        /* what storage fills, or what is never without a value */
        if (column->flags & COLUMN_REQUIRED ||
            !(column->flags & COLUMN_EXPORTED))
            continue;
        if (column->kind == COLUMN_INT)
            assert_int_equal(*(const int *)field, column->none);
        if (column->kind == COLUMN_INT64)
            assert_int_equal(*(const int64_t *)field, column->none);
    }
}

/* ---- with a database ---- */

static void columns_are_those_of_the_database(void **state)
{
    struct fixture *fix = *state;
    struct buf expected;

    fixture_open(fix);
    fixture_close(fix, "interrupted");
    buf_init(&expected, TEXT_MAX);
    for (int number = 1; number <= highest_number(); number++) {
        const struct page_column *column = find_number(number);
        int type_len = (int)strlen(column->sql_type);
        const char *key = strstr(column->sql_type, " PRIMARY KEY");

        assert_ok(buf_addf(
            &expected, "%d|%s|%.*s|%d|%d\n", number - 1, column->name,
            key ? (int)(key - column->sql_type) : type_len, column->sql_type,
            (column->flags & COLUMN_REQUIRED) != 0, key != NULL));
    }
    assert_ok(buf_add_byte(&expected, '\0'));
    sql_says(fix->paths[0],
             "SELECT cid, name, lower(type), \"notnull\", pk"
             " FROM pragma_table_info('pages')",
             (char *)expected.data);
    buf_release(&expected);
}

/* Programs of others read these: whatever changes here is news to them. What
 * type the column of a view has depends on SQLite's version. */
static void columns_of_all_tables_are_the_golden_ones(void **state)
{
    static const char sql[] =
        "SELECT m.name, c.name, CASE m.type WHEN 'table' THEN lower(c.type) "
        "END,"
        " c.\"notnull\", c.pk"
        " FROM sqlite_master m, pragma_table_info(m.name) c"
        " WHERE m.type IN ('table', 'view') AND m.name NOT LIKE 'sqlite%'"
        " ORDER BY m.name, c.cid";
    struct fixture *fix = *state;
    char *golden;
    struct buf out;

    fixture_open(fix);
    fixture_close(fix, "interrupted");
    buf_init(&out, TEXT_MAX);
    read_sql(fix->paths[0], sql, &out);
    assert_ok(buf_add_byte(&out, '\0'));
    if (getenv("CRAWL_UPDATE_GOLDEN"))
        write_file(GOLDEN, (char *)out.data);
    golden = read_file(GOLDEN);
    assert_string_equal((char *)out.data, golden);
    free(golden);
    buf_release(&out);
}

static void add_value(struct buf *out, const struct page_record *page,
                      const struct page_column *column)
{
    const void *field = page_field(page, column);
    const struct bytes *words = field;

    switch (column->kind) {
    case COLUMN_ZERO:
        assert_ok(buf_add_str(out, "0"));
        break;
    case COLUMN_TEXT:
    case COLUMN_URL:
    case COLUMN_HASH:
        assert_ok(buf_add(out, words->data, words->len));
        break;
    case COLUMN_INT:
        assert_ok(buf_addf(out, "%d", *(const int *)field));
        break;
    case COLUMN_INT64:
    case COLUMN_LINE:
        if (column->flags & COLUMN_REQUIRED ||
            *(const int64_t *)field != column->none)
            assert_ok(buf_addf(out, "%" PRId64, *(const int64_t *)field));
        break;
    case COLUMN_REAL:
        assert_ok(buf_addf(out, "%.1f", *(const double *)field));
        break;
    case COLUMN_BOOL:
        assert_ok(buf_addf(out, "%d", *(const bool *)field));
        break;
    case COLUMN_TIME: {
        char iso[CLOCK_ISO_BYTES];

        clock_iso(*(const int64_t *)field, iso);
        assert_ok(buf_add_str(out, iso));
        break;
    }
    }
}

/* Of a page as storage_put_page() should have stored it. */
static void row_is(struct fixture *fix, const char *sql,
                   const struct page_record *page)
{
    struct buf expected;

    buf_init(&expected, TEXT_MAX);
    for (int number = 1; number <= highest_number(); number++) {
        add_value(&expected, page, find_number(number));
        assert_ok(
            buf_add_str(&expected, number < highest_number() ? "|" : "\n"));
    }
    assert_ok(buf_add_byte(&expected, '\0'));
    sql_says(fix->paths[0], sql, (char *)expected.data);
    buf_release(&expected);
}

static void columns_hold_what_the_page_has(void **state)
{
    struct fixture *fix = *state;
    struct page_record page = full_page();

    put_full_page(fix);
    page.id = 1;
    page.run_id = 1;
    page.not_modified = false;
    page.warc = (struct warc_record){.offset = -1, .length = -1}; /* no WARC */
    row_is(fix, "SELECT * FROM pages", &page);
}

static void columns_of_a_304_are_kept_as_the_table_says(void **state)
{
    struct fixture *fix = *state;
    struct page_record page = fixture_page(1, 1, "ok", 304), kept;

    put_full_page(fix);
    fix->options.refetch = STORAGE_REFETCH_ALL;
    fixture_open(fix);
    page.length = -1;
    page.fetched_at = NOW;
    page.etag = text("its own");
    assert_ok(storage_put_page(fix->storage, &page));
    fixture_close(fix, "done");

    kept = full_page();
    for (size_t i = 0; i < nr_page_columns; i++) {
        const struct page_column *column = &page_columns[i];
        char sql[160];
        struct buf expected;

        if (!(column->flags & (COLUMN_KEPT | COLUMN_KEPT_IF_NONE)))
            continue;
        snprintf(sql, sizeof(sql), "SELECT %s FROM pages WHERE run_id = 2",
                 column->name);
        buf_init(&expected, 1000);
        if (strcmp(column->name, "etag") == 0)
            assert_ok(buf_add_str(&expected, "its own"));
        else
            add_value(&expected, &kept, column);
        assert_ok(buf_add(&expected, "\n", 2));
        sql_says(fix->paths[0], sql, (char *)expected.data);
        buf_release(&expected);
    }
    sql_says(fix->paths[0],
             "SELECT tries, not_modified, elapsed_ms FROM pages"
             " WHERE run_id = 2",
             "1|1|\n");
}

/* What a crawl writes to JSONL and what an export of its database does. */
static void columns_are_exported_as_they_were_written(void **state)
{
    struct fixture *fix = *state;
    char path[400], *written, *exported;
    struct query_options options = {0};
    struct reader *reader;

    fixture_output(fix, "out.jsonl");
    put_full_page(fix);
    reader = open_reader(fix);
    snprintf(path, sizeof(path), "%s/again.jsonl", fix->folder);
    assert_ok(reader_export(reader, path, NULL, &options));
    reader_close(reader);
    written = fixture_read(fix, "out.jsonl");
    exported = fixture_read(fix, "again.jsonl");
    assert_string_equal(written, exported);
    for (size_t i = 0; i < nr_page_columns; i++)
        if (page_columns[i].flags & COLUMN_SHOWN &&
            strcmp(page_columns[i].name, "redirects") != 0)
            assert_non_null(strstr(written, page_columns[i].name));
    free(written);
    free(exported);
}

/* ---- databases of older programs ---- */

/* As if the program that made it had not known the column. */
static void forget_column(struct fixture *fix)
{
    run_sql(fix->paths[0], "DROP VIEW results;"
                           "ALTER TABLE pages DROP COLUMN h1;"
                           "CREATE VIEW results AS SELECT url FROM urls");
}

static void columns_are_added_to_a_database_that_lacks_them(void **state)
{
    struct fixture *fix = *state;
    struct page_record page = full_page();

    put_full_page(fix);
    forget_column(fix);
    fix->options.refetch = STORAGE_REFETCH_ALL;
    fixture_open(fix);
    assert_ok(storage_put_page(fix->storage, &page));
    fixture_close(fix, "done");
    sql_says(fix->paths[0],
             "SELECT count(*), count(h1), max(h1) LIKE 'text-of-%'"
             " FROM pages",
             "2|1|1\n");
    sql_says(fix->paths[0], "SELECT h1 LIKE 'text-of-%', line FROM results",
             "1|1\n");
}

static void columns_that_a_database_lacks_are_exported_as_none(void **state)
{
    struct fixture *fix = *state;
    struct query_options options = {0};
    struct reader *reader;
    char path[400], *exported;

    put_full_page(fix);
    forget_column(fix);
    reader = open_reader(fix);
    snprintf(path, sizeof(path), "%s/old.jsonl", fix->folder);
    assert_ok(reader_export(reader, path, NULL, &options));
    reader_close(reader);
    exported = fixture_read(fix, "old.jsonl");
    assert_non_null(strstr(exported, "\"lang\":\"text-of-"));
    assert_null(strstr(exported, "\"h1\""));
    free(exported);
}

/* ---- docs/schema.md ---- */

static const char *doc_type(const struct page_column *column)
{
    const char *type = column->sql_type;

    if (strcmp(type, "text") == 0 || strcmp(type, "blob") == 0)
        return type;
    return strncmp(type, "double", 6) == 0 ? "real" : "integer";
}

static void add_doc(struct buf *out, const struct page_column *column,
                    const char *meaning)
{
    assert_ok(buf_addf(out, "| `%s` | %s | %s | %s |\n", column->name,
                       doc_type(column), column->unit,
                       meaning ? meaning : column->meaning));
}

static void add_pages_doc(struct buf *out)
{
    for (int number = 1; number <= highest_number(); number++)
        add_doc(out, find_number(number), NULL);
}

static void add_results_doc(struct buf *out)
{
    for (size_t i = 0; i < nr_page_columns; i++)
        if (page_columns[i].flags & COLUMN_RESULTS)
            add_doc(out, &page_columns[i], page_columns[i].results_meaning);
}

/* The view has all columns of pages, and those that an export adds. */
static void add_latest_doc(struct buf *out)
{
    static const char *const more[] = {"line", "listed", "input"};

    add_pages_doc(out);
    for (size_t i = 0; i < 3; i++)
        for (size_t at = 0; at < nr_page_columns; at++)
            if (strcmp(page_columns[at].name, more[i]) == 0)
                add_doc(out, &page_columns[at], NULL);
}

/* Puts the rows in the place of those that stand under the heading. */
static char *replace_rows(const char *docs, const char *heading,
                          const struct buf *rows)
{
    static const char line[] = "|---|---|---|---|\n";
    const char *begin = strstr(docs, heading), *end;
    char *out = xcalloc(1, TEXT_MAX);

    assert_non_null(begin);
    begin = strstr(begin, line);
    assert_non_null(begin);
    begin += sizeof(line) - 1;
    for (end = begin; *end == '|'; end = strchr(end, '\n') + 1)
        ;
    snprintf(out, TEXT_MAX, "%.*s%.*s%s", (int)(begin - docs), docs,
             (int)rows->len, (const char *)rows->data, end);
    return out;
}

static void columns_are_documented_as_the_table_says(void **state)
{
    static const struct {
        const char *heading;
        void (*add)(struct buf *out);
    } tables[] = {{"\n### pages\n", add_pages_doc},
                  {"\n### results\n", add_results_doc},
                  {"\n### v_latest\n", add_latest_doc}};
    char *docs = read_file(DOCS);

    (void)state;
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        struct buf rows;
        char *expected;

        buf_init(&rows, TEXT_MAX);
        tables[i].add(&rows);
        expected = replace_rows(docs, tables[i].heading, &rows);
        buf_release(&rows);
        if (getenv("CRAWL_UPDATE_GOLDEN"))
            write_file(DOCS, expected);
        else
            assert_string_equal(docs, expected);
        free(docs);
        docs = expected;
    }
    free(docs);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, fixture_new, fixture_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_numbered_without_a_gap),
        cmocka_unit_test(columns_added_later_may_be_null),
        cmocka_unit_test(columns_keep_what_their_kind_allows),
        cmocka_unit_test(columns_and_the_empty_page_agree_on_none),
        TEST(columns_are_those_of_the_database),
        TEST(columns_of_all_tables_are_the_golden_ones),
        TEST(columns_hold_what_the_page_has),
        TEST(columns_of_a_304_are_kept_as_the_table_says),
        TEST(columns_are_exported_as_they_were_written),
        TEST(columns_are_added_to_a_database_that_lacks_them),
        TEST(columns_that_a_database_lacks_are_exported_as_none),
        cmocka_unit_test(columns_are_documented_as_the_table_says),
    };

    return cmocka_run_group_tests_name("page row", tests, NULL, NULL);
}
