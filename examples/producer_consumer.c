/*
 * Three producers, two consumers, one queue.
 *
 * The parent waits for the producers, then puts one end marker for each
 * consumer: by then everything else is in line before them.
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
#define END_MARKER   ""

/* An example ends at the first failure of its own environment. */
static void must(enum err err, const char *what)
{
    if (err != CERR_OK)
        errx(EXIT_FAILURE, "%s: %s", what, err_str(err));
}

struct kitchen {
    struct queue *queue;
    struct dict *eaten; /* number of times that each dish was eaten */
    int number;         /* number of this producer, from 0 */
};

/* Runs in a producer process. */
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

static int consume(void *ctx)
{
    const struct kitchen *kitchen = ctx;
    struct queue_item item;
    char dish[50];

    for (;;) {
        must(queue_get(kitchen->queue, dish, sizeof(dish), &item, -1), "get");
        if (item.len == strlen(END_MARKER))
            return 0;
        must(dict_add_int(kitchen->eaten, (struct sync_bytes){dish, item.len},
                          1, NULL),
             "incr");
    }
}

static void print_eaten(struct dict *eaten)
{
    char dish[50];
    int64_t nr;

    for (int cook = 0; cook < NR_PRODUCERS; cook++) {
        for (int i = 0; i < NR_EACH; i++) {
            snprintf(dish, sizeof(dish), "dish %d of cook %d", i, cook);
            must(dict_add_int(eaten, sync_text(dish), 0, &nr), "read");
            printf("%s was eaten %d time(s)\n", dish, (int)nr);
        }
    }
}

int main(void)
{
    struct queue_options small = {.max_items = 5};
    struct kitchen kitchen = {0};
    struct process *producers[NR_PRODUCERS] = {0};
    struct process *consumers[NR_CONSUMERS] = {0};

    must(queue_open(&kitchen.queue, &small), "queue");
    must(dict_open(&kitchen.eaten, NULL), "dict");
    for (; kitchen.number < NR_PRODUCERS; kitchen.number++)
        must(process_start(&producers[kitchen.number], PROCESS_PLAIN, produce,
                           &kitchen),
             "start");
    for (int i = 0; i < NR_CONSUMERS; i++)
        must(process_start(&consumers[i], PROCESS_PLAIN, consume, &kitchen),
             "start");

    for (int i = 0; i < NR_PRODUCERS; i++) {
        must(process_join(producers[i], -1, NULL), "join");
        process_free(producers[i]);
    }
    for (int i = 0; i < NR_CONSUMERS; i++)
        must(queue_put(kitchen.queue, END_MARKER, strlen(END_MARKER), -1),
             "put");
    for (int i = 0; i < NR_CONSUMERS; i++) {
        must(process_join(consumers[i], -1, NULL), "join");
        process_free(consumers[i]);
    }

    print_eaten(kitchen.eaten);
    queue_free(kitchen.queue);
    dict_free(kitchen.eaten);
    return 0;
}
