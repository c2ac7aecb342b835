/*
 * url: whatever is parsed serialises to itself, its canonical form is a fixed
 * point, and its components lie inside its text. The input is a base and a
 * reference with a newline between.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "crawler/url/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_components(const struct url *url)
{
    const char *host = url->text + url->host_at;

    require(url->len <= URL_BYTES_MAX && url->len == strlen(url->text));
    for (size_t i = 0; i < url->len; i++)
        require(url->text[i] > 0x20 && url->text[i] < 0x7f);
    require(url->scheme == URL_HTTP || url->scheme == URL_HTTPS);
    require(url->host_len > 0 && host + url->host_len <= url->text + url->len);
    require(url->host_is_ipv6 == (host[0] == '['));
    require(url->text[url->path_at] == '/');
    require(url->path_at + url->path_len <= url->len);
    require(!url->has_user || url->text[url->user_at + url->user_len] == '@');
    require(!url->has_query || url->text[url->query_at - 1] == '?');
    require(!url->has_fragment || url->text[url->fragment_at - 1] == '#');
    require(url->path_at + url->path_len + url->has_query + url->query_len +
                url->has_fragment + url->fragment_len ==
            url->len);
}

/* The same text and the same components. */
static void check_same(const struct url *a, const struct url *b)
{
    require(a->len == b->len && memcmp(a->text, b->text, a->len) == 0);
    require(a->user_at == b->user_at && a->user_len == b->user_len);
    require(a->host_at == b->host_at && a->host_len == b->host_len);
    require(a->host_is_ipv4 == b->host_is_ipv4);
    require(a->port == b->port && a->port_given == b->port_given);
    require(a->path_at == b->path_at && a->path_len == b->path_len);
    require(a->query_at == b->query_at && a->query_len == b->query_len);
    require(a->fragment_at == b->fragment_at);
    require(a->has_query == b->has_query);
    require(a->has_fragment == b->has_fragment);
}

static void check_canonical(const struct url *url)
{
    static struct url canonical, again;

    url_canonical(&canonical, url);
    check_components(&canonical);
    require(url_parse(&again, canonical.text, canonical.len, NULL) == URL_OK);
    check_same(&canonical, &again);
    url_canonical(&again, &again);
    check_same(&canonical, &again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct url base, url, again;
    const char *text = (const char *)data;
    const char *newline = size ? memchr(text, '\n', size) : NULL;
    const struct url *against = NULL;
    char key[URL_BYTES_MAX];

    if (newline) {
        size_t len = (size_t)(newline - text);

        if (url_parse(&base, text, len, NULL) == URL_OK)
            against = &base;
        text = newline + 1;
        size -= len + 1;
    }
    if (url_parse(&url, text, size, against) != URL_OK)
        return 0;
    check_components(&url);
    require(url_parse(&again, url.text, url.len, NULL) == URL_OK);
    check_same(&url, &again);
    require(url_parse(&again, url.text, url.len, against) == URL_OK);
    check_same(&url, &again);
    check_canonical(&url);
    require(url_host_key(&url, key, sizeof(key)) < sizeof(key));
    return 0;
}
