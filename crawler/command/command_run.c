/*
 * crawl run: reads its settings, answers --help and the like at once, and else
 * starts the crawl.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "crawler/command/command_version.h"
#include "crawler/command/commands.h"
#include "crawler/crawl.h"

/* Longest command line that is kept, in bytes; the rest is cut off, as it is
 * only shown to people. */
#define COMMAND_BYTES 4096

static bool begins(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* Returns a copy of a word of the command line without what may be a secret:
 * the value of a header, and credentials in a URL or proxy. config_json()
 * leaves out the same. `before` is the word before it. The caller frees the
 * copy. */
static char *without_secrets(const char *word, const char *before)
{
    /* the value may be in the next word, or attached to the flag */
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
    /* credentials stand before the last '@' of the host's part: RFC 3986, 3.2
     */
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

/* Joins the words to the command line as it was typed, for the database and the
 * words "go on" of the summary. The caller frees it. */
static char *join(int argc, char *const *argv)
{
    char *text = xcalloc(1, COMMAND_BYTES);
    size_t len = 0;

    for (int i = 0; i < argc && len < COMMAND_BYTES; i++) {
        char *word = without_secrets(argv[i], i ? argv[i - 1] : "");
        /* words that a shell would take apart are shown in quotes */
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

/* The command is kept as it was typed, so that "go on" can be copied from the
 * summary or, after a kill, from the table `runs`. */
static int run(const struct config *config, int argc, char *const *argv)
{
    char *command = join(argc, argv);
    struct crawl_options options = {.config = config, .command = command};
    int exit_status = crawl_run(&options);

    free(command);
    return exit_status;
}

/* Answers options such as --help at once, in place of a run. Returns false if
 * there is none of them. */
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

void command_run_print_help(const struct command *command, FILE *out)
{
    (void)command;
    config_print_help(out);
}

/* Settings are read here and not by command_read(): the word "run" may be
 * missing, and every word may be an option. */
int command_run(const struct command_line *line)
{
    /* the word "run" may be left out */
    int skip = strcmp(line->argv[1], line->command->name) == 0 ? 2 : 1;
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
