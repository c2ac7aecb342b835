#include "crawler/cli/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crawler/cli/options.h"
#include "crawler/cli/progress.h"
#include "crawler/fetch/fetch_worker.h"
#include "crawler/scope/scope.h"
#include "tests/support/cmocka_all.h"

#define ARGS(...) ((char *[]){__VA_ARGS__}), NR(((char *[]){__VA_ARGS__}))

struct fixture {
    struct config config;
    char message[CONFIG_MESSAGE_BYTES];
    char file[64];
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    int fd;

    setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
    strcpy(fixture->file, "/tmp/crawl-config-XXXXXX");
    fd = mkstemp(fixture->file);
    assert_true(fd >= 0);
    close(fd);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    config_release(&fixture->config);
    unlink(fixture->file);
    free(fixture);
    return 0;
}

static enum err read_args(struct fixture *fixture, char *const *args, size_t nr)
{
    config_release(&fixture->config);
    fixture->message[0] = '\0';
    return config_read(&fixture->config, (int)nr, args, fixture->message);
}

static void write_file(struct fixture *fixture, const char *text)
{
    FILE *out = fopen(fixture->file, "w");

    assert_non_null(out);
    fputs(text, out);
    fclose(out);
}

/* What config_print() writes, in memory that the caller frees. */
static char *printed(const struct config *config)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    config_print(config, out);
    fclose(out);
    return text;
}

static void config_has_the_documented_defaults(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(read_args(fixture, ARGS("urls.txt")), CERR_OK);
    assert_int_equal(fixture->config.concurrency, 256);
    assert_int_equal(fixture->config.per_host, 6);
    assert_int_equal(fixture->config.max_redirects, 10);
    assert_int_equal(fixture->config.max_time_ms, 30000);
    assert_int_equal(fixture->config.robots, CONFIG_ROBOTS_OBEY);
    assert_int_equal(fixture->config.inputs.nr_items, 1);
    assert_string_equal(fixture->config.inputs.items[0], "urls.txt");
    assert_int_equal(fixture->config.outputs.nr_items, 0);
}

static void config_reads_every_way_of_writing_a_flag(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(
        read_args(fixture, ARGS("-qj", "32", "--delay=250ms", "-oone.db", "-o",
                                "two.txt", "--max-size", "1M", "-vv", "--",
                                "-odd-name")),
        CERR_OK);
    assert_true(fixture->config.quiet);
    assert_int_equal(fixture->config.concurrency, 32);
    assert_int_equal(fixture->config.delay_ms, 250);
    assert_int_equal(fixture->config.max_size_bytes, 1 << 20);
    assert_int_equal(fixture->config.verbose, 2);
    assert_int_equal(fixture->config.outputs.nr_items, 2);
    assert_string_equal(fixture->config.outputs.items[0], "one.db");
    assert_string_equal(fixture->config.inputs.items[0], "-odd-name");
}

static void config_refuses_and_says_what_would_be_right(void **state)
{
    static const struct {
        const char *flag, *value, *word;
    } rows[] = {
        {"--retr", "1", "did you mean --retries"},
        {"--nosuch", "1", "--help"},
        {"--per-host", "0", "from 1"},
        {"--per-host", "six", "'six'"},
        {"--delay", "-1s", "500ms"},
        {"--max-size", "big", "64k"},
        {"--scope", "world", "host|domain|prefix|any"},
        {"--max-redirects", "21", "to 20"},
        {"-t", "3", "--retries"},
        {"-Z", "3", "-Z"},
        {"--quiet=perhaps", "x", "yes or no"},
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < NR(rows); i++) {
        enum err err = read_args(
            fixture, ARGS((char *)rows[i].flag, (char *)rows[i].value));

        if (err != CERR_INVALID || !strstr(fixture->message, rows[i].word))
            fail_msg("%s %s: %d '%s'", rows[i].flag, rows[i].value, err,
                     fixture->message);
    }
    assert_int_equal(read_args(fixture, ARGS("--output")), CERR_INVALID);
    assert_non_null(strstr(fixture->message, "needs FILE"));
}

static void config_takes_the_strongest_source(void **state)
{
    struct fixture *fixture = *state;
    char *text;

    write_file(fixture, "[crawl]\nper-host = 2\nretries = 7\n"
                        "delay = 3s\nheader = A: file\n");
    setenv("CRAWL_RETRIES", "8", 1);
    setenv("CRAWL_DELAY", "4s", 1);
    setenv("CRAWL_HEADER", "A: environment", 1);
    assert_int_equal(
        read_args(fixture, ARGS("--config", fixture->file, "--delay", "5s",
                                "-H", "A: one", "-H", "B: two")),
        CERR_OK);
    unsetenv("CRAWL_RETRIES");
    unsetenv("CRAWL_DELAY");
    unsetenv("CRAWL_HEADER");
    assert_int_equal(fixture->config.per_host, 2);
    assert_int_equal(fixture->config.retries, 8);
    assert_int_equal(fixture->config.delay_ms, 5000);
    assert_int_equal(fixture->config.headers.nr_items, 2);
    assert_string_equal(fixture->config.headers.items[0], "A: one");
    text = printed(&fixture->config);
    assert_non_null(strstr(text, "per-host = 2    ; file\n"));
    assert_non_null(strstr(text, "retries = 8    ; environment\n"));
    assert_non_null(strstr(text, "delay = 5000ms    ; flag\n"));
    assert_non_null(strstr(text, "robots = obey    ; default\n"));
    free(text);
}

static void config_refuses_a_file_with_unknown_settings(void **state)
{
    struct fixture *fixture = *state;

    write_file(fixture, "[crawl]\nspeed = 9\n");
    assert_int_equal(read_args(fixture, ARGS("--config", fixture->file)),
                     CERR_INVALID);
    assert_non_null(strstr(fixture->message, "speed"));
    assert_int_equal(read_args(fixture, ARGS("--config", "/no/such/file")),
                     CERR_INVALID);
    assert_non_null(strstr(fixture->message, "/no/such/file"));
    assert_int_equal(read_args(fixture, ARGS("--config", "none")), CERR_OK);
}

static void config_prints_a_file_that_reads_back_the_same(void **state)
{
    struct fixture *fixture = *state;
    char *first, *second;

    assert_int_equal(read_args(fixture, ARGS("a.txt", "-o", "x.db", "--rate",
                                             "2.5", "--max-size", "3M", "-k",
                                             "-A", "probe/1 (+http://x; y)")),
                     CERR_OK);
    first = config_json(&fixture->config);
    second = printed(&fixture->config);
    write_file(fixture, second);
    free(second);
    assert_int_equal(read_args(fixture, ARGS("--config", fixture->file)),
                     CERR_OK);
    second = config_json(&fixture->config);
    assert_string_equal(first, second);
    free(first);
    free(second);
}

static const char hosts_file[] =
    "# for all\n[crawl]\ndelay = 1s\n\n"
    "[host Example.COM]\ndelay = 2s   ; slower\nheader = X-Key: one\n"
    "header = X-More: two; three\n"
    "[host *.example.com]\nper-host = 1\nretries = 0\nrobots = ignore\n"
    "[host ::1]\nmax-retry-after = 2h\n"
    "[host b\xC3\xBC"
    "cher.example]\nmax-crawl-delay = 1m\n"
    "[host example.com]\nretries = 9\n";

static void config_reads_sections_of_hosts(void **state)
{
    struct fixture *fixture = *state;
    const struct host_settings *hosts;

    write_file(fixture, hosts_file);
    assert_int_equal(read_args(fixture, ARGS("--config", fixture->file)),
                     CERR_OK);
    hosts = fixture->config.hosts;
    assert_int_equal(fixture->config.nr_hosts, 4);
    assert_string_equal(hosts[0].pattern, "*.example.com");
    assert_int_equal(hosts[0].per_host, 1);
    assert_int_equal(hosts[0].retries, 0);
    assert_int_equal(hosts[0].ignore_robots, CONFIG_ROBOTS_IGNORE);
    assert_int_equal(hosts[0].delay_ms, -1);
    assert_string_equal(hosts[1].pattern, "[::1]");
    assert_int_equal(hosts[1].max_retry_after_ms, 7200000);
    assert_string_equal(hosts[2].pattern, "example.com");
    assert_int_equal(hosts[2].delay_ms, 2000);
    assert_int_equal(hosts[2].retries, 9);
    assert_int_equal(hosts[2].headers.nr_items, 2);
    assert_string_equal(hosts[2].headers.items[1], "X-More: two; three");
    assert_string_equal(hosts[3].pattern, "xn--bcher-kva.example");
    assert_int_equal(hosts[3].max_crawl_delay_ms, 60000);
    assert_int_equal(fixture->config.delay_ms, 1000);
}

static void config_prints_no_secret(void **state)
{
    struct fixture *fixture = *state;
    char *text;

    assert_int_equal(
        read_args(fixture,
                  ARGS("a.txt", "-H", "Authorization: Bearer abc", "-H",
                       "Accept: text/html", "--proxy", "http://me:abc@p:1/")),
        CERR_OK);
    text = printed(&fixture->config);
    assert_null(strstr(text, "abc"));
    assert_non_null(strstr(text, "\n; header = Authorization    ; flag, its "
                                 "secret is not shown\n"
                                 "header = Accept: text/html    ; flag\n"));
    assert_non_null(strstr(text,
                           "\n; proxy = http://p:1/    ; flag, its secret "
                           "is not shown\n"));
    free(text);
}

/* Takes the lines of headers out that are comments, for their secrets. */
static void drop_hidden(char *text)
{
    char *at;

    while ((at = strstr(text, "\n; header = X-"))) {
        char *end = strchr(at + 1, '\n');

        memmove(at, end, strlen(end) + 1);
    }
}

static void config_prints_sections_of_hosts_that_read_back(void **state)
{
    struct fixture *fixture = *state;
    char *first, *json;

    write_file(fixture, hosts_file);
    assert_int_equal(read_args(fixture, ARGS("--config", fixture->file)),
                     CERR_OK);
    first = printed(&fixture->config);
    assert_non_null(strstr(first, "\n[host example.com]\ndelay = 2000ms    ; "
                                  "file\nretries = 9    ; file\n"));
    json = config_json(&fixture->config);
    assert_non_null(strstr(json, "{\"host\": \"example.com\", \"delay\": 2000, "
                                 "\"retries\": 9, \"header\": [\"X-Key\", "
                                 "\"X-More\"]}"));
    assert_null(strstr(json, "one\""));
    free(json);
    write_file(fixture, first);
    assert_int_equal(read_args(fixture, ARGS("--config", fixture->file)),
                     CERR_OK);
    json = printed(&fixture->config);
    drop_hidden(first);
    assert_string_equal(strstr(first, "\n[host"), strstr(json, "\n[host"));
    free(json);
    free(first);
}

static void config_names_the_line_that_is_wrong(void **state)
{
    static const struct {
        const char *text, *line, *word;
    } rows[] = {
        {"[crawl]\n\ndelay = soon\n", "line 3:", "500ms"},
        {"[crawl]\nnonsense\n", "line 2:", "name = value"},
        {"[crawl\n", "line 1:", "name = value"},
        {"delay = 1s\n", "line 1:", "no setting"},
        {"[host a.test]\ndepth = 1\n", "line 2:", "per-host"},
        {"[host a.test]\n\nper-host = none\n", "line 3:", "'none'"},
        {"[host ]\ndelay = 1s\n", "line 2:", "no host"},
        {"[host a.test:8080]\ndelay = 1s\n", "line 2:", "no host"},
        {"[host http://a.test]\ndelay = 1\n", "line 2:", "no host"},
        {"[host a.*.test]\ndelay = 1s\n", "line 2:", "no host"},
        {"[host *.]\ndelay = 1s\n", "line 2:", "no host"},
        {"[hosts a.test]\ndelay = 1s\n", "line 2:", "no setting"},
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < NR(rows); i++) {
        write_file(fixture, rows[i].text);
        enum err err = read_args(fixture, ARGS("--config", fixture->file));
        if (err != CERR_INVALID || !strstr(fixture->message, rows[i].line) ||
            !strstr(fixture->message, rows[i].word) ||
            !strstr(fixture->message, fixture->file))
            fail_msg("%s: %d '%s'", rows[i].text, err, fixture->message);
    }
}

static void config_reads_long_names_and_values(void **state)
{
    struct fixture *fixture = *state;
    char *text = NULL, value[3000];
    size_t len;
    FILE *out = open_memstream(&text, &len);

    memset(value, 'v', sizeof(value));
    value[sizeof(value) - 1] = '\0';
    fprintf(out, "\xEF\xBB\xBF[crawl]\r\nheader = A: %s\r\n", value);
    fprintf(out, "[host %.60s.%.60s.%.60s.test]\r\nheader = B: %s\r\n", value,
            value, value, value);
    fclose(out);
    write_file(fixture, text);
    free(text);
    assert_int_equal(read_args(fixture, ARGS("--config", fixture->file)),
                     CERR_OK);
    assert_int_equal(strlen(fixture->config.headers.items[0]), 3 + 2999);
    assert_int_equal(strlen(fixture->config.hosts[0].pattern), 3 * 61 + 4);
    assert_int_equal(strlen(fixture->config.hosts[0].headers.items[0]),
                     3 + 2999);
}

static void config_adopts_what_decides_unless_a_flag_has_set_it(void **state)
{
    static const char *const values[][2] = {
        {"depth", "3"},
        {"delay", "1500"},
        {"scope", "any"},
        {"include", "one"},
        {"include", "two"},
        {"exclude", NULL},
        {"user-agent", NULL},
        {"sitemaps", "yes"},
        {"concurrency", "7"},
        {"max-size", "77"},
        {"no-option", "x"},
        {"per-host", "many"},
        {"max-crawl-delay", NULL},
    };
    struct fixture *fixture = *state;
    struct config *config = &fixture->config;
    int64_t concurrency, per_host;

    write_file(fixture, "[crawl]\nexclude = three\nuser-agent = me/1\n");
    assert_int_equal(
        read_args(fixture, ARGS("--config", fixture->file, "--depth", "1")),
        CERR_OK);
    concurrency = config->concurrency;
    per_host = config->per_host;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
        config_adopt(config, values[i][0], values[i][1]);
    assert_int_equal(config->depth, 1); /* as the flag has it */
    assert_int_equal(config->delay_ms, 1500);
    assert_true(config->sitemaps);
    assert_int_equal(config->include.nr_items, 2);
    assert_string_equal(config->include.items[1], "two");
    assert_int_equal(config->exclude.nr_items, 0);
    assert_null(config->user_agent);
    assert_int_equal(config->concurrency, concurrency); /* decides nothing */
    assert_int_equal(config->per_host, per_host);       /* no number */
}

static void config_json_keeps_no_header_value_and_no_password(void **state)
{
    struct fixture *fixture = *state;
    char *json;

    assert_int_equal(
        read_args(fixture, ARGS("-H", "Authorization: secret", "--proxy",
                                "http://me:pass@127.0.0.1:3128")),
        CERR_OK);
    json = config_json(&fixture->config);
    assert_non_null(strstr(json, "\"Authorization\""));
    assert_null(strstr(json, "secret"));
    assert_null(strstr(json, "pass"));
    assert_non_null(strstr(json, "127.0.0.1:3128"));
    free(json);
}

static void config_help_names_every_option_once(void **state)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    const char *again;

    (void)state;
    config_print_help(out);
    fclose(out);
    again = strstr(text, "--per-host N");
    assert_non_null(again);
    assert_null(strstr(again + 1, "--per-host N"));
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        assert_true(strcspn(line, "\n") <= 80);
    }
    free(text);
}

/* The place of a word in the table of options is the value of its enum. The
 * enums lie in other rooms, so nothing but this ties the two together. */
static void config_choices_stand_in_the_order_of_their_enums(void **state)
{
    static const struct {
        const char *option, *word;
        int64_t value;
    } choices[] = {
        {"scope", "host", SCOPE_HOST},
        {"scope", "domain", SCOPE_DOMAIN},
        {"scope", "prefix", SCOPE_PREFIX},
        {"scope", "any", SCOPE_ANY},
        {"sandbox", "auto", FETCH_SANDBOX_AUTO},
        {"sandbox", "require", FETCH_SANDBOX_REQUIRE},
        {"sandbox", "off", FETCH_SANDBOX_OFF},
        {"progress", "auto", PROGRESS_AUTO},
        {"progress", "live", PROGRESS_LIVE},
        {"progress", "plain", PROGRESS_PLAIN},
        {"progress", "none", PROGRESS_NONE},
        {"robots", "obey", CONFIG_ROBOTS_OBEY},
        {"robots", "ignore", CONFIG_ROBOTS_IGNORE},
        {"extract", "meta", CONFIG_EXTRACT_META},
        {"extract", "links", CONFIG_EXTRACT_LINKS},
        {"extract", "none", CONFIG_EXTRACT_NONE},
        {"store", "hash", CONFIG_STORE_HASH},
        {"store", "body", CONFIG_STORE_BODY},
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < NR(choices); i++) {
        const struct option *option = options;
        char flag[64];
        int64_t value;

        while (strcmp(option->name, choices[i].option) != 0)
            option++;
        snprintf(flag, sizeof(flag), "--%s=%s", choices[i].option,
                 choices[i].word);
        assert_int_equal(read_args(fixture, ARGS(flag)), CERR_OK);
        memcpy(&value, (const char *)&fixture->config + option->offset,
               sizeof(value));
        assert_int_equal(value, choices[i].value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(config_has_the_documented_defaults,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(
            config_reads_every_way_of_writing_a_flag, setup, teardown),
        cmocka_unit_test_setup_teardown(
            config_refuses_and_says_what_would_be_right, setup, teardown),
        cmocka_unit_test_setup_teardown(config_takes_the_strongest_source,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(
            config_refuses_a_file_with_unknown_settings, setup, teardown),
        cmocka_unit_test_setup_teardown(
            config_prints_a_file_that_reads_back_the_same, setup, teardown),
        cmocka_unit_test_setup_teardown(config_reads_sections_of_hosts, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(config_prints_no_secret, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            config_prints_sections_of_hosts_that_read_back, setup, teardown),
        cmocka_unit_test_setup_teardown(config_names_the_line_that_is_wrong,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(config_reads_long_names_and_values,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(
            config_json_keeps_no_header_value_and_no_password, setup, teardown),
        cmocka_unit_test_setup_teardown(
            config_adopts_what_decides_unless_a_flag_has_set_it, setup,
            teardown),
        cmocka_unit_test_setup_teardown(
            config_choices_stand_in_the_order_of_their_enums, setup, teardown),
        cmocka_unit_test(config_help_names_every_option_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
