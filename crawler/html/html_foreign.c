/*
 * The stack behind html_foreign.h: what is open of SVG and MathML, and nothing
 * of the HTML around it.
 */
#include "crawler/html/html_foreign.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

/* What the contents of an open element of SVG or MathML are. */
enum kind {
    KIND_PLAIN,      /* contents are foreign */
    KIND_ANNOTATION, /* annotation-xml: foreign, but for an <svg> */
    KIND_TEXT_POINT, /* MathML text integration point */
    KIND_HTML_POINT, /* HTML integration point: contents are HTML */
};

void html_foreign_reset(struct html_foreign *foreign)
{
    foreign->depth = 0;
}

/* The innermost one, or NULL. */
static struct html_foreign_open *get_top(struct html_foreign *foreign)
{
    return foreign->depth > 0 ? &foreign->open[foreign->depth - 1] : NULL;
}

static bool is_value(const struct html_value *value, const char *text)
{
    return value->data && value->len == strlen(text) &&
           strncasecmp((const char *)value->data, text, value->len) == 0;
}

/* 13.2.4.2 names the integration points. */
static enum kind kind_of(const struct html_tag *tag, bool is_svg)
{
    const struct html_value *encoding = &tag->values[HTML_ENCODING];

    if (is_svg)
        return tag->element == HTML_FOREIGN_OBJECT ||
                       tag->element == HTML_DESC || tag->element == HTML_TITLE
                   ? KIND_HTML_POINT
                   : KIND_PLAIN;
    if (tag->element == HTML_MATH_TEXT)
        return KIND_TEXT_POINT;
    if (tag->element != HTML_ANNOTATION_XML)
        return KIND_PLAIN;
    return is_value(encoding, "text/html") ||
                   is_value(encoding, "application/xhtml+xml")
               ? KIND_HTML_POINT
               : KIND_ANNOTATION;
}

/* A foreign element is open now. Deeper ones than the limit are not, and end
 * with the one that holds them. */
static void push(struct html_foreign *foreign, const struct html_tag *tag,
                 bool is_svg)
{
    struct html_foreign_open *open;

    if (tag->self_closing || foreign->depth == HTML_FOREIGN_DEPTH_MAX)
        return;
    open = &foreign->open[foreign->depth++];
    memcpy(open->name, tag->name, sizeof(open->name));
    open->name_len =
        (uint8_t)(tag->name_len < HTML_NAME_BYTES ? tag->name_len
                                                  : HTML_NAME_BYTES);
    open->kind = (uint8_t)kind_of(tag, is_svg);
    open->is_svg = is_svg;
    open->has_html = false;
}

/* 13.2.6.5 lists the start tags that end all foreign content around them. */
static bool breaks_out(const struct html_tag *tag)
{
    switch ((int)tag->element) {
    case HTML_BODY:
    case HTML_BR:
    case HTML_BREAKOUT:
    case HTML_H1:
    case HTML_HEAD:
    case HTML_META:
    case HTML_P:
        return true;
    case HTML_FONT:
        return tag->values[HTML_COLOR].data || tag->values[HTML_FACE].data ||
               tag->values[HTML_SIZE].data;
    }
    return false;
}

static bool is_point(const struct html_foreign_open *open)
{
    return open->kind == KIND_HTML_POINT || open->kind == KIND_TEXT_POINT;
}

/* Closes foreign elements up to one whose contents are HTML. */
static void pop_to_point(struct html_foreign *foreign)
{
    while (foreign->depth > 0 && !is_point(&foreign->open[foreign->depth - 1]))
        foreign->depth--;
}

/* Whether a tag is read by the rules for foreign content (13.2.6, the tree
 * construction dispatcher). */
static bool is_in_foreign(const struct html_foreign_open *top,
                          const struct html_tag *tag)
{
    if (!top)
        return false;
    switch ((enum kind)top->kind) {
    case KIND_PLAIN:
        return true;
    case KIND_ANNOTATION:
        return tag->element != HTML_SVG;
    case KIND_TEXT_POINT:
        return !top->has_html &&
               (tag->element == HTML_MGLYPH || tag->element == HTML_MALIGNMARK);
    case KIND_HTML_POINT:
        break;
    }
    return false;
}

/* 13.2.6, then 13.2.6.5: the element that is open decides by whose rules the
 * tag is read. */
bool html_foreign_start(struct html_foreign *foreign,
                        const struct html_tag *tag)
{
    struct html_foreign_open *top = get_top(foreign);
    bool in_foreign = is_in_foreign(top, tag);

    if (in_foreign && !breaks_out(tag)) {
        push(foreign, tag, top->is_svg);
        return true;
    }
    if (in_foreign)
        pop_to_point(foreign);
    top = get_top(foreign);
    if (tag->element == HTML_SVG || tag->element == HTML_MATH) {
        push(foreign, tag, tag->element == HTML_SVG);
        return true;
    }
    if (top && is_point(top))
        top->has_html = true;
    return false;
}

/* End tags of HTML that pages put where a drawing was left open. */
static bool closes_html(const struct html_tag *tag)
{
    return tag->element == HTML_A || tag->element == HTML_BR ||
           tag->element == HTML_BREAKOUT || tag->element == HTML_H1 ||
           tag->element == HTML_P;
}

/* 13.2.6.5, "any other end tag": looks outwards for an element of that name. */
bool html_foreign_end(struct html_foreign *foreign, const struct html_tag *tag)
{
    size_t len =
        tag->name_len < HTML_NAME_BYTES ? tag->name_len : HTML_NAME_BYTES;

    for (size_t i = foreign->depth; i-- > 0;) {
        const struct html_foreign_open *open = &foreign->open[i];

        if (open->name_len == len && memcmp(open->name, tag->name, len) == 0) {
            foreign->depth = i;
            return true;
        }
        /* HTML elements have been opened in this one. Only </svg> and </math>
         * reach beyond them: else one lost end tag would have the rest of the
         * page read as a drawing. */
        if (open->has_html && tag->element != HTML_SVG &&
            tag->element != HTML_MATH)
            return false;
    }
    /* The tag ends an element outside, and all foreign ones in it. Whether that
     * is open is not known here; that it is, is likely. */
    if (closes_html(tag))
        pop_to_point(foreign);
    return false;
}

bool html_foreign_is_svg(const struct html_foreign *foreign)
{
    assert(foreign->depth > 0);
    return foreign->open[foreign->depth - 1].is_svg;
}

bool html_foreign_has_cdata(const struct html_foreign *foreign)
{
    return foreign->depth > 0 && !foreign->open[foreign->depth - 1].has_html;
}
