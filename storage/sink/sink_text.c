/* The text output, db.txt: "URL:LENGTH" for each line of the list that was
 * answered with 200. */
#include "storage/sink/sink.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/*
 * Appends a URL, with control bytes written as %XX. A line is one record and
 * its last colon the separator, so no byte of the URL may end the line; nor may
 * one command a terminal. A URL parser would encode such bytes in the same way.
 */
static enum err add_url(struct buf *buf, struct bytes url)
{
    const unsigned char *at = url.data;
    size_t plain = 0; /* bytes before `i` that wait to be copied */
    enum err err = CERR_OK;

    for (size_t i = 0; i < url.len && !err; i++) {
        if (at[i] >= 0x20 && at[i] != 0x7f) {
            plain++;
            continue;
        }
        err = buf_add(buf, at + i - plain, plain);
        if (!err)
            err = buf_addf(buf, "%%%02X", at[i]);
        plain = 0;
    }
    return err ? err : buf_add(buf, at + url.len - plain, plain);
}

/* Writes a line for the length of the decoded body. Pages that were discovered,
 * and those without a usable answer, are not in this output. */
static enum err put(struct sink *sink, const struct page_record *page,
                    struct sink_place *place)
{
    char number[32];
    int len;
    enum err err;

    (void)place;
    if (page->line <= 0 || page->status != 200 || page->length < 0 ||
        page->outcome.len != 2 || memcmp(page->outcome.data, "ok", 2) != 0)
        return CERR_OK;
    err = add_url(&sink->buf, page->listed.len ? page->listed : page->url);
    len = snprintf(number, sizeof(number), ":%" PRId64 "\n", page->length);
    return err ? err : buf_add(&sink->buf, number, (size_t)len);
}

const struct sink_ops sink_text = {
    .kind = "txt",
    .suffixes = ".txt",
    .put = put,
};
