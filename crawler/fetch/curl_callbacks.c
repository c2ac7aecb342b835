/*
 * libcurl's callbacks: what it asks and reports while a request runs.
 *
 * They come in the order of a request: a name is looked up, an address is
 * about to be connected to, the request is about to be sent, a line of the
 * head has come, a piece of the body has come. Each moves the transfer on to
 * its phase. A callback cannot end a transfer: it decides how that ends and
 * makes libcurl fail.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "crawler/fetch/fetch_internal.h"
#include "crawler/url/url.h"

/* Size from which a body is judged before it ends. */
#define LARGE_BYTES ((size_t)64 << 10)

static void enter(struct transfer *transfer, enum phase phase)
{
    phase_enter(&transfer->clock, phase, transfer->set->loop.now_ms);
}

/* ---- on the way to a connection ---- */

/* Called when a host is not among the addresses that libcurl was told, which it
 * would look up itself, in a thread. An address has no need of that, nor has
 * localhost (RFC 6761, 6.3). */
static int on_lookup(void *resolver, void *reserved, void *ctx)
{
    struct transfer *transfer = ctx;

    (void)resolver;
    (void)reserved;
    if (lookup_is_stale(transfer->set)) {
        result_decide(transfer, ERROR_INTERNAL,
                      "the resolver's files were replaced");
        return -1;
    }
    if (!transfer->lookup.is_needed)
        return 0;
    result_decide(transfer, ERROR_INTERNAL, "an address was lost");
    return -1;
}

/* A host of the user's own network that the list names may be private. A proxy
 * that does the asking was named by the user. */
static bool guard_lets_pass(const struct transfer *transfer,
                            const struct sockaddr *address)
{
    const struct guard *guard = transfer->set->guard;

    if (transfer->easy.proxy)
        return true;
    return transfer->flags & JOB_PRIVATE_OK
               ? guard_allows_listed(guard, address)
               : guard_allows(guard, address);
}

/* Tells why the address is refused, and the option that would let it pass. */
static void refuse_address(struct transfer *transfer,
                           const struct sockaddr *address)
{
    const char *range = guard_range(transfer->set->guard, address);
    char note[100];

    snprintf(note, sizeof(note), "not a public address%s%s",
             *range ? "; --allow-private " : "", range);
    result_decide(transfer, ERROR_BLOCKED_ADDRESS, note);
}

static uint16_t port_of(const struct sockaddr *address)
{
    in_port_t port; /* at the same place in both families */

    memcpy(&port,
           (const char *)address + offsetof(struct sockaddr_in, sin_port),
           sizeof(port));
    return ntohs(port);
}

/*
 * Lets the kernel have so much of a body before it is read: else a server waits
 * for a full window several times a page, and both sides are woken each time.
 * SO_RCVLOWAT enlarges the buffer for that and, unlike SO_RCVBUF, leaves it
 * to grow further by itself, see tcp(7). The mark itself is set back at once,
 * so that reading waits for no more than a byte (docs/decisions/0014).
 */
static void widen_window(int fd)
{
    const int window_bytes = TRANSFER_WINDOW_BYTES, at_once = 1;

    setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &window_bytes,
               sizeof(window_bytes));
    setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &at_once, sizeof(at_once));
}

/* Whether the transfer may connect there. */
static bool is_address_allowed(struct transfer *transfer,
                               const struct sockaddr *address)
{
    if (!guard_lets_pass(transfer, address)) {
        if (!transfer->failure.tried_address)
            refuse_address(transfer, address);
        return false;
    }
    if (!transfer->easy.proxy && url_port_is_bad(port_of(address))) {
        result_decide(transfer, ERROR_BAD_PORT, "");
        return false;
    }
    return true;
}

/* Called for each address of a host until one takes the connection. */
static curl_socket_t on_open_socket(void *ctx, curlsocktype purpose,
                                    struct curl_sockaddr *address)
{
    struct transfer *transfer = ctx;
    struct transfer_failure *failure = &transfer->failure;
    int fd;

    (void)purpose;
    if (transfer->clock.phase != PHASE_CONNECTING)
        enter(transfer, PHASE_CONNECTING);
    if (!is_address_allowed(transfer, &address->addr))
        return CURL_SOCKET_BAD;
    fd = socket(address->family,
                address->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
                address->protocol);
    if (fd < 0) {
        failure->is_exhausted |= errno == EMFILE || errno == ENFILE ||
                                 errno == ENOBUFS || errno == ENOMEM;
        return CURL_SOCKET_BAD;
    }
    /* One public address among refused ones is enough: how its connection
     * ends is how the transfer ends. */
    failure->tried_address = true;
    if (failure->error == ERROR_BLOCKED_ADDRESS)
        failure->error = ERROR_NONE;
    widen_window(fd);
    loop_socket_opened(&transfer->set->loop, fd, transfer->easy.cache);
    return fd;
}

static int on_close_socket(void *ctx, curl_socket_t fd)
{
    return loop_close_socket(ctx, fd);
}

/* The connection's TLS, or NULL: plain text, or a library that is not OpenSSL.
 */
static const SSL *tls_of(const struct transfer *transfer)
{
    const struct curl_tlssessioninfo *tls = NULL;

    if (curl_easy_getinfo(transfer->easy.handle, CURLINFO_TLS_SSL_PTR, &tls) ||
        !tls || tls->backend != CURLSSLBACKEND_OPENSSL)
        return NULL;
    return tls->internals;
}

/* What both sides agreed on (ALPN, RFC 7301), whatever a status line says. */
static bool speaks_http2(const SSL *tls)
{
    const unsigned char *name = NULL;
    unsigned len = 0;

    SSL_get0_alpn_selected(tls, &name, &len);
    return len == 2 && memcmp(name, "h2", 2) == 0;
}

/* Whether another transfer still waits for its answer on this connection, which
 * libcurl 7.88 allows once a server without HTTP/2 has said "HTTP/2". */
static bool is_shared(const struct transfer *transfer)
{
    const struct transfers *set = transfer->set;
    const SSL *tls = set->has_false_http2 ? tls_of(transfer) : NULL;

    if (!tls || speaks_http2(tls))
        return false;
    for (size_t i = 0; i < set->nr_all; i++)
        if (set->all[i] != transfer && phase_is_active(&set->all[i]->clock) &&
            tls_of(set->all[i]) == tls)
            return true;
    return false;
}

/* Reads an address as libcurl writes it. One with a scope, fe80::1%eth0, is
 * none that a request may go to. */
static bool read_peer(const char *text, struct sockaddr_storage *peer)
{
    struct sockaddr_in ipv4 = {.sin_family = AF_INET};
    struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6};

    memset(peer, 0, sizeof(*peer));
    if (inet_pton(AF_INET, text, &ipv4.sin_addr) == 1)
        memcpy(peer, &ipv4, sizeof(ipv4));
    else if (inet_pton(AF_INET6, text, &ipv6.sin6_addr) == 1)
        memcpy(peer, &ipv6, sizeof(ipv6));
    else
        return false;
    return true;
}

/* Called just before the request is sent. The connection may have been opened
 * for another job, one that was allowed to go there: so the address is judged
 * again. */
static int on_request(void *ctx, char *peer_ip, char *own_ip, int peer_port,
                      int own_port)
{
    struct transfer *transfer = ctx;
    struct sockaddr_storage peer;

    (void)own_ip;
    (void)peer_port;
    (void)own_port;
    if (!transfer->easy.proxy &&
        (!read_peer(peer_ip, &peer) ||
         !guard_lets_pass(transfer, (struct sockaddr *)&peer))) {
        refuse_address(transfer, (struct sockaddr *)&peer);
        return CURL_PREREQFUNC_ABORT;
    }
    if (is_shared(transfer)) {
        result_decide(transfer, ERROR_CONNECT_CLOSED,
                      "the server says HTTP/2 but does not speak it");
        return CURL_PREREQFUNC_ABORT;
    }
    /* libcurl may be asking once more, after a connection that was dead: what
     * it said about that one does not count. */
    transfer->failure.message[0] = '\0';
    enter(transfer, PHASE_ASKED);
    return CURL_PREREQFUNC_OK;
}

/* ---- the answer ---- */

/* Whether the line says HTTP/2 over TLS where HTTP/2 was not agreed on. libcurl
 * believes it, also behind an interim answer. */
static bool is_false_http2(const struct transfer *transfer, const char *line,
                           size_t len)
{
    const SSL *tls;

    if (len < 6 || memcmp(line, "HTTP/2", 6) != 0)
        return false;
    tls = tls_of(transfer);
    return tls && !speaks_http2(tls);
}

static size_t on_head_line(char *line, size_t size, size_t nr, void *ctx)
{
    struct transfer *transfer = ctx;
    size_t len = size * nr;
    enum error error;

    if (transfer->clock.phase != PHASE_ANSWERING)
        enter(transfer, PHASE_ANSWERING);
    transfer->set->has_false_http2 |= is_false_http2(transfer, line, len);
    transfer->clock.received_bytes += len;
    error = head_line(&transfer->head, line, len);
    if (!error)
        return len;
    result_decide(transfer, error, "");
    return 0;
}

/* Types that no one reads as text: their bytes are kept only when asked. */
static bool is_plainly_binary(struct bytes type)
{
    static const char *const families[] = {"image/", "audio/", "video/",
                                           "font/"};

    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
        size_t len = strlen(families[i]);

        if (type.len >= len && strncasecmp(type.data, families[i], len) == 0)
            return true;
    }
    return false;
}

/* Whether the type is one of sitemaps, packed or not. */
static bool has_type_of_sitemap(const struct transfer *transfer)
{
    struct bytes type = head_value(&transfer->head, HEAD_TYPE);

    return memmem(type.data, type.len, "/xml", 4) ||
           memmem(type.data, type.len, "gzip", 4);
}

static void choose_limits(const struct transfer *transfer,
                          struct body_limits *limits)
{
    const struct fetch_options *options = &transfer->set->options;
    uint32_t flags = transfer->flags;
    bool is_kept = flags & (JOB_BODY | JOB_ROBOTS | JOB_SITEMAP);
    bool is_scanned = flags & (JOB_LINKS | JOB_HEAD_SCAN | JOB_MAYBE_SITEMAP);

    limits->max_bytes = (uint64_t)options->max_body_bytes;
    limits->max_wire_bytes = (uint64_t)options->max_wire_bytes;
    limits->max_ratio = (uint64_t)options->max_ratio;
    if (flags & JOB_ROBOTS)
        limits->max_bytes = (uint64_t)options->max_robots_bytes;
    else if ((flags & JOB_SITEMAP) ||
             ((flags & JOB_MAYBE_SITEMAP) && has_type_of_sitemap(transfer) &&
              options->max_sitemap_bytes > options->max_body_bytes))
        limits->max_bytes = (uint64_t)options->max_sitemap_bytes;
    if (limits->max_wire_bytes < limits->max_bytes)
        limits->max_wire_bytes = limits->max_bytes;
    limits->keep =
        is_kept || (is_scanned &&
                    !is_plainly_binary(head_value(&transfer->head, HEAD_TYPE)));
}

static enum error begin_body(struct transfer *transfer)
{
    struct body_spares *spares = &transfer->set->bodies.spares;
    const struct head *head = &transfer->head;
    struct bytes codings = {head->codings.data, head->codings.len};
    struct body_limits limits;

    choose_limits(transfer, &limits);
    if (codings.len > 0 && !transfer->decode)
        transfer->decode = body_spares_borrow_decoder(spares);
    body_spares_lend(spares, &transfer->body);
    return body_start(&transfer->body, &limits, transfer->decode, codings,
                      codings.len > 0 ? -1 : head->content_length);
}

/* Looks at a large body before it has ended. A text that is not HTML is not
 * kept if only its characters count. */
static void judge_large(struct transfer *transfer)
{
    struct scan_input input = {
        .type = head_value(&transfer->head, HEAD_TYPE),
        .body = {transfer->body.data.data, transfer->body.data.len},
    };

    if (transfer->flags &
        (JOB_BODY | JOB_ROBOTS | JOB_SITEMAP | JOB_MAYBE_SITEMAP))
        return;
    transfer->is_sniffed = true;
    if (scan_sniff(&input, &transfer->sniff))
        body_skip_ascii(&transfer->body);
}

/* Whether no other body holds more memory. */
static bool is_largest(const struct transfer *transfer)
{
    const struct transfers *set = transfer->set;

    for (size_t i = 0; i < set->nr_all; i++)
        if (phase_is_active(&set->all[i]->clock) &&
            set->all[i]->held_bytes > transfer->held_bytes)
            return false;
    return true;
}

/* Whether the memory for bodies is spent, so that this one has to wait. */
static bool must_pause(struct transfer *transfer)
{
    struct transfers *set = transfer->set;
    struct bodies *bodies = &set->bodies;

    if (bodies->used_bytes < (size_t)set->options.max_bodies_bytes ||
        transfer->held_bytes < BODIES_SMALL_BYTES || is_largest(transfer))
        return false;
    if (bodies->nr_paused++ == 0)
        bodies->freed_ms = set->loop.now_ms;
    transfer->is_paused = true;
    return true;
}

static void note_memory(struct transfer *transfer)
{
    size_t held_bytes = transfer->body.data.cap + transfer->raw.body.cap;

    transfer->set->bodies.used_bytes += held_bytes - transfer->held_bytes;
    transfer->held_bytes = held_bytes;
}

static size_t on_body(char *data, size_t size, size_t nr, void *ctx)
{
    struct transfer *transfer = ctx;
    size_t len = size * nr;
    enum error error = ERROR_NONE;

    if (must_pause(transfer))
        return CURL_WRITEFUNC_PAUSE;
    transfer->clock.received_bytes += len;
    if (!transfer->body.begun)
        error = begin_body(transfer);
    if (!error)
        error = body_feed(&transfer->body, data, len);
    if (transfer->body.data.len >= LARGE_BYTES && !transfer->is_sniffed)
        judge_large(transfer);
    note_memory(transfer);
    if (!error)
        return len;
    result_decide(transfer, error, "");
    return 0;
}

/* ---- JOB_RAW ---- */

static bool ends_in_blank_line(const struct buf *text)
{
    return text->len >= 4 &&
           memcmp(text->data + text->len - 4, "\r\n\r\n", 4) == 0;
}

/* Keeps the bytes as they were on the wire, the sizes of chunks among them. */
static int on_debug(CURL *easy, curl_infotype type, char *data, size_t len,
                    void *ctx)
{
    struct transfer *transfer = ctx;
    struct buf *request = &transfer->raw.request;

    (void)easy;
    if (type == CURLINFO_HEADER_OUT) {
        /* A whole request lies there: it was to a proxy, or over a connection
         * that was dead. The last one counts. */
        if (ends_in_blank_line(request))
            buf_reset(request);
        if (buf_add(request, data, len))
            result_decide(transfer, ERROR_INTERNAL, "request too long to keep");
    } else if (type == CURLINFO_DATA_IN) {
        enum err err = buf_add(&transfer->raw.body, data, len);

        if (err)
            result_decide(
                transfer,
                err == CERR_TOO_BIG ? ERROR_TOO_LARGE : ERROR_INTERNAL, "");
    }
    return 0;
}

enum err curl_callbacks_set(struct transfer *transfer)
{
    CURL *easy = transfer->easy.handle;

    EASY_SET(easy, CURLOPT_PRIVATE, transfer);
    EASY_SET(easy, CURLOPT_HEADERFUNCTION, on_head_line);
    EASY_SET(easy, CURLOPT_HEADERDATA, transfer);
    EASY_SET(easy, CURLOPT_WRITEFUNCTION, on_body);
    EASY_SET(easy, CURLOPT_WRITEDATA, transfer);
    EASY_SET(easy, CURLOPT_RESOLVER_START_FUNCTION, on_lookup);
    EASY_SET(easy, CURLOPT_RESOLVER_START_DATA, transfer);
    EASY_SET(easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
    EASY_SET(easy, CURLOPT_OPENSOCKETDATA, transfer);
    EASY_SET(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close_socket);
    EASY_SET(easy, CURLOPT_CLOSESOCKETDATA, &transfer->set->loop);
    EASY_SET(easy, CURLOPT_PREREQFUNCTION, on_request);
    EASY_SET(easy, CURLOPT_PREREQDATA, transfer);
    EASY_SET(easy, CURLOPT_DEBUGFUNCTION, on_debug);
    EASY_SET(easy, CURLOPT_DEBUGDATA, transfer);
    EASY_SET(easy, CURLOPT_ERRORBUFFER, transfer->failure.message);
    return CERR_OK;
}
