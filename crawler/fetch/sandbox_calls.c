/*
 * DESIGN. What is not listed kills the process (SIGSYS, seen by the parent).
 * Libraries probe for files and newer calls: those get an error, as a kernel
 * without them would give. The calls that an intruder tries first end in a
 * handler that names them and dies of SIGSYS too; a process that has changed
 * that handler still does not get its call.
 */
#include "crawler/fetch/sandbox_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define NR(array) (sizeof(array) / sizeof((array)[0]))

static const int allowed[] = {
    /* sockets */
    SCMP_SYS(connect),
    SCMP_SYS(recvfrom),
    SCMP_SYS(recvmsg),
    SCMP_SYS(sendto),
    SCMP_SYS(sendmsg),
    SCMP_SYS(sendmmsg),
    SCMP_SYS(getsockname),
    SCMP_SYS(getpeername),
    SCMP_SYS(getsockopt),
    SCMP_SYS(setsockopt),
    SCMP_SYS(shutdown),
    SCMP_SYS(bind),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(epoll_ctl),
    SCMP_SYS(epoll_wait),
    SCMP_SYS(epoll_pwait),
    /* descriptors that are open */
    SCMP_SYS(read),
    SCMP_SYS(readv),
    SCMP_SYS(write),
    SCMP_SYS(writev),
    SCMP_SYS(close),
    SCMP_SYS(fcntl),
    SCMP_SYS(lseek),
    SCMP_SYS(fstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(pread64),
    /* memory and threads */
    SCMP_SYS(brk),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(futex),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(rseq),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(gettid),
    SCMP_SYS(getpid),
    SCMP_SYS(getppid),
    SCMP_SYS(getuid),
    SCMP_SYS(geteuid),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    /* signals and time */
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(nanosleep),
    SCMP_SYS(gettimeofday),
    /* about the system */
    SCMP_SYS(getrandom),
    SCMP_SYS(uname),
    SCMP_SYS(sysinfo),
    SCMP_SYS(getrlimit),
    SCMP_SYS(getrusage),
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
    {SCMP_SYS(prlimit64),  EPERM },
    {SCMP_SYS(setrlimit),  EPERM },
};

/* What an intruder tries: named before the process dies. */
static const int named[] = {
    SCMP_SYS(execve),
    SCMP_SYS(execveat),
    SCMP_SYS(fork),
    SCMP_SYS(vfork),
    SCMP_SYS(ptrace),
    SCMP_SYS(kill),
    SCMP_SYS(tkill),
    SCMP_SYS(listen),
    SCMP_SYS(accept),
    SCMP_SYS(accept4),
    SCMP_SYS(creat),
    SCMP_SYS(unlink),
    SCMP_SYS(unlinkat),
    SCMP_SYS(rename),
    SCMP_SYS(renameat),
    SCMP_SYS(renameat2),
    SCMP_SYS(mkdir),
    SCMP_SYS(mkdirat),
    SCMP_SYS(chmod),
    SCMP_SYS(memfd_create),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(pidfd_open),
    SCMP_SYS(pidfd_send_signal),
    SCMP_SYS(mount),
    SCMP_SYS(unshare),
    SCMP_SYS(setns),
    SCMP_SYS(bpf),
    SCMP_SYS(io_uring_setup),
    SCMP_SYS(keyctl),
    SCMP_SYS(add_key),
    SCMP_SYS(perf_event_open),
    SCMP_SYS(userfaultfd),
};

static void on_violation(int signal_nr, siginfo_t *info, void *context)
{
    char line[64];
    int len =
        snprintf(line, sizeof(line), "crawl: sandbox: system call %d refused\n",
                 info->si_syscall);
    ssize_t done = write(STDERR_FILENO, line, (size_t)len);

    (void)done;
    (void)context;
    signal(signal_nr, SIG_DFL);
    raise(signal_nr);
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
    for (size_t i = 0; i < NR(named); i++)
        bad |= seccomp_rule_add(filter, SCMP_ACT_TRAP, named[i], 0);
    return bad;
}

/* socket(): the internet, and netlink, which getaddrinfo() asks for our own
 * addresses. The resolver tries a Unix socket to nscd first: not here. */
static int add_sockets(scmp_filter_ctx filter)
{
    static const int families[] = {AF_INET, AF_INET6, AF_NETLINK};
    const uint32_t other = SCMP_ACT_ERRNO(EAFNOSUPPORT);
    int bad = 0;

    for (size_t i = 0; i < NR(families); i++)
        bad |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
                                SCMP_A0(SCMP_CMP_EQ, (uint64_t)families[i]));
    bad |= seccomp_rule_add(filter, other, SCMP_SYS(socket), 1,
                            SCMP_A0(SCMP_CMP_EQ, AF_UNIX));
    bad |= seccomp_rule_add(filter, other, SCMP_SYS(socket), 1,
                            SCMP_A0(SCMP_CMP_GT, AF_NETLINK));
    bad |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socketpair), 1,
                            SCMP_A0(SCMP_CMP_EQ, AF_UNIX));
    return bad;
}

/* Memory is never both written and run; files are only read; a thread is a
 * thread; signals go to ourselves. */
static int add_arguments(scmp_filter_ctx filter)
{
    const uint64_t changing = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND;
    int bad = 0;

    bad |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
                            SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    bad |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
                            SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    bad |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
                            SCMP_A2(SCMP_CMP_MASKED_EQ, changing, 0));
    for (uint64_t bit = 1; bit <= changing; bit <<= 1)
        if (changing & bit)
            bad |= seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES),
                                    SCMP_SYS(openat), 1,
                                    SCMP_A2(SCMP_CMP_MASKED_EQ, bit, bit));
    bad |=
        seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
                         SCMP_A0(SCMP_CMP_MASKED_EQ,
                                 CLONE_THREAD | CLONE_NEWUSER, CLONE_THREAD));
    bad |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
                            SCMP_A0(SCMP_CMP_EQ, (uint64_t)getpid()));
    bad |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
                            SCMP_A1(SCMP_CMP_EQ, FIONBIO));
    bad |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
                            SCMP_A1(SCMP_CMP_EQ, FIONREAD));
    return bad;
}

bool sandbox_can_limit_calls(void)
{
#ifdef __SANITIZE_ADDRESS__
    return false;
#else
    return prctl(PR_GET_SECCOMP) >= 0;
#endif
}

enum err sandbox_limit_calls(void)
{
    struct sigaction action = {.sa_flags = SA_SIGINFO,
                               .sa_sigaction = on_violation};
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    int bad;

    if (!filter)
        return ERR_NOMEM;
    bad = add_lists(filter);
    bad |= add_sockets(filter);
    bad |= add_arguments(filter);
    bad |= seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
    bad |= seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    if (!bad && sigaction(SIGSYS, &action, NULL) == 0)
        bad = seccomp_load(filter);
    seccomp_release(filter);
    return bad ? ERR_PERM : ERR_OK;
}
