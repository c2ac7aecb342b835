/* Joins scope, traps and the memory of what was seen, see judge.h. */
#include "crawler/scope/judge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "crawler/scope/aliases.h"
#include "crawler/scope/equal_pages.h"
#include "crawler/scope/folders.h"
#include "crawler/scope/page_counts.h"
#include "crawler/scope/seen.h"
#include "crawler/scope/session_keys.h"

/* Hashes of URLs that were judged lately: 8 MiB. */
#define SEEN_HASHES ((size_t)1 << 20)

struct judge {
    struct scope *scope;
    struct trap *trap;
    struct seen *seen;
    struct page_counts *pages;
    struct equal_pages *equal;
    struct session_keys *sessions;
    struct folders
        *folders; /* NULL unless --scope prefix makes them the scope */
    struct aliases *aliases; /* NULL unless the scope is the host */
    bool is_boundless;       /* --scope any */
    struct url room;
};

/* ---- pages of a host ---- */

void judge_count_page(struct judge *judge, int64_t host_id, struct bytes url)
{
    page_counts_add(judge->pages, host_id);
    if (trap_may_count(url) &&
        url_parse(&judge->room, url.data, url.len, NULL) == URL_OK)
        trap_count(judge->trap, &judge->room);
}

/* A count that is too large errs on the side of asking, and never of letting
 * a page pass. */
bool judge_must_count(const struct judge *judge, int64_t host_id,
                      int64_t nr_waiting, int64_t *enough)
{
    bool is_exact;
    int64_t nr = page_counts_get(judge->pages, host_id, &is_exact);
    int64_t left = trap_pages_left(judge->trap, nr);

    if (is_exact || left > nr_waiting)
        return false;
    *enough = nr + left;
    return true;
}

void judge_set_pages(struct judge *judge, int64_t host_id, int64_t nr)
{
    page_counts_set(judge->pages, host_id, nr);
}

void judge_forget_pages(struct judge *judge, int64_t host_id)
{
    page_counts_forget(judge->pages, host_id);
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
    made->pages = page_counts_new();
    made->equal = equal_pages_new(trap_equal_pages(made->trap), key);
    made->sessions = session_keys_new(key);
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
    page_counts_free(judge->pages);
    equal_pages_free(judge->equal);
    session_keys_free(judge->sessions);
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
    int64_t pages_left = trap_pages_left(
        judge->trap, page_counts_get(judge->pages, host_id, NULL));
    int64_t queries_left = trap_queries_left(judge->trap, url);

    return (pages_left > 0 && pages_left <= nr_waiting) ||
           (queries_left > 0 && queries_left <= nr_waiting);
}

static bool is_of_equal_pages(const struct judge *judge, const struct url *url,
                              char reason[TRAP_REASON_BYTES])
{
    if (!equal_pages_stop(judge->equal, url))
        return false;
    if (reason)
        snprintf(reason, TRAP_REASON_BYTES,
                 "pages of this pattern with equal content: over %d",
                 trap_equal_pages(judge->trap));
    return true;
}

enum trap_rule judge_trap(const struct judge *judge, int64_t host_id,
                          const struct url *url, char reason[TRAP_REASON_BYTES])
{
    enum trap_rule rule = trap_judge(
        judge->trap, url, page_counts_get(judge->pages, host_id, NULL), reason);

    return rule == TRAP_NONE && is_of_equal_pages(judge, url, reason)
               ? TRAP_HAS_EQUAL_PAGES
               : rule;
}

bool judge_count_content(struct judge *judge, struct bytes url,
                         struct bytes content_hash)
{
    return trap_equal_pages(judge->trap) > 0 &&
           url_parse(&judge->room, url.data, url.len, NULL) == URL_OK &&
           equal_pages_count(judge->equal, &judge->room, content_hash);
}

bool judge_note_session(struct judge *judge, int64_t host_id, struct bytes url,
                        uint64_t page)
{
    return session_keys_note(judge->sessions, host_id, url, page);
}

bool judge_drop_session(const struct judge *judge, int64_t host_id,
                        struct bytes *url, char *out)
{
    if (!session_keys_have(judge->sessions, host_id))
        return false;
    size_t len = session_keys_strip(*url, out);
    bool is_shorter = len < url->len;
    *url = (struct bytes){out, len};
    return is_shorter;
}

/* Only where some pattern is stopped is a URL parsed for this. */
bool judge_is_stopped(struct judge *judge, struct bytes url,
                      char reason[TRAP_REASON_BYTES])
{
    return equal_pages_have_any(judge->equal) &&
           url_parse(&judge->room, url.data, url.len, NULL) == URL_OK &&
           is_of_equal_pages(judge, &judge->room, reason);
}

bool judge_has_seen(const struct judge *judge, uint64_t hash)
{
    return seen_has(judge->seen, hash);
}

void judge_note_seen(struct judge *judge, uint64_t hash)
{
    seen_add(judge->seen, hash);
}
