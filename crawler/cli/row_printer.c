/*
 * DESIGN. CSV, JSON and plain rows go out as they come. Aligned ones are kept,
 * as finished cells in one buffer, until enough of them have told how wide the
 * columns must be; from then on rows are printed by those widths, one by one.
 */
#include "crawler/cli/row_printer.h"

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

struct row_printer {
    struct row_printer_options options;
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

/* Writes a number as programs read it. JSON and CSV have no word for infinity,
 * which SQLite makes of 1e999: it comes out empty. */
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

/* Writes a number with a fraction as people read it: 0.012, 1.5, 1234.6. */
static struct bytes rounded_text(double real, char room[NUMBER_BYTES])
{
    int len = snprintf(room, NUMBER_BYTES,
                       real != 0 && fabs(real) < 1 ? "%.2g" : "%.1f", real);

    return (struct bytes){room, (size_t)len};
}

/* Writes bytes that are no text as two hexadecimal digits each. The caller
 * frees the text. */
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

/* Quotes stand only where the text needs them, and a quote in it is doubled:
 * RFC 4180, 2.5 to 2.7. */
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

/* A byte of a page can become four: "\\x1b". What could move a terminal's
 * cursor comes out as text. */
static void print_escaped(const struct row_printer *printer, const char *text,
                          size_t len)
{
    char *clean = xmalloc(len * 4 + 1);

    len = text_escape(text, len, clean, len * 4 + 1);
    if (printer->options.format == ROWS_CSV)
        print_csv_text(printer->options.out, clean, len);
    else
        fwrite(clean, 1, len, printer->options.out);
    free(clean);
}

/* Prints text by the rule of the format. Only CSV into a file keeps the bytes
 * as they are, as programs read it. */
static void print_text(const struct row_printer *printer, const char *text,
                       size_t len)
{
    FILE *out = printer->options.out;

    if (printer->options.format == ROWS_JSON)
        json_print_text(out, text, len);
    else if (printer->options.format == ROWS_CSV &&
             !printer->options.is_terminal)
        print_csv_text(out, text, len);
    else
        print_escaped(printer, text, len);
}

/* Numbers come out exactly, for programs; people get rounded ones in
 * keep_cell(). */
static void print_value(const struct row_printer *printer,
                        const struct query_value *value)
{
    bool json = printer->options.format == ROWS_JSON;
    char room[NUMBER_BYTES];
    struct bytes number;
    char *hex;

    switch (value->type) {
    case QUERY_NULL:
        fputs(json ? "null" : "", printer->options.out);
        break;
    case QUERY_INT:
    case QUERY_REAL:
        number = number_text(value, room);
        if (number.len == 0 && json)
            number = (struct bytes){"null", 4};
        fwrite(number.data, 1, number.len, printer->options.out);
        break;
    case QUERY_TEXT:
        print_text(printer, value->text.data, value->text.len);
        break;
    case QUERY_BLOB:
        hex = hex_text(value->text);
        print_text(printer, hex, strlen(hex));
        free(hex);
        break;
    }
}

/* Lines of CSV end in CRLF: RFC 4180, 2.1. */
static const char *line_end(const struct row_printer *printer)
{
    bool csv = printer->options.format == ROWS_CSV;

    return csv && !printer->options.is_terminal ? "\r\n" : "\n";
}

/* Prints the head. CSV and plain rows have the names once, JSON has them in
 * each row. */
static void print_names(const struct row_printer *printer)
{
    FILE *out = printer->options.out;

    if (printer->options.format == ROWS_JSON) {
        fputc('[', out);
        return;
    }
    for (size_t i = 0; i < printer->nr_columns; i++) {
        if (i)
            fputc(printer->options.format == ROWS_CSV ? ',' : '\t', out);
        print_text(printer, printer->columns[i].name,
                   strlen(printer->columns[i].name));
    }
    fputs(line_end(printer), out);
}

/* Rows of programs go out at once, so that a result of any size needs no
 * memory. */
static void print_row(const struct row_printer *printer,
                      const struct query_row *row)
{
    FILE *out = printer->options.out;
    bool json = printer->options.format == ROWS_JSON;

    if (json)
        fputs(printer->nr_rows ? ",\n {" : "\n {", out);
    for (size_t i = 0; i < row->nr_columns; i++) {
        if (i)
            fputs(json                                  ? ", "
                  : printer->options.format == ROWS_CSV ? ","
                                                        : "\t",
                  out);
        if (json) {
            json_print_text(out, row->names[i], strlen(row->names[i]));
            fputs(": ", out);
        }
        print_value(printer, &row->values[i]);
    }
    fputs(json ? "}" : line_end(printer), out);
}

/* ---- people ---- */

/* Counts characters: bytes that do not continue one in UTF-8. Wide characters
 * count as one, so such columns may be off. */
static int text_width(const char *text)
{
    int width = 0;

    for (; *text; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

/* Returns how many bytes the first `width` characters have. */
static size_t width_bytes(const char *text, int width)
{
    size_t len = 0;

    for (; text[len]; len++)
        if (((unsigned char)text[len] & 0xc0) != 0x80 && width-- == 0)
            break;
    return len;
}

/* Keeps an aligned cell as finished text with a NUL behind it. Once the widths
 * are settled they stay, whatever comes. */
static enum err keep_cell(struct row_printer *printer, struct column *column,
                          const struct query_value *value)
{
    char cell[ROWS_CELL_BYTES], room[NUMBER_BYTES];
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
    if (!printer->measured && width > column->width)
        column->width = width;
    return buf_add(&printer->cells, cell, strlen(cell) + 1);
}

/* Text stands to the left, numbers to the right. The last column has no blanks
 * behind it, so that lines can be copied. */
static void print_cell(const struct row_printer *printer, size_t i,
                       const char *text)
{
    const struct column *column = &printer->columns[i];
    FILE *out = printer->options.out;
    bool last = i + 1 == printer->nr_columns;
    int width = text_width(text);
    int pad = column->width > width ? column->width - width : 0;

    if (!column->has_text)
        fprintf(out, "%*s", pad, "");
    if (printer->options.width && width > column->width)
        fprintf(out, "%.*s…", (int)width_bytes(text, column->width - 1), text);
    else
        fputs(text, out);
    if (last)
        fputc('\n', out);
    else
        fprintf(out, "%*s", column->has_text ? pad + 2 : 2, "");
}

/* Cuts the widest text columns, one character at a time, until a line fits the
 * terminal. Numbers are never cut: a part of one would be another number. */
static void fit(struct row_printer *printer)
{
    int excess = -printer->options.width - 2;

    for (size_t i = 0; i < printer->nr_columns; i++)
        excess += printer->columns[i].width + 2;
    while (printer->options.width && excess > 0) {
        struct column *widest = NULL;

        for (size_t i = 0; i < printer->nr_columns; i++) {
            struct column *column = &printer->columns[i];

            if (column->has_text && column->width > ROWS_CELL_MIN &&
                (!widest || column->width > widest->width))
                widest = column;
        }
        if (!widest)
            break;
        widest->width--;
        excess--;
    }
}

/* Prints the names, and a line of dashes below each of them. */
static void print_heading(struct row_printer *printer)
{
    char line[ROWS_CELL_BYTES];

    fit(printer);
    for (size_t i = 0; i < printer->nr_columns; i++)
        print_cell(printer, i, printer->columns[i].name);
    for (size_t i = 0; i < printer->nr_columns; i++) {
        size_t width = (size_t)printer->columns[i].width;

        memset(line, '-', width);
        line[width] = '\0';
        print_cell(printer, i, line);
    }
    printer->measured = true;
}

/* Prints the kept cells, which lie one behind the other, row by row. */
static void print_kept(struct row_printer *printer)
{
    const char *at = (const char *)printer->cells.data;

    if (!printer->measured)
        print_heading(printer);
    for (size_t row = 0; row < printer->nr_kept; row++)
        for (size_t i = 0; i < printer->nr_columns; i++) {
            print_cell(printer, i, at);
            at += strlen(at) + 1;
        }
    buf_reset(&printer->cells);
    printer->nr_kept = 0;
}

/* Keeps a row; after the measured ones each row is printed as it comes. */
static enum err keep_row(struct row_printer *printer,
                         const struct query_row *row)
{
    enum err err = CERR_OK;

    for (size_t i = 0; i < row->nr_columns && !err; i++)
        err = keep_cell(printer, &printer->columns[i], &row->values[i]);
    printer->nr_kept++;
    if (printer->measured || printer->nr_kept == ROWS_MEASURED_ROWS ||
        printer->cells.len > ROWS_MEASURED_BYTES)
        print_kept(printer);
    return err;
}

/* ---- the whole ---- */

struct row_printer *row_printer_new(const struct row_printer_options *options)
{
    struct row_printer *printer = xcalloc(1, sizeof(*printer));

    printer->options = *options;
    /* a row comes whole before the kept ones are printed */
    buf_init(&printer->cells, SIZE_MAX);
    return printer;
}

void row_printer_free(struct row_printer *printer)
{
    if (!printer)
        return;
    for (size_t i = 0; i < printer->nr_columns; i++)
        free(printer->columns[i].name);
    free(printer->columns);
    buf_release(&printer->cells);
    free(printer);
}

/* Begins the output. The names of columns are what a statement calls them, and
 * a statement may come from anybody, so they are escaped too. */
static void begin(struct row_printer *printer, const struct query_row *row)
{
    char name[ROWS_CELL_BYTES];

    printer->begun = true;
    printer->nr_columns = row->nr_columns;
    printer->columns = xcalloc(row->nr_columns, sizeof(*printer->columns));
    for (size_t i = 0; i < row->nr_columns; i++) {
        text_escape(row->names[i], strlen(row->names[i]), name, sizeof(name));
        printer->columns[i].name = xstrdup(name);
        printer->columns[i].width = text_width(name);
    }
    if (printer->options.format != ROWS_ALIGNED)
        print_names(printer);
}

enum err row_printer_add(void *ctx, const struct query_row *row)
{
    struct row_printer *printer = ctx;
    enum err err = CERR_OK;

    if (!printer->begun)
        begin(printer, row);
    if (!row->values)
        return CERR_OK;
    if (printer->options.limit && printer->nr_rows == printer->options.limit)
        return CERR_CANCELED;
    if (printer->options.format == ROWS_ALIGNED)
        err = keep_row(printer, row);
    else
        print_row(printer, row);
    printer->nr_rows++;
    return !err && ferror(printer->options.out) ? CERR_IO : err;
}

int64_t row_printer_nr_rows(const struct row_printer *printer)
{
    return printer->nr_rows;
}

enum err row_printer_end(struct row_printer *printer)
{
    FILE *out = printer->options.out;

    if (!printer->begun)
        return CERR_OK; /* a statement without a result */
    if (printer->options.format == ROWS_ALIGNED)
        print_kept(printer);
    if (printer->options.format == ROWS_JSON)
        fputs(printer->nr_rows ? "\n]\n" : "]\n", out);
    return fflush(out) != 0 || ferror(out) ? CERR_IO : CERR_OK;
}
