/* SHA-1 by OpenSSL, for the digests of WARC records. */
#include "storage/sink/sha1.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

/*
 * The algorithm lives in a library context of its own, which the first call
 * makes and nobody frees. OpenSSL 3.0 uses its default context even when there
 * was no memory to make it, and crashes.
 */
static EVP_MD *get_algorithm(void)
{
    static OSSL_LIB_CTX *library;
    static EVP_MD *algorithm;

    if (!library)
        library = OSSL_LIB_CTX_new();
    if (library && !algorithm)
        algorithm = EVP_MD_fetch(library, "SHA1", NULL);
    return algorithm;
}

bool sha1_sum(const void *data, size_t len, unsigned char out[SHA1_BYTES])
{
    unsigned int out_len = SHA1_BYTES;
    EVP_MD *algorithm = get_algorithm();

    return algorithm &&
           EVP_Digest(data, len, out, &out_len, algorithm, NULL) == 1;
}

struct sha1 *sha1_begin(void)
{
    EVP_MD *algorithm = get_algorithm();
    EVP_MD_CTX *context = algorithm ? EVP_MD_CTX_new() : NULL;

    if (context && EVP_DigestInit_ex(context, algorithm, NULL) != 1) {
        EVP_MD_CTX_free(context);
        context = NULL;
    }
    return (struct sha1 *)context;
}

bool sha1_add(struct sha1 *sha1, const void *data, size_t len)
{
    return EVP_DigestUpdate((EVP_MD_CTX *)sha1, data, len) == 1;
}

bool sha1_end(struct sha1 *sha1, unsigned char out[SHA1_BYTES])
{
    unsigned int out_len = SHA1_BYTES;
    bool ok = EVP_DigestFinal_ex((EVP_MD_CTX *)sha1, out, &out_len) == 1;

    EVP_MD_CTX_free((EVP_MD_CTX *)sha1);
    return ok;
}
