/*
 * Punycode without a limit on the label's length, which libidn2 has and the URL
 * standard has not.
 */
#include "crawler/url/url_punycode.h"

/* RFC 3492, 5. */
#define BASE         36
#define T_MIN        1
#define T_MAX        26
#define SKEW         38
#define DAMP         700
#define INITIAL_BIAS 72
#define INITIAL_N    0x80
#define UNICODE_MAX  0x10ffff

/* RFC 3492, 6.1: the bias follows the distances, so that most take one digit.
 */
static uint32_t adapt(uint32_t delta, size_t nr, bool is_first)
{
    uint32_t k = 0;

    delta = is_first ? delta / DAMP : delta / 2;
    delta += delta / (uint32_t)nr;
    for (; delta > (BASE - T_MIN) * T_MAX / 2; k += BASE)
        delta /= BASE - T_MIN;
    return k + (BASE - T_MIN + 1) * delta / (delta + SKEW);
}

/* RFC 3492, 6.2: where the digit at position `k` of an integer ends it. */
static uint32_t threshold(uint32_t k, uint32_t bias)
{
    if (k <= bias + T_MIN)
        return T_MIN;
    return k >= bias + T_MAX ? T_MAX : k - bias;
}

/* RFC 3492, 5: letters are 0 to 25, digits 26 to 35; -1 for others. */
static int digit_value(uint32_t digit)
{
    if (digit >= 'a' && digit <= 'z')
        return (int)(digit - 'a');
    return digit >= '0' && digit <= '9' ? (int)(digit - '0') + 26 : -1;
}

/* Reads a variable-length integer (RFC 3492, 3.3). False: it has no end, or is
 * larger than any label could need. */
static bool read_delta(const uint32_t **at, const uint32_t *end, uint32_t bias,
                       uint32_t *delta)
{
    uint64_t value = 0, weight = 1;

    for (uint32_t k = BASE;; k += BASE) {
        uint32_t limit = threshold(k, bias);
        int digit;

        if (*at == end)
            return false;
        digit = digit_value(*(*at)++);
        if (digit < 0)
            return false;
        value += (uint64_t)digit * weight;
        if (value > UINT32_MAX || weight > UINT32_MAX)
            return false;
        if ((uint32_t)digit < limit)
            break;
        weight *= BASE - limit;
    }
    *delta = (uint32_t)value;
    return true;
}

/* The code points before the last hyphen stand for themselves (3.1). */
static const uint32_t *find_basic_end(const uint32_t *text, size_t len)
{
    while (len > 0 && text[len - 1] != '-')
        len--;
    return len > 0 ? text + len - 1 : text;
}

/* RFC 3492, 6.2: each integer says where in the label the next code point goes,
 * and which one it is. */
bool url_punycode_decode(const uint32_t *text, size_t len,
                         struct url_chars *out)
{
    const uint32_t *at = text, *end = text + len;
    const uint32_t *basic_end = find_basic_end(text, len);
    size_t start = out->nr, nr_basic = (size_t)(basic_end - text);
    uint32_t code = INITIAL_N, bias = INITIAL_BIAS;
    uint64_t index = 0;

    while (at < basic_end)
        if (!url_add_char(out, *at++))
            return false;
    at += nr_basic > 0; /* the hyphen */
    while (at < end) {
        size_t nr = out->nr - start + 1;
        uint32_t delta;

        if (!read_delta(&at, end, bias, &delta))
            return false;
        bias = adapt(delta, nr, nr == nr_basic + 1);
        index += delta;
        if (index / nr > UNICODE_MAX - code || !url_add_char(out, 0))
            return false;
        code += (uint32_t)(index / nr);
        index %= nr;
        for (size_t i = out->nr - 1; i > start + index; i--)
            out->chars[i] = out->chars[i - 1];
        out->chars[start + index] = code;
        index++;
    }
    return true;
}

/* Writes a variable-length integer (RFC 3492, 3.3). */
static void append_delta(struct url_writer *out, uint64_t delta, uint32_t bias)
{
    static const char digits[] = "abcdefghijklmnopqrstuvwxyz0123456789";

    for (uint32_t k = BASE;; k += BASE) {
        uint32_t limit = threshold(k, bias);

        if (delta < limit)
            break;
        url_append_byte(out, digits[limit + (delta - limit) % (BASE - limit)]);
        delta = (delta - limit) / (BASE - limit);
    }
    url_append_byte(out, digits[delta]);
}

/* The smallest code point of the label that is at least `code`. */
static uint32_t next_code(const uint32_t *label, size_t len, uint32_t code)
{
    uint32_t next = UINT32_MAX;

    for (size_t i = 0; i < len; i++)
        if (label[i] >= code && label[i] < next)
            next = label[i];
    return next;
}

/* RFC 3492, 6.3: all code points in rising order, each as the distance from the
 * one before, counted in steps of the decoder. */
void url_punycode_encode(const uint32_t *label, size_t len,
                         struct url_writer *out)
{
    uint32_t bias = INITIAL_BIAS, code = INITIAL_N;
    uint64_t delta = 0;
    size_t nr_basic = 0, done;

    for (size_t i = 0; i < len; i++) {
        if (label[i] < INITIAL_N) {
            url_append_byte(out, (char)label[i]);
            nr_basic++;
        }
    }
    if (nr_basic > 0)
        url_append_byte(out, '-');
    done = nr_basic;
    while (done < len) {
        uint32_t next = next_code(label, len, code);

        delta += (uint64_t)(next - code) * (done + 1);
        code = next;
        for (size_t i = 0; i < len; i++) {
            delta += label[i] < code;
            if (label[i] != code)
                continue;
            append_delta(out, delta, bias);
            bias = adapt((uint32_t)delta, done + 1, done == nr_basic);
            delta = 0;
            done++;
        }
        delta++;
        code++;
    }
}
