/*
 * clock_doubt: whether it is not the certificates that are wrong, but our
 * clock.
 *
 * Counts, over the first TLS hosts that a run meets, those whose certificate
 * seems expired or not yet valid. Bounded and pure; zeroed is empty.
 */
#ifndef CRAWLER_CLOCK_DOUBT_H
#define CRAWLER_CLOCK_DOUBT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/wire.h"

/* A sample of this size says it as surely as all hosts do. */
#define CLOCK_DOUBT_HOSTS     64
/* Hosts with such a certificate before it is worth a word. */
#define CLOCK_DOUBT_HOSTS_MIN 3

struct clock_doubt {
    int64_t hosts[CLOCK_DOUBT_HOSTS];
    size_t nr_hosts, nr_outdated;
};

/* Whether the detail of a TLS failure says that the certificate has expired or
 * is not valid yet. */
bool clock_doubt_is_about_time(struct bytes detail);
/* Counts a host whose handshake succeeded or failed; only its first call
 * counts. */
void clock_doubt_add(struct clock_doubt *doubt, int64_t host_id,
                     bool is_outdated);
/* Whether our clock is in doubt: at least CLOCK_DOUBT_HOSTS_MIN hosts, and more
 * than half of all, had such a certificate. */
bool clock_doubt_holds(const struct clock_doubt *doubt);

#endif
