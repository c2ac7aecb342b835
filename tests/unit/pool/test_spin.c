/* When looking before a sleep is worth it: spin.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pool/channel/spin.h"

static bool never(void *ctx)
{
    ++*(int *)ctx;
    return false;
}

static bool at_the_third_look(void *ctx)
{
    return ++*(int *)ctx == 3;
}

static void spin_helps_only_across_cores(void **state)
{
    struct spin spin = {0};

    (void)state;
    assert_false(spin_may_help(&spin, SPIN_NOT_NOW));
    assert_true(spin_may_help(&spin, INT32_MAX)); /* surely another one */
}

static void spin_sees_what_comes(void **state)
{
    struct spin spin = {.nr_in_vain = 3};
    int nr_looks = 0;

    (void)state;
    assert_true(spin_until(&spin, at_the_third_look, &nr_looks));
    assert_int_equal(nr_looks, 3);
    assert_int_equal(spin.nr_in_vain, 0);
}

static void spin_becomes_rare_when_it_is_in_vain(void **state)
{
    struct spin spin = {0};
    int nr_looks = 0, nr_spins = 0;

    (void)state;
    for (int i = 0; i < SPIN_IN_VAIN + 10 * SPIN_RARELY; i++) {
        if (!spin_may_help(&spin, INT32_MAX))
            continue;
        assert_false(spin_until(&spin, never, &nr_looks));
        nr_spins++;
    }
    assert_true(nr_looks > 0);
    assert_true(nr_spins >= SPIN_IN_VAIN + 5);
    assert_true(nr_spins <= SPIN_IN_VAIN + 12);
    nr_looks = 0;
    assert_true(spin_until(&spin, at_the_third_look, &nr_looks));
    assert_true(spin_may_help(&spin, INT32_MAX)); /* forgiven */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spin_helps_only_across_cores),
        cmocka_unit_test(spin_sees_what_comes),
        cmocka_unit_test(spin_becomes_rare_when_it_is_in_vain),
    };

    return cmocka_run_group_tests_name("spin", tests, NULL, NULL);
}
