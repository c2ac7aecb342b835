/*
 * The allocator behind curl_alloc.h.
 *
 * DESIGN. A piece is one of malloc()'s own, so free() can have it at any time;
 * malloc_usable_size() tells which list it may be kept in. List n holds pieces
 * of at least FIRST + n * STEP bytes, the sizes that glibc makes. glibc itself
 * keeps seven pieces of a size, but none for calloc(), and nothing but its
 * environment can change that.
 */
#include "crawler/fetch/curl_alloc.h"

#include <curl/curl.h>
#include <malloc.h>
#include <openssl/crypto.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define FIRST      ((size_t)24)
#define STEP       ((size_t)16)
#define NR_SMALL   ((CURL_ALLOC_SMALL_BYTES - FIRST) / STEP + 1)
#define KEEP_BYTES ((size_t)64 << 20) /* freed, before it goes back */
#define HUGE_BYTES ((size_t)2 << 20)  /* of a huge page */
#define EACH_BYTES ((size_t)40 << 10) /* of a transfer, beside its buffer */

struct piece {
    struct piece *next;
};

struct list {
    struct piece *first;
    size_t nr;
};

/* The lists are written by one thread alone, the one whose `keeps` is true. */
static struct list small[NR_SMALL], large;
static size_t large_bytes = CURL_ALLOC_BUFFER_BYTES + FIRST;
static _Thread_local bool keeps;
static _Atomic uint64_t nr_refused;

static void *counted(void *data)
{
    if (!data)
        atomic_fetch_add_explicit(&nr_refused, 1, memory_order_relaxed);
    return data;
}

uint64_t curl_alloc_nr_refused(void)
{
    return atomic_load_explicit(&nr_refused, memory_order_relaxed);
}

void *curl_alloc_counted(size_t len)
{
    return counted(malloc(len ? len : 1));
}

void *curl_alloc_counted_more(void *old, size_t len)
{
    return counted(realloc(old, len ? len : 1));
}

/* ---- the lists of freed pieces ---- */

/* The list that a piece for `len` bytes comes from, and the size with which it
 * is made where that list is empty. NULL: such a piece is not kept. */
static struct list *list_for(size_t len, size_t *made)
{
    size_t nr = len <= FIRST ? 0 : (len - FIRST + STEP - 1) / STEP;

    if (keeps && nr < NR_SMALL) {
        *made = FIRST + nr * STEP;
        return &small[nr];
    }
    *made = len;
    if (!keeps || len > large_bytes || len < large_bytes - STEP * 2)
        return NULL;
    *made = large_bytes;
    return &large;
}

/* The list that a freed piece with so many usable bytes goes to, or NULL. */
static struct list *list_of(size_t usable)
{
    if (!keeps || usable < FIRST)
        return NULL;
    if (usable >= large_bytes)
        return usable < large_bytes + STEP * 4 ? &large : NULL;
    usable = (usable - FIRST) / STEP;
    return usable < NR_SMALL ? &small[usable] : NULL;
}

static void empty(struct list *list)
{
    while (list->first) {
        struct piece *piece = list->first;

        list->first = piece->next;
        free(piece);
    }
    list->nr = 0;
}

/* ---- libcurl's five functions, see curl_global_init_mem(3) ---- */

static void *take(size_t len)
{
    size_t made;
    struct list *list = list_for(len, &made);
    struct piece *piece = list ? list->first : NULL;

    if (!piece)
        return counted(malloc(made));
    list->first = piece->next;
    list->nr--;
    return piece;
}

static void give(void *data)
{
    struct list *list;
    struct piece *piece = data;

    if (!piece)
        return;
    list = list_of(malloc_usable_size(piece));
    if (!list || list->nr >= CURL_ALLOC_PIECES_MAX) {
        free(piece);
        return;
    }
    piece->next = list->first;
    list->first = piece;
    list->nr++;
}

static void *take_zeroed(size_t nr, size_t size)
{
    size_t len;
    void *data;

    if (__builtin_mul_overflow(nr, size, &len))
        return NULL;
    if (len > CURL_ALLOC_SMALL_BYTES)
        return counted(calloc(nr, size));
    data = take(len);
    return data ? memset(data, 0, len) : NULL;
}

/* libcurl's buffers grow by doubling, and it frees rather than shrinks them: a
 * piece that is large enough stays as it is. */
static void *take_more(void *old, size_t len)
{
    size_t usable = old ? malloc_usable_size(old) : 0;
    void *data;

    if (usable >= len && usable <= CURL_ALLOC_SMALL_BYTES)
        return old;
    if (len > CURL_ALLOC_SMALL_BYTES)
        return counted(realloc(old, len));
    data = take(len);
    if (data && old)
        memcpy(data, old, usable < len ? usable : len);
    if (data)
        give(old);
    return data;
}

static char *copy(const char *text)
{
    size_t len = strlen(text) + 1;
    char *data = take(len);

    return data ? memcpy(data, text, len) : NULL;
}

/* ---- OpenSSL's three functions, see CRYPTO_set_mem_functions(3) ---- */

static void *crypto_take(size_t len, const char *file, int line)
{
    (void)file;
    (void)line;
    return counted(malloc(len ? len : 1));
}

static void *crypto_take_more(void *old, size_t len, const char *file, int line)
{
    (void)file;
    (void)line;
    if (len > 0)
        return counted(realloc(old, len));
    free(old);
    return NULL;
}

static void crypto_give(void *data, const char *file, int line)
{
    (void)file;
    (void)line;
    free(data);
}

/* ---- the beginning and the end ---- */

size_t curl_alloc_buffer_bytes(void)
{
    return large_bytes - FIRST;
}

static size_t buffer_bytes_for(size_t nr_transfers)
{
    size_t bytes = CURL_ALLOC_BUFFER_BYTES;

    while (bytes > CURL_ALLOC_BUFFER_BYTES_MIN &&
           nr_transfers > CURL_ALLOC_BUFFERS_BYTES / bytes)
        bytes /= 2;
    return bytes;
}

/* Asks for the memory that malloc() will give out first, before any of it is
 * touched: a piece that is freed at once stays at the heap's end. Where the
 * system has no huge pages, or the heap is not where glibc has it, nothing
 * changes. */
static void ask_for_huge_pages(size_t nr_transfers)
{
    size_t most = KEEP_BYTES - 2 * HUGE_BYTES, each = large_bytes + EACH_BYTES;
    size_t bytes = nr_transfers < most / each ? nr_transfers * each : most;
    char *room = malloc(bytes + HUGE_BYTES);
    size_t skip = room ? HUGE_BYTES - (uintptr_t)room % HUGE_BYTES : 0;

    if (room)
        (void)madvise(room + skip, bytes, MADV_HUGEPAGE);
    free(room);
}

enum err curl_alloc_open(size_t nr_transfers)
{
    /* Without these limits one in ten of the large pieces, and of our own,
     * would cost a system call and fresh pages. The threads that look names up
     * need no heap of their own. */
    mallopt(M_MMAP_THRESHOLD, (int)KEEP_BYTES);
    mallopt(M_TRIM_THRESHOLD, (int)KEEP_BYTES);
    mallopt(M_ARENA_MAX, 1);
    large_bytes = buffer_bytes_for(nr_transfers) + FIRST;
    ask_for_huge_pages(nr_transfers);
    keeps = true;
    (void)CRYPTO_set_mem_functions(crypto_take, crypto_take_more, crypto_give);
    return curl_global_init_mem(CURL_GLOBAL_DEFAULT, take, give, take_more,
                                copy, take_zeroed)
               ? CERR_NOMEM
               : CERR_OK;
}

void curl_alloc_close(void)
{
    curl_global_cleanup();
    for (size_t i = 0; i < NR_SMALL; i++)
        empty(&small[i]);
    empty(&large);
    keeps = false;
}
