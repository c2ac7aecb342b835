/*
 * Fields of a page become columns of a row. Texts are borrowed from the page:
 * storage copies what it keeps.
 */
#include "crawler/parse.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/unfilled.h"
#include "crawler/url/url.h"
#include "storage/results.h"

static struct bytes text(const char *words)
{
    return (struct bytes){words, strlen(words)};
}

static bool is_same(struct bytes a, struct bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* Workers measure in microseconds; columns are in milliseconds. */
static double ms(uint32_t us)
{
    return us / 1e3;
}

/* The worker's numbers are ten times the version. */
static struct bytes http_version(const struct page *page)
{
    switch (page->http_version) {
    case 10:
        return text("1.0");
    case 11:
        return text("1.1");
    case 20:
        return text("2");
    default:
        return text("");
    }
}

/* What the page asks of robots, in the words that it would use: "noindex
 * nofollow". */
static struct bytes robots_words(const struct page *page)
{
    static const char *const words[] = {"",
                                        "noindex",
                                        "nofollow",
                                        "noindex nofollow",
                                        "noarchive",
                                        "noindex noarchive",
                                        "nofollow noarchive",
                                        "noindex nofollow noarchive"};

    return text(words[page->robots & 7]);
}

/* Why the body is not whole, in the words of WARC-Truncated (ISO 28500, 5.13);
 * empty: it is, or there is none. */
static struct bytes truncated_word(const struct page *page)
{
    if (page->status == 0)
        return text("");
    if (error_info(page->error)->error_class == CLASS_TIMEOUT)
        return text("time");
    if (page->error == ERROR_TRUNCATED ||
        page->error == ERROR_TRUNCATED_ENCODING ||
        page->error == ERROR_CONNECT_CLOSED)
        return text("disconnect");
    return text(page->flags & PAGE_BODY_CUT ? "length" : "");
}

/* Copies the texts that have a column of their own name. */
static void copy_texts(struct page_record *record, const struct page *page)
{
#define COPY_STORED(name) record->name = page->name;
#define COPY_HERE(name)
#define COPY(name, cap, kind, where) COPY_##where(name)
    PAGE_TEXTS(COPY)
}

/* Fills what the answer itself says. */
static void fill_page(struct page_record *record, const struct page *page)
{
    record->status = page->status;
    record->bytes_down = (int64_t)page->wire_bytes;
    record->content_length = page->content_length;
    /* an empty text and a body that is no text are not told apart here */
    record->chars = page->chars ? (int64_t)page->chars : -1;
    record->dns_ms = ms(page->dns_us);
    record->connect_ms = ms(page->connect_us);
    record->tls_ms = ms(page->tls_us);
    record->ttfb_ms = ms(page->first_byte_us);
    record->total_ms = ms(page->total_us);
    copy_texts(record, page);
    record->http_version = http_version(page);
    record->robots = robots_words(page);
    record->raw_request = page->raw_request;
    record->raw_head = page->raw_head;
    record->raw_body = page->raw_body;
    record->truncated = truncated_word(page);
    if (page->flags & PAGE_SCANNED)
        record->nr_links_out = page->nr_links;
    if (page->status) {
        record->length = (int64_t)page->body_bytes;
        record->content_hash = (struct bytes){page->hash, PAGE_HASH_BYTES};
    }
}

/* Fills what every URL that ended has, also one that was never asked for and so
 * has no page. -1 becomes NULL in the database: not known. */
static void fill_visit(struct page_record *record, const struct visit *visit)
{
    *record = (struct page_record){
        .key = {visit->host_id, visit->url_hash},
        .url = visit->url,
        .listed = visit->listed,
        .line = visit->line,
        .depth = visit->depth,
        .final_url = visit->final_url,
        .outcome = text(outcome_name(visit->outcome)),
        .error = text(error_code(visit->error)),
        .detail = visit->detail,
        PAGE_RECORD_NONE,
        .retry_later = visit->may_pass || error_info(visit->error)->retryable,
        .fetched_at = visit->fetched_at,
        .elapsed_ms = visit->elapsed_ms,
        .wait_ms = visit->wait_ms,
        .tries = visit->tries,
        .nr_redirects = (int)visit->nr_hops,
    };
    record->worker = visit->worker;
    if (visit->page)
        fill_page(record, visit->page);
}

/* Whether the page sends its reader elsewhere by a refresh; one that names the
 * page itself makes it load again and leads nowhere. */
static bool has_refresh(const struct visit *visit)
{
    const struct page *page = visit->page;
    struct bytes self = visit->final_url;

    return page && page->refresh.len > 0 && page->error == ERROR_NONE &&
           !is_same(page->refresh, self);
}

/* Fills the redirects from the first request on, and the refresh of the page
 * behind them (HTML, 4.2.5.3 and 7.4.2: the element and the header are one
 * thing); returns how many there are. */
static size_t fill_hops(struct hop_record *hops, const struct visit *visit)
{
    assert(visit->nr_hops <= VISIT_HOPS_MAX);
    for (size_t i = 0; i < visit->nr_hops; i++)
        hops[i] = (struct hop_record){
            .from_url = visit->hops[i].from_url,
            .to_url = visit->hops[i].to_url,
            .kind = text("http"),
            .status = visit->hops[i].status,
            .elapsed_ms = visit->hops[i].elapsed_ms,
        };
    if (!has_refresh(visit))
        return visit->nr_hops;
    hops[visit->nr_hops] = (struct hop_record){
        .from_url = visit->final_url,
        .to_url = visit->page->refresh,
        .kind =
            text(visit->page->flags & PAGE_REFRESH_HEADER ? "header" : "meta"),
        .status = visit->page->status,
        .elapsed_ms = visit->page->total_us / 1e3,
    };
    return visit->nr_hops + 1;
}

/* The words of `rel` that matter to a crawler, in this order whatever the page
 * had. */
static struct bytes rel_words(uint8_t rel)
{
    static const char *const words[] = {"",
                                        "nofollow",
                                        "ugc",
                                        "nofollow ugc",
                                        "sponsored",
                                        "nofollow sponsored",
                                        "ugc sponsored",
                                        "nofollow ugc sponsored"};

    return text(words[rel & 7]);
}

/* The word for the column links.kind: what the link was in the page
 * (docs/schema.md). */
static struct bytes kind_word(enum link_kind kind)
{
    static const char *const words[LINK_KIND_NR] = {
        [LINK_A] = "a", [LINK_AREA] = "area", [LINK_FRAME] = "frame"};

    return text(words[kind]);
}

/* The host that the last link led to. Most links of a page lead to one host,
 * and the text of a canonical URL before its path says which, so its key need
 * not be hashed again. */
struct last_host {
    struct bytes origin; /* view of that link's text; empty: none yet */
    int64_t host_id;
};

/* Whether the target begins with that origin; the '/' after it keeps
 * "http://a.b" from matching "http://a.bc/". */
static bool leads_there(const struct last_host *last, struct bytes target)
{
    size_t len = last->origin.len;
    const char *text = target.data;

    return len > 0 && target.len > len && text[len] == '/' &&
           memcmp(text, last->origin.data, len) == 0;
}

/* Parses a target to find its host; returns false when it is no URL of ours. */
static bool find_host(const struct hash_key *hash_key, struct bytes target,
                      struct last_host *last)
{
    UNFILLED char host[URL_BYTES_MAX];
    UNFILLED struct url url;

    if (url_parse(&url, target.data, target.len, NULL))
        return false;
    last->host_id = (int64_t)hash_sip(hash_key, host,
                                      url_host_key(&url, host, sizeof(host)));
    last->origin.len = 0;
    if (target.len > url.path_at &&
        memcmp(target.data, url.text, url.path_at) == 0)
        last->origin = (struct bytes){target.data, url.path_at};
    return true;
}

/* Returns the key of a target; zeros when it is no URL of ours. */
static struct url_key key_of(const struct hash_key *hash_key,
                             struct bytes target, struct last_host *last)
{
    if (!leads_there(last, target) && !find_host(hash_key, target, last))
        return (struct url_key){0, 0};
    return (struct url_key){
        last->host_id, (int64_t)hash_sip(hash_key, target.data, target.len)};
}

/* Whether the page calls another URL its canonical one; most name themselves.
 */
static bool has_canonical(const struct visit *visit)
{
    const struct page *page = visit->page;

    return page->canonical.len > 0 &&
           !is_same(page->canonical, visit->final_url) &&
           !is_same(page->canonical, visit->url);
}

/* Adds a link that stands in the head of a page. */
static void add_head_link(struct link_record *link, struct bytes url,
                          const char *kind, const struct hash_key *hash_key)
{
    struct last_host last = {0};

    *link = (struct link_record){
        .url = url, .key = key_of(hash_key, url, &last), .kind = text(kind)};
}

/* Makes records of the links of a page, its canonical URL and its refresh among
 * them, which the caller frees. */
static enum err read_links(struct storage *storage, const struct visit *visit,
                           struct link_record **links, size_t *nr)
{
    const struct hash_key *hash_key = storage_hash_key(storage);
    const struct page *page = visit->page;
    struct last_host last = {0};
    struct bytes rest = page->links;
    struct page_link link;
    bool bad = false;

    *nr = 0;
    *links = calloc(page->nr_links + 2, sizeof(**links));
    if (!*links)
        return CERR_NOMEM;
    while (*nr < page->nr_links && page_next_link(&rest, &link, &bad)) {
        if (link.kind == LINK_ENTRY || link.kind == LINK_SITEMAP)
            break; /* a sitemap is no page that links */
        (*links)[(*nr)++] = (struct link_record){
            .url = link.url,
            .key = key_of(hash_key, link.url, &last),
            .kind = kind_word(link.kind),
            .text = link.text,
            .rel = rel_words(link.rel),
        };
    }
    if (has_canonical(visit))
        add_head_link(&(*links)[(*nr)++], page->canonical, "canonical",
                      hash_key);
    if (has_refresh(visit))
        add_head_link(&(*links)[(*nr)++], page->refresh, "refresh", hash_key);
    return CERR_OK;
}

/* Whether there is anything for read_links() to read. */
static bool has_links(const struct visit *visit)
{
    const struct page *page = visit->page;

    return page && (page->nr_links || page->canonical.len || page->refresh.len);
}

/* Stores one row for one URL; by that row the URL becomes done, so a row is
 * written for each URL, whatever happened. */
enum err parse_visit(void *ctx, struct storage *storage,
                     const struct visit *visit)
{
    static const struct parse_options nothing;
    const struct parse_options *options = ctx ? ctx : &nothing;
    UNFILLED struct hop_record hops[VISIT_HOPS_MAX + 1];
    struct link_record *links = NULL;
    struct page_record record;
    enum err err = CERR_OK;

    fill_visit(&record, visit);
    record.nr_hops = fill_hops(hops, visit);
    record.hops = hops;
    if (options->store_body && visit->page)
        record.body = visit->page->body;
    if (options->store_links && has_links(visit))
        err = read_links(storage, visit, &links, &record.nr_links);
    record.links = links;
    if (!err)
        err = storage_put_page(storage, &record);
    free(links);
    return err;
}
