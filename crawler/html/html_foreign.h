/*
 * html_foreign: where SVG and MathML begin and end.
 *
 * Inside of them a <title> is no title, a <style> is no raw text, and an <a>
 * is an SVG link. The standard decides that with its stack of open elements
 * (13.2.6.5); this keeps the part of the stack that lies in foreign content,
 * which is exact for well-formed SVG and MathML and for the tags that break
 * out of it. Pure, bounded.
 */
#ifndef CRAWLER_HTML_HTML_FOREIGN_H
#define CRAWLER_HTML_HTML_FOREIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crawler/html/html_tag.h"
#include "crawler/html/html_tokenizer.h"

#define HTML_FOREIGN_DEPTH_MAX 128 /* deeper elements are not remembered */

struct html_foreign {
    size_t depth; /* 0: not in foreign content */
    struct html_foreign_open {
        unsigned char name[HTML_NAME_BYTES];
        uint8_t name_len; /* at most HTML_NAME_BYTES are compared */
        uint8_t kind;     /* enum kind of html_foreign.c */
        bool is_svg;      /* else MathML */
        bool has_html;    /* HTML elements have been opened in it */
    } open[HTML_FOREIGN_DEPTH_MAX];
};

/* Forgets all open elements. */
void html_foreign_reset(struct html_foreign *foreign);
/*
 * Takes a start tag. True: it is an element of foreign content (or begins
 * it); false: it is an HTML element, and any foreign content that it broke
 * out of is closed.
 */
bool html_foreign_start(struct html_foreign *foreign,
                        const struct html_tag *tag);
/* Takes an end tag. True: it closed elements of foreign content. */
bool html_foreign_end(struct html_foreign *foreign, const struct html_tag *tag);
/* True when the innermost element is SVG, not MathML. `depth` above 0. */
bool html_foreign_is_svg(const struct html_foreign *foreign);
/* True where <![CDATA[ begins a section (13.2.5.42). */
bool html_foreign_has_cdata(const struct html_foreign *foreign);

#endif
