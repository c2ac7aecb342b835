/*
 * What a transfer holds while it waits: a listener of our own looks at its
 * socket while nobody reads, and at its memory.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "crawler/fetch/curl_alloc.h"
#include "crawler/fetch/fetch_internal.h"
#include "tests/support/cmocka_all.h"

#define SEND_BUFFER_BYTES (64 << 10) /* of the other side: what it can hide */
#define TURNS_MAX         200

static int listen_somewhere(struct sockaddr_in *address)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    socklen_t len = sizeof(*address);

    *address = (struct sockaddr_in){.sin_family = AF_INET,
                                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)address, len), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)address, &len), 0);
    return fd;
}

static bool is_readable(int fd)
{
    struct pollfd watched = {.fd = fd, .events = POLLIN};

    return poll(&watched, 1, 0) == 1;
}

/* Turns until the other side has something to read. */
static void turn_until_readable(struct transfers *transfers, int fd)
{
    for (int i = 0; i < TURNS_MAX && !is_readable(fd); i++)
        assert_int_equal(transfers_turn(transfers, 100), CERR_OK);
    assert_true(is_readable(fd));
}

/* Sends until nobody takes more, or `enough` is sent. */
static size_t send_much(int fd, size_t enough)
{
    static const char zeros[16384];
    struct pollfd writable = {.fd = fd, .events = POLLOUT};
    size_t sum = 0;

    while (sum < enough && poll(&writable, 1, 2000) == 1) {
        ssize_t nr = send(fd, zeros, sizeof(zeros), MSG_DONTWAIT);

        assert_true(nr >= 0 || errno == EAGAIN);
        sum += nr > 0 ? (size_t)nr : 0;
    }
    return sum;
}

/* A listener, and transfers to it. */
struct wire {
    struct transfers *transfers;
    int listener, peer; /* peer: -1 before request() */
    char url[64];
};

static void open_wire(struct wire *wire)
{
    struct fetch_options options = {.max_transfers = 1};
    struct sockaddr_in address;

    *wire = (struct wire){.peer = -1};
    assert_int_equal(curl_alloc_open(1), CERR_OK);
    assert_int_equal(transfers_open(&wire->transfers, &options), CERR_OK);
    wire->listener = listen_somewhere(&address);
    snprintf(wire->url, sizeof(wire->url), "http://127.0.0.1:%d/",
             ntohs(address.sin_port));
}

static void close_wire(struct wire *wire)
{
    close(wire->peer);
    close(wire->listener);
    transfers_close(wire->transfers);
    curl_alloc_close();
}

/* Sends a request and takes it in on the other side. */
static void request(struct wire *wire, uint64_t id)
{
    const struct job job = {.url = wire->url,
                            .url_len = strlen(wire->url),
                            .flags = JOB_PRIVATE_OK | JOB_BODY};
    int send_buffer = SEND_BUFFER_BYTES;
    char text[2048];

    assert_int_equal(transfers_start(wire->transfers, id, &job), CERR_OK);
    if (wire->peer < 0) {
        turn_until_readable(wire->transfers, wire->listener);
        wire->peer = accept(wire->listener, NULL, NULL);
        assert_true(wire->peer >= 0);
        assert_int_equal(setsockopt(wire->peer, SOL_SOCKET, SO_SNDBUF,
                                    &send_buffer, sizeof(send_buffer)),
                         0);
    }
    turn_until_readable(wire->transfers, wire->peer);
    assert_true(recv(wire->peer, text, sizeof(text), 0) > 0);
}

static void socket_takes_much_of_a_body_before_it_is_read(void **state)
{
    const char head[] = "HTTP/1.1 200 OK\r\nContent-Length: 8388608\r\n\r\n";
    const size_t enough = TRANSFER_WINDOW_BYTES * 3 / 4;
    struct wire wire;

    (void)state;
    open_wire(&wire);
    request(&wire, 1);
    assert_int_equal(send(wire.peer, head, strlen(head), 0), strlen(head));
    assert_true(send_much(wire.peer, enough) >= enough); /* no turn meanwhile */
    close_wire(&wire);
}

static struct transfer *answer(struct wire *wire, const char *text)
{
    struct transfer *done = NULL;

    assert_int_equal(send(wire->peer, text, strlen(text), 0), strlen(text));
    for (int i = 0; i < TURNS_MAX && !done; i++) {
        assert_int_equal(transfers_turn(wire->transfers, 100), CERR_OK);
        done = transfers_next_done(wire->transfers);
    }
    assert_non_null(done);
    assert_int_equal(transfer_page(done)->error, ERROR_NONE);
    return done;
}

/* What waits for its server holds no memory for a body. */
static void body_gets_the_memory_of_the_one_before(void **state)
{
    const char page[] = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npage";
    struct wire wire;
    struct transfer *done;
    const void *memory;

    (void)state;
    open_wire(&wire);
    request(&wire, 1);
    done = answer(&wire, page);
    memory = done->body.data.data;
    transfer_recycle(done);
    assert_int_equal(wire.transfers->bodies.spares.nr_memory, 1);
    request(&wire, 2);
    assert_int_equal(wire.transfers->bodies.spares.nr_memory, 1);
    done = answer(&wire, page);
    assert_int_equal(wire.transfers->bodies.spares.nr_memory, 0);
    assert_ptr_equal(done->body.data.data, memory);
    transfer_recycle(done);
    close_wire(&wire);
}

static void memory_beyond_its_bounds_is_given_back(void **state)
{
    const char page[] = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npage";
    struct transfer *done;
    struct wire wire;

    (void)state;
    open_wire(&wire);
    request(&wire, 1);
    wire.transfers->bodies.spares.memory_bytes = BODY_SPARES_BYTES;
    transfer_recycle(answer(&wire, page));
    assert_int_equal(wire.transfers->bodies.spares.nr_memory, 0);
    wire.transfers->bodies.spares.memory_bytes = 0;
    for (size_t i = 0; i < BODY_SPARES_MAX; i++)
        buf_init(&wire.transfers->bodies.spares.memory[i], SIZE_MAX);
    request(&wire, 2);
    done = answer(&wire, page);
    wire.transfers->bodies.spares.nr_memory = BODY_SPARES_MAX;
    transfer_recycle(done);
    assert_int_equal(wire.transfers->bodies.spares.nr_memory, BODY_SPARES_MAX);
    assert_int_equal(wire.transfers->bodies.spares.memory_bytes, 0);
    close_wire(&wire);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(body_gets_the_memory_of_the_one_before),
        cmocka_unit_test(memory_beyond_its_bounds_is_given_back),
        cmocka_unit_test(socket_takes_much_of_a_body_before_it_is_read),
    };

    return cmocka_run_group_tests_name("fetch_sockets", tests, NULL, NULL);
}
