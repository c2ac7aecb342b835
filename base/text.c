/*
 * The UTF-8 reader behind text.h, and the two copies that are made with it: one
 * for terminals, one for databases.
 */
#include "base/text.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/*
 * Returns the length of the valid character at `at`, or 0 if there is none.
 *
 * RFC 3629, section 4: after some lead bytes the second byte has a narrower
 * range than 80..BF, which shuts out overlong forms, surrogates and numbers
 * above U+10FFFF.
 */
static size_t char_len(const unsigned char *at, size_t len)
{
    unsigned char lead = at[0];
    unsigned char low = 0x80, high = 0xbf;
    size_t need;

    if (lead < 0x80)
        return 1;
    if (lead < 0xc2 || lead > 0xf4)
        return 0;
    need = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (lead == 0xe0)
        low = 0xa0; /* overlong */
    else if (lead == 0xed)
        high = 0x9f; /* surrogates */
    else if (lead == 0xf0)
        low = 0x90; /* overlong */
    else if (lead == 0xf4)
        high = 0x8f; /* above U+10FFFF */
    if (len < need || at[1] < low || at[1] > high)
        return 0;
    for (size_t i = 2; i < need; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    return need;
}

/* The number of ASCII bytes at the front. It looks at eight at a time, because
 * nearly all text is ASCII. */
static size_t ascii_prefix(const unsigned char *at, size_t len)
{
    size_t done = 0;
    uint64_t word;

    for (; len - done >= sizeof(word); done += sizeof(word)) {
        memcpy(&word, at + done, sizeof(word));
        if (word & 0x8080808080808080U)
            break;
    }
    return done;
}

size_t text_utf8_prefix(const void *data, size_t len)
{
    const unsigned char *at = data;
    size_t done = 0;

    while (done < len) {
        size_t step;

        done += ascii_prefix(at + done, len - done);
        if (done == len)
            break;
        step = char_len(at + done, len - done);
        if (step == 0)
            break;
        done += step;
    }
    return done;
}

bool text_is_ascii(const void *data, size_t len)
{
    const unsigned char *at = data;
    uint64_t words[4], all = 0;

    /* The loop does not stop at the first other byte: without a branch it
     * becomes vector instructions. */
    for (; len >= sizeof(words); len -= sizeof(words), at += sizeof(words)) {
        memcpy(words, at, sizeof(words));
        all |= words[0] | words[1] | words[2] | words[3];
    }
    for (; len > 0; len--)
        all |= *at++;
    return (all & 0x8080808080808080U) == 0;
}

/* Whether a character is a control that terminals obey: C0, DEL, or C1 (U+0080
 * to U+009F, which are two bytes in UTF-8). */
static bool is_control(const unsigned char *at, size_t len)
{
    if (len == 1)
        return at[0] < 0x20 || at[0] == 0x7f;
    return len == 2 && at[0] == 0xc2 && at[1] < 0xa0;
}

/* The format characters and the two separators of Unicode 15 (general
 * categories Cf, Zl, Zp): they are not seen, and some of them turn the order of
 * what stands around them. */
static const struct {
    uint32_t from, to;
} invisible[] = {
    {0xad, 0xad},       {0x600, 0x605},     {0x61c, 0x61c},
    {0x6dd, 0x6dd},     {0x70f, 0x70f},     {0x890, 0x891},
    {0x8e2, 0x8e2},     {0x180e, 0x180e},   {0x200b, 0x200f},
    {0x2028, 0x202e},   {0x2060, 0x206f},   {0xfeff, 0xfeff},
    {0xfff9, 0xfffb},   {0x110bd, 0x110bd}, {0x110cd, 0x110cd},
    {0x13430, 0x1343f}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a},
    {0xe0001, 0xe007f},
};

/* The number of a character that char_len() has found valid. */
static uint32_t char_code(const unsigned char *at, size_t len)
{
    uint32_t code = len == 1 ? at[0] : at[0] & (0x7fU >> len);

    for (size_t i = 1; i < len; i++)
        code = code << 6 | (at[i] & 0x3fU);
    return code;
}

static bool is_invisible(const unsigned char *at, size_t len)
{
    uint32_t code = char_code(at, len);

    if (len == 1)
        return false;
    for (size_t i = 0; i < sizeof(invisible) / sizeof(invisible[0]); i++)
        if (code <= invisible[i].to)
            return code >= invisible[i].from;
    return false;
}

size_t text_escape(const void *data, size_t len, char *out, size_t cap)
{
    const unsigned char *at = data;
    size_t used = 0;

    while (len) {
        size_t step = char_len(at, len);
        bool plain = step && !is_control(at, step) && !is_invisible(at, step);
        size_t need = plain ? step : 4;

        if (used + need >= cap)
            break;
        if (plain) {
            memcpy(out + used, at, step);
        } else {
            step = 1;
            snprintf(out + used, 5, "\\x%02x", at[0]);
        }
        used += need;
        at += step;
        len -= step;
    }
    out[used] = '\0';
    return used;
}

/* Whether a character may stand in a database: any but the controls, which a
 * terminal of later would obey. White space is text. */
static bool is_clean(const unsigned char *at, size_t len)
{
    return !is_control(at, len) || at[0] == '\t' || at[0] == '\n' ||
           at[0] == '\r';
}

/* Whether one of eight bytes is no printable ASCII, or may be none: a byte of
 * the difference borrows from its neighbour only where that is below 0x20. */
static bool has_odd_byte(uint64_t word)
{
    const uint64_t high = 0x8080808080808080U, ones = high >> 7;
    uint64_t del = word ^ 0x7f * ones;

    return ((word | (word - 0x20 * ones) | ((del - ones) & ~del)) & high) != 0;
}

/* The length of the clean text at the front. */
static size_t clean_prefix(const unsigned char *at, size_t len)
{
    size_t done = 0, step;
    uint64_t word;

    while (done < len) {
        for (; len - done >= sizeof(word); done += sizeof(word)) {
            memcpy(&word, at + done, sizeof(word));
            if (has_odd_byte(word))
                break;
        }
        if (done == len)
            break;
        step = char_len(at + done, len - done);
        if (step == 0 || !is_clean(at + done, step))
            break;
        done += step;
    }
    return done;
}

/* Copies what follows a start that is copied already, character by character:
 * what is none, and controls unless they are kept, become U+FFFD. */
static size_t copy_rest(const unsigned char *at, size_t len, char *out,
                        size_t cap, bool keeps_controls)
{
    size_t used = 0;

    while (len) {
        size_t step = char_len(at, len);
        bool plain = step && (keeps_controls ? at[0] != 0 : is_clean(at, step));
        size_t need = plain ? step : 3;

        if (used + need > cap)
            break;
        memcpy(out + used, plain ? (const char *)at : "\xef\xbf\xbd", need);
        step = step ? step : 1;
        used += need;
        at += step;
        len -= step;
    }
    return used;
}

size_t text_clean(const void *data, size_t len, char *out, size_t cap)
{
    const unsigned char *at = data;
    /* The clean start is copied at once; nearly always it is the whole text. */
    size_t used = clean_prefix(at, len < cap ? len : cap);

    if (used)
        memcpy(out, at, used);
    return used +
           copy_rest(at + used, len - used, out + used, cap - used, false);
}

size_t text_repair(const void *data, size_t len, char *out, size_t cap)
{
    return copy_rest(data, len, out, cap, true);
}

/* Every byte that is not in this set may mean something to some shell; bytes of
 * UTF-8 above ASCII mean nothing to any. */
static bool is_plain_word(const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "%+,-./:=@_";
    const char *at = word;

    while (*at && (strchr(plain, *at) || (unsigned char)*at >= 0x80))
        at++;
    return at > word && !*at;
}

/* Within single quotes everything stands for itself but the quote, which is
 * put between two quoted texts: 'it'\''s'. */
size_t text_shell_word(const char *word, char *out, size_t cap)
{
    const char *quote = is_plain_word(word) ? "" : "'";
    size_t len = (size_t)snprintf(out, cap, "%s", quote);

    for (const char *at = word; *at; at++) {
        bool breaks = *quote && *at == '\'';
        size_t used = len < cap ? len : cap - 1;

        len += (size_t)snprintf(out + used, cap - used, "%s%c",
                                breaks ? "'\\'" : "", *at);
    }
    size_t used = len < cap ? len : cap - 1;

    return len + (size_t)snprintf(out + used, cap - used, "%s", quote);
}

void text_name_bits(uint32_t bits, const char *const *names, size_t nr_names,
                    char *out, size_t cap)
{
    size_t len = 0;

    out[0] = '\0';
    for (size_t i = 0; i < nr_names && len < cap; i++)
        if (bits & (1u << i))
            len += (size_t)snprintf(out + len, cap - len, "%s%s",
                                    len ? ", " : "", names[i]);
}
