/*
 * encodings: in which encoding a page is.
 *
 * A case is a label alone (`label`), a header alone (`content_type`), or a
 * page (`html`, `bytes` or `data`) with or without a `content_type` or a
 * `charset` from outside. `expected` or `encoding` is the standard's name in
 * any case, or null where a label is unknown.
 */
#include "tests/conform/conform.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "crawler/page/charset.h"

#define PAGE_BYTES_MAX ((size_t)16 << 20)

static void put_lower(struct buf *out, const char *text)
{
    for (; *text; text++)
        conform_put(out, "%c", tolower((unsigned char)*text));
}

/* Names in use beside the standard's lead to the same encoding. */
static void put_expected(const json_t *test, struct conform_answer *answer)
{
    const char *name = conform_text(test, "expected");
    enum charset charset;

    if (!name)
        name = conform_text(test, "encoding");
    if (!name)
        conform_put(&answer->expected, "none");
    else if (charset_find(name, strlen(name), &charset))
        conform_put(&answer->expected, "%s", charset_name(charset));
    else
        put_lower(&answer->expected, name);
}

static bool find_page(const json_t *test, struct buf *page)
{
    static const char *const fields[] = {"html", "bytes", "data", "input"};

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        if (conform_bytes(test, fields[i], page))
            return true;
    return false;
}

/* What stands in front of the page: its Content-Type, or a bare charset. */
static size_t outer_type(const json_t *test, char *type, size_t cap)
{
    const char *given = conform_text(test, "content_type");
    const char *charset = conform_text(test, "charset");
    int len = 0;

    if (given)
        len = snprintf(type, cap, "%s", given);
    else if (charset)
        len = snprintf(type, cap, "text/html; charset=\"%s\"", charset);
    return len > 0 && (size_t)len < cap ? (size_t)len : 0;
}

static bool run(const json_t *test, struct conform_answer *answer)
{
    const char *label = conform_text(test, "label");
    enum charset charset = CHARSET_UTF_8;
    char type[1024];
    size_t type_len = outer_type(test, type, sizeof(type));
    bool found = true;
    struct buf page;

    buf_init(&page, PAGE_BYTES_MAX);
    put_expected(test, answer);
    if (label)
        found = charset_find(label, strlen(label), &charset);
    else if (find_page(test, &page))
        charset = charset_detect(page.data ? page.data : (const void *)"",
                                 page.len, type_len ? type : NULL, type_len);
    else if (type_len)
        found = charset_from_type(type, type_len, &charset);
    else
        conform_stop(test, "neither label, content_type nor a page");
    conform_put(&answer->got, "%s", found ? charset_name(charset) : "none");
    buf_release(&page);
    return conform_same(answer);
}

const struct conform_suite conform_encodings = {
    .name = "encodings",
    .run = run,
    .group = "tier",
    .gating = NULL,
};
