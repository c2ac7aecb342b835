/*
 * What a URL costs the parent when many are known: a list of N URLs over N/100
 * hosts is loaded, then M of them are leased, "fetched" and stored, with
 * links to other pages of their host. No worker, no network: every answer is
 * there at once. Usage: bench_frontier DIR N [host|random] [M] [LINKS]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "bench/bench.h"
#include "crawler/frontier/frontier.h"
#include "crawler/parse.h"

#define URLS_OF_HOST 100
#define COMMIT_ROWS  20000
#define CONCURRENCY  256
#define URL_BYTES    128

struct scale {
    int64_t nr_urls, nr_pages, nr_hosts;
    bool random_order;
    int nr_links;
    struct storage *storage;
    struct frontier *frontier;
    struct parse_options parse;
    struct buf links;
    int64_t wall_offset_ms, nr_visits;
};

static double cpu_s(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* Resident memory, without what the page cache has of the database. */
static double anonymous_mib(void)
{
    FILE *status = fopen("/proc/self/status", "re");
    char line[256];
    long kib = 0;

    while (status && fgets(line, sizeof(line), status))
        if (sscanf(line, "RssAnon: %ld", &kib) == 1) // NOLINT(cert-err34-c)
            break;
    if (status)
        fclose(status);
    return (double)kib / 1024;
}

static enum err keep_visit(void *ctx, const struct visit *visit)
{
    struct scale *scale = ctx;

    scale->nr_visits++;
    return parse_visit(&scale->parse, scale->storage, visit);
}

static void open_all(struct scale *scale, const char *folder)
{
    char path[4096], message[STORAGE_MESSAGE_BYTES];
    const char *outputs[] = {path};
    struct storage_options storage = {
        .outputs = outputs,
        .nr_outputs = 1,
        .force = true,
        .version = "bench",
        .command = "bench_frontier",
        .config_json = "{}",
        .user_agent = "bench",
        .input = "-",
        .now_ms = clock_wall_ms(),
    };
    struct frontier_options options = {
        .concurrency = CONCURRENCY,
        .max_redirects = -1,
        .any_host.retries = -1,
        .any_host.ignore_robots = true,
        .depth = scale->nr_links > 0 ? 1 : 0,
        .seed = 1,
        .on_visit = keep_visit,
        .ctx = scale,
    };

    scale->wall_offset_ms = clock_wall_ms() - clock_mono_ms();
    options.wall_offset_ms = scale->wall_offset_ms;
    snprintf(path, sizeof(path), "%s/scale.db", folder);
    bench_must(storage_open(&scale->storage, &storage, message), message);
    bench_must(
        frontier_open(&scale->frontier, &options, scale->storage, message),
        message);
}

static int write_url(char out[URL_BYTES], int64_t host, int64_t page)
{
    return snprintf(out, URL_BYTES,
                    "http://www.host-%lld.example/section/article-%lld.html",
                    (long long)host, (long long)page);
}

/* Every number below nr once, in an order without a pattern: a step that has
 * no divisor in common with it. */
static int64_t shuffled(const struct scale *scale, int64_t i)
{
    return scale->random_order
               ? (int64_t)((__int128)i * INT64_C(6364136223846793) %
                           scale->nr_urls)
               : i;
}

static void commit_if_due(struct scale *scale)
{
    if (storage_uncommitted(scale->storage) >= COMMIT_ROWS)
        bench_must(storage_commit(scale->storage), "commit");
}

static void load(struct scale *scale)
{
    char url[URL_BYTES];

    for (int64_t i = 0; i < scale->nr_urls; i++) {
        int64_t nr = shuffled(scale, i);
        int len = write_url(url, nr / URLS_OF_HOST, nr % URLS_OF_HOST);

        bench_must(frontier_add_line(scale->frontier,
                                     (struct bytes){url, (size_t)len}, i + 1,
                                     clock_mono_ms()),
                   "load");
        commit_if_due(scale);
    }
    bench_must(frontier_flush_lines(scale->frontier, clock_mono_ms()), "load");
    bench_must(storage_commit(scale->storage), "commit");
    frontier_list_ended(scale->frontier);
}

/* Links to the next pages of the host, as menus and lists have them. */
static void add_links(struct scale *scale, const char *url, struct page *page)
{
    int64_t host = atoll(strchr(url, '-') + 1);
    int64_t at = atoll(strrchr(url, '-') + 1);
    char text[URL_BYTES];

    buf_reset(&scale->links);
    for (int i = 0; i < scale->nr_links; i++) {
        int len = write_url(text, host, (at + i) % URLS_OF_HOST);
        struct page_link link = {
            .url = {text, (size_t)len},
            .text = {"", 0},
            .kind = LINK_A,
        };
        bench_must(page_append_link(&scale->links, &link), "link");
    }
    page->links = (struct bytes){scale->links.data, scale->links.len};
    page->nr_links = (uint32_t)scale->nr_links;
}

static void answer(struct scale *scale, uint64_t id, const char *url)
{
    struct page page;

    page_init(&page);
    page.status = 200;
    page.outcome = OUTCOME_OK;
    page.body_bytes = page.wire_bytes = 7000;
    page.first_byte_us = 20000;
    page.total_us = 30000;
    add_links(scale, url, &page);
    bench_must(frontier_answer(scale->frontier, id, 0, &page, clock_mono_ms()),
               "answer");
}

struct flight {
    uint64_t id;
    char url[URL_BYTES];
};

static void crawl(struct scale *scale)
{
    static struct flight flights[CONCURRENCY];
    struct frontier_fetch fetch;

    while (scale->nr_visits < scale->nr_pages &&
           frontier_ended(scale->frontier) == FRONTIER_RUNNING) {
        size_t nr = 0;

        bench_must(frontier_turn(scale->frontier, clock_mono_ms()), "turn");
        while (nr < CONCURRENCY &&
               frontier_next(scale->frontier, clock_mono_ms(), &fetch)) {
            flights[nr].id = fetch.id;
            snprintf(flights[nr++].url, URL_BYTES, "%s", fetch.url);
        }
        for (size_t i = 0; i < nr; i++)
            answer(scale, flights[i].id, flights[i].url);
        commit_if_due(scale);
    }
    bench_must(storage_commit(scale->storage), "commit");
}

static void report(const struct scale *scale, double load_s, double load_cpu_s,
                   double crawl_cpu_s)
{
    double nr_urls = (double)scale->nr_urls;

    printf("| %lld | %lld | %s | %d | %.0f | %.2f | %.2f | %.0f |\n",
           (long long)scale->nr_urls, (long long)scale->nr_hosts,
           scale->random_order ? "random" : "host", scale->nr_links,
           nr_urls / load_s, load_cpu_s * 1e6 / nr_urls,
           crawl_cpu_s * 1e6 / (double)scale->nr_visits, anonymous_mib());
}

int main(int argc, char **argv)
{
    struct scale scale = {.nr_pages = 100000};
    double start_s, start_cpu_s, loaded_s, loaded_cpu_s;

    if (argc < 3 || atoll(argv[2]) < URLS_OF_HOST) {
        fprintf(stderr, "usage: bench_frontier DIR N [host|random] [M] "
                        "[LINKS]\n");
        return 2;
    }
    scale.nr_urls = atoll(argv[2]);
    scale.nr_hosts = (scale.nr_urls + URLS_OF_HOST - 1) / URLS_OF_HOST;
    scale.random_order = argc > 3 && strcmp(argv[3], "random") == 0;
    if (argc > 4)
        scale.nr_pages = atoll(argv[4]);
    if (argc > 5)
        scale.nr_links = atoi(argv[5]);
    buf_init(&scale.links, 1 << 20);
    open_all(&scale, argv[1]);
    start_s = (double)clock_mono_ms() / 1e3;
    start_cpu_s = cpu_s();
    load(&scale);
    loaded_s = (double)clock_mono_ms() / 1e3;
    loaded_cpu_s = cpu_s();
    crawl(&scale);
    report(&scale, loaded_s - start_s, loaded_cpu_s - start_cpu_s,
           cpu_s() - loaded_cpu_s);
    bench_must(frontier_release(scale.frontier, clock_mono_ms()), "release");
    frontier_free(scale.frontier);
    bench_must(storage_close(scale.storage, "limit", "", clock_wall_ms()),
               "close");
    buf_release(&scale.links);
    return 0;
}
