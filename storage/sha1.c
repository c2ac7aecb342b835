#include "storage/sha1.h"

#include <openssl/evp.h>

bool sha1_sum(const void *data, size_t len, unsigned char out[SHA1_BYTES])
{
    unsigned int out_len = SHA1_BYTES;

    return EVP_Digest(data, len, out, &out_len, EVP_sha1(), NULL) == 1;
}
