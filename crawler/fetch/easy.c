/*
 * libcurl's handles: one multi handle, and an easy handle for each transfer
 * that is used again for every job, with only that set anew which differs.
 */
#include <string.h>
#include <xxhash.h>

#include "crawler/fetch/curl_alloc.h"
#include "crawler/fetch/fetch_internal.h"

/* libcurl forgets addresses when it was told them so long ago, should nobody
 * have told it to. */
#define DNS_CACHE_S  600L
#define DNS_SWEEP_MS ((int64_t)30000)
#define DNS_FOR_EVER (-1L)
/* libcurl's own time limits are so many ms longer than ours, which tell more.
 */
#define NET_SLACK_MS 1000L
/* libcurl wants some URL, although CURLOPT_CURLU goes before it. */
#define URL_OF_NONE  "http://none.invalid/"
#define TLS13_CIPHERS                                                          \
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:"                           \
    "TLS_CHACHA20_POLY1305_SHA256"

/* ---- what all handles share ---- */

/* One cache is enough where a proxy serves all hosts, and needed where a
 * cookie may be for several. */
static enum err open_caches(struct easy_shared *shared,
                            const struct fetch_options *options)
{
    shared->nr_caches =
        options->proxies.http || options->proxies.https || options->cookies
            ? 1
            : TRANSFER_CACHES;
    for (size_t i = 0; i < shared->nr_caches; i++) {
        CURLSH *share = curl_share_init();

        if (!share)
            return CERR_NOMEM;
        shared->caches[i].share = share;
        /* Addresses are not shared here: the multi handle has them. A share's
         * would be each easy handle's own, and a handle serves another host
         * every time. */
        curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
        curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_CONNECT);
        if (options->cookies)
            curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_COOKIE);
    }
    return CERR_OK;
}

/* A cache may have the connections in use, but for the one that comes back,
 * and its part of those that are kept. With one more libcurl closes the oldest
 * that is idle. */
void easy_limit_connections(struct easy_shared *shared, size_t nr_busy)
{
    size_t part = shared->max_connections / shared->nr_caches;
    size_t cap = (nr_busy > 0 ? nr_busy - 1 : 0) + (part > 0 ? part : 1);

    if (cap == shared->cap_connections)
        return;
    shared->cap_connections = cap;
    curl_multi_setopt(shared->multi, CURLMOPT_MAXCONNECTS, (long)cap);
}

static enum err add_resolve(struct easy_shared *shared, const char *entry)
{
    struct curl_slist *longer = curl_slist_append(shared->resolve, entry);

    if (!longer)
        return CERR_NOMEM;
    shared->resolve = longer;
    return CERR_OK;
}

enum err easy_shared_open(struct easy_shared *shared,
                          const struct fetch_options *options,
                          size_t max_connections)
{
    enum err err = CERR_OK;

    shared->max_connections = max_connections;
    shared->multi = curl_multi_init();
    if (!shared->multi)
        return CERR_NOMEM;
    err = open_caches(shared, options);
    if (err)
        return err;
    easy_limit_connections(shared, 0);
    curl_multi_setopt(shared->multi, CURLMOPT_MAX_CONCURRENT_STREAMS,
                      (long)TRANSFER_STREAMS_MAX);
    for (size_t i = 0; !err && i < options->nr_resolve; i++)
        err = add_resolve(shared, options->resolve[i]);
    return err ? err : request_headers_open(&shared->headers, options);
}

void easy_shared_close(struct easy_shared *shared)
{
    if (shared->multi)
        curl_multi_cleanup(shared->multi);
    for (size_t i = 0; i < shared->nr_caches; i++)
        if (shared->caches[i].share)
            curl_share_cleanup(shared->caches[i].share);
    request_headers_close(&shared->headers);
    curl_slist_free_all(shared->resolve);
    curl_slist_free_all(shared->forget);
}

/* ---- a handle, as all jobs want it ---- */

static enum err set_tls(CURL *easy, const struct fetch_options *options)
{
    EASY_SET(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    /* The ciphers stand in the order of browsers, the cheapest first; OpenSSL's
     * own begins with 256 bits. It does not matter if another library cannot be
     * told. */
    (void)curl_easy_setopt(easy, CURLOPT_TLS13_CIPHERS, TLS13_CIPHERS);
    EASY_SET(easy, CURLOPT_SSL_VERIFYPEER, options->insecure ? 0L : 1L);
    EASY_SET(easy, CURLOPT_SSL_VERIFYHOST, options->insecure ? 0L : 2L);
    /* The authorities are named by a path, because a blob would be parsed for
     * each connection. With these two the store is made once and stays. */
    EASY_SET(easy, CURLOPT_CAINFO,
             options->ca_file ? options->ca_file : TRANSFER_CA_FILE);
    EASY_SET(easy, CURLOPT_CAPATH, NULL);
    EASY_SET(easy, CURLOPT_CA_CACHE_TIMEOUT, -1L);
    return CERR_OK;
}

/* CURLOPT_PROXY is set even if there is none: else libcurl would read the
 * environment itself. */
static enum err set_network(CURL *easy, const struct fetch_options *options)
{
    EASY_SET(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    EASY_SET(easy, CURLOPT_PIPEWAIT, 1L);
    EASY_SET(easy, CURLOPT_BUFFERSIZE, (long)curl_alloc_buffer_bytes());
    EASY_SET(easy, CURLOPT_DNS_CACHE_TIMEOUT, DNS_FOR_EVER);
    EASY_SET(easy, CURLOPT_PROXY, "");
    EASY_SET(easy, CURLOPT_NOPROXY, "");
    EASY_SET(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    if (options->ipv4_only)
        EASY_SET(easy, CURLOPT_IPRESOLVE, (long)CURL_IPRESOLVE_V4);
    if (options->ipv6_only)
        EASY_SET(easy, CURLOPT_IPRESOLVE, (long)CURL_IPRESOLVE_V6);
    /* Half of the time goes to the first address, so that the next one has a
     * chance. */
    EASY_SET(easy, CURLOPT_CONNECTTIMEOUT_MS,
             (long)(options->dns_timeout_ms + options->connect_timeout_ms +
                    NET_SLACK_MS));
    EASY_SET(easy, CURLOPT_NOSIGNAL, 1L);
    return CERR_OK;
}

/* The worker asks for exactly the URL it was told: no redirect, no other
 * scheme, no HTTP/0.9 (any bytes at all), no credentials from ~/.netrc. */
static enum err set_http(CURL *easy, const struct easy_shared *shared,
                         const struct fetch_options *options)
{
    EASY_SET(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    EASY_SET(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    EASY_SET(easy, CURLOPT_FOLLOWLOCATION, 0L);
    EASY_SET(easy, CURLOPT_HTTP09_ALLOWED, 0L);
    EASY_SET(easy, CURLOPT_PATH_AS_IS, 1L);
    EASY_SET(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    EASY_SET(easy, CURLOPT_HTTPHEADER, shared->headers.general);
    if (options->proxies.http || options->proxies.https)
        /* of our headers a proxy gets this one */
        EASY_SET(easy, CURLOPT_USERAGENT, options->user_agent);
    EASY_SET(easy, CURLOPT_URL, URL_OF_NONE);
    if (options->cookies)
        EASY_SET(easy, CURLOPT_COOKIEFILE, "");
    if (shared->resolve)
        EASY_SET(easy, CURLOPT_RESOLVE, shared->resolve);
    return CERR_OK;
}

enum err easy_open(struct transfer *transfer)
{
    const struct transfers *set = transfer->set;
    struct easy *easy = &transfer->easy;
    enum err err;

    easy->handle = curl_easy_init();
    easy->parts = curl_url();
    if (!easy->handle || !easy->parts)
        return CERR_NOMEM;
    easy->sent_headers = set->easy.headers.general; /* by set_http() */
    err = curl_callbacks_set(transfer);
    if (!err)
        err = set_tls(easy->handle, &set->options);
    if (!err)
        err = set_network(easy->handle, &set->options);
    if (!err)
        err = set_http(easy->handle, &set->easy, &set->options);
    return err;
}

void easy_close(struct easy *easy)
{
    curl_easy_cleanup(easy->handle);
    curl_url_cleanup(easy->parts);
    curl_slist_free_all(easy->own_headers);
    curl_slist_free_all(easy->resolve);
}

/* ---- a handle, as one job wants it ---- */

/* The list that was set before is freed when the next one is set: libcurl keeps
 * only a pointer to it. */
static enum err aim_headers(struct transfer *transfer, const struct job *job)
{
    const struct request_headers *headers = &transfer->set->easy.headers;
    struct easy *easy = &transfer->easy;
    struct curl_slist *before = easy->own_headers;
    const struct curl_slist *wanted;
    enum err err;

    err = request_headers_add_own(headers, transfer->set->auth, job,
                                  &easy->own_headers, &easy->is_conditional);
    wanted = easy->own_headers ? easy->own_headers
                               : request_headers_usual(headers, job);
    if (wanted != easy->sent_headers) {
        easy->sent_headers = wanted;
        EASY_SET(easy->handle, CURLOPT_HTTPHEADER, wanted);
    }
    curl_slist_free_all(before);
    return err;
}

/* The URL is set in parts, because libcurl would put a text together again,
 * letter by letter. Where it cannot read ours, it says so when it starts. */
static enum err aim_url(struct transfer *transfer)
{
    const char *text = (const char *)transfer->url.data;
    struct easy *easy = &transfer->easy;
    CURLUcode bad =
        curl_url_set(easy->parts, CURLUPART_URL, text, CURLU_PATH_AS_IS);

    if (bad == CURLUE_OUT_OF_MEMORY)
        return CERR_NOMEM;
    EASY_SET(easy->handle, CURLOPT_CURLU, bad ? NULL : easy->parts);
    if (bad)
        EASY_SET(easy->handle, CURLOPT_URL, text);
    return CERR_OK;
}

/*
 * libcurl looks through all addresses it keeps, for old ones, at the end of
 * each transfer that has a limit to their age: with a thousand hosts that costs
 * more than the rest. One transfer in half a minute has it.
 */
static enum err aim_sweep(struct transfer *transfer)
{
    struct easy_shared *shared = &transfer->set->easy;
    struct easy *easy = &transfer->easy;
    int64_t now_ms = transfer->set->loop.now_ms;
    bool sweeps = now_ms >= shared->sweep_ms;

    if (sweeps)
        shared->sweep_ms = now_ms + DNS_SWEEP_MS;
    if (sweeps != easy->sweeps)
        EASY_SET(easy->handle, CURLOPT_DNS_CACHE_TIMEOUT,
                 sweeps ? DNS_CACHE_S : DNS_FOR_EVER);
    easy->sweeps = sweeps;
    return CERR_OK;
}

/* The host decides: the bytes before the path of a canonical URL. */
static struct connection_cache *choose_cache(struct easy_shared *shared,
                                             const char *url)
{
    const char *host = strstr(url, "://");
    const char *from = host ? host + strlen("://") : url;
    size_t origin_len = (size_t)(from - url) + strcspn(from, "/");

    return &shared->caches[XXH3_64bits(url, origin_len) % shared->nr_caches];
}

static enum err aim_proxy(struct transfer *transfer)
{
    struct easy *easy = &transfer->easy;
    const char *proxy =
        proxy_choose(&transfer->set->options, (const char *)transfer->url.data);

    if (proxy != easy->proxy)
        EASY_SET(easy->handle, CURLOPT_PROXY, proxy ? proxy : "");
    easy->proxy = proxy;
    return CERR_OK;
}

/* A handle belongs to one share at a time; to change it costs some work, which
 * jobs of one host, one after the other, do not have. */
static enum err aim_cache(struct transfer *transfer)
{
    struct easy *easy = &transfer->easy;
    struct connection_cache *cache =
        choose_cache(&transfer->set->easy, (const char *)transfer->url.data);

    if (cache != easy->cache)
        EASY_SET(easy->handle, CURLOPT_SHARE, cache->share);
    easy->cache = cache;
    return CERR_OK;
}

/*
 * libcurl 7.88 takes a status line that says HTTP/2 for HTTP/2, in plain text
 * too, and then sends further requests over any connection of that host while
 * one still waits for its answer, which HTTP/1 has no numbers to tell apart: so
 * plain text is HTTP/1.1 from the start, which is never shared
 * (docs/decisions/0024). Archives hold messages of HTTP/1.1 as they were on the
 * wire.
 */
static enum err aim_version(struct transfer *transfer, bool is_raw)
{
    struct easy *easy = &transfer->easy;
    bool may_be_http2 =
        !is_raw && !transfer->set->options.http1_only &&
        strncmp((const char *)transfer->url.data, "https:", 6) == 0;

    if (may_be_http2 != easy->may_be_http2)
        EASY_SET(easy->handle, CURLOPT_HTTP_VERSION,
                 may_be_http2 ? (long)CURL_HTTP_VERSION_2TLS
                              : (long)CURL_HTTP_VERSION_1_1);
    if (is_raw != easy->is_raw)
        EASY_SET(easy->handle, CURLOPT_VERBOSE, is_raw ? 1L : 0L);
    easy->may_be_http2 = may_be_http2;
    easy->is_raw = is_raw;
    return CERR_OK;
}

enum err easy_aim(struct transfer *transfer, const struct job *job)
{
    enum err err = aim_version(transfer, (job->flags & JOB_RAW) != 0);

    if (!err)
        err = aim_url(transfer);
    if (!err)
        err = aim_proxy(transfer);
    if (!err)
        err = aim_cache(transfer);
    if (!err)
        err = aim_sweep(transfer);
    return err ? err : aim_headers(transfer, job);
}

/* ---- in libcurl and out of it ---- */

enum err easy_start(struct transfer *transfer)
{
    struct easy *easy = &transfer->easy;

    if (curl_multi_add_handle(transfer->set->easy.multi, easy->handle))
        return CERR_NOMEM;
    easy->cache->nr_busy++;
    easy->is_started = true;
    return CERR_OK;
}

void easy_stop(struct transfer *transfer)
{
    struct easy *easy = &transfer->easy;

    if (!easy->is_started)
        return;
    easy->is_started = false;
    curl_multi_remove_handle(transfer->set->easy.multi, easy->handle);
    easy->cache->nr_busy--;
}
