/*
 * complete: what bash, zsh and fish need to finish a half-typed command line,
 * made of the tables that the program runs by.
 */
#ifndef CRAWLER_CLI_COMPLETE_H
#define CRAWLER_CLI_COMPLETE_H

#include <stdio.h>

#include "crawler/cli/command_line.h"

void complete_print_bash(const struct commands *commands, FILE *out);
void complete_print_zsh(const struct commands *commands, FILE *out);
void complete_print_fish(const struct commands *commands, FILE *out);

#endif
