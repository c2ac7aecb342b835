/*
 * record: the rows that a crawl leaves, as plain structs.
 *
 * Everything is borrowed for the call that takes it. Texts are views without a
 * NUL and must be valid UTF-8; an empty view is stored as NULL where the
 * schema allows it. Times are wall-clock milliseconds, durations `_ms`, sizes
 * bytes. The columns behind the fields: docs/schema.md. The row of a page has
 * a file of its own: page_row.h.
 */
#ifndef STORAGE_RECORD_H
#define STORAGE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/wire.h"
#include "storage/hash_range.h"

/* What identifies a URL: keyed hashes of its politeness key and of itself. */
struct url_key {
    int64_t host_id;
    int64_t url_hash;
};

/* What a URL is to the crawl. Storage hands URLs out in an order that it makes
 * of this, of their depth and of their hops. */
enum url_kind {
    URL_BULK,    /* a line among many: walked in the order of the key */
    URL_LISTED,  /* a line among a few, or one that a page had led to before */
    URL_SITEMAP, /* a sitemap: comes before any page that was found */
    URL_FOUND,   /* a page or a sitemap led to it: the nearest come first */
};

/*
 * A `line` below names one line of all lists. Its low 40 bits are the number of
 * the line in its list, from 1; the bits above are the number of the list
 * (storage_input.number), from 0. So lines sort as they were read, and those of
 * the first list are plain numbers.
 */
#define STORAGE_LINE_BITS 40
#define STORAGE_LINE_MASK ((INT64_C(1) << STORAGE_LINE_BITS) - 1)

static inline int64_t storage_line(int64_t list, int64_t line)
{
    return list << STORAGE_LINE_BITS | line;
}

/* A URL to fetch: a line of the list, or a discovered one. */
struct url_record {
    struct url_key key;
    struct bytes host_key; /* "http://host:80" */
    struct bytes url;      /* canonical */
    struct bytes listed;   /* the line, no credentials; empty: same as url */
    int64_t line;          /* line of the list, from 1; 0: discovered */
    struct url_key parent; /* page that it was found on; 0, 0 for the list */
    enum url_kind kind;
    int depth;   /* links from the list to it */
    int nr_hops; /* redirects on the way at that depth; 0 unless URL_FOUND */
    bool is_only_looked_up; /* it is not added */
};

/* Links of a host that one rule refused. */
struct refusal_record {
    int64_t host_id;
    struct bytes rule;    /* the option that sets its limit */
    int64_t nr_rows;      /* URLs with a row of their own */
    int64_t nr_more;      /* links without one */
    struct bytes example; /* URL of one of those; empty: none is told */
};

/* A line of the list that got no URL of its own. */
struct line_record {
    int64_t line;
    struct bytes text;  /* cleaned, cut at 2,048 bytes */
    struct bytes error; /* "bad_url", "duplicate" ... */
    struct bytes detail;
    struct url_key same_as; /* the URL that a duplicate repeats; else 0, 0 */
};

/* One redirect of a chain. */
struct hop_record {
    struct bytes from_url, to_url;
    struct bytes kind; /* "http", "meta", "header" */
    int status;
    double elapsed_ms;
};

/* One link of a page. */
struct link_record {
    struct bytes url;   /* canonical target */
    struct url_key key; /* of the target */
    struct bytes kind;  /* "a", "area" or "frame" */
    struct bytes text;
    struct bytes rel; /* "nofollow ugc", empty */
};

/* Where a WARC output put the answer; the page's row remembers it. */
struct sink_place {
    char file[256];   /* name of the part, without folder; "": nowhere */
    const char *type; /* "response", "revisit"; NULL: nowhere */
    int64_t offset, length;
    char digest[40]; /* "sha1:" and 32 characters */
};

/* What the database remembers of a host. */
struct host_record {
    int64_t host_id;
    struct bytes key;     /* "http://host:80" */
    bool listed;          /* a line of the list names it; storage keeps it */
    int64_t token;        /* fencing token of the lease */
    int64_t due_at;       /* wall ms; may be asked from then on */
    int64_t delay_ms;     /* between two requests */
    int64_t not_before;   /* wall ms; until then the host wants no request */
    int nr_errors;        /* failures to connect, in a row */
    int robots_status;    /* HTTP status of robots.txt; 0: unknown, -1: none */
    int64_t robots_at;    /* wall ms of its fetch; 0: never */
    int64_t robots_until; /* wall ms; to be fetched again from then on */
    struct hash_range walk; /* bulk URLs outside of it have ended */
    struct bytes robots;    /* its first 500 KiB; empty: none or unknown */
};

/* A sample of the crawl's state, taken once a second; plots are made of it. */
struct sample_record {
    int64_t t_ms;     /* since the start of the run */
    int64_t clock_ms; /* wall ms, by the clock that times of hosts are kept in;
                         0: unknown */
    int64_t nr_done, nr_failed, nr_queued, nr_active;
    int64_t bytes_down;
    int nr_workers_busy, nr_hosts_active, nr_hosts_waiting;
    int64_t rss_bytes;
};

/* A row of the look-up table `errors`. */
struct error_record {
    const char *code, *error_class, *meaning, *hint;
    bool retryable;
};

#endif
