/* The guarantees Q1 to Q7 and S1 of queue.h. */
#include <unistd.h>

#include "base/clock.h"
#include "tests/unit/shared/test_queue.h"

/* ---- Q1 ---- */

#define NR_PRODUCERS 4
#define NR_CONSUMERS 3
#define NR_EACH      3000

struct message {
    uint32_t producer, number;
};

struct crowd {
    struct queue *work, *sums;
    uint32_t number;
};

static int produce(void *ctx)
{
    const struct crowd *crowd = ctx;
    struct message message = {.producer = crowd->number};

    for (; message.number < NR_EACH; message.number++)
        CHILD_CHECK(queue_put(crowd->work, &message, sizeof(message), -1) ==
                    CERR_OK);
    return 0;
}

/* Sees each producer's numbers rise, and reports how many came. */
static int consume_in_order(void *ctx)
{
    const struct crowd *crowd = ctx;
    uint32_t next[NR_PRODUCERS] = {0}, nr = 0;
    struct message message;
    struct queue_item item;
    enum err err;

    for (;; nr++) {
        err = queue_get(crowd->work, &message, sizeof(message), &item, -1);
        if (err)
            break;
        CHILD_CHECK(item.len == sizeof(message));
        CHILD_CHECK(message.producer < NR_PRODUCERS);
        CHILD_CHECK(message.number >= next[message.producer]);
        next[message.producer] = message.number + 1;
    }
    CHILD_CHECK(err == CERR_CLOSED);
    CHILD_CHECK(queue_put(crowd->sums, &nr, sizeof(nr), -1) == CERR_OK);
    return 0;
}

static void queue_q1_keeps_the_order_of_each_producer(void **state)
{
    struct queue_options small = {.max_items = 16};
    struct crowd crowd = {.work = open_queue(&small), .sums = open_queue(NULL)};
    struct process *producers[NR_PRODUCERS], *consumers[NR_CONSUMERS];
    uint32_t nr, total = 0;

    (void)state;
    for (; crowd.number < NR_PRODUCERS; crowd.number++)
        producers[crowd.number] = family_start(produce, &crowd);
    for (size_t i = 0; i < NR_CONSUMERS; i++)
        consumers[i] = family_start(consume_in_order, &crowd);
    for (size_t i = 0; i < NR_PRODUCERS; i++)
        assert_int_equal(family_end(producers[i]), 0);
    queue_close(crowd.work);
    for (size_t i = 0; i < NR_CONSUMERS; i++)
        assert_int_equal(family_end(consumers[i]), 0);
    while (queue_get(crowd.sums, &nr, sizeof(nr), NULL, 0) == CERR_OK)
        total += nr;
    assert_int_equal(total, NR_PRODUCERS * NR_EACH);
    queue_free(crowd.work);
    queue_free(crowd.sums);
}

static void queue_q1_gives_items_in_the_order_of_the_puts(void **state)
{
    struct queue *queue = open_queue(NULL);

    (void)state;
    put_text(queue, "one");
    put_text(queue, "");
    put_text(queue, "three");
    assert_int_equal(get_text(queue, "one").id, 1);
    assert_int_equal(get_text(queue, "").id, 2);
    assert_int_equal(get_text(queue, "three").id, 3);
    queue_free(queue);
}

/* ---- Q2 ---- */

static void queue_q2_put_polls_and_times_out_when_full(void **state)
{
    struct queue_options one = {.max_items = 1};
    struct queue *queue = open_queue(&one);
    int64_t start_ms;

    (void)state;
    put_text(queue, "x");
    assert_int_equal(queue_put(queue, "y", 1, 0), CERR_AGAIN);
    start_ms = clock_mono_ms();
    assert_int_equal(queue_put(queue, "y", 1, BRIEF_MS), CERR_TIMEOUT);
    assert_true(clock_mono_ms() - start_ms >= BRIEF_MS);
    get_text(queue, "x");
    assert_int_equal(queue_put(queue, "y", 1, 0), CERR_OK);
    queue_free(queue);
}

static void queue_q2_get_polls_and_times_out_when_empty(void **state)
{
    struct queue *queue = open_queue(NULL);
    int64_t start_ms;
    char byte;

    (void)state;
    assert_int_equal(queue_get(queue, &byte, 1, NULL, 0), CERR_AGAIN);
    start_ms = clock_mono_ms();
    assert_int_equal(queue_get(queue, &byte, 1, NULL, BRIEF_MS), CERR_TIMEOUT);
    assert_true(clock_mono_ms() - start_ms >= BRIEF_MS);
    queue_free(queue);
}

static int echo(void *ctx)
{
    const struct pair *pair = ctx;
    struct queue_item item;
    uint32_t number;

    while (queue_get(pair->there, &number, sizeof(number), &item, -1) ==
           CERR_OK)
        CHILD_CHECK(queue_put(pair->back, &number, item.len, -1) == CERR_OK);
    return 0;
}

static void queue_q2_sleepers_are_woken_without_a_timeout(void **state)
{
    struct queue_options one = {.max_items = 1};
    struct pair pair = {open_queue(&one), open_queue(&one)};
    struct process *child = family_start(echo, &pair);
    uint32_t number;

    (void)state;
    /* Each end sleeps in turn, and nothing but the other's put wakes it. */
    for (uint32_t i = 0; i < 500; i++) {
        assert_int_equal(queue_put(pair.there, &i, sizeof(i), -1), CERR_OK);
        assert_int_equal(
            queue_get(pair.back, &number, sizeof(number), NULL, -1), CERR_OK);
        assert_int_equal(number, i);
    }
    queue_close(pair.there);
    assert_int_equal(family_end(child), 0);
    queue_free(pair.there);
    queue_free(pair.back);
}

/* ---- Q3 ---- */

static void queue_q3_holds_exactly_max_items(void **state)
{
    struct queue_options three = {.max_items = 3};
    struct queue *queue = open_queue(&three);

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(queue_size(queue), i);
        put_text(queue, "x");
    }
    assert_int_equal(queue_size(queue), 3);
    assert_int_equal(queue_put(queue, "x", 1, 0), CERR_AGAIN);
    assert_int_equal(queue_size(queue), 3);
    get_text(queue, "x");
    assert_int_equal(queue_size(queue), 2);
    queue_free(queue);
}

static void queue_q3_holds_exactly_max_bytes(void **state)
{
    struct queue_options options = {.max_items = 50, .max_bytes = 1000};
    struct queue *queue = open_queue(&options);
    char data[1000] = {0};

    (void)state;
    /* Whatever the sizes: what was promised to fit does. */
    for (size_t round = 0; round < 20; round++) {
        for (size_t i = 0; i < 19; i++)
            assert_int_equal(queue_put(queue, data, i + round, 0), CERR_OK);
        assert_int_equal(queue_put(queue, data, 829 - 19 * round, 0), CERR_OK);
        assert_int_equal(stats_of(queue).bytes, 1000);
        assert_int_equal(queue_put(queue, data, 1, 0), CERR_AGAIN);
        assert_int_equal(queue_put(queue, data, 0, 0), CERR_OK);
        while (queue_size(queue) > 0)
            assert_int_equal(queue_get(queue, data, sizeof(data), NULL, 0),
                             CERR_OK);
        assert_int_equal(stats_of(queue).bytes, 0);
    }
    queue_free(queue);
}

static void queue_q3_d18_refuses_bounds_above_its_limits(void **state)
{
    static const struct queue_options bad[] = {
        {.max_items = QUEUE_ITEMS_MAX + 1},
        {.max_bytes = QUEUE_BYTES_MAX + 1},
        {.joinable = true, .max_leases = QUEUE_ITEMS_MAX + 1},
        {.joinable = true, .max_attempts = -1},
        {.max_leases = 1},
        {.max_attempts = 1},
    };
    struct queue *queue;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(queue_open(&queue, &bad[i]), CERR_INVALID);
        assert_null(queue);
    }
    queue_free(NULL);
}

/* ---- Q4 ---- */

static int get_at_once(void *ctx)
{
    uint32_t number = 0;

    CHILD_CHECK(queue_size(ctx) == 1);
    CHILD_CHECK(queue_get(ctx, &number, sizeof(number), NULL, 0) == CERR_OK);
    CHILD_CHECK(number == 42);
    return 0;
}

static void queue_q4_put_is_visible_everywhere_when_it_returns(void **state)
{
    struct queue *queue = open_queue(NULL);
    uint32_t number = 42;

    (void)state;
    assert_int_equal(queue_put(queue, &number, sizeof(number), 0), CERR_OK);
    family_run(get_at_once, queue);
    assert_int_equal(queue_size(queue), 0);
    queue_free(queue);
}

/* ---- Q5, S1 ---- */

static void queue_q5_closed_queue_is_drained_then_ends(void **state)
{
    struct queue *queue = open_queue(NULL);
    char byte;

    (void)state;
    put_text(queue, "left");
    queue_close(queue);
    assert_true(stats_of(queue).closed);
    assert_int_equal(queue_put(queue, "x", 1, -1), CERR_CLOSED);
    get_text(queue, "left");
    assert_int_equal(queue_get(queue, &byte, 1, NULL, -1), CERR_CLOSED);
    assert_int_equal(queue_get(queue, &byte, 1, NULL, 0), CERR_CLOSED);
    queue_free(queue);
}

static int put_until_closed(void *ctx)
{
    enum err err = CERR_OK;

    while (err == CERR_OK)
        err = queue_put(ctx, "x", 1, -1);
    return err == CERR_CLOSED ? 0 : 1;
}

static void queue_q5_close_wakes_all_who_wait(void **state)
{
    struct queue_options one = {.max_items = 1};
    struct queue *full = open_queue(&one), *empty = open_queue(&one);
    struct process *children[4];

    (void)state;
    for (size_t i = 0; i < 4; i++)
        children[i] = i % 2 ? family_start(put_until_closed, full)
                            : family_start(get_until_closed, empty);
    while (queue_size(full) == 0)
        usleep(1000);
    queue_close(full);
    queue_close(empty);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(family_end(children[i]), 0);
    queue_free(full);
    queue_free(empty);
}

static void queue_q5_end_markers_end_one_getter_each(void **state)
{
    struct queue *queue = open_queue(NULL);

    (void)state;
    put_text(queue, "work");
    put_text(queue, "end");
    put_text(queue, "end");
    get_text(queue, "work");
    get_text(queue, "end");
    get_text(queue, "end");
    assert_int_equal(queue_put(queue, "more", 4, 0), CERR_OK);
    queue_free(queue);
}

static void queue_s1_close_twice_is_fine(void **state)
{
    struct queue *queue = open_queue(NULL);
    char byte;

    (void)state;
    queue_close(queue);
    queue_close(queue);
    assert_int_equal(queue_get(queue, &byte, 1, NULL, 0), CERR_CLOSED);
    queue_free(queue);
}

/* ---- Q6 ---- */

static void queue_q6_refused_item_leaves_no_trace(void **state)
{
    struct queue_options options = {.max_bytes = 10};
    struct queue *queue = open_queue(&options);
    struct queue_item item;
    char data[11] = "0123456789";

    (void)state;
    assert_int_equal(queue_put(queue, data, 11, -1), CERR_TOO_BIG);
    assert_int_equal(queue_size(queue), 0);
    assert_int_equal(queue_put(queue, data, 10, 0), CERR_OK);
    assert_int_equal(queue_get(queue, data, 9, &item, 0), CERR_TOO_BIG);
    assert_int_equal(item.len, 10);
    assert_int_equal(queue_size(queue), 1);
    get_text(queue, "0123456789");
    queue_free(queue);
}

/* ---- Q7 ---- */

static int use_in_grandchild(void *ctx)
{
    const struct pair *pair = ctx;
    struct process *child = NULL;
    int status = 1;

    queue_close(pair->there);
    CHILD_CHECK(process_start(&child, PROCESS_DAEMON, echo, ctx) == CERR_OK);
    CHILD_CHECK(process_join(child, -1, &status) == CERR_OK);
    process_free(child);
    return status;
}

static void queue_q7_works_in_children_of_those_who_used_it(void **state)
{
    struct pair pair = {open_queue(NULL), open_queue(NULL)};

    (void)state;
    put_text(pair.there, "used");
    get_text(pair.there, "used");
    put_text(pair.there, "gift");
    family_run(use_in_grandchild, &pair);
    get_text(pair.back, "gift");
    queue_free(pair.there);
    queue_free(pair.back);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(queue_q1_keeps_the_order_of_each_producer),
        cmocka_unit_test(queue_q1_gives_items_in_the_order_of_the_puts),
        cmocka_unit_test(queue_q2_put_polls_and_times_out_when_full),
        cmocka_unit_test(queue_q2_get_polls_and_times_out_when_empty),
        cmocka_unit_test(queue_q2_sleepers_are_woken_without_a_timeout),
        cmocka_unit_test(queue_q3_holds_exactly_max_items),
        cmocka_unit_test(queue_q3_holds_exactly_max_bytes),
        cmocka_unit_test(queue_q3_d18_refuses_bounds_above_its_limits),
        cmocka_unit_test(queue_q4_put_is_visible_everywhere_when_it_returns),
        cmocka_unit_test(queue_q5_closed_queue_is_drained_then_ends),
        cmocka_unit_test(queue_q5_close_wakes_all_who_wait),
        cmocka_unit_test(queue_q5_end_markers_end_one_getter_each),
        cmocka_unit_test(queue_q6_refused_item_leaves_no_trace),
        cmocka_unit_test(queue_q7_works_in_children_of_those_who_used_it),
        cmocka_unit_test(queue_s1_close_twice_is_fine),
    };

    return cmocka_run_group_tests_name("queue", tests, NULL, NULL);
}
