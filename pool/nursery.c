/*
 * DESIGN. The nursery sleeps in poll(2) on the parent's socket, the parent's
 * pidfd and one pidfd for each worker. Requests and messages are fixed structs
 * on a SOCK_SEQPACKET pair: both ends are this file, in one build.
 *
 * Why not PR_SET_PDEATHSIG for the nursery: it fires when the *thread* that
 * forked ends, which a host may do at will. The pidfd stands for the process.
 * The nursery has one thread, so its workers can use PR_SET_PDEATHSIG.
 */
#include "pool/nursery.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define NURSERY_END_MS    10000 /* for its workers to vanish after SIGKILL */
#define WORKER_OOM_ADJUST "200"

struct nursery_request {
    int32_t slot;
    uint32_t generation;
};

struct child {
    pid_t pid; /* 0: none */
    int pidfd;
    uint32_t generation;
};

/* All of the nursery process's state. */
struct home {
    const struct pool_options *options;
    const struct channel_shape *shape;
    int fd;           /* to the parent */
    int parent_pidfd; /* readable when it ends */
    pid_t pid;        /* of this process */
    int nr_slots;
    struct child children[POOL_WORKERS_MAX];
};

/* ---- in a fresh worker ---- */

static void reset_signals(void)
{
    struct sigaction action = {.sa_handler = SIG_DFL};
    sigset_t none;

    for (int nr = 1; nr < NSIG; nr++) {
        action.sa_handler = nr == SIGINT ? SIG_IGN : SIG_DFL;
        sigaction(nr, &action, NULL); /* refused for KILL, STOP, reserved */
    }
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* The kernel should shoot a worker, not the parent. Best effort. */
static void offer_to_oom(void)
{
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    ssize_t done;

    if (fd < 0)
        return;
    done = write(fd, WORKER_OOM_ADJUST, sizeof(WORKER_OOM_ADJUST) - 1);
    (void)done;
    close(fd);
}

/* Keeps 0 to 2 and moves the two that the worker needs to 3 and 4. */
static void keep_only(int *memfd, int *fd)
{
    int high_memfd = fcntl(*memfd, F_DUPFD_CLOEXEC, 10);
    int high_fd = fcntl(*fd, F_DUPFD_CLOEXEC, 10);

    if (high_memfd < 0 || high_fd < 0 || dup3(high_memfd, 3, O_CLOEXEC) < 0 ||
        dup3(high_fd, 4, O_CLOEXEC) < 0)
        _exit(1);
    close_range(5, ~0U, 0);
    *memfd = 3;
    *fd = 4;
}

static void run_worker(const struct home *home, int slot, int memfd, int fd)
{
    int status;

    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != home->pid)
        _exit(1);
    reset_signals();
    offer_to_oom();
    keep_only(&memfd, &fd);
    status = worker_run(home->options, home->shape, slot, memfd, fd);
    fflush(NULL);
    _exit(status);
}

/* ---- in the nursery ---- */

static void send_message(const struct home *home,
                         const struct nursery_message *message,
                         const struct nursery_fds *fds)
{
    struct iovec part = {
        .iov_base = (void *)message,
        .iov_len = sizeof(*message),
    };
    _Alignas(struct cmsghdr) char room[CMSG_SPACE(sizeof(*fds))] = {0};
    struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
    ssize_t sent;

    if (fds) {
        struct cmsghdr *control = (struct cmsghdr *)room;

        header.msg_control = room;
        header.msg_controllen = sizeof(room);
        control->cmsg_level = SOL_SOCKET;
        control->cmsg_type = SCM_RIGHTS;
        control->cmsg_len = CMSG_LEN(sizeof(*fds));
        memcpy(CMSG_DATA(control), fds, sizeof(*fds));
    }
    /* may wait for a slow parent; ends with an error when that is gone */
    do {
        sent = sendmsg(home->fd, &header, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
}

static void close_fds(struct nursery_fds *fds)
{
    if (fds->pidfd >= 0)
        close(fds->pidfd);
    if (fds->socket >= 0)
        close(fds->socket);
    if (fds->memfd >= 0)
        close(fds->memfd);
    *fds = (struct nursery_fds){-1, -1, -1};
}

static void start_worker(struct home *home,
                         const struct nursery_request *request)
{
    struct child *child = &home->children[request->slot];
    struct nursery_message message = {
        .event = NURSERY_FAILED,
        .slot = request->slot,
        .generation = request->generation,
    };
    struct nursery_fds fds = {-1, -1, -1};
    int pair[2] = {-1, -1};
    pid_t pid = -1;

    fds.memfd = channel_make_memfd(home->shape);
    if (fds.memfd >= 0 &&
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0)
        pid = fork();
    if (pid == 0)
        run_worker(home, request->slot, fds.memfd, pair[1]);
    message.status = errno;
    fds.socket = pair[0];
    if (pair[1] >= 0)
        close(pair[1]);
    if (pid > 0)
        fds.pidfd = pidfd_open(pid, 0);
    if (fds.pidfd >= 0) {
        *child = (struct child){pid, fds.pidfd, request->generation};
        message.event = NURSERY_STARTED;
        message.pid = pid;
        message.status = 0;
    } else if (pid > 0) {
        message.status = errno;
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
    send_message(home, &message,
                 message.event == NURSERY_STARTED ? &fds : NULL);
    fds.pidfd = -1; /* the child's entry keeps it */
    close_fds(&fds);
}

static void reap_child(struct home *home, int slot)
{
    struct child *child = &home->children[slot];
    struct nursery_message message = {
        .event = NURSERY_EXITED,
        .slot = slot,
        .generation = child->generation,
        .pid = child->pid,
    };
    int status = 0;

    if (waitpid(child->pid, &status, WNOHANG) != child->pid)
        return;
    close(child->pidfd);
    child->pid = 0;
    message.status = status;
    send_message(home, &message, NULL);
}

static void end_home(struct home *home)
{
    for (int i = 0; i < home->nr_slots; i++) {
        if (home->children[i].pid > 0)
            kill(home->children[i].pid, SIGKILL);
    }
    for (int i = 0; i < home->nr_slots; i++) {
        if (home->children[i].pid > 0)
            waitpid(home->children[i].pid, NULL, 0);
    }
    _exit(0);
}

static void read_request(struct home *home)
{
    struct nursery_request request;
    ssize_t got = recv(home->fd, &request, sizeof(request), MSG_DONTWAIT);

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got != sizeof(request) || request.slot < 0 ||
        request.slot >= home->nr_slots)
        end_home(home);
    start_worker(home, &request);
}

static void run_home(struct home *home)
{
    struct pollfd polls[2 + POOL_WORKERS_MAX];

    for (;;) {
        polls[0] = (struct pollfd){.fd = home->fd, .events = POLLIN};
        polls[1] = (struct pollfd){.fd = home->parent_pidfd, .events = POLLIN};
        for (int i = 0; i < home->nr_slots; i++) {
            const struct child *child = &home->children[i];

            polls[2 + i] = (struct pollfd){
                .fd = child->pid ? child->pidfd : -1,
                .events = POLLIN,
            };
        }
        if (poll(polls, 2 + (nfds_t)home->nr_slots, -1) < 0)
            continue;
        if (polls[1].revents)
            end_home(home);
        for (int i = 0; i < home->nr_slots; i++) {
            if (polls[2 + i].revents)
                reap_child(home, i);
        }
        if (polls[0].revents)
            read_request(home);
    }
}

/*
 * The parent decides about signals that reach the whole process group, so the
 * nursery does not listen to them.
 */
static void ignore_signals(void)
{
    static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE};
    struct sigaction action = {.sa_handler = SIG_IGN};

    reset_signals();
    for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
        sigaction(ignored[i], &action, NULL);
}

static void become_nursery(const struct pool_options *options,
                           const struct channel_shape *shape, int fd,
                           int parent_pidfd)
{
    static struct home home;

    home = (struct home){
        .options = options,
        .shape = shape,
        .pid = getpid(),
        .nr_slots = options->nr_workers,
        .parent_pidfd = parent_pidfd,
        .fd = fd,
    };
    ignore_signals();
    keep_only(&home.parent_pidfd, &home.fd);
    prctl(PR_SET_NAME, "pool-nursery");
    run_home(&home);
}

/* ---- in the parent ---- */

enum err nursery_open(struct nursery *nursery,
                      const struct pool_options *options,
                      const struct channel_shape *shape)
{
    enum err err = CERR_OK;
    int self = pidfd_open(getpid(), 0);
    int pair[2] = {-1, -1};

    *nursery = (struct nursery){.fd = -1, .pidfd = -1};
    if (self < 0 ||
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
        err = err_from_errno(errno);
        goto out;
    }
    fflush(NULL); /* or each worker would write what is buffered again */
    nursery->pid = fork();
    if (nursery->pid == 0)
        become_nursery(options, shape, pair[1], self);
    if (nursery->pid < 0) {
        err = errno == EAGAIN ? CERR_LIMIT : err_from_errno(errno);
        goto out;
    }
    nursery->fd = pair[0];
    pair[0] = -1;
    nursery->pidfd = pidfd_open(nursery->pid, 0);
    if (nursery->pidfd < 0)
        err = err_from_errno(errno);
out:
    if (self >= 0)
        close(self);
    if (pair[0] >= 0)
        close(pair[0]);
    if (pair[1] >= 0)
        close(pair[1]);
    if (err != CERR_OK)
        nursery_close(nursery);
    return err;
}

enum err nursery_ask(const struct nursery *nursery, int slot,
                     uint32_t generation)
{
    struct nursery_request request = {slot, generation};
    ssize_t sent;

    do {
        sent = send(nursery->fd, &request, sizeof(request),
                    MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    if (sent >= 0)
        return CERR_OK;
    return errno == EAGAIN || errno == ENOBUFS ? CERR_AGAIN : CERR_CLOSED;
}

/* The descriptors of a message, all three or none. */
static bool take_fds(struct msghdr *header, struct nursery_fds *fds)
{
    struct cmsghdr *control = CMSG_FIRSTHDR(header);
    size_t nr;

    if (!control || control->cmsg_type != SCM_RIGHTS)
        return false;
    nr = (control->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    memcpy(fds, CMSG_DATA(control), nr * sizeof(int));
    if (nr == 3 && (header->msg_flags & MSG_CTRUNC) == 0)
        return true;
    close_fds(fds);
    return false;
}

enum err nursery_receive(const struct nursery *nursery,
                         struct nursery_message *message,
                         struct nursery_fds *fds)
{
    struct iovec part = {.iov_base = message, .iov_len = sizeof(*message)};
    _Alignas(struct cmsghdr) char room[CMSG_SPACE(sizeof(*fds))];
    struct msghdr header = {
        .msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = room,
        .msg_controllen = sizeof(room),
    };
    ssize_t got;

    *fds = (struct nursery_fds){-1, -1, -1};
    do {
        got = recvmsg(nursery->fd, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    } while (got < 0 && errno == EINTR);
    if (got < 0 && errno == EAGAIN)
        return CERR_AGAIN;
    if (got != sizeof(*message))
        return CERR_CLOSED;
    if (!take_fds(&header, fds) && message->event == NURSERY_STARTED)
        return CERR_LIMIT;
    return CERR_OK;
}

void nursery_continue(const struct nursery *nursery)
{
    if (nursery->pidfd >= 0)
        pidfd_send_signal(nursery->pidfd, SIGCONT, NULL, 0);
}

void nursery_kill(const struct nursery *nursery)
{
    if (nursery->pidfd >= 0)
        pidfd_send_signal(nursery->pidfd, SIGKILL, NULL, 0);
}

void nursery_close(struct nursery *nursery)
{
    struct pollfd gone = {.fd = nursery->pidfd, .events = POLLIN};

    if (nursery->fd >= 0)
        close(nursery->fd);
    nursery_continue(nursery); /* or it would not see that */
    if (nursery->pid > 0) {
        /* without its pidfd only a wait without limit is left */
        if (nursery->pidfd >= 0 && poll(&gone, 1, NURSERY_END_MS) == 0)
            nursery_kill(nursery);
        while (waitpid(nursery->pid, NULL, 0) < 0 && errno == EINTR)
            continue;
    }
    if (nursery->pidfd >= 0)
        close(nursery->pidfd);
    *nursery = (struct nursery){.fd = -1, .pidfd = -1};
}
