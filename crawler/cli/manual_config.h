/*
 * manual_config: the manual page crawl-config(5) on the configuration file,
 * made of the tables by which the file is read.
 */
#ifndef CRAWLER_CLI_MANUAL_CONFIG_H
#define CRAWLER_CLI_MANUAL_CONFIG_H

#include <stdio.h>

/* A short file, for the pages. */
extern const char manual_config_example[];

/* Writes the page in the man macros of groff_man(7). */
void manual_config_print(const char *version, FILE *out);

#endif
