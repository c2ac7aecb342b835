/* Which names belong to the user's own network. */
#include "crawler/scope/local_names.h"

#include <string.h>

#include "tests/support/cmocka_all.h"

#define TEXT(text) ((struct bytes){text, sizeof(text) - 1})

static bool has(const struct local_names *names, const char *host)
{
    return local_names_has(names, (struct bytes){host, strlen(host)});
}

static void
local_names_are_addresses_localhost_and_words_without_a_dot(void **state)
{
    static const struct {
        const char *host;
        bool is_own;
    } rows[] = {
        {"10.0.0.5", true},
        {"93.184.216.34", true},
        {"[fd00::1]", true},
        {"localhost", true},
        {"a.localhost", true},
        {"wiki", true},
        {"wiki.", true},
        {"wiki.corp.test", false},
        {"example.com", false},
        {"10.0.0.5.nip.io", false},
        {"localhost.com", false},
        {"", false},
        {".", false},
    };

    (void)state;
    for (size_t i = 0; i < NR(rows); i++)
        if (has(NULL, rows[i].host) != rows[i].is_own)
            fail_msg("'%s'", rows[i].host);
}

static void local_names_come_from_hosts_search_domains_and_resolve(void **state)
{
    static const char hosts[] = "127.0.0.1 localhost\n"
                                "# 10.0.0.1 comment.test\n"
                                "10.0.0.2\tWiki.Corp.test\twiki.test # x.test\n"
                                "10.0.0.3\r\n"
                                "10.0.0.4 last.test.";
    static const char resolver[] = "domain old.test\n"
                                   "nameserver 10.0.0.1\n"
                                   "search corp.example .lab.example\n"
                                   "options ndots:2\n";
    static const struct {
        const char *host;
        bool is_own;
    } rows[] = {
        {"wiki.corp.test", true},   {"WIKI.test", true},
        {"last.test", true},        {"comment.test", false},
        {"x.test", false},          {"a.b.corp.example", true},
        {"corp.example", true},     {"xcorp.example", false},
        {"a.lab.example", true},    {"a.old.test", false},
        {"own.example.org", true},  {"gone.example.org", false},
        {"plus.example.org", true}, {"example.org", false},
    };
    struct local_names *names = local_names_new();

    (void)state;
    local_names_add_hosts(names, TEXT(hosts));
    local_names_add_search(names, TEXT(resolver));
    local_names_add_resolve(names, "own.example.org:443:10.0.0.9");
    local_names_add_resolve(names, "+plus.example.org:80:10.0.0.9");
    local_names_add_resolve(names, "-gone.example.org:80");
    local_names_sort(names);
    for (size_t i = 0; i < NR(rows); i++)
        if (has(names, rows[i].host) != rows[i].is_own)
            fail_msg("%s", rows[i].host);
    local_names_free(names);
}

static void local_names_of_any_text_are_bounded(void **state)
{
    static const char odd[] = "\n\n \t#\n1 \0 a\nsearch\nsearch .\n;x";
    struct local_names *names = local_names_new();

    (void)state;
    local_names_add_hosts(names, TEXT(odd));
    local_names_add_search(names, TEXT(odd));
    local_names_add_hosts(names, (struct bytes){NULL, 0});
    for (int i = 0; i < LOCAL_NAMES_MAX + 10; i++)
        local_names_add_hosts(names, TEXT("1 n.test"));
    local_names_add_hosts(names, TEXT("1 late.test"));
    local_names_sort(names);
    assert_true(has(names, "n.test"));
    assert_false(has(names, "late.test"));
    local_names_free(names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            local_names_are_addresses_localhost_and_words_without_a_dot),
        cmocka_unit_test(
            local_names_come_from_hosts_search_domains_and_resolve),
        cmocka_unit_test(local_names_of_any_text_are_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
