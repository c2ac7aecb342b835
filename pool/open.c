/*
 * Opens a pool, all of it or nothing, and takes it apart.
 *
 * Opening is the one time when the parent blocks for the spawner: the workers
 * are asked for one by one, so that a system which cannot carry so many says so
 * before the first task. A worker that dies meanwhile is noted in its slot, and
 * the first run_once() plans what follows.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "pool/pool_internal.h"

#define OPEN_MAX_MS 30000 /* for all workers to be forked */

/* Tasks in one worker unless the user says otherwise: of the ordinary pool, and
 * of one whose workers have a loop of their own. */
#define DEFAULT_PREFETCH     128
#define DEFAULT_LOOP_TASKS   32
#define TASKS_PER_WORKER_MAX 16384
#define ATTEMPTS_MAX         100               /* task.attempts has 8 bits */
#define ARENA_MAX            ((size_t)2 << 30) /* offsets have 32 bits */

/* Makes a page that the kernel zeroes in a forked child (MADV_WIPEONFORK,
 * madvise(2)). To read it tells parent and child apart, and costs less than
 * getpid(2). */
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

/* The number of cores, which is the default number of workers; 1 if unknown. */
static int count_cores(void)
{
    long nr = sysconf(_SC_NPROCESSORS_ONLN);

    if (nr < 1)
        return 1;
    return nr > POOL_WORKERS_MAX ? POOL_WORKERS_MAX : (int)nr;
}

/* Whether no time is negative. 0 means a default or "none" for each. */
static bool times_are_valid(const struct pool_options *options)
{
    return options->soft_timeout_ms >= 0 && options->hard_timeout_ms >= 0 &&
           options->silence_ms >= 0 && options->restart_window_ms >= 0;
}

/* Whether exactly one of the two kinds of worker is asked for, and every number
 * is within its bounds. */
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
           options->max_restarts >= 0 && times_are_valid(options);
}

/* Gives every 0 its value, see pool_options.h. */
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

/* The memory that the parent shares with each worker. */
static struct channel_shape make_shape(const struct pool_options *options)
{
    return channel_make_shape((uint32_t)options->tasks_per_worker,
                              options->arena_bytes, options->max_task_bytes);
}

/* A limit of the system that so many workers need. */
struct need {
    int resource;
    rlim_t nr;
    const char *name;
    const char *way; /* how a shell sets it */
};

/* Returns whether the limit is high enough; `have` gets it. To refuse too many
 * workers now is better than to start half of them. */
static bool limit_allows(const struct need *need, rlim_t *have)
{
    struct rlimit limit;

    if (getrlimit(need->resource, &limit) != 0)
        return true;
    *have = limit.rlim_cur;
    return limit.rlim_cur >= need->nr;
}

/* Finds the first limit that is too small for so many workers; false when none
 * is. Each worker costs three descriptors of this process while it starts. */
static bool find_small_limit(const struct pool_options *options,
                             struct need *small, rlim_t *have)
{
    int nr_workers = options->nr_workers;
    struct channel_shape shape = make_shape(options);
    const struct need needs[] = {
        {RLIMIT_NOFILE, 3 * (rlim_t)nr_workers + 20, "RLIMIT_NOFILE",
         "ulimit -n"},
        {RLIMIT_NPROC, (rlim_t)nr_workers + 3, "RLIMIT_NPROC", "ulimit -u"},
        /* a memfd is a file; to make it too large raises SIGXFSZ */
        {RLIMIT_FSIZE, shape.total_bytes, "RLIMIT_FSIZE",
         "bytes; ulimit -f counts KiB"},
    };

    for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++) {
        if (!limit_allows(&needs[i], have)) {
            *small = needs[i];
            return true;
        }
    }
    return false;
}

bool pool_small_limit(const struct pool_options *options, char *text,
                      size_t cap)
{
    struct pool_options filled = *options;
    struct need small;
    rlim_t have;

    set_defaults(&filled);
    if (!find_small_limit(&filled, &small, &have))
        return false;
    snprintf(text, cap, "%s is %ju, %d workers need %ju (%s)", small.name,
             (uintmax_t)have, filled.nr_workers, (uintmax_t)small.nr,
             small.way);
    return true;
}

/* Makes all parts but the workers. After an error pool_destroy() frees those
 * that were made. */
static enum err make_parts(struct pool *pool)
{
    struct pool_options *options = &pool->options;
    enum err err;

    pool->owner_mark = make_owner_mark();
    pool->slots = calloc((size_t)options->nr_workers, sizeof(*pool->slots));
    if (!pool->owner_mark || !pool->slots)
        return CERR_NOMEM;
    for (int i = 0; i < options->nr_workers; i++)
        pool->slots[i] = (struct slot){
            .pool = pool,
            .index = i,
            .pidfd = -1,
        };
    /* Both spawners are forked before anything else is opened, since their
     * workers would inherit it. */
    err = spawner_open(&pool->spawner, options, &pool->shape);
    if (err == CERR_OK)
        err = spawner_open(&pool->spare, options, &pool->shape);
    if (err != CERR_OK)
        return err;
    pool->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (pool->epoll_fd < 0)
        return err_from_errno(errno);
    return supervisor_adopt_spawner(pool);
}

/* Waits for the next message of the spawner while the pool opens. */
static enum err receive_start(struct pool *pool, int64_t deadline_ms)
{
    struct pollfd ready = {.fd = pool->spawner.fd, .events = POLLIN};
    struct spawner_message message;
    struct spawner_fds fds;
    int64_t left_ms = deadline_ms - clock_mono_ms();
    struct slot *slot;
    bool is_lost_start;
    enum err err;

    if (left_ms <= 0 || poll(&ready, 1, (int)left_ms) == 0)
        return CERR_TIMEOUT;
    err = spawner_receive(&pool->spawner, &message, &fds);
    if (err != CERR_OK)
        return err;
    slot = &pool->slots[message.slot];
    /* an end before any start: the message of the start was lost */
    is_lost_start = slot->state == SLOT_ASKED;
    switch ((enum spawner_event)message.event) {
    case SPAWNER_STARTED:
        return slot_start(slot, message.pid, &fds);
    case SPAWNER_FAILED: /* EAGAIN is what fork(2) says at RLIMIT_NPROC */
        return message.status == EAGAIN ? CERR_LIMIT
                                        : err_from_errno(message.status);
    case SPAWNER_EXITED:
        slot_reap(slot, message.generation, message.status);
        return is_lost_start ? CERR_IO : CERR_OK;
    }
    return CERR_IO;
}

/* Asks for the workers one after another, and waits for each. */
static enum err start_workers(struct pool *pool)
{
    int64_t deadline_ms = clock_mono_ms() + OPEN_MAX_MS;

    for (int i = 0; i < pool->options.nr_workers; i++) {
        struct slot *slot = &pool->slots[i];
        enum err err;

        slot_ask(slot);
        err = slot->state == SLOT_ASKED ? CERR_OK : CERR_IO;
        while (err == CERR_OK && slot->state == SLOT_ASKED)
            err = receive_start(pool, deadline_ms);
        if (err != CERR_OK)
            return err;
    }
    return CERR_OK;
}

void pool_destroy(struct pool *pool)
{
    /* the parent's ends of the sockets go first: that makes workers leave */
    for (int i = 0; pool->slots && i < pool->options.nr_workers; i++) {
        struct slot *slot = &pool->slots[i];

        channel_free(slot->channel);
        if (slot->pidfd >= 0)
            close(slot->pidfd);
    }
    spawner_close(&pool->spawner);
    spawner_close(&pool->spare);
    if (pool->epoll_fd >= 0)
        close(pool->epoll_fd);
    if (pool->owner_mark)
        munmap(pool->owner_mark, 4096);
    free(pool->affinity.entries);
    free(pool->tasks.entries);
    free(pool->slots);
    free(pool);
}

enum err pool_open(struct pool **out, const struct pool_options *options)
{
    struct pool *pool;
    struct need small;
    enum err err;
    rlim_t have;

    *out = NULL;
    if (!options_are_valid(options))
        return CERR_INVALID;
    pool = calloc(1, sizeof(*pool));
    if (!pool)
        return CERR_NOMEM;
    pool->options = *options;
    set_defaults(&pool->options);
    pool->epoll_fd = -1;
    pool->spawner = (struct spawner){.fd = -1, .pidfd = -1};
    pool->spare = pool->spawner;
    pool->tasks.first_free = UINT32_MAX;
    pool->now_ms = clock_mono_ms();
    pool->max_in_flight = pool->options.tasks_per_worker;
    pool->nr_cores = (size_t)count_cores();
    pool->shape = make_shape(&pool->options);
    if (find_small_limit(&pool->options, &small, &have))
        err = CERR_LIMIT;
    else
        err = make_parts(pool);
    if (err == CERR_OK)
        err = start_workers(pool);
    if (err != CERR_OK) {
        pool_destroy(pool);
        return err;
    }
    *out = pool;
    return CERR_OK;
}
