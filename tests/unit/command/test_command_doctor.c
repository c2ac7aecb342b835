/* crawl doctor: what it looks at. What it finds depends on the machine. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/command_fixture.h"

static void command_doctor_looks_at_every_part(void **state)
{
    static const char *const parts[] = {
        "program",     "library", "cores",   "memory",        "open files",
        "user",        "kernel",  "pidfd",   "sealed memory", "landlock",
        "this folder", "seccomp", "sandbox", "hardening",     "certificates",
        "resolver",    "proxy",
    };
    struct command_fixture *fix = *state;

    CRAWL(fix, "doctor", "--csv");
    for (size_t i = 0; i < NR(parts); i++) {
        char row[40];

        snprintf(row, sizeof(row), "\n%s,", parts[i]);
        assert_command(fix, 0, row, NULL);
    }
    assert_command(fix, 0, "what,health,found,note\r\n", NULL);
    assert_command(fix, 0, "program,ok,crawl " CRAWL_VERSION ",", NULL);
}

static void command_doctor_notices_a_proxy_of_the_environment(void **state)
{
    struct command_fixture *fix = *state;

    setenv("https_proxy", "http://127.0.0.1:9", 1);
    CRAWL(fix, "doctor", "--plain");
    unsetenv("https_proxy");
    assert_command(fix, 0, "proxy\tweak\tthe environment names one\t", NULL);
}

static void command_doctor_prints_one_form(void **state)
{
    struct command_fixture *fix = *state;

    CRAWL(fix, "doctor", "--csv", "--json");
    assert_command(fix, 2, NULL, "exclude each other");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        command_test(command_doctor_looks_at_every_part),
        command_test(command_doctor_notices_a_proxy_of_the_environment),
        command_test(command_doctor_prints_one_form),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
