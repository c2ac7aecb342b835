/* What waits for a time comes off in the order of the times. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "crawler/politeness/timer_heap.h"

#define MANY  5000
#define STEPS 200000
#define NAMES 26

static char names[NAMES];

static void add(struct heap *heap, int64_t due_ms, char name)
{
    heap_add(heap, due_ms, &names[name - 'a']);
}

/* Takes all that is due; their names, in the order they came. */
static const char *take(struct heap *heap, int64_t now_ms, char out[NAMES + 1])
{
    size_t nr = 0;

    for (char *what = heap_take(heap, now_ms); what;
         what = heap_take(heap, now_ms)) {
        assert_true(nr < NAMES);
        out[nr++] = (char)('a' + (what - names));
    }
    out[nr] = '\0';
    return out;
}

static void heap_gives_in_the_order_of_the_times(void **state)
{
    static const char *const orders[] = {"abcdefgh", "hgfedcba", "dbhacgef",
                                         "ahbgcfde"};
    char out[NAMES + 1];

    (void)state;
    for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
        struct heap heap = {0};

        for (const char *name = orders[i]; *name; name++)
            add(&heap, (*name - 'a') * 10, *name);
        assert_string_equal(take(&heap, INT64_MAX, out), "abcdefgh");
        heap_release(&heap);
    }
}

static void heap_gives_nothing_before_its_time(void **state)
{
    struct heap heap = {0};
    char out[NAMES + 1];

    (void)state;
    assert_int_equal(heap_due_ms(&heap), INT64_MAX);
    assert_null(heap_take(&heap, INT64_MAX - 1));
    add(&heap, 30, 'c');
    add(&heap, -5, 'a');
    add(&heap, 20, 'b');
    assert_int_equal(heap_due_ms(&heap), -5);
    assert_string_equal(take(&heap, -6, out), "");
    assert_string_equal(take(&heap, 19, out), "a");
    assert_int_equal(heap_due_ms(&heap), 20);
    /* what is added meanwhile takes its place */
    add(&heap, 10, 'd');
    assert_string_equal(take(&heap, 20, out), "db");
    assert_string_equal(take(&heap, 29, out), "");
    assert_string_equal(take(&heap, 30, out), "c");
    assert_int_equal(heap_due_ms(&heap), INT64_MAX);
    heap_release(&heap);
}

static void heap_takes_the_ends_of_time(void **state)
{
    struct heap heap = {0};

    (void)state;
    add(&heap, INT64_MAX, 'b');
    add(&heap, INT64_MIN, 'a');
    assert_ptr_equal(heap_take(&heap, INT64_MIN), &names[0]);
    assert_null(heap_take(&heap, INT64_MAX - 1));
    heap_release(&heap);
}

static void heap_gives_each_of_equal_times_once(void **state)
{
    struct heap heap = {0};
    bool seen[MANY] = {false};
    static char whats[MANY];

    (void)state;
    for (int i = 0; i < MANY; i++)
        heap_add(&heap, i % 3, &whats[i]);
    for (int i = 0; i < MANY; i++) {
        const char *what = heap_take(&heap, 2);

        assert_non_null(what);
        assert_false(seen[what - whats]);
        seen[what - whats] = true;
        /* a third each: all of 0 before all of 1 before all of 2 */
        assert_int_equal((what - whats) % 3, i / ((MANY + 2) / 3));
    }
    assert_null(heap_take(&heap, INT64_MAX));
    heap_release(&heap);
}

static void heap_grows_and_is_empty_after_its_release(void **state)
{
    struct heap heap = {0};
    static char whats[MANY];

    (void)state;
    for (int round = 0; round < 2; round++) {
        for (int i = MANY - 1; i >= 0; i--)
            heap_add(&heap, i, &whats[i]);
        assert_int_equal(heap.nr, MANY);
        assert_true(heap.cap >= heap.nr);
        for (int i = 0; i < MANY / 2; i++)
            assert_ptr_equal(heap_take(&heap, MANY), &whats[i]);
        assert_int_equal(heap.nr, MANY - MANY / 2);
        heap_release(&heap);
        assert_int_equal(heap_due_ms(&heap), INT64_MAX);
        assert_null(heap_take(&heap, INT64_MAX));
    }
}

/* The plain way to do the same: a sorted array of times. */
struct sorted {
    int64_t times[MANY];
    size_t nr;
};

static void sorted_add(struct sorted *sorted, int64_t due_ms)
{
    size_t at = sorted->nr++;

    for (; at > 0 && sorted->times[at - 1] > due_ms; at--)
        sorted->times[at] = sorted->times[at - 1];
    sorted->times[at] = due_ms;
}

static void sorted_take(struct sorted *sorted)
{
    sorted->nr--;
    memmove(sorted->times, sorted->times + 1,
            sorted->nr * sizeof(sorted->times[0]));
}

static uint64_t next_random(uint64_t *random)
{
    *random = *random * UINT64_C(6364136223846793005) + 1442695040888963407;
    return *random >> 33;
}

static void heap_agrees_with_a_sorted_array(void **state)
{
    static struct sorted sorted;
    static int64_t times[STEPS]; /* of what was added, by number */
    struct heap heap = {0};
    uint64_t random = 7;
    int64_t now_ms = 0;

    (void)state;
    for (int i = 0; i < STEPS; i++) {
        /* grows and shrinks by turns, few times and many */
        bool grows = sorted.nr == 0 || (i / 3000 % 2 == 0 && sorted.nr < MANY);

        if (grows || (sorted.nr < MANY && next_random(&random) % 4 == 0)) {
            times[i] = now_ms + (int64_t)(next_random(&random) %
                                          (i / 6000 % 2 ? 10 : 100000));
            heap_add(&heap, times[i], &times[i]);
            sorted_add(&sorted, times[i]);
        } else {
            now_ms += (int64_t)(next_random(&random) % 200);
            const int64_t *what = heap_take(&heap, now_ms);
            if (sorted.times[0] > now_ms) {
                assert_null(what);
            } else {
                assert_non_null(what);
                assert_int_equal(*what, sorted.times[0]);
                sorted_take(&sorted);
            }
        }
        assert_int_equal(heap.nr, sorted.nr);
        assert_int_equal(heap_due_ms(&heap),
                         sorted.nr ? sorted.times[0] : INT64_MAX);
    }
    assert_true(heap.cap > 1000);
    heap_release(&heap);
}

#define TEST(name) cmocka_unit_test(name)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(heap_gives_in_the_order_of_the_times),
        TEST(heap_gives_nothing_before_its_time),
        TEST(heap_takes_the_ends_of_time),
        TEST(heap_gives_each_of_equal_times_once),
        TEST(heap_grows_and_is_empty_after_its_release),
        TEST(heap_agrees_with_a_sorted_array),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
