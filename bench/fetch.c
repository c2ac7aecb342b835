/*
 * What a worker's transfers cost without the pool, the parent and a database:
 * `bench_fetch LIST [IN_FLIGHT] [FLAG...]` fetches a list of URLs from a
 * server and prints "name value unit" a line. Flags: links, body, insecure.
 * One process and no sandbox, so that callgrind and perf see all of it.
 */
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>

#include "base/xalloc.h"
#include "bench/bench.h"
#include "crawler/fetch/curl_alloc.h"
#include "crawler/fetch/transfer.h"

struct list {
    char **lines;
    size_t nr, cap;
};

struct totals {
    size_t nr_ok, nr_failed;
    uint64_t bytes;
};

static void read_list(struct list *list, const char *path)
{
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t room = 0;

    if (!file) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    while (getline(&line, &room, file) > 0) {
        if (list->nr == list->cap) {
            list->cap = list->cap ? 2 * list->cap : 1024;
            list->lines =
                xrealloc_array(list->lines, list->cap, sizeof(*list->lines));
        }
        list->lines[list->nr++] = xmemdup0(line, strcspn(line, "\n"));
    }
    free(line);
    fclose(file);
}

static void free_list(struct list *list)
{
    for (size_t i = 0; i < list->nr; i++)
        free(list->lines[i]);
    free(list->lines);
}

static void count(struct totals *totals, const struct page *page)
{
    if (page->error)
        totals->nr_failed++;
    else
        totals->nr_ok++;
    totals->bytes += page->body_bytes;
}

static void fetch_all(struct transfers *set, const struct list *list,
                      uint32_t flags, struct totals *totals)
{
    size_t nr_begun = 0;

    while (totals->nr_ok + totals->nr_failed < list->nr) {
        struct transfer *transfer;

        while (nr_begun < list->nr && transfers_room(set) > 0) {
            const char *url = list->lines[nr_begun];
            struct job job = {
                .url = url, .url_len = strlen(url), .flags = flags};

            bench_must(transfers_start(set, nr_begun++, &job), url);
        }
        bench_must(transfers_turn(set, 200), "turn");
        transfer = transfers_next_done(set);
        for (; transfer; transfer = transfers_next_done(set)) {
            count(totals, transfer_page(transfer));
            transfer_recycle(transfer);
        }
    }
}

static double cpu_seconds(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

int main(int argc, char **argv)
{
    struct fetch_options options = {0};
    uint32_t flags = JOB_HEAD_SCAN | JOB_PRIVATE_OK;
    struct transfers *set = NULL;
    struct totals totals = {0};
    struct list list = {0};
    int64_t start_us;
    double cpu, wall;

    if (argc < 2) {
        fprintf(stderr, "usage: %s LIST [IN_FLIGHT] [links|body|insecure...]\n",
                argv[0]);
        return EXIT_FAILURE;
    }
    options.max_transfers = argc > 2 ? atoi(argv[2]) : 32;
    for (int i = 3; i < argc; i++) {
        options.insecure |= strcmp(argv[i], "insecure") == 0;
        flags |= strcmp(argv[i], "links") == 0 ? JOB_LINKS | JOB_LINK_TEXTS : 0;
        flags |= strcmp(argv[i], "body") == 0 ? JOB_BODY : 0;
    }
    bench_must(curl_alloc_open((size_t)options.max_transfers), "heap");
    read_list(&list, argv[1]);
    start_us = clock_mono_us();
    cpu = cpu_seconds();
    bench_must(transfers_open(&set, &options), "transfers");
    fetch_all(set, &list, flags, &totals);
    wall = bench_seconds_since(start_us);
    cpu = cpu_seconds() - cpu;
    transfers_close(set);
    curl_alloc_close();
    bench_print("fetch.ok", (double)totals.nr_ok, "pages");
    bench_print("fetch.failed", (double)totals.nr_failed, "pages");
    bench_print("fetch.bytes", (double)totals.bytes, "bytes");
    bench_print("fetch.rate", (double)list.nr / wall, "pages/s");
    bench_print("fetch.cpu", cpu * 1e6 / (double)list.nr, "us/page");
    free_list(&list);
    return totals.nr_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
