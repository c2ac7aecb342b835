/* Counts of refused links by host and rule, see refusals.h. */
#include "crawler/scope/refusals.h"

#include <stdlib.h>

#include "base/xalloc.h"

struct slot {
    int64_t host_id;
    enum trap_rule rule;        /* TRAP_NONE: the slot is empty */
    bool has_example;           /* one was stored, in this session */
    int64_t nr_rows;            /* of all time */
    int64_t new_rows, new_more; /* not stored yet */
};

struct refusals {
    struct refusals_store store;
    bool has_news; /* some slot has what is not stored */
    struct slot slots[REFUSALS_SLOTS];
};

struct refusals *refusals_new(const struct refusals_store *store)
{
    struct refusals *refusals = xcalloc(1, sizeof(*refusals));

    refusals->store = *store;
    return refusals;
}

void refusals_free(struct refusals *refusals)
{
    free(refusals);
}

/* Stores the news of a slot; `example` is empty or the URL of one of them. */
static enum err store_slot(struct refusals *refusals, struct slot *slot,
                           struct bytes example)
{
    struct refusal news = {
        .host_id = slot->host_id,
        .rule = slot->rule,
        .nr_rows = slot->new_rows,
        .nr_more = slot->new_more,
        .example = example,
    };

    if (slot->new_rows == 0 && slot->new_more == 0)
        return CERR_OK;
    enum err err = refusals->store.add(refusals->store.ctx, &news);
    if (!err)
        slot->new_rows = slot->new_more = 0;
    return err;
}

/* Finds the slot of a host and rule; it may be that of others so far, whose
 * news are stored then. An id is a SipHash, so that its bits choose evenly. */
static enum err find_slot(struct refusals *refusals, int64_t host_id,
                          enum trap_rule rule, struct slot **found)
{
    uint64_t at = (uint64_t)host_id + (uint64_t)rule * 0x9E3779B97F4A7C15;
    struct slot *slot = &refusals->slots[at % REFUSALS_SLOTS];
    struct bytes none = {"", 0};
    int64_t nr_rows = 0;
    enum err err = CERR_OK;

    *found = slot;
    if (slot->rule == rule && slot->host_id == host_id)
        return CERR_OK;
    if (slot->rule != TRAP_NONE)
        err = store_slot(refusals, slot, none);
    if (!err)
        err =
            refusals->store.load(refusals->store.ctx, host_id, rule, &nr_rows);
    if (!err)
        *slot =
            (struct slot){.host_id = host_id, .rule = rule, .nr_rows = nr_rows};
    return err;
}

enum err refusals_take_row(struct refusals *refusals, int64_t host_id,
                           enum trap_rule rule, bool *has_row)
{
    struct slot *slot;
    enum err err = find_slot(refusals, host_id, rule, &slot);

    if (err)
        return err;
    *has_row = slot->nr_rows < REFUSALS_ROWS;
    slot->nr_rows += *has_row;
    slot->new_rows += *has_row;
    refusals->has_news |= *has_row;
    return CERR_OK;
}

enum err refusals_give_back(struct refusals *refusals, int64_t host_id,
                            enum trap_rule rule)
{
    struct slot *slot;
    enum err err = find_slot(refusals, host_id, rule, &slot);

    if (err)
        return err;
    slot->nr_rows--;
    slot->new_rows--;
    refusals->has_news = true;
    return CERR_OK;
}

enum err refusals_count(struct refusals *refusals, int64_t host_id,
                        enum trap_rule rule, struct bytes url)
{
    struct slot *slot;
    enum err err = find_slot(refusals, host_id, rule, &slot);

    if (err)
        return err;
    slot->new_more++;
    refusals->has_news = true;
    if (slot->has_example)
        return CERR_OK;
    slot->has_example = true;
    return store_slot(refusals, slot, url);
}

enum err refusals_flush(struct refusals *refusals)
{
    struct bytes none = {"", 0};
    enum err err = CERR_OK;

    if (!refusals->has_news)
        return CERR_OK;
    for (size_t i = 0; i < REFUSALS_SLOTS && !err; i++)
        if (refusals->slots[i].rule != TRAP_NONE)
            err = store_slot(refusals, &refusals->slots[i], none);
    refusals->has_news = err != CERR_OK;
    return err;
}
