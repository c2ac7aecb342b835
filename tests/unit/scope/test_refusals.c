/* refusals: the first rows, the counts, and what is stored of them. */
#include "crawler/scope/refusals.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/cmocka_all.h"

#define HOSTS 4 /* of the store, by id */

/* What a store would have. */
struct stored {
    int64_t nr_rows[HOSTS], nr_more[HOSTS];
    char example[HOSTS][64];
    int nr_loads, nr_adds;
    enum err err; /* of the next call */
};

static enum err load(void *ctx, int64_t host_id, enum trap_rule rule,
                     int64_t *nr_rows)
{
    struct stored *stored = ctx;

    assert_int_not_equal(rule, TRAP_NONE);
    stored->nr_loads++;
    *nr_rows = stored->nr_rows[host_id % HOSTS];
    return stored->err;
}

static enum err add(void *ctx, const struct refusal *refusal)
{
    struct stored *stored = ctx;
    int64_t at = refusal->host_id % HOSTS;

    stored->nr_adds++;
    if (stored->err)
        return stored->err;
    stored->nr_rows[at] += refusal->nr_rows;
    stored->nr_more[at] += refusal->nr_more;
    if (refusal->example.len > 0 && !stored->example[at][0])
        snprintf(stored->example[at], sizeof(stored->example[at]), "%.*s",
                 (int)refusal->example.len,
                 (const char *)refusal->example.data);
    return CERR_OK;
}

static struct refusals *open_on(struct stored *stored)
{
    return refusals_new(&(struct refusals_store){load, add, stored});
}

/* Takes `nr` refused links as the frontier does. */
static void refuse(struct refusals *refusals, int64_t host_id, int nr)
{
    char url[64];

    for (int i = 0; i < nr; i++) {
        bool has_row = false;

        assert_int_equal(refusals_take_row(refusals, host_id,
                                           TRAP_HAS_TOO_MANY_PAGES, &has_row),
                         CERR_OK);
        int len = snprintf(url, sizeof(url), "http://h/%d", i);
        if (!has_row)
            assert_int_equal(refusals_count(refusals, host_id,
                                            TRAP_HAS_TOO_MANY_PAGES,
                                            (struct bytes){url, (size_t)len}),
                             CERR_OK);
    }
}

static void refusals_have_200_rows_and_a_count(void **state)
{
    struct stored stored = {0};
    struct refusals *refusals = open_on(&stored);

    (void)state;
    refuse(refusals, 1, 100000);
    assert_int_equal(refusals_flush(refusals), CERR_OK);
    assert_int_equal(stored.nr_rows[1], REFUSALS_ROWS);
    assert_int_equal(stored.nr_more[1], 100000 - REFUSALS_ROWS);
    assert_string_equal(stored.example[1], "http://h/200");
    assert_int_equal(stored.nr_loads, 1);
    assert_int_equal(stored.nr_adds, 2); /* with the example; at the end */
    /* nothing new: nothing is stored */
    assert_int_equal(refusals_flush(refusals), CERR_OK);
    assert_int_equal(stored.nr_adds, 2);
    refusals_free(refusals);
}

static void refusals_go_on_counting_after_a_restart(void **state)
{
    struct stored stored = {0};
    struct refusals *refusals = open_on(&stored);

    (void)state;
    refuse(refusals, 2, 150);
    assert_int_equal(refusals_flush(refusals), CERR_OK);
    refusals_free(refusals);
    refusals = open_on(&stored);
    refuse(refusals, 2, 150);
    assert_int_equal(refusals_flush(refusals), CERR_OK);
    assert_int_equal(stored.nr_rows[2], REFUSALS_ROWS);
    assert_int_equal(stored.nr_more[2], 100);
    refusals_free(refusals);
}

static void refusals_of_hosts_that_share_a_slot_lose_nothing(void **state)
{
    struct stored stored = {0};
    struct refusals *refusals = open_on(&stored);

    (void)state;
    for (int i = 0; i < 300; i++) {
        refuse(refusals, 1, 1);
        refuse(refusals, 1 + REFUSALS_SLOTS, 1); /* the store's 1 as well */
    }
    assert_int_equal(refusals_flush(refusals), CERR_OK);
    assert_int_equal(stored.nr_rows[1] + stored.nr_more[1], 600);
    assert_true(stored.nr_loads > 500);
    refusals_free(refusals);
}

static void refusals_take_a_row_back_that_was_known(void **state)
{
    struct stored stored = {0};
    struct refusals *refusals = open_on(&stored);
    bool has_row = false;

    (void)state;
    assert_int_equal(refusals_take_row(refusals, 3, TRAP_IS_TOO_DEEP, &has_row),
                     CERR_OK);
    assert_true(has_row);
    assert_int_equal(refusals_give_back(refusals, 3, TRAP_IS_TOO_DEEP),
                     CERR_OK);
    assert_int_equal(refusals_flush(refusals), CERR_OK);
    assert_int_equal(stored.nr_rows[3], 0);
    assert_int_equal(stored.nr_adds, 0);
    refusals_free(refusals);
}

static void refusals_keep_what_could_not_be_stored(void **state)
{
    struct stored stored = {0};
    struct refusals *refusals = open_on(&stored);

    (void)state;
    refuse(refusals, 1, 10);
    stored.err = CERR_FULL;
    assert_int_equal(refusals_flush(refusals), CERR_FULL);
    stored.err = CERR_OK;
    assert_int_equal(refusals_flush(refusals), CERR_OK);
    assert_int_equal(stored.nr_rows[1], 10);
    refusals_free(refusals);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refusals_have_200_rows_and_a_count),
        cmocka_unit_test(refusals_go_on_counting_after_a_restart),
        cmocka_unit_test(refusals_of_hosts_that_share_a_slot_lose_nothing),
        cmocka_unit_test(refusals_take_a_row_back_that_was_known),
        cmocka_unit_test(refusals_keep_what_could_not_be_stored),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
