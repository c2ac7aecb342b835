/*
 * sync_region: memory that a family of processes shares, and its mutexes.
 *
 * A region is an anonymous shared mapping. It has no name, so nothing is left
 * behind by a crash, and fork hands it on at the same address, so plain
 * pointers into it hold in every process of the family. The processes trust
 * one another: a region guards against their death, not against their malice.
 *
 * Mutexes are robust: when their holder dies, the kernel gives them to the
 * next one with CERR_OWNERDEAD, who repairs what they protect.
 */
#ifndef POOL_SHARED_SYNC_REGION_H
#define POOL_SHARED_SYNC_REGION_H

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define SYNC_LINE_BYTES 64 /* a cache line; what two sides write lies apart */

/* Zeroed, aligned to a page; pages cost nothing until they are touched. NULL
 * when the system refuses, or for 0 bytes. */
void *sync_region_map(size_t bytes);
/* Unmaps the region in this process only: the others keep theirs. */
void sync_region_unmap(void *region, size_t bytes);

/*
 * Lays out a region: moves `end` past `nr` pieces of `size` bytes, on a cache
 * line of their own, and returns where they begin. `end` becomes SIZE_MAX, for
 * good, when the sum does not fit.
 */
size_t sync_region_reserve(size_t *end, size_t nr, size_t size);

/* `type` is PTHREAD_MUTEX_ERRORCHECK or PTHREAD_MUTEX_RECURSIVE. */
enum err sync_mutex_init(pthread_mutex_t *mutex, int type) CERR_CHECK;

/*
 * Returns CERR_OK, CERR_OWNERDEAD (held, and what it protects may be half done:
 * repair it, then sync_mutex_repaired) or CERR_STATE (this thread holds it).
 */
enum err sync_mutex_lock(pthread_mutex_t *mutex) CERR_CHECK;
/* The same with a timeout as in lock.h: CERR_AGAIN, CERR_TIMEOUT, and
 * CERR_LIMIT (a recursive one is held too often). */
enum err sync_mutex_lock_timed(pthread_mutex_t *mutex,
                               int64_t timeout_ms) CERR_CHECK;
void sync_mutex_repaired(pthread_mutex_t *mutex);
void sync_mutex_unlock(pthread_mutex_t *mutex);

/*
 * The store that makes a change count. A process that is killed leaves behind
 * exactly the stores of the instructions before that point, so what has to be
 * kept apart is only the compiler: everything above is done before, everything
 * below after.
 */
static inline void sync_commit(_Atomic uint64_t *word, uint64_t value)
{
    atomic_signal_fence(memory_order_seq_cst);
    atomic_store_explicit(word, value, memory_order_relaxed);
    atomic_signal_fence(memory_order_seq_cst);
}

static inline uint64_t sync_load(const _Atomic uint64_t *word)
{
    return atomic_load_explicit(word, memory_order_relaxed);
}

#endif
