#include "crawler/fetch/crypto_alloc.h"

#include <openssl/crypto.h>
#include <stddef.h>
#include <stdlib.h>

/* OpenSSL hands these functions no context, see CRYPTO_set_mem_functions(3). */
static void (*tell)(void);

static void *checked(void *data)
{
    if (!data)
        tell();
    return data;
}

static void *take(size_t len, const char *file, int line)
{
    (void)file;
    (void)line;
    return checked(malloc(len ? len : 1));
}

static void *take_more(void *old, size_t len, const char *file, int line)
{
    (void)file;
    (void)line;
    if (len > 0)
        return checked(realloc(old, len));
    free(old);
    return NULL;
}

static void give(void *data, const char *file, int line)
{
    (void)file;
    (void)line;
    free(data);
}

void heap_crypto_watch(void (*on_refused)(void))
{
    tell = on_refused;
    (void)CRYPTO_set_mem_functions(take, take_more, give);
}
