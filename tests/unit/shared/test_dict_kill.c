/* What dict.h promises when its users are killed inside its calls. */
#include <string.h>

#include "pool/shared/dict.h"
#include "tests/unit/shared/family.h"
#include "tests/unit/shared/stepper.h"

#define K(text) sync_text(text)

static struct dict *open_dict(const struct dict_options *options)
{
    struct dict *dict = NULL;

    assert_int_equal(dict_open(&dict, options), CERR_OK);
    return dict;
}

static int64_t number_at(struct dict *dict, const char *key)
{
    int64_t number = -1;

    assert_int_equal(dict_add_int(dict, K(key), 0, &number), CERR_OK);
    return number;
}

#define LONG_OLD                                                               \
    "an old value that is longer than one block of 64 bytes ......."
#define LONG_NEW                                                               \
    "the new value, which is longer than one block of bytes too ...."

struct scene {
    struct dict *dict;
};

static void open_scene(void *ctx)
{
    struct scene *scene = ctx;
    struct dict_options options = {.max_entries = 4, .max_bytes = 400};

    scene->dict = open_dict(&options);
    assert_int_equal(dict_set(scene->dict, K("k"), K(LONG_OLD)), CERR_OK);
    assert_int_equal(dict_add_int(scene->dict, K("n"), 5, NULL), CERR_OK);
}

/* Empties it and fills it to both bounds: no entry and no block is lost. */
static void check_capacity(struct dict *dict)
{
    char name[10], data[396] = {0};
    struct sync_room room = {name, sizeof(name), 0};

    while (dict_size(dict) > 0) {
        struct dict_cursor cursor = {0};

        assert_int_equal(dict_next(dict, &cursor, &room, NULL), CERR_OK);
        assert_int_equal(dict_delete(dict, (struct sync_bytes){name, room.len}),
                         CERR_OK);
    }
    assert_int_equal(dict_bytes(dict), 0);
    assert_int_equal(
        dict_set(dict, K("a"), (struct sync_bytes){data, sizeof(data)}),
        CERR_OK);
    assert_int_equal(dict_set(dict, K("b"), K("")), CERR_OK);
    assert_int_equal(dict_set(dict, K("c"), K("")), CERR_OK);
    assert_int_equal(dict_set(dict, K("d"), K("")), CERR_OK);
    assert_int_equal(dict_bytes(dict), 400);
}

/* The key has one of two values; NULL is none. */
static void check_scene(struct scene *scene, const char *key, const char *one,
                        const char *other)
{
    char text[100];
    struct sync_room room = {text, sizeof(text) - 1, 0};
    enum err err = dict_get(scene->dict, K(key), &room);

    if (err == CERR_NOT_FOUND) {
        assert_true(!one || !other);
    } else {
        assert_int_equal(err, CERR_OK);
        text[room.len] = '\0';
        assert_true((one && strcmp(text, one) == 0) ||
                    (other && strcmp(text, other) == 0));
    }
    check_capacity(scene->dict);
    dict_free(scene->dict);
}

static void act_replace(void *ctx)
{
    struct scene *scene = ctx;

    (void)!dict_set(scene->dict, K("k"), K(LONG_NEW));
}

static void verify_replace(void *ctx, bool done)
{
    check_scene(ctx, "k", done ? LONG_NEW : LONG_OLD, LONG_NEW);
}

static void act_insert(void *ctx)
{
    struct scene *scene = ctx;

    (void)!dict_set(scene->dict, K("new"), K(LONG_NEW));
}

static void verify_insert(void *ctx, bool done)
{
    check_scene(ctx, "new", done ? LONG_NEW : NULL, LONG_NEW);
}

static void act_delete(void *ctx)
{
    struct scene *scene = ctx;

    (void)!dict_delete(scene->dict, K("k"));
}

static void verify_delete(void *ctx, bool done)
{
    struct scene *scene = ctx;

    if (done)
        assert_int_equal(dict_size(scene->dict), 1);
    check_scene(ctx, "k", NULL, LONG_OLD);
}

static void act_clear(void *ctx)
{
    struct scene *scene = ctx;

    (void)!dict_clear(scene->dict);
}

static void verify_clear(void *ctx, bool done)
{
    struct scene *scene = ctx;
    size_t nr;

    /* The next one to take the mutex repairs what is left. */
    (void)!dict_delete(scene->dict, K("none"));
    nr = dict_size(scene->dict);
    assert_true(done ? nr == 0 : nr == 0 || nr == 2);
    check_scene(ctx, "k", NULL, LONG_OLD);
}

static void act_incr(void *ctx)
{
    struct scene *scene = ctx;

    (void)!dict_add_int(scene->dict, K("n"), 1, NULL);
}

static void verify_incr(void *ctx, bool done)
{
    struct scene *scene = ctx;
    int64_t number = number_at(scene->dict, "n");

    assert_true(number == 6 || (number == 5 && !done));
    check_scene(ctx, "k", LONG_OLD, LONG_OLD);
}

static void dict_survives_a_kill_at_every_instruction(void **state)
{
    struct scene scene;
    const struct stepper steppers[] = {
        {open_scene, act_replace, verify_replace, &scene},
        {open_scene, act_insert, verify_insert, &scene},
        {open_scene, act_delete, verify_delete, &scene},
        {open_scene, act_clear, verify_clear, &scene},
        {open_scene, act_incr, verify_incr, &scene},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(steppers) / sizeof(steppers[0]); i++)
        stepper_kill_everywhere(&steppers[i]);
}

/* ---- a million operations ---- */

#define NR_OPERATIONS 1000000
#define NR_KEYS       200
#define SEED          20261123

/* What the dict should hold: numbers, or nothing. */
struct model {
    bool is_there[NR_KEYS];
    int64_t number[NR_KEYS];
    size_t nr;
};

static void expect(struct model *model, unsigned key, bool is_there)
{
    model->nr += is_there;
    model->nr -= model->is_there[key];
    model->is_there[key] = is_there;
}

/* One random operation on both; what they answer must agree. */
static void do_both(struct dict *dict, struct model *model)
{
    unsigned key = (unsigned)random() % NR_KEYS;
    int64_t fresh = random(), got = 0, old = model->number[key];
    bool was = model->is_there[key];
    enum err found = was ? CERR_OK : CERR_NOT_FOUND;
    struct sync_bytes name = {&key, sizeof(key)}, value = {&fresh, 8};
    struct sync_bytes expected = {&old, 8};
    struct sync_room room = {&got, sizeof(got), 0};

    switch (random() % 5) {
    case 0:
        assert_int_equal(dict_set(dict, name, value), CERR_OK);
        model->number[key] = fresh;
        expect(model, key, true);
        break;
    case 1:
        assert_int_equal(dict_get(dict, name, &room), found);
        assert_true(!was || got == old);
        break;
    case 2:
        assert_int_equal(dict_pop(dict, name, &room), found);
        assert_true(!was || got == old);
        expect(model, key, false);
        break;
    case 3:
        assert_int_equal(dict_add_int(dict, name, fresh, &got), CERR_OK);
        model->number[key] = (was ? old : 0) + fresh;
        assert_true(got == model->number[key]);
        expect(model, key, true);
        break;
    default:
        assert_int_equal(dict_compare_set(dict, name, &expected, value),
                         was ? CERR_OK : CERR_EXISTS);
        if (was)
            model->number[key] = fresh;
    }
}

static void dict_agrees_with_a_model_for_a_million_operations(void **state)
{
    const char *more = getenv("CRAWL_STRESS");
    uint64_t nr = more ? strtoull(more, NULL, 10) : NR_OPERATIONS;
    struct dict_options options = {.max_entries = NR_KEYS};
    struct dict *dict = open_dict(&options);
    struct model model = {0};

    (void)state;
    srandom(SEED);
    for (uint64_t i = 0; i < nr; i++) {
        do_both(dict, &model);
        assert_int_equal(dict_size(dict), model.nr);
    }
    assert_int_equal(dict_bytes(dict), 12 * model.nr);
    dict_free(dict);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dict_survives_a_kill_at_every_instruction),
        cmocka_unit_test(dict_agrees_with_a_model_for_a_million_operations),
    };

    return cmocka_run_group_tests_name("dict_kill", tests, NULL, NULL);
}
