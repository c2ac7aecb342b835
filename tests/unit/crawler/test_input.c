/*
 * The place in a list that a resume goes on from, when the frontier refuses a
 * line. Frontier and storage are played here.
 */
#include "crawler/input.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "crawler/frontier/frontier.h"
#include "storage/leases.h"

#define LINES "http://a.test/1\nhttp://a.test/2\nhttp://a.test/3\n"

static struct {
    int nr_lines, refuse_at, nr_waiting;
    struct storage_input saved;
} world;

enum err frontier_add_line(struct frontier *frontier, struct bytes text,
                           int64_t line, int64_t now_ms)
{
    (void)frontier;
    (void)text;
    (void)line;
    (void)now_ms;
    if (++world.nr_lines == world.refuse_at)
        return CERR_NOMEM;
    world.nr_waiting++;
    return CERR_OK;
}

enum err frontier_add_long_line(struct frontier *frontier, struct bytes text,
                                int64_t line)
{
    return frontier_add_line(frontier, text, line, 0);
}

enum err frontier_add_damage(struct frontier *frontier, struct bytes name,
                             int64_t line, struct bytes detail)
{
    (void)name;
    (void)detail;
    return frontier_add_line(frontier, (struct bytes){0}, line, 0);
}

enum err frontier_begin_reading(struct frontier *frontier, int64_t number,
                                bool whole)
{
    (void)frontier;
    (void)number;
    (void)whole;
    return CERR_OK;
}

enum err frontier_end_reading(struct frontier *frontier, bool whole)
{
    (void)frontier;
    (void)whole;
    return CERR_OK;
}

/* What is pushed is in storage at once. */
void frontier_push_lines(struct frontier *frontier)
{
    (void)frontier;
    world.nr_waiting = 0;
}

enum frontier_lines frontier_lines_state(const struct frontier *frontier)
{
    (void)frontier;
    return world.nr_waiting > 0 ? FRONTIER_LINES_GATHERED : FRONTIER_LINES_NONE;
}

void frontier_list_ended(struct frontier *frontier)
{
    (void)frontier;
}

enum storage_state storage_state(const struct storage *storage)
{
    (void)storage;
    return STORAGE_NEW;
}

enum err storage_count(struct storage *storage, struct storage_counts *counts)
{
    (void)storage;
    *counts = (struct storage_counts){.nr_lines = 0};
    return CERR_OK;
}

enum err storage_each_input(struct storage *storage, storage_input_fn fn,
                            void *ctx)
{
    (void)storage;
    (void)fn;
    (void)ctx;
    return CERR_OK;
}

enum err storage_get_input(struct storage *storage, struct storage_input *input)
{
    (void)storage;
    (void)input;
    return CERR_NOT_FOUND;
}

enum err storage_put_input(struct storage *storage,
                           const struct storage_input *input)
{
    (void)storage;
    world.saved = *input;
    return CERR_OK;
}

/* Reads the list to its end or to the error, then commits what there is. */
static enum err read_all(int refuse_at)
{
    char path[] = "/tmp/crawl-input-XXXXXX", message[INPUT_MESSAGE_BYTES];
    const char *names[] = {path};
    int fd = mkstemp(path);
    struct input *input;
    enum err err = CERR_OK;

    memset(&world, 0, sizeof(world));
    world.refuse_at = refuse_at;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, LINES, strlen(LINES)), strlen(LINES));
    close(fd);
    assert_int_equal(input_open(&input, names, 1, true, message), CERR_OK);
    unlink(path);
    input_attach(input, NULL, "crawl.db", NULL);
    while (!err && !input_ended(input))
        err = input_read(input, 0);
    frontier_push_lines(NULL);
    assert_int_equal(input_save(input), CERR_OK);
    input_close(input);
    return err;
}

static void input_is_done_when_all_lines_are_stored(void **state)
{
    (void)state;
    assert_int_equal(read_all(0), CERR_OK);
    assert_int_equal(world.saved.offset_bytes, strlen(LINES));
    assert_int_equal(world.saved.line, 3);
    assert_true(world.saved.done);
}

static void input_goes_on_before_a_line_that_was_refused(void **state)
{
    (void)state;
    for (int refuse_at = 1; refuse_at <= 3; refuse_at++) {
        assert_int_equal(read_all(refuse_at), CERR_NOMEM);
        assert_int_equal(world.saved.offset_bytes, 0);
        assert_int_equal(world.saved.line, 0);
        assert_false(world.saved.done);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(input_is_done_when_all_lines_are_stored),
        cmocka_unit_test(input_goes_on_before_a_line_that_was_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
