/*
 * The table behind sync_member.h: one robust mutex for each thread that has
 * taken something. A member's number is the place in the table and, above it,
 * how many had that place before; so the number of a dead one is never alive
 * again.
 */
#include "pool/shared/sync_member.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <unistd.h>

#include "pool/shared/sync_region.h"

struct member {
    _Alignas(SYNC_LINE_BYTES) pthread_mutex_t life; /* held while it lives */
    _Atomic uint32_t generation; /* counts the takers of this place */
};

/* Set once and kept: every object that a process can reach was made by an
 * ancestor after that ancestor had the table, or by itself. */
static struct member *members;
static pthread_once_t members_once = PTHREAD_ONCE_INIT;
static _Thread_local uint64_t self;
static _Thread_local uint32_t self_thread;

/* A pthread_atfork() handler: the child of a fork is a member of its own. */
static void forget_self(void)
{
    self = 0;
    self_thread = 0;
}

/* On failure there is no table, and whoever opens an object gets CERR_NOMEM. */
static void make_members(void)
{
    struct member *table =
        sync_region_map(SYNC_MEMBERS_MAX * sizeof(struct member));

    if (!table)
        return;
    for (size_t i = 0; i < SYNC_MEMBERS_MAX; i++) {
        if (sync_mutex_init(&table[i].life, PTHREAD_MUTEX_ERRORCHECK))
            goto fail;
    }
    if (pthread_atfork(NULL, NULL, forget_self) != 0)
        goto fail;
    members = table;
    return;
fail:
    sync_region_unmap(table, SYNC_MEMBERS_MAX * sizeof(struct member));
}

enum err sync_members_init(void)
{
    pthread_once(&members_once, make_members);
    return members ? CERR_OK : CERR_NOMEM;
}

/* True when the place is free; then the caller holds its mutex. EDEADLK is a
 * place that the caller lives in, maybe as a dead one's successor. */
static bool take_place(struct member *member)
{
    int rc = pthread_mutex_trylock(&member->life);

    if (rc == EOWNERDEAD)
        sync_mutex_repaired(&member->life);
    assert(rc == 0 || rc == EOWNERDEAD || rc == EBUSY || rc == EDEADLK);
    return rc == 0 || rc == EOWNERDEAD;
}

enum err sync_member_self(uint64_t *member)
{
    /* The first free place; asked once in the life of a thread. */
    for (size_t i = 0; self == 0 && i < SYNC_MEMBERS_MAX; i++) {
        if (take_place(&members[i])) {
            uint64_t generation =
                1 + atomic_fetch_add(&members[i].generation, 1);

            self = generation << 32 | i;
        }
    }
    *member = self;
    return self == 0 ? CERR_LIMIT : CERR_OK;
}

uint64_t sync_member_known(void)
{
    return self;
}

uint32_t sync_member_thread(void)
{
    if (self_thread == 0)
        self_thread = (uint32_t)gettid();
    return self_thread;
}

unsigned sync_member_place(uint64_t member)
{
    return (unsigned)(member & UINT32_MAX);
}

bool sync_member_alive(uint64_t member)
{
    struct member *place = &members[sync_member_place(member)];

    assert(sync_member_place(member) < SYNC_MEMBERS_MAX);
    if (member == self)
        return true;
    /* No thread lives in that place; the next one gets a new generation. */
    if (take_place(place)) {
        sync_mutex_unlock(&place->life);
        return false;
    }
    /* A thread lives there: the member itself, or a later one. */
    return atomic_load(&place->generation) == (uint32_t)(member >> 32);
}
