/*
 * Options that are a choice of words become the enum of the part that obeys
 * them: the place of the word in the table of options is the enum's value.
 * tests/unit/crawler/test_crawl_settings.c holds each word to its value.
 */
#include "crawler/crawl_settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "crawler/frontier/frontier.h"
#include "crawler/page/job.h"
#include "crawler/scope/local_names.h"
#include "pool/pool.h"

/* Limit of a file such as hosts(5): lists of advertisers have 3 MiB. */
#define SYSTEM_FILE_BYTES  ((size_t)4 << 20)
#define DEFAULT_OUTPUT     "crawl.db"
/* What a worker has for bodies at least. */
#define BODIES_LEAST_BYTES (INT64_C(1) << 20)

_Static_assert(CONFIG_HOSTS_MAX <= JOB_HEADER_SETS_MAX,
               "a job can name the headers of each host");

const char *crawl_main_output(const struct config *config)
{
    return config->outputs.nr_items ? config->outputs.items[0] : DEFAULT_OUTPUT;
}

/* The number of workers is bounded by the transfers: an idle worker costs
 * memory and gives nothing. */
int crawl_nr_workers(const struct config *config)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    int64_t nr = config->workers ? config->workers : cores > 0 ? cores : 1;

    if (nr > config->concurrency)
        nr = config->concurrency; /* an idle worker is of no use */
    return nr > POOL_WORKERS_MAX ? POOL_WORKERS_MAX : (int)nr;
}

/* Returns the share of one worker in all transfers, rounded up, so that
 * together the workers have a place for each. */
static int transfers_per_worker(const struct config *config)
{
    int workers = crawl_nr_workers(config);

    return ((int)config->concurrency + workers - 1) / workers;
}

/* Makes a header set for each section [host], also for one without headers, so
 * that its place is its number. */
static void fill_header_sets(struct crawl_settings *settings,
                             const struct config *config)
{
    if (config->nr_hosts == 0)
        return;
    settings->header_sets =
        xcalloc(config->nr_hosts, sizeof(*settings->header_sets));
    for (size_t i = 0; i < config->nr_hosts; i++)
        settings->header_sets[i] = (struct fetch_headers){
            config->hosts[i].headers.items,
            config->hosts[i].headers.nr_items,
        };
}

/* Half of --max-memory is for the bodies of all workers; 0: their default. */
static int64_t bodies_per_worker(const struct config *config)
{
    int64_t bytes = config->max_memory_bytes / 2 / crawl_nr_workers(config);

    if (config->max_memory_bytes == 0)
        return 0;
    return bytes > BODIES_LEAST_BYTES ? bytes : BODIES_LEAST_BYTES;
}

/* A body is bounded as it is received and as it is decoded, by the same
 * size. */
static void fill_fetch(struct crawl_settings *settings,
                       const struct config *config)
{
    settings->fetch = (struct fetch_options){
        .max_transfers = transfers_per_worker(config),
        .dns_timeout_ms = config->dns_timeout_ms,
        .connect_timeout_ms = config->connect_timeout_ms,
        .first_byte_timeout_ms = config->first_byte_timeout_ms,
        .stall_timeout_ms = config->idle_timeout_ms,
        .total_timeout_ms = config->max_time_ms,
        .max_body_bytes = config->max_size_bytes,
        .max_wire_bytes = config->max_size_bytes,
        .max_bodies_bytes = bodies_per_worker(config),
        .user_agent =
            config->user_agent ? config->user_agent : CRAWL_USER_AGENT,
        .headers = config->headers.items,
        .nr_headers = config->headers.nr_items,
        .header_sets = settings->header_sets,
        .nr_header_sets = config->nr_hosts,
        .ca_file = config->cacert,
        .insecure = config->insecure,
        .dns_servers = config->dns_servers,
        .resolve = config->resolve.items,
        .nr_resolve = config->resolve.nr_items,
        .ipv4_only = config->ipv4,
        .ipv6_only = config->ipv6,
        .http1_only = config->http1,
        .no_compression = config->no_compression,
        .cookies = config->cookies,
        .auth_file = config->auth_file,
        .allow_private = config->allow_private.items,
        .nr_allow_private = config->allow_private.nr_items,
        .sandbox = (enum fetch_sandbox)config->sandbox,
        .user = config->user,
    };
}

/* Copies a variable, which may be written in capitals too. The workers wipe the
 * environment, so they need texts of their own. */
static char *copy_variable(const char *name, const char *capitals)
{
    const char *value = getenv(name);

    if (!value && capitals)
        value = getenv(capitals);
    return value && *value ? xstrdup(value) : NULL;
}

/* HTTP_PROXY in capitals does not count, as with curl(1): in a CGI program it
 * is a header of the request. */
static void fill_proxies(struct crawl_settings *settings, const char *wanted)
{
    struct fetch_proxies *proxies = &settings->fetch.proxies;
    char **own = settings->proxies;

    if (wanted) {
        bool is_none = strcmp(wanted, "none") == 0;

        proxies->http = proxies->https = is_none ? NULL : wanted;
        return;
    }
    own[0] = copy_variable("http_proxy", NULL);
    own[1] = copy_variable("https_proxy", "HTTPS_PROXY");
    own[2] = copy_variable("no_proxy", "NO_PROXY");
    if (!own[0])
        own[0] = copy_variable("all_proxy", "ALL_PROXY");
    if (!own[1])
        own[1] = copy_variable("all_proxy", "ALL_PROXY");
    *proxies = (struct fetch_proxies){own[0], own[1], own[2], true};
}

/* Reads a file of the system whole, up to a limit that no such file reaches. */
static struct bytes read_system_file(const char *path)
{
    FILE *file = fopen(path, "re");
    char *data = file ? xcalloc(1, SYSTEM_FILE_BYTES) : NULL;
    size_t len = file ? fread(data, 1, SYSTEM_FILE_BYTES, file) : 0;

    if (file)
        fclose(file);
    return (struct bytes){data, len};
}

/* The names of this network, as the resolver knows them. */
static void find_local_names(struct crawl_settings *settings,
                             const struct config *config)
{
    struct local_names *names = local_names_new();
    struct bytes hosts = read_system_file("/etc/hosts");
    struct bytes resolver = read_system_file("/etc/resolv.conf");
    const char *domain = getenv("LOCALDOMAIN"); /* resolv.conf(5) */
    char search[512];

    local_names_add_hosts(names, hosts);
    local_names_add_search(names, resolver);
    if (domain && *domain) {
        int len = snprintf(search, sizeof(search), "search %s\n", domain);

        if (len > 0 && (size_t)len < sizeof(search))
            local_names_add_search(names, (struct bytes){search, (size_t)len});
    }
    for (size_t i = 0; i < config->resolve.nr_items; i++)
        local_names_add_resolve(names, config->resolve.items[i]);
    local_names_sort(names);
    free((void *)hosts.data);
    free((void *)resolver.data);
    settings->local_names = names;
}

/* "Name/1.2 (+https://...)" is known to robots.txt as "Name" (RFC 9309,
 * 2.2.1). */
static void fill_product_token(struct crawl_settings *settings)
{
    const char *agent = settings->fetch.user_agent;
    size_t len = strcspn(agent, "/ \t(");

    if (len == 0 || len >= sizeof(settings->product_token)) {
        agent = "crawl";
        len = 5;
    }
    memcpy(settings->product_token, agent, len);
    settings->product_token[len] = '\0';
}

/* The rules of a host that has no section of its own. */
static struct host_rules any_host(const struct config *config)
{
    return (struct host_rules){
        .limits = {.per_host = (int)config->per_host,
                   .delay_ms = config->delay_ms,
                   .max_wait_ms = config->max_crawl_delay_ms,
                   .max_retry_after_ms = config->max_retry_after_ms,
                   .max_errors = (int)config->max_host_errors},
        .retries = (int)config->retries,
        .ignore_robots = config->robots == CONFIG_ROBOTS_IGNORE,
    };
}

/* Sets how links are followed: how deep, within which scope, and up to which
 * limits against traps. */
static void fill_following(struct frontier_options *options,
                           const struct config *config)
{
    options->depth = (int)config->depth;
    if (config->sitemaps)
        options->max_sitemaps = (int)config->max_sitemaps;
    options->scope = (struct scope_options){
        .scope = (enum scope_kind)config->scope,
        .include = config->include.items,
        .exclude = config->exclude.items,
        .nr_include = config->include.nr_items,
        .nr_exclude = config->exclude.nr_items,
    };
    options->traps = (struct trap_limits){
        .url_bytes = (int)config->max_url_length,
        .path_depth = (int)config->max_path_depth,
        .repeated_segments = (int)config->max_repeated_segments,
        .query_variants = (int)config->max_query_variants,
        .pages_per_host = (int)config->max_pages_per_host,
        .equal_pages = (int)config->max_equal_pages,
    };
}

/* A limit of 0 means none, in the configuration as in the frontier. */
static void fill_frontier(struct crawl_settings *settings,
                          const struct config *config)
{
    settings->frontier = (struct frontier_options){
        .concurrency = (int)config->concurrency,
        .rate_per_s = config->rate_per_s,
        .any_host = any_host(config),
        .hosts = config->hosts,
        .nr_hosts = config->nr_hosts,
        .local_names = settings->local_names,
        .product_token = settings->product_token,
        .max_redirects = (int)config->max_redirects,
        .retry_delay_ms = config->retry_delay_ms,
        .wants = {.links = config->extract == CONFIG_EXTRACT_LINKS,
                  .head_scan = config->extract != CONFIG_EXTRACT_NONE,
                  .body = config->store == CONFIG_STORE_BODY},
        .max_urls = config->max_urls,
        .max_bytes = config->max_total_bytes,
    };
    fill_following(&settings->frontier, config);
}

void crawl_settings_init(struct crawl_settings *settings,
                         const struct config *config)
{
    *settings = (struct crawl_settings){0};
    fill_header_sets(settings, config);
    fill_fetch(settings, config);
    fill_proxies(settings, config->proxy);
    fill_product_token(settings);
    find_local_names(settings, config);
    fill_frontier(settings, config);
}

void crawl_settings_release(struct crawl_settings *settings)
{
    free(settings->header_sets);
    local_names_free(settings->local_names);
    for (size_t i = 0; i < sizeof(settings->proxies) / sizeof(char *); i++)
        free(settings->proxies[i]);
    *settings = (struct crawl_settings){0};
}
