/*
 * fetch_worker: a worker process of the crawl: jobs in, pages out.
 *
 * Its event loop keeps one curl_multi and the pool's socket in one epoll. It
 * follows no redirect, knows no robots rule, opens no file once it is warm. It
 * is forked before the parent has a database and gets its settings through
 * `ctx` of pool_options, which is a struct fetch_options.
 *
 * A worker that was refused memory, or whose sandbox is stale, ends what it
 * has begun and exits with 0: the pool puts another in its place.
 */
#ifndef CRAWLER_FETCH_FETCH_WORKER_H
#define CRAWLER_FETCH_FETCH_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pool/worker.h"

struct sandbox_board; /* sandbox.h */

/* The protocol's limit of a sitemap (sitemaps.org), and a bit. */
#define FETCH_SITEMAP_BYTES (((int64_t)50 << 20) + 1024)

enum fetch_sandbox {
    FETCH_SANDBOX_AUTO,
    FETCH_SANDBOX_REQUIRE,
    FETCH_SANDBOX_OFF
};

/* Headers for some hosts; a job names its set. */
struct fetch_headers {
    const char *const *items; /* "Name: value" */
    size_t nr_items;
};

/* Who is asked in place of the hosts. A proxy that the user named serves all
 * hosts; those of the environment do not serve this machine itself, nor what
 * `none` names ("intern.example,10.0.0.0/8"). */
struct fetch_proxies {
    const char *http, *https; /* for URLs of that scheme; NULL: none */
    const char *none;         /* as the variable no_proxy; NULL: nothing */
    bool from_environment;
};

/* All settings of the workers. Zero means the named default where 0 makes no
 * sense. Everything is borrowed and constant for the life of the pool. */
struct fetch_options {
    int max_transfers; /* transfers in flight in this worker; default 128 */

    int64_t dns_timeout_ms;     /* 10 s */
    int64_t connect_timeout_ms; /* connection and TLS handshake; default 10 s */
    int64_t first_byte_timeout_ms; /* 20 s */
    int64_t stall_timeout_ms;  /* longest time below stall_bytes_per_s; default
                                  15 s */
    int64_t stall_bytes_per_s; /* 1 */
    int64_t total_timeout_ms;  /* 30 s */

    int64_t max_head_bytes; /* 300 KB */
    int64_t max_body_bytes; /* most decoded bytes, the rest is cut; default 16
                               MiB */
    int64_t max_wire_bytes; /* most bytes as received; default 16 MiB */
    int max_ratio; /* most decoded bytes for each received one, above 1 MiB;
                      default 200 */
    int64_t max_bodies_bytes;  /* memory of all bodies of this worker that
                                  arrive at once; default 256 MiB */
    int64_t max_robots_bytes;  /* 512,000 */
    int64_t max_sitemap_bytes; /* FETCH_SITEMAP_BYTES */

    const char *user_agent;
    const char *const *headers; /* "Name: value", sent to every host */
    size_t nr_headers;
    /* Headers for some hosts, sent on top of the general ones or in place of
     * those of the same name. */
    const struct fetch_headers *header_sets;
    size_t nr_header_sets;
    struct fetch_proxies proxies;
    const char *ca_file;     /* NULL: the system's */
    bool insecure;           /* as --insecure: certificates are not checked */
    const char *dns_servers; /* "192.0.2.1,[2001:db8::1]:5353"; NULL: those of
                                resolv.conf(5) */
    const char *const *resolve; /* "host:port:address" */
    size_t nr_resolve;
    bool ipv4_only, ipv6_only, http1_only, no_compression, cookies;
    const char *auth_file; /* host user:password or host bearer TOKEN */
    const char *const *allow_private; /* CIDR ranges that the guard lets pass */
    size_t nr_allow_private;

    enum fetch_sandbox sandbox;
    struct sandbox_board *sandbox_board; /* NULL: workers report nothing */
    const char *user; /* to become when started as root; NULL: nobody
                         where that can read the CA file */
};

/*
 * pool_options.worker_main; ctx is a const struct fetch_options. Returns the
 * exit status: EXIT_SUCCESS; EXIT_FAILURE (the next worker may do better);
 * WORKER_EXIT_FATAL (no worker can start: descriptors, credentials, sandbox),
 * after a line in the log.
 */
int fetch_worker_main(struct worker *worker, void *ctx);

/*
 * Checks in the parent, before any worker starts, what can be checked there.
 * CERR_INVALID: a header, range, resolve entry or line of the auth file is
 * malformed, options exclude each other, there is no such user, or the sandbox
 * cannot be had as required; CERR_NOT_FOUND: CA file or auth file; CERR_IO,
 * CERR_TOO_BIG: auth file; CERR_NOMEM. `message` says it in a sentence.
 */
enum err fetch_options_check(const struct fetch_options *options, char *message,
                             size_t cap) CERR_CHECK;

#endif
