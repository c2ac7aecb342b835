/*
 * The scanner behind sitemap_xml.h.
 *
 * DESIGN. One function per state takes what it can from the input and says
 * how much that was; `state` says who is next.
 *
 *   TEXT -- & --> ENTITY -- ; --> TEXT
 *        -- < --> OPEN -- letter, / --> TAG -- > --> TEXT
 *                      -- ? --> PI -- > --> TEXT
 *                      -- ! --> BANG -- "--" --> COMMENT -- "-->" --> TEXT
 *                                    -- "[CDATA[" --> CDATA -- "]]>" --> TEXT
 *                                    -- else --> DOCTYPE -- > --> TEXT
 *
 * A "<" inside a tag begins a new tag: the old one was never closed.
 */
#include "crawler/sitemap/sitemap_xml.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void sitemap_xml_init(struct sitemap_xml *xml,
                      const struct sitemap_xml_handler *handler)
{
    xml->handler = *handler;
    xml->wants_text = false;
    xml->state = XML_TEXT;
    xml->quote = '\0';
    xml->brackets = 0;
    xml->matched = 0;
    xml->len = 0;
}

bool sitemap_xml_is_in_tag(const struct sitemap_xml *xml)
{
    return xml->state == XML_OPEN || xml->state == XML_TAG;
}

bool sitemap_xml_is(struct bytes name, const char *expected)
{
    return name.len == strlen(expected) &&
           strncasecmp(name.data, expected, name.len) == 0;
}

static bool is_space(char byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

/* XML 1.0, 2.3, with all that is not ASCII. */
static bool is_name_byte(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || (byte && strchr("_-.:", byte)) ||
           (unsigned char)byte >= 0x80;
}

/* ---- references ---- */

static bool is_entity_byte(char byte)
{
    return is_name_byte(byte) || byte == '#';
}

/* Writes a character as UTF-8; nothing for what XML 1.0 2.2 does not allow. */
static size_t write_utf8(unsigned long c, char out[4])
{
    if (c < 0x20 && c != '\t' && c != '\n' && c != '\r')
        return 0;
    if ((c >= 0xd800 && c <= 0xdfff) || c > 0x10ffff)
        return 0;
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xc0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xe0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3f));
        out[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3f));
    out[2] = (char)(0x80 | (c >> 6 & 0x3f));
    out[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}

/* Finds what the name between "&" and ";" stands for; 0: nobody knows. */
static size_t resolve(const char *name, size_t len, char out[4])
{
    static const struct {
        const char *name;
        char character;
    } predefined[] = {
        {"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};
    char digits[SITEMAP_XML_ENTITY_BYTES + 1], *end;
    unsigned long value;
    bool is_hex;

    for (size_t i = 0; i < sizeof(predefined) / sizeof(predefined[0]); i++) {
        if (strlen(predefined[i].name) != len ||
            memcmp(predefined[i].name, name, len) != 0)
            continue;
        *out = predefined[i].character;
        return 1;
    }
    if (len < 2 || *name != '#')
        return 0;
    is_hex = name[1] == 'x' || name[1] == 'X';
    memcpy(digits, name + 1 + is_hex, len - 1 - is_hex);
    digits[len - 1 - is_hex] = '\0';
    value = strtoul(digits, &end, is_hex ? 16 : 10);
    return *end == '\0' ? write_utf8(value, out) : 0;
}

/* ---- text ---- */

/* Hands text to the handler if it wants any. */
static void give_text(struct sitemap_xml *xml, const char *text, size_t len)
{
    if (xml->wants_text && len)
        xml->handler.on_text(xml->handler.ctx, text, len);
}

/* Changes the state; what the state before has kept is forgotten. */
static void enter(struct sitemap_xml *xml, enum sitemap_xml_state state)
{
    xml->state = state;
    xml->len = 0;
    xml->matched = 0;
    xml->quote = '\0';
    xml->brackets = 0;
}

/* Every function below returns how many bytes it has taken, and none where it
 * only changed the state. */
static size_t scan_text(struct sitemap_xml *xml, const char *at, size_t len)
{
    const char *tag = memchr(at, '<', len);
    size_t text_len = tag ? (size_t)(tag - at) : len;
    const char *entity = xml->wants_text ? memchr(at, '&', text_len) : NULL;

    if (entity) {
        text_len = (size_t)(entity - at);
        enter(xml, XML_ENTITY);
    } else if (tag) {
        enter(xml, XML_OPEN);
    }
    give_text(xml, at, text_len);
    return text_len + (entity || tag);
}

/* Reads a reference behind '&' (XML 1.0, 4.1). */
static size_t scan_entity(struct sitemap_xml *xml, const char *at, size_t len)
{
    size_t taken = 0, out_len;
    char out[4];

    while (taken < len && xml->len < SITEMAP_XML_ENTITY_BYTES &&
           is_entity_byte(at[taken]))
        xml->data[xml->len++] = at[taken++];
    if (taken == len)
        return taken;
    xml->state = XML_TEXT;
    if (at[taken] == ';') {
        out_len = resolve(xml->data, xml->len, out);
        give_text(xml, out, out_len);
        if (out_len == 0 && xml->wants_text)
            xml->handler.on_unknown(xml->handler.ctx);
        return taken + 1;
    }
    /* A '&' that begins no reference stands for itself, as in many a query. */
    give_text(xml, "&", 1);
    give_text(xml, xml->data, xml->len);
    return taken;
}

/* Reads a CDATA section (XML 1.0, 2.7). `matched` is how much of "]]" has been
 * seen. */
static size_t scan_cdata(struct sitemap_xml *xml, const char *at, size_t len)
{
    static const char end[] = "]]";
    const char *bracket = memchr(at, ']', len);

    if (!xml->matched) {
        size_t text_len = bracket ? (size_t)(bracket - at) : len;

        give_text(xml, at, text_len);
        xml->matched = bracket != NULL;
        return text_len + (bracket != NULL);
    }
    if (*at == ']' && xml->matched == 2) {
        give_text(xml, end, 1); /* the first of three */
    } else if (*at == ']') {
        xml->matched++;
    } else if (*at == '>' && xml->matched == 2) {
        enter(xml, XML_TEXT);
    } else {
        give_text(xml, end, xml->matched);
        xml->matched = 0;
        return 0;
    }
    return 1;
}

/* ---- what is not text ---- */

/* Decides what a '<' begins. */
static size_t scan_open(struct sitemap_xml *xml, const char *at)
{
    if (*at == '!') {
        enter(xml, XML_BANG);
        return 1;
    }
    if (*at == '?') {
        enter(xml, XML_PI);
        return 1;
    }
    if (*at == '/' || is_name_byte(*at)) {
        enter(xml, XML_TAG);
        return 0;
    }
    enter(xml, XML_TEXT); /* "a < b" */
    give_text(xml, "<", 1);
    return 0;
}

/* Whether `part` is the beginning of `whole`. */
static bool begins(const char *whole, const char *part, size_t len)
{
    return len <= strlen(whole) && memcmp(whole, part, len) == 0;
}

/* Decides what "<!" begins, byte by byte: a comment, a section or neither. */
static size_t scan_bang(struct sitemap_xml *xml, const char *at)
{
    static const char comment[] = "--", cdata[] = "[CDATA[";

    xml->data[xml->len++] = *at;
    if (!begins(comment, xml->data, xml->len) &&
        !begins(cdata, xml->data, xml->len)) {
        /* It is a document type. What was taken for a comment or a section so
         * far has no '>' and at most one '['. */
        int brackets = xml->len > 1 && xml->data[0] == '[';

        enter(xml, XML_DOCTYPE);
        xml->brackets = brackets;
        return 0;
    }
    if (xml->len == strlen(comment) && xml->data[0] == '-')
        enter(xml, XML_COMMENT);
    else if (xml->len == strlen(cdata))
        enter(xml, XML_CDATA);
    return 1;
}

/* Passes a comment (XML 1.0, 2.5). `next` is the state behind "-->". */
static size_t scan_comment(struct sitemap_xml *xml, const char *at, size_t len,
                           enum sitemap_xml_state next)
{
    for (size_t i = 0; i < len; i++) {
        if (at[i] == '>' && xml->matched == 2) {
            xml->state = next;
            xml->matched = 0;
            return i + 1;
        }
        if (at[i] != '-')
            xml->matched = 0;
        else if (xml->matched < 2)
            xml->matched++;
    }
    return len;
}

/* Passes a processing instruction. It ends at the first ">" as in HTML: "<?xml
 * ...>" without its second question mark is more frequent than a ">" inside. */
static size_t scan_pi(struct sitemap_xml *xml, const char *at, size_t len)
{
    const char *end = memchr(at, '>', len);

    if (!end)
        return len;
    enter(xml, XML_TEXT);
    return (size_t)(end - at) + 1;
}

/* Passes a document type with its internal subset (XML 1.0, 2.8): quotes,
 * brackets and comments in it may hide a '>'. */
static size_t scan_doctype(struct sitemap_xml *xml, const char *at)
{
    static const char comment[] = "<!--";

    if (xml->quote) {
        if (*at == xml->quote)
            xml->quote = '\0';
        return 1;
    }
    /* A '<' occurs in `comment` at its beginning only, so a byte that does not
     * fit leaves no part of it matched but that. */
    xml->matched = *at == comment[xml->matched] ? xml->matched + 1
                                                : (unsigned)(*at == '<');
    if (xml->matched == strlen(comment)) {
        xml->state = XML_DOCTYPE_COMMENT;
        xml->matched = 0;
    } else if (*at == '"' || *at == '\'') {
        xml->quote = *at;
    } else if (*at == '[') {
        xml->brackets++;
    } else if (*at == ']') {
        xml->brackets--;
    } else if (*at == '>' && xml->brackets <= 0) {
        enter(xml, XML_TEXT);
    }
    return 1;
}

/* ---- tags ---- */

/* Splits the tag that has been collected, and hands it to the handler. */
static enum err give_tag(struct sitemap_xml *xml)
{
    struct sitemap_xml_tag tag = {0};
    const char *at = xml->data, *end = xml->data + xml->len, *name, *colon;

    tag.is_end = at < end && *at == '/';
    at += tag.is_end;
    tag.is_empty = at < end && end[-1] == '/';
    end -= tag.is_empty;
    name = at;
    while (at < end && is_name_byte(*at))
        at++;
    colon = memchr(name, ':', (size_t)(at - name));
    tag.prefix = (struct bytes){name, colon ? (size_t)(colon - name) : 0};
    if (colon)
        name = colon + 1;
    tag.name = (struct bytes){name, (size_t)(at - name)};
    tag.attributes = (struct bytes){at, (size_t)(end - at)};
    return xml->handler.on_tag(xml->handler.ctx, &tag);
}

/* Collects a tag up to its '>', which in quotes is no end. */
static enum err scan_tag(struct sitemap_xml *xml, const char *at, size_t len,
                         size_t *taken)
{
    for (size_t i = 0; i < len; i++) {
        if (at[i] == '<') {
            *taken = i + 1;
            enter(xml, XML_OPEN);
            return CERR_OK;
        }
        if (at[i] == '>' && !xml->quote) {
            *taken = i + 1;
            xml->state = XML_TEXT;
            return give_tag(xml);
        }
        if (at[i] == xml->quote)
            xml->quote = '\0';
        else if (!xml->quote && (at[i] == '"' || at[i] == '\''))
            xml->quote = at[i];
        if (xml->len < sizeof(xml->data))
            xml->data[xml->len++] = at[i];
    }
    *taken = len;
    return CERR_OK;
}

/* Compares the name of an attribute without its prefix. */
static bool is_attribute(const char *name, size_t len, const char *expected)
{
    const char *colon = memchr(name, ':', len);

    if (colon) {
        len -= (size_t)(colon + 1 - name);
        name = colon + 1;
    }
    return sitemap_xml_is((struct bytes){name, len}, expected);
}

/* Copies a value with its references resolved; 0 if it does not fit, or one of
 * them cannot be resolved. */
static size_t copy_value(const char *at, const char *end, char *out, size_t cap)
{
    size_t len = 0;

    while (at < end) {
        const char *name = at + 1, *stop = name;

        if (len + 4 > cap)
            return 0;
        while (*at == '&' && stop < end && is_entity_byte(*stop) &&
               stop - name < SITEMAP_XML_ENTITY_BYTES)
            stop++;
        if (*at == '&' && stop < end && *stop == ';') {
            size_t resolved = resolve(name, (size_t)(stop - name), out + len);

            if (resolved == 0)
                return 0;
            len += resolved;
            at = stop + 1;
        } else {
            out[len++] = *at++;
        }
    }
    return len;
}

/* One attribute, name = "value"; at the end of all `name_len` is 0. */
struct attribute {
    const char *name, *value;
    size_t name_len, value_len;
};

/* Reads the value that begins at `at`, in quotes or without; returns what
 * stands behind it. */
static const char *read_value(const char *at, const char *end,
                              struct attribute *attribute)
{
    char quote = '\0';

    if (at < end && (*at == '"' || *at == '\''))
        quote = *at++;
    attribute->value = at;
    while (at < end && (quote ? *at != quote : !is_space(*at)))
        at++;
    attribute->value_len = (size_t)(at - attribute->value);
    return at + (quote && at < end);
}

/* The next attribute, however it is written. */
static const char *next_attribute(const char *at, const char *end,
                                  struct attribute *attribute)
{
    while (at < end && !is_name_byte(*at))
        at++;
    attribute->name = at;
    while (at < end && is_name_byte(*at))
        at++;
    attribute->name_len = (size_t)(at - attribute->name);
    while (at < end && is_space(*at))
        at++;
    attribute->value = at;
    attribute->value_len = 0;
    if (at == end || *at != '=')
        return at;
    at++;
    while (at < end && is_space(*at))
        at++;
    return read_value(at, end, attribute);
}

bool sitemap_xml_attribute(const struct sitemap_xml_tag *tag, const char *name,
                           char *out, size_t cap, size_t *len)
{
    const char *at = tag->attributes.data, *end = at + tag->attributes.len;
    struct attribute attribute;

    for (;;) {
        at = next_attribute(at, end, &attribute);
        if (!attribute.name_len)
            return false;
        if (!is_attribute(attribute.name, attribute.name_len, name))
            continue;
        *len = copy_value(attribute.value,
                          attribute.value + attribute.value_len, out, cap);
        return true;
    }
}

/* ---- all of it ---- */

enum err sitemap_xml_feed(struct sitemap_xml *xml, const char *data, size_t len)
{
    enum err err = CERR_OK;

    while (len && !err) {
        size_t taken = 0;

        switch (xml->state) {
        case XML_TEXT:
            taken = scan_text(xml, data, len);
            break;
        case XML_ENTITY:
            taken = scan_entity(xml, data, len);
            break;
        case XML_OPEN:
            taken = scan_open(xml, data);
            break;
        case XML_BANG:
            taken = scan_bang(xml, data);
            break;
        case XML_TAG:
            err = scan_tag(xml, data, len, &taken);
            break;
        case XML_COMMENT:
            taken = scan_comment(xml, data, len, XML_TEXT);
            break;
        case XML_CDATA:
            taken = scan_cdata(xml, data, len);
            break;
        case XML_PI:
            taken = scan_pi(xml, data, len);
            break;
        case XML_DOCTYPE:
            taken = scan_doctype(xml, data);
            break;
        case XML_DOCTYPE_COMMENT:
            taken = scan_comment(xml, data, len, XML_DOCTYPE);
            break;
        }
        data += taken;
        len -= taken;
    }
    return err;
}
