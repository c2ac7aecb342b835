/*
 * Retry-After and HTTP dates. The three forms of RFC 9110, 5.6.7:
 *   Sun, 06 Nov 1994 08:49:37 GMT    IMF-fixdate
 *   Sunday, 06-Nov-94 08:49:37 GMT   RFC 850
 *   Sun Nov  6 08:49:37 1994         asctime
 * Read by hand: strptime() depends on the locale and knows no limits.
 */
#include "crawler/politeness/http_date.h"

#include <string.h>

#define DAY_MS        INT64_C(86400000)
#define SECONDS_MAX   INT64_C(1000000000) /* a larger Retry-After is as good */
#define CENTURY_AHEAD 50 /* RFC 9110: a year further ahead is a past one */
#define DAYS_TO_1970  719162

struct reader {
    const char *at, *end;
    bool bad;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char next(struct reader *reader)
{
    if (reader->at == reader->end) {
        reader->bad = true;
        return '\0';
    }
    return *reader->at++;
}

static void expect(struct reader *reader, char c)
{
    if (next(reader) != c)
        reader->bad = true;
}

static bool next_is(const struct reader *reader, char c)
{
    return reader->at < reader->end && *reader->at == c;
}

/* Reads exactly so many digits: dates of HTTP have fixed widths. */
static int read_number(struct reader *reader, int nr_digits)
{
    int value = 0;

    for (int i = 0; i < nr_digits; i++) {
        char c = next(reader);
        if (!is_digit(c)) {
            reader->bad = true;
            return 0;
        }
        value = 10 * value + (c - '0');
    }
    return value;
}

/* Reads the name of a month in English, as RFC 9110 has it, whatever the locale
 * is. */
static int read_month(struct reader *reader)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char name[3] = {next(reader), next(reader), next(reader)};

    for (size_t i = 0; i < 12; i++)
        if (memcmp(name, names + 3 * i, 3) == 0)
            return (int)i + 1;
    reader->bad = true;
    return 1;
}

/* Counts the days from 1970-01-01 to a date of the Gregorian calendar. */
static int64_t days_of(int year, int month, int day)
{
    static const int before[] = {0,   31,  59,  90,  120, 151,
                                 181, 212, 243, 273, 304, 334};
    int64_t past = year - 1;
    int64_t days = 365 * past + past / 4 - past / 100 + past / 400;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days + before[month - 1] + (month > 2 && leap) + day - 1 -
           DAYS_TO_1970;
}

/* Reads "08:49:37". A leap second is second 60. */
static int64_t read_time(struct reader *reader)
{
    int hour = read_number(reader, 2);
    expect(reader, ':');
    int minute = read_number(reader, 2);
    expect(reader, ':');
    int second = read_number(reader, 2);

    if (hour > 23 || minute > 59 || second > 60)
        reader->bad = true;
    return ((hour * 60 + minute) * 60 + second) * INT64_C(1000);
}

static int year_now(int64_t wall_ms)
{
    return 1970 + (int)(wall_ms / DAY_MS * 400 / 146097);
}

/* Makes a full year of the two digits of RFC 850: one that would lie more than
 * 50 years ahead is of the century before (RFC 9110, 5.6.7). */
static int full_year(int two_digits, int64_t wall_ms)
{
    int now = year_now(wall_ms);
    int year = now - now % 100 + two_digits;

    return year > now + CENTURY_AHEAD ? year - 100 : year;
}

static int64_t put_together(const struct reader *reader, int year, int month,
                            int day, int64_t time_ms)
{
    if (reader->bad || reader->at != reader->end || day < 1 || day > 31 ||
        year < 1970)
        return -1;
    return days_of(year, month, day) * DAY_MS + time_ms;
}

static int64_t read_asctime(struct reader *reader)
{
    int month = read_month(reader);
    expect(reader, ' ');
    if (next_is(reader, ' '))
        reader->at++;
    int day = read_number(reader, 1);
    if (!next_is(reader, ' '))
        day = 10 * day + read_number(reader, 1);
    expect(reader, ' ');
    int64_t time_ms = read_time(reader);
    expect(reader, ' ');
    int year = read_number(reader, 4);
    return put_together(reader, year, month, day, time_ms);
}

int64_t http_date_ms(struct bytes value, int64_t wall_ms)
{
    struct reader reader = {value.data, (const char *)value.data + value.len,
                            false};

    while (reader.at < reader.end && *reader.at != ',' && *reader.at != ' ')
        reader.at++; /* the day of the week says nothing new */
    bool is_asctime = next_is(&reader, ' ');
    expect(&reader, is_asctime ? ' ' : ',');
    if (is_asctime)
        return read_asctime(&reader);
    expect(&reader, ' ');
    int day = read_number(&reader, 2);
    char dash = next(&reader);
    if (dash != '-' && dash != ' ')
        reader.bad = true;
    int month = read_month(&reader);
    expect(&reader, dash);
    int year = dash == '-' ? full_year(read_number(&reader, 2), wall_ms)
                           : read_number(&reader, 4);
    expect(&reader, ' ');
    int64_t time_ms = read_time(&reader);
    for (const char *zone = " GMT"; *zone; zone++)
        expect(&reader, *zone);
    return put_together(&reader, year, month, day, time_ms);
}

static void skip_fraction(struct reader *reader, int64_t *time_ms)
{
    const char *from;

    if (!next_is(reader, '.'))
        return;
    from = ++reader->at;
    while (reader->at < reader->end && is_digit(*reader->at))
        reader->at++;
    if (reader->at == from)
        reader->bad = true;
    *time_ms += 1000;
}

int64_t http_iso_time_ms(struct bytes value)
{
    struct reader reader = {value.data, (const char *)value.data + value.len,
                            false};
    int year = read_number(&reader, 4);
    expect(&reader, '-');
    int month = read_number(&reader, 2);
    expect(&reader, '-');
    int day = read_number(&reader, 2);
    expect(&reader, 'T');
    int64_t time_ms = read_time(&reader);

    skip_fraction(&reader, &time_ms);
    expect(&reader, 'Z');
    if (month < 1 || month > 12)
        return -1;
    return put_together(&reader, year, month, day, time_ms);
}

/* Reads seconds or a date; a date is told from a number by its first byte,
 * which is no digit. */
int64_t http_retry_after_ms(struct bytes value, int64_t wall_ms)
{
    const char *text = value.data;
    int64_t seconds = 0;
    size_t i = 0;

    for (; i < value.len && is_digit(text[i]); i++)
        if (seconds < SECONDS_MAX)
            seconds = 10 * seconds + (text[i] - '0');
    if (i > 0 && i == value.len)
        return seconds * 1000;
    int64_t date_ms = http_date_ms(value, wall_ms);
    if (date_ms < 0)
        return -1;
    return date_ms > wall_ms ? date_ms - wall_ms : 0;
}
