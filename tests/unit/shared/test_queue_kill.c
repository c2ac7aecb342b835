/* What queue.h promises when its users are killed inside its calls. */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "pool/shared/queue.h"
#include "pool/shared/sync_region.h"
#include "tests/unit/shared/family.h"
#include "tests/unit/shared/stepper.h"

/* ---- at every instruction ---- */

#define OLD "old item, longer than one block of 64 bytes ......................"
#define NEW "new item, also longer than one such block ........................"

struct scene {
    struct queue *queue;
    struct queue_item item; /* for task_done */
    bool joinable;
    uint64_t nr_repairs; /* in all its queues */
};

static void open_scene(void *ctx)
{
    struct scene *scene = ctx;
    struct queue_options options = {
        .max_items = 3, .max_bytes = 300, .joinable = scene->joinable};

    assert_int_equal(queue_open(&scene->queue, &options), CERR_OK);
    assert_int_equal(queue_put(scene->queue, OLD, sizeof(OLD), 0), CERR_OK);
}

static bool get_is(struct queue *queue, const char *expected, size_t len)
{
    struct queue_item item;
    char data[300];

    if (queue_get(queue, data, sizeof(data), &item, 0) != CERR_OK)
        return false;
    assert_int_equal(item.len, len);
    assert_memory_equal(data, expected, len);
    if (queue_task_done(queue, &item) != CERR_OK)
        assert_int_equal(item.attempt, 1); /* a plain queue */
    return true;
}

/* No slot and no block is lost: it takes what its bounds promise. */
static void check_capacity(struct scene *scene)
{
    struct queue *queue = scene->queue;
    char data[298] = {0};
    struct queue_stats stats;

    queue_get_stats(queue, &stats);
    scene->nr_repairs += stats.nr_repairs;
    assert_int_equal(stats.nr_waiting, 0);
    assert_int_equal(stats.nr_leased, 0);
    assert_int_equal(stats.bytes, 0);
    assert_int_equal(queue_put(queue, "", 0, 0), CERR_OK);
    assert_int_equal(queue_put(queue, "xy", 2, 0), CERR_OK);
    assert_int_equal(queue_put(queue, data, sizeof(data), 0), CERR_OK);
    assert_int_equal(queue_put(queue, "", 0, 0), CERR_AGAIN);
    assert_true(get_is(queue, "", 0));
    assert_true(get_is(queue, "xy", 2));
    assert_true(get_is(queue, data, sizeof(data)));
    queue_free(queue);
}

static void put_new(void *ctx)
{
    struct scene *scene = ctx;

    (void)!queue_put(scene->queue, NEW, sizeof(NEW), -1);
}

static void verify_put(void *ctx, bool done)
{
    struct scene *scene = ctx;
    bool is_there;

    assert_true(get_is(scene->queue, OLD, sizeof(OLD)));
    is_there = get_is(scene->queue, NEW, sizeof(NEW));
    if (done)
        assert_true(is_there);
    check_capacity(scene);
}

static void queue_d12_survives_a_kill_at_every_instruction_of_put(void **state)
{
    struct scene scene = {.joinable = false};
    struct stepper stepper = {open_scene, put_new, verify_put, &scene};

    (void)state;
    stepper_kill_everywhere(&stepper);
    /* Otherwise nobody was hit where it matters. */
    assert_true(scene.nr_repairs > 0);
}

static void get_old(void *ctx)
{
    struct scene *scene = ctx;
    char data[100];

    (void)!queue_get(scene->queue, data, sizeof(data), NULL, -1);
}

static void verify_plain_get(void *ctx, bool done)
{
    struct scene *scene = ctx;
    bool is_there = get_is(scene->queue, OLD, sizeof(OLD));

    if (done)
        assert_false(is_there);
    check_capacity(scene);
}

static void queue_survives_a_kill_at_every_instruction_of_get(void **state)
{
    struct scene scene = {.joinable = false};
    struct stepper stepper = {open_scene, get_old, verify_plain_get, &scene};

    (void)state;
    stepper_kill_everywhere(&stepper);
    /* Otherwise nobody was hit where it matters. */
    assert_true(scene.nr_repairs > 0);
}

static void verify_lent(void *ctx, bool done)
{
    struct scene *scene = ctx;

    /* Dead before, in or after the get: the item is there. */
    (void)done;
    assert_true(get_is(scene->queue, OLD, sizeof(OLD)));
    assert_int_equal(queue_join(scene->queue, 0), CERR_OK);
    check_capacity(scene);
}

static void
queue_j5_no_instruction_of_a_lending_get_loses_the_item(void **state)
{
    struct scene scene = {.joinable = true};
    struct stepper stepper = {open_scene, get_old, verify_lent, &scene};

    (void)state;
    stepper_kill_everywhere(&stepper);
    /* Otherwise nobody was hit where it matters. */
    assert_true(scene.nr_repairs > 0);
}

static void open_and_take(void *ctx)
{
    struct scene *scene = ctx;
    char data[100];

    open_scene(ctx);
    assert_int_equal(
        queue_get(scene->queue, data, sizeof(data), &scene->item, 0), CERR_OK);
}

static void finish(void *ctx)
{
    struct scene *scene = ctx;

    (void)!queue_task_done(scene->queue, &scene->item);
}

static void verify_finish(void *ctx, bool done)
{
    struct scene *scene = ctx;
    enum err err = queue_task_done(scene->queue, &scene->item);

    if (done)
        assert_int_equal(err, CERR_NOT_LENT);
    assert_int_equal(queue_join(scene->queue, 0), CERR_OK);
    check_capacity(scene);
}

static void
queue_survives_a_kill_at_every_instruction_of_task_done(void **state)
{
    struct scene scene = {.joinable = true};
    struct stepper stepper = {open_and_take, finish, verify_finish, &scene};

    (void)state;
    stepper_kill_everywhere(&stepper);
    /* Otherwise nobody was hit where it matters. */
    assert_true(scene.nr_repairs > 0);
}

/* ---- at random points, under load ---- */

#define NR_SIDE     2 /* producers, and consumers */
#define NR_CHILDREN ((size_t)2 * NR_SIDE)
#define NR_KILLS    400
#define NR_NUMBERS  (8u << 20)
#define SEED        20261123

struct load {
    struct queue *queue;
    _Atomic uint32_t next[NR_SIDE]; /* number, for each producer */
    /* For each of their numbers. */
    _Atomic unsigned char put[NR_SIDE][NR_NUMBERS];
    _Atomic unsigned char done[NR_SIDE][NR_NUMBERS];
};

struct side {
    struct load *load;
    uint32_t number;
};

/* An item: who, which number, and as many bytes again as that says. */
static size_t fill(unsigned char *data, uint32_t who, uint32_t number)
{
    size_t len = 8 + number % 200;

    memcpy(data, &who, 4);
    memcpy(data + 4, &number, 4);
    memset(data + 8, (int)(number % 251), len - 8);
    return len;
}

static int produce(void *ctx)
{
    const struct side *side = ctx;
    struct load *load = side->load;
    unsigned char data[256];

    for (;;) {
        uint32_t number = atomic_fetch_add(&load->next[side->number], 1);
        size_t len = fill(data, side->number, number);
        enum err err;

        CHILD_CHECK(number < NR_NUMBERS);
        err = queue_put(load->queue, data, len, -1);
        if (err == CERR_CLOSED)
            return 0;
        CHILD_CHECK(err == CERR_OK);
        atomic_store(&load->put[side->number][number], 1);
    }
}

static int consume(void *ctx)
{
    struct load *load = ((const struct side *)ctx)->load;
    unsigned char data[256], expected[256];
    struct queue_item item;
    uint32_t who, number;

    for (;;) {
        enum err err = queue_get(load->queue, data, sizeof(data), &item, -1);

        if (err == CERR_CLOSED)
            return 0;
        CHILD_CHECK(err == CERR_OK);
        memcpy(&who, data, 4);
        memcpy(&number, data + 4, 4);
        CHILD_CHECK(who < NR_SIDE && number < NR_NUMBERS);
        CHILD_CHECK(fill(expected, who, number) == item.len);
        CHILD_CHECK(memcmp(data, expected, item.len) == 0);
        atomic_store(&load->done[who][number], 1);
        CHILD_CHECK(queue_task_done(load->queue, &item) == CERR_OK);
    }
}

static void check_load(struct load *load)
{
    struct queue_stats stats;

    for (size_t who = 0; who < NR_SIDE; who++)
        for (uint32_t i = 0; i < atomic_load(&load->next[who]); i++)
            assert_true(atomic_load(&load->done[who][i]) >=
                        atomic_load(&load->put[who][i]));
    queue_get_stats(load->queue, &stats);
    assert_int_equal(stats.nr_waiting, 0);
    assert_int_equal(stats.nr_leased, 0);
    assert_int_equal(stats.nr_dropped, 0);
}

static void queue_loses_nothing_while_all_its_users_are_killed(void **state)
{
    struct queue_options options = {
        .max_items = 64, .joinable = true, .max_attempts = NR_KILLS};
    struct load *load = sync_region_map(sizeof(*load));
    struct side sides[NR_SIDE] = {{load, 0}, {load, 1}};
    struct process *children[NR_CHILDREN];

    (void)state;
    assert_non_null(load);
    assert_int_equal(queue_open(&load->queue, &options), CERR_OK);
    srandom(SEED);
    for (size_t i = 0; i < NR_CHILDREN; i++)
        children[i] = family_start(i % 2 ? consume : produce, &sides[i / 2]);
    for (int kill = 0; kill < NR_KILLS; kill++) {
        size_t i = (size_t)random() % NR_CHILDREN;

        usleep((useconds_t)(random() % 1000));
        assert_int_equal(process_kill(children[i], SIGKILL), CERR_OK);
        assert_int_equal(family_end(children[i]), -SIGKILL);
        children[i] = family_start(i % 2 ? consume : produce, &sides[i / 2]);
    }
    queue_close(load->queue);
    for (size_t i = 0; i < NR_CHILDREN; i++)
        assert_int_equal(family_end(children[i]), 0);
    assert_int_equal(queue_join(load->queue, 0), CERR_OK);
    check_load(load);
    queue_free(load->queue);
    sync_region_unmap(load, sizeof(*load));
}

/* ---- a million operations ---- */

#define NR_OPERATIONS 1000000

static int put_numbers(void *ctx)
{
    const char *more = getenv("CRAWL_STRESS");
    uint64_t nr = more ? strtoull(more, NULL, 10) : NR_OPERATIONS;

    for (uint64_t i = 0; i < nr / 2; i++)
        CHILD_CHECK(queue_put(ctx, &i, sizeof(i), -1) == CERR_OK);
    queue_close(ctx);
    return 0;
}

static void queue_carries_a_million_operations_in_order(void **state)
{
    struct queue_options options = {.max_items = 256};
    struct queue *queue = NULL;
    struct process *child;
    uint64_t number, next = 0;

    (void)state;
    assert_int_equal(queue_open(&queue, &options), CERR_OK);
    child = family_start(put_numbers, queue);
    while (queue_get(queue, &number, sizeof(number), NULL, -1) == CERR_OK) {
        if (number != next)
            fail_msg("got %ju in place of %ju", (uintmax_t)number,
                     (uintmax_t)next);
        next++;
    }
    assert_int_equal(family_end(child), 0);
    assert_true(next >= NR_OPERATIONS / 2);
    queue_free(queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(queue_d12_survives_a_kill_at_every_instruction_of_put),
        cmocka_unit_test(queue_survives_a_kill_at_every_instruction_of_get),
        cmocka_unit_test(
            queue_j5_no_instruction_of_a_lending_get_loses_the_item),
        cmocka_unit_test(
            queue_survives_a_kill_at_every_instruction_of_task_done),
        cmocka_unit_test(queue_loses_nothing_while_all_its_users_are_killed),
        cmocka_unit_test(queue_carries_a_million_operations_in_order),
    };

    return cmocka_run_group_tests_name("queue_kill", tests, NULL, NULL);
}
