/*
 * A value of the field RateLimit. Whatever comes, the reset is a part of the
 * value or the one before, it is a number, and a wait is never negative.
 */
#include <stdint.h>
#include <stdlib.h>

#include "crawler/politeness/rate_limit.h"

#define WALL_MS INT64_C(1764000000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes value = {data, size}, before = {"7", 1};
    struct bytes reset = rate_limit_spent(value, before);
    const uint8_t *text = reset.data;

    if (reset.data != before.data &&
        (text < data || text + reset.len > data + size))
        abort();
    if (rate_limit_wait_ms(reset, WALL_MS) < 0)
        abort();
    if (rate_limit_wait_ms(value, WALL_MS) < -1)
        abort();
    (void)rate_limit_is_nothing(value);
    return 0;
}
