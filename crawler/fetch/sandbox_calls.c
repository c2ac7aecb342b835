/*
 * DESIGN. What is not listed ends the process. Libraries probe for files and
 * newer calls: those get an error, as a kernel without them would give.
 *
 *   listed ─► done     probe ─► an error     any other ─► SIGSYS ─► handler
 *                                                                    │
 *   killed by the kernel ◄── sets the action of SIGSYS ◄── notes the number
 *
 * The forbidden call is never made, whatever the handler does. Nor can it be
 * avoided: its action cannot be changed, its code not be written, and a thread
 * that blocks SIGSYS is killed without it, see seccomp(2).
 */
#include "crawler/fetch/sandbox_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define LOADING_CPU_S 2

#define NR(array) (sizeof(array) / sizeof((array)[0]))

static const int allowed[] = {
    /* sockets */
    SCMP_SYS(connect), SCMP_SYS(recvfrom), SCMP_SYS(recvmsg), SCMP_SYS(sendto),
    SCMP_SYS(sendmsg), SCMP_SYS(sendmmsg), SCMP_SYS(getsockname),
    SCMP_SYS(getpeername), SCMP_SYS(getsockopt), SCMP_SYS(setsockopt),
    SCMP_SYS(shutdown), SCMP_SYS(bind), SCMP_SYS(poll), SCMP_SYS(ppoll),
    SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait),
    /* descriptors that are open */
    SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(write), SCMP_SYS(writev),
    SCMP_SYS(close), SCMP_SYS(lseek), SCMP_SYS(fstat), SCMP_SYS(newfstatat),
    SCMP_SYS(pread64), SCMP_SYS(pipe2), SCMP_SYS(eventfd2),
    /* memory and threads */
    SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise),
    SCMP_SYS(futex), SCMP_SYS(set_robust_list), SCMP_SYS(rseq),
    SCMP_SYS(sched_yield), SCMP_SYS(sched_getaffinity), SCMP_SYS(gettid),
    SCMP_SYS(getpid), SCMP_SYS(getppid), SCMP_SYS(getuid), SCMP_SYS(geteuid),
    SCMP_SYS(exit), SCMP_SYS(exit_group),
    /* signals and time */
    SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(restart_syscall),
    SCMP_SYS(clock_gettime), SCMP_SYS(clock_nanosleep), SCMP_SYS(nanosleep),
    SCMP_SYS(gettimeofday), SCMP_SYS(time),
    /* about the system */
    SCMP_SYS(getrandom), SCMP_SYS(uname), SCMP_SYS(sysinfo),
    SCMP_SYS(getrlimit), SCMP_SYS(getrusage),
#if SANDBOX_HAS_SANITIZER
    SCMP_SYS(sigaltstack), /* a stack of its own for each thread */
#endif
};

/* Probes: an honest error, and the library goes on without. */
static const struct {
    int call;
    int error;
} refused[] = {
    {SCMP_SYS(clone3),     ENOSYS}, /* its flags lie in memory; glibc falls back */
    {SCMP_SYS(open),       EACCES},
    {SCMP_SYS(openat2),    ENOSYS},
    {SCMP_SYS(stat),       EACCES},
    {SCMP_SYS(lstat),      EACCES},
    {SCMP_SYS(statx),      ENOSYS},
    {SCMP_SYS(access),     EACCES},
    {SCMP_SYS(faccessat),  EACCES},
    {SCMP_SYS(faccessat2), ENOSYS},
    {SCMP_SYS(readlink),   EACCES},
    {SCMP_SYS(readlinkat), EACCES},
    {SCMP_SYS(getdents64), EACCES},
    {SCMP_SYS(prctl),      EPERM },
    {SCMP_SYS(setrlimit),  EPERM },
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

static int add_lists(scmp_filter_ctx filter)
{
    int bad = 0;

    for (size_t i = 0; i < NR(allowed); i++)
        bad |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
    for (size_t i = 0; i < NR(refused); i++)
        bad |=
            seccomp_rule_add(filter, SCMP_ACT_ERRNO((uint32_t)refused[i].error),
                             refused[i].call, 0);
    return bad;
}

static int allow_if(scmp_filter_ctx filter, int call,
                    struct scmp_arg_cmp condition)
{
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1, condition);
}

/* The internet, TCP and UDP, no raw packets; and netlink, which getaddrinfo()
 * asks for our own addresses. It tries a Unix socket to nscd first: not here.
 */
static int add_sockets(scmp_filter_ctx filter)
{
    static const uint64_t families[] = {AF_INET, AF_INET6};
    static const uint64_t types[] = {SOCK_STREAM, SOCK_DGRAM};
    const uint64_t type_mask = 0xf; /* beside SOCK_CLOEXEC and the like */
    int bad = 0;

    for (size_t i = 0; i < NR(families); i++)
        for (size_t k = 0; k < NR(types); k++)
            bad |= seccomp_rule_add(
                filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2,
                SCMP_A0(SCMP_CMP_EQ, families[i]),
                SCMP_A1(SCMP_CMP_MASKED_EQ, type_mask, types[k]));
    bad |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2,
                            SCMP_A0(SCMP_CMP_EQ, AF_NETLINK),
                            SCMP_A2(SCMP_CMP_EQ, NETLINK_ROUTE));
    bad |= seccomp_rule_add(filter, SCMP_ACT_ERRNO(EAFNOSUPPORT),
                            SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_EQ, AF_UNIX));
    bad |=
        allow_if(filter, SCMP_SYS(socketpair), SCMP_A0(SCMP_CMP_EQ, AF_UNIX));
    return bad;
}

/* Files are only read. */
static int add_files(scmp_filter_ctx filter)
{
    const uint64_t changing = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND;
    /* Not F_SETOWN: it would send signals to whom it names. */
    static const uint64_t controls[] = {F_GETFD, F_SETFD, F_GETFL, F_SETFL,
                                        F_DUPFD_CLOEXEC};
    static const uint64_t requests[] = {FIONBIO, FIONREAD};
    int bad = allow_if(filter, SCMP_SYS(openat),
                       SCMP_A2(SCMP_CMP_MASKED_EQ, changing, 0));

    for (uint64_t bit = 1; bit <= changing; bit <<= 1)
        if (changing & bit)
            bad |= seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES),
                                    SCMP_SYS(openat), 1,
                                    SCMP_A2(SCMP_CMP_MASKED_EQ, bit, bit));
    for (size_t i = 0; i < NR(controls); i++)
        bad |= allow_if(filter, SCMP_SYS(fcntl),
                        SCMP_A1(SCMP_CMP_EQ, controls[i]));
    for (size_t i = 0; i < NR(requests); i++)
        bad |= allow_if(filter, SCMP_SYS(ioctl),
                        SCMP_A1(SCMP_CMP_EQ, requests[i]));
    return bad;
}

/* Memory is never both written and run; a thread is a thread; signals go to
 * ourselves; SIGSYS keeps its action; limits are read. */
static int add_process(scmp_filter_ctx filter)
{
    int bad = allow_if(filter, SCMP_SYS(mmap),
                       SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));

    bad |= allow_if(filter, SCMP_SYS(mprotect),
                    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    bad |= allow_if(filter, SCMP_SYS(clone),
                    SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD | CLONE_NEWUSER,
                            CLONE_THREAD));
    bad |= allow_if(filter, SCMP_SYS(tgkill),
                    SCMP_A0(SCMP_CMP_EQ, (uint64_t)getpid()));
    bad |=
        allow_if(filter, SCMP_SYS(rt_sigaction), SCMP_A0(SCMP_CMP_LT, SIGSYS));
    /* pthread_create() takes two for itself. Not "above SIGSYS": the kernel
     * cuts off upper halves that a filter compares. */
    for (uint64_t own = SIGSYS + 1; own < (uint64_t)SIGRTMIN; own++)
        bad |=
            allow_if(filter, SCMP_SYS(rt_sigaction), SCMP_A0(SCMP_CMP_EQ, own));
    bad |=
        seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, SCMP_SYS(rt_sigaction),
                         1, SCMP_A0(SCMP_CMP_EQ, SIGSYS));
    bad |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 2,
                            SCMP_A0(SCMP_CMP_EQ, 0), SCMP_A2(SCMP_CMP_EQ, 0));
    return bad;
}

/* All threads; a tree in place of a list; no slow-down by defences of this
 * process against itself, which kernels before 5.16 would add. */
static int set_attributes(scmp_filter_ctx filter)
{
    int bad = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);

    bad |= seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    bad |= seccomp_attr_set(filter, SCMP_FLTATR_CTL_SSB, 1);
    bad |= seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH,
                            SCMP_ACT_KILL_PROCESS);
    return bad;
}

bool sandbox_can_limit_calls(void)
{
    return prctl(PR_GET_SECCOMP) >= 0;
}

/* The handler stays, and the timer runs out once more, later, for nothing: it
 * takes a call that is not allowed by then to end it. */
static volatile sig_atomic_t is_loading;

static void on_endless_loading(int signal_nr)
{
    (void)signal_nr;
    if (is_loading)
        _exit(EXIT_FAILURE);
}

/*
 * libseccomp 2.5.4 loops for ever where an allocation fails while it orders its
 * rules: milliseconds of work end the process after LOADING_CPU_S.
 */
static int load(scmp_filter_ctx filter)
{
    struct sigaction action = {.sa_flags = SA_RESTART,
                               .sa_handler = on_endless_loading};
    struct itimerval limit = {.it_value.tv_sec = LOADING_CPU_S};
    int bad = sigaction(SIGVTALRM, &action, NULL);

    is_loading = 1;
    bad |= setitimer(ITIMER_VIRTUAL, &limit, NULL);
    if (!bad)
        bad = seccomp_load(filter);
    is_loading = 0;
    return bad;
}

enum err sandbox_limit_calls(_Atomic int *broken)
{
    struct sigaction action = {.sa_flags = SA_SIGINFO,
                               .sa_sigaction = on_violation};
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_TRAP);
    int bad;

    if (!filter)
        return ERR_NOMEM;
    broken_call = broken;
    bad = set_attributes(filter);
    bad |= add_lists(filter);
    bad |= add_sockets(filter);
    bad |= add_files(filter);
    bad |= add_process(filter);
    bad |= sigaction(SIGSYS, &action, NULL);
    if (!bad)
        bad = load(filter);
    seccomp_release(filter);
    return bad ? ERR_PERM : ERR_OK;
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
