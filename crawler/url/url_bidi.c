/*
 * The Bidi rule for labels (RFC 5893, 2), as UTS #46 applies it.
 *
 * libidn2 applies the rule to labels that hold a right-to-left character and
 * does not tell numbers apart; the rule is about every label of a domain that
 * has such a character anywhere.
 */
#include "crawler/url/url_bidi.h"

#include "crawler/url/url_unicode.h"

bool url_bidi_is_rtl(uint32_t code)
{
    enum url_bidi bidi = url_bidi_of(code);

    return bidi == URL_BIDI_RTL || bidi == URL_BIDI_ARABIC;
}

bool url_bidi_allows(const uint32_t *label, size_t len)
{
    const unsigned ltr = 1U << URL_BIDI_LTR, rtl = 1U << URL_BIDI_RTL;
    const unsigned arabic = 1U << URL_BIDI_ARABIC, euro = 1U << URL_BIDI_EURO;
    unsigned found = 0; /* a bit for each class */
    enum url_bidi first, last;

    if (len == 0)
        return true;
    first = last = url_bidi_of(label[0]);
    for (size_t i = 0; i < len; i++) {
        enum url_bidi now = url_bidi_of(label[i]);

        found |= 1U << now;
        if (now != URL_BIDI_MARK)
            last = now;
    }
    switch (first) {
    case URL_BIDI_LTR: /* rules 5 and 6 */
        return !(found & (rtl | arabic)) &&
               (last == URL_BIDI_LTR || last == URL_BIDI_EURO);
    case URL_BIDI_RTL: /* rules 2, 3 and 4 */
        return !(found & ltr) && last != URL_BIDI_NEUTRAL &&
               (~found & (arabic | euro));
    case URL_BIDI_ARABIC:
    case URL_BIDI_EURO:
    case URL_BIDI_MARK:
    case URL_BIDI_NEUTRAL:
        break; /* rule 1 */
    }
    return false;
}
