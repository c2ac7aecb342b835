/*
 * sitemap_charset: a sitemap's bytes as UTF-8.
 *
 * Sitemaps are to be UTF-8, and nearly all are: those bytes go through as they
 * are. A byte order mark, UTF-16's look of "<" and the encoding of an XML
 * declaration tell of others (XML 1.0, appendix F). Pure.
 */
#ifndef CRAWLER_SITEMAP_SITEMAP_CHARSET_H
#define CRAWLER_SITEMAP_SITEMAP_CHARSET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/wire.h"
#include "crawler/charset/charset.h"

/* A declaration that does not end in so many bytes does not count. */
#define SITEMAP_HEAD_BYTES  256
#define SITEMAP_PIECE_BYTES 16384 /* converted at once */

struct sitemap_charset {
    bool is_known; /* `charset` is decided */
    enum charset charset;
    struct buf head; /* the beginning, until then */
    struct charset_text text;
    struct buf utf8;
};

void sitemap_charset_init(struct sitemap_charset *self);
void sitemap_charset_release(struct sitemap_charset *self);

/*
 * Reads some of the next bytes, SITEMAP_PIECE_BYTES at most, and says how many
 * in *taken. `out` is what they are: it lies in `data` or is valid until
 * the next call, and may be empty. `last` says that nothing follows them; with
 * it, call until *taken is all there is, once at least. CERR_NOMEM.
 */
enum err sitemap_charset_read(struct sitemap_charset *self, struct bytes data,
                              bool last, size_t *taken,
                              struct bytes *out) CERR_CHECK;

#endif
