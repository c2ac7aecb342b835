/*
 * A name server on loopback for names.py: answers each question for an A record
 * with an address of 127.0.0.0/16 after a fixed time, and all others with no
 * record.
 *
 *   name_server PORT DELAY_MS
 *
 * Answers wait in a ring: the delay is the same for all, so the first that came
 * is the first that is due.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"

#define NR_WAITING     65536
#define QUESTION_BYTES 300
#define HEAD_BYTES     12 /* RFC 1035, 4.1.1 */
#define RECORD_BYTES   16
#define BUFFER_BYTES   (16 << 20)

struct waiting {
    int64_t due_us;
    struct sockaddr_in peer;
    size_t len;
    unsigned char data[QUESTION_BYTES + RECORD_BYTES];
};

static struct waiting ring[NR_WAITING];
static size_t first, nr;
static unsigned nr_answers;

/* Makes an answer of a question; false if it is none. */
static bool make_answer(struct waiting *waiting, size_t len)
{
    static const unsigned char record[RECORD_BYTES] = {
        0xc0, HEAD_BYTES, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1};
    unsigned char *data = waiting->data;
    size_t at = HEAD_BYTES;
    bool is_a;

    while (at < len && data[at] != 0)
        at += (size_t)data[at] + 1;
    if (at + 5 > len)
        return false;
    is_a = data[at + 2] == 1;
    data[2] = 0x81; /* an answer, and recursion was wanted */
    data[3] = 0x80;
    memset(data + 4, 0, 8);
    data[5] = 1;
    data[7] = is_a;
    waiting->len = at + 5;
    if (is_a)
        memcpy(data + waiting->len, record, sizeof(record));
    waiting->len += is_a ? sizeof(record) : 0;
    if (is_a) { /* many addresses, as the kernel has 28,000 ports for each */
        data[waiting->len - 2] = (unsigned char)nr_answers;
        data[waiting->len - 1] = (unsigned char)(1 + nr_answers++ / 256 % 254);
    }
    return true;
}

static void take_questions(int fd, int64_t delay_us)
{
    while (nr < NR_WAITING) {
        struct waiting *waiting = &ring[(first + nr) % NR_WAITING];
        socklen_t peer_len = sizeof(waiting->peer);
        ssize_t len = recvfrom(fd, waiting->data, QUESTION_BYTES, MSG_DONTWAIT,
                               (struct sockaddr *)&waiting->peer, &peer_len);

        if (len < 0)
            return;
        waiting->due_us = clock_mono_us() + delay_us;
        nr += make_answer(waiting, (size_t)len);
    }
}

static void send_answers(int fd)
{
    int64_t now_us = clock_mono_us();

    while (nr > 0 && ring[first].due_us <= now_us) {
        const struct waiting *waiting = &ring[first];

        sendto(fd, waiting->data, waiting->len, 0,
               (const struct sockaddr *)&waiting->peer, sizeof(waiting->peer));
        first = (first + 1) % NR_WAITING;
        nr--;
    }
}

int main(int argc, char **argv)
{
    struct sockaddr_in own = {.sin_family = AF_INET,
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int bytes = BUFFER_BYTES;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    struct pollfd wanted = {.fd = fd, .events = POLLIN};

    if (argc != 3) {
        fputs("usage: name_server PORT DELAY_MS\n", stderr);
        return EXIT_FAILURE;
    }
    own.sin_port = htons((uint16_t)strtoul(argv[1], NULL, 10));
    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
    if (bind(fd, (struct sockaddr *)&own, sizeof(own))) {
        perror("name_server");
        return EXIT_FAILURE;
    }
    for (;;) {
        poll(&wanted, 1, nr > 0 ? 1 : -1);
        take_questions(fd, strtol(argv[2], NULL, 10) * 1000);
        send_answers(fd);
    }
}
