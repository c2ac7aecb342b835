/*
 * The name that a request needs: that of its host, or of its proxy. libcurl
 * looks up none itself: it is told the addresses before a transfer begins, by
 * CURLOPT_RESOLVE(3), and tries both families of them at once (RFC 8305). It is
 * told for each name and port while some transfer of it runs, not for each
 * page, and forgets it then: it looks through all that it knows in chains.
 *
 * No address is judged here: the guard is asked about each when a connection to
 * it is about to be opened, by curl_callbacks.c.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "crawler/fetch/fetch_internal.h"
#include "crawler/sandbox/sandbox.h"

/* A name, its port and its addresses. */
#define ENTRY_BYTES 1280
#define PORT_HTTP   80
#define PORT_HTTPS  443
#define PORT_PROXY  1080 /* libcurl's */

/* ---- whose name ---- */

/* Reads the number behind a colon; the default if there is none. */
static uint16_t read_port(const char *text, uint16_t standard)
{
    return *text == ':' ? (uint16_t)strtoul(text + 1, NULL, 10) : standard;
}

/* The host and the port of a canonical URL, an IPv6 address with its brackets.
 */
static void aim_at_host(struct transfer *transfer)
{
    const char *url = (const char *)transfer->url.data;
    const char *host = strstr(url, "://");
    struct lookup *lookup = &transfer->lookup;
    bool is_tls = strncmp(url, "https:", 6) == 0;

    host = host ? host + 3 : url;
    lookup->host =
        (struct bytes){host, strcspn(host, *host == '[' ? "/" : ":/?#")};
    lookup->port =
        read_port(host + lookup->host.len, is_tls ? PORT_HTTPS : PORT_HTTP);
}

/* Reads the host and the port of a proxy as libcurl does. */
static void read_proxy(struct lookup *lookup, const char *proxy)
{
    unsigned flags = CURLU_GUESS_SCHEME | CURLU_NON_SUPPORT_SCHEME;
    CURLU *parts = curl_url();
    char *host = NULL, *port = NULL;
    bool is_tls = strncasecmp(proxy, "https:", 6) == 0;

    lookup->proxy = proxy;
    lookup->proxy_host[0] = '\0';
    lookup->proxy_port = is_tls ? PORT_HTTPS : PORT_PROXY;
    if (parts && !curl_url_set(parts, CURLUPART_URL, proxy, flags) &&
        !curl_url_get(parts, CURLUPART_HOST, &host, 0))
        snprintf(lookup->proxy_host, sizeof(lookup->proxy_host), "%s", host);
    if (parts && !curl_url_get(parts, CURLUPART_PORT, &port, 0))
        lookup->proxy_port = (uint16_t)strtoul(port, NULL, 10);
    curl_free(host);
    curl_free(port);
    curl_url_cleanup(parts);
}

static bool is_address(struct bytes host)
{
    char text[INET_ADDRSTRLEN];
    struct in_addr ipv4;

    if (host.len > 0 && *(const char *)host.data == '[')
        return true;
    if (host.len == 0 || host.len >= sizeof(text))
        return false;
    memcpy(text, host.data, host.len);
    text[host.len] = '\0';
    return inet_pton(AF_INET, text, &ipv4) == 1;
}

/* Whether it is localhost or below it, which libcurl knows. */
static bool is_local(struct bytes host)
{
    static const char name[] = "localhost";
    size_t len = sizeof(name) - 1;
    const char *text = host.data;

    if (host.len < len || strncasecmp(text + host.len - len, name, len) != 0)
        return false;
    return host.len == len || text[host.len - len - 1] == '.';
}

/* Whether the user has given the name an address, for the port; "*" stands for
 * all hosts. */
static bool is_given(const struct fetch_options *options,
                     const struct lookup *lookup)
{
    for (size_t i = 0; i < options->nr_resolve; i++) {
        const char *entry = options->resolve[i];
        size_t len = strcspn(entry, ":");

        if ((len == lookup->host.len &&
             strncasecmp(entry, lookup->host.data, len) == 0) ||
            (len == 1 && entry[0] == '*'))
            if (read_port(entry + len, 0) == lookup->port)
                return true;
    }
    return false;
}

void lookup_aim(struct transfer *transfer)
{
    const char *proxy = transfer->easy.proxy;
    struct lookup *lookup = &transfer->lookup;

    lookup->took_us = 0;
    if (proxy) {
        if (proxy != lookup->proxy)
            read_proxy(lookup, proxy);
        lookup->host =
            (struct bytes){lookup->proxy_host, strlen(lookup->proxy_host)};
        lookup->port = lookup->proxy_port;
    } else {
        aim_at_host(transfer);
    }
    lookup->is_needed = !is_address(lookup->host) && !is_local(lookup->host) &&
                        !is_given(&transfer->set->options, lookup);
}

/* ---- before it is asked ---- */

/* The sandbox is asked once a turn, as that is a stat() for each of the
 * resolver's files. */
bool lookup_is_stale(struct transfers *set)
{
    if (!set->sandbox)
        return false;
    if (set->files_ms == set->loop.now_ms)
        return set->sandbox->is_stale;
    set->files_ms = set->loop.now_ms;
    return sandbox_is_stale(set->sandbox);
}

/* ---- what was found ---- */

/* Adds to a list that may be empty. */
static enum err add_entry(struct curl_slist **list, const char *entry)
{
    struct curl_slist *longer = curl_slist_append(*list, entry);

    if (!longer)
        return CERR_NOMEM;
    *list = longer;
    return CERR_OK;
}

/* libcurl reads the list when it begins with the transfer, once, so it belongs
 * to the handle until the next. What is to be forgotten stands before what is
 * to be known. */
enum err lookup_tell(struct transfer *transfer)
{
    struct lookup *lookup = &transfer->lookup;
    struct easy_shared *shared = &transfer->set->easy;
    struct easy *easy = &transfer->easy;
    const char *addresses = name_addresses(lookup->waiter.name);
    struct curl_slist *list;
    char entry[ENTRY_BYTES];
    enum err err;

    if (!names_use(&lookup->waiter, lookup->port))
        return CERR_OK;
    list = shared->forget;
    shared->forget = shared->forget_last = NULL;
    snprintf(entry, sizeof(entry), "%.*s:%u:%s", (int)lookup->host.len,
             (const char *)lookup->host.data, lookup->port, addresses);
    err = add_entry(&list, entry);
    /* In place of those that easy_open() set, should this be the first. */
    for (const struct curl_slist *at = shared->resolve; at && !err;
         at = at->next)
        err = add_entry(&list, at->data);
    if (!err && curl_easy_setopt(easy->handle, CURLOPT_RESOLVE, list))
        err = CERR_NOMEM;
    curl_slist_free_all(easy->resolve);
    easy->resolve = list;
    return err;
}

static void forget(struct easy_shared *shared, const char *host, uint16_t port)
{
    struct curl_slist *last = shared->forget_last;
    char entry[ENTRY_BYTES];

    snprintf(entry, sizeof(entry), "-%s:%u", host, port);
    if (add_entry(&last, entry))
        return; /* refused memory: this worker leaves soon */
    if (!shared->forget)
        shared->forget = last;
    shared->forget_last = last->next ? last->next : last;
}

void lookup_end(struct transfer *transfer)
{
    struct lookup *lookup = &transfer->lookup;
    uint16_t ports[NAMES_PORTS_MAX];
    const char *host;
    size_t nr = names_release(&lookup->waiter, ports, &host);

    for (size_t i = 0; i < nr; i++)
        forget(&transfer->set->easy, host, ports[i]);
    names_withdraw(&lookup->waiter);
}

enum error lookup_error(struct transfer *transfer, enum name_state state)
{
    struct transfer_failure *failure = &transfer->failure;
    const struct name *name = transfer->lookup.waiter.name;
    char *note = failure->note;
    size_t cap = sizeof(failure->note);

    switch (state) {
    case NAME_MISSING:
        snprintf(note, cap, "there is no such name (NXDOMAIN)");
        break;
    case NAME_EMPTY:
        snprintf(note, cap, "the name has no address");
        break;
    case NAME_UNSURE:
        failure->may_pass = true;
        snprintf(note, cap, "no name server could tell (%s)", name_word(name));
        break;
    case NAME_BAD:
        snprintf(note, cap, "not a name of the DNS");
        break;
    case NAME_LATE:
        return ERROR_DNS_TIMEOUT;
    case NAME_ASKED:
    case NAME_FOUND:
    case NAME_FAILED:
        return ERROR_INTERNAL;
    }
    return ERROR_NONE;
}
