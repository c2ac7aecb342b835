/*
 * A program that has names of its own for what the libraries call so inside.
 * Each of these functions ends the program: the libraries must not find them.
 * more_names.h has every other internal name; the test makes it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pool/pool.h"
#include "pool/pool_async.h"
#include "pool/shared/dict.h"
#include "pool/shared/queue.h"

#define OWN(name)                                                              \
    int name(void);                                                            \
    int name(void)                                                             \
    {                                                                          \
        puts("a library calls " #name " of the program");                      \
        abort();                                                               \
    }

#include "more_names.h"

static int shout(struct worker_call *call)
{
    return worker_return(call, "HELLO", 6) == CERR_OK ? 0 : 1;
}

static int run(void)
{
    const pool_task_fn functions[] = {shout};
    struct pool_options options = {
        .nr_workers = 1, .functions = functions, .nr_functions = 1};
    struct pool_task task = {.function = 0};
    const struct pool_result *result;
    struct pool_async *async;
    struct queue_item item;
    struct queue *queue;
    struct dict *dict;
    struct pool *pool;
    char text[10];

    if (dict_open(&dict, NULL) || queue_open(&queue, NULL) ||
        dict_set_int(dict, sync_text("n"), 1) || queue_put(queue, "x", 2, -1) ||
        queue_get(queue, text, sizeof(text), &item, -1) ||
        pool_open(&pool, &options) || pool_apply(pool, &task, -1, &async) ||
        pool_get(async, 0, &result))
        return 1;
    puts(result->data);
    pool_async_free(async);
    pool_free(pool);
    queue_free(queue);
    dict_free(dict);
    return 0;
}

int main(void)
{
    return run();
}
