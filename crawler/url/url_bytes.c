/*
 * The classes of all bytes, and the reader of UTF-8, behind url_bytes.h.
 *
 * The percent-encode sets of the URL standard (1.3) grow from one another;
 * they are written out here, one row for each byte or range that has any.
 */
#include "crawler/url/url_bytes.h"

#define ENC_ALL (URL_ENC_PATH | URL_ENC_QUERY | URL_ENC_FRAGMENT | URL_ENC_USER)
#define WORD    (URL_SCHEME | URL_HOST_PLAIN | URL_UNRESERVED)

/* clang-format off */
const uint8_t url_bytes[256] = {
    [0x00 ... 0x20] = ENC_ALL,
    ['!'] = URL_HOST_PLAIN,
    ['"'] = ENC_ALL | URL_HOST_PLAIN,
    ['#'] = URL_ENC_PATH | URL_ENC_QUERY | URL_ENC_USER | URL_SPLIT,
    ['$'] = URL_HOST_PLAIN,
    ['&'] = URL_HOST_PLAIN,
    ['\''] = URL_ENC_QUERY | URL_HOST_PLAIN,
    ['(' ... '*'] = URL_HOST_PLAIN,
    ['+'] = URL_SCHEME | URL_HOST_PLAIN,
    [','] = URL_HOST_PLAIN,
    ['-' ... '.'] = WORD,
    ['/'] = URL_ENC_USER | URL_SPLIT,
    ['0' ... '9'] = WORD,
    [':'] = URL_ENC_USER,
    [';'] = URL_ENC_USER | URL_HOST_PLAIN,
    ['<'] = ENC_ALL,
    ['='] = URL_ENC_USER | URL_HOST_PLAIN,
    ['>'] = ENC_ALL,
    ['?'] = URL_ENC_PATH | URL_ENC_USER | URL_SPLIT,
    ['@'] = URL_ENC_USER,
    ['A' ... 'Z'] = WORD,
    ['['] = URL_ENC_USER,
    ['\\'] = URL_ENC_USER | URL_SPLIT,
    [']'] = URL_ENC_USER,
    ['^'] = URL_ENC_PATH | URL_ENC_USER,
    ['_'] = URL_HOST_PLAIN | URL_UNRESERVED,
    ['`'] = URL_ENC_PATH | URL_ENC_USER | URL_ENC_FRAGMENT | URL_HOST_PLAIN,
    ['a' ... 'z'] = WORD,
    ['{'] = URL_ENC_PATH | URL_ENC_USER | URL_HOST_PLAIN,
    ['|'] = URL_ENC_USER,
    ['}'] = URL_ENC_PATH | URL_ENC_USER | URL_HOST_PLAIN,
    ['~'] = URL_HOST_PLAIN | URL_UNRESERVED,
    [0x7f ... 0xff] = ENC_ALL,
};
/* clang-format on */

size_t url_read_utf8(const unsigned char *at, size_t left, uint32_t *code)
{
    unsigned char lead = at[0];
    unsigned char low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    unsigned char high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    size_t need = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    size_t len = 1;

    *code = lead;
    if (lead < 0x80)
        return 1;
    *code = URL_NOT_UTF8;
    if (lead < 0xc2 || lead > 0xf4)
        return 1;
    for (; len < need; len++) {
        if (len == left || at[len] < low || at[len] > high)
            return len;
        low = 0x80;
        high = 0xbf;
    }
    *code = lead & (0x7fU >> need);
    for (size_t i = 1; i < need; i++)
        *code = *code << 6 | (at[i] & 0x3fU);
    return need;
}
