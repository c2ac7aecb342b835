/* chunked: the pieces of any body lie within it, in order. */
#include <stdint.h>
#include <stdlib.h>

#include "storage/sink/chunked.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes rest = {data, size}, chunk;
    const uint8_t *end = data;

    while (chunked_next(&rest, &chunk)) {
        const uint8_t *at = chunk.data;
        if (at < end || chunk.len == 0 || at + chunk.len > data + size)
            abort();
        end = at + chunk.len;
    }
    if (rest.len != 0)
        abort();
    (void)chunked_is_said((struct bytes){data, size});
    return 0;
}
