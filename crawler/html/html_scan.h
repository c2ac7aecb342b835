/*
 * html_scan: the next byte that matters, sixteen bytes at a look.
 *
 * Everything is inline and pure; without SSE2 the same is done byte by byte.
 * Runs of text and of values in HTML are short, so the first look must cost
 * nothing: that is what memchr() cannot give.
 */
#ifndef CRAWLER_HTML_HTML_SCAN_H
#define CRAWLER_HTML_HTML_SCAN_H

#include <stddef.h>
#include <stdint.h>

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

/*
 * The length of the plain name of a tag at `at`: at most eight bytes before a
 * space, a control byte, '/' or '>'. `word` is the name in lower case, its
 * first byte lowest. 0: it is none, or reaches beyond what can be looked at.
 */
static inline size_t html_read_name(const unsigned char *at,
                                    const unsigned char *end, uint64_t *word)
{
#ifdef __SSE2__
    const __m128i space = _mm_set1_epi8(' ');
    __m128i bytes, upper, ends;
    unsigned hits;
    size_t len;

    if (end - at < 16)
        return 0;
    bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
    ends =
        _mm_or_si128(_mm_cmpeq_epi8(_mm_min_epu8(bytes, space), bytes),
                     _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('/')),
                                  _mm_cmpeq_epi8(bytes, _mm_set1_epi8('>'))));
    hits = (unsigned)_mm_movemask_epi8(ends) & 0x1ff;
    if (hits == 0)
        return 0;
    len = (size_t)__builtin_ctz(hits);
    upper = _mm_and_si128(_mm_cmpgt_epi8(bytes, _mm_set1_epi8('A' - 1)),
                          _mm_cmplt_epi8(bytes, _mm_set1_epi8('Z' + 1)));
    bytes = _mm_or_si128(bytes, _mm_and_si128(upper, space)); /* 0x20 */
    *word = (uint64_t)_mm_cvtsi128_si64(bytes);
    if (len < 8)
        *word &= ((uint64_t)1 << 8 * len) - 1;
    return len;
#else
    (void)at;
    (void)end;
    (void)word;
    return 0;
#endif
}

#endif
