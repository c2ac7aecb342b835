/*
 * html_tag: names of elements and attributes as small numbers.
 *
 * Only those that decide something for a crawler have a number: where links
 * and metadata stand, how the tokenizer reads on, where SVG and MathML end.
 * Pure; names are matched without regard to ASCII case.
 */
#ifndef CRAWLER_HTML_HTML_TAG_H
#define CRAWLER_HTML_HTML_TAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of a name that is kept; longer ones are unknown. */
#define HTML_NAME_BYTES 16

enum html_element {
    HTML_UNKNOWN,
    /* those that the tokenizer reports always */
    HTML_A,
    HTML_AREA,
    HTML_BASE,
    HTML_BODY,
    HTML_FRAME,
    HTML_FRAMESET,
    HTML_H1,
    HTML_HEAD,
    HTML_HTML,
    HTML_IFRAME,
    HTML_LINK,
    HTML_MATH,
    HTML_META,
    HTML_NOEMBED,
    HTML_NOFRAMES,
    HTML_NOSCRIPT,
    HTML_PLAINTEXT,
    HTML_SCRIPT,
    HTML_STYLE,
    HTML_SVG,
    HTML_TEMPLATE,
    HTML_TEXTAREA,
    HTML_TITLE,
    HTML_XMP,
    /* and those that matter in foreign content or in a head only */
    HTML_ANNOTATION_XML,
    HTML_BASEFONT,
    HTML_BGSOUND,
    HTML_BR,
    HTML_DESC,
    HTML_FONT,
    HTML_FOREIGN_OBJECT,
    HTML_MALIGNMARK,
    HTML_MATH_TEXT,
    HTML_MGLYPH,
    HTML_P,
    HTML_BREAKOUT, /* any other that ends foreign content (13.2.6.5) */
};

enum html_attribute {
    HTML_HREF,
    HTML_REL,
    HTML_SRC,
    HTML_CONTENT,
    HTML_NAME,
    HTML_HTTP_EQUIV,
    HTML_LANG,
    HTML_ENCODING,
    HTML_COLOR,
    HTML_FACE,
    HTML_SIZE,
    HTML_XLINK_HREF,
    HTML_ATTRIBUTE_NR, /* also: any other */
};

/* The element among those that are reported always; else HTML_UNKNOWN. Of names
 * of at most eight bytes: `word` is the name as a number, its first byte
 * lowest. */
enum html_element html_element_of(uint64_t word, size_t len);
/* The same for any name. */
enum html_element html_element_find(const unsigned char *name, size_t len);
/* The element among all. */
enum html_element html_element_find_any(const unsigned char *name, size_t len);
/* HTML_ATTRIBUTE_NR if it has no number. */
enum html_attribute html_attribute_find(const unsigned char *name, size_t len);
/* Bit 1 << attribute of those that are kept for an element. */
unsigned html_attributes_of(enum html_element element);

#endif
