/* Makes the fields of a page from the bytes of its body: the order in which
 * sniffing, charset, HTML and links are asked. */
#include "crawler/content/scan.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/xalloc.h"
#include "crawler/charset/charset.h"
#include "crawler/content/sniff.h"
#include "crawler/html/html.h"
#include "crawler/html/html_links.h"
#include "crawler/page/job.h"
#include "crawler/sitemap/sitemap.h"
#include "crawler/url/url.h"

#define PIECE_BYTES    ((size_t)64 << 10) /* converted at once */
#define TEXT_BYTES_MAX (PIECE_BYTES * 4)  /* what that can grow to */
#define KEEP_BYTES     ((size_t)256 << 10)

/* One worker's readers and buffers, kept from page to page. */
struct scan {
    struct html *html;           /* owned */
    struct html_links *resolver; /* owned */
    struct charset_text text;
    struct html_options options;
    struct sniff sniff;
    struct buf piece; /* UTF-8 on its way to the scanner */
    struct buf links;
    struct url page_url, canonical, refresh;
    struct decode *decode; /* owned; of packed sitemaps */
};

struct scan *scan_new(const char *agent)
{
    struct scan *scan = xcalloc(1, sizeof(*scan));

    scan->html = html_new();
    scan->resolver = html_links_new();
    scan->options.agent = agent;
    charset_text_init(&scan->text);
    buf_init(&scan->piece, TEXT_BYTES_MAX);
    buf_init(&scan->links, SCAN_LINKS_BYTES_MAX);
    return scan;
}

void scan_free(struct scan *scan)
{
    if (!scan)
        return;
    html_free(scan->html);
    html_links_free(scan->resolver);
    decode_free(scan->decode);
    buf_release(&scan->piece);
    buf_release(&scan->links);
    free(scan);
}

/* The encoding of a text that is not HTML, so without a prescan: by its byte
 * order mark, its header, and else UTF-8 if it is valid. */
static enum charset text_charset(struct bytes body, struct bytes type,
                                 bool is_ascii)
{
    enum charset charset;
    size_t bom_len;

    if (charset_from_bom(body.data, body.len, &charset, &bom_len) ||
        charset_from_type(type.data, type.len, &charset))
        return charset;
    return is_ascii || text_utf8_prefix(body.data, body.len) == body.len
               ? CHARSET_UTF_8
               : CHARSET_WINDOWS_1252;
}

/* Scans UTF-8 where it lies. `html` is NULL if only characters count. */
static enum err scan_utf8(struct html *html, struct bytes body, uint64_t *chars)
{
    const unsigned char *data = body.data;
    enum charset charset;
    size_t bom_len = 0;

    charset_from_bom(data, body.len, &charset, &bom_len);
    *chars = charset_count_chars(data + bom_len, body.len - bom_len);
    return html ? html_feed(html, data + bom_len, body.len - bom_len) : CERR_OK;
}

/* Scans any other encoding, and UTF-8 with invalid bytes: it is decoded piece
 * by piece, so that no second body of the whole size is made. */
static enum err scan_converted(struct scan *scan, struct html *html,
                               enum charset charset, struct bytes body,
                               uint64_t *chars)
{
    const unsigned char *data = body.data;
    enum err err = CERR_OK;

    charset_text_start(&scan->text, charset);
    for (size_t at = 0; !err && at < body.len; at += PIECE_BYTES) {
        size_t left = body.len - at;
        size_t len = left < PIECE_BYTES ? left : PIECE_BYTES;

        buf_reset(&scan->piece);
        err = charset_text_add(&scan->text, data + at, len, len == left,
                               &scan->piece);
        if (!err && html && !html_is_done(html) && scan->piece.len > 0)
            err = html_feed(html, scan->piece.data, scan->piece.len);
    }
    *chars = scan->text.chars;
    return err;
}

/* Whether the bytes of ASCII mean in this encoding what they mean in ASCII. */
static bool keeps_ascii(enum charset charset)
{
    return charset != CHARSET_UTF_16BE && charset != CHARSET_UTF_16LE &&
           charset != CHARSET_ISO_2022_JP && charset != CHARSET_REPLACEMENT;
}

/* Nothing is converted where the body is valid UTF-8 as it stands. */
static enum err scan_text(struct scan *scan, struct html *html,
                          enum charset charset, struct bytes body,
                          uint64_t *chars)
{
    if (charset == CHARSET_UTF_8 &&
        text_utf8_prefix(body.data, body.len) == body.len)
        return scan_utf8(html, body, chars);
    return scan_converted(scan, html, charset, body, chars);
}

/* A body of ASCII, as nearly every page in English is: no look for invalid
 * bytes and no count of characters is needed. */
static enum err scan_ascii(struct html *html, struct bytes body,
                           uint64_t *chars)
{
    *chars = body.len;
    return html ? html_feed(html, body.data, body.len) : CERR_OK;
}

/* The canonical URL that `href` means on this page; "" where it is none that
 * could be fetched. `url` holds the text. */
static struct bytes resolve(struct scan *scan, struct bytes href,
                            struct url *url)
{
    if (href.len == 0 ||
        html_links_resolve(scan->resolver, href, url) != URL_OK)
        return (struct bytes){"", 0};
    url_canonical(url, url);
    return (struct bytes){url->text, url->len};
}

/* Appends the links of the page, canonical, to scan->links. */
static enum err append_links(struct scan *scan, struct page *page)
{
    uint32_t nr = 0;
    enum err err;

    buf_reset_to(&scan->links, KEEP_BYTES);
    err = html_links_append(scan->resolver, scan->html, &scan->links, &nr);
    if (err)
        page->flags |= PAGE_LINKS_CUT;
    page->nr_links = nr;
    if (scan->links.len > 0)
        page->links = (struct bytes){scan->links.data, scan->links.len};
    return err == CERR_NOMEM ? err : CERR_OK;
}

/* Fills the fields of the page from what the HTML reader found. */
static enum err fill_facts(struct scan *scan, const struct scan_input *input,
                           enum charset charset, struct page *page)
{
    const struct html_facts *facts = html_get_facts(scan->html);
    struct url *url = &scan->page_url;

    page->flags |= PAGE_SCANNED;
    page->robots |= facts->robots;
    page->title = facts->title;
    page->description = facts->description;
    page->lang = facts->lang;
    page->h1 = facts->h1;
    if (facts->links_cut)
        page->flags |= PAGE_LINKS_CUT;
    if (facts->canonical.len == 0 && facts->refresh.len == 0 &&
        !(input->flags & JOB_LINKS))
        return CERR_OK;
    if (url_parse(url, input->url.data, input->url.len, NULL) != URL_OK)
        return CERR_OK;
    html_links_start(scan->resolver, url, facts, charset);
    page->canonical = resolve(scan, facts->canonical, &scan->canonical);
    /* a header was there before the page, and only the first refresh counts
     * (HTML, 4.2.5.3) */
    if (page->refresh.len == 0)
        page->refresh = resolve(scan, facts->refresh, &scan->refresh);
    return input->flags & JOB_LINKS ? append_links(scan, page) : CERR_OK;
}

/* Of a body that is neither HTML nor in an encoding that would make other
 * characters of ASCII bytes, only the length of its ASCII counts. */
bool scan_sniff(const struct scan_input *input, struct sniff *sniff)
{
    struct bytes body = input->body, type = input->type;

    sniff_body(sniff, type.data, type.len, body.data, body.len);
    return !sniff->is_html && keeps_ascii(text_charset(body, type, true));
}

/* Finds type, encoding and text, and for HTML the fields of its head and its
 * links. */
enum err scan_page(struct scan *scan, const struct scan_input *input,
                   struct page *page)
{
    struct sniff *sniff = &scan->sniff;
    struct bytes body = input->body;
    struct html *html = NULL;
    enum charset charset;
    const char *name;
    enum err err;

    if (input->sniffed)
        *sniff = *input->sniffed;
    else
        sniff_body(sniff, input->type.data, input->type.len, body.data,
                   body.len);
    page->mime = (struct bytes){sniff->mime, strlen(sniff->mime)};
    if (!sniff->is_text)
        return CERR_OK;
    if (sniff->is_html) {
        charset = charset_detect(body.data, body.len, input->type.data,
                                 input->type.len);
        scan->options.want_links = (input->flags & JOB_LINKS) != 0;
        scan->options.want_link_texts = (input->flags & JOB_LINK_TEXTS) != 0;
        html = scan->html;
        html_start(html, &scan->options);
    } else {
        charset = text_charset(body, input->type, input->is_ascii);
    }
    name = charset_name(charset);
    page->charset = (struct bytes){name, strlen(name)};
    if (input->is_ascii && keeps_ascii(charset))
        err = scan_ascii(html, body, &page->chars);
    else
        err = scan_text(scan, html, charset, body, &page->chars);
    page->chars += input->skipped_bytes;
    if (html && !err)
        err = html_finish(html);
    if (html && !err)
        err = fill_facts(scan, input, charset, page);
    return err;
}

/* ---- sitemaps ---- */

/* Where the first element of a sitemap stands: behind declarations and
 * comments. */
#define SITEMAP_HEAD 1024

struct sitemap_scan {
    struct scan *scan;
    struct sitemap *sitemap; /* owned */
    struct page *page;
    enum err err; /* what ended it in the middle of a packed body */
};

/* Appends an entry to the links of the page. With no room for it, later and
 * shorter ones are not taken either. */
static enum err append_entry(void *ctx, const struct sitemap_entry *entry)
{
    struct sitemap_scan *walk = ctx;
    struct scan *scan = walk->scan;
    struct url *url = &scan->canonical;
    struct page_link link = {
        .text = {"", 0},
        .kind = entry->is_sitemap ? LINK_SITEMAP : LINK_ENTRY,
    };
    enum err err;

    if (url_parse(url, entry->loc.data, entry->loc.len, &scan->page_url) !=
        URL_OK)
        return CERR_OK;
    url_canonical(url, url);
    link.url = (struct bytes){url->text, url->len};
    err = page_append_link(&scan->links, &link);
    walk->page->nr_links += err == CERR_OK;
    return err == CERR_INVALID ? CERR_OK : err;
}

static enum error feed_unpacked(void *ctx, const void *data, size_t len)
{
    struct sitemap_scan *walk = ctx;

    walk->err = sitemap_feed(walk->sitemap, data, len);
    return walk->err || sitemap_is_over(walk->sitemap) ? ERROR_TOO_LARGE
                                                       : ERROR_NONE;
}

/* Reads a packed sitemap; of one that is damaged what came before counts. */
static enum err feed_packed(struct sitemap_scan *walk, struct bytes body)
{
    struct scan *scan = walk->scan;
    struct decode_options options = {
        .sink = feed_unpacked,
        .ctx = walk,
        .max_bytes = SITEMAP_BYTES_MAX,
        .ratio_max = SCAN_SITEMAP_RATIO,
    };
    enum error error;

    if (!scan->decode)
        scan->decode = decode_new();
    error = decode_start(scan->decode, "gzip", 4, &options);
    if (!error)
        error = decode_feed(scan->decode, body.data, body.len);
    if (!error)
        error = decode_finish(scan->decode);
    if (error == ERROR_INTERNAL)
        return CERR_NOMEM;
    if (error)
        walk->page->flags |= PAGE_LINKS_CUT;
    return walk->err;
}

static bool is_gzip(struct bytes body)
{
    return body.len > 2 && memcmp(body.data, "\x1f\x8b", 2) == 0;
}

/* White space and a byte order mark may stand before an XML document. */
static struct bytes skip_blanks(struct bytes body)
{
    const char *at = body.data, *const end = at + body.len;

    if (body.len >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0)
        at += 3;
    while (at < end && (*at == ' ' || (*at >= '\t' && *at <= '\r')))
        at++;
    return (struct bytes){at, (size_t)(end - at)};
}

/* The first bytes tell most pages apart from XML at once. */
bool scan_is_sitemap(struct bytes body)
{
    static const char *const begins[] = {"<?xml", "<!--", "<urlset",
                                         "<sitemapindex"};
    struct bytes text = skip_blanks(body);
    bool is_xml = false;

    for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++)
        is_xml |= text.len >= strlen(begins[i]) &&
                  memcmp(text.data, begins[i], strlen(begins[i])) == 0;
    if (!is_xml)
        return false;
    text.len = text.len < SITEMAP_HEAD ? text.len : SITEMAP_HEAD;
    return (memmem(text.data, text.len, "<urlset", 7) ||
            memmem(text.data, text.len, "<sitemapindex", 13)) &&
           !memmem(text.data, text.len, "<html", 5);
}

/* Forgets the entries of what is no sitemap, unless it was asked for as one. */
static void judge_kind(struct scan *scan, const struct scan_input *input,
                       const struct sitemap *sitemap, struct page *page)
{
    enum sitemap_kind kind = sitemap_kind(sitemap);

    if (kind == SITEMAP_URLSET || kind == SITEMAP_INDEX) {
        page->flags |= PAGE_IS_SITEMAP;
    } else if (!(input->flags & JOB_SITEMAP)) {
        page->flags &= ~(uint32_t)PAGE_LINKS_CUT;
        page->nr_links = 0;
        scan->links.len = page->links.len = 0;
    }
}

enum err scan_sitemap(struct scan *scan, const struct scan_input *input,
                      struct page *page)
{
    struct sitemap_scan walk = {.scan = scan, .page = page};
    struct sitemap_options options = {.on_entry = append_entry, .ctx = &walk};
    struct bytes body = input->body;
    enum err err;

    buf_reset_to(&scan->links, KEEP_BYTES);
    if (url_parse(&scan->page_url, input->url.data, input->url.len, NULL) !=
        URL_OK)
        return CERR_OK;
    walk.sitemap = sitemap_new(&options);
    err = is_gzip(body) ? feed_packed(&walk, body)
                        : sitemap_feed(walk.sitemap, body.data, body.len);
    if (!err)
        err = sitemap_finish(walk.sitemap);
    if (err == CERR_NO_ROOM || sitemap_is_cut(walk.sitemap))
        page->flags |= PAGE_LINKS_CUT;
    judge_kind(scan, input, walk.sitemap, page);
    sitemap_free(walk.sitemap);
    if (scan->links.len > 0)
        page->links = (struct bytes){scan->links.data, scan->links.len};
    return err == CERR_NO_ROOM ? CERR_OK : err;
}
