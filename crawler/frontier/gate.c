/*
 * The gate of a host: what its robots.txt lets through.
 */
#include <string.h>

#include "crawler/frontier/internal.h"

void gate_restore(struct frontier *frontier, struct site *site,
                  const struct host_record *record, int64_t now_ms)
{
    (void)frontier;
    (void)record;
    (void)now_ms;
    site->gate = GATE_RULES;
}

enum err gate_answer(struct frontier *frontier, struct item *item,
                     const struct page *page, int64_t now_ms)
{
    (void)page;
    (void)now_ms;
    item_free(frontier, item);
    return ERR_OK;
}

enum err gate_admit(struct frontier *frontier, struct item *item,
                    int64_t now_ms)
{
    struct site *site = item->site;

    if (site->clock.state == HOST_DOWN) {
        enum error error =
            item->last_error ? item->last_error : ERROR_HOST_DOWN;
        return answer_end(frontier, item,
                          &(struct ending){.outcome = OUTCOME_ERROR,
                                           .error = error,
                                           .worker = -1},
                          now_ms);
    }
    item->state = ITEM_QUEUED;
    item->queued_ms = now_ms;
    items_add(item->kind == ITEM_URL ? &site->queue : &site->urgent, item);
    schedule_site(frontier, site, now_ms);
    return ERR_OK;
}

enum err gate_admit_again(struct frontier *frontier, struct site *site,
                          int64_t now_ms)
{
    struct items waiting = site->queue;
    struct item *item;
    enum err err = ERR_OK;

    site->queue = (struct items){0};
    while ((item = items_take(&waiting)) != NULL && !err)
        err = gate_admit(frontier, item, now_ms);
    return err;
}
