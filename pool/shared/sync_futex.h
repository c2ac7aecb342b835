/*
 * sync_futex: sleeping and waking across processes, without a hand-shake.
 *
 * A waker never waits for a sleeper, so a killed sleeper blocks nobody. A wake
 * that gets lost with a killed process costs at most SYNC_SLICE_MS: sleepers
 * look again by themselves that often, and see to the dead then.
 */
#ifndef POOL_SHARED_SYNC_FUTEX_H
#define POOL_SHARED_SYNC_FUTEX_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define SYNC_SLICE_MS 100 /* longest sleep without a look around */

/* The monotonic moment at which a timeout ends: INT64_MAX for a negative one,
 * 0 for a poll. */
int64_t sync_deadline(int64_t timeout_ms);
/* Milliseconds until then, at most SYNC_SLICE_MS; 0 when it is past. */
int64_t sync_slice_ms(int64_t deadline_ms);

/*
 * Sleeps while *word is `expected`, for at most `timeout_ms` (negative: no
 * limit). True when another one woke it; false after the timeout, a signal, or
 * at once when the word differs.
 */
bool sync_futex_wait(const _Atomic uint32_t *word, uint32_t expected,
                     int64_t timeout_ms);
/* Wakes at most `nr` sleepers. Async-signal-safe, keeps errno. */
void sync_futex_wake(const _Atomic uint32_t *word, uint32_t nr);

/* How often a caller looks at a word that another core may change at any moment
 * before it sleeps; the pause between two looks is some 20 to 50 ns. */
#define SYNC_TRIES 300

static inline void sync_pause(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
}

/*
 * A gate: where callers wait for a condition that a mutex protects.
 *
 *   lock; while (!condition) { sequence = enter; unlock; sleep; lock; leave; }
 *   lock; make it true; nr = open; unlock; wake(nr);
 *
 * It is what others call an eventcount. `nr_waiting` is never less than the
 * number of sleepers for longer than a slice. A killed sleeper stays counted
 * until a wake takes its count along, so it costs one wake in vain.
 */
struct sync_gate {
    _Alignas(64) _Atomic uint32_t sequence; /* counts the openings */
    uint32_t nr_waiting;                    /* under the mutex */
};

#define SYNC_GATE_ALL UINT32_MAX

/* The caller holds the mutex. */
uint32_t sync_gate_enter(struct sync_gate *gate);
void sync_gate_leave(struct sync_gate *gate, bool woken);
/* Counts an opening for `nr` sleepers; returns how many to wake. */
uint32_t sync_gate_open(struct sync_gate *gate, uint32_t nr);

/* The caller does not hold the mutex. The core is given away a few times before
 * the sleep, because the other side is often just about to open. */
bool sync_gate_sleep(struct sync_gate *gate, uint32_t sequence,
                     int64_t timeout_ms);
void sync_gate_wake(struct sync_gate *gate, uint32_t nr);

/* After the death of a mutex holder, who may have owed a wake to anybody: all
 * sleepers wake and look at their condition. */
void sync_gate_flood(struct sync_gate *gate);

#endif
