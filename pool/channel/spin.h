/*
 * spin: looking for the other side a little before sleeping.
 *
 * To wake a sleeper on another core costs 25 to 30 us in a virtual machine, on
 * the same core 2 to 5. A round trip is two such hops. So a worker without a
 * task and a parent that waits for one look for SPIN_US before they sleep, but
 * only where that can help: the other side runs on another core, and there
 * are no more busy processes of this pool than cores. Who looked in vain
 * several times in a row does it rarely from then on, so what tasks that come
 * seldom or take long can lose is small.
 */
#ifndef POOL_CHANNEL_SPIN_H
#define POOL_CHANNEL_SPIN_H

#include <stdbool.h>
#include <stdint.h>

#define SPIN_US      50   /* several round trips */
#define SPIN_NOT_NOW (-1) /* in place of a core: sleep at once */
#define SPIN_IN_VAIN 8
#define SPIN_RARELY  64

struct spin {
    unsigned nr_in_vain; /* in a row */
};

/* The core of the calling thread, or SPIN_NOT_NOW. */
int32_t spin_core(void);
/* True when it is worth a look now. `other_core` is where the other side was
 * last seen, or SPIN_NOT_NOW. */
bool spin_may_help(struct spin *spin, int32_t other_core);
/* Looks until `is_there(ctx)` or SPIN_US are over; true when it is there. */
bool spin_until(struct spin *spin, bool (*is_there)(void *ctx), void *ctx);

#endif
