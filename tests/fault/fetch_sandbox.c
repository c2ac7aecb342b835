/*
 * What a worker cannot do once it is locked in, and what it still can.
 *
 * Each attempt runs in a child of its own, which enters the sandbox and then
 * tries. Parts that this kernel (or a build with sanitizers) does not offer
 * are left out of what is expected, never of what is tried.
 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crawler/sandbox/sandbox.h"
#include "crawler/sandbox/sandbox_calls.h"
#include "tests/support/cmocka_all.h"

#define CANNOT_ENTER 200  /* exit status of a child */
#define SIGSYS_DEATH (-1) /* in place of an errno */

static const struct sandbox_options options = {
    .ca_file = "/etc/ssl/certs/ca-certificates.crt",
    .memory_bytes = (uint64_t)1 << 30,
};

/* Each returns 0 when it worked, or errno. */

static int open_for(const char *path, int flags)
{
    int fd = open(path, flags, 0600);

    if (fd < 0)
        return errno;
    close(fd);
    return 0;
}

static int try_passwd(void)
{
    return open_for("/etc/passwd", O_RDONLY);
}

static int try_create(void)
{
    return open_for("/tmp/crawl-sandbox-test", O_WRONLY | O_CREAT);
}

static int try_folder(void)
{
    return open_for("/etc", O_RDONLY | O_DIRECTORY);
}

static int try_resolver(void)
{
    return open_for("/etc/hosts", O_RDONLY);
}

static int try_exec(void)
{
    char *const arguments[] = {"true", NULL};

    execv("/bin/true", arguments);
    return errno;
}

static int try_fork(void)
{
    pid_t pid = fork();

    if (pid == 0)
        _exit(0);
    return pid < 0 ? errno : 0;
}

static int try_ptrace(void)
{
    return ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0 ? 0 : errno;
}

static int try_kill_parent(void)
{
    return kill(getppid(), 0) == 0 ? 0 : errno;
}

static int try_executable_memory(void)
{
    void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return memory == MAP_FAILED ? errno : 0;
}

static int try_making_memory_executable(void)
{
    void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED)
        return errno;
    return mprotect(memory, 4096, PROT_READ | PROT_EXEC) == 0 ? 0 : errno;
}

static int try_unix_socket(void)
{
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    return fd < 0 ? errno : 0;
}

static int try_bind(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr = {htonl(INADDR_LOOPBACK)},
                                  .sin_port = htons(48123)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd < 0)
        return errno;
    return bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 ? 0
                                                                       : errno;
}

static int try_raw_socket(void)
{
    int fd = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);

    return fd < 0 ? errno : 0;
}

static int try_other_protocols(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP);

    return fd < 0 ? errno : 0;
}

static int try_udp_lite(void)
{
    int fd = socket(AF_INET6, SOCK_DGRAM, IPPROTO_UDPLITE);

    return fd < 0 ? errno : 0;
}

static int try_datagram_pair(void)
{
    int pair[2];

    return socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) == 0 ? 0 : errno;
}

static int try_stream_pair(void)
{
    int pair[2];

    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) == 0
               ? 0
               : errno;
}

static int set_option(int level, int name, const void *value, socklen_t len)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd < 0)
        return errno;
    return setsockopt(fd, level, name, value, len) == 0 ? 0 : errno;
}

static int try_linger(void)
{
    const struct linger linger = {.l_onoff = 1, .l_linger = 40};

    return set_option(SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
}

static int try_no_delay(void)
{
    const int on = 1;

    return set_option(IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

/* O_PATH asks neither for a right to read nor Landlock. */
static int try_path_alone(void)
{
    return open_for("/etc/passwd", O_PATH);
}

/* /proc/self/status of the child, opened before the sandbox was entered. */
static FILE *status_file;

/* The kernel tells four sets that count, and one that only bounds what a new
 * program could get: capabilities(7). EPERM: something is left. */
static int try_capabilities(void)
{
    char line[128], set[4];
    unsigned long long bits;
    int nr_sets = 0;

    while (fgets(line, sizeof(line), status_file)) {
        if (sscanf(line, "Cap%3s: %llx", set, &bits) != 2 ||
            strcmp(set, "Bnd") == 0)
            continue;
        if (bits)
            return EPERM;
        nr_sets++;
    }
    return nr_sets == 4 ? 0 : ENOENT;
}

/* The strings are in memory still if they were only made unreachable, so the
 * place itself is looked at. */
static char *secret_at;

static int try_environment(void)
{
    const char *zone = getenv("TZ");

    if (getenv("CRAWL_TEST_TOKEN") || *secret_at || !zone)
        return EPERM;
    return strcmp(zone, "UTC") == 0 ? 0 : EPERM;
}

static int try_signal_by_socket(void)
{
    return fcntl(STDERR_FILENO, F_SETOWN, getppid()) == 0 ? 0 : errno;
}

static int try_ignoring_sigsys(void)
{
    return signal(SIGSYS, SIG_IGN) == SIG_ERR ? errno : 0;
}

/* A filter compares 64 bits of an argument of which the kernel takes 32. */
static int try_ignoring_sigsys_by_stealth(void)
{
    const unsigned long action[4] = {1 /* SIG_IGN */};
    const long disguised = ((long)1 << 32) | SIGSYS;

    return syscall(SYS_rt_sigaction, disguised, action, NULL, 8) == 0 ? 0
                                                                      : errno;
}

static int try_blocking_sigsys(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGSYS);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return try_exec();
}

static int try_own_limits(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit))
        return errno;
    return limit.rlim_cur > 0 ? 0 : ENOENT;
}

#if !SANDBOX_HAS_SANITIZER
static int try_all_memory(void)
{
    void *memory = mmap(NULL, (size_t)8 << 30, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    return memory == MAP_FAILED ? errno : 0;
}
#endif

static int try_listen(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd < 0)
        return errno;
    return listen(fd, 1) == 0 ? 0 : errno;
}

static int try_privileges(void)
{
    return prctl(PR_SET_DUMPABLE, 1) == 0 ? 0 : errno;
}

static int try_socket(void)
{
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

    return fd < 0 ? errno : 0;
}

static int try_lookup(void)
{
    struct addrinfo *found = NULL;
    int bad = getaddrinfo("localhost", "80", NULL, &found);

    if (bad)
        return ENOENT;
    freeaddrinfo(found);
    return 0;
}

static void *do_lookup(void *result)
{
    *(int *)result = try_lookup();
    return NULL;
}

static int try_thread(void)
{
    pthread_t thread;
    int result = ENOSYS;
    int bad = pthread_create(&thread, NULL, do_lookup, &result);

    if (bad)
        return bad;
    pthread_join(thread, NULL);
    return result;
}

static int try_much_memory(void)
{
    char *memory = malloc(64 << 20);

    if (!memory)
        return ENOMEM;
    memset(memory, 1, 64 << 20);
    free(memory);
    return 0;
}

static const struct attempt {
    const char *name;
    int (*run)(void);
    uint32_t needs; /* parts without which it would work */
    int error;      /* 0: it works; SIGSYS_DEATH */
} attempts[] = {
    {"read /etc/passwd", try_passwd, SANDBOX_FILES, EACCES},
    {"create a file", try_create, SANDBOX_FILES, EACCES},
    {"list a folder", try_folder, SANDBOX_FILES, EACCES},
    {"execute a program", try_exec, SANDBOX_CALLS, SIGSYS_DEATH},
    {"fork", try_fork, SANDBOX_CALLS, SIGSYS_DEATH},
    {"ptrace", try_ptrace, SANDBOX_CALLS, SIGSYS_DEATH},
    {"signal the parent", try_kill_parent, SANDBOX_CALLS, SIGSYS_DEATH},
    {"map executable memory", try_executable_memory, SANDBOX_CALLS,
     SIGSYS_DEATH},
    {"make memory executable", try_making_memory_executable, SANDBOX_CALLS,
     SIGSYS_DEATH},
    {"open a Unix socket", try_unix_socket, SANDBOX_CALLS, EAFNOSUPPORT},
    {"bind a TCP port", try_bind, SANDBOX_LISTEN, EACCES},
    {"listen", try_listen, SANDBOX_CALLS, SIGSYS_DEATH},
    {"send raw packets", try_raw_socket, SANDBOX_CALLS, SIGSYS_DEATH},
    {"open SCTP", try_other_protocols, SANDBOX_CALLS, SIGSYS_DEATH},
    {"open UDP Lite", try_udp_lite, SANDBOX_CALLS, SIGSYS_DEATH},
    {"make a pair for datagrams", try_datagram_pair, SANDBOX_CALLS,
     SIGSYS_DEATH},
    {"let a close linger", try_linger, SANDBOX_CALLS, SIGSYS_DEATH},
    {"open a path alone", try_path_alone, SANDBOX_CALLS, EACCES},
    {"keep a token of the environment", try_environment, 0, 0},
    {"keep a capability", try_capabilities, 0, 0},
    {"signal by a socket", try_signal_by_socket, SANDBOX_CALLS, SIGSYS_DEATH},
    {"ignore SIGSYS", try_ignoring_sigsys, SANDBOX_CALLS, SIGSYS_DEATH},
    {"ignore it by stealth", try_ignoring_sigsys_by_stealth, SANDBOX_CALLS,
     SIGSYS_DEATH},
    {"block SIGSYS", try_blocking_sigsys, SANDBOX_CALLS, SIGSYS_DEATH},
#if !SANDBOX_HAS_SANITIZER
    {"use 8 GiB", try_all_memory, SANDBOX_LIMITS, ENOMEM},
#endif
    {"make a pair for streams", try_stream_pair, 0, 0},
    {"switch Nagle off", try_no_delay, 0, 0},
    {"read its own limits", try_own_limits, 0, 0},
    {"become dumpable", try_privileges, SANDBOX_CALLS, EPERM},
    {"read /etc/hosts", try_resolver, 0, 0},
    {"open an internet socket", try_socket, 0, 0},
    {"look a name up", try_lookup, 0, 0},
    {"look a name up in a thread", try_thread, 0, 0},
    {"use 64 MiB", try_much_memory, 0, 0},
};

static void run_attempt(const struct attempt *attempt)
{
    struct sandbox sandbox;

    status_file = fopen("/proc/self/status", "re");
    if (!status_file)
        _exit(CANNOT_ENTER);
    setenv("TZ", "UTC", 1);
    setenv("CRAWL_TEST_TOKEN", "0123456789", 1);
    secret_at = getenv("CRAWL_TEST_TOKEN");
    try_lookup(); /* loads the resolver's modules, as a worker does */
    if (sandbox_enter(&sandbox, &options))
        _exit(CANNOT_ENTER);
    _exit(attempt->run());
}

/* Exit status of the child, or SIGSYS_DEATH; -2 for any other death. */
static int run_in_child(const struct attempt *attempt)
{
    pid_t pid = fork();
    int status = 0;

    assert_true(pid >= 0);
    if (pid == 0)
        run_attempt(attempt);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (WIFEXITED(status))
        return WEXITSTATUS(status);
    return WTERMSIG(status) == SIGSYS ? SIGSYS_DEATH : -2;
}

static void sandbox_refuses_what_fetching_does_not_need(void **state)
{
    uint32_t offered = sandbox_offered(NULL);
    size_t nr_wrong = 0;

    (void)state;
    for (size_t i = 0; i < NR(attempts); i++) {
        int got;

        if ((attempts[i].needs & offered) != attempts[i].needs)
            continue;
        got = run_in_child(&attempts[i]);
        if (got == attempts[i].error)
            continue;
        print_error("%s: got %d, not %d\n", attempts[i].name, got,
                    attempts[i].error);
        nr_wrong++;
    }
    unlink("/tmp/crawl-sandbox-test");
    assert_int_equal(nr_wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sandbox_refuses_what_fetching_does_not_need),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
