/* A binary heap in an array: the children of entry i are 2i + 1 and 2i + 2. */
#include "crawler/politeness/timer_heap.h"

#include <stdlib.h>

#include "base/xalloc.h"

void heap_release(struct heap *heap)
{
    free(heap->entries);
    *heap = (struct heap){0};
}

/* Adds an entry: it rises from the end until its parent is due earlier. */
void heap_add(struct heap *heap, int64_t due_ms, void *what)
{
    if (heap->nr == heap->cap) {
        heap->cap = heap->cap ? heap->cap * 2 : 64;
        heap->entries =
            xrealloc_array(heap->entries, heap->cap, sizeof(*heap->entries));
    }
    size_t at = heap->nr++;
    while (at > 0 && heap->entries[(at - 1) / 2].due_ms > due_ms) {
        heap->entries[at] = heap->entries[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    heap->entries[at] = (struct heap_entry){due_ms, what};
}

int64_t heap_due_ms(const struct heap *heap)
{
    return heap->nr ? heap->entries[0].due_ms : INT64_MAX;
}

/* Takes the first entry; the last one takes its place and sinks to where it
 * belongs. */
void *heap_take(struct heap *heap, int64_t now_ms)
{
    if (heap->nr == 0 || heap->entries[0].due_ms > now_ms)
        return NULL;

    struct heap_entry *entries = heap->entries;
    void *what = entries[0].what;
    struct heap_entry last = entries[--heap->nr];
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= heap->nr)
            break;
        if (child + 1 < heap->nr &&
            entries[child + 1].due_ms < entries[child].due_ms)
            child++;
        if (last.due_ms <= entries[child].due_ms)
            break;
        entries[at] = entries[child];
        at = child;
    }
    entries[at] = last;
    return what;
}
