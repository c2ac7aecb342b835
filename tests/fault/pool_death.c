/*
 * In which order the host learns of a death: first that the worker died, while
 * nothing stands in its place yet, then what became of its tasks. Whoever
 * keeps notes by worker relies on it.
 */
#include <signal.h>

#include "tests/unit/pool/pool_fixture.h"

#define NR_LOST 60

struct diary {
    struct pool *pool;
    size_t nr_deaths, nr_lost;
    int last_signal;          /* of the last death */
    uint32_t last_generation; /* that died */
};

static struct diary diary;

static void on_death(void *user, int worker, pid_t pid, int signal_nr,
                     int exit_code)
{
    struct diary *into = user;
    struct pool_worker_info info;

    assert_true(pid > 0);
    assert_int_equal(exit_code, 0);
    assert_int_equal(pool_worker_info(into->pool, worker, &info), CERR_OK);
    assert_int_equal(info.state, POOL_WORKER_DEAD);
    assert_int_equal(info.pid, pid);
    assert_true(info.generation > into->last_generation);
    into->last_generation = info.generation;
    into->last_signal = signal_nr;
    into->nr_deaths++;
}

static void on_lost(void *user, const struct pool_result *result)
{
    struct diary *into = user;
    struct pool_worker_info info;

    into->nr_lost++;
    assert_int_equal(result->status, POOL_LOST);
    assert_int_equal(result->signal_nr, into->last_signal);
    assert_int_equal(pool_worker_info(into->pool, result->worker, &info),
                     CERR_OK);
    /* the last death there is still that of this task */
    assert_int_equal(info.generation - (info.state == POOL_WORKER_STARTING),
                     into->last_generation);
}

static void
pool_tells_of_a_death_before_its_replacement_and_its_losses(void **state)
{
    static const int ways[] = {DIE_SEGV, DIE_ABORT, DIE_KILL};
    struct pool *pool = open_pool((struct pool_options){
        .nr_workers = 1,
        .on_worker_death = on_death,
        .user = &diary,
    });

    (void)state;
    diary.pool = pool;
    for (int i = 0; i < NR_LOST; i++) {
        struct pool_task task = {.function = RUN_NOP};

        submit(pool, &task); /* who has done something is replaced at once */
        task = int_task(RUN_DIE, &ways[i % 3]);
        task.on_done = on_lost;
        task.user = &diary;
        submit(pool, &task);
    }
    turn_until(pool, &diary.nr_lost, NR_LOST);
    assert_int_equal(diary.nr_deaths, NR_LOST);
    diary.pool = NULL;
    pool_free(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            pool_tells_of_a_death_before_its_replacement_and_its_losses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
