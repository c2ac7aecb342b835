/* The guarantees of queue.h that hold while nobody is killed inside a call:
 * Q1 to Q7, S1 and J1 to J5. */
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "pool/queue.h"
#include "tests/unit/pool/family.h"

#define BRIEF_MS 30

static struct queue *open_queue(const struct queue_options *options)
{
    struct queue *queue = NULL;

    assert_int_equal(queue_open(&queue, options), ERR_OK);
    return queue;
}

static struct queue_stats stats_of(struct queue *queue)
{
    struct queue_stats stats;

    queue_get_stats(queue, &stats);
    return stats;
}

static void put_text(struct queue *queue, const char *text)
{
    assert_int_equal(queue_put(queue, text, strlen(text), -1), ERR_OK);
}

/* Gets without waiting and compares. */
static struct queue_item get_text(struct queue *queue, const char *expected)
{
    struct queue_item item;
    char text[100];

    assert_int_equal(queue_get(queue, text, sizeof(text), &item, 0), ERR_OK);
    assert_int_equal(item.len, strlen(expected));
    assert_memory_equal(text, expected, item.len);
    return item;
}

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
                    ERR_OK);
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
    CHILD_CHECK(err == ERR_CLOSED);
    CHILD_CHECK(queue_put(crowd->sums, &nr, sizeof(nr), -1) == ERR_OK);
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
    while (queue_get(crowd.sums, &nr, sizeof(nr), NULL, 0) == ERR_OK)
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
    assert_int_equal(queue_put(queue, "y", 1, 0), ERR_AGAIN);
    start_ms = clock_mono_ms();
    assert_int_equal(queue_put(queue, "y", 1, BRIEF_MS), ERR_TIMEOUT);
    assert_true(clock_mono_ms() - start_ms >= BRIEF_MS);
    get_text(queue, "x");
    assert_int_equal(queue_put(queue, "y", 1, 0), ERR_OK);
    queue_free(queue);
}

static void queue_q2_get_polls_and_times_out_when_empty(void **state)
{
    struct queue *queue = open_queue(NULL);
    int64_t start_ms;
    char byte;

    (void)state;
    assert_int_equal(queue_get(queue, &byte, 1, NULL, 0), ERR_AGAIN);
    start_ms = clock_mono_ms();
    assert_int_equal(queue_get(queue, &byte, 1, NULL, BRIEF_MS), ERR_TIMEOUT);
    assert_true(clock_mono_ms() - start_ms >= BRIEF_MS);
    queue_free(queue);
}

struct pair {
    struct queue *there, *back;
};

static int echo(void *ctx)
{
    const struct pair *pair = ctx;
    struct queue_item item;
    uint32_t number;

    while (queue_get(pair->there, &number, sizeof(number), &item, -1) == ERR_OK)
        CHILD_CHECK(queue_put(pair->back, &number, item.len, -1) == ERR_OK);
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
        assert_int_equal(queue_put(pair.there, &i, sizeof(i), -1), ERR_OK);
        assert_int_equal(
            queue_get(pair.back, &number, sizeof(number), NULL, -1), ERR_OK);
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
    assert_int_equal(queue_put(queue, "x", 1, 0), ERR_AGAIN);
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
            assert_int_equal(queue_put(queue, data, i + round, 0), ERR_OK);
        assert_int_equal(queue_put(queue, data, 829 - 19 * round, 0), ERR_OK);
        assert_int_equal(stats_of(queue).bytes, 1000);
        assert_int_equal(queue_put(queue, data, 1, 0), ERR_AGAIN);
        assert_int_equal(queue_put(queue, data, 0, 0), ERR_OK);
        while (queue_size(queue) > 0)
            assert_int_equal(queue_get(queue, data, sizeof(data), NULL, 0),
                             ERR_OK);
        assert_int_equal(stats_of(queue).bytes, 0);
    }
    queue_free(queue);
}

static void queue_q3_refuses_bounds_above_its_limits(void **state)
{
    static const struct queue_options bad[] = {
        {.max_items = QUEUE_ITEMS_MAX + 1},
        {.max_bytes = QUEUE_BYTES_MAX + 1},
        {.joinable = true,                 .max_leases = QUEUE_ITEMS_MAX + 1},
        {.joinable = true,                                .max_attempts = -1},
        {.max_leases = 1},
        {.max_attempts = 1                 },
    };
    struct queue *queue;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(queue_open(&queue, &bad[i]), ERR_INVALID);
        assert_null(queue);
    }
    queue_free(NULL);
}

/* ---- Q4 ---- */

static int get_at_once(void *ctx)
{
    uint32_t number = 0;

    CHILD_CHECK(queue_size(ctx) == 1);
    CHILD_CHECK(queue_get(ctx, &number, sizeof(number), NULL, 0) == ERR_OK);
    CHILD_CHECK(number == 42);
    return 0;
}

static void queue_q4_put_is_visible_everywhere_when_it_returns(void **state)
{
    struct queue *queue = open_queue(NULL);
    uint32_t number = 42;

    (void)state;
    assert_int_equal(queue_put(queue, &number, sizeof(number), 0), ERR_OK);
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
    assert_int_equal(queue_put(queue, "x", 1, -1), ERR_CLOSED);
    get_text(queue, "left");
    assert_int_equal(queue_get(queue, &byte, 1, NULL, -1), ERR_CLOSED);
    assert_int_equal(queue_get(queue, &byte, 1, NULL, 0), ERR_CLOSED);
    queue_free(queue);
}

static int put_until_closed(void *ctx)
{
    enum err err = ERR_OK;

    while (err == ERR_OK)
        err = queue_put(ctx, "x", 1, -1);
    return err == ERR_CLOSED ? 0 : 1;
}

static int get_until_closed(void *ctx)
{
    enum err err = ERR_OK;
    char byte;

    while (err == ERR_OK)
        err = queue_get(ctx, &byte, 1, NULL, -1);
    return err == ERR_CLOSED ? 0 : 1;
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
    assert_int_equal(queue_put(queue, "more", 4, 0), ERR_OK);
    queue_free(queue);
}

static void queue_s1_close_twice_is_fine(void **state)
{
    struct queue *queue = open_queue(NULL);
    char byte;

    (void)state;
    queue_close(queue);
    queue_close(queue);
    assert_int_equal(queue_get(queue, &byte, 1, NULL, 0), ERR_CLOSED);
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
    assert_int_equal(queue_put(queue, data, 11, -1), ERR_TOO_BIG);
    assert_int_equal(queue_size(queue), 0);
    assert_int_equal(queue_put(queue, data, 10, 0), ERR_OK);
    assert_int_equal(queue_get(queue, data, 9, &item, 0), ERR_TOO_BIG);
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
    CHILD_CHECK(process_start(&child, PROCESS_DAEMON, echo, ctx) == ERR_OK);
    CHILD_CHECK(process_join(child, -1, &status) == ERR_OK);
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

/* ---- J1 to J4 ---- */

static struct queue *open_joinable(void)
{
    struct queue_options options = {.joinable = true};

    return open_queue(&options);
}

static void queue_j1_join_waits_until_every_put_is_done(void **state)
{
    struct queue *queue = open_joinable();
    struct queue_item first, second;

    (void)state;
    assert_int_equal(queue_join(queue, -1), ERR_OK);
    put_text(queue, "one");
    put_text(queue, "two");
    assert_int_equal(queue_join(queue, 0), ERR_AGAIN);
    first = get_text(queue, "one");
    second = get_text(queue, "two");
    assert_int_equal(stats_of(queue).nr_leased, 2);
    assert_int_equal(queue_join(queue, 0), ERR_AGAIN);
    assert_int_equal(queue_task_done(queue, &second), ERR_OK);
    assert_int_equal(queue_join(queue, 0), ERR_AGAIN);
    assert_int_equal(queue_task_done(queue, &first), ERR_OK);
    assert_int_equal(queue_join(queue, 0), ERR_OK);
    queue_free(queue);
}

static void queue_j1_lent_items_do_not_count_in_the_bounds(void **state)
{
    struct queue_options options = {
        .max_items = 1, .max_bytes = 3, .joinable = true, .max_leases = 2};
    struct queue *queue = open_queue(&options);
    struct queue_item item;
    char text[10];

    (void)state;
    /* So a consumer may put into a full queue what its item leads to. */
    put_text(queue, "a");
    get_text(queue, "a");
    put_text(queue, "bbb");
    assert_int_equal(queue_put(queue, "", 0, 0), ERR_AGAIN);
    /* But they have bounds of their own: bytes, then items. */
    assert_int_equal(queue_get(queue, text, sizeof(text), &item, 0), ERR_LIMIT);
    queue_free(queue);

    queue = open_queue(&options);
    for (size_t i = 0; i < 2; i++) {
        put_text(queue, "a");
        get_text(queue, "a");
    }
    put_text(queue, "a");
    assert_int_equal(queue_get(queue, text, sizeof(text), &item, 0), ERR_LIMIT);
    assert_int_equal(queue_size(queue), 1);
    queue_free(queue);
}

static void queue_j2_task_done_too_often_changes_nothing(void **state)
{
    struct queue *queue = open_joinable();
    struct queue_item item, other = {.slot = UINT32_MAX};

    (void)state;
    assert_int_equal(queue_task_done(queue, &other), ERR_INVALID);
    put_text(queue, "one");
    put_text(queue, "two");
    item = get_text(queue, "one");
    assert_int_equal(queue_task_done(queue, &item), ERR_OK);
    assert_int_equal(queue_task_done(queue, &item), ERR_INVALID);
    assert_int_equal(stats_of(queue).nr_waiting, 1);
    assert_int_equal(queue_join(queue, 0), ERR_AGAIN);
    /* Nor can it finish an item that waits, or a later one in its slot. */
    put_text(queue, "three");
    assert_int_equal(queue_task_done(queue, &item), ERR_INVALID);
    get_text(queue, "two");
    get_text(queue, "three");
    assert_int_equal(queue_task_done(queue, &item), ERR_INVALID);
    assert_int_equal(stats_of(queue).nr_leased, 2);
    queue_free(queue);
}

static void queue_j2_plain_queue_has_nothing_to_finish(void **state)
{
    struct queue *queue = open_queue(NULL);
    struct queue_item item;

    (void)state;
    put_text(queue, "x");
    item = get_text(queue, "x");
    assert_int_equal(queue_task_done(queue, &item), ERR_INVALID);
    assert_int_equal(queue_join(queue, 0), ERR_STATE);
    queue_free(queue);
}

static int join_queue(void *ctx)
{
    return queue_join(ctx, -1) == ERR_OK ? 0 : 1;
}

static void queue_j3_wakes_every_joiner(void **state)
{
    struct queue *queue = open_joinable();
    struct process *joiners[3];
    struct queue_item item;

    (void)state;
    put_text(queue, "x");
    for (size_t i = 0; i < 3; i++)
        joiners[i] = family_start(join_queue, queue);
    assert_int_equal(queue_join(queue, BRIEF_MS), ERR_TIMEOUT);
    item = get_text(queue, "x");
    assert_int_equal(queue_task_done(queue, &item), ERR_OK);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(family_end(joiners[i]), 0);
    queue_free(queue);
}

struct orphan {
    struct queue *queue;
    int alive[2]; /* a pipe: its write end is open while the daemon lives */
};

static int start_daemon_and_leave(void *ctx)
{
    struct orphan *orphan = ctx;
    struct process *process = NULL;

    CHILD_CHECK(process_start(&process, PROCESS_DAEMON, get_until_closed,
                              orphan->queue) == ERR_OK);
    return 0;
}

static void queue_j4_daemon_consumers_end_with_their_parent(void **state)
{
    struct orphan orphan = {.queue = open_joinable()};
    struct pollfd pollfd = {.events = POLLIN};
    char byte;

    (void)state;
    assert_int_equal(pipe(orphan.alive), 0);
    family_run(start_daemon_and_leave, &orphan);
    close(orphan.alive[1]);
    pollfd.fd = orphan.alive[0];
    assert_int_equal(poll(&pollfd, 1, FAMILY_END_MS), 1);
    assert_int_equal(read(orphan.alive[0], &byte, 1), 0);
    close(orphan.alive[0]);
    queue_free(orphan.queue);
}

/* ---- J5 ---- */

static int get_and_die(void *ctx)
{
    struct queue_item item;
    char text[100];

    CHILD_CHECK(queue_get(ctx, text, sizeof(text), &item, 0) == ERR_OK);
    raise(SIGKILL);
    return 0;
}

static void
queue_j5_item_of_a_dead_consumer_comes_back_to_its_place(void **state)
{
    struct queue *queue = open_joinable();
    struct queue_item item, next;

    (void)state;
    put_text(queue, "first");
    put_text(queue, "second");
    assert_int_equal(family_end(family_start(get_and_die, queue)), -SIGKILL);
    item = get_text(queue, "first");
    assert_int_equal(item.attempt, 2);
    assert_int_equal(item.id, 1);
    next = get_text(queue, "second");
    assert_int_equal(next.attempt, 1);
    assert_int_equal(queue_task_done(queue, &next), ERR_OK);
    assert_int_equal(queue_task_done(queue, &item), ERR_OK);
    assert_int_equal(queue_join(queue, 0), ERR_OK);
    assert_int_equal(stats_of(queue).nr_returned, 1);
    queue_free(queue);
}

static int get_all_and_die(void *ctx)
{
    char text[100];

    while (queue_get(ctx, text, sizeof(text), NULL, 0) == ERR_OK)
        continue;
    raise(SIGKILL);
    return 0;
}

static void queue_j5_several_items_come_back_in_order(void **state)
{
    struct queue *queue = open_joinable();
    static const char *const texts[] = {"1", "2", "3", "4"};

    (void)state;
    for (size_t i = 0; i < 4; i++)
        put_text(queue, texts[i]);
    assert_int_equal(family_end(family_start(get_all_and_die, queue)),
                     -SIGKILL);
    for (size_t i = 0; i < 4; i++)
        get_text(queue, texts[i]);
    queue_free(queue);
}

static int finish_one(void *ctx)
{
    struct queue_item item;
    char text[100];

    CHILD_CHECK(queue_get(ctx, text, sizeof(text), &item, -1) == ERR_OK);
    CHILD_CHECK(queue_task_done(ctx, &item) == ERR_OK);
    return 0;
}

static void queue_j5_join_ends_although_a_consumer_died(void **state)
{
    struct queue *queue = open_joinable();
    struct process *rescuer;

    (void)state;
    put_text(queue, "x");
    assert_int_equal(family_end(family_start(get_and_die, queue)), -SIGKILL);
    /* It sleeps in get, or finds the item; join alone brings it back. */
    rescuer = family_start(finish_one, queue);
    assert_int_equal(queue_join(queue, -1), ERR_OK);
    assert_int_equal(family_end(rescuer), 0);
    queue_free(queue);
}

static void queue_j5_gives_an_item_up_after_max_attempts(void **state)
{
    struct queue_options options = {.joinable = true, .max_attempts = 2};
    struct queue *queue = open_queue(&options);

    (void)state;
    put_text(queue, "poison");
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(family_end(family_start(get_and_die, queue)),
                         -SIGKILL);
    assert_int_equal(queue_join(queue, -1), ERR_OK);
    assert_int_equal(stats_of(queue).nr_dropped, 1);
    assert_int_equal(stats_of(queue).nr_returned, 1);
    queue_free(queue);
}

static void queue_j5_late_task_done_of_a_returned_item_is_refused(void **state)
{
    struct queue *queue = open_joinable();
    struct queue_item item, stale;

    (void)state;
    put_text(queue, "x");
    family_end(family_start(get_and_die, queue));
    item = get_text(queue, "x");
    stale = item;
    stale.attempt = 1; /* as the dead one had it */
    assert_int_equal(queue_task_done(queue, &stale), ERR_INVALID);
    assert_int_equal(queue_task_done(queue, &item), ERR_OK);
    queue_free(queue);
}

static void
queue_j5_getter_waits_at_the_end_for_what_could_come_back(void **state)
{
    struct queue *queue = open_joinable();
    struct process *rescuer;
    struct queue_item item;
    char text[10];

    (void)state;
    put_text(queue, "x");
    item = get_text(queue, "x");
    queue_close(queue);
    /* The holder itself must not wait for itself. */
    assert_int_equal(queue_get(queue, text, sizeof(text), NULL, -1),
                     ERR_CLOSED);
    rescuer = family_start(get_until_closed, queue);
    assert_int_equal(queue_task_done(queue, &item), ERR_OK);
    assert_int_equal(family_end(rescuer), 0);
    queue_free(queue);

    queue = open_joinable();
    put_text(queue, "x");
    family_end(family_start(get_and_die, queue));
    queue_close(queue);
    assert_int_equal(get_text(queue, "x").attempt, 2);
    queue_free(queue);
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
        cmocka_unit_test(queue_q3_refuses_bounds_above_its_limits),
        cmocka_unit_test(queue_q4_put_is_visible_everywhere_when_it_returns),
        cmocka_unit_test(queue_q5_closed_queue_is_drained_then_ends),
        cmocka_unit_test(queue_q5_close_wakes_all_who_wait),
        cmocka_unit_test(queue_q5_end_markers_end_one_getter_each),
        cmocka_unit_test(queue_q6_refused_item_leaves_no_trace),
        cmocka_unit_test(queue_q7_works_in_children_of_those_who_used_it),
        cmocka_unit_test(queue_s1_close_twice_is_fine),
        cmocka_unit_test(queue_j1_join_waits_until_every_put_is_done),
        cmocka_unit_test(queue_j1_lent_items_do_not_count_in_the_bounds),
        cmocka_unit_test(queue_j2_task_done_too_often_changes_nothing),
        cmocka_unit_test(queue_j2_plain_queue_has_nothing_to_finish),
        cmocka_unit_test(queue_j3_wakes_every_joiner),
        cmocka_unit_test(queue_j4_daemon_consumers_end_with_their_parent),
        cmocka_unit_test(
            queue_j5_item_of_a_dead_consumer_comes_back_to_its_place),
        cmocka_unit_test(queue_j5_several_items_come_back_in_order),
        cmocka_unit_test(queue_j5_join_ends_although_a_consumer_died),
        cmocka_unit_test(queue_j5_gives_an_item_up_after_max_attempts),
        cmocka_unit_test(queue_j5_late_task_done_of_a_returned_item_is_refused),
        cmocka_unit_test(
            queue_j5_getter_waits_at_the_end_for_what_could_come_back),
    };

    return cmocka_run_group_tests_name("queue", tests, NULL, NULL);
}
