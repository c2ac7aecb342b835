/*
 * The settings of a run as text: in the form of the file for --print-config,
 * and as JSON for the database.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/xalloc.h"
#include "crawler/cli/config_internal.h"
#include "crawler/cli/json.h"
#include "crawler/cli/value.h"

/* Whether an option is about the command itself; such options are no settings
 * of a run. */
static bool is_meta(const struct option *option)
{
    return strcmp(option->group, OPTION_GROUP_META) == 0;
}

/* Prints a value as the file would have it. Sizes and durations come in their
 * smallest unit, so that nothing is rounded. */
static void print_value(const void *at, const struct option *option, FILE *out)
{
    const char *word;
    size_t len;

    switch (option->type) {
    case OPTION_FLAG:
        fputs(*(const bool *)at ? "yes" : "no", out);
        break;
    case OPTION_COUNT:
    case OPTION_INT:
    case OPTION_SIZE:
        fprintf(out, "%" PRId64, *(const int64_t *)at);
        break;
    case OPTION_DURATION:
        fprintf(out, "%" PRId64 "ms", *(const int64_t *)at);
        break;
    case OPTION_NUMBER:
        fprintf(out, "%g", *(const double *)at);
        break;
    case OPTION_CHOICE:
        len = value_choice_word(option->choices, *(const int64_t *)at, &word);
        fprintf(out, "%.*s", (int)len, word);
        break;
    case OPTION_TEXT:
    case OPTION_LIST:
        break; /* lists, flags and the like are printed by the callers */
    }
}

/* Headers that say what a client wants or where it comes from. Any other one,
 * which a site may have made up, can be a key. */
bool config_header_is_secret(const char *line)
{
    static const char *const open[] = {"Accept",
                                       "Accept-Charset",
                                       "Accept-Encoding",
                                       "Accept-Language",
                                       "Cache-Control",
                                       "DNT",
                                       "From",
                                       "Origin",
                                       "Pragma",
                                       "Referer",
                                       "Sec-GPC",
                                       "User-Agent",
                                       "X-Requested-With"};
    size_t len = strcspn(line, ":;");

    for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++)
        if (strlen(open[i]) == len && strncasecmp(open[i], line, len) == 0)
            return false;
    return true;
}

/* The value without what may be a secret: the value of a header, userinfo in a
 * proxy (RFC 3986, 3.2.1). Owned by the caller. */
static char *without_secret(const struct option *option, const char *value)
{
    char *shown = xstrdup(value);
    char *at = strrchr(shown, '@');
    char *host = strstr(shown, "//");

    if (strcmp(option->name, "header") == 0) {
        if (config_header_is_secret(shown))
            shown[strcspn(shown, ":")] = '\0';
    } else if (strcmp(option->name, "proxy") == 0 && at) {
        host = host && host < at ? host + 2 : shown;
        memmove(host, at + 1, strlen(at + 1) + 1);
    }
    return shown;
}

/* Prints a text; one of which a secret was taken out is a comment, as it would
 * set something else if it were read again. */
static void print_text(const struct option *option, const char *text,
                       const char *origin, FILE *out)
{
    char *shown = without_secret(option, text);
    bool hidden = strcmp(shown, text) != 0;

    fprintf(out, "%s%s = %s    ; %s%s\n", hidden ? "; " : "", option->name,
            shown, origin, hidden ? ", its secret is not shown" : "");
    free(shown);
}

/* Prints "name = value ; origin": the origin is a comment, so that the output
 * is a file that can be read again. */
static void print_line(const void *at, const struct option *option,
                       const char *origin, FILE *out)
{
    fprintf(out, "%s = ", option->name);
    print_value(at, option, out);
    fprintf(out, "    ; %s\n", origin);
}

/* Prints a line for each entry of a list; the caller prints an empty list as a
 * comment. */
static void print_list(const struct option *option,
                       const struct text_list *list, const char *origin,
                       FILE *out)
{
    for (size_t i = 0; i < list->nr_items; i++)
        print_text(option, list->items[i], origin, out);
}

/* Whether a section sets the option; numbers that are not set are -1. */
static bool host_has(const void *at, const struct option *option)
{
    if (option->type == OPTION_LIST)
        return ((const struct text_list *)at)->nr_items > 0;
    return *(const int64_t *)at >= 0;
}

/* Returns the general option of a host setting, which has its name, type and
 * help. */
static const struct option *option_of(const struct host_setting *setting)
{
    return config_find_option(setting->name, strlen(setting->name));
}

static void print_host(const struct host_settings *host, FILE *out)
{
    fprintf(out, "\n[host %s]\n", host->pattern);
    for (size_t i = 0; i < nr_host_settings; i++) {
        const struct option *option = option_of(&host_settings[i]);
        const void *at = (const char *)host + host_settings[i].offset;

        if (option->type == OPTION_LIST)
            print_list(option, at, config_from_file, out);
        else if (host_has(at, option))
            print_line(at, option, config_from_file, out);
    }
}

/* Prints all settings. What is not set stands there as a comment, to show the
 * name. */
void config_print(const struct config *config, FILE *out)
{
    fputs("[crawl]\n", out);
    for (size_t i = 0; i < nr_options && !is_meta(&options[i]); i++) {
        const void *at = (const char *)config + options[i].offset;
        const struct text_list *list = at;
        const char *text =
            options[i].type == OPTION_TEXT ? *(char *const *)at : NULL;

        if (options[i].type == OPTION_LIST) {
            print_list(&options[i], list, config->origins[i], out);
            if (list->nr_items == 0)
                fprintf(out, "; %s =\n", options[i].name);
        } else if (options[i].type == OPTION_TEXT && !text) {
            fprintf(out, "; %s =\n", options[i].name);
        } else if (text) {
            print_text(&options[i], text, config->origins[i], out);
        } else {
            print_line(at, &options[i], config->origins[i], out);
        }
    }
    for (size_t i = 0; i < config->nr_hosts; i++)
        print_host(&config->hosts[i], out);
}

static void json_text(FILE *out, const char *text)
{
    json_print_text(out, text, strlen(text));
}

size_t config_header_name_len(const char *line)
{
    size_t len = strcspn(line, ":");

    return line[len] ? len + 1 : len;
}

/* Whether a header of that line is sent: "Name: value", or "Name;" for an empty
 * one; "Name:" alone sends none (CURLOPT_HTTPHEADER(3)). */
static bool is_sent(const char *line)
{
    size_t len = strcspn(line, ":;");

    return line[len] == ';' || line[len + strspn(line + len, ": \t")];
}

char *config_secrets(const struct config *config)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    if (!out)
        return xstrdup("");
    for (size_t i = 0; i < config->headers.nr_items; i++) {
        const char *line = config->headers.items[i];

        if (config_header_is_secret(line) && is_sent(line))
            fprintf(out, "-H %.*s\n", (int)strcspn(line, ":;"), line);
    }
    if (config->proxy && strchr(config->proxy, '@'))
        fputs("--proxy\n", out);
    if (fclose(out) != 0) {
        free(text);
        return xstrdup("");
    }
    return text;
}

/* Prints a text as JSON without what may be a secret. */
static void json_shown(FILE *out, const struct option *option,
                       const char *value)
{
    char *shown = without_secret(option, value);

    json_text(out, shown);
    free(shown);
}

static void json_list(FILE *out, const struct option *option,
                      const struct text_list *list)
{

    fputc('[', out);
    for (size_t i = 0; i < list->nr_items; i++) {
        fputs(i ? ", " : "", out);
        json_shown(out, option, list->items[i]);
    }
    fputc(']', out);
}

/* Prints a value as JSON. It is for programs: durations are milliseconds,
 * choices their words, and a text that is not set is null. */
static void json_value(FILE *out, const void *at, const struct option *option)
{
    const char *word;
    size_t len;
    char text[64];

    switch (option->type) {
    case OPTION_FLAG:
        fputs(*(const bool *)at ? "true" : "false", out);
        break;
    case OPTION_COUNT:
    case OPTION_INT:
    case OPTION_SIZE:
    case OPTION_DURATION:
        fprintf(out, "%" PRId64, *(const int64_t *)at);
        break;
    case OPTION_NUMBER:
        fprintf(out, "%.15g", *(const double *)at);
        break;
    case OPTION_CHOICE:
        len = value_choice_word(option->choices, *(const int64_t *)at, &word);
        snprintf(text, sizeof(text), "%.*s", (int)len, word);
        json_text(out, text);
        break;
    case OPTION_TEXT:
        if (*(char *const *)at)
            json_shown(out, option, *(char *const *)at);
        else
            fputs("null", out);
        break;
    case OPTION_LIST:
        json_list(out, option, at);
        break;
    }
}

/* Prints what each section of a host sets; the rest follows from the general
 * settings. */
static void json_hosts(FILE *out, const struct config *config)
{
    fputs(", \"hosts\": [", out);
    for (size_t i = 0; i < config->nr_hosts; i++) {
        const struct host_settings *host = &config->hosts[i];

        fputs(i ? ", {\"host\": " : "{\"host\": ", out);
        json_text(out, host->pattern);
        for (size_t k = 0; k < nr_host_settings; k++) {
            const struct option *option = option_of(&host_settings[k]);
            const void *at = (const char *)host + host_settings[k].offset;

            if (!host_has(at, option))
                continue;
            fputs(", ", out);
            json_text(out, option->name);
            fputs(": ", out);
            json_value(out, at, option);
        }
        fputc('}', out);
    }
    fputc(']', out);
}

/* Makes the JSON in memory. A failure costs the run its note of the settings
 * and nothing else. */
char *config_json(const struct config *config)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    if (!out)
        return xstrdup("{}");
    fputc('{', out);
    for (size_t i = 0; i < nr_options && !is_meta(&options[i]); i++) {
        fputs(i ? ", " : "", out);
        json_text(out, options[i].name);
        fputs(": ", out);
        json_value(out, (const char *)config + options[i].offset, &options[i]);
    }
    if (config->nr_hosts > 0)
        json_hosts(out, config);
    fputc('}', out);
    if (fclose(out) != 0) {
        free(text);
        return xstrdup("{}");
    }
    return text;
}
