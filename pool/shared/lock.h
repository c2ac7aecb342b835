/*
 * lock: what processes use to wait for one another.
 *
 * Lock, semaphore, event and condition in shared memory, made before fork. All
 * survive the death of a holder or waiter at any point: a lock passes to the
 * next with CERR_OWNERDEAD, the units of a semaphore come back, and nobody who
 * wakes others ever waits for them.
 *
 * A holder is a thread. Timeouts: negative waits, 0 polls (CERR_AGAIN), else
 * milliseconds by the monotonic clock (CERR_TIMEOUT). Each `_free` lets go of
 * the object in this process only; NULL is fine. Each `_open` returns
 * CERR_NOMEM, or CERR_INVALID for arguments that make no sense.
 */
#ifndef POOL_SHARED_LOCK_H
#define POOL_SHARED_LOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- lock ---- */

struct lock;

enum lock_kind {
    LOCK_PLAIN,     /* one level */
    LOCK_RECURSIVE, /* the holder may take it again */
};

enum err lock_open(struct lock **lock, enum lock_kind kind) CERR_CHECK;
void lock_free(struct lock *lock);

/* Takes the lock. CERR_OWNERDEAD: it is the caller's now, as after CERR_OK, but
 * its holder died, so what it protects may be half done; said once, to the next
 * holder. CERR_STATE: the caller holds this plain lock. CERR_AGAIN,
 * CERR_TIMEOUT; CERR_LIMIT (a recursive lock is taken too often). */
enum err lock_acquire(struct lock *lock, int64_t timeout_ms) CERR_CHECK;
/* Gives the lock back. CERR_PERM: the caller does not hold it. */
enum err lock_release(struct lock *lock) CERR_CHECK;

/* ---- semaphore ---- */

struct semaphore;

#define SEMAPHORE_UNITS_MAX UINT32_MAX

/* Makes a semaphore. A `bounded` one never has more units than at first: a
 * release too many is refused. */
enum err semaphore_open(struct semaphore **semaphore, uint32_t units,
                        bool bounded) CERR_CHECK;
void semaphore_free(struct semaphore *semaphore);

/* Takes a unit. It is the caller's until a release, and comes back if the
 * caller dies. (So a unit is no signal to be used up: for that take a queue.)
 * CERR_AGAIN, CERR_TIMEOUT, CERR_LIMIT (too many processes). */
enum err semaphore_acquire(struct semaphore *semaphore,
                           int64_t timeout_ms) CERR_CHECK;
/*
 * Gives a unit back; from a caller that has none, adds one. CERR_INVALID: it
 * has none and the semaphore is bounded, or SEMAPHORE_UNITS_MAX is reached.
 */
enum err semaphore_release(struct semaphore *semaphore) CERR_CHECK;
/* Free units at the moment of the call; those of the dead are counted. */
uint32_t semaphore_value(struct semaphore *semaphore);

/* ---- event ---- */

struct sync_event;

enum err sync_event_open(struct sync_event **event) CERR_CHECK;
void sync_event_free(struct sync_event *event);

/* Wakes all who wait, also when sync_event_clear() follows at once.
 * Async-signal-safe. */
void sync_event_set(struct sync_event *event);
void sync_event_clear(struct sync_event *event);
bool sync_event_is_set(const struct sync_event *event);
/* Waits until the event is set. CERR_AGAIN, CERR_TIMEOUT. */
enum err sync_event_wait(struct sync_event *event,
                         int64_t timeout_ms) CERR_CHECK;

/* ---- condition ---- */

struct condition;

/* Borrows `lock`, of either kind: it must outlive the condition. */
enum err condition_open(struct condition **condition,
                        struct lock *lock) CERR_CHECK;
void condition_free(struct condition *condition);

/*
 * Lets go of the lock (all its levels), waits to be notified, and takes it
 * again, whatever it returns but CERR_PERM. May wake without cause: look again.
 * CERR_PERM: the caller does not hold the lock. CERR_OWNERDEAD: notified or
 * not, the lock came from a dead holder. CERR_AGAIN, CERR_TIMEOUT.
 */
enum err condition_wait(struct condition *condition,
                        int64_t timeout_ms) CERR_CHECK;
/* Waits until `ready(ctx)`, asked with the lock held. Notices without a notify
 * too, within 100 ms. As condition_wait(). */
enum err condition_wait_for(struct condition *condition,
                            bool (*ready)(void *ctx), void *ctx,
                            int64_t timeout_ms) CERR_CHECK;
/* Wakes `nr` of those who wait, or all. To be sure that nobody misses what is
 * notified, change it with the lock held. */
void condition_notify(struct condition *condition, uint32_t nr);
void condition_notify_all(struct condition *condition);

#ifdef __cplusplus
}
#endif

#endif
