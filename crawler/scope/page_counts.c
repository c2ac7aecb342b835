/*
 * A count-min sketch of all hosts (Cormode and Muthukrishnan, 2005), and exact
 * counts of some, see page_counts.h. The exact ones stand in rows of eight, of
 * which the one that came first drops out.
 */
#include "crawler/scope/page_counts.h"

#include <stdlib.h>

#include "base/xalloc.h"

#define SKETCH_ROWS 4
#define SKETCH_BITS 16 /* 4 rows of 2^16 counters: 1 MiB */
#define WAYS        8

/* A host whose pages somebody has counted. */
struct exact {
    int64_t host_id;
    int64_t nr_and_one; /* 0: the slot is empty */
};

struct page_counts {
    uint32_t sketch[SKETCH_ROWS][1 << SKETCH_BITS];
    struct exact exact[PAGE_COUNTS_EXACT / WAYS][WAYS];
};

struct page_counts *page_counts_new(void)
{
    return xcalloc(1, sizeof(struct page_counts));
}

void page_counts_free(struct page_counts *counts)
{
    free(counts);
}

/* Finds the counter of a host in a row. An id is a SipHash, so 16 bits of it
 * serve for each row. */
static uint32_t *counter_of(struct page_counts *counts, int64_t host_id,
                            int row)
{
    uint64_t hash = (uint64_t)host_id;

    return &counts->sketch[row][hash >> (16 * row) & 0xFFFF];
}

/* Reads the count of a host, which is the least of its rows: each counts too
 * many where hosts share a counter, and none too few. */
static uint32_t least_of(struct page_counts *counts, int64_t host_id)
{
    uint32_t least = UINT32_MAX;

    for (int row = 0; row < SKETCH_ROWS; row++) {
        uint32_t count = *counter_of(counts, host_id, row);
        least = count < least ? count : least;
    }
    return least;
}

/* Finds the row where a host stands if it is counted exactly. */
static struct exact *row_of(struct page_counts *counts, int64_t host_id)
{
    return counts->exact[(uint64_t)host_id % (PAGE_COUNTS_EXACT / WAYS)];
}

/* Finds the slot of a host that is counted exactly; NULL: it is not. */
static struct exact *find_exact(struct page_counts *counts, int64_t host_id)
{
    struct exact *row = row_of(counts, host_id);

    for (int i = 0; i < WAYS; i++)
        if (row[i].host_id == host_id && row[i].nr_and_one > 0)
            return &row[i];
    return NULL;
}

/* "Conservative update": no counter rises more than needed. */
void page_counts_add(struct page_counts *counts, int64_t host_id)
{
    uint32_t least = least_of(counts, host_id);
    struct exact *exact = find_exact(counts, host_id);

    for (int row = 0; row < SKETCH_ROWS; row++) {
        uint32_t *counter = counter_of(counts, host_id, row);
        if (*counter == least && *counter < UINT32_MAX)
            (*counter)++;
    }
    if (exact)
        exact->nr_and_one++;
}

/* The exact count is the right one; the sketch may say more. */
int64_t page_counts_get(struct page_counts *counts, int64_t host_id,
                        bool *is_exact)
{
    const struct exact *exact = find_exact(counts, host_id);

    if (is_exact)
        *is_exact = exact != NULL;
    return exact ? exact->nr_and_one - 1 : least_of(counts, host_id);
}

/* The newest stands first; the one that drops out is the oldest of the row. */
void page_counts_set(struct page_counts *counts, int64_t host_id, int64_t nr)
{
    struct exact *row = row_of(counts, host_id);
    struct exact *exact = find_exact(counts, host_id);

    if (!exact) {
        for (int i = WAYS - 1; i > 0; i--)
            row[i] = row[i - 1];
        exact = &row[0];
    }
    *exact = (struct exact){host_id, nr + 1};
}

void page_counts_forget(struct page_counts *counts, int64_t host_id)
{
    struct exact *exact = find_exact(counts, host_id);

    if (exact)
        *exact = (struct exact){0, 0};
}
