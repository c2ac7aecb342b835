/*
 * stepper: kill a child at every instruction of an operation.
 *
 * A child does the operation once while its parent, by ptrace(2), lets it run
 * one instruction at a time and kills it after the k-th. With k from 0 to the
 * end there is no point inside the operation at which it was not killed. That
 * is quadratic, so long operations (sanitizers) are sampled: STEPPER_KILLS
 * points, evenly.
 */
#ifndef TESTS_POOL_STEPPER_H
#define TESTS_POOL_STEPPER_H

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/shared/family.h"

/* Points; ten times as many with CRAWL_STRESS, which is all of them where no
 * sanitizer makes the operations longer. */
#ifdef __SANITIZE_ADDRESS__
#define STEPPER_KILLS 25
#else
#define STEPPER_KILLS 100
#endif

struct stepper {
    void (*prepare)(void *ctx); /* in the parent, before each child */
    void (*act)(void *ctx);     /* in the child: the operation */
    /* In the parent, after the death; `done`: the child got to the end. */
    void (*verify)(void *ctx, bool done);
    void *ctx;
};

static inline int stepper_wait(pid_t pid)
{
    int status = 0;

    while (waitpid(pid, &status, 0) < 0)
        assert_int_equal(errno, EINTR);
    return status;
}

/* A child that has stopped right before the operation. */
static inline pid_t stepper_child(const struct stepper *stepper)
{
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
            _exit(EXIT_FAILURE);
        raise(SIGSTOP);
        stepper->act(stepper->ctx);
        raise(SIGSTOP);
        _exit(EXIT_SUCCESS);
    }
    return pid;
}

/* Lets it run at most `nr` instructions, then kills it. Returns how many it
 * ran; fewer when it came to its end. */
static inline long stepper_run(const struct stepper *stepper, long nr,
                               bool *done)
{
    pid_t pid = stepper_child(stepper);
    int status = stepper_wait(pid);
    long i = 0;

    *done = false;
    if (!WIFSTOPPED(status)) /* no ptrace here */
        return -1;
    while (i < nr && !*done) {
        assert_int_equal(ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL), 0);
        status = stepper_wait(pid);
        assert_true(WIFSTOPPED(status));
        *done = WSTOPSIG(status) == SIGSTOP;
        if (!*done)
            assert_int_equal(WSTOPSIG(status), SIGTRAP);
        i++;
    }
    kill(pid, SIGKILL);
    assert_true(WIFSIGNALED(stepper_wait(pid)));
    return i;
}

static inline void stepper_kill_everywhere(const struct stepper *stepper)
{
    long total, stride, nr = STEPPER_KILLS;
    bool done;

    stepper->prepare(stepper->ctx);
    total = stepper_run(stepper, 10000000L, &done);
    if (total < 0)
        skip();
    assert_true(done);
    stepper->verify(stepper->ctx, true);
    if (getenv("CRAWL_STRESS"))
        nr *= 10;
    stride = total < nr ? 1 : total / nr;
    for (long k = 1; k < total; k += stride) {
        stepper->prepare(stepper->ctx);
        stepper_run(stepper, k, &done);
        stepper->verify(stepper->ctx, done);
    }
}

#endif
