/*
 * urllist: any bytes, byte by byte and in pieces: same lines, same end. From a
 * place in the middle the rest comes out the same. The first two bytes are the
 * size of a piece, the third is the line to go on from. Of damaged xz data
 * liblzma gives more or less before the error, as the pieces are; then the one
 * must be the beginning of the other.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "crawler/list/urllist.h"

#define SEEN_BYTES ((size_t)256 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

struct reading {
    struct urllist *list;
    struct buf seen;
    int64_t mark_line;   /* note the place behind this line */
    int64_t mark_offset; /* -1: not reached */
    size_t mark_seen;    /* what was seen up to there */
    enum err err;        /* how it ended */
    size_t end_len;      /* of what `seen` has about that */
};

static enum err on_line(void *ctx, const struct urllist_line *line)
{
    struct reading *reading = ctx;
    struct buf *seen = &reading->seen;

    require(line->number == urllist_lines(reading->list));
    require(line->len <= URLLIST_LINE_BYTES);
    require(!line->too_long || line->len == URLLIST_LINE_BYTES);
    require(!memchr(line->text, '\n', line->len));
    require(!memchr(line->text, '\r', line->len));
    require(buf_addf(seen, "\n%lld %lld %d ", (long long)line->number,
                     (long long)urllist_offset(reading->list),
                     line->too_long) == CERR_OK);
    require(buf_add(seen, line->text, line->len) == CERR_OK);
    if (line->number == reading->mark_line) {
        reading->mark_offset = urllist_offset(reading->list);
        reading->mark_seen = seen->len;
    }
    return CERR_OK;
}

static void read_in_pieces(struct reading *reading, const uint8_t *data,
                           size_t size, size_t piece)
{
    enum err err = CERR_OK;

    for (size_t at = 0; at < size && !err; at += piece) {
        size_t left = size - at;

        err =
            urllist_feed(reading->list, data + at, left < piece ? left : piece);
    }
    if (!err)
        err = urllist_finish(reading->list);
    require(err == CERR_OK || ((err == CERR_CORRUPT || err == CERR_TOO_BIG) &&
                               urllist_packing(reading->list)[0]));
    reading->err = err;
    reading->end_len = reading->seen.len;
    require(buf_addf(&reading->seen, "\n%d", (int)err) == CERR_OK);
    reading->end_len = reading->seen.len - reading->end_len;
}

static void reading_init(struct reading *reading, int64_t offset, int64_t line)
{
    struct urllist_options options = {.on_line = on_line,
                                      .ctx = reading,
                                      .start_offset = offset,
                                      .start_lines = line};

    *reading = (struct reading){.mark_offset = -1};
    buf_init(&reading->seen, SEEN_BYTES);
    reading->list = urllist_new(&options);
}

static void reading_release(struct reading *reading)
{
    urllist_free(reading->list);
    buf_release(&reading->seen);
}

/* Whether what was seen from `at` on is what was seen in `rest`. */
static bool is_same(const struct reading *reading, size_t at,
                    const struct reading *rest)
{
    size_t len = reading->seen.len - at, other = rest->seen.len;

    if (strcmp(urllist_packing(reading->list), "xz") == 0 &&
        reading->err == CERR_CORRUPT && rest->err == CERR_CORRUPT) {
        len -= reading->end_len;
        other -= rest->end_len;
        len = other = len < other ? len : other;
    }
    return len == other && (len == 0 || memcmp(reading->seen.data + at,
                                               rest->seen.data, len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reading whole, pieces, rest;
    size_t piece;

    if (size < 3)
        return 0;
    piece = (size_t)data[0] * 256 + data[1] + 1;
    reading_init(&whole, 0, 0);
    reading_init(&pieces, 0, 0);
    whole.mark_line = data[2];
    read_in_pieces(&whole, data + 3, size - 3, size);
    read_in_pieces(&pieces, data + 3, size - 3, piece);
    require(is_same(&whole, 0, &pieces));

    if (whole.mark_offset >= 0) {
        reading_init(&rest, whole.mark_offset, whole.mark_line);
        read_in_pieces(&rest, data + 3, size - 3, piece);
        require(is_same(&whole, whole.mark_seen, &rest));
        reading_release(&rest);
    }
    reading_release(&whole);
    reading_release(&pieces);
    return 0;
}
