/*
 * json: text as a JSON string (RFC 8259, 7).
 */
#ifndef CRAWLER_CLI_JSON_H
#define CRAWLER_CLI_JSON_H

#include <stddef.h>
#include <stdio.h>

/*
 * Writes `data` in quotes. Invalid UTF-8 and NULs become U+FFFD; control
 * characters (C0, DEL, C1) are escaped, so that the line is harmless on a
 * terminal too.
 */
void json_print_text(FILE *out, const void *data, size_t len);

#endif
