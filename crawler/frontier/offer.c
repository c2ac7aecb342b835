/*
 * What an answer leads to: the links of a page, its canonical URL, its refresh;
 * and where the redirect of a found URL leads, which is a URL of its own. Each
 * is judged here, by scope, by traps and by what was seen, before it costs a
 * probe of the database. What is left joins frontier->links, which the next
 * turn stores.
 *
 * A link of a page is in scope when it is so relative to where the page came
 * from, or to the URL that was listed: from page to page that keeps a crawl
 * where its seed was, also when the seed redirects to another host.
 */
#include <string.h>

#include "base/hash.h"
#include "base/unfilled.h"
#include "crawler/frontier/frontier_internal.h"

/* Tells what was checked apart from what was found, in the memory of what was
 * seen: a page in scope may link to it still. */
#define CHECK_SEEN UINT64_C(0xC4EC4EDC4EC4EDC5)

/* A URL that a trap refuses joins them as well, with the reason, so that people
 * see what was left out. */
static enum err add_to_links(struct frontier *frontier,
                             const struct offer *offer,
                             const struct keyed_url *url)
{
    struct batch *links = &frontier->links;
    const struct url *parsed = &frontier->reader->url;
    char reason[TRAP_REASON_BYTES] = "";
    int64_t host_id = url->key.host_id;

    enum err err = intake_count_pages(frontier, host_id);
    if (err)
        return err;
    enum trap_rule rule = judge_trap(frontier->judge, host_id, parsed, reason);

    /* What waits in the batch is not counted yet: near a limit it has to be. */
    if (rule == TRAP_NONE) {
        reason[0] = '\0';
        if (judge_is_near_limit(frontier->judge, host_id, parsed,
                                (int64_t)links->nr))
            return batch_add_late(links, url, &offer->parent, &offer->source);
    }
    err = batch_add(links, url, (struct bytes){reason, strlen(reason)},
                    &offer->parent, &offer->source);
    if (!err)
        links->urls[links->nr - 1].rule = (uint8_t)rule;
    return err;
}

static void note_out(const struct offer *offer)
{
    if (offer->nr_out)
        ++*offer->nr_out;
}

/* Takes the id of a session out of a link whose host gives one page under many.
 * Returns whether what is left was seen. */
static bool drop_session(struct frontier *frontier, struct keyed_url *url)
{
    UNFILLED char plain[URL_BYTES_MAX];
    struct bytes text = url->url;

    return judge_drop_session(frontier->judge, url->key.host_id, &text,
                              plain) &&
           (url_reader_read(frontier->reader, text, url) != ERROR_NONE ||
            judge_has_seen(frontier->judge, (uint64_t)url->key.url_hash));
}

/* A URL that was in scope once needs no second look, wherever it stands; one
 * that was not may be so on a page of another host, so that memory is kept by
 * host. */
enum err offer_url(struct frontier *frontier, const struct offer *offer)
{
    struct judge *judge = frontier->judge;
    uint64_t hash =
        hash_sip(frontier->hash_key, offer->url.data, offer->url.len);
    struct keyed_url url;

    if (judge_has_seen(judge, hash))
        return CERR_OK;
    if (judge_has_seen(judge, hash ^ offer->context)) {
        note_out(offer);
        return CERR_OK;
    }
    /* What comes from a worker is read anew: it must be the canonical form. */
    if (url_reader_read(frontier->reader, offer->url, &url) != ERROR_NONE ||
        (offer->seed && !judge_in_scope(judge, &frontier->reader->url,
                                        offer->seed, offer->seed2, NULL))) {
        judge_note_seen(judge, hash ^ offer->context);
        note_out(offer);
        return CERR_OK;
    }
    judge_note_seen(judge, hash);
    if (drop_session(frontier, &url))
        return CERR_OK;
    if (hash != (uint64_t)url.key.url_hash)
        judge_note_seen(judge, (uint64_t)url.key.url_hash);
    return add_to_links(frontier, offer, &url);
}

static bool read_seed(struct url *seed, struct bytes text)
{
    return url_parse(seed, text.data, text.len, NULL) == URL_OK;
}

/* Sets what scope is judged by. Behind a redirect to another host the page has
 * two seeds, and a refusal is remembered for both together. */
bool offer_set_seeds(const struct item *item, struct url seeds[2],
                     struct offer *offer)
{
    offer->context = (uint64_t)item->host->id * UINT64_C(0x9E3779B97F4A7C15);
    offer->seed = &seeds[0];
    if (!read_seed(&seeds[0], item_target(item)))
        return false;
    if (item->host == item->origin)
        return true;
    offer->context ^= (uint64_t)item->origin->id;
    offer->seed2 = &seeds[1];
    return read_seed(&seeds[1], item_url(item));
}

/* ---- what an answer leads to ---- */

/* Whether links of the page where an item landed are followed. A listed URL
 * takes its scope along within its domain. Behind a redirect to another one
 * there is a page, and no site, that the user asked for, unless the list names
 * that host as well. */
static bool may_lead_on(struct frontier *frontier, const struct item *item,
                        const struct offer *offer)
{
    return !offer->seed2 ||
           judge_add_landing(frontier->judge, offer->seed2, offer->seed) ||
           item->host->is_listed;
}

/* The meta element or X-Robots-Tag of a page says nofollow, and the user does
 * not ignore robots for its host. */
static bool is_nofollow(const struct item *item, const struct page *page)
{
    return !item->host->rules.ignore_robots && (page->robots & PAGE_NOFOLLOW);
}

/* Offers at most `max` links off the front of *rest, but those whose rel says
 * nofollow, which is obeyed as it is for a page. */
static enum err offer_some(struct frontier *frontier, const struct item *item,
                           struct offer *offer, struct bytes *rest, size_t max)
{
    bool obey = !item->host->rules.ignore_robots, is_bad = false;
    UNFILLED struct page_link link;
    enum err err = CERR_OK;

    for (size_t i = 0; i < max && !err; i++) {
        if (!page_next_link(rest, &link, &is_bad)) {
            rest->len = 0;
            break;
        }
        offer->url = link.url;
        if (!obey || !(link.rel & LINK_NOFOLLOW))
            err = offer_url(frontier, offer);
    }
    return err;
}

static struct offer offer_of_page(const struct item *item)
{
    return (struct offer){
        .parent = item->key,
        .source = {.kind = URL_FOUND, .depth = item->source.depth + 1},
    };
}

/* Offers the links of a page that were not taken before. */
static enum err offer_links(struct frontier *frontier, const struct item *item,
                            const struct page *page)
{
    struct bytes links = page->links;
    struct offer offer = offer_of_page(item);
    UNFILLED struct url seeds[2];
    enum err err = CERR_OK;

    if (is_nofollow(item, page) || !offer_set_seeds(item, seeds, &offer))
        return CERR_OK;
    if (!may_lead_on(frontier, item, &offer)) {
        frontier->stats.left_out.nr_moved_away += item->source.line > 0;
        return CERR_OK;
    }
    if (!item->links_are_taken)
        err = offer_some(frontier, item, &offer, &links, SIZE_MAX);
    offer.url = page->canonical;
    if (!err && offer.url.len > 0)
        err = offer_url(frontier, &offer);
    offer.url = page->refresh;
    if (!err && offer.url.len > 0)
        err = offer_url(frontier, &offer);
    return err;
}

/* Makes a known URL one hop nearer: a page of the same level links to it, which
 * would be one hop more. The URL may still wait in the batch, so this one is
 * stored after it. */
static enum err bring_forward(struct frontier *frontier,
                              const struct offer *offer)
{
    struct keyed_url url;

    if (url_reader_read(frontier->reader, offer->url, &url) != ERROR_NONE)
        return CERR_OK;
    return batch_add_late(&frontier->links, &url, &offer->parent,
                          &offer->source);
}

/* Offers a URL that a redirect leads to. Out of scope it is no part of the
 * crawl, but whether the link leads anywhere is seen by its answer alone: so it
 * is checked, once. What --include and --exclude leave out is not asked. */
static enum err offer_or_check(struct frontier *frontier, struct offer *offer)
{
    const struct url *parsed = &frontier->reader->url;
    struct judge *judge = frontier->judge;
    struct keyed_url url;

    if (url_reader_read(frontier->reader, offer->url, &url) != ERROR_NONE)
        return CERR_OK;
    uint64_t hash = (uint64_t)url.key.url_hash;
    if (judge_in_scope(judge, parsed, offer->seed, offer->seed2, NULL)) {
        judge_note_seen(judge, hash);
        return add_to_links(frontier, offer, &url);
    }
    if (judge_has_seen(judge, hash ^ CHECK_SEEN) ||
        !judge_lets_pass(judge, parsed))
        return CERR_OK;
    judge_note_seen(judge, hash ^ CHECK_SEEN);
    frontier->run.has_checked = true;
    offer->source.nr_hops = URL_HOPS_CHECKED;
    return add_to_links(frontier, offer, &url);
}

static void note_own_port(struct frontier *frontier, const struct item *item,
                          struct bytes to)
{
    struct keyed_url url;

    if (host_may_be_private(item->host) &&
        url_reader_read(frontier->reader, to, &url) == ERROR_NONE)
        private_note_redirect(frontier, item->host, &url);
}

/* Offers the target of a found URL that redirects. The hops at one depth are
 * counted, so that a chain ends. */
static enum err offer_target(struct frontier *frontier, const struct item *item,
                             const struct page *page)
{
    UNFILLED struct url seeds[2];
    struct offer offer = {
        .url = page->location,
        .parent = item->key,
        .source = {.kind = URL_FOUND,
                   .depth = item->source.depth,
                   .nr_hops = item->source.nr_hops + 1},
    };

    if (!offer_set_seeds(item, seeds, &offer))
        return CERR_OK;
    note_own_port(frontier, item, offer.url);
    if (judge_has_seen(
            frontier->judge,
            hash_sip(frontier->hash_key, offer.url.data, offer.url.len)))
        return bring_forward(frontier, &offer);
    return offer_or_check(frontier, &offer);
}

/* Links of errors and of refused pages are not followed: only an answer that is
 * ok speaks for its host. */
static bool follows_links(const struct frontier *frontier,
                          const struct item *item, const struct page *page)
{
    return item->kind == ITEM_URL && !item_is_checked(item) &&
           page->outcome == OUTCOME_OK &&
           frontier_follows_to(&frontier->options, item->source.depth + 1);
}

enum err offer_slice(struct frontier *frontier, struct item *item,
                     const struct page *page, struct bytes *rest, size_t max)
{
    struct offer offer = offer_of_page(item);
    UNFILLED struct url seeds[2];
    enum err err = CERR_OK;

    if (!follows_links(frontier, item, page) || is_nofollow(item, page) ||
        !offer_set_seeds(item, seeds, &offer) ||
        !may_lead_on(frontier, item, &offer))
        rest->len = 0;
    else
        err = offer_some(frontier, item, &offer, rest, max);
    item->links_are_taken = !err && rest->len == 0;
    return err;
}

enum err offer_leads(struct frontier *frontier, const struct item *item,
                     const struct page *page)
{
    const struct frontier_options *options = &frontier->options;

    if (item_is_checked(item))
        return CERR_OK;
    if (follows_links(frontier, item, page))
        return offer_links(frontier, item, page);
    if (page->outcome == OUTCOME_REDIRECT && page->error == ERROR_NONE &&
        page->location.len > 0 && item->source.line == 0 && !item->chain &&
        options->max_redirects > 0)
        return offer_target(frontier, item, page);
    return CERR_OK;
}
