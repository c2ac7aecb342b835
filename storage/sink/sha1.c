/* SHA-1 by OpenSSL, for the digests of WARC records. */
#include "storage/sink/sha1.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

/*
 * In a library context of its own, made at the first call and kept: the default
 * one of OpenSSL 3.0 is used even where there was no memory to make it, which
 * ends in a crash.
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
