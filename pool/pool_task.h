/*
 * pool_task: what a task of the pool is, and how it ends.
 *
 * A task is a function of the pool (or, for workers with an event loop of
 * their own, whatever they make of it) and an argument in bytes. It ends
 * exactly once, with a result. Plain data: safe wherever its memory is.
 */
#ifndef POOL_POOL_TASK_H
#define POOL_POOL_TASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pool/worker.h"

#ifdef __cplusplus
extern "C" {
#endif

#define POOL_INLINE_BYTES  4096 /* larger results go through the arena */
#define POOL_MESSAGE_BYTES 1024 /* of a result's message, at most */

enum pool_status {
    POOL_OK,       /* the function returned 0, or the worker replied */
    POOL_FAILED,   /* the function returned another value: `code` */
    POOL_TIMEOUT,  /* past its hard deadline; the worker was killed */
    POOL_CANCELED, /* canceled, or the pool was terminated */
    POOL_LOST,     /* its worker died: `signal_nr` or `exit_code` */
};

/* "ok", "failed", "timeout", "canceled", "lost". Never NULL. */
const char *pool_status_str(enum pool_status status);

/*
 * How one task ended. All of it is borrowed: valid during the callback. `data`
 * up to POOL_INLINE_BYTES is a private copy; what is larger, and `extra`, lies
 * in memory that the worker can still write: do not check it and read again.
 * Both are aligned to POOL_ALIGN_BYTES.
 */
struct pool_result {
    uint64_t task_id;
    enum pool_status status;
    int code;         /* POOL_FAILED: what the function returned */
    int signal_nr;    /* POOL_LOST: the signal that killed it, or 0 */
    int exit_code;    /* POOL_LOST: its exit status if there was no signal */
    int attempts;     /* starts so far, at least 1 once it has started */
    int worker;       /* slot that ran it last, -1 if none did */
    const void *data; /* what the worker replied, `len` bytes */
    size_t len;
    const void *extra; /* second part of a reply (worker_reply_parts) */
    size_t extra_len;
    const char *message; /* for people, "" if there is none */
};

/*
 * Says in words how a task ended, with the message if there is one: "failed
 * with code 7: no such page", "lost: its worker was killed by SIGSEGV
 * (Segmentation fault)", "lost: its worker exited with status 3". Writes at
 * most `cap` bytes with a NUL to `text` (may be NULL when `cap` is 0) and
 * returns the length of the whole text, as snprintf(3); 1,200 bytes hold every
 * one.
 */
size_t pool_result_describe(const struct pool_result *result, char *text,
                            size_t cap);

/* Called in the parent, exactly once a task, before pool_get() returns. */
typedef void (*pool_reply_fn)(void *user, const struct pool_result *result);

/* A function that workers run. Returns 0 or the code of its failure. */
typedef int (*pool_task_fn)(struct worker_call *call);

struct pool_task {
    unsigned function; /* place in options.functions */
    const void *data;  /* argument, copied; needs no alignment here */
    size_t len;
    uint64_t affinity; /* tasks with the same key stay with one worker while
                          that has room; 0: any worker */
    bool retryable;    /* may start again when its worker died */
    int64_t soft_timeout_ms; /* 0: the pool's; from its start */
    int64_t hard_timeout_ms; /* 0: the pool's */
    pool_reply_fn on_done;   /* may be NULL */
    pool_reply_fn on_error;  /* called in place of on_done when the status is
                                not POOL_OK; NULL: on_done gets both */
    void *user;              /* for both */
};

#ifdef __cplusplus
}
#endif

#endif
