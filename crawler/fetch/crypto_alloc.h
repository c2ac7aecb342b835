/*
 * heap_crypto: OpenSSL's memory. Apart from the rest, because <openssl/types.h>
 * and base/err.h both have an CERR_STATE.
 */
#ifndef CRAWLER_FETCH_CRYPTO_ALLOC_H
#define CRAWLER_FETCH_CRYPTO_ALLOC_H

/* Calls `on_refused` each time that malloc() has none for it, from any thread.
 * Nothing changes where OpenSSL has taken some already. */
void heap_crypto_watch(void (*on_refused)(void));

#endif
