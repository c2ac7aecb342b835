/*
 * Four workers, ten tasks at the same time: pool_apply_async() returns at
 * once. Then no more tasks, wait for all of them, and get the results.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static int square(struct worker_call *call)
{
    int number;

    memcpy(&number, call->data, sizeof(number));
    number *= number;
    return worker_return(call, &number, sizeof(number)) == CERR_OK ? 0 : 1;
}

int main(void)
{
    const pool_task_fn functions[] = {square};
    struct pool_options options = {
        .nr_workers = NR_WORKERS, .functions = functions, .nr_functions = 1};
    struct pool_async *handles[NR_TASKS];
    struct pool *pool;

    must(pool_open(&pool, &options), "open");
    for (int i = 0; i < NR_TASKS; i++) {
        struct pool_task task = {.data = &i, .len = sizeof(i)};

        must(pool_apply_async(pool, &task, &handles[i]), "apply_async");
    }
    must(pool_close(pool), "close");
    must(pool_join(pool, -1), "join");

    for (int i = 0; i < NR_TASKS; i++) {
        const struct pool_result *result;
        int number;

        must(pool_get(handles[i], 0, &result), "get");
        memcpy(&number, result->data, sizeof(number));
        printf("%d * %d = %d\n", i, i, number);
        pool_async_free(handles[i]);
    }
    pool_free(pool);
    return 0;
}
