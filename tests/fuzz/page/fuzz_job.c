/*
 * job: bytes that decode are the bytes that their job encodes to.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "crawler/page/job.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct job job;
    struct buf bytes;

    if (job_decode(&job, data, size) != CERR_OK)
        return 0;
    buf_init(&bytes, JOB_BYTES_MAX);
    if (job_encode(&bytes, &job) != CERR_OK || bytes.len != size ||
        memcmp(bytes.data, data, size) != 0)
        abort();
    buf_release(&bytes);
    return 0;
}
