/*
 * roff: pieces of a manual page in the man macros of groff_man(7).
 */
#ifndef CRAWLER_CLI_ROFF_H
#define CRAWLER_CLI_ROFF_H

#include <stdio.h>

#include "crawler/cli/options.h"

/* Writes text: its hyphens can be copied, and nothing in it is an escape or a
 * request. A line feed breaks the line. */
void roff_text(FILE *out, const char *text);
/* Begins the section, with its title in capitals. */
void roff_section(FILE *out, const char *title);
/* Writes a paragraph with a name in bold in front. */
void roff_item(FILE *out, const char *name, const char *text);
/* Writes what an option does, its choices and its default, as one line of text.
 */
void roff_option(FILE *out, const struct option *option);

#endif
