/*
 * scan: from the bytes of a body to the fields of a page.
 *
 * Asks sniffing, charset, HTML and links in their order. One
 * object serves a worker, one page after the other: what it puts into a page
 * lives until the next. Knows nothing of libcurl.
 */
#ifndef CRAWLER_CONTENT_SCAN_H
#define CRAWLER_CONTENT_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/wire.h"
#include "crawler/content/decode.h"
#include "crawler/content/sniff.h"
#include "crawler/page/page.h"

#define SCAN_LINKS_BYTES_MAX ((size_t)32 << 20) /* encoded, of one page */

struct scan; /* opaque */

struct scan_input {
    struct bytes url;            /* of the page, canonical */
    struct bytes type;           /* value of Content-Type, "" if none */
    struct bytes body;           /* decoded */
    bool is_ascii;               /* the body is, wholly */
    const struct sniff *sniffed; /* what scan_sniff() found; NULL: not asked */
    uint64_t skipped_bytes;      /* of ASCII, before `body` */
    uint32_t flags;              /* enum job_flag: JOB_LINKS and so on */
};

/* A sitemap that unpacks to more than so many times its bytes is read no
 * further, as any body is. */
#define SCAN_SITEMAP_RATIO DECODE_RATIO_MAX

/* `agent`: own product token, borrowed. Owned by the caller, never NULL. */
struct scan *scan_new(const char *agent);
void scan_free(struct scan *scan);

/*
 * Judges a body by its beginning, while the rest is on its way; `input` has
 * that, the type and nothing else. True: of what is ASCII in the rest,
 * scan_page() need not see more than the length.
 */
bool scan_sniff(const struct scan_input *input, struct sniff *sniff);

/*
 * Fills mime, charset, chars, and for HTML title and the other texts, robots,
 * links and their flags; links over SCAN_LINKS_BYTES_MAX are missing, which is
 * flagged. CERR_NOMEM: some of it is not there, and it says nothing.
 */
enum err scan_page(struct scan *scan, const struct scan_input *input,
                   struct page *page) CERR_CHECK;

/* Whether a body begins as an XML sitemap does; a packed one is not looked
 * into. */
bool scan_is_sitemap(struct bytes body);
/*
 * Fills the links of a page with the entries of a sitemap, packed or not,
 * whatever its name and type say (sitemaps.org). What is over a limit of
 * sitemap.h, over SCAN_LINKS_BYTES_MAX or behind damage is missing, which is
 * flagged; what is no URL is left out. Without JOB_SITEMAP only an XML
 * sitemap is one. PAGE_IS_SITEMAP says that it was. CERR_NOMEM as above.
 */
enum err scan_sitemap(struct scan *scan, const struct scan_input *input,
                      struct page *page) CERR_CHECK;

#endif
