/*
 * What a fresh worker process runs: it maps its channel, runs the user's
 * worker_init, and then the loop of its kind until the pool needs it no more.
 */
#include <stdlib.h>
#include <unistd.h>

#include "pool/worker_internal.h"

static enum err init_worker(struct worker *worker)
{
    uint32_t nr = worker->channel.shape.nr_frames;

    worker->held_mask = nr - 1;
    worker->held = calloc(nr, sizeof(*worker->held));
    worker->cancels = (struct worker_packets){.cap = nr};
    worker->cancels.items = calloc(nr, sizeof(*worker->cancels.items));
    worker->arguments = (struct worker_packets){.cap = nr};
    worker->arguments.items = calloc(nr, sizeof(*worker->arguments.items));
    if (!worker->held || !worker->cancels.items || !worker->arguments.items)
        return CERR_NOMEM;
    return arena_new(&worker->arena, worker->channel.shape.arena_bytes, nr);
}

/* Nothing is freed: the process ends after this, and the kernel is quicker. */
int worker_run(const struct pool_options *options,
               const struct channel_shape *shape, int slot, int memfd, int fd)
{
    static struct worker worker;
    int status;

    worker.options = options;
    worker.slot = slot;
    if (channel_init_worker(&worker.channel, shape, memfd, fd) != CERR_OK ||
        init_worker(&worker) != CERR_OK)
        return 1;
    close(memfd);
    if (options->worker_init) {
        status = options->worker_init(&worker, options->ctx);
        if (status != 0)
            return status;
    }
    atomic_store(&worker.channel.control->is_ready, 1);
    status = (options->functions ? function_main
                                 : options->worker_main)(&worker, options->ctx);
    /* worker_exit is only called after a clean stop. Else the parent is gone,
     * or the worker reports a failure by its status. */
    if (status == 0 && !worker.is_gone && worker_flush(&worker) == CERR_OK &&
        options->worker_exit)
        options->worker_exit(&worker, options->ctx);
    return status;
}
