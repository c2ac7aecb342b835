/*
 * sandbox_calls: the list of system calls that a fetching worker may make.
 */
#ifndef CRAWLER_FETCH_SANDBOX_CALLS_H
#define CRAWLER_FETCH_SANDBOX_CALLS_H

#include <stdbool.h>

#include "base/err.h"

/* Loads the filter into all threads of this process. ERR_PERM. */
enum err sandbox_limit_calls(void) ERR_CHECK;
/* False where the kernel has no filter, or this build makes calls of its own
 * (sanitizers). */
bool sandbox_can_limit_calls(void);

#endif
