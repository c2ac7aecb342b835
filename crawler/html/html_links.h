/*
 * html_links: from the links that a page writes to the URLs they mean.
 *
 * Knows the base URL of a document (HTML standard, 4.2.3) and that one URL is
 * one link however often and in however many spellings a page has it. Pure;
 * one object serves one page at a time and is kept for the next.
 */
#ifndef CRAWLER_HTML_HTML_LINKS_H
#define CRAWLER_HTML_HTML_LINKS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/wire.h"
#include "crawler/charset/charset.h"
#include "crawler/html/html.h"
#include "crawler/url/url.h"

struct html_links; /* opaque */

/* Owned by the caller. Never NULL. */
struct html_links *html_links_new(void);
void html_links_free(struct html_links *links);

/* Begins a page: `page_url` is its own URL, which stays as it is until the next
 * page begins, `facts` its fields, and `charset` what it is written in: the
 * queries of its links are encoded so. */
void html_links_start(struct html_links *links, const struct url *page_url,
                      const struct html_facts *facts, enum charset charset);

/* One URL as the page writes it: the standard's href, fragment and all. */
enum url_error html_links_resolve(struct html_links *links, struct bytes href,
                                  struct url *url) CERR_CHECK;

/*
 * Appends the page's links to `out` as page_append_link() does: http and https,
 * canonical, each once, in the order of the page; *nr counts them. SVG links
 * are left out. Of links to one URL the first gives kind and text; it carries
 * a rel only if all of them do, for one that may be followed is enough.
 * CERR_NOMEM, and as buf_add for `out`.
 */
enum err html_links_append(struct html_links *links, const struct html *html,
                           struct buf *out, uint32_t *nr) CERR_CHECK;

#endif
