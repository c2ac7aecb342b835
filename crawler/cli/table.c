/*
 * DESIGN. CSV, JSON and plain rows go out as they come. Aligned ones are kept,
 * as finished cells in one buffer, until enough of them have told how wide the
 * columns must be; from then on rows are printed by those widths, one by one.
 */
#include "crawler/cli/table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/xalloc.h"
#include "crawler/cli/json.h"

#define NUMBER_BYTES 64

struct column {
    char *name; /* owned */
    int width;  /* in characters */
    bool has_text;
};

struct table {
    struct table_options options;
    struct column *columns;
    size_t nr_columns;
    int64_t nr_rows;
    bool begun;    /* names are known */
    bool measured; /* widths are settled */

    /* aligned cells that wait, each with a NUL behind */
    struct buf cells;
    size_t nr_kept;
};

/* ---- one value ---- */

/* A number as programs read it. Numbers that JSON and CSV have no word for do
 * not come out of SQLite but by way of 1e999. */
static struct bytes number_text(const struct query_value *value,
                                char room[NUMBER_BYTES])
{
    int len = 0;

    if (value->type == QUERY_INT)
        len = snprintf(room, NUMBER_BYTES, "%lld", (long long)value->integer);
    else if (isfinite(value->real))
        len = snprintf(room, NUMBER_BYTES, "%.15g", value->real);
    return (struct bytes){room, (size_t)len};
}

/* ... and as people do: 0.0123, 1.5, 1234.6 */
static struct bytes rounded_text(double real, char room[NUMBER_BYTES])
{
    int len = snprintf(room, NUMBER_BYTES,
                       real != 0 && fabs(real) < 1 ? "%.2g" : "%.1f", real);

    return (struct bytes){room, (size_t)len};
}

static char *hex_text(struct bytes blob)
{
    const unsigned char *at = blob.data;
    char *text = xmalloc(blob.len * 2 + 1);

    for (size_t i = 0; i < blob.len; i++)
        snprintf(text + 2 * i, 3, "%02x", at[i]);
    text[blob.len * 2] = '\0';
    return text;
}

/* ---- programs ---- */

static void print_csv_text(FILE *out, const char *text, size_t len)
{
    bool quoted = false;

    for (size_t i = 0; i < len && !quoted; i++)
        quoted = strchr(",\"\r\n", text[i]) && text[i];
    if (!quoted) {
        fwrite(text, 1, len, out);
        return;
    }
    fputc('"', out);
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '"')
            fputc('"', out);
        fputc(text[i], out);
    }
    fputc('"', out);
}

static void print_escaped(const struct table *table, const char *text,
                          size_t len)
{
    char *clean = xmalloc(len * 4 + 1);

    len = text_escape(text, len, clean, len * 4 + 1);
    if (table->options.format == TABLE_CSV)
        print_csv_text(table->options.out, clean, len);
    else
        fwrite(clean, 1, len, table->options.out);
    free(clean);
}

static void print_text(const struct table *table, const char *text, size_t len)
{
    FILE *out = table->options.out;

    if (table->options.format == TABLE_JSON)
        json_print_text(out, text, len);
    else if (table->options.format == TABLE_CSV && !table->options.is_terminal)
        print_csv_text(out, text, len);
    else
        print_escaped(table, text, len);
}

static void print_value(const struct table *table,
                        const struct query_value *value)
{
    bool json = table->options.format == TABLE_JSON;
    char room[NUMBER_BYTES];
    struct bytes number;
    char *hex;

    switch (value->type) {
    case QUERY_NULL:
        fputs(json ? "null" : "", table->options.out);
        break;
    case QUERY_INT:
    case QUERY_REAL:
        number = number_text(value, room);
        if (number.len == 0 && json)
            number = (struct bytes){"null", 4};
        fwrite(number.data, 1, number.len, table->options.out);
        break;
    case QUERY_TEXT:
        print_text(table, value->text.data, value->text.len);
        break;
    case QUERY_BLOB:
        hex = hex_text(value->text);
        print_text(table, hex, strlen(hex));
        free(hex);
        break;
    }
}

/* Lines of CSV end in CRLF: RFC 4180, 2.1. */
static const char *line_end(const struct table *table)
{
    bool csv = table->options.format == TABLE_CSV;

    return csv && !table->options.is_terminal ? "\r\n" : "\n";
}

static void print_names(const struct table *table)
{
    FILE *out = table->options.out;

    if (table->options.format == TABLE_JSON) {
        fputc('[', out);
        return;
    }
    for (size_t i = 0; i < table->nr_columns; i++) {
        if (i)
            fputc(table->options.format == TABLE_CSV ? ',' : '\t', out);
        print_text(table, table->columns[i].name,
                   strlen(table->columns[i].name));
    }
    fputs(line_end(table), out);
}

static void print_row(const struct table *table, const struct query_row *row)
{
    FILE *out = table->options.out;
    bool json = table->options.format == TABLE_JSON;

    if (json)
        fputs(table->nr_rows ? ",\n {" : "\n {", out);
    for (size_t i = 0; i < row->nr_columns; i++) {
        if (i)
            fputs(json                                 ? ", "
                  : table->options.format == TABLE_CSV ? ","
                                                       : "\t",
                  out);
        if (json) {
            json_print_text(out, row->names[i], strlen(row->names[i]));
            fputs(": ", out);
        }
        print_value(table, &row->values[i]);
    }
    fputs(json ? "}" : line_end(table), out);
}

/* ---- people ---- */

/* Characters, for columns: bytes that do not continue one. */
static int text_width(const char *text)
{
    int width = 0;

    for (; *text; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

/* Bytes of the first `width` characters. */
static size_t width_bytes(const char *text, int width)
{
    size_t len = 0;

    for (; text[len]; len++)
        if (((unsigned char)text[len] & 0xc0) != 0x80 && width-- == 0)
            break;
    return len;
}

static enum err keep_cell(struct table *table, struct column *column,
                          const struct query_value *value)
{
    char cell[TABLE_CELL_BYTES], room[NUMBER_BYTES];
    struct bytes text = {"", 0};
    char *hex = NULL;
    int width;

    switch (value->type) {
    case QUERY_NULL:
        break;
    case QUERY_INT:
        text = number_text(value, room);
        break;
    case QUERY_REAL:
        text = rounded_text(value->real, room);
        break;
    case QUERY_TEXT:
        text = value->text;
        break;
    case QUERY_BLOB:
        hex = hex_text(value->text);
        text = (struct bytes){hex, strlen(hex)};
        break;
    }
    column->has_text |= value->type == QUERY_TEXT || value->type == QUERY_BLOB;
    text_escape(text.data, text.len, cell, sizeof(cell));
    free(hex);
    width = text_width(cell);
    if (!table->measured && width > column->width)
        column->width = width;
    return buf_add(&table->cells, cell, strlen(cell) + 1);
}

static void print_cell(const struct table *table, size_t i, const char *text)
{
    const struct column *column = &table->columns[i];
    FILE *out = table->options.out;
    bool last = i + 1 == table->nr_columns;
    int width = text_width(text);
    int pad = column->width > width ? column->width - width : 0;

    if (!column->has_text)
        fprintf(out, "%*s", pad, "");
    if (table->options.width && width > column->width)
        fprintf(out, "%.*s…", (int)width_bytes(text, column->width - 1), text);
    else
        fputs(text, out);
    if (last)
        fputc('\n', out);
    else
        fprintf(out, "%*s", column->has_text ? pad + 2 : 2, "");
}

/* Cuts the widest text columns until a line fits. */
static void fit(struct table *table)
{
    int excess = -table->options.width - 2;

    for (size_t i = 0; i < table->nr_columns; i++)
        excess += table->columns[i].width + 2;
    while (table->options.width && excess > 0) {
        struct column *widest = NULL;

        for (size_t i = 0; i < table->nr_columns; i++) {
            struct column *column = &table->columns[i];

            if (column->has_text && column->width > TABLE_CELL_MIN &&
                (!widest || column->width > widest->width))
                widest = column;
        }
        if (!widest)
            break;
        widest->width--;
        excess--;
    }
}

static void print_heading(struct table *table)
{
    char line[TABLE_CELL_BYTES];

    fit(table);
    for (size_t i = 0; i < table->nr_columns; i++)
        print_cell(table, i, table->columns[i].name);
    for (size_t i = 0; i < table->nr_columns; i++) {
        size_t width = (size_t)table->columns[i].width;

        memset(line, '-', width);
        line[width] = '\0';
        print_cell(table, i, line);
    }
    table->measured = true;
}

static void print_kept(struct table *table)
{
    const char *at = (const char *)table->cells.data;

    if (!table->measured)
        print_heading(table);
    for (size_t row = 0; row < table->nr_kept; row++)
        for (size_t i = 0; i < table->nr_columns; i++) {
            print_cell(table, i, at);
            at += strlen(at) + 1;
        }
    buf_reset(&table->cells);
    table->nr_kept = 0;
}

static enum err keep_row(struct table *table, const struct query_row *row)
{
    enum err err = CERR_OK;

    for (size_t i = 0; i < row->nr_columns && !err; i++)
        err = keep_cell(table, &table->columns[i], &row->values[i]);
    table->nr_kept++;
    if (table->measured || table->nr_kept == TABLE_MEASURED_ROWS ||
        table->cells.len > TABLE_MEASURED_BYTES)
        print_kept(table);
    return err;
}

/* ---- the whole ---- */

struct table *table_new(const struct table_options *options)
{
    struct table *table = xcalloc(1, sizeof(*table));

    table->options = *options;
    /* a row comes whole before the kept ones are printed */
    buf_init(&table->cells, SIZE_MAX);
    return table;
}

void table_free(struct table *table)
{
    if (!table)
        return;
    for (size_t i = 0; i < table->nr_columns; i++)
        free(table->columns[i].name);
    free(table->columns);
    buf_release(&table->cells);
    free(table);
}

static void begin(struct table *table, const struct query_row *row)
{
    char name[TABLE_CELL_BYTES];

    table->begun = true;
    table->nr_columns = row->nr_columns;
    table->columns = xcalloc(row->nr_columns, sizeof(*table->columns));
    for (size_t i = 0; i < row->nr_columns; i++) {
        text_escape(row->names[i], strlen(row->names[i]), name, sizeof(name));
        table->columns[i].name = xstrdup(name);
        table->columns[i].width = text_width(name);
    }
    if (table->options.format != TABLE_ALIGNED)
        print_names(table);
}

enum err table_add(void *ctx, const struct query_row *row)
{
    struct table *table = ctx;
    enum err err = CERR_OK;

    if (!table->begun)
        begin(table, row);
    if (!row->values)
        return CERR_OK;
    if (table->options.limit && table->nr_rows == table->options.limit)
        return CERR_CANCELED;
    if (table->options.format == TABLE_ALIGNED)
        err = keep_row(table, row);
    else
        print_row(table, row);
    table->nr_rows++;
    return !err && ferror(table->options.out) ? CERR_IO : err;
}

int64_t table_nr_rows(const struct table *table)
{
    return table->nr_rows;
}

enum err table_end(struct table *table)
{
    FILE *out = table->options.out;

    if (!table->begun)
        return CERR_OK; /* a statement without a result */
    if (table->options.format == TABLE_ALIGNED)
        print_kept(table);
    if (table->options.format == TABLE_JSON)
        fputs(table->nr_rows ? "\n]\n" : "]\n", out);
    return fflush(out) != 0 || ferror(out) ? CERR_IO : CERR_OK;
}
