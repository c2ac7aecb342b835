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

size_t text_escape(const void *data, size_t len, char *out, size_t cap)
{
    const unsigned char *at = data;
    size_t used = 0;

    while (len) {
        size_t step = char_len(at, len);
        bool plain = step && !is_control(at, step);
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

size_t text_clean(const void *data, size_t len, char *out, size_t cap)
{
    const unsigned char *at = data;
    size_t fits = len < cap ? len : cap;
    const unsigned char *nul = fits ? memchr(at, 0, fits) : NULL;
    /* The valid start is copied at once; nearly always it is the whole text. */
    size_t used = text_utf8_prefix(at, nul ? (size_t)(nul - at) : fits);

    if (used)
        memcpy(out, at, used);
    at += used;
    len -= used;
    while (len) {
        size_t step = char_len(at, len);
        bool plain = step && at[0] != 0;
        size_t need = plain ? step : 3;

        if (used + need > cap)
            break;
        memcpy(out + used, plain ? (const char *)at : "\xef\xbf\xbd", need);
        step = plain ? step : 1;
        used += need;
        at += step;
        len -= step;
    }
    return used;
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
