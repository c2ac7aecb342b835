/*
 * sandbox_calls: the filter (seccomp(2)) of system calls that a fetching worker
 * may make. The rules themselves stand in sandbox_rules.c.
 */
#ifndef CRAWLER_SANDBOX_SANDBOX_CALLS_H
#define CRAWLER_SANDBOX_SANDBOX_CALLS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANDBOX_HAS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANDBOX_HAS_SANITIZER 1
#endif
#endif
#ifndef SANDBOX_HAS_SANITIZER
#define SANDBOX_HAS_SANITIZER 0
#endif

/* In the compiled rules: "this process". No number of a process, which end at
 * 2^22, see proc(5). */
#define SANDBOX_OWN_PID 0x7fffffff

/* Loads the filter into all threads of this process, once. The number of a
 * forbidden call is written to `*broken`, plus 1, before the process dies of
 * it; NULL: nowhere. CERR_PERM. */
enum err sandbox_limit_calls(_Atomic int *broken) CERR_CHECK;
/* False where the kernel has no filter, or none as ours: before 4.17. */
bool sandbox_can_limit_calls(void);
/* "execve", or "number 9999" if it has no name. */
void sandbox_name_call(int number, char *out, size_t cap);

#endif
