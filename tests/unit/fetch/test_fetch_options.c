#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crawler/fetch/auth.h"
#include "crawler/fetch/fetch_internal.h"
#include "tests/support/cmocka_all.h"

static enum err check(const struct fetch_options *options)
{
    char message[300] = "";
    enum err err = fetch_options_check(options, message, sizeof(message));

    assert_true((err == CERR_OK) == (message[0] == '\0'));
    return err;
}

static void options_refuse_headers_that_would_break_out(void **state)
{
    static const struct {
        const char *header;
        bool is_fine;
    } cases[] = {
        {"X-Name: value", true},
        {"X-Name:value\tmore", true},
        {"Accept-Encoding: gzip", true},
        {"X-Name", false},
        {": value", false},
        {"X Name: value", false},
        {"X: a\r\nY: b", false},
        {"X: a\nb", false},
    };

    (void)state;
    for (size_t i = 0; i < NR(cases); i++) {
        struct fetch_options options = {.headers = &cases[i].header,
                                        .nr_headers = 1};

        if ((check(&options) == CERR_OK) != cases[i].is_fine)
            fail_msg("wrong about \"%s\"", cases[i].header);
    }
}

static void options_refuse_resolve_entries_that_are_none(void **state)
{
    static const struct {
        const char *entry;
        bool is_fine;
    } cases[] = {
        {"example.org:80:127.0.0.1", true},
        {"a:443:[::1]", true},
        {"a:443:::1", true},
        {"a:80", false},
        {"a:0:127.0.0.1", false},
        {"a:65536:127.0.0.1", false},
        {"a::127.0.0.1", false},
        {":80:127.0.0.1", false},
        {"a:80:b", false},
        {"a:99999999999999999999:1.2.3.4", false},
    };

    (void)state;
    for (size_t i = 0; i < NR(cases); i++) {
        struct fetch_options options = {.resolve = &cases[i].entry,
                                        .nr_resolve = 1};

        if ((check(&options) == CERR_OK) != cases[i].is_fine)
            fail_msg("wrong about \"%s\"", cases[i].entry);
    }
}

static void options_refuse_what_excludes_itself_or_is_missing(void **state)
{
    static const char *const range = "10.0.0.0/99";
    struct fetch_options none = {0};
    struct fetch_options both = {.ipv4_only = true, .ipv6_only = true};
    struct fetch_options no_ca = {.ca_file = "/does/not/exist"};
    struct fetch_options no_auth = {.auth_file = "/does/not/exist"};
    struct fetch_options no_range = {.allow_private = &range,
                                     .nr_allow_private = 1};

    (void)state;
    assert_int_equal(check(&none), CERR_OK);
    assert_int_equal(check(&both), CERR_INVALID);
    assert_int_equal(check(&no_ca), CERR_NOT_FOUND);
    assert_int_equal(check(&no_auth), CERR_NOT_FOUND);
    assert_int_equal(check(&no_range), CERR_INVALID);
}

static void options_have_defaults_and_a_ceiling(void **state)
{
    struct fetch_options in = {.max_head_bytes = 1 << 30,
                               .total_timeout_ms = 5};
    struct fetch_options out;

    (void)state;
    fetch_options_fill(&out, &in);
    assert_int_equal(out.max_head_bytes, 300000);
    assert_int_equal(out.total_timeout_ms, 5);
    assert_int_equal(out.max_transfers, 128);
    assert_int_equal(out.max_robots_bytes, 512000);
    assert_int_equal(out.max_ratio, 200);
    assert_int_equal(out.stall_bytes_per_s, 1);
    assert_non_null(out.user_agent);
}

static enum err load(struct auth **auth, const char *text, size_t *bad_line)
{
    char path[] = "/tmp/auth-XXXXXX";
    int fd = mkstemp(path);
    enum err err;

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    err = auth_load(auth, path, bad_line);
    unlink(path);
    return err;
}

static void auth_gives_each_host_its_own(void **state)
{
    struct auth *auth = NULL;

    (void)state;
    assert_int_equal(load(&auth,
                          "# credentials\n\nexample.org user:pass\r\n"
                          "  api.example.org\tBearer  abc.def \n"
                          "a.example f:fo\nb.example Basic :\n",
                          NULL),
                     CERR_OK);
    assert_string_equal(auth_header(auth, "example.org", 11),
                        "Authorization: Basic dXNlcjpwYXNz");
    assert_string_equal(auth_header(auth, "api.example.org", 15),
                        "Authorization: Bearer abc.def");
    assert_string_equal(auth_header(auth, "a.example", 9),
                        "Authorization: Basic Zjpmbw==");
    assert_string_equal(auth_header(auth, "b.example", 9),
                        "Authorization: Basic Og==");
    assert_null(auth_header(auth, "www.example.org", 15));
    assert_null(auth_header(auth, "example.or", 10));
    assert_null(auth_header(NULL, "example.org", 11));
    auth_free(auth);
}

static void auth_names_the_line_that_is_wrong(void **state)
{
    static const char *const bad[] = {
        "a u:p\nb\n", "a u:p\nb nocolon\n", "a u:p\nb basic x\n",
        "a u:p\nb bearer x y\n", "a u:p\nb u:\x01p\n"};

    (void)state;
    for (size_t i = 0; i < NR(bad); i++) {
        struct auth *auth = NULL;
        size_t line = 0;

        assert_int_equal(load(&auth, bad[i], &line), CERR_INVALID);
        assert_int_equal(line, 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_refuse_headers_that_would_break_out),
        cmocka_unit_test(options_refuse_resolve_entries_that_are_none),
        cmocka_unit_test(options_refuse_what_excludes_itself_or_is_missing),
        cmocka_unit_test(options_have_defaults_and_a_ceiling),
        cmocka_unit_test(auth_gives_each_host_its_own),
        cmocka_unit_test(auth_names_the_line_that_is_wrong),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
