/*
 * DESIGN. A lock is a robust mutex, shown as it is. An event and a condition
 * are one futex word each, so there is nothing that a death could damage.
 *
 * A semaphore books its units under their takers: free units = all units -
 * units held. A taker's units change by one store, and `nr_held` is derived
 * from them again after a holder of the mutex was killed.
 */
#include "pool/shared/lock.h"

#include <assert.h>
#include <stddef.h>

#include "pool/shared/sync_futex.h"
#include "pool/shared/sync_member.h"
#include "pool/shared/sync_region.h"

/* ---- lock ---- */

struct lock {
    pthread_mutex_t mutex;
    _Atomic uint32_t owner; /* the thread that holds it, 0: none */
    uint32_t depth;         /* levels held; only the owner reads or writes it */
};

enum err lock_open(struct lock **out, enum lock_kind kind)
{
    struct lock *lock;
    enum err err;

    *out = NULL;
    if (kind != LOCK_PLAIN && kind != LOCK_RECURSIVE)
        return CERR_INVALID;
    err = sync_members_init();
    if (err)
        return err;
    lock = sync_region_map(sizeof(*lock));
    if (!lock)
        return CERR_NOMEM;
    err = sync_mutex_init(&lock->mutex, kind == LOCK_RECURSIVE
                                            ? PTHREAD_MUTEX_RECURSIVE
                                            : PTHREAD_MUTEX_ERRORCHECK);
    if (err)
        lock_free(lock);
    else
        *out = lock;
    return err;
}

void lock_free(struct lock *lock)
{
    sync_region_unmap(lock, sizeof(*lock));
}

enum err lock_acquire(struct lock *lock, int64_t timeout_ms)
{
    enum err err = sync_mutex_lock_timed(&lock->mutex, timeout_ms);

    if (err == CERR_OWNERDEAD) {
        sync_mutex_repaired(&lock->mutex);
        lock->depth = 0;
    }
    if (err == CERR_OK || err == CERR_OWNERDEAD) {
        lock->depth++;
        atomic_store_explicit(&lock->owner, sync_member_thread(),
                              memory_order_relaxed);
    }
    return err;
}

/* A thread writes its own number and takes it away again, so one that finds its
 * number there holds the lock, whatever others write meanwhile: no order with
 * other stores is needed. */
static bool is_mine(const struct lock *lock)
{
    return atomic_load_explicit(&lock->owner, memory_order_relaxed) ==
           sync_member_thread();
}

enum err lock_release(struct lock *lock)
{
    if (!is_mine(lock))
        return CERR_PERM;
    lock->depth--;
    /* The owner is cleared before the unlock, because another thread may set it
     * after that. */
    if (lock->depth == 0)
        atomic_store_explicit(&lock->owner, 0, memory_order_relaxed);
    sync_mutex_unlock(&lock->mutex);
    return CERR_OK;
}

/* ---- semaphore ---- */

/* What one thread of the family has taken. */
struct holder {
    uint64_t member;
    _Atomic uint64_t units;
};

struct semaphore {
    bool bounded;
    pthread_mutex_t mutex;     /* protects everything below */
    _Atomic uint64_t nr_units; /* free and held */
    uint64_t nr_held;          /* the sum of all holders' units */
    size_t nr_holders;         /* places ever used */
    struct sync_gate released;
    struct holder holders[SYNC_MEMBERS_MAX]; /* by sync_member_place() */
};

enum err semaphore_open(struct semaphore **out, uint32_t units, bool bounded)
{
    struct semaphore *semaphore;
    enum err err;

    *out = NULL;
    err = sync_members_init();
    if (err)
        return err;
    semaphore = sync_region_map(sizeof(*semaphore));
    if (!semaphore)
        return CERR_NOMEM;
    semaphore->bounded = bounded;
    atomic_init(&semaphore->nr_units, units);
    err = sync_mutex_init(&semaphore->mutex, PTHREAD_MUTEX_ERRORCHECK);
    if (err)
        semaphore_free(semaphore);
    else
        *out = semaphore;
    return err;
}

void semaphore_free(struct semaphore *semaphore)
{
    sync_region_unmap(semaphore, sizeof(*semaphore));
}

/*
 * Takes the mutex. If its holder was killed, derives what is held from the
 * holders again, and lets all who wait look for themselves: the dead one may
 * have owed them a wake.
 */
static void semaphore_lock(struct semaphore *semaphore)
{
    enum err err = sync_mutex_lock(&semaphore->mutex);

    assert(err != CERR_STATE);
    if (err != CERR_OWNERDEAD)
        return;
    semaphore->nr_held = 0;
    semaphore->nr_holders = SYNC_MEMBERS_MAX;
    for (size_t i = 0; i < SYNC_MEMBERS_MAX; i++)
        semaphore->nr_held += sync_load(&semaphore->holders[i].units);
    sync_mutex_repaired(&semaphore->mutex);
    sync_gate_flood(&semaphore->released);
}

static uint64_t nr_free(const struct semaphore *semaphore)
{
    return sync_load(&semaphore->nr_units) - semaphore->nr_held;
}

/* Makes all units of one holder free. */
static void drop_units(struct semaphore *semaphore, struct holder *holder)
{
    semaphore->nr_held -= sync_load(&holder->units);
    sync_commit(&holder->units, 0);
}

/* Takes back the units that dead threads hold. */
static void reclaim(struct semaphore *semaphore)
{
    uint64_t before = semaphore->nr_held;

    for (size_t i = 0; i < semaphore->nr_holders; i++) {
        struct holder *holder = &semaphore->holders[i];

        if (sync_load(&holder->units) > 0 && !sync_member_alive(holder->member))
            drop_units(semaphore, holder);
    }
    if (semaphore->nr_held < before)
        sync_gate_flood(&semaphore->released);
}

/* Waits for at most one slice, with the mutex held before and after. CERR_OK:
 * look again. */
static enum err wait_a_slice(struct semaphore *semaphore, int64_t deadline_ms)
{
    int64_t slice_ms = sync_slice_ms(deadline_ms);
    uint32_t sequence;
    bool woken;

    /* The dead may hold the unit that this caller needs. */
    if (slice_ms == 0) {
        reclaim(semaphore);
        if (nr_free(semaphore) > 0)
            return CERR_OK;
        return deadline_ms == 0 ? CERR_AGAIN : CERR_TIMEOUT;
    }
    sequence = sync_gate_enter(&semaphore->released);
    sync_mutex_unlock(&semaphore->mutex);
    woken = sync_gate_sleep(&semaphore->released, sequence, slice_ms);
    semaphore_lock(semaphore);
    sync_gate_leave(&semaphore->released, woken);
    /* Nobody woke this caller: the slice is over, or the waker died. */
    if (!woken)
        reclaim(semaphore);
    return CERR_OK;
}

/* The entry of a thread that lives. A dead one may have had this place before;
 * then the units that it held become free. */
static struct holder *holder_of(struct semaphore *semaphore, uint64_t member)
{
    size_t place = sync_member_place(member);
    struct holder *holder = &semaphore->holders[place];

    if (holder->member != member) {
        drop_units(semaphore, holder);
        holder->member = member;
    }
    if (semaphore->nr_holders <= place)
        semaphore->nr_holders = place + 1;
    return holder;
}

enum err semaphore_acquire(struct semaphore *semaphore, int64_t timeout_ms)
{
    int64_t deadline_ms = sync_deadline(timeout_ms);
    struct holder *holder;
    uint64_t member;
    enum err err = sync_member_self(&member);

    if (err)
        return err;
    semaphore_lock(semaphore);
    /* The place stays this thread's while it waits: it is alive. */
    holder = holder_of(semaphore, member);
    while (err == CERR_OK && nr_free(semaphore) == 0)
        err = wait_a_slice(semaphore, deadline_ms);
    if (err == CERR_OK) {
        sync_commit(&holder->units, sync_load(&holder->units) + 1);
        semaphore->nr_held++;
    }
    sync_mutex_unlock(&semaphore->mutex);
    return err;
}

enum err semaphore_release(struct semaphore *semaphore)
{
    uint64_t member = sync_member_known();
    struct holder *holder = NULL;
    enum err err = CERR_OK;
    uint32_t nr_wake = 0;

    semaphore_lock(semaphore);
    /* A thread without a number has never taken a unit. */
    if (member != 0)
        holder = holder_of(semaphore, member);
    if (holder && sync_load(&holder->units) > 0) {
        sync_commit(&holder->units, sync_load(&holder->units) - 1);
        semaphore->nr_held--;
    } else if (semaphore->bounded ||
               sync_load(&semaphore->nr_units) == SEMAPHORE_UNITS_MAX) {
        err = CERR_INVALID;
    } else {
        sync_commit(&semaphore->nr_units, sync_load(&semaphore->nr_units) + 1);
    }
    if (err == CERR_OK)
        nr_wake = sync_gate_open(&semaphore->released, 1);
    sync_mutex_unlock(&semaphore->mutex);
    sync_gate_wake(&semaphore->released, nr_wake);
    return err;
}

uint32_t semaphore_value(struct semaphore *semaphore)
{
    uint64_t value;

    semaphore_lock(semaphore);
    reclaim(semaphore);
    value = nr_free(semaphore);
    sync_mutex_unlock(&semaphore->mutex);
    return (uint32_t)value;
}

/* ---- event ---- */

struct sync_event {
    _Atomic uint32_t word; /* bit 0: it is set; above: how often it was */
};

enum err sync_event_open(struct sync_event **out)
{
    *out = sync_region_map(sizeof(**out));
    return *out ? CERR_OK : CERR_NOMEM;
}

void sync_event_free(struct sync_event *event)
{
    sync_region_unmap(event, sizeof(*event));
}

/* Adds 3 to an even word: one to the count, and the bit "is set". Lock-free
 * and without malloc, so a signal handler may call it. */
void sync_event_set(struct sync_event *event)
{
    uint32_t word = atomic_load(&event->word);

    do {
        if (word & 1)
            return;
    } while (!atomic_compare_exchange_weak(&event->word, &word, word + 3));
    sync_futex_wake(&event->word, UINT32_MAX);
}

void sync_event_clear(struct sync_event *event)
{
    atomic_fetch_and(&event->word, ~1u);
}

bool sync_event_is_set(const struct sync_event *event)
{
    return atomic_load(&event->word) & 1;
}

enum err sync_event_wait(struct sync_event *event, int64_t timeout_ms)
{
    int64_t deadline_ms = sync_deadline(timeout_ms);
    uint32_t first = atomic_load(&event->word), now = first;

    /* The event is set now, or was set and cleared since: then its count has
     * changed. */
    while (!(now & 1) && now == first) {
        int64_t slice_ms = sync_slice_ms(deadline_ms);

        if (slice_ms == 0)
            return deadline_ms == 0 ? CERR_AGAIN : CERR_TIMEOUT;
        sync_futex_wait(&event->word, first, slice_ms);
        now = atomic_load(&event->word);
    }
    return CERR_OK;
}

/* ---- condition ---- */

struct condition {
    struct lock *lock;
    _Atomic uint32_t sequence; /* counts the notifications */
};

enum err condition_open(struct condition **out, struct lock *lock)
{
    *out = NULL;
    if (!lock)
        return CERR_INVALID;
    *out = sync_region_map(sizeof(**out));
    if (!*out)
        return CERR_NOMEM;
    (*out)->lock = lock;
    return CERR_OK;
}

void condition_free(struct condition *condition)
{
    sync_region_unmap(condition, sizeof(*condition));
}

/* Sleeps at most `sleep_ms` without the lock. The count of notifications is
 * read with the lock held, so one that comes before the sleep ends it at once.
 * CERR_OK or CERR_OWNERDEAD from taking the lock again; `woken` as
 * sync_futex_wait, true also for a notification that came before the sleep. */
static enum err sleep_unlocked(struct condition *condition, int64_t sleep_ms,
                               bool *woken)
{
    struct lock *lock = condition->lock;
    uint32_t sequence = atomic_load(&condition->sequence);
    uint32_t depth = lock->depth;
    enum err err;

    for (uint32_t i = 0; i < depth; i++) {
        err = lock_release(lock);
        assert(err == CERR_OK);
        (void)err;
    }
    *woken = sync_futex_wait(&condition->sequence, sequence, sleep_ms) ||
             atomic_load(&condition->sequence) != sequence;
    /* All levels come back, also after the timeout: the caller counts on
     * that. */
    err = lock_acquire(lock, -1);
    assert(err == CERR_OK || err == CERR_OWNERDEAD);
    for (uint32_t i = 1; i < depth; i++) {
        enum err again = lock_acquire(lock, -1);

        assert(again == CERR_OK);
        (void)again;
    }
    return err;
}

enum err condition_wait(struct condition *condition, int64_t timeout_ms)
{
    int64_t deadline_ms = sync_deadline(timeout_ms);
    bool woken = false;
    enum err err = CERR_OK;

    if (!is_mine(condition->lock))
        return CERR_PERM;
    err = sleep_unlocked(condition, timeout_ms, &woken);
    if (err || woken)
        return err;
    if (deadline_ms == 0)
        return CERR_AGAIN;
    return sync_slice_ms(deadline_ms) == 0 ? CERR_TIMEOUT : CERR_OK;
}

enum err condition_wait_for(struct condition *condition,
                            bool (*ready)(void *ctx), void *ctx,
                            int64_t timeout_ms)
{
    int64_t deadline_ms = sync_deadline(timeout_ms);
    enum err err = CERR_OK;
    bool woken;

    if (!is_mine(condition->lock))
        return CERR_PERM;
    while (err == CERR_OK && !ready(ctx)) {
        int64_t slice_ms = sync_slice_ms(deadline_ms);

        if (slice_ms == 0)
            return deadline_ms == 0 ? CERR_AGAIN : CERR_TIMEOUT;
        err = sleep_unlocked(condition, slice_ms, &woken);
    }
    return err;
}

/* This does not wait for the sleepers to wake up, so one that was killed costs
 * a wake and no more. */
void condition_notify(struct condition *condition, uint32_t nr)
{
    atomic_fetch_add(&condition->sequence, 1);
    sync_futex_wake(&condition->sequence, nr);
}

void condition_notify_all(struct condition *condition)
{
    condition_notify(condition, UINT32_MAX);
}
