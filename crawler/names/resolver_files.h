/*
 * resolver_files: what c-ares 1.18 does not read, or does not do, of the files
 * that settle how this system looks up names. Pure: it gets their texts.
 */
#ifndef CRAWLER_NAMES_RESOLVER_FILES_H
#define CRAWLER_NAMES_RESOLVER_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/wire.h"

/* How long a name server has for its answer at first, and how often it is
 * asked. */
struct resolver_patience {
    int wait_ms, nr_tries;
};

/* Takes the options timeout and attempts of a resolv.conf(5), within the bounds
 * named there (30 s, 5); what it does not say stays as it is. */
void resolver_read_patience(struct resolver_patience *patience,
                            struct bytes text);
/* Writes the sources that a nsswitch.conf(5) names for hosts and that are not
 * asked, "mdns4_minimal nis"; "" if there is none. Cut at `cap`. */
void resolver_unasked(struct bytes text, char *out, size_t cap);
/* Whether it is a list of addresses, "192.0.2.1,192.0.2.2:5353,[2001:db8::1]".
 */
bool resolver_servers_are_valid(struct bytes list);

#endif
