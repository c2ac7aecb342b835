/*
 * The configuration file: [crawl] with the options of a run by their long
 * names, and [host NAME] with the few of them that can differ by host.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "crawler/cli/config_internal.h"
#include "crawler/cli/ini.h"
#include "crawler/url/url.h"

#define HOST_WORD  "host"
#define BELOW      "*." /* "*.example.com": all names below, not itself */
#define NAME_BYTES 256

/* The origin of a value that comes from the file, as --print-config says it. */
const char config_from_file[] = "file";

#define AT(field) offsetof(struct host_settings, field)

const struct host_setting host_settings[] = {
    {"delay", AT(delay_ms)},
    {"per-host", AT(per_host)},
    {"max-crawl-delay", AT(max_crawl_delay_ms)},
    {"max-retry-after", AT(max_retry_after_ms)},
    {"retries", AT(retries)},
    {"robots", AT(ignore_robots)},
    {"header", AT(headers)},
};
const size_t nr_host_settings =
    sizeof(host_settings) / sizeof(host_settings[0]);

void config_host_setting_names(char names[HOST_SETTING_NAMES_BYTES])
{
    size_t len = 0;

    for (size_t i = 0; i < nr_host_settings && len < HOST_SETTING_NAMES_BYTES;
         i++)
        len += (size_t)snprintf(names + len, HOST_SETTING_NAMES_BYTES - len,
                                "%s%s", i ? ", " : "", host_settings[i].name);
}

/* Reading stops at the first mistake, and this is what is said about it. */
struct file_reading {
    struct config *config;
    char message[CONFIG_MESSAGE_BYTES / 2]; /* what is wrong in the line */
};

/* ---- sections of hosts ---- */

/* Reads a host into its canonical form: lower case, punycode, IPv6 in brackets.
 */
static bool read_host(const char *text, char *out, size_t cap)
{
    bool bare_ipv6 = text[0] != '[' && strchr(text, ':') != NULL;
    char whole[NAME_BYTES + 32];
    struct url *url;
    bool good;

    if (text[0] == '\0' || strlen(text) >= NAME_BYTES ||
        strpbrk(text, "/\\?#@%* \t") ||
        (text[0] == '[' && text[strlen(text) - 1] != ']'))
        return false;
    snprintf(whole, sizeof(whole), bare_ipv6 ? "http://[%s]/" : "http://%s/",
             text);
    url = xmalloc(sizeof(*url));
    good = url_parse(url, whole, strlen(whole), NULL) == URL_OK &&
           !url->port_given && url->host_len < cap;
    if (good) {
        memcpy(out, url->text + url->host_at, url->host_len);
        out[url->host_len] = '\0';
    }
    free(url);
    return good;
}

/* Makes the pattern of a section: "host example.com" or "host *.example.com".
 */
static bool read_pattern(const char *section, char pattern[NAME_BYTES])
{
    const char *name = section + strlen(HOST_WORD);
    size_t len = 0;

    name += strspn(name, " \t");
    if (strncmp(name, BELOW, strlen(BELOW)) == 0) {
        len = strlen(BELOW);
        memcpy(pattern, BELOW, len);
    }
    return read_host(name + len, pattern + len, NAME_BYTES - len);
}

/* Finds the settings of a section; makes new ones if it is the first of that
 * name. */
static struct host_settings *find_host(struct config *config,
                                       const char *pattern)
{
    struct host_settings *host;

    for (size_t i = 0; i < config->nr_hosts; i++)
        if (strcmp(config->hosts[i].pattern, pattern) == 0)
            return &config->hosts[i];
    if (config->nr_hosts == CONFIG_HOSTS_MAX)
        return NULL;
    config->hosts = xrealloc_array(config->hosts, config->nr_hosts + 1,
                                   sizeof(*config->hosts));
    host = &config->hosts[config->nr_hosts++];
    *host = (struct host_settings){
        .pattern = xstrdup(pattern),
        .delay_ms = -1,
        .max_crawl_delay_ms = -1,
        .max_retry_after_ms = -1,
        .per_host = -1,
        .retries = -1,
        .ignore_robots = -1,
    };
    return host;
}

/* Sets one value of a section. Its text is read like that of the general option
 * of that name. */
static enum err set_of_host(struct file_reading *reading,
                            struct host_settings *host,
                            const struct ini_entry *entry)
{
    const struct option *option =
        config_find_option(entry->name, strlen(entry->name));
    char right[HOST_SETTING_NAMES_BYTES];

    for (size_t i = 0; i < nr_host_settings; i++) {
        if (strcmp(host_settings[i].name, entry->name) != 0)
            continue;
        if (!config_set_value((char *)host + host_settings[i].offset, option,
                              entry->value))
            return CERR_OK;
        config_expected(option, right, sizeof(right));
        snprintf(reading->message, sizeof(reading->message),
                 "'%.60s' is not valid for %s: give %.150s", entry->value,
                 entry->name, right);
        return CERR_INVALID;
    }
    config_host_setting_names(right);
    snprintf(reading->message, sizeof(reading->message),
             "%.50s cannot be set for a host; these can: %.200s", entry->name,
             right);
    return CERR_INVALID;
}

static enum err read_host_entry(struct file_reading *reading,
                                const struct ini_entry *entry)
{
    char pattern[NAME_BYTES];
    struct host_settings *host;

    if (!read_pattern(entry->section, pattern)) {
        snprintf(reading->message, sizeof(reading->message),
                 "[%.100s] names no host: write [host example.com], or "
                 "[host *.example.com] for all below it",
                 entry->section);
        return CERR_INVALID;
    }
    host = find_host(reading->config, pattern);
    if (!host) {
        snprintf(reading->message, sizeof(reading->message),
                 "more than %d hosts have sections", CONFIG_HOSTS_MAX);
        return CERR_TOO_BIG;
    }
    return set_of_host(reading, host, entry);
}

/* Orders sections from general to special, as later ones win: all names below a
 * host before the host itself, short patterns before long ones. */
static int by_precedence(const void *a, const void *b)
{
    const struct host_settings *left = a, *right = b;
    bool left_below = left->pattern[0] == '*';
    bool right_below = right->pattern[0] == '*';
    size_t left_len = strlen(left->pattern), right_len = strlen(right->pattern);

    if (left_below != right_below)
        return left_below ? -1 : 1;
    if (left_len != right_len)
        return left_len < right_len ? -1 : 1;
    return strcmp(left->pattern, right->pattern);
}

/* ---- the file ---- */

/* Sets one "name = value" of the file; the section says for whom. A mistake
 * ends the reading, since a setting that is left out in silence may be the one
 * that keeps a host unharmed. */
static enum err read_entry(void *ctx, const struct ini_entry *entry)
{
    struct file_reading *reading = ctx;
    const struct option *option =
        config_find_option(entry->name, strlen(entry->name));
    size_t word = strlen(HOST_WORD);

    if (strncmp(entry->section, HOST_WORD, word) == 0 &&
        strchr(" \t", entry->section[word]))
        return read_host_entry(reading, entry);
    if (strcmp(entry->section, "crawl") == 0 && option) {
        char message[CONFIG_MESSAGE_BYTES];
        enum err err = config_set(reading->config, option, entry->value,
                                  config_from_file, message);
        if (err)
            snprintf(reading->message, sizeof(reading->message), "%.299s",
                     message);
        return err;
    }
    snprintf(reading->message, sizeof(reading->message),
             "[%.50s] %.50s is no setting: 'crawl --print-config' shows the "
             "right form",
             entry->section, entry->name);
    return CERR_INVALID;
}

/* Makes the default path; returns false when there is no home to look in. */
static bool default_file(char *path, size_t cap)
{
    const char *xdg = getenv("XDG_CONFIG_HOME");
    const char *home = getenv("HOME");
    int len;

    if (xdg && *xdg)
        len = snprintf(path, cap, "%s/crawl/config", xdg);
    else if (home && *home)
        len = snprintf(path, cap, "%s/.config/crawl/config", home);
    else
        return false;
    return len > 0 && (size_t)len < cap;
}

/* Makes the message, which names file and line. Errors of the form of the file
 * have no other words than their code. */
static void say_what_is_wrong(const struct file_reading *reading,
                              const char *path, int line, enum err err,
                              char *message)
{
    const char *what = reading->message;

    if (!what[0])
        what = err == CERR_FORMAT ? INI_FORMAT_TEXT : err_str(err);
    snprintf(message, CONFIG_MESSAGE_BYTES, "%.250s, line %d: %s", path, line,
             what);
}

/* Reads the file. One that the user has named must be there; the default one
 * need not. */
enum err config_read_file(struct config *config, const char *named,
                          char *message)
{
    struct file_reading reading = {config, ""};
    const char *path = named;
    char usual[4096];
    int line;
    FILE *file;
    enum err err;

    if (named && strcmp(named, "none") == 0)
        return CERR_OK;
    if (!named) {
        if (!default_file(usual, sizeof(usual)))
            return CERR_OK;
        path = usual;
    }
    file = fopen(path, "re");
    if (!file && !named && (errno == ENOENT || errno == ENOTDIR))
        return CERR_OK;
    if (!file) {
        snprintf(message, CONFIG_MESSAGE_BYTES,
                 "cannot read the configuration file %.300s: %s", path,
                 strerror(errno));
        return CERR_INVALID;
    }
    err = ini_read(file, read_entry, &reading, &line);
    fclose(file);
    if (err) {
        say_what_is_wrong(&reading, path, line, err, message);
        return CERR_INVALID;
    }
    if (config->nr_hosts > 0)
        qsort(config->hosts, config->nr_hosts, sizeof(*config->hosts),
              by_precedence);
    return CERR_OK;
}
