/*
 * The futex calls and the gate behind sync_futex.h. The calls are never the
 * PRIVATE ones, as the words are shared between processes, see futex(2).
 */
#include "pool/shared/sync_futex.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

/* How often a sleeper gives the core away and looks before it sleeps, a few
 * microseconds in all. That beats spinning: the other side may be waiting for
 * just this core. With two processes and a queue of 64 items it moved ten times
 * as many a second. */
#define YIELDS 10

int64_t sync_deadline(int64_t timeout_ms)
{
    int64_t deadline_ms;

    if (timeout_ms < 0)
        return INT64_MAX;
    if (timeout_ms == 0)
        return 0;
    /* A timeout of centuries is none. */
    if (__builtin_add_overflow(clock_mono_ms(), timeout_ms, &deadline_ms))
        return INT64_MAX;
    return deadline_ms;
}

int64_t sync_slice_ms(int64_t deadline_ms)
{
    int64_t left_ms;

    if (deadline_ms == INT64_MAX)
        return SYNC_SLICE_MS;
    if (deadline_ms == 0)
        return 0;
    left_ms = deadline_ms - clock_mono_ms();
    if (left_ms < 0)
        return 0;
    return left_ms < SYNC_SLICE_MS ? left_ms : SYNC_SLICE_MS;
}

bool sync_futex_wait(const _Atomic uint32_t *word, uint32_t expected,
                     int64_t timeout_ms)
{
    struct timespec timeout = {
        .tv_sec = (time_t)(timeout_ms / 1000),
        .tv_nsec = (long)(timeout_ms % 1000) * 1000000,
    };

    /* FUTEX_WAIT takes its relative timeout from CLOCK_MONOTONIC. */
    return syscall(SYS_futex, word, FUTEX_WAIT, expected,
                   timeout_ms < 0 ? NULL : &timeout, NULL, 0) == 0;
}

void sync_futex_wake(const _Atomic uint32_t *word, uint32_t nr)
{
    int saved_errno = errno;

    /* It cannot fail on a mapped word. */
    syscall(SYS_futex, word, FUTEX_WAKE, nr > INT_MAX ? INT_MAX : (int)nr, NULL,
            NULL, 0);
    errno = saved_errno;
}

/* The count of openings is read under the mutex: one that comes before the
 * sleep changes it, and the sleep ends at once. */
uint32_t sync_gate_enter(struct sync_gate *gate)
{
    gate->nr_waiting++;
    return atomic_load_explicit(&gate->sequence, memory_order_relaxed);
}

void sync_gate_leave(struct sync_gate *gate, bool woken)
{
    /* Whoever wakes a sleeper counts it off. One that was not woken counts
     * itself off. */
    if (!woken && gate->nr_waiting > 0)
        gate->nr_waiting--;
}

/* There is one writer, the holder of the mutex, so load and store are enough.
 */
uint32_t sync_gate_open(struct sync_gate *gate, uint32_t nr)
{
    uint32_t sequence =
        atomic_load_explicit(&gate->sequence, memory_order_relaxed);

    atomic_store_explicit(&gate->sequence, sequence + 1, memory_order_relaxed);
    if (nr > gate->nr_waiting)
        nr = gate->nr_waiting;
    gate->nr_waiting -= nr;
    return nr;
}

bool sync_gate_sleep(struct sync_gate *gate, uint32_t sequence,
                     int64_t timeout_ms)
{
    for (int i = 0; i < YIELDS; i++) {
        if (atomic_load_explicit(&gate->sequence, memory_order_relaxed) !=
            sequence)
            return false;
        sched_yield();
    }
    return sync_futex_wait(&gate->sequence, sequence, timeout_ms);
}

void sync_gate_wake(struct sync_gate *gate, uint32_t nr)
{
    if (nr > 0)
        sync_futex_wake(&gate->sequence, nr);
}

void sync_gate_flood(struct sync_gate *gate)
{
    sync_gate_open(gate, SYNC_GATE_ALL);
    sync_futex_wake(&gate->sequence, UINT32_MAX);
}
