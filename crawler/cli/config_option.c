/*
 * One option and one text: finds the option, reads the text by its type, and
 * says what would have been right.
 */
#include "crawler/cli/config_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "crawler/cli/value.h"

void *config_field(struct config *config, const struct option *option)
{
    return (char *)config + option->offset;
}

void config_list_clear(struct text_list *list)
{
    for (size_t i = 0; i < list->nr_items; i++)
        free((char *)list->items[i]);
    free(list->items);
    *list = (struct text_list){0};
}

/* Lists are bounded, so that a configuration made by a program cannot eat the
 * memory. */
static enum err list_add(struct text_list *list, const char *text)
{
    if (list->nr_items == CONFIG_LIST_MAX)
        return CERR_TOO_BIG;
    list->items =
        xrealloc_array(list->items, list->nr_items + 1, sizeof(*list->items));
    list->items[list->nr_items++] = xstrdup(text);
    return CERR_OK;
}

/* Reads the words that people write for yes and no in files of other programs.
 */
static enum err parse_bool(const char *text, bool *value)
{
    int64_t place;

    if (value_choice("no|false|0|off|yes|true|1|on", text, &place))
        return CERR_INVALID;
    *value = place >= 4;
    return CERR_OK;
}

/* Checks a whole number against the range of its option; a range of 0 to 0 is
 * none. */
static enum err set_number(int64_t *to, const struct option *option,
                           const char *text)
{
    int64_t value = 0;
    enum err err =
        option->type == OPTION_DURATION ? value_duration_ms(text, &value)
        : option->type == OPTION_SIZE   ? value_size_bytes(text, &value)
                                        : value_int(text, &value);

    if (err || ((option->min || option->max) &&
                (value < option->min || value > option->max)))
        return CERR_INVALID;
    *to = value;
    return CERR_OK;
}

/* Checks a number with a fraction; its range is in whole numbers. */
static enum err set_double(double *to, const struct option *option,
                           const char *text)
{
    double value;

    if (value_number(text, &value) || value < (double)option->min ||
        value > (double)option->max)
        return CERR_INVALID;
    *to = value;
    return CERR_OK;
}

/* The field's C type follows from the option's type: see enum option_type. */
enum err config_set_value(void *to, const struct option *option,
                          const char *text)
{
    switch (option->type) {
    case OPTION_FLAG:
        return parse_bool(text, to);
    case OPTION_COUNT:
        return value_int(text, to);
    case OPTION_INT:
    case OPTION_DURATION:
    case OPTION_SIZE:
        return set_number(to, option, text);
    case OPTION_NUMBER:
        return set_double(to, option, text);
    case OPTION_TEXT:
        free(*(char **)to);
        *(char **)to = xstrdup(text);
        return CERR_OK;
    case OPTION_LIST:
        return list_add(to, text);
    case OPTION_CHOICE:
        return value_choice(option->choices, text, to);
    }
    return CERR_INVALID;
}

/* Says what would have been right. A range that ends beyond what anybody would
 * type is told by its lower end alone. */
void config_expected(const struct option *option, char *out, size_t cap)
{
    switch (option->type) {
    case OPTION_FLAG:
        snprintf(out, cap, "yes or no");
        break;
    case OPTION_CHOICE:
        snprintf(out, cap, "one of %s", option->choices);
        break;
    case OPTION_DURATION:
        snprintf(out, cap,
                 "a duration such as 500ms, 10s, 5m or 2h, from %gs to %gs",
                 (double)option->min / 1e3, (double)option->max / 1e3);
        break;
    case OPTION_SIZE:
        snprintf(out, cap, "a size such as 64k, 16M or 1G");
        break;
    case OPTION_LIST:
        snprintf(out, cap, "at most %d of them", CONFIG_LIST_MAX);
        break;
    case OPTION_COUNT:
    case OPTION_INT:
    case OPTION_NUMBER:
    case OPTION_TEXT:
        if (option->max >= INT32_MAX)
            snprintf(out, cap, "a number from %lld", (long long)option->min);
        else
            snprintf(out, cap, "a number from %lld to %lld",
                     (long long)option->min, (long long)option->max);
        break;
    }
}

enum err config_set(struct config *config, const struct option *option,
                    const char *text, const char *origin, char *message)
{
    const char **came_from = &config->origins[option - options];
    char right[200];
    enum err err;

    /* The list of a stronger source replaces that of a weaker one. */
    if (option->type == OPTION_LIST && *came_from != origin)
        config_list_clear(config_field(config, option));
    err = config_set_value(config_field(config, option), option, text);
    if (err) {
        config_expected(option, right, sizeof(right));
        snprintf(message, CONFIG_MESSAGE_BYTES,
                 "'%.100s' is not valid for --%s (%s): give %s", text,
                 option->name, origin, right);
        return CERR_INVALID;
    }
    *came_from = origin;
    return CERR_OK;
}

const struct option *config_find_option(const char *name, size_t len)
{
    for (size_t i = 0; i < nr_options; i++)
        if (strlen(options[i].name) == len &&
            memcmp(options[i].name, name, len) == 0)
            return &options[i];
    return NULL;
}
