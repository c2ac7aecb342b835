/*
 * The loop behind spin.h, and when it is not worth it. Reading the clock costs
 * more than a look, so it is read once for LOOKS_PER_CLOCK looks.
 */
#include "pool/channel/spin.h"

#include <sched.h>

#include "base/clock.h"

#define LOOKS_PER_CLOCK 16

/* Tells the core that this loop waits: it saves power, and a sibling thread of
 * the same core runs faster. */
static void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

int32_t spin_core(void)
{
    int core = sched_getcpu();

    return core < 0 ? SPIN_NOT_NOW : core;
}

bool spin_may_help(struct spin *spin, int32_t other_core)
{
    if (other_core == SPIN_NOT_NOW || other_core == spin_core())
        return false;
    if (spin->nr_in_vain < SPIN_IN_VAIN)
        return true;
    /* it was in vain too often: try again once in SPIN_RARELY times */
    return ++spin->nr_in_vain % SPIN_RARELY == 0;
}

bool spin_until(struct spin *spin, bool (*is_there)(void *ctx), void *ctx)
{
    int64_t end_us = clock_mono_us() + SPIN_US;

    do {
        for (int i = 0; i < LOOKS_PER_CLOCK; i++) {
            if (is_there(ctx)) {
                spin->nr_in_vain = 0;
                return true;
            }
            relax();
        }
    } while (clock_mono_us() < end_us);
    spin->nr_in_vain++;
    return false;
}
