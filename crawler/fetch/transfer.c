/*
 * The set of transfers behind transfer.h: takes idle ones for jobs, drives
 * libcurl with what the loop reports, ends what has ended or takes too long,
 * and hands it out.
 */
#include "crawler/fetch/transfer.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "crawler/fetch/curl_alloc.h"
#include "crawler/fetch/fetch_internal.h"
#include "crawler/url/url.h"

#define RAW_REQUEST_BYTES_MAX ((size_t)64 << 10)
/* Room for the copies of every kept header and of the encoding. */
#define TEXTS_BYTES           ((size_t)(HEAD_FIELD_NR + 1) * PAGE_SHORT_BYTES)

/* The product token of the user agent (RFC 9110, section 10.1.5): "name" of
 * "name/1.0 (more)". X-Robots-Tag and meta elements may name it. */
static void find_agent(struct transfers *set)
{
    size_t len = strcspn(set->options.user_agent, "/ (");

    snprintf(set->agent, sizeof(set->agent), "%.*s", (int)len,
             set->options.user_agent);
}

/* Descriptors of one transfer: two sockets, to the addresses of one name that
 * are tried at once. */
#define DESCRIPTORS_EACH  ((size_t)2)
#define DESCRIPTORS_OTHER ((size_t)64)

/* Asks the system for as many descriptors as the options want, and lowers the
 * options if that is refused: a look-up without descriptors would pass for a
 * name that does not exist. */
static enum err fit_descriptors(struct transfers *set, size_t *max_connections)
{
    size_t wanted = (size_t)set->options.max_transfers * DESCRIPTORS_EACH;
    struct rlimit limit;
    size_t most;

    *max_connections = TRANSFER_CONNECTIONS_MAX;
    wanted += *max_connections + DESCRIPTORS_OTHER;
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
    *max_connections = most;
    if ((size_t)set->options.max_transfers > most / DESCRIPTORS_EACH)
        set->options.max_transfers = (int)(most / DESCRIPTORS_EACH);
    return CERR_OK;
}

static void watch_name_server(void *ctx, int fd, bool readable, bool writable)
{
    struct transfers *set = ctx;
    uint32_t events = (readable ? EPOLLIN : 0) | (writable ? EPOLLOUT : 0);

    loop_watch(&set->loop, fd, events, set->names);
}

static enum err open_names(struct transfers *set)
{
    const struct names_options options = {
        .servers = set->options.dns_servers,
        .ipv4_only = set->options.ipv4_only,
        .ipv6_only = set->options.ipv6_only,
        .take = curl_alloc_counted,
        .take_more = curl_alloc_counted_more,
        .timeout_ms = set->options.dns_timeout_ms,
        .watch = watch_name_server,
        .ctx = set,
    };

    return names_open(&set->names, &options);
}

enum err transfers_open(struct transfers **out,
                        const struct fetch_options *options)
{
    struct transfers *set = xcalloc(1, sizeof(*set));
    size_t max_connections = 0;
    enum err err;

    /* transfers_close() takes a set that is half made, too. */
    set->loop.epoll_fd = -1;
    set->loop.other_fd = -1;
    STAILQ_INIT(&set->idle);
    STAILQ_INIT(&set->ended);
    fetch_options_fill(&set->options, options);
    find_agent(set);
    err = fit_descriptors(set, &max_connections);
    set->all =
        xcalloc((size_t)set->options.max_transfers, sizeof(struct transfer *));
    body_spares_init(&set->bodies.spares, (size_t)set->options.max_transfers);
    set->check_every_ms = phase_check_every_ms(&set->options);
    set->scan = scan_new(set->agent);
    if (!err)
        err = guard_new(&set->guard, set->options.allow_private,
                        set->options.nr_allow_private, NULL);
    if (!err && set->options.auth_file)
        err = auth_load(&set->auth, set->options.auth_file, NULL);
    if (!err)
        err = easy_shared_open(&set->easy, &set->options, max_connections);
    if (!err)
        err = loop_open(&set->loop, set->easy.multi);
    if (!err)
        err = open_names(set);
    if (err)
        transfers_close(set);
    else
        *out = set;
    return err;
}

static void free_transfer(struct transfer *transfer)
{
    easy_stop(transfer);
    lookup_end(transfer);
    easy_close(&transfer->easy);
    decode_free(transfer->decode);
    head_release(&transfer->head);
    body_release(&transfer->body);
    buf_release(&transfer->url);
    buf_release(&transfer->raw.request);
    buf_release(&transfer->raw.body);
    buf_release(&transfer->texts.cleaned);
    buf_release(&transfer->texts.location);
    free(transfer);
}

void transfers_close(struct transfers *set)
{
    if (!set)
        return;
    for (size_t i = 0; i < set->nr_all; i++)
        free_transfer(set->all[i]);
    body_spares_release(&set->bodies.spares);
    /* Both close sockets, which the loop sees. */
    names_close(set->names);
    easy_shared_close(&set->easy);
    loop_close(&set->loop);
    guard_free(set->guard);
    auth_free(set->auth);
    scan_free(set->scan);
    free(set->all);
    free(set);
}

void transfers_set_sandbox(struct transfers *set, struct sandbox *sandbox)
{
    set->sandbox = sandbox;
}

enum err transfers_watch(struct transfers *set, int fd)
{
    return loop_watch_other(&set->loop, fd);
}

/* ---- transfers that are idle ---- */

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* What is started may all need a look-up. */
size_t transfers_room(const struct transfers *set)
{
    size_t nr_asked = names_nr_asked(set->names);
    size_t lookups =
        nr_asked < NAMES_ASKED_MAX ? NAMES_ASKED_MAX - nr_asked : 0;

    return least((size_t)set->options.max_transfers - set->nr_busy, lookups);
}

size_t transfers_busy(const struct transfers *set)
{
    return set->nr_busy;
}

/* Nothing of it is allocated before it is needed, but for libcurl's handle. */
static struct transfer *new_transfer(struct transfers *set)
{
    struct transfer *transfer = xcalloc(1, sizeof(*transfer));

    transfer->set = set;
    head_init(&transfer->head, (size_t)set->options.max_head_bytes, set->agent);
    body_init(&transfer->body);
    buf_init(&transfer->url, URL_BYTES_MAX + 1);
    buf_init(&transfer->raw.request, RAW_REQUEST_BYTES_MAX);
    buf_init(&transfer->raw.body, (size_t)set->options.max_wire_bytes * 2);
    buf_init(&transfer->texts.cleaned, TEXTS_BYTES);
    buf_init(&transfer->texts.location, URL_BYTES_MAX + 1);
    return transfer;
}

/* An idle one, the one used last first, or a new one. NULL: no memory. */
static struct transfer *pick_idle(struct transfers *set)
{
    struct transfer *transfer = STAILQ_FIRST(&set->idle);

    if (transfer) {
        STAILQ_REMOVE_HEAD(&set->idle, link);
        return transfer;
    }
    transfer = new_transfer(set);
    if (easy_open(transfer)) {
        free_transfer(transfer);
        return NULL;
    }
    set->all[set->nr_all++] = transfer;
    return transfer;
}

static void make_idle(struct transfer *transfer)
{
    struct transfers *set = transfer->set;

    body_spares_take_back(&set->bodies.spares, &transfer->body);
    if (transfer->held_bytes > 0)
        set->bodies.freed_ms = set->loop.now_ms;
    set->bodies.used_bytes -= transfer->held_bytes;
    transfer->held_bytes = 0;
    phase_enter(&transfer->clock, PHASE_IDLE, set->loop.now_ms);
    STAILQ_INSERT_HEAD(&set->idle, transfer, link);
}

static enum err copy_url(struct transfer *transfer, const struct job *job)
{
    enum err err;

    buf_reset(&transfer->url);
    err = buf_add(&transfer->url, job->url, job->url_len);
    return err ? err : buf_add_byte(&transfer->url, '\0');
}

/* ---- ending ---- */

/* Notes that this process was stopped or that the machine slept, when the loop
 * is so late. Limits do not count that time, and what fails all the same (the
 * other side has given up meanwhile) is marked. */
static void note_absence(struct transfers *set, int64_t late_ms)
{
    if (late_ms < CLOCK_ABSENCE_MS)
        return;
    for (size_t i = 0; i < set->nr_all; i++) {
        struct transfer *transfer = set->all[i];

        if (!phase_is_active(&transfer->clock))
            continue;
        phase_forgive(&transfer->clock, late_ms);
        transfer->was_away = true;
    }
}

/* Takes it out of libcurl, whose `code` counts unless `error` or one decided
 * before says more. */
static void end_transfer(struct transfer *transfer, CURLcode code,
                         enum error error, const char *note)
{
    struct transfers *set = transfer->set;

    if (code) { /* libcurl looks at the clock itself */
        int64_t now_ms = clock_mono_ms();

        note_absence(set, now_ms - set->loop.now_ms);
        set->loop.now_ms = now_ms;
    }
    if (error)
        result_decide(transfer, error, note);
    set->bodies.nr_paused -= transfer->is_paused;
    transfer->is_paused = false;
    easy_stop(transfer);
    lookup_end(transfer);
    result_fill(transfer, code);
    if (transfer->was_away && transfer->page.error)
        transfer->page.flags |= PAGE_WAS_AWAY;
    phase_enter(&transfer->clock, PHASE_ENDED, set->loop.now_ms);
    if (transfer->decode)
        body_spares_return_decoder(&set->bodies.spares, transfer->decode);
    transfer->decode = NULL;
    STAILQ_INSERT_TAIL(&set->ended, transfer, link);
}

/* ---- starting ---- */

/* Whether the transfer may go to its proxy, if it has one. */
static bool may_be_asked(const struct transfer *transfer)
{
    return !transfer->easy.proxy ||
           proxy_may_ask(transfer->set->guard, (const char *)transfer->url.data,
                         transfer->flags & JOB_PRIVATE_OK);
}

/* Gives it to libcurl, once its address is known. */
static void go_on(struct transfer *transfer)
{
    struct transfers *set = transfer->set;
    enum err err = CERR_OK;

    if (transfer->lookup.is_needed)
        err = lookup_tell(transfer);
    if (!err)
        err = easy_start(transfer);
    if (err)
        end_transfer(transfer, CURLE_OUT_OF_MEMORY, ERROR_INTERNAL,
                     "no memory to begin");
    else if (transfer->clock.phase != PHASE_WAITING)
        phase_enter(&transfer->clock, PHASE_WAITING, set->loop.now_ms);
}

static void end_nameless(struct transfer *transfer, enum name_state state)
{
    enum error error = lookup_error(transfer, state);

    end_transfer(transfer, CURLE_COULDNT_RESOLVE_HOST, error, "");
}

/* Asks for the transfer's name, if it has one that is not known. */
static void begin(struct transfer *transfer)
{
    struct transfers *set = transfer->set;
    struct lookup *lookup = &transfer->lookup;
    enum name_state state = NAME_FOUND;

    lookup->asked_ms = set->loop.now_ms;
    if (lookup->is_needed)
        state = names_wait(set->names, &lookup->waiter, lookup->host,
                           set->loop.now_ms);
    if (state == NAME_FOUND) {
        go_on(transfer);
    } else if (state != NAME_ASKED) {
        end_nameless(transfer, state);
    } else if (lookup_is_stale(set)) {
        end_transfer(transfer, CURLE_OK, ERROR_INTERNAL,
                     "the resolver's files were replaced");
    } else {
        phase_enter(&transfer->clock, PHASE_RESOLVING, set->loop.now_ms);
    }
}

enum err transfers_start(struct transfers *set, uint64_t id,
                         const struct job *job)
{
    struct transfer *transfer = pick_idle(set);
    enum err err;

    if (!transfer)
        return CERR_NOMEM;
    transfer->id = id;
    transfer->flags = job->flags;
    transfer->is_sniffed = false;
    transfer->was_away = false;
    transfer->failure.message[0] = '\0';
    err = copy_url(transfer, job);
    if (!err)
        err = easy_aim(transfer, job);
    if (err) {
        make_idle(transfer);
        return err;
    }
    transfer->failure.nr_refused = result_nr_refused();
    lookup_aim(transfer);
    phase_start(&transfer->clock, set->loop.now_ms);
    set->nr_busy++;
    if (may_be_asked(transfer))
        begin(transfer);
    else
        end_transfer(transfer, CURLE_OK, ERROR_BLOCKED_ADDRESS,
                     "not a public address");
    return CERR_OK;
}

/* Lets go on, or end, whose look-ups have ended. */
static void take_names(struct transfers *set)
{
    struct names_waiter *waiter = names_next_ready(set->names);

    for (; waiter; waiter = names_next_ready(set->names)) {
        struct lookup *lookup = (struct lookup *)waiter;
        struct transfer *transfer =
            (struct transfer *)((char *)lookup -
                                offsetof(struct transfer, lookup));
        enum name_state state = name_state(waiter->name);
        int64_t took_ms = set->loop.now_ms - lookup->asked_ms;

        lookup->took_us = (uint32_t)took_ms * 1000;
        if (state == NAME_FOUND)
            go_on(transfer);
        else
            end_nameless(transfer, state);
    }
}

/* Cancels are rare, so all transfers are looked through. */
bool transfers_cancel(struct transfers *set, uint64_t id)
{
    for (size_t i = 0; i < set->nr_all; i++) {
        struct transfer *transfer = set->all[i];

        if (!phase_is_active(&transfer->clock) || transfer->id != id)
            continue;
        end_transfer(transfer, CURLE_ABORTED_BY_CALLBACK, ERROR_CANCELED, "");
        return true;
    }
    return false;
}

/* The active transfer that holds most memory for its body; NULL: none runs. */
static struct transfer *find_largest(const struct transfers *set)
{
    struct transfer *largest = NULL;

    for (size_t i = 0; i < set->nr_all; i++)
        if (phase_is_active(&set->all[i]->clock) &&
            (!largest || set->all[i]->held_bytes > largest->held_bytes))
            largest = set->all[i];
    return largest;
}

/* Cuts the largest body when others wait for memory and none was freed. */
static void free_memory(struct transfers *set)
{
    struct transfer *largest = find_largest(set);

    if (set->bodies.nr_paused == 0 || !largest ||
        set->loop.now_ms - set->bodies.freed_ms < BODIES_WAIT_MS)
        return;
    end_transfer(largest, CURLE_ABORTED_BY_CALLBACK, ERROR_TOO_LARGE,
                 "no memory left for bodies: --max-memory, or lower --max-size "
                 "or --concurrency");
    set->bodies.freed_ms = set->loop.now_ms;
}

static void resume(struct transfer *transfer)
{
    transfer->is_paused = false;
    transfer->set->bodies.nr_paused--;
    curl_easy_pause(transfer->easy.handle, CURLPAUSE_CONT);
}

/* Lets paused transfers read on: the largest at least, and all where there is
 * memory again. If that is not enough for all, they find out in turn. */
static void resume_paused(struct transfers *set)
{
    struct transfer *largest;

    if (set->bodies.nr_paused == 0)
        return;
    if (set->bodies.used_bytes >= (size_t)set->options.max_bodies_bytes) {
        largest = find_largest(set);
        if (largest && largest->is_paused)
            resume(largest);
        return;
    }
    for (size_t i = 0; i < set->nr_all; i++)
        if (set->all[i]->is_paused)
            resume(set->all[i]);
}

/* Looks through all transfers every check_every_ms: libcurl's own limits know
 * no phases, and a timer of each transfer would cost more. */
static void check_limits(struct transfers *set)
{
    for (size_t i = 0; i < set->nr_all; i++) {
        struct transfer *transfer = set->all[i];
        const char *note;
        enum error error;

        if (!phase_is_active(&transfer->clock))
            continue;
        if (transfer->is_paused) { /* the wait is ours */
            phase_forgive(&transfer->clock, set->check_every_ms);
            continue;
        }
        error = phase_check(&transfer->clock, &set->options, set->loop.now_ms,
                            &note);
        if (error)
            end_transfer(transfer, CURLE_OPERATION_TIMEDOUT, error, note);
    }
    free_memory(set);
    set->check_ms = set->loop.now_ms + set->check_every_ms;
}

/* ---- a turn ---- */

/* A transfer that was added to libcurl begins when its timer runs out, which
 * is at once. */
static void run_timer(struct transfers *set)
{
    int running;

    if (!loop_timer_is_due(&set->loop))
        return;
    easy_limit_connections(&set->easy, set->nr_busy);
    curl_multi_socket_action(set->easy.multi, CURL_SOCKET_TIMEOUT, 0, &running);
}

/* The socket's owner is the cache that its connection lies in, or who looks
 * names up. */
static void run_socket(struct transfers *set, const struct loop_event *event)
{
    const struct connection_cache *cache = event->owner;
    int running;

    if (event->owner == set->names) {
        names_socket(set->names, event->fd, event->mask & ~CURL_CSELECT_OUT,
                     event->mask & CURL_CSELECT_OUT, set->loop.now_ms);
        return;
    }
    easy_limit_connections(&set->easy, cache ? cache->nr_busy : set->nr_busy);
    curl_multi_socket_action(set->easy.multi, event->fd, event->mask, &running);
}

/* Ends what libcurl has ended. False: nothing. */
static bool collect_ended(struct transfers *set)
{
    bool any = false;
    int nr_left;
    CURLMsg *message = curl_multi_info_read(set->easy.multi, &nr_left);

    for (; message; message = curl_multi_info_read(set->easy.multi, &nr_left)) {
        CURLcode code = message->data.result;
        char *private = NULL;

        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
        end_transfer((struct transfer *)private, code, ERROR_NONE, "");
        any = true;
    }
    return any;
}

/* While transfers run, a wait ends when time limits are looked at next. */
static int64_t choose_wait(const struct transfers *set, int timeout_ms)
{
    int64_t until_check_ms = set->check_ms - set->loop.now_ms;

    if (set->nr_busy == 0 || (timeout_ms >= 0 && timeout_ms < until_check_ms))
        return timeout_ms;
    return until_check_ms > 0 ? until_check_ms : 0;
}

/* libcurl is called for what has been started, then for the sockets that stir,
 * then for what is due after the wait. */
enum err transfers_turn(struct transfers *set, int timeout_ms)
{
    struct loop_event event;
    int64_t before_ms, wait_ms;
    enum err err;

    resume_paused(set);
    take_names(set); /* those that hosts(5) had */
    run_timer(set);  /* sends what has just been started */
    collect_ended(set);
    if (!STAILQ_EMPTY(&set->ended))
        timeout_ms = 0;
    wait_ms = choose_wait(set, timeout_ms);
    before_ms = set->loop.now_ms;
    err = loop_wait(&set->loop, wait_ms);
    if (err)
        return err;
    /* a wait without an end is that of an idle worker */
    if (wait_ms >= 0)
        note_absence(set, set->loop.now_ms - before_ms - wait_ms);
    while (loop_next_event(&set->loop, &event))
        run_socket(set, &event);
    if (set->loop.now_ms >= set->check_ms)
        names_tick(set->names, set->loop.now_ms);
    take_names(set);
    run_timer(set);
    collect_ended(set);
    if (set->loop.now_ms >= set->check_ms)
        check_limits(set);
    return set->loop.is_deaf ? CERR_NOMEM : CERR_OK;
}

/* ---- handing out ---- */

/* A page of an HTTP error is read, too, as it may have a title. The body of a
 * redirect says nothing; half a page, or one in an unknown coding, too little.
 */
static bool is_to_be_scanned(const struct transfer *transfer)
{
    return (transfer->flags &
            (JOB_LINKS | JOB_HEAD_SCAN | JOB_SITEMAP | JOB_MAYBE_SITEMAP)) &&
           transfer->page.error == ERROR_NONE &&
           transfer->page.outcome != OUTCOME_REDIRECT &&
           transfer->body.data.len > 0;
}

/* A sitemap that was not asked for as one is a page as well, whose links are
 * its entries. */
static enum err scan_body(struct transfer *transfer,
                          const struct scan_input *input)
{
    struct scan *scan = transfer->set->scan;
    struct page *page = &transfer->page;
    const unsigned char *data = input->body.data;

    if (transfer->flags & JOB_SITEMAP)
        return scan_sitemap(scan, input, page);
    bool is_sitemap = scan_is_sitemap(input->body);
    bool is_gzip = input->body.len > 2 && data[0] == 0x1f && data[1] == 0x8b;
    enum err err = scan_page(scan, input, page);
    if (!err && (is_sitemap || is_gzip) &&
        (transfer->flags & JOB_MAYBE_SITEMAP))
        return scan_sitemap(scan, input, page);
    if (is_sitemap)
        page->flags |= PAGE_IS_SITEMAP;
    return err;
}

struct transfer *transfers_next_done(struct transfers *set)
{
    struct transfer *transfer = STAILQ_FIRST(&set->ended);

    if (!transfer)
        return NULL;
    STAILQ_REMOVE_HEAD(&set->ended, link);
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

        if (scan_body(transfer, &input))
            result_lose(transfer);
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

/* Memory is kept for the next answer, within bounds. */
void transfer_recycle(struct transfer *transfer)
{
    head_reset(&transfer->head);
    buf_reset(&transfer->raw.request);
    buf_reset_to(&transfer->raw.body, TRANSFER_KEEP_BYTES);
    buf_reset(&transfer->texts.cleaned);
    buf_reset(&transfer->texts.location);
    transfer->failure.error = ERROR_NONE;
    transfer->failure.note[0] = '\0';
    transfer->failure.tried_address = false;
    transfer->failure.is_exhausted = false;
    transfer->failure.may_pass = false;
    transfer->set->nr_busy--;
    make_idle(transfer);
}
