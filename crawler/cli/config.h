/*
 * config: the settings of a run, read from flags, environment and file.
 *
 * One table (options.c) says everything about an option; parsing, --help and
 * --print-config are made from it. Precedence: flag, then environment
 * (CRAWL_NAME), then the configuration file, then the default. Flags are
 * written in full: an abbreviation that works today would mean something else
 * after the next release.
 */
#ifndef CRAWLER_CLI_CONFIG_H
#define CRAWLER_CLI_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "crawler/page/host_settings.h"

#define CONFIG_MESSAGE_BYTES 600
#define CONFIG_LIST_MAX      1000 /* entries of one repeatable option */
#define CONFIG_HOSTS_MAX     1000 /* sections of hosts in the file */

enum config_robots { CONFIG_ROBOTS_OBEY, CONFIG_ROBOTS_IGNORE };
enum config_extract {
    CONFIG_EXTRACT_META,
    CONFIG_EXTRACT_LINKS,
    CONFIG_EXTRACT_NONE
};
enum config_store { CONFIG_STORE_HASH, CONFIG_STORE_BODY };

/*
 * A field for each option, of the option's name. Durations are milliseconds,
 * sizes bytes. A choice is the place of its word in the table of options: of
 * the enums above, of enum progress_mode, scope_kind, fetch_sandbox.
 * Texts and the entries of lists are owned by the config.
 */
struct config {
    struct text_list inputs, outputs;
    char *format;
    bool force;
    char *refetch;

    int64_t workers, concurrency, per_host;
    int64_t delay_ms, max_crawl_delay_ms, max_retry_after_ms;
    double rate_per_s;
    int64_t robots, max_host_errors;

    int64_t network_timeout_ms;
    int64_t dns_timeout_ms, connect_timeout_ms, first_byte_timeout_ms;
    int64_t idle_timeout_ms, max_time_ms;
    int64_t retries, retry_delay_ms, max_redirects, max_size_bytes;
    int64_t max_memory_bytes;
    int64_t max_urls, max_duration_ms, max_total_bytes;

    int64_t depth, scope;
    bool sitemaps;
    struct text_list include, exclude;
    int64_t max_sitemaps;
    int64_t max_pages_per_host, max_path_depth, max_repeated_segments;
    int64_t max_query_variants, max_url_length, max_equal_pages;

    char *user_agent;
    struct text_list headers, resolve, allow_private;
    char *proxy, *dns_servers, *cacert, *auth_file;
    bool insecure, ipv4, ipv6, http1, no_compression, cookies;

    int64_t extract, store;
    int64_t sandbox;
    char *user;

    int64_t progress, progress_interval_ms;
    bool quiet;
    int64_t verbose;
    char *config_file;
    bool print_config, help, version;

    /* Sections "[host NAME]" of the file, from general to special: later ones
     * win. They go before the general settings, wherever those came from. */
    struct host_settings *hosts;
    size_t nr_hosts;

    const char **origins; /* one for each option, for --print-config */
};

/*
 * Reads everything for `crawl run`. `argv` without the program's name and the
 * subcommand. On CERR_INVALID `message` says which option is wrong and what
 * would be right. The result is owned; free it with config_release(), also
 * after an error.
 */
enum err config_read(struct config *config, int argc, char *const *argv,
                     char message[CONFIG_MESSAGE_BYTES]) CERR_CHECK;
void config_release(struct config *config);

/* What a word of the command line is to the reader of flags. */
struct config_word {
    const char *option; /* long name; NULL: the word is no flag */
    size_t value_at;    /* where in the word a value begins; 0: there is none */
    bool takes_next;    /* the value is the next word */
};
/* Of several letters in one word the last one is told. */
struct config_word config_word(const char *word);

/* The word "--name=value" of the next setting that the environment made, from
 * option *at on; NULL: there is none. Returned owned. */
char *config_from_environment(const struct config *config, size_t *at);
/* Whether "Name: value" may hold a secret: every header does of which it is not
 * known that it holds none. */
bool config_header_is_secret(const char *line);
/* Length of "Name:", or of the whole line where there is no colon. */
size_t config_header_name_len(const char *line);
/* What of the settings is a secret that is stored nowhere, by its flag, one a
 * line: "-H X-Key". Returned owned; "" if there is none. */
char *config_secrets(const struct config *config);

/* Takes over an option of a run, by its name and value in config_json(), unless
 * a flag has set it here: of those that decide which URLs are asked for and
 * how, all others are left alone. A list comes value by value; NULL: it is not
 * set.
 */
void config_adopt(struct config *config, const char *name, const char *value);

/* Writes the help text: usage, examples, options by group. */
void config_print_help(FILE *out);
/* The table of options as Markdown, for the README. */
void config_print_markdown(FILE *out);
/* "name = value    # where it came from", in the format of the file. */
void config_print(const struct config *config, FILE *out);
/* The settings as one JSON object, for the table `runs`. Returned owned. */
char *config_json(const struct config *config);

#endif
