/*
 * What the parent's side of the pool shares among its own files.
 *
 * DESIGN. A task is in exactly one place: waiting in the queue, in flight in
 * one slot, or ended. A slot is a place for a worker; the process in it has a
 * generation.
 *
 *   task.c   the task table, the queue, the end of a task (runs callbacks)
 *   slot.c   one worker: sending, reading replies, stopping, death
 *   route.c  which slot gets which task
 *   supervisor.c  deadlines, silence, recycling, restarts: all that needs the
 * time run_once.c   what drives all of it open.c   open and its undoing pool.c
 * submit, dispatch, close, join, terminate, free, statistics async_result.c
 * apply, get, cancel
 *
 *            submit           send               reply
 *   (user) ---------> queued -------> in flight --------> ended
 *                       | ^  recall, death  |              ^
 *                       | \-----------------/              |
 *                       \--- cancel, terminate, death ---> doomed
 *
 * Callbacks run in two places only, slot_read() and task_finish_doomed(). A
 * callback may call anything, so whoever calls one of these relies on nothing
 * that was read before.
 */
#ifndef POOL_POOL_INTERNAL_H
#define POOL_POOL_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "pool/channel.h"
#include "pool/pool.h"
#include "pool/pool_async.h"
#include "pool/pool_stats.h"
#include "pool/spawner.h"
#include "pool/spin.h"

#define POOL_DISPATCH_REPLIES 4096       /* read in one pool_dispatch() */
#define POOL_LARGE_IN_FLIGHT  4          /* arguments by memfd, in one worker */
#define POOL_EVENT_SPAWNER    UINT32_MAX /* in the epoll set; else a slot */
#define POOL_LOOK_MS          2     /* for replies whose bell was held back */
#define POOL_LEAVE_MS         10000 /* for a worker told to leave, then KILL */

struct task {
    struct task *next, *prev;
    struct pool_async *handle; /* may be NULL */
    pool_reply_fn on_done, on_error;
    void *user;
    uint64_t id;
    uint64_t affinity;
    int64_t start_ms;          /* monotonic, 0: not seen started */
    uint32_t soft_ms, hard_ms; /* 0: none */
    uint32_t len;
    uint32_t position; /* of its frame in the slot's task ring */
    uint32_t function;
    int16_t slot; /* that has or had it; -1: none */
    uint8_t attempts;
    uint8_t end_status; /* doomed: enum pool_status */
    uint8_t end_signal, end_exit;
    bool in_flight : 1;
    bool is_doomed : 1;
    bool retryable : 1;
    bool is_notified : 1; /* its worker knows that it should stop */
    bool is_canceled : 1; /* by the user, while it ran */
    bool is_late : 1;     /* past its hard deadline: the kill is on its way */
    bool is_large : 1;    /* in flight as a memfd */
    unsigned char data[];
};

_Static_assert(sizeof(struct task) <= 128, "a waiting task costs little");

struct task_list {
    struct task *first, *last;
    size_t nr;
};

/* id = count of uses << 32 | index + 1. */
struct task_entry {
    struct task *task; /* NULL: free */
    uint32_t use;
    uint32_t next_free; /* index, or UINT32_MAX */
};

struct slot {
    struct pool *pool;
    int index;
    bool is_asked;    /* the spawner makes a worker for it */
    bool is_stopping; /* told to leave */
    bool is_recycled; /* ... to be replaced */
    bool is_killed;   /* by us */
    bool is_late;     /* ... for a hard deadline */
    bool is_stuck;    /* ... because it did not start the task `head_id` */
    bool is_reaped;   /* it has ended and its tasks are being judged */
    bool is_full;     /* had no room in this pass of route_queue() */
    bool is_given_up;
    uint32_t generation;
    pid_t pid;
    int pidfd;
    struct channel *channel;   /* NULL: no process */
    struct task_list flight;   /* in order of sending */
    size_t nr_large;           /* of them, sent as a memfd */
    uint32_t serial;           /* of the last memfd sent */
    uint64_t nr_sent, nr_done; /* by this generation */

    int64_t since_ms;    /* of pool_worker_info */
    int64_t look_ms;     /* for replies without a bell; 0: no need */
    int64_t deadline_ms; /* look at deadlines then; 0: no need */
    int64_t leave_ms;    /* kill it then; 0: it was not told to leave */
    int64_t rss_ms;      /* look at its memory then */
    uint64_t head_id;    /* first task in flight, and since when it is that */
    int64_t head_ms;
    uint64_t alive_seen; /* the worker's counter, and when it last moved */
    int64_t alive_ms;

    int nr_failures;    /* restarts counted in this window */
    int64_t window_ms;  /* when the window began */
    int64_t restart_ms; /* when to start again; 0: not planned */
    int64_t spawner_ms; /* since when it waits for the spawner's word; 0 */
    int last_signal, last_exit; /* of the process before */
};

struct affinity_entry {
    uint64_t key;
    uint32_t stamp;
    int slot;
};

struct pool {
    unsigned char *owner_mark; /* reads 0 in any other process */
    struct pool_options options;
    struct channel_shape shape;
    struct spawner spawner;
    struct spawner spare; /* takes over when the first is gone */
    int epoll_fd;
    int depth;          /* of calls that may run callbacks */
    bool is_free_asked; /* pool_free() inside a callback */
    bool is_closed, is_terminated;
    bool is_dead; /* no worker is left and none may be started */
    bool wants_writable;
    bool has_more;   /* replies were left by the last turn */
    size_t nr_cores; /* for the next */
    struct spin spin;
    int64_t kill_ms; /* end of the grace after pool_terminate() */
    int64_t now_ms;  /* as of the last entry that asked */

    struct slot *slots;
    int max_in_flight; /* per worker */

    struct task_entry *table;
    uint32_t cap_table, first_free;
    struct task_list queue, doomed;
    size_t queued_bytes;
    size_t nr_unflushed; /* submitted since the last flush */
    size_t nr_pending;
    struct affinity_entry *affinity; /* NULL until a key is used */
    uint32_t affinity_stamp;
    struct pool_stats stats;
};

/* ---- task.c ---- */

void task_list_append(struct task_list *list, struct task *task);
void task_list_prepend(struct task_list *list, struct task *task);
void task_list_remove(struct task_list *list, struct task *task);
/* Copies the user's task into a new one with an id. CERR_NOMEM. */
enum err task_new(struct pool *pool, const struct pool_task *from,
                  struct task **out) CERR_CHECK;
/* The live task with this id, or NULL. */
struct task *task_find(const struct pool *pool, uint64_t id);
void task_enqueue(struct pool *pool, struct task *task);
/* Back to the head of the queue: it was accepted before the others. */
void task_requeue(struct pool *pool, struct task *task);
void task_dequeue(struct pool *pool, struct task *task);
/* Decides the end of a task that is in no list; `dead` (may be NULL) is the
 * slot that lost it. */
void task_doom(struct pool *pool, struct task *task, enum pool_status status,
               const struct slot *dead);
/* Ends all doomed tasks; returns how many. Runs callbacks. */
size_t task_finish_doomed(struct pool *pool);
/* Ends a task that is in no list: fills in what the task itself knows, counts,
 * runs its callback, frees it. */
void task_finish(struct pool *pool, struct task *task,
                 struct pool_result *result);

/* ---- async_result.c ---- */

/* Copies the result into the handle. */
void handle_complete(struct pool_async *handle,
                     const struct pool_result *result);

/* ---- slot.c ---- */

/* Asks the spawner for a process. */
void slot_ask(struct slot *slot);
/* Takes over what the spawner made; the descriptors in every case. */
enum err slot_start(struct slot *slot, pid_t pid,
                    const struct spawner_fds *fds) CERR_CHECK;
/* It has a process that takes tasks. */
bool slot_is_open(const struct slot *slot);
/* How many more tasks it can hold. */
size_t slot_room(const struct slot *slot);
/* Moves a task, in no list now, into the slot. CERR_AGAIN: no room there. */
enum err slot_send(struct slot *slot, struct task *task) CERR_CHECK;
/* Lets the worker see what was sent. */
void slot_publish(struct slot *slot);
/* Unstarted tasks but `keep` of them go back to the queue. */
void slot_recall(struct slot *slot, uint32_t keep);
/* Tells the worker that a task it runs is not wanted any more. */
void slot_notify(struct slot *slot, struct task *task);
void slot_remove(struct slot *slot, struct task *task);
/* Reads replies, at most `max`; returns how many. Runs callbacks. */
size_t slot_read(struct slot *slot, size_t max);
/* Reads the socket after its poll said so. */
void slot_read_socket(struct slot *slot);
/* Asks for a bell at the next reply; true if one is there already. */
bool slot_arm(struct slot *slot);
/* Tells the worker to leave when it is done. */
void slot_stop(struct slot *slot);
void slot_kill(struct slot *slot);
/* The process has ended: judges its tasks. Runs callbacks. */
void slot_reap(struct slot *slot, int wait_status);

/* ---- route.c ---- */

/* Sends what is queued to where there is room. */
void route_queue(struct pool *pool);
/* An idle worker gets what waits unstarted behind a busy one. */
void route_balance(struct pool *pool);

/* ---- supervisor.c ---- */

/* Everything that is due. */
void supervisor_run(struct pool *pool);
/* Tells the workers to leave if the pool is closed and nothing is pending. */
void supervisor_stop_at_end(struct pool *pool);
/* When supervisor_run() is due next; INT64_MAX: never. */
int64_t supervisor_next_ms(const struct pool *pool);
/* Makes sure that the deadlines of a task just sent are looked at. */
void supervisor_note_task(struct slot *slot, const struct task *task);
/* Plans what follows the death of a worker. */
void supervisor_plan_restart(struct slot *slot, bool is_failure);
/* No worker is left and none will come: all tasks are lost. */
void supervisor_give_up(struct pool *pool, const struct slot *last);

/* ---- pool.c ---- */

/* Every public call that may run callbacks stands between these two. */
void pool_enter(struct pool *pool);
/* The outermost one frees the pool if that was asked for meanwhile. */
void pool_leave(struct pool *pool);
/* False in any process but the one that opened the pool. */
bool pool_is_owner(const struct pool *pool);
/* ---- open.c ---- */

/* Puts the spawner into the epoll set. CERR_CLOSED (there is none), CERR_IO. */
enum err pool_poll_spawner(struct pool *pool) CERR_CHECK;
/* Frees everything, runs no callback. */
void pool_destroy(struct pool *pool);

/* ---- run_once.c ---- */

/* One turn: waits for something to happen, at most until `deadline_ms` (0: not
 * at all), and handles it. Returns the number of tasks ended. */
size_t pool_run_once(struct pool *pool, int64_t deadline_ms);

#endif
