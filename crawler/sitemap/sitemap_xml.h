/*
 * sitemap_xml: tags and text of an XML document, however broken it is.
 *
 * Private to sitemap.c. A scanner, not a parser: it knows where markup begins
 * and ends, and nothing of nesting, namespaces or DTDs. A document type is
 * passed over whole. Text comes with its references resolved: numeric ones
 * and the five predefined entities (XML 1.0, 4.6); any other name stands for
 * nothing, so there is nothing to expand or to load. Memory is constant.
 */
#ifndef CRAWLER_SITEMAP_SITEMAP_XML_H
#define CRAWLER_SITEMAP_SITEMAP_XML_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/wire.h"

#define SITEMAP_XML_TAG_BYTES    16384 /* attributes behind it are not seen */
#define SITEMAP_XML_ENTITY_BYTES 32    /* of a name between & and ; */

/* A tag; all borrowed for the call. */
struct sitemap_xml_tag {
    struct bytes prefix;     /* "image" of "image:loc"; may be empty */
    struct bytes name;       /* "loc" of "image:loc" */
    struct bytes attributes; /* what follows the name, raw */
    bool is_end;             /* </a> */
    bool is_empty;           /* <a/> */
};

/* Anything but CERR_OK from on_tag ends the scan. on_text may get a text in
 * any number of pieces. */
struct sitemap_xml_handler {
    enum err (*on_tag)(void *ctx, const struct sitemap_xml_tag *tag);
    void (*on_text)(void *ctx, const char *text, size_t len);
    /* A reference stands here that nobody can resolve, so the text is not what
     * its author wrote. */
    void (*on_unknown)(void *ctx);
    void *ctx;
};

enum sitemap_xml_state {
    XML_TEXT,
    XML_ENTITY, /* behind "&" */
    XML_OPEN,   /* behind "<" */
    XML_BANG,   /* behind "<!", not yet known what it is */
    XML_TAG,
    XML_COMMENT,
    XML_CDATA,
    XML_PI,
    XML_DOCTYPE,
    XML_DOCTYPE_COMMENT,
};

struct sitemap_xml {
    struct sitemap_xml_handler handler;
    bool wants_text; /* set by the handler; without it text is not looked at */
    enum sitemap_xml_state state;
    char quote;       /* in TAG and DOCTYPE: the quote that is open, or NUL */
    int brackets;     /* in DOCTYPE: depth of [ */
    unsigned matched; /* bytes seen of what ends (in DOCTYPE: begins) it */
    size_t len;       /* of `data` */
    char data[SITEMAP_XML_TAG_BYTES]; /* of the tag, or the entity's name */
};

void sitemap_xml_init(struct sitemap_xml *xml,
                      const struct sitemap_xml_handler *handler);
enum err sitemap_xml_feed(struct sitemap_xml *xml, const char *data,
                          size_t len) CERR_CHECK;
/* True when the input so far ends inside a tag, so text before it is whole. */
bool sitemap_xml_is_in_tag(const struct sitemap_xml *xml);

/*
 * Finds an attribute by its name without prefix and copies its value with
 * references resolved; `*len` is 0 if it does not fit, or one of them cannot be
 * resolved. False: it is absent.
 */
bool sitemap_xml_attribute(const struct sitemap_xml_tag *tag, const char *name,
                           char *out, size_t cap, size_t *len);

/* Compares an element's name without regard to case. */
bool sitemap_xml_is(struct bytes name, const char *expected);

#endif
