/* Three small readers at once. Whatever comes, a wait is within its bounds and
 * the text of what is not asked ends within its room. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "crawler/names/resolver_files.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct resolver_patience patience = {2000, 3};
    struct bytes text = {data, size};
    char out[32];

    resolver_read_patience(&patience, text);
    if (patience.wait_ms < 1000 || patience.wait_ms > 30000 ||
        patience.nr_tries < 1 || patience.nr_tries > 5)
        abort();
    resolver_unasked(text, out, sizeof(out));
    if (!memchr(out, 0, sizeof(out)))
        abort();
    (void)resolver_servers_are_valid(text);
    return 0;
}
