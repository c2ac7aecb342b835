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

/* What the database knows of the URL and of its host. Zeros where it knows
 * nothing. */
struct why_known {
    bool has_url, has_host;
    bool host_listed;
    int64_t line, depth; /* line of the list, from 1; 0: a link led there */
    char ended[WHY_TEXT_BYTES]; /* how it ended: "ok, HTTP 200, at ..."; "": it
                                   is still to do */
    char *parent; /* owned; the page that it was found on; NULL: none */
    bool is_hop;  /* a redirect of `parent` led there */
    int64_t robots_status, robots_at,
        robots_until; /* HTTP status, when it came and until when it holds (ms
                         since 1970), as in the table `hosts` */
    struct buf robots;
};

/* What the database knows of the page with the link. Zeros where it knows
 * nothing. */
struct why_link {
    bool is_known;
    char *page, *landed; /* owned; landed: NULL, nowhere else */
    bool landed_is_listed;
    bool page_says_nofollow, link_says_nofollow;
    bool lacks_it;    /* its links are stored, and none leads to the URL */
    bool lacks_links; /* they are not stored */
    int64_t depth;    /* of the URL by that link */
};

/* All state of one question, made and freed by command_why(). */
struct why {
    const struct command_line *line;
    struct config config;
    struct row_printer *table;
    struct reader *reader; /* NULL: no database */
    const char *path; /* path of the database, which need not exist; NULL: none
                         of the outputs is one */
    struct why_known known;
    struct why_link link;

    struct url url, from, landed,
        room; /* the URL, the page with the link and where that landed, and room
                 to parse others */
    bool is_link; /* the URL is judged as a link on the page `from` */
    char host_key[320];
    struct crawl_settings settings; /* as the crawl would have them */
    struct explain *explain;        /* what its frontier would decide */
    char robots_source[4200];       /* where known.robots comes from */

    enum explain_rule decides; /* which rule of the frontier that was */
    enum error
        error; /* error of the first rule that refuses; ERROR_NONE: none does */
    bool is_unsure; /* robots.txt is not known yet, so the answer is open */
    int status;     /* exit status when a step failed; 0: all went well */
};

/* Fills why->known from the database. Returns false if that failed; the reason
 * was said on standard error. */
bool why_read_database(struct why *why);
/* Takes the options of the newest run over, where no flag sets them. Returns
 * false as why_read_database(). */
bool why_read_options(struct why *why);
/* Fills why->link: of the page `from`, or with NULL of one that links to the
 * URL. Returns false as why_read_database(). */
bool why_read_link(struct why *why, const char *from);
/* Tells why->explain where listed URLs landed. Returns false as
 * why_read_database(). */
bool why_read_landings(struct why *why);
/* Counts the found URLs of the host in why->explain, so that traps are judged
 * as the crawl would do it. Returns false as why_read_database(). */
bool why_count_pages(struct why *why);
/* Adds the folders of the listed URLs, which are the scope of --scope prefix.
 * Returns false as why_read_database(). */
bool why_read_folders(struct why *why);

#endif
