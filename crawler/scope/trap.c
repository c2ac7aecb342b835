/* Limits against hosts whose pages never end, see trap.h. */
#include "crawler/scope/trap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/unfilled.h"
#include "base/xalloc.h"

/* The sketch: each path has a counter in every row, the smallest of them is
 * the count. 4 rows of 2^17 counters of 16 bits are 1 MiB. */
#define SKETCH_ROWS 4
#define SKETCH_BITS 17

/* Segments that the rule about repetition compares, for it takes time
 * quadratic in them. */
#define SEGMENTS_COMPARED 256

struct trap {
    struct trap_limits limits; /* 0 is no limit here */
    struct hash_key key;
    uint16_t counters[SKETCH_ROWS][1 << SKETCH_BITS];
};

static int limit_or_default(int limit, int fallback)
{
    return limit < 0 ? 0 : limit ? limit : fallback;
}

struct trap *trap_new(const struct trap_limits *limits,
                      const struct hash_key *key)
{
    struct trap *trap = xcalloc(1, sizeof(*trap));

    trap->key = *key;
    trap->limits = (struct trap_limits){
        limit_or_default(limits->url_bytes, TRAP_URL_BYTES),
        limit_or_default(limits->path_depth, TRAP_PATH_DEPTH),
        limit_or_default(limits->repeated_segments, TRAP_REPEATED_SEGMENTS),
        limit_or_default(limits->query_variants, TRAP_QUERY_VARIANTS),
        limit_or_default(limits->pages_per_host, TRAP_PAGES_PER_HOST),
        limit_or_default(limits->equal_pages, TRAP_EQUAL_PAGES),
    };
    if (trap->limits.query_variants > TRAP_QUERY_VARIANTS_MAX)
        trap->limits.query_variants = TRAP_QUERY_VARIANTS_MAX;
    return trap;
}

void trap_free(struct trap *trap)
{
    free(trap);
}

/* ---- segments ---- */

struct segment {
    const char *text;
    size_t len;
};

/* Reads the next segment that is not empty; returns false at the end of the
 * path. */
static bool next_segment(const char **at, const char *end,
                         struct segment *segment)
{
    const char *slash;

    while (*at < end && **at == '/')
        ++*at;
    if (*at == end)
        return false;
    slash = memchr(*at, '/', (size_t)(end - *at));
    segment->text = *at;
    segment->len = (size_t)((slash ? slash : end) - *at);
    *at += segment->len;
    return true;
}

static int path_depth(const struct url *url)
{
    const char *at = url->text + url->path_at;
    const char *end = at + url->path_len;
    struct segment segment;
    int depth = 0;

    while (next_segment(&at, end, &segment))
        depth++;
    return depth;
}

/* Counts how often the most frequent segment stands in the path. */
static int most_repeated(const struct url *url)
{
    const char *at = url->text + url->path_at;
    const char *end = at + url->path_len;
    UNFILLED struct segment segments[SEGMENTS_COMPARED];
    int nr_segments = 0, most = 0;

    while (nr_segments < SEGMENTS_COMPARED &&
           next_segment(&at, end, &segments[nr_segments])) {
        const struct segment *last = &segments[nr_segments++];
        int times = 0;

        for (int i = 0; i < nr_segments; i++)
            times += segments[i].len == last->len &&
                     memcmp(segments[i].text, last->text, last->len) == 0;
        most = times > most ? times : most;
    }
    return most;
}

/* ---- the sketch ---- */

/* Whether a path has parameters (";jsessionid=1", RFC 3986, 3.3) or empty
 * segments: servers that ignore them give the same page for each. */
static bool has_path_variant(const struct url *url)
{
    const char *path = url->text + url->path_at;

    return memchr(path, ';', url->path_len) ||
           memmem(path, url->path_len, "//", 2);
}

static bool is_variant(const struct url *url)
{
    return url->has_query || has_path_variant(url);
}

/* Copies scheme, host, port and path without parameters and empty segments;
 * returns the length. */
static size_t plain_path(const struct url *url, char out[URL_BYTES_MAX])
{
    const char *path = url->text + url->path_at;
    size_t len = url->path_at;
    bool in_parameter = false;

    memcpy(out, url->text, len);
    for (size_t i = 0; i < url->path_len; i++) {
        if (path[i] == ';' || path[i] == '/')
            in_parameter = path[i] == ';';
        if (in_parameter ||
            (path[i] == '/' && len > url->path_at && out[len - 1] == '/'))
            continue;
        out[len++] = path[i];
    }
    return len;
}

/* Finds the counters of a URL, one in each row, by scheme, host, port and plain
 * path. Nearly every path is plain as it is and is not copied. */
static void find_counters(const struct trap *trap, const struct url *url,
                          size_t at[SKETCH_ROWS])
{
    UNFILLED char plain[URL_BYTES_MAX];
    const char *text = url->text;
    size_t len = (size_t)url->path_at + url->path_len;

    if (has_path_variant(url)) {
        len = plain_path(url, plain);
        text = plain;
    }
    uint64_t hash = hash_sip(&trap->key, text, len);

    /* 17 bits from four places of 64 that overlap by a bit or two: as good
     * as independent for this */
    for (int row = 0; row < SKETCH_ROWS; row++)
        at[row] = (hash >> (row * 15)) & ((1 << SKETCH_BITS) - 1);
}

static int count_variants(const struct trap *trap, const struct url *url)
{
    size_t at[SKETCH_ROWS];
    int count = UINT16_MAX;

    find_counters(trap, url, at);
    for (int row = 0; row < SKETCH_ROWS; row++)
        if (trap->counters[row][at[row]] < count)
            count = trap->counters[row][at[row]];
    return count;
}

bool trap_may_count(struct bytes url)
{
    const char *scheme = memmem(url.data, url.len, "://", 3);
    const char *rest = scheme ? scheme + 3 : url.data;
    size_t len = url.len - (size_t)(rest - (const char *)url.data);

    return memchr(rest, '?', len) || memchr(rest, ';', len) ||
           memmem(rest, len, "//", 2);
}

void trap_count(struct trap *trap, const struct url *url)
{
    size_t at[SKETCH_ROWS];
    int count;

    if (!is_variant(url))
        return;
    count = count_variants(trap, url);
    if (count == UINT16_MAX)
        return;
    find_counters(trap, url, at);
    /* "conservative update": only what would be too low is raised */
    for (int row = 0; row < SKETCH_ROWS; row++)
        if (trap->counters[row][at[row]] == count)
            trap->counters[row][at[row]]++;
}

int64_t trap_queries_left(const struct trap *trap, const struct url *url)
{
    if (!trap->limits.query_variants || !is_variant(url))
        return INT64_MAX;
    return trap->limits.query_variants - (int64_t)count_variants(trap, url);
}

int64_t trap_pages_left(const struct trap *trap, int64_t nr_pages)
{
    return trap->limits.pages_per_host ? trap->limits.pages_per_host - nr_pages
                                       : INT64_MAX;
}

int trap_equal_pages(const struct trap *trap)
{
    return trap->limits.equal_pages;
}

/* ---- the rules ---- */

const char *trap_rule_name(enum trap_rule rule)
{
    static const char *const names[] = {
        [TRAP_NONE] = "",
        [TRAP_IS_TOO_LONG] = "max-url-length",
        [TRAP_IS_TOO_DEEP] = "max-path-depth",
        [TRAP_IS_REPEATING] = "max-repeated-segments",
        [TRAP_HAS_TOO_MANY_QUERIES] = "max-query-variants",
        [TRAP_HAS_TOO_MANY_PAGES] = "max-pages-per-host",
        [TRAP_HAS_EQUAL_PAGES] = "max-equal-pages",
    };

    return names[rule];
}

/* Whether a value is over its limit; if so, `reason` says it. */
static bool is_trap(int64_t value, int limit, const char *what, char *reason)
{
    if (!limit || value <= limit)
        return false;
    if (reason)
        snprintf(reason, TRAP_REASON_BYTES, "%s: %lld, limit %d", what,
                 (long long)value, limit);
    return true;
}

enum trap_rule trap_judge(const struct trap *trap, const struct url *url,
                          int64_t nr_pages, char reason[TRAP_REASON_BYTES])
{
    const struct trap_limits *limits = &trap->limits;

    if (is_trap(url->len, limits->url_bytes, "bytes of the URL", reason))
        return TRAP_IS_TOO_LONG;
    if (is_trap(path_depth(url), limits->path_depth, "segments of the path",
                reason))
        return TRAP_IS_TOO_DEEP;
    if (is_trap(most_repeated(url), limits->repeated_segments,
                "times the same segment in the path", reason))
        return TRAP_IS_REPEATING;
    if (is_trap(nr_pages + 1, limits->pages_per_host, "pages of the host",
                reason))
        return TRAP_HAS_TOO_MANY_PAGES;
    if (is_variant(url) &&
        is_trap(count_variants(trap, url) + 1, limits->query_variants,
                url->has_query ? "different queries of the path"
                               : "different forms of the path",
                reason))
        return TRAP_HAS_TOO_MANY_QUERIES;
    return TRAP_NONE;
}
