/*
 * The table of options. Adding one is a row here, a field in config.h, and the
 * table in README.md, which `crawl help markdown` prints; parser, help, manual
 * pages, completions and --print-config follow from the row.
 */
#include "crawler/cli/options.h"

#include "crawler/cli/config.h"

/* The field must have the C type that belongs to the option's type: see enum
 * option_type. */
#define AT(field) offsetof(struct config, field)
#define DAY_MS    INT64_C(86400000)
#define GIB       (INT64_C(1) << 30)

/* clang-format off */
const struct option options[] = {
    /* A word that is no flag is an input, so that nobody types -i. */
    {"input", 'i', OPTION_LIST, "FILE", NULL, 0, 0, NULL, AT(inputs),
     "Input and output",
     "list of URLs, one a line; '-' is standard input; gz, bz2, xz and zst are unpacked"},
    {"output", 'o', OPTION_LIST, "FILE", NULL, 0, 0, NULL, AT(outputs),
     "Input and output",
     "where results go, by extension: .db .txt .jsonl .csv .warc.gz; "
     "repeatable; default crawl.db"},
    /* This is no choice of words: storage knows the kinds, and says which there
     * are. */
    {"format", 0, OPTION_TEXT, "KIND", NULL, 0, 0, NULL, AT(format),
     "Input and output",
     "kind of an output whose extension does not tell: db, txt, jsonl, csv, "
     "warc"},
    {"force", 0, OPTION_FLAG, NULL, NULL, 0, 0, NULL, AT(force),
     "Input and output", "start over: empty the outputs first"},
    {"refetch", 0, OPTION_TEXT, "WHAT", NULL, 0, 0, NULL, AT(refetch),
     "Input and output",
     "ask again for what a finished database holds: failed, stale=DUR or all"},
    /* A million pages of 50 kB are 50 GB: bodies are kept only on request. */
    {"store", 0, OPTION_CHOICE, "WHAT", "hash", 0, 0, "hash|body", AT(store),
     "Input and output", "keep of each body its hash, or the body itself"},
    {"extract", 0, OPTION_CHOICE, "WHAT", "meta", 0, 0, "meta|links|none",
     AT(extract), "Input and output",
     "read from each page its head, its links too (as with --depth), or "
     "nothing"},

    /* Politeness is kept for each host, so the sum of all transfers is about
     * this machine only. */
    {"workers", 0, OPTION_INT, "N", "0", 0, 256, NULL, AT(workers),
     "Speed and politeness", "worker processes; 0: one for each core"},
    {"concurrency", 'j', OPTION_INT, "N", "256", 1, 16384, NULL,
     AT(concurrency), "Speed and politeness",
     "requests in flight at once, in all: pages, redirects, robots.txt and sitemaps"},
    {"per-host", 0, OPTION_INT, "N", "6", 1, 16384, NULL, AT(per_host),
     "Speed and politeness", "transfers at once to one host"},
    {"delay", 'w', OPTION_DURATION, "DUR", "0", 0, DAY_MS, NULL, AT(delay_ms),
     "Speed and politeness", "pause between two requests to one host"},
    /* Crawl-delay is no part of RFC 9309, but hosts that write it mean it. The
     * caps keep one host from holding up a run for a day. */
    {"max-crawl-delay", 0, OPTION_DURATION, "DUR", "30s", 0, DAY_MS, NULL,
     AT(max_crawl_delay_ms), "Speed and politeness",
     "most that a Crawl-delay in robots.txt can ask for"},
    {"max-retry-after", 0, OPTION_DURATION, "DUR", "1h", 0, DAY_MS, NULL,
     AT(max_retry_after_ms), "Speed and politeness",
     "most that a host can ask us to wait by Retry-After or RateLimit"},
    {"rate", 0, OPTION_NUMBER, "N", "0", 0, 1000000, NULL, AT(rate_per_s),
     "Speed and politeness", "requests a second, in all; 0: no limit"},
    {"robots", 0, OPTION_CHOICE, "HOW", "obey", 0, 0, "obey|ignore",
     AT(robots), "Speed and politeness", "what robots.txt counts for"},
    {"max-host-errors", 0, OPTION_INT, "N", "5", 1, 1000000, NULL,
     AT(max_host_errors), "Speed and politeness",
     "failures to connect, or waits that it asked for, in a row after which a "
     "host is taken as down"},

    /* Each step of a request has a limit of its own, so that a row can say
     * which one was too slow; max-time is that of all together. */
    {"max-time", 'm', OPTION_DURATION, "DUR", "30s", 100, DAY_MS, NULL,
     AT(max_time_ms), "Limits", "for one request in all"},
    {"dns-timeout", 0, OPTION_DURATION, "DUR", "10s", 10, DAY_MS, NULL,
     AT(dns_timeout_ms), "Limits", "to look a name up"},
    {"connect-timeout", 0, OPTION_DURATION, "DUR", "10s", 10, DAY_MS, NULL,
     AT(connect_timeout_ms), "Limits", "to connect, with TLS"},
    {"first-byte-timeout", 0, OPTION_DURATION, "DUR", "20s", 10, DAY_MS, NULL,
     AT(first_byte_timeout_ms), "Limits", "until the answer begins"},
    {"idle-timeout", 0, OPTION_DURATION, "DUR", "15s", 10, DAY_MS, NULL,
     AT(idle_timeout_ms), "Limits", "without a byte in the middle of it"},
    {"network-timeout", 0, OPTION_DURATION, "DUR", "5m", 0, DAY_MS, NULL,
     AT(network_timeout_ms), "Limits",
     "to wait for our own network, when nobody at all answers; then the run "
     "ends with what is left still to do"},
    {"max-size", 0, OPTION_SIZE, "SIZE", "16M", 1, GIB, NULL,
     AT(max_size_bytes), "Limits", "of a body; the rest is cut and marked"},
    {"max-memory", 0, OPTION_SIZE, "SIZE", "0", 0, 1024 * GIB, NULL,
     AT(max_memory_bytes), "Limits",
     "of bodies and answers in flight in all processes; 0: 256M in each"},
    {"retries", 0, OPTION_INT, "N", "2", 0, 100, NULL, AT(retries), "Limits",
     "after network errors, 408, 429 and 5xx"},
    {"retry-delay", 0, OPTION_DURATION, "DUR", "1s", 1, DAY_MS, NULL,
     AT(retry_delay_ms), "Limits", "before the first retry; doubles"},
    /* The upper bound is VISIT_HOPS_MAX, as a visit has room for so many hops.
     */
    {"max-redirects", 0, OPTION_INT, "N", "10", 0, 20, NULL, AT(max_redirects),
     "Limits", "hops of one URL; 0: follow none"},
    /* These are limits of one session: the next one goes on, and counts from 0.
     */
    {"max-urls", 0, OPTION_INT, "N", "0", 0, INT64_MAX, NULL, AT(max_urls),
     "Limits", "URLs that this run fetches; 0: no limit"},
    {"max-duration", 0, OPTION_DURATION, "DUR", "0", 0, 3650 * DAY_MS, NULL,
     AT(max_duration_ms), "Limits", "of this run; 0: no limit"},
    {"max-bytes", 0, OPTION_SIZE, "SIZE", "0", 0, INT64_MAX, NULL,
     AT(max_total_bytes), "Limits", "received by this run; 0: no limit"},

    {"depth", 'd', OPTION_INT, "N", "0", 0, 1000000, NULL, AT(depth),
     "Following links", "follow links so many hops away; 0: the list only"},
    /* The words stand in the order of enum scope_kind. */
    {"scope", 0, OPTION_CHOICE, "WHERE", "host", 0, 0, "host|domain|prefix|any",
     AT(scope), "Following links",
     "how far from its start a followed link may lead"},
    {"include", 0, OPTION_LIST, "REGEX", NULL, 0, 0, NULL, AT(include),
     "Following links", "follow only links that match one of these"},
    {"exclude", 0, OPTION_LIST, "REGEX", NULL, 0, 0, NULL, AT(exclude),
     "Following links", "follow no link that matches one of these"},
    {"sitemaps", 0, OPTION_FLAG, NULL, NULL, 0, 0, NULL, AT(sitemaps),
     "Following links", "read the sitemaps of the listed hosts, and listed ones"},
    {"max-sitemaps", 0, OPTION_INT, "N", "1000", 1, 50000, NULL,
     AT(max_sitemaps), "Following links", "sitemaps that are read of one host"},
    /* These limits are against hosts that make pages without end: calendars,
     * sessions in paths, folders that contain themselves. They hold for links
     * alone. */
    {"max-pages-per-host", 0, OPTION_INT, "N", "0", 0, INT32_MAX, NULL,
     AT(max_pages_per_host), "Following links", "0: 1,000,000"},
    {"max-url-length", 0, OPTION_INT, "N", "2048", 16, 8192, NULL,
     AT(max_url_length), "Following links", "bytes of a followed URL"},
    {"max-path-depth", 0, OPTION_INT, "N", "32", 1, 4096, NULL,
     AT(max_path_depth), "Following links", "folders in a followed URL"},
    {"max-repeated-segments", 0, OPTION_INT, "N", "4", 1, 4096, NULL,
     AT(max_repeated_segments), "Following links",
     "times that one folder name may stand in a followed URL"},
    {"max-query-variants", 0, OPTION_INT, "N", "1000", 1, INT32_MAX, NULL,
     AT(max_query_variants), "Following links",
     "different queries and path parameters (;x=1) of one path that are "
     "followed"},
    {"max-equal-pages", 0, OPTION_INT, "N", "50", 1, INT32_MAX, NULL,
     AT(max_equal_pages), "Following links",
     "pages with equal content whose URLs differ in numbers or queries alone"},

    {"user-agent", 'A', OPTION_TEXT, "TEXT", NULL, 0, 0, NULL, AT(user_agent),
     "Requests", "sent with each request; its first word is the name that "
     "robots.txt knows us by; default crawl/VERSION"},
    {"header", 'H', OPTION_LIST, "LINE", NULL, 0, 0, NULL, AT(headers),
     "Requests", "'Name: value', sent with each request; repeatable"},
    /* Only this proxy counts: http_proxy and its kin in the environment would
     * change what a run does on another machine. */
    {"proxy", 'x', OPTION_TEXT, "URL", NULL, 0, 0, NULL, AT(proxy),
     "Requests", "ask this proxy instead of the hosts; none: nor those of the "
     "environment (http_proxy, https_proxy, all_proxy, no_proxy)"},
    {"resolve", 0, OPTION_LIST, "HOST:PORT:ADDR", NULL, 0, 0, NULL,
     AT(resolve), "Requests", "address of a name, in place of asking DNS"},
    {"dns-servers", 0, OPTION_TEXT, "LIST", NULL, 0, 0, NULL, AT(dns_servers),
     "Requests", "name servers, in place of those of /etc/resolv.conf: "
     "ADDR, ADDR:PORT or [ADDR]:PORT, with commas between them"},
    {"cacert", 0, OPTION_TEXT, "FILE", NULL, 0, 0, NULL, AT(cacert),
     "Requests", "certificate authorities to trust, in place of the system's"},
    {"insecure", 'k', OPTION_FLAG, NULL, NULL, 0, 0, NULL, AT(insecure),
     "Requests", "accept any certificate"},
    {"auth-file", 0, OPTION_TEXT, "FILE", NULL, 0, 0, NULL, AT(auth_file),
     "Requests", "credentials by host: 'HOST basic USER:PASSWORD' or "
     "'HOST bearer TOKEN' a line"},
    {"cookies", 0, OPTION_FLAG, NULL, NULL, 0, 0, NULL, AT(cookies),
     "Requests", "keep cookies, and send them where their domain says"},
    {"no-compression", 0, OPTION_FLAG, NULL, NULL, 0, 0, NULL,
     AT(no_compression), "Requests", "ask for plain bodies"},
    {"http1.1", 0, OPTION_FLAG, NULL, NULL, 0, 0, NULL, AT(http1), "Requests",
     "never use HTTP/2"},
    {"ipv4", '4', OPTION_FLAG, NULL, NULL, 0, 0, NULL, AT(ipv4), "Requests",
     "IPv4 addresses only"},
    {"ipv6", '6', OPTION_FLAG, NULL, NULL, 0, 0, NULL, AT(ipv6), "Requests",
     "IPv6 addresses only"},
    /* The guard refuses private addresses: a page must not make the crawler ask
     * what stands behind a firewall. This option allows some. */
    {"allow-private", 0, OPTION_LIST, "RANGE", NULL, 0, 0, NULL,
     AT(allow_private), "Requests",
     "private addresses that links and redirects may lead to: 10.0.0.0/8"},

    /* The words stand in the order of enum fetch_sandbox. */
    {"sandbox", 0, OPTION_CHOICE, "HOW", "auto", 0, 0, "auto|require|off",
     AT(sandbox), "Safety", "lock the workers in as far as the kernel can"},
    {"user", 0, OPTION_TEXT, "NAME", NULL, 0, 0, NULL, AT(user), "Safety",
     "user that workers become when started as root; default nobody"},

    /* The words stand in the order of enum progress_mode. */
    {"progress", 0, OPTION_CHOICE, "HOW", "auto", 0, 0, "auto|live|plain|none",
     AT(progress), "Display", "rows on a terminal, plain lines elsewhere"},
    {"progress-interval", 0, OPTION_DURATION, "DUR", "10s", 100, DAY_MS, NULL,
     AT(progress_interval_ms), "Display", "between two plain lines"},
    {"quiet", 'q', OPTION_FLAG, NULL, NULL, 0, 0, NULL, AT(quiet), "Display",
     "no progress and no summary"},
    {"verbose", 'v', OPTION_COUNT, NULL, NULL, 0, 0, NULL, AT(verbose),
     "Display", "say more; twice: say everything"},
    /* Options about the command itself are no settings of a run: they are
     * neither printed nor stored. */
    {"config", 0, OPTION_TEXT, "FILE", NULL, 0, 0, NULL, AT(config_file),
     OPTION_GROUP_META, "configuration file, or 'none'; default "
     "$XDG_CONFIG_HOME/crawl/config"},
    {"print-config", 0, OPTION_FLAG, NULL, NULL, 0, 0, NULL, AT(print_config),
     OPTION_GROUP_META, "print every setting and where it came from, then stop"},
    {"help", 'h', OPTION_FLAG, NULL, NULL, 0, 0, NULL, AT(help), OPTION_GROUP_META,
     "this text"},
    {"version", 'V', OPTION_FLAG, NULL, NULL, 0, 0, NULL, AT(version),
     OPTION_GROUP_META, "version of the program and its libraries"},
};
/* clang-format on */

const size_t nr_options = sizeof(options) / sizeof(options[0]);
