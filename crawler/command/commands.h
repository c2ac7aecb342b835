/*
 * commands: the words that `crawl` knows, with what does their work.
 *
 * Each takes a command line that command_read() has read and returns the exit
 * status. They print results to standard output and sentences to standard
 * error.
 */
#ifndef CRAWLER_COMMAND_COMMANDS_H
#define CRAWLER_COMMAND_COMMANDS_H

#include "crawler/cli/command.h"

/* Everything, reserved words too; the run comes first. */
extern const struct commands crawl_commands;

int command_run(const struct command_line *line);     /* main.c */
int command_help(const struct command_line *line);    /* main.c */
int command_version(const struct command_line *line); /* main.c */
int command_query(const struct command_line *line);   /* command_query.c */
int command_diff(const struct command_line *line);    /* command_query.c */
int command_status(const struct command_line *line);  /* command_status.c */
int command_export(const struct command_line *line);  /* command_export.c */
int command_why(const struct command_line *line);     /* command_why.c */
int command_doctor(const struct command_line *line);  /* command_doctor.c */

#endif
