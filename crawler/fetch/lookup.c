/*
 * The getaddrinfo() of lookup.h, before that of the C library. libcurl calls it
 * in a thread for each name, so all that is kept here is atomic.
 */
#include "crawler/fetch/lookup.h"

#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include <xxhash.h>

#include "base/clock.h"

/* A look-up that took longer waited for a silent server, and would again. */
#define AGAIN_WITHIN_MS 1000
#define NR_MARKS        32768 /* 512 times TRANSFER_LOOKUPS_MAX */

typedef int look_up(const char *name, const char *service,
                    const struct addrinfo *hints, struct addrinfo **found);

/* getaddrinfo() has no place for a context, so this is the process's own. */
static look_up *_Atomic next;
static _Atomic uint64_t nr_exhausted;
/* Hashes of the names whose last answer was "try again"; 0: free. Of two names
 * that fall on one place the later one stays. */
static _Atomic uint64_t marks[NR_MARKS];

/* The getaddrinfo() behind ours: the C library's, or a sanitizer's before it.
 * Threads may find it at once, and find the same. NULL: none. */
static look_up *find_next(void)
{
    look_up *found = atomic_load_explicit(&next, memory_order_relaxed);
    void *symbol;

    if (found)
        return found;
    symbol = dlsym(RTLD_NEXT, "getaddrinfo");
    memcpy(&found, &symbol, sizeof(found)); /* ISO C knows no such cast */
    atomic_store_explicit(&next, found, memory_order_relaxed);
    return found;
}

/* glibc 2.36 also says "no such name" where memory ended on the way. */
static bool is_exhaustion(int result, int error)
{
    return result == EAI_MEMORY ||
           (result != 0 &&
            (error == ENOMEM || error == EMFILE || error == ENFILE));
}

/* Hashes a name; never returns 0, which stands for a free place. */
static uint64_t hash_of(const char *name, size_t len)
{
    return XXH3_64bits(name, len) | 1;
}

static _Atomic uint64_t *place_of(uint64_t hash)
{
    return &marks[hash / 2 % NR_MARKS];
}

/* Notes how a look-up of a name ended. A name takes away its own mark alone, as
 * the mark of another may lie on its place. */
static void mark(const char *name, bool may_pass)
{
    uint64_t hash = hash_of(name, strlen(name)), old = hash;

    if (may_pass)
        atomic_store(place_of(hash), hash);
    else
        atomic_compare_exchange_strong(place_of(hash), &old, 0);
}

bool lookup_may_pass(const char *name, size_t len)
{
    uint64_t hash = hash_of(name, len);

    return atomic_load(place_of(hash)) == hash;
}

int getaddrinfo(const char *name, const char *service,
                const struct addrinfo *hints, struct addrinfo **found)
{
    int64_t start_ms = clock_mono_ms();
    look_up *ask = find_next();
    int result;

    if (!ask) {
        errno = ENOSYS;
        return EAI_SYSTEM;
    }
    errno = 0;
    result = ask(name, service, hints, found);
    if (result == EAI_AGAIN && clock_mono_ms() - start_ms < AGAIN_WITHIN_MS) {
        errno = 0;
        result = ask(name, service, hints, found);
    }
    if (is_exhaustion(result, errno))
        atomic_fetch_add_explicit(&nr_exhausted, 1, memory_order_relaxed);
    if (name)
        mark(name, result == EAI_AGAIN);
    return result;
}

enum err lookup_warm_up(void)
{
    struct addrinfo *found = NULL;
    int result = getaddrinfo("localhost", NULL, NULL, &found);
    bool was_short = result == EAI_MEMORY || errno == ENOMEM;

    if (result == 0)
        freeaddrinfo(found);
    return was_short ? CERR_NOMEM : CERR_OK;
}

uint64_t lookup_nr_exhausted(void)
{
    return atomic_load_explicit(&nr_exhausted, memory_order_relaxed);
}
