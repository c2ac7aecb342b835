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

/* All threads; and no slow-down by defences of this process against itself,
 * which kernels before 5.16 would add. */
#define LOAD_FLAGS (SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_SPEC_ALLOW)

static struct sock_filter steps[] = {
#include "crawler/sandbox/sandbox_filter.inc"
};

/* Where the parent looks; a handler has no other way to be told. */
static _Atomic int *broken_call;

/* Nobody may set this signal's action again: to try is what ends us. */
static void on_violation(int signal_nr, siginfo_t *info, void *context)
{
    (void)context;
    if (broken_call)
        *broken_call = info->si_syscall + 1;
    signal(signal_nr, SIG_DFL);
    _exit(EXIT_FAILURE); /* not reached */
}

/* The number that stands for ours in the rules. */
static void put_in_own_pid(void)
{
    for (size_t i = 0; i < NR(steps); i++)
        if (steps[i].k == SANDBOX_OWN_PID)
            steps[i].k = (uint32_t)getpid();
}

/* A kernel that knows the flags looks for the filter, which is nowhere. */
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
    put_in_own_pid();
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
