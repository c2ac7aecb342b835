/*
 * guard: which addresses a crawler may connect to.
 *
 * A page decides where its links and redirects point, so every address is
 * judged at the moment it is about to be used: loopback, private, link-local,
 * metadata and all other ranges that are not the public internet are refused
 * (IANA special-purpose registries, RFC 6890), also inside IPv4-mapped, NAT64
 * and 6to4 addresses. Pure but for its list of allowed ranges.
 */
#ifndef CRAWLER_FETCH_GUARD_H
#define CRAWLER_FETCH_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "base/err.h"
#include "base/wire.h"

struct guard; /* opaque; constant once made */

/*
 * Makes a guard that lets `allowed` ranges ("10.0.0.0/8", "fd00::/8", a bare
 * address) pass besides the public ones. CERR_INVALID: a range is malformed;
 * `*bad` (may be NULL) is then its place. Owned by the caller.
 */
enum err guard_new(struct guard **guard, const char *const *allowed,
                   size_t nr_allowed, size_t *bad) CERR_CHECK;
void guard_free(struct guard *guard);

/* Whether the crawler may connect to the address; false for anything but IPv4
 * and IPv6. */
bool guard_allows(const struct guard *guard, const struct sockaddr *address);
/* Whether it may connect there for a host that the user's list names: private
 * addresses too, but none that is link-local or a metadata service's, which
 * only an allowed range lets pass. */
bool guard_allows_listed(const struct guard *guard,
                         const struct sockaddr *address);
/* The range for --allow-private that would let the address pass,
 * "10.0.0.0/8"; "" if none of the usual ones has it. Static. */
const char *guard_range(const struct guard *guard,
                        const struct sockaddr *address);
/* Whether an address written as text lies in a range, "10.0.0.0/8" or a bare
 * address; false if one of them is none. */
bool guard_is_in_range(struct bytes address, struct bytes range);
/* Like guard_allows(), for an address written as text; false if it is none. */
bool guard_allows_text(const struct guard *guard, const char *address);

#endif
