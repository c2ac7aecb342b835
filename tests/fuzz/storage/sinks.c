/*
 * Whatever a page holds, an output stays in its format: db.txt and JSONL have
 * one line for it and no control byte, JSONL is UTF-8, and CSV has its columns.
 * The input is cut into the page's texts at 0xff; its first bytes are numbers.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "storage/sink/field.h"
#include "storage/sink/sink.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* The texts up to the next 0xff. */
static struct bytes next_text(const uint8_t **at, const uint8_t *end)
{
    const uint8_t *from = *at;
    const uint8_t *stop = memchr(from, 0xff, (size_t)(end - from));

    if (!stop)
        stop = end;
    *at = stop < end ? stop + 1 : end;
    return (struct bytes){from, (size_t)(stop - from)};
}

static struct page_record make_page(const uint8_t *data, size_t size)
{
    const uint8_t *end = data + size;
    struct page_record page = {.outcome = {"ok", 2}, .status = 200, .line = 1};

    if (size >= 24) {
        memcpy(&page.length, data, 8);
        memcpy(&page.total_ms, data + 8, 8);
        memcpy(&page.fetched_at, data + 16, 8);
        data += 24;
    }
    page.url = next_text(&data, end);
    page.listed = next_text(&data, end);
    page.title = next_text(&data, end);
    page.error = next_text(&data, end);
    page.content_hash = next_text(&data, end);
    page.h1 = next_text(&data, end);
    return page;
}

static void has_no_control(const struct buf *buf)
{
    for (size_t i = 0; i + 1 < buf->len; i++)
        require(buf->data[i] >= 0x20 && buf->data[i] != 0x7f);
    if (buf->len)
        require(buf->data[buf->len - 1] == '\n');
}

/* Cells by RFC 4180: commas and line ends count outside of quotes alone. */
static void has_all_cells(const struct buf *buf)
{
    size_t nr_cells = 1, nr_shown = 0;
    bool quoted = false;

    for (size_t i = 0; i < buf->len; i++) {
        if (buf->data[i] == '"')
            quoted = !quoted;
        else if (buf->data[i] == ',' && !quoted)
            nr_cells++;
        else if (buf->data[i] == '\n' && !quoted)
            require(i + 1 == buf->len);
    }
    for (size_t i = 0; i < nr_page_columns; i++)
        nr_shown += (page_columns[i].flags & COLUMN_SHOWN) != 0;
    require(!quoted && nr_cells == nr_shown);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct sink_ops *const kinds[] = {&sink_text, &sink_jsonl,
                                                   &sink_csv};
    struct page_record page = make_page(data, size);

    for (size_t i = 0; i < 3; i++) {
        struct sink sink = {.ops = kinds[i]};
        struct sink_place place = {0};

        buf_init(&sink.buf, 64u << 20);
        require(kinds[i]->put(&sink, &page, &place) == CERR_OK);
        if (kinds[i] != &sink_csv)
            has_no_control(&sink.buf);
        if (kinds[i] == &sink_jsonl)
            require(text_utf8_prefix(sink.buf.data, sink.buf.len) ==
                    sink.buf.len);
        if (kinds[i] == &sink_csv)
            has_all_cells(&sink.buf);
        buf_release(&sink.buf);
    }
    return 0;
}
