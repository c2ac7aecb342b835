/*
 * heap: the memory of a worker, as libcurl wants it.
 *
 * libcurl takes and returns some forty small pieces and one large one for each
 * page. They are kept here, by size, for the next page. Only the thread that
 * called heap_open() keeps any: those that look names up get theirs straight
 * from malloc(), and either kind can be freed on either side.
 */
#ifndef CRAWLER_FETCH_HEAP_H
#define CRAWLER_FETCH_HEAP_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define HEAP_SMALL_BYTES ((size_t)1024) /* the largest that is called small */
#define HEAP_LARGE_BYTES ((size_t)128 << 10) /* libcurl's buffer */
#define HEAP_PIECES_MAX  256                 /* kept of each size */

/* Starts libcurl on it; instead of curl_global_init(), in a process that has
 * no other thread yet. ERR_NOMEM. */
enum err heap_open(void) ERR_CHECK;
/* Ends libcurl and gives all back. */
void heap_close(void);

/* How often it had no memory to give, to any thread: libcurl does not always
 * say so of what fails by that. */
uint64_t heap_nr_refused(void);

#endif
