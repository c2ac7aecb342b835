/* Items so long that they are copied without the mutex. */
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "pool/shared/queue_internal.h"
#include "tests/unit/shared/stepper.h"
#include "tests/unit/shared/test_queue.h"

#define LONG_BYTES (QUEUE_APART_BYTES + 1)

static char old[LONG_BYTES], new[LONG_BYTES];

/* Room for two of them. */
static struct queue *open_long(bool joinable)
{
    struct queue_options options = {
        .max_items = 2, .max_bytes = 2 * LONG_BYTES, .joinable = joinable};

    memset(old, 'o', sizeof(old));
    memset(new, 'n', sizeof(new));
    return open_queue(&options);
}

static void put_long_one(struct queue *queue, const char *data)
{
    assert_int_equal(queue_put(queue, data, LONG_BYTES, 0), CERR_OK);
}

static struct queue_item get_long_one(struct queue *queue, const char *expected)
{
    char data[LONG_BYTES];
    struct queue_item item;

    assert_int_equal(queue_get(queue, data, sizeof(data), &item, 0), CERR_OK);
    assert_int_equal(item.len, sizeof(data));
    assert_memory_equal(data, expected, sizeof(data));
    return item;
}

/* Memory that kills whoever touches it. */
static void *deadly_memory(void)
{
    void *memory =
        mmap(NULL, LONG_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return memory == MAP_FAILED ? NULL : memory;
}

static void die_of_it(void)
{
    signal(SIGSEGV, SIG_DFL); /* not to be reported by a sanitizer */
}

static int die_putting(void *ctx)
{
    void *memory = deadly_memory();

    die_of_it();
    CHILD_CHECK(memory && queue_put(ctx, memory, LONG_BYTES, -1) == CERR_OK);
    return 0;
}

static int die_getting(void *ctx)
{
    void *memory = deadly_memory();

    die_of_it();
    CHILD_CHECK(memory &&
                queue_get(ctx, memory, LONG_BYTES, NULL, -1) == CERR_OK);
    return 0;
}

static void queue_loses_no_room_to_who_dies_putting_a_long_item(void **state)
{
    struct queue *queue = open_long(false);

    (void)state;
    put_long_one(queue, old);
    assert_int_equal(family_end(family_start(die_putting, queue)), -SIGSEGV);
    assert_int_equal(queue_size(queue), 1);
    put_long_one(queue, new);
    get_long_one(queue, old);
    get_long_one(queue, new);
    assert_int_equal(stats_of(queue).nr_repairs, 0); /* no mutex was held */
    queue_free(queue);
}

static void long_item_of_who_dies_getting_comes_back(bool joinable)
{
    struct queue *queue = open_long(joinable);
    struct queue_item item;

    put_long_one(queue, old);
    put_long_one(queue, new);
    for (int i = 0; i < QUEUE_ATTEMPTS_DEFAULT - 1; i++)
        assert_int_equal(family_end(family_start(die_getting, queue)),
                         -SIGSEGV);
    item = get_long_one(queue, old);
    assert_int_equal(item.attempt, QUEUE_ATTEMPTS_DEFAULT);
    get_long_one(queue, new);
    assert_int_equal(stats_of(queue).nr_returned, QUEUE_ATTEMPTS_DEFAULT - 1);
    queue_free(queue);
}

static void queue_j5_long_item_of_who_dies_getting_comes_back(void **state)
{
    (void)state;
    long_item_of_who_dies_getting_comes_back(false);
    long_item_of_who_dies_getting_comes_back(true);
}

static void queue_drops_a_long_item_that_kills_each_taker(void **state)
{
    struct queue *queue = open_long(false);

    (void)state;
    put_long_one(queue, old);
    for (int i = 0; i < QUEUE_ATTEMPTS_DEFAULT; i++)
        assert_int_equal(family_end(family_start(die_getting, queue)),
                         -SIGSEGV);
    assert_int_equal(queue_get(queue, NULL, 0, NULL, 0), CERR_AGAIN);
    assert_int_equal(stats_of(queue).nr_dropped, 1);
    queue_free(queue);
}

/* ---- closed while it is copied ---- */

static struct meeting {
    struct queue *queue;
    void *memory;
    int there[2], back[2]; /* pipes */
} meeting;

/* The copy has begun: let the other side close the queue meanwhile. */
static void copy_has_begun(int signo)
{
    char byte = 0;

    (void)signo;
    if (write(meeting.there[1], &byte, 1) != 1 ||
        read(meeting.back[0], &byte, 1) != 1 ||
        mprotect(meeting.memory, LONG_BYTES, PROT_READ) != 0)
        _exit(98);
}

static int put_while_it_is_closed(void *ctx)
{
    (void)ctx;
    meeting.memory = deadly_memory();
    CHILD_CHECK(meeting.memory);
    CHILD_CHECK(signal(SIGSEGV, copy_has_begun) != SIG_ERR);
    CHILD_CHECK(queue_put(meeting.queue, meeting.memory, LONG_BYTES, -1) ==
                CERR_CLOSED);
    return 0;
}

static void queue_q5_closed_within_a_long_put_refuses_it(void **state)
{
    struct process *child;
    char byte;

    (void)state;
    meeting.queue = open_long(false);
    assert_int_equal(pipe(meeting.there), 0);
    assert_int_equal(pipe(meeting.back), 0);
    child = family_start(put_while_it_is_closed, NULL);
    assert_int_equal(read(meeting.there[0], &byte, 1), 1);
    queue_close(meeting.queue);
    assert_int_equal(write(meeting.back[1], &byte, 1), 1);
    assert_int_equal(family_end(child), 0);
    assert_int_equal(queue_get(meeting.queue, NULL, 0, NULL, -1), CERR_CLOSED);
    for (int i = 0; i < 2; i++) {
        close(meeting.there[i]);
        close(meeting.back[i]);
    }
    queue_free(meeting.queue);
}

/* ---- at every instruction ---- */

struct scene {
    struct queue *queue;
    bool joinable;
    uint64_t nr_repairs;
};

static void open_scene(void *ctx)
{
    struct scene *scene = ctx;

    scene->queue = open_long(scene->joinable);
    put_long_one(scene->queue, old);
}

static void put_new(void *ctx)
{
    struct scene *scene = ctx;

    (void)!queue_put(scene->queue, new, LONG_BYTES, -1);
}

static void end_scene(struct scene *scene)
{
    scene->nr_repairs += stats_of(scene->queue).nr_repairs;
    assert_int_equal(stats_of(scene->queue).nr_waiting, 0);
    assert_int_equal(stats_of(scene->queue).bytes, 0);
    /* No slot and no block is lost. */
    put_long_one(scene->queue, old);
    put_long_one(scene->queue, new);
    queue_free(scene->queue);
}

static void verify_put(void *ctx, bool done)
{
    struct scene *scene = ctx;
    char data[LONG_BYTES];
    enum err err;

    get_long_one(scene->queue, old);
    err = queue_get(scene->queue, data, sizeof(data), NULL, 0);
    assert_true(err == CERR_OK || (err == CERR_AGAIN && !done));
    if (err == CERR_OK)
        assert_memory_equal(data, new, sizeof(data));
    end_scene(scene);
}

static void
queue_survives_a_kill_at_every_instruction_of_a_long_put(void **state)
{
    struct scene scene = {.joinable = false};
    struct stepper stepper = {open_scene, put_new, verify_put, &scene};

    (void)state;
    stepper_kill_everywhere(&stepper);
    assert_true(scene.nr_repairs > 0);
}

static void take_old(void *ctx)
{
    struct scene *scene = ctx;
    char data[LONG_BYTES];

    (void)!queue_get(scene->queue, data, sizeof(data), NULL, -1);
}

static void verify_take(void *ctx, bool done)
{
    struct scene *scene = ctx;
    char data[LONG_BYTES];
    enum err err = queue_get(scene->queue, data, sizeof(data), NULL, 0);

    assert_true(err == CERR_AGAIN || (err == CERR_OK && !done));
    if (err == CERR_OK)
        assert_memory_equal(data, old, sizeof(data));
    assert_int_equal(stats_of(scene->queue).nr_leased, 0);
    end_scene(scene);
}

static void
queue_survives_a_kill_at_every_instruction_of_a_long_get(void **state)
{
    struct scene scene = {.joinable = false};
    struct stepper stepper = {open_scene, take_old, verify_take, &scene};

    (void)state;
    stepper_kill_everywhere(&stepper);
    assert_true(scene.nr_repairs > 0);
}

/* ---- in order, between processes ---- */

#define NR_LONG    2000u
#define MOST_BYTES 70000u

/* Of all lengths around the border, and of many blocks. */
static size_t len_of(uint32_t number)
{
    return number % 2 ? QUEUE_APART_BYTES - 50 + number % 100
                      : 8 + number * 7919 % (MOST_BYTES - 8);
}

static void fill(char *data, uint32_t number)
{
    memset(data, (int)(number % 251), len_of(number));
    memcpy(data, &number, sizeof(number));
}

static int write_long_ones(void *ctx)
{
    char *data = malloc(MOST_BYTES);

    CHILD_CHECK(data);
    for (uint32_t i = 0; i < NR_LONG; i++) {
        fill(data, i);
        CHILD_CHECK(queue_put(ctx, data, len_of(i), -1) == CERR_OK);
    }
    queue_close(ctx);
    free(data);
    return 0;
}

static void read_long_ones(bool joinable)
{
    struct queue_options options = {
        .max_items = 10, .max_bytes = 5 * MOST_BYTES, .joinable = joinable};
    struct queue *queue = open_queue(&options);
    struct process *child = family_start(write_long_ones, queue);
    char *data = test_malloc(MOST_BYTES), *expected = test_malloc(MOST_BYTES);
    struct queue_item item;
    uint32_t next = 0;

    while (queue_get(queue, data, MOST_BYTES, &item, -1) == CERR_OK) {
        fill(expected, next);
        assert_int_equal(item.len, len_of(next));
        assert_memory_equal(data, expected, item.len);
        assert_int_equal(queue_task_done(queue, &item),
                         joinable ? CERR_OK : CERR_NOT_LENT);
        next++;
    }
    assert_int_equal(next, NR_LONG);
    assert_int_equal(family_end(child), 0);
    test_free(data);
    test_free(expected);
    queue_free(queue);
}

static void queue_q1_carries_long_items_whole_and_in_order(void **state)
{
    (void)state;
    read_long_ones(false);
    read_long_ones(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(queue_loses_no_room_to_who_dies_putting_a_long_item),
        cmocka_unit_test(queue_j5_long_item_of_who_dies_getting_comes_back),
        cmocka_unit_test(queue_drops_a_long_item_that_kills_each_taker),
        cmocka_unit_test(queue_q5_closed_within_a_long_put_refuses_it),
        cmocka_unit_test(
            queue_survives_a_kill_at_every_instruction_of_a_long_put),
        cmocka_unit_test(
            queue_survives_a_kill_at_every_instruction_of_a_long_get),
        cmocka_unit_test(queue_q1_carries_long_items_whole_and_in_order),
    };

    return cmocka_run_group_tests_name("queue_long", tests, NULL, NULL);
}
