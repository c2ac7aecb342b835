/*
 * Shared mappings and robust mutexes, behind sync_region.h.
 */
#include "pool/shared/sync_region.h"

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>
#include <time.h>

#include "pool/shared/sync_futex.h"

void *sync_region_map(size_t bytes)
{
    void *region;

    if (bytes == 0 || bytes == SIZE_MAX)
        return NULL;
    /* Without reserving: the bounds of an object are often far above its use.
     */
    region = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return region == MAP_FAILED ? NULL : region;
}

void sync_region_unmap(void *region, size_t bytes)
{
    int rc;

    if (!region)
        return;
    rc = munmap(region, bytes);
    assert(rc == 0);
    (void)rc;
}

size_t sync_region_reserve(size_t *end, size_t nr, size_t size)
{
    size_t start, bytes;

    if (*end > SIZE_MAX - SYNC_LINE_BYTES ||
        __builtin_mul_overflow(nr, size, &bytes)) {
        *end = SIZE_MAX;
        return 0;
    }
    start = (*end + SYNC_LINE_BYTES - 1) / SYNC_LINE_BYTES * SYNC_LINE_BYTES;
    if (__builtin_add_overflow(start, bytes, end))
        *end = SIZE_MAX;
    return start;
}

enum err sync_mutex_init(pthread_mutex_t *mutex, int type)
{
    pthread_mutexattr_t attr;
    int rc;

    rc = pthread_mutexattr_init(&attr);
    if (rc != 0)
        return err_from_errno(rc);
    rc = pthread_mutexattr_settype(&attr, type);
    if (rc == 0)
        rc = pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    if (rc == 0)
        rc = pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
    if (rc == 0)
        rc = pthread_mutex_init(mutex, &attr);
    pthread_mutexattr_destroy(&attr);
    return err_from_errno(rc);
}

/* The time on a clock `ms` from now, for pthread calls that take an absolute
 * time. */
static struct timespec moment_after(clockid_t clock, int64_t ms)
{
    struct timespec moment;

    clock_gettime(clock, &moment);
    moment.tv_sec += (time_t)(ms / 1000);
    moment.tv_nsec += (long)(ms % 1000) * 1000000;
    if (moment.tv_nsec >= 1000000000) {
        moment.tv_nsec -= 1000000000;
        moment.tv_sec++;
    }
    return moment;
}

/* Waits for the mutex, by a clock that nobody can set. */
static int lock_within(pthread_mutex_t *mutex, int64_t ms)
{
#ifdef __SANITIZE_THREAD__
    /* ThreadSanitizer (gcc 12) does not see the locks of the call below, and
     * for its tests the wall clock is good enough. */
    struct timespec until = moment_after(CLOCK_REALTIME, ms);

    return pthread_mutex_timedlock(mutex, &until);
#else
    struct timespec until = moment_after(CLOCK_MONOTONIC, ms);

    return pthread_mutex_clocklock(mutex, CLOCK_MONOTONIC, &until);
#endif
}

/* How long a busy lock is looked at before a sleep, in pauses of some 20 to 50
 * ns. */
#define PAUSES_FIRST 4
#define PAUSES_MOST  128 /* between two looks */
#define PAUSES_ALL   2400

/*
 * Locks are held for a fraction of a microsecond: a holder on another core is
 * through before a sleep would have begun. Each look takes the holder's cache
 * line away. So looks get rarer, and a process that works through a queue does
 * a run of items at the speed of one that is alone.
 */
static int try_a_little(pthread_mutex_t *mutex)
{
    int rc = pthread_mutex_trylock(mutex);
    int pauses = PAUSES_FIRST;

    for (int sum = 0; rc == EBUSY && sum < PAUSES_ALL; sum += pauses) {
        for (int i = 0; i < pauses; i++)
            sync_pause();
        rc = pthread_mutex_trylock(mutex);
        if (pauses < PAUSES_MOST)
            pauses *= 2;
    }
    return rc;
}

/*
 * Waits in slices, for a wake can get lost: an unlock sets the word to 0 and
 * then wakes a sleeper. If the unlocking thread is killed between the two, the
 * kernel wakes one in its place, but only while the word is still 0. If a third
 * thread has taken the mutex meanwhile, that one does not know of the sleeper
 * and wakes nobody either.
 */
enum err sync_mutex_lock_timed(pthread_mutex_t *mutex, int64_t timeout_ms)
{
    int64_t deadline_ms = sync_deadline(timeout_ms);
    int rc = try_a_little(mutex);

    while (rc == EBUSY || rc == ETIMEDOUT) {
        int64_t slice_ms = sync_slice_ms(deadline_ms);

        if (slice_ms == 0)
            return timeout_ms == 0 ? CERR_AGAIN : CERR_TIMEOUT;
        rc = lock_within(mutex, slice_ms);
    }
    switch (rc) {
    case 0:
        return CERR_OK;
    case EOWNERDEAD:
        return CERR_OWNERDEAD;
    case EDEADLK:
        return CERR_STATE;
    default: /* no ENOTRECOVERABLE: nobody unlocks without a repair */
        assert(rc == EAGAIN);
        return CERR_LIMIT;
    }
}

enum err sync_mutex_lock(pthread_mutex_t *mutex)
{
    return sync_mutex_lock_timed(mutex, -1);
}

void sync_mutex_repaired(pthread_mutex_t *mutex)
{
    int rc = pthread_mutex_consistent(mutex);

    assert(rc == 0);
    (void)rc;
}

void sync_mutex_unlock(pthread_mutex_t *mutex)
{
    int rc = pthread_mutex_unlock(mutex);

    assert(rc == 0);
    (void)rc;
}
