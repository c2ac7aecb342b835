/* Bodies in chains of blocks: whatever the chains went through, the bytes come
 * out as they went in. */
#include <stdlib.h>
#include <string.h>

#include "pool/shared/sync_block.h"
#include "tests/support/cmocka_all.h"

#define BLOCK_BYTES 64
#define NR_BLOCKS   256
#define NR_BODIES   40
#define LEN_MOST    (NR_BLOCKS / NR_BODIES * BLOCK_BYTES)

static void *open_blocks(struct sync_blocks *blocks)
{
    size_t end = 0;
    void *region;

    *blocks = (struct sync_blocks){.size = BLOCK_BYTES, .nr = NR_BLOCKS};
    sync_blocks_reserve(blocks, &end);
    region = aligned_alloc(64, (end + 63) / 64 * 64);
    assert_non_null(region);
    sync_blocks_init(blocks, region);
    return region;
}

static void fill(unsigned char *data, size_t len, unsigned seed)
{
    for (size_t i = 0; i < len; i++)
        data[i] = (unsigned char)(seed + i * 7);
}

static void assert_holds(const struct sync_blocks *blocks, uint64_t body,
                         unsigned seed)
{
    unsigned char want[LEN_MOST], got[LEN_MOST];
    size_t len = sync_body_len(body);

    fill(want, len, seed);
    sync_body_read(blocks, body, got);
    assert_memory_equal(got, want, len);
    assert_true(sync_body_equals(blocks, body, want, len));
    want[len - 1] ^= 1;
    assert_false(sync_body_equals(blocks, body, want, len));
    assert_false(sync_body_equals(blocks, body, want, len - 1));
}

static void body_comes_out_of_broken_up_chains_as_it_went_in(void **state)
{
    struct sync_blocks blocks;
    void *region = open_blocks(&blocks);
    uint64_t bodies[NR_BODIES] = {0};
    unsigned seeds[NR_BODIES], random = 1;
    unsigned char data[LEN_MOST];

    (void)state;
    for (unsigned round = 0; round < 4000; round++) {
        size_t i, len;

        random = random * 1103515245 + 12345;
        i = random / 65536 % NR_BODIES;
        len = random / 256 % LEN_MOST + 1;
        if (bodies[i] != 0) {
            assert_holds(&blocks, bodies[i], seeds[i]);
            sync_body_free(&blocks, bodies[i]);
        }
        seeds[i] = round;
        fill(data, len, round);
        bodies[i] = sync_body_new(&blocks, data, len);
        assert_true(bodies[i] != 0);
        assert_holds(&blocks, bodies[i], round);
    }
    for (size_t i = 0; i < NR_BODIES; i++) {
        assert_holds(&blocks, bodies[i], seeds[i]);
        sync_body_free(&blocks, bodies[i]);
    }
    assert_int_equal(blocks.nr_free, NR_BLOCKS);
    free(region);
}

static void body_that_fits_no_more_is_refused_and_takes_nothing(void **state)
{
    struct sync_blocks blocks;
    void *region = open_blocks(&blocks);
    uint64_t all = sync_body_room(&blocks, NR_BLOCKS * BLOCK_BYTES);

    (void)state;
    assert_true(all != 0);
    assert_int_equal(blocks.nr_free, 0);
    assert_true(sync_body_room(&blocks, 1) == 0);
    sync_body_free(&blocks, all);
    assert_true(sync_body_room(&blocks, NR_BLOCKS * BLOCK_BYTES + 1) == 0);
    assert_int_equal(blocks.nr_free, NR_BLOCKS);
    free(region);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(body_comes_out_of_broken_up_chains_as_it_went_in),
        cmocka_unit_test(body_that_fits_no_more_is_refused_and_takes_nothing),
    };

    return cmocka_run_group_tests_name("sync_block", tests, NULL, NULL);
}
