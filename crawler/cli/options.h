/*
 * options: the table behind parsing, --help, --print-config, environment and
 * configuration file. Private to cli/.
 */
#ifndef CRAWLER_CLI_OPTIONS_H
#define CRAWLER_CLI_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

enum option_type {
    OPTION_FLAG,     /* bool, no argument */
    OPTION_COUNT,    /* int64_t, counted each time it is given */
    OPTION_INT,      /* int64_t */
    OPTION_NUMBER,   /* double */
    OPTION_DURATION, /* int64_t milliseconds: 500ms, 10s, 5m, 2h, 1d */
    OPTION_SIZE,     /* int64_t bytes: 64k, 16M, 1G */
    OPTION_TEXT,     /* char *, NULL by default */
    OPTION_LIST,     /* struct text_list, repeatable */
    OPTION_CHOICE,   /* int64_t, place in `choices` */
};

struct option {
    const char *name; /* long name without dashes */
    char short_name;  /* 0: none */
    enum option_type type;
    const char *argument; /* "N", "FILE"; NULL for flags */
    const char *fallback; /* default as text; NULL: none, or off */
    int64_t min, max;     /* of the parsed value; both 0: any */
    const char *choices;  /* "obey|ignore" */
    size_t offset;        /* in struct config */
    const char *group;
    const char *help;
};

/* Options about the command itself: no settings of a run, so they are neither
 * printed by --print-config nor stored. */
#define OPTION_GROUP_META "This command"

extern const struct option options[];
extern const size_t nr_options;

#endif
