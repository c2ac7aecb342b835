/* What is read of resolv.conf(5) and nsswitch.conf(5), and of --dns-servers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "crawler/names/resolver_files.h"

static struct bytes text_of(const char *text)
{
    return (struct bytes){text, strlen(text)};
}

static void resolver_waits_as_resolv_conf_says(void **state)
{
    static const struct {
        const char *text;
        int wait_ms, nr_tries;
    } rows[] = {
        {"", 2000, 3},
        {"nameserver 192.0.2.1\noptions timeout:1 attempts:4\n", 1000, 4},
        {"options\ttimeout:9\noptions attempts:1", 9000, 1},
        {"options rotate timeout:99999999999 attempts:77\n", 30000, 5},
        {"options timeout:0 attempts:0 timeout: timeout:x\n", 2000, 3},
        {"# options timeout:1\n;options attempts:1\n", 2000, 3},
        {"search options timeout:1\n", 2000, 3},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct resolver_patience patience = {2000, 3};

        resolver_read_patience(&patience, text_of(rows[i].text));
        if (patience.wait_ms != rows[i].wait_ms ||
            patience.nr_tries != rows[i].nr_tries)
            fail_msg("%s: %d, %d", rows[i].text, patience.wait_ms,
                     patience.nr_tries);
    }
}

static void resolver_names_the_sources_that_it_does_not_ask(void **state)
{
    static const struct {
        const char *text, *unasked;
    } rows[] = {
        {"hosts: files dns\n", ""},
        {"passwd: files nis\nhosts:\tfiles mdns4_minimal [NOTFOUND=return] dns",
         "mdns4_minimal"},
        {"hosts: files nis dns # mdns\n", "nis"},
        {"#hosts: nis\nhosts : resolve [!UNAVAIL=return] files myhostname dns",
         "resolve myhostname"},
        {"networks: nis", ""},
        {"hosts:", ""},
        {"", ""},
    };
    char out[64], short_out[8];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        resolver_unasked(text_of(rows[i].text), out, sizeof(out));
        assert_string_equal(out, rows[i].unasked);
    }
    resolver_unasked(text_of("hosts: nis mdns4_minimal"), short_out,
                     sizeof(short_out));
    assert_string_equal(short_out, "nis mdn");
}

static void resolver_takes_lists_of_addresses_alone(void **state)
{
    static const char *const good[] = {
        "192.0.2.1",        "192.0.2.1:53",         "192.0.2.1,192.0.2.2:5353",
        "[2001:db8::1]:53", "[2001:db8::1]",        "2001:db8::1",
        "::1,127.0.0.1",    "2001:db8::1,[::1]:53",
    };
    static const char *const bad[] = {
        "",
        ",",
        "192.0.2.1,",
        ",192.0.2.1",
        "dns.test",
        "192.0.2",
        "192.0.2.1:",
        "192.0.2.1:0",
        "192.0.2.1:x",
        "192.0.2.1:65536",
        "[192.0.2.1]",
        "[::1",
        "[::1]x",
        "::g",
        "192.0.2.1 192.0.2.2",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
        if (!resolver_servers_are_valid(text_of(good[i])))
            fail_msg("%s", good[i]);
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        if (resolver_servers_are_valid(text_of(bad[i])))
            fail_msg("%s", bad[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resolver_waits_as_resolv_conf_says),
        cmocka_unit_test(resolver_names_the_sources_that_it_does_not_ask),
        cmocka_unit_test(resolver_takes_lists_of_addresses_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
