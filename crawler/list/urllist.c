/*
 * DESIGN. Bytes pass small layers, each of which works on any split:
 *
 *   unpack        inflates what is compressed (unpack.h)
 *   decode_feed   turns UTF-16 into UTF-8, by its byte order mark
 *   text_feed     passes over what an earlier run has read, drops the BOM
 *   split_feed    knows what ends a line: LF, CRLF and CR, or NUL
 *   split_lines, split_at_nul   find the ends, call on_line
 *
 * A line that lies whole in its chunk is handed on in place; only one that
 * crosses chunks is copied to `part`. A CR at the end of a chunk keeps its
 * line back until the next byte tells CRLF from CR, so that the offset after
 * a line is final when the line is handed on.
 *
 * Lines end in NUL if no other end comes in the first URLLIST_LINE_BYTES bytes,
 * and a NUL does: `find -print0` writes so. Nothing is handed on before that is
 * known, and the byte before a place to go on from tells it again.
 */
#include "crawler/list/urllist.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "crawler/list/unpack.h"
#include "crawler/list/utf16.h"
#include "crawler/sitemap/sitemap.h"

#define DECODE_BYTES 4096 /* of UTF-16 at once */

static const unsigned char utf8_bom[3] = {0xef, 0xbb, 0xbf};

enum encoding {
    ENCODING_NEW,  /* at most one byte was seen: a BOM has two or three */
    ENCODING_UTF8, /* or any other that has ASCII: bytes are not changed */
    ENCODING_UTF16
};

enum line_ends { ENDS_UNKNOWN, ENDS_LF_OR_CR, ENDS_NUL };

struct urllist {
    struct urllist_options options;
    enum err err; /* the first error; sticks */

    struct unpack *unpack;
    struct sitemap *sitemap; /* owned; NULL: the input is lines */
    int64_t nr_passed;       /* of its entries, on the way to start_lines */
    enum encoding encoding;
    size_t nr_first; /* 1 while ENCODING_NEW has a byte in `first` */
    unsigned char first;
    struct utf16 utf16;

    int64_t text_offset; /* plain bytes taken so far, BOM included */
    bool bom_done;
    size_t bom_len; /* how many bytes of the BOM were seen */

    enum line_ends ends;
    char *part;      /* the beginning of a line that crosses chunks */
    size_t part_len; /* at most URLLIST_LINE_BYTES */
    bool part_too_long;
    bool part_has_cr; /* the line is whole; only the next byte tells whether an
                         LF belongs to it */

    int64_t end_offset; /* behind the last line handed on */
    int64_t nr_lines;
};

static enum err decode_feed(void *ctx, const void *data, size_t len);

struct urllist *urllist_new(const struct urllist_options *options)
{
    struct urllist *list = xcalloc(1, sizeof(*list));

    assert(options->on_line && options->start_offset >= 0);
    list->options = *options;
    list->unpack = unpack_new(decode_feed, list);
    list->part = xmalloc(URLLIST_LINE_BYTES);
    list->end_offset = options->start_offset;
    list->nr_lines = options->start_lines;
    list->bom_done = options->start_offset > 0;
    return list;
}

void urllist_free(struct urllist *list)
{
    if (!list)
        return;
    unpack_free(list->unpack);
    sitemap_free(list->sitemap);
    free(list->part);
    free(list);
}

int64_t urllist_offset(const struct urllist *list)
{
    return list->end_offset;
}

int64_t urllist_lines(const struct urllist *list)
{
    return list->nr_lines;
}

const char *urllist_packing(const struct urllist *list)
{
    return unpack_name(list->unpack);
}

int64_t urllist_packed_bytes(const struct urllist *list)
{
    return unpack_bytes(list->unpack);
}

/* Only text that is taken as it is can be seeked in; any other is decoded and
 * passed over. The last byte before the place is read: it tells what ends a
 * line. */
int64_t urllist_skip(struct urllist *list)
{
    int64_t skipped = list->options.start_offset - list->text_offset - 1;

    if (!unpack_is_plain(list->unpack) || list->encoding != ENCODING_UTF8 ||
        skipped <= 0)
        return 0;
    list->text_offset += skipped;
    return skipped;
}

/* ---- sitemaps ---- */

/* Hands on an entry as a line. Entries that an earlier run has read have no
 * place in the bytes, so they are counted. */
static enum err on_entry(void *ctx, const struct sitemap_entry *entry)
{
    struct urllist *list = ctx;

    if (list->nr_passed < list->options.start_lines) {
        list->nr_passed++;
        return CERR_OK;
    }
    return list->options.on_line(list->options.ctx,
                                 &(struct urllist_line){
                                     .text = entry->loc.data,
                                     .len = entry->loc.len,
                                     .number = ++list->nr_lines,
                                 });
}

/* A file of the user's own may be of any size. */
void urllist_set_sitemap(struct urllist *list)
{
    assert(!list->sitemap && list->encoding == ENCODING_NEW);
    list->sitemap = sitemap_new(&(struct sitemap_options){
        .on_entry = on_entry,
        .ctx = list,
        .max_bytes = SIZE_MAX,
        .max_urls = SIZE_MAX,
    });
}

/* ---- lines ---- */

/* Adds to the kept part of a line. Of a line that is too long, only the first
 * URLLIST_LINE_BYTES bytes are kept. */
static void part_add(struct urllist *list, const char *text, size_t len)
{
    size_t room = URLLIST_LINE_BYTES - list->part_len;

    if (len > room) {
        list->part_too_long = true;
        len = room;
    }
    memcpy(list->part + list->part_len, text, len);
    list->part_len += len;
}

/* Hands on one whole line: the part that was kept, and `text` after it. Only
 * now does the offset move on. */
static enum err hand_on(struct urllist *list, const char *text, size_t len,
                        int64_t end_offset)
{
    struct urllist_line line = {
        .text = text, .len = len, .number = list->nr_lines + 1};

    if (list->part_len || list->part_too_long) {
        part_add(list, text, len);
        line.text = list->part;
        line.len = list->part_len;
        line.too_long = list->part_too_long;
    } else if (len > URLLIST_LINE_BYTES) {
        line.len = URLLIST_LINE_BYTES;
        line.too_long = true;
    }
    list->part_len = 0;
    list->part_too_long = false;
    list->part_has_cr = false;
    list->nr_lines++;
    list->end_offset = end_offset;
    return list->options.on_line(list->options.ctx, &line);
}

/* Works as memchr(), but returns `end` when the byte is not there. */
static const char *find(const char *at, const char *end, char byte)
{
    const char *found = memchr(at, byte, (size_t)(end - at));

    return found ? found : end;
}

/* A chunk that ends in CR keeps that line back: the next byte may be its LF. */
static enum err split_lines(struct urllist *list, const char *text, size_t len)
{
    const char *at = text, *const end = text + len;
    const char *lf, *cr;
    const int64_t begin_offset = list->text_offset;

    list->text_offset += (int64_t)len;
    if (list->part_has_cr && at < end) {
        enum err err;

        at += *at == '\n';
        err = hand_on(list, "", 0, begin_offset + (at - text));
        if (err)
            return err;
    }

    /* LF and CR are each searched again only when the last one found was
     * passed, so a chunk without CRs is searched for them once */
    lf = find(at, end, '\n');
    cr = find(at, end, '\r');
    for (;;) {
        bool is_cr = cr <= lf; /* equal: neither is there */
        const char *eol = is_cr ? cr : lf;
        const char *next;
        enum err err;

        if (is_cr && end - cr <= 1)
            break;
        next = eol + 1;
        next += is_cr && *next == '\n';
        err =
            hand_on(list, at, (size_t)(eol - at), begin_offset + (next - text));
        if (err)
            return err;
        at = next;
        if (lf < at)
            lf = find(at, end, '\n');
        if (cr < at)
            cr = find(at, end, '\r');
    }
    part_add(list, at, (size_t)(cr - at));
    list->part_has_cr = cr < end;
    return CERR_OK;
}

/* Splits a text whose lines end in NUL. */
static enum err split_at_nul(struct urllist *list, const char *text, size_t len)
{
    const char *at = text, *const end = text + len;
    const int64_t begin_offset = list->text_offset;

    list->text_offset += (int64_t)len;
    for (;;) {
        const char *nul = find(at, end, '\0');
        enum err err;

        if (nul == end)
            break;
        err = hand_on(list, at, (size_t)(nul - at),
                      begin_offset + (nul + 1 - text));
        if (err)
            return err;
        at = nul + 1;
    }
    part_add(list, at, (size_t)(end - at));
    return CERR_OK;
}

/* Lines end in NUL: what was kept while that was unknown is split after all. */
static enum err begin_nul(struct urllist *list)
{
    size_t len = list->part_len;
    char *kept = xmemdup0(list->part, len);
    enum err err;

    list->ends = ENDS_NUL;
    list->part_len = 0;
    list->text_offset -= (int64_t)len;
    err = split_at_nul(list, kept, len);
    free(kept);
    return err;
}

/* Decides what ends a line, once the first URLLIST_LINE_BYTES bytes or an end
 * among them are known. */
static enum err decide_ends(struct urllist *list, const char *text, size_t len)
{
    size_t room = URLLIST_LINE_BYTES - list->part_len;
    size_t seen = len < room ? len : room;

    if (memchr(text, '\n', seen) || memchr(text, '\r', seen)) {
        list->ends = ENDS_LF_OR_CR;
        return CERR_OK;
    }
    if (len <= room)
        return CERR_OK;
    if (memchr(list->part, '\0', list->part_len) || memchr(text, '\0', seen))
        return begin_nul(list);
    list->ends = ENDS_LF_OR_CR;
    return CERR_OK;
}

static enum err split_feed(struct urllist *list, const char *text, size_t len)
{
    enum err err = CERR_OK;

    if (list->ends == ENDS_UNKNOWN)
        err = decide_ends(list, text, len);
    if (err)
        return err;
    return list->ends == ENDS_NUL ? split_at_nul(list, text, len)
                                  : split_lines(list, text, len);
}

/* ---- text ---- */

/* Counts bytes before start_offset and does not look at them. The byte order
 * mark may come in pieces. */
static enum err text_feed(struct urllist *list, const void *data, size_t len)
{
    const char *at = data;
    int64_t known = list->options.start_offset - list->text_offset;

    if (known > 0) {
        size_t passed = known < (int64_t)len ? (size_t)known : len;

        if (known <= (int64_t)len)
            list->ends = at[passed - 1] ? ENDS_LF_OR_CR : ENDS_NUL;
        list->text_offset += (int64_t)passed;
        at += passed;
        len -= passed;
    }
    while (!list->bom_done && len) {
        if ((unsigned char)*at != utf8_bom[list->bom_len]) {
            /* it only looked like a BOM: its bytes are the first of the line */
            list->bom_done = true;
            part_add(list, (const char *)utf8_bom, list->bom_len);
            break;
        }
        list->bom_done = ++list->bom_len == sizeof(utf8_bom);
        list->text_offset++;
        at++;
        len--;
    }
    return len ? split_feed(list, at, len) : CERR_OK;
}

/* Ends the text: what was kept is the last line, which need not have an end. */
static enum err text_finish(struct urllist *list)
{
    if (!list->bom_done && list->bom_len)
        part_add(list, (const char *)utf8_bom, list->bom_len);
    if (list->ends == ENDS_UNKNOWN &&
        memchr(list->part, '\0', list->part_len)) {
        enum err err = begin_nul(list);

        if (err)
            return err;
    }
    if (!list->part_len && !list->part_too_long && !list->part_has_cr)
        return CERR_OK;
    return hand_on(list, "", 0, list->text_offset);
}

/* ---- input ---- */

/* Decodes UTF-16 in pieces of a bounded size. */
static enum err utf16_feed(struct urllist *list, const unsigned char *at,
                           size_t len)
{
    char out[UTF16_ROOM(DECODE_BYTES)];
    enum err err = CERR_OK;

    while (len && !err) {
        size_t piece = len < DECODE_BYTES ? len : DECODE_BYTES;
        size_t nr = utf16_decode(&list->utf16, at, piece, out);

        err = text_feed(list, out, nr);
        at += piece;
        len -= piece;
    }
    return err;
}

/* Hands on bytes whose encoding is known. */
static enum err known_feed(struct urllist *list, const unsigned char *at,
                           size_t len)
{
    return list->encoding == ENCODING_UTF16 ? utf16_feed(list, at, len)
                                            : text_feed(list, at, len);
}

/* Decides by the first two bytes, which may come one by one. The byte order
 * mark is decoded as any other character, so text_feed() sees it in UTF-8. */
static enum err decode_feed(void *ctx, const void *data, size_t len)
{
    struct urllist *list = ctx;
    const unsigned char *at = data;
    enum err err = CERR_OK;

    if (list->sitemap) /* which has a charset of its own */
        return sitemap_feed(list->sitemap, data, len);
    if (list->encoding == ENCODING_NEW && list->nr_first + len < 2) {
        list->first = *at;
        list->nr_first = 1;
        return CERR_OK;
    }
    if (list->encoding == ENCODING_NEW) {
        unsigned char first = list->nr_first ? list->first : at[0];
        unsigned char second = list->nr_first ? at[0] : at[1];
        bool is_big = first == 0xfe && second == 0xff;

        list->utf16.is_big = is_big;
        list->encoding = is_big || (first == 0xff && second == 0xfe)
                             ? ENCODING_UTF16
                             : ENCODING_UTF8;
        if (list->nr_first)
            err = known_feed(list, &list->first, 1);
    }
    return err ? err : known_feed(list, at, len);
}

/* Ends the decoding: hands on what it still keeps. */
static enum err decode_finish(struct urllist *list)
{
    char out[4];

    if (list->encoding == ENCODING_NEW && list->nr_first)
        return text_feed(list, &list->first, 1);
    if (list->encoding == ENCODING_UTF16)
        return text_feed(list, out, utf16_finish(&list->utf16, out));
    return CERR_OK;
}

/* The compressed text breaks off. A line that only waits for an LF is whole and
 * counts; any other rest is dropped. */
static enum err input_is_corrupt(struct urllist *list)
{
    enum err err = CERR_OK;

    if (list->part_has_cr)
        err = hand_on(list, "", 0, list->text_offset);
    return err ? err : CERR_CORRUPT;
}

enum err urllist_feed(struct urllist *list, const void *data, size_t len)
{
    if (list->err || !len)
        return list->err;
    list->err = unpack_feed(list->unpack, data, len);
    if (list->err == CERR_CORRUPT)
        list->err = input_is_corrupt(list);
    return list->err;
}

enum err urllist_finish(struct urllist *list)
{
    if (list->err)
        return list->err;
    list->err = unpack_finish(list->unpack);
    if (list->err == CERR_CORRUPT)
        list->err = input_is_corrupt(list);
    if (!list->err && list->sitemap)
        return list->err = sitemap_finish(list->sitemap);
    if (!list->err)
        list->err = decode_finish(list);
    if (!list->err)
        list->err = text_finish(list);
    return list->err;
}
