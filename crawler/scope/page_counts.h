/*
 * page_counts: how many pages were found on each host, in flat memory.
 *
 * Hosts may be too many to count each. So all are counted in a sketch of fixed
 * size, which never counts too few: it tells of nearly every host that it is
 * below a limit. Where it cannot, somebody counts the host exactly once, in
 * storage, and tells it here; the hosts met lately are counted on from there.
 * Pure. One thread per object.
 */
#ifndef CRAWLER_SCOPE_PAGE_COUNTS_H
#define CRAWLER_SCOPE_PAGE_COUNTS_H

#include <stdbool.h>
#include <stdint.h>

#define PAGE_COUNTS_EXACT 65536 /* hosts that are counted exactly: 1 MiB */

struct page_counts; /* opaque, 2 MiB */

/* Owned by the caller. Never NULL. */
struct page_counts *page_counts_new(void);
void page_counts_free(struct page_counts *counts);

/* Counts one more page of a host. */
void page_counts_add(struct page_counts *counts, int64_t host_id);
/* The pages of a host; *is_exact: and neither more nor fewer (may be NULL). */
int64_t page_counts_get(struct page_counts *counts, int64_t host_id,
                        bool *is_exact);
/* Takes a count that is right now. */
void page_counts_set(struct page_counts *counts, int64_t host_id, int64_t nr);
/* Forgets the exact count of a host, as fewer are its pages now. */
void page_counts_forget(struct page_counts *counts, int64_t host_id);

#endif
