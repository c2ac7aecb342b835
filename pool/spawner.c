/*
 * DESIGN. The spawner sleeps in poll(2) on the parent's socket, the parent's
 * pidfd and one pidfd for each worker. Requests and messages are fixed structs
 * on a SOCK_SEQPACKET pair: both ends are this file, in one build.
 *
 * Why not PR_SET_PDEATHSIG for the spawner: it fires when the *thread* that
 * forked ends, which a host may do at will. The pidfd stands for the process.
 * The spawner has one thread, so its workers can use PR_SET_PDEATHSIG.
 */
#include "pool/spawner.h"

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

#include "pool/worker_internal.h"

#define SPAWNER_END_MS    10000 /* longest wait for its workers to be reaped */
#define WORKER_OOM_ADJUST "200" /* of 1000, see offer_to_oom() */

/* What the parent asks for: a process for the slot. */
struct spawner_request {
    int32_t slot;
    uint32_t generation;
};

/* A worker as the spawner knows it. */
struct child {
    pid_t pid;           /* 0: none */
    int pidfd;           /* owned while pid is not 0 */
    uint32_t generation; /* of the request that it answers */
};

/* All state of the spawner process. */
struct spawner_process {
    const struct pool_options *options;
    const struct channel_shape *shape;
    int fd;           /* to the parent */
    int parent_pidfd; /* readable when it ends */
    pid_t pid;        /* of this process */
    int nr_slots;
    struct child children[POOL_WORKERS_MAX];
};

/* ---- in a fresh worker ---- */

/* Sets all signals back: the host's handlers and masks are not for this
 * process. A worker ignores SIGINT, because a Ctrl-C reaches the whole process
 * group and the parent decides what follows. */
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

/* Raises the worker's score (proc(5), oom_score_adj), so that the kernel, when
 * it is out of memory, kills a worker and not the parent. A failure is ignored.
 */
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

/* Closes all descriptors but 0 to 2 and the two that the process needs, which
 * become 3 and 4. They are moved out of the way first, as either may be 3 or 4
 * already. */
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

/* What the child of a fork does; does not return. The parent id is compared as
 * the spawner may have died before prctl(2). */
static void run_worker(const struct spawner_process *self, int slot, int memfd,
                       int fd)
{
    int status;

    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != self->pid)
        _exit(1);
    reset_signals();
    offer_to_oom();
    keep_only(&memfd, &fd);
    status = worker_run(self->options, self->shape, slot, memfd, fd);
    fflush(NULL); /* what the user's code printed; exit(3) would run the hooks
                     that the host has set with atexit(3) */
    _exit(status);
}

/* ---- in the spawner ---- */

/* Sends a message to the parent, with descriptors unless `fds` is NULL. */
static void send_message(const struct spawner_process *self,
                         const struct spawner_message *message,
                         const struct spawner_fds *fds)
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
        sent = sendmsg(self->fd, &header, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
}

static void close_fds(struct spawner_fds *fds)
{
    if (fds->pidfd >= 0)
        close(fds->pidfd);
    if (fds->socket >= 0)
        close(fds->socket);
    if (fds->memfd >= 0)
        close(fds->memfd);
    *fds = (struct spawner_fds){-1, -1, -1};
}

/* Forks one worker and tells the parent, with its descriptors, or why not. */
static void start_worker(struct spawner_process *self,
                         const struct spawner_request *request)
{
    struct child *child = &self->children[request->slot];
    struct spawner_message message = {
        .event = SPAWNER_FAILED,
        .slot = request->slot,
        .generation = request->generation,
    };
    struct spawner_fds fds = {-1, -1, -1};
    int pair[2] = {-1, -1};
    pid_t pid = -1;

    fds.memfd = channel_make_memfd(self->shape);
    if (fds.memfd >= 0 &&
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0)
        pid = fork();
    if (pid == 0)
        run_worker(self, request->slot, fds.memfd, pair[1]);
    message.status = errno;
    fds.socket = pair[0];
    if (pair[1] >= 0)
        close(pair[1]);
    if (pid > 0)
        fds.pidfd = pidfd_open(pid, 0);
    if (fds.pidfd >= 0) {
        *child = (struct child){pid, fds.pidfd, request->generation};
        message.event = SPAWNER_STARTED;
        message.pid = pid;
        message.status = 0;
    } else if (pid > 0) {
        message.status = errno;
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
    send_message(self, &message,
                 message.event == SPAWNER_STARTED ? &fds : NULL);
    fds.pidfd = -1; /* the child's entry keeps it */
    close_fds(&fds);
}

/* Tells the parent how a worker has ended. */
static void reap_child(struct spawner_process *self, int slot)
{
    struct child *child = &self->children[slot];
    struct spawner_message message = {
        .event = SPAWNER_EXITED,
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
    send_message(self, &message, NULL);
}

/* Kills all workers and waits for them, so that none outlives the pool. */
static void end_spawner(struct spawner_process *self)
{
    for (int i = 0; i < self->nr_slots; i++) {
        if (self->children[i].pid > 0)
            kill(self->children[i].pid, SIGKILL);
    }
    for (int i = 0; i < self->nr_slots; i++) {
        if (self->children[i].pid > 0)
            waitpid(self->children[i].pid, NULL, 0);
    }
    _exit(0);
}

/* Reads one request. The end of the socket means that the pool is no more. */
static void read_request(struct spawner_process *self)
{
    struct spawner_request request;
    ssize_t got = recv(self->fd, &request, sizeof(request), MSG_DONTWAIT);

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got != sizeof(request) || request.slot < 0 ||
        request.slot >= self->nr_slots)
        end_spawner(self);
    start_worker(self, &request);
}

/* The loop of the spawner; it ends in end_spawner() alone. */
static void run_spawner(struct spawner_process *self)
{
    struct pollfd polls[2 + POOL_WORKERS_MAX];

    for (;;) {
        polls[0] = (struct pollfd){.fd = self->fd, .events = POLLIN};
        polls[1] = (struct pollfd){.fd = self->parent_pidfd, .events = POLLIN};
        for (int i = 0; i < self->nr_slots; i++) {
            const struct child *child = &self->children[i];

            polls[2 + i] = (struct pollfd){
                .fd = child->pid ? child->pidfd : -1,
                .events = POLLIN,
            };
        }
        if (poll(polls, 2 + (nfds_t)self->nr_slots, -1) < 0)
            continue; /* EINTR, or no memory for the moment */
        if (polls[1].revents)
            end_spawner(self);
        for (int i = 0; i < self->nr_slots; i++) {
            if (polls[2 + i].revents)
                reap_child(self, i);
        }
        if (polls[0].revents)
            read_request(self);
    }
}

/*
 * Makes the spawner ignore signals that reach the whole process group: the
 * parent decides about those.
 */
static void ignore_signals(void)
{
    static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE};
    struct sigaction action = {.sa_handler = SIG_IGN};

    reset_signals();
    for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
        sigaction(ignored[i], &action, NULL);
}

/* Takes the host's standard streams away from this process, whose workers
 * inherit what it has. */
static void replace_stdio(const int *fds)
{
    for (int i = 0; fds && i < 3; i++)
        if (dup2(fds[i], i) < 0)
            _exit(1);
}

/* What the forked child does; it never returns. The state is static because it
 * is large, and the parent never touches it. */
static void become_spawner(const struct pool_options *options,
                           const struct channel_shape *shape, int fd,
                           int parent_pidfd)
{
    static struct spawner_process self;

    self = (struct spawner_process){
        .options = options,
        .shape = shape,
        .pid = getpid(),
        .nr_slots = options->nr_workers,
        .parent_pidfd = parent_pidfd,
        .fd = fd,
    };
    ignore_signals();
    replace_stdio(options->worker_stdio);
    keep_only(&self.parent_pidfd, &self.fd);
    prctl(PR_SET_NAME, "pool-spawner");
    run_spawner(&self);
}

/* ---- in the parent ---- */

enum err spawner_open(struct spawner *spawner,
                      const struct pool_options *options,
                      const struct channel_shape *shape)
{
    enum err err = CERR_OK;
    int own_pidfd = pidfd_open(getpid(), 0);
    int pair[2] = {-1, -1};

    *spawner = (struct spawner){.fd = -1, .pidfd = -1};
    if (own_pidfd < 0 ||
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
        err = err_from_errno(errno);
        goto out;
    }
    fflush(NULL); /* or each worker would write what is buffered again */
    spawner->pid = fork();
    if (spawner->pid == 0)
        become_spawner(options, shape, pair[1], own_pidfd);
    if (spawner->pid < 0) {
        err = errno == EAGAIN ? CERR_LIMIT : err_from_errno(errno);
        goto out;
    }
    spawner->fd = pair[0];
    pair[0] = -1;
    spawner->pidfd = pidfd_open(spawner->pid, 0);
    if (spawner->pidfd < 0)
        err = err_from_errno(errno);
out:
    if (own_pidfd >= 0)
        close(own_pidfd);
    if (pair[0] >= 0)
        close(pair[0]);
    if (pair[1] >= 0)
        close(pair[1]);
    if (err != CERR_OK)
        spawner_close(spawner);
    return err;
}

enum err spawner_ask(const struct spawner *spawner, int slot,
                     uint32_t generation)
{
    struct spawner_request request = {slot, generation};
    ssize_t sent;

    do {
        sent = send(spawner->fd, &request, sizeof(request),
                    MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    if (sent >= 0)
        return CERR_OK;
    return errno == EAGAIN || errno == ENOBUFS ? CERR_AGAIN : CERR_CLOSED;
}

/* Accepts the descriptors of a message, all three or none: this process may
 * have had room for fewer. */
static bool accept_fds(struct msghdr *header, struct spawner_fds *fds)
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

enum err spawner_receive(const struct spawner *spawner,
                         struct spawner_message *message,
                         struct spawner_fds *fds)
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

    *fds = (struct spawner_fds){-1, -1, -1};
    do {
        got = recvmsg(spawner->fd, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    } while (got < 0 && errno == EINTR);
    if (got < 0 && errno == EAGAIN)
        return CERR_AGAIN;
    if (got != sizeof(*message))
        return CERR_CLOSED;
    if (!accept_fds(&header, fds) && message->event == SPAWNER_STARTED)
        return CERR_LIMIT;
    return CERR_OK;
}

void spawner_continue(const struct spawner *spawner)
{
    if (spawner->pidfd >= 0)
        pidfd_send_signal(spawner->pidfd, SIGCONT, NULL, 0);
}

void spawner_kill(const struct spawner *spawner)
{
    if (spawner->pidfd >= 0)
        pidfd_send_signal(spawner->pidfd, SIGKILL, NULL, 0);
}

void spawner_close(struct spawner *spawner)
{
    struct pollfd gone = {.fd = spawner->pidfd, .events = POLLIN};

    if (spawner->fd >= 0)
        close(spawner->fd);
    spawner_continue(spawner); /* a stopped one would not see that */
    if (spawner->pid > 0) {
        /* without its pidfd only a wait without limit is left */
        if (spawner->pidfd >= 0 && poll(&gone, 1, SPAWNER_END_MS) == 0)
            spawner_kill(spawner);
        while (waitpid(spawner->pid, NULL, 0) < 0 && errno == EINTR)
            continue;
    }
    if (spawner->pidfd >= 0)
        close(spawner->pidfd);
    *spawner = (struct spawner){.fd = -1, .pidfd = -1};
}
