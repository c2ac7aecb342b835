/*
 * crawl run: reads its settings, answers --help and the like at once, and else
 * starts the crawl.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "crawler/command/command_version.h"
#include "crawler/command/commands.h"
#include "crawler/crawl.h"

/* Cuts user and password out of the URLs of a word; a proxy needs no scheme.
 * They stand before the last '@' of the host's part (RFC 3986, 3.2). */
static void drop_credentials(char *word, bool is_proxy)
{
    char *scheme = strstr(word, "://");
    char *host = scheme ? scheme + strlen("://") : word;

    if (scheme || is_proxy) {
        char *at = memrchr(host, '@', strcspn(host, "/?#"));

        if (at)
            memmove(host, at + 1, strlen(at + 1) + 1);
    }
}

/* Writes a word in the form that a shell reads, behind a blank. */
static void put_word(FILE *out, const char *word)
{
    size_t cap = text_shell_word(word, (char[1]){0}, 1) + 1;
    char *quoted = xmalloc(cap);

    (void)text_shell_word(word, quoted, cap);
    fprintf(out, "%s%s", ftello(out) ? " " : "", quoted);
    free(quoted);
}

/* Writes the words of one option, of which the second is NULL when the value is
 * in the first. */
static void put_option(FILE *out, const struct config_word *is,
                       const char *word, const char *next)
{
    bool is_proxy = strcmp(is->option, "proxy") == 0;
    size_t at = is->takes_next ? 0 : is->value_at;
    const char *value = is->takes_next ? next : word + at;
    char *copy = xstrdup(value ? value : ""), *first = xstrdup(word);

    drop_credentials(copy, is_proxy);
    if (strcmp(is->option, "header") == 0 && config_header_is_secret(copy))
        copy[config_header_name_len(copy)] = '\0';
    if (at) {
        first = xrealloc_array(first, at + strlen(copy) + 1, 1);
        memcpy(first + at, copy, strlen(copy) + 1);
    }
    put_word(out, first);
    if (is->takes_next && next)
        put_word(out, copy);
    free(first);
    free(copy);
}

/* Writes a word that is no flag: the program, a list or a URL. */
static void put_name(FILE *out, const char *word)
{
    char *copy = xstrdup(word);

    drop_credentials(copy, false);
    put_word(out, copy);
    free(copy);
}

/* Writes one word and, if the next one is its value, that too. Returns how many
 * words it took. */
static int put_flag(FILE *out, const struct config_word *is, const char *word,
                    const char *next)
{
    if (strcmp(is->option, "force") != 0 && strcmp(is->option, "refetch") != 0)
        put_option(out, is, word, next);
    return is->takes_next && next ? 2 : 1;
}

/* Writes as flags what the environment has set: it may have been set for this
 * one command, as in "CRAWL_DEPTH=2 crawl urls.txt". */
static void put_environment(FILE *out, const struct config *config)
{
    size_t at = 0;
    char *word;

    while ((word = config_from_environment(config, &at)) != NULL) {
        struct config_word is = config_word(word);

        if (is.option)
            (void)put_flag(out, &is, word, NULL);
        free(word);
    }
}

/*
 * Joins the words to the command that goes on, for the words "go on" of the
 * summary and, after a kill, for whoever looks into the table `runs`. It can be
 * pasted: what would start over is left out. So is the value of what may be a
 * secret, without which the crawl refuses to go on. `nr_names` words are the
 * program and its command. The caller frees the text.
 */
static char *join(const struct config *config, int argc, char *const *argv,
                  int nr_names)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    bool only_names = false;
    int taken;

    if (!out)
        return xstrdup("");
    for (int i = 0; i < argc; i += taken) {
        struct config_word is = {0};

        if (i == nr_names)
            put_environment(out, config);
        if (i > 0 && !only_names)
            is = config_word(argv[i]);
        only_names |= i > 0 && strcmp(argv[i], "--") == 0;
        taken = 1;
        if (is.option)
            taken =
                put_flag(out, &is, argv[i], i + 1 < argc ? argv[i + 1] : NULL);
        else
            put_name(out, argv[i]);
    }
    if (fclose(out) != 0) {
        free(text);
        return xstrdup("");
    }
    return text;
}

static int run(const struct config *config, const struct command_line *line,
               int nr_names)
{
    char *command = join(config, line->argc, line->argv, nr_names);
    char *secrets = config_secrets(config);
    struct crawl_options options = {
        .config = config, .command = command, .secrets = secrets};
    int exit_status = crawl_run(&options);

    free(command);
    free(secrets);
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
            exit_status = run(&config, line, skip);
    }
    config_release(&config);
    return exit_status;
}
