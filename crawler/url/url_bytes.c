/*
 * url_bytes: the classes of all bytes, for url_internal.h.
 *
 * The percent-encode sets of the URL standard (1.3) grow from one another;
 * they are written out here, one row for each byte or range that has any.
 */
#include "crawler/url/url_internal.h"

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
