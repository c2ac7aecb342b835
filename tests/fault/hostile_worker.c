/*
 * A crawl whose workers have been taken over. Linked in place of the real
 * fetch_worker_main(): the parent's side of the program is the one that is
 * shipped.
 *
 * A URL with "/honest/N" gets an honest page of N bytes, one with "/links/" a
 * page of links, one with "/swapped/" the same page, whose links become others
 * while the parent reads them. Every other one gets a lie:
 * damaged fields, lengths that lead astray, other tasks' ids, noise on the
 * socket and in the shared memory's positions, bytes that change while they are
 * read, deaths. HOSTILE_SEED, the URL and the count of its lies so far choose
 * the lie, so that a seed can be run again.
 */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/hash.h"
#include "crawler/fetch/fetch_worker.h"
#include "crawler/page/job.h"
#include "crawler/page/page.h"
#include "pool/worker_internal.h"

#define FIELDS_MAX  (128u << 10)
#define PAYLOAD_MAX 20000
#define NR_LINKS    300

enum lie {
    LIE_FIELDS,  /* an honest page, some bytes of it changed */
    LIE_LENGTH,  /* an honest page, cut or with more behind it */
    LIE_WILD,    /* a page of any values */
    LIE_PAYLOAD, /* payload that the fields know nothing of */
    LIE_FRAME,   /* a reply's frame of any values */
    LIE_ID,      /* an answer to what another holds, or nobody */
    LIE_TWICE,
    LIE_SOCKET,  /* a packet of any bytes, perhaps with a descriptor */
    LIE_CONTROL, /* a position in the shared memory */
    LIE_FLICKER, /* a payload that changes while it is read */
    LIE_CODE,    /* "it failed" */
    LIE_DEATH,
    LIE_NR
};

struct liar {
    struct worker *worker;
    struct buf fields, links;
    uint64_t random;
    uint64_t seed;
    uint64_t nr_lies;
};

/* ---- chance ---- */

static uint64_t roll(struct liar *liar, uint64_t below)
{
    liar->random ^= liar->random << 13;
    liar->random ^= liar->random >> 7;
    liar->random ^= liar->random << 17;
    return (liar->random >> 11) % below;
}

static void fill(struct liar *liar, void *out, size_t len)
{
    for (size_t i = 0; i < len; i++)
        ((unsigned char *)out)[i] = (unsigned char)roll(liar, 256);
}

/* A number as they go wrong: small, at an edge, or anything. */
static uint64_t edge(struct liar *liar)
{
    static const uint64_t edges[] = {
        0,         1,          63,      64,        UINT16_MAX, 4096, 4097,
        INT32_MAX, UINT32_MAX, 1 << 16, INT64_MAX, UINT64_MAX, 65535};
    uint64_t nr = sizeof(edges) / sizeof(edges[0]);

    if (roll(liar, 3) == 0)
        return roll(liar, UINT64_MAX);
    return edges[roll(liar, nr)] + roll(liar, 3) - 1;
}

/* ---- pages ---- */

static struct bytes text(const char *string)
{
    return (struct bytes){string, strlen(string)};
}

static void make_page(struct liar *liar, struct page *page)
{
    struct page_link link = {.url = text("http://127.0.0.1/honest/7"),
                             .text = text("a link"),
                             .kind = LINK_A};

    page_init(page);
    page->outcome = OUTCOME_OK;
    page->status = 200;
    page->http_version = 11;
    page->flags = PAGE_SCANNED;
    page->mime = text("text/html");
    page->charset = text("utf-8");
    page->title = text("a title");
    page->etag = text("\"1\"");
    page->ip = text("127.0.0.1");
    page->raw_head = text("HTTP/1.1 200 OK\r\n\r\n");
    buf_reset(&liar->links);
    for (int i = 0; i < 3; i++)
        if (page_append_link(&liar->links, &link) == CERR_OK)
            page->nr_links++;
    page->links =
        (struct bytes){(const char *)liar->links.data, liar->links.len};
}

static void make_wild_page(struct liar *liar, struct page *page)
{
    static unsigned char noise[3000];
    struct bytes *texts[] = {
#define TEXT(name, cap, kind, where) &page->name,
        &page->links, &page->raw_head, &page->raw_body, PAGE_TEXTS(TEXT)};

    make_page(liar, page);
    fill(liar, noise, sizeof(noise));
    page->outcome = (enum outcome)roll(liar, OUTCOME_NR + 2);
    page->error = (enum error)roll(liar, ERROR_NR + 2);
    page->status = (uint16_t)edge(liar);
    page->flags = (uint32_t)edge(liar);
    page->body_bytes = edge(liar);
    page->wire_bytes = edge(liar);
    page->content_length = (int64_t)edge(liar);
    page->chars = edge(liar);
    page->total_us = (uint32_t)edge(liar);
    page->nr_links = (uint32_t)edge(liar);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (roll(liar, 3) == 0)
            *texts[i] =
                (struct bytes){(const char *)noise, roll(liar, sizeof(noise))};
}

/* Encoded fields into liar->fields, the payload into a piece of the arena. */
static unsigned char *pack(struct liar *liar, const struct page *page,
                           size_t *len)
{
    unsigned char *space = NULL;

    *len = page_payload_bytes(page);
    buf_reset(&liar->fields);
    if (page_encode(&liar->fields, page) != CERR_OK || *len > PAYLOAD_MAX)
        return NULL;
    if (*len)
        space = worker_space(liar->worker, *len);
    if (space)
        page_write_payload(page, space);
    else
        *len = 0;
    return space;
}

static void reply(struct liar *liar, uint64_t id, int code, void *space,
                  size_t len)
{
    if (worker_reply_parts(liar->worker,
                           &(struct worker_reply){
                               .task_id = id,
                               .code = code,
                               .data = liar->fields.data,
                               .len = liar->fields.len,
                               .space = space,
                               .space_len = len,
                           }) != CERR_OK ||
        worker_flush(liar->worker) != CERR_OK)
        _exit(9);
}

static void answer_honestly(struct liar *liar, uint64_t id, const char *digits)
{
    struct page page;
    unsigned char *space;
    size_t len;

    make_page(liar, &page);
    page.body_bytes = page.wire_bytes = strtoull(digits, NULL, 10);
    space = pack(liar, &page, &len);
    reply(liar, id, 0, space, len);
}

/* ---- lies ---- */

static void lie_about_page(struct liar *liar, enum lie lie, uint64_t id)
{
    struct page page;
    unsigned char *space;
    size_t len;

    make_page(liar, &page);
    if (lie == LIE_WILD)
        make_wild_page(liar, &page);
    space = pack(liar, &page, &len);
    if (lie == LIE_FIELDS && liar->fields.len)
        for (uint64_t i = roll(liar, 8) + 1; i > 0; i--)
            liar->fields.data[roll(liar, liar->fields.len)] =
                (unsigned char)roll(liar, 256);
    if (lie == LIE_LENGTH && liar->fields.len) {
        if (roll(liar, 2))
            liar->fields.len = roll(liar, liar->fields.len);
        else if (buf_add(&liar->fields, "more", 1 + roll(liar, 4)) != CERR_OK)
            _exit(9);
    }
    if (lie == LIE_PAYLOAD && len)
        len = roll(liar, len);
    reply(liar, id, lie == LIE_CODE ? (int)edge(liar) | 1 : 0, space, len);
}

static void lie_in_frame(struct liar *liar, enum lie lie, uint64_t id)
{
    struct frame_reply frame = {.id = id};

    switch ((int)lie) {
    case LIE_ID:
        frame.id = roll(liar, 2) ? edge(liar) : id + roll(liar, 64) - 32;
        break;
    case LIE_FRAME:
        frame.offset = (uint32_t)edge(liar);
        frame.len = (uint32_t)edge(liar);
        frame.extra_offset = (uint32_t)edge(liar);
        frame.extra_len = (uint32_t)edge(liar);
        frame.message_len = (uint16_t)edge(liar);
        frame.place = (uint8_t)roll(liar, 6);
        frame.flags = (uint8_t)roll(liar, 4);
        fill(liar, frame.inside, sizeof(frame.inside));
        break;
    default:
        break;
    }
    for (int i = 0; i < 1 + (lie == LIE_TWICE); i++)
        if (channel_put_reply(&liar->worker->channel, &frame) != CERR_OK ||
            channel_wake_parent(&liar->worker->channel) != CERR_OK)
            _exit(9);
}

static void lie_on_socket(struct liar *liar, uint64_t id)
{
    unsigned char bytes[2000];
    struct frame_packet packet = {(enum frame_packet_type)roll(liar, 3),
                                  edge(liar)};
    size_t len = roll(liar, sizeof(bytes)) + 1;

    fill(liar, bytes, sizeof(bytes));
    if (roll(liar, 2))
        len = FRAME_PACKET_BYTES;
    if (roll(liar, 3) == 0) {
        if (channel_send(worker_fd(liar->worker), &packet, 0) != CERR_OK)
            _exit(9);
    } else if (send(worker_fd(liar->worker), bytes, len, MSG_NOSIGNAL) < 0) {
        _exit(9);
    }
    poll(NULL, 0, 20);
    answer_honestly(liar, id, "0"); /* or it was a bell by chance */
}

static void lie_in_control(struct liar *liar, uint64_t id)
{
    struct channel_control *control = liar->worker->channel.control;
    struct frame_packet bell = {.type = FRAME_BELL};

    switch (roll(liar, 6)) {
    case 0:
        atomic_store(&control->grant, edge(liar));
        break;
    case 1:
        atomic_store(&control->reply_tail, (uint32_t)edge(liar));
        break;
    case 2:
        atomic_store(&control->reply_head, (uint32_t)edge(liar));
        break;
    case 3:
        atomic_store(&control->release_tail, (uint32_t)edge(liar));
        break;
    case 4:
        atomic_store(&control->parent_armed, (uint32_t)edge(liar));
        break;
    default:
        atomic_fetch_add(&control->reply_tail, (uint32_t)roll(liar, 100));
        break;
    }
    if (channel_send(worker_fd(liar->worker), &bell, -1) != CERR_OK)
        _exit(9);
    /* Time to be found out, before an honest reply puts it right; of words that
     * are the parent's own, nothing ever comes. */
    poll(NULL, 0, 20);
    answer_honestly(liar, id, "0");
}

static void *flicker(void *area)
{
    for (uint32_t i = 0;; i++)
        ((volatile unsigned char *)area)[i % 512] ^= (unsigned char)(i >> 3);
    return NULL;
}

/* Links, head and body under a hand that never rests. */
static void lie_while_it_is_read(struct liar *liar, uint64_t id)
{
    static unsigned char body[512];
    struct page page;
    unsigned char *space;
    pthread_t thread;
    size_t len;

    make_page(liar, &page);
    page.body = (struct bytes){(const char *)body, sizeof(body)};
    page.body_bytes = sizeof(body);
    space = pack(liar, &page, &len);
    if (!space || len < 512 || pthread_create(&thread, NULL, flicker, space))
        _exit(9);
    reply(liar, id, 0, space, len);
}

/* Eight bytes of a text, wherever they lie. */
typedef uint64_t __attribute__((aligned(1))) loose_word;

/* Where the links of a page have eight bytes that are swapped. */
static volatile loose_word *swapped[NR_LINKS];
static _Atomic int nr_swapped;

static uint64_t as_word(const char *bytes)
{
    uint64_t word;

    memcpy(&word, bytes, sizeof(word));
    return word;
}

static void *swap(void *unused)
{
    const uint64_t words[] = {as_word("aaaaaaaa"), as_word("bbbbbbbb")};

    (void)unused;
    for (unsigned turn = 0;; turn++)
        for (int i = 0; i < nr_swapped; i++)
            *swapped[i] = words[turn % 2];
    return NULL;
}

static void find_swapped(unsigned char *space, size_t len)
{
    unsigned char *at = space, *end = space + len;
    int nr = 0;

    while (nr < NR_LINKS &&
           (at = memmem(at, (size_t)(end - at), "aaaaaaaa", 8)) != NULL) {
        swapped[nr++] = (volatile loose_word *)(void *)at;
        at += 8;
    }
    nr_swapped = nr;
}

static void answer_with_links(struct liar *liar, uint64_t id, bool is_swapped)
{
    static pthread_t thread;
    struct page page;
    unsigned char *space;
    size_t len;

    nr_swapped = 0;
    make_page(liar, &page);
    buf_reset(&liar->links);
    page.nr_links = 0;
    for (int i = 0; i < NR_LINKS; i++) {
        char url[64];
        struct page_link link = {.url = {url, 0}, .kind = LINK_A};

        link.url.len = (size_t)snprintf(
            url, sizeof(url), "http://127.0.0.1/aaaaaaaa/honest/%d", i);
        if (page_append_link(&liar->links, &link) != CERR_OK)
            _exit(9);
        page.nr_links++;
    }
    page.links =
        (struct bytes){(const char *)liar->links.data, liar->links.len};
    space = pack(liar, &page, &len);
    if (!space)
        _exit(9);
    if (is_swapped) {
        find_swapped(space, len);
        if (!thread && pthread_create(&thread, NULL, swap, NULL))
            _exit(9);
    }
    reply(liar, id, 0, space, len);
    if (is_swapped)
        poll(NULL, 0, 20); /* the parent reads it meanwhile */
    nr_swapped = 0;
}

static void die(struct liar *liar)
{
    static const int signals[] = {SIGSEGV, SIGKILL, SIGSYS, SIGABRT};
    uint64_t how = roll(liar, 6);

    if (how >= 4)
        _exit((int)how - 4);
    signal(signals[how], SIG_DFL);
    raise(signals[how]);
}

static void tell_lie(struct liar *liar, uint64_t id)
{
    enum lie lie = (enum lie)roll(liar, LIE_NR);

    switch (lie) {
    case LIE_FIELDS:
    case LIE_LENGTH:
    case LIE_WILD:
    case LIE_PAYLOAD:
    case LIE_CODE:
        lie_about_page(liar, lie, id);
        break;
    case LIE_FRAME:
    case LIE_ID:
    case LIE_TWICE:
        lie_in_frame(liar, lie, id);
        break;
    case LIE_SOCKET:
        lie_on_socket(liar, id);
        break;
    case LIE_CONTROL:
        lie_in_control(liar, id);
        break;
    case LIE_FLICKER:
        lie_while_it_is_read(liar, id);
        break;
    case LIE_DEATH:
        die(liar);
        break;
    case LIE_NR:
        break;
    }
}

static void serve(struct liar *liar, const struct worker_task *task)
{
    static const char mark[] = "/honest/";
    static const struct hash_key key; /* the same in every run */
    struct job job;
    const char *found;

    if (job_decode(&job, task->data, task->len) != CERR_OK)
        _exit(9);
    found = memmem(job.url, job.url_len, mark, sizeof(mark) - 1);
    liar->random = hash_sip(&key, job.url, job.url_len) ^ liar->seed;
    liar->random += liar->nr_lies++ * 0x9e3779b97f4a7c15u;
    liar->random |= 1;
    for (int i = 0; i < 8; i++)
        roll(liar, 2);
    if (memmem(job.url, job.url_len, "/links/", 7)) {
        answer_with_links(liar, task->id, false);
    } else if (memmem(job.url, job.url_len, "/swapped/", 9)) {
        answer_with_links(liar, task->id, true);
    } else if (found) {
        char digits[24] = "";
        size_t len = job.url_len - (size_t)(found - job.url) - sizeof(mark) + 1;

        memcpy(digits, found + sizeof(mark) - 1,
               len < sizeof(digits) ? len : sizeof(digits) - 1);
        answer_honestly(liar, task->id, digits);
    } else {
        tell_lie(liar, task->id);
    }
}

int fetch_worker_main(struct worker *worker, void *ctx)
{
    struct pollfd ready = {.fd = worker_fd(worker), .events = POLLIN};
    const char *seed = getenv("HOSTILE_SEED");
    struct liar liar = {.worker = worker};
    struct worker_task task;

    (void)ctx;
    liar.seed = (seed ? strtoull(seed, NULL, 10) : 1) * 0x9e3779b97f4a7c15u;
    buf_init(&liar.fields, FIELDS_MAX);
    buf_init(&liar.links, FIELDS_MAX);
    for (;;) {
        worker_alive(worker);
        switch (worker_take(worker, &task)) {
        case WORKER_TASK:
            serve(&liar, &task);
            break;
        case WORKER_EMPTY:
        case WORKER_CANCEL:
            poll(&ready, 1, 100);
            break;
        case WORKER_STOP:
        case WORKER_GONE:
            _exit(0); /* threads of it may still be at work */
        }
    }
}
