/*
 * The classes of all bytes, behind html_bytes.h.
 */
#include "crawler/html/html_bytes.h"

#define SPACE (CLASS_SPACE | CLASS_TAG_END | CLASS_NAME_END)
#define ALPHA (CLASS_ALPHA | CLASS_WORD)

const uint8_t html_classes[256] = {
    ['\t'] = SPACE,
    ['\n'] = SPACE,
    ['\f'] = SPACE,
    ['\r'] = SPACE,
    [' '] = SPACE,
    ['/'] = CLASS_TAG_END | CLASS_NAME_END,
    ['>'] = CLASS_TAG_END | CLASS_NAME_END,
    ['='] = CLASS_NAME_END,
    ['-'] = CLASS_WORD,
    ['_'] = CLASS_WORD,
    [':'] = CLASS_WORD,
    ['0' ... '9'] = CLASS_WORD,
    ['a' ... 'z'] = ALPHA,
    ['A' ... 'Z'] = ALPHA,
};
