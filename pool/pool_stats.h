/*
 * pool_stats: the counters of a pool and its scoreboard, and signals for single
 * workers; for progress, logs, operators and tests.
 *
 * They say how things are at the moment of the call, and wait for nobody.
 */
#ifndef POOL_POOL_STATS_H
#define POOL_POOL_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "pool/pool.h"

#ifdef __cplusplus
extern "C" {
#endif

enum pool_worker_state {
    POOL_WORKER_STARTING,
    POOL_WORKER_IDLE,
    POOL_WORKER_BUSY,
    POOL_WORKER_STOPPING,
    POOL_WORKER_DEAD, /* waiting for its back-off, or given up */
};

/* One line of the scoreboard. */
struct pool_worker_info {
    pid_t pid;
    enum pool_worker_state state;
    uint32_t generation; /* counts replacements in this slot */
    size_t in_flight;    /* tasks it holds */
    uint64_t nr_done;    /* by this generation */
    int64_t since_ms;    /* monotonic: when the oldest task it holds started,
                            or when it became idle */
};

struct pool_stats {
    int nr_workers; /* alive */
    bool degraded;  /* over the restart intensity: fewer than asked for */
    uint64_t nr_submitted, nr_ok, nr_failed, nr_timeout, nr_canceled, nr_lost;
    uint64_t nr_retried, nr_deaths, nr_protocol_errors;
    uint64_t nr_spawner_deaths; /* the second ends the pool */
    size_t nr_queued;           /* waiting in the parent */
    size_t queued_bytes;
};

void pool_get_stats(const struct pool *pool, struct pool_stats *stats);
/* CERR_INVALID when there is no such slot. */
enum err pool_worker_info(const struct pool *pool, int worker,
                          struct pool_worker_info *info) CERR_CHECK;
/* Sends a signal to a worker through its pidfd; for tests and operators.
 * CERR_INVALID (no such slot, no such signal), CERR_NOT_FOUND (no worker is
 * there now). */
enum err pool_kill_worker(struct pool *pool, int worker,
                          int signal_nr) CERR_CHECK;

#ifdef __cplusplus
}
#endif

#endif
