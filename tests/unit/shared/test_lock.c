/* The guarantees L1 to L3 of lock.h: locks and semaphores. */
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "pool/shared/lock.h"
#include "pool/shared/queue_internal.h"
#include "pool/shared/sync_member.h"
#include "tests/unit/shared/family.h"
#include "tests/unit/shared/stepper.h"

#define BRIEF_MS 30

static struct lock *open_lock(enum lock_kind kind)
{
    struct lock *lock = NULL;

    assert_int_equal(lock_open(&lock, kind), CERR_OK);
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

    CHILD_CHECK(lock_acquire(ctx, BRIEF_MS) == CERR_TIMEOUT);
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
    assert_int_equal(lock_acquire(lock, -1), CERR_OK);
    assert_int_equal(run_child(poll_it, lock), CERR_AGAIN);
    assert_int_equal(run_child(await_briefly, lock), 0);
    assert_int_equal(lock_acquire(lock, -1), CERR_STATE);
    assert_int_equal(lock_release(lock), CERR_OK);
    assert_int_equal(lock_acquire(lock, 0), CERR_OK);
    assert_int_equal(lock_release(lock), CERR_OK);
    lock_free(lock);
}

static void lock_l1_only_the_holder_releases(void **state)
{
    struct lock *lock = open_lock(LOCK_PLAIN);

    (void)state;
    assert_int_equal(lock_release(lock), CERR_PERM);
    assert_int_equal(lock_acquire(lock, -1), CERR_OK);
    assert_int_equal(run_child(release_it, lock), CERR_PERM);
    assert_int_equal(run_child(poll_it, lock), CERR_AGAIN);
    assert_int_equal(lock_release(lock), CERR_OK);
    assert_int_equal(lock_release(lock), CERR_PERM);
    lock_free(lock);
}

static void lock_l1_of_a_dead_holder_goes_to_the_next(void **state)
{
    struct lock *lock = open_lock(LOCK_PLAIN);

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(run_child(acquire_and_leave, lock), CERR_OK);
        assert_int_equal(lock_release(lock), CERR_PERM);
        assert_int_equal(lock_acquire(lock, -1), CERR_OWNERDEAD);
        assert_int_equal(lock_release(lock), CERR_OK);
        /* Said once. */
        assert_int_equal(lock_acquire(lock, BRIEF_MS), CERR_OK);
        assert_int_equal(lock_release(lock), CERR_OK);
    }
    lock_free(lock);
}

static void lock_l1_refuses_a_kind_that_is_none(void **state)
{
    struct lock *lock;

    (void)state;
    assert_int_equal(lock_open(&lock, (enum lock_kind)7), CERR_INVALID);
    lock_free(NULL);
}

static int acquire_twice_and_die(void *ctx)
{
    CHILD_CHECK(lock_acquire(ctx, -1) == CERR_OK);
    CHILD_CHECK(lock_acquire(ctx, 0) == CERR_OK);
    raise(SIGKILL);
    return 0;
}

static void lock_l2_recursive_counts_its_levels(void **state)
{
    struct lock *lock = open_lock(LOCK_RECURSIVE);

    (void)state;
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(lock_acquire(lock, BRIEF_MS), CERR_OK);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(run_child(poll_it, lock), CERR_AGAIN);
        assert_int_equal(lock_release(lock), CERR_OK);
    }
    assert_int_equal(lock_release(lock), CERR_PERM);
    assert_int_equal(run_child(acquire_twice_and_die, lock), -SIGKILL);
    assert_int_equal(lock_acquire(lock, -1), CERR_OWNERDEAD);
    assert_int_equal(lock_release(lock), CERR_OK);
    assert_int_equal(lock_release(lock), CERR_PERM);
    lock_free(lock);
}

/* A holder that has stopped right before it releases. */
static pid_t start_holder(struct lock *lock)
{
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0 ||
            lock_acquire(lock, -1) != CERR_OK)
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

    CHILD_CHECK(err == CERR_OK || err == CERR_OWNERDEAD);
    CHILD_CHECK(lock_release(ctx) == CERR_OK);
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
        family_await_sleep(sleeper);
        for (int i = 0; i < k; i++) {
            assert_int_equal(ptrace(PTRACE_SINGLESTEP, holder, NULL, NULL), 0);
            assert_int_equal(WSTOPSIG(stepper_wait(holder)), SIGTRAP);
        }
        ours = lock_acquire(lock, 0) == CERR_OK;
        kill(holder, SIGKILL);
        stepper_wait(holder);
        if (ours)
            assert_int_equal(lock_release(lock), CERR_OK);
        assert_int_equal(family_end(sleeper), 0);
    }
    lock_free(lock);
}

static void *poll_and_release(void *ctx)
{
    enum err polled = lock_acquire(ctx, 0), released = lock_release(ctx);

    return polled == CERR_AGAIN && released == CERR_PERM ? NULL : ctx;
}

static void *acquire_and_end(void *ctx)
{
    return lock_acquire(ctx, -1) == CERR_OK ? NULL : ctx;
}

/* What it returns: NULL if all was as it should be. */
static void *run_thread(void *(*run)(void *ctx), void *ctx)
{
    pthread_t thread;
    void *result = ctx;

    assert_int_equal(pthread_create(&thread, NULL, run, ctx), 0);
    assert_int_equal(pthread_join(thread, &result), 0);
    return result;
}

static void lock_l1_holder_is_a_thread_not_its_process(void **state)
{
    struct lock *lock = open_lock(LOCK_PLAIN);

    (void)state;
    assert_int_equal(lock_acquire(lock, -1), CERR_OK);
    assert_null(run_thread(poll_and_release, lock));
    assert_int_equal(lock_release(lock), CERR_OK);
    assert_null(run_thread(acquire_and_end, lock));
    assert_int_equal(lock_release(lock), CERR_PERM);
    assert_int_equal(lock_acquire(lock, 0), CERR_OWNERDEAD);
    assert_int_equal(lock_release(lock), CERR_OK);
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
    assert_int_equal(semaphore_open(&semaphore, 2, false), CERR_OK);
    assert_int_equal(semaphore_acquire(semaphore, -1), CERR_OK);
    assert_int_equal(semaphore_acquire(semaphore, 0), CERR_OK);
    assert_int_equal(semaphore_value(semaphore), 0);
    assert_int_equal(semaphore_acquire(semaphore, 0), CERR_AGAIN);
    assert_int_equal(semaphore_acquire(semaphore, BRIEF_MS), CERR_TIMEOUT);
    for (uint32_t i = 1; i <= 4; i++) {
        /* It may pass its start value. */
        assert_int_equal(semaphore_release(semaphore), CERR_OK);
        assert_int_equal(semaphore_value(semaphore), i);
    }
    semaphore_free(semaphore);
    assert_int_equal(semaphore_open(&semaphore, SEMAPHORE_UNITS_MAX, false),
                     CERR_OK);
    assert_int_equal(semaphore_release(semaphore), CERR_INVALID);
    semaphore_free(semaphore);
    semaphore_free(NULL);
}

static void lock_l3_bounded_semaphore_refuses_a_release_too_many(void **state)
{
    struct semaphore *semaphore;

    (void)state;
    assert_int_equal(semaphore_open(&semaphore, 1, true), CERR_OK);
    assert_int_equal(semaphore_release(semaphore), CERR_INVALID);
    assert_int_equal(semaphore_acquire(semaphore, 0), CERR_OK);
    assert_int_equal(run_child(give_unit, semaphore), CERR_INVALID);
    assert_int_equal(semaphore_release(semaphore), CERR_OK);
    assert_int_equal(semaphore_release(semaphore), CERR_INVALID);
    assert_int_equal(semaphore_value(semaphore), 1);
    semaphore_free(semaphore);
}

static void lock_l3_release_wakes_one_who_waits(void **state)
{
    struct semaphore *semaphore;
    struct process *child;

    (void)state;
    assert_int_equal(semaphore_open(&semaphore, 1, true), CERR_OK);
    for (size_t i = 0; i < 20; i++) {
        assert_int_equal(semaphore_acquire(semaphore, -1), CERR_OK);
        child = family_start(await_unit, semaphore);
        assert_int_equal(semaphore_release(semaphore), CERR_OK);
        assert_int_equal(family_end(child), CERR_OK);
    }
    semaphore_free(semaphore);
}

static void lock_l3_units_of_the_dead_come_back(void **state)
{
    struct semaphore *semaphore;

    (void)state;
    assert_int_equal(semaphore_open(&semaphore, 2, true), CERR_OK);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(run_child(take_unit, semaphore), CERR_OK);
    assert_int_equal(semaphore_value(semaphore), 2);
    assert_int_equal(semaphore_acquire(semaphore, 0), CERR_OK);
    assert_int_equal(run_child(await_unit, semaphore), CERR_OK);
    assert_int_equal(semaphore_acquire(semaphore, -1), CERR_OK);
    assert_int_equal(semaphore_acquire(semaphore, 0), CERR_AGAIN);
    semaphore_free(semaphore);
}

static void *take_and_end(void *ctx)
{
    return semaphore_acquire(ctx, 0) == CERR_OK ? NULL : ctx;
}

static void lock_l3_units_of_an_ended_thread_come_back(void **state)
{
    struct semaphore *semaphore;

    (void)state;
    assert_int_equal(semaphore_open(&semaphore, 1, true), CERR_OK);
    for (size_t i = 0; i < 3; i++)
        assert_null(run_thread(take_and_end, semaphore));
    assert_int_equal(semaphore_release(semaphore), CERR_INVALID);
    assert_int_equal(semaphore_value(semaphore), 1);
    semaphore_free(semaphore);
}

#define CROWD_STACK_BYTES ((size_t)64 << 10)

struct crowd {
    struct semaphore *semaphore;
    pthread_mutex_t gate; /* ours until they may go */
    struct queue *queue;  /* plain: for it nobody needs a place */
    _Atomic uint32_t nr_taken, nr_refused, nr_passed;
};

/* Long enough to be lent where the taker has a place. */
static bool passes_an_item(struct queue *queue)
{
    char data[QUEUE_APART_BYTES + 1] = {0};

    return queue_put(queue, data, sizeof(data), -1) == CERR_OK &&
           queue_get(queue, data, sizeof(data), NULL, -1) == CERR_OK;
}

static void *take_and_stay(void *ctx)
{
    struct crowd *crowd = ctx;
    enum err err = semaphore_acquire(crowd->semaphore, 0);

    if (err == CERR_OK) {
        crowd->nr_taken++;
    } else if (err == CERR_LIMIT) {
        crowd->nr_passed += passes_an_item(crowd->queue);
        crowd->nr_refused++;
    }
    pthread_mutex_lock(&crowd->gate);
    pthread_mutex_unlock(&crowd->gate);
    return NULL;
}

/* Returns how many there are. */
static size_t gather(struct crowd *crowd, pthread_t *threads, size_t nr)
{
    pthread_attr_t small;
    size_t i = 0;

    assert_int_equal(pthread_attr_init(&small), 0);
    assert_int_equal(pthread_attr_setstacksize(&small, CROWD_STACK_BYTES), 0);
    while (i < nr &&
           pthread_create(&threads[i], &small, take_and_stay, crowd) == 0)
        i++;
    pthread_attr_destroy(&small);
    return i;
}

static void lock_l3_takers_have_a_limit_and_places_come_back(void **state)
{
    enum { NR = SYNC_MEMBERS_MAX + 1 };
    static struct crowd crowd = {.gate = PTHREAD_MUTEX_INITIALIZER};
    static pthread_t threads[NR];
    size_t nr;

    (void)state;
#ifdef __SANITIZE_THREAD__
    skip(); /* too many for it */
#endif
    assert_int_equal(semaphore_open(&crowd.semaphore, 2 * NR, true), CERR_OK);
    assert_int_equal(queue_open(&crowd.queue, NULL), CERR_OK);
    pthread_mutex_lock(&crowd.gate);
    nr = gather(&crowd, threads, NR);
    while (nr == NR && crowd.nr_taken + crowd.nr_refused < NR)
        usleep(1000);
    pthread_mutex_unlock(&crowd.gate);
    for (size_t i = 0; i < nr; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    if (nr < NR)
        skip(); /* not that many threads here */
    assert_true(crowd.nr_refused >= 1);
    assert_int_equal(crowd.nr_passed, crowd.nr_refused);
    assert_null(run_thread(take_and_end, crowd.semaphore));
    assert_int_equal(semaphore_value(crowd.semaphore), 2 * NR);
    semaphore_free(crowd.semaphore);
    queue_free(crowd.queue);
}

struct scene {
    struct semaphore *semaphore;
};

static void open_scene(void *ctx)
{
    struct scene *scene = ctx;

    assert_int_equal(semaphore_open(&scene->semaphore, 2, true), CERR_OK);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lock_l1_excludes_and_times_out),
        cmocka_unit_test(lock_l1_only_the_holder_releases),
        cmocka_unit_test(lock_l1_of_a_dead_holder_goes_to_the_next),
        cmocka_unit_test(lock_l1_refuses_a_kind_that_is_none),
        cmocka_unit_test(lock_l1_holder_is_a_thread_not_its_process),
        cmocka_unit_test(lock_l1_sleeper_is_not_forgotten_by_a_killed_releaser),
        cmocka_unit_test(lock_l2_recursive_counts_its_levels),
        cmocka_unit_test(lock_l3_semaphore_counts),
        cmocka_unit_test(lock_l3_bounded_semaphore_refuses_a_release_too_many),
        cmocka_unit_test(lock_l3_release_wakes_one_who_waits),
        cmocka_unit_test(lock_l3_units_of_the_dead_come_back),
        cmocka_unit_test(lock_l3_units_of_an_ended_thread_come_back),
        cmocka_unit_test(lock_l3_takers_have_a_limit_and_places_come_back),
        cmocka_unit_test(
            lock_l3_semaphore_survives_a_kill_at_every_instruction),
    };

    family_skip_tests();
    return cmocka_run_group_tests_name("lock", tests, NULL, NULL);
}
