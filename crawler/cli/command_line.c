/*
 * Flags of a command are looked up in its own table; every other word stays,
 * in order, for the command.
 */
#include "crawler/cli/command_line.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "crawler/cli/value.h"

#define FLAG_COLUMN 24

const struct command *command_find(const struct commands *commands,
                                   const char *name)
{
    for (size_t i = 0; i < commands->nr; i++)
        if (strcmp(commands->all[i].name, name) == 0)
            return &commands->all[i];
    return NULL;
}

/* Finds the flag that a word names, as "--name", "--name=value" or "-n"; NULL:
 * the command has no such flag. */
static const struct command_flag *find_flag(const struct command *command,
                                            const char *word)
{
    for (size_t i = 0; i < command->nr_flags; i++) {
        const struct command_flag *flag = &command->flags[i];

        if (word[1] == '-' && strlen(flag->name) == strcspn(word + 2, "=") &&
            strncmp(word + 2, flag->name, strlen(flag->name)) == 0)
            return flag;
        if (flag->short_name && word[1] == flag->short_name && !word[2])
            return flag;
    }
    return NULL;
}

/* Takes the flag at argv[*at] with its value; moves *at to its last word. */
static enum err read_flag(struct command_line *line,
                          const struct command_flag *flag, int *at,
                          char *message)
{
    const char *word = line->argv[*at];
    const char *attached = word[1] == '-' ? strchr(word, '=') : NULL;
    const char *value = "";

    if (!flag->argument && attached) {
        snprintf(message, COMMAND_MESSAGE_BYTES, "--%s takes no value",
                 flag->name);
        return CERR_INVALID;
    }
    if (flag->argument && !attached && *at + 1 == line->argc) {
        snprintf(message, COMMAND_MESSAGE_BYTES, "--%s needs %s", flag->name,
                 flag->argument);
        return CERR_INVALID;
    }
    if (flag->argument)
        value = attached ? attached + 1 : line->argv[++*at];
    line->given[line->nr_given++] = (struct command_given){flag, value};
    return CERR_OK;
}

/* The words that are no flags must be as many as the table of commands says. */
static enum err check_words(const struct command_line *line, char *message)
{
    const struct command *command = line->command;

    if (line->nr_words >= command->min_words &&
        (command->max_words < 0 || line->nr_words <= command->max_words))
        return CERR_OK;
    snprintf(message, COMMAND_MESSAGE_BYTES,
             "usage: crawl %s %s; 'crawl help %s' says more", command->name,
             command->arguments, command->name);
    return CERR_INVALID;
}

/* A command that takes the options of a run keeps them among its words, in
 * order: config_read() reads them with "--" in its place. */
enum err command_read(struct command_line *line,
                      char message[COMMAND_MESSAGE_BYTES])
{
    const struct command *command = line->command;
    bool only_words = false;
    enum err err = CERR_OK;

    /* room for as many words as the line has, and a NULL */
    line->words = xcalloc((size_t)line->argc + 1, sizeof(*line->words));
    line->given = xcalloc((size_t)line->argc + 1, sizeof(*line->given));
    for (int i = 2; i < line->argc && !err; i++) {
        char *word = line->argv[i];
        bool is_flag = !only_words && word[0] == '-' && word[1];
        const struct command_flag *flag =
            is_flag ? find_flag(command, word) : NULL;

        if (flag) {
            err = read_flag(line, flag, &i, message);
        } else if (is_flag && !command->takes_options &&
                   strcmp(word, "--") == 0) {
            only_words = true;
        } else if (is_flag && !command->takes_options) {
            snprintf(message, COMMAND_MESSAGE_BYTES,
                     "crawl %s has no option %.100s: 'crawl help %s' lists "
                     "what it takes",
                     command->name, word, command->name);
            err = CERR_INVALID;
        } else {
            line->words[line->nr_words++] = word;
        }
    }
    return err ? err : check_words(line, message);
}

void command_release(struct command_line *line)
{
    free(line->words);
    free(line->given);
    line->words = NULL;
    line->given = NULL;
}

const char *command_next(const struct command_line *line, const char *name,
                         size_t *at)
{
    while (*at < line->nr_given) {
        const struct command_given *given = &line->given[(*at)++];

        if (strcmp(given->flag->name, name) == 0)
            return given->value;
    }
    return NULL;
}

/* Of several values of a flag the last one counts, as for a run. */
const char *command_value(const struct command_line *line, const char *name)
{
    const char *last = NULL, *value;
    size_t at = 0;

    do {
        value = command_next(line, name, &at);
        last = value ? value : last;
    } while (value);
    return last;
}

bool command_has(const struct command_line *line, const char *name)
{
    return command_value(line, name) != NULL;
}

enum err command_number(const struct command_line *line, const char *name,
                        int64_t least, int64_t *value,
                        char message[COMMAND_MESSAGE_BYTES])
{
    const char *text = command_value(line, name);
    int64_t number;

    if (!text)
        return CERR_OK;
    if (value_int(text, &number) || number < least) {
        snprintf(message, COMMAND_MESSAGE_BYTES,
                 "'%.100s' is not valid for --%s: give a number from %lld",
                 text, name, (long long)least);
        return CERR_INVALID;
    }
    *value = number;
    return CERR_OK;
}

/* Help begins in one column for all flags; a flag that is too wide for it is
 * followed by one blank. */
void command_print_usage(const struct command *command, FILE *out)
{
    fprintf(out, "usage: crawl %s %s\n\n%s\n", command->name,
            command->arguments, command->summary);
    if (command->details)
        fprintf(out, "\n%s\n", command->details);
    if (command->nr_flags)
        fputc('\n', out);
    for (size_t i = 0; i < command->nr_flags; i++) {
        const struct command_flag *flag = &command->flags[i];
        int column = flag->short_name ? fprintf(out, "  -%c, --%s",
                                                flag->short_name, flag->name)
                                      : fprintf(out, "      --%s", flag->name);

        if (flag->argument)
            column += fprintf(out, " %s", flag->argument);
        fprintf(out, "%*s%s\n", column < FLAG_COLUMN ? FLAG_COLUMN - column : 1,
                "", flag->help);
    }
    if (command->takes_options)
        fputs("\nEvery option of a run counts too: 'crawl help' lists them.\n",
              out);
}

void command_print_help(const struct command *command, FILE *out)
{
    if (command->print_help)
        command->print_help(command, out);
    else
        command_print_usage(command, out);
}
