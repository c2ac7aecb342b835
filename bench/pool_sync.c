/* Queues, dict and locks between processes. The names are those of the Python
 * scripts that measure the same; what has none there begins with `dict_`. */
#include <string.h>

#include "bench/bench.h"
#include "pool/shared/dict.h"
#include "pool/shared/lock.h"
#include "pool/shared/process.h"
#include "pool/shared/queue.h"
#include "pool/shared/sync_region.h"

#define BODY_BYTES     20480
#define END_BYTES      0   /* of the end marker */
#define IN_PLACE_ITEMS 256 /* 5 MB: they stay in the cache */

static struct process *start(process_fn run, void *ctx)
{
    struct process *process;

    bench_must(process_start(&process, PROCESS_DAEMON, run, ctx), "start");
    return process;
}

static void join(struct process *process)
{
    int status;

    bench_must(process_join(process, -1, &status), "join");
    if (status != 0)
        bench_must(CERR_CLOSED, "child");
    process_free(process);
}

/* ---- queues: one producer, one consumer ---- */

struct stream {
    struct queue *queue;
    struct sync_event *go;
    size_t nr, len;
};

static int produce(void *ctx)
{
    static const char data[BODY_BYTES];
    const struct stream *stream = ctx;

    bench_must(sync_event_wait(stream->go, -1), "go");
    for (size_t i = 0; i < stream->nr; i++)
        bench_must(queue_put(stream->queue, data, stream->len, -1), "put");
    bench_must(queue_put(stream->queue, data, END_BYTES, -1), "put");
    return 0;
}

static double run_stream(const struct queue_options *options, size_t len,
                         size_t nr)
{
    static char data[BODY_BYTES];
    struct stream stream = {.nr = nr, .len = len};
    struct queue_item item = {.len = 1};
    struct process *producer;
    int64_t start_us;
    double rate;

    bench_must(queue_open(&stream.queue, options), "queue");
    bench_must(sync_event_open(&stream.go), "event");
    producer = start(produce, &stream);
    start_us = clock_mono_us();
    sync_event_set(stream.go);
    while (item.len != END_BYTES) {
        bench_must(queue_get(stream.queue, data, sizeof(data), &item, -1),
                   "get");
        if (options && options->joinable)
            bench_must(queue_task_done(stream.queue, &item), "task_done");
    }
    if (options && options->joinable)
        bench_must(queue_join(stream.queue, -1), "join");
    rate = (double)nr / bench_seconds_since(start_us);
    join(producer);
    queue_free(stream.queue);
    sync_event_free(stream.go);
    return rate;
}

/* In place: the producer writes each byte where it lies, the consumer looks at
 * each cache line there. */

static int produce_in_place(void *ctx)
{
    const struct stream *stream = ctx;
    struct queue_place place;

    bench_must(sync_event_wait(stream->go, -1), "go");
    for (size_t i = 0; i <= stream->nr; i++) {
        size_t len = i < stream->nr ? stream->len : END_BYTES;

        bench_must(queue_reserve(stream->queue, len, &place, -1), "reserve");
        memset(place.data, (int)i, len);
        bench_must(queue_commit(stream->queue, &place), "commit");
    }
    return 0;
}

static double run_20k_in_place(size_t nr)
{
    struct queue_options options = {.max_items = IN_PLACE_ITEMS,
                                    .max_item_bytes = BODY_BYTES};
    struct stream stream = {.nr = nr, .len = BODY_BYTES};
    struct queue_item item = {.len = 1};
    struct process *producer;
    size_t seen = 0;
    int64_t start_us;
    double rate;

    bench_must(queue_open(&stream.queue, &options), "queue");
    bench_must(sync_event_open(&stream.go), "event");
    producer = start(produce_in_place, &stream);
    start_us = clock_mono_us();
    sync_event_set(stream.go);
    while (item.len != END_BYTES) {
        const void *data;

        bench_must(queue_borrow(stream.queue, &data, &item, -1), "borrow");
        for (size_t i = 0; i < item.len; i += 64)
            seen += ((const unsigned char *)data)[i];
        bench_must(queue_task_done(stream.queue, &item), "task_done");
    }
    rate = (double)nr / bench_seconds_since(start_us);
    if (nr >= 256 && seen == 0)
        bench_must(CERR_CORRUPT, "items");
    join(producer);
    queue_free(stream.queue);
    sync_event_free(stream.go);
    return rate;
}

static double run_tiny(size_t nr)
{
    return run_stream(NULL, 1, nr);
}

static double run_20k(size_t nr)
{
    return run_stream(NULL, BODY_BYTES, nr);
}

static double run_bounded(size_t nr)
{
    struct queue_options options = {.max_items = 64};

    return run_stream(&options, 1, nr);
}

static double run_joinable(size_t nr)
{
    struct queue_options options = {.joinable = true};

    return run_stream(&options, 1, nr);
}

/* ---- read, modify, write ---- */

struct counter {
    struct dict *dict;
    struct lock *lock;
    uint64_t *value; /* shared; under the lock */
    size_t nr;       /* for each process */
};

static int add_under_lock(void *ctx)
{
    const struct counter *counter = ctx;
    struct sync_bytes key = sync_text("n");
    int64_t number;
    struct sync_room room = {&number, sizeof(number), 0};

    for (size_t i = 0; i < counter->nr; i++) {
        bench_must(lock_acquire(counter->lock, -1), "acquire");
        bench_must(dict_get(counter->dict, key, &room), "get");
        number++;
        bench_must(dict_set(counter->dict, key,
                            (struct sync_bytes){&number, sizeof(number)}),
                   "set");
        bench_must(lock_release(counter->lock), "release");
    }
    return 0;
}

static int add_at_once(void *ctx)
{
    const struct counter *counter = ctx;

    for (size_t i = 0; i < counter->nr; i++)
        bench_must(dict_add_int(counter->dict, sync_text("n"), 1, NULL),
                   "incr");
    return 0;
}

static int add_to_value(void *ctx)
{
    const struct counter *counter = ctx;

    for (size_t i = 0; i < counter->nr; i++) {
        bench_must(lock_acquire(counter->lock, -1), "acquire");
        ++*counter->value;
        bench_must(lock_release(counter->lock), "release");
    }
    bench_must(
        dict_add_int(counter->dict, sync_text("n"), (int64_t)counter->nr, NULL),
        "incr");
    return 0;
}

static double run_counters(process_fn add, size_t nr_processes, size_t nr)
{
    struct counter counter = {.nr = nr / nr_processes};
    struct process *processes[2];
    int64_t start_us, sum = 0;
    double rate;

    bench_must(dict_open(&counter.dict, NULL), "dict");
    bench_must(dict_add_int(counter.dict, sync_text("n"), 0, NULL), "incr");
    bench_must(lock_open(&counter.lock, LOCK_PLAIN), "lock");
    counter.value = sync_region_map(sizeof(*counter.value));
    if (!counter.value)
        bench_must(CERR_NOMEM, "region");
    start_us = clock_mono_us();
    for (size_t i = 0; i < nr_processes; i++)
        processes[i] = start(add, &counter);
    for (size_t i = 0; i < nr_processes; i++)
        join(processes[i]);
    rate = (double)(counter.nr * nr_processes) / bench_seconds_since(start_us);
    bench_must(dict_add_int(counter.dict, sync_text("n"), 0, &sum), "incr");
    if (sum != (int64_t)(counter.nr * nr_processes))
        bench_must(CERR_CORRUPT, "an update was lost");
    sync_region_unmap(counter.value, sizeof(*counter.value));
    dict_free(counter.dict);
    lock_free(counter.lock);
    return rate;
}

static double run_dict_lock_1(size_t nr)
{
    return run_counters(add_under_lock, 1, nr);
}

static double run_dict_lock_2(size_t nr)
{
    return run_counters(add_under_lock, 2, nr);
}

static double run_dict_incr_1(size_t nr)
{
    return run_counters(add_at_once, 1, nr);
}

static double run_dict_incr_2(size_t nr)
{
    return run_counters(add_at_once, 2, nr);
}

static double run_value_2(size_t nr)
{
    return run_counters(add_to_value, 2, nr);
}

/* Words choose among the rows: all that begin with one of them. */
static bool is_wanted(const char *name, int nr_words, char *const *words)
{
    bool wanted = nr_words == 0;

    for (int i = 0; i < nr_words && !wanted; i++)
        wanted = strncmp(name, words[i], strlen(words[i])) == 0;
    return wanted;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        double (*run)(size_t nr);
        size_t nr;
        const char *unit;
    } rows[] = {
        {"queue_tiny", run_tiny, 2000000, "items/s"},
        {"queue_20k", run_20k, 100000, "items/s"},
        {"queue_20k_in_place", run_20k_in_place, 100000, "items/s"},
        {"queue_bounded64_tiny", run_bounded, 1000000, "items/s"},
        {"joinable_tiny", run_joinable, 1000000, "items/s"},
        {"manager_dict_rmw_1proc", run_dict_lock_1, 1000000, "ops/s"},
        {"manager_dict_rmw_2procs", run_dict_lock_2, 1000000, "ops/s"},
        {"dict_incr_1proc", run_dict_incr_1, 4000000, "ops/s"},
        {"dict_incr_2procs", run_dict_incr_2, 4000000, "ops/s"},
        {"value_lock_rmw_2procs", run_value_2, 4000000, "ops/s"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (is_wanted(rows[i].name, argc - 1, argv + 1))
            bench_print(rows[i].name, bench_best(rows[i].run, rows[i].nr),
                        rows[i].unit);
    }
    return 0;
}
