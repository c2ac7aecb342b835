/*
 * Looks at UTF-8 and ASCII, sixteen bytes at a time where the processor has
 * SSE2: nearly every byte of every page passes here.
 */
#include "crawler/charset/charset_utf8.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "crawler/charset/charset.h"

size_t charset_count_chars(const void *data, size_t len)
{
    const signed char *at = data, *end;
    size_t chars = 0;

    if (len == 0) /* data may be NULL */
        return 0;
    end = at + len;

#ifdef __SSE2__
    /* continuation bytes are 0x80 to 0xbf: as signed, below -64 */
    const __m128i limit = _mm_set1_epi8(-65);

    while (end - at >= 16) {
        size_t blocks = (size_t)(end - at) / 16;
        __m128i sums = _mm_setzero_si128();

        /* a byte of `sums` counts to 255 */
        for (size_t i = 0; i < (blocks < 255 ? blocks : 255); i++, at += 16) {
            __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);

            sums = _mm_sub_epi8(sums, _mm_cmpgt_epi8(bytes, limit));
        }
        sums = _mm_sad_epu8(sums, _mm_setzero_si128());
        chars += (size_t)_mm_cvtsi128_si64(sums) +
                 (size_t)_mm_cvtsi128_si64(_mm_unpackhi_epi64(sums, sums));
    }
#endif
    for (; at < end; at++)
        chars += *at > -65;
    return chars;
}

const unsigned char *charset_skip_ascii(const unsigned char *at,
                                        const unsigned char *end)
{
#ifdef __SSE2__
    for (; end - at >= 16; at += 16) {
        int high = _mm_movemask_epi8(
            _mm_loadu_si128((const __m128i *)(const void *)at));

        if (high != 0)
            return at + __builtin_ctz((unsigned)high);
    }
#endif
    while (at < end && *at < 0x80)
        at++;
    return at;
}
