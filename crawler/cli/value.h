/*
 * value: numbers, durations and sizes as people write them. Pure.
 */
#ifndef CRAWLER_CLI_VALUE_H
#define CRAWLER_CLI_VALUE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* A whole number, "-5". CERR_INVALID when anything else stands there. */
enum err value_int(const char *text, int64_t *value) CERR_CHECK;
/* A number with a fraction, "0.5"; finite. */
enum err value_number(const char *text, double *value) CERR_CHECK;
/* "500ms", "10s", "5m", "2h", "1d"; without a unit seconds, "0.5" too. */
enum err value_duration_ms(const char *text, int64_t *value) CERR_CHECK;
/* "64k", "16M", "1G", "2T", powers of 1,024; without a unit bytes. */
enum err value_size_bytes(const char *text, int64_t *value) CERR_CHECK;
/* The place of `text` in "one|two|three", from 0. CERR_INVALID when it is not
 * there. */
enum err value_choice(const char *choices, const char *text,
                      int64_t *value) CERR_CHECK;
/* Length of the word at place `value` in "one|two|three"; *word is it. */
size_t value_choice_word(const char *choices, int64_t value, const char **word);

/* These write numbers for people into `out`: "12,408", "9.8 MB", "1:31:07". */
#define VALUE_TEXT_BYTES 32
void value_show_count(int64_t count, char out[VALUE_TEXT_BYTES]);
void value_show_bytes(double bytes, char out[VALUE_TEXT_BYTES]);
void value_show_clock(int64_t ms, char out[VALUE_TEXT_BYTES]);

#endif
