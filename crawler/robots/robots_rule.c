/* Writes the form in which paths are compared, and matches rules with it. See
 * robots_rule.h. */
#include "crawler/robots/robots_rule.h"

#include <assert.h>
#include <string.h>

/* ---- the comparing form ---- */

/* Value of a hexadecimal digit, or -1. */
static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F')
        return digit - 'A' + 10;
    return -1;
}

/* One octet of a path or pattern, raw or as an escape. */
struct octet {
    unsigned char byte;
    bool escaped;
    size_t len; /* bytes it takes in the input: 1 or 3 */
};

/* Reads the octet at `at`; a '%' that begins no escape is itself. */
static struct octet octet_at(const char *at, const char *end)
{
    struct octet octet = {.byte = (unsigned char)*at, .len = 1};
    int high, low;

    if (*at != '%' || end - at < 3)
        return octet;
    high = hex_value(at[1]);
    low = hex_value(at[2]);
    if (high < 0 || low < 0)
        return octet;
    octet.byte = (unsigned char)(high << 4 | low);
    octet.escaped = true;
    octet.len = 3;
    return octet;
}

/*
 * Reserved characters whose escape means something else than they do. The
 * other reserved ones are plain data where they stand, and sites write them
 * either way; '/' and '?' are data in a query (RFC 3986 3.4, and the second
 * row of the table in RFC 9309 2.2.2).
 */
static bool is_delimiter(unsigned char byte, bool in_query)
{
    if (byte == '/' || byte == '?')
        return !in_query;
    return byte && strchr("#%;=&+", byte);
}

/* Whether a byte is unreserved (RFC 3986, 2.3), so that its escape means the
 * same. */
static bool is_unreserved(unsigned char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || (byte && strchr("-._~", byte));
}

/* Whether a byte is reserved (RFC 3986, 2.2). */
static bool is_reserved(unsigned char byte)
{
    return byte && strchr(":/?#[]@!$&'()*+,;=", byte);
}

/* Writes an octet in the form for comparing, as 1 byte or 3. */
static size_t write_octet(const struct octet *octet, bool in_query, char *out)
{
    static const char digits[] = "0123456789ABCDEF";

    if (!octet->escaped || !is_delimiter(octet->byte, in_query)) {
        out[0] = (char)octet->byte;
        return 1;
    }
    out[0] = '%';
    out[1] = digits[octet->byte >> 4];
    out[2] = digits[octet->byte & 15];
    return 3;
}

/* Where the query begins, other characters are delimiters. */
size_t robots_normalize(const char *path, size_t len, char *out)
{
    const char *at = path, *const end = path + len;
    bool in_query = false;
    size_t out_len = 0;

    while (at < end) {
        struct octet octet = octet_at(at, end);

        out_len += write_octet(&octet, in_query, out + out_len);
        in_query |= *at == '?';
        at += octet.len;
    }
    return out_len;
}

/* ---- patterns ---- */

/*
 * Octets of the pattern when it is written as RFC 9309 2.2.2 says, where
 * everything but reserved and unreserved characters is an escape.
 */
static size_t octet_weight(const struct octet *octet)
{
    if (is_unreserved(octet->byte))
        return 1;
    return !octet->escaped && is_reserved(octet->byte) ? 1 : 3;
}

/* Two patterns that are longer than that count as equally long. */
static uint16_t at_most_u16(size_t value)
{
    return value < UINT16_MAX ? (uint16_t)value : UINT16_MAX;
}

/* Begins a piece of plain bytes: its length is written when it ends. */
static enum err piece_begin(struct buf *pool, size_t *at)
{
    static const uint16_t none = 0;

    *at = pool->len;
    return buf_add(pool, &none, sizeof(none));
}

static void piece_end(struct buf *pool, size_t at)
{
    uint16_t len = (uint16_t)(pool->len - at - sizeof(len));

    memcpy(pool->data + at, &len, sizeof(len));
}

struct piece {
    const unsigned char *data;
    uint16_t len;
};

/* Reads the piece at `*at` and moves behind it. */
static struct piece piece_next(const unsigned char **at)
{
    struct piece piece;

    memcpy(&piece.len, *at, sizeof(piece.len));
    piece.data = *at + sizeof(piece.len);
    *at = piece.data + piece.len;
    return piece;
}

static uint32_t read_number(const unsigned char *bytes, size_t len)
{
    uint32_t number = 0;

    for (size_t i = 0; i < len; i++)
        number = number << 8 | bytes[i];
    return number;
}

static struct robots_marks marks_of(struct piece piece)
{
    uint8_t len = piece.len >= 4 ? 4 : piece.len >= 2 ? 2 : (uint8_t)piece.len;

    return (struct robots_marks){
        .first = read_number(piece.data, len),
        .last = read_number(piece.data + piece.len - len, len),
        .len = len,
    };
}

/* Stars with nothing behind them change nothing: "/a*" is "/a", and so is
 * "/a*$". */
static void classify(struct robots_rule *rule, const struct buf *pool)
{
    const unsigned char *at = pool->data + rule->pieces_at;
    struct piece longest = piece_next(&at);

    rule->kind = !rule->anchored || rule->nr_pieces > 1 ? ROBOTS_RULE_FRONT
                                                        : ROBOTS_RULE_WHOLE;
    for (unsigned i = 1; i < rule->nr_pieces; i++) {
        struct piece piece = piece_next(&at);

        if (piece.len > 0)
            rule->kind = ROBOTS_RULE_WILD;
        if (piece.len > longest.len)
            longest = piece;
    }
    rule->marks = marks_of(longest);
}

enum err robots_rule_compile(struct robots_rule *rule, struct buf *pool,
                             const char *pattern, size_t len)
{
    const char *at = pattern, *end = pattern + len;
    size_t octets = 0, piece;
    bool in_query = false;
    enum err err;

    assert(len <= UINT16_MAX);
    rule->pieces_at = (uint32_t)pool->len;
    rule->nr_pieces = 1;
    rule->anchored = len && end[-1] == '$';
    end -= rule->anchored;
    octets += rule->anchored;
    err = piece_begin(pool, &piece);
    while (at < end && !err) {
        struct octet octet = octet_at(at, end);
        char text[3];

        if (*at == '*') {
            /* Several stars in a row mean what one does. */
            piece_end(pool, piece);
            if (at == pattern || at[-1] != '*') {
                rule->nr_pieces++;
                err = piece_begin(pool, &piece);
            }
            octets++;
        } else {
            err = buf_add(pool, text, write_octet(&octet, in_query, text));
            octets += octet_weight(&octet);
        }
        in_query |= *at == '?';
        at += octet.len;
    }
    if (err)
        return err;
    piece_end(pool, piece);
    rule->octets = at_most_u16(octets);
    classify(rule, pool);
    return CERR_OK;
}

struct bytes robots_rule_front(const struct robots_rule *rule,
                               const struct buf *pool)
{
    const unsigned char *at = pool->data + rule->pieces_at;
    struct piece piece = piece_next(&at);

    return (struct bytes){piece.data, piece.len};
}

/* The first piece stands at the beginning, an anchored last one at the end;
 * those between are found one behind the other. */
bool robots_rule_matches(const struct robots_rule *rule, const struct buf *pool,
                         const char *path, size_t len, int64_t *steps)
{
    const unsigned char *at = pool->data + rule->pieces_at;
    struct piece piece = piece_next(&at);
    size_t done = piece.len;

    *steps -= piece.len + rule->nr_pieces;
    if (piece.len > len || memcmp(path, piece.data, piece.len) != 0)
        return false;
    for (unsigned i = 1; i < rule->nr_pieces; i++) {
        const char *found;

        piece = piece_next(&at);
        if (rule->anchored && i + 1U == rule->nr_pieces)
            return piece.len <= len - done &&
                   memcmp(path + len - piece.len, piece.data, piece.len) == 0;
        found = memmem(path + done, len - done, piece.data, piece.len);
        *steps -= (int64_t)((found ? (size_t)(found - path) : len) - done) +
                  piece.len;
        if (!found)
            return false;
        done = (size_t)(found - path) + piece.len;
    }
    return !rule->anchored || done == len;
}
