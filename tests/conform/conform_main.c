/*
 * conform SUITE FILE: judges every case of a suite's file.
 *
 * Prints each failing case with what was expected and what came, then
 * "GROUP: passed/total" for each group of cases, then the sum over the groups
 * that must hold. Exit status: 0 all of these hold, 1 one does not, 2 the
 * command or the file is no good.
 */
#include "tests/conform/conform.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define ANSWER_BYTES_MAX (1 << 20)
#define SHOWN_BYTES      2000 /* of an expected or got, for people */
#define GROUPS_MAX       32

static const struct conform_suite *const suites[] = {
    &conform_robots,        &conform_robots_other, &conform_sitemaps,
    &conform_html_links,    &conform_encodings,    &conform_urls,
    &conform_url_normalize,
};
#define NR_SUITES (sizeof(suites) / sizeof(suites[0]))

/* Cases of one group. */
struct group {
    char name[64];
    size_t passed, total;
    bool gates;
};

struct tally {
    struct group groups[GROUPS_MAX];
    size_t nr_groups;
};

static void __attribute__((noreturn)) stop(const char *id, const char *what)
{
    fflush(stdout);
    fprintf(stderr, "conform: %s: %s\n", id, what);
    exit(2);
}

void conform_stop(const json_t *test, const char *what)
{
    const char *id = conform_text(test, "id");

    stop(id ? id : "a case without id", what);
}

const char *conform_text(const json_t *test, const char *field)
{
    return json_string_value(json_object_get(test, field));
}

static void add(struct buf *out, const void *data, size_t len)
{
    if (buf_add(out, data, len) == CERR_NOMEM)
        stop("buffer", "out of memory");
}

void conform_put_bytes(struct buf *out, const void *data, size_t len)
{
    add(out, data, len);
}

void conform_put(struct buf *out, const char *format, ...)
{
    char *text = NULL;
    va_list args;
    int len;

    va_start(args, format);
    len = vasprintf(&text, format, args);
    va_end(args);
    if (len < 0)
        stop("buffer", "out of memory");
    add(out, text, (size_t)len);
    free(text);
}

static int base64_value(char digit)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "abcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = digit ? strchr(digits, digit) : NULL;

    return at ? (int)(at - digits) : -1;
}

/* Base64 with padding (RFC 4648, 4). */
static void add_base64(const json_t *test, const char *text, struct buf *out)
{
    size_t len = strcspn(text, "=");
    unsigned bits = 0, nr_bits = 0;

    if (strspn(text + len, "=") != strlen(text + len))
        conform_stop(test, "a field is not base64");
    for (size_t i = 0; i < len; i++) {
        int value = base64_value(text[i]);
        unsigned char byte;

        if (value < 0)
            conform_stop(test, "a field is not base64");
        bits = (bits << 6 | (unsigned)value) & 0xffff;
        nr_bits += 6;
        if (nr_bits < 8)
            continue;
        nr_bits -= 8;
        byte = (unsigned char)(bits >> nr_bits);
        add(out, &byte, 1);
    }
}

bool conform_bytes(const json_t *test, const char *field, struct buf *out)
{
    const json_t *value = json_object_get(test, field);
    char name[64];

    if (json_is_string(value)) {
        add(out, json_string_value(value), json_string_length(value));
        return true;
    }
    snprintf(name, sizeof(name), "%s_b64", field);
    value = json_object_get(test, name);
    if (!json_is_string(value))
        return false;
    add_base64(test, json_string_value(value), out);
    return true;
}

bool conform_same(const struct conform_answer *answer)
{
    return answer->expected.len == answer->got.len &&
           (answer->got.len == 0 ||
            memcmp(answer->expected.data, answer->got.data, answer->got.len) ==
                0);
}

static bool gates(const struct conform_suite *suite, const char *name)
{
    if (!suite->gating)
        return true;
    for (size_t i = 0; suite->gating[i]; i++)
        if (strcmp(suite->gating[i], name) == 0)
            return true;
    return false;
}

static struct group *find_group(struct tally *tally,
                                const struct conform_suite *suite,
                                const json_t *test)
{
    const char *name = conform_text(test, suite->group);
    struct group *group;

    if (!name)
        name = "-";
    for (size_t i = 0; i < tally->nr_groups; i++)
        if (strcmp(tally->groups[i].name, name) == 0)
            return &tally->groups[i];
    if (tally->nr_groups == GROUPS_MAX)
        conform_stop(test, "too many groups");
    group = &tally->groups[tally->nr_groups++];
    snprintf(group->name, sizeof(group->name), "%s", name);
    group->gates = gates(suite, name);
    return group;
}

static void show(const char *label, const struct buf *text)
{
    char line[SHOWN_BYTES];

    text_escape(text->len ? (const void *)text->data : "", text->len, line,
                sizeof(line));
    printf("    %s %s\n", label, line);
}

static void judge(const struct conform_suite *suite, const json_t *test,
                  struct tally *tally)
{
    struct group *group = find_group(tally, suite, test);
    const char *id = conform_text(test, "id");
    struct conform_answer answer;

    buf_init(&answer.expected, ANSWER_BYTES_MAX);
    buf_init(&answer.got, ANSWER_BYTES_MAX);
    group->total++;
    if (suite->run(test, &answer)) {
        group->passed++;
    } else {
        printf("FAIL %s (%s)\n", id ? id : "?", group->name);
        show("expected", &answer.expected);
        show("got     ", &answer.got);
    }
    buf_release(&answer.expected);
    buf_release(&answer.got);
}

/* The value of a "\\uXXXX" escape at `at`, or -1 if there is none. */
static long escaped_unit(const char *at)
{
    char digits[5] = "";

    if (at[0] != '\\' || at[1] != 'u')
        return -1;
    memcpy(digits, at + 2, strnlen(at + 2, 4));
    if (strspn(digits, "0123456789abcdefABCDEF") != 4)
        return -1;
    return strtol(digits, NULL, 16);
}

/*
 * Some suites test strings with lone surrogates, which jansson refuses. What
 * is under test takes scalar value strings, so the surrogates become U+FFFD
 * here, as in the Infra standard (4.7, "convert").
 */
static void replace_lone_surrogates(char *line)
{
    while (*line) {
        long unit = escaped_unit(line);

        if (unit >= 0xd800 && unit <= 0xdbff) {
            long next = escaped_unit(line + 6);

            if (next >= 0xdc00 && next <= 0xdfff) {
                line += 12;
                continue;
            }
        }
        if (unit >= 0xd800 && unit <= 0xdfff) {
            memset(line + 2, 'f', 3);
            line[5] = 'd';
        }
        if (unit >= 0)
            line += 6;
        else
            line += line[0] == '\\' && line[1] ? 2 : 1;
    }
}

static void judge_file(const struct conform_suite *suite, const char *path,
                       struct tally *tally)
{
    FILE *file = fopen(path, "re");
    char *line = NULL;
    size_t cap = 0, number = 0;
    ssize_t len;

    if (!file)
        stop(path, "cannot be opened");
    for (;;) {
        json_error_t error;
        json_t *test;

        len = getline(&line, &cap, file);
        if (len < 0)
            break;
        number++;
        if (line[strspn(line, " \t\r\n")] == '\0')
            continue;
        replace_lone_surrogates(line);
        test = json_loadb(line, (size_t)len, JSON_ALLOW_NUL, &error);
        if (!json_is_object(test)) {
            fprintf(stderr, "conform: line %zu: %s\n", number, error.text);
            stop(path, "not a file of JSON objects");
        }
        judge(suite, test, tally);
        json_decref(test);
    }
    free(line);
    fclose(file);
}

static int report(const struct tally *tally)
{
    size_t passed = 0, failed = 0;

    for (size_t i = 0; i < tally->nr_groups; i++) {
        const struct group *group = &tally->groups[i];

        printf("%s: %zu/%zu%s\n", group->name, group->passed, group->total,
               group->gates ? "" : " (need not hold)");
        if (group->gates) {
            passed += group->passed;
            failed += group->total - group->passed;
        }
    }
    printf("%zu passed, %zu failed\n", passed, failed);
    return failed > 0 ? 1 : 0;
}

static const struct conform_suite *find_suite(const char *name)
{
    for (size_t i = 0; i < NR_SUITES; i++)
        if (strcmp(suites[i]->name, name) == 0)
            return suites[i];
    return NULL;
}

int main(int argc, char **argv)
{
    const struct conform_suite *suite = argc == 3 ? find_suite(argv[1]) : NULL;
    struct tally tally = {.nr_groups = 0};

    if (!suite) {
        fprintf(stderr, "usage: conform SUITE FILE\nsuites:");
        for (size_t i = 0; i < NR_SUITES; i++)
            fprintf(stderr, " %s", suites[i]->name);
        fprintf(stderr, "\n");
        return 2;
    }
    judge_file(suite, argv[2], &tally);
    if (tally.nr_groups == 0)
        stop(argv[2], "holds no case");
    return report(&tally);
}
