/*
 * The reader behind sitemap.h: from tags and lines to entries.
 *
 * DESIGN. The first byte that is no white space decides: "<" is XML, anything
 * else a text list. In XML the first tag decides which of four formats it is.
 * They are alike: the document is a row of entries, an entry has its URL and
 * date in elements right below it. So `depth` counts from the entry, starts
 * again with the next one, and a document with broken nesting loses at most
 * the entry that is broken. Only elements with the entry's own prefix count:
 * <image:loc> is not <loc>.
 */
#include "crawler/sitemap/sitemap.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/xalloc.h"
#include "crawler/sitemap/sitemap_charset.h"
#include "crawler/sitemap/sitemap_xml.h"

#define SCHEME       "http://"
#define SCHEME_LEN   (sizeof(SCHEME) - 1)
#define PREFIX_BYTES 32 /* of a namespace prefix that is told from another */

/* A text that is being collected. */
struct field {
    char *data;
    size_t len, cap;
    bool is_over; /* it did not fit, or is not what its author wrote */
};

/* The names that the elements of one format have. */
struct format {
    const char *root, *entry, *loc, *lastmod; /* loc NULL: in an attribute */
    enum sitemap_kind kind;
};

static const struct format formats[] = {
    {"urlset", "url", "loc", "lastmod", SITEMAP_URLSET},
    {"sitemapindex", "sitemap", "loc", "lastmod", SITEMAP_INDEX},
    {"rss", "item", "link", "pubDate", SITEMAP_RSS},
    {"RDF", "item", "link", "date", SITEMAP_RSS},
    {"feed", "entry", NULL, "updated", SITEMAP_ATOM},
};

enum input_state { INPUT_BEGIN, INPUT_TEXT, INPUT_XML };

/*
 * Where the text in an entry's `loc` comes from.
 *
 *   NONE -> BARE       an entry of a sitemap begins       [entry_begin]
 *   any -> ELEMENT     its <loc> begins                   [child_begin]
 *   ELEMENT -> WRAPPED <loc> holds an element that is     [element_begin]
 *                      called like the entry
 *   any -> NONE        the entry is handed on or dropped  [entry_reset]
 *
 * A further <loc> leaves WRAPPED as it is.
 */
enum loc_source {
    LOC_NONE,
    LOC_BARE, /* the entry's own text: <loc> itself is forgotten at times */
    LOC_ELEMENT,
    LOC_WRAPPED, /* <loc><url>http://...</url></loc> */
};

/* One entry of the document, while it is read. */
struct entry {
    int depth; /* below the entry: 0 outside, 1 in it, 2 in its child ... */
    char prefix[PREFIX_BYTES]; /* of its namespace */
    size_t prefix_len;
    struct field *collected; /* one of the three, or NULL */
    struct field loc, lastmod, guid;
    bool guid_is_url;
    enum loc_source loc_source;

    /* What the fields hold. A URL that begins with "www." gets its scheme in
     * front. */
    char loc_data[SCHEME_LEN + SITEMAP_LOC_BYTES];
    char lastmod_data[SITEMAP_LASTMOD_BYTES];
    char guid_data[SITEMAP_LOC_BYTES];
};

struct sitemap {
    struct sitemap_options options;
    enum err err; /* the first error; sticks */
    enum input_state input;
    enum sitemap_kind kind;
    const struct format *format; /* NULL: a text list, or not known yet */
    size_t bom_len;              /* bytes of a BOM seen */
    size_t nr_bytes, nr_urls;
    bool is_cut, is_over;

    struct entry entry;
    struct sitemap_charset charset;
    struct sitemap_xml xml;
};

/* ---- fields ---- */

/* White space of ASCII; what else there is, space_bytes() knows. */
static bool is_space(char byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

/* Adds to a field; what does not fit makes the whole field count as absent. */
static void field_add(struct field *field, const char *text, size_t len)
{
    if (len > field->cap - field->len) {
        field->is_over = true;
        len = field->cap - field->len;
    }
    memcpy(field->data + field->len, text, len);
    field->len += len;
}

static void field_reset(struct field *field)
{
    field->len = 0;
    field->is_over = false;
}

/* Bytes of the white space that `text` begins with, Unicode's too: copied
 * from a page, a URL has it around itself at times. */
static size_t space_bytes(const char *text, size_t len)
{
    static const char *const wide[] = {
        "\xc2\x85",     "\xc2\xa0",     "\xe1\x9a\x80", "\xe2\x80\xa8",
        "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80",
    };

    if (len && is_space(*text))
        return 1;
    for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++) {
        size_t wide_len = strlen(wide[i]);

        if (len >= wide_len && memcmp(text, wide[i], wide_len) == 0)
            return wide_len;
    }
    /* U+2000 to U+200A */
    return len >= 3 && memcmp(text, "\xe2\x80", 2) == 0 &&
                   (unsigned char)text[2] - 0x80U <= 0x0a
               ? 3
               : 0;
}

/* Bytes of the white space that `text` ends in. */
static size_t space_bytes_at_end(const char *text, size_t len)
{
    for (size_t n = 1; n <= 3 && n <= len; n++)
        if (space_bytes(text + len - n, n) == n)
            return n;
    return 0;
}

/* The text of a field without white space around; empty if it did not fit. */
static struct bytes field_text(const struct field *field)
{
    const char *text = field->data;
    size_t len = field->is_over ? 0 : field->len, space;

    while ((space = space_bytes_at_end(text, len)) > 0)
        len -= space;
    while ((space = space_bytes(text, len)) > 0) {
        text += space;
        len -= space;
    }
    return (struct bytes){text, len};
}

/* Forgets all that was collected of an entry. */
static void entry_reset(struct sitemap *sitemap)
{
    field_reset(&sitemap->entry.loc);
    field_reset(&sitemap->entry.lastmod);
    field_reset(&sitemap->entry.guid);
    sitemap->entry.guid_is_url = false;
    sitemap->entry.loc_source = LOC_NONE;
    sitemap->entry.collected = NULL;
}

static bool starts_with(struct bytes text, const char *start)
{
    size_t len = strlen(start);

    return text.len >= len && strncasecmp(text.data, start, len) == 0;
}

/* Returns the URL of the entry, with a scheme in front where it was forgotten.
 */
static struct bytes entry_loc(struct sitemap *sitemap)
{
    struct bytes loc = field_text(&sitemap->entry.loc);

    if (sitemap->entry.loc_source == LOC_BARE && !starts_with(loc, "http://") &&
        !starts_with(loc, "https://"))
        loc.len = 0;
    if (!loc.len && sitemap->entry.guid_is_url)
        return field_text(&sitemap->entry.guid);
    if (starts_with(loc, "www.")) {
        size_t at = (size_t)((const char *)loc.data - sitemap->entry.loc_data);

        loc.data = memcpy(sitemap->entry.loc_data + at - SCHEME_LEN, SCHEME,
                          SCHEME_LEN);
        loc.len += SCHEME_LEN;
    }
    return loc;
}

/* Ends an entry: hands it on if it has a URL, and forgets it. */
static enum err entry_end(struct sitemap *sitemap)
{
    struct sitemap_entry entry = {
        .loc = entry_loc(sitemap),
        .lastmod = field_text(&sitemap->entry.lastmod),
        .is_sitemap = sitemap->kind == SITEMAP_INDEX,
    };

    entry_reset(sitemap);
    if (!entry.loc.len || sitemap->is_over)
        return CERR_OK;
    if (sitemap->nr_urls == sitemap->options.max_urls) {
        sitemap->is_cut = true;
        sitemap->is_over = true;
        return CERR_OK;
    }
    sitemap->nr_urls++;
    return sitemap->options.on_entry(sitemap->options.ctx, &entry);
}

/* ---- XML ---- */

/* The first tag of the document says which format it is. */
static void read_root(struct sitemap *sitemap,
                      const struct sitemap_xml_tag *tag)
{
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
        if (sitemap_xml_is(tag->name, formats[i].root))
            sitemap->format = &formats[i];
    if (sitemap->format)
        sitemap->kind = sitemap->format->kind;
    else
        sitemap->is_over = true;
}

static size_t prefix_len(struct bytes prefix)
{
    return prefix.len < PREFIX_BYTES ? prefix.len : PREFIX_BYTES;
}

/* <image:loc> is no <loc>: only elements of the entry's own prefix count. */
static bool has_prefix_of_entry(const struct sitemap *sitemap,
                                const struct sitemap_xml_tag *tag)
{
    return prefix_len(tag->prefix) == sitemap->entry.prefix_len &&
           memcmp(tag->prefix.data, sitemap->entry.prefix,
                  sitemap->entry.prefix_len) == 0;
}

/* An entry begins. */
static void entry_begin(struct sitemap *sitemap,
                        const struct sitemap_xml_tag *tag)
{
    sitemap->entry.depth = 1;
    sitemap->entry.prefix_len = prefix_len(tag->prefix);
    memcpy(sitemap->entry.prefix, tag->prefix.data, sitemap->entry.prefix_len);
    /* <loc> itself is forgotten at times */
    if (sitemap->kind == SITEMAP_URLSET || sitemap->kind == SITEMAP_INDEX) {
        sitemap->entry.collected = &sitemap->entry.loc;
        sitemap->entry.loc_source = LOC_BARE;
    }
}

/* Reads a link of Atom: the first that is an alternate, which is what a link
 * without `rel` is (RFC 4287, 4.2.7.2). */
static void read_atom_link(struct sitemap *sitemap,
                           const struct sitemap_xml_tag *tag)
{
    struct field *loc = &sitemap->entry.loc;
    char rel[16];
    size_t len;

    if (loc->len)
        return;
    if (sitemap_xml_attribute(tag, "rel", rel, sizeof(rel), &len) &&
        !sitemap_xml_is((struct bytes){rel, len}, "alternate"))
        return;
    if (sitemap_xml_attribute(tag, "href", loc->data, loc->cap, &len))
        loc->len = len;
}

/* Reads a guid of RSS 2.0, which is a URL unless it says that it is none. */
static void read_rss_guid(struct sitemap *sitemap,
                          const struct sitemap_xml_tag *tag)
{
    char value[16];
    size_t len;

    field_reset(&sitemap->entry.guid);
    sitemap->entry.collected = &sitemap->entry.guid;
    sitemap->entry.guid_is_url =
        !sitemap_xml_attribute(tag, "isPermaLink", value, sizeof(value),
                               &len) ||
        sitemap_xml_is((struct bytes){value, len}, "true");
}

/* An element right below the entry. */
static enum err child_begin(struct sitemap *sitemap,
                            const struct sitemap_xml_tag *tag)
{
    const struct format *format = sitemap->format;
    enum err err = CERR_OK;

    if (sitemap_xml_is(tag->name, format->lastmod)) {
        field_reset(&sitemap->entry.lastmod);
        sitemap->entry.collected = &sitemap->entry.lastmod;
    }
    if (!has_prefix_of_entry(sitemap, tag))
        return CERR_OK;
    if (format->loc && sitemap_xml_is(tag->name, format->loc)) {
        /* A second <loc> means that the entry before was never closed. */
        if (sitemap->entry.loc_source != LOC_BARE &&
            field_text(&sitemap->entry.loc).len)
            err = entry_end(sitemap);
        field_reset(&sitemap->entry.loc);
        sitemap->entry.collected = &sitemap->entry.loc;
        if (sitemap->entry.loc_source != LOC_WRAPPED)
            sitemap->entry.loc_source = LOC_ELEMENT;
    } else if (format->kind == SITEMAP_RSS &&
               sitemap_xml_is(tag->name, "guid")) {
        read_rss_guid(sitemap, tag);
    } else if (format->kind == SITEMAP_ATOM &&
               sitemap_xml_is(tag->name, "link")) {
        read_atom_link(sitemap, tag);
    }
    return err;
}

/* A start tag: an entry, an element right below one, or something deeper. */
static enum err element_begin(struct sitemap *sitemap,
                              const struct sitemap_xml_tag *tag)
{
    enum err err;

    if (sitemap_xml_is(tag->name, sitemap->format->entry)) {
        /* "<loc><url>http://...": while <loc> has no text, this is no new
         * entry. */
        if (sitemap->entry.depth == 2 &&
            sitemap->entry.collected == &sitemap->entry.loc &&
            !field_text(&sitemap->entry.loc).len) {
            sitemap->entry.loc_source = LOC_WRAPPED;
            sitemap->entry.depth++;
            return CERR_OK;
        }
        err = entry_end(sitemap);
        entry_begin(sitemap, tag);
        return err;
    }
    if (!sitemap->entry.depth)
        return CERR_OK;
    /* A field that has text ends where another element begins in it. */
    if (sitemap->entry.depth == 1 ||
        (sitemap->entry.collected && field_text(sitemap->entry.collected).len))
        sitemap->entry.collected = NULL;
    return ++sitemap->entry.depth == 2 ? child_begin(sitemap, tag) : CERR_OK;
}

/* An end tag, whatever it ends: only the depth is counted. */
static enum err element_end(struct sitemap *sitemap,
                            const struct sitemap_xml_tag *tag)
{
    if (!sitemap->entry.depth)
        return CERR_OK;
    if (sitemap_xml_is(tag->name, sitemap->format->entry) &&
        !(sitemap->entry.loc_source == LOC_WRAPPED &&
          sitemap->entry.depth > 2)) {
        sitemap->entry.depth = 0;
        return entry_end(sitemap);
    }
    if (sitemap->entry.depth == 2)
        sitemap->entry.collected = NULL;
    if (sitemap->entry.depth > 1)
        sitemap->entry.depth--;
    return CERR_OK;
}

/* Called by the scanner for each tag; "<a/>" begins and ends. */
static enum err on_tag(void *ctx, const struct sitemap_xml_tag *tag)
{
    struct sitemap *sitemap = ctx;
    enum err err = CERR_OK;

    if (!sitemap->format && !tag->is_end && !sitemap->is_over)
        read_root(sitemap, tag);
    if (sitemap->is_over || !sitemap->format)
        return CERR_OK;
    if (!tag->is_end)
        err = element_begin(sitemap, tag);
    if (!err && (tag->is_end || tag->is_empty))
        err = element_end(sitemap, tag);
    sitemap->xml.wants_text = sitemap->entry.collected != NULL;
    return err;
}

/* Called while something is collected. */
static void on_text(void *ctx, const char *text, size_t len)
{
    struct sitemap *sitemap = ctx;

    field_add(sitemap->entry.collected, text, len);
}

/* A URL without a part of it is another URL, so the field counts as absent. */
static void on_unknown(void *ctx)
{
    struct sitemap *sitemap = ctx;

    sitemap->entry.collected->is_over = true;
}

/* ---- text lists ---- */

/* A line counts when it is a URL and nothing else. */
static enum err line_end(struct sitemap *sitemap)
{
    struct bytes line = field_text(&sitemap->entry.loc);
    const char *text = line.data;
    bool is_url = starts_with(line, "http://") ||
                  starts_with(line, "https://") || starts_with(line, "www.");

    for (size_t i = 0; i < line.len && is_url; i++)
        is_url = !is_space(text[i]);
    if (!is_url) {
        entry_reset(sitemap);
        return CERR_OK;
    }
    sitemap->kind = SITEMAP_TEXT;
    return entry_end(sitemap);
}

/* Reads a text list: one URL a line (sitemaps.org, "text file"). */
static enum err text_feed(struct sitemap *sitemap, const char *data, size_t len)
{
    const char *at = data, *const end = data + len;
    enum err err = CERR_OK;

    while (at < end && !err) {
        const char *stop = at;

        while (stop < end && *stop != '\n' && *stop != '\r')
            stop++;
        field_add(&sitemap->entry.loc, at, (size_t)(stop - at));
        if (stop == end)
            break;
        err = line_end(sitemap);
        at = stop + 1;
    }
    return err;
}

/* ---- public ---- */

struct sitemap *sitemap_new(const struct sitemap_options *options)
{
    struct sitemap *sitemap = xcalloc(1, sizeof(*sitemap));
    const struct sitemap_xml_handler handler = {on_tag, on_text, on_unknown,
                                                sitemap};

    assert(options->on_entry);
    sitemap->options = *options;
    if (!sitemap->options.max_bytes)
        sitemap->options.max_bytes = SITEMAP_BYTES_MAX;
    if (!sitemap->options.max_urls)
        sitemap->options.max_urls = SITEMAP_URLS_MAX;
    sitemap->entry.loc.data = sitemap->entry.loc_data + SCHEME_LEN;
    sitemap->entry.loc.cap = SITEMAP_LOC_BYTES;
    sitemap->entry.lastmod.data = sitemap->entry.lastmod_data;
    sitemap->entry.lastmod.cap = sizeof(sitemap->entry.lastmod_data);
    sitemap->entry.guid.data = sitemap->entry.guid_data;
    sitemap->entry.guid.cap = sizeof(sitemap->entry.guid_data);
    sitemap_charset_init(&sitemap->charset);
    sitemap_xml_init(&sitemap->xml, &handler);
    return sitemap;
}

void sitemap_free(struct sitemap *sitemap)
{
    if (!sitemap)
        return;
    sitemap_charset_release(&sitemap->charset);
    free(sitemap);
}

/* Passes over BOM and white space; returns how much that was. */
static size_t begin(struct sitemap *sitemap, const char *data, size_t len)
{
    static const char bom[] = "\xef\xbb\xbf";
    size_t taken = 0;

    for (; taken < len; taken++) {
        if (sitemap->bom_len < sizeof(bom) - 1 &&
            data[taken] == bom[sitemap->bom_len]) {
            sitemap->bom_len++;
        } else if (!is_space(data[taken])) {
            sitemap->input = data[taken] == '<' ? INPUT_XML : INPUT_TEXT;
            break;
        }
    }
    return taken;
}

/* Reads on, in UTF-8: the first byte that counts says what it is. */
static enum err read_utf8(struct sitemap *sitemap, struct bytes text)
{
    const char *at = text.data;
    size_t len = text.len;

    if (sitemap->input == INPUT_BEGIN) {
        size_t taken = begin(sitemap, at, len);

        if (taken > 0) /* or `at` may be NULL */
            at += taken;
        len -= taken;
    }
    if (sitemap->input == INPUT_TEXT)
        return text_feed(sitemap, at, len);
    return sitemap_xml_feed(&sitemap->xml, at, len);
}

/* Sends bytes through the charset, piece by piece, to the reader. */
static enum err feed(struct sitemap *sitemap, struct bytes data, bool last)
{
    enum err err = CERR_OK;

    do {
        struct bytes text;
        size_t taken;

        err =
            sitemap_charset_read(&sitemap->charset, data, last, &taken, &text);
        if (err == CERR_OK)
            err = read_utf8(sitemap, text);
        data.data = (const char *)data.data + taken;
        data.len -= taken;
    } while (data.len > 0 && err == CERR_OK && !sitemap->is_over);
    return err;
}

enum err sitemap_feed(struct sitemap *sitemap, const void *data, size_t len)
{
    size_t room = sitemap->options.max_bytes - sitemap->nr_bytes;
    bool is_too_long = len > room;

    if (sitemap->err || sitemap->is_over || !len)
        return sitemap->err;
    if (is_too_long)
        len = room;
    sitemap->nr_bytes += len;
    if (len > 0)
        sitemap->err = feed(sitemap, (struct bytes){data, len}, false);
    if (is_too_long) {
        sitemap->is_cut = true;
        sitemap->is_over = true;
    }
    return sitemap->err;
}

enum err sitemap_finish(struct sitemap *sitemap)
{
    /* What a limit cut short is not whole. Neither is a text that XML ends in,
     * unless a tag has begun behind it. */
    if (!sitemap->err && !sitemap->is_over)
        sitemap->err = feed(sitemap, (struct bytes){"", 0}, true);
    if (sitemap->err)
        return sitemap->err;
    if (sitemap->input == INPUT_TEXT) {
        if (!sitemap->is_over)
            sitemap->err = line_end(sitemap);
    } else {
        if (sitemap->entry.collected && !sitemap_xml_is_in_tag(&sitemap->xml))
            field_reset(sitemap->entry.collected);
        sitemap->err = entry_end(sitemap);
    }
    sitemap->is_over = true;
    return sitemap->err;
}

enum sitemap_kind sitemap_kind(const struct sitemap *sitemap)
{
    return sitemap->kind;
}

bool sitemap_is_cut(const struct sitemap *sitemap)
{
    return sitemap->is_cut;
}

bool sitemap_is_over(const struct sitemap *sitemap)
{
    return sitemap->is_over || sitemap->err;
}
