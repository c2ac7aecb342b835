/*
 * The codec behind page.h. The fields travel as numbers, texts and lengths of
 * the payload's parts, in that order; each half of the codec goes through the
 * same tables, so that they cannot come apart.
 *
 * The decoder reads what a hostile page may have made of a worker. It checks
 * each text with the function by which the encoder cut it: what would have been
 * cut is refused.
 */
#include "crawler/page/page.h"

#include <string.h>

#include "base/text.h"
#include "crawler/page/page_internal.h"
#include "crawler/url/url.h"

/* The flags that a worker may set, which leaves PAGE_KILLED out. */
#define PAGE_FLAGS_ALL                                                         \
    ((2 * PAGE_REFRESH_HEADER - 1) | PAGE_WAS_AWAY | PAGE_NO_ROUTE |           \
     PAGE_IS_SITEMAP | PAGE_QUOTA_SPENT)
#define PAGE_ROBOTS_ALL (2 * PAGE_NOARCHIVE - 1)
#define LINK_RELS_ALL   (2 * LINK_SPONSORED - 1)
#define PAGE_STATUS_MAX 999

/* The texts among the fields, in the order in which they travel. The list
 * PAGE_TEXTS in page.h makes this table, so that a new text needs no line here.
 */
static const struct text_field {
    size_t at; /* offset in struct page */
    size_t cap;
    bool is_url;
} texts[] = {
#define IS_TEXT false
#define IS_URL  true
#define ROW(name, cap, kind, where)                                            \
    {offsetof(struct page, name), cap, IS_##kind},
    PAGE_TEXTS(ROW)};
#define NR_TEXTS (sizeof(texts) / sizeof(texts[0]))

/* The parts of the payload, in the order in which they lie in it. */
static const size_t parts[] = {
    offsetof(struct page, body),        offsetof(struct page, links),
    offsetof(struct page, raw_request), offsetof(struct page, raw_head),
    offsetof(struct page, raw_body),
};
#define NR_PARTS (sizeof(parts) / sizeof(parts[0]))

static struct bytes *view_at(struct page *page, size_t offset)
{
    return (struct bytes *)((char *)page + offset);
}

static const struct bytes *const_view_at(const struct page *page, size_t offset)
{
    return (const struct bytes *)((const char *)page + offset);
}

/* The loop has no early exit, so that the compiler makes vector instructions of
 * it. 0x21 to 0x7e are the printable characters of ASCII without the space. */
bool page_is_url_text(const char *text, size_t len)
{
    unsigned char odd = 0;

    if (len == 0 || len > URL_BYTES_MAX)
        return false;
    for (size_t i = 0; i < len; i++)
        odd |= (unsigned char)(text[i] - 0x21) > 0x7e - 0x21;
    return !odd;
}

void page_init(struct page *page)
{
    *page = (struct page){.content_length = -1};
    for (size_t i = 0; i < NR_TEXTS; i++)
        view_at(page, texts[i].at)->data = "";
    for (size_t i = 0; i < NR_PARTS; i++)
        view_at(page, parts[i])->data = "";
}

/* Numbers are put field by field and not as a struct: padding and byte order
 * stay out of the format. get_numbers() reads them in the same order;
 * test_page.c compares the two. */
static void put_numbers(struct wire_writer *wire, const struct page *page)
{
    const uint32_t times[] = {page->dns_us, page->connect_us, page->tls_us,
                              page->first_byte_us, page->total_us};

    wire_put_u8(wire, (uint8_t)page->outcome);
    wire_put_u8(wire, (uint8_t)page->error);
    wire_put_u16(wire, page->status);
    wire_put_u8(wire, page->http_version);
    wire_put_u32(wire, page->flags);
    wire_put_u8(wire, page->robots);
    wire_put_u64(wire, page->body_bytes);
    wire_put_u64(wire, page->wire_bytes);
    wire_put_u64(wire, (uint64_t)page->content_length);
    wire_put_u64(wire, page->chars);
    for (size_t i = 0; i < PAGE_HASH_BYTES; i++)
        wire_put_u8(wire, page->hash[i]);
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
        wire_put_u32(wire, times[i]);
    wire_put_u32(wire, page->nr_links);
}

static void get_numbers(struct wire_reader *wire, struct page *page)
{
    uint32_t *const times[] = {&page->dns_us, &page->connect_us, &page->tls_us,
                               &page->first_byte_us, &page->total_us};

    page->outcome = (enum outcome)wire_get_u8(wire);
    page->error = (enum error)wire_get_u8(wire);
    page->status = wire_get_u16(wire);
    page->http_version = wire_get_u8(wire);
    page->flags = wire_get_u32(wire);
    page->robots = wire_get_u8(wire);
    page->body_bytes = wire_get_u64(wire);
    page->wire_bytes = wire_get_u64(wire);
    page->content_length = (int64_t)wire_get_u64(wire);
    page->chars = wire_get_u64(wire);
    for (size_t i = 0; i < PAGE_HASH_BYTES; i++)
        page->hash[i] = wire_get_u8(wire);
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
        *times[i] = wire_get_u32(wire);
    page->nr_links = wire_get_u32(wire);
}

/* Checks the numbers that index a table, or that later code takes for granted.
 * Counts of bytes and times may say anything: they are stored and no more. */
static bool numbers_are_in_range(const struct page *page)
{
    return page->outcome < OUTCOME_NR && page->error < ERROR_NR &&
           page->status <= PAGE_STATUS_MAX &&
           (page->flags & ~(uint32_t)PAGE_FLAGS_ALL) == 0 &&
           (page->robots & ~PAGE_ROBOTS_ALL) == 0 &&
           page->content_length >= -1 && page->nr_links <= PAGE_LINKS_MAX;
}

/* Says how much of a text fits into its field. A text is cut at the last whole
 * UTF-8 character. A URL is not cut, as half a URL is another URL: it goes
 * whole or not at all. */
static size_t fitting_len(const struct bytes *text,
                          const struct text_field *field)
{
    size_t len = text->len < field->cap ? text->len : field->cap;

    if (field->is_url)
        return page_is_url_text(text->data, text->len) ? len : 0;
    return text_utf8_prefix(text->data, len);
}

enum err page_encode(struct buf *fields, const struct page *page)
{
    struct wire_writer wire = {.out = fields};

    put_numbers(&wire, page);
    for (size_t i = 0; i < NR_TEXTS; i++) {
        const struct bytes *text = const_view_at(page, texts[i].at);

        wire_put_bytes(&wire, text->data, fitting_len(text, &texts[i]));
    }
    for (size_t i = 0; i < NR_PARTS; i++)
        wire_put_u64(&wire, const_view_at(page, parts[i])->len);
    return wire.err;
}

/* The payload goes to shared memory and not into the fields, so that the body
 * of a page is copied once. */
size_t page_payload_bytes(const struct page *page)
{
    size_t len = 0;

    for (size_t i = 0; i < NR_PARTS; i++)
        len += const_view_at(page, parts[i])->len;
    return len;
}

void page_write_payload(const struct page *page, void *out)
{
    char *at = out;

    for (size_t i = 0; i < NR_PARTS; i++) {
        const struct bytes *part = const_view_at(page, parts[i]);

        if (part->len)
            memcpy(at, part->data, part->len);
        at += part->len;
    }
}

/* Reads all texts. Returns false if a text is over its cap, is not UTF-8, or is
 * no URL where one belongs. */
static bool get_texts(struct wire_reader *wire, struct page *page)
{
    for (size_t i = 0; i < NR_TEXTS; i++) {
        struct bytes text = wire_get_bytes(wire, texts[i].cap);

        if (fitting_len(&text, &texts[i]) != text.len)
            return false;
        *view_at(page, texts[i].at) = text;
    }
    return true;
}

/* Cuts the payload into its parts, which must use it up exactly: bytes that no
 * part names would be a message that was understood only in half. */
static bool get_parts(struct wire_reader *wire, struct page *page,
                      struct bytes payload)
{
    const char *at = payload.data;
    size_t left = payload.len;

    for (size_t i = 0; i < NR_PARTS; i++) {
        uint64_t len = wire_get_u64(wire);

        if (len > left)
            return false;
        if (len > 0)
            *view_at(page, parts[i]) = (struct bytes){at, (size_t)len};
        at += len;
        left -= (size_t)len;
    }
    return left == 0;
}

/* A page that breaks one rule is refused as a whole: a worker that sent one
 * wrong field may have been taken over, and nothing else from it deserves
 * trust. */
enum err page_decode(struct page *page, const void *fields, size_t fields_len,
                     const void *payload, size_t payload_len)
{
    struct wire_reader wire;
    struct bytes block = {payload_len ? payload : "", payload_len};

    page_init(page);
    wire_reader_init(&wire, fields, fields_len);
    get_numbers(&wire, page);
    if (!numbers_are_in_range(page) || !get_texts(&wire, page) ||
        !get_parts(&wire, page, block) || !wire_done(&wire))
        return CERR_CORRUPT;
    return CERR_OK;
}

enum err page_append_link(struct buf *links, const struct page_link *link)
{
    struct wire_writer wire = {.out = links};
    size_t len = link->text.len < PAGE_LINK_TEXT_BYTES ? link->text.len
                                                       : PAGE_LINK_TEXT_BYTES;
    enum err err;

    if (!page_is_url_text(link->url.data, link->url.len))
        return CERR_INVALID;
    /* Room is made for all of it first: half a link would spoil the list behind
     * it. The ten bytes are kind, rel and two lengths. */
    err = buf_reserve(links, 10 + link->url.len + len);
    if (err)
        return err;
    wire_put_u8(&wire, (uint8_t)link->kind);
    wire_put_u8(&wire, link->rel);
    wire_put_bytes(&wire, link->url.data, link->url.len);
    wire_put_bytes(&wire, link->text.data,
                   text_utf8_prefix(link->text.data, len));
    return wire.err;
}

/* A bad link leaves `links` where it is, so that whoever reads on finds the
 * same bad link again and cannot skip it. */
bool page_next_link(struct bytes *links, struct page_link *link, bool *bad)
{
    struct wire_reader wire;

    *bad = false;
    if (links->len == 0)
        return false;
    wire_reader_init(&wire, links->data, links->len);
    link->kind = (enum link_kind)wire_get_u8(&wire);
    link->rel = wire_get_u8(&wire);
    link->url = wire_get_bytes(&wire, URL_BYTES_MAX);
    link->text = wire_get_bytes(&wire, PAGE_LINK_TEXT_BYTES);
    if (wire.bad || link->kind >= LINK_KIND_NR ||
        (link->rel & ~LINK_RELS_ALL) ||
        !page_is_url_text(link->url.data, link->url.len) ||
        text_utf8_prefix(link->text.data, link->text.len) != link->text.len) {
        *bad = true;
        return false;
    }
    links->data = wire.at;
    links->len = (size_t)(wire.end - wire.at);
    return true;
}
