/*
 * Workers with their own event loop: many tasks in flight, replies in any
 * order, large parts in the arena, affinity, cancel, silence.
 */
#include "tests/unit/pool/pool_fixture.h"

enum command {
    LOOP_REPLY, /* at once: `len` bytes in the arena, the command as data */
    LOOP_HOLD,  /* when it is canceled or the worker stops */
    LOOP_BLOCK, /* never comes back to the loop */
    LOOP_DIE,   /* the process ends by SIGKILL */
    LOOP_LEAVE, /* the loop returns 0 with everything in flight */
    LOOP_FATAL, /* the loop returns WORKER_EXIT_FATAL */
    LOOP_BAD,   /* checks what worker_reply_parts() refuses, then replies */
};

struct order {
    enum command command;
    size_t len;
};

#define HELD_MAX 1024

struct loop {
    struct worker *worker;
    uint64_t held[HELD_MAX]; /* ids of LOOP_HOLD */
    size_t nr_held;
    struct worker_task parked[HELD_MAX]; /* LOOP_REPLY without space yet */
    struct order orders[HELD_MAX];
    size_t nr_parked;
};

static bool reply(struct loop *loop, uint64_t id, const struct order *order)
{
    void *space = worker_space(loop->worker, order->len);

    if (!space)
        return false;
    memset(space, (int)(id & 0xff), order->len);
    struct worker_reply answer = {id,    0,         order, sizeof(*order),
                                  space, order->len};
    return worker_reply_parts(loop->worker, &answer) == CERR_OK;
}

static bool refuses(struct worker *worker, struct worker_reply reply)
{
    return worker_reply_parts(worker, &reply) == CERR_INVALID;
}

static void check_refusals(struct loop *loop, uint64_t id)
{
    struct worker *worker = loop->worker;
    static char large[POOL_INLINE_BYTES + 1];
    struct worker_reply too_big = {id, 0, large, worker_space_max(worker) + 1};
    void *space = worker_space(worker, 100);
    int code = 0;

    code |= !refuses(worker, (struct worker_reply){.task_id = id + 1});
    code |= !refuses(worker, (struct worker_reply){id, .space = space,
                                                   .space_len = 129})
            << 1;
    code |= !refuses(worker,
                     (struct worker_reply){id, .space = &code, .space_len = 1})
            << 2;
    code |= (worker_reply_parts(worker, &too_big) != CERR_TOO_BIG) << 3;
    code |= (worker_space(worker, worker_space_max(worker) + 1) != NULL) << 4;
    worker_space_drop(worker, space);
    if (worker_reply_parts(
            worker, &(struct worker_reply){id, code, large, sizeof(large)}) !=
        CERR_OK)
        _exit(9);
    if (!refuses(worker, (struct worker_reply){.task_id = id}))
        _exit(9); /* a second reply */
}

/* Returns an exit status, or -1 to go on. */
static int handle(struct loop *loop, const struct worker_task *task)
{
    struct order order;

    memcpy(&order, task->data, sizeof(order));
    switch (order.command) {
    case LOOP_REPLY:
        if (!reply(loop, task->id, &order)) {
            loop->parked[loop->nr_parked] = *task;
            loop->orders[loop->nr_parked++] = order;
        }
        break;
    case LOOP_HOLD:
        loop->held[loop->nr_held++] = task->id;
        break;
    case LOOP_BLOCK:
        pause();
        break;
    case LOOP_DIE:
        raise(SIGKILL);
        break;
    case LOOP_LEAVE:
        return 0;
    case LOOP_FATAL:
        return WORKER_EXIT_FATAL;
    case LOOP_BAD:
        check_refusals(loop, task->id);
        break;
    }
    return -1;
}

static void let_go(struct loop *loop, uint64_t id)
{
    for (size_t i = 0; i < loop->nr_held; i++) {
        if (id == 0 || loop->held[i] == id) {
            struct worker_reply gone = {loop->held[i], 5, "gone", 4};

            if (worker_reply_parts(loop->worker, &gone) != CERR_OK)
                _exit(9);
            loop->held[i--] = loop->held[--loop->nr_held];
        }
    }
}

static void retry_parked(struct loop *loop)
{
    while (loop->nr_parked > 0 &&
           reply(loop, loop->parked[loop->nr_parked - 1].id,
                 &loop->orders[loop->nr_parked - 1]))
        loop->nr_parked--;
}

static int loop_main(struct worker *worker, void *ctx)
{
    static struct loop loop;
    struct pollfd ready = {.fd = worker_fd(worker), .events = POLLIN};
    struct worker_task task;

    (void)ctx;
    loop.worker = worker;
    for (;;) {
        enum worker_take what = worker_take(worker, &task);
        int status = -1;

        worker_alive(worker);
        switch (what) {
        case WORKER_TASK:
            status = handle(&loop, &task);
            break;
        case WORKER_CANCEL:
            let_go(&loop, task.id);
            break;
        case WORKER_EMPTY:
            retry_parked(&loop);
            if (worker_flush(worker) != CERR_OK)
                return 1;
            poll(&ready, 1, -1);
            break;
        case WORKER_STOP:
            let_go(&loop, 0);
            retry_parked(&loop);
            if (worker_flush(worker) != CERR_OK)
                return 1;
            if (loop.nr_parked == 0)
                return 0;
            poll(&ready, 1, -1);
            break;
        case WORKER_GONE:
            return 1;
        }
        if (status >= 0)
            return status;
    }
}

static struct pool *open_loop(struct pool_options options)
{
    options.worker_main = loop_main;
    if (options.tasks_per_worker == 0)
        options.tasks_per_worker = 64;
    return open_pool(options);
}

static struct pool_task order_task(const struct order *order,
                                   struct tally *tally)
{
    return (struct pool_task){
        .data = order,
        .len = sizeof(*order),
        .on_done = on_tally,
        .user = tally,
    };
}

struct check {
    size_t nr;
    size_t nr_bad;
    size_t nr_bytes;
};

static void on_reply(void *user, const struct pool_result *result)
{
    struct check *check = user;
    const unsigned char *extra = result->extra;
    struct order order;

    check->nr++;
    if (result->status != POOL_OK || result->len != sizeof(order)) {
        check->nr_bad++;
        return;
    }
    memcpy(&order, result->data, sizeof(order));
    check->nr_bad += order.len != result->extra_len;
    for (size_t i = 0; i < result->extra_len; i++) {
        if (extra[i] != (unsigned char)result->task_id) {
            check->nr_bad++;
            break;
        }
    }
    check->nr_bytes += result->extra_len;
}

static void loop_replies_through_an_arena_that_is_too_small(void **state)
{
    struct pool *pool = open_loop((struct pool_options){
        .arena_bytes = 1 << 20,
    });
    struct check check = {0};
    uint32_t seed = 1;
    size_t nr_bytes = 0;

    (void)state;
    /* 64 in flight, up to 200 KB each, in 1 MiB: it must wait for room */
    for (int i = 0; i < 2000; i++) {
        struct order order = {.command = LOOP_REPLY};
        struct pool_task task;

        seed = seed * 1103515245 + 12345;
        order.len = (seed >> 8) % ((seed >> 4) % 8 == 0 ? 200000 : 2000);
        nr_bytes += order.len;
        task = (struct pool_task){
            .data = &order,
            .len = sizeof(order),
            .on_done = on_reply,
            .user = &check,
        };
        submit(pool, &task);
    }
    turn_until(pool, &check.nr, 2000);
    assert_int_equal(check.nr_bad, 0);
    assert_int_equal(check.nr_bytes, nr_bytes);
    assert_int_equal(stats_of(pool).nr_deaths, 0);
    close_and_free(pool);
}

/* Nothing but the space itself can wake the worker here. */
static void loop_is_woken_when_space_comes_back(void **state)
{
    struct pool *pool = open_loop((struct pool_options){
        .nr_workers = 1,
        .arena_bytes = 1 << 20,
    });
    struct check check = {0};
    struct order order = {.command = LOOP_REPLY, .len = 700000};
    struct pool_task task = {
        .data = &order,
        .len = sizeof(order),
        .on_done = on_reply,
        .user = &check,
    };

    (void)state;
    submit_many(pool, &task, 20);
    turn_until(pool, &check.nr, 20);
    assert_int_equal(check.nr_bad, 0);
    close_and_free(pool);
}

static void loop_refuses_replies_that_break_the_contract(void **state)
{
    struct pool *pool = open_loop((struct pool_options){.nr_workers = 1});
    struct tally tally = {0};
    struct order order = {.command = LOOP_BAD};
    struct pool_task task = order_task(&order, &tally);

    (void)state;
    submit(pool, &task);
    turn_until(pool, &tally.nr, 1);
    assert_int_equal(tally.last.code, 0);
    assert_int_equal(tally.last.status, POOL_OK);
    assert_int_equal(tally.last.len, POOL_INLINE_BYTES + 1);
    close_and_free(pool);
}

static void loop_holds_up_to_its_limit(void **state)
{
    struct pool *pool = open_loop((struct pool_options){
        .nr_workers = 2,
        .tasks_per_worker = 50,
    });
    struct tally tally = {0};
    struct order order = {.command = LOOP_HOLD};
    struct pool_task task = order_task(&order, &tally);

    (void)state;
    assert_int_equal(pool_room(pool), 100);
    submit_many(pool, &task, 150);
    pool_flush(pool);
    assert_int_equal(info_of(pool, 0).in_flight, 50);
    assert_int_equal(info_of(pool, 1).in_flight, 50);
    assert_int_equal(stats_of(pool).nr_queued, 50);
    assert_int_equal(pool_room(pool), 0);
    assert_int_equal(pool_terminate(pool, WAIT_MS), CERR_OK);
    assert_int_equal(pool_join(pool, WAIT_MS), CERR_OK);
    assert_int_equal(tally.by_status[POOL_CANCELED], 150);
    pool_free(pool);
}

static void loop_keeps_a_key_with_its_worker(void **state)
{
    struct pool *pool = open_loop((struct pool_options){.nr_workers = 4});
    struct tally tally = {0};
    struct order order = {.command = LOOP_REPLY, .len = 10};
    struct pool_task task = order_task(&order, &tally);
    int worker_of[20];

    (void)state;
    for (int round = 0; round < 10; round++) {
        for (size_t key = 0; key < 20; key++) {
            task.affinity = key * 1000 + 1;
            submit(pool, &task);
            turn_until(pool, &tally.nr, tally.nr + 1);
            if (round == 0)
                worker_of[key] = tally.last.worker;
            assert_int_equal(tally.last.worker, worker_of[key]);
        }
    }
    close_and_free(pool);
}

static void loop_moves_a_key_when_its_worker_is_full(void **state)
{
    struct pool *pool = open_loop((struct pool_options){
        .nr_workers = 2,
        .tasks_per_worker = 4,
    });
    struct tally tally = {0};
    struct order order = {.command = LOOP_HOLD};
    struct pool_task task = order_task(&order, &tally);

    (void)state;
    task.affinity = 7;
    submit_many(pool, &task, 6);
    pool_flush(pool);
    assert_int_equal(info_of(pool, 0).in_flight, 4);
    assert_int_equal(info_of(pool, 1).in_flight, 2);
    pool_free(pool);
    assert_int_equal(tally.by_status[POOL_CANCELED], 6);
}

static void loop_is_told_of_a_cancel(void **state)
{
    struct pool *pool = open_loop((struct pool_options){.nr_workers = 1});
    struct tally tally = {0}, other = {0};
    struct order order = {.command = LOOP_HOLD}, quick = {LOOP_REPLY, 1};
    struct pool_task task = order_task(&order, &tally);
    uint64_t ids[300];

    (void)state;
    for (int i = 0; i < 60; i++)
        assert_int_equal(pool_submit(pool, &task, &ids[i]), CERR_OK);
    task = order_task(&quick, &other);
    submit(pool, &task);
    turn_until(pool, &other.nr, 1); /* so the others have started */
    for (int i = 0; i < 60; i++)
        assert_int_equal(pool_cancel_task(pool, ids[i]), CERR_OK);
    turn_until(pool, &tally.nr, 60);
    assert_int_equal(tally.by_status[POOL_CANCELED], 60);
    assert_int_equal(pool_cancel_task(pool, ids[0]), CERR_NOT_FOUND);
    close_and_free(pool);
}

static void loop_is_told_of_a_soft_deadline(void **state)
{
    struct pool *pool = open_loop((struct pool_options){
        .nr_workers = 1,
        .soft_timeout_ms = 20,
    });
    struct tally tally = {0};
    struct order order = {.command = LOOP_HOLD};
    struct pool_task task = order_task(&order, &tally);

    (void)state;
    submit(pool, &task);
    turn_until(pool, &tally.nr, 1);
    assert_int_equal(tally.last.status, POOL_FAILED); /* it answered 5 */
    assert_int_equal(tally.last.code, 5);
    assert_int_equal(stats_of(pool).nr_deaths, 0);
    close_and_free(pool);
}

static void loop_that_falls_silent_is_replaced(void **state)
{
    struct pool *pool = open_loop((struct pool_options){
        .nr_workers = 1,
        .silence_ms = 60,
        .max_attempts = 1,
    });
    struct tally tally = {0};
    struct order block = {.command = LOOP_BLOCK}, quick = {LOOP_REPLY, 5};
    struct pool_task task = order_task(&block, &tally);

    (void)state;
    submit(pool, &task);
    turn_until(pool, &tally.nr, 1);
    assert_int_equal(tally.last.status, POOL_LOST);
    assert_int_equal(tally.last.signal_nr, SIGKILL);
    task = order_task(&quick, &tally);
    submit(pool, &task);
    turn_until(pool, &tally.nr, 2);
    assert_int_equal(tally.last.status, POOL_OK);
    close_and_free(pool);
}

static void loop_death_retries_what_may_be_retried(void **state)
{
    struct pool *pool = open_loop((struct pool_options){.nr_workers = 1});
    struct tally safe = {0}, unsafe = {0}, killer = {0};
    struct order hold = {.command = LOOP_HOLD}, die = {.command = LOOP_DIE};
    struct pool_task task = order_task(&hold, &safe);

    (void)state;
    task.retryable = true;
    submit_many(pool, &task, 10);
    task = order_task(&hold, &unsafe);
    submit_many(pool, &task, 10);
    task = order_task(&die, &killer);
    submit(pool, &task);
    turn_until(pool, &killer.nr, 1);
    turn_until(pool, &unsafe.nr, 10);
    assert_int_equal(killer.last.status, POOL_LOST);
    assert_int_equal(killer.last.signal_nr, SIGKILL);
    assert_int_equal(killer.last.attempts, 1);
    assert_int_equal(unsafe.by_status[POOL_LOST], 10);
    assert_int_equal(safe.nr, 0);
    assert_int_equal(stats_of(pool).nr_retried, 10);
    /* the next worker holds them again, until they are canceled */
    assert_int_equal(pool_terminate(pool, WAIT_MS), CERR_OK);
    assert_int_equal(safe.by_status[POOL_CANCELED], 10);
    assert_int_equal(pool_join(pool, WAIT_MS), CERR_OK);
    pool_free(pool);
}

/* The kill for one task's lateness costs the others no attempt. */
static void loop_kill_for_a_deadline_spares_the_others(void **state)
{
    struct pool *pool = open_loop((struct pool_options){
        .nr_workers = 1,
        .max_attempts = 1,
    });
    struct tally late = {0}, safe = {0}, unsafe = {0};
    struct order order = {.command = LOOP_HOLD};
    struct pool_task task = order_task(&order, &safe);

    (void)state;
    task.retryable = true;
    submit_many(pool, &task, 5);
    task = order_task(&order, &unsafe);
    submit(pool, &task);
    task = order_task(&order, &late);
    task.hard_timeout_ms = 40;
    submit(pool, &task);
    turn_until(pool, &late.nr, 1);
    turn_until(pool, &unsafe.nr, 1);
    assert_int_equal(late.last.status, POOL_TIMEOUT);
    assert_int_equal(unsafe.last.status, POOL_LOST);
    assert_int_equal(safe.nr, 0);
    assert_int_equal(pool_pending(pool), 5);
    pool_free(pool);
    assert_int_equal(safe.by_status[POOL_CANCELED], 5);
}

static void loop_that_returns_too_early_loses_its_tasks(void **state)
{
    struct pool *pool = open_loop((struct pool_options){.nr_workers = 1});
    struct tally tally = {0};
    struct order order = {.command = LOOP_LEAVE};
    struct pool_task task = order_task(&order, &tally);

    (void)state;
    submit(pool, &task);
    turn_until(pool, &tally.nr, 1);
    assert_int_equal(tally.last.status, POOL_LOST);
    assert_int_equal(tally.last.signal_nr, 0);
    assert_int_equal(tally.last.exit_code, 0);
    close_and_free(pool);
}

static void loop_with_a_fatal_exit_is_not_started_again(void **state)
{
    struct pool *pool = open_loop((struct pool_options){.nr_workers = 2});
    struct tally tally = {0};
    struct order order = {.command = LOOP_FATAL};
    struct pool_task task = order_task(&order, &tally);

    (void)state;
    submit(pool, &task);
    turn_until(pool, &tally.nr, 1);
    assert_int_equal(tally.last.exit_code, WORKER_EXIT_FATAL);
    assert_true(stats_of(pool).degraded);
    assert_int_equal(stats_of(pool).nr_workers, 1);
    submit(pool, &task);
    turn_until(pool, &tally.nr, 2);
    assert_int_equal(pool_submit(pool, &task, NULL), CERR_CLOSED);
    close_and_free(pool);
}

/* A host may submit, flush and sleep; it need not dispatch before. */
static void loop_wakes_a_host_that_has_not_dispatched_yet(void **state)
{
    struct tally tally = {0};
    struct pool *pool = open_loop((struct pool_options){.nr_workers = 1});
    struct order order = {.command = LOOP_REPLY};
    struct pool_task task = order_task(&order, &tally);
    struct pollfd ready = {.fd = pool_fd(pool), .events = POLLIN};

    (void)state;
    submit(pool, &task);
    pool_flush(pool);
    assert_int_equal(poll(&ready, 1, WAIT_MS / 4), 1);
    turn_until(pool, &tally.nr, 1);
    assert_int_equal(tally.last.status, POOL_OK);
    close_and_free(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loop_wakes_a_host_that_has_not_dispatched_yet),
        cmocka_unit_test(loop_replies_through_an_arena_that_is_too_small),
        cmocka_unit_test(loop_is_woken_when_space_comes_back),
        cmocka_unit_test(loop_refuses_replies_that_break_the_contract),
        cmocka_unit_test(loop_holds_up_to_its_limit),
        cmocka_unit_test(loop_keeps_a_key_with_its_worker),
        cmocka_unit_test(loop_moves_a_key_when_its_worker_is_full),
        cmocka_unit_test(loop_is_told_of_a_cancel),
        cmocka_unit_test(loop_is_told_of_a_soft_deadline),
        cmocka_unit_test(loop_that_falls_silent_is_replaced),
        cmocka_unit_test(loop_death_retries_what_may_be_retried),
        cmocka_unit_test(loop_kill_for_a_deadline_spares_the_others),
        cmocka_unit_test(loop_that_returns_too_early_loses_its_tasks),
        cmocka_unit_test(loop_with_a_fatal_exit_is_not_started_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
