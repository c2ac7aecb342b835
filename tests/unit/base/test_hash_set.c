/* Sets of hashes. */
#include "base/hash_set.h"

#include "tests/support/cmocka_all.h"

/* Spread as keyed hashes are, and different for each number. */
static uint64_t hash_of(uint64_t number)
{
    return number * UINT64_C(0x9e3779b97f4a7c15);
}

static void hash_set_has_what_was_added_and_nothing_else(void **state)
{
    struct hash_set set;

    (void)state;
    hash_set_init(&set, 4);
    for (uint64_t i = 0; i < 5000; i += 2)
        for (int twice = 0; twice < 2; twice++)
            hash_set_add(&set, hash_of(i));
    assert_int_equal(set.nr, 2500);
    assert_true(set.nr <= set.cap / 2);
    for (uint64_t i = 1; i < 5000; i++)
        assert_int_equal(hash_set_has(&set, hash_of(i)), i % 2 == 0);
    hash_set_release(&set);
}

static void hash_set_keeps_0_and_hashes_of_one_slot(void **state)
{
    struct hash_set set;

    (void)state;
    hash_set_init(&set, 8);
    assert_false(hash_set_has(&set, 0));
    hash_set_add(&set, 0);
    hash_set_add(&set, 16);
    hash_set_add(&set, 24);
    assert_true(hash_set_has(&set, 0));
    assert_true(hash_set_has(&set, 16));
    assert_true(hash_set_has(&set, 24));
    assert_false(hash_set_has(&set, 32));
    hash_set_release(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hash_set_has_what_was_added_and_nothing_else),
        cmocka_unit_test(hash_set_keeps_0_and_hashes_of_one_slot),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
