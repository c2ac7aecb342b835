/*
 * Every call is legal inside a callback: the defects D3 to D5 of other pools.
 */
#include "tests/unit/pool/pool_fixture.h"

/* What the callbacks need and count. */
struct reentry {
    struct pool *pool;
    size_t nr, nr_nested;
};

static void on_nested(void *user, const struct pool_result *result)
{
    struct reentry *reentry = user;

    (void)result;
    reentry->nr_nested++;
}

static void on_reentry(void *user, const struct pool_result *result)
{
    struct reentry *reentry = user;
    struct pool_task task = {
        .function = RUN_ECHO,
        .data = "in",
        .len = 2,
        .on_done = on_nested,
        .user = reentry,
    };
    struct pool_async *handle;

    assert_int_equal(result->len, 3);
    assert_memory_equal(result->data, "out", 3);
    reentry->nr++;
    submit(reentry->pool, &task);
    assert_int_equal(pool_dispatch(reentry->pool, NULL), CERR_OK);
    assert_int_equal(apply(reentry->pool, &task, &handle)->status, POOL_OK);
    pool_async_free(handle);
    assert_memory_equal(result->data, "out", 3); /* still ours */
}

static void pool_d5_may_be_used_inside_its_callbacks(void **state)
{
    struct reentry reentry = {
        .pool = open_pool((struct pool_options){.nr_workers = 1}),
    };
    struct pool_task task = {
        .function = RUN_ECHO,
        .data = "out",
        .len = 3,
        .on_done = on_reentry,
        .user = &reentry,
    };

    (void)state;
    for (int i = 0; i < 50; i++)
        submit(reentry.pool, &task);
    turn_until(reentry.pool, &reentry.nr, 50);
    close_and_free(reentry.pool);
    assert_int_equal(reentry.nr, 50);
    assert_int_equal(reentry.nr_nested, 100);
}

/* Runs a task with a large result, which the callback is lent. */
static void lend_one(pool_reply_fn on_done)
{
    struct reentry reentry = {
        .pool = open_pool((struct pool_options){.nr_workers = 1}),
    };
    size_t len = 50001;
    struct pool_task task = {
        .function = RUN_BIG,
        .data = &len,
        .len = sizeof(len),
        .on_done = on_done,
        .user = &reentry,
    };

    submit(reentry.pool, &task);
    turn_until(reentry.pool, &reentry.nr, 1);
    close_and_free(reentry.pool);
    assert_int_equal(reentry.nr, 1);
}

/* A callback that waits for far more than the rings and the arena hold. */
static void on_deep(void *user, const struct pool_result *result)
{
    struct reentry *reentry = user;
    const unsigned char *data = result->data;
    size_t len = 100000;
    struct pool_task task = {
        .function = RUN_BIG,
        .data = &len,
        .len = sizeof(len),
    };

    for (int i = 0; i < 2000; i++) {
        struct pool_async *handle;

        assert_int_equal(apply(reentry->pool, &task, &handle)->len, len);
        pool_async_free(handle);
    }
    for (size_t i = 0; i < result->len; i++)
        assert_int_equal(data[i], (unsigned char)result->len);
    reentry->nr++;
}

static void pool_lends_a_result_while_thousands_pass(void **state)
{
    (void)state;
    lend_one(on_deep);
}

/* Its worker dies, is reaped and replaced while a result of it is lent. */
static void on_grave(void *user, const struct pool_result *result)
{
    struct reentry *reentry = user;
    const unsigned char *data = result->data;
    struct pool_task task = {.function = RUN_NOP};
    struct pool_async *handle;

    assert_int_equal(pool_kill_worker(reentry->pool, 0, SIGKILL), CERR_OK);
    while (info_of(reentry->pool, 0).generation == 1)
        turn(reentry->pool);
    assert_int_equal(apply(reentry->pool, &task, &handle)->status, POOL_OK);
    pool_async_free(handle);
    for (size_t i = 0; i < result->len; i++)
        assert_int_equal(data[i], (unsigned char)result->len);
    reentry->nr++;
}

static void pool_lends_a_result_beyond_its_workers_death(void **state)
{
    size_t nr_channels = count_channels();

    (void)state;
    lend_one(on_grave);
    assert_int_equal(count_channels(), nr_channels);
}

static void on_free(void *user, const struct pool_result *result)
{
    struct reentry *reentry = user;

    reentry->nr++;
    if (result->status != POOL_CANCELED) {
        pool_free(reentry->pool);
        pool_free(reentry->pool); /* the first took effect only later */
    }
}

static void pool_d5_may_be_freed_inside_a_callback(void **state)
{
    size_t nr_fds = count_fds();
    struct reentry reentry = {.pool = open_pool((struct pool_options){0})};
    struct pool_task task = {
        .function = RUN_NOP,
        .on_done = on_free,
        .user = &reentry,
    };

    (void)state;
    for (int i = 0; i < 1000; i++)
        submit(reentry.pool, &task);
    while (reentry.nr == 0)
        turn(reentry.pool);
    assert_int_equal(reentry.nr, 1000);
    assert_int_equal(count_fds(), nr_fds);
}

static void on_terminate(void *user, const struct pool_result *result)
{
    struct reentry *reentry = user;

    reentry->nr++;
    if (result->status == POOL_OK) {
        assert_int_equal(pool_terminate(reentry->pool, 0), CERR_OK);
        assert_int_equal(pool_join(reentry->pool, WAIT_MS), CERR_OK);
    }
}

static void pool_d5_may_be_ended_inside_a_callback(void **state)
{
    struct reentry reentry = {.pool = open_pool((struct pool_options){0})};
    struct pool_task task = {
        .function = RUN_NOP,
        .on_done = on_terminate,
        .user = &reentry,
    };

    (void)state;
    for (int i = 0; i < 1000; i++)
        submit(reentry.pool, &task);
    while (reentry.nr < 1000)
        turn(reentry.pool);
    pool_free(reentry.pool);
    assert_int_equal(reentry.nr, 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pool_d5_may_be_used_inside_its_callbacks),
        cmocka_unit_test(pool_lends_a_result_while_thousands_pass),
        cmocka_unit_test(pool_lends_a_result_beyond_its_workers_death),
        cmocka_unit_test(pool_d5_may_be_freed_inside_a_callback),
        cmocka_unit_test(pool_d5_may_be_ended_inside_a_callback),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
