/*
 * command_line: the words of the command line and what each of them takes.
 *
 * One table of commands (command/commands.c) is behind dispatch, help, manual
 * page and completions. Flags of a command are written in full, as all flags
 * are.
 */
#ifndef CRAWLER_CLI_COMMAND_LINE_H
#define CRAWLER_CLI_COMMAND_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

#define COMMAND_MESSAGE_BYTES 600

struct command_flag {
    const char *name;
    char short_name;      /* 0: none */
    const char *argument; /* "N"; NULL: a switch */
    const char *help;
};

struct command_line;

struct command {
    const char *name;
    const char *arguments; /* "DB [NAME|SQL]" */
    const char *summary;   /* one line */
    const char *details;   /* a paragraph for help and manual; NULL: none */
    const struct command_flag *flags;
    size_t nr_flags;
    int min_words, max_words; /* how many words that are no flags it takes; max
                                 -1: any number */
    bool
        takes_options; /* it takes the options of a run besides its own flags */
    bool reads_argv;   /* it reads its words itself, without command_read() */
    int (*run)(const struct command_line *line); /* exit status */
    /* NULL: command_print_usage() says all that there is to say */
    void (*print_help)(const struct command *command, FILE *out);
};

struct commands {
    const struct command *all;
    size_t nr;
};

/* A command as typed. Texts are borrowed from argv. */
struct command_line {
    const struct command *command;
    const struct commands *commands;
    int argc; /* as given to main(), for those who read it themselves */
    char *const *argv;
    char **words; /* owned; all words that are no own flag, in order */
    int nr_words;
    struct command_given {
        const struct command_flag *flag;
        const char *value; /* "" for a switch, which has no value */
    } * given;             /* owned; the own flags, in order */
    size_t nr_given;
};

const struct command *command_find(const struct commands *commands,
                                   const char *name);
/*
 * Reads what follows the command's word (argv[2] on). CERR_INVALID with a
 * sentence in `message`. Free it with command_release(), also after an error.
 */
enum err command_read(struct command_line *line,
                      char message[COMMAND_MESSAGE_BYTES]) CERR_CHECK;
void command_release(struct command_line *line);

/* The last value of an own flag; NULL: it was not given. */
const char *command_value(const struct command_line *line, const char *name);
/* Returns the values of a flag one after the other, from *at = 0 on; NULL after
 * the last. */
const char *command_next(const struct command_line *line, const char *name,
                         size_t *at);
bool command_has(const struct command_line *line, const char *name);
/* Reads the value of a flag as a whole number that is at least `least`.
 * CERR_INVALID with a sentence in `message`. `value` keeps what it has when the
 * flag was not given. */
enum err command_number(const struct command_line *line, const char *name,
                        int64_t least, int64_t *value,
                        char message[COMMAND_MESSAGE_BYTES]) CERR_CHECK;

/* Prints usage, summary, details and flags of a command. */
void command_print_usage(const struct command *command, FILE *out);
/* The command's own help, or else its usage. */
void command_print_help(const struct command *command, FILE *out);

#endif
