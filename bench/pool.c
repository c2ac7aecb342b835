/* The process pool with two workers. The names are those of the Python scripts
 * that measure the same; `pool_million_growth` has none there. */
#include "pool/pool.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "bench/bench.h"
#include "pool/map.h"
#include "pool/pool_async.h"
#include "pool/pool_stats.h"

#define NR_WORKERS     2
#define NR_WARM        ((size_t)2 * NR_WORKERS)
#define BODY_BYTES     20480
#define BIG_BODY_BYTES 1048576
#define SLOW_MS        500
#define KILL_MS        250
#define ANSWER_MS      4000

enum function { NOP, BODY, SLOW, NR_FUNCTIONS };

/* Returns its argument. */
static int nop(struct worker_call *call)
{
    return worker_return(call, call->data, call->len) != CERR_OK;
}

/* Returns as many bytes as its argument says, written where they are read. */
static int body(struct worker_call *call)
{
    void *data;
    size_t len;

    memcpy(&len, call->data, sizeof(len));
    data = worker_return_space(call, len);
    if (!data)
        return 1;
    memset(data, 'x', len);
    return 0;
}

static int slow(struct worker_call *call)
{
    usleep(SLOW_MS * 1000);
    return nop(call);
}

static struct pool *open_pool(size_t max_queued_tasks)
{
    static const pool_task_fn functions[NR_FUNCTIONS] = {
        [NOP] = nop, [BODY] = body, [SLOW] = slow};
    struct pool_options options = {
        .nr_workers = NR_WORKERS,
        .functions = functions,
        .nr_functions = NR_FUNCTIONS,
        .max_queued_tasks = max_queued_tasks,
    };
    struct pool *pool;

    bench_must(pool_open(&pool, &options), "open");
    return pool;
}

static void end_pool(struct pool *pool)
{
    bench_must(pool_close(pool), "close");
    bench_must(pool_join(pool, -1), "join");
    pool_free(pool);
}

/* Waits for something to do and does it. */
static void turn(struct pool *pool)
{
    struct pollfd pollfd = {.fd = pool_fd(pool), .events = POLLIN};
    int64_t wait_ms = pool_wait_ms(pool, clock_mono_ms());

    poll(&pollfd, 1, wait_ms < 0 || wait_ms > 1000 ? 1000 : (int)wait_ms);
    bench_must(pool_dispatch(pool, NULL), "dispatch");
}

/* ---- round trips ---- */

static int compare_times(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;

    return (a > b) - (a < b);
}

static void bench_apply(void)
{
    size_t nr = bench_nr(20000), nr_warm = 200;
    double *times = calloc(nr, sizeof(*times));
    struct pool *pool = open_pool(0);

    if (!times)
        bench_must(CERR_NOMEM, "times");
    for (size_t i = 0; i < nr_warm + nr; i++) {
        struct pool_task task = {.data = &i, .len = sizeof(i)};
        struct timespec before, after;
        struct pool_async *handle;

        clock_gettime(CLOCK_MONOTONIC, &before);
        bench_must(pool_apply(pool, &task, -1, &handle), "apply");
        clock_gettime(CLOCK_MONOTONIC, &after);
        pool_async_free(handle);
        if (i >= nr_warm)
            times[i - nr_warm] = (double)(after.tv_sec - before.tv_sec) * 1e6 +
                                 (double)(after.tv_nsec - before.tv_nsec) / 1e3;
    }
    end_pool(pool);
    qsort(times, nr, sizeof(*times), compare_times);
    bench_print("pool_apply_roundtrip_median", times[nr / 2], "us");
    bench_print("pool_apply_roundtrip_p99", times[nr * 99 / 100], "us");
    free(times);
}

/* ---- many tasks with a callback ---- */

struct sum {
    size_t nr, bytes, seen;
};

/* Looks at one byte of each cache line: a result that nobody reads would cost
 * nothing. */
static void add_result(void *user, const struct pool_result *result)
{
    struct sum *sum = user;

    if (result->status != POOL_OK) {
        fprintf(stderr, "status %d, signal %d, exit %d, attempts %d: %s\n",
                (int)result->status, result->signal_nr, result->exit_code,
                result->attempts, result->message);
        bench_must(CERR_CLOSED, "task");
    }
    for (size_t i = 0; i < result->len; i += 64)
        sum->seen += ((const unsigned char *)result->data)[i];
    sum->nr++;
    sum->bytes += result->len;
}

static void submit_all(struct pool *pool, enum function function, size_t nr,
                       size_t argument, struct sum *sum)
{
    for (size_t i = 0; i < nr; i++) {
        struct pool_task task = {.function = function,
                                 .data = &argument,
                                 .len = sizeof(argument),
                                 .on_done = add_result,
                                 .user = sum};
        enum err err = pool_submit(pool, &task, NULL);

        while (err == CERR_AGAIN) {
            turn(pool);
            err = pool_submit(pool, &task, NULL);
        }
        bench_must(err, "submit");
    }
    while (pool_pending(pool) > 0)
        turn(pool);
}

static double run_async(enum function function, size_t len, size_t nr)
{
    struct pool *pool = open_pool(0);
    struct sum warm = {0}, sum = {0};
    int64_t start_us;
    double rate;

    submit_all(pool, function, NR_WARM, len, &warm);
    start_us = clock_mono_us();
    submit_all(pool, function, nr, len, &sum);
    rate = (double)nr / bench_seconds_since(start_us);
    if (sum.nr != nr || (function == BODY && sum.bytes != nr * len))
        bench_must(CERR_CORRUPT, "results");
    end_pool(pool);
    return rate;
}

static double run_tiny(size_t nr)
{
    return run_async(NOP, 0, nr);
}

static double run_20k(size_t nr)
{
    return run_async(BODY, BODY_BYTES, nr);
}

static double run_1m(size_t nr)
{
    return run_async(BODY, BIG_BODY_BYTES, nr);
}

static double cpu_us(void)
{
    static const int whose[] = {RUSAGE_SELF, RUSAGE_CHILDREN};
    double us = 0;

    for (size_t i = 0; i < 2; i++) {
        struct rusage usage;

        getrusage(whose[i], &usage);
        us += (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
              (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
    }
    return us;
}

/* Parent and workers, from open to the end; they are reaped by then. */
static void bench_cpu(void)
{
    size_t nr = bench_nr(300000);
    double before_us = cpu_us();
    struct pool *pool = open_pool(0);
    struct sum sum = {0};

    submit_all(pool, NOP, nr, 0, &sum);
    end_pool(pool);
    bench_print("pool_apply_async_tiny_cpu",
                (cpu_us() - before_us) / (double)nr, "us_cpu/task");
}

/* ---- imap ---- */

struct numbers {
    size_t next, end;
};

static enum err give_number(void *user, struct pool_item *item)
{
    struct numbers *numbers = user;

    if (numbers->next == numbers->end)
        return CERR_NOT_FOUND;
    numbers->next++;
    *item = (struct pool_item){&numbers->next, sizeof(numbers->next)};
    return CERR_OK;
}

static double run_imap(size_t chunk_items, size_t nr)
{
    struct pool *pool = open_pool(0);
    struct numbers numbers = {0, nr};
    struct pool_imap_options options = {
        .function = NOP,
        .source = give_number,
        .user = &numbers,
        .chunk_items = chunk_items,
        .is_unordered = true,
    };
    const struct pool_result *result;
    int64_t start_us = clock_mono_us();
    struct pool_imap *imap;
    size_t nr_results = 0;
    double rate;

    bench_must(pool_imap_open(pool, &options, &imap), "imap");
    while (pool_imap_next(imap, -1, &result) == CERR_OK)
        nr_results += result->status == POOL_OK;
    rate = (double)nr / bench_seconds_since(start_us);
    if (nr_results != nr)
        bench_must(CERR_CLOSED, "imap");
    pool_imap_free(imap);
    end_pool(pool);
    return rate;
}

static double run_imap_1(size_t nr)
{
    return run_imap(1, nr);
}

static double run_imap_100(size_t nr)
{
    return run_imap(100, nr);
}

/* ---- start, memory ---- */

static double run_start(size_t nr)
{
    int64_t start_us = clock_mono_us();
    struct pool *pool = open_pool(0);
    struct pool_task task = {.data = "", .len = 0};
    struct pool_async *handle;

    (void)nr;
    bench_must(pool_apply(pool, &task, -1, &handle), "apply");
    pool_async_free(handle);
    end_pool(pool);
    return 1 / bench_seconds_since(start_us);
}

static size_t resident_bytes(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    char line[200] = "", *resident = NULL;

    if (file && fgets(line, sizeof(line), file))
        resident = strchr(line, ' '); /* the second number */
    if (!resident)
        bench_must(CERR_IO, "statm");
    fclose(file);
    return strtoull(resident, NULL, 10) * (size_t)sysconf(_SC_PAGESIZE);
}

static void bench_backlog(void)
{
    size_t nr = bench_nr(200000), before;
    struct pool *pool = open_pool(nr + 100);
    struct pool_task task = {.function = SLOW};

    for (int i = 0; i < NR_WORKERS; i++)
        bench_must(pool_submit(pool, &task, NULL), "submit");
    pool_flush(pool);
    before = resident_bytes();
    for (size_t i = 0; i < nr; i++) {
        task = (struct pool_task){.data = &i, .len = sizeof(i)};
        bench_must(pool_submit(pool, &task, NULL), "submit");
    }
    bench_print("pool_backlog_bytes_per_task",
                (double)(resident_bytes() - before) / (double)nr, "B/task");
    pool_free(pool);
}

/* 10^6 tasks through a pool that lets 64 wait. */
static void bench_million(void)
{
    struct pool *pool = open_pool(64);
    struct sum sum = {0};
    size_t before;

    submit_all(pool, NOP, 1000, 0, &sum);
    before = resident_bytes();
    submit_all(pool, NOP, bench_nr(1000000), 0, &sum);
    bench_print("pool_million_growth",
                ((double)resident_bytes() - (double)before) / 1024, "KiB");
    end_pool(pool);
}

/* ---- killed workers ---- */

/* Submits four tasks, kills a worker after `kill_ms` (negative: before), and
 * counts those without an answer. */
static int count_lost(enum function function, bool is_idle)
{
    struct pool *pool = open_pool(0);
    struct pool_async *handles[4];
    const struct pool_result *result;
    int nr_lost = 0;

    if (is_idle) {
        bench_must(pool_kill_worker(pool, 0, SIGKILL), "kill");
        usleep(KILL_MS * 1000);
    }
    for (int i = 0; i < 4; i++) {
        struct pool_task task = {
            .function = function, .data = &i, .len = sizeof(i), .retryable = 1};

        bench_must(pool_apply_async(pool, &task, &handles[i]), "apply_async");
    }
    if (!is_idle) {
        int64_t end_ms = clock_mono_ms() + KILL_MS;

        while (clock_mono_ms() < end_ms) {
            bench_must(pool_dispatch(pool, NULL), "dispatch");
            usleep(1000);
        }
        bench_must(pool_kill_worker(pool, 0, SIGKILL), "kill");
    }
    for (int i = 0; i < 4; i++) {
        nr_lost += pool_get(handles[i], ANSWER_MS, &result) != CERR_OK ||
                   result->status != POOL_OK;
        pool_async_free(handles[i]);
    }
    pool_free(pool);
    return nr_lost;
}

int main(void)
{
    double rate;

    bench_apply();
    bench_print("pool_apply_async_tiny", bench_best(run_tiny, 300000),
                "tasks/s");
    bench_cpu();
    rate = bench_best(run_20k, 30000);
    bench_print("pool_apply_async_20k_rate", rate, "results/s");
    bench_print("pool_apply_async_20k_throughput", rate * BODY_BYTES / 1e6,
                "MB/s");
    rate = bench_best(run_1m, 3000);
    bench_print("pool_apply_async_1m_rate", rate, "results/s");
    bench_print("pool_apply_async_1m_throughput", rate * BIG_BODY_BYTES / 1e6,
                "MB/s");
    bench_print("pool_imap_unordered_chunk1", bench_best(run_imap_1, 300000),
                "tasks/s");
    bench_print("pool_imap_unordered_chunk100",
                bench_best(run_imap_100, 600000), "tasks/s");
    bench_print("pool_start_apply_close_join", 1e3 / bench_best(run_start, 1),
                "ms");
    bench_backlog();
    bench_million();
    bench_print("pool_tasks_lost_on_worker_kill", count_lost(SLOW, false),
                "tasks_of_4");
    bench_print("pool_tasks_lost_on_idle_worker_kill", count_lost(NOP, true),
                "tasks_of_4");
    return 0;
}
