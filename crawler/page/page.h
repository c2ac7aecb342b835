/*
 * page: what a worker tells about one fetch, and its bytes on the socket.
 *
 * The worker fills a struct page and encodes it; the parent decodes it into a
 * struct page of borrowed views and hands that to the parse callback. The
 * parent never trusts a worker: every length is checked against its cap, every
 * enum against its range, texts are valid UTF-8 or refused, and the end must
 * be the end. Pure.
 *
 * A reply has two parts: the encoded fields, and one block of payload (body,
 * links, raw head, raw body, one behind the other), whose parts the fields
 * name by length.
 */
#ifndef CRAWLER_PAGE_PAGE_H
#define CRAWLER_PAGE_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/wire.h"
#include "crawler/page/outcome.h"
#include "crawler/url/url.h"

#define PAGE_TEXT_BYTES      2048   /* most bytes of a title, description ... */
#define PAGE_DETAIL_BYTES    300    /* most bytes of an error's detail */
#define PAGE_SHORT_BYTES     512    /* of mime, charset, etag, lang ... */
#define PAGE_SERVER_BYTES    200    /* most bytes of the header field Server */
#define PAGE_IP_BYTES        45     /* INET6_ADDRSTRLEN without its NUL */
#define PAGE_LINK_TEXT_BYTES 200    /* most bytes of a link's text */
#define PAGE_LINKS_MAX       100000 /* links of one page */
#define PAGE_HASH_BYTES      16     /* XXH3-128 */

/* What the page asks of robots, in a meta element or the header field
 * X-Robots-Tag. */
enum page_robots_flag {
    PAGE_NOINDEX = 1 << 0,
    PAGE_NOFOLLOW = 1 << 1,
    PAGE_NOARCHIVE = 1 << 2,
};

/* Facts about a page that no field of its own holds. */
enum page_flag {
    PAGE_BODY_CUT = 1 << 0,   /* the body stops at a limit */
    PAGE_LINKS_CUT = 1 << 1,  /* more links than PAGE_LINKS_MAX */
    PAGE_JUNK_AFTER = 1 << 2, /* bytes behind the end of the compressed body */
    PAGE_NOT_MODIFIED = 1 << 3, /* 304 to a conditional request */
    PAGE_SCANNED = 1 << 4,      /* it was HTML, and its fields are set */
    PAGE_REUSED = 1 << 5,       /* the connection had been used before */
    PAGE_MAY_PASS =
        1 << 6, /* an ERROR_DNS that may pass: no name server has said that the
                   name does not exist, so a retry makes sense */
    PAGE_SETS_COOKIE = 1 << 7,    /* cookies are kept, and one came */
    PAGE_REFRESH_HEADER = 1 << 8, /* `refresh` is of the header field */
    PAGE_KILLED = 1 << 9,      /* set by the parent alone: the worker was killed
                                  (SIGKILL), for whatever reason */
    PAGE_NO_ROUTE = 1 << 11,   /* an ERROR_CONNECT without a sign of life: the
                                  kernel found no way to the host */
    PAGE_IS_SITEMAP = 1 << 12, /* an XML sitemap, not asked for as one */
    PAGE_QUOTA_SPENT = 1 << 13, /* `retry_after` is the reset of the quota that
                                   the host says is spent: rate_limit.h */
    PAGE_WAS_AWAY = 1 << 10,    /* the process was stopped or asleep while the
                                   request ran, and it failed */
};

enum link_kind {
    LINK_A,
    LINK_AREA,
    LINK_FRAME,
    LINK_ENTRY,   /* of a sitemap: a page ... */
    LINK_SITEMAP, /* ... or another sitemap */
    LINK_KIND_NR
};

/* The words of a link's rel attribute that say what the page thinks of it. */
enum link_rel {
    LINK_NOFOLLOW = 1 << 0,
    LINK_UGC = 1 << 1,
    LINK_SPONSORED = 1 << 2
};

/* One link of a page; url is canonical. Both texts are borrowed from the
 * encoded list. */
struct page_link {
    struct bytes url;
    struct bytes text; /* valid UTF-8, white space folded, cut */
    enum link_kind kind;
    uint8_t rel; /* enum link_rel */
};

/*
 * The texts of a page: X(name, cap, kind, where), in the order in which they
 * travel. From this list come the fields of struct page and their codec. A
 * text is cut at a character at `cap` bytes; a URL is sent as a whole or not
 * at all. STORED ones have a column: parse.c copies them to the field of the
 * same name in struct page_record (storage/page_row.h).
 */
#define PAGE_TEXTS(X)                                                          \
    X(detail, PAGE_DETAIL_BYTES, TEXT, HERE) /* for people; "": none */        \
    X(ip, PAGE_IP_BYTES, TEXT, STORED)       /* "192.0.2.1", "2001:db8::1" */  \
    X(location, URL_BYTES_MAX, URL, HERE)    /* target of a redirect */        \
    X(mime, PAGE_SHORT_BYTES, TEXT, STORED)  /* lower case, no parameters */   \
    X(charset, PAGE_SHORT_BYTES, TEXT, STORED)  /* by the Encoding standard */ \
    X(encoding, PAGE_SHORT_BYTES, TEXT, STORED) /* Content-Encoding */         \
    X(etag, PAGE_SHORT_BYTES, TEXT, STORED)     /* as received, cleaned */     \
    X(last_modified, PAGE_SHORT_BYTES, TEXT, STORED) /* the same */            \
    X(retry_after, PAGE_SHORT_BYTES, TEXT, HERE)     /* the same */            \
    X(server, PAGE_SERVER_BYTES, TEXT, STORED)       /* the same */            \
    X(title, PAGE_TEXT_BYTES, TEXT, STORED)                                    \
    X(description, PAGE_TEXT_BYTES, TEXT, STORED)                              \
    X(canonical, URL_BYTES_MAX, URL, STORED)                                   \
    X(lang, PAGE_SHORT_BYTES, TEXT, STORED)                                    \
    X(h1, PAGE_TEXT_BYTES, TEXT, STORED)                                       \
    X(refresh, URL_BYTES_MAX, URL, HERE) /* of the header or the meta element  \
                                          */

/*
 * Everything about one fetch. Views are borrowed: in the worker from the
 * transfer, in the parent from the reply. Durations in microseconds from the
 * start of the transfer, as libcurl counts them; 0 where a phase did not
 * happen.
 */
struct page {
    enum outcome outcome; /* of this one request; the frontier may still decide
                             otherwise */
    enum error error;
    uint16_t status; /* HTTP status; 0: there was no answer */
    uint8_t
        http_version; /* ten times the version: 10, 11 or 20; 0: no answer */
    uint32_t flags;   /* enum page_flag */
    uint8_t robots;   /* enum page_robots_flag: meta and X-Robots-Tag */

    uint64_t body_bytes; /* decoded length, also when no body is sent */
    uint64_t wire_bytes; /* bytes of the body on the wire, still compressed */
    int64_t content_length; /* the header field Content-Length; -1: there was
                               none */
    uint64_t chars;         /* characters of the text; 0 if not text */
    unsigned char hash[PAGE_HASH_BYTES]; /* XXH3-128 of the decoded body */

    uint32_t dns_us, connect_us, tls_us, first_byte_us, total_us;

#define PAGE_FIELD(name, cap, kind, where) struct bytes name;
    PAGE_TEXTS(PAGE_FIELD)
#undef PAGE_FIELD

    struct bytes body; /* decoded; "" unless asked for */
    uint32_t nr_links;
    struct bytes links;       /* encoded: read with page_next_link() */
    struct bytes raw_request; /* for WARC; "" unless asked for */
    struct bytes raw_head, raw_body;
};

/* An empty page: every view is "", content_length is -1. */
void page_init(struct page *page);

/* Appends the fields, without the payload's bytes. A text over its cap is cut
 * at a character; a URL over its cap, or a text that is no URL where one
 * belongs, is left out. Errors as buf_add. */
enum err page_encode(struct buf *fields, const struct page *page) CERR_CHECK;
/* Bytes of the payload block that page_write_payload() will write. */
size_t page_payload_bytes(const struct page *page);
/* Writes body, links, raw request, raw head, raw body one behind another. `out`
 * has room for page_payload_bytes(). */
void page_write_payload(const struct page *page, void *out);

/* Makes `page` of views into both parts, which must outlive it. CERR_CORRUPT
 * for anything that breaks the format. */
enum err page_decode(struct page *page, const void *fields, size_t fields_len,
                     const void *payload, size_t payload_len) CERR_CHECK;

/* Appends one link to an encoded list, as a whole or not at all. CERR_INVALID:
 * its URL is empty, longer than URL_BYTES_MAX or not printable ASCII; errors as
 * buf_add. */
enum err page_append_link(struct buf *links,
                          const struct page_link *link) CERR_CHECK;
/* Takes the next link off the front of `links`. Returns false at the end, and
 * sets *bad when the rest does not parse. */
bool page_next_link(struct bytes *links, struct page_link *link, bool *bad);

#endif
