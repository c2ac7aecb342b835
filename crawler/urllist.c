/*
 * DESIGN. Bytes pass three small layers, each of which works on any split:
 *
 *   input_feed    the first two bytes say gzip or plain; inflates
 *   text_feed     passes over what an earlier run has read, drops the BOM
 *   split_lines   finds line ends, calls on_line
 *
 * A line that lies whole in its chunk is handed on in place; only one that
 * crosses chunks is copied to `part`. A CR at the end of a chunk keeps its
 * line back until the next byte tells CRLF from CR, so that the offset after
 * a line is final when the line is handed on.
 */
#include "crawler/urllist.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/xalloc.h"

#define INFLATE_BYTES 65536

static const unsigned char gzip_magic[2] = {0x1f, 0x8b}; /* RFC 1952 2.3.1 */
static const unsigned char utf8_bom[3] = {0xef, 0xbb, 0xbf};

enum input_state {
    INPUT_NEW, /* magic_len bytes of the gzip magic were seen, no others */
    INPUT_PLAIN,
    INPUT_MEMBER,  /* inside a gzip member */
    INPUT_BETWEEN, /* a member has ended */
    INPUT_PADDING, /* zeros behind the last member */
};

struct urllist {
    struct urllist_options options;
    enum err err; /* the first error; sticks */

    enum input_state input;
    size_t magic_len;     /* below 2 while INPUT_NEW */
    z_stream z;           /* zlib state; open from INPUT_MEMBER on */
    int64_t packed_bytes; /* compressed input that was used */
    unsigned char *inflated;

    int64_t text_offset; /* plain bytes taken so far, BOM included */
    bool bom_done;
    size_t bom_len; /* how many bytes of the BOM were seen */

    char *part;      /* the beginning of a line that crosses chunks */
    size_t part_len; /* at most URLLIST_LINE_BYTES */
    bool part_too_long;
    bool part_has_cr; /* the line is whole; only the next byte tells whether an
                         LF belongs to it */

    int64_t end_offset; /* behind the last line handed on */
    int64_t nr_lines;
};

struct urllist *urllist_new(const struct urllist_options *options)
{
    struct urllist *list = xcalloc(1, sizeof(*list));

    assert(options->on_line && options->start_offset >= 0);
    list->options = *options;
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
    if (urllist_is_gzip(list))
        inflateEnd(&list->z);
    free(list->inflated);
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

bool urllist_is_gzip(const struct urllist *list)
{
    return list->input != INPUT_NEW && list->input != INPUT_PLAIN;
}

int64_t urllist_packed_bytes(const struct urllist *list)
{
    return list->packed_bytes;
}

/* Only plain text can be seeked in: compressed text is inflated and passed
 * over. */
int64_t urllist_skip(struct urllist *list)
{
    int64_t skipped = list->options.start_offset - list->text_offset;

    if (list->input != INPUT_PLAIN || skipped <= 0)
        return 0;
    list->text_offset += skipped;
    return skipped;
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

/* ---- text ---- */

/* Counts bytes before start_offset and does not look at them. The byte order
 * mark may come in pieces. */
static enum err text_feed(struct urllist *list, const void *data, size_t len)
{
    const char *at = data;
    int64_t known = list->options.start_offset - list->text_offset;

    if (known > 0) {
        size_t passed = known < (int64_t)len ? (size_t)known : len;

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
    return len ? split_lines(list, at, len) : CERR_OK;
}

/* Ends the text: what was kept is the last line, which need not have an end. */
static enum err text_finish(struct urllist *list)
{
    if (!list->bom_done && list->bom_len)
        part_add(list, (const char *)utf8_bom, list->bom_len);
    if (!list->part_len && !list->part_too_long && !list->part_has_cr)
        return CERR_OK;
    return hand_on(list, "", 0, list->text_offset);
}

/* ---- input ---- */

/* The compressed text breaks off. A line that only waits for an LF is whole and
 * counts; any other rest is dropped. */
static enum err input_is_corrupt(struct urllist *list)
{
    enum err err = CERR_OK;

    if (list->part_has_cr)
        err = hand_on(list, "", 0, list->text_offset);
    return err ? err : CERR_CORRUPT;
}

/* Inflates until the bytes are used up or the member ends. Z_BUF_ERROR says
 * that zlib needs more bytes than it has, which is no damage. */
static enum err inflate_feed(struct urllist *list, const void *data, size_t len)
{
    enum err err = CERR_OK;
    int result = Z_OK;

    assert(len <= UINT32_MAX);
    list->z.next_in = (unsigned char *)data;
    list->z.avail_in = (unsigned)len;
    do {
        list->z.next_out = list->inflated;
        list->z.avail_out = INFLATE_BYTES;
        result = inflate(&list->z, Z_NO_FLUSH);
        if (result == Z_MEM_ERROR)
            return CERR_NOMEM;
        err =
            text_feed(list, list->inflated, INFLATE_BYTES - list->z.avail_out);
    } while (!err && result == Z_OK &&
             (list->z.avail_in || !list->z.avail_out));
    if (err)
        return err;
    if (result == Z_STREAM_END)
        list->input = INPUT_BETWEEN;
    else if (result != Z_OK && result != Z_BUF_ERROR)
        return input_is_corrupt(list);
    return CERR_OK;
}

/* Reads members and what stands between them: another member (RFC 1952, 2.2),
 * or zeros, with which tar and tapes pad. */
static enum err gzip_feed(struct urllist *list, const unsigned char *at,
                          size_t len)
{
    enum err err = CERR_OK;

    while (len && !err) {
        if (list->input == INPUT_MEMBER) {
            /* zlib counts in 32 bits */
            size_t piece = len < UINT32_MAX ? len : UINT32_MAX;

            err = inflate_feed(list, at, piece);
            piece -= list->z.avail_in;
            list->packed_bytes += (int64_t)piece;
            at += piece;
            len -= piece;
        } else if (list->input == INPUT_BETWEEN) {
            list->input = *at ? INPUT_MEMBER : INPUT_PADDING;
            if (inflateReset(&list->z) != Z_OK)
                return CERR_NOMEM;
        } else if (*at) {
            err = input_is_corrupt(list);
        } else {
            list->packed_bytes++;
            at++;
            len--;
        }
    }
    return err;
}

static enum err gzip_start(struct urllist *list)
{
    /* 15 is the largest window, and 16 on top tells zlib to expect a gzip
     * header (zlib.h, inflateInit2) */
    if (inflateInit2(&list->z, 16 + 15) != Z_OK)
        return CERR_NOMEM;
    list->inflated = xmalloc(INFLATE_BYTES);
    list->input = INPUT_MEMBER;
    return gzip_feed(list, gzip_magic, sizeof(gzip_magic));
}

/* Begins plain text. The first byte may have looked like gzip; it belongs to
 * the text then. */
static enum err plain_start(struct urllist *list)
{
    list->input = INPUT_PLAIN;
    return list->magic_len ? text_feed(list, gzip_magic, 1) : CERR_OK;
}

/* Decides between gzip and plain text by the first two bytes, which may come
 * one by one. */
static enum err input_feed(struct urllist *list, const unsigned char *at,
                           size_t len)
{
    enum err err = CERR_OK;

    while (list->input == INPUT_NEW && len && !err) {
        if (*at != gzip_magic[list->magic_len]) {
            err = plain_start(list);
            break;
        }
        at++;
        len--;
        if (++list->magic_len == sizeof(gzip_magic))
            err = gzip_start(list);
    }
    if (err || !len)
        return err;
    return list->input == INPUT_PLAIN ? text_feed(list, at, len)
                                      : gzip_feed(list, at, len);
}

enum err urllist_feed(struct urllist *list, const void *data, size_t len)
{
    if (!list->err && len)
        list->err = input_feed(list, data, len);
    return list->err;
}

enum err urllist_finish(struct urllist *list)
{
    if (list->err)
        return list->err;
    if (list->input == INPUT_NEW)
        list->err = plain_start(list);
    if (!list->err && list->input == INPUT_MEMBER)
        list->err = input_is_corrupt(list);
    if (!list->err)
        list->err = text_finish(list);
    return list->err;
}
