/*
 * The indexes behind charset_index.h. Their arrays come from data/encoding:
 * charset_index_make.c prints them when the project is built.
 */
#include "crawler/charset/charset_index.h"

#include <stddef.h>

#define NR_OF(array) (sizeof(array) / sizeof((array)[0]))

/* A run of GB18030's four-byte characters is known by its first pointer and the
 * code of that. */
struct run {
    uint32_t pointer, code;
};

#include "crawler/charset/charset_index.inc"

/* Two stretches of pointers belong to no run (Encoding standard, 5): a gap, and
 * what is behind the end. */
#define GAP_POINTER    39420
#define PLANES_POINTER 189000
#define LAST_POINTER   1237575

/* The standard takes one character out of its run. */
#define LONE_POINTER 7457
#define LONE_CODE    0xe7c7

static const struct {
    const uint32_t *codes;
    unsigned nr;
} indexes[CHARSET_INDEX_NR] = {
    [CHARSET_INDEX_JIS0208] = {jis0208, NR_OF(jis0208)},
    [CHARSET_INDEX_JIS0212] = {jis0212, NR_OF(jis0212)},
    [CHARSET_INDEX_BIG5] = {big5, NR_OF(big5)},
    [CHARSET_INDEX_EUC_KR] = {euc_kr, NR_OF(euc_kr)},
    [CHARSET_INDEX_GB18030] = {gb18030, NR_OF(gb18030)},
};

uint32_t charset_index_code(enum charset_index_kind kind, unsigned pointer)
{
    return pointer < indexes[kind].nr ? indexes[kind].codes[pointer] : 0;
}

unsigned charset_index_pointer(enum charset_index_kind kind, uint32_t code,
                               unsigned from)
{
    for (unsigned i = from; i < indexes[kind].nr; i++)
        if (indexes[kind].codes[i] == code)
            return i;
    return CHARSET_NO_POINTER;
}

/* Finds the code by the run that its pointer lies in (Encoding standard, 5,
 * "index gb18030 ranges code point"). */
uint32_t charset_gb18030_ranges(uint32_t pointer)
{
    size_t at = NR_OF(gb18030_ranges) - 1;

    if ((pointer >= GAP_POINTER && pointer < PLANES_POINTER) ||
        pointer > LAST_POINTER)
        return 0;
    if (pointer == LONE_POINTER)
        return LONE_CODE;
    while (gb18030_ranges[at].pointer > pointer)
        at--;
    return gb18030_ranges[at].code + (pointer - gb18030_ranges[at].pointer);
}

/* Finds the pointer by the run that its code lies in (Encoding standard, 5,
 * "index gb18030 ranges pointer"). */
uint32_t charset_gb18030_ranges_pointer(uint32_t code)
{
    size_t at = NR_OF(gb18030_ranges) - 1;

    if (code == LONE_CODE)
        return LONE_POINTER;
    while (gb18030_ranges[at].code > code)
        at--;
    return gb18030_ranges[at].pointer + (code - gb18030_ranges[at].code);
}
