/*
 * command_version: what this program is made of, for bug reports.
 */
#ifndef CRAWLER_COMMAND_COMMAND_VERSION_H
#define CRAWLER_COMMAND_COMMAND_VERSION_H

#include <stdio.h>

/* "crawl 0.1.0", then the libraries with their versions. */
void version_print(FILE *out);

#endif
