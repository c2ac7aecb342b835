/*
 * What the storage costs, without a network: `bench_storage [SCALE] [FOLDER]
 * [WHICH]` prints "name value unit" a line. SCALE 1 is the size of the bars:
 * 1,000,000 rows for the cycle, 200,000 pages with 20 links each, 10,000,000
 * rows loaded. With BENCH_KEEP in the environment the database of the queries
 * stays. On a machine that others use, the processor time ("_cpu") counts.
 */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "storage/leases.h"
#include "storage/query.h"
#include "storage/results.h"
#include "storage/storage.h"

#define NOW          INT64_C(1795421982123)
#define URLS_A_HOST  50
#define BATCH_URLS   10000
#define LEASE_HOSTS  50
#define REFILL_URLS  20
#define LINKS_A_PAGE 20

static void must(enum err err, const char *what)
{
    if (err == CERR_OK)
        return;
    fprintf(stderr, "%s: %s\n", what, err_str(err));
    exit(1);
}

static struct storage *open_outputs(const char *const *paths, size_t nr)
{
    struct storage_options options = {
        .outputs = paths, .nr_outputs = nr, .force = true, .now_ms = NOW};
    char message[STORAGE_MESSAGE_BYTES];
    struct storage *storage;

    if (storage_open(&storage, &options, message)) {
        fprintf(stderr, "%s\n", message);
        exit(1);
    }
    return storage;
}

static struct storage *open_new(const char *path)
{
    return open_outputs(&path, 1);
}

static void report(const char *name, double value, const char *unit)
{
    printf("%-36s %12.1f %s\n", name, value, unit);
    fflush(stdout);
}

/* Wall and processor time; on a machine that is shared the second counts. */
struct stopwatch {
    int64_t wall_us, cpu_us;
};

static int64_t cpu_us(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * INT64_C(1000000) +
           usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

static struct stopwatch start_watch(void)
{
    return (struct stopwatch){clock_mono_us(), cpu_us()};
}

static void report_rate(const char *name, struct stopwatch since, uint64_t nr,
                        const char *what)
{
    char label[80], unit[40];

    snprintf(unit, sizeof(unit), "%ss/s", what);
    report(name, (double)nr / (double)(clock_mono_us() - since.wall_us) * 1e6,
           unit);
    snprintf(label, sizeof(label), "%s_cpu", name);
    snprintf(unit, sizeof(unit), "us/%s", what);
    report(label, (double)(cpu_us() - since.cpu_us) / (double)nr, unit);
}

/* A well mixed number, so that keys look like hashes. */
static int64_t mix(uint64_t x)
{
    x ^= x >> 30;
    x *= 0xbf58476d1ce4e5b9U;
    x ^= x >> 27;
    x *= 0x94d049bb133111ebU;
    x ^= x >> 31;
    return (int64_t)x;
}

static int64_t host_id_of(uint64_t host)
{
    return mix(host + 1);
}

static int64_t url_hash_of(uint64_t n)
{
    return mix(n * 2 + 0x100000001);
}

/* ---- loading ---- */

struct loader {
    struct url_record *urls;
    char (*texts)[96], (*hosts)[48];
    size_t nr_urls;
};

static int compare_urls(const void *a, const void *b)
{
    const struct url_record *x = a, *y = b;

    if (x->key.host_id != y->key.host_id)
        return x->key.host_id < y->key.host_id ? -1 : 1;
    return (x->key.url_hash > y->key.url_hash) -
           (x->key.url_hash < y->key.url_hash);
}

static void load_url(struct loader *loader, uint64_t n, uint64_t host)
{
    size_t i = loader->nr_urls++;
    int len = snprintf(loader->texts[i], sizeof(loader->texts[i]),
                       "http://host%" PRIu64 ".example/section/page-%012" PRIu64
                       ".html",
                       host, n);
    int host_len = snprintf(loader->hosts[i], sizeof(loader->hosts[i]),
                            "http://host%" PRIu64 ".example:80", host);

    loader->urls[i] = (struct url_record){
        .key = {host_id_of(host), url_hash_of(n)},
        .url = {loader->texts[i], (size_t)len},
        .host_key = {loader->hosts[i], (size_t)host_len},
        .line = (int64_t)n + 1,
    };
}

static void flush_urls(struct storage *storage, struct loader *loader)
{
    qsort(loader->urls, loader->nr_urls, sizeof(*loader->urls), compare_urls);
    must(storage_add_urls(storage, loader->urls, loader->nr_urls, NOW, NULL),
         "add");
    must(storage_commit(storage), "commit");
    loader->nr_urls = 0;
}

/* `nr_urls` URLs over hosts with `per_host` each; host after host, or all
 * hosts at once when `shuffled`. */
static void load(struct storage *storage, uint64_t nr_urls, uint64_t per_host,
                 bool shuffled, size_t batch_urls)
{
    struct loader loader = {
        .urls = xcalloc(batch_urls, sizeof(*loader.urls)),
        .texts = xcalloc(batch_urls, sizeof(*loader.texts)),
        .hosts = xcalloc(batch_urls, sizeof(*loader.hosts)),
    };
    uint64_t nr_hosts = nr_urls / per_host;

    for (uint64_t n = 0; n < nr_urls; n++) {
        load_url(&loader, n, shuffled ? n % nr_hosts : n / per_host);
        if (loader.nr_urls == batch_urls)
            flush_urls(storage, &loader);
    }
    flush_urls(storage, &loader);
    free(loader.urls);
    free(loader.texts);
    free(loader.hosts);
}

/* ---- lease, complete, record ---- */

struct batch {
    size_t nr_hosts, nr_urls;
    struct host_record hosts[LEASE_HOSTS];
    struct url_key keys[LEASE_HOSTS * REFILL_URLS];
    int64_t lines[LEASE_HOSTS * REFILL_URLS];
    char urls[LEASE_HOSTS * REFILL_URLS][96];
    size_t url_lens[LEASE_HOSTS * REFILL_URLS];
};

static enum err on_host(void *ctx, const struct host_record *host)
{
    struct batch *batch = ctx;

    batch->hosts[batch->nr_hosts++] = *host;
    return CERR_OK;
}

static enum err on_url(void *ctx, const struct stored_url *url)
{
    struct batch *batch = ctx;
    size_t i = batch->nr_urls++;

    batch->keys[i] = url->key;
    batch->lines[i] = url->line;
    batch->url_lens[i] = url->url.len;
    memcpy(batch->urls[i], url->url.data, url->url.len);
    return CERR_OK;
}

#define TEXT(text) ((struct bytes){text, sizeof(text) - 1})

static struct page_record make_page(const struct batch *batch, size_t i)
{
    return (struct page_record){
        .key = batch->keys[i],
        .url = {batch->urls[i], batch->url_lens[i]},
        .line = batch->lines[i],
        .outcome = TEXT("ok"),
        .status = 200,
        .length = 7123,
        .bytes_down = 2345,
        .content_length = 2345,
        .chars = 7100,
        .fetched_at = NOW + (int64_t)i,
        .elapsed_ms = 12.25,
        .wait_ms = 2.5,
        .ttfb_ms = 8.125,
        .total_ms = 9.75,
        .tries = 1,
        .worker = 1,
        .ip = TEXT("192.0.2.17"),
        .mime = TEXT("text/html"),
        .charset = TEXT("utf-8"),
        .encoding = TEXT("gzip"),
        .http_version = TEXT("1.1"),
        .etag = TEXT("\"5f3c-18a0b2c3d4\""),
        .last_modified = TEXT("Mon, 23 Nov 2026 08:19:42 GMT"),
        .content_hash = {batch->urls[i], 16},
        .title = TEXT("A title as long as titles are in the wild today"),
        .lang = TEXT("en"),
        .h1 = TEXT("A heading of the first degree"),
        .nr_links_out = LINKS_A_PAGE,
    };
}

struct link_maker {
    struct link_record links[LINKS_A_PAGE];
    char texts[LINKS_A_PAGE][96];
    struct loader found; /* links of a whole batch, to be added */
    uint64_t next, nr_hosts;
    size_t nr_links; /* of a page, at most LINKS_A_PAGE */
    bool seen;       /* a cache keeps known links from being looked up */
};

/* Links among `nr_known` URLs, and to new ones behind them. */
static struct link_maker *new_link_maker(uint64_t nr_known, size_t nr_links)
{
    struct link_maker *maker = xcalloc(1, sizeof(*maker));
    size_t cap = (size_t)LEASE_HOSTS * REFILL_URLS * LINKS_A_PAGE;

    maker->found.urls = xcalloc(cap, sizeof(*maker->found.urls));
    maker->found.texts = xcalloc(cap, sizeof(*maker->found.texts));
    maker->found.hosts = xcalloc(cap, sizeof(*maker->found.hosts));
    maker->next = nr_known;
    maker->nr_hosts = 1 + (nr_known - 1) / URLS_A_HOST;
    maker->nr_links = nr_links;
    return maker;
}

static void free_link_maker(struct link_maker *maker)
{
    free(maker->found.urls);
    free(maker->found.texts);
    free(maker->found.hosts);
    free(maker);
}

/* Of 20 links 2 are new, of fewer none; four of five on the page's own host. */
static void make_links(struct link_maker *maker, uint64_t page)
{
    for (size_t i = 0; i < maker->nr_links; i++) {
        bool is_new = i < 2 && maker->nr_links == LINKS_A_PAGE;
        bool inside = (uint64_t)mix(page * LINKS_A_PAGE + i) % 5 != 0;
        uint64_t host = inside ? page / URLS_A_HOST % maker->nr_hosts
                               : (uint64_t)mix(page * 31 + i) % maker->nr_hosts;
        uint64_t n = is_new ? maker->next++
                            : host * URLS_A_HOST + (page + i * 7) % URLS_A_HOST;
        struct loader *found = &maker->found;

        load_url(found, n, host);
        found->urls[found->nr_urls - 1].kind = is_new ? URL_BULK : URL_FOUND;
        found->urls[found->nr_urls - 1].line = 0;
        found->urls[found->nr_urls - 1].depth = 1;
        found->urls[found->nr_urls - 1].parent =
            (struct url_key){host_id_of(host), url_hash_of(page)};
        maker->links[i] = (struct link_record){
            .url = found->urls[found->nr_urls - 1].url,
            .key = found->urls[found->nr_urls - 1].key,
            .kind = TEXT("a"),
            .text = TEXT("read on"),
        };
    }
}

static void add_links(struct storage *storage, struct link_maker *maker)
{
    struct loader *found = &maker->found;
    size_t nr_urls = 0;

    for (size_t i = 0; i < found->nr_urls; i++)
        if (!maker->seen || found->urls[i].kind == URL_BULK)
            found->urls[nr_urls++] = found->urls[i];
    qsort(found->urls, nr_urls, sizeof(*found->urls), compare_urls);
    must(storage_add_urls(storage, found->urls, nr_urls, NOW, NULL), "add");
    found->nr_urls = 0;
}

static void refill_urls(struct storage *storage, struct host_record *host,
                        struct batch *batch)
{
    struct storage_taker taker = {.on_url = on_url, .ctx = batch};
    struct url_place place = URL_PLACE_FIRST;

    place.walk = host->walk;
    must(storage_refill_urls(storage, host->host_id, &place, REFILL_URLS,
                             &taker),
         "refill");
    if (batch->nr_urls > 0)
        host->walk.from = batch->keys[batch->nr_urls - 1].url_hash + 1;
}

/* Ends up to `nr_pages` pages in batches of 1,000. */
static void cycle(struct storage *storage, uint64_t nr_pages,
                  struct link_maker *maker)
{
    static struct batch batch;
    struct storage_taker taker = {.on_host = on_host, .ctx = &batch};
    uint64_t done = 0;
    int64_t now_ms = NOW;

    while (done < nr_pages) {
        batch.nr_hosts = batch.nr_urls = 0;
        must(storage_lease_hosts(storage, now_ms++, LEASE_HOSTS, &taker),
             "lease");
        for (size_t i = 0; i < batch.nr_hosts; i++)
            refill_urls(storage, &batch.hosts[i], &batch);
        if (batch.nr_urls == 0)
            break;
        for (size_t i = 0; i < batch.nr_urls; i++) {
            struct page_record page = make_page(&batch, i);

            if (maker) {
                make_links(maker, done + i);
                page.links = maker->links;
                page.nr_links = maker->nr_links;
            }
            must(storage_put_page(storage, &page), "put");
        }
        if (maker)
            add_links(storage, maker);
        for (size_t i = 0; i < batch.nr_hosts; i++) {
            batch.hosts[i].due_at = now_ms;
            must(storage_release_host(storage, &batch.hosts[i]), "release");
        }
        must(storage_commit(storage), "commit");
        done += batch.nr_urls;
    }
}

static void remove_database(const char *path)
{
    char wal[512], shm[512];

    snprintf(wal, sizeof(wal), "%s-wal", path);
    snprintf(shm, sizeof(shm), "%s-shm", path);
    unlink(path);
    unlink(wal);
    unlink(shm);
}

static double file_bytes(const char *path)
{
    struct stat file;

    return stat(path, &file) == 0 ? (double)file.st_size : 0;
}

static double rss_peak_mb(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_maxrss / 1024;
}

static void bench_list(const char *path, double scale)
{
    uint64_t nr = (uint64_t)(1e6 * scale);
    struct storage *storage = open_new(path);
    struct stopwatch watch = start_watch();

    load(storage, nr, URLS_A_HOST, false, BATCH_URLS);
    report_rate("load_1m", watch, nr, "URL");
    watch = start_watch();
    cycle(storage, nr / 2, NULL);
    report_rate("cycle_1m", watch, nr / 2, "URL");
    must(storage_close(storage, "interrupted", NULL, NOW), "close");
    report("file_1m", file_bytes(path) / (double)nr, "B/URL");
    remove_database(path);
}

static void bench_links(const char *path, double scale, bool seen)
{
    uint64_t nr = (uint64_t)(1e6 * scale), nr_pages = nr / 5;
    struct storage *storage = open_new(path);
    struct link_maker *maker = new_link_maker(nr, LINKS_A_PAGE);
    struct stopwatch watch;

    maker->seen = seen;
    load(storage, nr, URLS_A_HOST, false, BATCH_URLS);
    watch = start_watch();
    cycle(storage, nr_pages, maker);
    report_rate(seen ? "cycle_20_links_seen" : "cycle_20_links", watch,
                nr_pages, "page");
    must(storage_close(storage, "interrupted", NULL, NOW), "close");
    report("file_20_links", file_bytes(path) / (double)nr_pages, "B/page");
    remove_database(path);
    free_link_maker(maker);
}

/* 10 M rows; the peak of memory is that of the whole process until then. */
static void bench_load(const char *path, double scale)
{
    uint64_t nr = (uint64_t)(1e7 * scale);
    struct storage *storage = open_new(path);
    struct stopwatch watch = start_watch();

    load(storage, nr, 100, false, BATCH_URLS);
    report_rate("load_10m", watch, nr, "URL");
    watch = start_watch();
    cycle(storage, nr / 50, NULL);
    report_rate("cycle_10m", watch, nr / 50, "URL");
    must(storage_close(storage, "interrupted", NULL, NOW), "close");
    report("peak_memory", rss_peak_mb(), "MB");
    remove_database(path);
}

static void bench_shuffled(const char *path, double scale)
{
    uint64_t nr = (uint64_t)(1e6 * scale);
    struct storage *storage = open_new(path);
    struct stopwatch watch = start_watch();

    load(storage, nr, 100, true, BATCH_URLS);
    report_rate("load_1m_shuffled", watch, nr, "URL");
    must(storage_close(storage, "interrupted", NULL, NOW), "close");
    remove_database(path);
}

/* The same cycle with three text outputs beside the database. */
static void bench_outputs(const char *path, double scale)
{
    static const char *const suffixes[] = {"", ".txt", ".jsonl", ".csv"};
    uint64_t nr = (uint64_t)(1e6 * scale);
    char paths[4][512];
    const char *outputs[4];
    struct storage *storage;
    struct stopwatch watch;

    for (size_t i = 0; i < 4; i++) {
        snprintf(paths[i], sizeof(paths[i]), "%s%s", path, suffixes[i]);
        outputs[i] = paths[i];
    }
    storage = open_outputs(outputs, 4);
    load(storage, nr, URLS_A_HOST, false, BATCH_URLS);
    watch = start_watch();
    cycle(storage, nr / 2, NULL);
    report_rate("cycle_outputs", watch, nr / 2, "URL");
    must(storage_close(storage, "interrupted", NULL, NOW), "close");
    for (size_t i = 1; i < 4; i++)
        unlink(paths[i]);
    remove_database(path);
}

static enum err ignore_row(void *ctx, const struct query_row *row)
{
    (void)ctx;
    (void)row;
    return CERR_OK;
}

static void bench_query(struct reader *reader, const struct query_info *query)
{
    const struct query_options options = {.limit = 100};
    char label[120];
    struct buf sql;
    struct stopwatch start = start_watch();

    buf_init(&sql, 1 << 20);
    must(reader_sql(reader, query, &options, &sql), "sql");
    must(reader_run(reader, (const char *)sql.data, sql.len, ignore_row, NULL),
         query->name);
    snprintf(label, sizeof(label), "query_%s", query->name);
    report(label, (double)(clock_mono_us() - start.wall_us) / 1e3, "ms");
    snprintf(label, sizeof(label), "query_%s_cpu", query->name);
    report(label, (double)(cpu_us() - start.cpu_us) / 1e3, "ms");
    buf_release(&sql);
}

/* Every named query on 200,000 pages with 1,000,000 links. */
static void bench_queries(const char *path, double scale)
{
    uint64_t nr = (uint64_t)(2e5 * scale);
    struct storage *storage = open_new(path);
    struct link_maker *maker = new_link_maker(nr, 5);
    char message[STORAGE_MESSAGE_BYTES];
    const struct query_info *queries;
    struct stopwatch watch;
    struct reader *reader;
    size_t nr_queries;

    load(storage, nr, URLS_A_HOST, false, BATCH_URLS);
    cycle(storage, nr, maker);
    watch = start_watch();
    must(storage_close(storage, "done", NULL, NOW), "close");
    report_rate("close_and_index", watch, 1, "close");
    must(reader_open(&reader, path, message), message);
    queries = query_list(&nr_queries);
    for (size_t i = 0; i < nr_queries; i++)
        bench_query(reader, &queries[i]);
    reader_close(reader);
    if (!getenv("BENCH_KEEP"))
        remove_database(path);
    free_link_maker(maker);
}

int main(int argc, char **argv)
{
    double scale = argc > 1 ? strtod(argv[1], NULL) : 1;
    const char *folder = argc > 2 ? argv[2] : ".";
    const char *which = argc > 3 ? argv[3] : "";
    char path[400];

    if (!(scale > 0)) {
        fprintf(stderr, "usage: bench_storage [SCALE] [FOLDER] [WHICH]\n");
        return 2;
    }
    snprintf(path, sizeof(path), "%s/bench-storage.db", folder);
    if (!*which || strcmp(which, "list") == 0)
        bench_list(path, scale);
    if (!*which || strcmp(which, "links") == 0) {
        bench_links(path, scale, false);
        bench_links(path, scale, true);
    }
    if (!*which || strcmp(which, "outputs") == 0)
        bench_outputs(path, scale);
    if (!*which || strcmp(which, "queries") == 0)
        bench_queries(path, scale);
    if (!*which || strcmp(which, "shuffled") == 0)
        bench_shuffled(path, scale);
    if (!*which || strcmp(which, "load") == 0)
        bench_load(path, scale);
    return 0;
}
