/*
 * Workers that lie: garbage on the socket and in the shared memory. The parent
 * kills such a worker, counts it, and every task still ends once.
 */
#include "tests/unit/pool/pool_fixture.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include "pool/worker_internal.h"

enum lie {
    LIE_BYTES,      /* a packet of no known form */
    LIE_LONG,       /* a packet of 60,000 bytes */
    LIE_CANCEL,     /* a packet that only the parent may send */
    LIE_DESCRIPTOR, /* a packet with a descriptor */
    LIE_TAIL,       /* more replies than the ring holds */
    LIE_TAIL_BACK,  /* fewer replies than were read */
    LIE_UNKNOWN_ID, /* a reply to no task */
    LIE_TWICE,      /* two replies to one task */
    LIE_OFFSET,     /* data outside the byte ring */
    LIE_ARENA,      /* data outside the arena */
    LIE_EXTRA,      /* extra whose end wraps around 2^32 */
    LIE_PLACE,      /* a place that does not exist */
    LIE_MESSAGE,    /* a message that is too long */
    LIE_GRANT,      /* more tasks for itself */
    LIE_TAKEN,      /* more tasks started than there are */
    LIE_NR
};

static const char *const lie_names[LIE_NR] = {
    "bytes", "long",  "cancel",  "descriptor", "tail",
    "back",  "id",    "twice",   "offset",     "arena",
    "extra", "place", "message", "grant",      "taken",
};

static void put_reply(struct worker *worker, const struct frame_reply *reply)
{
    if (channel_put_reply(&worker->channel, reply) != CERR_OK ||
        channel_wake_parent(&worker->channel) != CERR_OK)
        _exit(9);
}

static void send_bytes(const struct worker *worker, size_t len)
{
    static char bytes[60000];

    memset(bytes, 0x5a, sizeof(bytes));
    if (send(worker_fd(worker), bytes, len, 0) != (ssize_t)len)
        _exit(9);
}

static void lie_on_socket(struct worker *worker, enum lie lie)
{
    struct frame_packet packet = {FRAME_CANCEL, 1};
    enum err err = CERR_OK;

    if (lie == LIE_BYTES)
        send_bytes(worker, FRAME_PACKET_BYTES);
    else if (lie == LIE_LONG)
        send_bytes(worker, 60000);
    else
        err = channel_send(worker_fd(worker), &packet,
                           lie == LIE_DESCRIPTOR ? 0 : -1);
    if (err != CERR_OK)
        _exit(9);
}

static void lie_in_control(struct worker *worker, enum lie lie)
{
    struct channel_control *control = worker->channel.control;
    struct frame_packet packet = {.type = FRAME_BELL};
    uint64_t grant = atomic_load(&control->grant);

    if (lie == LIE_TAIL)
        atomic_fetch_add(&control->reply_tail, 100000);
    else if (lie == LIE_TAIL_BACK)
        atomic_fetch_sub(&control->reply_tail, 1);
    else if (lie == LIE_GRANT)
        atomic_store(&control->grant, grant + ((uint64_t)7 << 32));
    else
        atomic_store(&control->grant, grant + 100000);
    if (channel_send(worker_fd(worker), &packet, -1) != CERR_OK)
        _exit(9);
    pause(); /* an honest reply would put it right */
}

static void lie_in_frame(struct worker *worker, enum lie lie, uint64_t id)
{
    struct frame_reply reply = {.id = id};

    if (lie == LIE_UNKNOWN_ID)
        reply.id = id + 1000;
    if (lie == LIE_OFFSET) {
        reply.place = FRAME_RING;
        reply.offset = CHANNEL_REPLY_RING_BYTES - 1;
        reply.len = 2;
    }
    if (lie == LIE_ARENA) {
        reply.place = FRAME_ARENA;
        reply.len = (uint32_t)worker_space_max(worker) + 1;
    }
    if (lie == LIE_EXTRA) {
        reply.flags = FRAME_HAS_EXTRA;
        reply.extra_offset = 64;
        reply.extra_len = UINT32_MAX - 63;
    }
    if (lie == LIE_PLACE)
        reply.place = 77;
    if (lie == LIE_MESSAGE)
        reply.message_len = POOL_MESSAGE_BYTES + 1;
    put_reply(worker, &reply);
    if (lie == LIE_TWICE)
        put_reply(worker, &reply);
}

static void tell_lie(struct worker *worker, enum lie lie, uint64_t id)
{
    switch (lie) {
    case LIE_BYTES:
    case LIE_LONG:
    case LIE_CANCEL:
    case LIE_DESCRIPTOR:
        lie_on_socket(worker, lie);
        break;
    case LIE_TAIL:
    case LIE_TAIL_BACK:
    case LIE_GRANT:
    case LIE_TAKEN:
        lie_in_control(worker, lie);
        break;
    case LIE_UNKNOWN_ID:
    case LIE_TWICE:
    case LIE_OFFSET:
    case LIE_ARENA:
    case LIE_EXTRA:
    case LIE_PLACE:
    case LIE_MESSAGE:
        lie_in_frame(worker, lie, id);
        break;
    case LIE_NR:
        break;
    }
}

/* Lies if the task says so, else answers. */
static int lying_main(struct worker *worker, void *ctx)
{
    struct pollfd ready = {.fd = worker_fd(worker), .events = POLLIN};
    struct worker_task task;
    int lie;

    (void)ctx;
    for (;;) {
        switch (worker_take(worker, &task)) {
        case WORKER_TASK:
            memcpy(&lie, task.data, sizeof(lie));
            if (lie < LIE_NR)
                tell_lie(worker, (enum lie)lie, task.id);
            else if (worker_reply_parts(
                         worker, &(struct worker_reply){.task_id = task.id,
                                                        .data = "truth",
                                                        .len = 5}) != CERR_OK ||
                     worker_flush(worker) != CERR_OK)
                return 1;
            break;
        case WORKER_EMPTY:
        case WORKER_CANCEL:
            poll(&ready, 1, -1);
            break;
        case WORKER_STOP:
            return 0;
        case WORKER_GONE:
            return 1;
        }
    }
}

static void pool_kills_a_worker_that_lies(void **state)
{
    size_t nr_fds = count_fds();

    (void)state;
    for (int lie = 0; lie < LIE_NR; lie++) {
        struct pool *pool = open_pool((struct pool_options){
            .worker_main = lying_main,
            .arena_bytes = 1 << 16,
        });
        struct tally liar = {0}, honest = {0};
        struct pool_task task = int_task(0, &lie);
        int truth = LIE_NR;
        size_t nr_honest = 0;

        print_message("%s\n", lie_names[lie]);
        task.on_done = on_tally;
        task.user = &liar;
        submit(pool, &task);
        pool_flush(pool);
        task = int_task(0, &truth);
        task.on_done = on_tally;
        task.user = &honest;
        task.retryable = true;
        /* enough of them for both workers, so that it is looked at again, and
         * no more than the queue holds while the liar does not get a core */
        while (nr_honest < 100 || stats_of(pool).nr_protocol_errors == 0) {
            for (int i = 0; i < 10 && pool_pending(pool) < 1000; i++) {
                submit(pool, &task);
                nr_honest++;
            }
            turn(pool);
        }
        turn_until(pool, &honest.nr, nr_honest);
        turn_until(pool, &liar.nr, 1);
        assert_int_equal(honest.by_status[POOL_OK], nr_honest);
        assert_true(liar.by_status[lie == LIE_TWICE ? POOL_OK : POOL_LOST] ==
                    1);
        assert_int_equal(stats_of(pool).nr_protocol_errors, 1);
        close_and_free(pool);
    }
    assert_int_equal(count_fds(), nr_fds);
}

/* All of what it can write, filled with noise again and again. */
static int noisy_main(struct worker *worker, void *ctx)
{
    struct pollfd ready = {.fd = worker_fd(worker), .events = POLLIN};
    struct worker_task task;
    uint32_t seed = (uint32_t)getpid();

    (void)ctx;
    while (worker_take(worker, &task) != WORKER_TASK)
        poll(&ready, 1, 100);
    for (;;) {
        struct frame_packet packet = {.type = FRAME_BELL};
        struct channel *channel = &worker->channel;
        unsigned char *all = (unsigned char *)channel->control;

        for (size_t i = 0; i < channel->shape.task_bytes_at; i++) {
            seed = seed * 1664525 + 1013904223;
            if (seed >> 24 < 8)
                all[i] = (unsigned char)(seed >> 16);
        }
        if (channel_send(channel->fd, &packet, -1) == CERR_CLOSED)
            return 1;
    }
}

static void pool_outlives_noise_in_the_shared_memory(void **state)
{
    struct pool *pool = open_pool((struct pool_options){
        .worker_main = noisy_main,
        .max_restarts = 1000,
        .restart_window_ms = 1,
        .silence_ms = 200,
        .arena_bytes = 1 << 16,
    });
    struct tally tally = {0};
    struct pool_task task = {.on_done = on_tally, .user = &tally};

    (void)state;
    submit_many(pool, &task, 20);
    turn_until(pool, &tally.nr, 20);
    assert_int_equal(tally.nr, 20);
    pool_free(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pool_kills_a_worker_that_lies),
        cmocka_unit_test(pool_outlives_noise_in_the_shared_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
