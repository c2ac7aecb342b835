/* What `crawl why` reads from the database: the URL, its host, and what counts
 * for traps and scope. */
#include "crawler/command/command_why.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

/* Returns false when the reading failed; why->status has the exit status then,
 * and standard error the reason. */
static bool succeeded(struct why *why, enum err err)
{
    if (err)
        why->status = command_failed(why->reader, err);
    return !err;
}

/* Appends the words `before` and then `text`; appends nothing when `text` is
 * empty. */
static void append(char out[WHY_TEXT_BYTES], const char *before,
                   struct bytes text)
{
    size_t len = strlen(out);

    if (text.len)
        snprintf(out + len, WHY_TEXT_BYTES - len, "%s%.*s", before,
                 (int)text.len, (const char *)text.data);
}

/* Says how the URL ended, for people: "ok, HTTP 200, at ...". All parts but the
 * first may be missing. */
static void describe_end(char out[WHY_TEXT_BYTES], const struct known_url *url)
{
    char status[16];

    snprintf(status, sizeof(status), "%d", url->status);
    append(out, "", url->outcome);
    if (url->status)
        append(out, ", HTTP ", (struct bytes){status, strlen(status)});
    append(out, ", ", url->error);
    append(out, ": ", url->detail);
    append(out, ", at ", url->fetched_at);
}

/* Called by the reader with the row of the URL, if there is one. */
static enum err read_url(void *ctx, const struct known_url *url)
{
    struct why_known *known = &((struct why *)ctx)->known;

    known->has_url = true;
    known->line = url->line;
    known->depth = url->depth;
    if (url->parent.len)
        known->parent = xmemdup0(url->parent.data, url->parent.len);
    describe_end(known->ended, url);
    return CERR_OK;
}

/* Called by the reader with the row of its host and its robots.txt. */
static enum err read_host(void *ctx, const struct known_host *host)
{
    struct why_known *known = &((struct why *)ctx)->known;

    known->has_host = true;
    known->host_listed = host->listed;
    known->robots_status = host->robots_status;
    known->robots_at = host->robots_at;
    known->robots_until = host->robots_until;
    return buf_add(&known->robots, host->robots.data, host->robots.len);
}

bool why_read_database(struct why *why)
{
    return succeeded(why, reader_find_url(why->reader, why->url.text, read_url,
                                          why)) &&
           succeeded(why, reader_find_host(why->reader, why->host_key,
                                           read_host, why));
}

/* The limits against traps count all URLs of a host that the crawl found, so
 * they are counted here too. */
static enum err count_page(void *ctx, struct bytes url)
{
    struct why *why = ctx;

    explain_count_page(why->explain, url);
    return CERR_OK;
}

bool why_count_pages(struct why *why)
{
    return succeeded(
        why, reader_each_found(why->reader, why->host_key, count_page, why));
}

/* With --scope prefix the folders of the listed URLs are the scope; a line that
 * is no URL has none. */
static enum err add_folder(void *ctx, struct bytes url)
{
    struct why *why = ctx;

    if (url_parse(&why->room, url.data, url.len, NULL) == URL_OK)
        explain_add_listed(why->explain, &why->room);
    return CERR_OK;
}

bool why_read_folders(struct why *why)
{
    return succeeded(why, reader_each_listed(why->reader, add_folder, why));
}
