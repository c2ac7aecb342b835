/*
 * WARC/1.1 (ISO 28500:2017): what went over the wire, for archives.
 *
 * A file begins with a warcinfo record; each page gives a response and the
 * request that led to it. A body that was stored before becomes a revisit
 * that refers to the first one, and so does a 304. Every record is a gzip
 * member of its own (Annex D), so a reader can start at any offset. A part is
 * full at 1 GB (Annex C), and the next begins.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/xalloc.h"
#include "storage/sink/chunked.h"
#include "storage/sink/sha1.h"
#include "storage/sink/sink.h"

#define WARC_PART_BYTES 1000000000 /* 1 GB, which Annex C recommends */
#define WARC_SEEN       8192       /* bodies remembered for revisits */
/* Limit of a record's own head. It has at most two URLs, one of them short. */
#define WARC_HEAD_BYTES 16384
#define WARC_URL_BYTES  2048 /* pages with longer URLs are not remembered */
#define DIGEST_CHARS    38   /* "sha1:", 32 characters and the NUL */
#define ID_CHARS        48   /* "<urn:uuid:...>" and the NUL */

/* A payload that was stored, to which a revisit can refer. */

struct seen {
    unsigned char sha1[SHA1_BYTES]; /* of the payload */
    char *url;                      /* owned; NULL: the entry is free */
    char date[CLOCK_ISO_BYTES];     /* of that record */
};

/* The sink's `state`. */
struct warc {
    z_stream zip; /* owned; reset for each record */
    /* The place of a payload follows from the first bytes of its digest. A new
     * payload replaces an older one there: then the next equal one is stored
     * again, which costs room and is not wrong. */
    struct seen seen[WARC_SEEN];
};

/* ---- pieces ---- */

/* Writes a digest as "sha1:" and base32 (RFC 4648, section 6), as all archives
 * do. 20 bytes are 32 characters of 5 bits, so there is no padding. */
static void show_digest(const unsigned char sum[SHA1_BYTES],
                        char out[DIGEST_CHARS])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    uint32_t bits = 0;
    int nr_bits = 0;
    char *at = out;

    memcpy(at, "sha1:", 5);
    at += 5;
    for (int i = 0; i < SHA1_BYTES; i++) {
        bits = bits << 8 | sum[i];
        for (nr_bits += 8; nr_bits >= 5; nr_bits -= 5)
            *at++ = digits[bits >> (nr_bits - 5) & 31];
    }
    *at = '\0';
}

/*
 * Makes a record's id: a name-based UUID (RFC 4122, section 4.3) of its type,
 * URL, time and place. No two records share all of them, and the same crawl
 * gives the same file. The two masks set version 5 and the variant.
 */
static enum err make_id(const struct sink *sink, const char *type,
                        struct bytes url, const char *date, char out[ID_CHARS])
{
    char name[512];
    unsigned char url_sum[SHA1_BYTES], sum[SHA1_BYTES];
    char digest[DIGEST_CHARS];
    int len;

    if (!sha1_sum(url.data, url.len, url_sum))
        return CERR_NOMEM;
    show_digest(url_sum, digest);
    len = snprintf(name, sizeof(name), "%s %s %s %d %" PRId64 " %" PRId64, type,
                   digest, date, sink->part,
                   sink->offset + (int64_t)sink->buf.len, sink->now_ms);
    if (!sha1_sum(name, (size_t)len, sum))
        return CERR_NOMEM;
    sum[6] = (unsigned char)((sum[6] & 0x0f) | 0x50);
    sum[8] = (unsigned char)((sum[8] & 0x3f) | 0x80);
    snprintf(out, ID_CHARS,
             "<urn:uuid:%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
             "%02x%02x%02x%02x%02x%02x>",
             sum[0], sum[1], sum[2], sum[3], sum[4], sum[5], sum[6], sum[7],
             sum[8], sum[9], sum[10], sum[11], sum[12], sum[13], sum[14],
             sum[15]);
    return CERR_OK;
}

/* Appends compressed bytes to `buf`. deflate() is called until it leaves room
 * in the output, which is how it shows that it has no more (zlib.h).
 * Z_BUF_ERROR only means that there was nothing to do. */
static enum err deflate_into(struct buf *buf, z_stream *zip, struct bytes part,
                             int flush)
{
    int rc;

    zip->next_in = (unsigned char *)(uintptr_t)part.data;
    zip->avail_in = (uInt)part.len;
    do {
        enum err err = buf_reserve(buf, 4096);

        if (err)
            return err;
        zip->next_out = buf->data + buf->len;
        zip->avail_out = (uInt)(buf->cap - buf->len);
        rc = deflate(zip, flush);
        buf->len = buf->cap - zip->avail_out;
    } while (rc == Z_OK && (zip->avail_in || zip->avail_out == 0));
    return rc == Z_OK || rc == Z_STREAM_END || rc == Z_BUF_ERROR ? CERR_OK
                                                                 : CERR_NOMEM;
}

/* Writes one record as one gzip member: the head, the block, which comes in at
 * most two parts, and the two line ends that close a record (section 4). */
static enum err put_record(struct sink *sink, struct bytes head,
                           struct bytes first, struct bytes second)
{
    struct warc *warc = sink->state;
    const struct bytes end = {"\r\n\r\n", 4};
    enum err err;

    if (deflateReset(&warc->zip) != Z_OK)
        return CERR_NOMEM;
    err = deflate_into(&sink->buf, &warc->zip, head, Z_NO_FLUSH);
    if (!err)
        err = deflate_into(&sink->buf, &warc->zip, first, Z_NO_FLUSH);
    if (!err)
        err = deflate_into(&sink->buf, &warc->zip, second, Z_NO_FLUSH);
    if (!err)
        err = deflate_into(&sink->buf, &warc->zip, end, Z_FINISH);
    return err;
}

/* A sink_ops.init. On failure sink_close() calls release(). */
static enum err init(struct sink *sink)
{
    struct warc *warc = xcalloc(1, sizeof(*warc));

    sink->state = warc;
    /* 15 bits of window; 16 more: with the gzip wrapper (zlib.h) */
    return deflateInit2(&warc->zip, 6, Z_DEFLATED, 15 + 16, 8,
                        Z_DEFAULT_STRATEGY) == Z_OK
               ? CERR_OK
               : CERR_NOMEM;
}

/* ---- records ---- */

/* Writes the warcinfo record with which each file begins (section 6.2). */
static enum err start(struct sink *sink)
{
    struct buf head, block;
    char id[ID_CHARS], date[CLOCK_ISO_BYTES];
    enum err err;

    buf_init(&head, WARC_HEAD_BYTES);
    buf_init(&block, WARC_HEAD_BYTES);
    clock_iso(sink->now_ms, date);
    err = make_id(sink, "warcinfo", (struct bytes){0}, date, id);
    if (!err)
        err = buf_addf(&block,
                       "software: crawl/%s\r\nformat: WARC File Format 1.1\r\n"
                       "conformsTo: http://iipc.github.io/warc-specifications/"
                       "specifications/warc-format/warc-1.1/\r\n",
                       sink->version ? sink->version : "");
    if (!err && sink->is_export)
        err = buf_add_str(&block,
                          "description: stored bodies of a database of crawl, "
                          "decoded; what went over the wire was not kept\r\n");
    if (!err && sink->user_agent)
        err = buf_addf(&block, "http-header-user-agent: %s\r\n",
                       sink->user_agent);
    if (!err)
        err = buf_addf(&head,
                       "WARC/1.1\r\nWARC-Type: warcinfo\r\n"
                       "WARC-Record-ID: %s\r\nWARC-Date: %s\r\n"
                       "Content-Type: application/warc-fields\r\n"
                       "Content-Length: %zu\r\n\r\n",
                       id, date, block.len);
    if (!err)
        err = put_record(sink, (struct bytes){head.data, head.len},
                         (struct bytes){block.data, block.len},
                         (struct bytes){0});
    buf_release(&head);
    buf_release(&block);
    return err;
}

/* What the records of one page have in common. */
struct exchange {
    struct bytes url;           /* that was answered, borrowed */
    char date[CLOCK_ISO_BYTES]; /* begin of the request */
    char id[ID_CHARS];          /* of the response */
    char digest[DIGEST_CHARS];  /* of the payload */
    bool is_revisit;            /* the payload is that of an earlier record */
    bool not_modified;          /* the answer is a 304 */
    struct bytes refers_url, refers_date; /* that record; empty: not known */
};

/* Appends the fields with which the head of each record of a page begins. A URL
 * in canonical form has no line break that could add a field. */
static enum err add_common(struct buf *head, const struct exchange *exchange,
                           const char *type, const char *id)
{
    enum err err = buf_addf(head,
                            "WARC/1.1\r\nWARC-Type: %s\r\n"
                            "WARC-Record-ID: %s\r\nWARC-Date: %s\r\n"
                            "WARC-Target-URI: ",
                            type, id, exchange->date);

    if (!err)
        err = buf_add(head, exchange->url.data, exchange->url.len);
    return err ? err : buf_add(head, "\r\n", 2);
}

/* Appends the fields of a revisit (section 6.7): its profile, and for an equal
 * payload the record that has the payload. */
static enum err add_revisit(struct buf *head, const struct exchange *exchange)
{
    static const char profile[] =
        "WARC-Profile: http://netpreserve.org/warc/1.1/revisit/";
    struct bytes url = exchange->refers_url, date = exchange->refers_date;
    enum err err =
        buf_addf(head, "%s%s\r\n", profile,
                 exchange->not_modified ? "server-not-modified"
                                        : "identical-payload-digest");

    if (err || url.len == 0)
        return err;
    return buf_addf(head,
                    "WARC-Refers-To-Target-URI: %.*s\r\n"
                    "WARC-Refers-To-Date: %.*s\r\n",
                    (int)url.len, (const char *)url.data, (int)date.len,
                    (const char *)date.data);
}

/* Appends whom we asked and how: the address, and the version of HTTP in the
 * words of WARC-Protocol ("http/1.1"). */
static enum err add_peer(struct buf *head, const struct page_record *page)
{
    enum err err = CERR_OK;

    if (page->ip.len)
        err = buf_addf(head, "WARC-IP-Address: %.*s\r\n", (int)page->ip.len,
                       (const char *)page->ip.data);
    if (!err && page->http_version.len)
        err = buf_addf(head, "WARC-Protocol: http/%.*s\r\n",
                       (int)page->http_version.len,
                       (const char *)page->http_version.data);
    return err;
}

static enum err add_truncated(struct buf *head, const struct page_record *page)
{
    if (!page->truncated.len)
        return CERR_OK;
    return buf_addf(head, "WARC-Truncated: %.*s\r\n", (int)page->truncated.len,
                    (const char *)page->truncated.data);
}

static enum err put_response(struct sink *sink, const struct page_record *page,
                             const struct exchange *exchange)
{
    bool revisit = exchange->is_revisit || exchange->not_modified;
    /* a revisit keeps the head of the answer, but not its body */
    struct bytes body = revisit ? (struct bytes){0} : page->raw_body;
    struct buf head;
    enum err err;

    buf_init(&head, WARC_HEAD_BYTES);
    err = add_common(&head, exchange, revisit ? "revisit" : "response",
                     exchange->id);
    if (!err && revisit)
        err = add_revisit(&head, exchange);
    if (!err)
        err = add_peer(&head, page);
    if (!err && !revisit)
        err = add_truncated(&head, page);
    if (!err && !exchange->not_modified)
        err = buf_addf(&head, "WARC-Payload-Digest: %s\r\n", exchange->digest);
    if (!err)
        err = buf_addf(&head,
                       "Content-Type: application/http;msgtype=response\r\n"
                       "Content-Length: %zu\r\n\r\n",
                       page->raw_head.len + body.len);
    if (!err)
        err = put_record(sink, (struct bytes){head.data, head.len},
                         page->raw_head, body);
    buf_release(&head);
    return err;
}

/* Writes the request after its response, which it names (WARC-Concurrent-To).
 */
static enum err put_request(struct sink *sink, const struct page_record *page,
                            const struct exchange *exchange)
{
    char id[ID_CHARS];
    struct buf head;
    enum err err;

    if (!page->raw_request.len)
        return CERR_OK;
    buf_init(&head, WARC_HEAD_BYTES);
    err = make_id(sink, "request", exchange->url, exchange->date, id);
    if (!err)
        err = add_common(&head, exchange, "request", id);
    if (!err)
        err = add_peer(&head, page);
    if (!err)
        err = buf_addf(&head,
                       "WARC-Concurrent-To: %s\r\n"
                       "Content-Type: application/http;msgtype=request\r\n"
                       "Content-Length: %zu\r\n\r\n",
                       exchange->id, page->raw_request.len);
    if (!err)
        err = put_record(sink, (struct bytes){head.data, head.len},
                         page->raw_request, (struct bytes){0});
    buf_release(&head);
    return err;
}

/* Finds the page that brought this payload first. If there is none, it
 * remembers this page and returns NULL. */
static const struct seen *find_seen(struct warc *warc,
                                    const struct exchange *exchange,
                                    const unsigned char sum[SHA1_BYTES])
{
    struct seen *seen =
        &warc->seen[((unsigned)sum[0] << 8 | sum[1]) % WARC_SEEN];

    if (seen->url && memcmp(seen->sha1, sum, SHA1_BYTES) == 0)
        return seen;
    if (exchange->url.len > WARC_URL_BYTES)
        return NULL;
    free(seen->url);
    seen->url = xmemdup0(exchange->url.data, exchange->url.len);
    memcpy(seen->sha1, sum, SHA1_BYTES);
    memcpy(seen->date, exchange->date, CLOCK_ISO_BYTES);
    return NULL;
}

/* The media type, or a general one if it has a character that could break the
 * record's head. */
static struct bytes safe_mime(struct bytes mime)
{
    const unsigned char *at = mime.data;

    for (size_t i = 0; i < mime.len; i++)
        if (at[i] <= ' ' || at[i] >= 0x7f)
            mime.len = 0;
    return mime.len ? mime : (struct bytes){"application/octet-stream", 24};
}

/* Writes a stored body as a resource record: the type for what is left of a
 * retrieval without its protocol part (section 6.4). */
static enum err put_resource(struct sink *sink, const struct page_record *page,
                             const struct exchange *exchange)
{
    struct bytes mime = safe_mime(page->mime);
    struct buf head;
    enum err err;

    buf_init(&head, WARC_HEAD_BYTES);
    err = add_common(&head, exchange, "resource", exchange->id);
    if (!err)
        err = add_peer(&head, page);
    if (!err)
        err = add_truncated(&head, page);
    if (!err)
        err = buf_addf(&head,
                       "WARC-Payload-Digest: %s\r\nContent-Type: %.*s\r\n"
                       "Content-Length: %zu\r\n\r\n",
                       exchange->digest, (int)mime.len, (const char *)mime.data,
                       page->body.len);
    if (!err)
        err = put_record(sink, (struct bytes){head.data, head.len}, page->body,
                         (struct bytes){0});
    buf_release(&head);
    return err;
}

/* Whether the raw head itself, "HTTP/1.1 304", tells that status. The page's
 * own status cannot be asked: it may be that of a stored answer. */
static bool is_not_modified(struct bytes head)
{
    const char *at = head.data;
    const char *blank = head.len ? memchr(at, ' ', head.len) : NULL;

    return blank && head.len - (size_t)(blank - at) >= 4 &&
           memcmp(blank, " 304", 4) == 0;
}

/* The digest of the payload: the body without its transfer coding (ISO 28500,
 * 6.3.2), so that one page has one digest however it is cut into chunks. */
static bool sum_payload(const struct page_record *page,
                        unsigned char sum[SHA1_BYTES])
{
    struct bytes rest = page->raw_body, chunk;
    struct sha1 *sha1;
    bool ok = true;

    if (rest.len == 0 || !chunked_is_said(page->raw_head))
        return sha1_sum(rest.data, rest.len, sum);
    sha1 = sha1_begin();
    if (!sha1)
        return false;
    while (ok && chunked_next(&rest, &chunk))
        ok = sha1_add(sha1, chunk.data, chunk.len);
    return sha1_end(sha1, sum) && ok;
}

/* Finds out whether the answer is an earlier one again, and which. A part of a
 * payload stands for nothing else; an empty one is never a revisit. */
static void refer(struct warc *warc, const struct page_record *page,
                  const unsigned char sum[SHA1_BYTES],
                  struct exchange *exchange)
{
    const struct seen *seen = NULL;

    exchange->not_modified = is_not_modified(page->raw_head);
    if (exchange->not_modified) {
        exchange->refers_url = page->answer.url;
        exchange->refers_date = page->answer.date;
        snprintf(exchange->digest, sizeof(exchange->digest), "%.*s",
                 (int)page->answer.digest.len,
                 (const char *)page->answer.digest.data);
    } else if (page->raw_body.len > 0 && page->truncated.len == 0) {
        seen = find_seen(warc, exchange, sum);
    }
    if (!seen)
        return;
    exchange->is_revisit = true;
    exchange->refers_url = (struct bytes){seen->url, strlen(seen->url)};
    exchange->refers_date = (struct bytes){seen->date, strlen(seen->date)};
}

/* Tells where the response will stand. It must be called before the record is
 * written, while `offset` and `buf` still show its first byte. */
static void fill_place(const struct sink *sink, const struct exchange *exchange,
                       struct sink_place *place)
{
    char *path = sink_part_path(sink, sink->part);
    const char *slash = strrchr(path, '/');

    snprintf(place->file, sizeof(place->file), "%s", slash ? slash + 1 : path);
    place->type = exchange->not_modified ? "not_modified"
                  : exchange->is_revisit ? "revisit"
                                         : "response";
    place->offset = sink->offset + (int64_t)sink->buf.len;
    snprintf(place->digest, sizeof(place->digest), "%s", exchange->digest);
    free(path);
}

/* Writes the records of one page: response and request, or in an export the
 * stored body. */
static enum err put(struct sink *sink, const struct page_record *page,
                    struct sink_place *place)
{
    unsigned char sum[SHA1_BYTES];
    struct exchange exchange = {.url = page->final_url.len ? page->final_url
                                                           : page->url};
    enum err err;

    if ((sink->is_export ? !page->body.len : !page->raw_head.len) ||
        page->fetched_at == 0)
        return CERR_OK; /* no answer: an archive has nothing to keep */
    clock_iso(page->fetched_at, exchange.date);
    err = make_id(sink, sink->is_export ? "resource" : "response", exchange.url,
                  exchange.date, exchange.id);
    if (err)
        return err;
    if (!(sink->is_export ? sha1_sum(page->body.data, page->body.len, sum)
                          : sum_payload(page, sum)))
        return CERR_NOMEM;
    show_digest(sum, exchange.digest);
    if (sink->is_export)
        return put_resource(sink, page, &exchange);
    refer(sink->state, page, sum, &exchange);
    fill_place(sink, &exchange, place);
    err = put_response(sink, page, &exchange);
    place->length = sink->offset + (int64_t)sink->buf.len - place->offset;
    return err ? err : put_request(sink, page, &exchange);
}

static bool is_full(const struct sink *sink)
{
    return sink->offset + (int64_t)sink->buf.len >= WARC_PART_BYTES;
}

static void release(struct sink *sink)
{
    struct warc *warc = sink->state;

    if (!warc)
        return;
    deflateEnd(&warc->zip);
    for (size_t i = 0; i < WARC_SEEN; i++)
        free(warc->seen[i].url);
    free(warc);
}

/* Whether the file begins as a part of ours does, or as much of one as a kill
 * has left. Only the first record is unpacked, which names the program. */
static bool is_own(const char *path)
{
    unsigned char packed[1024], text[2048];
    z_stream zip = {.next_in = packed, .next_out = text};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    ssize_t len = fd < 0 ? -1 : read(fd, packed, sizeof(packed));
    bool own = len == 0;
    int rc;

    if (fd >= 0)
        close(fd);
    if (len <= 0 || inflateInit2(&zip, 15 + 16) != Z_OK)
        return own;
    zip.avail_in = (uInt)len;
    zip.avail_out = sizeof(text);
    rc = inflate(&zip, Z_SYNC_FLUSH);
    /* a few bytes that are no whole record are what a full disk leaves */
    own = ((rc == Z_OK || rc == Z_BUF_ERROR) && len < 256) ||
          memmem(text, sizeof(text) - zip.avail_out, "software: crawl/", 16);
    inflateEnd(&zip);
    return own;
}

const struct sink_ops sink_warc = {
    .kind = "warc",
    .suffixes = ".warc.gz",
    .wants_raw = true,
    .init = init,
    .start = start,
    .put = put,
    .release = release,
    .is_full = is_full,
    .is_own = is_own,
};
