/*
 * The resolver behind html_links.h.
 *
 * DESIGN. Two looks into one table of seen hashes for each link: by what is
 * written, which spares most of the parsing, since pages repeat themselves,
 * and by the canonical URL. 64-bit hashes are taken for equality: a page that
 * goes to the length of a collision loses a link of its own.
 */
#include "crawler/html/html_links.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <xxhash.h>

#include "base/xalloc.h"

#define URLS_KEEP_BYTES ((size_t)256 << 10)
/* Longest href in bytes; a longer one is no URL anyway. */
#define HREF_BYTES_MAX  65536
#define SLOTS_MIN       64
#define SLOTS_KEEP      16384 /* slots that are kept between pages */
#define SLOT_NEW        UINT32_MAX
#define SLOT_NO_URL     (UINT32_MAX - 1) /* no http URL */
#define SEED_WRITTEN    1
#define SEED_CANONICAL  2

/* Open addressing; a slot is free while its hash is 0. */
struct slot {
    uint64_t hash;   /* 0: free */
    uint32_t number; /* of its struct found, or one of SLOT_... */
};

/* One URL that the page links. */
struct found {
    uint32_t url_at, url_len; /* in `urls` */
    uint32_t index;           /* of the html_link that was first */
    uint8_t rel;
};

struct html_links {
    struct url own_base;    /* of a base element */
    const struct url *base; /* own_base or the page's URL; NULL: relative URLs
                             * lead to no http URL */
    enum charset charset;
    struct buf href; /* scratch: one with its query encoded */
    struct url url;  /* scratch */
    struct slot *slots;
    size_t nr_slots;     /* in use: a power of two, never half full */
    size_t cap_slots;    /* allocated */
    struct found *found; /* as many as a quarter of the slots */
    size_t nr_found;
    struct buf urls;
};

struct html_links *html_links_new(void)
{
    struct html_links *links = xcalloc(1, sizeof(*links));

    buf_init(&links->urls, UINT32_MAX);
    buf_init(&links->href, (size_t)16 * HREF_BYTES_MAX);
    return links;
}

void html_links_free(struct html_links *links)
{
    if (!links)
        return;
    buf_release(&links->urls);
    buf_release(&links->href);
    free(links->slots);
    free(links->found);
    free(links);
}

/* 4.2.3: a base that does not parse, or of these two schemes, is ignored. */
static bool is_ignored_base(struct bytes href)
{
    static const char *const schemes[] = {"data:", "javascript:"};
    const char *text = href.data;

    for (size_t i = 0; i < 2; i++) {
        size_t len = strlen(schemes[i]);

        if (href.len >= len && strncasecmp(text, schemes[i], len) == 0)
            return true;
    }
    return false;
}

void html_links_start(struct html_links *links, const struct url *page_url,
                      const struct html_facts *facts, enum charset charset)
{
    links->charset = charset;
    links->base = page_url;
    if (facts->has_base) {
        enum url_error error = url_parse(&links->own_base, facts->base.data,
                                         facts->base.len, page_url);

        if (error == URL_OK)
            links->base = &links->own_base;
        /* A base of ftp: or the like makes every relative link one of ftp:. */
        else if (error == URL_BAD_SCHEME && !is_ignored_base(facts->base))
            links->base = NULL;
    }
}

/* The query of a link is in the page's encoding, unless that is UTF-8. */
static bool needs_encoding(const struct html_links *links, struct bytes href)
{
    const char *query;

    if (links->charset == CHARSET_UTF_8 || href.len > HREF_BYTES_MAX)
        return false;
    query = memchr(href.data, '?', href.len);
    return query && charset_count_chars(href.data, href.len) < href.len;
}

/* A link's query is encoded in the charset of the page: the HTML standard's
 * "encoding-parse a URL". */
enum url_error html_links_resolve(struct html_links *links, struct bytes href,
                                  struct url *url)
{
    if (needs_encoding(links, href)) {
        buf_reset(&links->href);
        if (charset_encode_query(links->charset, href.data, href.len,
                                 &links->href) != CERR_OK)
            return URL_TOO_LONG;
        href = (struct bytes){links->href.data, links->href.len};
    }
    return url_parse(url, href.data, href.len, links->base);
}

/* Makes room for `nr` links, two slots each, all free. */
static enum err prepare(struct html_links *links, size_t nr)
{
    size_t want = SLOTS_MIN;

    while (want < 4 * nr)
        want *= 2;
    if (links->cap_slots < want || links->cap_slots > SLOTS_KEEP) {
        free(links->slots);
        free(links->found);
        links->cap_slots = 0;
        links->slots = malloc(want * sizeof(*links->slots));
        links->found = malloc(want / 4 * sizeof(*links->found));
        if (!links->slots || !links->found)
            return CERR_NOMEM;
        links->cap_slots = want;
    }
    memset(links->slots, 0, want * sizeof(*links->slots));
    links->nr_slots = want;
    links->nr_found = 0;
    buf_reset_to(&links->urls, URLS_KEEP_BYTES);
    return CERR_OK;
}

/* Finds the slot of a text: the one that has it, or the free one where it goes.
 */
static struct slot *find_slot(struct html_links *links, struct bytes text,
                              uint64_t seed)
{
    uint64_t hash = XXH3_64bits_withSeed(text.data, text.len, seed) | 1;
    size_t at = (size_t)(hash >> 1) & (links->nr_slots - 1);

    while (links->slots[at].hash != 0 && links->slots[at].hash != hash)
        at = (at + 1) & (links->nr_slots - 1);
    if (links->slots[at].hash == 0)
        links->slots[at] = (struct slot){hash, SLOT_NEW};
    return &links->slots[at];
}

/* Finds the number of the canonical URL in links->url; a new one gets the next
 * number. */
static enum err find_canonical(struct html_links *links, size_t index,
                               uint8_t rel, uint32_t *number)
{
    struct bytes text = {links->url.text, links->url.len};
    struct slot *slot = find_slot(links, text, SEED_CANONICAL);
    struct found found = {.url_at = (uint32_t)links->urls.len,
                          .url_len = links->url.len,
                          .index = (uint32_t)index,
                          .rel = rel};
    enum err err = CERR_OK;

    if (slot->number == SLOT_NEW) {
        slot->number = (uint32_t)links->nr_found;
        links->found[links->nr_found++] = found;
        err = buf_add(&links->urls, text.data, text.len);
    }
    *number = slot->number;
    return err;
}

/* The link without its fragment, which does not tell two links apart. */
static struct bytes cut_fragment(struct bytes href)
{
    const char *hash = memchr(href.data, '#', href.len);

    if (hash)
        href.len = (size_t)(hash - (const char *)href.data);
    return href;
}

/* Notes one link of the page, whether it is new or was seen before. */
static enum err find_link(struct html_links *links,
                          const struct html_link *link, size_t index)
{
    struct bytes href = cut_fragment(link->href);
    struct slot *slot = find_slot(links, href, SEED_WRITTEN);

    if (slot->number == SLOT_NEW) {
        uint32_t number = SLOT_NO_URL;
        enum err err = CERR_OK;

        if (html_links_resolve(links, href, &links->url) == URL_OK) {
            url_canonical(&links->url, &links->url);
            err = find_canonical(links, index, link->rel, &number);
        }
        if (err != CERR_OK)
            return err;
        slot->number = number;
    }
    if (slot->number != SLOT_NO_URL)
        links->found[slot->number].rel &= link->rel;
    return CERR_OK;
}

/* First all links are looked at, then what was found is written: only the last
 * link to a URL can tell whether all of them are nofollow. */
enum err html_links_append(struct html_links *links, const struct html *html,
                           struct buf *out, uint32_t *nr)
{
    enum err err = prepare(links, html_nr_links(html));

    for (size_t i = 0; i < html_nr_links(html) && err == CERR_OK; i++) {
        struct html_link link = html_get_link(html, i);

        if (!link.is_svg)
            err = find_link(links, &link, i);
    }
    for (size_t i = 0; i < links->nr_found && err == CERR_OK; i++) {
        const struct found *found = &links->found[i];
        struct html_link link = html_get_link(html, found->index);
        struct page_link put = {
            .url = {links->urls.data + found->url_at, found->url_len},
            .text = link.text,
            .kind = link.kind,
            .rel = found->rel,
        };

        err = page_append_link(out, &put);
    }
    *nr = (uint32_t)links->nr_found;
    return err;
}
