/* The guarantees L4 and L5 of lock.h: conditions and events. */
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "base/clock.h"
#include "pool/shared/lock.h"
#include "pool/shared/sync_region.h"
#include "tests/unit/shared/family.h"

#define BRIEF_MS 30

/* ---- condition (L4) ---- */

#define NR_WAITERS 4

struct meeting {
    struct lock *lock;
    struct condition *condition;
    _Atomic uint32_t nr_waiting, nr_woken, open; /* under the lock */
};

static struct meeting *open_meeting(enum lock_kind kind)
{
    struct meeting *meeting = sync_region_map(sizeof(*meeting));

    assert_non_null(meeting);
    assert_int_equal(lock_open(&meeting->lock, kind), CERR_OK);
    assert_int_equal(condition_open(&meeting->condition, meeting->lock),
                     CERR_OK);
    return meeting;
}

static void close_meeting(struct meeting *meeting)
{
    condition_free(meeting->condition);
    lock_free(meeting->lock);
    sync_region_unmap(meeting, sizeof(*meeting));
}

static bool is_open(void *ctx)
{
    return ((struct meeting *)ctx)->open > 0;
}

/* Each that comes through takes one of `open`. */
static int wait_for_entry(void *ctx)
{
    struct meeting *meeting = ctx;

    CHILD_CHECK(lock_acquire(meeting->lock, -1) == CERR_OK);
    meeting->nr_waiting++;
    CHILD_CHECK(condition_wait_for(meeting->condition, is_open, meeting, -1) ==
                CERR_OK);
    meeting->open--;
    meeting->nr_woken++;
    CHILD_CHECK(lock_release(meeting->lock) == CERR_OK);
    return 0;
}

static void await_waiters(struct meeting *meeting, uint32_t nr)
{
    /* With the lock in hand, those counted are inside the wait. */
    assert_int_equal(lock_acquire(meeting->lock, -1), CERR_OK);
    while (meeting->nr_waiting < nr) {
        assert_int_equal(lock_release(meeting->lock), CERR_OK);
        usleep(1000);
        assert_int_equal(lock_acquire(meeting->lock, -1), CERR_OK);
    }
}

static void condition_l4_notify_and_notify_all_let_waiters_through(void **state)
{
    struct meeting *meeting = open_meeting(LOCK_PLAIN);
    struct process *waiters[NR_WAITERS];

    (void)state;
    for (size_t i = 0; i < NR_WAITERS; i++)
        waiters[i] = family_start(wait_for_entry, meeting);
    await_waiters(meeting, NR_WAITERS);
    meeting->open = 2;
    condition_notify(meeting->condition, 2);
    assert_int_equal(lock_release(meeting->lock), CERR_OK);
    while (meeting->nr_woken < 2)
        usleep(1000);
    assert_int_equal(lock_acquire(meeting->lock, -1), CERR_OK);
    assert_int_equal(meeting->nr_woken, 2);
    meeting->open = 2;
    condition_notify_all(meeting->condition);
    assert_int_equal(lock_release(meeting->lock), CERR_OK);
    for (size_t i = 0; i < NR_WAITERS; i++)
        assert_int_equal(family_end(waiters[i]), 0);
    close_meeting(meeting);
}

/* Whatever woke it is counted. */
static int wait_once(void *ctx)
{
    struct meeting *meeting = ctx;

    CHILD_CHECK(lock_acquire(meeting->lock, -1) == CERR_OK);
    meeting->nr_waiting++;
    CHILD_CHECK(condition_wait(meeting->condition, -1) == CERR_OK);
    meeting->nr_woken++;
    CHILD_CHECK(lock_release(meeting->lock) == CERR_OK);
    return 0;
}

static void notify_until(struct meeting *meeting, uint32_t nr,
                         uint32_t nr_woken)
{
    assert_int_equal(lock_acquire(meeting->lock, -1), CERR_OK);
    condition_notify(meeting->condition, nr);
    assert_int_equal(lock_release(meeting->lock), CERR_OK);
    while (meeting->nr_woken < nr_woken)
        usleep(1000);
    assert_int_equal(lock_acquire(meeting->lock, -1), CERR_OK);
    assert_int_equal(meeting->nr_woken, nr_woken);
    assert_int_equal(lock_release(meeting->lock), CERR_OK);
}

static void condition_l4_notify_wakes_no_more_than_it_says(void **state)
{
    struct meeting *meeting = open_meeting(LOCK_PLAIN);
    struct process *waiters[NR_WAITERS];

    (void)state;
    for (size_t i = 0; i < NR_WAITERS; i++)
        waiters[i] = family_start(wait_once, meeting);
    await_waiters(meeting, NR_WAITERS);
    assert_int_equal(lock_release(meeting->lock), CERR_OK);
    for (size_t i = 0; i < NR_WAITERS; i++)
        family_await_sleep(waiters[i]);
    notify_until(meeting, 1, 1);
    notify_until(meeting, 2, 3);
    notify_until(meeting, UINT32_MAX, NR_WAITERS);
    for (size_t i = 0; i < NR_WAITERS; i++)
        assert_int_equal(family_end(waiters[i]), 0);
    close_meeting(meeting);
}

static void condition_l4_wait_for_notices_without_a_notify(void **state)
{
    struct meeting *meeting = open_meeting(LOCK_PLAIN);
    struct process *child = family_start(wait_for_entry, meeting);

    (void)state;
    await_waiters(meeting, 1);
    meeting->open = 1;
    assert_int_equal(lock_release(meeting->lock), CERR_OK);
    assert_int_equal(family_end(child), 0);
    close_meeting(meeting);
}

static int notify_and_die_with_the_lock(void *ctx)
{
    struct meeting *meeting = ctx;

    CHILD_CHECK(lock_acquire(meeting->lock, -1) == CERR_OK);
    meeting->open = 1;
    condition_notify_all(meeting->condition);
    raise(SIGKILL);
    return 0;
}

static int wait_for_the_heir(void *ctx)
{
    struct meeting *meeting = ctx;

    CHILD_CHECK(lock_acquire(meeting->lock, -1) == CERR_OK);
    meeting->nr_waiting++;
    CHILD_CHECK(condition_wait(meeting->condition, -1) == CERR_OWNERDEAD);
    CHILD_CHECK(lock_release(meeting->lock) == CERR_OK);
    return 0;
}

static int wait_for_entry_of_the_heir(void *ctx)
{
    struct meeting *meeting = ctx;

    CHILD_CHECK(lock_acquire(meeting->lock, -1) == CERR_OK);
    meeting->nr_waiting++;
    CHILD_CHECK(condition_wait_for(meeting->condition, is_open, meeting, -1) ==
                CERR_OWNERDEAD);
    CHILD_CHECK(lock_release(meeting->lock) == CERR_OK);
    return 0;
}

static void condition_l4_waiter_hears_of_a_killed_holder(void **state)
{
    static const process_fn waits[] = {wait_for_the_heir,
                                       wait_for_entry_of_the_heir};

    (void)state;
    for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
        struct meeting *meeting = open_meeting(LOCK_PLAIN);
        struct process *child = family_start(waits[i], meeting);

        await_waiters(meeting, 1);
        assert_int_equal(lock_release(meeting->lock), CERR_OK);
        assert_int_equal(
            family_end(family_start(notify_and_die_with_the_lock, meeting)),
            -SIGKILL);
        assert_int_equal(family_end(child), 0);
        /* Said to the first only. */
        assert_int_equal(lock_acquire(meeting->lock, -1), CERR_OK);
        assert_int_equal(lock_release(meeting->lock), CERR_OK);
        close_meeting(meeting);
    }
}

static int wait_untimed(void *ctx)
{
    struct meeting *meeting = ctx;

    CHILD_CHECK(lock_acquire(meeting->lock, -1) == CERR_OK);
    CHILD_CHECK(lock_acquire(meeting->lock, -1) == CERR_OK);
    meeting->nr_waiting++;
    while (!meeting->open)
        CHILD_CHECK(condition_wait(meeting->condition, -1) == CERR_OK);
    /* Both levels are back. */
    CHILD_CHECK(lock_release(meeting->lock) == CERR_OK);
    CHILD_CHECK(lock_release(meeting->lock) == CERR_OK);
    CHILD_CHECK(lock_release(meeting->lock) == CERR_PERM);
    return 0;
}

static void condition_l4_wait_lets_go_of_all_levels(void **state)
{
    struct meeting *meeting = open_meeting(LOCK_RECURSIVE);
    struct process *child = family_start(wait_untimed, meeting);

    (void)state;
    await_waiters(meeting, 1);
    meeting->open = 1;
    condition_notify(meeting->condition, 1);
    assert_int_equal(lock_release(meeting->lock), CERR_OK);
    assert_int_equal(family_end(child), 0);
    close_meeting(meeting);
}

static void condition_l4_wait_times_out_with_the_lock(void **state)
{
    struct meeting *meeting = open_meeting(LOCK_PLAIN);
    int64_t start_ms = clock_mono_ms();

    (void)state;
    assert_int_equal(lock_acquire(meeting->lock, -1), CERR_OK);
    assert_int_equal(condition_wait(meeting->condition, 0), CERR_AGAIN);
    assert_int_equal(condition_wait(meeting->condition, BRIEF_MS),
                     CERR_TIMEOUT);
    assert_int_equal(
        condition_wait_for(meeting->condition, is_open, meeting, BRIEF_MS),
        CERR_TIMEOUT);
    assert_true(clock_mono_ms() - start_ms >= 2L * BRIEF_MS);
    assert_int_equal(
        condition_wait_for(meeting->condition, is_open, meeting, 0),
        CERR_AGAIN);
    meeting->open = 1;
    assert_int_equal(
        condition_wait_for(meeting->condition, is_open, meeting, 0), CERR_OK);
    assert_int_equal(lock_release(meeting->lock), CERR_OK);
    close_meeting(meeting);
}

static void condition_l4_wait_without_the_lock_is_refused(void **state)
{
    struct meeting *meeting = open_meeting(LOCK_PLAIN);
    struct condition *none;

    (void)state;
    assert_int_equal(condition_wait(meeting->condition, -1), CERR_PERM);
    assert_int_equal(
        condition_wait_for(meeting->condition, is_open, meeting, -1),
        CERR_PERM);
    assert_int_equal(condition_open(&none, NULL), CERR_INVALID);
    close_meeting(meeting);
}

static void condition_l4_d14_killed_waiters_block_nobody(void **state)
{
    struct meeting *meeting = open_meeting(LOCK_PLAIN);
    struct process *waiters[NR_WAITERS], *last;
    enum err err;

    (void)state;
    for (size_t i = 0; i < NR_WAITERS; i++)
        waiters[i] = family_start(wait_for_entry, meeting);
    await_waiters(meeting, NR_WAITERS);
    assert_int_equal(lock_release(meeting->lock), CERR_OK);
    for (size_t i = 0; i < NR_WAITERS; i++) {
        assert_int_equal(process_kill(waiters[i], SIGKILL), CERR_OK);
        assert_int_equal(family_end(waiters[i]), -SIGKILL);
    }
    /* One may have died while it looked, with the lock. */
    err = lock_acquire(meeting->lock, -1);
    assert_true(err == CERR_OK || err == CERR_OWNERDEAD);
    condition_notify_all(meeting->condition);
    assert_int_equal(lock_release(meeting->lock), CERR_OK);
    meeting->nr_waiting = 0;
    last = family_start(wait_for_entry, meeting);
    await_waiters(meeting, 1);
    meeting->open = 1;
    condition_notify(meeting->condition, 1);
    assert_int_equal(lock_release(meeting->lock), CERR_OK);
    assert_int_equal(family_end(last), 0);
    close_meeting(meeting);
}

/* ---- event (L5) ---- */

static int await_event(void *ctx)
{
    return (int)sync_event_wait(ctx, -1);
}

static void event_l5_is_set_cleared_and_awaited(void **state)
{
    struct sync_event *event;
    struct process *waiters[NR_WAITERS];

    (void)state;
    assert_int_equal(sync_event_open(&event), CERR_OK);
    assert_false(sync_event_is_set(event));
    assert_int_equal(sync_event_wait(event, 0), CERR_AGAIN);
    assert_int_equal(sync_event_wait(event, BRIEF_MS), CERR_TIMEOUT);
    for (size_t i = 0; i < NR_WAITERS; i++)
        waiters[i] = family_start(await_event, event);
    sync_event_set(event);
    sync_event_set(event);
    for (size_t i = 0; i < NR_WAITERS; i++)
        assert_int_equal(family_end(waiters[i]), CERR_OK);
    assert_true(sync_event_is_set(event));
    assert_int_equal(sync_event_wait(event, -1), CERR_OK);
    sync_event_clear(event);
    sync_event_clear(event);
    assert_false(sync_event_is_set(event));
    assert_int_equal(sync_event_wait(event, 0), CERR_AGAIN);
    sync_event_free(event);
    sync_event_free(NULL);
}

struct door {
    struct sync_event *event;
    _Atomic uint32_t nr_waiting;
};

static int await_door(void *ctx)
{
    struct door *door = ctx;

    door->nr_waiting++;
    return (int)sync_event_wait(door->event, -1);
}

static struct door *open_door(struct process *waiters[NR_WAITERS])
{
    struct door *door = sync_region_map(sizeof(*door));

    assert_non_null(door);
    assert_int_equal(sync_event_open(&door->event), CERR_OK);
    for (size_t i = 0; i < NR_WAITERS; i++)
        waiters[i] = family_start(await_door, door);
    while (door->nr_waiting < NR_WAITERS)
        usleep(1000);
    for (size_t i = 0; i < NR_WAITERS; i++)
        family_await_sleep(waiters[i]);
    return door;
}

static void close_door(struct door *door)
{
    sync_event_free(door->event);
    sync_region_unmap(door, sizeof(*door));
}

static void event_l5_pulse_wakes_all_who_wait(void **state)
{
    struct process *waiters[NR_WAITERS];
    struct door *door = open_door(waiters);

    (void)state;
    sync_event_set(door->event);
    sync_event_clear(door->event);
    for (size_t i = 0; i < NR_WAITERS; i++)
        assert_int_equal(family_end(waiters[i]), CERR_OK);
    assert_int_equal(sync_event_wait(door->event, 0), CERR_AGAIN);
    close_door(door);
}

static void event_l5_d14_killed_waiters_block_nobody(void **state)
{
    struct process *waiters[NR_WAITERS];
    struct door *door = open_door(waiters);

    (void)state;
    for (size_t i = 1; i < NR_WAITERS; i++) {
        assert_int_equal(process_kill(waiters[i], SIGKILL), CERR_OK);
        assert_int_equal(family_end(waiters[i]), -SIGKILL);
    }
    sync_event_set(door->event);
    assert_int_equal(family_end(waiters[0]), CERR_OK);
    assert_int_equal(sync_event_wait(door->event, -1), CERR_OK);
    close_door(door);
}

static struct sync_event *alarm_event;

static void set_on_signal(int signal_nr)
{
    (void)signal_nr;
    sync_event_set(alarm_event);
    sync_event_clear(alarm_event);
}

static void event_l5_pulse_from_a_signal_handler_wakes(void **state)
{
    struct sigaction action = {.sa_handler = set_on_signal}, old;

    (void)state;
    assert_int_equal(sync_event_open(&alarm_event), CERR_OK);
    assert_int_equal(sigaction(SIGALRM, &action, &old), 0);
    ualarm(2000, 2000); /* again and again, one comes after the wait began */
    assert_int_equal(sync_event_wait(alarm_event, FAMILY_END_MS), CERR_OK);
    ualarm(0, 0);
    assert_int_equal(sigaction(SIGALRM, &old, NULL), 0);
    sync_event_free(alarm_event);
}

/* ---- between threads, where ThreadSanitizer can see it ---- */

#define NR_THREADS ((size_t)4)
#define NR_EACH    2000
#define NR_PLACES  3

struct table {
    struct lock *lock;
    struct condition *condition;
    struct sync_event *start;
    uint32_t nr_laid, nr_taken; /* under the lock */
};

static bool has_room(void *ctx)
{
    struct table *table = ctx;

    return table->nr_laid - table->nr_taken < NR_PLACES;
}

static bool has_some(void *ctx)
{
    struct table *table = ctx;

    return table->nr_laid > table->nr_taken;
}

/* Waits for `ready`, counts, and tells the others. */
static void *take_turns(struct table *table, bool (*ready)(void *ctx),
                        uint32_t *counter)
{
    uintptr_t nr_failed = sync_event_wait(table->start, -1) != CERR_OK;

    for (int i = 0; i < NR_EACH; i++) {
        nr_failed += lock_acquire(table->lock, -1) != CERR_OK;
        nr_failed +=
            condition_wait_for(table->condition, ready, table, -1) != CERR_OK;
        ++*counter;
        condition_notify_all(table->condition);
        nr_failed += lock_release(table->lock) != CERR_OK;
    }
    return (void *)nr_failed;
}

static void *lay(void *ctx)
{
    struct table *table = ctx;

    return take_turns(table, has_room, &table->nr_laid);
}

static void *take(void *ctx)
{
    struct table *table = ctx;

    return take_turns(table, has_some, &table->nr_taken);
}

static void condition_and_event_serve_threads_too(void **state)
{
    struct table table = {0};
    pthread_t threads[NR_THREADS];

    (void)state;
    assert_int_equal(lock_open(&table.lock, LOCK_PLAIN), CERR_OK);
    assert_int_equal(condition_open(&table.condition, table.lock), CERR_OK);
    assert_int_equal(sync_event_open(&table.start), CERR_OK);
    for (size_t i = 0; i < NR_THREADS; i++)
        assert_int_equal(
            pthread_create(&threads[i], NULL, i % 2 ? take : lay, &table), 0);
    sync_event_set(table.start);
    for (size_t i = 0; i < NR_THREADS; i++) {
        void *nr_failed;

        assert_int_equal(pthread_join(threads[i], &nr_failed), 0);
        assert_null(nr_failed);
    }
    assert_int_equal(table.nr_laid, NR_THREADS / 2 * NR_EACH);
    assert_int_equal(table.nr_taken, table.nr_laid);
    condition_free(table.condition);
    sync_event_free(table.start);
    lock_free(table.lock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            condition_l4_notify_and_notify_all_let_waiters_through),
        cmocka_unit_test(condition_l4_notify_wakes_no_more_than_it_says),
        cmocka_unit_test(condition_l4_wait_for_notices_without_a_notify),
        cmocka_unit_test(condition_l4_waiter_hears_of_a_killed_holder),
        cmocka_unit_test(condition_l4_wait_lets_go_of_all_levels),
        cmocka_unit_test(condition_l4_wait_times_out_with_the_lock),
        cmocka_unit_test(condition_l4_wait_without_the_lock_is_refused),
        cmocka_unit_test(condition_l4_d14_killed_waiters_block_nobody),
        cmocka_unit_test(event_l5_is_set_cleared_and_awaited),
        cmocka_unit_test(event_l5_pulse_wakes_all_who_wait),
        cmocka_unit_test(event_l5_d14_killed_waiters_block_nobody),
        cmocka_unit_test(event_l5_pulse_from_a_signal_handler_wakes),
        cmocka_unit_test(condition_and_event_serve_threads_too),
    };

    family_skip_tests();
    return cmocka_run_group_tests_name("condition", tests, NULL, NULL);
}
