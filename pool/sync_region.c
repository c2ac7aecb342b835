#include "pool/sync_region.h"

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>
#include <time.h>

void *sync_region_map(size_t bytes)
{
    void *region;

    if (bytes == 0 || bytes == SIZE_MAX)
        return NULL;
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

/* The moment on CLOCK_MONOTONIC at which a positive timeout ends. */
static struct timespec moment_after(int64_t timeout_ms)
{
    struct timespec moment;

    /* A time_t of 64 bits holds it; a century is as good as for ever. */
    if (timeout_ms > INT64_C(100) * 366 * 24 * 3600 * 1000)
        timeout_ms = INT64_C(100) * 366 * 24 * 3600 * 1000;
    clock_gettime(CLOCK_MONOTONIC, &moment);
    moment.tv_sec += (time_t)(timeout_ms / 1000);
    moment.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    if (moment.tv_nsec >= 1000000000) {
        moment.tv_nsec -= 1000000000;
        moment.tv_sec++;
    }
    return moment;
}

enum err sync_mutex_lock_timed(pthread_mutex_t *mutex, int64_t timeout_ms)
{
    struct timespec until;
    int rc;

    if (timeout_ms < 0) {
        rc = pthread_mutex_lock(mutex);
    } else if (timeout_ms == 0) {
        rc = pthread_mutex_trylock(mutex);
    } else {
        until = moment_after(timeout_ms);
        rc = pthread_mutex_clocklock(mutex, CLOCK_MONOTONIC, &until);
    }
    switch (rc) {
    case 0:
        return ERR_OK;
    case EOWNERDEAD:
        return ERR_OWNERDEAD;
    case EDEADLK:
        return ERR_STATE;
    case EBUSY:
        return ERR_AGAIN;
    case ETIMEDOUT:
        return ERR_TIMEOUT;
    default: /* recoverable always: nobody unlocks without a repair */
        assert(rc == EAGAIN);
        return ERR_LIMIT;
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
