/*
 * main: the words of the command line. `crawl urls.txt` is `crawl run
 * urls.txt`; the other commands read what a run has left.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "crawler/crawl.h"
#include "crawler/version.h"

#define COMMAND_BYTES 4096

/* The command as typed, for the database and for "go on". */
static char *join(int argc, char *const *argv)
{
    char *text = xcalloc(1, COMMAND_BYTES);
    size_t len = 0;

    for (int i = 0; i < argc && len < COMMAND_BYTES; i++) {
        bool plain = argv[i][0] && !strpbrk(argv[i], " \t\n'\"\\$&|;<>*?()");
        int more = snprintf(text + len, COMMAND_BYTES - len,
                            plain ? "%s%s" : "%s'%s'", i ? " " : "", argv[i]);

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

static int command_run(int argc, char *const *argv, int skip)
{
    char message[CONFIG_MESSAGE_BYTES] = "";
    struct config config;
    int exit_status = CRAWL_EXIT_OK;

    if (config_read(&config, argc - skip, argv + skip, message)) {
        log_error("%s", message);
        exit_status = CRAWL_EXIT_USAGE;
    } else {
        if (config.verbose)
            log_set_level(config.verbose > 1 ? LOG_DEBUG : LOG_INFO);
        if (!answered(&config))
            exit_status = run(&config, argc, argv);
    }
    config_release(&config);
    return exit_status;
}

static int command_help(int argc, char *const *argv, int skip)
{
    if (argc == skip + 1 && strcmp(argv[skip], "markdown") == 0)
        config_print_markdown(stdout);
    else
        config_print_help(stdout);
    return CRAWL_EXIT_OK;
}

static int command_version(int argc, char *const *argv, int skip)
{
    (void)argc;
    (void)argv;
    (void)skip;
    version_print(stdout);
    return CRAWL_EXIT_OK;
}

static int command_reserved(int argc, char *const *argv, int skip)
{
    (void)argc;
    (void)skip;
    log_error("'%s' is a word kept for a coming command; for a list of that "
              "name type 'crawl ./%s'",
              argv[1], argv[1]);
    return CRAWL_EXIT_USAGE;
}

static const struct {
    const char *name;
    int (*command)(int argc, char *const *argv, int skip);
} commands[] = {
    {"run",     command_run     },
    {"help",    command_help    },
    {"version", command_version },
    {"resume",  command_reserved},
    {"status",  command_reserved},
    {"query",   command_reserved},
    {"report",  command_reserved},
    {"export",  command_reserved},
    {"diff",    command_reserved},
    {"check",   command_reserved},
    {"serve",   command_reserved},
    {"import",  command_reserved},
    {"init",    command_reserved},
    {"doctor",  command_reserved},
    {"why",     command_reserved},
};

int main(int argc, char **argv)
{
    if (argc < 2) {
        config_print_help(stderr);
        return CRAWL_EXIT_USAGE;
    }
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].command(argc, argv, 2);
    return command_run(argc, argv, 1);
}
