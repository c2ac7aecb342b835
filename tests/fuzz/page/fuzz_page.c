/*
 * page: a reply that decodes encodes to the same bytes, and its links can be
 * walked. The input is the length of the fields as two bytes, the fields, and
 * the payload.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "crawler/page/page.h"

#define REPLY_BYTES_MAX (1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_round_trip(const struct page *page, const uint8_t *fields,
                             size_t fields_len, const uint8_t *payload,
                             size_t payload_len)
{
    struct buf bytes;
    uint8_t *copy = malloc(payload_len + 1);

    buf_init(&bytes, REPLY_BYTES_MAX);
    require(copy && page_encode(&bytes, page) == CERR_OK);
    require(bytes.len == fields_len);
    require(memcmp(bytes.data, fields, fields_len) == 0);
    require(page_payload_bytes(page) == payload_len);
    page_write_payload(page, copy);
    require(memcmp(copy, payload, payload_len) == 0);
    buf_release(&bytes);
    free(copy);
}

/* What comes off a list goes onto another, which is the same as far. */
static void check_links(struct bytes left)
{
    struct bytes all = left;
    struct page_link link;
    struct buf copy;
    bool bad = false;

    buf_init(&copy, REPLY_BYTES_MAX);
    while (page_next_link(&left, &link, &bad))
        require(page_append_link(&copy, &link) == CERR_OK);
    require(copy.len == all.len - left.len);
    require(copy.len == 0 || memcmp(copy.data, all.data, copy.len) == 0);
    require(bad || left.len == 0);
    buf_release(&copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct page page;
    size_t fields_len;

    check_links((struct bytes){data, size});
    if (size < 2)
        return 0;
    fields_len = (size_t)(data[0] | data[1] << 8);
    data += 2;
    size -= 2;
    if (fields_len > size)
        return 0;
    if (page_decode(&page, data, fields_len, data + fields_len,
                    size - fields_len) != CERR_OK)
        return 0;
    check_round_trip(&page, data, fields_len, data + fields_len,
                     size - fields_len);
    check_links(page.links);
    return 0;
}
