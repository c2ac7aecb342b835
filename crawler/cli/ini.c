/*
 * Reads the configuration file line by line, with one buffer for the line and
 * one for the name of the section that it belongs to.
 */
#include "crawler/cli/ini.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

#define BLANKS " \t\r\n\v\f"

/* Cuts blanks off both ends, in place. The returned text lies in `text`. */
static char *trim(char *text)
{
    size_t len;

    text += strspn(text, BLANKS);
    len = strlen(text);
    while (len > 0 && strchr(BLANKS, text[len - 1]))
        len--;
    text[len] = '\0';
    return text;
}

/* Cuts a comment off a value. A ';' begins one only after a blank, as it may
 * stand in a user agent. */
static void cut_comment(char *value)
{
    for (char *at = value; *at; at++)
        if (*at == ';' && (at == value || strchr(BLANKS, at[-1]))) {
            *at = '\0';
            return;
        }
}

/* Reads "[section]" into `section`; returns false when it is not closed or
 * something follows it. */
static bool read_section(char *text, char *section)
{
    char *end = strrchr(text, ']');

    if (!end)
        return false;
    cut_comment(end + 1);
    if (*trim(end + 1))
        return false;
    *end = '\0';
    strcpy(section,
           trim(text +
                1)); /* `section` has the size of a line, so every text fits */
    return true;
}

/* The state of one reading. All texts that an entry borrows lie in here, or in
 * `text`. */
struct reader {
    char text[INI_LINE_BYTES];
    char section[INI_LINE_BYTES];
    ini_entry_fn fn;
    void *ctx;
    int line;
};

/* Reads one line. A name must not be empty, a value may be: it sets an option
 * back to nothing. */
static enum err read_line(struct reader *reader, char *text)
{
    char *equals;

    text = trim(text);
    if (*text == '\0' || *text == ';' || *text == '#')
        return CERR_OK;
    if (*text == '[')
        return read_section(text, reader->section) ? CERR_OK : CERR_FORMAT;
    equals = strchr(text, '=');
    if (!equals || equals == text)
        return CERR_FORMAT;
    *equals = '\0';
    cut_comment(equals + 1);
    return reader->fn(reader->ctx, &(struct ini_entry){
                                       .section = reader->section,
                                       .name = trim(text),
                                       .value = trim(equals + 1),
                                       .line = reader->line,
                                   });
}

/* Reads all lines. A line with a NUL byte seems to end before its newline, and
 * is no text of ours. Editors of other systems put a byte order mark in front
 * of the first line; it is passed over. */
static enum err read_lines(struct reader *reader, FILE *in)
{
    static const char mark[] = "\xEF\xBB\xBF";
    char *text = reader->text;
    enum err err = CERR_OK;

    while (!err && fgets(text, INI_LINE_BYTES, in)) {
        size_t len = strlen(text);
        bool whole = len > 0 && text[len - 1] == '\n';

        reader->line++;
        if (!whole && len == INI_LINE_BYTES - 1)
            return CERR_TOO_BIG;
        if (!whole && !feof(in))
            return CERR_FORMAT; /* a NUL byte */
        if (reader->line > INI_LINES_MAX)
            return CERR_TOO_BIG;
        bool marked = reader->line == 1 && strncmp(text, mark, 3) == 0;
        err = read_line(reader, marked ? text + 3 : text);
    }
    return !err && ferror(in) ? CERR_IO : err;
}

enum err ini_read(FILE *in, ini_entry_fn fn, void *ctx, int *line)
{
    struct reader *reader = xcalloc(1, sizeof(*reader));

    reader->fn = fn;
    reader->ctx = ctx;
    enum err err = read_lines(reader, in);
    *line = reader->line;
    free(reader);
    return err;
}
