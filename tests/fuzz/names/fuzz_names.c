/*
 * What a name server sends: the input is the answer to each question of one
 * look-up, behind the number that belongs to it, and, if its first byte is odd,
 * with the question in its place. Whatever comes, the look-up ends, and the
 * addresses are as many as may be and have their form.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "crawler/names/names.h"

#define HEAD_BYTES 12 /* RFC 1035, 4.1.1 */
#define FDS_MAX    256
#define HOST       "host.test"
#define ROUNDS_MAX 40

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct pollfd watched[FDS_MAX];
static struct names *names;
static int server = -1;

static void watch(void *ctx, int fd, bool readable, bool writable)
{
    short events = (short)((readable ? POLLIN : 0) | (writable ? POLLOUT : 0));

    (void)ctx;
    if (fd < 0 || fd >= FDS_MAX)
        abort();
    watched[fd] = (struct pollfd){.fd = events ? fd : -1, .events = events};
}

static void open_all(void)
{
    struct sockaddr_in own = {.sin_family = AF_INET,
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(own);
    char text[32] = "127.0.0.1:";
    struct names_options options = {
        .servers = text, .timeout_ms = 1, .watch = watch};
    unsigned port;

    for (int fd = 0; fd < FDS_MAX; fd++)
        watched[fd].fd = -1;
    server = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    if (bind(server, (struct sockaddr *)&own, sizeof(own)) ||
        getsockname(server, (struct sockaddr *)&own, &len))
        abort();
    port = ntohs(own.sin_port);
    for (unsigned unit = 10000, at = 10; unit > 0; unit /= 10)
        text[at++] = (char)('0' + port / unit % 10);
    if (names_open(&names, &options))
        abort();
}

/* Answers every question that has come. */
static void serve(const uint8_t *data, size_t size)
{
    unsigned char question[512], answer[4096];
    struct sockaddr_in peer;
    socklen_t peer_len = sizeof(peer);
    ssize_t got = recvfrom(server, question, sizeof(question), 0,
                           (struct sockaddr *)&peer, &peer_len);

    for (; got > HEAD_BYTES;
         got = recvfrom(server, question, sizeof(question), 0,
                        (struct sockaddr *)&peer, &peer_len)) {
        size_t len = size > 2048 ? 2048 : size, asked = 0;

        memcpy(answer, question, 2);
        if (len > 0 && data[0] % 2 == 1) {
            size_t head = len - 1 < HEAD_BYTES - 2 ? len - 1 : HEAD_BYTES - 2;

            memset(answer + 2, 0, HEAD_BYTES - 2);
            memcpy(answer + 2, data + 1, head);
            asked = (size_t)got - HEAD_BYTES;
            memcpy(answer + HEAD_BYTES, question + HEAD_BYTES, asked);
            memcpy(answer + HEAD_BYTES + asked, data + 1 + head,
                   len - 1 - head);
            len = HEAD_BYTES + asked + len - 1 - head;
        } else {
            memcpy(answer + 2, data, len);
            len += 2;
        }
        sendto(server, answer, len, 0, (struct sockaddr *)&peer, peer_len);
    }
}

static void check(const char *addresses)
{
    char text[INET6_ADDRSTRLEN + 2];
    unsigned char raw[16];
    int nr = 0;

    while (*addresses) {
        size_t len = strcspn(addresses, ",");
        bool is_ipv6 = addresses[0] == '[';

        if (len >= sizeof(text) || ++nr > 2 * NAMES_ADDRESSES_MAX)
            abort();
        memcpy(text, addresses + is_ipv6, len - is_ipv6);
        text[len - 2 * is_ipv6] = '\0';
        if (inet_pton(is_ipv6 ? AF_INET6 : AF_INET, text, raw) != 1)
            abort();
        addresses += len + (addresses[len] == ',');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct names_waiter waiter = {.name = NULL};
    struct names_waiter *ready = NULL;
    enum name_state state;
    int rounds = 0;

    open_all();
    state = names_wait(names, &waiter, (struct bytes){HOST, strlen(HOST)}, 1);
    for (; state == NAME_ASKED && !ready && rounds < ROUNDS_MAX; rounds++) {
        serve(data, size);
        poll(watched, FDS_MAX, 0);
        for (int fd = 0; fd < FDS_MAX; fd++)
            if (watched[fd].fd >= 0 && watched[fd].revents)
                names_socket(names, fd, watched[fd].revents & POLLIN,
                             watched[fd].revents & POLLOUT, 1);
        if (rounds > 4) /* an answer that is none: the time has to run out */
            usleep(300);
        names_tick(names, 1);
        ready = names_next_ready(names);
    }
    if (ready && name_state(waiter.name) == NAME_FOUND)
        check(name_addresses(waiter.name));
    names_close(names);
    close(server);
    return 0;
}
