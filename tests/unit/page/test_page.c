/*
 * page: the codec of a reply, field by field, and the list of links.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "crawler/page/page.h"
#include "crawler/url/url.h"

#define FIELDS_MAX 65536

#define TEXT(literal) ((struct bytes){literal, sizeof(literal) - 1})

/* Writes a text over the middle of another. */
static void overwrite(char *at, const char *text)
{
    while (*text)
        *at++ = *text++;
}

/* A page in which every field says something else. */
static struct page full_page(void)
{
    struct page page;

    page_init(&page);
    page.outcome = OUTCOME_HTTP_ERROR;
    page.error = ERROR_TRUNCATED;
    page.status = 404;
    page.http_version = 20;
    page.flags = PAGE_BODY_CUT | PAGE_REUSED | PAGE_MAY_PASS;
    page.robots = PAGE_NOINDEX | PAGE_NOARCHIVE;
    page.body_bytes = 1ULL << 40;
    page.wire_bytes = 1ULL << 39;
    page.content_length = 20;
    page.chars = 12;
    for (size_t i = 0; i < PAGE_HASH_BYTES; i++)
        page.hash[i] = (unsigned char)(200 + i);
    page.dns_us = 1;
    page.connect_us = 2;
    page.tls_us = 3;
    page.first_byte_us = 4;
    page.total_us = UINT32_MAX;
#define WORDS_TEXT(name)             TEXT(#name)
#define WORDS_URL(name)              TEXT("http://h/" #name)
#define FILL(name, cap, kind, where) page.name = WORDS_##kind(name);
    PAGE_TEXTS(FILL)
    page.title = TEXT("T\xc3\xadtulo");
    page.body = TEXT("body\0\xff");
    page.nr_links = 7;
    page.links = TEXT("links");
    page.raw_request = TEXT("GET");
    page.raw_head = TEXT("HTTP/1.1 404");
    page.raw_body = TEXT("raw");
    return page;
}

static void same_bytes(struct bytes a, struct bytes b)
{
    assert_int_equal(a.len, b.len);
    assert_memory_equal(a.data, b.data, a.len);
}

static void same_numbers(const struct page *a, const struct page *b)
{
    assert_int_equal(a->outcome, b->outcome);
    assert_int_equal(a->error, b->error);
    assert_int_equal(a->status, b->status);
    assert_int_equal(a->http_version, b->http_version);
    assert_int_equal(a->flags, b->flags);
    assert_int_equal(a->robots, b->robots);
    assert_int_equal(a->body_bytes, b->body_bytes);
    assert_int_equal(a->wire_bytes, b->wire_bytes);
    assert_int_equal(a->content_length, b->content_length);
    assert_int_equal(a->chars, b->chars);
    assert_memory_equal(a->hash, b->hash, PAGE_HASH_BYTES);
    assert_int_equal(a->dns_us, b->dns_us);
    assert_int_equal(a->connect_us, b->connect_us);
    assert_int_equal(a->tls_us, b->tls_us);
    assert_int_equal(a->first_byte_us, b->first_byte_us);
    assert_int_equal(a->total_us, b->total_us);
    assert_int_equal(a->nr_links, b->nr_links);
}

static void same_page(const struct page *a, const struct page *b)
{
    same_numbers(a, b);
#define SAME(name, cap, kind, where) same_bytes(a->name, b->name);
    PAGE_TEXTS(SAME)
    same_bytes(a->body, b->body);
    same_bytes(a->links, b->links);
    same_bytes(a->raw_request, b->raw_request);
    same_bytes(a->raw_head, b->raw_head);
    same_bytes(a->raw_body, b->raw_body);
}

/* Both parts of a reply. */
struct reply {
    struct buf fields;
    unsigned char *payload;
    size_t payload_len;
};

static struct reply encode(const struct page *page)
{
    struct reply reply;

    buf_init(&reply.fields, FIELDS_MAX);
    assert_int_equal(page_encode(&reply.fields, page), CERR_OK);
    reply.payload_len = page_payload_bytes(page);
    reply.payload = malloc(reply.payload_len + 1);
    assert_non_null(reply.payload);
    page_write_payload(page, reply.payload);
    return reply;
}

static void release(struct reply *reply)
{
    buf_release(&reply->fields);
    free(reply->payload);
}

static enum err decode(struct page *page, const struct reply *reply)
{
    return page_decode(page, reply->fields.data, reply->fields.len,
                       reply->payload, reply->payload_len);
}

static void page_survives_the_round_trip(void **state)
{
    struct page page = full_page(), empty, got;
    struct reply reply = encode(&page);

    (void)state;
    assert_int_equal(decode(&got, &reply), CERR_OK);
    same_page(&page, &got);
    release(&reply);

    page_init(&empty);
    reply = encode(&empty);
    assert_int_equal(reply.payload_len, 0);
    assert_int_equal(decode(&got, &reply), CERR_OK);
    same_page(&empty, &got);
    assert_int_equal(got.content_length, -1);
    release(&reply);
}

static void page_cut_anywhere_or_lengthened_is_corrupt(void **state)
{
    struct page page = full_page();
    struct reply reply = encode(&page);
    struct page got;

    (void)state;
    for (size_t len = 0; len < reply.fields.len; len++) {
        void *copy = malloc(len ? len : 1);

        assert_non_null(copy);
        memcpy(copy, reply.fields.data, len);
        assert_int_equal(
            page_decode(&got, copy, len, reply.payload, reply.payload_len),
            CERR_CORRUPT);
        free(copy);
    }
    assert_int_equal(buf_add_byte(&reply.fields, 0), CERR_OK);
    assert_int_equal(decode(&got, &reply), CERR_CORRUPT);
    release(&reply);
}

static void page_payload_must_be_used_up_exactly(void **state)
{
    struct page page = full_page();
    struct reply reply = encode(&page);
    struct page got;

    (void)state;
    reply.payload_len--;
    assert_int_equal(decode(&got, &reply), CERR_CORRUPT);
    reply.payload_len += 2;
    assert_int_equal(decode(&got, &reply), CERR_CORRUPT);
    reply.payload_len--;
    /* lengths whose sum wraps around to the right one */
    memset(reply.fields.data + reply.fields.len - 40, 0xff, 8);
    assert_int_equal(decode(&got, &reply), CERR_CORRUPT);
    release(&reply);
}

/* Where the numbers lie, to break them one at a time. */
static void page_refuses_numbers_out_of_range(void **state)
{
    static const struct {
        const char *what;
        size_t at;
        unsigned char value;
    } rows[] = {
        {"outcome", 0, OUTCOME_NR}, {"error", 1, ERROR_NR},
        {"status", 3, 0x04}, /* 1,024 and more */
        {"flags", 6, 0x02},         {"flags", 8, 0x01},
        {"robots", 9, 0x08},        {"content length", 33, 0x80}, /* below -1 */
        {"links", 81, 0x10},
    };
    struct page page = full_page();

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct reply reply = encode(&page);
        struct page got;

        assert_int_equal(decode(&got, &reply), CERR_OK);
        reply.fields.data[rows[i].at] = rows[i].value;
        if (decode(&got, &reply) != CERR_CORRUPT)
            fail_msg("%s was taken", rows[i].what);
        release(&reply);
    }
}

static void page_texts_are_cut_at_a_character(void **state)
{
    static char text[PAGE_TEXT_BYTES + 2];
    struct page page, got;
    struct reply reply;

    (void)state;
    memset(text, 'x', sizeof(text));
    overwrite(text + PAGE_TEXT_BYTES - 1, "\xc3\xa9");
    page_init(&page);
    page.title = (struct bytes){text, sizeof(text)};
    page.lang = (struct bytes){text, sizeof(text)};
    page.server = (struct bytes){text, sizeof(text)};
    page.h1 = TEXT("a\xff"
                   "b"); /* what is not UTF-8 ends a text */
    reply = encode(&page);
    assert_int_equal(decode(&got, &reply), CERR_OK);
    assert_int_equal(got.title.len, PAGE_TEXT_BYTES - 1);
    assert_int_equal(got.lang.len, PAGE_SHORT_BYTES);
    assert_int_equal(got.server.len, 200);
    same_bytes(got.h1, TEXT("a"));
    release(&reply);
}

static void page_urls_are_sent_as_a_whole_or_not_at_all(void **state)
{
    static char text[URL_BYTES_MAX + 1];
    struct page page, got;
    struct reply reply;

    (void)state;
    memset(text, 'x', sizeof(text));
    page_init(&page);
    page.location = (struct bytes){text, URL_BYTES_MAX};
    page.canonical = (struct bytes){text, URL_BYTES_MAX + 1};
    page.refresh = TEXT("http://h/\n");
    reply = encode(&page);
    assert_int_equal(decode(&got, &reply), CERR_OK);
    assert_int_equal(got.location.len, URL_BYTES_MAX);
    assert_int_equal(got.canonical.len, 0);
    assert_int_equal(got.refresh.len, 0);
    release(&reply);
}

/* Replaces the first bytes equal to `from` by as many others. */
static void replace(struct reply *reply, const char *from, const char *to)
{
    char *at =
        memmem(reply->fields.data, reply->fields.len, from, strlen(from));

    assert_non_null(at);
    overwrite(at, to);
}

static void page_decoder_refuses_texts_that_are_not_clean(void **state)
{
    struct page page = full_page(), got;
    struct reply reply = encode(&page);

    (void)state;
    replace(&reply, "description", "descripti\xc3n");
    assert_int_equal(decode(&got, &reply), CERR_CORRUPT);
    release(&reply);
    reply = encode(&page);
    replace(&reply, "http://h/refresh", "http://h/\nefresh");
    assert_int_equal(decode(&got, &reply), CERR_CORRUPT);
    release(&reply);
}

static void page_that_finds_no_room_is_reported(void **state)
{
    struct page page = full_page();
    struct buf fields;

    (void)state;
    buf_init(&fields, 100);
    assert_int_equal(page_encode(&fields, &page), CERR_TOO_BIG);
    buf_release(&fields);
}

static void links_come_out_as_they_went_in(void **state)
{
    const struct page_link in[] = {
        {TEXT("http:1"), TEXT("one é"), LINK_A, LINK_NOFOLLOW},
        {TEXT("http:2"), TEXT(""), LINK_AREA, LINK_UGC | LINK_SPONSORED},
    };
    struct page_link out;
    struct bytes left;
    struct buf links;
    bool bad = true;

    (void)state;
    buf_init(&links, FIELDS_MAX);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(page_append_link(&links, &in[i]), CERR_OK);
    left = (struct bytes){links.data, links.len};
    for (size_t i = 0; i < 2; i++) {
        assert_true(page_next_link(&left, &out, &bad));
        assert_false(bad);
        same_bytes(out.url, in[i].url);
        same_bytes(out.text, in[i].text);
        assert_int_equal(out.kind, in[i].kind);
        assert_int_equal(out.rel, in[i].rel);
    }
    assert_false(page_next_link(&left, &out, &bad));
    assert_false(bad);
    buf_release(&links);
}

static void link_text_is_cut_at_a_character(void **state)
{
    static char text[PAGE_LINK_TEXT_BYTES + 1];
    struct page_link link = {TEXT("http://h/"), {text, sizeof(text)}, 0, 0};
    struct bytes left;
    struct buf links;
    bool bad;

    (void)state;
    memset(text, 'x', sizeof(text));
    overwrite(text + PAGE_LINK_TEXT_BYTES - 1, "\xc3\xa9");
    buf_init(&links, FIELDS_MAX);
    assert_int_equal(page_append_link(&links, &link), CERR_OK);
    left = (struct bytes){links.data, links.len};
    assert_true(page_next_link(&left, &link, &bad));
    assert_int_equal(link.text.len, PAGE_LINK_TEXT_BYTES - 1);
    buf_release(&links);
}

static void link_without_room_leaves_the_list_whole(void **state)
{
    const struct page_link link = {TEXT("http://h/"), TEXT("text"), 0, 0};
    struct buf links;
    size_t len;

    (void)state;
    buf_init(&links, 40);
    assert_int_equal(page_append_link(&links, &link), CERR_OK);
    len = links.len;
    assert_int_equal(page_append_link(&links, &link), CERR_TOO_BIG);
    assert_int_equal(links.len, len);
    buf_release(&links);
}

static void link_must_have_a_url(void **state)
{
    const struct page_link link = {TEXT("http://h/ x"), TEXT(""), 0, 0};
    struct buf links;

    (void)state;
    buf_init(&links, FIELDS_MAX);
    assert_int_equal(page_append_link(&links, &link), CERR_INVALID);
    assert_int_equal(links.len, 0);
    buf_release(&links);
}

static void links_that_do_not_parse_are_reported(void **state)
{
    static const struct bytes lists[] = {
        TEXT("\x00"),
        TEXT("\x07\x00\x01\x00\x00\x00u\x00\x00\x00\x00"),     /* kind */
        TEXT("\x00\x08\x01\x00\x00\x00u\x00\x00\x00\x00"),     /* rel */
        TEXT("\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"),      /* no URL */
        TEXT("\x00\x00\x01\x00\x00\x00 \x00\x00\x00\x00"),     /* a blank */
        TEXT("\x00\x00\x01\x00\x00\x00u\x01\x00\x00\x00\xff"), /* UTF-8 */
        TEXT("\x00\x00\xff\xff\xff\xffu\x00\x00\x00\x00"),     /* length */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        struct bytes left = lists[i];
        struct page_link link;
        bool bad = false;

        assert_false(page_next_link(&left, &link, &bad));
        assert_true(bad);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(page_survives_the_round_trip),
        cmocka_unit_test(page_cut_anywhere_or_lengthened_is_corrupt),
        cmocka_unit_test(page_payload_must_be_used_up_exactly),
        cmocka_unit_test(page_refuses_numbers_out_of_range),
        cmocka_unit_test(page_texts_are_cut_at_a_character),
        cmocka_unit_test(page_urls_are_sent_as_a_whole_or_not_at_all),
        cmocka_unit_test(page_decoder_refuses_texts_that_are_not_clean),
        cmocka_unit_test(page_that_finds_no_room_is_reported),
        cmocka_unit_test(links_come_out_as_they_went_in),
        cmocka_unit_test(link_text_is_cut_at_a_character),
        cmocka_unit_test(link_without_room_leaves_the_list_whole),
        cmocka_unit_test(link_must_have_a_url),
        cmocka_unit_test(links_that_do_not_parse_are_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
