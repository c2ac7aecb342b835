/*
 * config_internal: what the files of the configuration share.
 *
 * config.c calls config_file.c, both call config_option.c; config_print.c and
 * help.c read the tables. Included by them and by manual.c only.
 */
#ifndef CRAWLER_CLI_CONFIG_INTERNAL_H
#define CRAWLER_CLI_CONFIG_INTERNAL_H

#include "crawler/cli/config.h"
#include "crawler/cli/options.h"

extern const char
    config_from_file[]; /* the origin "file", for config.origins */

/* Returns where the value of an option lies. */
void *config_field(struct config *config, const struct option *option);
/* Finds the option of that name; NULL: there is none. */
const struct option *config_find_option(const char *name, size_t len);
/* Reads a value into the option's kind of field. */
enum err config_set_value(void *to, const struct option *option,
                          const char *text) CERR_CHECK;
/* Writes what would have been right, for a message. */
void config_expected(const struct option *option, char *out, size_t cap);
/* Sets an option; else `message` says what is wrong. */
enum err config_set(struct config *config, const struct option *option,
                    const char *text, const char *origin,
                    char *message) CERR_CHECK;
void config_list_clear(struct text_list *list);

/* Reads the named file, or the default one if it is there. */
enum err config_read_file(struct config *config, const char *named,
                          char *message) CERR_CHECK;

/* What a section of a host may set. */
struct host_setting {
    const char *name; /* name of the option that is the general setting */
    size_t offset;    /* in struct host_settings */
};
extern const struct host_setting host_settings[];
extern const size_t nr_host_settings;
/* "delay, per-host, ...", for people. */
#define HOST_SETTING_NAMES_BYTES 200
void config_host_setting_names(char names[HOST_SETTING_NAMES_BYTES]);

#endif
