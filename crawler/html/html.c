/*
 * The reader behind html.h: from tags to the fields and links of a page.
 *
 * DESIGN. The tokenizer calls on_tag() for the elements of html_tag.h. What
 * the standard's tree builder would do with them comes down to three things:
 * the content model that follows a start tag, how deep <template>s nest, and
 * whether this is foreign content. Texts are gathered by captures; at most
 * three are open at once: title, <h1>, and the last link.
 */
#include "crawler/html/html.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "base/unfilled.h"
#include "base/xalloc.h"
#include "crawler/html/html_foreign.h"
#include "crawler/html/html_tokenizer.h"
#include "crawler/html/html_words.h"

/* Bytes that a buffer may keep between pages. */
#define KEEP_BYTES  ((size_t)256 << 10)
/* Bytes taken beyond a cap, so that its last character is a whole one. */
#define SPARE_BYTES 4

/*
 * Whether a capture takes text.
 *
 *     CLOSED -> OPEN  [begin_capture]: the element begins
 *     OPEN -> CLOSED  [close_field: it was empty; close_link]
 *     OPEN -> DONE    [close_field]: only the first element of its kind counts
 */
enum capture_state {
    CAPTURE_CLOSED,
    CAPTURE_OPEN,
    CAPTURE_DONE,
};

/* Text being gathered: white space folded, cut at `cap`. */
struct capture {
    enum capture_state state;
    bool space; /* white space since the last byte */
    size_t len;
    size_t cap; /* of `data` */
    unsigned char *data;
};

/* A link as the page writes it. */
struct raw_link {
    uint32_t href_at, href_len; /* in `hrefs` */
    uint32_t text_at, text_len; /* in `texts` */
    uint8_t kind, rel;
    bool is_svg;
};

enum field {
    FIELD_TITLE,
    FIELD_DESCRIPTION,
    FIELD_LANG,
    FIELD_H1,
    FIELD_BASE,
    FIELD_CANONICAL,
    FIELD_REFRESH,
    FIELD_NR
};

/* A field that the page has. */
struct kept_field {
    bool has;
    size_t at, len; /* in `texts` */
};

struct html {
    struct html_tokenizer tokenizer;
    struct html_foreign foreign;
    struct html_options options;
    size_t template_depth;
    bool in_frameset; /* a <frame> outside of one is ignored ("in frameset") */
    enum err err;

    struct html_facts facts; /* filled by html_finish() */
    struct kept_field fields[FIELD_NR];

    struct capture title, h1, link_text;
    bool has_open_link; /* its text is being gathered */
    size_t open_link;   /* index of it */
    unsigned char title_raw[PAGE_TEXT_BYTES + SPARE_BYTES];
    unsigned char h1_raw[PAGE_TEXT_BYTES + SPARE_BYTES];
    unsigned char link_raw[PAGE_LINK_TEXT_BYTES + SPARE_BYTES];

    struct buf links; /* struct raw_link, one behind another */
    struct buf hrefs; /* of links, references replaced */
    struct buf texts; /* of links, and all fields */
};

/* Keeps the first error; after it the page is not read on. */
static void note_err(struct html *html, enum err err)
{
    if (html->err == CERR_OK)
        html->err = err;
}

/* The value of an attribute, "" if it is absent. */
static struct bytes view_value(const struct html_tag *tag,
                               enum html_attribute name)
{
    const struct html_value *value = &tag->values[name];

    return (struct bytes){value->data ? (const char *)value->data : "",
                          value->len};
}

/* Begins to gather; what was gathered before is forgotten. */
static void begin_capture(struct capture *capture)
{
    if (capture->state != CAPTURE_DONE)
        capture->state = CAPTURE_OPEN;
    capture->space = false;
    capture->len = 0;
}

/* White space is folded while it comes: a run of it is one space, and none
 * stands at the beginning or the end. */
static void add_capture(struct capture *capture, const unsigned char *data,
                        size_t len)
{
    if (capture->state != CAPTURE_OPEN)
        return;
    for (size_t i = 0; i < len && capture->len < capture->cap; i++) {
        if (html_is_space(data[i])) {
            capture->space = capture->len > 0;
            continue;
        }
        if (capture->space)
            capture->data[capture->len++] = ' ';
        capture->space = false;
        if (capture->len < capture->cap)
            capture->data[capture->len++] = data[i];
    }
}

/* Appends a capture to `texts` as valid UTF-8; returns where it begins. */
static size_t append_capture(struct html *html, const struct capture *capture)
{
    size_t at = html->texts.len, max = capture->cap - SPARE_BYTES;
    enum err err = buf_reserve(&html->texts, max);

    if (err != CERR_OK)
        note_err(html, err);
    else
        html->texts.len += text_clean(capture->data, capture->len,
                                      (char *)html->texts.data + at, max);
    return at;
}

/* Keeps the bytes as the field. One that the page has already stays as it is:
 * of several elements the first counts. */
static void keep_field(struct html *html, enum field field, const void *data,
                       size_t len)
{
    if (html->fields[field].has)
        return;
    html->fields[field].has = true;
    html->fields[field].at = html->texts.len;
    html->fields[field].len = len;
    note_err(html, buf_add(&html->texts, data, len));
}

/* Ends a capture and keeps it as the field, unless the page has one already. */
static void close_field(struct html *html, enum field field,
                        struct capture *capture)
{
    if (capture->state != CAPTURE_OPEN)
        return;
    /* an empty <title> is none */
    capture->state = capture->len > 0 ? CAPTURE_DONE : CAPTURE_CLOSED;
    if (capture->state != CAPTURE_DONE || html->fields[field].has)
        return;
    html->fields[field].has = true;
    html->fields[field].at = append_capture(html, capture);
    html->fields[field].len = html->texts.len - html->fields[field].at;
}

/* Keeps the text of an attribute, folded and cut as a capture is. */
static void keep_text(struct html *html, enum field field,
                      const struct html_value *value)
{
    UNFILLED unsigned char raw[PAGE_TEXT_BYTES + SPARE_BYTES];
    struct capture capture = {.cap = sizeof(raw), .data = raw};

    begin_capture(&capture);
    add_capture(&capture, value->data, value->len);
    close_field(html, field, &capture);
}

/* Links lie in a buffer that may move: a pointer lives until the next one is
 * added. */
static struct raw_link *get_raw_link(const struct html *html, size_t index)
{
    struct raw_link *links = (void *)html->links.data;

    assert(index < html_nr_links(html));
    return &links[index];
}

/* Ends the text of the link that is open, if one is. */
static void close_link(struct html *html)
{
    struct raw_link *link;

    if (!html->has_open_link)
        return;
    html->has_open_link = false;
    html->link_text.state = CAPTURE_CLOSED;
    if (html->texts.len > HTML_LINK_BYTES_MAX)
        return;
    link = get_raw_link(html, html->open_link);
    link->text_at = (uint32_t)append_capture(html, &html->link_text);
    link->text_len = (uint32_t)(html->texts.len - link->text_at);
}

/* The words of `rel` that say how far a link is vouched for. */
static uint8_t rel_flags(const struct html_tag *tag)
{
    struct bytes rest = view_value(tag, HTML_REL), word;
    unsigned flags = 0;

    while (html_next_word(&rest, ' ', &word)) {
        if (html_is_word(word, "nofollow"))
            flags |= LINK_NOFOLLOW;
        else if (html_is_word(word, "ugc"))
            flags |= LINK_UGC;
        else if (html_is_word(word, "sponsored"))
            flags |= LINK_SPONSORED;
    }
    return (uint8_t)flags;
}

/* Adds a link without text. False: it has no href, nobody wants links, or a
 * limit is reached. */
static bool add_link(struct html *html, enum link_kind kind,
                     const struct html_tag *tag, const struct html_value *href)
{
    struct raw_link link = {
        .href_at = (uint32_t)html->hrefs.len,
        .href_len = (uint32_t)href->len,
        .kind = (uint8_t)kind,
        .rel = rel_flags(tag),
    };

    if (!html->options.want_links || !href->data)
        return false;
    if (html_nr_links(html) == PAGE_LINKS_MAX || href->cut ||
        html->hrefs.len + href->len > HTML_LINK_BYTES_MAX) {
        html->facts.links_cut = true;
        return false;
    }
    note_err(html, buf_add(&html->hrefs, href->data, href->len));
    note_err(html, buf_add(&html->links, &link, sizeof(link)));
    return html->err == CERR_OK;
}

/* Opens an <a> of HTML, whose text follows. One <a> ends another, as they
 * cannot be nested (13.2.6.4.7). */
static void open_anchor(struct html *html, const struct html_tag *tag)
{
    close_link(html);
    if (!add_link(html, LINK_A, tag, &tag->values[HTML_HREF]) ||
        !html->options.want_link_texts)
        return;
    html->has_open_link = true;
    html->open_link = html_nr_links(html) - 1;
    begin_capture(&html->link_text);
}

/* Adds an <a> of SVG by its href, or the older xlink:href (SVG 2, 16.1). It has
 * no text of its own here. */
static void add_svg_link(struct html *html, const struct html_tag *tag)
{
    const struct html_value *href = &tag->values[HTML_HREF];

    close_link(html);
    if (!href->data)
        href = &tag->values[HTML_XLINK_HREF];
    if (add_link(html, LINK_A, tag, href))
        get_raw_link(html, html_nr_links(html) - 1)->is_svg = true;
}

/* Reads a <link>: of its many relations only the canonical URL counts. */
static void read_link(struct html *html, const struct html_tag *tag)
{
    const struct html_value *href = &tag->values[HTML_HREF];
    struct bytes rest = view_value(tag, HTML_REL), word;

    if (!href->data || href->len == 0 || href->cut)
        return;
    while (html_next_word(&rest, ' ', &word)) {
        if (html_is_word(word, "canonical"))
            keep_field(html, FIELD_CANONICAL, href->data, href->len);
    }
}

/* Reads a <meta>: robots, description, refresh. The content says nothing
 * without a name or an http-equiv. */
static void read_meta(struct html *html, const struct html_tag *tag)
{
    const struct html_value *content = &tag->values[HTML_CONTENT];
    const char *agent = html->options.agent;
    struct bytes name = html_trim(view_value(tag, HTML_NAME));
    /* http-equiv is a keyword (4.2.5.3): with white space around it, it is
     * another word. A name is trimmed, as search engines do. */
    struct bytes equiv = view_value(tag, HTML_HTTP_EQUIV), url;

    if (!content->data)
        return;
    if (html_is_word(name, "robots") || (agent && html_is_word(name, agent)))
        html->facts.robots |= html_robots_flags(content->data, content->len);
    else if (html_is_word(name, "description"))
        keep_text(html, FIELD_DESCRIPTION, content);
    if (html_is_word(equiv, "refresh") && !content->cut &&
        html_refresh_url(content->data, content->len, &url))
        keep_field(html, FIELD_REFRESH, url.data, url.len);
}

/* Reads <html>, which has the language of the page. */
static void read_html(struct html *html, const struct html_tag *tag)
{
    if (tag->values[HTML_LANG].data)
        keep_text(html, FIELD_LANG, &tag->values[HTML_LANG]);
}

/* How the standard's tree builder has the contents read (13.2.6.4.7). */
static enum html_model model_of(enum html_element element)
{
    switch ((int)element) {
    case HTML_TITLE:
    case HTML_TEXTAREA:
        return HTML_MODEL_RCDATA;
    case HTML_IFRAME:
    case HTML_NOEMBED:
    case HTML_NOFRAMES:
    case HTML_STYLE:
    case HTML_XMP:
        return HTML_MODEL_RAWTEXT;
    case HTML_SCRIPT:
        return HTML_MODEL_SCRIPT;
    case HTML_PLAINTEXT:
        return HTML_MODEL_PLAINTEXT;
    }
    return HTML_MODEL_DATA;
}

/* Whether an element may stand in a head or before it (13.2.6.4.4 and
 * 13.2.6.4.6). */
static bool is_head_element(enum html_element element)
{
    switch ((int)element) {
    case HTML_BASE:
    case HTML_BASEFONT:
    case HTML_BGSOUND:
    case HTML_HEAD:
    case HTML_HTML:
    case HTML_LINK:
    case HTML_META:
    case HTML_NOFRAMES:
    case HTML_NOSCRIPT:
    case HTML_SCRIPT:
    case HTML_STYLE:
    case HTML_TEMPLATE:
    case HTML_TITLE:
        return true;
    }
    return false;
}

/* A start tag of HTML outside of <template>. */
static void read_element(struct html *html, const struct html_tag *tag)
{
    const struct html_value *src = &tag->values[HTML_SRC];

    switch ((int)tag->element) {
    case HTML_A:
        open_anchor(html, tag);
        break;
    case HTML_AREA:
        add_link(html, LINK_AREA, tag, &tag->values[HTML_HREF]);
        break;
    case HTML_BASE:
        if (tag->values[HTML_HREF].data && !tag->values[HTML_HREF].cut)
            keep_field(html, FIELD_BASE, tag->values[HTML_HREF].data,
                       tag->values[HTML_HREF].len);
        break;
    case HTML_FRAMESET:
        html->in_frameset = true;
        break;
    case HTML_FRAME:
    case HTML_IFRAME:
        /* an empty src is about:blank */
        if (src->len > 0 && (html->in_frameset || tag->element == HTML_IFRAME))
            add_link(html, LINK_FRAME, tag, src);
        break;
    case HTML_H1:
        begin_capture(&html->h1);
        break;
    case HTML_HTML:
        read_html(html, tag);
        break;
    case HTML_LINK:
        read_link(html, tag);
        break;
    case HTML_META:
        read_meta(html, tag);
        break;
    case HTML_TITLE:
        begin_capture(&html->title);
        break;
    }
}

/* Reads a start tag; decides first whether it is one of HTML. */
static void read_start_tag(struct html *html, const struct html_tag *tag)
{
    enum html_model model = model_of(tag->element);

    if (!html->options.want_links && html->template_depth == 0 &&
        !is_head_element(tag->element)) {
        html->tokenizer.stop = true;
        return;
    }
    if (html_foreign_start(&html->foreign, tag)) {
        if (tag->element == HTML_A && html->template_depth == 0 &&
            html_foreign_is_svg(&html->foreign))
            add_svg_link(html, tag);
        return;
    }
    if (model != HTML_MODEL_DATA)
        html_tokenizer_set_model(&html->tokenizer, model);
    if (tag->element == HTML_TEMPLATE)
        html->template_depth++;
    if (html->template_depth == 0)
        read_element(html, tag);
}

/* Reads an end tag. </template> without a start tag is passed over. */
static void read_end_tag(struct html *html, const struct html_tag *tag)
{
    if (html_foreign_end(&html->foreign, tag))
        return;
    switch ((int)tag->element) {
    case HTML_A:
        close_link(html);
        break;
    case HTML_H1:
        close_field(html, FIELD_H1, &html->h1);
        break;
    case HTML_TEMPLATE:
        if (html->template_depth > 0)
            html->template_depth--;
        break;
    case HTML_TITLE:
        close_field(html, FIELD_TITLE, &html->title);
        break;
    }
}

/* Text costs time: it is asked for only while a capture has room. */
static bool wants_text(const struct capture *capture)
{
    return capture->state == CAPTURE_OPEN && capture->len < capture->cap;
}

/* Called by the tokenizer for each tag; sets its switches for what follows. */
static void on_tag(void *ctx, const struct html_tag *tag)
{
    struct html *html = ctx;
    struct html_tokenizer *tokenizer = &html->tokenizer;

    if (tag->is_end)
        read_end_tag(html, tag);
    else
        read_start_tag(html, tag);
    tokenizer->want_text = wants_text(&html->title) || wants_text(&html->h1) ||
                           wants_text(&html->link_text);
    tokenizer->want_all = html->foreign.depth > 0 || !html->options.want_links;
    tokenizer->want_cdata = html_foreign_has_cdata(&html->foreign);
}

/* Called by the tokenizer. A capture that is not open takes nothing. */
static void on_text(void *ctx, const unsigned char *data, size_t len)
{
    struct html *html = ctx;

    if (html->template_depth > 0 && html->title.state != CAPTURE_OPEN)
        return;
    add_capture(&html->title, data, len);
    add_capture(&html->h1, data, len);
    add_capture(&html->link_text, data, len);
}

struct html *html_new(void)
{
    struct html *html = xcalloc(1, sizeof(*html));

    html_tokenizer_init(&html->tokenizer, on_tag, on_text, html);
    buf_init(&html->links, PAGE_LINKS_MAX * sizeof(struct raw_link));
    buf_init(&html->hrefs, HTML_LINK_BYTES_MAX);
    /* the fields come on top of the links' texts, and one text at most */
    buf_init(&html->texts,
             HTML_LINK_BYTES_MAX + (size_t)2 * FIELD_NR * HTML_VALUE_BYTES_MAX);
    return html;
}

void html_free(struct html *html)
{
    if (!html)
        return;
    html_tokenizer_release(&html->tokenizer);
    buf_release(&html->links);
    buf_release(&html->hrefs);
    buf_release(&html->texts);
    free(html);
}

/* Everything of the page before goes, but for the memory of its buffers. */
void html_start(struct html *html, const struct html_options *options)
{
    html->options = *options;
    html_tokenizer_reset(&html->tokenizer);
    html->tokenizer.want_all = !options->want_links;
    html_foreign_reset(&html->foreign);
    html->template_depth = 0;
    html->in_frameset = false;
    html->err = CERR_OK;
    html->facts = (struct html_facts){0};
    memset(html->fields, 0, sizeof(html->fields));
    html->title = (struct capture){.cap = sizeof(html->title_raw),
                                   .data = html->title_raw};
    html->h1 =
        (struct capture){.cap = sizeof(html->h1_raw), .data = html->h1_raw};
    html->link_text =
        (struct capture){.cap = sizeof(html->link_raw), .data = html->link_raw};
    html->has_open_link = false;
    buf_reset_to(&html->links, KEEP_BYTES);
    buf_reset_to(&html->hrefs, KEEP_BYTES);
    buf_reset_to(&html->texts, KEEP_BYTES);
}

enum err html_feed(struct html *html, const void *data, size_t len)
{
    if (html->err == CERR_OK)
        note_err(html, html_tokenizer_feed(&html->tokenizer, data, len));
    return html->err;
}

/* Returns the text of a field; "" if the page does not have it. */
static struct bytes view_field(const struct html *html, enum field field)
{
    if (!html->fields[field].has || html->err != CERR_OK)
        return (struct bytes){"", 0};
    return (struct bytes){html->texts.data + html->fields[field].at,
                          html->fields[field].len};
}

/* What is still open at the end of the page ends here. */
enum err html_finish(struct html *html)
{
    struct html_facts *facts = &html->facts;

    if (html->err == CERR_OK)
        note_err(html, html_tokenizer_finish(&html->tokenizer));
    close_link(html);
    close_field(html, FIELD_H1, &html->h1);
    close_field(html, FIELD_TITLE, &html->title);
    facts->title = view_field(html, FIELD_TITLE);
    facts->description = view_field(html, FIELD_DESCRIPTION);
    facts->lang = view_field(html, FIELD_LANG);
    facts->h1 = view_field(html, FIELD_H1);
    facts->base = view_field(html, FIELD_BASE);
    facts->has_base = html->fields[FIELD_BASE].has;
    facts->canonical = view_field(html, FIELD_CANONICAL);
    facts->refresh = view_field(html, FIELD_REFRESH);
    return html->err;
}

bool html_is_done(const struct html *html)
{
    return html->tokenizer.stop;
}

const struct html_facts *html_get_facts(const struct html *html)
{
    return &html->facts;
}

size_t html_nr_links(const struct html *html)
{
    return html->links.len / sizeof(struct raw_link);
}

struct html_link html_get_link(const struct html *html, size_t index)
{
    const struct raw_link *link = get_raw_link(html, index);
    struct html_link view = {
        .kind = (enum link_kind)link->kind,
        .is_svg = link->is_svg,
        .rel = link->rel,
        .href = {"", 0},
        .text = {"", 0},
    };

    if (link->href_len > 0)
        view.href =
            (struct bytes){html->hrefs.data + link->href_at, link->href_len};
    if (link->text_len > 0)
        view.text =
            (struct bytes){html->texts.data + link->text_at, link->text_len};
    return view;
}
