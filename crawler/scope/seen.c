/* Rows of eight hashes, each one cache line, see seen.h: a look-up reads one
 * row and nothing else. */
#include "crawler/scope/seen.h"

#include <stdlib.h>

#include "base/xalloc.h"

#define WAYS 8 /* hashes in a row: one cache line */

struct seen {
    uint64_t *hashes; /* 0: free */
    size_t row_mask;
};

struct seen *seen_new(size_t nr)
{
    struct seen *seen = xcalloc(1, sizeof(*seen));
    size_t rows = 1;

    while (rows * WAYS < nr)
        rows *= 2;
    seen->hashes = xcalloc(rows * WAYS, sizeof(*seen->hashes));
    seen->row_mask = rows - 1;
    return seen;
}

void seen_free(struct seen *seen)
{
    if (!seen)
        return;
    free(seen->hashes);
    free(seen);
}

/* The low bits of the hash choose the row; all of it is compared. */
static uint64_t *row_of(const struct seen *seen, uint64_t hash)
{
    return seen->hashes + (hash & seen->row_mask) * WAYS;
}

bool seen_has(const struct seen *seen, uint64_t hash)
{
    const uint64_t *row = row_of(seen, hash);

    for (int i = 0; i < WAYS; i++)
        if (row[i] == hash && hash != 0)
            return true;
    return false;
}

/* The newest stands first; the one that drops out is the oldest of the row. */
void seen_add(struct seen *seen, uint64_t hash)
{
    uint64_t *row = row_of(seen, hash);

    for (int i = WAYS - 1; i > 0; i--)
        row[i] = row[i - 1];
    row[0] = hash;
}
