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

#define CLOCK_DOUBT_HOSTS     64 /* as many say it as surely as all do */
#define CLOCK_DOUBT_HOSTS_MIN 3  /* outdated, before it is worth a word */

struct clock_doubt {
    int64_t hosts[CLOCK_DOUBT_HOSTS];
    size_t nr_hosts, nr_outdated;
};

/* Whether a failure of TLS, as the row's detail tells it, is about time. */
bool clock_doubt_is_about_time(struct bytes detail);
/* A host whose handshake succeeded or failed; its first time counts. */
void clock_doubt_add(struct clock_doubt *doubt, int64_t host_id,
                     bool is_outdated);
/* At least CLOCK_DOUBT_HOSTS_MIN hosts and more than half of all. */
bool clock_doubt_holds(const struct clock_doubt *doubt);

#endif
