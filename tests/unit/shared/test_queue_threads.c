/* Queue, dict, list and locks between threads of one process. What they do
 * there is what they do between processes, and ThreadSanitizer can see it. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pool/shared/dict.h"
#include "pool/shared/list.h"
#include "pool/shared/lock.h"
#include "pool/shared/queue.h"

#define NR_PAIRS   2
#define NR_THREADS ((size_t)2 * NR_PAIRS)
#define NR_ITEMS   ((size_t)NR_PAIRS * NR_EACH)
#define NR_EACH    5000

struct shop {
    struct queue *queue;
    struct dict *dict;
    struct list *list;
    struct lock *lock;
    struct semaphore *semaphore;
    uint64_t total; /* under `lock` */
};

static void *produce(void *ctx)
{
    struct shop *shop = ctx;
    uintptr_t nr_failed = 0;

    for (uint64_t i = 1; i <= NR_EACH; i++) {
        nr_failed += queue_put(shop->queue, &i, sizeof(i), -1) != CERR_OK;
        nr_failed += dict_set(shop->dict, sync_text("last"),
                              (struct sync_bytes){&i, sizeof(i)}) != CERR_OK;
    }
    return (void *)nr_failed;
}

static void *consume(void *ctx)
{
    struct shop *shop = ctx;
    struct queue_item item;
    uintptr_t nr_failed = 0;
    uint64_t i;

    while (queue_get(shop->queue, &i, sizeof(i), &item, -1) == CERR_OK) {
        nr_failed += semaphore_acquire(shop->semaphore, -1) != CERR_OK;
        nr_failed += lock_acquire(shop->lock, -1) != CERR_OK;
        shop->total += i;
        nr_failed += lock_release(shop->lock) != CERR_OK;
        nr_failed += semaphore_release(shop->semaphore) != CERR_OK;
        nr_failed +=
            dict_add_int(shop->dict, sync_text("n"), 1, NULL) != CERR_OK;
        nr_failed += list_append(shop->list, sync_text("x")) != CERR_OK;
        nr_failed += queue_task_done(shop->queue, &item) != CERR_OK;
    }
    return (void *)nr_failed;
}

static void queue_and_dict_serve_threads_too(void **state)
{
    struct queue_options options = {.max_items = 32, .joinable = true};
    struct list_options many = {.max_items = NR_ITEMS};
    struct shop shop = {0};
    pthread_t threads[NR_THREADS];
    int64_t nr;
    void *nr_failed;

    (void)state;
    assert_int_equal(queue_open(&shop.queue, &options), CERR_OK);
    assert_int_equal(dict_open(&shop.dict, NULL), CERR_OK);
    assert_int_equal(list_open(&shop.list, &many), CERR_OK);
    assert_int_equal(lock_open(&shop.lock, LOCK_PLAIN), CERR_OK);
    assert_int_equal(semaphore_open(&shop.semaphore, 1, true), CERR_OK);
    for (size_t i = 0; i < NR_THREADS; i++)
        assert_int_equal(
            pthread_create(&threads[i], NULL, i % 2 ? consume : produce, &shop),
            0);
    for (size_t i = 0; i < NR_THREADS; i += 2) {
        assert_int_equal(pthread_join(threads[i], &nr_failed), 0);
        assert_null(nr_failed);
    }
    assert_int_equal(queue_join(shop.queue, -1), CERR_OK);
    queue_close(shop.queue);
    for (size_t i = 1; i < NR_THREADS; i += 2) {
        assert_int_equal(pthread_join(threads[i], &nr_failed), 0);
        assert_null(nr_failed);
    }
    assert_int_equal(dict_add_int(shop.dict, sync_text("n"), 0, &nr), CERR_OK);
    assert_int_equal(nr, NR_ITEMS);
    assert_int_equal(list_size(shop.list), NR_ITEMS);
    assert_int_equal(shop.total, NR_PAIRS * (NR_EACH * (NR_EACH + 1L) / 2));
    queue_free(shop.queue);
    dict_free(shop.dict);
    list_free(shop.list);
    lock_free(shop.lock);
    semaphore_free(shop.semaphore);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(queue_and_dict_serve_threads_too),
    };

    return cmocka_run_group_tests_name("queue_threads", tests, NULL, NULL);
}
