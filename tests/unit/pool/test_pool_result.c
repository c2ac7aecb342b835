/*
 * Results in words, and how they and the arguments lie in memory.
 */
#include "tests/unit/pool/pool_fixture.h"

/* ---- words ---- */

static void pool_status_has_a_word_for_each(void **state)
{
    (void)state;
    assert_string_equal(pool_status_str(POOL_OK), "ok");
    assert_string_equal(pool_status_str(POOL_FAILED), "failed");
    assert_string_equal(pool_status_str(POOL_TIMEOUT), "timeout");
    assert_string_equal(pool_status_str(POOL_CANCELED), "canceled");
    assert_string_equal(pool_status_str(POOL_LOST), "lost");
    assert_string_equal(pool_status_str((enum pool_status)77),
                        "unknown status");
}

static void pool_result_says_how_it_ended(void **state)
{
    static const struct {
        struct pool_result result;
        const char *text;
    } rows[] = {
        {{.status = POOL_OK}, "ok"},
        {{.status = POOL_OK, .message = "with a note"}, "ok: with a note"},
        {{.status = POOL_FAILED, .code = -7, .message = ""},
         "failed with code -7"},
        {{.status = POOL_FAILED, .code = 3, .message = "no such page"},
         "failed with code 3: no such page"},
        {{.status = POOL_TIMEOUT, .attempts = 1},
         "timeout: past its hard deadline, its worker was killed"},
        {{.status = POOL_CANCELED}, "canceled before it started"},
        {{.status = POOL_CANCELED, .attempts = 1}, "canceled while it ran"},
        {{.status = POOL_LOST, .signal_nr = SIGSEGV, .attempts = 1},
         "lost: its worker was killed by SIGSEGV (Segmentation fault)"},
        {{.status = POOL_LOST, .signal_nr = SIGKILL, .attempts = 2},
         "lost: its worker was killed by SIGKILL (Killed), at start 2"},
        {{.status = POOL_LOST, .signal_nr = 40, .attempts = 1},
         "lost: its worker was killed by signal 40"},
        {{.status = POOL_LOST, .exit_code = 0, .attempts = 1},
         "lost: its worker exited with status 0"},
        {{.status = POOL_LOST, .exit_code = 2},
         "lost before it started: no worker is left, the last one exited with "
         "status 2"},
        {{.status = POOL_LOST}, "lost before it started: no worker is left"},
    };
    char text[200];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t len = pool_result_describe(&rows[i].result, text, sizeof(text));

        assert_string_equal(text, rows[i].text);
        assert_int_equal(len, strlen(text));
    }
}

static void pool_result_is_described_in_the_room_there_is(void **state)
{
    struct pool_result result = {.status = POOL_FAILED, .message = "why"};
    const char *whole = "failed with code 0: why";
    char text[40];

    (void)state;
    assert_int_equal(pool_result_describe(&result, NULL, 0), strlen(whole));
    for (size_t cap = 1; cap <= strlen(whole) + 1; cap++) {
        memset(text, '#', sizeof(text));
        assert_int_equal(pool_result_describe(&result, text, cap),
                         strlen(whole));
        assert_memory_equal(text, whole, cap - 1);
        assert_int_equal(text[cap - 1], '\0');
        assert_int_equal(text[cap], '#');
    }
}

static void check_end(struct pool *pool, const struct pool_task *task,
                      const char *expected)
{
    struct pool_async *handle;
    char text[200];

    pool_result_describe(apply(pool, task, &handle), text, sizeof(text));
    assert_string_equal(text, expected);
    pool_async_free(handle);
}

static void pool_lost_task_says_why_in_words(void **state)
{
    struct pool *pool = open_pool((struct pool_options){.max_restarts = 100});
    const int segv = DIE_SEGV, exit_3 = DIE_EXIT_3, seven = 7;
    struct pool_task task = int_task(RUN_DIE, &segv);

    (void)state;
    check_end(pool, &task,
              "lost: its worker was killed by SIGSEGV (Segmentation fault)");
    task.retryable = true;
    check_end(pool, &task,
              "lost: its worker was killed by SIGSEGV (Segmentation fault), "
              "at start 2");
    task = int_task(RUN_DIE, &exit_3);
    check_end(pool, &task, "lost: its worker exited with status 3");
    task = int_task(RUN_FAIL, &seven);
    check_end(pool, &task, "failed with code 7: it failed");
    task = (struct pool_task){.function = RUN_FOREVER, .hard_timeout_ms = 20};
    check_end(pool, &task,
              "timeout: past its hard deadline, its worker was killed");
    close_and_free(pool);
}

/* ---- alignment ---- */

/* Inside a frame, in the ring beside the frames, and in a memory of its own. */
static const size_t lengths[] = {1, 9, 40, 41, 77, 4096, 4097, 100001};

enum { ALIGN_CHECK, ALIGN_NR };

/* Returns as many bytes as it was given, if all that it got was aligned. */
static int run_check(struct worker_call *call)
{
    const void *space;

    if ((uintptr_t)call->data % POOL_ALIGN_BYTES != 0)
        return 1;
    space = worker_return_space(call, call->len / 2);
    if ((uintptr_t)space % WORKER_ALIGN_BYTES != 0)
        return 2;
    space = worker_return_space(call, call->len);
    if (!space || (uintptr_t)space % WORKER_ALIGN_BYTES != 0)
        return 3;
    memcpy(worker_return_space(call, call->len), call->data, call->len);
    return 0;
}

static void on_aligned(void *user, const struct pool_result *result)
{
    assert_int_equal(result->status, POOL_OK);
    assert_int_equal((uintptr_t)result->data % POOL_ALIGN_BYTES, 0);
    ++*(size_t *)user;
}

static void pool_aligns_arguments_and_results(void **state)
{
    static const pool_task_fn functions[ALIGN_NR] = {run_check};
    struct pool_options options = {
        .nr_workers = 1, .functions = functions, .nr_functions = ALIGN_NR};
    static char data[100001];
    struct pool *pool;
    size_t nr = 0, nr_submitted = 0;

    (void)state;
    assert_int_equal(pool_open(&pool, &options), CERR_OK);
    for (int round = 0; round < 20; round++) {
        for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
            struct pool_task task = {.data = data,
                                     .len = lengths[i],
                                     .on_done = on_aligned,
                                     .user = &nr};

            assert_int_equal(pool_submit_wait(pool, &task, WAIT_MS, NULL),
                             CERR_OK);
            nr_submitted++;
        }
    }
    turn_until(pool, &nr, nr_submitted);
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        struct pool_task task = {.data = data, .len = lengths[i]};
        struct pool_async *handle;
        const struct pool_result *result = apply(pool, &task, &handle);

        assert_int_equal(result->status, POOL_OK);
        assert_int_equal((uintptr_t)result->data % POOL_ALIGN_BYTES, 0);
        pool_async_free(handle);
    }
    close_and_free(pool);
}

/* Both parts of a reply, of lengths that leave the next place odd. */
static int odd_main(struct worker *worker, void *ctx)
{
    struct worker_task task;

    (void)ctx;
    for (;;) {
        struct worker_reply reply = {.data = "odd", .len = 3, .space_len = 5};
        struct pollfd ready = {.fd = worker_fd(worker), .events = POLLIN};

        switch (worker_take(worker, &task)) {
        case WORKER_TASK:
            reply.task_id = task.id;
            reply.space = worker_space(worker, reply.space_len);
            if ((uintptr_t)task.data % POOL_ALIGN_BYTES != 0 || !reply.space ||
                (uintptr_t)reply.space % WORKER_ALIGN_BYTES != 0)
                reply.code = 1;
            if (worker_reply_parts(worker, &reply) != CERR_OK)
                return 1;
            break;
        case WORKER_EMPTY:
            if (worker_flush(worker) != CERR_OK)
                return 1;
            poll(&ready, 1, -1);
            break;
        case WORKER_CANCEL:
            break;
        case WORKER_STOP:
            return 0;
        case WORKER_GONE:
            return 1;
        }
    }
}

static void on_parts(void *user, const struct pool_result *result)
{
    on_aligned(user, result);
    assert_int_equal((uintptr_t)result->extra % POOL_ALIGN_BYTES, 0);
}

static void pool_aligns_both_parts_of_a_reply(void **state)
{
    struct pool *pool = open_pool(
        (struct pool_options){.nr_workers = 1, .worker_main = odd_main});
    size_t nr = 0;
    struct pool_task task = {
        .data = "12345", .len = 5, .on_done = on_parts, .user = &nr};

    (void)state;
    for (int i = 0; i < 20; i++) {
        struct pool_async *handle;
        const struct pool_result *result = apply(pool, &task, &handle);

        assert_int_equal(result->len, 3);
        assert_int_equal(result->extra_len, 5);
        assert_int_equal((uintptr_t)result->data % POOL_ALIGN_BYTES, 0);
        assert_int_equal((uintptr_t)result->extra % POOL_ALIGN_BYTES, 0);
        pool_async_free(handle);
    }
    assert_int_equal(nr, 20);
    close_and_free(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pool_status_has_a_word_for_each),
        cmocka_unit_test(pool_result_says_how_it_ended),
        cmocka_unit_test(pool_result_is_described_in_the_room_there_is),
        cmocka_unit_test(pool_lost_task_says_why_in_words),
        cmocka_unit_test(pool_aligns_arguments_and_results),
        cmocka_unit_test(pool_aligns_both_parts_of_a_reply),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
