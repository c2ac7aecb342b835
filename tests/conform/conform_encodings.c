/*
 * encodings: in which encoding a page is, and what its bytes mean.
 *
 * A case is one of
 *
 *   a label         `label`, and `name`, `expected` or `encoding`: the
 *                   standard's name in any case, null if there is none
 *   a header        `content_type` (or `header`) alone, likewise
 *   a page          `html`, or other bytes with no encoding named, with or
 *                   without a `content_type` or a `charset` from outside;
 *                   `expected` or `encoding` is the name
 *   a text          bytes (`bytes`, `input` or `data`) in an `encoding`,
 *                   `label` or `charset`, and the text that they are:
 *                   `text`, `output`, `decoded` or `expected`
 */
#include "tests/conform/conform.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "crawler/charset/charset.h"

#define PAGE_BYTES_MAX ((size_t)16 << 20)
#define PIECE_BYTES    3

static const char *const page_fields[] = {"html", "bytes", "input", "data",
                                          NULL};
static const char *const text_fields[] = {"text", "output", "decoded", NULL};
static const char *const name_fields[] = {"expected", "name", "encoding", NULL};
static const char *const label_fields[] = {"encoding", "label", "charset",
                                           NULL};
static const char *const type_fields[] = {"content_type", "content-type",
                                          "header", NULL};

/* The text of the first field that there is, or NULL. */
static const char *first_text(const json_t *test, const char *const *fields)
{
    for (; *fields; fields++)
        if (conform_text(test, *fields))
            return conform_text(test, *fields);
    return NULL;
}

static bool first_bytes(const json_t *test, const char *const *fields,
                        struct buf *out)
{
    for (; *fields; fields++)
        if (conform_bytes(test, *fields, out))
            return true;
    return false;
}

/* Names in use beside the standard's lead to the same encoding. */
static void put_name(const json_t *test, struct conform_answer *answer)
{
    const char *name = first_text(test, name_fields);
    enum charset charset;

    if (!name)
        conform_put(&answer->expected, "none");
    else if (charset_find(name, strlen(name), &charset))
        conform_put(&answer->expected, "%s", charset_name(charset));
    else
        for (; *name; name++)
            conform_put(&answer->expected, "%c", tolower((unsigned char)*name));
}

/* What stands in front of the page: its Content-Type, or a bare charset. */
static size_t outer_type(const json_t *test, char *type, size_t cap)
{
    const char *given = first_text(test, type_fields);
    const char *charset = conform_text(test, "charset");
    int len = 0;

    if (given)
        len = snprintf(type, cap, "%s", given);
    else if (charset)
        len = snprintf(type, cap, "text/html; charset=\"%s\"", charset);
    return len > 0 && (size_t)len < cap ? (size_t)len : 0;
}

/* The text that `page` is in the encoding that the case names. */
static void put_text(const json_t *test, const struct buf *page,
                     struct buf *out)
{
    const char *label = first_text(test, label_fields);
    static struct charset_text text; /* its tables serve all cases */
    enum charset charset;
    bool failed = false;
    size_t at = 0, len;

    if (!label || !charset_find(label, strlen(label), &charset))
        conform_stop(test, "unknown encoding");
    charset_text_start(&text, charset);
    do {
        len = page->len - at < PIECE_BYTES ? page->len - at : PIECE_BYTES;
        failed |= charset_text_add(&text, page->len ? page->data + at : NULL,
                                   len, at + len == page->len, out) != CERR_OK;
        at += len;
    } while (at < page->len);
    if (failed)
        conform_stop(test, "out of memory");
}

/* A text is told from a page by a text that is expected, or by bytes that are
 * no page, have an encoding, and something else that they should give. */
static bool is_text(const json_t *test)
{
    struct buf text;
    bool found;

    buf_init(&text, PAGE_BYTES_MAX);
    found = first_bytes(test, text_fields, &text) ||
            (conform_bytes(test, "expected", &text) &&
             !conform_bytes(test, "html", &text) &&
             (conform_text(test, "encoding") || conform_text(test, "label")));
    buf_release(&text);
    return found;
}

static void judge_page(const json_t *test, const struct buf *page,
                       struct conform_answer *answer)
{
    char type[1024];
    size_t type_len = outer_type(test, type, sizeof(type));
    enum charset charset =
        charset_detect(page->data ? page->data : (const void *)"", page->len,
                       type_len ? type : NULL, type_len);

    put_name(test, answer);
    conform_put(&answer->got, "%s", charset_name(charset));
}

static void judge_name(const json_t *test, struct conform_answer *answer)
{
    const char *type = first_text(test, type_fields);
    enum charset charset = CHARSET_UTF_8;
    struct buf label;
    bool found = false;

    buf_init(&label, PAGE_BYTES_MAX);
    put_name(test, answer);
    if (conform_bytes(test, "label", &label))
        found = charset_find(label.len ? label.data : (const void *)"",
                             label.len, &charset);
    else if (type)
        found = charset_from_type(type, strlen(type), &charset);
    else
        conform_stop(test, "neither label, content_type nor a page");
    conform_put(&answer->got, "%s", found ? charset_name(charset) : "none");
    buf_release(&label);
}

static bool run(const json_t *test, struct conform_answer *answer)
{
    struct buf page;

    buf_init(&page, PAGE_BYTES_MAX);
    if (!first_bytes(test, page_fields, &page)) {
        judge_name(test, answer);
    } else if (is_text(test)) {
        if (!first_bytes(test, text_fields, &answer->expected))
            conform_bytes(test, "expected", &answer->expected);
        put_text(test, &page, &answer->got);
    } else {
        judge_page(test, &page, answer);
    }
    buf_release(&page);
    return conform_same(answer);
}

const struct conform_suite conform_encodings = {
    .name = "encodings",
    .run = run,
    .group = "tier",
    .gating = NULL,
};
