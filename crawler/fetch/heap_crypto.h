/*
 * heap_crypto: OpenSSL's memory. Apart from the rest, because <openssl/types.h>
 * and base/err.h both have an CERR_STATE.
 */
#ifndef CRAWLER_FETCH_HEAP_CRYPTO_H
#define CRAWLER_FETCH_HEAP_CRYPTO_H

/* Calls `on_refused` each time that malloc() has none for it, from any thread.
 * Nothing changes where OpenSSL has taken some already. */
void heap_crypto_watch(void (*on_refused)(void));

#endif
