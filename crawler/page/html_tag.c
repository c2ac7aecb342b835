#include "crawler/page/html_tag.h"

#include <stdint.h>
#include <string.h>

/* Names of one length stand together; the longest has 14 bytes. */
struct name {
    char text[HTML_NAME_BYTES];
    uint8_t len;
    uint8_t value;
};

/* Reported always: what every tag of a page is compared with. */
static const struct name main_names[] = {
    {"a",         1, HTML_A        },
    {"h1",        2, HTML_H1       },
    {"svg",       3, HTML_SVG      },
    {"xmp",       3, HTML_XMP      },
    {"area",      4, HTML_AREA     },
    {"base",      4, HTML_BASE     },
    {"body",      4, HTML_BODY     },
    {"head",      4, HTML_HEAD     },
    {"html",      4, HTML_HTML     },
    {"link",      4, HTML_LINK     },
    {"math",      4, HTML_MATH     },
    {"meta",      4, HTML_META     },
    {"frame",     5, HTML_FRAME    },
    {"style",     5, HTML_STYLE    },
    {"title",     5, HTML_TITLE    },
    {"iframe",    6, HTML_IFRAME   },
    {"script",    6, HTML_SCRIPT   },
    {"noembed",   7, HTML_NOEMBED  },
    {"frameset",  8, HTML_FRAMESET },
    {"noframes",  8, HTML_NOFRAMES },
    {"noscript",  8, HTML_NOSCRIPT },
    {"template",  8, HTML_TEMPLATE },
    {"textarea",  8, HTML_TEXTAREA },
    {"plaintext", 9, HTML_PLAINTEXT},
};
#define MAIN_LEN_MAX 9
/* Where the names of each length begin in main_names. */
static const uint8_t main_from[MAIN_LEN_MAX + 2] = {0,  0,  1,  2,  4, 12,
                                                    15, 17, 18, 23, 24};

static const struct name other_names[] = {
    {"p",              1,  HTML_P             },
    {"b",              1,  HTML_BREAKOUT      },
    {"i",              1,  HTML_BREAKOUT      },
    {"s",              1,  HTML_BREAKOUT      },
    {"u",              1,  HTML_BREAKOUT      },
    {"br",             2,  HTML_BR            },
    {"dd",             2,  HTML_BREAKOUT      },
    {"dl",             2,  HTML_BREAKOUT      },
    {"dt",             2,  HTML_BREAKOUT      },
    {"em",             2,  HTML_BREAKOUT      },
    {"h2",             2,  HTML_BREAKOUT      },
    {"h3",             2,  HTML_BREAKOUT      },
    {"h4",             2,  HTML_BREAKOUT      },
    {"h5",             2,  HTML_BREAKOUT      },
    {"h6",             2,  HTML_BREAKOUT      },
    {"hr",             2,  HTML_BREAKOUT      },
    {"li",             2,  HTML_BREAKOUT      },
    {"ol",             2,  HTML_BREAKOUT      },
    {"tt",             2,  HTML_BREAKOUT      },
    {"ul",             2,  HTML_BREAKOUT      },
    {"mi",             2,  HTML_MATH_TEXT     },
    {"mn",             2,  HTML_MATH_TEXT     },
    {"mo",             2,  HTML_MATH_TEXT     },
    {"ms",             2,  HTML_MATH_TEXT     },
    {"big",            3,  HTML_BREAKOUT      },
    {"div",            3,  HTML_BREAKOUT      },
    {"img",            3,  HTML_BREAKOUT      },
    {"pre",            3,  HTML_BREAKOUT      },
    {"sub",            3,  HTML_BREAKOUT      },
    {"sup",            3,  HTML_BREAKOUT      },
    {"var",            3,  HTML_BREAKOUT      },
    {"code",           4,  HTML_BREAKOUT      },
    {"desc",           4,  HTML_DESC          },
    {"font",           4,  HTML_FONT          },
    {"menu",           4,  HTML_BREAKOUT      },
    {"nobr",           4,  HTML_BREAKOUT      },
    {"ruby",           4,  HTML_BREAKOUT      },
    {"span",           4,  HTML_BREAKOUT      },
    {"embed",          5,  HTML_BREAKOUT      },
    {"mtext",          5,  HTML_MATH_TEXT     },
    {"small",          5,  HTML_BREAKOUT      },
    {"table",          5,  HTML_BREAKOUT      },
    {"center",         6,  HTML_BREAKOUT      },
    {"mglyph",         6,  HTML_MGLYPH        },
    {"strike",         6,  HTML_BREAKOUT      },
    {"strong",         6,  HTML_BREAKOUT      },
    {"bgsound",        7,  HTML_BGSOUND       },
    {"listing",        7,  HTML_BREAKOUT      },
    {"basefont",       8,  HTML_BASEFONT      },
    {"blockquote",     10, HTML_BREAKOUT      },
    {"malignmark",     10, HTML_MALIGNMARK    },
    {"foreignobject",  13, HTML_FOREIGN_OBJECT},
    {"annotation-xml", 14, HTML_ANNOTATION_XML},
};

static const struct name attribute_names[] = {
    {"rel",        3,  HTML_REL       },
    {"src",        3,  HTML_SRC       },
    {"face",       4,  HTML_FACE      },
    {"href",       4,  HTML_HREF      },
    {"lang",       4,  HTML_LANG      },
    {"name",       4,  HTML_NAME      },
    {"size",       4,  HTML_SIZE      },
    {"color",      5,  HTML_COLOR     },
    {"content",    7,  HTML_CONTENT   },
    {"encoding",   8,  HTML_ENCODING  },
    {"http-equiv", 10, HTML_HTTP_EQUIV},
    {"xlink:href", 10, HTML_XLINK_HREF},
};

#define NR_OF(array) (sizeof(array) / sizeof((array)[0]))

/* `name` is in lower case. */
static bool is_name(const struct name *known, const unsigned char *name,
                    size_t len)
{
    return known->len == len && known->text[0] == (char)name[0] &&
           memcmp(known->text, name, len) == 0;
}

enum html_element html_element_find(const unsigned char *name, size_t len)
{
    if (len > MAIN_LEN_MAX)
        return HTML_UNKNOWN;
    for (size_t i = main_from[len]; i < main_from[len + 1]; i++) {
        if (is_name(&main_names[i], name, len))
            return (enum html_element)main_names[i].value;
    }
    return HTML_UNKNOWN;
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
