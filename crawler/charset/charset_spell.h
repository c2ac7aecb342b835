/*
 * charset_spell: the bytes of a character, by its pointer into an index
 * (Encoding standard, 10 to 13). For what makes the indexes and for the way
 * back.
 */
#ifndef CRAWLER_CHARSET_CHARSET_SPELL_H
#define CRAWLER_CHARSET_CHARSET_SPELL_H

#include <stddef.h>

#include "crawler/charset/charset_index.h"

#define CHARSET_SPELL_BYTES_MAX 3

static inline size_t charset_put_two(unsigned char *out, unsigned lead,
                                     unsigned trail)
{
    out[0] = (unsigned char)lead;
    out[1] = (unsigned char)trail;
    return 2;
}

/* JIS X 0208 as Shift_JIS, JIS X 0212 as EUC-JP. Returns their number. */
static inline size_t charset_spell(enum charset_index_kind kind,
                                   unsigned pointer, unsigned char *out)
{
    unsigned lead, trail;

    switch (kind) {
    case CHARSET_INDEX_JIS0208:
        lead = pointer / 188;
        trail = pointer % 188;
        return charset_put_two(out, lead + (lead < 0x1f ? 0x81 : 0xc1),
                               trail + (trail < 0x3f ? 0x40 : 0x41));
    case CHARSET_INDEX_JIS0212:
        out[0] = 0x8f;
        return 1 + charset_put_two(out + 1, pointer / 94 + 0xa1,
                                   pointer % 94 + 0xa1);
    case CHARSET_INDEX_BIG5:
        trail = pointer % 157;
        return charset_put_two(out, pointer / 157 + 0x81,
                               trail + (trail < 0x3f ? 0x40 : 0x62));
    case CHARSET_INDEX_EUC_KR:
        return charset_put_two(out, pointer / 190 + 0x81, pointer % 190 + 0x41);
    case CHARSET_INDEX_GB18030:
    case CHARSET_INDEX_NR:
        break;
    }
    trail = pointer % 190;
    return charset_put_two(out, pointer / 190 + 0x81,
                           trail + (trail < 0x3f ? 0x40 : 0x41));
}

#endif
