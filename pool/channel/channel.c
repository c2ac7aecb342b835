/*
 * What both sides of a channel share: its layout, its memory, its packets. The
 * rings themselves are in channel_ring.c.
 *
 * The memory is one memfd for each worker, mapped in two parts: what both sides
 * write, and the arena, which the parent maps without the right to write.
 */
#include "pool/channel/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* MFD_NOEXEC_SEAL exists since Linux 6.3 (memfd_create(2)). Older kernels
 * answer EINVAL, and older headers lack the name. */
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

/* Rounds up to a multiple of `step`. */
static size_t round_up(size_t value, size_t step)
{
    return (value + step - 1) / step * step;
}

/*
 * The rings have four times as many frames as tasks may be in flight: a frame
 * that the worker has just taken stays untouched while it copies it, and so
 * does every unread reply.
 */
struct channel_shape channel_make_shape(uint32_t max_in_flight,
                                        size_t arena_bytes,
                                        size_t max_task_bytes)
{
    const size_t page = 4096;
    struct channel_shape shape = {.nr_frames = 16};
    size_t at = round_up(sizeof(struct channel_control), 64);

    while (shape.nr_frames < 4 * max_in_flight)
        shape.nr_frames *= 2;
    shape.tasks_at = at;
    at += shape.nr_frames * sizeof(struct frame_task);
    shape.replies_at = at;
    at += shape.nr_frames * sizeof(struct frame_reply);
    shape.releases_at = at;
    at = round_up(at + shape.nr_frames * sizeof(uint32_t), page);
    shape.task_bytes_at = at;
    at += CHANNEL_TASK_RING_BYTES;
    shape.reply_bytes_at = at;
    at += CHANNEL_REPLY_RING_BYTES;
    shape.arena_at = at;
    shape.arena_bytes = round_up(arena_bytes, page);
    shape.total_bytes = at + shape.arena_bytes;
    shape.max_task_bytes = max_task_bytes;
    return shape;
}

/* Makes a memfd that may be sealed, and that nobody may execute where the
 * kernel can promise that. */
static int memfd_create_noexec(const char *name)
{
    unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
    int fd = memfd_create(name, flags | MFD_NOEXEC_SEAL);

    if (fd < 0 && errno == EINVAL)
        fd = memfd_create(name, flags);
    return fd;
}

int channel_make_memfd(const struct channel_shape *shape)
{
    int fd = memfd_create_noexec("pool-channel");

    if (fd < 0)
        return -1;
    /* The size is sealed. A worker that cut the file would make the parent die
     * of SIGBUS when it next reads there. */
    if (ftruncate(fd, (off_t)shape->total_bytes) != 0 ||
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) !=
            0) {
        close(fd);
        return -1;
    }
    return fd;
}

int channel_make_argument(const void *data, size_t len)
{
    int fd = memfd_create_noexec("pool-argument");
    const unsigned char *at = data;
    size_t left = len;

    if (fd < 0)
        return -1;
    while (left > 0) {
        ssize_t got = write(fd, at, left);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        at += got;
        left -= (size_t)got;
    }
    /* The bytes are sealed too, so that they stay as they are while the worker
     * reads them. */
    if (left > 0 ||
        fcntl(fd, F_ADD_SEALS,
              F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/* Finds the parts of the mapped memory; both sides have the same shape. */
static void set_places(struct channel *channel, unsigned char *base)
{
    const struct channel_shape *shape = &channel->shape;

    channel->control = (struct channel_control *)base;
    channel->tasks = (struct frame_task *)(base + shape->tasks_at);
    channel->replies = (struct frame_reply *)(base + shape->replies_at);
    channel->releases = (_Atomic uint32_t *)(base + shape->releases_at);
    channel->task_bytes = base + shape->task_bytes_at;
    channel->reply_bytes = base + shape->reply_bytes_at;
    channel->mask = shape->nr_frames - 1;
}

/* Maps both parts of the memory. After an error the caller frees those that
 * were mapped. */
static enum err init_common(struct channel *channel,
                            const struct channel_shape *shape, int memfd,
                            int fd, int arena_protection)
{
    unsigned char *base;
    void *arena;

    *channel = (struct channel){.shape = *shape, .fd = fd};
    channel->out.end_of = calloc(shape->nr_frames, sizeof(uint32_t));
    if (!channel->out.end_of)
        return CERR_NOMEM;
    base = mmap(NULL, shape->arena_at, PROT_READ | PROT_WRITE, MAP_SHARED,
                memfd, 0);
    if (base == MAP_FAILED)
        return CERR_NOMEM;
    set_places(channel, base);
    arena = mmap(NULL, shape->arena_bytes, arena_protection, MAP_SHARED, memfd,
                 (off_t)shape->arena_at);
    if (arena == MAP_FAILED)
        return CERR_NOMEM;
    channel->arena = arena;
    return CERR_OK;
}

enum err channel_new_parent(struct channel **out,
                            const struct channel_shape *shape, int memfd,
                            int fd)
{
    struct channel *channel = malloc(sizeof(*channel));
    enum err err;

    *out = NULL;
    if (!channel) { /* the socket is ours in every case */
        close(fd);
        return CERR_NOMEM;
    }
    err = init_common(channel, shape, memfd, fd, PROT_READ);
    if (err != CERR_OK) {
        channel_free(channel);
        return err;
    }
    /* the parent writes tasks ... */
    channel->out.data =
        (unsigned char *)channel->control + shape->task_bytes_at;
    channel->out.size = CHANNEL_TASK_RING_BYTES;
    *out = channel;
    return CERR_OK;
}

enum err channel_init_worker(struct channel *channel,
                             const struct channel_shape *shape, int memfd,
                             int fd)
{
    enum err err =
        init_common(channel, shape, memfd, fd, PROT_READ | PROT_WRITE);

    if (err != CERR_OK)
        return err;
    /* ... and the worker writes replies */
    channel->out.data =
        (unsigned char *)channel->control + shape->reply_bytes_at;
    channel->out.size = CHANNEL_REPLY_RING_BYTES;
    return CERR_OK;
}

void channel_hang_up(struct channel *channel)
{
    if (channel->fd >= 0)
        close(channel->fd);
    channel->fd = -1;
}

void channel_free(struct channel *channel)
{
    if (!channel)
        return;
    if (channel->arena)
        munmap(channel->arena, channel->shape.arena_bytes);
    if (channel->control)
        munmap(channel->control, channel->shape.arena_at);
    channel_hang_up(channel);
    free(channel->out.end_of);
    free(channel);
}

enum err channel_send(int fd, const struct frame_packet *packet, int passed_fd)
{
    unsigned char bytes[FRAME_PACKET_BYTES];
    struct iovec part = {.iov_base = bytes, .iov_len = sizeof(bytes)};
    _Alignas(struct cmsghdr) char room[CMSG_SPACE(sizeof(int))] = {0};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    ssize_t sent;

    frame_encode_packet(packet, bytes);
    if (passed_fd >= 0) {
        struct cmsghdr *header = (struct cmsghdr *)room;

        message.msg_control = room;
        message.msg_controllen = sizeof(room);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(header), &passed_fd, sizeof(passed_fd));
    }
    do {
        sent = sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    if (sent >= 0)
        return CERR_OK;
    /* ETOOMANYREFS: too many descriptors are under way in sockets, unix(7) */
    if (errno == EPIPE || errno == ECONNRESET)
        return CERR_CLOSED;
    return errno == EAGAIN || errno == ENOBUFS || errno == ETOOMANYREFS
               ? CERR_AGAIN
               : CERR_IO;
}

/* Finds the one descriptor that came with a packet, and closes any others. */
static int find_passed_fd(struct msghdr *message)
{
    struct cmsghdr *header = CMSG_FIRSTHDR(message);
    int passed_fd = -1;

    for (; header; header = CMSG_NXTHDR(message, header)) {
        size_t nr = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);

        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
            continue;
        for (size_t i = 0; i < nr; i++) {
            int fd;

            memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof(fd));
            if (passed_fd < 0)
                passed_fd = fd;
            else
                close(fd);
        }
    }
    return passed_fd;
}

enum err channel_receive(int fd, struct frame_packet *packet, int *passed_fd)
{
    /* one byte more than a packet has, so that a longer one shows */
    unsigned char bytes[FRAME_PACKET_BYTES + 1];
    struct iovec part = {.iov_base = bytes, .iov_len = sizeof(bytes)};
    _Alignas(struct cmsghdr) char room[CMSG_SPACE(sizeof(int))];
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    int got_fd = -1;
    ssize_t got;

    message.msg_control = room;
    message.msg_controllen = sizeof(room);
    do {
        got = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    } while (got < 0 && errno == EINTR);
    if (got < 0) /* ECONNRESET, when the other side died with packets unread */
        return errno == EAGAIN ? CERR_AGAIN : CERR_CLOSED;
    if (message.msg_controllen > 0)
        got_fd = find_passed_fd(&message);
    if (passed_fd)
        *passed_fd = got_fd;
    else if (got_fd >= 0) /* a descriptor that nobody asked for */
        close(got_fd);
    if (got == 0) /* no packet is empty: this is the end of the socket */
        return CERR_CLOSED;
    return frame_decode_packet(bytes, (size_t)got, packet);
}

bool channel_has_bell(int fd)
{
    unsigned char bytes[FRAME_PACKET_BYTES];
    struct frame_packet packet;
    ssize_t got = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT | MSG_PEEK);

    return got > 0 &&
           frame_decode_packet(bytes, (size_t)got, &packet) == CERR_OK &&
           packet.type == FRAME_BELL;
}
