/* What the tests of queues share. */
#ifndef TESTS_POOL_TEST_QUEUE_H
#define TESTS_POOL_TEST_QUEUE_H

#include <string.h>

#include "pool/shared/queue.h"
#include "tests/unit/shared/family.h"

#define BRIEF_MS 30

static inline struct queue *open_queue(const struct queue_options *options)
{
    struct queue *queue = NULL;

    assert_int_equal(queue_open(&queue, options), CERR_OK);
    return queue;
}

static inline struct queue_stats stats_of(struct queue *queue)
{
    struct queue_stats stats;

    queue_get_stats(queue, &stats);
    return stats;
}

static inline void put_text(struct queue *queue, const char *text)
{
    assert_int_equal(queue_put(queue, text, strlen(text), -1), CERR_OK);
}

/* Gets without waiting and compares. */
static inline struct queue_item get_text(struct queue *queue,
                                         const char *expected)
{
    struct queue_item item;
    char text[100];

    assert_int_equal(queue_get(queue, text, sizeof(text), &item, 0), CERR_OK);
    assert_int_equal(item.len, strlen(expected));
    assert_memory_equal(text, expected, item.len);
    return item;
}

/* Two queues for a child. */
struct pair {
    struct queue *there, *back;
};

static inline int get_until_closed(void *ctx)
{
    enum err err = CERR_OK;
    char byte;

    while (err == CERR_OK)
        err = queue_get(ctx, &byte, 1, NULL, -1);
    return err == CERR_CLOSED ? 0 : 1;
}

#endif
