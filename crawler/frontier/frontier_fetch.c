/* What a worker is told of an item: where to ask, and what to bring back. */
#include "crawler/frontier/frontier_internal.h"
#include "crawler/page/job.h"

/* A worker leaves out what nobody will read: scanning costs it most of its
 * time. */
static uint32_t content_flags(const struct frontier_options *options,
                              const struct item *item)
{
    uint32_t flags = 0;

    if (item_is_checked(item))
        flags = 0; /* it is no page of the crawl, so its links are none */
    else if (options->wants.links)
        flags |= JOB_LINKS | JOB_LINK_TEXTS;
    else if (frontier_follows_to(options, item->source.depth + 1))
        flags |= JOB_LINKS; /* links are only followed, so their texts are not
                               needed */
    if (options->wants.head_scan)
        flags |= JOB_HEAD_SCAN;
    if (options->wants.body)
        flags |= JOB_BODY;
    if (options->wants.raw)
        flags |= JOB_RAW;
    return flags;
}

/* A host that the list names may have a private address and gets the user's
 * credentials; a redirect to another host takes neither along. */
static uint32_t job_flags(const struct frontier *frontier,
                          const struct item *item)
{
    uint32_t flags = 0;

    if (host_may_be_private(item->host))
        flags |= JOB_PRIVATE_OK;
    if (item->host->is_listed && item->host == item->origin)
        flags |= JOB_LISTED_AUTH;
    if (item->kind == ITEM_ROBOTS)
        return flags | JOB_ROBOTS;
    if (item_is_sitemap(item))
        return flags | JOB_SITEMAP |
               (frontier->options.wants.body ? (uint32_t)JOB_BODY : 0);
    if (item->source.line > 0 && frontier->options.max_sitemaps > 0)
        flags |= JOB_MAYBE_SITEMAP;
    return flags | content_flags(&frontier->options, item);
}

void fetch_fill(const struct frontier *frontier, const struct item *item,
                struct frontier_fetch *fetch)
{
    struct bytes target = item_target(item);

    *fetch = (struct frontier_fetch){
        .id = item_id(item),
        .url = target.data,
        .url_len = target.len,
        .flags = job_flags(frontier, item),
        .header_set = item->host->rules.header_set,
        .affinity = (uint64_t)item->host->id | 1,
        .etag = item_etag(item),
        .last_modified = item_last_modified(item),
    };
    if (target.data !=
        item->text.data) /* the validators belong to the URL itself and not to a
                            redirect target */
        fetch->etag.len = fetch->last_modified.len = 0;
}
