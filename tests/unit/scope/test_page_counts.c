/* Pages of more hosts than can be counted each. */
#include "crawler/scope/page_counts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define HOSTS 300000

/* Ids of hosts are keyed hashes, so any spread serves. */
static int64_t host(int i)
{
    uint64_t id = (uint64_t)(i + 1) * UINT64_C(0x9E3779B97F4A7C15);

    return (int64_t)((id ^ id >> 29) * UINT64_C(0xBF58476D1CE4E5B9));
}

static void page_counts_never_count_too_few(void **state)
{
    struct page_counts *counts = page_counts_new();
    int nr_over = 0;

    (void)state;
    for (int page = 0; page < 3; page++)
        for (int i = 0; i < HOSTS; i++)
            page_counts_add(counts, host(i));
    for (int i = 0; i < HOSTS; i++) {
        int64_t nr = page_counts_get(counts, host(i), NULL);

        assert_true(nr >= 3);
        nr_over += nr > 3;
    }
    assert_true(nr_over > 0); /* the sketch is too small for them ... */
    for (int i = 0; i < 1000; i++)
        page_counts_set(counts, host(i), 3);
    for (int i = 0; i < HOSTS; i++)
        page_counts_add(counts, host(i));
    for (int i = 0; i < 1000; i++) {
        bool is_exact = false;

        /* ... and these are counted on from what is right */
        assert_int_equal(page_counts_get(counts, host(i), &is_exact), 4);
        assert_true(is_exact);
    }
    page_counts_free(counts);
}

static void page_counts_forget_hosts_and_stay_in_their_memory(void **state)
{
    struct page_counts *counts = page_counts_new();
    int nr_exact = 0;

    (void)state;
    for (int i = 0; i < HOSTS; i++)
        page_counts_set(counts, host(i), 0);
    for (int i = 0; i < HOSTS; i++) {
        bool is_exact = false;

        assert_int_equal(page_counts_get(counts, host(i), &is_exact), 0);
        nr_exact += is_exact;
    }
    assert_int_equal(nr_exact, PAGE_COUNTS_EXACT);
    for (int i = 0; i < HOSTS; i++) {
        bool is_exact = true;

        page_counts_forget(counts, host(i));
        page_counts_get(counts, host(i), &is_exact);
        assert_false(is_exact);
    }
    page_counts_free(counts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(page_counts_never_count_too_few),
        cmocka_unit_test(page_counts_forget_hosts_and_stay_in_their_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
