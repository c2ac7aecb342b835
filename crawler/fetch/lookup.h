/*
 * lookup: the look-ups of names that libcurl makes, seen on their way.
 *
 * libcurl 7.88 has one error for "there is no such name" and "getaddrinfo() had
 * no memory for it", and keeps the resolver's code to itself. So this module
 * defines getaddrinfo(), which stands before that of the C library in every
 * program that fetches: it asks the C library's, counts the failures that are
 * ours and asks once more where the answer is soon "try again" (EAI_AGAIN,
 * RFC 3493, 6.1), as glibc says also where memory was short for a moment. Names
 * for which that stays the answer are remembered.
 */
#ifndef CRAWLER_FETCH_LOOKUP_H
#define CRAWLER_FETCH_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Lets the C library load what it loads at the first look-up: afterwards files
 * may be shut. CERR_NOMEM: memory ended on the way, and glibc 2.36 would look
 * up wrongly or not at all for as long as the process lives. */
enum err lookup_warm_up(void) CERR_CHECK;
/* How often a look-up of any thread failed for want of memory or descriptors.
 */
uint64_t lookup_nr_exhausted(void);
/* Whether the last look-up of this name ended in "try again": no name server
 * could say whether it exists. False also for one of two names that fell on the
 * same place of a small table. */
bool lookup_may_pass(const char *name, size_t len);

#endif
