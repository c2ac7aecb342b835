/*
 * The header lines of requests: those of the options, made once, and the few
 * that a job adds.
 */
#include <curl/mprintf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/unfilled.h"

#include "crawler/fetch/fetch_internal.h"
#include "crawler/url/url.h"

/* Every coding that decode.c can undo is asked for. */
#define ACCEPT_ENCODING "Accept-Encoding: gzip, deflate, br, zstd"

static enum err add_line(struct curl_slist **list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*list, line);

    if (!longer)
        return CERR_NOMEM;
    *list = longer;
    return CERR_OK;
}

/* ---- those of the options ---- */

/* Whether a line has that header. `name` ends in a colon, so that no longer
 * name begins with it. */
static bool has_name(const char *line, const char *name)
{
    return curl_strnequal(line, name, strlen(name));
}

/* CURLOPT_USERAGENT is not used, because libcurl puts its line together anew
 * for each request, which costs as much as the rest of the head. */
static enum err add_agent(const char *agent, struct curl_slist **list)
{
    char *line = curl_maprintf("User-Agent: %s", agent);
    enum err err = line ? add_line(list, line) : CERR_NOMEM;

    curl_free(line);
    return err;
}

static enum err add_option(struct curl_slist **list, const char *line,
                           bool *has_agent, bool *has_codings)
{
    *has_agent |= has_name(line, "User-Agent:");
    *has_codings |= has_name(line, "Accept-Encoding:");
    return add_line(list, line);
}

/* "Name: value", "Name:" and "Name;" all speak of one header, see
 * CURLOPT_HTTPHEADER(3). */
static bool same_name(const char *a, const char *b)
{
    size_t len = strcspn(a, ":;");

    return len == strcspn(b, ":;") && curl_strnequal(a, b, len);
}

static bool is_replaced(const struct fetch_headers *own, const char *line)
{
    for (size_t i = 0; i < own->nr_items; i++)
        if (same_name(own->items[i], line))
            return true;
    return false;
}

/* Makes a list of the general headers with `own` on top. */
static enum err make_list(const struct fetch_options *options,
                          const struct fetch_headers *own,
                          struct curl_slist **list)
{
    bool has_agent = false, has_codings = false;
    enum err err = CERR_OK;

    for (size_t i = 0; !err && i < options->nr_headers; i++)
        if (!is_replaced(own, options->headers[i]))
            err =
                add_option(list, options->headers[i], &has_agent, &has_codings);
    for (size_t i = 0; !err && i < own->nr_items; i++)
        err = add_option(list, own->items[i], &has_agent, &has_codings);
    if (!err && !has_agent)
        err = add_agent(options->user_agent, list);
    if (!err && !has_codings)
        err =
            add_line(list, options->no_compression ? "Accept-Encoding: identity"
                                                   : ACCEPT_ENCODING);
    return err;
}

enum err request_headers_open(struct request_headers *headers,
                              const struct fetch_options *options)
{
    struct fetch_headers none = {NULL, 0};
    enum err err = make_list(options, &none, &headers->general);

    if (err || options->nr_header_sets == 0)
        return err;
    headers->sets =
        calloc(options->nr_header_sets, sizeof(struct curl_slist *));
    if (!headers->sets)
        return CERR_NOMEM;
    headers->nr_sets = options->nr_header_sets;
    for (size_t i = 0; !err && i < headers->nr_sets; i++)
        err = make_list(options, &options->header_sets[i], &headers->sets[i]);
    return err;
}

void request_headers_close(struct request_headers *headers)
{
    curl_slist_free_all(headers->general);
    for (size_t i = 0; i < headers->nr_sets; i++)
        curl_slist_free_all(headers->sets[i]);
    free(headers->sets);
}

/* ---- those of a job ---- */

const struct curl_slist *
request_headers_usual(const struct request_headers *headers,
                      const struct job *job)
{
    return job->header_set > 0 && job->header_set <= headers->nr_sets
               ? headers->sets[job->header_set - 1]
               : headers->general;
}

/* Whether a text is one line: a validator came from a server once, and may not
 * break out of its header. */
static bool is_one_line(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            return false;
    return len > 0;
}

static enum err add_validator(struct curl_slist **list, const char *name,
                              struct bytes value)
{
    UNFILLED char line[JOB_VALIDATOR_BYTES + 32];

    if (value.len > JOB_VALIDATOR_BYTES || !is_one_line(value.data, value.len))
        return CERR_OK;
    snprintf(line, sizeof(line), "%s: %.*s", name, (int)value.len,
             (const char *)value.data);
    return add_line(list, line);
}

static enum err add_credentials(struct curl_slist **list,
                                const struct auth *auth, const struct job *job)
{
    UNFILLED struct url url;
    const char *line;

    if (!(job->flags & JOB_LISTED_AUTH) || !auth ||
        url_parse(&url, job->url, job->url_len, NULL) != URL_OK)
        return CERR_OK;
    line = auth_header(auth, url.text + url.host_at, url.host_len);
    return line ? add_line(list, line) : CERR_OK;
}

enum err request_headers_add_own(const struct request_headers *headers,
                                 const struct auth *auth, const struct job *job,
                                 struct curl_slist **own, bool *is_conditional)
{
    const struct curl_slist *usual = request_headers_usual(headers, job);
    struct bytes etag = {job->etag, job->etag_len};
    struct bytes date = {job->last_modified, job->last_modified_len};
    struct curl_slist *list = NULL;
    enum err err = add_validator(&list, "If-None-Match", etag);

    if (!err)
        err = add_validator(&list, "If-Modified-Since", date);
    *is_conditional = list != NULL; /* those two lines alone make it so */
    if (!err)
        err = add_credentials(&list, auth, job);
    /* Most requests have none of their own and send the usual list itself. */
    for (; !err && list && usual; usual = usual->next)
        err = add_line(&list, usual->data);
    if (err) { /* a list that is half made is not sent */
        curl_slist_free_all(list);
        list = NULL;
    }
    *own = list;
    return err;
}
