/*
 * heap: the memory of a worker, as libcurl wants it.
 *
 * libcurl takes and returns some forty small pieces and one large one for each
 * page. They are kept here, by size, for the next page. Only the thread that
 * called heap_open() keeps any: those that look names up get theirs straight
 * from malloc(), and either kind can be freed on either side.
 *
 * The first memory of the process is asked for in huge pages: with a thousand
 * transfers in flight small ones cost a quarter of all CPU, in a virtual
 * machine (docs/decisions/0016).
 */
#ifndef CRAWLER_FETCH_CURL_ALLOC_H
#define CRAWLER_FETCH_CURL_ALLOC_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define HEAP_SMALL_BYTES ((size_t)1024) /* the largest that is called small */
#define HEAP_PIECES_MAX  256            /* kept of each size */

/* libcurl's buffers, one for each transfer: of this size, but smaller where all
 * of them together would be larger than that. */
#define HEAP_BUFFER_BYTES     ((size_t)128 << 10)
#define HEAP_BUFFER_BYTES_MIN ((size_t)16 << 10)
#define HEAP_BUFFERS_BYTES    ((size_t)8 << 20)

/* Starts libcurl on it, with room for so many transfers; instead of
 * curl_global_init(), in a process that has no other thread yet. CERR_NOMEM. */
enum err heap_open(size_t nr_transfers) CERR_CHECK;
/* For CURLOPT_BUFFERSIZE, so that the heap keeps these buffers. */
size_t heap_buffer_bytes(void);
/* Ends libcurl and gives all back. */
void heap_close(void);

/* How often it had no memory to give, to any thread, libcurl or OpenSSL: they
 * do not always say so of what fails by that. */
uint64_t heap_nr_refused(void);

#endif
