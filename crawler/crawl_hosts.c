#include "crawler/crawl_hosts.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "crawler/page/job.h"

_Static_assert(CONFIG_HOSTS_MAX <= JOB_HEADER_SETS_MAX,
               "a job can name each set of headers");

void crawl_hosts_init(struct crawl_hosts *hosts, const struct config *config)
{
    *hosts = (struct crawl_hosts){.nr = config->nr_hosts};
    if (hosts->nr == 0)
        return;
    hosts->rules = xcalloc(hosts->nr, sizeof(*hosts->rules));
    hosts->header_sets = xcalloc(hosts->nr, sizeof(*hosts->header_sets));
    for (size_t i = 0; i < hosts->nr; i++) {
        const struct config_host *from = &config->hosts[i];

        hosts->rules[i] = (struct frontier_host){
            .pattern = from->pattern,
            .delay_ms = from->delay_ms,
            .max_crawl_delay_ms = from->max_crawl_delay_ms,
            .max_retry_after_ms = from->max_retry_after_ms,
            .per_host = (int)from->per_host,
            .retries = (int)from->retries,
            .ignore_robots =
                from->robots < 0 ? -1 : from->robots == CONFIG_ROBOTS_IGNORE,
            .header_set = from->headers.nr_items ? (uint32_t)i + 1 : 0,
        };
        hosts->header_sets[i] = (struct fetch_headers){
            from->headers.items,
            from->headers.nr_items,
        };
    }
}

void crawl_hosts_release(struct crawl_hosts *hosts)
{
    free(hosts->rules);
    free(hosts->header_sets);
    *hosts = (struct crawl_hosts){0};
}
