/*
 * process: start a function as a process of its own, and wait for it.
 *
 * For programs that divide their work themselves and share queues, dicts and
 * locks; a pool (pool.h) is for work that comes as tasks. The child sees memory
 * as it was at the start and shares what is shared: open queues, dicts and
 * locks before. A struct process belongs to the thread that started it.
 */
#ifndef POOL_SHARED_PROCESS_H
#define POOL_SHARED_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

#ifdef __cplusplus
extern "C" {
#endif

struct process;

/* What the child does. Its value, 0 to 255, becomes the exit status. */
typedef int (*process_fn)(void *ctx);

enum process_kind {
    PROCESS_PLAIN,
    PROCESS_DAEMON, /* killed when the thread that started it ends */
};

/*
 * Starts run(ctx) in a child. Unwritten stdio output is flushed first, so that
 * it does not appear twice. The child flushes its own and leaves by _exit(), so
 * it runs none of the parent's exit handlers; an exception of C++ that run()
 * does not catch ends it by std::terminate(). It must be the program's choice
 * to fork while other threads run: their locks stay as they are in the child.
 * Returns CERR_LIMIT (too many processes or descriptors), CERR_NOMEM, CERR_IO.
 */
enum err process_start(struct process **process, enum process_kind kind,
                       process_fn run, void *ctx) CERR_CHECK;

pid_t process_pid(const struct process *process);

/*
 * Waits for its end. `status` (may be NULL) gets the exit status, or minus the
 * number of the signal that ended it. Once it has ended, every further call
 * answers at once. `timeout_ms`: negative waits, 0 polls (CERR_AGAIN), else
 * milliseconds (CERR_TIMEOUT). CERR_STATE: somebody else has reaped it.
 */
enum err process_join(struct process *process, int64_t timeout_ms,
                      int *status) CERR_CHECK;

/* Sends a signal, never to another process that has got its number.
 * CERR_NOT_FOUND: it has ended. CERR_INVALID: no such signal. */
enum err process_kill(struct process *process, int signal_nr) CERR_CHECK;

/* Gives the handle back; a child that still runs goes on, one that was not
 * joined stays a zombie. NULL is fine. */
void process_free(struct process *process);

#ifdef __cplusplus
}
#endif

#endif
