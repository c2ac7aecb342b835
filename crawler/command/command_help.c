/*
 * crawl help: the options of a run, one command, or a file that is made of the
 * tables of commands and options.
 */
#include <string.h>

#include "base/log.h"
#include "crawler/cli/complete.h"
#include "crawler/cli/config.h"
#include "crawler/cli/manual.h"
#include "crawler/command/commands.h"
#include "crawler/crawl.h"

/* The printers of all topics have one type; this one does not need the
 * commands. */
static void print_markdown(const struct commands *commands, FILE *out)
{
    (void)commands;
    config_print_markdown(out);
}

static void print_manual(const struct commands *commands, FILE *out)
{
    manual_print(commands, CRAWL_VERSION, out);
}

static void print_manual_of_file(const struct commands *commands, FILE *out)
{
    (void)commands;
    manual_config_print(CRAWL_VERSION, out);
}

/* The word is a topic, for which a file is made, or the name of a command.
 * Topics are looked for first; no command has the name of one. */
int command_help(const struct command_line *line)
{
    static const struct {
        const char *name;
        void (*print)(const struct commands *commands, FILE *out);
    } topics[] = {
        {"man", print_manual},        {"man5", print_manual_of_file},
        {"markdown", print_markdown}, {"bash", complete_print_bash},
        {"zsh", complete_print_zsh},  {"fish", complete_print_fish},
    };
    const char *topic = line->nr_words ? line->words[0] : "run";
    const struct command *command = command_find(line->commands, topic);

    for (size_t i = 0; i < sizeof(topics) / sizeof(topics[0]); i++)
        if (strcmp(topic, topics[i].name) == 0) {
            topics[i].print(line->commands, stdout);
            return CRAWL_EXIT_OK;
        }
    if (!command) {
        log_error("no help about '%s': 'crawl help' names the commands", topic);
        return CRAWL_EXIT_USAGE;
    }
    command_print_help(command, stdout);
    return CRAWL_EXIT_OK;
}
