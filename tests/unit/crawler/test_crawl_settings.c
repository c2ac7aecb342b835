/* What an option of the user comes to in the parts that obey it. */
#include "crawler/crawl_settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/cmocka_all.h"

struct fixture {
    struct config config;
    struct crawl_settings settings;
};

#define READ(fixture, ...)                                                     \
    read_args((fixture), (char *[]){__VA_ARGS__},                              \
              (int)NR(((char *[]){__VA_ARGS__})))

static void read_args(struct fixture *fixture, char **args, int nr)
{
    char message[CONFIG_MESSAGE_BYTES];

    crawl_settings_release(&fixture->settings);
    config_release(&fixture->config);
    assert_int_equal(config_read(&fixture->config, nr, args, message), CERR_OK);
    crawl_settings_init(&fixture->settings, &fixture->config);
}

static int setup(void **state)
{
    setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
    *state = calloc(1, sizeof(struct fixture));
    return *state ? 0 : -1;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    crawl_settings_release(&fixture->settings);
    config_release(&fixture->config);
    free(fixture);
    return 0;
}

static void crawl_settings_have_the_value_of_each_word(void **state)
{
    static const struct {
        char *word;
        enum scope_kind scope;
    } scopes[] = {
        {"host", SCOPE_HOST},
        {"domain", SCOPE_DOMAIN},
        {"prefix", SCOPE_PREFIX},
        {"any", SCOPE_ANY},
    };
    static const struct {
        char *word;
        enum fetch_sandbox sandbox;
    } sandboxes[] = {
        {"auto", FETCH_SANDBOX_AUTO},
        {"require", FETCH_SANDBOX_REQUIRE},
        {"off", FETCH_SANDBOX_OFF},
    };
    struct fixture *fixture = *state;
    const struct crawl_settings *settings = &fixture->settings;

    for (size_t i = 0; i < NR(scopes); i++) {
        READ(fixture, "--scope", scopes[i].word);
        assert_int_equal(settings->frontier.scope.scope, scopes[i].scope);
    }
    for (size_t i = 0; i < NR(sandboxes); i++) {
        READ(fixture, "--sandbox", sandboxes[i].word);
        assert_int_equal(settings->fetch.sandbox, sandboxes[i].sandbox);
    }
    READ(fixture, "--robots", "obey");
    assert_false(settings->frontier.any_host.ignore_robots);
    READ(fixture, "--robots", "ignore");
    assert_true(settings->frontier.any_host.ignore_robots);
    READ(fixture, "--store", "hash");
    assert_false(settings->frontier.wants.body);
    READ(fixture, "--store", "body");
    assert_true(settings->frontier.wants.body);
}

static void crawl_settings_ask_for_as_much_as_extract_names(void **state)
{
    static const struct {
        char *word;
        bool links, head;
    } rows[] = {
        {"meta", false, true},
        {"links", true, true},
        {"none", false, false},
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < NR(rows); i++) {
        READ(fixture, "--extract", rows[i].word);
        assert_int_equal(fixture->settings.frontier.wants.links, rows[i].links);
        assert_int_equal(fixture->settings.frontier.wants.head_scan,
                         rows[i].head);
    }
}

static void crawl_settings_store_links_with_depth_unless_told(void **state)
{
    struct fixture *fixture = *state;

    READ(fixture, "--depth", "0");
    assert_false(fixture->settings.frontier.wants.links);
    READ(fixture, "--depth", "1");
    assert_true(fixture->settings.frontier.wants.links);
    READ(fixture, "--depth", "1", "--extract", "meta");
    assert_false(fixture->settings.frontier.wants.links);
}

static void crawl_settings_know_us_by_the_first_word_of_the_agent(void **state)
{
    static const struct {
        char *agent, *token;
    } rows[] = {
        {"acme-bot/1.0", "acme-bot"},
        {"acme (+https://acme.test/)", "acme"},
        {"acme(x)", "acme"},
        {"/1.0", "crawl"},
        {"a-name-that-is-longer-than-the-sixty-three-characters-that-fit-here",
         "crawl"},
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < NR(rows); i++) {
        READ(fixture, "--user-agent", rows[i].agent);
        assert_string_equal(fixture->settings.fetch.user_agent, rows[i].agent);
        assert_string_equal(fixture->settings.frontier.product_token,
                            rows[i].token);
    }
    READ(fixture, "urls.txt");
    assert_string_equal(fixture->settings.fetch.user_agent, CRAWL_USER_AGENT);
    assert_string_equal(fixture->settings.frontier.product_token, "crawl");
}

/* No worker idles, and all transfers have a place. */
static void crawl_settings_share_the_transfers_among_the_workers(void **state)
{
    struct fixture *fixture = *state;

    READ(fixture, "--workers", "8", "--concurrency", "3");
    assert_int_equal(crawl_nr_workers(&fixture->config), 3);
    READ(fixture, "--workers", "4", "--concurrency", "64");
    assert_int_equal(crawl_nr_workers(&fixture->config), 4);
    assert_in_range(fixture->settings.fetch.max_transfers, 64 / 4, 64);
    READ(fixture, "urls.txt");
    assert_in_range(crawl_nr_workers(&fixture->config), 1, 256);
}

static void crawl_settings_number_the_headers_of_hosts(void **state)
{
    static const char text[] = "[host example.com]\n"
                               "header = X-A: 1\n"
                               "header = X-B: 2\n"
                               "[host *.example.com]\n"
                               "retries = 7\n";
    struct fixture *fixture = *state;
    const struct crawl_settings *settings = &fixture->settings;
    char path[] = "/tmp/crawl-settings-XXXXXX";
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    READ(fixture, "--config", path);
    unlink(path);
    assert_int_equal(settings->frontier.nr_hosts, 2);
    assert_string_equal(settings->frontier.hosts[0].pattern, "*.example.com");
    assert_int_equal(settings->frontier.hosts[0].retries, 7);
    assert_int_equal(settings->fetch.nr_header_sets, 2);
    assert_int_equal(settings->fetch.header_sets[0].nr_items, 0);
    assert_int_equal(settings->fetch.header_sets[1].nr_items, 2);
    assert_string_equal(settings->fetch.header_sets[1].items[1], "X-B: 2");
}

static void crawl_settings_write_to_the_first_output(void **state)
{
    struct fixture *fixture = *state;

    READ(fixture, "urls.txt");
    assert_string_equal(crawl_main_output(&fixture->config), "crawl.db");
    READ(fixture, "urls.txt", "-o", "a.csv", "-o", "b.db");
    assert_string_equal(crawl_main_output(&fixture->config), "a.csv");
}

#define TEST(function)                                                         \
    cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(crawl_settings_have_the_value_of_each_word),
        TEST(crawl_settings_ask_for_as_much_as_extract_names),
        TEST(crawl_settings_store_links_with_depth_unless_told),
        TEST(crawl_settings_know_us_by_the_first_word_of_the_agent),
        TEST(crawl_settings_share_the_transfers_among_the_workers),
        TEST(crawl_settings_number_the_headers_of_hosts),
        TEST(crawl_settings_write_to_the_first_output),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
