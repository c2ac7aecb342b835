/*
 * First line: Content-Type; then a body. Whatever a page says, what the worker
 * makes of it is what the parent accepts: fields, links and all.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "crawler/content/scan.h"
#include "crawler/page/job.h"

#define FIELDS_BYTES ((size_t)1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_links(struct page *page)
{
    struct bytes links = page->links;
    struct page_link link;
    uint32_t nr = 0;
    bool bad = false;

    while (page_next_link(&links, &link, &bad))
        nr++;
    if (bad || nr != page->nr_links)
        abort();
}

static void check_page(const struct page *page)
{
    size_t len = page_payload_bytes(page);
    unsigned char *payload = malloc(len + 1);
    struct page decoded;
    struct buf fields;

    buf_init(&fields, FIELDS_BYTES);
    if (!payload || page_encode(&fields, page))
        abort();
    page_write_payload(page, payload);
    if (page_decode(&decoded, fields.data, fields.len, payload, len))
        abort();
    check_links(&decoded);
    buf_release(&fields);
    free(payload);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char url[] = "https://example.org/folder/page?query";
    static struct scan *scan;
    const uint8_t *end = size ? memchr(data, '\n', size) : NULL;
    struct scan_input input = {.url = {url, sizeof(url) - 1}};

    if (!end)
        return 0;
    if (!scan)
        scan = scan_new("crawl");
    input.type = (struct bytes){data, (size_t)(end - data)};
    input.body = (struct bytes){end + 1, size - input.type.len - 1};
    input.is_ascii = text_is_ascii(input.body.data, input.body.len);
    for (int links = 0; links < 2; links++) {
        struct page page;

        page_init(&page);
        input.flags = links ? JOB_LINKS | JOB_LINK_TEXTS : JOB_HEAD_SCAN;
        if (scan_page(scan, &input, &page) == CERR_OK)
            check_page(&page);
    }
    return 0;
}
