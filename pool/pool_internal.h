/*
 * What the files of the parent's side of the pool share.
 *
 * DESIGN. Each file calls only files that stand below it in this list:
 *
 *   map.c           maps: many tasks from an array or from a source
 *   async_result.c  calls that wait: apply, get, submit_wait
 *   pool.c          submit, cancel, dispatch, close, join, terminate, free
 *   pool_stats.c    counters and the state of workers, for people and tests
 *   open.c          opens a pool, all of it or nothing, and takes it apart
 *   run_once.c      one pass: waits, reads replies, runs what is due, sends
 *   supervisor.c    the life of workers: the spawner's messages, restarts
 *   watchdog.c      looks at live workers: deadlines, silence, memory, leaving
 *   route.c         which slot gets which task
 *   slot.c          one worker: its state, sending, reading, stopping, reaping
 *   task.c          the table of tasks, the queue, the end of a task
 *   spawner.c       the process that forks workers and sees them die
 *   channel/        the memory and the socket between parent and worker
 *
 * pool_result.c, which puts results into words, calls none of them. For the
 * worker's side see worker_internal.h.
 *
 * So nothing that notices a death decides what follows: slot_reap() notes in
 * the slot how the process ended, and the supervisor, whom run_once.c calls,
 * plans the restart. The same holds for deadlines: slot_send() notes in the
 * slot when somebody must look, and the watchdog looks.
 *
 * A task is in exactly one place: waiting in the queue, in flight in one slot,
 * or doomed, which means that its end is decided and its callback is due.
 *
 *            submit           send               reply
 *   (user) ---------> queued -------> in flight --------> ended
 *                       | ^  recall, death  |              ^
 *                       | \-----------------/              |
 *                       \--- cancel, terminate, death ---> doomed
 *
 * A slot is a place for a worker. Its processes come one after another, and
 * each has a generation. For the states of a slot see enum slot_state.
 *
 * User code runs in four places: the callback of a task in slot_read() (its
 * worker has replied) and in task_finish_doomed() (it has not),
 * on_worker_death in slot_reap(), on_writable in run_once(). Each may call
 * anything, run_once() too, so whoever calls one of these functions relies on
 * nothing that was read before: not on a task, a slot's state, its channel.
 * The pool itself stays, as pool_free() waits for the outermost call.
 */
#ifndef POOL_POOL_INTERNAL_H
#define POOL_POOL_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/clock.h"
#include "pool/channel/channel.h"
#include "pool/channel/spin.h"
#include "pool/pool.h"
#include "pool/pool_stats.h"
#include "pool/spawner.h"

#define POOL_DISPATCH_REPLIES 4096 /* read in one pool_dispatch() */
#define POOL_LARGE_IN_FLIGHT  4    /* arguments by memfd, in one worker */
#define POOL_LOOK_MS          2    /* for replies whose bell was held back */
#define POOL_LOOK_MAX_MS      50   /* most between two looks at a deadline */
#define POOL_EVENT_SPAWNER    UINT32_MAX /* in the epoll set; else a slot */

/* ---- tasks ---- */

enum task_state {
    TASK_QUEUED,    /* in the queue, or just taken out of a list */
    TASK_IN_FLIGHT, /* in a slot's flight */
    TASK_DOOMED,    /* its end is decided; the callback is due */
};

/* Whether somebody still wants the result of a task that is in flight. */
enum task_wish {
    TASK_WANTED,
    TASK_CANCELED, /* by the user, while it ran */
    TASK_LATE,     /* past its hard deadline: its worker is being killed */
};

/* What the user's callback is and gets. */
struct task_callbacks {
    pool_reply_fn on_done, on_error;
    void *user;
};

/* How a doomed task ends; narrow, as every waiting task pays for it. */
struct task_end {
    uint8_t status; /* enum pool_status */
    uint8_t signal_nr, exit_code;
};

struct task {
    struct task *next, *prev; /* in the list that has it */
    struct task_callbacks callbacks;
    uint64_t id;
    uint64_t affinity;         /* tasks of one key go to one worker; 0: none */
    int64_t start_ms;          /* monotonic; 0: not seen started */
    uint32_t soft_ms, hard_ms; /* deadlines, from the start; 0: none */
    uint32_t len;
    uint32_t position; /* of its frame in the slot's task ring */
    uint32_t function;
    int16_t slot; /* index of the slot that has or had it; -1: none */
    uint8_t attempts;
    struct task_end end; /* of a doomed task */
    enum task_state state : 8;
    enum task_wish wish : 8;
    bool retryable : 1;
    bool is_notified : 1; /* its worker knows that it should stop */
    bool is_large : 1;    /* in flight as a memfd */
    unsigned char data[];
};

_Static_assert(sizeof(struct task) <= 128, "a waiting task costs little");

struct task_list {
    struct task *first, *last;
    size_t nr;
};

/* An id is the number of uses of its entry << 32 | the entry's index + 1. */
struct task_entry {
    struct task *task; /* NULL: the entry is free */
    uint32_t nr_uses;
    uint32_t next_free; /* index, or UINT32_MAX */
};

/* All tasks of a pool that have not ended, by id. */
struct task_table {
    struct task_entry *entries;
    uint32_t cap, first_free;
    size_t nr_pending;
    struct task_list doomed;
};

/* Tasks that wait in the parent, first come, first served. */
struct task_queue {
    struct task_list list;
    size_t bytes;        /* of their arguments */
    size_t nr_unflushed; /* submitted since the last flush */
    bool wants_writable; /* a task was refused: call on_writable */
};

/* ---- slots ---- */

/*
 * The states of a slot, and which function makes each move.
 *
 *            ask           started         stop
 *     NONE -------> ASKED --------> OPEN --------> STOPPING
 *                   ^   |            | |            |   |
 *                   |   | failed     | | kill  kill |   |
 *          ask, at  |   |            | \-> KILLED <-/   |
 *          once or  |   |    exited  |       | exited   | exited
 *          when due |   v            v       v          |
 *                   +- DEAD <------ REAPING <-----------+
 *                   |   |
 *              BACKOFF <+--> NONE, GIVEN_UP
 *
 *   NONE -> ASKED, BACKOFF -> ASKED [slot_ask]: it is time
 *   DEAD -> ASKED [slot_ask]: at once, as it had ended tasks or left as told
 *   ASKED -> ASKED [slot_ask]: the first spawner is gone, the next is asked
 *   any of these -> BACKOFF [slot_ask]: the spawner's socket is full
 *   ASKED -> OPEN [slot_start]: there is a process. It takes tasks, though
 *       its worker_init may still run
 *   ASKED -> DEAD [slot_fail_start]: it could not be forked, or the message
 *       that it had been was lost
 *   OPEN -> STOPPING [slot_stop]: it ends what it has, and leaves
 *   OPEN, STOPPING -> KILLED [slot_kill]: SIGKILL is on its way
 *   OPEN, STOPPING, KILLED -> REAPING [slot_reap]: it has ended; its replies
 *       are read and its tasks judged, and callbacks run
 *   REAPING -> DEAD [slot_reap]: no process, no task; its death is noted
 *   DEAD -> BACKOFF [slot_back_off]: it died without ending one task
 *   DEAD -> GIVEN_UP [slot_give_up]: ... for the last time
 *   NONE, ASKED, BACKOFF -> GIVEN_UP [slot_give_up]: no spawner is left
 *   DEAD, BACKOFF -> NONE [slot_rest]: the pool is closed and all is done
 */
enum slot_state {
    SLOT_NONE,
    SLOT_ASKED,
    SLOT_OPEN,
    SLOT_STOPPING,
    SLOT_KILLED,
    SLOT_REAPING,
    SLOT_DEAD,
    SLOT_BACKOFF,
    SLOT_GIVEN_UP,
};

/* Why a worker was told to leave, or was killed. */
enum slot_cause {
    SLOT_NO_CAUSE,
    /* told to leave */
    SLOT_CLOSED,   /* the pool needs it no more */
    SLOT_RECYCLED, /* it has run many tasks, or has grown: replace it */
    /* killed */
    SLOT_HARD_DEADLINE, /* a task ran for too long */
    SLOT_STUCK,         /* it did not start the task clocks.head_id in time */
    SLOT_SILENT,        /* no sign of life */
    SLOT_OVERSTAYED,    /* told to leave, and did not in time */
    SLOT_TERMINATED,    /* pool_terminate() or pool_free() */
    SLOT_BAD_PROTOCOL,  /* it wrote what no worker may write */
    SLOT_HUNG_UP,       /* it closed its socket */
    SLOT_NO_CHANNEL,    /* the parent had no memory for its channel */
    SLOT_SPAWNER_GONE,  /* it dies with its spawner */
};

/* The tasks in flight in one worker. */
struct slot_flight {
    struct task_list tasks;    /* in order of sending */
    size_t nr_large;           /* tasks whose argument is a memfd */
    uint32_t serial;           /* of the last memfd sent */
    bool is_full;              /* no room, in this pass of route_queue() */
    uint64_t nr_sent, nr_done; /* by this generation */
};

/* When the watchdog looks at a live worker, and what it saw last. */
struct slot_clocks {
    int64_t look_ms;     /* for replies without a bell; 0: no need */
    int64_t deadline_ms; /* look at deadlines then; 0: no need */
    int64_t rss_ms;      /* look at its memory then */
    int64_t since_ms;    /* of pool_worker_info */
    uint64_t head_id;    /* the first task in flight, as last seen ... */
    int64_t head_ms;     /* ... and since when it is the first */
    uint64_t alive_seen; /* the worker's counter of its loop's rounds ... */
    int64_t alive_ms;    /* ... and when it last moved */
};

/* How the last process ended, or failed to start. */
struct slot_death {
    int signal_nr, exit_code;
    bool is_failure; /* neither told to leave nor killed for a deadline */
};

/* How often the slot's processes died without ending one task. */
struct slot_restarts {
    int nr_failures;   /* in this window */
    int64_t window_ms; /* when the window began */
    int64_t due_ms;    /* SLOT_BACKOFF: when to ask again */
};

struct slot {
    struct pool *pool;
    int index;
    enum slot_state state;
    int64_t state_ms;           /* when the state began; monotonic */
    enum slot_cause stop_cause; /* not SLOT_NO_CAUSE: it was told to leave */
    enum slot_cause kill_cause; /* not SLOT_NO_CAUSE: it was killed; the first
                                   cause counts */
    uint32_t generation;
    uint64_t spawner_nr;     /* of the spawner asked last, 0 for the first */
    pid_t pid;               /* of the last process */
    int pidfd;               /* -1: no process */
    struct channel *channel; /* NULL: no process, or no memory */
    struct slot_flight flight;
    struct slot_clocks clocks;
    struct slot_death death;
    struct slot_restarts restarts;
};

/* ---- the pool ---- */

struct affinity_entry {
    uint64_t key;
    uint32_t stamp;
    int slot;
};

/* Which worker had a key last; see route.c. */
struct affinity_table {
    struct affinity_entry *entries; /* NULL until a key is used */
    uint32_t last_stamp;
};

enum pool_phase {
    PHASE_RUNNING,
    PHASE_CLOSED,     /* takes no new tasks */
    PHASE_TERMINATED, /* ... and has ended the old ones */
};

/* How far the end of a pool has come. */
struct pool_end {
    enum pool_phase phase;
    bool is_free_asked; /* pool_free() inside a callback */
    bool is_dead;       /* no worker is left and none may be started */
    int64_t kill_ms;    /* end of the grace after pool_terminate() */
};

struct pool {
    unsigned char *owner_mark; /* reads 0 in any other process */
    struct pool_options options;
    struct channel_shape shape;
    struct spawner spawner;
    struct spawner spare; /* takes over when the first is gone */
    int epoll_fd;
    int depth;       /* nested calls that may run callbacks */
    int64_t now_ms;  /* monotonic; read once for each pass */
    bool has_more;   /* replies were left by the last run_once() */
    size_t nr_cores; /* for `spin` */
    struct spin spin;
    struct slot *slots; /* options.nr_workers of them */
    int max_in_flight;  /* per worker */
    struct task_table tasks;
    struct task_queue queue;
    struct affinity_table affinity;
    struct pool_end end;
    struct pool_stats stats;
};

/* The point in time `timeout_ms` from now; INT64_MAX when that is negative. */
static inline int64_t pool_deadline_ms(int64_t timeout_ms)
{
    return timeout_ms < 0 ? INT64_MAX : clock_mono_ms() + timeout_ms;
}

static inline bool pool_is_past(int64_t deadline_ms)
{
    return deadline_ms != INT64_MAX && clock_mono_ms() >= deadline_ms;
}

/* The pool is closed, and every task has ended. */
static inline bool pool_is_done(const struct pool *pool)
{
    return pool->end.phase != PHASE_RUNNING && pool->tasks.nr_pending == 0;
}

/* ---- task.c ---- */

void task_list_append(struct task_list *list, struct task *task);
void task_list_remove(struct task_list *list, struct task *task);
/* Copies the user's task into a new one with an id. CERR_NOMEM. */
enum err task_new(struct pool *pool, const struct pool_task *from,
                  struct task **out) CERR_CHECK;
/* The task with this id that has not ended, or NULL. */
struct task *task_find(const struct pool *pool, uint64_t id);
void task_enqueue(struct pool *pool, struct task *task);
/* Back to the head of the queue: it was accepted before the others. */
void task_requeue(struct pool *pool, struct task *task);
void task_dequeue(struct pool *pool, struct task *task);
/* How long until somebody looks whether a task, which may start any moment,
 * has started; INT64_MAX if it has no deadline. */
int64_t task_look_after_ms(const struct task *task);
/* Decides the end of a task that is in no list; `death` (may be NULL) is that
 * of the worker that lost it. */
void task_doom(struct pool *pool, struct task *task, enum pool_status status,
               const struct slot_death *death);
/* Dooms all that is queued. */
void task_doom_queue(struct pool *pool, enum pool_status status,
                     const struct slot_death *death);
/* Ends all doomed tasks; returns how many. Runs callbacks. */
size_t task_finish_doomed(struct pool *pool);
/* Ends a task that is in no list: fills in what the task itself knows, counts,
 * runs its callback, frees it. */
void task_finish(struct pool *pool, struct task *task,
                 struct pool_result *result);

/* ---- slot.c: its states ---- */

/* Asks the spawner for a process. */
void slot_ask(struct slot *slot);
/* Takes over what the spawner made; the descriptors in every case. */
enum err slot_start(struct slot *slot, pid_t pid,
                    const struct spawner_fds *fds) CERR_CHECK;
/* The spawner could not make a process. */
void slot_fail_start(struct slot *slot);
/* Tells the worker to leave when it has ended its tasks. */
void slot_stop(struct slot *slot, enum slot_cause cause);
/* Kills the process, if there is one. */
void slot_kill(struct slot *slot, enum slot_cause cause);
/* The process of this generation has ended: reads its last replies, judges its
 * tasks, notes its death. The slot is SLOT_DEAD then, unless it had nothing to
 * do with that process any more. Runs callbacks. */
void slot_reap(struct slot *slot, uint32_t generation, int wait_status);
/* The three other moves that may follow a death, see enum slot_state. */
void slot_back_off(struct slot *slot, int64_t due_ms);
void slot_give_up(struct slot *slot);
void slot_rest(struct slot *slot);

/* There is a process, as far as the parent knows. */
static inline bool slot_is_live(const struct slot *slot)
{
    return slot->state == SLOT_OPEN || slot->state == SLOT_STOPPING ||
           slot->state == SLOT_KILLED;
}

/* Its replies can be read. */
static inline bool slot_is_readable(const struct slot *slot)
{
    return slot->channel && slot->state != SLOT_REAPING;
}

/* ---- slot.c: its tasks ---- */

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
/* Cancels a task that is in flight, unless its reply is here already: it goes
 * back to the queue, or its worker is notified. Runs callbacks. */
void slot_cancel(struct slot *slot, uint64_t task_id);
/* Dooms all its tasks as canceled, and notifies the worker. */
void slot_cancel_all(struct slot *slot);
/* Reads replies, at most `max`; returns how many. Runs callbacks. */
size_t slot_read(struct slot *slot, size_t max);
/* Reads the socket after its poll said so. */
void slot_read_socket(struct slot *slot);

/* ---- route.c ---- */

/* Sends what is queued to where there is room. */
void route_queue(struct pool *pool);
/* An idle worker gets what waits unstarted behind a busy one. */
void route_balance(struct pool *pool);

/* ---- watchdog.c ---- */

/* Kills, stops or notifies a live worker if something is due. */
void watchdog_check(struct slot *slot);
/* Takes a time in which this process did not run out of all limits. */
void watchdog_forgive(struct slot *slot, int64_t away_ms);
/* When watchdog_check() is due next; INT64_MAX: never. */
int64_t watchdog_next_ms(const struct slot *slot);

/* ---- supervisor.c ---- */

/* Puts the spawner into the epoll set. CERR_CLOSED (there is none), CERR_IO. */
enum err supervisor_adopt_spawner(struct pool *pool) CERR_CHECK;
/* Reads and acts on what the spawner has to say; returns the number of tasks
 * ended. Runs callbacks. */
size_t supervisor_read_spawner(struct pool *pool);
/* Plans restarts, starts what is due, looks at every worker. */
void supervisor_run(struct pool *pool);
/* Tells the workers to leave if the pool is closed and nothing is pending. */
void supervisor_stop_at_end(struct pool *pool);
/* When supervisor_run() is due next; INT64_MAX: never. */
int64_t supervisor_next_ms(const struct pool *pool);

/* ---- run_once.c ---- */

/* Waits for something to happen, at most until `deadline_ms` (0: not at all),
 * and handles it. Returns the number of tasks ended. Runs callbacks. */
size_t run_once(struct pool *pool, int64_t deadline_ms);
/* When run_once() has something to do without an event; 0: now; INT64_MAX:
 * never. */
int64_t run_once_next_ms(const struct pool *pool);

/* ---- open.c ---- */

/* Frees everything, runs no callback. */
void pool_destroy(struct pool *pool);

/* ---- pool.c ---- */

/* Every public call that may run callbacks stands between these two. */
void pool_enter(struct pool *pool);
/* The outermost one frees the pool if that was asked for meanwhile. */
void pool_leave(struct pool *pool);
/* False in any process but the one that opened the pool. */
bool pool_is_owner(const struct pool *pool);

#endif
