/* The guarantees J1 to J5 of queue.h: items that are lent. */
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "tests/unit/shared/test_queue.h"

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
    assert_int_equal(queue_join(queue, -1), CERR_OK);
    put_text(queue, "one");
    put_text(queue, "two");
    assert_int_equal(queue_join(queue, 0), CERR_AGAIN);
    first = get_text(queue, "one");
    second = get_text(queue, "two");
    assert_int_equal(stats_of(queue).nr_leased, 2);
    assert_int_equal(queue_join(queue, 0), CERR_AGAIN);
    assert_int_equal(queue_task_done(queue, &second), CERR_OK);
    assert_int_equal(queue_join(queue, 0), CERR_AGAIN);
    assert_int_equal(queue_task_done(queue, &first), CERR_OK);
    assert_int_equal(queue_join(queue, 0), CERR_OK);
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
    assert_int_equal(queue_put(queue, "", 0, 0), CERR_AGAIN);
    /* But they have bounds of their own: bytes, then items. */
    assert_int_equal(queue_get(queue, text, sizeof(text), &item, 0),
                     CERR_LIMIT);
    queue_free(queue);

    queue = open_queue(&options);
    for (size_t i = 0; i < 2; i++) {
        put_text(queue, "a");
        get_text(queue, "a");
    }
    put_text(queue, "a");
    assert_int_equal(queue_get(queue, text, sizeof(text), &item, 0),
                     CERR_LIMIT);
    assert_int_equal(queue_size(queue), 1);
    queue_free(queue);
}

static void queue_j2_task_done_too_often_changes_nothing(void **state)
{
    struct queue *queue = open_joinable();
    struct queue_item item, other = {.slot = UINT32_MAX};

    (void)state;
    assert_int_equal(queue_task_done(queue, &other), CERR_NOT_LENT);
    put_text(queue, "one");
    put_text(queue, "two");
    item = get_text(queue, "one");
    assert_int_equal(queue_task_done(queue, &item), CERR_OK);
    assert_int_equal(queue_task_done(queue, &item), CERR_NOT_LENT);
    assert_int_equal(stats_of(queue).nr_waiting, 1);
    assert_int_equal(queue_join(queue, 0), CERR_AGAIN);
    /* Nor can it finish an item that waits, or a later one in its slot. */
    put_text(queue, "three");
    assert_int_equal(queue_task_done(queue, &item), CERR_NOT_LENT);
    get_text(queue, "two");
    get_text(queue, "three");
    assert_int_equal(queue_task_done(queue, &item), CERR_NOT_LENT);
    assert_int_equal(stats_of(queue).nr_leased, 2);
    queue_free(queue);
}

static void queue_j2_task_done_too_often_says_so_in_its_own_words(void **state)
{
    struct queue *queue = open_joinable();
    struct queue_item item;
    enum err err;

    (void)state;
    put_text(queue, "one");
    item = get_text(queue, "one");
    assert_int_equal(queue_task_done(queue, &item), CERR_OK);
    err = queue_task_done(queue, &item);
    assert_int_equal(err, CERR_NOT_LENT);
    assert_non_null(strstr(err_str(err), "finished before"));
    queue_free(queue);
}

static void queue_j2_plain_queue_has_nothing_to_finish(void **state)
{
    struct queue *queue = open_queue(NULL);
    struct queue_item item;

    (void)state;
    put_text(queue, "x");
    item = get_text(queue, "x");
    assert_int_equal(queue_task_done(queue, &item), CERR_NOT_LENT);
    assert_int_equal(queue_join(queue, 0), CERR_STATE);
    queue_free(queue);
}

static int join_queue(void *ctx)
{
    return queue_join(ctx, -1) == CERR_OK ? 0 : 1;
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
    assert_int_equal(queue_join(queue, BRIEF_MS), CERR_TIMEOUT);
    item = get_text(queue, "x");
    assert_int_equal(queue_task_done(queue, &item), CERR_OK);
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
                              orphan->queue) == CERR_OK);
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

    CHILD_CHECK(queue_get(ctx, text, sizeof(text), &item, 0) == CERR_OK);
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
    assert_int_equal(queue_task_done(queue, &next), CERR_OK);
    assert_int_equal(queue_task_done(queue, &item), CERR_OK);
    assert_int_equal(queue_join(queue, 0), CERR_OK);
    assert_int_equal(stats_of(queue).nr_returned, 1);
    queue_free(queue);
}

static int get_all_and_die(void *ctx)
{
    char text[100];

    while (queue_get(ctx, text, sizeof(text), NULL, 0) == CERR_OK)
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

    CHILD_CHECK(queue_get(ctx, text, sizeof(text), &item, -1) == CERR_OK);
    CHILD_CHECK(queue_task_done(ctx, &item) == CERR_OK);
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
    assert_int_equal(queue_join(queue, -1), CERR_OK);
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
    assert_int_equal(queue_join(queue, -1), CERR_OK);
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
    assert_int_equal(queue_task_done(queue, &stale), CERR_NOT_LENT);
    assert_int_equal(queue_task_done(queue, &item), CERR_OK);
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
                     CERR_CLOSED);
    rescuer = family_start(get_until_closed, queue);
    assert_int_equal(queue_task_done(queue, &item), CERR_OK);
    assert_int_equal(family_end(rescuer), 0);
    queue_free(queue);

    queue = open_joinable();
    put_text(queue, "x");
    family_end(family_start(get_and_die, queue));
    queue_close(queue);
    assert_int_equal(get_text(queue, "x").attempt, 2);
    queue_free(queue);
}

static int find_nothing(void *ctx)
{
    const struct pair *pair = ctx;
    char text[100];

    CHILD_CHECK(queue_get(pair->there, text, sizeof(text), NULL, 0) ==
                CERR_AGAIN);
    CHILD_CHECK(queue_get(pair->back, text, sizeof(text), NULL, 0) ==
                CERR_AGAIN);
    return 0;
}

/* Lives where the dead one of `there` lived, before it meets what that left. */
static int succeed_the_dead(void *ctx)
{
    const struct pair *pair = ctx;
    struct process *other = NULL;
    struct queue_item item;
    char text[100];
    int status = 1;

    CHILD_CHECK(queue_get(pair->back, text, sizeof(text), &item, 0) == CERR_OK);
    CHILD_CHECK(queue_get(pair->there, text, sizeof(text), &item, 0) ==
                CERR_OK);
    CHILD_CHECK(item.attempt == 2);
    /* It is still alive, so what it holds is not for others. */
    CHILD_CHECK(process_start(&other, PROCESS_DAEMON, find_nothing, ctx) ==
                CERR_OK);
    CHILD_CHECK(process_join(other, -1, &status) == CERR_OK);
    process_free(other);
    return status;
}

static void queue_j5_successor_of_a_dead_consumer_keeps_its_own(void **state)
{
    struct pair pair = {open_joinable(), open_joinable()};

    (void)state;
    put_text(pair.there, "of the dead");
    put_text(pair.back, "of its successor");
    assert_int_equal(family_end(family_start(get_and_die, pair.there)),
                     -SIGKILL);
    family_run(succeed_the_dead, &pair);
    queue_free(pair.there);
    queue_free(pair.back);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(queue_j1_join_waits_until_every_put_is_done),
        cmocka_unit_test(queue_j1_lent_items_do_not_count_in_the_bounds),
        cmocka_unit_test(queue_j2_task_done_too_often_changes_nothing),
        cmocka_unit_test(queue_j2_task_done_too_often_says_so_in_its_own_words),
        cmocka_unit_test(queue_j2_plain_queue_has_nothing_to_finish),
        cmocka_unit_test(queue_j3_wakes_every_joiner),
        cmocka_unit_test(queue_j4_daemon_consumers_end_with_their_parent),
        cmocka_unit_test(
            queue_j5_item_of_a_dead_consumer_comes_back_to_its_place),
        cmocka_unit_test(queue_j5_several_items_come_back_in_order),
        cmocka_unit_test(queue_j5_join_ends_although_a_consumer_died),
        cmocka_unit_test(queue_j5_gives_an_item_up_after_max_attempts),
        cmocka_unit_test(queue_j5_late_task_done_of_a_returned_item_is_refused),
        cmocka_unit_test(queue_j5_successor_of_a_dead_consumer_keeps_its_own),
        cmocka_unit_test(
            queue_j5_getter_waits_at_the_end_for_what_could_come_back),
    };

    return cmocka_run_group_tests_name("queue_joinable", tests, NULL, NULL);
}
