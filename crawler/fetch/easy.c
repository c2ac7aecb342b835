#include <curl/mprintf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "crawler/fetch/curl_alloc.h"
#include "crawler/fetch/fetch_internal.h"
#include "crawler/url/url.h"

#define DNS_CACHE_S  600L
#define DNS_SWEEP_MS ((int64_t)30000)
#define DNS_FOR_EVER (-1L)
#define NET_SLACK_MS 1000L /* libcurl's own limits lie behind ours */
#define URL_OF_NONE  "http://none.invalid/" /* CURLOPT_CURLU goes before */
#define TLS13_CIPHERS                                                          \
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:"                           \
    "TLS_CHACHA20_POLY1305_SHA256"
#define MULTIPLEX_CODINGS "Accept-Encoding: gzip, deflate, br, zstd"

static enum err add_header(struct curl_slist **list, const char *header)
{
    struct curl_slist *longer = curl_slist_append(*list, header);

    if (!longer)
        return CERR_NOMEM;
    *list = longer;
    return CERR_OK;
}

static bool has_name(const char *header, const char *name)
{
    return curl_strnequal(header, name, strlen(name));
}

/* Rather than CURLOPT_USERAGENT: that text is put together anew for each
 * request, which costs as much as the rest of its head. */
static enum err add_agent(const char *agent, struct curl_slist **list)
{
    char *header = curl_maprintf("User-Agent: %s", agent);
    enum err err = header ? add_header(list, header) : CERR_NOMEM;

    curl_free(header);
    return err;
}

static enum err take_header(struct curl_slist **list, const char *header,
                            bool *has_agent, bool *has_codings)
{
    *has_agent |= has_name(header, "User-Agent:");
    *has_codings |= has_name(header, "Accept-Encoding:");
    return add_header(list, header);
}

/* "Name: value", "Name:" and "Name;" all speak of one header. */
static bool same_name(const char *a, const char *b)
{
    size_t len = strcspn(a, ":;");

    return len == strcspn(b, ":;") && curl_strnequal(a, b, len);
}

static bool is_replaced(const struct fetch_headers *own, const char *header)
{
    for (size_t i = 0; i < own->nr_items; i++)
        if (same_name(own->items[i], header))
            return true;
    return false;
}

/* The general headers and, on top of them, `own`. */
static enum err make_headers(const struct fetch_options *options,
                             const struct fetch_headers *own,
                             struct curl_slist **list)
{
    bool has_agent = false, has_codings = false;
    enum err err = CERR_OK;

    for (size_t i = 0; !err && i < options->nr_headers; i++)
        if (!is_replaced(own, options->headers[i]))
            err = take_header(list, options->headers[i], &has_agent,
                              &has_codings);
    for (size_t i = 0; !err && i < own->nr_items; i++)
        err = take_header(list, own->items[i], &has_agent, &has_codings);
    if (!err && !has_agent)
        err = add_agent(options->user_agent, list);
    if (!err && !has_codings)
        err = add_header(list, options->no_compression
                                   ? "Accept-Encoding: identity"
                                   : MULTIPLEX_CODINGS);
    return err;
}

static enum err make_all_headers(struct transfers *set)
{
    const struct fetch_options *options = &set->options;
    struct fetch_headers none = {NULL, 0};
    enum err err = make_headers(options, &none, &set->headers);

    if (err || options->nr_header_sets == 0)
        return err;
    set->header_sets =
        calloc(options->nr_header_sets, sizeof(struct curl_slist *));
    if (!set->header_sets)
        return CERR_NOMEM;
    for (size_t i = 0; !err && i < options->nr_header_sets; i++)
        err = make_headers(options, &options->header_sets[i],
                           &set->header_sets[i]);
    return err;
}

/* A proxy serves all hosts, and a cookie may be for several: one cache. */
static enum err open_caches(struct transfers *set)
{
    const struct fetch_options *options = &set->options;

    set->nr_caches = options->proxy || options->cookies ? 1 : TRANSFER_CACHES;
    for (size_t i = 0; i < set->nr_caches; i++) {
        CURLSH *share = curl_share_init();

        if (!share)
            return CERR_NOMEM;
        set->caches[i].share = share;
        /* Addresses are the multi handle's; these would be each easy handle's
         * own, and a handle serves another host every time. */
        curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
        curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_CONNECT);
        if (options->cookies)
            curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_COOKIE);
    }
    return CERR_OK;
}

/* Those in use but for the one that comes back, and a share of those that are
 * kept: one more, and libcurl closes the oldest idle one. */
void handles_limit(struct transfers *set, const struct cache *cache)
{
    size_t nr_busy = cache ? cache->nr_busy : set->nr_busy;
    size_t share = set->max_connections / set->nr_caches;
    size_t cap = (nr_busy > 0 ? nr_busy - 1 : 0) + (share > 0 ? share : 1);

    if (cap == set->cap_connections)
        return;
    set->cap_connections = cap;
    curl_multi_setopt(set->multi, CURLMOPT_MAXCONNECTS, (long)cap);
}

enum err handles_open(struct transfers *set)
{
    const struct fetch_options *options = &set->options;
    enum err err = CERR_OK;

    set->multi = curl_multi_init();
    if (!set->multi)
        return CERR_NOMEM;
    err = open_caches(set);
    if (err)
        return err;
    handles_limit(set, NULL);
    curl_multi_setopt(set->multi, CURLMOPT_MAX_CONCURRENT_STREAMS,
                      (long)TRANSFER_STREAMS_MAX);
    curl_multi_setopt(set->multi, CURLMOPT_MAX_HOST_CONNECTIONS,
                      (long)options->max_host_connections);
    for (size_t i = 0; !err && i < options->nr_resolve; i++)
        err = add_header(&set->resolve, options->resolve[i]);
    return err ? err : make_all_headers(set);
}

void handles_close(struct transfers *set)
{
    if (set->multi)
        curl_multi_cleanup(set->multi);
    for (size_t i = 0; i < set->nr_caches; i++)
        if (set->caches[i].share)
            curl_share_cleanup(set->caches[i].share);
    curl_slist_free_all(set->headers);
    for (size_t i = 0; set->header_sets && i < set->options.nr_header_sets; i++)
        curl_slist_free_all(set->header_sets[i]);
    free(set->header_sets);
    curl_slist_free_all(set->resolve);
}

/* Only the allocation of a text can fail here; the options are all known. */
#define SET(option, value)                                                     \
    do {                                                                       \
        if (curl_easy_setopt(easy, option, value) != CURLE_OK)                 \
            return CERR_NOMEM;                                                 \
    } while (0)

static enum err set_callbacks(struct transfer *transfer)
{
    CURL *easy = transfer->easy;

    SET(CURLOPT_PRIVATE, transfer);
    SET(CURLOPT_HEADERFUNCTION, event_head_line);
    SET(CURLOPT_HEADERDATA, transfer);
    SET(CURLOPT_WRITEFUNCTION, event_body);
    SET(CURLOPT_WRITEDATA, transfer);
    SET(CURLOPT_RESOLVER_START_FUNCTION, event_lookup);
    SET(CURLOPT_RESOLVER_START_DATA, transfer);
    SET(CURLOPT_OPENSOCKETFUNCTION, event_open_socket);
    SET(CURLOPT_OPENSOCKETDATA, transfer);
    SET(CURLOPT_CLOSESOCKETFUNCTION, loop_close_socket);
    SET(CURLOPT_CLOSESOCKETDATA, transfer->set);
    SET(CURLOPT_PREREQFUNCTION, event_request);
    SET(CURLOPT_PREREQDATA, transfer);
    SET(CURLOPT_DEBUGFUNCTION, event_debug);
    SET(CURLOPT_DEBUGDATA, transfer);
    SET(CURLOPT_ERRORBUFFER, transfer->message);
    return CERR_OK;
}

static enum err set_tls(CURL *easy, const struct fetch_options *options)
{
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    /* The order of browsers, the cheapest first; OpenSSL's own begins with 256
     * bits. It does not matter if another library cannot be told. */
    (void)curl_easy_setopt(easy, CURLOPT_TLS13_CIPHERS, TLS13_CIPHERS);
    SET(CURLOPT_SSL_VERIFYPEER, options->insecure ? 0L : 1L);
    SET(CURLOPT_SSL_VERIFYHOST, options->insecure ? 0L : 2L);
    /* A path, as a blob would be parsed for each connection; then the store
     * is made once and never thrown away. */
    SET(CURLOPT_CAINFO, options->ca_file ? options->ca_file : TRANSFER_CA_FILE);
    SET(CURLOPT_CAPATH, NULL);
    SET(CURLOPT_CA_CACHE_TIMEOUT, -1L);
    return CERR_OK;
}

static enum err set_network(CURL *easy, const struct fetch_options *options)
{
    long version =
        options->http1_only ? CURL_HTTP_VERSION_1_1 : CURL_HTTP_VERSION_2TLS;

    SET(CURLOPT_HTTP_VERSION, version);
    SET(CURLOPT_PIPEWAIT, 1L);
    SET(CURLOPT_BUFFERSIZE, (long)heap_buffer_bytes());
    SET(CURLOPT_DNS_CACHE_TIMEOUT, DNS_FOR_EVER);
    SET(CURLOPT_PROXY, options->proxy ? options->proxy : "");
    SET(CURLOPT_NOPROXY, "");
    SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    if (options->ipv4_only)
        SET(CURLOPT_IPRESOLVE, (long)CURL_IPRESOLVE_V4);
    if (options->ipv6_only)
        SET(CURLOPT_IPRESOLVE, (long)CURL_IPRESOLVE_V6);
    /* Half of it goes to the first address, so that the next has a chance. */
    SET(CURLOPT_CONNECTTIMEOUT_MS,
        (long)(options->dns_timeout_ms + options->connect_timeout_ms +
               NET_SLACK_MS));
    /* An abandoned look-up must not hold up the others: its thread ends
     * alone. */
    SET(CURLOPT_QUICK_EXIT, 1L);
    SET(CURLOPT_NOSIGNAL, 1L);
    return CERR_OK;
}

static enum err set_http(CURL *easy, const struct transfers *set)
{
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_HTTP09_ALLOWED, 0L);
    SET(CURLOPT_PATH_AS_IS, 1L);
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(CURLOPT_HTTPHEADER, set->headers);
    if (set->options.proxy) /* it gets no header of ours but this one */
        SET(CURLOPT_USERAGENT, set->options.user_agent);
    SET(CURLOPT_URL, URL_OF_NONE);
    if (set->options.cookies)
        SET(CURLOPT_COOKIEFILE, "");
    if (set->resolve)
        SET(CURLOPT_RESOLVE, set->resolve);
    return CERR_OK;
}

enum err handle_make(struct transfer *transfer)
{
    const struct transfers *set = transfer->set;
    enum err err;

    transfer->easy = curl_easy_init();
    transfer->parts = curl_url();
    if (!transfer->easy || !transfer->parts)
        return CERR_NOMEM;
    transfer->sent = set->headers; /* by set_http() */
    err = set_callbacks(transfer);
    if (!err)
        err = set_tls(transfer->easy, &set->options);
    if (!err)
        err = set_network(transfer->easy, &set->options);
    if (!err)
        err = set_http(transfer->easy, set);
    return err;
}

/* A validator came from a server once: it may not break out of its line. */
static bool is_one_line(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            return false;
    return len > 0;
}

static enum err add_validator(struct transfer *transfer, const char *name,
                              const char *value, size_t len)
{
    char header[JOB_VALIDATOR_BYTES + 32];

    if (len > JOB_VALIDATOR_BYTES || !is_one_line(value, len))
        return CERR_OK;
    snprintf(header, sizeof(header), "%s: %.*s", name, (int)len, value);
    transfer->conditional = true;
    return add_header(&transfer->headers, header);
}

static enum err add_credentials(struct transfer *transfer,
                                const struct job *job)
{
    struct url url;
    const char *header;

    if (!(job->flags & JOB_LISTED_AUTH) || !transfer->set->auth ||
        url_parse(&url, job->url, job->url_len, NULL) != URL_OK)
        return CERR_OK;
    header =
        auth_header(transfer->set->auth, url.text + url.host_at, url.host_len);
    return header ? add_header(&transfer->headers, header) : CERR_OK;
}

/* Those of the job's host, or of every host. */
static const struct curl_slist *usual_headers(const struct transfers *set,
                                              const struct job *job)
{
    return job->header_set > 0 && job->header_set <= set->options.nr_header_sets
               ? set->header_sets[job->header_set - 1]
               : set->headers;
}

/* Most requests have none of their own. */
static enum err aim_headers(struct transfer *transfer, const struct job *job)
{
    const struct curl_slist *usual = usual_headers(transfer->set, job);
    struct curl_slist *before = transfer->headers;
    const struct curl_slist *wanted;
    CURL *easy = transfer->easy;
    enum err err;

    transfer->headers = NULL;
    err = add_validator(transfer, "If-None-Match", job->etag, job->etag_len);
    if (!err)
        err = add_validator(transfer, "If-Modified-Since", job->last_modified,
                            job->last_modified_len);
    if (!err)
        err = add_credentials(transfer, job);
    wanted = transfer->headers ? transfer->headers : usual;
    for (; !err && transfer->headers && usual; usual = usual->next)
        err = add_header(&transfer->headers, usual->data);
    if (err) /* what is half made is not sent */
        wanted = transfer->set->headers;
    if (wanted != transfer->sent) {
        transfer->sent = wanted;
        SET(CURLOPT_HTTPHEADER, wanted);
    }
    curl_slist_free_all(before);
    return err;
}

/* In parts, as a text would be put together again, letter by letter. Where
 * libcurl cannot read ours, it says so when it starts. */
static enum err aim_url(struct transfer *transfer)
{
    const char *text = (const char *)transfer->url.data;
    CURL *easy = transfer->easy;
    CURLUcode bad =
        curl_url_set(transfer->parts, CURLUPART_URL, text, CURLU_PATH_AS_IS);

    if (bad == CURLUE_OUT_OF_MEMORY)
        return CERR_NOMEM;
    SET(CURLOPT_CURLU, bad ? NULL : transfer->parts);
    if (bad)
        SET(CURLOPT_URL, text);
    return CERR_OK;
}

/*
 * libcurl looks through all addresses it keeps, for old ones, at the end of
 * each transfer that has a limit to their age: with a thousand hosts that costs
 * more than the rest. One transfer in half a minute has it.
 */
static enum err aim_sweep(struct transfer *transfer)
{
    struct transfers *set = transfer->set;
    bool sweeps = set->now_ms >= set->sweep_ms;
    CURL *easy = transfer->easy;

    if (sweeps)
        set->sweep_ms = set->now_ms + DNS_SWEEP_MS;
    if (sweeps != transfer->sweeps)
        SET(CURLOPT_DNS_CACHE_TIMEOUT, sweeps ? DNS_CACHE_S : DNS_FOR_EVER);
    transfer->sweeps = sweeps;
    return CERR_OK;
}

/* That of the host: of the bytes before the path of a canonical URL. */
static struct cache *choose_cache(struct transfers *set, const char *url)
{
    const char *host = strstr(url, "://");
    const char *from = host ? host + strlen("://") : url;
    size_t origin_len = (size_t)(from - url) + strcspn(from, "/");

    return &set->caches[XXH3_64bits(url, origin_len) % set->nr_caches];
}

static enum err aim_cache(struct transfer *transfer)
{
    struct cache *cache =
        choose_cache(transfer->set, (const char *)transfer->url.data);
    CURL *easy = transfer->easy;

    if (cache != transfer->cache)
        SET(CURLOPT_SHARE, cache->share);
    transfer->cache = cache;
    return CERR_OK;
}

enum err handle_aim(struct transfer *transfer, const struct job *job)
{
    bool is_raw = (job->flags & JOB_RAW) != 0;
    CURL *easy = transfer->easy;
    enum err err;

    if (is_raw != transfer->is_raw) {
        /* Archives hold messages of HTTP/1.1 as they were on the wire. */
        SET(CURLOPT_HTTP_VERSION, is_raw || transfer->set->options.http1_only
                                      ? (long)CURL_HTTP_VERSION_1_1
                                      : (long)CURL_HTTP_VERSION_2TLS);
        SET(CURLOPT_VERBOSE, is_raw ? 1L : 0L);
        transfer->is_raw = is_raw;
    }
    err = aim_url(transfer);
    if (!err)
        err = aim_cache(transfer);
    if (!err)
        err = aim_sweep(transfer);
    return err ? err : aim_headers(transfer, job);
}
