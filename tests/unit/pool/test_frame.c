/*
 * What frames and packets from the other side must obey.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "pool/channel/frame.h"
#include "pool/pool.h"

static const struct frame_limits limits = {
    .ring_bytes = 8192,
    .arena_bytes = 16384,
    .max_len = 1000,
};

static void frame_checks_every_field_of_a_task(void **state)
{
    static const struct {
        const char *name;
        struct frame_task task;
        enum err err;
    } rows[] = {
        {"empty", {.id = 1, .attempt = 1}, CERR_OK},
        {"no id", {.attempt = 1}, CERR_CORRUPT},
        {"no attempt", {.id = 1}, CERR_CORRUPT},
        {"inside", {.id = 1, .attempt = 1, .len = 40}, CERR_OK},
        {"inside, one more", {.id = 1, .attempt = 1, .len = 41}, CERR_CORRUPT},
        {"ring, its end", {1, 0, 1, FRAME_RING, 0, 8092, 100, {0}}, CERR_OK},
        {"ring, one more",
         {1, 0, 1, FRAME_RING, 0, 8093, 100, {0}},
         CERR_CORRUPT},
        {"ring, far off",
         {1, 0, 1, FRAME_RING, 0, UINT32_MAX, 2, {0}},
         CERR_CORRUPT},
        {"longest", {1, 0, 1, FRAME_MEMFD, 0, 3, 1000, {0}}, CERR_OK},
        {"too long", {1, 0, 1, FRAME_MEMFD, 0, 3, 1001, {0}}, CERR_CORRUPT},
        {"empty memfd", {1, 0, 1, FRAME_MEMFD, 0, 3, 0, {0}}, CERR_CORRUPT},
        {"arena", {1, 0, 1, FRAME_ARENA, 0, 0, 1, {0}}, CERR_CORRUPT},
        {"no such place", {1, 0, 1, 4, 0, 0, 0, {0}}, CERR_CORRUPT},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        print_message("%s\n", rows[i].name);
        assert_int_equal(frame_check_task(&rows[i].task, &limits), rows[i].err);
    }
}

static void frame_checks_every_field_of_a_reply(void **state)
{
    static const struct {
        const char *name;
        struct frame_reply reply;
        enum err err;
    } rows[] = {
        {"empty", {.id = 1}, CERR_OK},
        {"inside", {.len = 20, .message_len = 12}, CERR_OK},
        {"inside, one more", {.len = 20, .message_len = 13}, CERR_CORRUPT},
        {"ring, longest",
         {.place = FRAME_RING, .len = 4096, .message_len = 1024},
         CERR_OK},
        {"ring, data too long",
         {.place = FRAME_RING, .len = 4097},
         CERR_CORRUPT},
        {"message too long",
         {.place = FRAME_RING, .message_len = 1025},
         CERR_CORRUPT},
        {"ring, its end",
         {.place = FRAME_RING, .offset = 8092, .len = 90, .message_len = 10},
         CERR_OK},
        {"ring, one more",
         {.place = FRAME_RING, .offset = 8092, .len = 91, .message_len = 10},
         CERR_CORRUPT},
        {"arena, all of it", {.place = FRAME_ARENA, .len = 16384}, CERR_OK},
        {"arena, one more",
         {.place = FRAME_ARENA, .offset = 1, .len = 16384},
         CERR_CORRUPT},
        {"arena, a sum that wraps",
         {.place = FRAME_ARENA, .offset = 64, .len = UINT32_MAX - 63},
         CERR_CORRUPT},
        {"arena, a message behind its end",
         {.place = FRAME_ARENA, .len = 16384, .message_len = 1},
         CERR_CORRUPT},
        {"memfd", {.place = FRAME_MEMFD}, CERR_CORRUPT},
        {"no such place", {.place = 255}, CERR_CORRUPT},
        {"extra, its end",
         {.flags = FRAME_HAS_EXTRA, .extra_offset = 16320, .extra_len = 64},
         CERR_OK},
        {"extra, one more",
         {.flags = FRAME_HAS_EXTRA, .extra_offset = 16320, .extra_len = 65},
         CERR_CORRUPT},
        {"extra, a sum that wraps",
         {.flags = FRAME_HAS_EXTRA,
          .extra_offset = 64,
          .extra_len = UINT32_MAX - 63},
         CERR_CORRUPT},
        {"unknown flag", {.flags = 2}, CERR_CORRUPT},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        print_message("%s\n", rows[i].name);
        assert_int_equal(frame_check_reply(&rows[i].reply, &limits),
                         rows[i].err);
    }
}

static void frame_packets_come_back_as_they_went(void **state)
{
    (void)state;
    for (int type = FRAME_BELL; type <= FRAME_ARGUMENT; type++) {
        struct frame_packet packet = {(enum frame_packet_type)type,
                                      UINT64_MAX - 5};
        unsigned char bytes[FRAME_PACKET_BYTES];
        struct frame_packet back;

        frame_encode_packet(&packet, bytes);
        assert_int_equal(frame_decode_packet(bytes, sizeof(bytes), &back),
                         CERR_OK);
        assert_int_equal(back.type, type);
        assert_int_equal(back.value, UINT64_MAX - 5);
    }
}

static void frame_refuses_other_packets(void **state)
{
    unsigned char bytes[FRAME_PACKET_BYTES + 1] = {FRAME_ARGUMENT + 1};
    struct frame_packet packet;

    (void)state;
    assert_int_equal(frame_decode_packet(bytes, FRAME_PACKET_BYTES, &packet),
                     CERR_CORRUPT);
    bytes[0] = FRAME_BELL;
    for (size_t len = 0; len <= sizeof(bytes); len++)
        assert_int_equal(frame_decode_packet(bytes, len, &packet),
                         len == FRAME_PACKET_BYTES ? CERR_OK : CERR_CORRUPT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frame_checks_every_field_of_a_task),
        cmocka_unit_test(frame_checks_every_field_of_a_reply),
        cmocka_unit_test(frame_packets_come_back_as_they_went),
        cmocka_unit_test(frame_refuses_other_packets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
