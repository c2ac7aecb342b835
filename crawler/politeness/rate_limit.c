/*
 * The reader behind rate_limit.h. Of structured fields (RFC 9651) it knows as
 * much as the drafts use: members between commas, parameters behind
 * semicolons, and strings in which neither separates anything.
 */
#include "crawler/politeness/rate_limit.h"

#include <string.h>
#include <strings.h>

#include "crawler/politeness/http_date.h"

#define SECONDS_MAX INT64_C(100000000000000) /* a larger number is as good */
/* Numbers from here on are times: as seconds they lie in 2001 and later, and
 * as a wait they would be 31 years. */
#define EPOCH_S     INT64_C(1000000000)
#define EPOCH_MS    INT64_C(1000000000000)

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static struct bytes trim(const char *text, const char *end)
{
    while (text < end && is_blank(*text))
        text++;
    while (text < end && is_blank(end[-1]))
        end--;
    return (struct bytes){text, (size_t)(end - text)};
}

/* Reads a number that may have a fraction, which counts as one more; -1: it is
 * none. */
static int64_t read_number(struct bytes value)
{
    const char *text = value.data;
    int64_t number = 0;
    bool has_rest = false;
    size_t i = 0;

    for (; i < value.len && is_digit(text[i]); i++)
        if (number < SECONDS_MAX)
            number = 10 * number + (text[i] - '0');
    if (i == 0)
        return -1;
    if (i < value.len && text[i] == '.')
        for (i++; i < value.len && is_digit(text[i]); i++)
            has_rest |= text[i] != '0';
    return i == value.len ? number + has_rest : -1;
}

bool rate_limit_is_nothing(struct bytes value)
{
    return read_number(value) == 0;
}

/* ---- the field RateLimit ---- */

/* What the members read so far say. */
struct quotas {
    struct bytes longest;   /* reset of a quota that is spent */
    struct bytes remaining; /* of the form before: "" until it is seen */
    struct bytes reset;
    struct bytes r, t; /* of the member that is being read */
};

static void take_reset(struct quotas *quotas, struct bytes left,
                       struct bytes reset)
{
    if (left.len > 0 && rate_limit_is_nothing(left) &&
        read_number(reset) > read_number(quotas->longest))
        quotas->longest = reset;
}

static bool is_key(struct bytes key, const char *word)
{
    return key.len == strlen(word) && memcmp(key.data, word, key.len) == 0;
}

/* Takes "r=0" or anything else that stands between two separators. */
static void take_part(struct quotas *quotas, const char *from, const char *end)
{
    const char *equals = memchr(from, '=', (size_t)(end - from));
    struct bytes key, value;

    if (!equals)
        return;
    key = trim(from, equals);
    value = trim(equals + 1, end);
    if (is_key(key, "r"))
        quotas->r = value;
    else if (is_key(key, "t"))
        quotas->t = value;
    else if (is_key(key, "remaining"))
        quotas->remaining = value;
    else if (is_key(key, "reset"))
        quotas->reset = value;
}

/* The first separator, outside of strings; `end` if there is none. */
static const char *find_separator(const char *from, const char *end)
{
    bool in_string = false;

    for (; from < end; from++) {
        if (in_string && *from == '\\' && from + 1 < end)
            from++;
        else if (*from == '"')
            in_string = !in_string;
        else if (!in_string && (*from == ',' || *from == ';'))
            break;
    }
    return from;
}

struct bytes rate_limit_spent(struct bytes value, struct bytes before)
{
    static const struct bytes nothing = {"", 0};
    struct quotas quotas = {before, nothing, nothing, nothing, nothing};
    const char *from = value.data, *end = from + value.len;

    while (from < end) {
        const char *stop = find_separator(from, end);

        take_part(&quotas, from, stop);
        if (stop == end || *stop == ',') {
            take_reset(&quotas, quotas.r, quotas.t);
            quotas.r = quotas.t = nothing;
        }
        from = stop < end ? stop + 1 : end;
    }
    take_reset(&quotas, quotas.remaining, quotas.reset);
    return quotas.longest;
}

/* ---- a reset ---- */

int64_t rate_limit_wait_ms(struct bytes reset, int64_t wall_ms)
{
    int64_t number = read_number(reset);
    int64_t until_ms;

    if (number >= 0 && number < EPOCH_S)
        return number * 1000;
    if (number >= EPOCH_MS)
        until_ms = number;
    else if (number >= 0)
        until_ms = number * 1000;
    else
        until_ms = http_iso_time_ms(reset);
    if (until_ms < 0)
        until_ms = http_date_ms(reset, wall_ms);
    if (until_ms < 0)
        return -1;
    return until_ms > wall_ms ? until_ms - wall_ms : 0;
}
