/*
 * frontier_fake_storage: storage in memory, for a simulation of the frontier
 * alone. It keeps what the frontier asks for (hosts, leases, URLs to do) and
 * holds its contract with asserts: a URL is ended once, a host is written only
 * by whoever has its lease.
 */
#ifndef TESTS_UNIT_FRONTIER_FRONTIER_FAKE_STORAGE_H
#define TESTS_UNIT_FRONTIER_FRONTIER_FAKE_STORAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "storage/record.h"

struct storage;

struct storage *fake_storage_new(size_t max_hosts, size_t max_urls);
void fake_storage_free(struct storage *storage);
/* Ends a URL; false if it had ended. */
bool fake_storage_end(struct storage *storage, struct url_key key);
/* The next call that adds URLs adds `nr` of them and has no memory for more. */
void fake_storage_refuse(struct storage *storage, size_t nr);
size_t fake_storage_nr_to_do(const struct storage *storage);
/* URLs that had ended and lay in a walk: a database steps over each. */
size_t fake_storage_nr_passed(const struct storage *storage);

#endif
