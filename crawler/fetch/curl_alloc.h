/*
 * curl_alloc: the memory of a worker, as libcurl wants it.
 *
 * libcurl takes and returns some forty small pieces and one large one for each
 * page. They are kept here, by size, for the next page. Only the thread that
 * called curl_alloc_open() keeps any; another gets its own straight from
 * malloc(), and either kind can be freed on either side.
 *
 * OpenSSL's memory is malloc()'s own; it goes through here so that refusals
 * are counted, see CRYPTO_set_mem_functions(3).
 *
 * The first memory of the process is asked for in huge pages: with a thousand
 * transfers in flight small ones cost a quarter of all CPU, in a virtual
 * machine (docs/decisions/0016).
 *
 * libcurl and OpenSSL hand these functions no context, so there is one such
 * allocator in a process.
 */
#ifndef CRAWLER_FETCH_CURL_ALLOC_H
#define CRAWLER_FETCH_CURL_ALLOC_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* A small piece has at most so many bytes. */
#define CURL_ALLOC_SMALL_BYTES ((size_t)1024)
/* Of each size so many freed pieces are kept. */
#define CURL_ALLOC_PIECES_MAX  256

/* Each transfer has one buffer of libcurl, of CURL_ALLOC_BUFFER_BYTES. It is
 * halved, down to the minimum, while all buffers together would be larger than
 * CURL_ALLOC_BUFFERS_BYTES. */
#define CURL_ALLOC_BUFFER_BYTES     ((size_t)128 << 10)
#define CURL_ALLOC_BUFFER_BYTES_MIN ((size_t)16 << 10)
#define CURL_ALLOC_BUFFERS_BYTES    ((size_t)8 << 20)

/*
 * Starts libcurl on this allocator, with room for so many transfers. It stands
 * in place of curl_global_init(), and wants a process that has no other thread
 * yet and has not used OpenSSL: what OpenSSL took before is not counted.
 * CERR_NOMEM: libcurl could not begin.
 */
enum err curl_alloc_open(size_t nr_transfers) CERR_CHECK;
/* The value for CURLOPT_BUFFERSIZE with which these buffers are kept. */
size_t curl_alloc_buffer_bytes(void);
/* Ends libcurl and gives everything back. */
void curl_alloc_close(void);

/*
 * How often malloc() refused memory to libcurl or OpenSSL, in any thread. Both
 * hide that at times: a certificate that cannot be allocated passes for one
 * that is not valid.
 */
uint64_t curl_alloc_nr_refused(void);

/* malloc() and realloc(), whose refusals are counted: for c-ares. */
void *curl_alloc_counted(size_t len);
void *curl_alloc_counted_more(void *old, size_t len);

#endif
