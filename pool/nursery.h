/*
 * nursery: the process that makes workers and sees them die.
 *
 * Forked first thing in pool_open() and single-threaded for ever, so that it
 * may fork at any time; it runs no code of the caller itself. It knows slots
 * and processes, nothing of tasks. It ends, and its workers with it, when the
 * parent ends or closes the socket.
 */
#ifndef POOL_NURSERY_H
#define POOL_NURSERY_H

#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "pool/channel.h"
#include "pool/pool.h"

/* What the nursery tells the parent. */
enum nursery_event {
    NURSERY_STARTED, /* with three descriptors: pidfd, socket, memfd */
    NURSERY_FAILED,  /* `status` is the errno of the start that failed */
    NURSERY_EXITED,  /* `status` as from waitpid(2) */
};

struct nursery_message {
    uint32_t event; /* enum nursery_event */
    int32_t slot;
    uint32_t generation;
    int32_t pid;
    int32_t status;
};

struct nursery_fds {
    int pidfd, socket, memfd; /* each -1 when there is none */
};

struct nursery {
    int fd; /* its socket; -1 when it is gone */
    int pidfd;
    pid_t pid;
};

/* Forks it. CERR_LIMIT, CERR_NOMEM, CERR_IO. */
enum err nursery_open(struct nursery *nursery,
                      const struct pool_options *options,
                      const struct channel_shape *shape) CERR_CHECK;
/* Asks for a worker; NURSERY_STARTED or NURSERY_FAILED will follow.
 * CERR_AGAIN, CERR_CLOSED. */
enum err nursery_ask(const struct nursery *nursery, int slot,
                     uint32_t generation) CERR_CHECK;
/* The next message; never blocks. CERR_AGAIN: none; CERR_CLOSED: it is gone;
 * CERR_LIMIT: the message came without its descriptors. The descriptors are
 * the caller's. */
enum err nursery_receive(const struct nursery *nursery,
                         struct nursery_message *message,
                         struct nursery_fds *fds) CERR_CHECK;
/* It does not answer: wakes it if somebody has stopped it. */
void nursery_continue(const struct nursery *nursery);
/* Kills it, and with it its workers; the end of its socket follows. */
void nursery_kill(const struct nursery *nursery);
/* Kills and reaps all its workers and itself. Blocks for moments. */
void nursery_close(struct nursery *nursery);

/* What a fresh worker process runs (worker.c); returns its exit status. */
int worker_run(const struct pool_options *options,
               const struct channel_shape *shape, int slot, int memfd, int fd);

#endif
