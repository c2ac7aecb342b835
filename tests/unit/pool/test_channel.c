/*
 * The rings of a channel, both ends in one process.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "pool/channel/channel.h"

struct ends {
    struct channel_shape shape;
    struct channel *parent;
    struct channel *worker;
};

static int open_ends(void **state)
{
    static struct ends ends;
    int pair[2], memfd;

    ends = (struct ends){.shape = channel_make_shape(16, 65536, 100000)};
    ends.worker = malloc(sizeof(*ends.worker));
    memfd = channel_make_memfd(&ends.shape);
    if (!ends.worker || memfd < 0 ||
        socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) != 0 ||
        channel_new_parent(&ends.parent, &ends.shape, memfd, pair[0]) !=
            CERR_OK ||
        channel_init_worker(ends.worker, &ends.shape, memfd, pair[1]) !=
            CERR_OK)
        return -1;
    close(memfd);
    *state = &ends;
    return 0;
}

static int close_ends(void **state)
{
    struct ends *ends = *state;

    channel_free(ends->parent);
    channel_free(ends->worker);
    return 0;
}

static enum err put(struct ends *ends, uint64_t id, const void *data,
                    uint32_t len)
{
    struct frame_task frame = {.id = id, .attempt = 1, .len = len};

    return channel_put_task(ends->parent, &frame, data);
}

static void take_is(struct ends *ends, uint64_t id)
{
    struct frame_task frame;

    assert_int_equal(channel_take_task(ends->worker, &frame), CERR_OK);
    assert_int_equal(frame.id, id);
}

static void take_is_empty(struct ends *ends)
{
    struct frame_task frame;

    assert_int_equal(channel_take_task(ends->worker, &frame), CERR_AGAIN);
}

static void channel_shows_tasks_once_they_are_published(void **state)
{
    struct ends *ends = *state;
    uint32_t taken;

    assert_int_equal(put(ends, 1, "a", 1), CERR_OK);
    assert_int_equal(put(ends, 2, "b", 1), CERR_OK);
    take_is_empty(ends);
    assert_int_equal(channel_publish(ends->parent), CERR_OK);
    take_is(ends, 1);
    assert_int_equal(channel_read_taken(ends->parent, &taken), CERR_OK);
    assert_int_equal(taken, 1);
    take_is(ends, 2);
    take_is_empty(ends);
}

static void channel_takes_unstarted_tasks_back(void **state)
{
    struct ends *ends = *state;
    uint32_t granted;

    for (uint64_t id = 1; id <= 6; id++)
        assert_int_equal(put(ends, id, NULL, 0), CERR_OK);
    assert_int_equal(channel_publish(ends->parent), CERR_OK);
    take_is(ends, 1);
    assert_int_equal(channel_recall(ends->parent, 2, &granted), CERR_OK);
    assert_int_equal(granted, 3);
    assert_int_equal(channel_recall(ends->parent, 5, &granted), CERR_OK);
    assert_int_equal(granted, 3); /* there is less than that to keep */
    assert_int_equal(put(ends, 10, NULL, 0), CERR_OK);
    assert_int_equal(channel_publish(ends->parent), CERR_OK);
    take_is(ends, 2);
    take_is(ends, 3);
    take_is(ends, 10);
    take_is_empty(ends);
}

/* Far beyond the size of either ring, with a recall now and then. */
static void channel_carries_bytes_around_the_ring(void **state)
{
    struct ends *ends = *state;
    static unsigned char data[CHANNEL_TASK_MAX];
    uint64_t next_put = 1, next_take = 1;
    uint32_t seed = 3, granted;

    for (int step = 0; step < 20000; step++) {
        struct frame_task frame;
        uint32_t len;

        seed = seed * 1664525 + 1013904223;
        len = (seed >> 12) % ((seed >> 8) % 4 ? 300 : CHANNEL_TASK_MAX);
        memset(data, (int)(next_put & 0xff), len);
        if (put(ends, next_put, data, len) == CERR_OK)
            next_put++;
        assert_int_equal(channel_publish(ends->parent), CERR_OK);
        if ((seed >> 4) % 16 == 0) {
            assert_int_equal(channel_recall(ends->parent, 1, &granted),
                             CERR_OK);
            next_put = granted + 1;
        }
        if ((seed >> 3) % 2 == 0 ||
            channel_take_task(ends->worker, &frame) != CERR_OK)
            continue;
        assert_int_equal(frame.id, next_take);
        next_take++;
        for (uint32_t i = 0; i < frame.len && frame.place == FRAME_RING; i++)
            assert_int_equal(ends->worker->task_bytes[frame.offset + i],
                             frame.id & 0xff);
    }
    assert_true(next_take > 5000);
}

/* What was taken last may still be read; it is free with the next. */
static void channel_leaves_the_current_task_alone(void **state)
{
    struct ends *ends = *state;
    static unsigned char data[CHANNEL_TASK_MAX];
    struct frame_task frame;
    uint32_t taken, nr = 0;

    memset(data, 7, sizeof(data));
    assert_int_equal(put(ends, 1, data, sizeof(data)), CERR_OK);
    assert_int_equal(channel_publish(ends->parent), CERR_OK);
    assert_int_equal(channel_take_task(ends->worker, &frame), CERR_OK);
    assert_int_equal(channel_read_taken(ends->parent, &taken), CERR_OK);
    memset(data, 8, sizeof(data));
    while (put(ends, 2 + nr, data, sizeof(data)) == CERR_OK)
        nr++;
    assert_int_equal(nr, CHANNEL_TASK_RING_BYTES / CHANNEL_TASK_MAX - 1);
    for (uint32_t i = 0; i < frame.len; i++)
        assert_int_equal(ends->worker->task_bytes[frame.offset + i], 7);
}

static void channel_rings_only_for_a_sleeper(void **state)
{
    struct ends *ends = *state;
    struct frame_packet packet;

    assert_int_equal(put(ends, 1, NULL, 0), CERR_OK);
    assert_int_equal(channel_publish(ends->parent), CERR_OK);
    assert_int_equal(channel_receive(ends->worker->fd, &packet, NULL),
                     CERR_AGAIN);
    atomic_store(&ends->worker->control->worker_armed, 1);
    for (uint64_t id = 2; id < 5; id++) {
        assert_int_equal(put(ends, id, NULL, 0), CERR_OK);
        assert_int_equal(channel_publish(ends->parent), CERR_OK);
    }
    assert_true(channel_has_bell(ends->worker->fd));
    assert_int_equal(channel_receive(ends->worker->fd, &packet, NULL), CERR_OK);
    assert_int_equal(packet.type, FRAME_BELL);
    assert_false(channel_has_bell(ends->worker->fd)); /* one for all three */
}

static void channel_bounds_replies_until_they_are_read(void **state)
{
    struct ends *ends = *state;
    struct frame_reply reply = {.id = 1};
    uint32_t nr = 0;

    while (channel_put_reply(ends->worker, &reply) == CERR_OK)
        nr++;
    assert_int_equal(nr, ends->shape.nr_frames);
    assert_int_equal(channel_get_reply(ends->parent, &reply), CERR_OK);
    assert_int_equal(channel_put_reply(ends->worker, &reply), CERR_AGAIN);
    channel_consume(ends->parent);
    assert_int_equal(channel_put_reply(ends->worker, &reply), CERR_OK);
}

static void channel_gives_pieces_back_in_order(void **state)
{
    struct ends *ends = *state;
    uint32_t offset;

    assert_false(channel_get_release(ends->worker, &offset));
    for (uint32_t i = 0; i < 1000; i++) {
        channel_release_piece(ends->parent, i * 64);
        assert_true(channel_get_release(ends->worker, &offset));
        assert_int_equal(offset, i * 64);
    }
    assert_false(channel_get_release(ends->worker, &offset));
}

static void channel_memory_cannot_be_resized(void **state)
{
    struct ends *ends = *state;
    int fd = channel_make_memfd(&ends->shape);
    int argument = channel_make_argument("0123456789", 10);
    char back[10];

    assert_int_equal(ftruncate(fd, 0), -1);
    assert_int_equal(ftruncate(fd, 1 << 30), -1);
    assert_int_equal(pread(argument, back, 10, 0), 10);
    assert_memory_equal(back, "0123456789", 10);
    assert_int_equal(pwrite(argument, "x", 1, 0), -1);
    assert_int_equal(ftruncate(argument, 5), -1);
    close(fd);
    close(argument);
}

#define WITH_ENDS(test)                                                        \
    cmocka_unit_test_setup_teardown(test, open_ends, close_ends)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ENDS(channel_shows_tasks_once_they_are_published),
        WITH_ENDS(channel_takes_unstarted_tasks_back),
        WITH_ENDS(channel_carries_bytes_around_the_ring),
        WITH_ENDS(channel_leaves_the_current_task_alone),
        WITH_ENDS(channel_rings_only_for_a_sleeper),
        WITH_ENDS(channel_bounds_replies_until_they_are_read),
        WITH_ENDS(channel_gives_pieces_back_in_order),
        WITH_ENDS(channel_memory_cannot_be_resized),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
