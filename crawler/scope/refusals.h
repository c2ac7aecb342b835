/*
 * refusals: which refused links get a row of their own, and how many do not.
 *
 * A trap refuses links by the hundred thousand. People need to see which, and
 * nobody needs a row for each: the first REFUSALS_ROWS of a host and rule have
 * one, all others are counted together. The counts stand in storage; here are
 * those of the hosts met lately, with what is not stored yet, in a table of
 * fixed size. Knows storage by two functions only. One thread per object.
 */
#ifndef CRAWLER_SCOPE_REFUSALS_H
#define CRAWLER_SCOPE_REFUSALS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/wire.h"
#include "crawler/scope/trap.h"

#define REFUSALS_ROWS  200
#define REFUSALS_SLOTS 4096 /* hosts and rules at hand: 160 KiB */

struct refusals; /* opaque */

/* What a host and rule have refused since that was stored last. */
struct refusal {
    int64_t host_id;
    enum trap_rule rule;
    int64_t nr_rows;      /* with a row of their own */
    int64_t nr_more;      /* without one */
    struct bytes example; /* one of those; mostly empty, as the first serves */
};

/* Where the counts stand. An error of a function is handed on. */
struct refusals_store {
    /* *nr_rows: how many have a row. */
    enum err (*load)(void *ctx, int64_t host_id, enum trap_rule rule,
                     int64_t *nr_rows);
    enum err (*add)(void *ctx, const struct refusal *refusal);
    void *ctx;
};

/* Owned by the caller. Never NULL. Copies the functions. */
struct refusals *refusals_new(const struct refusals_store *store);
void refusals_free(struct refusals *refusals);

/* Whether a link that the rule refuses gets a row of its own, which is counted
 * from then on. */
enum err refusals_take_row(struct refusals *refusals, int64_t host_id,
                           enum trap_rule rule, bool *has_row) CERR_CHECK;
/* The URL of such a link was known, and there is no new row. */
enum err refusals_give_back(struct refusals *refusals, int64_t host_id,
                            enum trap_rule rule) CERR_CHECK;
/* Counts a link without a row. */
enum err refusals_count(struct refusals *refusals, int64_t host_id,
                        enum trap_rule rule, struct bytes url) CERR_CHECK;
/* Stores what is not stored. */
enum err refusals_flush(struct refusals *refusals) CERR_CHECK;

#endif
