/*
 * The names behind html_tag.h. Every tag of every page is compared with
 * main_names, so its names are single words of the machine.
 */
#include "crawler/html/html_tag.h"

#include <assert.h>
#include <string.h>

/* A name that is compared byte by byte. */
struct name {
    char text[HTML_NAME_BYTES];
    uint8_t len;
    uint8_t value;
};

/* WORD is what word_of() makes of a name of up to eight characters. */
#define WORD(a, b, c, d, e, f, g, h)                                           \
    ((uint64_t)(a) | (uint64_t)(b) << 8 | (uint64_t)(c) << 16 |                \
     (uint64_t)(d) << 24 | (uint64_t)(e) << 32 | (uint64_t)(f) << 40 |         \
     (uint64_t)(g) << 48 | (uint64_t)(h) << 56)

/* These elements are reported always. Names of one length stand together. */
static const struct {
    uint64_t word;
    enum html_element element;
} main_names[] = {
    {WORD('a', 0, 0, 0, 0, 0, 0, 0), HTML_A},
    {WORD('h', '1', 0, 0, 0, 0, 0, 0), HTML_H1},
    {WORD('s', 'v', 'g', 0, 0, 0, 0, 0), HTML_SVG},
    {WORD('x', 'm', 'p', 0, 0, 0, 0, 0), HTML_XMP},
    {WORD('a', 'r', 'e', 'a', 0, 0, 0, 0), HTML_AREA},
    {WORD('b', 'a', 's', 'e', 0, 0, 0, 0), HTML_BASE},
    {WORD('b', 'o', 'd', 'y', 0, 0, 0, 0), HTML_BODY},
    {WORD('h', 'e', 'a', 'd', 0, 0, 0, 0), HTML_HEAD},
    {WORD('h', 't', 'm', 'l', 0, 0, 0, 0), HTML_HTML},
    {WORD('l', 'i', 'n', 'k', 0, 0, 0, 0), HTML_LINK},
    {WORD('m', 'a', 't', 'h', 0, 0, 0, 0), HTML_MATH},
    {WORD('m', 'e', 't', 'a', 0, 0, 0, 0), HTML_META},
    {WORD('f', 'r', 'a', 'm', 'e', 0, 0, 0), HTML_FRAME},
    {WORD('s', 't', 'y', 'l', 'e', 0, 0, 0), HTML_STYLE},
    {WORD('t', 'i', 't', 'l', 'e', 0, 0, 0), HTML_TITLE},
    {WORD('i', 'f', 'r', 'a', 'm', 'e', 0, 0), HTML_IFRAME},
    {WORD('s', 'c', 'r', 'i', 'p', 't', 0, 0), HTML_SCRIPT},
    {WORD('n', 'o', 'e', 'm', 'b', 'e', 'd', 0), HTML_NOEMBED},
    {WORD('f', 'r', 'a', 'm', 'e', 's', 'e', 't'), HTML_FRAMESET},
    {WORD('n', 'o', 'f', 'r', 'a', 'm', 'e', 's'), HTML_NOFRAMES},
    {WORD('n', 'o', 's', 'c', 'r', 'i', 'p', 't'), HTML_NOSCRIPT},
    {WORD('t', 'e', 'm', 'p', 'l', 'a', 't', 'e'), HTML_TEMPLATE},
    {WORD('t', 'e', 'x', 't', 'a', 'r', 'e', 'a'), HTML_TEXTAREA},
};
#define MAIN_LEN_MAX 8
/* Where the names of each length begin in main_names. */
static const uint8_t main_from[MAIN_LEN_MAX + 2] = {0,  0,  1,  2,  4,
                                                    12, 15, 17, 18, 23};
static const struct name long_name = {"plaintext", 9, HTML_PLAINTEXT};

/* These names are looked at only where every tag counts: in foreign content and
 * in a head. */
static const struct name other_names[] = {
    {"p", 1, HTML_P},
    {"b", 1, HTML_BREAKOUT},
    {"i", 1, HTML_BREAKOUT},
    {"s", 1, HTML_BREAKOUT},
    {"u", 1, HTML_BREAKOUT},
    {"br", 2, HTML_BR},
    {"dd", 2, HTML_BREAKOUT},
    {"dl", 2, HTML_BREAKOUT},
    {"dt", 2, HTML_BREAKOUT},
    {"em", 2, HTML_BREAKOUT},
    {"h2", 2, HTML_BREAKOUT},
    {"h3", 2, HTML_BREAKOUT},
    {"h4", 2, HTML_BREAKOUT},
    {"h5", 2, HTML_BREAKOUT},
    {"h6", 2, HTML_BREAKOUT},
    {"hr", 2, HTML_BREAKOUT},
    {"li", 2, HTML_BREAKOUT},
    {"ol", 2, HTML_BREAKOUT},
    {"tt", 2, HTML_BREAKOUT},
    {"ul", 2, HTML_BREAKOUT},
    {"mi", 2, HTML_MATH_TEXT},
    {"mn", 2, HTML_MATH_TEXT},
    {"mo", 2, HTML_MATH_TEXT},
    {"ms", 2, HTML_MATH_TEXT},
    {"big", 3, HTML_BREAKOUT},
    {"div", 3, HTML_BREAKOUT},
    {"img", 3, HTML_BREAKOUT},
    {"pre", 3, HTML_BREAKOUT},
    {"sub", 3, HTML_BREAKOUT},
    {"sup", 3, HTML_BREAKOUT},
    {"var", 3, HTML_BREAKOUT},
    {"code", 4, HTML_BREAKOUT},
    {"desc", 4, HTML_DESC},
    {"font", 4, HTML_FONT},
    {"menu", 4, HTML_BREAKOUT},
    {"nobr", 4, HTML_BREAKOUT},
    {"ruby", 4, HTML_BREAKOUT},
    {"span", 4, HTML_BREAKOUT},
    {"embed", 5, HTML_BREAKOUT},
    {"mtext", 5, HTML_MATH_TEXT},
    {"small", 5, HTML_BREAKOUT},
    {"table", 5, HTML_BREAKOUT},
    {"center", 6, HTML_BREAKOUT},
    {"mglyph", 6, HTML_MGLYPH},
    {"strike", 6, HTML_BREAKOUT},
    {"strong", 6, HTML_BREAKOUT},
    {"bgsound", 7, HTML_BGSOUND},
    {"listing", 7, HTML_BREAKOUT},
    {"basefont", 8, HTML_BASEFONT},
    {"blockquote", 10, HTML_BREAKOUT},
    {"malignmark", 10, HTML_MALIGNMARK},
    {"foreignobject", 13, HTML_FOREIGN_OBJECT},
    {"annotation-xml", 14, HTML_ANNOTATION_XML},
};

/* These are the attributes that some element keeps. */
static const struct name attribute_names[] = {
    {"rel", 3, HTML_REL},
    {"src", 3, HTML_SRC},
    {"face", 4, HTML_FACE},
    {"href", 4, HTML_HREF},
    {"lang", 4, HTML_LANG},
    {"name", 4, HTML_NAME},
    {"size", 4, HTML_SIZE},
    {"color", 5, HTML_COLOR},
    {"content", 7, HTML_CONTENT},
    {"encoding", 8, HTML_ENCODING},
    {"http-equiv", 10, HTML_HTTP_EQUIV},
    {"xlink:href", 10, HTML_XLINK_HREF},
};

#define NR_OF(array) (sizeof(array) / sizeof((array)[0]))

/* The names are compared byte by byte; `name` is in lower case already. */
static bool is_name(const struct name *known, const unsigned char *name,
                    size_t len)
{
    return known->len == len && known->text[0] == (char)name[0] &&
           memcmp(known->text, name, len) == 0;
}

/* A name of up to eight bytes as a number, its first byte lowest. */
static uint64_t word_of(const unsigned char *name, size_t len)
{
    uint64_t word = 0;

    for (size_t i = 0; i < len && i < sizeof(word); i++)
        word |= (uint64_t)name[i] << 8 * i;
    return word;
}

/* At most eight names have one length, so no table of hashes would be faster.
 */
enum html_element html_element_of(uint64_t word, size_t len)
{
    assert(len <= MAIN_LEN_MAX);
    for (size_t i = main_from[len]; i < main_from[len + 1]; i++) {
        if (main_names[i].word == word)
            return main_names[i].element;
    }
    return HTML_UNKNOWN;
}

enum html_element html_element_find(const unsigned char *name, size_t len)
{
    if (len <= MAIN_LEN_MAX)
        return html_element_of(word_of(name, len), len);
    return is_name(&long_name, name, len) ? (enum html_element)long_name.value
                                          : HTML_UNKNOWN;
}

enum html_element html_element_find_any(const unsigned char *name, size_t len)
{
    enum html_element element = html_element_find(name, len);

    if (element != HTML_UNKNOWN)
        return element;
    for (size_t i = 0; i < NR_OF(other_names); i++) {
        if (is_name(&other_names[i], name, len))
            return (enum html_element)other_names[i].value;
    }
    return HTML_UNKNOWN;
}

enum html_attribute html_attribute_find(const unsigned char *name, size_t len)
{
    for (size_t i = 0; i < NR_OF(attribute_names); i++) {
        if (is_name(&attribute_names[i], name, len))
            return (enum html_attribute)attribute_names[i].value;
    }
    return HTML_ATTRIBUTE_NR;
}

/* An element keeps the attributes that html.c and html_foreign.c read; any
 * other is passed over. */
unsigned html_attributes_of(enum html_element element)
{
    switch ((int)element) {
    case HTML_A:
        return 1U << HTML_HREF | 1U << HTML_REL | 1U << HTML_XLINK_HREF;
    case HTML_AREA:
    case HTML_LINK:
        return 1U << HTML_HREF | 1U << HTML_REL;
    case HTML_BASE:
        return 1U << HTML_HREF;
    case HTML_META:
        return 1U << HTML_NAME | 1U << HTML_CONTENT | 1U << HTML_HTTP_EQUIV;
    case HTML_FRAME:
    case HTML_IFRAME:
        return 1U << HTML_SRC;
    case HTML_HTML:
        return 1U << HTML_LANG;
    case HTML_ANNOTATION_XML:
        return 1U << HTML_ENCODING;
    case HTML_FONT:
        return 1U << HTML_COLOR | 1U << HTML_FACE | 1U << HTML_SIZE;
    }
    return 0;
}
