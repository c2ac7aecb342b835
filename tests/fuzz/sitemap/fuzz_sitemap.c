/*
 * sitemap: any bytes, in two pieces and byte by byte: same entries, same kind.
 * The first two bytes say where the pieces part.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "crawler/sitemap/sitemap.h"

#define SEEN_BYTES ((size_t)64 << 20)
#define URLS_MAX   20

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void see(struct buf *seen, const struct bytes *text)
{
    require(buf_add(seen, text->data, text->len) == CERR_OK);
    require(buf_add_byte(seen, '\n') == CERR_OK);
}

static enum err on_entry(void *ctx, const struct sitemap_entry *entry)
{
    require(entry->loc.len > 0 && entry->loc.len <= SITEMAP_LOC_BYTES + 7);
    require(entry->lastmod.len <= SITEMAP_LASTMOD_BYTES);
    see(ctx, &entry->loc);
    see(ctx, &entry->lastmod);
    return CERR_OK;
}

/* In pieces of `piece` bytes. Appends the kind, too. */
static void read_in_pieces(const uint8_t *data, size_t size, size_t piece,
                           struct buf *seen)
{
    struct sitemap_options options = {
        .on_entry = on_entry, .ctx = seen, .max_urls = URLS_MAX};
    struct sitemap *sitemap = sitemap_new(&options);

    for (size_t at = 0; at < size; at += piece) {
        size_t left = size - at;

        require(sitemap_feed(sitemap, data + at, left < piece ? left : piece) ==
                CERR_OK);
    }
    require(sitemap_finish(sitemap) == CERR_OK);
    require(buf_addf(seen, "%d %d", (int)sitemap_kind(sitemap),
                     sitemap_is_cut(sitemap)) == CERR_OK);
    sitemap_free(sitemap);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf by_byte, in_pieces;
    size_t piece;

    if (size < 2)
        return 0;
    piece = (size_t)data[0] * 256 + data[1] + 1;
    buf_init(&by_byte, SEEN_BYTES);
    buf_init(&in_pieces, SEEN_BYTES);
    read_in_pieces(data + 2, size - 2, 1, &by_byte);
    read_in_pieces(data + 2, size - 2, piece, &in_pieces);
    require(by_byte.len == in_pieces.len);
    require(memcmp(by_byte.data, in_pieces.data, by_byte.len) == 0);
    buf_release(&by_byte);
    buf_release(&in_pieces);
    return 0;
}
