/*
 * One slot: a worker process as the parent sees it.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "pool/pool_internal.h"

/* ---- life ---- */

void slot_ask(struct slot *slot)
{
    enum err err;

    slot->restart_ms = 0;
    slot->generation++;
    err = spawner_ask(&slot->pool->spawner, slot->index, slot->generation);
    if (err == CERR_AGAIN) {
        slot->restart_ms = slot->pool->now_ms + 1;
        return;
    }
    /* CERR_CLOSED: the socket's end of file is on its way to pool_run_once(),
     * which asks another one */
    slot->is_asked = true;
    slot->spawner_ms = slot->pool->now_ms;
}

static void reset_generation(struct slot *slot)
{
    const struct pool *pool = slot->pool;

    slot->is_asked = false;
    slot->spawner_ms = 0;
    slot->is_stopping = false;
    slot->is_recycled = false;
    slot->is_killed = false;
    slot->is_late = false;
    slot->is_stuck = false;
    slot->is_reaped = false;
    slot->nr_sent = 0;
    slot->nr_done = 0;
    slot->look_ms = 0;
    slot->deadline_ms = 0;
    slot->leave_ms = 0;
    slot->head_id = 0;
    slot->alive_seen = 0;
    slot->alive_ms = pool->now_ms;
    slot->rss_ms = pool->now_ms;
    slot->since_ms = pool->now_ms;
}

enum err slot_start(struct slot *slot, pid_t pid, const struct spawner_fds *fds)
{
    struct pool *pool = slot->pool;
    struct epoll_event event = {
        .events = EPOLLIN,
        .data.u32 = (uint32_t)slot->index,
    };
    enum err err;

    reset_generation(slot);
    slot->pid = pid;
    slot->pidfd = fds->pidfd;
    err = channel_new_parent(&slot->channel, &pool->shape, fds->memfd,
                             fds->socket);
    close(fds->memfd);
    if (err == CERR_OK && epoll_ctl(pool->epoll_fd, EPOLL_CTL_ADD,
                                    slot->channel->fd, &event) != 0) {
        channel_free(slot->channel);
        slot->channel = NULL;
        err = CERR_IO;
    }
    if (err == CERR_OK)
        slot_arm(slot); /* the host may sleep before the first dispatch */
    else
        slot_kill(slot); /* the spawner will report its end */
    return err;
}

bool slot_is_open(const struct slot *slot)
{
    return slot->channel && !slot->is_stopping && !slot->is_killed &&
           !slot->is_reaped;
}

void slot_stop(struct slot *slot)
{
    if (!slot->channel || slot->is_stopping)
        return;
    slot->is_stopping = true;
    slot->leave_ms = slot->pool->now_ms + POOL_LEAVE_MS;
    atomic_store(&slot->channel->control->stop, 1);
    channel_wake_worker(slot->channel);
}

void slot_kill(struct slot *slot)
{
    if (!slot->is_killed)
        slot->spawner_ms = slot->pool->now_ms;
    slot->is_killed = true;
    if (slot->pidfd >= 0)
        pidfd_send_signal(slot->pidfd, SIGKILL, NULL, 0);
}

/* A worker broke the protocol. */
static void slot_condemn(struct slot *slot)
{
    if (slot->is_killed)
        return; /* counted, or dead for another reason */
    slot->pool->stats.nr_protocol_errors++;
    slot_kill(slot);
}

/* ---- tasks ---- */

size_t slot_room(const struct slot *slot)
{
    const struct pool *pool = slot->pool;
    size_t room = (size_t)pool->max_in_flight;

    if (!slot_is_open(slot) || slot->is_full || slot->flight.nr >= room)
        return 0;
    return room - slot->flight.nr;
}

/* Sends an outsize argument ahead of its task. */
static enum err send_argument(struct slot *slot, const struct task *task)
{
    struct frame_packet packet = {FRAME_ARGUMENT, slot->serial + 1};
    enum err err;
    int memfd;

    if (slot->nr_large >= POOL_LARGE_IN_FLIGHT)
        return CERR_AGAIN;
    memfd = channel_make_argument(task->data, task->len);
    if (memfd < 0)
        return CERR_AGAIN;
    err = channel_send(slot->channel->fd, &packet, memfd);
    close(memfd);
    if (err == CERR_OK)
        slot->serial++;
    return err;
}

enum err slot_send(struct slot *slot, struct task *task)
{
    struct channel *channel = slot->channel;
    struct frame_task frame = {
        .id = task->id,
        .function = task->function,
        .attempt = (uint16_t)(task->attempts + 1),
        .len = task->len,
    };
    bool is_large = task->len > CHANNEL_TASK_MAX;
    uint32_t taken;
    enum err err;

    if (is_large) {
        if (send_argument(slot, task) != CERR_OK)
            return CERR_AGAIN;
        frame.place = FRAME_MEMFD;
        frame.offset = slot->serial;
    }
    task->position = channel->tail;
    err = channel_put_task(channel, &frame, is_large ? NULL : task->data);
    if (err == CERR_AGAIN && channel_read_taken(channel, &taken) == CERR_OK)
        err = channel_put_task(channel, &frame, is_large ? NULL : task->data);
    if (err != CERR_OK)
        return CERR_AGAIN; /* an argument without its task is skipped */
    if (slot->flight.nr == 0)
        slot->since_ms = slot->alive_ms = slot->pool->now_ms;
    task->slot = (int16_t)slot->index;
    task->in_flight = true;
    task->is_large = is_large;
    task->is_notified = false;
    task->start_ms = 0;
    slot->nr_large += is_large;
    task_list_append(&slot->flight, task);
    slot->nr_sent++;
    if (task->soft_ms || task->hard_ms)
        supervisor_note_task(slot, task);
    return CERR_OK;
}

void slot_remove(struct slot *slot, struct task *task)
{
    task_list_remove(&slot->flight, task);
    task->in_flight = false;
    slot->nr_large -= task->is_large;
}

void slot_publish(struct slot *slot)
{
    const struct pool *pool = slot->pool;

    if (pool->options.functions) {
        slot->look_ms = pool->now_ms + POOL_LOOK_MS;
        atomic_store_explicit(&slot->channel->control->parent_core,
                              pool->nr_pending < pool->nr_cores ? spin_core()
                                                                : SPIN_NOT_NOW,
                              memory_order_relaxed);
    }
    if (channel_publish(slot->channel) != CERR_OK)
        slot_condemn(slot);
}

void slot_recall(struct slot *slot, uint32_t keep)
{
    struct pool *pool = slot->pool;
    uint32_t granted;

    if (channel_publish(slot->channel) != CERR_OK ||
        channel_recall(slot->channel, keep, &granted) != CERR_OK) {
        slot_condemn(slot);
        return;
    }
    while (slot->flight.last &&
           (int32_t)(slot->flight.last->position - granted) >= 0) {
        struct task *task = slot->flight.last;

        slot_remove(slot, task);
        slot->nr_sent--;
        task_requeue(pool, task);
    }
}

void slot_notify(struct slot *slot, struct task *task)
{
    struct channel *channel = slot->channel;
    struct frame_packet packet = {FRAME_CANCEL, task->id};

    if (!channel || task->is_notified)
        return;
    if (slot->pool->options.functions) {
        atomic_store(&channel->control->stop_id, task->id);
        task->is_notified = true;
    } else if (channel_send(channel->fd, &packet, -1) == CERR_OK) {
        atomic_fetch_add(&channel->control->nr_packets, 1);
        task->is_notified = true;
    } else {
        slot->deadline_ms = slot->pool->now_ms + 1; /* try again then */
    }
}

/* ---- replies ---- */

/* Copies what is small out of the worker's reach. */
struct reply_copy {
    _Alignas(POOL_ALIGN_BYTES) unsigned char data[POOL_INLINE_BYTES +
                                                  POOL_MESSAGE_BYTES + 1];
};

static void fill_result(const struct channel *channel,
                        const struct frame_reply *reply,
                        struct reply_copy *copy, struct pool_result *result)
{
    const unsigned char *from = reply->inside;
    size_t len = reply->len;
    unsigned char *message = copy->data;

    switch ((enum frame_place)reply->place) {
    case FRAME_ARENA:
        from = channel->arena + reply->offset;
        result->data = from;
        from += len;
        break;
    case FRAME_RING:
        from = channel->reply_bytes + reply->offset;
        __attribute__((fallthrough));
    case FRAME_INSIDE:
    case FRAME_MEMFD: /* refused by frame_check_reply() */
        memcpy(copy->data, from, len);
        result->data = copy->data;
        from += len;
        message += len;
        break;
    }
    result->len = len;
    memcpy(message, from, reply->message_len);
    message[reply->message_len] = '\0';
    result->message = (const char *)message;
    if (reply->flags & FRAME_HAS_EXTRA) {
        result->extra = channel->arena + reply->extra_offset;
        result->extra_len = reply->extra_len;
    }
}

static void give_back(struct channel *channel, const struct frame_reply *reply)
{
    if (reply->place == FRAME_ARENA)
        channel_release_piece(channel, reply->offset);
    if (reply->flags & FRAME_HAS_EXTRA)
        channel_release_piece(channel, reply->extra_offset);
}

/* Ends one task as its worker says. False: it does not hold that task. */
static bool accept_reply(struct slot *slot, struct channel *channel,
                         const struct frame_reply *reply)
{
    struct pool *pool = slot->pool;
    struct task *task = task_find(pool, reply->id);
    struct pool_result result = {.code = reply->code};
    struct reply_copy copy;

    if (!task || !task->in_flight || task->slot != slot->index) {
        give_back(channel, reply);
        return pool->is_terminated;
    }
    fill_result(channel, reply, &copy, &result);
    result.status = reply->code == 0 ? POOL_OK : POOL_FAILED;
    if (task->is_canceled)
        result.status = POOL_CANCELED;
    channel_consume(channel);
    slot_remove(slot, task);
    task->attempts++;
    slot->nr_done++;
    task_finish(pool, task, &result);
    give_back(channel, reply);
    return true;
}

size_t slot_read(struct slot *slot, size_t max)
{
    struct channel *channel = slot->channel;
    size_t nr = 0;
    uint32_t taken;

    if (channel_read_taken(channel, &taken) != CERR_OK)
        slot_condemn(slot);
    channel->nr_borrows++;
    /* a callback may see the worker buried, or even replaced */
    while (nr < max && slot->channel == channel) {
        struct frame_reply reply;
        enum err err = channel_get_reply(channel, &reply);

        if (err == CERR_AGAIN)
            break;
        if (err != CERR_OK || !accept_reply(slot, channel, &reply)) {
            slot_condemn(slot);
            break;
        }
        nr++;
    }
    if (nr > 0 && !channel->is_dead) {
        channel_consume(channel);
        channel_wake_for_space(channel);
    }
    if (--channel->nr_borrows == 0 && channel->is_dead)
        channel_free(channel);
    return nr;
}

void slot_read_socket(struct slot *slot)
{
    struct frame_packet packet;
    enum err err = channel_receive(slot->channel->fd, &packet, NULL);

    /* One bell is as good as many; the next poll tells of what is behind. */
    if (err == CERR_AGAIN || (err == CERR_OK && packet.type == FRAME_BELL))
        return;
    /* its end, or nothing that a worker may send: read no more of it */
    epoll_ctl(slot->pool->epoll_fd, EPOLL_CTL_DEL, slot->channel->fd, NULL);
    if (err == CERR_CLOSED)
        slot_kill(slot);
    else
        slot_condemn(slot);
}

bool slot_arm(struct slot *slot)
{
    return channel_arm_parent(slot->channel);
}

/* ---- death ---- */

static void forget_process(struct slot *slot)
{
    struct channel *channel = slot->channel;

    if (slot->pidfd >= 0)
        close(slot->pidfd);
    slot->pidfd = -1;
    slot->channel = NULL;
    if (!channel)
        return;
    channel->is_dead = true;
    channel_hang_up(channel); /* which takes it out of the epoll set */
    if (channel->nr_borrows == 0)
        channel_free(channel);
}

/*
 * One task of a dead worker. Unstarted: it goes to another, as if nothing had
 * been. Started: it may have done harm, so it is tried again only if the user
 * allows it, and not for ever, unless its worker was killed for another's
 * lateness.
 */
static void judge_task(struct slot *slot, struct task *task, bool was_started)
{
    struct pool *pool = slot->pool;

    slot_remove(slot, task);
    /* it was started just as the kill was on its way */
    if (was_started && slot->is_stuck && task->id == slot->head_id)
        task->is_late = true;
    if (was_started && !(slot->is_late && !task->is_late && task->retryable))
        task->attempts++;
    if (task->is_canceled)
        task_doom(pool, task, POOL_CANCELED, slot);
    else if (task->is_late)
        task_doom(pool, task, POOL_TIMEOUT, slot);
    else if (!was_started)
        task_requeue(pool, task);
    else if (task->retryable && task->attempts < pool->options.max_attempts) {
        pool->stats.nr_retried++;
        task_requeue(pool, task);
    } else {
        task_doom(pool, task, POOL_LOST, slot);
    }
}

void slot_reap(struct slot *slot, int wait_status)
{
    struct pool *pool = slot->pool;
    struct channel *channel = slot->channel;
    uint32_t taken = 0;
    bool is_clean = WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0;
    bool is_failure;

    slot->is_reaped = true;
    slot->spawner_ms = 0;
    slot->last_signal = WIFSIGNALED(wait_status) ? WTERMSIG(wait_status) : 0;
    slot->last_exit = WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 0;
    if (channel) {
        slot_read(slot, SIZE_MAX); /* what it had finished counts */
        if (channel_publish(channel) != CERR_OK ||
            channel_read_taken(channel, &taken) != CERR_OK)
            taken = channel->tail;
    }
    /* backwards, so that the queue's head gets them in their order */
    while (slot->flight.last) {
        struct task *task = slot->flight.last;

        judge_task(slot, task, (int32_t)(taken - task->position) > 0);
    }
    forget_process(slot);
    pool->stats.nr_deaths++;
    is_failure = !(slot->is_stopping && is_clean) && !slot->is_late;
    if (pool->options.on_worker_death)
        pool->options.on_worker_death(pool->options.user, slot->index,
                                      slot->pid, slot->last_signal,
                                      slot->last_exit);
    supervisor_plan_restart(slot, is_failure);
}
