/*
 * robots_rule: one Allow or Disallow pattern, compiled and matched.
 *
 * Private to robots.c. A pattern is cut at its wildcards into pieces of plain
 * bytes; matching finds them from left to right, each at its first place,
 * which is enough when wildcards are the only freedom. So the time is linear
 * in the path, however many stars there are.
 */
#ifndef CRAWLER_ROBOTS_ROBOTS_RULE_H
#define CRAWLER_ROBOTS_ROBOTS_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/wire.h"

enum robots_rule_kind {
    ROBOTS_RULE_FRONT, /* a path that begins with the pattern matches */
    ROBOTS_RULE_WHOLE, /* a path that is the pattern, "$", matches */
    ROBOTS_RULE_WILD,  /* it has a wildcard with something behind */
};

/* Bytes that stand in each path that matches: the first and the last `len` of
 * the longest piece, as numbers, the first byte highest. */
struct robots_marks {
    uint32_t first, last;
    uint8_t len; /* 0: there are none; 1, 2 or 4 */
};

struct robots_rule {
    enum robots_rule_kind kind;
    struct robots_marks marks;
    uint32_t pieces_at; /* in the pool: nr_pieces times u16 length and bytes */
    uint16_t nr_pieces; /* at least 1; a wildcard stands between two */
    uint16_t octets;    /* length of the pattern for "the longest match" */
    bool allow;
    bool anchored; /* "$": the last piece ends the path */
    /* where it came from */
    uint16_t text_len;
    uint32_t text_at; /* in the pool */
    uint32_t line;
};

/*
 * Compiles `pattern` (at most UINT16_MAX bytes) to the end of `pool`. Errors
 * as buf_add.
 */
enum err robots_rule_compile(struct robots_rule *rule, struct buf *pool,
                             const char *pattern, size_t len) CERR_CHECK;

/* The piece before the first wildcard, a view of the pool. */
struct bytes robots_rule_front(const struct robots_rule *rule,
                               const struct buf *pool);

/* `path` must have been through robots_normalize(). Takes from *steps the bytes
 * that were looked at; it may take more than is left. */
bool robots_rule_matches(const struct robots_rule *rule, const struct buf *pool,
                         const char *path, size_t len, int64_t *steps);

/*
 * Writes the form in which paths are compared (RFC 9309 2.2.2): escapes
 * undone, but for those of delimiters, which are written with upper-case
 * digits. Never longer than the input; `out` has room for `len` bytes.
 * Returns the length.
 */
size_t robots_normalize(const char *path, size_t len, char *out);

#endif
