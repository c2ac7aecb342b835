/*
 * Ten processes take 1 each from a shared count of 100.
 *
 * Once under a lock, since to read and then to write are two operations; and
 * once by one atomic operation, which needs none.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "pool/shared/dict.h"
#include "pool/shared/lock.h"
#include "pool/shared/process.h"

#define NR_PROCESSES 10

/* An example ends at the first failure of its own environment. */
static void must(enum err err, const char *what)
{
    if (err != CERR_OK)
        errx(EXIT_FAILURE, "%s: %s", what, err_str(err));
}

struct account {
    struct dict *dict;
    struct lock *lock;
};

static void set_count(struct dict *dict, int64_t count)
{
    must(dict_set_int(dict, sync_text("count"), count), "set");
}

static int64_t get_count(struct dict *dict)
{
    int64_t count = 0;

    must(dict_get_int(dict, sync_text("count"), &count), "get");
    return count;
}

static int take_under_lock(void *ctx)
{
    const struct account *account = ctx;

    must(lock_acquire(account->lock, -1), "acquire");
    set_count(account->dict, get_count(account->dict) - 1);
    must(lock_release(account->lock), "release");
    return 0;
}

static int take_at_once(void *ctx)
{
    const struct account *account = ctx;

    must(dict_add_int(account->dict, sync_text("count"), -1, NULL), "incr");
    return 0;
}

static void run_all(process_fn take, struct account *account)
{
    struct process *processes[NR_PROCESSES];

    set_count(account->dict, 100);
    for (int i = 0; i < NR_PROCESSES; i++)
        must(process_start(&processes[i], PROCESS_PLAIN, take, account),
             "start");
    for (int i = 0; i < NR_PROCESSES; i++) {
        must(process_join(processes[i], -1, NULL), "join");
        process_free(processes[i]);
    }
}

int main(void)
{
    struct account account;

    must(dict_open(&account.dict, NULL), "dict");
    must(lock_open(&account.lock, LOCK_PLAIN), "lock");
    run_all(take_under_lock, &account);
    printf("under a lock: %d\n", (int)get_count(account.dict));
    run_all(take_at_once, &account);
    printf("by dict_add_int: %d\n", (int)get_count(account.dict));
    dict_free(account.dict);
    lock_free(account.lock);
    return 0;
}
