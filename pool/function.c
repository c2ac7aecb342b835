/*
 * The worker of the ordinary pool: runs functions, one at a time.
 *
 * Its replies are in the shared memory at once, so a crash in one task loses
 * no other. Only the bell is put off: it rings when there is nothing more to
 * do, when a batch is full, or at the end of a task when BELL_US have passed
 * since the first task without a bell began. A long task right behind short
 * ones holds their bell back; that is why the parent looks by itself
 * POOL_LOOK_MS after the last news.
 */
#include <poll.h>
#include <string.h>

#include "base/clock.h"
#include "pool/channel/spin.h"
#include "pool/worker_internal.h"

#define BELL_US     50 /* longest time that a short task's bell is put off */
#define EXIT_BROKEN 1  /* the parent is gone, or out of step */

/* One call of a user's function, with all that it may say about its result. */
struct call {
    struct worker_call open; /* what the function sees; first member */
    uint32_t piece; /* arena offset of the result; ARENA_NONE: in `small` */
    size_t len;     /* bytes of the result */
    unsigned char *small; /* room for POOL_INLINE_BYTES */
    char message[POOL_MESSAGE_BYTES + 1];
};

/* The call to which this first member belongs; a function sees only that. */
static struct call *call_of(const struct worker_call *open)
{
    return (struct call *)open;
}

/* Gives the piece of an earlier result of this call back. */
static void drop_piece(struct call *call)
{
    struct worker *worker = call->open.worker;

    if (call->piece != ARENA_NONE)
        worker_space_drop(worker, worker->channel.arena + call->piece);
    call->piece = ARENA_NONE;
}

/* Sleeps until the parent has something to say. */
static void sleep_until_bell(struct worker *worker)
{
    struct pollfd ready = {.fd = worker_fd(worker), .events = POLLIN};

    if (worker_flush(worker) == CERR_OK)
        poll(&ready, 1, -1);
}

/* Sleeps within a task until the parent has given something back. */
static void wait_for_parent(struct worker *worker)
{
    sleep_until_bell(worker);
    worker_read_packets(worker);
}

/* Waits for a piece of the arena; NULL only when the parent is gone. */
static void *wait_for_space(struct worker *worker, size_t len)
{
    void *space = worker_space(worker, len);

    while (!space && !worker->is_gone) {
        wait_for_parent(worker);
        space = worker_space(worker, len);
    }
    return space;
}

void *worker_return_space(struct worker_call *open, size_t len)
{
    struct call *call = call_of(open);
    struct worker *worker = open->worker;
    unsigned char *space;

    drop_piece(call);
    call->len = 0;
    if (len > worker_space_max(worker) - POOL_MESSAGE_BYTES)
        return NULL;
    if (len <= POOL_INLINE_BYTES) {
        space = call->small;
    } else {
        /* with room for a message behind it */
        space = wait_for_space(worker, len + POOL_MESSAGE_BYTES);
        if (!space)
            return NULL;
        call->piece = (uint32_t)(space - worker->channel.arena);
    }
    call->len = len;
    return space;
}

enum err worker_return(struct worker_call *open, const void *data, size_t len)
{
    void *space = worker_return_space(open, len);

    if (!space)
        return open->worker->is_gone ? CERR_CLOSED : CERR_TOO_BIG;
    if (len)
        memcpy(space, data, len);
    return CERR_OK;
}

void worker_message(struct worker_call *open, const char *text)
{
    struct call *call = call_of(open);
    size_t len = strnlen(text, POOL_MESSAGE_BYTES);

    memcpy(call->message, text, len);
    call->message[len] = '\0';
}

bool worker_should_stop(const struct worker_call *open)
{
    uint64_t id = atomic_load_explicit(&open->worker->channel.control->stop_id,
                                       memory_order_relaxed);

    return id == open->task_id || id == CHANNEL_STOP_ALL;
}

/* Sends the reply of a function that has returned. While there is no room it
 * sleeps until the parent has read other replies. */
static enum err send_result(struct call *call, int code)
{
    struct worker *worker = call->open.worker;
    struct worker_answer answer = {
        .task_id = call->open.task_id,
        .code = code,
        .data = call->small,
        .len = call->len,
        .data_piece = call->piece,
        .extra_piece = ARENA_NONE,
        .message = call->message[0] ? call->message : NULL,
    };
    enum err err = worker_send(worker, &answer);

    while (err == CERR_AGAIN && !worker->is_gone) {
        wait_for_parent(worker);
        err = worker_send(worker, &answer);
    }
    return err;
}

/* Runs one function and replies with what it left in `call`. */
static enum err run_task(struct call *call, const struct worker_task *task,
                         void *ctx)
{
    struct worker *worker = call->open.worker;
    int code;

    call->open = (struct worker_call){
        .worker = worker,
        .ctx = ctx,
        .task_id = task->id,
        .attempt = task->attempt,
        .data = task->data,
        .len = task->len,
    };
    call->piece = ARENA_NONE;
    call->len = 0;
    call->message[0] = '\0';
    code = worker->options->functions[task->function](&call->open);
    return send_result(call, code);
}

/* Start of the first task whose reply has no bell yet, and end of the last
 * task; monotonic. */
struct bell {
    int64_t first_us, last_us;
};

/* Rings for the replies so far if the first of them has taken long enough. */
static enum err ring_in_time(struct worker *worker, struct bell *bell)
{
    int64_t now_us = clock_mono_us();
    enum err err = CERR_OK;

    if (worker->nr_unsent == 1)
        bell->first_us = bell->last_us;
    if (worker->nr_unsent >= POOL_BATCH_TASKS ||
        now_us - bell->first_us >= BELL_US)
        err = worker_flush(worker);
    bell->last_us = now_us;
    return err;
}

/* What look_for_task() looks for: a spin_until() condition. */
static bool has_task(void *ctx)
{
    return channel_has_task(ctx);
}

/* Rings the parent if there is no other task, then looks for one for a moment
 * before worker_take() arms the bell, see spin.h. */
static enum err look_for_task(struct worker *worker, struct spin *spin)
{
    struct channel *channel = &worker->channel;
    struct channel_control *control = channel->control;
    enum err err;

    atomic_store_explicit(&control->worker_core, spin_core(),
                          memory_order_relaxed);
    if (channel_has_task(channel))
        return CERR_OK;
    err = worker_flush(worker);
    if (err == CERR_OK &&
        spin_may_help(spin, atomic_load_explicit(&control->parent_core,
                                                 memory_order_relaxed))) {
        channel_disarm_worker(channel);
        spin_until(spin, has_task, channel);
    }
    return err;
}

/* `small` is static because it is large for a stack and there is only one call
 * at a time. */
int function_main(struct worker *worker, void *ctx)
{
    static _Alignas(WORKER_ALIGN_BYTES) unsigned char small[POOL_INLINE_BYTES];
    static struct call call = {.small = small, .piece = ARENA_NONE};
    struct bell bell = {.last_us = clock_mono_us()};
    struct spin spin = {0};
    struct worker_task task;

    call.open.worker = worker;
    for (;;) {
        switch (worker_take(worker, &task)) {
        case WORKER_TASK:
            if (run_task(&call, &task, ctx) != CERR_OK ||
                ring_in_time(worker, &bell) != CERR_OK ||
                look_for_task(worker, &spin) != CERR_OK)
                return EXIT_BROKEN;
            break;
        case WORKER_EMPTY: /* the next but one worker_take() reads the bell */
            sleep_until_bell(worker);
            bell.last_us = clock_mono_us();
            break;
        case WORKER_CANCEL: /* only sent to a worker with its own loop */
            break;
        case WORKER_STOP:
            return 0;
        case WORKER_GONE:
            return EXIT_BROKEN;
        }
    }
}
