/*
 * heap: what waits for a time: hosts for their due time, URLs for a retry.
 *
 * A binary min-heap of pairs. Nothing is taken out of its middle: who comes
 * off the top asks whether the reason still holds. Pure.
 */
#ifndef CRAWLER_POLITENESS_TIMER_HEAP_H
#define CRAWLER_POLITENESS_TIMER_HEAP_H

#include <stddef.h>
#include <stdint.h>

struct heap_entry {
    int64_t due_ms;
    void *what; /* borrowed */
};

struct heap {
    struct heap_entry *entries; /* owned; NULL while nothing was ever added */
    size_t nr, cap;
};

void heap_release(struct heap *heap);
/* The caller bounds how many there are; memory that is gone ends the process
 * (xalloc). */
void heap_add(struct heap *heap, int64_t due_ms, void *what);
/* Returns the due time of the first entry; INT64_MAX if the heap is empty. */
int64_t heap_due_ms(const struct heap *heap);
/* Takes the first entry; NULL if none is due at `now_ms`. */
void *heap_take(struct heap *heap, int64_t now_ms);

#endif
