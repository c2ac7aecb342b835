/*
 * First byte: which codings; second: size of the pieces; then the body. The
 * body in one piece and in many must give the same bytes and the same result,
 * within the cap.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "crawler/content/decode.h"

#define CAP_BYTES 200000

static const char *const codings[] = {
    "gzip", "deflate", "br", "zstd", "gzip, br", "zstd,deflate,gzip", ""};

struct got {
    size_t len;
    unsigned char data[CAP_BYTES];
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum error take(void *ctx, const void *data, size_t len)
{
    struct got *got = ctx;

    if (len == 0 || len > CAP_BYTES - got->len)
        abort();
    memcpy(got->data + got->len, data, len);
    got->len += len;
    return ERROR_NONE;
}

static enum error run(struct decode *decode, struct got *got,
                      const char *header, const uint8_t *data, size_t size,
                      size_t step)
{
    struct decode_options options = {
        .sink = take, .ctx = got, .max_bytes = CAP_BYTES};

    got->len = 0;
    if (decode_start(decode, header, strlen(header), &options) != ERROR_NONE)
        abort();
    for (size_t at = 0; at < size; at += step)
        decode_feed(decode, data + at, size - at < step ? size - at : step);
    return decode_finish(decode);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct got whole, pieces;
    static struct decode *decode;
    enum error result;
    const char *header;
    size_t step;

    if (size < 2)
        return 0;
    if (!decode)
        decode = decode_new();
    header = codings[data[0] % (sizeof(codings) / sizeof(codings[0]))];
    step = (size_t)data[1] % 64 + 1;
    result = run(decode, &whole, header, data + 2, size - 2, SIZE_MAX / 2);
    if (run(decode, &pieces, header, data + 2, size - 2, step) != result)
        abort();
    /* a damaged stream may give more or fewer bytes before it is noticed */
    if (result == ERROR_NONE &&
        (whole.len != pieces.len ||
         memcmp(whole.data, pieces.data, whole.len) != 0))
        abort();
    return 0;
}
