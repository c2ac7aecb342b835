/*
 * The head of an answer, cut into lines as libcurl does. Whatever comes, each
 * value lies inside the last head and has no white space around it, and the
 * cap holds.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "crawler/fetch/head.h"

#define CAP_BYTES 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_blank(unsigned char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void check_value(const struct head *head, enum head_field field)
{
    struct bytes value = head_value(head, field);
    const unsigned char *text = value.data;

    if (value.len == 0)
        return;
    if (text < head->bytes.data ||
        text + value.len > head->bytes.data + head->bytes.len)
        abort();
    if (is_blank(text[0]) || is_blank(text[value.len - 1]))
        abort();
}

static void check(const struct head *head)
{
    if (head->bytes.len > CAP_BYTES || head->bytes.len > head->total_bytes)
        abort();
    if (head->status < 0 || head->status > 999 || head->content_length < -1)
        abort();
    for (int field = 0; field < HEAD_FIELD_NR; field++)
        check_value(head, (enum head_field)field);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct head head;

    head_init(&head, CAP_BYTES, "crawl");
    for (size_t at = 0; at < size;) {
        const char *end = memchr(text + at, '\n', size - at);
        size_t len = end ? (size_t)(end + 1 - (text + at)) : size - at;
        enum error error = head_line(&head, text + at, len);

        check(&head);
        if (error)
            break;
        at += len;
    }
    head_release(&head);
    return 0;
}
