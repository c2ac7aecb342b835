/*
 * pool_submit_wait(): waits for room, with a limit, and never for ever.
 */
#include "tests/unit/pool/pool_fixture.h"

/* Room for one task in the queue, and for one in each worker. */
static struct pool *open_narrow(struct pool_options options)
{
    if (options.nr_workers == 0)
        options.nr_workers = 1;
    options.tasks_per_worker = 1;
    options.max_queued_tasks = 1;
    return open_pool(options);
}

/* Until the next task is refused. */
static void fill(struct pool *pool, const struct pool_task *task)
{
    enum err err = CERR_OK;

    while (err == CERR_OK)
        err = pool_submit(pool, task, NULL);
    assert_int_equal(err, CERR_AGAIN);
}

static void pool_submit_wait_takes_what_submit_refuses(void **state)
{
    struct pool *pool = open_narrow((struct pool_options){0});
    struct tally tally = {0};
    struct pool_task task = tally_task(RUN_NOP, &tally);
    uint64_t id, last = 0;

    (void)state;
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(pool_submit_wait(pool, &task, -1, &id), CERR_OK);
        assert_true(id != 0 && id != last);
        last = id;
    }
    close_and_free(pool);
    assert_int_equal(tally.by_status[POOL_OK], 1000);
}

static void pool_submit_wait_ends_with_its_time_limit(void **state)
{
    struct pool *pool = open_narrow((struct pool_options){0});
    struct tally tally = {0};
    struct pool_task task = tally_task(RUN_FOREVER, &tally);
    uint64_t id = 77;

    (void)state;
    fill(pool, &task);
    assert_int_equal(pool_submit_wait(pool, &task, 30, &id), CERR_TIMEOUT);
    assert_int_equal(pool_submit_wait(pool, &task, 0, &id), CERR_TIMEOUT);
    assert_int_equal(id, 77);
    assert_int_equal(pool_pending(pool), 2); /* nothing came in */
    pool_free(pool);
    assert_int_equal(tally.nr, 2);
}

static void pool_submit_wait_refuses_what_submit_refuses(void **state)
{
    struct pool *pool = open_narrow((struct pool_options){0});
    struct pool_task unknown = {.function = RUN_NR};
    struct pool_task large = {.data = "", .len = ((size_t)1 << 20) + 1};
    struct pool_task task = {.function = RUN_NOP};

    (void)state;
    assert_int_equal(pool_submit_wait(pool, &unknown, -1, NULL), CERR_INVALID);
    assert_int_equal(pool_submit_wait(pool, &large, -1, NULL), CERR_TOO_BIG);
    assert_int_equal(pool_close(pool), CERR_OK);
    assert_int_equal(pool_submit_wait(pool, &task, -1, NULL), CERR_STATE);
    assert_int_equal(pool_join(pool, WAIT_MS), CERR_OK);
    pool_free(pool);
}

/* ---- inside callbacks ---- */

struct waiting {
    struct pool *pool;
    struct tally tally;
    int left;
    enum err err;
};

static void on_end_submit(void *user, const struct pool_result *result)
{
    struct waiting *waiting = user;
    struct pool_task task = {
        .function = RUN_NOP, .on_done = on_end_submit, .user = waiting};

    on_tally(&waiting->tally, result);
    if (waiting->left == 0)
        return;
    waiting->left--;
    assert_int_equal(pool_submit_wait(waiting->pool, &task, -1, NULL), CERR_OK);
}

static void pool_submit_wait_is_legal_inside_a_callback(void **state)
{
    struct waiting waiting = {
        .pool = open_narrow((struct pool_options){.nr_workers = 2}),
        .left = 500,
    };
    struct pool_task task = {
        .function = RUN_NOP, .on_done = on_end_submit, .user = &waiting};

    (void)state;
    fill(waiting.pool, &task);
    while (pool_pending(waiting.pool) > 0)
        turn(waiting.pool);
    assert_int_equal(waiting.left, 0);
    assert_true(waiting.tally.nr > 500);
    assert_int_equal(waiting.tally.by_status[POOL_OK], waiting.tally.nr);
    close_and_free(waiting.pool);
}

static void on_end_free(void *user, const struct pool_result *result)
{
    struct waiting *waiting = user;

    on_tally(&waiting->tally, result);
    pool_free(waiting->pool);
}

static void pool_submit_wait_ends_when_a_callback_frees_the_pool(void **state)
{
    struct waiting waiting = {.pool = open_narrow((struct pool_options){0})};
    const int brief_ms = 20;
    struct pool_task task = int_task(RUN_REST, &brief_ms);
    size_t nr;

    (void)state;
    task.on_done = on_end_free;
    task.user = &waiting;
    fill(waiting.pool, &task);
    nr = pool_pending(waiting.pool);
    assert_int_equal(pool_submit_wait(waiting.pool, &task, -1, NULL),
                     CERR_STATE);
    assert_int_equal(waiting.tally.nr, nr);
}

/* ---- no worker is left ---- */

/* The worker starts once more, and dies in its first task again. */
static void pool_submit_wait_ends_when_the_last_worker_is_given_up(void **state)
{
    struct pool *pool = open_narrow((struct pool_options){.max_restarts = 1});
    struct tally tally = {0};
    const int how = DIE_KILL;
    struct pool_task task = int_task(RUN_DIE, &how);
    enum err err = CERR_OK;

    (void)state;
    task.on_done = on_tally;
    task.user = &tally;
    while (err == CERR_OK)
        err = pool_submit_wait(pool, &task, -1, NULL);
    assert_int_equal(err, CERR_CLOSED);
    assert_int_equal(pool_submit_wait(pool, &task, -1, NULL), CERR_CLOSED);
    pool_free(pool);
    assert_int_equal(tally.by_status[POOL_LOST], tally.nr);
}

static int fail_init(struct worker *worker, void *ctx)
{
    (void)worker;
    (void)ctx;
    return 1;
}

static void pool_submit_wait_ends_when_no_worker_can_start(void **state)
{
    struct pool *pool = open_narrow((struct pool_options){
        .max_restarts = 2, .worker_init = fail_init, .nr_workers = 2});
    struct tally tally = {0};
    struct pool_task task = tally_task(RUN_NOP, &tally);
    enum err err = CERR_OK;

    (void)state;
    while (err == CERR_OK)
        err = pool_submit_wait(pool, &task, -1, NULL);
    assert_int_equal(err, CERR_CLOSED);
    pool_free(pool);
    assert_int_equal(tally.by_status[POOL_LOST], tally.nr);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pool_submit_wait_takes_what_submit_refuses),
        cmocka_unit_test(pool_submit_wait_ends_with_its_time_limit),
        cmocka_unit_test(pool_submit_wait_refuses_what_submit_refuses),
        cmocka_unit_test(pool_submit_wait_is_legal_inside_a_callback),
        cmocka_unit_test(pool_submit_wait_ends_when_a_callback_frees_the_pool),
        cmocka_unit_test(
            pool_submit_wait_ends_when_the_last_worker_is_given_up),
        cmocka_unit_test(pool_submit_wait_ends_when_no_worker_can_start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
