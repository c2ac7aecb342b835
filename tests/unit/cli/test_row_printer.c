#include "crawler/cli/row_printer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/cmocka_all.h"

#define COLUMNS_MAX 4

/* Cells as literals; the bytes of a text are all of it but the NUL. */
#define TEXT(literal)                                                          \
    {                                                                          \
        .type = QUERY_TEXT, .text = {(literal), sizeof(literal) - 1 }          \
    }
#define BLOB(literal)                                                          \
    {                                                                          \
        .type = QUERY_BLOB, .text = {(literal), sizeof(literal) - 1 }          \
    }
#define INT(number)                                                            \
    {                                                                          \
        .type = QUERY_INT, .integer = (number)                                 \
    }
#define REAL(number)                                                           \
    {                                                                          \
        .type = QUERY_REAL, .real = (number)                                   \
    }
#define NOTHING                                                                \
    {                                                                          \
        .type = QUERY_NULL                                                     \
    }

/* Where a printer under test prints to. */
struct paper {
    FILE *out;
    char *text;
    size_t len;
    struct row_printer *printer;
};

static void open_paper(struct paper *paper, struct row_printer_options options)
{
    *paper = (struct paper){0};
    paper->out = open_memstream(&paper->text, &paper->len);
    options.out = paper->out;
    paper->printer = row_printer_new(&options);
}

static enum err add(struct paper *paper, const char *const *names,
                    const struct query_value *values, size_t nr_columns)
{
    struct query_row row = {0, nr_columns, names, values};

    return row_printer_add(paper->printer, &row);
}

static void assert_printed(struct paper *paper, const char *expected)
{
    assert_int_equal(row_printer_end(paper->printer), CERR_OK);
    assert_string_equal(paper->text, expected);
    row_printer_free(paper->printer);
    fclose(paper->out);
    free(paper->text);
}

static const char *const page_names[] = {"url", "status", "ms"};
static const struct query_value pages[][3] = {
    {TEXT("http://a/"), INT(200), REAL(12.345)},
    {TEXT("http://bb.com/"), NOTHING, REAL(0.01234)},
};

static void print_pages(enum row_format format, const char *expected)
{
    struct paper paper;

    open_paper(&paper, (struct row_printer_options){.format = format});
    assert_int_equal(add(&paper, page_names, NULL, 3), CERR_OK);
    for (size_t i = 0; i < NR(pages); i++)
        assert_int_equal(add(&paper, page_names, pages[i], 3), CERR_OK);
    assert_int_equal(row_printer_nr_rows(paper.printer), NR(pages));
    assert_printed(&paper, expected);
}

static void row_printer_aligns_text_left_and_numbers_right(void **state)
{
    (void)state;
    print_pages(ROWS_ALIGNED, "url             status     ms\n"
                              "--------------  ------  -----\n"
                              "http://a/          200   12.3\n"
                              "http://bb.com/          0.012\n");
}

static void row_printer_prints_csv_with_crlf(void **state)
{
    (void)state;
    print_pages(ROWS_CSV, "url,status,ms\r\n"
                          "http://a/,200,12.345\r\n"
                          "http://bb.com/,,0.01234\r\n");
}

static void row_printer_prints_json_with_an_object_a_row(void **state)
{
    (void)state;
    print_pages(
        ROWS_JSON,
        "[\n {\"url\": \"http://a/\", \"status\": 200, \"ms\": 12.345},\n"
        " {\"url\": \"http://bb.com/\", \"status\": null, \"ms\": 0.01234}\n"
        "]\n");
}

static void row_printer_prints_plain_lines_with_tabs(void **state)
{
    (void)state;
    print_pages(ROWS_PLAIN, "url\tstatus\tms\n"
                            "http://a/\t200\t12.345\n"
                            "http://bb.com/\t\t0.01234\n");
}

/* One cell in a column `c`, in every form. */
struct cell_case {
    const char *name;
    struct query_value value;
    const char *aligned, *plain, *csv, *csv_shown, *json;
};

static const struct cell_case cell_cases[] = {
    {"comma and quote", TEXT("a,\"b\""), "a,\"b\"", "a,\"b\"",
     "\"a,\"\"b\"\"\"", "\"a,\"\"b\"\"\"", "\"a,\\\"b\\\"\""},
    {"line ends", TEXT("a\r\nb"), "a\\x0d\\x0ab", "a\\x0d\\x0ab", "\"a\r\nb\"",
     "a\\x0d\\x0ab", "\"a\\u000d\\u000ab\""},
    {"tab", TEXT("a\tb"), "a\\x09b", "a\\x09b", "a\tb", "a\\x09b",
     "\"a\\u0009b\""},
    {"escape sequence", TEXT("\x1b[2J"), "\\x1b[2J", "\\x1b[2J", "\x1b[2J",
     "\\x1b[2J", "\"\\u001b[2J\""},
    {"C1 control",
     TEXT("\xc2\x9b"
          "2J"),
     "\\xc2\\x9b2J", "\\xc2\\x9b2J",
     "\xc2\x9b"
     "2J",
     "\\xc2\\x9b2J", "\"\\u009b2J\""},
    {"DEL", TEXT("a\x7f"), "a\\x7f", "a\\x7f", "a\x7f", "a\\x7f",
     "\"a\\u007f\""},
    {"NUL inside", TEXT("a\0b"), "a\\x00b", "a\\x00b", NULL, "a\\x00b",
     "\"a\xef\xbf\xbd"
     "b\""},
    {"invalid UTF-8", TEXT("a\xff"), "a\\xff", "a\\xff", "a\xff", "a\\xff",
     "\"a\xef\xbf\xbd\""},
    {"backslash", TEXT("a\\b"), "a\\b", "a\\b", "a\\b", "a\\b", "\"a\\\\b\""},
    {"blob", BLOB("\x00\xff\x1b"), "00ff1b", "00ff1b", "00ff1b", "00ff1b",
     "\"00ff1b\""},
    {"no number", REAL(INFINITY), "inf", "", "", "", "null"},
    {"least integer", INT(INT64_MIN), "-9223372036854775808",
     "-9223372036854775808", "-9223372036854775808", "-9223372036854775808",
     "-9223372036854775808"},
    {"null", NOTHING, "", "", "", "", "null"},
};

/* A form, and what stands around the one cell of it. */
static const struct form {
    struct row_printer_options options;
    size_t cell; /* in struct cell_case */
    const char *before, *after;
} forms[] = {
    {{.format = ROWS_PLAIN}, offsetof(struct cell_case, plain), "c\n", "\n"},
    {{.format = ROWS_CSV}, offsetof(struct cell_case, csv), "c\r\n", "\r\n"},
    {{.format = ROWS_CSV, .is_terminal = true},
     offsetof(struct cell_case, csv_shown),
     "c\n",
     "\n"},
    {{.format = ROWS_JSON},
     offsetof(struct cell_case, json),
     "[\n {\"c\": ",
     "}\n]\n"},
};

static void print_cell(const struct cell_case *row,
                       const struct row_printer_options *options,
                       const char *expected)
{
    static const char *const names[] = {"c"};
    struct paper paper;

    open_paper(&paper, *options);
    assert_int_equal(add(&paper, names, &row->value, 1), CERR_OK);
    assert_printed(&paper, expected);
}

static void check_aligned(const struct cell_case *row)
{
    const struct row_printer_options options = {.format = ROWS_ALIGNED};
    bool is_text =
        row->value.type == QUERY_TEXT || row->value.type == QUERY_BLOB;
    int width = row->aligned[0] ? (int)strlen(row->aligned) : 1;
    char expected[300], dashes[64];

    memset(dashes, '-', (size_t)width);
    dashes[width] = '\0';
    snprintf(expected, sizeof(expected), "%*s\n%s\n%*s\n", is_text ? 0 : width,
             "c", dashes, is_text ? 0 : width, row->aligned);
    print_cell(row, &options, expected);
}

static void row_printer_makes_every_cell_harmless(void **state)
{
    (void)state;
    for (size_t i = 0; i < NR(cell_cases); i++) {
        const struct cell_case *row = &cell_cases[i];

        print_message("%s\n", row->name);
        check_aligned(row);
        for (size_t k = 0; k < NR(forms); k++) {
            const char *cell =
                *(const char *const *)((const char *)row + forms[k].cell);
            char expected[300];

            if (!cell)
                continue;
            snprintf(expected, sizeof(expected), "%s%s%s", forms[k].before,
                     cell, forms[k].after);
            print_cell(row, &forms[k].options, expected);
        }
    }
}

static void row_printer_escapes_column_names(void **state)
{
    static const char *const names[] = {"a\x1b[1m"};
    const struct query_value value = INT(1);
    struct paper paper;

    (void)state;
    open_paper(&paper, (struct row_printer_options){.format = ROWS_ALIGNED});
    assert_int_equal(add(&paper, names, &value, 1), CERR_OK);
    assert_printed(&paper, "a\\x1b[1m\n--------\n       1\n");
}

static void row_printer_counts_characters_not_bytes(void **state)
{
    static const char *const names[] = {"t", "n"};
    const struct query_value rows[][2] = {{TEXT("h\xc3\xa9"), INT(1)},
                                          {TEXT("abc"), INT(2)}};
    struct paper paper;

    (void)state;
    open_paper(&paper, (struct row_printer_options){.format = ROWS_ALIGNED});
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(add(&paper, names, rows[i], 2), CERR_OK);
    assert_printed(&paper, "t    n\n---  -\nh\xc3\xa9   1\nabc  2\n");
}

static void row_printer_cuts_the_widest_column_to_the_terminal(void **state)
{
    static const char *const names[] = {"url", "n", "why"};
    const struct query_value row[] = {
        TEXT("http://example.com/\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"),
        INT(1234567), TEXT("short")};
    struct paper paper;

    (void)state;
    open_paper(&paper, (struct row_printer_options){.format = ROWS_ALIGNED,
                                                    .is_terminal = true,
                                                    .width = 37});
    assert_int_equal(add(&paper, names, row, 3), CERR_OK);
    assert_printed(&paper, "url                          n  why\n"
                           "---------------------  -------  -----\n"
                           "http://example.com/\xc3\xa9\xe2\x80\xa6  1234567"
                           "  short\n");
}

static void row_printer_prints_what_comes_after_the_measured_rows(void **state)
{
    static const char *const names[] = {"t"};
    const struct query_value narrow = TEXT("abc"), wide = TEXT("abcdef");
    const char tail[] = "abc\nabcdef\n";
    struct paper paper;

    (void)state;
    open_paper(&paper, (struct row_printer_options){.format = ROWS_ALIGNED});
    for (int i = 0; i < ROWS_MEASURED_ROWS; i++) {
        fflush(paper.out);
        assert_int_equal(paper.len, 0);
        assert_int_equal(add(&paper, names, &narrow, 1), CERR_OK);
    }
    fflush(paper.out);
    assert_int_equal(paper.len, 6 + 4 * ROWS_MEASURED_ROWS);
    assert_int_equal(add(&paper, names, &wide, 1), CERR_OK);
    assert_int_equal(row_printer_end(paper.printer), CERR_OK);
    assert_string_equal(paper.text + paper.len - strlen(tail), tail);
    row_printer_free(paper.printer);
    fclose(paper.out);
    free(paper.text);
}

static void row_printer_keeps_no_more_than_its_bytes(void **state)
{
    static const char *const names[] = {"t"};
    static char big[ROWS_CELL_BYTES * 2];
    struct query_value value = {.type = QUERY_TEXT, .text = {big, sizeof(big)}};
    struct paper paper;

    (void)state;
    memset(big, 'x', sizeof(big));
    open_paper(&paper, (struct row_printer_options){.format = ROWS_ALIGNED});
    for (size_t i = 0; i <= ROWS_MEASURED_BYTES / ROWS_CELL_BYTES; i++)
        assert_int_equal(add(&paper, names, &value, 1), CERR_OK);
    fflush(paper.out);
    assert_true(paper.len > ROWS_MEASURED_BYTES);
    row_printer_free(paper.printer);
    fclose(paper.out);
    free(paper.text);
}

static void row_printer_stops_at_its_limit(void **state)
{
    static const char *const names[] = {"n"};
    const struct query_value value = INT(1);
    struct paper paper;

    (void)state;
    open_paper(&paper,
               (struct row_printer_options){.format = ROWS_PLAIN, .limit = 2});
    assert_int_equal(add(&paper, names, &value, 1), CERR_OK);
    assert_int_equal(add(&paper, names, &value, 1), CERR_OK);
    assert_int_equal(add(&paper, names, &value, 1), CERR_CANCELED);
    assert_int_equal(row_printer_nr_rows(paper.printer), 2);
    assert_printed(&paper, "n\n1\n1\n");
}

static void row_printer_without_rows_has_its_head(void **state)
{
    static const char *const names[] = {"a", "b"};
    static const char *const expected[] = {
        [ROWS_ALIGNED] = "a  b\n-  -\n",
        [ROWS_PLAIN] = "a\tb\n",
        [ROWS_CSV] = "a,b\r\n",
        [ROWS_JSON] = "[]\n",
    };

    (void)state;
    for (size_t i = 0; i < NR(expected); i++) {
        struct paper paper;

        open_paper(&paper,
                   (struct row_printer_options){.format = (enum row_format)i});
        assert_int_equal(add(&paper, names, NULL, 2), CERR_OK);
        assert_printed(&paper, expected[i]);
    }
}

static void row_printer_reports_a_full_disk(void **state)
{
    static const char *const names[] = {"n"};
    const struct query_value value = INT(1);
    struct query_row row = {1, 1, names, &value};
    FILE *full = fopen("/dev/full", "w");
    struct row_printer *printer;

    (void)state;
    assert_non_null(full);
    printer = row_printer_new(
        &(struct row_printer_options){.out = full, .format = ROWS_JSON});
    assert_int_equal(row_printer_add(printer, &row), CERR_OK);
    assert_int_equal(row_printer_end(printer), CERR_IO);
    row_printer_free(printer);
    fclose(full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(row_printer_aligns_text_left_and_numbers_right),
        cmocka_unit_test(row_printer_prints_csv_with_crlf),
        cmocka_unit_test(row_printer_prints_json_with_an_object_a_row),
        cmocka_unit_test(row_printer_prints_plain_lines_with_tabs),
        cmocka_unit_test(row_printer_makes_every_cell_harmless),
        cmocka_unit_test(row_printer_escapes_column_names),
        cmocka_unit_test(row_printer_counts_characters_not_bytes),
        cmocka_unit_test(row_printer_cuts_the_widest_column_to_the_terminal),
        cmocka_unit_test(row_printer_prints_what_comes_after_the_measured_rows),
        cmocka_unit_test(row_printer_keeps_no_more_than_its_bytes),
        cmocka_unit_test(row_printer_stops_at_its_limit),
        cmocka_unit_test(row_printer_without_rows_has_its_head),
        cmocka_unit_test(row_printer_reports_a_full_disk),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
