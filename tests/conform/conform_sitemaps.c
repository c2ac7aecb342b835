/*
 * sitemaps: the sitemap `xml` (perhaps gzip) that lies at `url` is of `type`
 * and gives the URLs `expected`, or one of the lists `expected_any_of`.
 *
 * `error`: it must be refused. `same_location_only`: only URLs that the
 * sitemap may speak for count; an index may name sitemaps anywhere.
 */
#include "tests/conform/conform.h"

#include <string.h>
#include <zlib.h>

#include "crawler/sitemap/sitemap.h"
#include "crawler/url/url.h"

#define FILE_MAX ((size_t)64 << 20)

static const char *const kind_names[] = {
    [SITEMAP_UNKNOWN] = "none",       [SITEMAP_URLSET] = "urlset",
    [SITEMAP_INDEX] = "sitemapindex", [SITEMAP_RSS] = "rss",
    [SITEMAP_ATOM] = "atom",          [SITEMAP_TEXT] = "text",
};

/* What the callback needs. */
struct reading {
    const struct url *location;
    bool same_location_only;
    struct buf *urls; /* canonical, a line each */
};

/* The rule "location of a sitemap file" of sitemaps.org, which the program
 * leaves to the scope of the crawl. */
static bool sitemap_covers(const struct url *sitemap, const struct url *url)
{
    const char *path = sitemap->text + sitemap->path_at;
    const char *slash = memrchr(path, '/', sitemap->path_len);
    size_t folder_len = slash ? (size_t)(slash - path) + 1 : 0;

    return sitemap->scheme == url->scheme && sitemap->port == url->port &&
           sitemap->host_len == url->host_len &&
           memcmp(sitemap->text + sitemap->host_at, url->text + url->host_at,
                  url->host_len) == 0 &&
           url->path_len >= folder_len &&
           memcmp(path, url->text + url->path_at, folder_len) == 0;
}

/* Appends the canonical form; false if it is no URL. */
static bool put_url(struct buf *out, const struct bytes *text,
                    const struct reading *reading)
{
    static struct url url;

    if (url_parse(&url, text->data, text->len, reading->location) != URL_OK)
        return false;
    url_canonical(&url, &url);
    if (!reading->same_location_only || sitemap_covers(reading->location, &url))
        conform_put(out, "%s\n", url.text);
    return true;
}

static enum err on_entry(void *ctx, const struct sitemap_entry *entry)
{
    struct reading reading = *(struct reading *)ctx;

    reading.same_location_only &= !entry->is_sitemap;
    put_url(reading.urls, &entry->loc, &reading);
    return CERR_OK;
}

/* Feeds the file, inflated if it is gzip, in pieces as a network has them. */
static void read_file(const json_t *test, struct sitemap *sitemap,
                      const struct buf *file)
{
    bool is_gzip = file->len > 2 && memcmp(file->data, "\x1f\x8b", 2) == 0;
    z_stream z = {.next_in = file->data, .avail_in = (unsigned)file->len};
    unsigned char piece[1000];
    int result = Z_OK;

    if (is_gzip && inflateInit2(&z, 16 + 15) != Z_OK)
        conform_stop(test, "out of memory");
    while (is_gzip && result == Z_OK && !sitemap_is_over(sitemap)) {
        z.next_out = piece;
        z.avail_out = sizeof(piece);
        result = inflate(&z, Z_NO_FLUSH);
        if (sitemap_feed(sitemap, piece, sizeof(piece) - z.avail_out))
            conform_stop(test, "feed failed");
        if (result == Z_STREAM_END && z.avail_in > 0)
            result = inflateReset(&z); /* another member may follow */
    }
    if (is_gzip)
        inflateEnd(&z);
    else if (sitemap_feed(sitemap, file->data, file->len))
        conform_stop(test, "feed failed");
    if (sitemap_finish(sitemap))
        conform_stop(test, "finish failed");
}

static void put_expected(const json_t *list, const struct reading *location,
                         struct buf *out)
{
    const struct reading reading = {.location = location->location};
    const json_t *value;
    size_t i;

    json_array_foreach(list, i, value)
    {
        struct bytes text = {json_string_value(value),
                             json_string_length(value)};

        if (!put_url(out, &text, &reading))
            conform_put(out, "%s\n", json_string_value(value));
    }
}

/* The type is not judged where several results are right. */
static bool judge(const json_t *test, struct conform_answer *answer,
                  const struct reading *reading, enum sitemap_kind kind)
{
    const json_t *lists = json_object_get(test, "expected_any_of"), *list;
    const char *type = conform_text(test, "type");
    size_t i;

    if (json_is_true(json_object_get(test, "error"))) {
        conform_put(&answer->expected, "none");
        conform_put(&answer->got, "%s", kind_names[kind]);
        return conform_same(answer);
    }
    conform_put_bytes(&answer->got, reading->urls->data, reading->urls->len);
    json_array_foreach(lists, i, list)
    {
        answer->expected.len = 0;
        put_expected(list, reading, &answer->expected);
        if (conform_same(answer))
            return true;
    }
    if (lists)
        return false;
    put_expected(json_object_get(test, "expected"), reading, &answer->expected);
    conform_put(&answer->expected, "%s", type ? type : "any type");
    conform_put(&answer->got, "%s", type ? kind_names[kind] : "any type");
    return conform_same(answer);
}

static bool run(const json_t *test, struct conform_answer *answer)
{
    const char *url = conform_text(test, "url");
    static struct url location;
    struct buf file, urls;
    struct reading reading = {.location = &location,
                              .same_location_only = json_is_true(
                                  json_object_get(test, "same_location_only")),
                              .urls = &urls};
    struct sitemap_options options = {.on_entry = on_entry, .ctx = &reading};
    struct sitemap *sitemap = sitemap_new(&options);
    bool holds;

    buf_init(&file, FILE_MAX);
    buf_init(&urls, FILE_MAX);
    if (!conform_bytes(test, "xml", &file) || !url ||
        url_parse(&location, url, strlen(url), NULL) != URL_OK)
        conform_stop(test, "no xml or url");
    read_file(test, sitemap, &file);
    holds = judge(test, answer, &reading, sitemap_kind(sitemap));
    sitemap_free(sitemap);
    buf_release(&urls);
    buf_release(&file);
    return holds;
}

static const char *const gating[] = {"core", "hostile", NULL};

const struct conform_suite conform_sitemaps = {
    .name = "sitemaps", .run = run, .group = "tier", .gating = gating};
