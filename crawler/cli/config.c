/*
 * The sources of settings in the order in which they count: defaults, file,
 * environment, flags. A later one replaces what an earlier one has set.
 */
#include "crawler/cli/config.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "crawler/cli/config_internal.h"

static const char from_default[] = "default";
static const char from_environment[] = "environment";
static const char from_flag[] = "flag";
static const char from_run[] = "run";

/* Finds the option of a letter; NULL: there is none. */
static const struct option *find_short(char name)
{
    for (size_t i = 0; i < nr_options; i++)
        if (options[i].short_name == name)
            return &options[i];
    return NULL;
}

/* Whether a flag takes a value. Those without one may have it all the same,
 * behind "=": "--sitemaps=no". */
static bool wants_argument(const struct option *option)
{
    return option->type != OPTION_FLAG && option->type != OPTION_COUNT;
}

/* Sets an option that is given without a value: "-v" counts up, any other one
 * is switched on. */
static enum err set_flag(struct config *config, const struct option *option,
                         char *message)
{
    if (option->type == OPTION_COUNT) {
        ++*(int64_t *)config_field(config, option);
        config->origins[option - options] = from_flag;
        return CERR_OK;
    }
    return config_set(config, option, "yes", from_flag, message);
}

/* The arguments that are left to read. */
struct arguments {
    char *const *at;
    char *const *end;
};

/* Reads the value of an option: what is attached to it, or else the next word,
 * even if that begins with a dash. */
static enum err read_argument(struct config *config,
                              const struct option *option, const char *attached,
                              struct arguments *arguments, char *message)
{
    if (!attached) {
        if (arguments->at == arguments->end) {
            snprintf(message, CONFIG_MESSAGE_BYTES, "--%s needs %s",
                     option->name, option->argument);
            return CERR_INVALID;
        }
        attached = *arguments->at++;
    }
    return config_set(config, option, attached, from_flag, message);
}

/* Says that a long name is unknown. An abbreviation is refused, but the option
 * that it may stand for is named. */
static void unknown_long(const char *name, size_t len, char *message)
{
    const char *near = NULL;

    for (size_t i = 0; i < nr_options && !near; i++)
        if (len >= 2 && strncmp(options[i].name, name, len) == 0)
            near = options[i].name;
    if (near)
        snprintf(message, CONFIG_MESSAGE_BYTES,
                 "unknown option --%.*s: flags are written in full, did you "
                 "mean --%s?",
                 (int)(len < 100 ? len : 100), name, near);
    else
        snprintf(message, CONFIG_MESSAGE_BYTES,
                 "unknown option --%.*s: 'crawl --help' lists them",
                 (int)(len < 100 ? len : 100), name);
}

/* Reads a word that begins with two dashes: "--name", "--name=value" or "--name
 * value"; `name` is what follows the dashes. */
static enum err read_long(struct config *config, const char *name,
                          struct arguments *arguments, char *message)
{
    size_t len = strcspn(name, "=");
    const char *attached = name[len] ? name + len + 1 : NULL;
    const struct option *option = config_find_option(name, len);

    if (!option) {
        unknown_long(name, len, message);
        return CERR_INVALID;
    }
    if (wants_argument(option))
        return read_argument(config, option, attached, arguments, message);
    if (attached)
        return config_set(config, option, attached, from_flag, message);
    return set_flag(config, option, message);
}

/* Reads a word of short flags: "-qv", "-o FILE" or "-oFILE". `names` follows
 * the dash. */
static enum err read_short(struct config *config, const char *names,
                           struct arguments *arguments, char *message)
{
    enum err err = CERR_OK;

    for (; *names && !err; names++) {
        const struct option *option = find_short(*names);

        if (!option) {
            snprintf(message, CONFIG_MESSAGE_BYTES,
                     *names == 't' ? "-%c means too many things: write "
                                     "--retries, --max-time or --workers"
                                   : "unknown option -%c: 'crawl --help' "
                                     "lists them",
                     *names);
            return CERR_INVALID;
        }
        if (wants_argument(option))
            return read_argument(config, option, names[1] ? names + 1 : NULL,
                                 arguments, message);
        err = set_flag(config, option, message);
    }
    return err;
}

struct config_word config_word(const char *word)
{
    struct config_word found = {0};
    const struct option *option = NULL;
    size_t at = 1;

    if (word[0] != '-' || word[1] == '\0' || strcmp(word, "--") == 0)
        return found;
    if (word[1] == '-') {
        at = 2 + strcspn(word + 2, "=");
        option = config_find_option(word + 2, at - 2);
        found.value_at = word[at] ? at + 1 : 0;
    } else {
        do
            option = find_short(word[at++]);
        while (word[at] && option && !wants_argument(option));
        found.value_at = option && wants_argument(option) && word[at] ? at : 0;
    }
    if (!option)
        return (struct config_word){0};
    found.option = option->name;
    found.takes_next = wants_argument(option) && !found.value_at;
    return found;
}

static enum err read_flags(struct config *config, int argc, char *const *argv,
                           char *message)
{
    struct arguments arguments = {argv, argv + argc};
    bool only_inputs = false;
    enum err err = CERR_OK;

    /* "-" alone is standard input, and nothing after "--" is a flag (POSIX, XBD
     * 12.2) */
    while (arguments.at < arguments.end && !err) {
        const char *word = *arguments.at++;

        if (only_inputs || word[0] != '-' || word[1] == '\0')
            err = config_set(config, find_short('i'), word, from_flag, message);
        else if (strcmp(word, "--") == 0)
            only_inputs = true;
        else if (word[1] == '-')
            err = read_long(config, word + 2, &arguments, message);
        else
            err = read_short(config, word + 1, &arguments, message);
    }
    return err;
}

#define VARIABLE_BYTES 64

/* Makes the name of a variable: CRAWL_MAX_HOST_ERRORS for --max-host-errors. */
static const char *variable_of(const struct option *option,
                               char name[VARIABLE_BYTES])
{
    size_t len = (size_t)snprintf(name, VARIABLE_BYTES, "CRAWL_");

    for (const char *at = option->name; *at && len < VARIABLE_BYTES - 1; at++)
        name[len++] = isalnum((unsigned char)*at)
                          ? (char)toupper((unsigned char)*at)
                          : '_';
    name[len] = '\0';
    return name;
}

/* Reads the environment. A list has one entry there, as nothing could separate
 * two. */
static enum err read_environment(struct config *config, char *message)
{
    enum err err = CERR_OK;

    for (size_t i = 0; i < nr_options && !err; i++) {
        char name[VARIABLE_BYTES];
        const char *value = getenv(variable_of(&options[i], name));

        if (value)
            err = config_set(config, &options[i], value, from_environment,
                             message);
    }
    return err;
}

char *config_from_environment(const struct config *config, size_t *at)
{
    for (; *at < nr_options; ++*at) {
        const struct option *option = &options[*at];
        char name[VARIABLE_BYTES], *word;
        const char *value;

        if (config->origins[*at] != from_environment)
            continue;
        value = getenv(variable_of(option, name));
        ++*at;
        if (!value || asprintf(&word, "--%s=%s", option->name, value) < 0)
            return NULL;
        return word;
    }
    return NULL;
}

/* Defaults are texts of the table, read as anything else is: a wrong one would
 * show at once. */
static enum err set_defaults(struct config *config, char *message)
{
    enum err err = CERR_OK;

    for (size_t i = 0; i < nr_options && !err; i++) {
        config->origins[i] = from_default;
        if (options[i].fallback)
            err = config_set(config, &options[i], options[i].fallback,
                             from_default, message);
    }
    return err;
}

/* Finds the name of the configuration file among the flags. The file is read
 * before the flags but named by them, so flags are read twice. */
static enum err named_file(int argc, char *const *argv, char **name,
                           char *message)
{
    struct config first = {0};
    enum err err;

    first.origins = xcalloc(nr_options, sizeof(*first.origins));
    err = set_defaults(&first, message);
    if (!err)
        err = read_environment(&first, message);
    if (!err)
        err = read_flags(&first, argc, argv, message);
    *name = first.config_file;
    first.config_file = NULL;
    config_release(&first);
    return err;
}

/* Most questions about a site are about its links, so where links are followed
 * they are stored too, unless the user has said what to extract. */
static void settle_extract(struct config *config)
{
    const struct option *extract = config_find_option("extract", 7);

    if (config->depth > 0 && config->origins[extract - options] == from_default)
        config->extract = CONFIG_EXTRACT_LINKS;
}

enum err config_read(struct config *config, int argc, char *const *argv,
                     char message[CONFIG_MESSAGE_BYTES])
{
    char *file = NULL;
    enum err err;

    *config = (struct config){0};
    config->origins = xcalloc(nr_options, sizeof(*config->origins));
    err = named_file(argc, argv, &file, message);
    if (!err)
        err = set_defaults(config, message);
    if (!err)
        err = config_read_file(config, file, message);
    if (!err)
        err = read_environment(config, message);
    if (!err)
        err = read_flags(config, argc, argv, message);
    settle_extract(config);
    free(file);
    return err;
}

/* Whether the option decides which URLs are asked for, and how. */
static bool is_decisive(const char *name)
{
    static const char *const names[] = {
        "per-host",        "delay",          "max-crawl-delay",
        "robots",          "depth",          "scope",
        "include",         "exclude",        "sitemaps",
        "max-redirects",   "user-agent",     "max-pages-per-host",
        "max-url-length",  "max-path-depth", "max-repeated-segments",
        "allow-private",   "http1.1",        "max-query-variants",
        "max-equal-pages",
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

void config_adopt(struct config *config, const char *name, const char *value)
{
    const struct option *option = config_find_option(name, strlen(name));
    const char **came_from = option ? &config->origins[option - options] : NULL;
    char message[CONFIG_MESSAGE_BYTES], text[64];
    void *field;

    if (!option || !is_decisive(name) || *came_from == from_flag)
        return;
    field = config_field(config, option);
    if (!value && option->type == OPTION_LIST) {
        config_list_clear(field);
        *came_from = from_run;
    } else if (!value && option->type == OPTION_TEXT) {
        free(*(char **)field);
        *(char **)field = NULL;
        *came_from = from_run;
    }
    if (!value)
        return;
    if (option->type == OPTION_DURATION) { /* in JSON it has no unit */
        snprintf(text, sizeof(text), "%.50sms", value);
        value = text;
    }
    /* what another version took and this one does not stays as it is */
    (void)!config_set(config, option, value, from_run, message);
}

/* The table says which fields own memory. */
void config_release(struct config *config)
{
    for (size_t i = 0; i < nr_options; i++) {
        void *at = config_field(config, &options[i]);

        if (options[i].type == OPTION_LIST)
            config_list_clear(at);
        else if (options[i].type == OPTION_TEXT)
            free(*(char **)at);
    }
    for (size_t i = 0; i < config->nr_hosts; i++) {
        config_list_clear(&config->hosts[i].headers);
        free((char *)config->hosts[i].pattern);
    }
    free(config->hosts);
    free(config->origins);
    *config = (struct config){0};
}
