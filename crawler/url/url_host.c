/*
 * The host parser behind url_host.h: domains, IPv4 in all its odd forms, IPv6,
 * and their serialisers (URL 3.5).
 */
#include "crawler/url/url_host.h"

#include <stdio.h>
#include <string.h>

#include "base/unfilled.h"

#include "crawler/url/url_bytes.h"
#include "crawler/url/url_idna.h"

#define IPV6_PIECES 8

/* Whether a byte is an ASCII digit (Infra standard). */
static bool is_digit(char byte)
{
    return (unsigned char)(byte - '0') <= 9;
}

/* Whether every byte is a digit in this radix (8, 10 or 16). */
static bool all_digits(const char *at, const char *end, int radix)
{
    for (; at < end; at++) {
        int value = url_hex_value((unsigned char)*at);

        if (value < 0 || value >= radix)
            return false;
    }
    return true;
}

/*
 * IPv4 number parser. Values of 2^32 and more become 2^32: no part may be so
 * large, and the digits may go on for thousands of bytes.
 */
static bool parse_ipv4_number(const char *at, const char *end, uint64_t *value)
{
    int radix = 10;

    if (at == end)
        return false;
    if (end - at >= 2 && at[0] == '0') {
        bool is_hex = url_lower((unsigned char)at[1]) == 'x';

        radix = is_hex ? 16 : 8;
        at += is_hex ? 2 : 1;
    }
    if (!all_digits(at, end, radix))
        return false;
    *value = 0;
    for (; at < end; at++) {
        *value = *value * (unsigned)radix +
                 (unsigned)url_hex_value((unsigned char)*at);
        if (*value > UINT32_MAX)
            *value = (uint64_t)UINT32_MAX + 1;
    }
    return true;
}

/* Ends in a number checker. One dot behind the last label does not count. */
static bool ends_in_number(const char *host, size_t len)
{
    const char *end = host + len;
    const char *label;
    uint64_t value;

    if (len > 0 && end[-1] == '.')
        end--;
    label = end;
    while (label > host && label[-1] != '.')
        label--;
    if (label == end || !is_digit(*label))
        return false; /* as nearly every host is a name */
    return all_digits(label, end, 10) || parse_ipv4_number(label, end, &value);
}

/* IPv4 parser (URL 3.5): one to four numbers, of which the last fills what is
 * left of the 32 bits. `host` ends in a number. */
static bool parse_ipv4(const char *host, size_t len, uint32_t *address)
{
    const char *end = host + len;
    const char *at = host;
    uint64_t numbers[4];
    size_t nr = 0;

    if (end[-1] == '.')
        end--;
    for (;;) {
        const char *dot = memchr(at, '.', (size_t)(end - at));
        const char *part_end = dot ? dot : end;

        if (nr == 4 || !parse_ipv4_number(at, part_end, &numbers[nr]))
            return false;
        nr++;
        if (!dot)
            break;
        at = dot + 1;
    }
    if (numbers[nr - 1] >= (uint64_t)1 << (8 * (5 - nr)))
        return false;
    *address = (uint32_t)numbers[nr - 1];
    for (size_t i = 0; i + 1 < nr; i++) {
        if (numbers[i] > 255)
            return false;
        *address += (uint32_t)numbers[i] << (8 * (3 - i));
    }
    return true;
}

/* The IPv4 address at the end of an IPv6 address: four plain decimal numbers
 * in two pieces. */
static bool parse_ipv4_tail(const char *at, const char *end, uint16_t pieces[2])
{
    unsigned numbers[4];

    for (size_t i = 0; i < 4; i++) {
        const char *start = at;

        if (i > 0 && (at == end || *at++ != '.'))
            return false;
        start = at;
        numbers[i] = 0;
        for (; at < end && is_digit(*at); at++) {
            if (at > start && numbers[i] == 0)
                return false; /* a leading zero */
            numbers[i] = numbers[i] * 10 + (unsigned)(*at - '0');
            if (numbers[i] > 255)
                return false;
        }
        if (at == start)
            return false;
    }
    pieces[0] = (uint16_t)(numbers[0] << 8 | numbers[1]);
    pieces[1] = (uint16_t)(numbers[2] << 8 | numbers[3]);
    return at == end;
}

/* Reads up to four hexadecimal digits. */
static unsigned read_piece(const char **at, const char *end)
{
    unsigned value = 0;

    for (int i = 0; i < 4 && *at < end; i++, (*at)++) {
        int digit = url_hex_value((unsigned char)**at);

        if (digit < 0)
            break;
        value = value << 4 | (unsigned)digit;
    }
    return value;
}

/* Moves what stands behind the "::" to the end, and zeros between. */
static void expand(uint16_t pieces[IPV6_PIECES], size_t nr, size_t compress)
{
    size_t tail = nr - compress;

    memmove(pieces + IPV6_PIECES - tail, pieces + compress,
            tail * sizeof(pieces[0]));
    memset(pieces + compress, 0, (IPV6_PIECES - nr) * sizeof(pieces[0]));
}

/* Reads a piece, or the dotted tail, which is two. Returns their number; 0: it
 * is neither. */
static size_t read_pieces(const char **at, const char *end, uint16_t *pieces,
                          size_t room)
{
    const char *start = *at;

    pieces[0] = (uint16_t)read_piece(at, end);
    if (*at < end && **at == '.') {
        if (room < 2 || !parse_ipv4_tail(start, end, pieces))
            return 0;
        *at = end;
        return 2;
    }
    return *at > start ? 1 : 0;
}

/* IPv6 parser (URL 3.5): pieces with colons between, one "::" at most. */
static bool parse_ipv6(const char *at, const char *end,
                       uint16_t pieces[IPV6_PIECES])
{
    size_t nr = 0;
    size_t compress = 0; /* index behind the "::", which is a piece itself */

    if (at == end || (*at == ':' && (++at == end || *at != ':')))
        return false;
    while (at < end) {
        size_t taken;

        if (nr == IPV6_PIECES)
            return false;
        if (*at == ':') {
            if (compress)
                return false;
            at++;
            pieces[nr++] = 0;
            compress = nr;
            continue;
        }
        taken = read_pieces(&at, end, pieces + nr, IPV6_PIECES - nr);
        if (!taken)
            return false;
        nr += taken;
        if (at == end)
            break;
        if (*at++ != ':' || at == end)
            return false;
    }
    if (!compress)
        return nr == IPV6_PIECES;
    expand(pieces, nr, compress);
    return true;
}

/* The first of the longest runs of two or more zero pieces. */
static size_t find_zeros(const uint16_t pieces[IPV6_PIECES], size_t *len)
{
    size_t best = IPV6_PIECES, run = 0;

    *len = 1;
    for (size_t i = 0; i < IPV6_PIECES; i++) {
        run = pieces[i] == 0 ? run + 1 : 0;
        if (run > *len) {
            *len = run;
            best = i + 1 - run;
        }
    }
    return best;
}

/* Appends an IPv6 address in brackets (RFC 5952, 4). */
static void append_ipv6(struct url_writer *out,
                        const uint16_t pieces[IPV6_PIECES])
{
    size_t nr_zeros;
    size_t zeros = find_zeros(pieces, &nr_zeros);
    size_t i = 0;
    char text[8];

    url_append_byte(out, '[');
    while (i < IPV6_PIECES) {
        if (i == zeros) {
            url_append_text(out, "::", 2);
            i += nr_zeros;
            continue;
        }
        if (i > 0 && i != zeros + nr_zeros)
            url_append_byte(out, ':');
        url_append_text(out, text,
                        (size_t)snprintf(text, sizeof(text), "%x", pieces[i]));
        i++;
    }
    url_append_byte(out, ']');
}

/* Appends an IPv4 address (IPv4 serializer). */
static void append_ipv4(struct url_writer *out, uint32_t address)
{
    for (int shift = 24; shift >= 0; shift -= 8) {
        url_append_number(out, address >> shift & 255);
        if (shift > 0)
            url_append_byte(out, '.');
    }
}

/* A host in brackets; the closing one must be its last byte. */
static bool append_ipv6_host(struct url_writer *out, const char *text,
                             size_t len)
{
    uint16_t pieces[IPV6_PIECES];

    if (len < 2 || text[len - 1] != ']' ||
        !parse_ipv6(text + 1, text + len - 1, pieces))
        return false;
    append_ipv6(out, pieces);
    return true;
}

/* Percent-decodes (URL 1.3). `out` has room for `len` bytes. */
static size_t percent_decode(const char *text, size_t len, char *out)
{
    size_t used = 0;

    for (size_t i = 0; i < len; i++) {
        int byte = url_escaped_byte(text + i, text + len);

        out[used++] = byte >= 0 ? (char)byte : text[i];
        i += byte >= 0 ? 2 : 0;
    }
    return used;
}

/* Appends a domain in lower case as far as it is plain, which nearly every
 * domain is to its end. Returns how far. */
static size_t append_plain(struct url_writer *out, const char *text, size_t len)
{
    size_t i = 0;

    while (i < len && url_byte_is((unsigned char)text[i], URL_HOST_PLAIN) &&
           out->len < URL_BYTES_MAX) {
        out->text[out->len++] = (char)url_lower((unsigned char)text[i]);
        i++;
    }
    return i;
}

/* Appends a domain with escapes, characters outside ASCII, or forbidden ones
 * (URL 3.5, steps of the host parser behind "domain"). */
static bool append_odd_domain(struct url_writer *out, const char *text,
                              size_t len)
{
    UNFILLED char domain[URL_BYTES_MAX];
    size_t start = out->len;
    bool is_ascii = true;

    if (len > sizeof(domain)) {
        out->full = true;
        return false;
    }
    len = percent_decode(text, len, domain);
    for (size_t i = 0; i < len; i++)
        is_ascii &= (unsigned char)domain[i] < 0x80;
    /* The standard leaves ASCII as it is, whatever "xn--" labels it has (3.3).
     */
    if (is_ascii)
        return append_plain(out, domain, len) == len;
    if (!url_append_idna(out, domain, len) || out->len == start)
        return false;
    for (size_t i = start; i < out->len; i++)
        if (!url_byte_is((unsigned char)out->text[i], URL_HOST_PLAIN))
            return false;
    return true;
}

bool url_append_host(struct url_writer *out, const char *text, size_t len,
                     struct url_host *host)
{
    size_t start = out->len;
    uint32_t address;

    *host = (struct url_host){0};
    if (text[0] == '[') {
        host->is_ipv6 = true;
        return append_ipv6_host(out, text, len);
    }
    if (append_plain(out, text, len) < len) {
        out->len = start;
        if (!append_odd_domain(out, text, len))
            return false;
    }
    if (!ends_in_number(out->text + start, out->len - start))
        return true;
    if (!parse_ipv4(out->text + start, out->len - start, &address))
        return false;
    host->is_ipv4 = true;
    out->len = start;
    append_ipv4(out, address);
    return true;
}
