/*
 * The memory that libcurl gets: pieces are what malloc() promises, and those
 * that were freed come again. The two functions of libcurl that the heap calls
 * are ours here, and hand its five functions over.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <curl/curl.h>

#include "crawler/fetch/curl_alloc.h"

#define PIECES 400
#define STEPS  100000
#define LARGE                                                                  \
    (CURL_ALLOC_BUFFER_BYTES + 1) /* what libcurl asks for: its NUL            \
                                   */
#define FEW 8                     /* transfers: all buffers in full size */

static struct {
    curl_malloc_callback take;
    curl_free_callback give;
    curl_realloc_callback take_more;
    curl_strdup_callback copy;
    curl_calloc_callback take_zeroed;
    CURLcode answer;
} libcurl;

CURLcode curl_global_init_mem(long flags, curl_malloc_callback take,
                              curl_free_callback give,
                              curl_realloc_callback take_more,
                              curl_strdup_callback copy,
                              curl_calloc_callback take_zeroed)
{
    (void)flags;
    libcurl.take = take;
    libcurl.give = give;
    libcurl.take_more = take_more;
    libcurl.copy = copy;
    libcurl.take_zeroed = take_zeroed;
    return libcurl.answer;
}

void curl_global_cleanup(void)
{
}

static int open_heap(void **state)
{
    (void)state;
    return curl_alloc_open(FEW) ? -1 : 0;
}

static int close_heap(void **state)
{
    (void)state;
    curl_alloc_close(); /* the leak checker sees what it does not give back */
    return 0;
}

static void curl_alloc_gives_a_freed_piece_again(void **state)
{
    static const size_t sizes[] = {0, 1, 23, 24, 25, 40, 100, 511, 1000, 1016};
    void *large = libcurl.take(LARGE);

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        void *piece = libcurl.take(sizes[i]);

        libcurl.give(piece);
        assert_ptr_equal(libcurl.take(sizes[i]), piece);
        libcurl.give(piece);
        /* also for what wants zeros and for a text */
        assert_ptr_equal(libcurl.take_zeroed(1, sizes[i]), piece);
        libcurl.give(piece);
    }
    libcurl.give(large);
    assert_ptr_equal(libcurl.take(LARGE), large);
    libcurl.give(large);
}

static void curl_alloc_gives_zeros_where_they_are_asked_for(void **state)
{
    static const size_t sizes[] = {1, 24, 100, 1024, 1025, LARGE};

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        unsigned char *piece = libcurl.take(sizes[i]);

        memset(piece, 0xaa, sizes[i]);
        libcurl.give(piece);
        piece = libcurl.take_zeroed(1, sizes[i]);
        for (size_t j = 0; j < sizes[i]; j++)
            assert_int_equal(piece[j], 0);
        libcurl.give(piece);
    }
    assert_null(libcurl.take_zeroed(SIZE_MAX / 2, 3));
}

static void curl_alloc_copies_and_grows(void **state)
{
    char *text = libcurl.copy("twenty-four bytes and more");
    size_t len = strlen(text) + 1;

    (void)state;
    assert_string_equal(text, "twenty-four bytes and more");
    for (size_t size = len; size <= 4 * CURL_ALLOC_BUFFER_BYTES; size *= 2) {
        text = libcurl.take_more(text, size);
        assert_string_equal(text, "twenty-four bytes and more");
        memset(text + len, 'x', size - len); /* all of it is ours */
    }
    libcurl.give(text);
    libcurl.give(NULL);
    text = libcurl.take_more(NULL, 10);
    memset(text, 'x', 10);
    libcurl.give(text);
}

/* More than are kept of a size: those that are come again, time after time. */
static void curl_alloc_keeps_some_of_each_size(void **state)
{
    void *pieces[PIECES];

    (void)state;
    for (size_t i = 0; i < PIECES; i++)
        pieces[i] = libcurl.take(200);
    for (int round = 0; round < 4; round++) {
        for (size_t i = 0; i < PIECES; i++)
            libcurl.give(pieces[i]);
        for (size_t i = CURL_ALLOC_PIECES_MAX;
             i-- > 0;) /* the last one is first */
            assert_ptr_equal(libcurl.take(200), pieces[i]);
        for (size_t i = CURL_ALLOC_PIECES_MAX; i < PIECES; i++)
            pieces[i] = libcurl.take(200);
    }
    for (size_t i = 0; i < PIECES; i++)
        libcurl.give(pieces[i]);
}

struct exchange {
    void *kept, *of_main, *of_thread;
};

static void *free_and_take(void *ctx)
{
    struct exchange *exchange = ctx;

    exchange->of_thread = libcurl.take(100);
    memset(exchange->of_thread, 'x', 100);
    libcurl.give(exchange->of_main);
    libcurl.give(libcurl.take(100));
    return NULL;
}

static void curl_alloc_keeps_nothing_for_other_threads(void **state)
{
    struct exchange exchange = {.kept = libcurl.take(100),
                                .of_main = libcurl.take(100)};
    pthread_t thread;

    (void)state;
    libcurl.give(exchange.kept);
    assert_int_equal(pthread_create(&thread, NULL, free_and_take, &exchange),
                     0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_ptr_not_equal(exchange.of_thread, exchange.kept);
    assert_ptr_equal(libcurl.take(100), exchange.kept);
    libcurl.give(exchange.kept);
    libcurl.give(exchange.of_thread);
}

static uint64_t next_random(uint64_t *random)
{
    *random = *random * UINT64_C(6364136223846793005) + 1442695040888963407;
    return *random >> 33;
}

/* Sizes as libcurl asks for them: mostly small ones, some buffers. */
static size_t random_size(uint64_t *random)
{
    uint64_t kind = next_random(random) % 100;

    if (kind == 0)
        return LARGE - 40 + (size_t)(next_random(random) % 80);
    if (kind < 5)
        return 1 + (size_t)(next_random(random) % 5000);
    return 1 + (size_t)(next_random(random) % CURL_ALLOC_SMALL_BYTES);
}

struct piece {
    unsigned char *data;
    size_t len;
    unsigned char mark;
};

static void assert_marked(const struct piece *piece, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (piece->data[i] != piece->mark)
            fail_msg("byte %zu of %zu is another's", i, piece->len);
}

static void curl_alloc_never_gives_a_piece_to_two(void **state)
{
    static struct piece pieces[PIECES];
    uint64_t random = 7;

    (void)state;
    for (int i = 0; i < STEPS; i++) {
        struct piece *piece = &pieces[next_random(&random) % PIECES];
        size_t len = random_size(&random);

        if (piece->data && next_random(&random) % 3) {
            assert_marked(piece, piece->len);
            libcurl.give(piece->data);
            *piece = (struct piece){0};
            continue;
        }
        unsigned char *data = piece->data ? libcurl.take_more(piece->data, len)
                                          : libcurl.take(len);
        assert_non_null(data);
        piece->data = data;
        assert_marked(piece, piece->len < len ? piece->len : len);
        piece->len = len;
        piece->mark = (unsigned char)i;
        memset(data, piece->mark, len);
    }
    for (size_t i = 0; i < PIECES; i++)
        libcurl.give(pieces[i].data);
}

static void curl_alloc_counts_what_it_refused(void **state)
{
    uint64_t before = curl_alloc_nr_refused();
    void *data = libcurl.take(100);

    (void)state;
    assert_int_equal(curl_alloc_nr_refused(), before);
    assert_null(libcurl.take(PTRDIFF_MAX));
    assert_null(libcurl.take_zeroed(1, PTRDIFF_MAX));
    assert_null(libcurl.take_more(data, PTRDIFF_MAX));
    assert_int_equal(curl_alloc_nr_refused(), before + 3);
    libcurl.give(data);
}

/* <openssl/crypto.h> and base/err.h cannot be had together. */
void *CRYPTO_malloc(size_t len, const char *file, int line);

static void curl_alloc_counts_what_openssl_was_refused(void **state)
{
    uint64_t before = curl_alloc_nr_refused();

    (void)state;
    assert_null(CRYPTO_malloc(PTRDIFF_MAX, __FILE__, __LINE__));
    assert_int_equal(curl_alloc_nr_refused(), before + 1);
}

static void curl_alloc_makes_buffers_smaller_where_there_are_many(void **state)
{
    static const struct {
        size_t nr_transfers, bytes;
    } rows[] = {
        {1, CURL_ALLOC_BUFFER_BYTES},
        {64, CURL_ALLOC_BUFFER_BYTES},
        {65, CURL_ALLOC_BUFFER_BYTES / 2},
        {256, CURL_ALLOC_BUFFER_BYTES / 4},
        {512, CURL_ALLOC_BUFFER_BYTES_MIN},
        {100000, CURL_ALLOC_BUFFER_BYTES_MIN},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        void *buffer;

        assert_int_equal(curl_alloc_open(rows[i].nr_transfers), CERR_OK);
        assert_int_equal(curl_alloc_buffer_bytes(), rows[i].bytes);
        buffer = libcurl.take(rows[i].bytes + 1);
        libcurl.give(buffer);
        assert_ptr_equal(libcurl.take(rows[i].bytes + 1), buffer);
        libcurl.give(buffer);
        curl_alloc_close();
    }
}

/* Kilobytes of this process that were asked for in huge pages. */
static size_t huge_kb(void)
{
    FILE *file = fopen("/proc/self/smaps", "re");
    size_t kb = 0, sum = 0;
    char line[512];

    assert_non_null(file);
    while (fgets(line, sizeof(line), file)) {
        if (sscanf(line, "Size: %zu kB", &kb) == 0 &&
            strncmp(line, "VmFlags:", 8) == 0 && strstr(line, " hg"))
            sum += kb;
    }
    assert_int_equal(fclose(file), 0);
    return sum;
}

static void curl_alloc_asks_for_huge_pages_for_all_transfers(void **state)
{
    const size_t enough_kb = 100 * (CURL_ALLOC_BUFFER_BYTES / 2 >> 10);

    (void)state;
    if (access("/sys/kernel/mm/transparent_hugepage", F_OK) != 0)
        skip();
    assert_true(huge_kb() < enough_kb);
    assert_int_equal(curl_alloc_open(100), CERR_OK);
    assert_true(huge_kb() >= enough_kb);
    curl_alloc_close();
}

static void curl_alloc_says_that_libcurl_cannot_begin(void **state)
{
    (void)state;
    libcurl.answer = CURLE_FAILED_INIT;
    assert_int_equal(curl_alloc_open(FEW), CERR_NOMEM);
    libcurl.answer = CURLE_OK;
    curl_alloc_close();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_heap, close_heap)

int main(void)
{
    const struct CMUnitTest tests[] = {
        /* before the others ask */
        cmocka_unit_test(curl_alloc_asks_for_huge_pages_for_all_transfers),
        TEST(curl_alloc_gives_a_freed_piece_again),
        TEST(curl_alloc_gives_zeros_where_they_are_asked_for),
        TEST(curl_alloc_copies_and_grows),
        TEST(curl_alloc_keeps_some_of_each_size),
        TEST(curl_alloc_keeps_nothing_for_other_threads),
        TEST(curl_alloc_never_gives_a_piece_to_two),
        TEST(curl_alloc_counts_what_it_refused),
        cmocka_unit_test(curl_alloc_counts_what_openssl_was_refused),
        cmocka_unit_test(curl_alloc_makes_buffers_smaller_where_there_are_many),
        cmocka_unit_test(curl_alloc_says_that_libcurl_cannot_begin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
