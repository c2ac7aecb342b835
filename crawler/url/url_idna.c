/*
 * IDNA: Unicode ToASCII (UTS #46, 4.2) as the URL standard calls it (3.3):
 * non-transitional, CheckBidi and CheckJoiners on, CheckHyphens, STD3 rules
 * and VerifyDnsLength off.
 *
 * DESIGN. libidn2 has the tables, but no mode of these arguments: its
 * non-transitional mode also applies IDNA2008 ("☕.example" fails), and every
 * mode checks hyphens and lengths. So it is asked for less than a domain:
 *
 *   map       Runs of characters outside ASCII, each with the character
 *             before it, go through its transitional mode, which maps them,
 *             normalises them to NFC and refuses what UTS #46 disallows. ASCII
 *             and the characters of the table `changes` are handled here, and
 *             those that are too new for it: nothing composes with them (few of
 *             the last), so a run may end at them.
 *   decode    "xn--" labels, which must come out of `map` unchanged.
 *   check     Bidi and joiner rules, for labels that they concern.
 *   encode    Labels outside ASCII.
 *
 * What remains of libidn2's limits: a single run that no DNS name could hold
 * fails.
 */
#include "crawler/url/url_idna.h"

#include <idn2.h>
#include <string.h>

#include "crawler/url/url_bidi.h"
#include "crawler/url/url_bytes.h"
#include "crawler/url/url_punycode.h"
#include "crawler/url/url_unicode.h"

/* A run longer than this has no ACE form of 63 bytes (RFC 1035, 2.3.4). */
#define RUN_BYTES_MAX 1024
#define ZWNJ          0x200c
#define ZWJ           0x200d

/*
 * Characters that are not left to libidn2: those in which the non-transitional
 * mode differs, hyphens, and those whose row in the mapping table is another in
 * Unicode 17 than in the version that libidn2 has. What was assigned since is
 * in url_unicode.c.
 */
static const struct change {
    uint32_t first, last;
    uint32_t to; /* what `first` is mapped to, and so on; 0: ignored */
} changes[] = {
    {0x00df, 0x00df, 0x00df},   /* sharp s */
    {0x03c2, 0x03c2, 0x03c2},   /* final sigma */
    {0x04c0, 0x04c0, 0x04cf},   /* palochka */
    {0x10a0, 0x10c5, 0x2d00},   /* Georgian capitals */
    {0x115f, 0x1160, 0},        /* Hangul fillers */
    {0x17b4, 0x17b5, 0},        /* Khmer inherent vowels */
    {0x1806, 0x1806, 0x1806},   /* Mongolian soft hyphen */
    {0x180e, 0x180e, 0},        /* Mongolian vowel separator */
    {0x1e9e, 0x1e9e, 0x00df},   /* capital sharp s */
    {ZWNJ, ZWJ, ZWNJ},          /* the joiners: valid in context */
    {0x2061, 0x2063, 0},        /* invisible operators */
    {0x206a, 0x206f, 0},        /* deprecated formatting */
    {0x2132, 0x2132, 0x214e},   /* turned capital f */
    {0x2183, 0x2183, 0x2184},   /* reversed c */
    {0x3164, 0x3164, 0},        /* Hangul filler */
    {0xfe63, 0xfe63, '-'},      /* small hyphen */
    {0xff0d, 0xff0d, '-'},      /* full-width hyphen */
    {0xffa0, 0xffa0, 0},        /* half-width Hangul filler */
    {0x1d173, 0x1d17a, 0},      /* musical formatting */
    {0x2f868, 0x2f868, 0x36fc}, /* five compatibility ideographs */
    {0x2f874, 0x2f874, 0x5f53}, {0x2f91f, 0x2f91f, 0x243ab},
    {0x2f95f, 0x2f95f, 0x7aee}, {0x2f9bf, 0x2f9bf, 0x45d7},
};
#define NR_CHANGES (sizeof(changes) / sizeof(changes[0]))

/* A run on its way to libidn2. */
struct mapper {
    struct url_chars *out;
    uint32_t before; /* the character before the run, 0 if none */
    size_t len;
    char run[RUN_BYTES_MAX];
};

/* The row of `changes` that says what becomes of a character, or NULL. */
static const struct change *find_change(uint32_t code)
{
    for (size_t i = 0; i < NR_CHANGES && changes[i].first <= code; i++)
        if (code <= changes[i].last)
            return &changes[i];
    return NULL;
}

/* Whether a label is in ASCII-compatible encoding. */
static bool is_ace(const uint32_t *label, size_t len)
{
    return len >= 4 && label[0] == 'x' && label[1] == 'n' && label[2] == '-' &&
           label[3] == '-';
}

/* Appends a domain as libidn2 wrote it, its "xn--" labels decoded. */
static bool add_decoded(struct url_chars *out, const char *ace)
{
    for (;;) {
        size_t len = strcspn(ace, ".");
        uint32_t label[RUN_BYTES_MAX];

        if (len > RUN_BYTES_MAX)
            return false;
        for (size_t i = 0; i < len; i++)
            label[i] = (unsigned char)ace[i];
        if (is_ace(label, len)) {
            if (!url_punycode_decode(label + 4, len - 4, out))
                return false;
        } else {
            for (size_t i = 0; i < len; i++)
                if (!url_add_char(out, label[i]))
                    return false;
        }
        ace += len;
        if (*ace == '\0')
            return true;
        if (!url_add_char(out, '.'))
            return false;
        ace++;
    }
}

/*
 * Maps the run. A mark in it may compose with the character before it, but may
 * not begin a label. Where nothing composes a digit stands for that character,
 * as libidn2 has rules of its own for others.
 */
static bool map_run(struct mapper *mapper)
{
    uint32_t before = mapper->before;
    bool composes =
        (before >= 'a' && before <= 'z') || (before >= '<' && before <= '>');
    uint8_t text[RUN_BYTES_MAX + 2];
    size_t used = 0, start = mapper->out->nr;
    uint8_t *ace = NULL;
    bool good;

    if (before)
        text[used++] = composes ? (uint8_t)before : (uint8_t)'0';
    memcpy(text + used, mapper->run, mapper->len);
    text[used + mapper->len] = '\0';
    if (idn2_lookup_u8(text, &ace,
                       IDN2_TRANSITIONAL | IDN2_NO_ALABEL_ROUNDTRIP) != IDN2_OK)
        return false;
    good = add_decoded(mapper->out, (const char *)ace);
    idn2_free(ace);
    if (good && before && !composes)
        mapper->out->chars[start] = before;
    return good;
}

/* Writes what stands in the mapper, and begins again behind `next`. */
static bool flush(struct mapper *mapper, uint32_t next)
{
    bool good = true;

    /* a run at the beginning of a label stands alone */
    if (mapper->before && (mapper->len == 0 || mapper->before == '.')) {
        good = url_add_char(mapper->out, mapper->before);
        mapper->before = 0;
    }
    if (good && mapper->len > 0)
        good = map_run(mapper);
    mapper->before = next;
    mapper->len = 0;
    return good;
}

/* The mapping and normalisation of UTS #46, 4, and its status values. */
static bool map(struct url_chars *out, const char *text, size_t len)
{
    const unsigned char *at = (const unsigned char *)text;
    struct mapper mapper;
    uint32_t code;

    mapper.out = out;
    mapper.before = 0;
    mapper.len = 0;
    while (len > 0) {
        size_t step = url_read_utf8(at, len, &code);
        const struct change *change = find_change(code);
        uint32_t to = 0;

        if (change && change->to)
            to = change->to + (code - change->first);
        else if (!change)
            url_find_assigned(code, &to);
        if (code == URL_NOT_UTF8 || code == 0)
            return false;
        if (code < 0x80) {
            if (!flush(&mapper, url_lower((unsigned char)code)))
                return false;
        } else if (to) {
            if (!flush(&mapper, to))
                return false;
        } else if (!change) {
            if (mapper.len + step > RUN_BYTES_MAX)
                return false;
            memcpy(mapper.run + mapper.len, at, step);
            mapper.len += step;
        }
        at += step;
        len -= step;
    }
    return flush(&mapper, 0);
}

/* UTF-8 of a label, or 0 if it is longer than a run may be, or no text. */
static size_t to_utf8(const uint32_t *label, size_t nr,
                      char out[RUN_BYTES_MAX + 1])
{
    size_t len = 0;

    for (size_t i = 0; i < nr; i++) {
        uint32_t code = label[i];
        int more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
        static const uint8_t leads[] = {0, 0xc0, 0xe0, 0xf0};

        if (len + 4 > RUN_BYTES_MAX || code == 0 ||
            (code >= 0xd800 && code <= 0xdfff))
            return 0;
        out[len++] = (char)(leads[more] | code >> (6 * more));
        while (more-- > 0)
            out[len++] = (char)(0x80 | (code >> (6 * more) & 0x3f));
    }
    out[len] = '\0';
    return len;
}

/* Appends what an "xn--" label stands for (UTS #46, 4, step 4). */
static bool decode_label(struct url_chars *out, const uint32_t *label,
                         size_t len)
{
    struct url_chars mapped = {.nr = 0};
    char utf8[RUN_BYTES_MAX + 1];
    size_t start = out->nr, nr, utf8_len;
    bool is_ascii = true;

    for (size_t i = 0; i < len; i++)
        if (label[i] >= 0x80)
            return false;
    if (!url_punycode_decode(label + 4, len - 4, out))
        return false;
    nr = out->nr - start;
    for (size_t i = start; i < out->nr; i++)
        is_ascii &= out->chars[i] < 0x80;
    if (is_ascii || is_ace(out->chars + start, nr))
        return false;
    utf8_len = to_utf8(out->chars + start, nr, utf8);
    return utf8_len > 0 && map(&mapped, utf8, utf8_len) && mapped.nr == nr &&
           memcmp(mapped.chars, out->chars + start, nr * sizeof(uint32_t)) == 0;
}

/* Returns the length of the label, up to the next dot. Other dots of Unicode
 * have been mapped to it. */
static size_t label_len(const uint32_t *at, const uint32_t *end)
{
    size_t len = 0;

    while (at + len < end && at[len] != '.')
        len++;
    return len;
}

/* UTS #46, 4, steps 3 and 4: labels, and "xn--" ones decoded. */
static bool decode_labels(struct url_chars *out, const struct url_chars *domain)
{
    const uint32_t *at = domain->chars, *end = at + domain->nr;

    for (;;) {
        size_t len = label_len(at, end);

        if (is_ace(at, len)) {
            if (!decode_label(out, at, len))
                return false;
        } else {
            for (size_t i = 0; i < len; i++)
                if (!url_add_char(out, at[i]))
                    return false;
        }
        at += len;
        if (at == end)
            return true;
        if (!url_add_char(out, '.'))
            return false;
        at++;
    }
}

/* Whether a ZWNJ at `at` parts two letters that would join: RFC 5892, A.1. */
static bool parts_letters(const uint32_t *label, size_t len, size_t at)
{
    size_t left = at, right = at + 1;

    while (left > 0 && url_joining_of(label[left - 1]) == URL_JOINS_THROUGH)
        left--;
    while (right < len && url_joining_of(label[right]) == URL_JOINS_THROUGH)
        right++;
    return left > 0 && right < len &&
           (url_joining_of(label[left - 1]) & URL_JOINS_LEFT) &&
           (url_joining_of(label[right]) & URL_JOINS_RIGHT);
}

/* Checks the ContextJ rules (RFC 5892, A.1 and A.2). */
static bool check_joiners(const uint32_t *label, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (label[i] != ZWNJ && label[i] != ZWJ)
            continue;
        if ((i == 0 || !url_is_virama(label[i - 1])) &&
            (label[i] == ZWJ || !parts_letters(label, len, i)))
            return false;
    }
    return true;
}

/* UTS #46, 4.1: the criteria of validity for marks, joiners and Bidi. */
static bool check_labels(const struct url_chars *domain)
{
    const uint32_t *at = domain->chars, *end = at + domain->nr;
    bool is_bidi = false;

    for (size_t i = 0; i < domain->nr; i++)
        is_bidi |= url_bidi_is_rtl(domain->chars[i]);
    while (at < end) {
        size_t len = label_len(at, end);

        if ((len > 0 && url_is_assigned_mark(at[0])) ||
            !check_joiners(at, len) || (is_bidi && !url_bidi_allows(at, len)))
            return false;
        at += len < (size_t)(end - at) ? len + 1 : len;
    }
    return true;
}

/* Appends the labels, those outside ASCII as Punycode (UTS #46, 4.2, steps 2
 * and 3). */
static void append_labels(struct url_writer *out,
                          const struct url_chars *domain)
{
    const uint32_t *at = domain->chars, *end = at + domain->nr;

    for (;;) {
        size_t len = label_len(at, end);
        bool is_ascii = true;

        for (size_t i = 0; i < len; i++)
            is_ascii &= at[i] < 0x80;
        if (!is_ascii) {
            url_append_text(out, "xn--", 4);
            url_punycode_encode(at, len, out);
        } else {
            for (size_t i = 0; i < len; i++)
                url_append_byte(out, (char)at[i]);
        }
        at += len;
        if (at == end)
            break;
        url_append_byte(out, '.');
        at++;
    }
}

bool url_append_idna(struct url_writer *out, const char *domain, size_t len)
{
    struct url_chars mapped = {.nr = 0}, decoded = {.nr = 0};

    if (len > URL_CHARS_MAX) {
        out->full = true;
        return false;
    }
    if (!map(&mapped, domain, len) || !decode_labels(&decoded, &mapped) ||
        !check_labels(&decoded))
        return false;
    append_labels(out, &decoded);
    return !out->full;
}
