/*
 * main: the words of the command line. `crawl urls.txt` is `crawl run
 * urls.txt`; the other commands read what a run has left.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "crawler/cli/complete.h"
#include "crawler/cli/manual.h"
#include "crawler/command/commands.h"
#include "crawler/crawl.h"
#include "crawler/version.h"
#include "storage/query.h"

#define COMMAND_BYTES 4096

static bool begins(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* Drops what may be a secret, as config_print_json() does: the value of a
 * header, credentials in a URL or proxy. */
static char *without_secrets(const char *word, const char *before)
{
    bool is_header = strcmp(before, "-H") == 0 ||
                     strcmp(before, "--header") == 0 || begins(word, "-H") ||
                     begins(word, "--header=");
    bool is_proxy = strcmp(before, "--proxy") == 0 || begins(word, "--proxy=");
    char *shown = xstrdup(word);
    char *host = strstr(shown, "://");

    if (is_header) {
        char *colon = strchr(shown, ':');

        if (colon)
            colon[1] = '\0';
        return shown;
    }
    if (!host && is_proxy)
        host = begins(word, "--proxy=") ? strchr(shown, '=') + 1 : shown;
    else if (host)
        host += strlen("://");
    if (host) {
        size_t len = strcspn(host, "/?#");
        char *at = memrchr(host, '@', len);

        if (at)
            memmove(host, at + 1, strlen(at + 1) + 1);
    }
    return shown;
}

/* The command as typed, for the database and for "go on". */
static char *join(int argc, char *const *argv)
{
    char *text = xcalloc(1, COMMAND_BYTES);
    size_t len = 0;

    for (int i = 0; i < argc && len < COMMAND_BYTES; i++) {
        char *word = without_secrets(argv[i], i ? argv[i - 1] : "");
        bool plain = word[0] && !strpbrk(word, " \t\n'\"\\$&|;<>*?()");
        int more = snprintf(text + len, COMMAND_BYTES - len,
                            plain ? "%s%s" : "%s'%s'", i ? " " : "", word);

        free(word);
        if (more < 0)
            break;
        len += (size_t)more;
    }
    return text;
}

static int run(const struct config *config, int argc, char *const *argv)
{
    char *command = join(argc, argv);
    struct crawl_options options = {.config = config, .command = command};
    int exit_status = crawl_run(&options);

    free(command);
    return exit_status;
}

/* Options that answer at once, in place of a run. */
static bool answered(const struct config *config)
{
    if (config->help)
        config_print_help(stdout);
    else if (config->version)
        version_print(stdout);
    else if (config->print_config)
        config_print(config, stdout);
    else
        return false;
    return true;
}

int command_run(const struct command_line *line)
{
    int skip = command_find(line->commands, line->argv[1]) ? 2 : 1;
    char message[CONFIG_MESSAGE_BYTES] = "";
    struct config config;
    int exit_status = CRAWL_EXIT_OK;

    if (config_read(&config, line->argc - skip, line->argv + skip, message)) {
        log_error("%s", message);
        exit_status = CRAWL_EXIT_USAGE;
    } else {
        if (config.verbose)
            log_set_level(config.verbose > 1 ? LOG_DEBUG : LOG_INFO);
        if (!answered(&config))
            exit_status = run(&config, line->argc, line->argv);
    }
    config_release(&config);
    return exit_status;
}

static void print_markdown(const struct commands *commands, FILE *out)
{
    (void)commands;
    config_print_markdown(out);
}

static void print_manual(const struct commands *commands, FILE *out)
{
    manual_print(commands, CRAWL_VERSION, out);
}

static void print_command(const struct command *command)
{
    size_t nr_queries;
    const struct query_info *queries = query_list(&nr_queries);

    command_print_help(command, stdout);
    if (command->run != command_query)
        return;
    fputs("\nnamed queries:\n", stdout);
    for (size_t i = 0; i < nr_queries; i++)
        printf("  %-20s%s\n", queries[i].name, queries[i].shows);
}

int command_help(const struct command_line *line)
{
    static const struct {
        const char *name;
        void (*print)(const struct commands *commands, FILE *out);
    } topics[] = {
        {"man", print_manual},         {"markdown", print_markdown},
        {"bash", complete_print_bash}, {"zsh", complete_print_zsh},
        {"fish", complete_print_fish},
    };
    const char *topic = line->nr_words ? line->words[0] : "run";
    const struct command *command = command_find(line->commands, topic);

    for (size_t i = 0; i < sizeof(topics) / sizeof(topics[0]); i++)
        if (strcmp(topic, topics[i].name) == 0) {
            topics[i].print(line->commands, stdout);
            return CRAWL_EXIT_OK;
        }
    if (!command || !command->run) {
        log_error("no help about '%s': 'crawl help' names the commands", topic);
        return CRAWL_EXIT_USAGE;
    }
    if (command->run == command_run)
        config_print_help(stdout);
    else
        print_command(command);
    return CRAWL_EXIT_OK;
}

int command_version(const struct command_line *line)
{
    (void)line;
    version_print(stdout);
    return CRAWL_EXIT_OK;
}

static bool asks_for_help(const struct command_line *line)
{
    for (int i = 2; i < line->argc && strcmp(line->argv[i], "--") != 0; i++)
        if (strcmp(line->argv[i], "--help") == 0 ||
            strcmp(line->argv[i], "-h") == 0)
            return true;
    return false;
}

static int dispatch(struct command_line *line)
{
    char message[COMMAND_MESSAGE_BYTES] = "";
    int exit_status;

    if (!line->command->run) {
        log_error("'%s' is a word kept for a coming command; for a list of "
                  "that name type 'crawl ./%s'",
                  line->command->name, line->command->name);
        return CRAWL_EXIT_USAGE;
    }
    if (line->command->run == command_run)
        return command_run(line); /* reads its options itself */
    if (asks_for_help(line)) {
        print_command(line->command);
        return CRAWL_EXIT_OK;
    }
    if (command_read(line, message)) {
        log_error("%s", message);
        exit_status = CRAWL_EXIT_USAGE;
    } else {
        exit_status = line->command->run(line);
    }
    command_release(line);
    return exit_status;
}

int main(int argc, char **argv)
{
    struct command_line line = {
        .commands = &crawl_commands,
        .argc = argc,
        .argv = argv,
    };

    if (argc < 2) {
        config_print_help(stderr);
        return CRAWL_EXIT_USAGE;
    }
    line.command = command_find(&crawl_commands, argv[1]);
    if (!line.command)
        line.command = command_find(&crawl_commands, "run");
    return dispatch(&line);
}
