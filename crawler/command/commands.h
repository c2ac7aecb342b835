/*
 * commands: the words that `crawl` knows, with what does their work.
 *
 * Each command has a file of its name. It takes a command line that
 * command_read() has read (the run reads its own) and returns the exit status.
 * Commands print results to standard output and sentences to standard error.
 */
#ifndef CRAWLER_COMMAND_COMMANDS_H
#define CRAWLER_COMMAND_COMMANDS_H

#include "crawler/cli/command_line.h"

/* All commands; the run comes first. */
extern const struct commands crawl_commands;

/* The whole program: finds the command that argv[1] names (the run, if it
 * names none), reads its words and runs it. Returns the exit status. */
int commands_run(int argc, char *const *argv);

int command_run(const struct command_line *line);
int command_query(const struct command_line *line);
int command_status(const struct command_line *line);
int command_export(const struct command_line *line);
int command_diff(const struct command_line *line);
int command_why(const struct command_line *line);
int command_doctor(const struct command_line *line);
int command_help(const struct command_line *line);
int command_version(const struct command_line *line);

/* Help of the commands that need more than their usage. */
void command_run_print_help(const struct command *command, FILE *out);
void command_query_print_help(const struct command *command, FILE *out);

#endif
