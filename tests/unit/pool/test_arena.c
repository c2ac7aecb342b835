/*
 * The allocator of a worker's arena.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "pool/channel/arena.h"

#define SIZE ((size_t)1 << 20)

static struct arena *new_arena(size_t size, uint32_t max_pieces)
{
    struct arena *arena;

    assert_int_equal(arena_new(&arena, size, max_pieces), CERR_OK);
    return arena;
}

static void arena_gives_the_lowest_place_that_fits(void **state)
{
    struct arena *arena = new_arena(SIZE, 100);

    (void)state;
    assert_int_equal(arena_take(arena, 1), 0);
    assert_int_equal(arena_take(arena, 64), 64);
    assert_int_equal(arena_take(arena, 65), 128);
    assert_int_equal(arena_take(arena, 0), 256); /* is a piece all the same */
    assert_int_equal(arena_take(arena, 1000), 320);
    assert_int_equal(arena_give(arena, 64), CERR_OK);
    assert_int_equal(arena_give(arena, 128), CERR_OK);
    assert_int_equal(arena_take(arena, 300), 1344); /* the gap is 192 */
    assert_int_equal(arena_take(arena, 192), 64);
    arena_free(arena);
}

static void arena_joins_what_is_given_back(void **state)
{
    static const int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                     {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};

    (void)state;
    for (int row = 0; row < 6; row++) {
        struct arena *arena = new_arena(192, 3);

        for (uint32_t i = 0; i < 3; i++)
            assert_int_equal(arena_take(arena, 64), 64 * i);
        assert_int_equal(arena_take(arena, 1), ARENA_NONE);
        for (int i = 0; i < 3; i++)
            assert_int_equal(arena_give(arena, 64 * (uint32_t)orders[row][i]),
                             CERR_OK);
        assert_int_equal(arena_take(arena, 192), 0);
        arena_free(arena);
    }
}

static void arena_takes_all_of_it_and_no_more(void **state)
{
    struct arena *arena = new_arena(SIZE, 4);

    (void)state;
    assert_int_equal(arena_take(arena, SIZE + 1), ARENA_NONE);
    assert_int_equal(arena_take(arena, SIZE_MAX - 100), ARENA_NONE);
    assert_int_equal(arena_take(arena, SIZE), 0);
    assert_int_equal(arena_piece_bytes(arena, 0), SIZE);
    assert_int_equal(arena_take(arena, 1), ARENA_NONE);
    arena_free(arena);
}

static void arena_bounds_the_number_of_pieces(void **state)
{
    struct arena *arena = new_arena(SIZE, 3);

    (void)state;
    for (int i = 0; i < 3; i++)
        assert_int_not_equal(arena_take(arena, 1), ARENA_NONE);
    assert_int_equal(arena_take(arena, 1), ARENA_NONE);
    assert_int_equal(arena_give(arena, 64), CERR_OK);
    assert_int_equal(arena_take(arena, 1), 64);
    arena_free(arena);
}

static void arena_refuses_what_is_no_piece(void **state)
{
    static const uint32_t offsets[] = {64, 1, 128, SIZE, ARENA_NONE, 192};
    struct arena *arena = new_arena(SIZE, 10);

    (void)state;
    assert_int_equal(arena_take(arena, 128), 0);
    assert_int_equal(arena_take(arena, 64), 128);
    assert_int_equal(arena_give(arena, 128), CERR_OK);
    for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
        assert_int_equal(arena_give(arena, offsets[i]), CERR_INVALID);
        assert_int_equal(arena_piece_bytes(arena, offsets[i]), 0);
    }
    arena_free(arena);
}

/* Random takes and gives against a map of which unit is whose. */
static void arena_agrees_with_a_simple_model(void **state)
{
    enum { NR_UNITS = 512, NR_PIECES = 64 };
    struct arena *arena = new_arena((size_t)NR_UNITS * ARENA_ALIGN, NR_PIECES);
    unsigned char owner[NR_UNITS] = {0};
    uint32_t offsets[NR_PIECES] = {0}, nr_units[NR_PIECES] = {0};
    uint32_t seed = 7;

    (void)state;
    for (int step = 0; step < 200000; step++) {
        uint32_t piece, at = 0, run = 0, wanted, offset;

        seed = seed * 1664525 + 1013904223;
        piece = (seed >> 10) % NR_PIECES;
        if (nr_units[piece]) {
            uint32_t unit = offsets[piece] / ARENA_ALIGN;

            assert_int_equal(arena_give(arena, offsets[piece]), CERR_OK);
            memset(owner + unit, 0, nr_units[piece]);
            nr_units[piece] = 0;
            continue;
        }
        wanted = 1 + (seed >> 20) % ((seed >> 5) % 4 ? 8 : 100);
        for (at = 0; at < NR_UNITS && run < wanted; at++)
            run = owner[at] ? 0 : run + 1;
        offset = arena_take(arena, (size_t)wanted * ARENA_ALIGN);
        if (run < wanted) {
            assert_int_equal(offset, ARENA_NONE);
            continue;
        }
        assert_int_equal(offset, (at - wanted) * ARENA_ALIGN);
        assert_int_equal(arena_piece_bytes(arena, offset),
                         wanted * ARENA_ALIGN);
        offsets[piece] = offset;
        nr_units[piece] = wanted;
        memset(owner + offset / ARENA_ALIGN, 1, wanted);
    }
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arena_gives_the_lowest_place_that_fits),
        cmocka_unit_test(arena_joins_what_is_given_back),
        cmocka_unit_test(arena_takes_all_of_it_and_no_more),
        cmocka_unit_test(arena_bounds_the_number_of_pieces),
        cmocka_unit_test(arena_refuses_what_is_no_piece),
        cmocka_unit_test(arena_agrees_with_a_simple_model),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
