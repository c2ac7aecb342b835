/*
 * The child behind process.h. A pidfd stands for it, not its pid: that can be
 * polled with a timeout, and a signal by it cannot reach another process that
 * has got the number.
 */
#include "pool/shared/process.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pool/shared/sync_futex.h"

#ifndef P_PIDFD /* in glibc since 2.36, in Linux since 5.4 */
#define P_PIDFD 3
#endif

struct process {
    pid_t pid;
    int pidfd;
    bool ended;
    int status; /* as process_join() gives it: minus a signal's number */
};

/* PR_SET_PDEATHSIG is sent when the thread that forked ends, see prctl(2). */
static _Noreturn void be_child(enum process_kind kind, process_fn run,
                               void *ctx, pid_t parent)
{
    int status;

    if (kind == PROCESS_DAEMON) {
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
            _exit(EXIT_FAILURE);
        /* The parent may have ended before the line above: then no signal. */
        if (getppid() != parent)
            _exit(EXIT_FAILURE);
    }
    status = run(ctx);
    fflush(NULL);
    _exit(status);
}

enum err process_start(struct process **out, enum process_kind kind,
                       process_fn run, void *ctx)
{
    struct process *process;
    pid_t parent = getpid();
    enum err err = CERR_OK;

    *out = NULL;
    process = calloc(1, sizeof(*process));
    if (!process)
        return CERR_NOMEM;
    fflush(NULL); /* what is unwritten would be written twice */
    process->pid = fork();
    if (process->pid < 0) {
        /* fork(2) has EAGAIN for each of its limits. */
        err = errno == ENOMEM ? CERR_NOMEM : CERR_LIMIT;
        goto fail;
    }
    if (process->pid == 0)
        be_child(kind, run, ctx, parent);
    process->pidfd = pidfd_open(process->pid, 0);
    if (process->pidfd < 0) {
        err = err_from_errno(errno);
        kill(process->pid, SIGKILL); /* not reaped yet, so it is ours */
        while (waitpid(process->pid, NULL, 0) < 0 && errno == EINTR)
            continue;
        goto fail;
    }
    *out = process;
    return CERR_OK;
fail:
    free(process);
    return err;
}

pid_t process_pid(const struct process *process)
{
    return process->pid;
}

/* Waits until the pidfd is readable, which it is once the child has ended,
 * reaped or not. CERR_AGAIN, CERR_TIMEOUT. */
static enum err await_end(const struct process *process, int64_t timeout_ms)
{
    int64_t deadline_ms = sync_deadline(timeout_ms);
    struct pollfd pollfd = {.fd = process->pidfd, .events = POLLIN};

    for (;;) {
        int64_t left_ms = sync_slice_ms(deadline_ms);
        int nr = poll(&pollfd, 1, (int)left_ms);

        if (nr > 0)
            return CERR_OK;
        if (nr < 0 && errno != EINTR)
            return err_from_errno(errno);
        if (left_ms == 0)
            return timeout_ms == 0 ? CERR_AGAIN : CERR_TIMEOUT;
    }
}

enum err process_join(struct process *process, int64_t timeout_ms, int *status)
{
    siginfo_t info;
    enum err err;

    if (!process->ended) {
        err = await_end(process, timeout_ms);
        if (err)
            return err;
        if (waitid(P_PIDFD, (id_t)process->pidfd, &info, WEXITED) != 0)
            return errno == ECHILD ? CERR_STATE : CERR_IO;
        /* From here on the pidfd stands for nobody. */
        process->ended = true;
        process->status =
            info.si_code == CLD_EXITED ? info.si_status : -info.si_status;
    }
    if (status)
        *status = process->status;
    return CERR_OK;
}

enum err process_kill(struct process *process, int signal_nr)
{
    if (process->ended ||
        pidfd_send_signal(process->pidfd, signal_nr, NULL, 0) == 0)
        return process->ended ? CERR_NOT_FOUND : CERR_OK;
    return errno == ESRCH ? CERR_NOT_FOUND : err_from_errno(errno);
}

void process_free(struct process *process)
{
    if (!process)
        return;
    close(process->pidfd);
    free(process);
}
