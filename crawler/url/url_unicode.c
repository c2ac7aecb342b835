/*
 * The look-ups behind url_unicode.h: the properties of characters that IDNA
 * needs and libidn2 has not: Bidi classes, joining types, viramas, and what
 * Unicode has assigned since the version of its tables.
 *
 * The tables come from data/unicode/idna.txt (scripts/make_unicode_tables.py).
 */
#include "crawler/url/url_unicode.h"

#include "crawler/url/url_unicode_table.h"

/* The range that has the character, or NULL. */
static const struct url_range *find(const struct url_range *ranges, size_t nr,
                                    uint32_t code)
{
    size_t from = 0, to = nr;

    while (from < to) {
        size_t middle = from + (to - from) / 2;

        if (ranges[middle].last < code)
            from = middle + 1;
        else
            to = middle;
    }
    return from < nr && ranges[from].first <= code ? &ranges[from] : NULL;
}

/* ASCII is answered without the table: it is in every domain. */
enum url_bidi url_bidi_of(uint32_t code)
{
    const struct url_range *range = NULL;

    if (code >= 0x80)
        range = find(url_unicode_bidi, url_unicode_bidi_nr, code);
    else if (code >= '0' && code <= '9')
        return URL_BIDI_EURO;
    else if (code < 'a' || code > 'z')
        return URL_BIDI_NEUTRAL;
    return range ? (enum url_bidi)range->value : URL_BIDI_LTR;
}

/* Marks lie through others, so the table leaves them out. */
unsigned url_joining_of(uint32_t code)
{
    const struct url_range *range =
        find(url_unicode_joining, url_unicode_joining_nr, code);

    if (range)
        return range->value;
    return url_bidi_of(code) == URL_BIDI_MARK ? URL_JOINS_THROUGH : 0;
}

bool url_is_virama(uint32_t code)
{
    for (size_t i = 0;
         i < url_unicode_viramas_nr && url_unicode_viramas[i] <= code; i++)
        if (url_unicode_viramas[i] == code)
            return true;
    return false;
}

bool url_is_assigned_mark(uint32_t code)
{
    return find(url_unicode_assigned_marks, url_unicode_assigned_marks_nr,
                code) != NULL;
}

bool url_find_assigned(uint32_t code, uint32_t *to)
{
    const struct url_range *range =
        find(url_unicode_assigned, url_unicode_assigned_nr, code);

    if (range)
        *to = range->value + (code - range->first);
    return range != NULL;
}
