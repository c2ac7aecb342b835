/*
 * conform: runs public suites against the code that the crawler runs.
 *
 * A suite is a file of JSON objects, one case a line (samples/README.md). For
 * each suite one source file defines a struct conform_suite, whose function
 * judges one case by calling the crawler's own modules; conform_main.c holds
 * the table of suites, reads the file and counts. No suite knows a case by
 * its name.
 *
 * To add a suite: write conform_NAME.c, declare its struct below, and add it
 * to the table in conform_main.c and to the list in CMakeLists.txt.
 */
#ifndef TESTS_CONFORM_CONFORM_H
#define TESTS_CONFORM_CONFORM_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* What one case should give and what it gave, for people to compare; the
 * suite's function fills both, empty when it begins. */
struct conform_answer {
    struct buf expected;
    struct buf got;
};

/*
 * Judges one case. `test` is its object. Returns whether it holds. A case that
 * does not have the fields it must have ends in conform_stop().
 */
typedef bool (*conform_fn)(const json_t *test, struct conform_answer *answer);

struct conform_suite {
    const char *name; /* as on the command line */
    conform_fn run;
    const char *group;         /* field that cases are counted by: "tier" */
    const char *const *gating; /* groups that must hold, NULL behind the last;
                                  NULL: all of them must */
};

extern const struct conform_suite conform_robots;
extern const struct conform_suite conform_robots_other;
extern const struct conform_suite conform_sitemaps;
extern const struct conform_suite conform_encodings;
extern const struct conform_suite conform_html_links;
extern const struct conform_suite conform_urls;
extern const struct conform_suite conform_url_normalize;

/* The text of a field, NULL if it is absent or null. Borrowed. */
const char *conform_text(const json_t *test, const char *field);

/*
 * Appends the bytes of a field to `out`: those of FIELD, or else those that
 * stand base64 in FIELD_b64. Returns false if there is neither.
 */
bool conform_bytes(const json_t *test, const char *field, struct buf *out);

/* Appends to one of the answer's texts; what is over its limit is left out. */
void conform_put(struct buf *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void conform_put_bytes(struct buf *out, const void *data, size_t len);

/* Whether expected and got are the same bytes. */
bool conform_same(const struct conform_answer *answer);

/* Ends the program: the file breaks the suite's format. */
void conform_stop(const json_t *test, const char *what)
    __attribute__((noreturn));

#endif
