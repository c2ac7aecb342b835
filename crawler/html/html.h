/*
 * html: what a crawler wants from a page of HTML, in one pass over the bytes.
 *
 * Links with their text, the title and the other fields of the head, as the
 * page writes them: resolving them is html_links' part. Feed it UTF-8 (other
 * charsets: charset.h); invalid bytes do no harm, texts come out valid.
 * Scripting is off: what stands in <noscript> counts, what stands in
 * <template> does not. Memory is bounded by the limits below and by those of
 * page.h. Pure; one object serves one page at a time.
 */
#ifndef CRAWLER_HTML_HTML_H
#define CRAWLER_HTML_HTML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/wire.h"
#include "crawler/page/page.h"

/* Of all links' URLs as written, and again of all their texts. */
#define HTML_LINK_BYTES_MAX ((size_t)16 << 20)

struct html_options {
    /* Links, frames and the first <h1> too. Off: the scan ends with the
     * head, at the first tag that only a body can hold. */
    bool want_links;
    bool want_link_texts; /* off: they are "" */
    const char *agent;    /* own product token: its <meta> counts as "robots"
                             does; borrowed, may be NULL */
};

/* Fields of the page; "" where it has none. URLs are as written, references
 * replaced, not resolved; texts are valid UTF-8, white space folded, cut. */
struct html_facts {
    struct bytes title, description, lang, h1;
    struct bytes base;      /* of the first <base href> */
    bool has_base;          /* it may be there and be "" */
    struct bytes canonical; /* of the first <link rel=canonical href> */
    struct bytes refresh;   /* URL of the first meta refresh that has one */
    uint8_t robots;         /* enum page_robots_flag */
    bool links_cut;         /* a limit kept links out */
};

struct html_link {
    enum link_kind kind; /* LINK_A, LINK_AREA, LINK_FRAME */
    bool is_svg;         /* <a> of SVG: not a hyperlink of HTML */
    uint8_t rel;         /* enum link_rel */
    struct bytes href;   /* as written, references replaced */
    struct bytes text;   /* as in html_facts; PAGE_LINK_TEXT_BYTES at most */
};

struct html; /* opaque */

/* Owned by the caller. Never NULL. */
struct html *html_new(void);
void html_free(struct html *html);

/* Begins a page, whatever became of the one before. */
void html_start(struct html *html, const struct html_options *options);
/* Reads on. CERR_NOMEM. */
enum err html_feed(struct html *html, const void *data, size_t len) CERR_CHECK;
/* The page is complete, or nobody wants more of it. CERR_NOMEM. */
enum err html_finish(struct html *html) CERR_CHECK;
/* True when the rest of the page cannot change anything. */
bool html_is_done(const struct html *html);

/* After html_finish(); views live until the next html_start(). */
const struct html_facts *html_get_facts(const struct html *html);
size_t html_nr_links(const struct html *html);
/* `index` below html_nr_links(). */
struct html_link html_get_link(const struct html *html, size_t index);

/* The flags that the content of a robots <meta> sets. */
uint8_t html_robots_flags(const void *content, size_t len);
/*
 * The URL in the content of a refresh <meta>, by the standard's shared
 * declarative refresh steps (4.2.5.3); a view into `content`. False: there is
 * none, or it only reloads the page.
 */
bool html_refresh_url(const void *content, size_t len, struct bytes *url);

#endif
