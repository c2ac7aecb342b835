/* surt: any bytes have a key or an error, and a key is printable and made again
 * of itself where it is a URL's path and query. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "storage/sink/surt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf url, key;

    buf_init(&url, SURT_URL_BYTES);
    buf_init(&key, 4 * SURT_URL_BYTES);
    if (!buf_add_str(&url, "http://h/") && !buf_add(&url, data, size) &&
        !surt_add(&key, (struct bytes){url.data, url.len}))
        for (size_t i = 0; i < key.len; i++)
            if (key.data[i] <= ' ' || key.data[i] >= 0x7f)
                abort();
    buf_reset(&key);
    if (surt_add(&key, (struct bytes){data, size}) == CERR_OK && size > 0 &&
        key.len == 0)
        abort();
    buf_release(&url);
    buf_release(&key);
    return 0;
}
