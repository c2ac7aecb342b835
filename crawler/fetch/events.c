#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "crawler/fetch/fetch_internal.h"
#include "crawler/sandbox/sandbox.h"
#include "crawler/url/url.h"

#define LARGE_BYTES ((size_t)64 << 10) /* of a body: judged before it ends */

void transfer_enter(struct transfer *transfer, enum phase phase)
{
    transfer->phase = phase;
    transfer->phase_ms = transfer->set->now_ms;
}

static void decide(struct transfer *transfer, enum error error,
                   const char *note)
{
    if (transfer->error)
        return;
    transfer->error = error;
    snprintf(transfer->note, sizeof(transfer->note), "%s", note);
}

/* ---- on the way to a connection ---- */

/* Asked once a turn: it is a stat() for each of the resolver's files. */
static bool is_stale(struct transfers *set)
{
    if (!set->sandbox)
        return false;
    if (set->files_ms == set->now_ms)
        return set->sandbox->is_stale;
    set->files_ms = set->now_ms;
    return sandbox_is_stale(set->sandbox);
}

/* A name is not in libcurl's cache. Literal addresses come by here too. */
int event_lookup(void *resolver, void *reserved, void *ctx)
{
    struct transfer *transfer = ctx;

    (void)resolver;
    (void)reserved;
    if (is_stale(transfer->set)) {
        decide(transfer, ERROR_INTERNAL, "the resolver's files were replaced");
        return -1;
    }
    if (!transfer->looking_up) {
        transfer->looking_up = true;
        transfer->set->nr_lookups++;
    }
    transfer_enter(transfer, PHASE_RESOLVING);
    return 0;
}

void transfer_lookup_ended(struct transfer *transfer)
{
    if (!transfer->looking_up)
        return;
    transfer->looking_up = false;
    transfer->set->nr_lookups--;
}

/* Whom to ask is judged by address, unless the user named the host, or a
 * proxy that does the asking. */
static bool is_guarded(const struct transfer *transfer)
{
    return !(transfer->flags & JOB_PRIVATE_OK) && !transfer->set->options.proxy;
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
 * to grow further by itself, see tcp(7); nothing is to wait for the mark.
 */
static void widen_window(int fd)
{
    const int window_bytes = TRANSFER_WINDOW_BYTES, at_once = 1;

    setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &window_bytes,
               sizeof(window_bytes));
    setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &at_once, sizeof(at_once));
}

curl_socket_t event_open_socket(void *ctx, curlsocktype purpose,
                                struct curl_sockaddr *address)
{
    struct transfer *transfer = ctx;
    struct transfers *set = transfer->set;
    int fd;

    (void)purpose;
    transfer_lookup_ended(transfer);
    if (transfer->phase != PHASE_CONNECTING)
        transfer_enter(transfer, PHASE_CONNECTING);
    if (is_guarded(transfer) && !guard_allows(set->guard, &address->addr)) {
        if (!transfer->tried_address)
            decide(transfer, ERROR_BLOCKED_ADDRESS, "not a public address");
        return CURL_SOCKET_BAD;
    }
    if (!set->options.proxy && url_port_is_bad(port_of(&address->addr))) {
        decide(transfer, ERROR_BAD_PORT, "");
        return CURL_SOCKET_BAD;
    }
    fd = socket(address->family,
                address->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
                address->protocol);
    if (fd < 0) {
        transfer->exhausted |= errno == EMFILE || errno == ENFILE ||
                               errno == ENOBUFS || errno == ENOMEM;
        return CURL_SOCKET_BAD;
    }
    /* One public address among refused ones: the attempt counts. */
    transfer->tried_address = true;
    if (transfer->error == ERROR_BLOCKED_ADDRESS)
        transfer->error = ERROR_NONE;
    widen_window(fd);
    loop_socket_opened(transfer, fd);
    return fd;
}

/* Just before the request is sent. The connection may have been opened for
 * another job, one that was allowed to go there. */
int event_request(void *ctx, char *peer_ip, char *own_ip, int peer_port,
                  int own_port)
{
    struct transfer *transfer = ctx;

    (void)own_ip;
    (void)peer_port;
    (void)own_port;
    transfer_lookup_ended(transfer);
    if (is_guarded(transfer) &&
        !guard_allows_text(transfer->set->guard, peer_ip)) {
        decide(transfer, ERROR_BLOCKED_ADDRESS, "not a public address");
        return CURL_PREREQFUNC_ABORT;
    }
    /* It may be asking again, after an old connection that was dead: what
     * libcurl said about that one does not count. */
    transfer->message[0] = '\0';
    transfer_enter(transfer, PHASE_ASKED);
    return CURL_PREREQFUNC_OK;
}

/* ---- the answer ---- */

static void enter_answer(struct transfer *transfer)
{
    transfer_enter(transfer, PHASE_ANSWERING);
    transfer->window_ms = transfer->phase_ms;
    transfer->window_progress = transfer->progress;
}

size_t event_head_line(char *line, size_t size, size_t nr, void *ctx)
{
    struct transfer *transfer = ctx;
    size_t len = size * nr;
    enum error error;

    if (transfer->phase != PHASE_ANSWERING)
        enter_answer(transfer);
    transfer->progress += len;
    error = head_line(&transfer->head, line, len);
    if (!error)
        return len;
    decide(transfer, error, "");
    return 0;
}

/* Types that no one reads as text; their bytes are kept only when asked. */
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

static void choose_limits(const struct transfer *transfer,
                          struct body_limits *limits)
{
    const struct fetch_options *options = &transfer->set->options;
    uint32_t flags = transfer->flags;
    bool is_kept = flags & (JOB_BODY | JOB_ROBOTS | JOB_SITEMAP);
    bool is_scanned = flags & (JOB_LINKS | JOB_HEAD_SCAN);

    limits->max_bytes = (uint64_t)options->max_body_bytes;
    limits->max_wire_bytes = (uint64_t)options->max_wire_bytes;
    limits->max_ratio = (uint64_t)options->max_ratio;
    if (flags & JOB_ROBOTS)
        limits->max_bytes = (uint64_t)options->max_robots_bytes;
    else if (flags & JOB_SITEMAP)
        limits->max_bytes = (uint64_t)options->max_sitemap_bytes;
    if (limits->max_wire_bytes < limits->max_bytes)
        limits->max_wire_bytes = limits->max_bytes;
    limits->keep =
        is_kept || (is_scanned &&
                    !is_plainly_binary(head_value(&transfer->head, HEAD_TYPE)));
}

static struct decode *borrow_decoder(struct transfers *set)
{
    if (set->nr_decoders > 0)
        return set->decoders[--set->nr_decoders];
    return decode_new();
}

static enum error begin_body(struct transfer *transfer)
{
    const struct head *head = &transfer->head;
    struct bytes codings = {head->codings.data, head->codings.len};
    struct body_limits limits;

    choose_limits(transfer, &limits);
    if (codings.len > 0 && !transfer->decode)
        transfer->decode = borrow_decoder(transfer->set);
    transfer_take_spare(transfer);
    return body_start(&transfer->body, &limits, transfer->decode, codings,
                      codings.len > 0 ? -1 : head->content_length);
}

/* A large text that is not HTML is not kept: only its characters count. */
static void judge_large(struct transfer *transfer)
{
    struct scan_input input = {
        .type = head_value(&transfer->head, HEAD_TYPE),
        .body = {transfer->body.data.data, transfer->body.data.len},
    };

    if (transfer->flags & (JOB_BODY | JOB_ROBOTS | JOB_SITEMAP))
        return;
    transfer->is_sniffed = true;
    if (scan_sniff(&input, &transfer->sniff))
        body_skip_ascii(&transfer->body);
}

size_t event_body(char *data, size_t size, size_t nr, void *ctx)
{
    struct transfer *transfer = ctx;
    size_t len = size * nr;
    enum error error = ERROR_NONE;

    transfer->progress += len;
    if (!transfer->body.begun)
        error = begin_body(transfer);
    if (!error)
        error = body_feed(&transfer->body, data, len);
    if (transfer->body.data.len >= LARGE_BYTES && !transfer->is_sniffed)
        judge_large(transfer);
    if (!error)
        return len;
    decide(transfer, error, "");
    return 0;
}

/* ---- JOB_RAW ---- */

static bool ends_in_blank_line(const struct buf *text)
{
    return text->len >= 4 &&
           memcmp(text->data + text->len - 4, "\r\n\r\n", 4) == 0;
}

/* Bytes as they were on the wire: chunks and all. */
int event_debug(CURL *easy, curl_infotype type, char *data, size_t len,
                void *ctx)
{
    struct transfer *transfer = ctx;
    struct buf *request = &transfer->raw_request;

    (void)easy;
    if (type == CURLINFO_HEADER_OUT) {
        if (ends_in_blank_line(request)) /* that was to a proxy, or again */
            buf_reset(request);
        if (buf_add(request, data, len))
            decide(transfer, ERROR_INTERNAL, "request too long to keep");
    } else if (type == CURLINFO_DATA_IN) {
        enum err err = buf_add(&transfer->raw_body, data, len);

        if (err)
            decide(transfer,
                   err == CERR_TOO_BIG ? ERROR_TOO_LARGE : ERROR_INTERNAL, "");
    }
    return 0;
}
