/*
 * html_links: `html` at `base`, read in `charset`, gives `links`, those of them
 * that say nofollow and, apart, the frames, the links of SVG, the canonical URL
 * and the meta refresh.
 *
 * Links are compared as sets. Those that are no URL of http the crawler drops,
 * so nothing is judged of them but that they are not among the links. The page
 * is fed in pieces of a few bytes, since how it is cut must change nothing.
 */
#include "tests/conform/conform.h"

#include <stdlib.h>
#include <string.h>

#include "crawler/html/html.h"
#include "crawler/html/html_links.h"

#define PAGE_BYTES_MAX (1 << 20)
#define LIST_MAX       4096
#define PIECE_BYTES    5

struct list {
    char *urls[LIST_MAX];
    size_t nr;
};

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void add(struct list *list, const char *url)
{
    if (list->nr < LIST_MAX)
        list->urls[list->nr++] = strdup(url);
}

/* Writes the set and empties the list. */
static void put_set(struct buf *out, const char *label, struct list *list)
{
    conform_put(out, "%s:", label);
    qsort(list->urls, list->nr, sizeof(list->urls[0]), compare);
    for (size_t i = 0; i < list->nr; i++) {
        if (i == 0 || strcmp(list->urls[i - 1], list->urls[i]) != 0)
            conform_put(out, " %s", list->urls[i]);
    }
    for (size_t i = 0; i < list->nr; i++)
        free(list->urls[i]);
    list->nr = 0;
    conform_put(out, "\n");
}

static void put_expected(const json_t *test, const char *field,
                         struct conform_answer *answer)
{
    const json_t *array = json_object_get(test, field);
    static struct list list;

    for (size_t i = 0; i < json_array_size(array); i++)
        add(&list, json_string_value(json_array_get(array, i)));
    put_set(&answer->expected, field, &list);
}

enum pick { PICK_LINKS, PICK_NOFOLLOW, PICK_FRAMES, PICK_SVG };

static bool is_picked(const struct html_link *link, enum pick pick)
{
    switch (pick) {
    case PICK_SVG:
        return link->is_svg;
    case PICK_FRAMES:
        return !link->is_svg && link->kind == LINK_FRAME;
    case PICK_NOFOLLOW:
        return is_picked(link, PICK_LINKS) && (link->rel & LINK_NOFOLLOW);
    case PICK_LINKS:
        break;
    }
    return !link->is_svg && link->kind != LINK_FRAME;
}

static void put_links(const struct html *html, struct html_links *links,
                      enum pick pick, struct conform_answer *answer)
{
    static const char *const labels[] = {"links", "nofollow", "frames",
                                         "svg_links"};
    static struct list list;
    static struct url url;

    for (size_t i = 0; i < html_nr_links(html); i++) {
        struct html_link link = html_get_link(html, i);

        if (is_picked(&link, pick) &&
            html_links_resolve(links, link.href, &url) == URL_OK)
            add(&list, url.text);
    }
    put_set(&answer->got, labels[pick], &list);
}

static void put_one(const json_t *test, const char *field,
                    struct html_links *links, struct bytes href,
                    struct conform_answer *answer)
{
    const char *expected = conform_text(test, field);
    static struct url url;
    bool has = href.len > 0 && html_links_resolve(links, href, &url) == URL_OK;

    conform_put(&answer->expected, "%s: %s\n", field,
                expected ? expected : "none");
    conform_put(&answer->got, "%s: %s\n", field, has ? url.text : "none");
}

/* UTF-8 where the case names none: then its page is text of the suite. */
static enum charset choose_charset(const json_t *test)
{
    const char *label = conform_text(test, "charset");
    enum charset charset = CHARSET_UTF_8;

    if (label && !charset_find(label, strlen(label), &charset))
        conform_stop(test, "unknown charset");
    return charset;
}

/* Reads the page as UTF-8 and returns what it was in. */
static enum charset read_page(const json_t *test, struct html *html)
{
    struct html_options options = {.want_links = true, .want_link_texts = true};
    struct charset_text text;
    struct buf page, utf8;
    enum charset charset;
    bool failed = false;

    buf_init(&page, PAGE_BYTES_MAX);
    buf_init(&utf8, PAGE_BYTES_MAX);
    charset_text_init(&text);
    if (!conform_bytes(test, "html", &page))
        conform_stop(test, "no html");
    charset = choose_charset(test);
    charset_text_start(&text, charset);
    html_start(html, &options);
    for (size_t at = 0; at < page.len && !failed; at += PIECE_BYTES) {
        size_t left = page.len - at;
        size_t len = left < PIECE_BYTES ? left : PIECE_BYTES;

        buf_reset(&utf8);
        failed = charset_text_add(&text, page.data + at, len, len == left,
                                  &utf8) != CERR_OK ||
                 html_feed(html, utf8.data, utf8.len) != CERR_OK;
    }
    if (failed || html_finish(html) != CERR_OK)
        conform_stop(test, "out of memory");
    buf_release(&page);
    buf_release(&utf8);
    return charset;
}

static bool run(const json_t *test, struct conform_answer *answer)
{
    const char *base = conform_text(test, "base");
    struct html *html = html_new();
    struct html_links *links = html_links_new();
    const struct html_facts *facts = html_get_facts(html);
    static struct url url;
    enum charset charset;

    if (!base || url_parse(&url, base, strlen(base), NULL) != URL_OK)
        conform_stop(test, "no base");
    charset = read_page(test, html);
    html_links_start(links, &url, facts, charset);
    put_expected(test, "links", answer);
    put_links(html, links, PICK_LINKS, answer);
    put_expected(test, "nofollow", answer);
    put_links(html, links, PICK_NOFOLLOW, answer);
    put_expected(test, "frames", answer);
    put_links(html, links, PICK_FRAMES, answer);
    put_expected(test, "svg_links", answer);
    put_links(html, links, PICK_SVG, answer);
    put_one(test, "canonical", links, facts->canonical, answer);
    put_one(test, "meta_refresh", links, facts->refresh, answer);
    html_free(html);
    html_links_free(links);
    return conform_same(answer);
}

static const char *const gating[] = {"tok", NULL};

const struct conform_suite conform_html_links = {
    .name = "html_links", .run = run, .group = "tier", .gating = gating};
