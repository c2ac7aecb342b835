/* The guarantees of list.h: M1 to M5 for arrays, bounds, and what a killed
 * user leaves behind. */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "pool/shared/list.h"
#include "tests/unit/shared/family.h"
#include "tests/unit/shared/stepper.h"

#define V(text) sync_text(text)

static struct list *open_list(const struct list_options *options)
{
    struct list *list = NULL;

    assert_int_equal(list_open(&list, options), CERR_OK);
    return list;
}

/* The values, one after the other, each with a blank behind it. */
static void check_is(struct list *list, const char *expected)
{
    struct list_cursor cursor = {0};
    char value[200], all[1000] = "";
    struct sync_room room = {value, sizeof(value) - 1, 0};

    while (list_next(list, &cursor, &room) == CERR_OK) {
        value[room.len] = '\0';
        strcat(strcat(all, value), " ");
    }
    assert_string_equal(all, expected);
}

static void list_appends_inserts_replaces_and_pops(void **state)
{
    struct list *list = open_list(NULL);
    char text[10];
    struct sync_room room = {text, sizeof(text), 0};

    (void)state;
    assert_int_equal(list_append(list, V("b")), CERR_OK);
    assert_int_equal(list_append(list, V("d")), CERR_OK);
    assert_int_equal(list_insert(list, 0, V("a")), CERR_OK);
    assert_int_equal(list_insert(list, -1, V("c")), CERR_OK);
    assert_int_equal(list_insert(list, 4, V("e")), CERR_OK);
    check_is(list, "a b c d e ");
    assert_int_equal(list_set(list, 1, V("BB")), CERR_OK);
    assert_int_equal(list_set(list, -1, V("")), CERR_OK);
    check_is(list, "a BB c d  ");
    assert_int_equal(list_pop(list, -1, &room), CERR_OK);
    assert_int_equal(room.len, 0);
    assert_int_equal(list_pop(list, 1, &room), CERR_OK);
    assert_memory_equal(text, "BB", 2);
    assert_int_equal(list_pop(list, 0, NULL), CERR_OK);
    check_is(list, "c d ");
    assert_int_equal(list_get(list, -2, &room), CERR_OK);
    assert_memory_equal(text, "c", 1);
    assert_int_equal(list_size(list), 2);
    list_clear(list);
    check_is(list, "");
    list_free(list);
}

static void list_knows_its_places(void **state)
{
    static const int64_t bad[] = {2, -3, INT64_MAX, INT64_MIN};
    struct list *list = open_list(NULL);
    struct sync_room room = {0};

    (void)state;
    assert_int_equal(list_append(list, V("a")), CERR_OK);
    assert_int_equal(list_append(list, V("b")), CERR_OK);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        int64_t place = bad[i];

        assert_int_equal(list_get(list, place, &room), CERR_NOT_FOUND);
        assert_int_equal(list_set(list, place, V("x")), CERR_NOT_FOUND);
        assert_int_equal(list_pop(list, place, &room), CERR_NOT_FOUND);
        assert_int_equal(list_add_int(list, place, 1, NULL), CERR_NOT_FOUND);
        assert_int_equal(list_compare_set(list, place, V("a"), V("x")),
                         CERR_NOT_FOUND);
        if (place != 2)
            assert_int_equal(list_insert(list, place, V("x")), CERR_NOT_FOUND);
    }
    check_is(list, "a b ");
    list_free(list);
}

static void list_refuses_what_passes_its_bounds(void **state)
{
    struct list_options options = {.max_items = 3, .max_bytes = 10};
    struct list_options items = {.max_items = LIST_ITEMS_MAX + 1};
    struct list_options bytes = {.max_bytes = LIST_BYTES_MAX + 1};
    struct list *list = open_list(&options), *none;
    char text[3];
    struct sync_room room = {text, sizeof(text), 0};

    (void)state;
    assert_int_equal(list_append(list, V("0123456789")), CERR_OK);
    assert_int_equal(list_append(list, V("x")), CERR_NO_ROOM);
    assert_int_equal(list_set(list, 0, V("0123456789a")), CERR_NO_ROOM);
    assert_int_equal(list_set(list, 0, V("9876543210")), CERR_OK);
    assert_int_equal(list_get(list, 0, &room), CERR_TOO_BIG);
    assert_int_equal(room.len, 10);
    assert_int_equal(list_pop(list, 0, &room), CERR_TOO_BIG);
    assert_int_equal(list_append(list, V("")), CERR_OK);
    assert_int_equal(list_append(list, V("")), CERR_OK);
    assert_int_equal(list_append(list, V("")), CERR_NO_ROOM);
    assert_int_equal(list_insert(list, 0, V("")), CERR_NO_ROOM);
    check_is(list, "9876543210   ");
    list_free(list);
    assert_int_equal(list_open(&none, &items), CERR_INVALID);
    assert_int_equal(list_open(&none, &bytes), CERR_INVALID);
    list_free(NULL);
}

/* ---- M1 to M5 ---- */

#define NR_CHILDREN 4
#define NR_EACH     5000

static int add_and_append(void *ctx)
{
    for (int i = 0; i < NR_EACH; i++) {
        CHILD_CHECK(list_add_int(ctx, 0, 1, NULL) == CERR_OK);
        CHILD_CHECK(list_append(ctx, V("x")) == CERR_OK);
    }
    return 0;
}

static void list_m1_no_update_is_lost(void **state)
{
    struct list_options options = {.max_items = 1 + NR_CHILDREN * NR_EACH};
    struct list *list = open_list(&options);
    struct process *children[NR_CHILDREN];
    int64_t number = 0;

    (void)state;
    assert_int_equal(
        list_append(list, (struct sync_bytes){&number, sizeof(number)}),
        CERR_OK);
    for (size_t i = 0; i < NR_CHILDREN; i++)
        children[i] = family_start(add_and_append, list);
    for (size_t i = 0; i < NR_CHILDREN; i++)
        assert_int_equal(family_end(children[i]), 0);
    assert_int_equal(list_add_int(list, 0, 0, &number), CERR_OK);
    assert_int_equal(number, NR_CHILDREN * NR_EACH);
    assert_int_equal(list_size(list), options.max_items);
    list_free(list);
}

static void list_m1_incr_and_compare_set_check_what_is_there(void **state)
{
    struct list *list = open_list(NULL);
    int64_t number = INT64_MAX;

    (void)state;
    assert_int_equal(list_append(list, V("text")), CERR_OK);
    assert_int_equal(
        list_append(list, (struct sync_bytes){&number, sizeof(number)}),
        CERR_OK);
    assert_int_equal(list_add_int(list, 0, 1, NULL), CERR_INVALID);
    assert_int_equal(list_add_int(list, 1, 1, NULL), CERR_TOO_BIG);
    assert_int_equal(list_add_int(list, 1, -1, &number), CERR_OK);
    assert_true(number == INT64_MAX - 1);
    assert_int_equal(list_compare_set(list, 0, V("tex"), V("new")),
                     CERR_EXISTS);
    assert_int_equal(list_compare_set(list, 0, V("text"), V("new")), CERR_OK);
    assert_int_equal(list_pop(list, -1, NULL), CERR_OK);
    check_is(list, "new ");
    list_free(list);
}

static void list_m2_a_copy_changes_nothing_for_others(void **state)
{
    struct list *list = open_list(NULL);
    char text[] = "abc";
    struct sync_room room = {text, sizeof(text), 0};

    (void)state;
    assert_int_equal(list_append(list, (struct sync_bytes){text, 3}), CERR_OK);
    text[0] = 'X';
    check_is(list, "abc ");
    assert_int_equal(list_get(list, 0, &room), CERR_OK);
    text[1] = 'Y';
    check_is(list, "abc ");
    list_free(list);
}

static void append_one(struct list *list)
{
    assert_int_equal(list_append(list, V("new")), CERR_OK);
}

static void insert_one(struct list *list)
{
    assert_int_equal(list_insert(list, 0, V("new")), CERR_OK);
}

static void pop_one(struct list *list)
{
    assert_int_equal(list_pop(list, -1, NULL), CERR_OK);
}

static void list_m3_walk_ends_at_each_kind_of_change(void **state)
{
    void (*const changes[])(struct list * list) = {append_one, insert_one,
                                                   pop_one, list_clear};

    (void)state;
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        struct list *list = open_list(NULL);
        struct list_cursor cursor = {0};
        char text[10];
        struct sync_room room = {text, 0, 0};

        append_one(list);
        append_one(list);
        /* what does not fit is asked for again */
        assert_int_equal(list_next(list, &cursor, &room), CERR_TOO_BIG);
        assert_int_equal(room.len, 3);
        room.cap = sizeof(text);
        assert_int_equal(list_next(list, &cursor, &room), CERR_OK);
        changes[i](list);
        assert_int_equal(list_next(list, &cursor, &room), CERR_STATE);
        list_free(list);
    }
}

static void list_m3_walk_ends_when_values_come_or_go(void **state)
{
    struct list *list = open_list(NULL);
    struct list_cursor cursor = {0};
    char text[10];
    struct sync_room room = {text, sizeof(text), 0};

    (void)state;
    assert_int_equal(list_append(list, V("a")), CERR_OK);
    assert_int_equal(list_append(list, V("b")), CERR_OK);
    assert_int_equal(list_next(list, &cursor, &room), CERR_OK);
    assert_int_equal(list_set(list, 1, V("B")), CERR_OK);
    assert_int_equal(list_next(list, &cursor, &room), CERR_OK);
    assert_memory_equal(text, "B", 1);
    assert_int_equal(list_next(list, &cursor, &room), CERR_NOT_FOUND);
    assert_int_equal(list_pop(list, 0, NULL), CERR_OK);
    assert_int_equal(list_next(list, &cursor, &room), CERR_STATE);
    list_free(list);
}

static int free_and_leave(void *ctx)
{
    list_free(ctx);
    return 0;
}

static int append_in_child(void *ctx)
{
    CHILD_CHECK(list_append(ctx, V("child")) == CERR_OK);
    return 0;
}

static void list_m4_lives_as_long_as_anybody_uses_it(void **state)
{
    struct list *list = open_list(NULL);

    (void)state;
    family_run(free_and_leave, list);
    family_run(append_in_child, list);
    check_is(list, "child ");
    list_free(list);
}

/* ---- killed at every instruction (M5) ---- */

struct scene {
    struct list *list;
    const char *before, *after;
};

#define LONG "a-value-that-is-longer-than-one-block-of-64-bytes-............."

static void open_scene(void *ctx)
{
    struct scene *scene = ctx;
    struct list_options options = {.max_items = 4, .max_bytes = 200};

    scene->list = open_list(&options);
    assert_int_equal(list_append(scene->list, V("a")), CERR_OK);
    assert_int_equal(list_append(scene->list, V(LONG)), CERR_OK);
    assert_int_equal(list_append(scene->list, V("cccccccc")), CERR_OK);
}

static void verify(void *ctx, bool done)
{
    struct scene *scene = ctx;
    struct list_cursor cursor = {0};
    char value[200] = "", all[1000] = "";
    struct sync_room room = {value, sizeof(value) - 1, 0};

    while (list_next(scene->list, &cursor, &room) == CERR_OK) {
        value[room.len] = '\0';
        strcat(strcat(all, value), " ");
    }
    if (done || strcmp(all, scene->before) != 0)
        assert_string_equal(all, scene->after);
    /* It can still be filled to both bounds. */
    while (list_size(scene->list) > 0)
        assert_int_equal(list_pop(scene->list, 0, NULL), CERR_OK);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(
            list_append(scene->list,
                        (struct sync_bytes){value, i == 2 ? 197 : 1}),
            CERR_OK);
    list_free(scene->list);
}

static void act_insert(void *ctx)
{
    (void)!list_insert(((struct scene *)ctx)->list, 1, V("new"));
}

static void act_append(void *ctx)
{
    (void)!list_append(((struct scene *)ctx)->list, V("new"));
}

static void act_set(void *ctx)
{
    (void)!list_set(((struct scene *)ctx)->list, 1, V("new"));
}

static void act_pop_first(void *ctx)
{
    (void)!list_pop(((struct scene *)ctx)->list, 0, NULL);
}

static void act_pop_last(void *ctx)
{
    (void)!list_pop(((struct scene *)ctx)->list, -1, NULL);
}

static void act_incr(void *ctx)
{
    (void)!list_add_int(((struct scene *)ctx)->list, 2, 0x0101010101010101,
                        NULL);
}

static void act_compare_set(void *ctx)
{
    (void)!list_compare_set(((struct scene *)ctx)->list, 0, V("a"), V(LONG));
}

static void act_clear(void *ctx)
{
    list_clear(((struct scene *)ctx)->list);
}

static void list_m5_survives_a_kill_at_every_instruction(void **state)
{
    static const struct {
        void (*act)(void *ctx);
        const char *after;
    } rows[] = {
        {act_insert, "a new " LONG " cccccccc "},
        {act_append, "a " LONG " cccccccc new "},
        {act_set, "a new cccccccc "},
        {act_pop_first, LONG " cccccccc "},
        {act_pop_last, "a " LONG " "},
        {act_incr, "a " LONG " dddddddd "},
        {act_compare_set, LONG " " LONG " cccccccc "},
        {act_clear, ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct scene scene = {.before = "a " LONG " cccccccc ",
                              .after = rows[i].after};
        struct stepper stepper = {open_scene, rows[i].act, verify, &scene};

        stepper_kill_everywhere(&stepper);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(list_appends_inserts_replaces_and_pops),
        cmocka_unit_test(list_knows_its_places),
        cmocka_unit_test(list_refuses_what_passes_its_bounds),
        cmocka_unit_test(list_m1_no_update_is_lost),
        cmocka_unit_test(list_m1_incr_and_compare_set_check_what_is_there),
        cmocka_unit_test(list_m2_a_copy_changes_nothing_for_others),
        cmocka_unit_test(list_m3_walk_ends_when_values_come_or_go),
        cmocka_unit_test(list_m3_walk_ends_at_each_kind_of_change),
        cmocka_unit_test(list_m4_lives_as_long_as_anybody_uses_it),
        cmocka_unit_test(list_m5_survives_a_kill_at_every_instruction),
    };

    family_skip_tests();
    return cmocka_run_group_tests_name("list", tests, NULL, NULL);
}
