/*
 * Preloaded into crawl: a worker that was taken over by the page it fetched.
 *
 * A connection to 127.0.77.N first makes the Nth attempt of the table. Those
 * that the sandbox ends, end there; the others say on standard error what
 * came of them, and the connection is made.
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <unistd.h>

#define TARGET_NET 0x7f004d00u /* 127.0.77.0/24 */

static int open_passwd(void)
{
    return open("/etc/passwd", O_RDONLY);
}

static int create_file(void)
{
    return open("/tmp/crawl-sandbox-shim", O_WRONLY | O_CREAT, 0600);
}

static int unix_socket(void)
{
    return socket(AF_UNIX, SOCK_STREAM, 0);
}

/* A row that is none, the rows of others overwritten, the list read away. */
static int use_standard_streams(void)
{
    static const char row[] = "{\"url\":\"http://forged.test/\"}\n";
    char list[64];

    if (write(STDOUT_FILENO, row, sizeof(row) - 1) < 0)
        return -1;
    lseek(STDOUT_FILENO, 0, SEEK_SET);
    return (int)read(STDIN_FILENO, list, sizeof(list));
}

/* Sets the title of the terminal, if one obeys. */
static int command_the_terminal(void)
{
    return dprintf(STDERR_FILENO, "\033]0;forged\007\n");
}

static int let_a_close_linger(void)
{
    const struct linger linger = {.l_onoff = 1, .l_linger = 40};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    return setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
}

static int execute(void)
{
    char *const arguments[] = {"sh", "-c", "exit 0", NULL};

    return execv("/bin/sh", arguments);
}

static int make_process(void)
{
    pid_t pid = fork();

    if (pid == 0)
        _exit(0);
    return pid;
}

static int trace_parent(void)
{
    return ptrace(PTRACE_ATTACH, getppid(), NULL, NULL) == 0 ? 0 : -1;
}

static int kill_parent(void)
{
    return kill(getppid(), SIGTERM);
}

static int executable_memory(void)
{
    void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return memory == MAP_FAILED ? -1 : 0;
}

static int raw_packets(void)
{
    return socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
}

static int signal_by_socket(void)
{
    return fcntl(STDERR_FILENO, F_SETOWN, getppid());
}

static int keep_the_handler(void)
{
    struct sigaction action = {.sa_handler = SIG_IGN};

    if (sigaction(SIGSYS, &action, NULL))
        return -1;
    return execute();
}

static const struct {
    const char *name;
    int (*run)(void);
} attempts[] = {
    {"open /etc/passwd", open_passwd},
    {"create a file", create_file},
    {"Unix socket", unix_socket},
    {"standard streams", use_standard_streams},
    {"terminal", command_the_terminal},
    {"execve", execute},
    {"clone", make_process},
    {"ptrace", trace_parent},
    {"kill", kill_parent},
    {"mmap", executable_memory},
    {"socket", raw_packets},
    {"fcntl", signal_by_socket},
    {"setsockopt", let_a_close_linger},
    {"", keep_the_handler},
};

static void attempt(size_t nr)
{
    int result;

    if (nr >= sizeof(attempts) / sizeof(attempts[0]))
        return;
    errno = 0;
    result = attempts[nr].run();
    dprintf(STDERR_FILENO, "shim: %s: %s\n", attempts[nr].name,
            result < 0 ? strerrorname_np(errno) : "done");
}

int connect(int fd, __CONST_SOCKADDR_ARG address, socklen_t len)
{
    int (*real)(int, __CONST_SOCKADDR_ARG, socklen_t);
    const struct sockaddr_in *in = address.__sockaddr_in__;
    uint32_t ip = in->sin_family == AF_INET ? ntohl(in->sin_addr.s_addr) : 0;
    void *symbol = dlsym(RTLD_NEXT, "connect");

    memcpy(&real, &symbol, sizeof(real));
    if ((ip & 0xffffff00u) == TARGET_NET)
        attempt(ip & 0xff);
    return real(fd, address, len);
}
