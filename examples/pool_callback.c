/*
 * The smallest crawler: workers get, the parent parses.
 *
 *   pool_callback URL...
 *
 * Each address is a task. A worker fetches it and returns the body; the
 * callback, which runs in the parent, appends `url:length` to db.txt. So one
 * process writes the file and needs no lock. However many addresses there are,
 * only a bounded number waits in memory: the submit waits for room.
 */
#include <curl/curl.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "pool/pool.h"

#define NR_WORKERS     4
#define MAX_BODY_BYTES (1 << 20)
#define MAX_SECONDS    20L

/* An example ends at the first failure of its own environment. */
static void must(enum err err, const char *what)
{
    if (err != CERR_OK)
        errx(EXIT_FAILURE, "%s: %s", what, err_str(err));
}

struct body {
    char *
        data; /* MAX_BODY_BYTES in the worker's arena, which the parent reads */
    size_t len;
};

static size_t keep(char *data, size_t size, size_t nr, void *user)
{
    struct body *body = user;

    if (size * nr > MAX_BODY_BYTES - body->len)
        return 0; /* less than it was given: curl ends the transfer */
    memcpy(body->data + body->len, data, size * nr);
    body->len += size * nr;
    return size * nr;
}

/* Runs in a worker and fetches one page. The argument is a URL with its NUL. */
static int get(struct worker_call *call)
{
    struct body body = {worker_return_space(call, MAX_BODY_BYTES), 0};
    CURL *curl = curl_easy_init();
    CURLcode code = CURLE_OUT_OF_MEMORY;

    if (curl && body.data) {
        curl_easy_setopt(curl, CURLOPT_URL, (const char *)call->data);
        curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
        curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(curl, CURLOPT_TIMEOUT, MAX_SECONDS);
        curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, keep);
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, &body);
        code = curl_easy_perform(curl);
    }
    if (code != CURLE_OK)
        worker_message(call, curl_easy_strerror(code));
    else if (worker_return(call, body.data, body.len) != CERR_OK)
        code = CURLE_OUT_OF_MEMORY;
    curl_easy_cleanup(curl);
    return (int)code;
}

struct page {
    const char *url;
    FILE *db;
};

/* Runs in the parent, in the callback of a task. The result is only borrowed.
 */
static void parse(void *user, const struct pool_result *result)
{
    const struct page *page = user;

    fprintf(page->db, "%s:%zu\n", page->url, result->len);
}

static void report(void *user, const struct pool_result *result)
{
    const struct page *page = user;
    char text[200];

    pool_result_describe(result, text, sizeof(text));
    fprintf(stderr, "%s: %s\n", page->url, text);
}

int main(int argc, char **argv)
{
    const pool_task_fn functions[] = {get};
    struct pool_options options = {
        .nr_workers = NR_WORKERS, .functions = functions, .nr_functions = 1};
    struct page *pages = calloc((size_t)argc, sizeof(*pages));
    struct pool *pool;
    FILE *db;

    /* the pool first: its processes would inherit the open file */
    must(pool_open(&pool, &options), "open");
    db = fopen("db.txt", "a");
    if (!db || !pages)
        must(CERR_IO, "db.txt");
    for (int i = 1; i < argc; i++) {
        struct pool_task task = {.data = argv[i],
                                 .len = strlen(argv[i]) + 1,
                                 .on_done = parse,
                                 .on_error = report,
                                 .user = &pages[i]};

        pages[i] = (struct page){.url = argv[i], .db = db};
        must(pool_submit_wait(pool, &task, -1, NULL), "submit");
    }
    must(pool_close(pool), "close");
    must(pool_join(pool, -1), "join");
    pool_free(pool);
    free(pages);
    if (fclose(db) != 0)
        must(CERR_IO, "db.txt");
    return 0;
}
