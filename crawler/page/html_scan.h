/*
 * html_scan: the next byte that matters, sixteen bytes at a look.
 *
 * Everything is inline and pure; without SSE2 the same is done byte by byte.
 * Runs of text and of values in HTML are short, so the first look must cost
 * nothing: that is what memchr() cannot give.
 */
#ifndef CRAWLER_PAGE_HTML_SCAN_H
#define CRAWLER_PAGE_HTML_SCAN_H

#include <stddef.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* The first `a` in [at, end), or `end`. */
static inline const unsigned char *html_find(const unsigned char *at,
                                             const unsigned char *end, char a)
{
#ifdef __SSE2__
    const __m128i want = _mm_set1_epi8(a);

    for (; end - at >= 16; at += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
        int hits = _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, want));

        if (hits != 0)
            return at + __builtin_ctz((unsigned)hits);
    }
#endif
    while (at < end && *at != (unsigned char)a)
        at++;
    return at;
}

/* The first of three bytes in [at, end), or `end`. */
static inline const unsigned char *html_find_3(const unsigned char *at,
                                               const unsigned char *end, char a,
                                               char b, char c)
{
#ifdef __SSE2__
    const __m128i want_a = _mm_set1_epi8(a), want_b = _mm_set1_epi8(b),
                  want_c = _mm_set1_epi8(c);

    for (; end - at >= 16; at += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
        __m128i same = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, want_a),
                                                 _mm_cmpeq_epi8(bytes, want_b)),
                                    _mm_cmpeq_epi8(bytes, want_c));
        int hits = _mm_movemask_epi8(same);

        if (hits != 0)
            return at + __builtin_ctz((unsigned)hits);
    }
#endif
    while (at < end && *at != (unsigned char)a && *at != (unsigned char)b &&
           *at != (unsigned char)c)
        at++;
    return at;
}

#endif
