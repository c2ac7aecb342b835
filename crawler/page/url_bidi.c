/*
 * url_bidi: the Bidi rule for labels (RFC 5893, 2), as UTS #46 applies it.
 *
 * libidn2 applies the rule to labels that hold a right-to-left character and
 * does not tell numbers apart; the rule is about every label of a domain that
 * has such a character anywhere.
 */
#include "crawler/page/url_internal.h"

/* Bidi_Class as far as the rule tells it apart. */
enum bidi_class {
    LTR,    /* L */
    RTL,    /* R, AL */
    ARABIC, /* AN: Arabic numbers */
    EURO,   /* EN: European numbers */
    MARK,   /* NSM: marks on another character */
    NEUTRAL /* ES, CS, ET, ON, BN */
};

/*
 * What differs from its surroundings, which are RTL in the blocks of is_rtl()
 * and LTR elsewhere; of marks and symbols in other blocks only the general
 * ones. From DerivedBidiClass.txt of Unicode 14, characters valid in UTS #46.
 */
/* clang-format off */
static const struct bidi_range {
    uint32_t first, last;
    enum bidi_class bidi_class;
} ranges[] = {
    {0x0300, 0x036f, MARK}, {0x0483, 0x0489, MARK}, {0x0591, 0x05bd, MARK},
    {0x05bf, 0x05bf, MARK}, {0x05c1, 0x05c2, MARK}, {0x05c4, 0x05c5, MARK},
    {0x05c7, 0x05c7, MARK}, {0x0606, 0x0607, NEUTRAL},
    {0x0609, 0x060a, NEUTRAL}, {0x060c, 0x060c, NEUTRAL},
    {0x060e, 0x060f, NEUTRAL}, {0x0610, 0x061a, MARK}, {0x064b, 0x065f, MARK},
    {0x0660, 0x0669, ARABIC}, {0x066a, 0x066a, NEUTRAL},
    {0x066b, 0x066c, ARABIC}, {0x0670, 0x0670, MARK}, {0x06d6, 0x06dc, MARK},
    {0x06de, 0x06de, NEUTRAL}, {0x06df, 0x06e4, MARK}, {0x06e7, 0x06e8, MARK},
    {0x06e9, 0x06e9, NEUTRAL}, {0x06ea, 0x06ed, MARK}, {0x06f0, 0x06f9, EURO},
    {0x0711, 0x0711, MARK}, {0x0730, 0x074a, MARK}, {0x07a6, 0x07b0, MARK},
    {0x07eb, 0x07f3, MARK}, {0x07f6, 0x07f9, NEUTRAL}, {0x07fd, 0x07fd, MARK},
    {0x0816, 0x0819, MARK}, {0x081b, 0x0823, MARK}, {0x0825, 0x0827, MARK},
    {0x0829, 0x082d, MARK}, {0x0859, 0x085b, MARK}, {0x0898, 0x089f, MARK},
    {0x08ca, 0x08ff, MARK}, {0x1ab0, 0x1ace, MARK}, {0x1dc0, 0x1dff, MARK},
    {0x2010, 0x20c0, NEUTRAL}, {0x20d0, 0x20f0, MARK},
    {0x2104, 0x214d, NEUTRAL}, {0x218a, 0x2335, NEUTRAL},
    {0x237b, 0x2394, NEUTRAL}, {0x2396, 0x26ab, NEUTRAL},
    {0x26ad, 0x27ff, NEUTRAL}, {0x2900, 0x2bff, NEUTRAL},
    {0x3001, 0x3004, NEUTRAL}, {0x3008, 0x3020, NEUTRAL},
    {0x302a, 0x302d, MARK}, {0x3030, 0x3030, NEUTRAL},
    {0x3037, 0x3037, NEUTRAL}, {0x303d, 0x303f, NEUTRAL},
    {0x3099, 0x309a, MARK}, {0xfb1e, 0xfb1e, MARK}, {0xfd3e, 0xfdff, NEUTRAL},
    {0xfe20, 0xfe2f, MARK}, {0x1091f, 0x1091f, NEUTRAL},
    {0x10a01, 0x10a0f, MARK}, {0x10a38, 0x10a3f, MARK},
    {0x10ae5, 0x10ae6, MARK}, {0x10b39, 0x10b3f, NEUTRAL},
    {0x10d24, 0x10d27, MARK}, {0x10d30, 0x10e7e, ARABIC},
    {0x10eab, 0x10eac, MARK}, {0x10f46, 0x10f50, MARK},
    {0x10f82, 0x10f85, MARK}, {0x1e8d0, 0x1e8d6, MARK},
    {0x1e944, 0x1e94a, MARK}, {0x1eef0, 0x1eef1, NEUTRAL},
    {0x1f000, 0x1f12f, NEUTRAL}, {0x1f16d, 0x1f16f, NEUTRAL},
    {0x1f1ad, 0x1f1ad, NEUTRAL}, {0x1f260, 0x1faf6, NEUTRAL},
};
/* clang-format on */
#define NR_RANGES (sizeof(ranges) / sizeof(ranges[0]))

/* Blocks of scripts written from right to left: Hebrew to Arabic Extended-A,
 * presentation forms, Cypriot to Old Uyghur, Mende to Arabic Mathematical. */
static bool is_rtl_block(uint32_t code)
{
    return (code >= 0x590 && code <= 0x8ff) ||
           (code >= 0xfb1d && code <= 0xfdff) ||
           (code >= 0xfe70 && code <= 0xfeff) ||
           (code >= 0x10800 && code <= 0x10fff) ||
           (code >= 0x1e800 && code <= 0x1efff);
}

static enum bidi_class find_class(uint32_t code)
{
    if (code < 0x80) {
        if (code >= 'a' && code <= 'z')
            return LTR;
        return code >= '0' && code <= '9' ? EURO : NEUTRAL;
    }
    for (size_t i = 0; i < NR_RANGES && ranges[i].first <= code; i++)
        if (code <= ranges[i].last)
            return ranges[i].bidi_class;
    return is_rtl_block(code) ? RTL : LTR;
}

bool url_bidi_is_rtl(uint32_t code)
{
    enum bidi_class bidi_class = find_class(code);

    return bidi_class == RTL || bidi_class == ARABIC;
}

bool url_bidi_allows(const uint32_t *label, size_t len)
{
    unsigned found = 0; /* a bit for each class */
    enum bidi_class first, last;

    if (len == 0)
        return true;
    first = last = find_class(label[0]);
    for (size_t i = 0; i < len; i++) {
        enum bidi_class now = find_class(label[i]);

        found |= 1U << now;
        if (now != MARK)
            last = now;
    }
    switch (first) {
    case LTR: /* rules 5 and 6 */
        return !(found & (1U << RTL | 1U << ARABIC)) &&
               (last == LTR || last == EURO);
    case RTL: /* rules 2, 3 and 4 */
        return !(found & 1U << LTR) && last != NEUTRAL &&
               (~found & (1U << ARABIC | 1U << EURO));
    case ARABIC:
    case EURO:
    case MARK:
    case NEUTRAL:
        break; /* rule 1 */
    }
    return false;
}
