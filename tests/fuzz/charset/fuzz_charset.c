/*
 * First byte: the charset; second: the size of the pieces; then the text. It
 * must come out as valid UTF-8, the same in one piece and in many, its
 * characters counted; detection and labels must read no byte beyond it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "crawler/charset/charset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void decode(struct charset_text *text, enum charset charset,
                   const uint8_t *data, size_t size, size_t step,
                   struct buf *out)
{
    buf_reset(out);
    charset_text_start(text, charset);
    for (size_t at = 0; at < size; at += step) {
        size_t left = size - at, len = left < step ? left : step;

        must(charset_text_add(text, data + at, len, len == left, out) ==
             CERR_OK);
    }
    must(text_utf8_prefix(out->data, out->len) == out->len);
    must(charset_count_chars(out->data, out->len) == text->chars);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct charset_text text;
    static struct buf whole, pieces;
    enum charset charset, found;

    if (size < 2)
        return 0;
    if (whole.limit == 0) {
        charset_text_init(&text);
        buf_init(&whole, (size_t)1 << 24);
        buf_init(&pieces, (size_t)1 << 24);
    }
    charset = (enum charset)(data[0] % CHARSET_NR);
    decode(&text, charset, data + 2, size - 2, SIZE_MAX / 2, &whole);
    decode(&text, charset, data + 2, size - 2, data[1] % 32 + 1U, &pieces);
    must(whole.len == pieces.len &&
         (whole.len == 0 || memcmp(whole.data, pieces.data, whole.len) == 0));
    charset_detect(data, size, (const char *)data, size);
    charset_find(data, size, &found);
    buf_reset(&pieces);
    must(charset_encode_query(charset, data, size, &pieces) == CERR_OK);
    return 0;
}
