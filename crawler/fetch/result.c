/*
 * From a transfer that has ended to its page: why it failed, if it did, what
 * its answer amounts to, and the fields of both.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "base/unfilled.h"
#include "crawler/fetch/curl_alloc.h"
#include "crawler/fetch/curl_error.h"
#include "crawler/fetch/fetch_internal.h"
#include "crawler/html/html.h"
#include "crawler/url/url.h"

#define SPARE_DESCRIPTORS 8 /* that one look-up may want at once */
#define SPARE_BYTES       ((size_t)1 << 20)

/* ---- which error ---- */

static void set_note(struct transfer *transfer, const char *note)
{
    snprintf(transfer->failure.note, sizeof(transfer->failure.note), "%s",
             note);
}

void result_decide(struct transfer *transfer, enum error error,
                   const char *note)
{
    if (transfer->failure.error)
        return;
    transfer->failure.error = error;
    set_note(transfer, note);
}

/* Whether malloc() gives memory now. The pointer is volatile, as compilers
 * leave out a malloc() whose memory nobody uses. */
static bool has_memory(void)
{
    void *volatile spare = malloc(SPARE_BYTES);

    if (!spare)
        return false;
    free(spare);
    return true;
}

uint64_t result_nr_refused(void)
{
    return curl_alloc_nr_refused();
}

/* A want of memory may be over when the transfer ends, so refusals since its
 * beginning count, too: also those to other transfers, as nobody knows whose
 * they were. */
static bool was_short_of_memory(const struct transfer *transfer)
{
    return !has_memory() || result_nr_refused() != transfer->failure.nr_refused;
}

/* A look-up fails in the same words when the name does not exist and when the
 * process has no descriptor or thread left for it. */
static bool was_short_of_descriptors(const struct transfer *transfer)
{
    int spare[SPARE_DESCRIPTORS];
    int nr = 0;

    if (transfer->failure.is_exhausted)
        return true;
    while (nr < SPARE_DESCRIPTORS) {
        spare[nr] = fcntl(transfer->set->loop.epoll_fd, F_DUPFD_CLOEXEC, 0);
        if (spare[nr] < 0)
            break;
        nr++;
    }
    for (int i = 0; i < nr; i++)
        close(spare[i]);
    return nr < SPARE_DESCRIPTORS;
}

/* Whether a want of descriptors can look like this failure. */
static bool wants_descriptors(CURLcode code)
{
    return code == CURLE_COULDNT_RESOLVE_HOST ||
           code == CURLE_COULDNT_RESOLVE_PROXY ||
           code == CURLE_COULDNT_CONNECT || code == CURLE_OUT_OF_MEMORY;
}

/* Whether a body that reached its cap is no failure: a robots.txt (RFC 9309,
 * 2.5) or a sitemap counts as far as its cap allows. */
static bool may_be_cut(const struct transfer *transfer)
{
    return (transfer->flags & (JOB_ROBOTS | JOB_SITEMAP)) != 0;
}

/* Whether an error of the body, or of how it ends, is of no account: the answer
 * redirects, and its Location decides. What is our own, or was our will, is
 * another matter. */
static bool location_decides(const struct transfer *transfer, enum error error)
{
    if (!head_redirects(&transfer->head))
        return false;
    switch (error_info(error)->error_class) {
    case CLASS_HTTP:
        return error != ERROR_BAD_REDIRECT;
    case CLASS_CONNECT: /* closed in the middle of the body */
    case CLASS_TIMEOUT:
    case CLASS_BODY:
        return true;
    case CLASS_NONE:
    case CLASS_INPUT:
    case CLASS_DNS:
    case CLASS_TLS:
    case CLASS_POLICY:
    case CLASS_INTERNAL:
    case CLASS_NR:
        break;
    }
    return false;
}

/* What we decided goes before what libcurl says, and a failure on the way
 * before one of the body as a whole. */
static enum error choose_error(struct transfer *transfer, CURLcode code)
{
    struct curl_error_seen seen = {
        .phase = transfer->clock.phase,
        .head_complete = head_is_final(&transfer->head),
        .message = transfer->failure.message,
    };
    enum error error = transfer->failure.error;

    if (error == ERROR_TOO_LARGE && may_be_cut(transfer) && transfer->body.cut)
        return ERROR_NONE;
    if (error)
        return error;
    if (code)
        seen.exhausted =
            was_short_of_memory(transfer) ||
            (wants_descriptors(code) && was_short_of_descriptors(transfer));
    error = curl_error(code, &seen);
    if (!error && transfer->body.begun)
        error = body_finish(&transfer->body);
    return error;
}

/* ---- texts ---- */

/* A view of a header's value that a database may take: the bytes themselves if
 * they are UTF-8 without a line end, else a clean copy. */
static struct bytes clean(struct transfer *transfer, struct bytes text)
{
    struct buf *texts = &transfer->texts.cleaned;
    size_t cap = PAGE_SHORT_BYTES;
    size_t len = text.len < cap ? text.len : cap;
    char *out;

    if (len == 0)
        return (struct bytes){"", 0};
    if (text_utf8_prefix(text.data, len) == len && !memchr(text.data, 0, len) &&
        !memchr(text.data, '\n', len))
        return (struct bytes){text.data, len};
    /* All copies of a page fit, so that earlier views stay where they are. */
    if (buf_reserve(texts, texts->limit - texts->len) ||
        texts->limit - texts->len < cap)
        return (struct bytes){"", 0};
    out = (char *)texts->data + texts->len;
    len = text_clean(text.data, len, out, cap);
    texts->len += len;
    for (size_t i = 0; i < len; i++) /* of folded lines (RFC 9112 5.2) */
        if (out[i] == '\r' || out[i] == '\n')
            out[i] = ' ';
    return (struct bytes){out, len};
}

/* Fills the type: "text/html" of "Text/HTML; charset=x" (RFC 9110, 8.3.1). */
static void fill_mime(struct transfer *transfer)
{
    struct bytes type = head_value(&transfer->head, HEAD_TYPE);
    const char *text = type.data;
    size_t len = 0;

    while (len < type.len && len < sizeof(transfer->texts.mime) &&
           text[len] != ';' && text[len] > ' ' && text[len] < 0x7f) {
        char c = text[len];

        transfer->texts.mime[len++] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
    }
    transfer->page.mime = (struct bytes){transfer->texts.mime, len};
}

/* Fills the detail with our words where we decided, and with those of libcurl
 * where it did; "" if the error says it all. Either may quote what came from
 * outside. */
static void fill_detail(struct transfer *transfer)
{
    const char *words = transfer->failure.note;
    char text[sizeof(transfer->failure.note)];
    size_t len;

    if (!words[0] && !transfer->failure.error)
        words = transfer->failure.message;
    len = text_escape(words, strlen(words), text, sizeof(text));
    memcpy(transfer->failure.note, text, len + 1);
    transfer->page.detail = (struct bytes){transfer->failure.note, len};
}

/* ---- where it points ---- */

/* Keeps a Location that is not followed as the detail, for the row, without the
 * credentials that may stand in it. */
static void note_location(struct transfer *transfer, struct bytes value)
{
    const char *text = value.data, *end = text + value.len;
    const char *slashes = memmem(text, value.len, "//", 2);
    const char *host = slashes ? slashes + 2 : text, *stop = host;
    const char *at;

    while (stop < end && *stop != '/' && *stop != '?' && *stop != '#')
        stop++;
    at = slashes ? memrchr(host, '@', (size_t)(stop - host)) : NULL;
    snprintf(transfer->failure.note, sizeof(transfer->failure.note), "%.*s%.*s",
             (int)(at ? host - text : 0), text,
             (int)(end - (at ? at + 1 : text)), at ? at + 1 : text);
}

/* Reads a reference against the URL that was asked for, by the WHATWG URL
 * standard, into its canonical form, which has no userinfo. The text is kept as
 * long as the transfer. */
static enum url_error resolve(struct transfer *transfer, struct bytes value,
                              struct bytes *resolved)
{
    struct buf *text = &transfer->texts.location;
    struct url base;
    struct url url;
    enum url_error bad;

    bad = url_parse(&base, (const char *)transfer->url.data,
                    transfer->url.len - 1, NULL);
    if (bad == URL_OK)
        bad = url_parse_bytes(&url, value.data, value.len, &base);
    if (bad != URL_OK)
        return bad;
    url_canonical(&url, &url);
    if (buf_add(text, url.text, url.len))
        return URL_TOO_LONG;
    *resolved = (struct bytes){text->data, text->len};
    return URL_OK;
}

static enum error resolve_location(struct transfer *transfer)
{
    struct bytes value = head_value(&transfer->head, HEAD_LOCATION);

    switch (resolve(transfer, value, &transfer->page.location)) {
    case URL_OK:
        return ERROR_NONE;
    case URL_BAD_SCHEME:
        note_location(transfer, value);
        return ERROR_BLOCKED_SCHEME;
    case URL_BAD:
    case URL_TOO_LONG:
        break;
    }
    return ERROR_BAD_REDIRECT;
}

/* The header field Refresh says what a meta element may say as well (HTML,
 * 7.4.2), and where both stand it is the first. An answer that redirects has no
 * use for it. */
static void fill_refresh(struct transfer *transfer)
{
    struct bytes value = head_value(&transfer->head, HEAD_REFRESH);
    struct page *page = &transfer->page;

    if (value.len > 0 && html_refresh_url(value.data, value.len, &value) &&
        resolve(transfer, value, &page->refresh) == URL_OK)
        page->flags |= PAGE_REFRESH_HEADER;
}

static enum error judge_redirect(struct transfer *transfer)
{
    if (transfer->head.values[HEAD_LOCATION].seen)
        return resolve_location(transfer);
    set_note(transfer, "no Location");
    return ERROR_BAD_REDIRECT;
}

static enum error protocol_error(struct transfer *transfer, const char *note)
{
    set_note(transfer, note);
    return ERROR_PROTOCOL;
}

/* What a complete answer amounts to, by its status (RFC 9110, section 15). 206
 * and 304 answer questions that may not have been asked: their bodies would
 * pass for whole pages. */
static enum error judge_status(struct transfer *transfer)
{
    struct page *page = &transfer->page;
    int status = transfer->head.status;

    if (status == 206)
        return protocol_error(transfer, "206, but no range was asked for");
    if (status == 304) {
        if (!transfer->easy.is_conditional)
            return protocol_error(transfer, "304, but no condition was sent");
        page->flags |= PAGE_NOT_MODIFIED;
        page->outcome = OUTCOME_OK;
    } else if (status >= 300 && status < 400) {
        page->outcome = OUTCOME_REDIRECT;
        return judge_redirect(transfer);
    } else {
        page->outcome = status < 400 ? OUTCOME_OK : OUTCOME_HTTP_ERROR;
        fill_refresh(transfer);
    }
    return ERROR_NONE;
}

/* ---- the page ---- */

static uint32_t clip_us(curl_off_t us)
{
    if (us < 0)
        return 0;
    return us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
}

/* libcurl counts from the moment at which it got the transfer, which had waited
 * for its name before. */
static uint32_t time_us(const struct transfer *transfer, CURLINFO info)
{
    curl_off_t us = 0;

    curl_easy_getinfo(transfer->easy.handle, info, &us);
    return us > 0 ? clip_us(us + transfer->lookup.took_us) : 0;
}

/* A connection that was open already has no times of its own. */
static void fill_times(struct transfer *transfer)
{
    struct page *page = &transfer->page;
    int64_t total_ms = transfer->set->loop.now_ms - transfer->clock.start_ms;
    long nr_connects = 0;

    curl_easy_getinfo(transfer->easy.handle, CURLINFO_NUM_CONNECTS,
                      &nr_connects);
    if (nr_connects > 0) {
        page->dns_us = time_us(transfer, CURLINFO_NAMELOOKUP_TIME_T);
        page->connect_us = time_us(transfer, CURLINFO_CONNECT_TIME_T);
        page->tls_us = time_us(transfer, CURLINFO_APPCONNECT_TIME_T);
        if (page->dns_us == 0)
            page->dns_us = transfer->lookup.took_us;
    } else if (transfer->clock.phase >= PHASE_ASKED) {
        page->flags |= PAGE_REUSED;
    }
    if (transfer->clock.phase == PHASE_ANSWERING)
        page->first_byte_us = time_us(transfer, CURLINFO_STARTTRANSFER_TIME_T);
    /* libcurl's clock is finer, but stands still when we end a transfer. */
    page->total_us = time_us(transfer, CURLINFO_TOTAL_TIME_T);
    if (clip_us(total_ms * 1000) > page->total_us)
        page->total_us = clip_us(total_ms * 1000);
}

/* The peer is known once an address was tried, the version of HTTP once a line
 * has come. */
static void fill_peer(struct transfer *transfer)
{
    struct page *page = &transfer->page;
    char *ip = NULL;
    long version = 0;

    if (transfer->clock.phase < PHASE_CONNECTING)
        return;
    curl_easy_getinfo(transfer->easy.handle, CURLINFO_PRIMARY_IP, &ip);
    if (ip)
        page->ip = (struct bytes){ip, strlen(ip)};
    if (transfer->head.bytes.len == 0)
        return;
    curl_easy_getinfo(transfer->easy.handle, CURLINFO_HTTP_VERSION, &version);
    if (version == CURL_HTTP_VERSION_1_0)
        page->http_version = 10;
    else if (version == CURL_HTTP_VERSION_1_1)
        page->http_version = 11;
    else if (version == CURL_HTTP_VERSION_2_0)
        page->http_version = 20;
}

/* A quota that is spent says when to come again, unless the host says so itself
 * (429 and 503 with Retry-After), which the draft lets go before. */
static void fill_quota(struct transfer *transfer)
{
    struct bytes reset = head_quota_reset(&transfer->head);
    struct page *page = &transfer->page;
    bool asks_to_wait = page->status == 429 || page->status == 503;

    if (reset.len == 0 || (asks_to_wait && page->retry_after.len > 0))
        return;
    page->retry_after = clean(transfer, reset);
    page->flags |= PAGE_QUOTA_SPENT;
}

/* The fields of an interim answer, or of half a head, are not believed. */
static void fill_head(struct transfer *transfer)
{
    struct head *head = &transfer->head;
    struct page *page = &transfer->page;

    if (!head_is_final(head))
        return;
    page->status = (uint16_t)head->status;
    page->content_length = head->content_length;
    page->robots = head->robots;
    if (head->sets_cookie && transfer->set->options.cookies)
        page->flags |= PAGE_SETS_COOKIE;
    fill_mime(transfer);
    page->encoding =
        clean(transfer, (struct bytes){head->codings.data, head->codings.len});
    for (enum head_field field = 0; field < HEAD_FIELD_NR; field++) {
        struct bytes *text = head_page_text(field, page);

        if (text)
            *text = clean(transfer, head_value(head, field));
    }
    fill_quota(transfer);
}

/* Views of nothing point at "", never at NULL. */
static struct bytes view(const struct buf *buf)
{
    return (struct bytes){buf->len ? buf->data : (const void *)"", buf->len};
}

static void fill_body(struct transfer *transfer)
{
    struct body *body = &transfer->body;
    struct page *page = &transfer->page;

    page->wire_bytes = body->wire_bytes;
    page->body_bytes = body->decoded_bytes;
    if (body->cut)
        page->flags |= PAGE_BODY_CUT;
    if (body->has_junk)
        page->flags |= PAGE_JUNK_AFTER;
    if (!head_is_final(&transfer->head))
        return;
    body_sum_up(body, page->hash);
    if (transfer->flags & (JOB_BODY | JOB_ROBOTS))
        page->body = view(&body->data);
    if (transfer->flags & JOB_RAW) {
        page->raw_request = view(&transfer->raw.request);
        page->raw_head = view(&transfer->head.bytes);
        page->raw_body = view(&transfer->raw.body);
    }
}

/* A policy's error means that the URL was skipped, any other that it failed. */
/* Whether nobody has refused the connection: it did not get that far. */
static bool found_no_way(const struct transfer *transfer)
{
    long errnum = 0;

    curl_easy_getinfo(transfer->easy.handle, CURLINFO_OS_ERRNO, &errnum);
    return errnum == ENETUNREACH || errnum == EHOSTUNREACH ||
           errnum == ENETDOWN || errnum == ETIMEDOUT;
}

static void set_error(struct transfer *transfer, enum error error)
{
    struct page *page = &transfer->page;

    page->error = error;
    if (!error)
        return;
    if (error == ERROR_DNS && transfer->failure.may_pass)
        page->flags |= PAGE_MAY_PASS;
    if (error == ERROR_CONNECT && found_no_way(transfer))
        page->flags |= PAGE_NO_ROUTE;
    page->outcome = error_info(error)->error_class == CLASS_POLICY
                        ? OUTCOME_SKIPPED
                        : OUTCOME_ERROR;
    fill_detail(transfer);
}

/* Words for the alert of a server that got no certificate; "" if it is another.
 * Since TLS 1.3 it has an alert of its own (RFC 8446, 6.2). Before, the same
 * one comes of a server that shares no cipher with us. */
static const char *alert_words(const char *message)
{
    if (strstr(message, "alert certificate required"))
        return "the server wants a certificate of the client, which crawl has "
               "none of";
    if (strstr(message, "alert handshake failure"))
        return "the server broke the handshake off: it wants a certificate of "
               "the client, or shares no cipher with us";
    return "";
}

/* All that came is told, of a failed transfer too: how many bytes, how long it
 * took, which address it was. */
void result_fill(struct transfer *transfer, CURLcode code)
{
    struct page *page = &transfer->page;
    enum error error = choose_error(transfer, code);

    page_init(page);
    /* Half a body is marked as such; one with an unknown coding is whole. */
    if (error && transfer->body.begun)
        transfer->body.cut |= error != ERROR_BAD_ENCODING;
    if (error && location_decides(transfer, error)) {
        error = transfer->failure.error = ERROR_NONE;
        set_note(transfer, "");
    }
    fill_times(transfer);
    fill_peer(transfer);
    fill_head(transfer);
    fill_body(transfer);
    if (!error)
        error = judge_status(transfer);
    if (error == ERROR_TLS && !transfer->failure.note[0])
        set_note(transfer, alert_words(transfer->failure.message));
    set_error(transfer, error);
}

void result_lose(struct transfer *transfer)
{
    set_note(transfer, "no memory to read it");
    set_error(transfer, ERROR_INTERNAL);
}
