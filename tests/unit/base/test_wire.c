/*
 * wire: fields keep their value and their layout, and a reader stays inside
 * its bytes whatever they say.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/wire.h"

/* u8, u16, u32, u64, "abc". */
static const unsigned char layout[] = {
    0x01, 0x03, 0x02, 0x07, 0x06, 0x05, 0x04, 0x0f, 0x0e, 0x0d, 0x0c,
    0x0b, 0x0a, 0x09, 0x08, 0x03, 0x00, 0x00, 0x00, 'a',  'b',  'c',
};

static void wire_writes_little_endian_without_padding(void **state)
{
    struct buf buf;
    struct wire_writer wire = {.out = &buf};

    (void)state;
    buf_init(&buf, 100);
    wire_put_u8(&wire, 0x01);
    wire_put_u16(&wire, 0x0203);
    wire_put_u32(&wire, 0x04050607);
    wire_put_u64(&wire, 0x08090a0b0c0d0e0f);
    wire_put_bytes(&wire, "abc", 3);
    assert_int_equal(wire.err, CERR_OK);
    assert_int_equal(buf.len, sizeof(layout));
    assert_memory_equal(buf.data, layout, sizeof(layout));
    buf_release(&buf);
}

static void wire_reads_what_was_written(void **state)
{
    struct wire_reader wire;
    struct bytes bytes;

    (void)state;
    wire_reader_init(&wire, layout, sizeof(layout));
    assert_int_equal(wire_get_u8(&wire), 0x01);
    assert_int_equal(wire_get_u16(&wire), 0x0203);
    assert_int_equal(wire_get_u32(&wire), 0x04050607);
    assert_int_equal(wire_get_u64(&wire), 0x08090a0b0c0d0e0f);
    assert_false(wire_done(&wire));
    bytes = wire_get_bytes(&wire, 3);
    assert_int_equal(bytes.len, 3);
    assert_memory_equal(bytes.data, "abc", 3);
    assert_true(wire_done(&wire));
}

static void wire_cut_anywhere_is_bad_and_gives_nothing_more(void **state)
{
    (void)state;
    for (size_t len = 0; len < sizeof(layout); len++) {
        unsigned char *copy = malloc(len ? len : 1);
        struct wire_reader wire;
        struct bytes bytes;

        assert_non_null(copy);
        memcpy(copy, layout, len);
        wire_reader_init(&wire, copy, len);
        wire_get_u8(&wire);
        wire_get_u16(&wire);
        wire_get_u32(&wire);
        wire_get_u64(&wire);
        bytes = wire_get_bytes(&wire, 100);
        assert_true(wire.bad);
        assert_false(wire_done(&wire));
        assert_int_equal(bytes.len, 0);
        assert_non_null(bytes.data);
        assert_int_equal(wire_get_u8(&wire), 0);
        assert_int_equal(wire_get_u64(&wire), 0);
        free(copy);
    }
}

static void wire_bytes_over_their_cap_are_bad(void **state)
{
    static const unsigned char raw[] = {3, 0, 0, 0, 'a', 'b', 'c'};
    static const unsigned char liar[] = {0xff, 0xff, 0xff, 0xff, 'a'};
    struct wire_reader wire;

    (void)state;
    wire_reader_init(&wire, raw, sizeof(raw));
    assert_int_equal(wire_get_bytes(&wire, 2).len, 0);
    assert_true(wire.bad);
    wire_reader_init(&wire, liar, sizeof(liar));
    assert_int_equal(wire_get_bytes(&wire, SIZE_MAX).len, 0);
    assert_true(wire.bad);
}

static void wire_reader_of_nothing_is_done(void **state)
{
    struct wire_reader wire;

    (void)state;
    wire_reader_init(&wire, NULL, 0);
    assert_true(wire_done(&wire));
    assert_int_equal(wire_get_u8(&wire), 0);
    assert_false(wire_done(&wire));
}

static void wire_writer_keeps_its_first_error(void **state)
{
    struct buf buf;
    struct wire_writer wire = {.out = &buf};

    (void)state;
    buf_init(&buf, 5);
    wire_put_u32(&wire, 1);
    wire_put_u32(&wire, 2);
    assert_int_equal(wire.err, CERR_TOO_BIG);
    wire_put_u8(&wire, 3); /* would fit, but is not what comes next */
    assert_int_equal(buf.len, 4);
    buf_release(&buf);
}

static void wire_bytes_longer_than_their_length_field_are_refused(void **state)
{
    struct buf buf;
    struct wire_writer wire = {.out = &buf};

    (void)state;
    buf_init(&buf, 100);
    wire_put_bytes(&wire, "", (size_t)UINT32_MAX + 1);
    assert_int_equal(wire.err, CERR_TOO_BIG);
    assert_int_equal(buf.len, 0);
    buf_release(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wire_writes_little_endian_without_padding),
        cmocka_unit_test(wire_reads_what_was_written),
        cmocka_unit_test(wire_cut_anywhere_is_bad_and_gives_nothing_more),
        cmocka_unit_test(wire_bytes_over_their_cap_are_bad),
        cmocka_unit_test(wire_reader_of_nothing_is_done),
        cmocka_unit_test(wire_writer_keeps_its_first_error),
        cmocka_unit_test(wire_bytes_longer_than_their_length_field_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
