/*
 * buf: growth up to the limit and not a byte further.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"

static int setup(void **state)
{
    static struct buf buf;

    buf_init(&buf, 1000);
    *state = &buf;
    return 0;
}

static int teardown(void **state)
{
    buf_release(*state);
    return 0;
}

static void buf_begins_empty_and_without_memory(void **state)
{
    struct buf *buf = *state;

    assert_null(buf->data);
    assert_int_equal(buf->len, 0);
    assert_int_equal(buf->cap, 0);
}

static void buf_appends_in_order(void **state)
{
    struct buf *buf = *state;

    assert_int_equal(buf_add(buf, "ab", 2), CERR_OK);
    assert_int_equal(buf_add_str(buf, "cd"), CERR_OK);
    assert_int_equal(buf_add_byte(buf, 'e'), CERR_OK);
    assert_int_equal(buf_addf(buf, "%d%s", 42, "!"), CERR_OK);
    assert_int_equal(buf_add(buf, NULL, 0), CERR_OK);
    assert_int_equal(buf->len, 8);
    assert_memory_equal(buf->data, "abcde42!", 8);
}

static void buf_takes_its_limit_and_no_more(void **state)
{
    struct buf *buf = *state;
    static const char bytes[1001];

    assert_int_equal(buf_add(buf, bytes, 1001), CERR_TOO_BIG);
    assert_int_equal(buf->len, 0);
    assert_int_equal(buf_add(buf, bytes, 1000), CERR_OK);
    assert_int_equal(buf_add_byte(buf, 0), CERR_TOO_BIG);
    assert_int_equal(buf_addf(buf, "x"), CERR_TOO_BIG);
    assert_int_equal(buf_add(buf, NULL, 0), CERR_OK);
    assert_int_equal(buf_reserve(buf, SIZE_MAX), CERR_TOO_BIG);
    assert_int_equal(buf->len, 1000);
    assert_true(buf->cap <= 1000);
}

static void buf_formats_up_to_its_limit_exactly(void **state)
{
    struct buf *buf = *state;

    assert_int_equal(buf_addf(buf, "%1000s", "x"), CERR_OK);
    assert_int_equal(buf->len, 1000);
    assert_int_equal(buf->data[999], 'x');
}

static void buf_keeps_its_contents_as_it_grows(void **state)
{
    struct buf *buf = *state;

    for (int i = 0; i < 1000; i++)
        assert_int_equal(buf_add_byte(buf, (unsigned char)i), CERR_OK);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(buf->data[i], (unsigned char)i);
}

static void buf_with_a_limit_of_zero_takes_nothing(void **state)
{
    struct buf none;

    (void)state;
    buf_init(&none, 0);
    assert_int_equal(buf_add(&none, "", 0), CERR_OK);
    assert_int_equal(buf_add(&none, "x", 1), CERR_TOO_BIG);
    buf_release(&none);
}

static void buf_reports_memory_that_is_refused(void **state)
{
    struct buf huge;

    (void)state;
    buf_init(&huge, SIZE_MAX);
    assert_int_equal(buf_add_byte(&huge, 'a'), CERR_OK);
    assert_int_equal(buf_reserve(&huge, (size_t)1 << 60), CERR_NOMEM);
    assert_int_equal(huge.len, 1);
    assert_int_equal(huge.data[0], 'a');
    buf_release(&huge);
}

static void buf_reset_keeps_memory_and_reset_to_gives_it_back(void **state)
{
    struct buf *buf = *state;
    size_t cap;

    assert_int_equal(buf_reserve(buf, 600), CERR_OK);
    cap = buf->cap;
    assert_true(cap >= 600);
    buf_reset(buf);
    assert_int_equal(buf->cap, cap);
    buf_reset_to(buf, cap);
    assert_int_equal(buf->cap, cap);
    buf_reset_to(buf, cap - 1);
    assert_null(buf->data);
    assert_int_equal(buf->limit, 1000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(buf_begins_empty_and_without_memory),
        TEST(buf_appends_in_order),
        TEST(buf_takes_its_limit_and_no_more),
        TEST(buf_formats_up_to_its_limit_exactly),
        TEST(buf_keeps_its_contents_as_it_grows),
        TEST(buf_with_a_limit_of_zero_takes_nothing),
        TEST(buf_reports_memory_that_is_refused),
        TEST(buf_reset_keeps_memory_and_reset_to_gives_it_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
