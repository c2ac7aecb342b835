/*
 * What a transfer's socket is to the other side: a listener of our own, which
 * looks at it while nobody reads.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "crawler/fetch/heap.h"
#include "crawler/fetch/transfer.h"
#include "tests/support/cmocka_all.h"

#define SEND_BUFFER_BYTES (64 << 10) /* of the other side: what it can hide */
#define TURNS_MAX         200

static const char head[] = "HTTP/1.1 200 OK\r\nContent-Length: 8388608\r\n\r\n";

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
    bool watched;

    for (int i = 0; i < TURNS_MAX && !is_readable(fd); i++)
        assert_int_equal(transfers_turn(transfers, 100, &watched), ERR_OK);
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

static void socket_takes_much_of_a_body_before_it_is_read(void **state)
{
    struct fetch_options options = {.max_transfers = 1};
    const size_t enough = TRANSFER_WINDOW_BYTES * 3 / 4;
    int send_buffer = SEND_BUFFER_BYTES, listener, peer;
    struct transfers *transfers = NULL;
    struct sockaddr_in address;
    char url[64], request[2048];
    struct job job = {.url = url, .flags = JOB_PRIVATE_OK};

    (void)state;
    assert_int_equal(heap_open(1), ERR_OK);
    assert_int_equal(transfers_open(&transfers, &options), ERR_OK);
    listener = listen_somewhere(&address);
    job.url_len = (size_t)snprintf(url, sizeof(url), "http://127.0.0.1:%d/",
                                   ntohs(address.sin_port));
    assert_int_equal(transfers_start(transfers, 1, &job), ERR_OK);
    turn_until_readable(transfers, listener);
    peer = accept(listener, NULL, NULL);
    assert_true(peer >= 0);
    assert_int_equal(setsockopt(peer, SOL_SOCKET, SO_SNDBUF, &send_buffer,
                                sizeof(send_buffer)),
                     0);
    turn_until_readable(transfers, peer);
    assert_true(recv(peer, request, sizeof(request), 0) > 0);
    assert_int_equal(send(peer, head, strlen(head), 0), strlen(head));
    assert_true(send_much(peer, enough) >= enough); /* no turn meanwhile */
    close(peer);
    close(listener);
    transfers_close(transfers);
    heap_close();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(socket_takes_much_of_a_body_before_it_is_read),
    };

    return cmocka_run_group_tests_name("fetch_sockets", tests, NULL, NULL);
}
