/*
 * Producers and consumers without end markers.
 *
 * Each consumer says when an item is done; the parent waits until all are.
 * The consumers never end by themselves: they are daemons and go with the
 * parent. If one of them died, another would get its item.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "pool/shared/dict.h"
#include "pool/shared/process.h"
#include "pool/shared/queue.h"

#define NR_PRODUCERS 3
#define NR_CONSUMERS 2
#define NR_EACH      4

/* An example ends at the first failure of its own environment. */
static void must(enum err err, const char *what)
{
    if (err != CERR_OK)
        errx(EXIT_FAILURE, "%s: %s", what, err_str(err));
}

struct kitchen {
    struct queue *queue;
    struct dict *eaten;
    int number;
};

static int produce(void *ctx)
{
    const struct kitchen *kitchen = ctx;
    char dish[50];

    for (int i = 0; i < NR_EACH; i++) {
        snprintf(dish, sizeof(dish), "dish %d of cook %d", i, kitchen->number);
        must(queue_put(kitchen->queue, dish, strlen(dish), -1), "put");
    }
    return 0;
}

static _Noreturn int consume_for_ever(void *ctx)
{
    const struct kitchen *kitchen = ctx;
    struct queue_item item;
    char dish[50];

    for (;;) {
        must(queue_get(kitchen->queue, dish, sizeof(dish), &item, -1), "get");
        must(dict_add_int(kitchen->eaten, sync_text("eaten"), 1, NULL), "incr");
        must(queue_task_done(kitchen->queue, &item), "task_done");
    }
}

int main(void)
{
    struct queue_options options = {.max_items = 5, .joinable = true};
    struct kitchen kitchen = {0};
    struct process *producers[NR_PRODUCERS] = {0};
    struct process *consumers[NR_CONSUMERS] = {0};
    int64_t eaten;

    must(queue_open(&kitchen.queue, &options), "queue");
    must(dict_open(&kitchen.eaten, NULL), "dict");
    for (int i = 0; i < NR_CONSUMERS; i++)
        must(process_start(&consumers[i], PROCESS_DAEMON, consume_for_ever,
                           &kitchen),
             "start");
    for (; kitchen.number < NR_PRODUCERS; kitchen.number++)
        must(process_start(&producers[kitchen.number], PROCESS_PLAIN, produce,
                           &kitchen),
             "start");

    for (int i = 0; i < NR_PRODUCERS; i++) {
        must(process_join(producers[i], -1, NULL), "join");
        process_free(producers[i]);
    }
    must(queue_join(kitchen.queue, -1), "join the queue");

    must(dict_add_int(kitchen.eaten, sync_text("eaten"), 0, &eaten), "read");
    printf("%d dishes cooked, %d eaten, %zu left\n", NR_PRODUCERS * NR_EACH,
           (int)eaten, queue_size(kitchen.queue));
    for (int i = 0; i < NR_CONSUMERS; i++)
        process_free(consumers[i]);
    queue_free(kitchen.queue);
    dict_free(kitchen.eaten);
    return 0;
}
