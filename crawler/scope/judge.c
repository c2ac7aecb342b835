/* Joins scope, traps and the memory of what was seen, see judge.h. */
#include "crawler/scope/judge.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "crawler/scope/aliases.h"
#include "crawler/scope/folders.h"
#include "crawler/scope/seen.h"

/* Hashes of URLs that were judged lately: 8 MiB. */
#define SEEN_HASHES ((size_t)1 << 20)
#define PAGES_ROWS  4
#define PAGES_BITS  16 /* 4 rows of 2^16 counters: 1 MiB */

/* Counts the pages of each host in a count-min sketch (Cormode and
 * Muthukrishnan, 2005): hosts may be too many to count each, and a trap is a
 * host with very many pages. */
struct page_counts {
    uint32_t counters[PAGES_ROWS][1 << PAGES_BITS];
};

struct judge {
    struct scope *scope;
    struct trap *trap;
    struct seen *seen;
    struct page_counts *pages;
    struct folders
        *folders; /* NULL unless --scope prefix makes them the scope */
    struct aliases *aliases; /* NULL unless the scope is the host */
    bool is_boundless;       /* --scope any */
    struct url room;
};

/* ---- pages of a host ---- */

static uint32_t *page_counter(struct page_counts *pages, int64_t host_id,
                              int row)
{
    uint64_t hash = (uint64_t)
        host_id; /* an id is a SipHash, so 16 bits of it serve for each row */

    return &pages->counters[row][hash >> (16 * row) & 0xFFFF];
}

/* Reads the count of a host, which is the least of its rows: each counts too
 * many where hosts share a counter, and none too few. */
static int64_t nr_pages(struct page_counts *pages, int64_t host_id)
{
    uint32_t least = UINT32_MAX;

    for (int row = 0; row < PAGES_ROWS; row++) {
        uint32_t count = *page_counter(pages, host_id, row);
        least = count < least ? count : least;
    }
    return least;
}

void judge_count_page(struct judge *judge, int64_t host_id, struct bytes url)
{
    int64_t least = nr_pages(judge->pages, host_id);

    for (int row = 0; row < PAGES_ROWS; row++) {
        uint32_t *counter = page_counter(judge->pages, host_id, row);
        if (*counter == least && *counter < UINT32_MAX)
            (*counter)++; /* conservative update: no counter rises more than
                             needed */
    }
    if (trap_may_count(url) &&
        url_parse(&judge->room, url.data, url.len, NULL) == URL_OK)
        trap_count(judge->trap, &judge->room);
}

/* ---- begin and end ---- */

enum err judge_new(struct judge **judge, const struct judge_options *options,
                   const struct hash_key *key,
                   char message[SCOPE_MESSAGE_BYTES])
{
    struct judge *made = xcalloc(1, sizeof(*made));
    struct scope_options scope = options->scope;

    if (scope.scope == SCOPE_PREFIX)
        scope.scope = SCOPE_ANY; /* folders.h knows where the seeds lie */
    enum err err = scope_new(&made->scope, &scope, message);

    *judge = NULL;
    if (err) {
        judge_free(made);
        return err;
    }
    made->trap = trap_new(&options->traps, key);
    made->seen = seen_new(SEEN_HASHES);
    made->pages = xcalloc(1, sizeof(*made->pages));
    if (options->scope.scope == SCOPE_PREFIX && options->has_offers)
        made->folders = folders_new(key);
    if (options->scope.scope == SCOPE_HOST)
        made->aliases = aliases_new(key);
    made->is_boundless = options->scope.scope == SCOPE_ANY;
    *judge = made;
    return CERR_OK;
}

void judge_free(struct judge *judge)
{
    if (!judge)
        return;
    scope_free(judge->scope);
    trap_free(judge->trap);
    seen_free(judge->seen);
    free(judge->pages);
    folders_free(judge->folders);
    aliases_free(judge->aliases);
    free(judge);
}

void judge_add_folder(struct judge *judge, const struct url *url)
{
    if (judge->folders)
        folders_add(judge->folders, url);
}

bool judge_add_landing(struct judge *judge, const struct url *listed,
                       const struct url *landed)
{
    if (judge->is_boundless)
        return true;
    if (!scope_is_same_domain(judge->scope, listed, landed))
        return false;
    judge_add_folder(judge, landed);
    if (judge->aliases)
        aliases_add(judge->aliases, listed, landed);
    return true;
}

/* ---- one URL ---- */

/* Whether a URL lies on a host that stands for that of a seed. */
static bool is_alias(const struct judge *judge, const struct url *url,
                     const struct url *seed, const struct url *seed2)
{
    return judge->aliases &&
           (aliases_have(judge->aliases, url, seed) ||
            (seed2 && aliases_have(judge->aliases, url, seed2)));
}

/* The folders of the list stand for --scope prefix; then patterns are asked,
 * relative to either seed. */
bool judge_in_scope(struct judge *judge, const struct url *url,
                    const struct url *seed, const struct url *seed2,
                    struct scope_verdict *verdict)
{
    if (judge->folders && !folders_have(judge->folders, url)) {
        if (verdict)
            *verdict = (struct scope_verdict){ERROR_SCOPE, "scope prefix"};
        return false;
    }
    if (scope_allows(judge->scope, url, seed, verdict) ||
        (seed2 && scope_allows(judge->scope, url, seed2, verdict)))
        return true;
    return is_alias(judge, url, seed, seed2) &&
           scope_allows(judge->scope, url, url, verdict);
}

/* Every URL is in scope of itself, so the patterns alone decide. */
bool judge_lets_pass(struct judge *judge, const struct url *url)
{
    return scope_allows(judge->scope, url, url, NULL);
}

/* Whether counting what waits could cross the limit: a limit that is crossed
 * already does not change. */
bool judge_is_near_limit(const struct judge *judge, int64_t host_id,
                         const struct url *url, int64_t nr_waiting)
{
    int64_t pages_left =
        trap_pages_left(judge->trap, nr_pages(judge->pages, host_id));
    int64_t queries_left = trap_queries_left(judge->trap, url);

    return (pages_left > 0 && pages_left <= nr_waiting) ||
           (queries_left > 0 && queries_left <= nr_waiting);
}

enum trap_rule judge_trap(const struct judge *judge, int64_t host_id,
                          const struct url *url, char reason[TRAP_REASON_BYTES])
{
    return trap_judge(judge->trap, url, nr_pages(judge->pages, host_id),
                      reason);
}

bool judge_has_seen(const struct judge *judge, uint64_t hash)
{
    return seen_has(judge->seen, hash);
}

void judge_note_seen(struct judge *judge, uint64_t hash)
{
    seen_add(judge->seen, hash);
}
