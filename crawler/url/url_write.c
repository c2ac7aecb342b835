/*
 * The writer behind url_write.h: the one place that knows where the text of a
 * URL ends.
 */
#include "crawler/url/url_write.h"

#include <string.h>

void url_append_text(struct url_writer *out, const char *text, size_t len)
{
    if (len > URL_BYTES_MAX - out->len) {
        out->full = true;
        return;
    }
    memcpy(out->text + out->len, text, len);
    out->len += len;
}

size_t url_format_number(uint16_t number, char out[URL_NUMBER_DIGITS])
{
    size_t len = number < 10      ? 1
                 : number < 100   ? 2
                 : number < 1000  ? 3
                 : number < 10000 ? 4
                                  : 5;

    for (size_t i = len; i-- > 0; number /= 10)
        out[i] = (char)('0' + number % 10);
    return len;
}

void url_append_number(struct url_writer *out, uint16_t number)
{
    char digits[URL_NUMBER_DIGITS];

    url_append_text(out, digits, url_format_number(number, digits));
}
