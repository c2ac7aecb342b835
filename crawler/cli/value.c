/*
 * Reading is strict: a text is a number as a whole, or it is none. strtol() and
 * strtod() take blanks, hexadecimal numbers and "nan", which a setting must not
 * have.
 */
#include "crawler/cli/value.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A unit and what it is worth in the smallest one. The names are compared
 * exactly: "m" is minutes and "M" is mebibytes. */
struct unit {
    const char *name;
    double factor;
};

/* strtoll() passes over blanks at the begin; they are refused. */
enum err value_int(const char *text, int64_t *value)
{
    char *end;

    errno = 0;
    *value = strtoll(text, &end, 10);
    if (end == text || *end || errno || isspace((unsigned char)*text))
        return CERR_INVALID;
    return CERR_OK;
}

/* Reads the number at the beginning, as strtod() does, but without its blanks,
 * its hexadecimal form, "inf" and "nan". */
static enum err leading_number(const char *text, double *value, char **end)
{
    size_t len = strspn(text, "0123456789.+-");

    errno = 0;
    *value = strtod(text, end);
    if (len == 0 || *end == text || *end > text + len || errno)
        return CERR_INVALID;
    return CERR_OK;
}

enum err value_number(const char *text, double *value)
{
    char *end;
    enum err err = leading_number(text, value, &end);

    return err ? err : *end ? CERR_INVALID : CERR_OK;
}

/* `bare` is the factor of a number without a unit. The bound keeps the product
 * inside of int64_t. */
static enum err with_unit(const char *text, const struct unit *units,
                          double bare, int64_t *value)
{
    double number;
    char *end;
    double factor = bare;
    enum err err = leading_number(text, &number, &end);

    if (err)
        return err;
    if (*end) {
        while (units->name && strcmp(units->name, end) != 0)
            units++;
        if (!units->name)
            return CERR_INVALID;
        factor = units->factor;
    }
    number = round(number * factor);
    if (number < 0 || number > 9e18)
        return CERR_INVALID;
    *value = (int64_t)number;
    return CERR_OK;
}

enum err value_duration_ms(const char *text, int64_t *value)
{
    static const struct unit units[] = {{"ms", 1},    {"s", 1e3},    {"m", 6e4},
                                        {"h", 3.6e6}, {"d", 8.64e7}, {NULL, 0}};

    return with_unit(text, units, 1e3, value);
}

enum err value_size_bytes(const char *text, int64_t *value)
{
    static const struct unit units[] = {
        {"B", 1},      {"k", 1024.0}, {"K", 1024.0}, {"M", 1048576.0},
        {"G", 0x1p30}, {"T", 0x1p40}, {NULL, 0}};

    return with_unit(text, units, 1, value);
}

size_t value_choice_word(const char *choices, int64_t value, const char **word)
{
    for (; value > 0; value--)
        choices += strcspn(choices, "|") + 1;
    *word = choices;
    return strcspn(choices, "|");
}

enum err value_choice(const char *choices, const char *text, int64_t *value)
{
    for (int64_t place = 0; *choices; place++) {
        size_t len = strcspn(choices, "|");

        if (len == strlen(text) && memcmp(choices, text, len) == 0) {
            *value = place;
            return CERR_OK;
        }
        choices += len + (choices[len] == '|');
    }
    return CERR_INVALID;
}

/* A comma stands before each group of three digits, counted from the end. */
void value_show_count(int64_t count, char out[VALUE_TEXT_BYTES])
{
    char digits[VALUE_TEXT_BYTES];
    int len = snprintf(digits, sizeof(digits), "%" PRId64, count);
    char *to = out;

    for (int i = 0; i < len; i++) {
        *to++ = digits[i];
        if (digits[i] != '-' && i + 1 < len && (len - 1 - i) % 3 == 0)
            *to++ = ',';
    }
    *to = '\0';
}

/* Shows bytes in powers of 1,000, as networks count. There is one decimal below
 * 100: "9.8 MB", "980 MB". */
void value_show_bytes(double bytes, char out[VALUE_TEXT_BYTES])
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB"};
    size_t unit = 0;

    while (bytes >= 1000 && unit + 1 < sizeof(units) / sizeof(units[0])) {
        bytes /= 1000;
        unit++;
    }
    snprintf(out, VALUE_TEXT_BYTES, unit && bytes < 100 ? "%.1f %s" : "%.0f %s",
             bytes, units[unit]);
}

/* Shows a duration as a clock does; hours are shown only when there are some.
 */
void value_show_clock(int64_t ms, char out[VALUE_TEXT_BYTES])
{
    int64_t s = ms < 0 ? 0 : ms / 1000;

    if (s >= 3600)
        snprintf(out, VALUE_TEXT_BYTES, "%" PRId64 ":%02d:%02d", s / 3600,
                 (int)(s / 60 % 60), (int)(s % 60));
    else
        snprintf(out, VALUE_TEXT_BYTES, "%d:%02d", (int)(s / 60),
                 (int)(s % 60));
}
