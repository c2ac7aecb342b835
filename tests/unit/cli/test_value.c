#include "crawler/cli/value.h"

#include "tests/support/cmocka_all.h"

struct row {
    const char *text;
    enum err err;
    int64_t value;
};

static void check(const struct row *rows, size_t nr,
                  enum err (*parse)(const char *, int64_t *))
{
    for (size_t i = 0; i < nr; i++) {
        int64_t value = -1;
        enum err err = parse(rows[i].text, &value);

        if (err != rows[i].err || (!err && value != rows[i].value))
            fail_msg("'%s' gave %d, %lld", rows[i].text, err, (long long)value);
    }
}

static void value_reads_whole_numbers_only(void **state)
{
    static const struct row rows[] = {
        {"0", CERR_OK, 0},         {"-5", CERR_OK, -5},
        {"256", CERR_OK, 256},     {"", CERR_INVALID, 0},
        {"1.5", CERR_INVALID, 0},  {" 1", CERR_INVALID, 0},
        {"1 ", CERR_INVALID, 0},   {"ten", CERR_INVALID, 0},
        {"0x10", CERR_INVALID, 0}, {"99999999999999999999", CERR_INVALID, 0},
    };

    (void)state;
    check(rows, NR(rows), value_int);
}

static void value_reads_durations(void **state)
{
    static const struct row rows[] = {
        {"500ms", CERR_OK, 500},    {"10s", CERR_OK, 10000},
        {"10", CERR_OK, 10000},     {"0.5", CERR_OK, 500},
        {"5m", CERR_OK, 300000},    {"2h", CERR_OK, 7200000},
        {"7d", CERR_OK, 604800000}, {"0", CERR_OK, 0},
        {"-1s", CERR_INVALID, 0},   {"5 m", CERR_INVALID, 0},
        {"5w", CERR_INVALID, 0},    {"s", CERR_INVALID, 0},
        {"inf", CERR_INVALID, 0},   {"nan", CERR_INVALID, 0},
        {"1e999", CERR_INVALID, 0}, {"0x1p3", CERR_INVALID, 0},
    };

    (void)state;
    check(rows, NR(rows), value_duration_ms);
}

static void value_reads_sizes_in_powers_of_1024(void **state)
{
    static const struct row rows[] = {
        {"64k", CERR_OK, 65536},     {"16M", CERR_OK, 16777216},
        {"1G", CERR_OK, 1073741824}, {"512", CERR_OK, 512},
        {"1.5k", CERR_OK, 1536},     {"1KB", CERR_INVALID, 0},
        {"-1M", CERR_INVALID, 0},    {"99999999T", CERR_INVALID, 0},
    };

    (void)state;
    check(rows, NR(rows), value_size_bytes);
}

static void value_finds_choices_by_their_whole_word(void **state)
{
    const char *word;
    int64_t place;

    (void)state;
    assert_int_equal(value_choice("obey|ignore", "ignore", &place), CERR_OK);
    assert_int_equal(place, 1);
    assert_int_equal(value_choice("obey|ignore", "ign", &place), CERR_INVALID);
    assert_int_equal(value_choice("obey|ignore", "", &place), CERR_INVALID);
    assert_int_equal(value_choice_word("obey|ignore", 1, &word), 6);
    assert_memory_equal(word, "ignore", 6);
}

static void value_shows_numbers_as_people_write_them(void **state)
{
    char text[VALUE_TEXT_BYTES];

    (void)state;
    value_show_count(1234567, text);
    assert_string_equal(text, "1,234,567");
    value_show_count(-123, text);
    assert_string_equal(text, "-123");
    value_show_count(INT64_MIN, text);
    assert_string_equal(text, "-9,223,372,036,854,775,808");
    value_show_bytes(999, text);
    assert_string_equal(text, "999 B");
    value_show_bytes(9.83e6, text);
    assert_string_equal(text, "9.8 MB");
    value_show_clock(91000, text);
    assert_string_equal(text, "1:31");
    value_show_clock(3661000, text);
    assert_string_equal(text, "1:01:01");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(value_reads_whole_numbers_only),
        cmocka_unit_test(value_reads_durations),
        cmocka_unit_test(value_reads_sizes_in_powers_of_1024),
        cmocka_unit_test(value_finds_choices_by_their_whole_word),
        cmocka_unit_test(value_shows_numbers_as_people_write_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
