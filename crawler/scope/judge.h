/*
 * judge: whether a URL that something led to belongs to the crawl.
 *
 * It joins the user's scope and patterns (scope.h), the folders of the list
 * (folders.h), the limits against traps (trap.h) and a memory of what was
 * judged lately (seen.h), and counts the pages found on each host for them. The
 * frontier and frontier_explain() ask the same functions. It knows no storage.
 */
#ifndef CRAWLER_SCOPE_JUDGE_H
#define CRAWLER_SCOPE_JUDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/wire.h"
#include "crawler/scope/scope.h"
#include "crawler/scope/trap.h"
#include "crawler/url/url.h"

struct judge; /* opaque */

struct judge_options {
    struct scope_options scope;
    struct trap_limits traps;
    bool has_offers; /* links or sitemaps are followed */
};

/* On CERR_OK `*judge` is owned by the caller. CERR_INVALID: a pattern does not
 * compile; `message` says why. The options are borrowed for the call. */
enum err judge_new(struct judge **judge, const struct judge_options *options,
                   const struct hash_key *key,
                   char message[SCOPE_MESSAGE_BYTES]) CERR_CHECK;
void judge_free(struct judge *judge);

/* Adds the folder of a line's canonical URL; needed for --scope prefix alone.
 */
void judge_add_folder(struct judge *judge, const struct url *url);
/*
 * Notes that a listed URL landed elsewhere by redirects, when it did so within
 * its registrable domain: the scope goes along. Returns whether links of the
 * page where it landed are followed: not on another domain, unless all are.
 */
bool judge_add_landing(struct judge *judge, const struct url *listed,
                       const struct url *landed);
/* Counts a found URL that is new, for its host and its path. */
void judge_count_page(struct judge *judge, int64_t host_id, struct bytes url);
/*
 * Whether the pages of a host must be counted, by judge_set_pages(), before
 * judge_trap() is exact: so many may be known already, or with `nr_waiting`
 * more, that the limit counts. Counting up to *enough is enough.
 */
bool judge_must_count(const struct judge *judge, int64_t host_id,
                      int64_t nr_waiting, int64_t *enough);
void judge_set_pages(struct judge *judge, int64_t host_id, int64_t nr);
/* A page of a host counts no more, as the list names it now. */
void judge_forget_pages(struct judge *judge, int64_t host_id);

/*
 * Whether a URL is in scope of `seed` or, unless it is NULL, of `seed2`; all
 * are canonical. `verdict` (may be NULL) says which rule decided.
 */
bool judge_in_scope(struct judge *judge, const struct url *url,
                    const struct url *seed, const struct url *seed2,
                    struct scope_verdict *verdict);
/* Whether --include and --exclude let the URL pass, wherever it lies. */
bool judge_lets_pass(struct judge *judge, const struct url *url);
/* Whether a found URL that is new is a trap; `reason` as in trap_judge(). */
enum trap_rule judge_trap(const struct judge *judge, int64_t host_id,
                          const struct url *url,
                          char reason[TRAP_REASON_BYTES]);
/* Counts a found page that has ended, by a hash of its content. Returns whether
 * URLs of its pattern are a trap from now on. */
bool judge_count_content(struct judge *judge, struct bytes url,
                         struct bytes content_hash);
/* Notes a found page that has ended under a URL, by a hash of what tells it
 * from others. Returns whether ids of sessions are taken out of links to its
 * host from now on. */
bool judge_note_session(struct judge *judge, int64_t host_id, struct bytes url,
                        uint64_t page);
/* Copies a URL of such a host without its ids into `out`, URL_BYTES_MAX; false:
 * it stays as it is. */
bool judge_drop_session(const struct judge *judge, int64_t host_id,
                        struct bytes *url, char *out);
/* Whether a found URL that waits is of such a pattern; `reason` as above. */
bool judge_is_stopped(struct judge *judge, struct bytes url,
                      char reason[TRAP_REASON_BYTES]);
/* Whether the verdict of judge_trap() could change when `nr_waiting` more URLs
 * of the host are counted. */
bool judge_is_near_limit(const struct judge *judge, int64_t host_id,
                         const struct url *url, int64_t nr_waiting);

/* Whether a text was judged lately, by its hash. */
bool judge_has_seen(const struct judge *judge, uint64_t hash);
void judge_note_seen(struct judge *judge, uint64_t hash);

#endif
