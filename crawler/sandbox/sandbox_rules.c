/*
 * sandbox_rules: prints the filter of sandbox_calls.c as an array of C. It runs
 * when the project is built, so that no worker compiles the rules: libseccomp
 * 2.5.4 loops for ever or frees twice where memory ends while it does.
 *
 * DESIGN. What is not listed ends the process. Libraries probe for files and
 * newer calls: those get an error, as a kernel without them would give.
 *
 *   listed ─► done     probe ─► an error     any other ─► SIGSYS
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "crawler/sandbox/sandbox_calls.h"

#define NR(array) (sizeof(array) / sizeof((array)[0]))

static const int allowed[] = {
    /* sockets */
    SCMP_SYS(connect), SCMP_SYS(recvfrom), SCMP_SYS(recvmsg), SCMP_SYS(sendto),
    SCMP_SYS(sendmsg), SCMP_SYS(sendmmsg), SCMP_SYS(getsockname),
    SCMP_SYS(getpeername), SCMP_SYS(getsockopt), SCMP_SYS(shutdown),
    SCMP_SYS(bind), SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(epoll_ctl),
    SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait),
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

/* Calls by which a library probes for something: it gets an honest error, as a
 * kernel or a file system without that would give, and goes on. */
static const struct {
    int call;
    int error;
} refused[] = {
    {SCMP_SYS(clone3), ENOSYS}, /* its flags lie in memory; glibc falls back */
    {SCMP_SYS(open), EACCES},       {SCMP_SYS(openat2), ENOSYS},
    {SCMP_SYS(stat), EACCES},       {SCMP_SYS(lstat), EACCES},
    {SCMP_SYS(statx), ENOSYS},      {SCMP_SYS(access), EACCES},
    {SCMP_SYS(faccessat), EACCES},  {SCMP_SYS(faccessat2), ENOSYS},
    {SCMP_SYS(readlink), EACCES},   {SCMP_SYS(readlinkat), EACCES},
    {SCMP_SYS(getdents64), EACCES}, {SCMP_SYS(prctl), EPERM},
    {SCMP_SYS(setrlimit), EPERM},
};

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

/* The type of a socket, without SOCK_CLOEXEC and the like. */
#define TYPE_MASK ((uint64_t)0xf)

/* Sockets are for the internet: TCP and UDP, and not what the kernel has beside
 * them (SCTP, MPTCP, raw packets). A pair of Unix sockets is how libcurl wakes
 * its threads; one of datagrams could be sent to any name in the file system.
 */
static int add_socket_kinds(scmp_filter_ctx filter)
{
    static const struct {
        uint64_t family, type, protocol;
    } kinds[] = {
        {AF_INET, SOCK_STREAM, 0},  {AF_INET, SOCK_STREAM, IPPROTO_TCP},
        {AF_INET, SOCK_DGRAM, 0},   {AF_INET, SOCK_DGRAM, IPPROTO_UDP},
        {AF_INET6, SOCK_STREAM, 0}, {AF_INET6, SOCK_STREAM, IPPROTO_TCP},
        {AF_INET6, SOCK_DGRAM, 0},  {AF_INET6, SOCK_DGRAM, IPPROTO_UDP},
    };
    int bad =
        seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socketpair), 2,
                         SCMP_A0(SCMP_CMP_EQ, AF_UNIX),
                         SCMP_A1(SCMP_CMP_MASKED_EQ, TYPE_MASK, SOCK_STREAM));

    for (size_t i = 0; i < NR(kinds); i++)
        bad |= seccomp_rule_add(
            filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 3,
            SCMP_A0(SCMP_CMP_EQ, kinds[i].family),
            SCMP_A1(SCMP_CMP_MASKED_EQ, TYPE_MASK, kinds[i].type),
            SCMP_A2(SCMP_CMP_EQ, kinds[i].protocol));
    return bad;
}

/* These options are set by libcurl, by c-ares and by our own code; no
 * other can be. SO_LINGER above all: a socket that has it and is handed to the
 * parent would hold up the parent's close(). */
static int add_socket_options(scmp_filter_ctx filter)
{
    static const struct {
        uint64_t level, name;
    } options[] = {
        {SOL_SOCKET, SO_KEEPALIVE},  {SOL_SOCKET, SO_RCVLOWAT},
        {SOL_SOCKET, SO_RCVBUF},     {IPPROTO_TCP, TCP_NODELAY},
        {IPPROTO_TCP, TCP_KEEPIDLE}, {IPPROTO_TCP, TCP_KEEPINTVL},
        {IPPROTO_IP, IP_RECVERR},    {IPPROTO_IPV6, IPV6_RECVERR},
        {IPPROTO_IPV6, IPV6_V6ONLY},
    };
    int bad = 0;

    for (size_t i = 0; i < NR(options); i++)
        bad |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(setsockopt), 2,
                                SCMP_A1(SCMP_CMP_EQ, options[i].level),
                                SCMP_A2(SCMP_CMP_EQ, options[i].name));
    return bad;
}

/* Netlink is what getaddrinfo() asks for our own addresses. It tries a Unix
 * socket to nscd first, and gets the error of a system without those. */
static int add_sockets(scmp_filter_ctx filter)
{
    int bad = add_socket_kinds(filter) | add_socket_options(filter);

    bad |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2,
                            SCMP_A0(SCMP_CMP_EQ, AF_NETLINK),
                            SCMP_A2(SCMP_CMP_EQ, NETLINK_ROUTE));
    bad |= seccomp_rule_add(filter, SCMP_ACT_ERRNO(EAFNOSUPPORT),
                            SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_EQ, AF_UNIX));
    return bad;
}

/* Files are opened for reading alone; which, Landlock says. O_PATH opens any
 * file, as it asks neither Landlock nor the file's mode. Descriptors get the
 * few controls that libcurl and glibc use. */
static int add_files(scmp_filter_ctx filter)
{
    const uint64_t changing =
        O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_PATH;
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

/* No memory becomes executable; clone() makes threads and no processes; signals
 * go to this process alone; SIGSYS keeps its action; limits are read only. */
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
                    SCMP_A0(SCMP_CMP_EQ, SANDBOX_OWN_PID));
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

/* The filter is a binary tree, not a list: it runs at each system call. A call
 * of another architecture would have other numbers, and ends the process. */
static int set_attributes(scmp_filter_ctx filter)
{
    int bad = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);

    bad |= seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH,
                            SCMP_ACT_KILL_PROCESS);
    return bad;
}

/* The filter as the kernel reads it, in a file that is gone when it is closed.
 * NULL: libseccomp refused one of the rules. */
static FILE *compile(scmp_filter_ctx filter)
{
    FILE *file = tmpfile();
    int bad = !file;

    bad |= set_attributes(filter);
    bad |= add_lists(filter);
    bad |= add_sockets(filter);
    bad |= add_files(filter);
    bad |= add_process(filter);
    if (!bad)
        bad = seccomp_export_bpf(filter, fileno(file));
    if (bad)
        return NULL;
    rewind(file);
    return file;
}

/* False unless exactly one step waits for the number of the process. */
static bool print_steps(FILE *file)
{
    struct sock_filter step;
    int nr_own = 0;

    while (fread(&step, sizeof(step), 1, file) == 1) {
        printf("{%#x, %u, %u, %#x},\n", step.code, step.jt, step.jf, step.k);
        nr_own += step.k == SANDBOX_OWN_PID;
    }
    return nr_own == 1 && !ferror(file);
}

int main(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_TRAP);
    FILE *file = filter ? compile(filter) : NULL;
    bool is_good = file && print_steps(file) && fflush(stdout) == 0;

    if (!is_good)
        fputs("sandbox_rules: libseccomp made no filter of them\n", stderr);
    if (file)
        fclose(file);
    seccomp_release(filter);
    return is_good ? EXIT_SUCCESS : EXIT_FAILURE;
}
