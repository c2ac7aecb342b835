/*
 * command_why: what `crawl why` knows of a URL. Shared by command_why*.c.
 */
#ifndef CRAWLER_COMMAND_COMMAND_WHY_H
#define CRAWLER_COMMAND_COMMAND_WHY_H

#include "base/buf.h"
#include "crawler/cli/config.h"
#include "crawler/command/command_common.h"
#include "crawler/crawl_settings.h"
#include "crawler/frontier/frontier_explain.h"
#include "crawler/page/outcome.h"
#include "crawler/robots/robots.h"
#include "crawler/url/url.h"

#define WHY_TEXT_BYTES 1000

/* What a database has about the URL and its host. */
struct why_known {
    bool has_url, has_host;
    bool host_listed;
    int64_t line, depth;        /* line 0: discovered */
    char ended[WHY_TEXT_BYTES]; /* "ok, HTTP 200, at ..."; "" : not yet */
    char *parent;               /* owned; NULL: none */
    int64_t robots_status, robots_at, robots_until; /* as in `hosts` */
    struct buf robots;
};

struct why {
    const struct command_line *line;
    struct config config;
    struct row_printer *table;
    struct reader *reader; /* NULL: no database */
    const char *path;      /* of it */
    struct why_known known;

    struct url url, from, room; /* canonical; and scratch */
    bool is_link;               /* judged as one, on page `from` */
    char host_key[320];
    struct crawl_settings settings; /* as the crawl would have them */
    struct explain *explain;        /* what its frontier would decide */
    char robots_source[4200];       /* where known.robots comes from */

    enum error error; /* of the first rule that refuses */
    bool is_unsure;   /* robots.txt is not known */
    int status;       /* to exit with, when a step failed */
};

/* Reads all of the above from the database. False when that failed, which was
 * said. */
bool why_read_database(struct why *why);
/* Tells why->explain the found URLs of its host, so that a trap is judged as
 * the crawl would do it; likewise. */
bool why_count_pages(struct why *why);
/* Adds the folders of the list; likewise. */
bool why_read_folders(struct why *why);

#endif
