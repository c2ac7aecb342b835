/*
 * DESIGN. The rules stand in sandbox_rules.c and are compiled when the project
 * is built; a worker puts in its own number and hands them to the kernel.
 *
 *   forbidden call ─► SIGSYS ─► handler notes the number
 *                                  │
 *   killed by the kernel ◄── sets the action of SIGSYS
 *
 * The forbidden call is never made, whatever the handler does. Nor can it be
 * avoided: its action cannot be changed, its code not be written, and a thread
 * that blocks SIGSYS is killed without it, see seccomp(2).
 */
#include "crawler/sandbox/sandbox_calls.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NR(array) (sizeof(array) / sizeof((array)[0]))

/* The filter is for all threads. Kernels before 5.16 would slow the process
 * down by defences against its own threads, unless told otherwise. */
#define LOAD_FLAGS (SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_SPEC_ALLOW)

static struct sock_filter steps[] = {
#include "crawler/sandbox/sandbox_filter.inc"
};

/* Where the number of a forbidden call goes; a handler gets no context. */
static _Atomic int *broken_call;

/* The filter kills a process that sets the action of SIGSYS, and the handler
 * uses that: a process that ended by _exit() could have done so itself. */
static void on_violation(int signal_nr, siginfo_t *info, void *context)
{
    (void)context;
    if (broken_call)
        *broken_call = info->si_syscall + 1;
    signal(signal_nr, SIG_DFL);
    _exit(EXIT_FAILURE); /* not reached */
}

/* Puts the number of this process where the rules have SANDBOX_OWN_PID. */
static void fill_in_own_pid(void)
{
    for (size_t i = 0; i < NR(steps); i++)
        if (steps[i].k == SANDBOX_OWN_PID)
            steps[i].k = (uint32_t)getpid();
}

/* Asks without a filter: EFAULT comes from a kernel that knows the flags and
 * went on to read it, EINVAL from one that does not. */
bool sandbox_can_limit_calls(void)
{
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, LOAD_FLAGS, NULL) &&
           errno == EFAULT;
}

enum err sandbox_limit_calls(_Atomic int *broken)
{
    struct sigaction action = {.sa_flags = SA_SIGINFO,
                               .sa_sigaction = on_violation};
    struct sock_fprog filter = {.len = NR(steps), .filter = steps};

    broken_call = broken;
    fill_in_own_pid();
    if (sigaction(SIGSYS, &action, NULL) ||
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, LOAD_FLAGS, &filter))
        return CERR_PERM;
    return CERR_OK;
}

void sandbox_name_call(int number, char *out, size_t cap)
{
    char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number);

    if (name)
        snprintf(out, cap, "%s", name);
    else
        snprintf(out, cap, "number %d", number);
    free(name);
}
