/* Items in place: queue_reserve, queue_commit, queue_cancel, queue_borrow. */
#include <signal.h>
#include <unistd.h>

#include "pool/shared/sync_region.h"
#include "tests/unit/shared/stepper.h"
#include "tests/unit/shared/test_queue.h"

#define ITEM_BYTES 100

static struct queue *open_in_place(bool joinable)
{
    struct queue_options options = {
        .max_items = 2, .max_item_bytes = ITEM_BYTES, .joinable = joinable};

    return open_queue(&options);
}

static struct queue_place reserve(struct queue *queue, const char *text)
{
    struct queue_place place;

    assert_int_equal(queue_reserve(queue, strlen(text), &place, 0), CERR_OK);
    memcpy(place.data, text, strlen(text));
    return place;
}

static struct queue_item borrow_text(struct queue *queue, const char *expected)
{
    struct queue_item item;
    const void *data;

    assert_int_equal(queue_borrow(queue, &data, &item, 0), CERR_OK);
    assert_int_equal(item.len, strlen(expected));
    assert_memory_equal(data, expected, item.len);
    return item;
}

static void queue_shows_a_reserved_item_once_it_is_committed(void **state)
{
    struct queue *queue = open_in_place(false);
    struct queue_place first = reserve(queue, "first and too long");
    struct queue_place second = reserve(queue, "second");
    struct queue_place third;
    struct queue_item item;

    (void)state;
    assert_int_equal((uintptr_t)first.data % 64, 0);
    assert_int_equal(queue_size(queue), 0);
    assert_int_equal(queue_reserve(queue, 1, &third, 0), CERR_AGAIN);
    assert_int_equal(queue_put(queue, "x", 1, 0), CERR_AGAIN);
    assert_int_equal(queue_commit(queue, &second), CERR_OK);
    first.len = strlen("first");
    assert_int_equal(queue_commit(queue, &first), CERR_OK);
    item = get_text(queue, "second"); /* as committed */
    assert_int_equal(item.id, 1);
    item = borrow_text(queue, "first");
    assert_int_equal(item.id, 2);
    assert_int_equal(queue_task_done(queue, &item), CERR_OK);
    queue_free(queue);
}

static void queue_lends_items_where_they_lie(void **state)
{
    struct queue *queue = open_in_place(false);
    struct queue_item item, ignored;
    const void *data;

    (void)state;
    put_text(queue, "one");
    put_text(queue, "two");
    item = borrow_text(queue, "one");
    assert_int_equal(stats_of(queue).nr_leased, 1);
    assert_int_equal(queue_put(queue, "x", 1, 0), CERR_AGAIN); /* takes room */
    assert_int_equal(queue_task_done(queue, &item), CERR_OK);
    assert_int_equal(queue_task_done(queue, &item), CERR_NOT_LENT);
    put_text(queue, "three");
    item = borrow_text(queue, "two");
    queue_close(queue);
    get_text(queue, "three");
    assert_int_equal(queue_borrow(queue, &data, &ignored, 0), CERR_CLOSED);
    assert_null(data);
    assert_int_equal(queue_task_done(queue, &item), CERR_OK);
    queue_free(queue);
}

/* Whatever the length of items, and for each of them. */
static void queue_aligns_items_in_place(void **state)
{
    static const size_t lengths[] = {1, 8, 63, 64, 65, 1000};

    (void)state;
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        struct queue_options options = {.max_items = 20,
                                        .max_item_bytes = lengths[i]};
        struct queue *queue = open_queue(&options);

        for (size_t k = 0; k < options.max_items; k++) {
            struct queue_place place;

            assert_int_equal(queue_reserve(queue, lengths[i], &place, 0),
                             CERR_OK);
            assert_int_equal((uintptr_t)place.data % QUEUE_ALIGN_BYTES, 0);
            assert_int_equal(queue_commit(queue, &place), CERR_OK);
        }
        for (size_t k = 0; k < options.max_items; k++) {
            struct queue_item item;
            const void *data;

            assert_int_equal(queue_borrow(queue, &data, &item, 0), CERR_OK);
            assert_int_equal((uintptr_t)data % QUEUE_ALIGN_BYTES, 0);
            assert_int_equal(queue_task_done(queue, &item), CERR_OK);
        }
        queue_free(queue);
    }
}

static void queue_refuses_places_that_are_not_reserved(void **state)
{
    struct queue *queue = open_in_place(false);
    struct queue *chained = open_queue(NULL);
    struct queue_place place = {.slot = 77}, longer;
    struct queue_item item;
    const void *data;

    (void)state;
    assert_int_equal(queue_reserve(chained, 1, &place, 0), CERR_STATE);
    assert_int_equal(queue_borrow(chained, &data, &item, 0), CERR_STATE);
    assert_int_equal(queue_reserve(queue, ITEM_BYTES + 1, &place, 0),
                     CERR_TOO_BIG);
    assert_int_equal(queue_commit(queue, &place), CERR_INVALID);
    assert_int_equal(queue_put(queue, "", ITEM_BYTES + 1, 0), CERR_TOO_BIG);
    place = reserve(queue, "abc");
    longer = place;
    longer.len++;
    assert_int_equal(queue_commit(queue, &longer), CERR_INVALID);
    assert_int_equal(queue_cancel(queue, &place), CERR_OK);
    assert_int_equal(queue_cancel(queue, &place), CERR_INVALID);
    assert_int_equal(queue_commit(queue, &place), CERR_INVALID);
    longer = reserve(queue, "abc"); /* in the same slot */
    assert_int_equal(queue_commit(queue, &place), CERR_INVALID);
    queue_close(queue);
    assert_int_equal(queue_commit(queue, &longer), CERR_CLOSED);
    assert_int_equal(queue_cancel(queue, &longer), CERR_OK);
    assert_int_equal(queue_reserve(queue, 1, &place, -1), CERR_CLOSED);
    queue_free(queue);
    queue_free(chained);
}

static void queue_refuses_items_in_place_above_its_limits(void **state)
{
    struct queue_options too_long = {.max_item_bytes = QUEUE_BYTES_DEFAULT + 1};
    struct queue_options attempts = {.max_item_bytes = 10, .max_attempts = 2};
    struct queue *queue;

    (void)state;
    assert_int_equal(queue_open(&queue, &too_long), CERR_INVALID);
    queue = open_queue(&attempts);
    queue_free(queue);
}

static int hold_all(void *ctx)
{
    struct queue_place place;
    struct queue_item item;
    const void *data;

    CHILD_CHECK(queue_borrow(ctx, &data, &item, -1) == CERR_OK);
    CHILD_CHECK(queue_reserve(ctx, 1, &place, -1) == CERR_OK);
    raise(SIGKILL);
    return 0;
}

/* What it had borrowed comes back, what it had reserved goes. */
static void queue_gets_back_what_the_dead_held_in_place(void **state)
{
    struct queue *queue = open_in_place(false);
    struct queue_item item;

    (void)state;
    put_text(queue, "one");
    assert_int_equal(family_end(family_start(hold_all, queue)), -SIGKILL);
    assert_int_equal(queue_put(queue, "two", 3, 0), CERR_OK);
    item = borrow_text(queue, "one");
    assert_int_equal(item.attempt, 2);
    assert_int_equal(queue_task_done(queue, &item), CERR_OK);
    item = borrow_text(queue, "two");
    assert_int_equal(queue_task_done(queue, &item), CERR_OK);
    assert_int_equal(stats_of(queue).nr_returned, 1);
    queue_free(queue);
}

/* ---- at every instruction ---- */

struct scene {
    struct queue *queue;
    struct queue_place place;
    bool joinable;
    uint64_t nr_repairs;
};

static void open_scene(void *ctx)
{
    struct scene *scene = ctx;

    scene->queue = open_in_place(scene->joinable);
    put_text(scene->queue, "old");
}

static void put_new(void *ctx)
{
    struct scene *scene = ctx;
    struct queue_place place;

    if (queue_reserve(scene->queue, 50, &place, -1) != CERR_OK)
        return;
    memcpy(place.data, "new", 3);
    place.len = 3;
    (void)!queue_commit(scene->queue, &place);
}

/* Whole or absent, and no slot and no block is lost. */
static void verify_put(void *ctx, bool done)
{
    struct scene *scene = ctx;
    struct queue_item item = borrow_text(scene->queue, "old");
    const void *data;
    enum err err;

    assert_int_equal(queue_task_done(scene->queue, &item), CERR_OK);
    err = queue_borrow(scene->queue, &data, &item, 0);
    if (done)
        assert_int_equal(err, CERR_OK);
    if (err == CERR_OK) {
        assert_int_equal(item.len, 3);
        assert_memory_equal(data, "new", 3);
        assert_int_equal(queue_task_done(scene->queue, &item), CERR_OK);
    }
    scene->nr_repairs += stats_of(scene->queue).nr_repairs;
    put_text(scene->queue, "a");
    put_text(scene->queue, "b");
    assert_int_equal(queue_put(scene->queue, "c", 1, 0), CERR_AGAIN);
    get_text(scene->queue, "a");
    get_text(scene->queue, "b");
    queue_free(scene->queue);
}

static void
queue_survives_a_kill_at_every_instruction_of_a_put_in_place(void **state)
{
    struct scene scene = {.joinable = false};
    struct stepper stepper = {open_scene, put_new, verify_put, &scene};

    (void)state;
    stepper_kill_everywhere(&stepper);
    assert_true(scene.nr_repairs > 0); /* some were hit where it matters */
}

static void take_old(void *ctx)
{
    struct scene *scene = ctx;
    struct queue_item item;
    const void *data;

    if (queue_borrow(scene->queue, &data, &item, -1) == CERR_OK)
        (void)!queue_task_done(scene->queue, &item);
}

static void verify_take(void *ctx, bool done)
{
    struct scene *scene = ctx;
    struct queue_item item;
    const void *data;
    enum err err = queue_borrow(scene->queue, &data, &item, 0);

    if (done)
        assert_int_equal(err, CERR_AGAIN);
    if (err == CERR_OK) {
        assert_memory_equal(data, "old", 3);
        assert_int_equal(queue_task_done(scene->queue, &item), CERR_OK);
    }
    scene->nr_repairs += stats_of(scene->queue).nr_repairs;
    assert_int_equal(stats_of(scene->queue).nr_leased, 0);
    put_text(scene->queue, "a");
    put_text(scene->queue, "b");
    queue_free(scene->queue);
}

static void
queue_survives_a_kill_at_every_instruction_of_a_get_in_place(void **state)
{
    struct scene scene = {.joinable = false};
    struct stepper stepper = {open_scene, take_old, verify_take, &scene};

    (void)state;
    stepper_kill_everywhere(&stepper);
    assert_true(scene.nr_repairs > 0);
}

/* ---- in order, between processes ---- */

#define NR_NUMBERS 20000u

static int write_numbers(void *ctx)
{
    for (uint32_t i = 0; i < NR_NUMBERS; i++) {
        struct queue_place place;

        CHILD_CHECK(queue_reserve(ctx, ITEM_BYTES, &place, -1) == CERR_OK);
        for (size_t k = 0; k < ITEM_BYTES; k += sizeof(i))
            memcpy((char *)place.data + k, &i, sizeof(i));
        CHILD_CHECK(queue_commit(ctx, &place) == CERR_OK);
    }
    queue_close(ctx);
    return 0;
}

static void queue_carries_items_in_place_whole_and_in_order(void **state)
{
    struct queue *queue = open_in_place(false);
    struct process *child = family_start(write_numbers, queue);
    uint32_t next = 0;

    (void)state;
    for (;;) {
        struct queue_item item;
        const void *data;

        if (queue_borrow(queue, &data, &item, -1) != CERR_OK)
            break;
        for (size_t k = 0; k < ITEM_BYTES; k += sizeof(next))
            assert_memory_equal((const char *)data + k, &next, sizeof(next));
        assert_int_equal(queue_task_done(queue, &item), CERR_OK);
        next++;
    }
    assert_int_equal(family_end(child), 0);
    assert_int_equal(next, NR_NUMBERS);
    queue_free(queue);
}

static int put_much(void *ctx)
{
    static const char data[ITEM_BYTES];

    for (int i = 0; i < 10000; i++)
        CHILD_CHECK(queue_put(ctx, data, sizeof(data), 0) == CERR_OK);
    return 0;
}

/* A megabyte, and nobody has read it when its producer ends. */
static void queue_d11_producer_may_be_joined_before_it_is_read(void **state)
{
    struct queue_options options = {.max_items = 10000};
    struct queue *queue = open_queue(&options);

    (void)state;
    family_run(put_much, queue);
    assert_int_equal(queue_size(queue), 10000);
    queue_free(queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(queue_shows_a_reserved_item_once_it_is_committed),
        cmocka_unit_test(queue_lends_items_where_they_lie),
        cmocka_unit_test(queue_aligns_items_in_place),
        cmocka_unit_test(queue_refuses_places_that_are_not_reserved),
        cmocka_unit_test(queue_refuses_items_in_place_above_its_limits),
        cmocka_unit_test(queue_gets_back_what_the_dead_held_in_place),
        cmocka_unit_test(
            queue_survives_a_kill_at_every_instruction_of_a_put_in_place),
        cmocka_unit_test(
            queue_survives_a_kill_at_every_instruction_of_a_get_in_place),
        cmocka_unit_test(queue_carries_items_in_place_whole_and_in_order),
        cmocka_unit_test(queue_d11_producer_may_be_joined_before_it_is_read),
    };

    return cmocka_run_group_tests_name("queue_place", tests, NULL, NULL);
}
