/*
 * What reading a page costs: `bench_page [FOLDER]` reads the HTML files below
 * a folder (real documentation by default) into memory, then measures, on one
 * core, by processor time, and without any reading of files:
 *   page.html        the scanner alone, links wanted
 *   page.links       the same, and every link resolved and made canonical
 *   page.head        pages a second where the scan ends with the head
 *   page.url         parse and canonical form of the pages' links as they
 *                    stand in a list: absolute, each page's own
 *   page.url_relative  the same as the pages write them, against their base
 */
#include <ftw.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/xalloc.h"
#include "bench/bench.h"
#include "crawler/html/html.h"
#include "crawler/html/html_links.h"
#include "crawler/url/url.h"

#define PAGES       "/usr/share/cppreference/doc/html"
#define SITE        "http://en.cppreference.test"
#define URLS_MAX    ((size_t)200000)
#define PAGE_ROUNDS 1
#define URL_ROUNDS  5

struct text {
    char *data;
    size_t len;
};

struct page_text {
    struct text body;
    struct url url;
};

struct reference {
    const struct url *base;
    struct text written, absolute;
};

static struct page_text *pages;
static struct reference *references;
static size_t nr_pages, nr_references, nr_bytes, folder_len;
static struct html *html;
static struct html_links *resolver;
static struct buf links;

/* Of the processor: what else runs on this machine does not count. */
static double seconds_since(clock_t start)
{
    return (double)(clock() - start) / CLOCKS_PER_SEC;
}

static void must_be_ok(enum url_error error, const char *what)
{
    if (error == URL_OK)
        return;
    fprintf(stderr, "%s: URL error %d\n", what, (int)error);
    exit(EXIT_FAILURE);
}

static void read_file(const char *path, size_t size)
{
    struct page_text *page;
    char url[4096];
    FILE *file = fopen(path, "re");
    int url_len;

    pages = xrealloc_array(pages, nr_pages + 1, sizeof(*pages));
    page = &pages[nr_pages++];
    page->body = (struct text){xmalloc(size + 1), size};
    if (!file || fread(page->body.data, 1, size, file) != size) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    fclose(file);
    nr_bytes += size;
    url_len = snprintf(url, sizeof(url), SITE "%s", path + folder_len);
    must_be_ok(url_parse(&page->url, url, (size_t)url_len, NULL), path);
}

static int on_file(const char *path, const struct stat *stat, int type,
                   struct FTW *at)
{
    const char *dot = strrchr(path, '.');

    (void)at;
    if (type == FTW_F && dot && strcmp(dot, ".html") == 0)
        read_file(path, (size_t)stat->st_size);
    return 0;
}

static void scan(const struct page_text *page, bool want_links)
{
    struct html_options options = {.want_links = want_links,
                                   .want_link_texts = want_links,
                                   .agent = "crawl"};

    html_start(html, &options);
    bench_must(html_feed(html, page->body.data, page->body.len), "html");
    bench_must(html_finish(html), "html");
}

/* URLs of http with their page, as written and as a list would have them. */
static void keep_references(const struct page_text *page)
{
    static struct url url;

    scan(page, true);
    for (size_t i = 0; i < html_nr_links(html); i++) {
        struct bytes href = html_get_link(html, i).href;

        if (nr_references == URLS_MAX)
            return;
        if (url_parse(&url, href.data, href.len, &page->url) != URL_OK)
            continue;
        references[nr_references++] = (struct reference){
            .base = &page->url,
            .written = {xmemdup0(href.data, href.len), href.len},
            .absolute = {xmemdup0(url.text, url.len), url.len},
        };
    }
}

static double scan_all(size_t rounds, bool want_links, bool resolve)
{
    clock_t start = clock();

    for (size_t round = 0; round < rounds; round++)
        for (size_t i = 0; i < nr_pages; i++) {
            uint32_t nr = 0;

            scan(&pages[i], want_links);
            if (!resolve)
                continue;
            buf_reset(&links);
            html_links_start(resolver, &pages[i].url, html_get_facts(html),
                             CHARSET_UTF_8);
            bench_must(html_links_append(resolver, html, &links, &nr), "links");
        }
    return (double)rounds / seconds_since(start);
}

static double html_rate(size_t rounds)
{
    return scan_all(rounds, true, false) * (double)nr_bytes / 1e6;
}

static double links_rate(size_t rounds)
{
    return scan_all(rounds, true, true) * (double)nr_bytes / 1e6;
}

static double head_rate(size_t rounds)
{
    return scan_all(rounds, false, false) * (double)nr_pages;
}

static double parse_all(size_t rounds, bool is_absolute)
{
    static struct url url;
    clock_t start = clock();

    for (size_t round = 0; round < rounds; round++)
        for (size_t i = 0; i < nr_references; i++) {
            const struct reference *from = &references[i];
            const struct text *text =
                is_absolute ? &from->absolute : &from->written;

            must_be_ok(url_parse(&url, text->data, text->len,
                                 is_absolute ? NULL : from->base),
                       text->data);
            url_canonical(&url, &url);
        }
    return (double)(rounds * nr_references) / seconds_since(start);
}

static double url_rate(size_t rounds)
{
    return parse_all(rounds, true);
}

static double relative_rate(size_t rounds)
{
    return parse_all(rounds, false);
}

static void release(void)
{
    for (size_t i = 0; i < nr_pages; i++)
        free(pages[i].body.data);
    for (size_t i = 0; i < nr_references; i++) {
        free(references[i].written.data);
        free(references[i].absolute.data);
    }
    free(pages);
    free(references);
    html_free(html);
    html_links_free(resolver);
    buf_release(&links);
}

int main(int argc, char **argv)
{
    const char *folder = argc > 1 ? argv[1] : PAGES;

    folder_len = strlen(folder);
    html = html_new();
    resolver = html_links_new();
    buf_init(&links, (size_t)64 << 20);
    if (nftw(folder, on_file, 16, FTW_PHYS) || nr_pages == 0) {
        fprintf(stderr, "%s: no pages\n", folder);
        return EXIT_FAILURE;
    }
    references = xcalloc(URLS_MAX, sizeof(*references));
    for (size_t i = 0; i < nr_pages; i++)
        keep_references(&pages[i]);
    bench_print("page.pages", (double)nr_pages, "pages");
    bench_print("page.bytes", (double)nr_bytes, "bytes");
    bench_print("page.html", bench_best(html_rate, PAGE_ROUNDS), "MB/s");
    bench_print("page.links", bench_best(links_rate, PAGE_ROUNDS), "MB/s");
    bench_print("page.head", bench_best(head_rate, PAGE_ROUNDS), "pages/s");
    bench_print("page.url", bench_best(url_rate, URL_ROUNDS), "URLs/s");
    bench_print("page.url_relative", bench_best(relative_rate, URL_ROUNDS),
                "URLs/s");
    release();
    return EXIT_SUCCESS;
}
