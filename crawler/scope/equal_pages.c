/*
 * Counts of pages by pattern and content, see equal_pages.h. They stand in rows
 * of eight, of which the one that came first drops out.
 */
#include "crawler/scope/equal_pages.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash_set.h"
#include "base/unfilled.h"
#include "base/xalloc.h"

#define WAYS          8
#define STOPPED_FIRST 64 /* slots at the start; a power of two */

struct count {
    uint64_t hash; /* of pattern and content */
    int64_t nr;    /* 0: the slot is empty */
};

struct equal_pages {
    int64_t limit;
    struct hash_key key;
    struct hash_set stopped; /* patterns */
    struct count counts[EQUAL_PAGES_COUNTED / WAYS][WAYS];
};

struct equal_pages *equal_pages_new(int limit, const struct hash_key *key)
{
    struct equal_pages *pages = xcalloc(1, sizeof(*pages));

    pages->limit = limit;
    pages->key = *key;
    hash_set_init(&pages->stopped, STOPPED_FIRST);
    return pages;
}

void equal_pages_free(struct equal_pages *pages)
{
    if (!pages)
        return;
    hash_set_release(&pages->stopped);
    free(pages);
}

/* ---- patterns ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alphanumeric(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Copies a path, in which a word with a digit is '#', be it a number, a date or
 * the id of something. Returns the length. */
static size_t copy_path(const char *path, size_t path_len, char *out)
{
    size_t len = 0, word = 0;
    bool has_digit = false;

    for (size_t i = 0; i < path_len; i++) {
        if (!is_alphanumeric(path[i])) {
            has_digit = false;
            word = len + 1;
        } else if (has_digit) {
            continue;
        } else if (is_digit(path[i])) {
            has_digit = true;
            len = word;
            out[len++] = '#';
            continue;
        }
        out[len++] = path[i];
    }
    return len;
}

/* Copies the names of a query without their digits, and leaves the values
 * out. */
static size_t copy_names(const char *query, size_t query_len, char *out)
{
    bool in_value = false;
    size_t len = 0;

    for (size_t i = 0; i < query_len; i++) {
        if (query[i] == '&' || query[i] == '=')
            in_value = query[i] == '=';
        if (!in_value && !is_digit(query[i]))
            out[len++] = query[i];
    }
    return len;
}

static uint64_t hash_pattern(const struct equal_pages *pages,
                             const struct url *url)
{
    UNFILLED char pattern[URL_BYTES_MAX];
    size_t end = (size_t)url->path_at + url->path_len, len = url->path_at;

    memcpy(pattern, url->text, len);
    len += copy_path(url->text + url->path_at, url->path_len, pattern + len);
    len += copy_names(url->text + end, url->len - end, pattern + len);
    return hash_sip(&pages->key, pattern, len);
}

/* ---- counts ---- */

/* Finds the count of a hash, or makes it in place of the oldest of its row. */
static struct count *find_count(struct equal_pages *pages, uint64_t hash)
{
    struct count *row = pages->counts[hash % (EQUAL_PAGES_COUNTED / WAYS)];

    for (int i = 0; i < WAYS; i++)
        if (row[i].nr > 0 && row[i].hash == hash)
            return &row[i];
    for (int i = WAYS - 1; i > 0; i--)
        row[i] = row[i - 1];
    row[0] = (struct count){.hash = hash};
    return &row[0];
}

bool equal_pages_count(struct equal_pages *pages, const struct url *url,
                       struct bytes content_hash)
{
    if (pages->limit == 0)
        return false;
    uint64_t pattern = hash_pattern(pages, url);
    uint64_t content =
        hash_sip(&pages->key, content_hash.data, content_hash.len);
    struct count *count =
        find_count(pages, pattern ^ content * UINT64_C(0x9E3779B97F4A7C15));

    if (++count->nr <= pages->limit ||
        pages->stopped.nr >= EQUAL_PAGES_STOPPED ||
        hash_set_has(&pages->stopped, pattern))
        return false;
    hash_set_add(&pages->stopped, pattern);
    return true;
}

bool equal_pages_have_any(const struct equal_pages *pages)
{
    return pages->stopped.nr > 0;
}

/* Nearly every crawl has none, so that is asked first. */
bool equal_pages_stop(const struct equal_pages *pages, const struct url *url)
{
    return pages->stopped.nr > 0 &&
           hash_set_has(&pages->stopped, hash_pattern(pages, url));
}
