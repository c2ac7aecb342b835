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
    known->is_hop = url->is_hop;
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

/* A text with its NUL; NULL for an empty one. Owned by the caller. */
static char *text_of(struct bytes text)
{
    return text.len ? xmemdup0(text.data, text.len) : NULL;
}

static enum err adopt(void *ctx, struct bytes name, struct bytes value)
{
    struct why *why = ctx;
    char *option = text_of(name), *text = text_of(value);

    if (option)
        config_adopt(&why->config, option, text);
    free(option);
    free(text);
    return CERR_OK;
}

bool why_read_options(struct why *why)
{
    return succeeded(why, reader_each_option(why->reader, adopt, why));
}

static bool has_word(struct bytes text, const char *word)
{
    return text.len && memmem(text.data, text.len, word, strlen(word));
}

static enum err read_link(void *ctx, const struct known_link *known)
{
    struct why_link *link = &((struct why *)ctx)->link;

    link->is_known = true;
    link->page = text_of(known->page);
    link->landed = known->is_redirect ? NULL : text_of(known->landed);
    link->page_says_nofollow = has_word(known->robots, "nofollow");
    link->link_says_nofollow =
        known->nr_links > 0 && known->nr_nofollow == known->nr_links;
    link->lacks_it =
        known->has_links && known->nr_links == 0 && !known->is_redirect;
    link->lacks_links = known->lacks_links && !known->is_redirect;
    link->depth = known->depth + !known->is_redirect;
    return CERR_OK;
}

/* A known_host_fn: whether a line names the host where the page landed. */
static enum err read_landed_host(void *ctx, const struct known_host *host)
{
    ((struct why *)ctx)->link.landed_is_listed = host->listed;
    return CERR_OK;
}

bool why_read_link(struct why *why, const char *from)
{
    struct why_link *link = &why->link;
    char key[320];

    if (!succeeded(why, reader_find_link(why->reader, why->url.text, from,
                                         read_link, why)))
        return false;
    if (!link->landed)
        return true;
    if (url_parse(&why->landed, link->landed, strlen(link->landed), NULL) !=
            URL_OK ||
        url_host_key(&why->landed, key, sizeof(key)) == 0) {
        free(link->landed);
        link->landed = NULL;
        return true;
    }
    return succeeded(why,
                     reader_find_host(why->reader, key, read_landed_host, why));
}

/* A line that is no URL landed nowhere. */
static enum err add_landing(void *ctx, struct bytes listed, struct bytes landed)
{
    struct why *why = ctx;
    struct url *to = xcalloc(1, sizeof(*to));

    if (url_parse(&why->room, listed.data, listed.len, NULL) == URL_OK &&
        url_parse(to, landed.data, landed.len, NULL) == URL_OK)
        explain_add_landing(why->explain, &why->room, to);
    free(to);
    return CERR_OK;
}

bool why_read_landings(struct why *why)
{
    return succeeded(why, reader_each_landing(why->reader, add_landing, why));
}
