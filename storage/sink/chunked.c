/* Takes a chunked body apart, see chunked.h. */
#include "storage/sink/chunked.h"

#include <string.h>
#include <strings.h>

#include "base/text.h"

#define FIELD     "transfer-encoding:"
#define FIELD_LEN (sizeof(FIELD) - 1)

static int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The line at the front, without its end; *rest is what follows. */
static struct bytes take_line(struct bytes *rest)
{
    const char *at = rest->data;
    const char *end = rest->len ? memchr(at, '\n', rest->len) : NULL;
    size_t len = end ? (size_t)(end - at) : rest->len;
    size_t taken = end ? len + 1 : len;
    struct bytes line = {at, len};

    *rest = (struct bytes){at + taken, rest->len - taken};
    if (line.len > 0 && at[line.len - 1] == '\r')
        line.len--;
    return line;
}

/* The word "chunked" at the end of a field's value, with blanks around it. */
static bool ends_in_chunked(struct bytes value)
{
    const char *text = value.data;
    size_t len = value.len;

    while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t'))
        len--;
    return len >= 7 && strncasecmp(text + len - 7, "chunked", 7) == 0 &&
           (len == 7 || memchr(" \t,", text[len - 8], 3));
}

bool chunked_is_said(struct bytes head)
{
    bool is_said = false;

    while (head.len > 0) {
        struct bytes line = take_line(&head);
        const char *text = line.data;

        if (line.len < FIELD_LEN || strncasecmp(text, FIELD, FIELD_LEN) != 0)
            continue;
        is_said = ends_in_chunked(
            (struct bytes){text + FIELD_LEN, line.len - FIELD_LEN});
    }
    return is_said;
}

/* Reads the size of a chunk. False: there are no digits, or too many. */
static bool read_size(struct bytes line, size_t *size)
{
    const char *text = line.data;
    size_t nr = 0;

    *size = 0;
    for (; nr < line.len && digit_value(text[nr]) >= 0; nr++) {
        if (*size > SIZE_MAX >> 8)
            return false;
        *size = *size << 4 | (size_t)digit_value(text[nr]);
    }
    return nr > 0;
}

bool chunked_next(struct bytes *body, struct bytes *chunk)
{
    struct bytes rest = *body;
    size_t size;

    *body = (struct bytes){"", 0};
    if (rest.len == 0 || !read_size(take_line(&rest), &size) || size == 0)
        return false;
    if (size > rest.len)
        size = rest.len; /* it was cut */
    *chunk = (struct bytes){rest.data, size};
    rest = (struct bytes){(const char *)rest.data + size, rest.len - size};
    (void)take_line(&rest); /* the line end behind the chunk */
    *body = rest;
    return size > 0;
}
