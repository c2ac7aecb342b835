/*
 * xalloc: allocations whose size we choose ourselves.
 *
 * They end the process with one line when memory is gone: there is no sane
 * way on, and whatever is committed stays committed. Sizes that come from
 * outside must not be used here: cap them and use malloc, or a struct buf.
 */
#ifndef BASE_XALLOC_H
#define BASE_XALLOC_H

#include <stddef.h>

/* Each returns owned, zeroed (xcalloc) or uninitialised memory; never NULL. */
void *xmalloc(size_t len) __attribute__((malloc, returns_nonnull));
void *xcalloc(size_t nr, size_t size) __attribute__((malloc, returns_nonnull));
void *xrealloc_array(void *old, size_t nr, size_t size)
    __attribute__((returns_nonnull));
char *xstrdup(const char *text) __attribute__((malloc, returns_nonnull));
/* A copy of `len` bytes with a NUL behind them. */
char *xmemdup0(const void *data, size_t len)
    __attribute__((malloc, returns_nonnull));

#endif
