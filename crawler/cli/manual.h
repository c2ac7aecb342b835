/*
 * manual: the manual page crawl(1), made of the tables that the program runs
 * by: commands, options, named queries.
 */
#ifndef CRAWLER_CLI_MANUAL_H
#define CRAWLER_CLI_MANUAL_H

#include <stdio.h>

#include "crawler/cli/command_line.h"

/* Writes the page in the man macros of groff_man(7). */
void manual_print(const struct commands *commands, const char *version,
                  FILE *out);

#endif
