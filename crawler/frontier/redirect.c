/*
 * Redirects of one item: where the next hop leads, what forbids to follow it,
 * and what is told of the hops when the item has ended.
 */
#include <string.h>

#include "base/xalloc.h"
#include "crawler/frontier/frontier_internal.h"

static bool is_same(struct bytes a, struct bytes b)
{
    return a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}

/* Whether the redirect leads back to a URL that the chain has asked before. A
 * loop is found at its first repetition. But where a cookie came since then,
 * and goes out with the next request, the same URL may answer otherwise: a
 * chain may ask for it again, within its limit. */
static bool is_loop(const struct item *item, const struct page *page,
                    struct bytes url)
{
    const struct redirect_chain *chain = item->chain;
    size_t nr_hops = chain ? chain->nr_hops : 0;
    bool got_cookie = (page->flags & PAGE_SETS_COOKIE) != 0;

    for (size_t i = nr_hops; i > 0 && !got_cookie; i--) {
        if (is_same(chain->hops[i - 1].to_url, url))
            return true;
        got_cookie = chain->hops[i - 1].sets_cookie;
    }
    return !got_cookie && is_same(item_url(item), url);
}

/* Reads where a redirect leads. A Location that is no URL is the fault of the
 * server; a scheme or port that is not followed has its own error. */
enum error redirect_read(struct frontier *frontier, const struct item *item,
                         const struct page *page, size_t max_hops,
                         struct keyed_url *target)
{
    enum error error =
        url_reader_read(frontier->reader, page->location, target);

    if (error == ERROR_BAD_URL || error == ERROR_TOO_LONG)
        return ERROR_BAD_REDIRECT;
    if (error)
        return error;
    if (is_loop(item, page, target->url))
        return ERROR_REDIRECT_LOOP;
    if (item->chain && item->chain->nr_hops >= max_hops)
        return ERROR_REDIRECT_LIMIT;
    return ERROR_NONE;
}

/* Goes on from the target along redirects that are stored. Where they come back
 * to the item, it is the last one of a loop. */
enum err redirect_find_loop(struct frontier *frontier, const struct item *item,
                            struct url_key target, bool *is_loop)
{
    struct keyed_url next = {.key = target};
    struct buf text;
    enum err err = CERR_OK;

    buf_init(&text, URL_BYTES_MAX);
    *is_loop = false;
    for (int i = 0; i < VISIT_HOPS_MAX && !*is_loop; i++) {
        if (next.key.host_id == item->key.host_id &&
            next.key.url_hash == item->key.url_hash) {
            *is_loop = true;
            break;
        }
        buf_reset(&text);
        err = storage_get_redirect(frontier->storage, next.key, &text, is_loop);
        if (err || text.len == 0 ||
            url_reader_read(frontier->reader,
                            (struct bytes){text.data, text.len}, &next))
            break;
    }
    buf_release(&text);
    return err;
}

/* Adds a hop to the chain. The texts of the page are gone after the answer, so
 * the chain has copies. */
void redirect_add_hop(struct item *item, const struct page *page,
                      struct bytes target)
{
    if (!item->chain)
        item->chain = xcalloc(1, sizeof(*item->chain));

    struct redirect_chain *chain = item->chain;
    char *text = xmemdup0(target.data, target.len);
    chain->hops[chain->nr_hops] = (struct visit_hop){
        .from_url = item_target(item),
        .to_url = {text, target.len},
        .status = page->status,
        .sets_cookie = (page->flags & PAGE_SETS_COOKIE) != 0,
        .elapsed_ms = page->total_us / 1000.0,
    };
    chain->texts[chain->nr_hops++] = text;
    item->tries.is_redirect_start = true;
}

/* Makes the visit of a hop. The answer to the last hop is `page`; each hop
 * before it was answered by a redirect, of which the chain knows status and
 * target. */
void redirect_hop_visit(const struct item *item, size_t i,
                        const struct page *page, struct page *moved,
                        struct visit *visit)
{
    const struct redirect_chain *chain = item->chain;
    const struct page *answer = page;

    if (i + 1 < chain->nr_hops) {
        page_init(moved);
        moved->outcome = OUTCOME_REDIRECT;
        moved->status = (uint16_t)chain->hops[i + 1].status;
        moved->location = chain->hops[i + 1].to_url;
        answer = moved;
    }
    *visit = (struct visit){
        .url = chain->hops[i].to_url,
        .final_url = chain->hops[i].to_url,
        .depth = item->source.depth,
        .outcome = answer->outcome,
        .error = answer->error,
        .detail = answer->detail,
        .page = answer,
        .tries = 1,
        .worker = -1,
    };
    if (answer == moved) {
        visit->hops = &chain->hops[i + 1];
        visit->nr_hops = 1;
        visit->final_url = chain->hops[i + 1].to_url;
    }
}
