/*
 * spawner: the process that makes workers and sees them die.
 *
 * Forked first thing in pool_open() and single-threaded for ever, so that it
 * may fork at any time; it runs no code of the caller itself. It knows slots
 * and processes, nothing of tasks. It ends, and its workers with it, when the
 * parent ends or closes the socket.
 */
#ifndef POOL_SPAWNER_H
#define POOL_SPAWNER_H

#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "pool/channel/channel.h"
#include "pool/pool.h"

/* What the spawner tells the parent. */
enum spawner_event {
    SPAWNER_STARTED, /* with three descriptors: pidfd, socket, memfd */
    SPAWNER_FAILED,  /* `status` is the errno of the start that failed */
    SPAWNER_EXITED,  /* `status` as from waitpid(2) */
};

struct spawner_message {
    uint32_t event; /* enum spawner_event */
    int32_t slot;
    uint32_t generation;
    int32_t pid;
    int32_t status;
};

struct spawner_fds {
    int pidfd, socket, memfd; /* each -1 when there is none */
};

struct spawner {
    int fd;    /* owned; the parent's end of its socket; -1: it is gone */
    int pidfd; /* owned; -1: none */
    pid_t pid; /* 0: none */
};

/* Forks the spawner. CERR_LIMIT, CERR_NOMEM, CERR_IO. */
enum err spawner_open(struct spawner *spawner,
                      const struct pool_options *options,
                      const struct channel_shape *shape) CERR_CHECK;
/* Asks for a worker; SPAWNER_STARTED or SPAWNER_FAILED will follow.
 * CERR_AGAIN, CERR_CLOSED. */
enum err spawner_ask(const struct spawner *spawner, int slot,
                     uint32_t generation) CERR_CHECK;
/* The next message; never blocks. CERR_AGAIN: none; CERR_CLOSED: it is gone;
 * CERR_LIMIT: the message came without its descriptors. The descriptors are
 * the caller's. */
enum err spawner_receive(const struct spawner *spawner,
                         struct spawner_message *message,
                         struct spawner_fds *fds) CERR_CHECK;
/* Wakes a spawner that somebody has stopped; harmless for any other. */
void spawner_continue(const struct spawner *spawner);
/* Kills the spawner, and with it its workers. The end of its socket follows. */
void spawner_kill(const struct spawner *spawner);
/* Ends the spawner with all its workers, and reaps it. Blocks for moments. */
void spawner_close(struct spawner *spawner);

#endif
