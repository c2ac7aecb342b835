#include "crawler/fetch/transfer.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "crawler/fetch/fetch_internal.h"
#include "crawler/url/url.h"

#define RAW_REQUEST_BYTES_MAX ((size_t)64 << 10)
/* Room for the copies of every kept header and of the encoding. */
#define TEXTS_BYTES           ((size_t)(HEAD_FIELD_NR + 1) * PAGE_SHORT_BYTES)

/* "name" of "name/1.0 (more)". */
static void find_agent(struct transfers *set)
{
    size_t len = strcspn(set->options.user_agent, "/ (");

    snprintf(set->agent, sizeof(set->agent), "%.*s", (int)len,
             set->options.user_agent);
}

/* Two for the addresses of one name, two for the look-up itself. */
#define DESCRIPTORS_EACH  ((size_t)4)
#define DESCRIPTORS_OTHER ((size_t)64)

/* Asks the system for what the options want, and wants less if refused: a
 * look-up without descriptors would pass for a name that does not exist. */
static enum err fit_descriptors(struct transfers *set)
{
    size_t wanted = (size_t)set->options.max_transfers * DESCRIPTORS_EACH;
    struct rlimit limit;
    size_t most;

    set->max_connections = TRANSFER_CONNECTIONS_MAX;
    wanted += set->max_connections + DESCRIPTORS_OTHER;
    if (getrlimit(RLIMIT_NOFILE, &limit))
        return CERR_LIMIT;
    if (limit.rlim_cur < wanted) {
        limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
        if (setrlimit(RLIMIT_NOFILE, &limit))
            return CERR_LIMIT;
    }
    if (limit.rlim_cur >= wanted)
        return CERR_OK;
    if (limit.rlim_cur < 2 * DESCRIPTORS_OTHER) {
        log_error("RLIMIT_NOFILE is %ju, a worker needs %zu (ulimit -n)",
                  (uintmax_t)limit.rlim_cur, 2 * DESCRIPTORS_OTHER);
        return CERR_LIMIT;
    }
    most = ((size_t)limit.rlim_cur - DESCRIPTORS_OTHER) / 2;
    set->max_connections = most;
    if ((size_t)set->options.max_transfers > most / DESCRIPTORS_EACH)
        set->options.max_transfers = (int)(most / DESCRIPTORS_EACH);
    return CERR_OK;
}

enum err transfers_open(struct transfers **out,
                        const struct fetch_options *options)
{
    struct transfers *set = xcalloc(1, sizeof(*set));
    size_t max;
    enum err err;

    set->epoll_fd = -1;
    set->watched_fd = -1;
    fetch_options_fill(&set->options, options);
    find_agent(set);
    err = fit_descriptors(set);
    max = (size_t)set->options.max_transfers;
    set->all = xcalloc(max, sizeof(struct transfer *));
    set->decoders = xcalloc(max, sizeof(struct decode *));
    if (!err)
        err = guard_new(&set->guard, set->options.allow_private,
                        set->options.nr_allow_private, NULL);
    if (!err && set->options.auth_file)
        err = auth_load(&set->auth, set->options.auth_file, NULL);
    set->scan = scan_new(set->agent);
    if (!err)
        err = handles_open(set);
    if (!err)
        err = loop_open(set);
    if (err)
        transfers_close(set);
    else
        *out = set;
    return err;
}

static void free_transfer(struct transfer *transfer)
{
    if (transfer->active)
        curl_multi_remove_handle(transfer->set->multi, transfer->easy);
    curl_easy_cleanup(transfer->easy);
    curl_url_cleanup(transfer->parts);
    curl_slist_free_all(transfer->headers);
    decode_free(transfer->decode);
    head_release(&transfer->head);
    body_release(&transfer->body);
    buf_release(&transfer->url);
    buf_release(&transfer->raw_request);
    buf_release(&transfer->raw_body);
    buf_release(&transfer->texts);
    buf_release(&transfer->location);
    free(transfer);
}

void transfers_close(struct transfers *set)
{
    if (!set)
        return;
    for (size_t i = 0; i < set->nr_all; i++)
        free_transfer(set->all[i]);
    for (size_t i = 0; i < set->nr_decoders; i++)
        decode_free(set->decoders[i]);
    while (set->nr_spares > 0)
        buf_release(&set->spares[--set->nr_spares]);
    handles_close(set);
    loop_close(set);
    guard_free(set->guard);
    auth_free(set->auth);
    scan_free(set->scan);
    free(set->all);
    free(set->decoders);
    free(set);
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t transfers_room(const struct transfers *set)
{
    size_t pending = set->nr_lookups + set->nr_fresh;
    size_t lookups =
        pending < TRANSFER_LOOKUPS_MAX ? TRANSFER_LOOKUPS_MAX - pending : 0;

    return least((size_t)set->options.max_transfers - set->nr_busy, lookups);
}

size_t transfers_busy(const struct transfers *set)
{
    return set->nr_busy;
}

int64_t transfers_now_ms(const struct transfers *set)
{
    return set->now_ms;
}

/* An idle one, or a new one. NULL: no memory. */
static struct transfer *take_idle(struct transfers *set)
{
    struct transfer *transfer = set->free;

    if (transfer) {
        set->free = transfer->next;
        return transfer;
    }
    transfer = xcalloc(1, sizeof(*transfer));
    transfer->set = set;
    head_init(&transfer->head, (size_t)set->options.max_head_bytes, set->agent);
    body_init(&transfer->body);
    buf_init(&transfer->url, URL_BYTES_MAX + 1);
    buf_init(&transfer->raw_request, RAW_REQUEST_BYTES_MAX);
    buf_init(&transfer->raw_body, (size_t)set->options.max_wire_bytes * 2);
    buf_init(&transfer->texts, TEXTS_BYTES);
    buf_init(&transfer->location, URL_BYTES_MAX + 1);
    if (handle_make(transfer)) {
        free_transfer(transfer);
        return NULL;
    }
    set->all[set->nr_all++] = transfer;
    return transfer;
}

void transfers_set_sandbox(struct transfers *set, struct sandbox *sandbox)
{
    set->sandbox = sandbox;
}

/* A body's memory goes to the next one that begins, and is warm then: most
 * transfers wait for their server, and need none. */
static void put_spare(struct transfers *set, struct body *body)
{
    struct buf memory;

    body_reset(body);
    memory = body->data;
    buf_init(&body->data, SIZE_MAX);
    if (memory.cap > 0 && set->nr_spares < TRANSFER_SPARES_MAX &&
        memory.cap <= TRANSFER_SPARE_BYTES - set->spare_bytes) {
        set->spares[set->nr_spares++] = memory;
        set->spare_bytes += memory.cap;
    } else {
        buf_release(&memory);
    }
}

void transfer_take_spare(struct transfer *transfer)
{
    struct transfers *set = transfer->set;

    if (set->nr_spares == 0)
        return;
    assert(transfer->body.data.cap == 0); /* given back with the last page */
    transfer->body.data = set->spares[--set->nr_spares];
    set->spare_bytes -= transfer->body.data.cap;
}

static void give_back(struct transfer *transfer)
{
    struct transfers *set = transfer->set;

    put_spare(set, &transfer->body);
    transfer->next = set->free;
    set->free = transfer;
}

enum err transfers_start(struct transfers *set, uint64_t id,
                         const struct job *job)
{
    struct transfer *transfer = take_idle(set);
    enum err err;

    if (!transfer)
        return CERR_NOMEM;
    transfer->id = id;
    transfer->flags = job->flags;
    transfer->conditional = false;
    transfer->is_sniffed = false;
    transfer->message[0] = '\0';
    buf_reset(&transfer->url);
    err = buf_add(&transfer->url, job->url, job->url_len);
    if (!err)
        err = buf_add_byte(&transfer->url, '\0');
    if (!err)
        err = handle_aim(transfer, job);
    if (!err && curl_multi_add_handle(set->multi, transfer->easy))
        err = CERR_NOMEM;
    if (err) {
        give_back(transfer);
        return err;
    }
    transfer->active = true;
    transfer->start_ms = set->now_ms;
    transfer->nr_refused = transfer_nr_refused();
    transfer_enter(transfer, PHASE_WAITING);
    transfer->cache->nr_busy++;
    set->nr_busy++;
    set->nr_fresh++;
    return CERR_OK;
}

static void return_decoder(struct transfer *transfer)
{
    struct transfers *set = transfer->set;

    if (transfer->decode)
        set->decoders[set->nr_decoders++] = transfer->decode;
    transfer->decode = NULL;
}

void transfer_end(struct transfer *transfer, CURLcode code, enum error error,
                  const char *note)
{
    struct transfers *set = transfer->set;

    if (error && !transfer->error) {
        transfer->error = error;
        snprintf(transfer->note, sizeof(transfer->note), "%s", note);
    }
    transfer_lookup_ended(transfer);
    curl_multi_remove_handle(set->multi, transfer->easy);
    transfer->cache->nr_busy--;
    transfer->active = false;
    answer_fill(transfer, code);
    return_decoder(transfer);
    transfer->next = NULL;
    if (set->done)
        set->done_last->next = transfer;
    else
        set->done = transfer;
    set->done_last = transfer;
}

bool transfers_cancel(struct transfers *set, uint64_t id)
{
    for (size_t i = 0; i < set->nr_all; i++) {
        struct transfer *transfer = set->all[i];

        if (!transfer->active || transfer->id != id)
            continue;
        transfer_end(transfer, CURLE_ABORTED_BY_CALLBACK, ERROR_CANCELED, "");
        return true;
    }
    return false;
}

/* HTTP's own answers are read too (404 has a title); a redirect's body says
 * nothing, and half a page or raw bytes say too little. */
static bool is_to_be_scanned(const struct transfer *transfer)
{
    return (transfer->flags & (JOB_LINKS | JOB_HEAD_SCAN)) &&
           transfer->page.error == ERROR_NONE &&
           transfer->page.outcome != OUTCOME_REDIRECT &&
           transfer->body.data.len > 0;
}

struct transfer *transfers_next_done(struct transfers *set)
{
    struct transfer *transfer = set->done;

    if (!transfer)
        return NULL;
    set->done = transfer->next;
    if (is_to_be_scanned(transfer)) {
        struct scan_input input = {
            .url = {transfer->url.data, transfer->url.len - 1},
            .type = head_value(&transfer->head, HEAD_TYPE),
            .body = {transfer->body.data.data, transfer->body.data.len},
            .is_ascii = transfer->body.is_ascii,
            .sniffed = transfer->is_sniffed ? &transfer->sniff : NULL,
            .skipped_bytes = transfer->body.skipped_bytes,
            .flags = transfer->flags,
        };

        if (scan_page(set->scan, &input, &transfer->page))
            answer_lose(transfer);
    }
    return transfer;
}

uint64_t transfer_id(const struct transfer *transfer)
{
    return transfer->id;
}

struct page *transfer_page(struct transfer *transfer)
{
    return &transfer->page;
}

void transfer_recycle(struct transfer *transfer)
{
    head_reset(&transfer->head);
    buf_reset(&transfer->raw_request);
    buf_reset_to(&transfer->raw_body, TRANSFER_KEEP_BYTES);
    buf_reset(&transfer->texts);
    buf_reset(&transfer->location);
    transfer->error = ERROR_NONE;
    transfer->note[0] = '\0';
    transfer->tried_address = false;
    transfer->exhausted = false;
    transfer->progress = 0;
    transfer->set->nr_busy--;
    give_back(transfer);
}
