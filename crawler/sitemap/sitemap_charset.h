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

#define SITEMAP_HEAD_BYTES                                                     \
    256 /* in which a declaration ends, or counts not                          \
         */
#define SITEMAP_PIECE_BYTES 16384 /* taken in at once */

struct sitemap_charset {
    bool is_known; /* what comes is read as `charset` */
    enum charset charset;
    struct buf head; /* until then */
    struct charset_text text;
    struct buf utf8;
};

void sitemap_charset_init(struct sitemap_charset *self);
void sitemap_charset_release(struct sitemap_charset *self);

/*
 * Takes some of the next bytes, SITEMAP_PIECE_BYTES at most, and returns their
 * number in *taken. `out` is what they are: it lies in `data` or is valid until
 * the next call, and may be empty. `last` says that nothing follows them; with
 * it, call until *taken is all there is, once at least. CERR_NOMEM.
 */
enum err sitemap_charset_read(struct sitemap_charset *self, struct bytes data,
                              bool last, size_t *taken,
                              struct bytes *out) CERR_CHECK;

#endif
