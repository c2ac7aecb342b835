/*
 * family: children of a test. They cannot use cmocka's assertions, which
 * belong to the parent: they return the number of the line that failed.
 */
#ifndef TESTS_POOL_FAMILY_H
#define TESTS_POOL_FAMILY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "pool/shared/process.h"

#define FAMILY_END_MS 60000 /* no child of a test may take longer */

#define CHILD_CHECK(condition)                                                 \
    do {                                                                       \
        if (!(condition)) {                                                    \
            fprintf(stderr, "%s:%d: child: %s\n", __FILE__, __LINE__,          \
                    #condition);                                               \
            return 99;                                                         \
        }                                                                      \
    } while (0)

static inline struct process *family_start(process_fn run, void *ctx)
{
    struct process *process = NULL;

    assert_int_equal(process_start(&process, PROCESS_DAEMON, run, ctx),
                     CERR_OK);
    return process;
}

/* Waits for its end and says how it ended. */
static inline int family_end(struct process *process)
{
    int status = 0;

    assert_int_equal(process_join(process, FAMILY_END_MS, &status), CERR_OK);
    process_free(process);
    return status;
}

static inline void family_run(process_fn run, void *ctx)
{
    assert_int_equal(family_end(family_start(run, ctx)), 0);
}

/* Waits until it sleeps. */
static inline void family_await_sleep(const struct process *process)
{
    char name[50], state = 'R';

    snprintf(name, sizeof(name), "/proc/%d/stat", (int)process_pid(process));
    while (state != 'S') {
        FILE *file = fopen(name, "r");

        assert_non_null(file);
        assert_int_equal(fscanf(file, "%*d (%*[^)]) %c", &state), 1);
        fclose(file);
    }
}

/* Leaves out the tests that CRAWL_SKIP_TESTS matches, "*_kill*" say: of those
 * ThreadSanitizer sees little and says much. */
static inline void family_skip_tests(void)
{
    cmocka_set_skip_filter(getenv("CRAWL_SKIP_TESTS"));
}

#endif
