/*
 * The pool's public calls, and the turn that drives everything.
 */
#include "pool/pool.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "pool/internal.h"

#define EVENT_NURSERY UINT32_MAX
#define EVENTS_MAX    64
#define OPEN_MAX_MS   30000 /* for all workers to be forked */
#define READ_ROUNDS   4     /* of one turn, while replies keep coming */

#define DEFAULT_PREFETCH     128
#define DEFAULT_LOOP_TASKS   32
#define TASKS_PER_WORKER_MAX 16384
#define ATTEMPTS_MAX         100
#define ARENA_MAX            ((size_t)2 << 30)

/* ---- who may call ---- */

/* A page that the kernel zeroes in a forked child: cheaper than getpid(). */
static unsigned char *make_owner_mark(void)
{
    unsigned char *mark = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (mark == MAP_FAILED)
        return NULL;
    if (madvise(mark, 4096, MADV_WIPEONFORK) != 0) {
        munmap(mark, 4096);
        return NULL;
    }
    *mark = 1;
    return mark;
}

bool pool_is_owner(const struct pool *pool)
{
    return *pool->owner_mark != 0;
}

/* ---- open ---- */

static int count_cores(void)
{
    long nr = sysconf(_SC_NPROCESSORS_ONLN);

    if (nr < 1)
        return 1;
    return nr > POOL_WORKERS_MAX ? POOL_WORKERS_MAX : (int)nr;
}

static bool options_are_valid(const struct pool_options *options)
{
    bool has_functions = options->functions && options->nr_functions > 0;

    return options->nr_workers >= 0 &&
           options->nr_workers <= POOL_WORKERS_MAX &&
           has_functions != (options->worker_main != NULL) &&
           (options->functions == NULL || has_functions) &&
           options->tasks_per_worker >= 0 &&
           options->tasks_per_worker <= TASKS_PER_WORKER_MAX &&
           options->arena_bytes <= ARENA_MAX &&
           options->max_task_bytes <= ARENA_MAX && options->max_attempts >= 0 &&
           options->max_attempts <= ATTEMPTS_MAX &&
           options->soft_timeout_ms >= 0 && options->hard_timeout_ms >= 0 &&
           options->silence_ms >= 0 && options->max_restarts >= 0 &&
           options->restart_window_ms >= 0;
}

static void set_defaults(struct pool_options *options)
{
    if (options->nr_workers == 0)
        options->nr_workers = count_cores();
    if (options->tasks_per_worker == 0)
        options->tasks_per_worker =
            options->functions ? DEFAULT_PREFETCH : DEFAULT_LOOP_TASKS;
    if (options->arena_bytes == 0)
        options->arena_bytes = (size_t)16 << 20;
    if (options->max_task_bytes == 0)
        options->max_task_bytes = (size_t)1 << 20;
    if (options->max_queued_tasks == 0)
        options->max_queued_tasks = 65536;
    if (options->max_queued_bytes == 0)
        options->max_queued_bytes = (size_t)64 << 20;
    if (options->max_attempts == 0)
        options->max_attempts = 2;
    if (options->max_restarts == 0)
        options->max_restarts = 5;
    if (options->restart_window_ms == 0)
        options->restart_window_ms = 10000;
}

/* Too many is better refused now than half started (each worker costs three
 * descriptors here while it starts). */
static bool limits_allow(int nr_workers)
{
    struct rlimit limit;
    rlim_t nr = (rlim_t)nr_workers;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < 3 * nr + 16)
        return false;
    return getrlimit(RLIMIT_NPROC, &limit) != 0 || limit.rlim_cur >= nr + 2;
}

static enum err make_parts(struct pool *pool)
{
    struct epoll_event event = {
        .events = EPOLLIN,
        .data.u32 = EVENT_NURSERY,
    };
    struct pool_options *options = &pool->options;
    enum err err;

    pool->owner_mark = make_owner_mark();
    pool->slots = calloc((size_t)options->nr_workers, sizeof(*pool->slots));
    if (!pool->owner_mark || !pool->slots)
        return ERR_NOMEM;
    for (int i = 0; i < options->nr_workers; i++)
        pool->slots[i] = (struct slot){
            .pool = pool,
            .index = i,
            .pidfd = -1,
        };
    err = nursery_open(&pool->nursery, options, &pool->shape);
    if (err != ERR_OK)
        return err;
    pool->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (pool->epoll_fd < 0 ||
        epoll_ctl(pool->epoll_fd, EPOLL_CTL_ADD, pool->nursery.fd, &event) != 0)
        return err_from_errno(errno);
    return ERR_OK;
}

/* The next word from the nursery while the pool opens; it blocks. */
static enum err receive_start(struct pool *pool, int64_t deadline_ms)
{
    struct pollfd ready = {.fd = pool->nursery.fd, .events = POLLIN};
    struct nursery_message message;
    struct nursery_fds fds;
    int64_t left_ms = deadline_ms - clock_mono_ms();
    enum err err;

    if (left_ms <= 0 || poll(&ready, 1, (int)left_ms) == 0)
        return ERR_TIMEOUT;
    err = nursery_receive(&pool->nursery, &message, &fds);
    if (err != ERR_OK)
        return err;
    switch ((enum nursery_event)message.event) {
    case NURSERY_STARTED:
        return slot_start(&pool->slots[message.slot], message.pid, &fds);
    case NURSERY_FAILED:
        return message.status == EAGAIN ? ERR_LIMIT
                                        : err_from_errno(message.status);
    case NURSERY_EXITED:
        slot_bury(&pool->slots[message.slot], message.status);
        return ERR_OK;
    }
    return ERR_IO;
}

static enum err start_workers(struct pool *pool)
{
    int64_t deadline_ms = clock_mono_ms() + OPEN_MAX_MS;

    for (int i = 0; i < pool->options.nr_workers; i++) {
        struct slot *slot = &pool->slots[i];
        enum err err;

        slot_ask(slot);
        err = slot->is_asked ? ERR_OK : ERR_IO;
        while (err == ERR_OK && slot->is_asked && slot->generation == 1)
            err = receive_start(pool, deadline_ms);
        if (err != ERR_OK)
            return err;
    }
    return ERR_OK;
}

static void destroy(struct pool *pool)
{
    for (int i = 0; pool->slots && i < pool->options.nr_workers; i++) {
        struct slot *slot = &pool->slots[i];

        if (slot->channel) {
            channel_release(slot->channel);
            free(slot->channel);
        }
        if (slot->pidfd >= 0)
            close(slot->pidfd);
    }
    nursery_close(&pool->nursery);
    if (pool->epoll_fd >= 0)
        close(pool->epoll_fd);
    if (pool->owner_mark)
        munmap(pool->owner_mark, 4096);
    free(pool->affinity);
    free(pool->table);
    free(pool->slots);
    free(pool);
}

enum err pool_open(struct pool **out, const struct pool_options *options)
{
    struct pool *pool;
    enum err err;

    *out = NULL;
    if (!options_are_valid(options))
        return ERR_INVALID;
    pool = calloc(1, sizeof(*pool));
    if (!pool)
        return ERR_NOMEM;
    pool->options = *options;
    set_defaults(&pool->options);
    pool->epoll_fd = -1;
    pool->nursery = (struct nursery){.fd = -1, .pidfd = -1};
    pool->first_free = UINT32_MAX;
    pool->now_ms = clock_mono_ms();
    pool->max_in_flight = pool->options.tasks_per_worker;
    pool->shape = channel_make_shape((uint32_t)pool->max_in_flight,
                                     pool->options.arena_bytes,
                                     pool->options.max_task_bytes);
    err = limits_allow(pool->options.nr_workers) ? make_parts(pool) : ERR_LIMIT;
    if (err == ERR_OK)
        err = start_workers(pool);
    if (err != ERR_OK) {
        destroy(pool);
        return err;
    }
    *out = pool;
    return ERR_OK;
}

/* ---- one turn ---- */

void pool_enter(struct pool *pool)
{
    pool->depth++;
}

static void terminate_all(struct pool *pool, int64_t grace_ms);

void pool_leave(struct pool *pool)
{
    if (pool->depth == 1 && pool->is_free_asked) {
        /* with callbacks, so still inside */
        terminate_all(pool, 0);
        task_finish_doomed(pool);
        destroy(pool);
        return;
    }
    pool->depth--;
}

/* The nursery is gone and has taken its workers along. */
static void bury_all(struct pool *pool)
{
    const int killed = SIGKILL; /* as a wait status */

    epoll_ctl(pool->epoll_fd, EPOLL_CTL_DEL, pool->nursery.fd, NULL);
    pool->is_dead = true;
    for (int i = 0; i < pool->options.nr_workers; i++) {
        struct slot *slot = &pool->slots[i];

        slot->is_asked = false;
        slot->restart_ms = 0;
        slot->is_given_up = true;
        if (slot->channel && !slot->is_buried) {
            slot_kill(slot);
            slot_bury(slot, killed);
        }
    }
    pool->stats.degraded = true;
    watch_give_up(pool, &pool->slots[0]);
}

static void handle_message(struct pool *pool,
                           const struct nursery_message *message,
                           struct nursery_fds *fds)
{
    struct slot *slot = &pool->slots[message->slot];
    enum err err;

    switch ((enum nursery_event)message->event) {
    case NURSERY_STARTED:
        err = slot_start(slot, message->pid, fds);
        (void)err; /* then it is killed, and its end reported */
        break;
    case NURSERY_FAILED:
        slot->is_asked = false;
        slot->nr_done = 0;
        slot->last_signal = slot->last_exit = 0;
        watch_plan_restart(slot, true);
        break;
    case NURSERY_EXITED:
        slot_bury(slot, message->status);
        break;
    }
}

static void read_nursery(struct pool *pool)
{
    for (;;) {
        struct nursery_message message;
        struct nursery_fds fds;
        enum err err = nursery_receive(&pool->nursery, &message, &fds);

        if (err == ERR_AGAIN)
            return;
        if (err == ERR_LIMIT) { /* no descriptors for it: a failed start */
            message.event = NURSERY_FAILED;
            err = ERR_OK;
        }
        if (err != ERR_OK) {
            bury_all(pool);
            return;
        }
        handle_message(pool, &message, &fds);
    }
}

/* For epoll_wait(2): until the deadline or what is due before, -1: for ever. */
static int time_to_wait(const struct pool *pool, int64_t deadline_ms)
{
    int64_t now_ms = clock_mono_ms();
    int64_t wait_ms = pool_wait_ms(pool, now_ms);

    if (deadline_ms != INT64_MAX &&
        (wait_ms < 0 || deadline_ms - now_ms < wait_ms))
        wait_ms = deadline_ms > now_ms ? deadline_ms - now_ms : 0;
    return wait_ms > INT_MAX ? INT_MAX : (int)wait_ms;
}

/* Collects what the system has to say. True: the nursery spoke. */
static bool collect_events(struct pool *pool, int64_t deadline_ms)
{
    struct epoll_event events[EVENTS_MAX];
    bool nursery_spoke = false;
    int wait_ms = deadline_ms > 0 ? time_to_wait(pool, deadline_ms) : 0;
    int nr = epoll_wait(pool->epoll_fd, events, EVENTS_MAX, wait_ms);

    pool->now_ms = clock_mono_ms();
    for (int i = 0; i < nr; i++) {
        if (events[i].data.u32 == EVENT_NURSERY)
            nursery_spoke = true;
        else if (pool->slots[events[i].data.u32].channel)
            slot_read_socket(&pool->slots[events[i].data.u32]);
    }
    return nursery_spoke;
}

static size_t read_slots(struct pool *pool, size_t max)
{
    size_t nr = 0;

    for (int i = 0; i < pool->options.nr_workers && nr < max; i++) {
        struct slot *slot = &pool->slots[i];
        size_t nr_read;

        if (!slot->channel || slot->is_buried)
            continue;
        nr_read = slot_read(slot, max - nr);
        nr += nr_read;
        if (nr_read > 0 && pool->options.functions)
            slot->look_ms = pool->now_ms + POOL_LOOK_MS;
        if (nr_read > 0)
            slot->since_ms = pool->now_ms;
    }
    return nr;
}

/* Asks every busy worker for a bell. True: there are replies already. */
static bool arm_slots(struct pool *pool)
{
    bool has_more = false;

    for (int i = 0; i < pool->options.nr_workers; i++) {
        struct slot *slot = &pool->slots[i];

        if (slot->channel && !slot->is_buried && slot->flight.nr > 0 &&
            slot_arm(slot))
            has_more = true;
    }
    return has_more;
}

static bool has_queue_room(const struct pool *pool, size_t len)
{
    return pool->queue.nr < pool->options.max_queued_tasks &&
           (pool->queue.nr == 0 ||
            pool->queued_bytes + len <= pool->options.max_queued_bytes);
}

/* At three quarters, so that one call serves a good many tasks. */
static void tell_writable(struct pool *pool)
{
    if (!pool->wants_writable || pool->is_closed ||
        pool->queue.nr > pool->options.max_queued_tasks / 4 * 3 ||
        pool->queued_bytes > pool->options.max_queued_bytes / 4 * 3)
        return;
    pool->wants_writable = false;
    if (pool->options.on_writable)
        pool->options.on_writable(pool->options.user, pool);
}

size_t pool_turn(struct pool *pool, int64_t deadline_ms)
{
    bool nursery_spoke = collect_events(pool, deadline_ms);
    size_t nr = 0;

    for (int round = 0; round < READ_ROUNDS; round++) {
        size_t nr_read = read_slots(pool, POOL_DISPATCH_REPLIES / READ_ROUNDS);

        nr += nr_read;
        if (nursery_spoke)
            read_nursery(pool);
        nursery_spoke = false;
        watch_run(pool);
        if (pool->is_dead)
            watch_give_up(pool, &pool->slots[0]);
        nr += task_finish_doomed(pool);
        route_queue(pool);
        tell_writable(pool);
        route_queue(pool);
        route_balance(pool);
        pool->has_more = arm_slots(pool);
        if (!pool->has_more)
            break;
    }
    return nr;
}

enum err pool_dispatch(struct pool *pool, size_t *nr_done)
{
    size_t nr;

    if (!pool_is_owner(pool))
        return ERR_PERM;
    pool_enter(pool);
    nr = pool_turn(pool, 0);
    if (nr_done)
        *nr_done = nr;
    pool_leave(pool);
    return ERR_OK;
}

int pool_fd(const struct pool *pool)
{
    return pool->epoll_fd;
}

int64_t pool_wait_ms(const struct pool *pool, int64_t now_ms)
{
    int64_t next_ms;

    if (pool->has_more || pool->doomed.first || pool->nr_unflushed > 0)
        return 0;
    next_ms = watch_next_ms(pool);
    if (next_ms == INT64_MAX)
        return -1;
    return next_ms > now_ms ? next_ms - now_ms : 0;
}

/* ---- submit ---- */

enum err pool_submit(struct pool *pool, const struct pool_task *from,
                     uint64_t *id)
{
    struct task *task;
    enum err err;

    if (!pool_is_owner(pool))
        return ERR_PERM;
    if (pool->is_closed)
        return ERR_STATE;
    if (pool->is_dead)
        return ERR_CLOSED;
    if ((pool->options.functions &&
         from->function >= pool->options.nr_functions) ||
        from->soft_timeout_ms < 0 || from->hard_timeout_ms < 0)
        return ERR_INVALID;
    if (from->len > pool->options.max_task_bytes)
        return ERR_TOO_BIG;
    if (!has_queue_room(pool, from->len))
        pool_flush(pool);
    if (!has_queue_room(pool, from->len)) {
        pool->wants_writable = true;
        return ERR_AGAIN;
    }
    err = task_new(pool, from, &task);
    if (err != ERR_OK)
        return err;
    task_enqueue(pool, task);
    pool->stats.nr_submitted++;
    if (id)
        *id = task->id;
    if (++pool->nr_unflushed >= POOL_BATCH_TASKS)
        pool_flush(pool);
    return ERR_OK;
}

void pool_flush(struct pool *pool)
{
    if (!pool_is_owner(pool))
        return;
    pool->now_ms = clock_mono_ms();
    route_queue(pool);
}

size_t pool_room(const struct pool *pool)
{
    size_t room = 0;

    for (int i = 0; i < pool->options.nr_workers; i++)
        room += slot_room(&pool->slots[i]);
    return room > pool->queue.nr ? room - pool->queue.nr : 0;
}

size_t pool_pending(const struct pool *pool)
{
    return pool->nr_pending;
}

/* ---- the end ---- */

enum err pool_close(struct pool *pool)
{
    if (!pool_is_owner(pool))
        return ERR_PERM;
    pool->is_closed = true;
    return ERR_OK;
}

static bool all_have_left(const struct pool *pool)
{
    for (int i = 0; i < pool->options.nr_workers; i++) {
        if (pool->slots[i].pidfd >= 0 || pool->slots[i].is_asked)
            return false;
    }
    return pool->nr_pending == 0;
}

enum err pool_join(struct pool *pool, int64_t timeout_ms)
{
    int64_t deadline_ms =
        timeout_ms < 0 ? INT64_MAX : clock_mono_ms() + timeout_ms;
    enum err err = ERR_OK;

    if (!pool_is_owner(pool))
        return ERR_PERM;
    if (!pool->is_closed)
        return ERR_STATE;
    pool_enter(pool);
    pool_turn(pool, 0);
    while (!all_have_left(pool)) {
        if (deadline_ms != INT64_MAX && clock_mono_ms() >= deadline_ms) {
            err = ERR_TIMEOUT;
            break;
        }
        pool_turn(pool, deadline_ms);
    }
    pool_leave(pool);
    return err;
}

/* Dooms every task and tells the workers; runs no callback. */
static void terminate_all(struct pool *pool, int64_t grace_ms)
{
    pool->now_ms = clock_mono_ms();
    pool->is_closed = true;
    pool->is_terminated = true;
    pool->kill_ms = pool->now_ms + grace_ms;
    for (int i = 0; i < pool->options.nr_workers; i++) {
        struct slot *slot = &pool->slots[i];

        if (slot_is_open(slot))
            slot_recall(slot, 0);
        while (slot->flight.first) {
            struct task *task = slot->flight.first;

            slot_tell(slot, task);
            slot_remove(slot, task);
            task->attempts++;
            task_doom(pool, task, POOL_CANCELED, NULL);
        }
        if (slot->channel)
            atomic_store(&slot->channel->control->stop_id, CHANNEL_STOP_ALL);
        slot_stop(slot);
        if (grace_ms == 0)
            slot_kill(slot);
    }
    while (pool->queue.first) {
        struct task *task = pool->queue.first;

        task_dequeue(pool, task);
        task_doom(pool, task, POOL_CANCELED, NULL);
    }
}

enum err pool_terminate(struct pool *pool, int64_t grace_ms)
{
    if (!pool_is_owner(pool))
        return ERR_PERM;
    if (grace_ms < 0)
        return ERR_INVALID;
    pool_enter(pool);
    terminate_all(pool, grace_ms);
    task_finish_doomed(pool);
    pool_leave(pool);
    return ERR_OK;
}

void pool_free(struct pool *pool)
{
    if (!pool || !pool_is_owner(pool))
        return;
    pool->is_free_asked = true;
    if (pool->depth > 0) {
        terminate_all(pool, 0);
        return;
    }
    pool_enter(pool);
    pool_leave(pool);
}

/* ---- looking ---- */

void pool_get_stats(const struct pool *pool, struct pool_stats *stats)
{
    *stats = pool->stats;
    stats->nr_workers = 0;
    for (int i = 0; i < pool->options.nr_workers; i++)
        stats->nr_workers += pool->slots[i].channel != NULL;
    stats->nr_queued = pool->queue.nr;
    stats->queued_bytes = pool->queued_bytes;
}

static enum pool_worker_state worker_state(const struct slot *slot)
{
    if (!slot->channel)
        return slot->is_asked ? POOL_WORKER_STARTING : POOL_WORKER_DEAD;
    if (slot->is_stopping || slot->is_killed)
        return POOL_WORKER_STOPPING;
    if (!atomic_load(&slot->channel->control->is_ready))
        return POOL_WORKER_STARTING;
    return slot->flight.nr ? POOL_WORKER_BUSY : POOL_WORKER_IDLE;
}

enum err pool_worker_info(const struct pool *pool, int worker,
                          struct pool_worker_info *info)
{
    const struct slot *slot;

    if (worker < 0 || worker >= pool->options.nr_workers)
        return ERR_INVALID;
    slot = &pool->slots[worker];
    *info = (struct pool_worker_info){
        .pid = slot->pid,
        .state = worker_state(slot),
        .generation = slot->generation,
        .in_flight = slot->flight.nr,
        .nr_done = slot->nr_done,
        .since_ms = slot->since_ms,
    };
    return ERR_OK;
}

enum err pool_kill_worker(struct pool *pool, int worker, int signal_nr)
{
    if (!pool_is_owner(pool))
        return ERR_PERM;
    if (worker < 0 || worker >= pool->options.nr_workers)
        return ERR_INVALID;
    if (!pool->slots[worker].channel)
        return ERR_NOT_FOUND;
    if (pidfd_send_signal(pool->slots[worker].pidfd, signal_nr, NULL, 0) != 0)
        return err_from_errno(errno);
    return ERR_OK;
}
