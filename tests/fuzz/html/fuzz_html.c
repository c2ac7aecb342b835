/*
 * First byte: whether links are wanted, and the size of the pieces; then the
 * page. Read in one piece and in many it must give the same fields and links,
 * valid texts within their caps, and links that resolve to canonical URLs.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "crawler/html/html.h"
#include "crawler/html/html_links.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void read(struct html *html, bool want_links, const uint8_t *data,
                 size_t size, size_t step)
{
    struct html_options options = {.want_links = want_links,
                                   .want_link_texts = want_links,
                                   .agent = "bot"};

    html_start(html, &options);
    for (size_t at = 0; at < size; at += step)
        must(html_feed(html, data + at, size - at < step ? size - at : step) ==
             CERR_OK);
    must(html_finish(html) == CERR_OK);
}

static void must_be_same(struct bytes a, struct bytes b)
{
    must(a.len == b.len && memcmp(a.data, b.data, a.len) == 0);
}

static void must_be_text(struct bytes text, size_t max)
{
    must(text.len <= max && text_utf8_prefix(text.data, text.len) == text.len);
}

static void compare_facts(const struct html_facts *a,
                          const struct html_facts *b)
{
    must_be_same(a->title, b->title);
    must_be_same(a->description, b->description);
    must_be_same(a->lang, b->lang);
    must_be_same(a->h1, b->h1);
    must_be_same(a->base, b->base);
    must_be_same(a->canonical, b->canonical);
    must_be_same(a->refresh, b->refresh);
    must(a->robots == b->robots && a->has_base == b->has_base &&
         a->links_cut == b->links_cut);
    must_be_text(a->title, PAGE_TEXT_BYTES);
    must_be_text(a->description, PAGE_TEXT_BYTES);
    must_be_text(a->lang, PAGE_TEXT_BYTES);
    must_be_text(a->h1, PAGE_TEXT_BYTES);
}

static void compare_links(const struct html *a, const struct html *b)
{
    must(html_nr_links(a) == html_nr_links(b));
    for (size_t i = 0; i < html_nr_links(a); i++) {
        struct html_link link = html_get_link(a, i);
        struct html_link same = html_get_link(b, i);

        must(link.kind == same.kind && link.rel == same.rel &&
             link.is_svg == same.is_svg);
        must_be_same(link.href, same.href);
        must_be_same(link.text, same.text);
        must_be_text(link.text, PAGE_LINK_TEXT_BYTES);
    }
}

static void resolve(struct html_links *links, const struct html *html,
                    struct buf *out)
{
    static struct url page_url, url;
    struct page_link link;
    struct bytes rest;
    bool bad = false;
    uint32_t nr;

    must(url_parse(&page_url, "http://h/d/p", 12, NULL) == URL_OK);
    buf_reset(out);
    html_links_start(links, &page_url, html_get_facts(html),
                     CHARSET_WINDOWS_1252);
    must(html_links_append(links, html, out, &nr) == CERR_OK);
    rest = (struct bytes){out->data, out->len};
    while (page_next_link(&rest, &link, &bad)) {
        must(url_parse(&url, link.url.data, link.url.len, NULL) == URL_OK);
        nr--;
    }
    must(!bad && nr == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct html *whole, *pieces;
    static struct html_links *links;
    static struct buf out;

    if (!whole) {
        whole = html_new();
        pieces = html_new();
        links = html_links_new();
        buf_init(&out, (size_t)1 << 28);
    }
    if (size == 0)
        return 0;
    read(whole, data[0] & 1, data + 1, size - 1, SIZE_MAX / 2);
    read(pieces, data[0] & 1, data + 1, size - 1, (data[0] >> 1) % 32 + 1U);
    compare_facts(html_get_facts(whole), html_get_facts(pieces));
    compare_links(whole, pieces);
    resolve(links, whole, &out);
    return 0;
}
