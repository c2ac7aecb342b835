/*
 * One slot: a worker process as the parent sees it.
 *
 * Three things are done here: the states of the slot (see enum slot_state),
 * the tasks in flight in it, and the replies of its worker. A worker is an
 * untrusted peer: what it writes is checked, and one that breaks the protocol
 * is killed. Whoever changes `state` does it through set_state().
 */
#include <assert.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/unfilled.h"

#include "pool/pool_internal.h"

/* ---- states ---- */

#define TO(state) (1u << SLOT_##state)

/* The list at enum slot_state as a table: for each state those that may follow
 * it. */
static bool move_is_legal(enum slot_state from, enum slot_state to)
{
    static const unsigned may_follow[] = {
        [SLOT_NONE] = TO(ASKED) | TO(BACKOFF) | TO(GIVEN_UP),
        [SLOT_ASKED] =
            TO(ASKED) | TO(BACKOFF) | TO(OPEN) | TO(DEAD) | TO(GIVEN_UP),
        [SLOT_OPEN] = TO(STOPPING) | TO(KILLED) | TO(REAPING),
        [SLOT_STOPPING] = TO(KILLED) | TO(REAPING),
        [SLOT_KILLED] = TO(REAPING),
        [SLOT_REAPING] = TO(DEAD),
        [SLOT_DEAD] = TO(NONE) | TO(ASKED) | TO(BACKOFF) | TO(GIVEN_UP),
        [SLOT_BACKOFF] = TO(NONE) | TO(ASKED) | TO(BACKOFF) | TO(GIVEN_UP),
        [SLOT_GIVEN_UP] = 0,
    };

    return (may_follow[from] & (1u << to)) != 0;
}

/* The only place that changes the state of a slot. */
static void set_state(struct slot *slot, enum slot_state state)
{
    bool is_legal = move_is_legal(slot->state, state);

    assert(is_legal);
    (void)is_legal;
    slot->state = state;
    slot->state_ms = slot->pool->now_ms;
}

void slot_ask(struct slot *slot)
{
    enum err err;

    slot->generation++;
    slot->spawner_nr = slot->pool->stats.nr_spawner_deaths;
    err = spawner_ask(&slot->pool->spawner, slot->index, slot->generation);
    if (err == CERR_AGAIN) {
        slot_back_off(slot, slot->pool->now_ms + 1);
        return;
    }
    /* CERR_CLOSED counts as asked: the end of the spawner's socket is on its
     * way to supervisor_read_spawner(), which asks the next spawner */
    set_state(slot, SLOT_ASKED);
}

void slot_back_off(struct slot *slot, int64_t due_ms)
{
    slot->restarts.due_ms = due_ms;
    set_state(slot, SLOT_BACKOFF);
}

void slot_give_up(struct slot *slot)
{
    if (slot->state != SLOT_GIVEN_UP)
        set_state(slot, SLOT_GIVEN_UP);
}

void slot_rest(struct slot *slot)
{
    set_state(slot, SLOT_NONE);
}

/* Forgets what was known of the process before: it means nothing for the new
 * one. */
static void reset_generation(struct slot *slot)
{
    int64_t now_ms = slot->pool->now_ms;

    slot->stop_cause = SLOT_NO_CAUSE;
    slot->kill_cause = SLOT_NO_CAUSE;
    slot->flight.nr_sent = 0;
    slot->flight.nr_done = 0;
    slot->clocks = (struct slot_clocks){
        .alive_ms = now_ms,
        .rss_ms = now_ms,
        .since_ms = now_ms,
    };
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
    set_state(slot, SLOT_OPEN);
    err = channel_new_parent(&slot->channel, &pool->shape, fds->memfd,
                             fds->socket);
    close(fds->memfd);
    if (err == CERR_OK && epoll_ctl(pool->epoll_fd, EPOLL_CTL_ADD,
                                    slot->channel->fd, &event) != 0) {
        channel_free(slot->channel);
        slot->channel = NULL;
        err = CERR_IO;
    }
    /* The host may sleep on pool_fd() before it dispatches for the first time,
     * so the first reply must ring. The spawner reports the end of a worker
     * without a channel. */
    if (err == CERR_OK)
        channel_arm_parent(slot->channel);
    else
        slot_kill(slot, SLOT_NO_CHANNEL);
    return err;
}

void slot_fail_start(struct slot *slot)
{
    slot->flight.nr_done = 0;
    slot->death = (struct slot_death){.is_failure = true};
    set_state(slot, SLOT_DEAD);
}

void slot_stop(struct slot *slot, enum slot_cause cause)
{
    if (slot->state != SLOT_OPEN)
        return;
    slot->stop_cause = cause;
    set_state(slot, SLOT_STOPPING);
    atomic_store(&slot->channel->control->stop, 1);
    channel_wake_worker(slot->channel);
}

void slot_kill(struct slot *slot, enum slot_cause cause)
{
    if (slot->pidfd < 0)
        return;
    if (slot->kill_cause == SLOT_NO_CAUSE)
        slot->kill_cause = cause;
    if (slot->state == SLOT_OPEN || slot->state == SLOT_STOPPING)
        set_state(slot, SLOT_KILLED);
    pidfd_send_signal(slot->pidfd, SIGKILL, NULL, 0);
}

/* Kills a worker that broke the protocol, and counts that. A worker that was
 * killed before does not count: it may have been cut off in the midst of
 * anything. */
static void condemn(struct slot *slot)
{
    if (slot->kill_cause != SLOT_NO_CAUSE)
        return;
    slot->pool->stats.nr_protocol_errors++;
    slot_kill(slot, SLOT_BAD_PROTOCOL);
}

/* ---- tasks ---- */

size_t slot_room(const struct slot *slot)
{
    size_t room = (size_t)slot->pool->max_in_flight;

    if (slot->state != SLOT_OPEN || slot->flight.is_full ||
        slot->flight.tasks.nr >= room)
        return 0;
    return room - slot->flight.tasks.nr;
}

/* Sends an outsize argument ahead of its task. */
static enum err send_argument(struct slot *slot, const struct task *task)
{
    struct slot_flight *flight = &slot->flight;
    struct frame_packet packet = {FRAME_ARGUMENT, flight->serial + 1};
    enum err err;
    int memfd;

    if (flight->nr_large >= POOL_LARGE_IN_FLIGHT)
        return CERR_AGAIN;
    memfd = channel_make_argument(task->data, task->len);
    if (memfd < 0)
        return CERR_AGAIN;
    err = channel_send(slot->channel->fd, &packet, memfd);
    close(memfd);
    if (err == CERR_OK)
        flight->serial++;
    return err;
}

/* Makes sure that the watchdog looks in time whether the task is late. */
static void note_deadline(struct slot *slot, const struct task *task)
{
    int64_t at_ms = slot->pool->now_ms + task_look_after_ms(task);

    if (slot->clocks.deadline_ms == 0 || at_ms < slot->clocks.deadline_ms)
        slot->clocks.deadline_ms = at_ms;
}

/* Adds a task, whose frame is in the ring now, to those in flight. */
static void add_to_flight(struct slot *slot, struct task *task, bool is_large)
{
    struct slot_flight *flight = &slot->flight;

    if (flight->tasks.nr == 0)
        slot->clocks.since_ms = slot->clocks.alive_ms = slot->pool->now_ms;
    task->slot = (int16_t)slot->index;
    task->state = TASK_IN_FLIGHT;
    task->is_large = is_large;
    task->is_notified = false;
    task->start_ms = 0;
    flight->nr_large += is_large;
    task_list_append(&flight->tasks, task);
    flight->nr_sent++;
    if (task->soft_ms || task->hard_ms)
        note_deadline(slot, task);
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
        frame.offset = slot->flight.serial;
    }
    task->position = channel->tail;
    err = channel_put_task(channel, &frame, is_large ? NULL : task->data);
    /* the ring may have room that the parent has not yet looked at */
    if (err == CERR_AGAIN && channel_read_taken(channel, &taken) == CERR_OK)
        err = channel_put_task(channel, &frame, is_large ? NULL : task->data);
    if (err != CERR_OK)
        return CERR_AGAIN; /* the worker skips an argument without its task */
    add_to_flight(slot, task, is_large);
    return CERR_OK;
}

/* Takes a task out of the flight. It is in no list then. */
static void remove_from_flight(struct slot *slot, struct task *task)
{
    task_list_remove(&slot->flight.tasks, task);
    task->state = TASK_QUEUED;
    slot->flight.nr_large -= task->is_large;
}

void slot_publish(struct slot *slot)
{
    const struct pool *pool = slot->pool;

    if (pool->options.functions) {
        slot->clocks.look_ms = pool->now_ms + POOL_LOOK_MS;
        atomic_store_explicit(&slot->channel->control->parent_core,
                              pool->tasks.nr_pending < pool->nr_cores
                                  ? spin_core()
                                  : SPIN_NOT_NOW,
                              memory_order_relaxed);
    }
    if (channel_publish(slot->channel) != CERR_OK)
        condemn(slot);
}

void slot_recall(struct slot *slot, uint32_t keep)
{
    struct slot_flight *flight = &slot->flight;
    uint32_t granted;

    if (channel_publish(slot->channel) != CERR_OK ||
        channel_recall(slot->channel, keep, &granted) != CERR_OK) {
        condemn(slot);
        return;
    }
    while (flight->tasks.last &&
           (int32_t)(flight->tasks.last->position - granted) >= 0) {
        struct task *task = flight->tasks.last;

        remove_from_flight(slot, task);
        flight->nr_sent--;
        task_requeue(slot->pool, task);
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
    } else { /* the socket is full: the watchdog tries again */
        slot->clocks.deadline_ms = slot->pool->now_ms + 1;
    }
}

void slot_cancel(struct slot *slot, uint64_t task_id)
{
    struct pool *pool = slot->pool;
    struct task *task;

    slot_read(slot, SIZE_MAX); /* the task's reply may be there already */
    task = task_find(pool, task_id);
    if (!task || task->state != TASK_IN_FLIGHT)
        return;
    /* a callback may have sent it to another slot */
    slot = &pool->slots[task->slot];
    slot_recall(slot, 0);
    if (task->state != TASK_IN_FLIGHT) /* recalled: it had not started */
        return;
    task->wish = TASK_CANCELED;
    task->is_notified = false;
    slot_notify(slot, task);
}

void slot_cancel_all(struct slot *slot)
{
    struct pool *pool = slot->pool;

    if (slot->state == SLOT_OPEN)
        slot_recall(slot, 0);
    while (slot->flight.tasks.first) {
        struct task *task = slot->flight.tasks.first;

        slot_notify(slot, task);
        remove_from_flight(slot, task);
        task->attempts++;
        task_doom(pool, task, POOL_CANCELED, NULL);
    }
    if (slot->channel)
        atomic_store(&slot->channel->control->stop_id, CHANNEL_STOP_ALL);
}

/* ---- replies ---- */

/* A copy of a small reply and its message, which the worker cannot change while
 * the callback reads it. */
struct reply_copy {
    _Alignas(POOL_ALIGN_BYTES) unsigned char data[POOL_INLINE_BYTES +
                                                  POOL_MESSAGE_BYTES + 1];
};

/* Says where data, extra part and message of a reply lie. */
static void fill_result(const struct channel *channel,
                        const struct frame_reply *reply,
                        struct reply_copy *copy, struct pool_result *result)
{
    const unsigned char *from = reply->inside;
    size_t len = reply->len;
    unsigned char *message = copy->data;

    switch ((enum frame_place)reply->place) {
    case FRAME_ARENA: /* lent to the callback where it lies */
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

/* Gives back the pieces of the arena that a reply has lent to the parent. */
static void give_back(struct channel *channel, const struct frame_reply *reply)
{
    if (reply->place == FRAME_ARENA)
        channel_release_piece(channel, reply->offset);
    if (reply->flags & FRAME_HAS_EXTRA)
        channel_release_piece(channel, reply->extra_offset);
}

/* Ends one task as its worker says. False when the worker does not hold that
 * task and must not name it; after pool_terminate(), which takes all tasks
 * away, it may do so in good faith. */
static bool accept_reply(struct slot *slot, struct channel *channel,
                         const struct frame_reply *reply)
{
    struct pool *pool = slot->pool;
    struct task *task = task_find(pool, reply->id);
    struct pool_result result = {.code = reply->code};
    UNFILLED struct reply_copy copy;

    if (!task || task->state != TASK_IN_FLIGHT || task->slot != slot->index) {
        give_back(channel, reply);
        return pool->end.phase == PHASE_TERMINATED;
    }
    fill_result(channel, reply, &copy, &result);
    result.status = reply->code == 0 ? POOL_OK : POOL_FAILED;
    if (task->wish == TASK_CANCELED)
        result.status = POOL_CANCELED;
    /* what fill_result() copied may be overwritten from now on */
    channel_consume(channel);
    remove_from_flight(slot, task);
    task->attempts++;
    slot->flight.nr_done++;
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
        condemn(slot);
    channel->nr_borrows++; /* whoever ends the worker leaves its memory */
    /* a callback may see the worker reaped, or even replaced */
    while (nr < max && slot->channel == channel) {
        struct frame_reply reply;
        enum err err = channel_get_reply(channel, &reply);

        if (err == CERR_AGAIN)
            break;
        if (err != CERR_OK || !accept_reply(slot, channel, &reply)) {
            condemn(slot);
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

    /* one bell is as good as many; the next poll says if more is there */
    if (err == CERR_AGAIN || (err == CERR_OK && packet.type == FRAME_BELL))
        return;
    /* the socket's end, or what no worker may send: it is read no more */
    epoll_ctl(slot->pool->epoll_fd, EPOLL_CTL_DEL, slot->channel->fd, NULL);
    if (err == CERR_CLOSED)
        slot_kill(slot, SLOT_HUNG_UP);
    else
        condemn(slot);
}

/* ---- death ---- */

/* Closes what belonged to the process. A callback further up the stack may
 * still read the channel's memory; then the slot_read() that called it frees
 * it. */
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
 * Decides what becomes of one task of a dead worker. A task that had not
 * started goes to another worker, as if nothing had been. One that had started
 * may have done harm, or be the cause of the death; it is tried again only if
 * the user allows it, and not for ever. Its start does not count if its worker
 * was killed because another task was late.
 */
static void judge_task(struct slot *slot, struct task *task, bool was_started)
{
    struct pool *pool = slot->pool;
    bool is_bystander = slot->kill_cause == SLOT_HARD_DEADLINE &&
                        task->wish == TASK_WANTED && task->retryable;

    remove_from_flight(slot, task);
    /* the worker began the task just while the kill was on its way */
    if (was_started && slot->kill_cause == SLOT_STUCK &&
        task->id == slot->clocks.head_id && task->wish == TASK_WANTED)
        task->wish = TASK_LATE;
    if (was_started && !is_bystander)
        task->attempts++;
    if (task->wish == TASK_CANCELED)
        task_doom(pool, task, POOL_CANCELED, &slot->death);
    else if (task->wish == TASK_LATE)
        task_doom(pool, task, POOL_TIMEOUT, &slot->death);
    else if (!was_started)
        task_requeue(pool, task);
    else if (task->retryable && task->attempts < pool->options.max_attempts) {
        pool->stats.nr_retried++;
        task_requeue(pool, task);
    } else {
        task_doom(pool, task, POOL_LOST, &slot->death);
    }
}

/* Reads what the worker had finished, which counts, and judges the rest. */
static void judge_tasks(struct slot *slot)
{
    struct channel *channel = slot->channel;
    struct task_list *tasks = &slot->flight.tasks;
    uint32_t taken = 0;

    if (channel) {
        slot_read(slot, SIZE_MAX);
        if (channel_publish(channel) != CERR_OK ||
            channel_read_taken(channel, &taken) != CERR_OK)
            taken = channel->tail;
    }
    /* The last one goes back first: each is put at the head of the queue, so
     * they stand there in their old order. */
    while (tasks->last) {
        struct task *task = tasks->last;

        judge_task(slot, task, (int32_t)(taken - task->position) > 0);
    }
}

/* The process has ended: reads its last replies, judges its tasks, and notes
 * how it died. Runs callbacks. */
static void reap_process(struct slot *slot, int wait_status)
{
    struct pool *pool = slot->pool;
    bool is_clean = WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0;

    set_state(slot, SLOT_REAPING);
    slot->death.signal_nr =
        WIFSIGNALED(wait_status) ? WTERMSIG(wait_status) : 0;
    slot->death.exit_code =
        WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 0;
    judge_tasks(slot);
    forget_process(slot);
    pool->stats.nr_deaths++;
    /* a worker that was killed because one task was late is not a bad worker,
     * and does not delay its successor */
    slot->death.is_failure = !(slot->stop_cause != SLOT_NO_CAUSE && is_clean) &&
                             slot->kill_cause != SLOT_HARD_DEADLINE;
    if (pool->options.on_worker_death)
        pool->options.on_worker_death(pool->options.user, slot->index,
                                      slot->pid, slot->death.signal_nr,
                                      slot->death.exit_code);
    set_state(slot, SLOT_DEAD);
}

void slot_reap(struct slot *slot, uint32_t generation, int wait_status)
{
    if (generation != slot->generation)
        return;
    if (slot->state == SLOT_ASKED)
        slot_fail_start(slot); /* the message that it had started was lost */
    else if (slot_is_live(slot))
        reap_process(slot, wait_status);
}
