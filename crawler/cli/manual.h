/*
 * manual: the manual pages crawl(1) and, on the configuration file,
 * crawl-config(5), made of the tables that the program runs by: commands,
 * options, named queries. Both are in the man macros of groff_man(7).
 */
#ifndef CRAWLER_CLI_MANUAL_H
#define CRAWLER_CLI_MANUAL_H

#include <stdio.h>

#include "crawler/cli/command_line.h"

void manual_print(const struct commands *commands, const char *version,
                  FILE *out);
void manual_config_print(const char *version, FILE *out);

/* A short configuration file: both pages show it. */
extern const char manual_config_example[];

#endif
