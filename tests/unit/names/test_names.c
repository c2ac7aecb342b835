/*
 * Names and their addresses, with a name server that is a socket of this test
 * and a clock that goes when it is told.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "crawler/names/names.h"

#define HEAD_BYTES 12 /* RFC 1035, 4.1.1 */
#define FDS_MAX    64
#define ROUNDS_MAX 20000
#define START_MS   INT64_C(1000000)

enum { TYPE_A = 1, TYPE_AAAA = 28 };

/* What the name server answers. */
struct script {
    int code; /* 2: SERVFAIL, 3: NXDOMAIN */
    bool is_silent;
    uint32_t ttl_s;
    int nr_a, nr_aaaa;
    const char *a, *aaaa;
};

static struct script script;
static struct names *names;
static struct pollfd watched[FDS_MAX];
static int server;
static int nr_questions;
static int64_t now_ms;

static bool refuses; /* memory */

static void *take(size_t len)
{
    return refuses ? NULL : malloc(len);
}

static void *take_more(void *old, size_t len)
{
    return refuses ? NULL : realloc(old, len);
}

static void watch(void *ctx, int fd, bool readable, bool writable)
{
    short events = (short)((readable ? POLLIN : 0) | (writable ? POLLOUT : 0));

    (void)ctx;
    assert_in_range(fd, 0, FDS_MAX - 1);
    watched[fd] = (struct pollfd){.fd = events ? fd : -1, .events = events};
}

static size_t add_records(unsigned char *data, int type, int nr,
                          const char *address)
{
    size_t raw_len = type == TYPE_A ? 4 : 16, len = 0;

    for (int i = 0; i < nr; i++) {
        unsigned char head[] = {0xc0, HEAD_BYTES, 0, (unsigned char)type,
                                0,    1,          0, 0,
                                0,    0,          0, (unsigned char)raw_len};
        uint32_t ttl_s = htonl(script.ttl_s);

        memcpy(head + 6, &ttl_s, sizeof(ttl_s));
        memcpy(data + len, head, sizeof(head));
        len += sizeof(head);
        assert_int_equal(
            inet_pton(type == TYPE_A ? AF_INET : AF_INET6, address, data + len),
            1);
        len += raw_len;
        data[len - 1] = (unsigned char)(data[len - 1] + i);
    }
    return len;
}

static void serve(void)
{
    unsigned char data[4096];
    struct sockaddr_in peer;
    socklen_t peer_len = sizeof(peer);
    ssize_t got = recvfrom(server, data, 512, MSG_DONTWAIT,
                           (struct sockaddr *)&peer, &peer_len);
    size_t len = (size_t)got;
    int type, nr;

    if (got <= HEAD_BYTES)
        return;
    nr_questions++;
    if (script.is_silent)
        return;
    type = data[len - 3];
    nr = script.code ? 0 : type == TYPE_A ? script.nr_a : script.nr_aaaa;
    data[2] = 0x81;
    data[3] = (unsigned char)(0x80 | script.code);
    data[7] = (unsigned char)nr;
    len += add_records(data + len, type, nr,
                       type == TYPE_A ? script.a : script.aaaa);
    sendto(server, data, len, 0, (struct sockaddr *)&peer, peer_len);
}

static void turn(void)
{
    serve();
    assert_true(poll(watched, FDS_MAX, 0) >= 0);
    for (int fd = 0; fd < FDS_MAX; fd++)
        if (watched[fd].fd >= 0 && watched[fd].revents)
            names_socket(names, fd, watched[fd].revents & POLLIN,
                         watched[fd].revents & POLLOUT, now_ms);
    names_tick(names, now_ms);
}

static enum name_state ask(struct names_waiter *waiter, const char *host)
{
    return names_wait(names, waiter, (struct bytes){host, strlen(host)},
                      now_ms);
}

/* Asks, and waits for the answer. */
static enum name_state find(struct names_waiter *waiter, const char *host)
{
    enum name_state state = ask(waiter, host);
    struct names_waiter *ready = NULL;

    if (state != NAME_ASKED)
        return state;
    for (int i = 0; i < ROUNDS_MAX && !ready; i++) {
        turn();
        ready = names_next_ready(names);
        if (!ready)
            usleep(100);
    }
    assert_ptr_equal(ready, waiter);
    return name_state(waiter->name);
}

static int set_up(void **state)
{
    struct sockaddr_in own = {.sin_family = AF_INET,
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(own);
    char text[32];
    struct names_options options = {.servers = text,
                                    .take = take,
                                    .take_more = take_more,
                                    .timeout_ms = 50,
                                    .watch = watch};

    (void)state;
    for (int fd = 0; fd < FDS_MAX; fd++)
        watched[fd].fd = -1;
    server = socket(AF_INET, SOCK_DGRAM, 0);
    if (bind(server, (struct sockaddr *)&own, sizeof(own)) ||
        getsockname(server, (struct sockaddr *)&own, &len))
        return -1;
    snprintf(text, sizeof(text), "127.0.0.1:%d", ntohs(own.sin_port));
    script = (struct script){
        .ttl_s = 60, .nr_a = 1, .a = "192.0.2.1", .aaaa = "2001:db8::1"};
    nr_questions = 0;
    now_ms = START_MS;
    return names_open(&names, &options);
}

static int tear_down(void **state)
{
    (void)state;
    names_close(names);
    return close(server);
}

static void names_have_the_addresses_of_both_families(void **state)
{
    struct names_waiter waiter = {.name = NULL};
    const char *text;

    (void)state;
    script.nr_a = script.nr_aaaa = 2;
    assert_int_equal(find(&waiter, "a.test"), NAME_FOUND);
    text = name_addresses(waiter.name);
    assert_non_null(strstr(text, "192.0.2.1,192.0.2.2"));
    assert_non_null(strstr(text, "[2001:db8::1],[2001:db8::2]"));
    assert_int_equal(strlen(text), 19 + 1 + 27);
}

static void names_keep_some_addresses_of_each_family(void **state)
{
    struct names_waiter waiter = {.name = NULL};
    int nr = 1;

    (void)state;
    script.nr_a = 20;
    script.nr_aaaa = 12;
    assert_int_equal(find(&waiter, "many.test"), NAME_FOUND);
    for (const char *at = name_addresses(waiter.name); *at; at++)
        nr += *at == ',';
    assert_int_equal(nr, 2 * NAMES_ADDRESSES_MAX);
}

static void names_are_asked_again_when_their_time_is_up(void **state)
{
    static const struct {
        uint32_t ttl_s;
        int64_t lives_ms;
    } rows[] = {{60, 60000},
                {0, NAMES_TTL_MS_MIN},
                {1000000, NAMES_TTL_MS_MAX},
                {0x7fffffff, NAMES_TTL_MS_MAX}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct names_waiter waiter = {.name = NULL};
        char host[16];

        snprintf(host, sizeof(host), "n%zu.test", i);
        script.ttl_s = rows[i].ttl_s;
        script.a = "192.0.2.1";
        assert_int_equal(find(&waiter, host), NAME_FOUND);
        assert_null(names_next_ready(names));
        script.a = "127.0.0.1";
        now_ms += rows[i].lives_ms - 1;
        assert_int_equal(ask(&waiter, host), NAME_FOUND);
        assert_string_equal(name_addresses(waiter.name), "192.0.2.1");
        now_ms += 1;
        assert_int_equal(find(&waiter, host), NAME_FOUND);
        assert_string_equal(name_addresses(waiter.name), "127.0.0.1");
        assert_null(names_next_ready(names));
    }
}

static void names_tell_apart_why_there_is_no_address(void **state)
{
    static const struct {
        const char *host;
        int code;
        bool is_silent;
        enum name_state state;
    } rows[] = {
        {"gone.test", 3, false, NAME_MISSING},
        {"empty.test", 0, false, NAME_EMPTY},
        {"broken.test", 2, false, NAME_UNSURE},
        {"refused.test", 5, false, NAME_UNSURE},
        {"lost.test", 0, true, NAME_LATE},
        {"two..dots", 0, false, NAME_BAD},
    };

    (void)state;
    script.nr_a = 0;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct names_waiter waiter = {.name = NULL};

        script.code = rows[i].code;
        script.is_silent = rows[i].is_silent;
        if (find(&waiter, rows[i].host) != rows[i].state)
            fail_msg("%s: %d", rows[i].host, (int)name_state(waiter.name));
        assert_null(names_next_ready(names));
    }
    assert_int_equal(names_nr_asked(names), 0);
}

static void names_without_memory_are_our_own_failure(void **state)
{
    struct names_waiter waiter = {.name = NULL};
    enum name_state found;

    (void)state;
    refuses = true;
    found = find(&waiter, "a.test");
    refuses = false;
    assert_int_equal(found, NAME_FAILED);
    assert_null(names_next_ready(names));
    assert_int_equal(find(&waiter, "a.test"), NAME_FOUND);
}

static void names_that_were_not_found_are_asked_anew(void **state)
{
    struct names_waiter waiter = {.name = NULL};

    (void)state;
    script.code = 3;
    assert_int_equal(find(&waiter, "late.test"), NAME_MISSING);
    assert_null(names_next_ready(names));
    script.code = 0;
    assert_int_equal(find(&waiter, "late.test"), NAME_FOUND);
}

static void names_are_asked_once_for_all_who_wait(void **state)
{
    struct names_waiter a = {.name = NULL}, b = a, c = a;

    (void)state;
    assert_int_equal(ask(&a, "one.test"), NAME_ASKED);
    assert_int_equal(ask(&b, "one.test"), NAME_ASKED);
    assert_int_equal(names_nr_asked(names), 1);
    names_withdraw(&a);
    names_withdraw(&a); /* of no account */
    assert_int_equal(ask(&c, "one.test"), NAME_ASKED);
    for (int i = 0; i < ROUNDS_MAX && names_nr_asked(names) > 0; i++)
        turn();
    assert_ptr_equal(names_next_ready(names), &b);
    assert_string_equal(name_addresses(b.name), "192.0.2.1");
    assert_ptr_equal(names_next_ready(names), &c);
    assert_null(names_next_ready(names));
    assert_int_equal(nr_questions, 2);
}

static void names_keep_so_many_and_forget_the_oldest(void **state)
{
    struct names_waiter waiter = {.name = NULL};
    char host[32];

    (void)state;
    for (int i = 0; i <= NAMES_KEPT_MAX; i++) {
        snprintf(host, sizeof(host), "n%d.test", i);
        assert_int_equal(find(&waiter, host), NAME_FOUND);
        assert_null(names_next_ready(names));
        assert_int_equal(ask(&waiter, "n0.test"), NAME_FOUND);
    }
    assert_int_equal(ask(&waiter, "n0.test"), NAME_FOUND);
    assert_int_equal(ask(&waiter, "n2.test"), NAME_FOUND);
    assert_int_equal(find(&waiter, "n1.test"), NAME_FOUND);
    assert_int_equal(nr_questions, 2 * (NAMES_KEPT_MAX + 2));
}

static void names_are_told_for_each_port_while_somebody_uses_them(void **state)
{
    struct names_waiter a = {.name = NULL}, b = a, c = a;
    uint16_t ports[NAMES_PORTS_MAX];
    const char *host = NULL;

    (void)state;
    assert_int_equal(find(&a, "a.test"), NAME_FOUND);
    assert_null(names_next_ready(names));
    assert_int_equal(ask(&b, "a.test"), NAME_FOUND);
    assert_int_equal(ask(&c, "a.test"), NAME_FOUND);
    assert_true(names_use(&a, 80));
    assert_false(names_use(&b, 80));
    assert_true(names_use(&c, 443));
    assert_int_equal(names_release(&a, ports, &host), 0);
    assert_int_equal(names_release(&a, ports, &host), 0);
    assert_int_equal(names_release(&b, ports, &host), 0);
    now_ms += NAMES_TTL_MS_MAX; /* its time is up, although it is in use */
    assert_int_equal(find(&a, "a.test"), NAME_FOUND);
    assert_true(names_use(&a, 80));
    assert_int_equal(names_release(&c, ports, &host), 0);
    assert_int_equal(names_release(&a, ports, &host), 0);
}

static void names_out_of_use_are_forgotten_in_their_order(void **state)
{
    struct names_waiter waiter = {.name = NULL};
    uint16_t ports[NAMES_PORTS_MAX];
    const char *host = NULL;
    char name[32];

    (void)state;
    for (int i = 0; i <= NAMES_TOLD_MAX; i++) {
        snprintf(name, sizeof(name), "n%d.test", i);
        assert_int_equal(find(&waiter, name), NAME_FOUND);
        assert_true(names_use(&waiter, 80));
        assert_int_equal(names_release(&waiter, ports, &host),
                         i == NAMES_TOLD_MAX);
        assert_null(names_next_ready(names));
    }
    assert_string_equal(host, "n0.test");
    assert_int_equal(ports[0], 80);
    assert_int_equal(ask(&waiter, "n1.test"), NAME_FOUND);
    assert_false(names_use(&waiter, 80)); /* it is known still */
    assert_int_equal(names_release(&waiter, ports, &host), 0);
    assert_int_equal(ask(&waiter, "n0.test"), NAME_FOUND);
    assert_true(names_use(&waiter, 80));
    assert_int_equal(names_release(&waiter, ports, &host), 1);
    assert_string_equal(host, "n2.test");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(names_have_the_addresses_of_both_families),
        TEST(names_keep_some_addresses_of_each_family),
        TEST(names_are_asked_again_when_their_time_is_up),
        TEST(names_tell_apart_why_there_is_no_address),
        TEST(names_without_memory_are_our_own_failure),
        TEST(names_that_were_not_found_are_asked_anew),
        TEST(names_are_asked_once_for_all_who_wait),
        TEST(names_keep_so_many_and_forget_the_oldest),
        TEST(names_out_of_use_are_forgotten_in_their_order),
        TEST(names_are_told_for_each_port_while_somebody_uses_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
