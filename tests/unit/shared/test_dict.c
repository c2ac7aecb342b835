/* The guarantees of dict.h: M1 to M5 for tables and bounds. */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "pool/shared/dict.h"
#include "tests/unit/shared/family.h"

#define K(text) sync_text(text)

static struct dict *open_dict(const struct dict_options *options)
{
    struct dict *dict = NULL;

    assert_int_equal(dict_open(&dict, options), CERR_OK);
    return dict;
}

static void check_is(struct dict *dict, const char *key, const char *expected)
{
    char text[1000];
    struct sync_room room = {text, sizeof(text), 0};

    assert_int_equal(dict_get(dict, K(key), &room), CERR_OK);
    assert_int_equal(room.len, strlen(expected));
    assert_memory_equal(text, expected, room.len);
}

static int64_t number_at(struct dict *dict, const char *key)
{
    int64_t number = -1;

    assert_int_equal(dict_add_int(dict, K(key), 0, &number), CERR_OK);
    return number;
}

/* ---- plain use ---- */

static void dict_sets_gets_replaces_and_deletes(void **state)
{
    struct dict *dict = open_dict(NULL);
    struct sync_room none = {0};

    (void)state;
    assert_int_equal(dict_get(dict, K("a"), &none), CERR_NOT_FOUND);
    assert_int_equal(dict_set(dict, K("a"), K("one")), CERR_OK);
    assert_int_equal(dict_set(dict, K(""), K("empty key")), CERR_OK);
    assert_int_equal(dict_set(dict, K("b"), K("")), CERR_OK);
    check_is(dict, "a", "one");
    check_is(dict, "", "empty key");
    check_is(dict, "b", "");
    assert_int_equal(dict_set(dict, K("a"), K("another")), CERR_OK);
    check_is(dict, "a", "another");
    assert_int_equal(dict_size(dict), 3);
    assert_int_equal(dict_bytes(dict), 1 + 7 + 9 + 1);
    assert_int_equal(dict_delete(dict, K("a")), CERR_OK);
    assert_int_equal(dict_delete(dict, K("a")), CERR_NOT_FOUND);
    assert_int_equal(dict_size(dict), 2);
    dict_free(dict);
}

static void dict_says_how_much_room_a_value_needs(void **state)
{
    struct dict *dict = open_dict(NULL);
    char text[3];
    struct sync_room room = {text, sizeof(text), 0};

    (void)state;
    assert_int_equal(dict_set(dict, K("k"), K("four")), CERR_OK);
    assert_int_equal(dict_get(dict, K("k"), &room), CERR_TOO_BIG);
    assert_int_equal(room.len, 4);
    /* What does not fit is not popped either. */
    assert_int_equal(dict_pop(dict, K("k"), &room), CERR_TOO_BIG);
    check_is(dict, "k", "four");
    assert_int_equal(dict_set(dict, K("k"), K("abc")), CERR_OK);
    assert_int_equal(dict_pop(dict, K("k"), &room), CERR_OK);
    assert_memory_equal(text, "abc", 3);
    assert_int_equal(dict_size(dict), 0);
    dict_free(dict);
}

static void dict_clear_forgets_everything(void **state)
{
    struct dict_options options = {.max_entries = 2};
    struct dict *dict = open_dict(&options);

    (void)state;
    for (size_t round = 0; round < 3; round++) {
        assert_int_equal(dict_set(dict, K("a"), K("1")), CERR_OK);
        assert_int_equal(dict_set(dict, K("b"), K("2")), CERR_OK);
        assert_int_equal(dict_clear(dict), CERR_OK);
        assert_int_equal(dict_size(dict), 0);
        assert_int_equal(dict_bytes(dict), 0);
        assert_int_equal(dict_delete(dict, K("a")), CERR_NOT_FOUND);
    }
    dict_free(dict);
}

/* ---- bounds ---- */

static void dict_refuses_what_passes_its_bounds(void **state)
{
    struct dict_options options = {.max_entries = 3, .max_bytes = 20};
    struct dict *dict = open_dict(&options);
    int64_t sum;

    (void)state;
    assert_int_equal(dict_set(dict, K("abc"), K("12345678901234567")), CERR_OK);
    assert_int_equal(dict_set(dict, K(""), K("x")), CERR_NO_ROOM);
    assert_int_equal(dict_set(dict, K("abc"), K("123456789012345678")),
                     CERR_NO_ROOM);
    check_is(dict, "abc", "12345678901234567");
    /* The same length again fits, although the old one goes only after. */
    assert_int_equal(dict_set(dict, K("abc"), K("76543210987654321")), CERR_OK);
    assert_int_equal(dict_set(dict, K("abc"), K("")), CERR_OK);
    assert_int_equal(dict_set(dict, K("b"), K("")), CERR_OK);
    assert_int_equal(dict_set(dict, K("c"), K("")), CERR_OK);
    assert_int_equal(dict_add_int(dict, K("d"), 1, &sum), CERR_NO_ROOM);
    assert_int_equal(dict_size(dict), 3);
    dict_free(dict);
}

static void dict_keeps_its_promise_of_room_whatever_the_sizes(void **state)
{
    struct dict_options options = {.max_entries = 100, .max_bytes = 10000};
    struct dict *dict = open_dict(&options);
    char data[9000] = {0};

    (void)state;
    for (size_t round = 0; round < 30; round++) {
        for (unsigned char i = 0; i < 99; i++) {
            struct sync_bytes value = {data, (i * round) % 10};

            assert_int_equal(dict_set(dict, (struct sync_bytes){&i, 1}, value),
                             CERR_OK);
        }
        assert_int_equal(
            dict_set(dict, K("big"), (struct sync_bytes){data, 9000}), CERR_OK);
        assert_int_equal(dict_size(dict), 100);
        assert_int_equal(dict_delete(dict, K("big")), CERR_OK);
    }
    dict_free(dict);
}

static void dict_refuses_bounds_above_its_limits(void **state)
{
    struct dict_options entries = {.max_entries = DICT_ENTRIES_MAX + 1};
    struct dict_options bytes = {.max_bytes = DICT_BYTES_MAX + 1};
    struct dict *dict;

    (void)state;
    assert_int_equal(dict_open(&dict, &entries), CERR_INVALID);
    assert_int_equal(dict_open(&dict, &bytes), CERR_INVALID);
    assert_null(dict);
    dict_free(NULL);
}

/* ---- M1 ---- */

#define NR_CHILDREN 4
#define NR_EACH     20000

static int add_by_add_int(void *ctx)
{
    for (int i = 0; i < NR_EACH; i++)
        CHILD_CHECK(dict_add_int(ctx, K("n"), 1, NULL) == CERR_OK);
    return 0;
}

static enum err add_one(void *ctx, const struct sync_bytes *old,
                        struct sync_bytes *value)
{
    int64_t *number = ctx;

    *number = 0;
    if (old)
        memcpy(number, old->data, sizeof(*number));
    ++*number;
    *value = (struct sync_bytes){number, sizeof(*number)};
    return CERR_OK;
}

static int add_by_update(void *ctx)
{
    int64_t number;

    for (int i = 0; i < NR_EACH; i++)
        CHILD_CHECK(dict_update(ctx, K("n"), add_one, &number) == CERR_OK);
    return 0;
}

static int add_by_compare_set(void *ctx)
{
    for (int i = 0; i < NR_EACH;) {
        int64_t old = 0, new;
        struct sync_room room = {&old, sizeof(old), 0};
        struct sync_bytes expected = {&old, sizeof(old)};
        enum err err = dict_get(ctx, K("n"), &room);
        bool missing = err == CERR_NOT_FOUND;

        CHILD_CHECK(err == CERR_OK || missing);
        new = old + 1;
        err = dict_compare_set(ctx, K("n"), missing ? NULL : &expected,
                               (struct sync_bytes){&new, sizeof(new)});
        CHILD_CHECK(err == CERR_OK || err == CERR_EXISTS);
        i += err == CERR_OK;
    }
    return 0;
}

static void dict_m1_d19_no_update_is_lost(void **state)
{
    static const process_fn ways[] = {add_by_add_int, add_by_update,
                                      add_by_compare_set};

    (void)state;
    for (size_t way = 0; way < sizeof(ways) / sizeof(ways[0]); way++) {
        struct dict *dict = open_dict(NULL);
        struct process *children[NR_CHILDREN];

        for (size_t i = 0; i < NR_CHILDREN; i++)
            children[i] = family_start(ways[way], dict);
        for (size_t i = 0; i < NR_CHILDREN; i++)
            assert_int_equal(family_end(children[i]), 0);
        assert_int_equal(number_at(dict, "n"), NR_CHILDREN * NR_EACH);
        dict_free(dict);
    }
}

static void dict_m1_add_int_refuses_what_is_no_number(void **state)
{
    struct dict *dict = open_dict(NULL);
    int64_t sum = 7;

    (void)state;
    assert_int_equal(dict_set(dict, K("text"), K("abc")), CERR_OK);
    assert_int_equal(dict_add_int(dict, K("text"), 1, &sum), CERR_INVALID);
    assert_int_equal(dict_add_int(dict, K("n"), INT64_MAX, &sum), CERR_OK);
    assert_int_equal(dict_add_int(dict, K("n"), 1, &sum), CERR_TOO_BIG);
    assert_true(sum == INT64_MAX);
    assert_true(number_at(dict, "n") == INT64_MAX);
    assert_int_equal(dict_add_int(dict, K("n"), -1, NULL), CERR_OK);
    dict_free(dict);
}

static void dict_numbers_are_set_and_got_in_one_call(void **state)
{
    static const int64_t numbers[] = {0, 1, -1, INT64_MAX, INT64_MIN};
    struct dict *dict = open_dict(NULL);
    int64_t number = 0;
    struct sync_room room = {&number, sizeof(number), 0};

    (void)state;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        assert_int_equal(dict_set_int(dict, K("n"), numbers[i]), CERR_OK);
        assert_int_equal(dict_get_int(dict, K("n"), &number), CERR_OK);
        assert_true(number == numbers[i]);
    }
    /* It is a value like any other, of 8 bytes. */
    assert_int_equal(dict_get(dict, K("n"), &room), CERR_OK);
    assert_int_equal(room.len, 8);
    assert_true(number == INT64_MIN);
    /* And takes the place of one that is no number. */
    assert_int_equal(dict_set(dict, K("n"), K("text of some length")), CERR_OK);
    assert_int_equal(dict_set_int(dict, K("n"), 5), CERR_OK);
    assert_int_equal(dict_add_int(dict, K("n"), 2, NULL), CERR_OK);
    assert_int_equal(number_at(dict, "n"), 7);
    dict_free(dict);
}

static void dict_get_int_refuses_what_is_no_number(void **state)
{
    struct dict *dict = open_dict(NULL);
    int64_t number = 7;

    (void)state;
    assert_int_equal(dict_get_int(dict, K("n"), &number), CERR_NOT_FOUND);
    assert_int_equal(dict_set(dict, K("n"), K("")), CERR_OK);
    assert_int_equal(dict_get_int(dict, K("n"), &number), CERR_INVALID);
    assert_int_equal(dict_set(dict, K("n"), K("1234567")), CERR_OK);
    assert_int_equal(dict_get_int(dict, K("n"), &number), CERR_INVALID);
    assert_int_equal(dict_set(dict, K("n"), K("123456789")), CERR_OK);
    assert_int_equal(dict_get_int(dict, K("n"), &number), CERR_INVALID);
    assert_true(number == 7);
    dict_free(dict);
}

/* Another process always sees one of the two numbers, never half of each. */
static int set_by_turns(void *ctx)
{
    for (int i = 0; i < NR_EACH; i++)
        CHILD_CHECK(dict_set_int(ctx, K("n"), i % 2 ? -1 : 0) == CERR_OK);
    return 0;
}

static void dict_numbers_are_set_whole_while_others_read(void **state)
{
    struct dict *dict = open_dict(NULL);
    struct process *children[NR_CHILDREN];
    int64_t number;

    (void)state;
    assert_int_equal(dict_set_int(dict, K("n"), 0), CERR_OK);
    for (size_t i = 0; i < NR_CHILDREN; i++)
        children[i] = family_start(set_by_turns, dict);
    for (int i = 0; i < NR_EACH; i++) {
        assert_int_equal(dict_get_int(dict, K("n"), &number), CERR_OK);
        assert_true(number == 0 || number == -1);
    }
    for (size_t i = 0; i < NR_CHILDREN; i++)
        assert_int_equal(family_end(children[i]), 0);
    dict_free(dict);
}

static void dict_that_is_full_says_so_in_its_own_words(void **state)
{
    struct dict_options options = {.max_entries = 1};
    struct dict *dict = open_dict(&options);
    enum err err;

    (void)state;
    assert_int_equal(dict_set_int(dict, K("a"), 1), CERR_OK);
    err = dict_set_int(dict, K("b"), 1);
    assert_int_equal(err, CERR_NO_ROOM);
    assert_non_null(strstr(err_str(err), "full"));
    assert_null(strstr(err_str(err), "device"));
    dict_free(dict);
}

static void dict_m1_compare_set_stores_only_over_the_expected(void **state)
{
    struct dict *dict = open_dict(NULL);
    struct sync_bytes one = K("one"), on = K("on");

    (void)state;
    assert_int_equal(dict_compare_set(dict, K("k"), &one, K("x")), CERR_EXISTS);
    assert_int_equal(dict_compare_set(dict, K("k"), NULL, one), CERR_OK);
    assert_int_equal(dict_compare_set(dict, K("k"), NULL, K("x")), CERR_EXISTS);
    assert_int_equal(dict_compare_set(dict, K("k"), &on, K("x")), CERR_EXISTS);
    check_is(dict, "k", "one");
    assert_int_equal(dict_compare_set(dict, K("k"), &one, K("two")), CERR_OK);
    check_is(dict, "k", "two");
    dict_free(dict);
}

static void dict_m1_set_default_keeps_what_is_there(void **state)
{
    struct dict *dict = open_dict(NULL);
    char text[10];
    struct sync_room room = {text, sizeof(text), 0};

    (void)state;
    assert_int_equal(dict_set_default(dict, K("k"), K("new"), &room), CERR_OK);
    assert_memory_equal(text, "new", 3);
    assert_int_equal(dict_set_default(dict, K("k"), K("late"), &room), CERR_OK);
    assert_int_equal(room.len, 3);
    assert_int_equal(dict_set_default(dict, K("k"), K("late"), NULL), CERR_OK);
    check_is(dict, "k", "new");
    dict_free(dict);
}

static enum err remove_it(void *ctx, const struct sync_bytes *old,
                          struct sync_bytes *value)
{
    *(bool *)ctx = old != NULL;
    value->data = NULL;
    return CERR_OK;
}

static enum err refuse(void *ctx, const struct sync_bytes *old,
                       struct sync_bytes *value)
{
    (void)ctx;
    (void)old;
    *value = K("refused");
    return CERR_CANCELED;
}

static enum err reenter(void *ctx, const struct sync_bytes *old,
                        struct sync_bytes *value)
{
    (void)old;
    *value = K("outer");
    return dict_set(ctx, K("other"), K("inner")) == CERR_STATE ? CERR_OK
                                                               : CERR_INVALID;
}

static void dict_m1_update_stores_deletes_or_leaves(void **state)
{
    struct dict *dict = open_dict(NULL);
    bool existed;

    (void)state;
    assert_int_equal(dict_update(dict, K("k"), refuse, NULL), CERR_CANCELED);
    assert_int_equal(dict_size(dict), 0);
    assert_int_equal(dict_update(dict, K("k"), remove_it, &existed), CERR_OK);
    assert_false(existed);
    /* The callback cannot use the dict: an error, no deadlock. */
    assert_int_equal(dict_update(dict, K("k"), reenter, dict), CERR_OK);
    check_is(dict, "k", "outer");
    assert_int_equal(dict_update(dict, K("k"), refuse, NULL), CERR_CANCELED);
    check_is(dict, "k", "outer");
    assert_int_equal(dict_update(dict, K("k"), remove_it, &existed), CERR_OK);
    assert_true(existed);
    assert_int_equal(dict_size(dict), 0);
    dict_free(dict);
}

/* ---- M2 to M5 ---- */

static void dict_m2_a_copy_changes_nothing_for_others(void **state)
{
    struct dict *dict = open_dict(NULL);
    char text[] = "value";
    struct sync_room room = {text, sizeof(text), 0};

    (void)state;
    assert_int_equal(dict_set(dict, K("k"), K(text)), CERR_OK);
    text[0] = 'X';
    check_is(dict, "k", "value");
    assert_int_equal(dict_get(dict, K("k"), &room), CERR_OK);
    text[0] = 'Y';
    check_is(dict, "k", "value");
    dict_free(dict);
}

static void dict_m3_walk_sees_each_entry_once(void **state)
{
    struct dict *dict = open_dict(NULL);
    struct dict_cursor cursor = {0};
    int64_t number;
    char key[10];
    struct sync_room key_room = {key, sizeof(key), 0};
    struct sync_room value_room = {&number, sizeof(number), 0};
    unsigned seen = 0;

    (void)state;
    for (char i = 0; i < 10; i++)
        assert_int_equal(
            dict_add_int(dict, (struct sync_bytes){&i, 1}, 100 + i, NULL),
            CERR_OK);
    while (dict_next(dict, &cursor, &key_room, &value_room) == CERR_OK) {
        assert_int_equal(number, 100 + key[0]);
        assert_false(seen & 1u << key[0]);
        seen |= 1u << key[0];
        /* New values do not disturb it. */
        assert_int_equal(
            dict_add_int(dict, (struct sync_bytes){key, 1}, 0, NULL), CERR_OK);
    }
    assert_int_equal(seen, 0x3ff);
    assert_int_equal(dict_next(dict, &cursor, NULL, NULL), CERR_NOT_FOUND);
    dict_free(dict);
}

static void dict_m3_walk_ends_when_keys_come_or_go(void **state)
{
    struct dict *dict = open_dict(NULL);
    struct dict_cursor cursor = {0};
    char key;
    struct sync_room none = {&key, 0, 0}, room = {&key, 1, 0};

    (void)state;
    assert_int_equal(dict_set(dict, K("a"), K("1")), CERR_OK);
    assert_int_equal(dict_set(dict, K("b"), K("2")), CERR_OK);
    assert_int_equal(dict_next(dict, &cursor, &none, NULL), CERR_TOO_BIG);
    assert_int_equal(dict_next(dict, &cursor, &room, NULL), CERR_OK);
    assert_int_equal(dict_set(dict, K("c"), K("3")), CERR_OK);
    assert_int_equal(dict_next(dict, &cursor, &room, NULL), CERR_STATE);
    cursor = (struct dict_cursor){0};
    assert_int_equal(dict_next(dict, &cursor, &room, NULL), CERR_OK);
    assert_int_equal(dict_delete(dict, K("c")), CERR_OK);
    assert_int_equal(dict_next(dict, &cursor, &room, NULL), CERR_STATE);
    dict_free(dict);
}

static int let_go_of_it(void *ctx)
{
    dict_free(ctx);
    return 0;
}

static int read_and_write(void *ctx)
{
    CHILD_CHECK(dict_set(ctx, K("child"), K("wrote this")) == CERR_OK);
    return 0;
}

static void dict_m4_d17_lives_as_long_as_anybody_uses_it(void **state)
{
    struct dict *dict = open_dict(NULL);

    (void)state;
    family_run(let_go_of_it, dict);
    family_run(read_and_write, dict);
    check_is(dict, "child", "wrote this");
    dict_free(dict);
}

static enum err die(void *ctx, const struct sync_bytes *old,
                    struct sync_bytes *value)
{
    (void)ctx;
    (void)old;
    (void)value;
    raise(SIGKILL);
    return CERR_OK;
}

static int die_in_update(void *ctx)
{
    return (int)dict_update(ctx, K("k"), die, NULL);
}

static void dict_m5_no_death_makes_it_fail(void **state)
{
    struct dict *dict = open_dict(NULL);

    (void)state;
    assert_int_equal(dict_set(dict, K("k"), K("old")), CERR_OK);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(family_end(family_start(die_in_update, dict)),
                         -SIGKILL);
    check_is(dict, "k", "old");
    assert_int_equal(dict_set(dict, K("k"), K("new")), CERR_OK);
    dict_free(dict);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dict_sets_gets_replaces_and_deletes),
        cmocka_unit_test(dict_says_how_much_room_a_value_needs),
        cmocka_unit_test(dict_clear_forgets_everything),
        cmocka_unit_test(dict_refuses_what_passes_its_bounds),
        cmocka_unit_test(dict_keeps_its_promise_of_room_whatever_the_sizes),
        cmocka_unit_test(dict_refuses_bounds_above_its_limits),
        cmocka_unit_test(dict_m1_d19_no_update_is_lost),
        cmocka_unit_test(dict_m1_add_int_refuses_what_is_no_number),
        cmocka_unit_test(dict_numbers_are_set_and_got_in_one_call),
        cmocka_unit_test(dict_get_int_refuses_what_is_no_number),
        cmocka_unit_test(dict_numbers_are_set_whole_while_others_read),
        cmocka_unit_test(dict_that_is_full_says_so_in_its_own_words),
        cmocka_unit_test(dict_m1_compare_set_stores_only_over_the_expected),
        cmocka_unit_test(dict_m1_set_default_keeps_what_is_there),
        cmocka_unit_test(dict_m1_update_stores_deletes_or_leaves),
        cmocka_unit_test(dict_m2_a_copy_changes_nothing_for_others),
        cmocka_unit_test(dict_m3_walk_sees_each_entry_once),
        cmocka_unit_test(dict_m3_walk_ends_when_keys_come_or_go),
        cmocka_unit_test(dict_m4_d17_lives_as_long_as_anybody_uses_it),
        cmocka_unit_test(dict_m5_no_death_makes_it_fail),
    };

    return cmocka_run_group_tests_name("dict", tests, NULL, NULL);
}
