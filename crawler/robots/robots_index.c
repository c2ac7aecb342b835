/* The index behind robots_index.h: patterns in the order of their bytes, and a
 * filter by the bytes of a path before one with wildcards is compared. */
#include "crawler/robots/robots_index.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/unfilled.h"

#define NONE UINT32_MAX

/* ---- rules without a wildcard ---- */

/* Compares as texts: what begins another comes before it. */
static int compare_texts(struct bytes a, struct bytes b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len ? memcmp(a.data, b.data, len) : 0;

    return order ? order : (a.len > b.len) - (a.len < b.len);
}

/* Of two with one text the one that matches longer paths too comes first, and
 * of two that are alike the one that decides. */
static int compare_fronts(const void *left, const void *right)
{
    const struct robots_front *a = left, *b = right;
    int order = compare_texts(a->text, b->text);

    if (order)
        return order;
    if (a->is_whole != b->is_whole)
        return a->is_whole ? 1 : -1;
    return a->number < b->number ? -1 : a->number > b->number;
}

static bool begins(struct bytes front, struct bytes text)
{
    return front.len <= text.len &&
           (front.len == 0 || memcmp(front.data, text.data, front.len) == 0);
}

/* Leaves of several that are alike the one that decides, which is the first. */
static void drop_equals(struct robots_index *index)
{
    struct robots_front *fronts = index->fronts;
    size_t nr = 0;

    for (size_t i = 0; i < index->nr_fronts; i++)
        if (nr == 0 || fronts[nr - 1].is_whole != fronts[i].is_whole ||
            compare_texts(fronts[nr - 1].text, fronts[i].text) != 0)
            fronts[nr++] = fronts[i];
    index->nr_fronts = nr;
}

/* Joins each to the longest that begins it. In their order that is the one
 * before, or one of its parents. */
static void join_fronts(struct robots_index *index)
{
    struct robots_front *fronts = index->fronts;

    for (size_t i = 0; i < index->nr_fronts; i++) {
        uint32_t parent = i ? (uint32_t)i - 1 : NONE;
        uint32_t number = fronts[i].is_whole ? NONE : fronts[i].number;

        while (parent != NONE && !begins(fronts[parent].text, fronts[i].text))
            parent = fronts[parent].parent;
        fronts[i].parent = parent;
        fronts[i].best = parent == NONE ? NONE : fronts[parent].best;
        if (number < fronts[i].best)
            fronts[i].best = number;
    }
}

/* Returns the place of the last one that is not behind the path; NONE: all are.
 */
static uint32_t search(const struct robots_index *index, struct bytes path)
{
    size_t low = 0, high = index->nr_fronts;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (compare_texts(index->fronts[middle].text, path) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? (uint32_t)low - 1 : NONE;
}

static size_t common_len(struct bytes a, struct bytes b)
{
    const char *left = a.data, *right = b.data;
    size_t len = 0;

    while (len < a.len && len < b.len && left[len] == right[len])
        len++;
    return len;
}

/* Whatever begins the path is the one found or one of its parents; those that
 * are no longer than what the two have in common do. */
static size_t find_front(const struct robots_index *index, struct bytes path)
{
    uint32_t at = search(index, path), best;
    size_t common;

    if (at == NONE)
        return ROBOTS_NO_RULE;
    common = common_len(index->fronts[at].text, path);
    while (at != NONE && index->fronts[at].text.len > common)
        at = index->fronts[at].parent;
    if (at == NONE)
        return ROBOTS_NO_RULE;
    best = index->fronts[at].best;
    if (index->fronts[at].text.len == path.len &&
        index->fronts[at].number < best)
        best = index->fronts[at].number;
    return best == NONE ? ROBOTS_NO_RULE : best;
}

/* ---- rules with wildcards ---- */

/* What bytes, pairs and groups of four stand in a path. Two groups may share a
 * bit: then a rule is compared in vain. */
struct robots_path {
    uint64_t bytes[256 / 64], pairs[65536 / 64], fours[65536 / 64];
};

static void set_bit(uint64_t *set, size_t bit)
{
    set[bit / 64] |= UINT64_C(1) << (bit % 64);
}

static bool has_bit(const uint64_t *set, size_t bit)
{
    return set[bit / 64] >> (bit % 64) & 1;
}

static size_t four_bit(uint32_t four)
{
    return (four * UINT32_C(0x9e3779b1)) >> 16;
}

static void read_path(struct robots_path *has, const char *path, size_t len)
{
    uint32_t last = 0;

    memset(has, 0, sizeof(*has));
    for (size_t i = 0; i < len; i++) {
        last = last << 8 | (unsigned char)path[i];
        set_bit(has->bytes, last & 0xff);
        if (i > 0)
            set_bit(has->pairs, last & 0xffff);
        if (i > 2)
            set_bit(has->fours, four_bit(last));
    }
}

/* Whether the path may have the longest piece of the rule. */
static bool may_match(const struct robots_path *has,
                      const struct robots_rule *rule)
{
    const struct robots_marks *marks = &rule->marks;

    switch (marks->len) {
    case 0:
        return true;
    case 1:
        return has_bit(has->bytes, marks->first);
    case 2:
        return has_bit(has->pairs, marks->first) &&
               has_bit(has->pairs, marks->last);
    default:
        return has_bit(has->fours, four_bit(marks->first)) &&
               has_bit(has->fours, four_bit(marks->last));
    }
}

/* Returns the first rule with wildcards that matches, or `best` if that comes
 * before it. The filter is made once there are some rules to save. */
static size_t find_wild(const struct robots_index *index,
                        const struct robots_rules *rules, const char *path,
                        size_t len, size_t best)
{
    UNFILLED struct robots_path has;
    bool is_filtered = index->nr_wild > 8;
    int64_t steps = ROBOTS_STEPS_MAX;

    if (is_filtered)
        read_path(&has, path, len);
    for (size_t i = 0; i < index->nr_wild && index->wild[i] < best; i++) {
        const struct robots_rule *rule = &rules->items[index->wild[i]];

        if (steps <= 0
                ? !rule->allow
                : (!is_filtered || may_match(&has, rule)) &&
                      robots_rule_matches(rule, rules->pool, path, len, &steps))
            return index->wild[i];
    }
    return best;
}

size_t robots_index_find(const struct robots_index *index,
                         const struct robots_rules *rules, const char *path,
                         size_t len)
{
    size_t best = find_front(index, (struct bytes){path, len});

    return find_wild(index, rules, path, len, best);
}

/* ---- the index itself ---- */

enum err robots_index_make(struct robots_index *index,
                           const struct robots_rules *rules)
{
    size_t nr = rules->nr_items;

    *index = (struct robots_index){0};
    if (nr == 0)
        return CERR_OK;
    index->fronts = calloc(nr, sizeof(index->fronts[0]));
    index->wild = calloc(nr, sizeof(index->wild[0]));
    if (!index->fronts || !index->wild) {
        robots_index_release(index);
        return CERR_NOMEM;
    }
    for (size_t i = 0; i < nr; i++) {
        const struct robots_rule *rule = &rules->items[i];

        if (rule->kind == ROBOTS_RULE_WILD)
            index->wild[index->nr_wild++] = (uint32_t)i;
        else
            index->fronts[index->nr_fronts++] = (struct robots_front){
                .text = robots_rule_front(rule, rules->pool),
                .number = (uint32_t)i,
                .is_whole = rule->kind == ROBOTS_RULE_WHOLE,
            };
    }
    if (index->nr_fronts > 1)
        qsort(index->fronts, index->nr_fronts, sizeof(index->fronts[0]),
              compare_fronts);
    drop_equals(index);
    join_fronts(index);
    return CERR_OK;
}

void robots_index_release(struct robots_index *index)
{
    free(index->fronts);
    free(index->wild);
    *index = (struct robots_index){0};
}

size_t robots_index_bytes(const struct robots_index *index)
{
    return index->nr_fronts * sizeof(index->fronts[0]) +
           index->nr_wild * sizeof(index->wild[0]);
}
