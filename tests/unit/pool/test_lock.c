/* The guarantees L1 to L5 of lock.h. */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "pool/lock.h"
#include "pool/sync_region.h"
#include "tests/unit/pool/family.h"
#include "tests/unit/pool/stepper.h"

#define BRIEF_MS 30

static struct lock *open_lock(enum lock_kind kind)
{
    struct lock *lock = NULL;

    assert_int_equal(lock_open(&lock, kind), ERR_OK);
    return lock;
}

static int acquire_and_leave(void *ctx)
{
    return (int)lock_acquire(ctx, -1);
}

static int release_it(void *ctx)
{
    return (int)lock_release(ctx);
}

static int poll_it(void *ctx)
{
    return (int)lock_acquire(ctx, 0);
}

static int await_briefly(void *ctx)
{
    int64_t start_ms = clock_mono_ms();

    CHILD_CHECK(lock_acquire(ctx, BRIEF_MS) == ERR_TIMEOUT);
    CHILD_CHECK(clock_mono_ms() - start_ms >= BRIEF_MS);
    return 0;
}

static int run_child(process_fn run, void *ctx)
{
    return family_end(family_start(run, ctx));
}

/* ---- L1, L2 ---- */

static void lock_l1_excludes_and_times_out(void **state)
{
    struct lock *lock = open_lock(LOCK_PLAIN);

    (void)state;
    assert_int_equal(lock_acquire(lock, -1), ERR_OK);
    assert_int_equal(run_child(poll_it, lock), ERR_AGAIN);
    assert_int_equal(run_child(await_briefly, lock), 0);
    assert_int_equal(lock_acquire(lock, -1), ERR_STATE);
    assert_int_equal(lock_release(lock), ERR_OK);
    assert_int_equal(lock_acquire(lock, 0), ERR_OK);
    assert_int_equal(lock_release(lock), ERR_OK);
    lock_free(lock);
}

static void lock_l1_only_the_holder_releases(void **state)
{
    struct lock *lock = open_lock(LOCK_PLAIN);

    (void)state;
    assert_int_equal(lock_release(lock), ERR_PERM);
    assert_int_equal(lock_acquire(lock, -1), ERR_OK);
    assert_int_equal(run_child(release_it, lock), ERR_PERM);
    assert_int_equal(run_child(poll_it, lock), ERR_AGAIN);
    assert_int_equal(lock_release(lock), ERR_OK);
    assert_int_equal(lock_release(lock), ERR_PERM);
    lock_free(lock);
}

static void lock_l1_of_a_dead_holder_goes_to_the_next(void **state)
{
    struct lock *lock = open_lock(LOCK_PLAIN);

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(run_child(acquire_and_leave, lock), ERR_OK);
        assert_int_equal(lock_release(lock), ERR_PERM);
        assert_int_equal(lock_acquire(lock, -1), ERR_OWNERDEAD);
        assert_int_equal(lock_release(lock), ERR_OK);
        /* Said once. */
        assert_int_equal(lock_acquire(lock, BRIEF_MS), ERR_OK);
        assert_int_equal(lock_release(lock), ERR_OK);
    }
    lock_free(lock);
}

static void lock_l1_refuses_a_kind_that_is_none(void **state)
{
    struct lock *lock;

    (void)state;
    assert_int_equal(lock_open(&lock, (enum lock_kind)7), ERR_INVALID);
    lock_free(NULL);
}

static int acquire_twice_and_die(void *ctx)
{
    CHILD_CHECK(lock_acquire(ctx, -1) == ERR_OK);
    CHILD_CHECK(lock_acquire(ctx, 0) == ERR_OK);
    raise(SIGKILL);
    return 0;
}

static void lock_l2_recursive_counts_its_levels(void **state)
{
    struct lock *lock = open_lock(LOCK_RECURSIVE);

    (void)state;
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(lock_acquire(lock, BRIEF_MS), ERR_OK);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(run_child(poll_it, lock), ERR_AGAIN);
        assert_int_equal(lock_release(lock), ERR_OK);
    }
    assert_int_equal(lock_release(lock), ERR_PERM);
    assert_int_equal(run_child(acquire_twice_and_die, lock), -SIGKILL);
    assert_int_equal(lock_acquire(lock, -1), ERR_OWNERDEAD);
    assert_int_equal(lock_release(lock), ERR_OK);
    assert_int_equal(lock_release(lock), ERR_PERM);
    lock_free(lock);
}

static void await_sleep(pid_t pid)
{
    char name[50], state = 'R';

    snprintf(name, sizeof(name), "/proc/%d/stat", (int)pid);
    while (state != 'S') {
        FILE *file = fopen(name, "r");

        assert_non_null(file);
        assert_int_equal(fscanf(file, "%*d (%*[^)]) %c", &state), 1);
        fclose(file);
    }
}

/* A holder that has stopped right before it releases. */
static pid_t start_holder(struct lock *lock)
{
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0 ||
            lock_acquire(lock, -1) != ERR_OK)
            _exit(EXIT_FAILURE);
        raise(SIGSTOP);
        (void)!lock_release(lock);
        raise(SIGSTOP);
        _exit(EXIT_SUCCESS);
    }
    return pid;
}

static int acquire_and_release(void *ctx)
{
    enum err err = lock_acquire(ctx, -1);

    CHILD_CHECK(err == ERR_OK || err == ERR_OWNERDEAD);
    CHILD_CHECK(lock_release(ctx) == ERR_OK);
    return 0;
}

/*
 * A sleeps for the lock, B releases it, we take it before A is awake, B is
 * killed, we release. B's wake may be lost and we know nothing of A.
 */
static void lock_l1_sleeper_is_not_forgotten_by_a_killed_releaser(void **state)
{
    struct lock *lock = open_lock(LOCK_PLAIN);
    bool ours = false;

    (void)state;
    /* The first instruction after which it is free is the one. */
    for (int k = 1; !ours; k++) {
        pid_t holder = start_holder(lock);
        struct process *sleeper;

        if (!WIFSTOPPED(stepper_wait(holder)))
            skip(); /* no ptrace here */
        sleeper = family_start(acquire_and_release, lock);
        await_sleep(process_pid(sleeper));
        for (int i = 0; i < k; i++) {
            assert_int_equal(ptrace(PTRACE_SINGLESTEP, holder, NULL, NULL), 0);
            assert_int_equal(WSTOPSIG(stepper_wait(holder)), SIGTRAP);
        }
        ours = lock_acquire(lock, 0) == ERR_OK;
        kill(holder, SIGKILL);
        stepper_wait(holder);
        if (ours)
            assert_int_equal(lock_release(lock), ERR_OK);
        assert_int_equal(family_end(sleeper), 0);
    }
    lock_free(lock);
}

/* ---- L3 ---- */

static int take_unit(void *ctx)
{
    return (int)semaphore_acquire(ctx, 0);
}

static int await_unit(void *ctx)
{
    return (int)semaphore_acquire(ctx, -1);
}

static int give_unit(void *ctx)
{
    return (int)semaphore_release(ctx);
}

static void lock_l3_semaphore_counts(void **state)
{
    struct semaphore *semaphore;

    (void)state;
    assert_int_equal(semaphore_open(&semaphore, 2, false), ERR_OK);
    assert_int_equal(semaphore_acquire(semaphore, -1), ERR_OK);
    assert_int_equal(semaphore_acquire(semaphore, 0), ERR_OK);
    assert_int_equal(semaphore_value(semaphore), 0);
    assert_int_equal(semaphore_acquire(semaphore, 0), ERR_AGAIN);
    assert_int_equal(semaphore_acquire(semaphore, BRIEF_MS), ERR_TIMEOUT);
    for (uint32_t i = 1; i <= 4; i++) {
        /* It may pass its start value. */
        assert_int_equal(semaphore_release(semaphore), ERR_OK);
        assert_int_equal(semaphore_value(semaphore), i);
    }
    semaphore_free(semaphore);
    assert_int_equal(semaphore_open(&semaphore, SEMAPHORE_UNITS_MAX, false),
                     ERR_OK);
    assert_int_equal(semaphore_release(semaphore), ERR_INVALID);
    semaphore_free(semaphore);
    semaphore_free(NULL);
}

static void lock_l3_bounded_semaphore_refuses_a_release_too_many(void **state)
{
    struct semaphore *semaphore;

    (void)state;
    assert_int_equal(semaphore_open(&semaphore, 1, true), ERR_OK);
    assert_int_equal(semaphore_release(semaphore), ERR_INVALID);
    assert_int_equal(semaphore_acquire(semaphore, 0), ERR_OK);
    assert_int_equal(run_child(give_unit, semaphore), ERR_INVALID);
    assert_int_equal(semaphore_release(semaphore), ERR_OK);
    assert_int_equal(semaphore_release(semaphore), ERR_INVALID);
    assert_int_equal(semaphore_value(semaphore), 1);
    semaphore_free(semaphore);
}

static void lock_l3_release_wakes_one_who_waits(void **state)
{
    struct semaphore *semaphore;
    struct process *child;

    (void)state;
    assert_int_equal(semaphore_open(&semaphore, 1, true), ERR_OK);
    for (size_t i = 0; i < 20; i++) {
        assert_int_equal(semaphore_acquire(semaphore, -1), ERR_OK);
        child = family_start(await_unit, semaphore);
        assert_int_equal(semaphore_release(semaphore), ERR_OK);
        assert_int_equal(family_end(child), ERR_OK);
    }
    semaphore_free(semaphore);
}

static void lock_l3_units_of_the_dead_come_back(void **state)
{
    struct semaphore *semaphore;

    (void)state;
    assert_int_equal(semaphore_open(&semaphore, 2, true), ERR_OK);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(run_child(take_unit, semaphore), ERR_OK);
    assert_int_equal(semaphore_value(semaphore), 2);
    assert_int_equal(semaphore_acquire(semaphore, 0), ERR_OK);
    assert_int_equal(run_child(await_unit, semaphore), ERR_OK);
    assert_int_equal(semaphore_acquire(semaphore, -1), ERR_OK);
    assert_int_equal(semaphore_acquire(semaphore, 0), ERR_AGAIN);
    semaphore_free(semaphore);
}

struct scene {
    struct semaphore *semaphore;
};

static void open_scene(void *ctx)
{
    struct scene *scene = ctx;

    assert_int_equal(semaphore_open(&scene->semaphore, 2, true), ERR_OK);
}

static void act_take_and_give(void *ctx)
{
    struct scene *scene = ctx;

    (void)!semaphore_acquire(scene->semaphore, 0);
    (void)!semaphore_release(scene->semaphore);
}

static void verify_units(void *ctx, bool done)
{
    struct scene *scene = ctx;

    (void)done;
    assert_int_equal(semaphore_value(scene->semaphore), 2);
    semaphore_free(scene->semaphore);
}

static void lock_l3_semaphore_survives_a_kill_at_every_instruction(void **state)
{
    struct scene scene;
    struct stepper stepper = {open_scene, act_take_and_give, verify_units,
                              &scene};

    (void)state;
    stepper_kill_everywhere(&stepper);
}

/* ---- L4 ---- */

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
    meeting->lock = open_lock(kind);
    assert_int_equal(condition_open(&meeting->condition, meeting->lock),
                     ERR_OK);
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

    CHILD_CHECK(lock_acquire(meeting->lock, -1) == ERR_OK);
    meeting->nr_waiting++;
    CHILD_CHECK(condition_wait_for(meeting->condition, is_open, meeting, -1) ==
                ERR_OK);
    meeting->open--;
    meeting->nr_woken++;
    CHILD_CHECK(lock_release(meeting->lock) == ERR_OK);
    return 0;
}

static void await_waiters(struct meeting *meeting, uint32_t nr)
{
    /* With the lock in hand, those counted are inside the wait. */
    assert_int_equal(lock_acquire(meeting->lock, -1), ERR_OK);
    while (meeting->nr_waiting < nr) {
        assert_int_equal(lock_release(meeting->lock), ERR_OK);
        usleep(1000);
        assert_int_equal(lock_acquire(meeting->lock, -1), ERR_OK);
    }
}

static void lock_l4_notify_and_notify_all_let_waiters_through(void **state)
{
    struct meeting *meeting = open_meeting(LOCK_PLAIN);
    struct process *waiters[NR_WAITERS];

    (void)state;
    for (size_t i = 0; i < NR_WAITERS; i++)
        waiters[i] = family_start(wait_for_entry, meeting);
    await_waiters(meeting, NR_WAITERS);
    meeting->open = 2;
    condition_notify(meeting->condition, 2);
    assert_int_equal(lock_release(meeting->lock), ERR_OK);
    while (meeting->nr_woken < 2)
        usleep(1000);
    assert_int_equal(lock_acquire(meeting->lock, -1), ERR_OK);
    assert_int_equal(meeting->nr_woken, 2);
    meeting->open = 2;
    condition_notify_all(meeting->condition);
    assert_int_equal(lock_release(meeting->lock), ERR_OK);
    for (size_t i = 0; i < NR_WAITERS; i++)
        assert_int_equal(family_end(waiters[i]), 0);
    close_meeting(meeting);
}

static int wait_untimed(void *ctx)
{
    struct meeting *meeting = ctx;

    CHILD_CHECK(lock_acquire(meeting->lock, -1) == ERR_OK);
    CHILD_CHECK(lock_acquire(meeting->lock, -1) == ERR_OK);
    meeting->nr_waiting++;
    while (!meeting->open)
        CHILD_CHECK(condition_wait(meeting->condition, -1) == ERR_OK);
    /* Both levels are back. */
    CHILD_CHECK(lock_release(meeting->lock) == ERR_OK);
    CHILD_CHECK(lock_release(meeting->lock) == ERR_OK);
    CHILD_CHECK(lock_release(meeting->lock) == ERR_PERM);
    return 0;
}

static void lock_l4_wait_lets_go_of_all_levels(void **state)
{
    struct meeting *meeting = open_meeting(LOCK_RECURSIVE);
    struct process *child = family_start(wait_untimed, meeting);

    (void)state;
    await_waiters(meeting, 1);
    meeting->open = 1;
    condition_notify(meeting->condition, 1);
    assert_int_equal(lock_release(meeting->lock), ERR_OK);
    assert_int_equal(family_end(child), 0);
    close_meeting(meeting);
}

static void lock_l4_wait_times_out_with_the_lock(void **state)
{
    struct meeting *meeting = open_meeting(LOCK_PLAIN);
    int64_t start_ms = clock_mono_ms();

    (void)state;
    assert_int_equal(lock_acquire(meeting->lock, -1), ERR_OK);
    assert_int_equal(condition_wait(meeting->condition, 0), ERR_AGAIN);
    assert_int_equal(condition_wait(meeting->condition, BRIEF_MS), ERR_TIMEOUT);
    assert_int_equal(
        condition_wait_for(meeting->condition, is_open, meeting, BRIEF_MS),
        ERR_TIMEOUT);
    assert_true(clock_mono_ms() - start_ms >= 2L * BRIEF_MS);
    assert_int_equal(
        condition_wait_for(meeting->condition, is_open, meeting, 0), ERR_AGAIN);
    meeting->open = 1;
    assert_int_equal(
        condition_wait_for(meeting->condition, is_open, meeting, 0), ERR_OK);
    assert_int_equal(lock_release(meeting->lock), ERR_OK);
    close_meeting(meeting);
}

static void lock_l4_wait_without_the_lock_is_refused(void **state)
{
    struct meeting *meeting = open_meeting(LOCK_PLAIN);
    struct condition *none;

    (void)state;
    assert_int_equal(condition_wait(meeting->condition, -1), ERR_PERM);
    assert_int_equal(
        condition_wait_for(meeting->condition, is_open, meeting, -1), ERR_PERM);
    assert_int_equal(condition_open(&none, NULL), ERR_INVALID);
    close_meeting(meeting);
}

static void lock_l4_d14_killed_waiters_block_nobody(void **state)
{
    struct meeting *meeting = open_meeting(LOCK_PLAIN);
    struct process *waiters[NR_WAITERS], *last;
    enum err err;

    (void)state;
    for (size_t i = 0; i < NR_WAITERS; i++)
        waiters[i] = family_start(wait_for_entry, meeting);
    await_waiters(meeting, NR_WAITERS);
    assert_int_equal(lock_release(meeting->lock), ERR_OK);
    for (size_t i = 0; i < NR_WAITERS; i++) {
        assert_int_equal(process_kill(waiters[i], SIGKILL), ERR_OK);
        assert_int_equal(family_end(waiters[i]), -SIGKILL);
    }
    /* One may have died while it looked, with the lock. */
    err = lock_acquire(meeting->lock, -1);
    assert_true(err == ERR_OK || err == ERR_OWNERDEAD);
    condition_notify_all(meeting->condition);
    assert_int_equal(lock_release(meeting->lock), ERR_OK);
    meeting->nr_waiting = 0;
    last = family_start(wait_for_entry, meeting);
    await_waiters(meeting, 1);
    meeting->open = 1;
    condition_notify(meeting->condition, 1);
    assert_int_equal(lock_release(meeting->lock), ERR_OK);
    assert_int_equal(family_end(last), 0);
    close_meeting(meeting);
}

/* ---- L5 ---- */

static int await_event(void *ctx)
{
    return (int)event_wait(ctx, -1);
}

static void lock_l5_event_is_set_cleared_and_awaited(void **state)
{
    struct event *event;
    struct process *waiters[NR_WAITERS];

    (void)state;
    assert_int_equal(event_open(&event), ERR_OK);
    assert_false(event_is_set(event));
    assert_int_equal(event_wait(event, 0), ERR_AGAIN);
    assert_int_equal(event_wait(event, BRIEF_MS), ERR_TIMEOUT);
    for (size_t i = 0; i < NR_WAITERS; i++)
        waiters[i] = family_start(await_event, event);
    event_set(event);
    event_set(event);
    for (size_t i = 0; i < NR_WAITERS; i++)
        assert_int_equal(family_end(waiters[i]), ERR_OK);
    assert_true(event_is_set(event));
    assert_int_equal(event_wait(event, -1), ERR_OK);
    event_clear(event);
    event_clear(event);
    assert_false(event_is_set(event));
    assert_int_equal(event_wait(event, 0), ERR_AGAIN);
    event_free(event);
    event_free(NULL);
}

static struct event *alarm_event;

static void set_on_signal(int signal_nr)
{
    (void)signal_nr;
    event_set(alarm_event);
    event_clear(alarm_event);
}

static void lock_l5_pulse_from_a_signal_handler_wakes(void **state)
{
    struct sigaction action = {.sa_handler = set_on_signal}, old;

    (void)state;
    assert_int_equal(event_open(&alarm_event), ERR_OK);
    assert_int_equal(sigaction(SIGALRM, &action, &old), 0);
    ualarm(2000, 2000); /* again and again, one comes after the wait began */
    assert_int_equal(event_wait(alarm_event, FAMILY_END_MS), ERR_OK);
    ualarm(0, 0);
    assert_int_equal(sigaction(SIGALRM, &old, NULL), 0);
    event_free(alarm_event);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lock_l1_excludes_and_times_out),
        cmocka_unit_test(lock_l1_only_the_holder_releases),
        cmocka_unit_test(lock_l1_of_a_dead_holder_goes_to_the_next),
        cmocka_unit_test(lock_l1_refuses_a_kind_that_is_none),
        cmocka_unit_test(lock_l1_sleeper_is_not_forgotten_by_a_killed_releaser),
        cmocka_unit_test(lock_l2_recursive_counts_its_levels),
        cmocka_unit_test(lock_l3_semaphore_counts),
        cmocka_unit_test(lock_l3_bounded_semaphore_refuses_a_release_too_many),
        cmocka_unit_test(lock_l3_release_wakes_one_who_waits),
        cmocka_unit_test(lock_l3_units_of_the_dead_come_back),
        cmocka_unit_test(
            lock_l3_semaphore_survives_a_kill_at_every_instruction),
        cmocka_unit_test(lock_l4_notify_and_notify_all_let_waiters_through),
        cmocka_unit_test(lock_l4_wait_lets_go_of_all_levels),
        cmocka_unit_test(lock_l4_wait_times_out_with_the_lock),
        cmocka_unit_test(lock_l4_wait_without_the_lock_is_refused),
        cmocka_unit_test(lock_l4_d14_killed_waiters_block_nobody),
        cmocka_unit_test(lock_l5_event_is_set_cleared_and_awaited),
        cmocka_unit_test(lock_l5_pulse_from_a_signal_handler_wakes),
    };

    return cmocka_run_group_tests_name("lock", tests, NULL, NULL);
}
