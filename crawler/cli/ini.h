/*
 * ini: the form of the configuration file.
 *
 * "[section]" and "name = value" lines; ';' or '#' begins a line that is a
 * comment, and so does ';' behind a blank in a value. A line may be long, as
 * tokens in headers are. What a name means is the caller's affair. Pure but
 * for the stream that it reads.
 */
#ifndef CRAWLER_CLI_INI_H
#define CRAWLER_CLI_INI_H

#include <stdio.h>

#include "base/err.h"

#define INI_LINE_BYTES  16384
#define INI_LINES_MAX   100000
#define INI_FORMAT_TEXT "neither \"[section]\" nor \"name = value\""

struct ini_entry {
    const char
        *section; /* section that the entry stands in; "" before the first */
    const char *name, *value;
    int line;
};

/* Texts are borrowed for the call. A return other than CERR_OK ends the
 * reading with that code. */
typedef enum err (*ini_entry_fn)(void *ctx, const struct ini_entry *entry);

/*
 * Reads all of `in`. `*line` is the last one read, for the message. CERR_FORMAT
 * (neither form, or a NUL byte), CERR_TOO_BIG (a line, or too many), CERR_IO.
 */
enum err ini_read(FILE *in, ini_entry_fn fn, void *ctx, int *line) CERR_CHECK;

#endif
