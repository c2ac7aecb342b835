/*
 * Four workers, ten tasks, one after the other: pool_apply() waits for each.
 *
 * The squares go to standard output, the pids to standard error: there are
 * ten tasks but never more than four processes, which are used again.
 */
#include <err.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "pool/pool.h"
#include "pool/pool_async.h"

#define NR_WORKERS 4
#define NR_TASKS   10

/* An example ends at the first failure of its own environment. */
static void must(enum err err, const char *what)
{
    if (err != CERR_OK)
        errx(EXIT_FAILURE, "%s: %s", what, err_str(err));
}

struct answer {
    int square;
    pid_t pid; /* the worker that computed it */
};

/* Runs in a worker. The argument is an int, the result a struct with the
 * worker's pid. */
static int square(struct worker_call *call)
{
    struct answer answer = {.pid = getpid()};
    int number;

    memcpy(&number, call->data, sizeof(number));
    answer.square = number * number;
    return worker_return(call, &answer, sizeof(answer)) == CERR_OK ? 0 : 1;
}

/* Adds a pid to those that were seen, unless it is among them; returns their
 * number. */
static int count_pid(pid_t seen[NR_TASKS], int nr_seen, pid_t pid)
{
    for (int i = 0; i < nr_seen; i++)
        if (seen[i] == pid)
            return nr_seen;
    seen[nr_seen] = pid;
    return nr_seen + 1;
}

int main(void)
{
    const pool_task_fn functions[] = {square};
    struct pool_options options = {
        .nr_workers = NR_WORKERS, .functions = functions, .nr_functions = 1};
    pid_t seen[NR_TASKS];
    struct pool *pool;
    int nr_seen = 0;

    must(pool_open(&pool, &options), "open");
    for (int i = 0; i < NR_TASKS; i++) {
        struct pool_task task = {.data = &i, .len = sizeof(i)};
        const struct pool_result *result;
        struct pool_async *handle;
        struct answer answer;

        must(pool_apply(pool, &task, -1, &handle), "apply");
        must(pool_get(handle, 0, &result), "get");
        memcpy(&answer, result->data, sizeof(answer));
        printf("%d * %d = %d\n", i, i, answer.square);
        fprintf(stderr, "by process %d\n", (int)answer.pid);
        nr_seen = count_pid(seen, nr_seen, answer.pid);
        pool_async_free(handle);
    }
    printf("%d tasks, at most %d processes: %s\n", NR_TASKS, NR_WORKERS,
           nr_seen <= NR_WORKERS ? "yes" : "no");
    must(pool_close(pool), "close");
    must(pool_join(pool, -1), "join");
    pool_free(pool);
    return 0;
}
