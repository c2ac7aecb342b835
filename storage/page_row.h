/*
 * page_row: how a URL ended, as one row: its fields and its columns.
 *
 * struct page_record is the row in memory. `page_columns` says, for each
 * column, what it is called, which field it shows and where it goes. Whatever
 * lists columns is made from that table: CREATE TABLE, INSERT and its
 * parameters, the view `results`, what a 304 copies, what an export reads,
 * JSONL, CSV, and the tables of docs/schema.md. A new column is a field here
 * and a line in page_row.c.
 *
 * Everything is borrowed for the call that takes it. Texts are views without a
 * NUL and must be valid UTF-8; an empty one is stored as NULL. Times are
 * wall-clock milliseconds, durations `_ms`, sizes bytes. Pure.
 */
#ifndef STORAGE_PAGE_ROW_H
#define STORAGE_PAGE_ROW_H

#include "storage/record.h"

/* The place of the response in a WARC output. */
struct warc_record {
    struct bytes file;      /* name of the part, without folder */
    int64_t offset, length; /* bytes of the compressed file; -1: nowhere */
    struct bytes type;      /* "response", "revisit", "not_modified" */
    struct bytes digest;    /* "sha1:" and 32 characters */
    int64_t answer_id;      /* of a 304: the row whose answer it confirms */
};

/* Where an archive has the answer that a 304 confirms; empty: nowhere. */
struct warc_answer {
    struct bytes url, date, digest;
};

/* One row of `pages`, one line of db.txt, JSONL, CSV. */
struct page_record {
    struct url_key key;
    struct bytes url;    /* canonical */
    struct bytes listed; /* as listed; empty: same as url or not listed */
    int64_t line;        /* 0: not listed */
    int depth;
    struct bytes final_url; /* where the answer came from; empty: url */
    struct bytes outcome;   /* "ok", "redirect", "http_error", ... */
    struct bytes error;     /* "dns", "timeout" ...; empty: none */
    struct bytes detail;    /* for people */
    int status;             /* 0: no answer */
    int64_t length;         /* bytes of the decoded body; -1: no answer */
    int64_t bytes_down;     /* body as received */
    int64_t content_length; /* as the server claims; -1: it does not */
    int64_t chars;          /* characters of the text; -1: not text */
    bool retry_later;       /* not final: a later run may try again */

    int64_t fetched_at; /* wall ms; 0: never fetched */
    double elapsed_ms;  /* from first start to the end, with retries */
    double wait_ms;     /* part of elapsed_ms: until the host might be asked */
    double dns_ms, connect_ms, tls_ms, ttfb_ms, total_ms; /* last request */
    int tries;
    int nr_redirects;
    int worker; /* slot of the process that fetched it; -1: none */

    struct bytes ip, mime, charset, encoding, http_version;
    struct bytes etag, last_modified, truncated; /* "length", "time" ... */
    struct bytes content_hash;                   /* 16 raw bytes */
    struct bytes server;                         /* header, cut at 200 bytes */
    struct bytes title, description, canonical, robots, lang, h1;

    const struct hop_record
        *hops; /* nr_hops of them: the redirects, and then a
                  refresh, which nr_redirects does not count */
    size_t nr_hops;
    int64_t nr_links_out;            /* links found; -1: not looked for */
    const struct link_record *links; /* the links to store */
    size_t nr_links;
    struct bytes body; /* decoded, to store; empty: none */
    struct bytes raw_request, raw_head, raw_body; /* for WARC */

    /* filled by storage, whatever the caller wrote there */
    int64_t id, run_id;
    struct bytes input; /* name of the list that has the line */
    bool not_modified;  /* a 304: the row repeats the stored answer */
    struct warc_record warc;
    struct warc_answer answer;
};

/* Initialises the numbers whose "no value" is not 0. */
#define PAGE_RECORD_NONE                                                       \
    .length = -1, .content_length = -1, .chars = -1, .nr_links_out = -1,       \
    .worker = -1

enum column_kind {
    COLUMN_ZERO, /* no field: 0 in every row */
    COLUMN_TEXT, /* struct bytes */
    COLUMN_URL,  /* struct bytes; JSONL and CSV show `listed` if there is one */
    COLUMN_HASH, /* struct bytes, raw; JSONL and CSV show hexadecimal digits */
    COLUMN_INT,  /* int */
    COLUMN_INT64, /* int64_t */
    COLUMN_LINE,  /* int64_t; JSONL and CSV show the number in its list */
    COLUMN_REAL,  /* double; JSONL and CSV show three decimals */
    COLUMN_BOOL,  /* bool; 0 and 1, in JSONL and CSV true or nothing */
    COLUMN_TIME, /* int64_t, wall ms; shown as ISO 8601. A row can have only one
                    such column: its text lies in a buffer that there is once */
};

enum column_flag {
    COLUMN_REQUIRED = 1 << 0,     /* NOT NULL */
    COLUMN_RESULTS = 1 << 1,      /* in the view `results`, in table order */
    COLUMN_SHOWN = 1 << 2,        /* in JSONL and CSV, in table order */
    COLUMN_ALWAYS = 1 << 3,       /* JSONL shows it without a value, as null */
    COLUMN_EXPORTED = 1 << 4,     /* an export reads it from the database */
    COLUMN_KEPT = 1 << 5,         /* a 304 repeats the stored answer's value */
    COLUMN_KEPT_IF_NONE = 1 << 6, /* a 304 does so if it has no own value */
};

struct page_column {
    const char *name;
    struct bytes json_key; /* ,"name": */
    /* Its place in the table `pages`, from 1; 0: not a column of it. A new
     * column has the next number, since ALTER TABLE appends. */
    int number;
    const char *sql_type;
    enum column_kind kind;
    size_t offset; /* of the field in struct page_record */
    /* The number that means "no value". It is stored as NULL unless the column
     * is required; JSONL leaves it out, and a CSV cell is empty. */
    int64_t none;
    int flags;           /* enum column_flag */
    const char *unit;    /* for docs/schema.md; "": none */
    const char *meaning; /* for docs/schema.md; one line */

    /* SQL expressions, for lists in which the value is not simply the column of
     * `pages`. p is the page, u its URL, l a line of the list without a URL.
     * NULL: it is simply the column. */
    const char *export_sql;      /* what an export reads */
    const char *results_sql;     /* in `results`, of a URL */
    const char *line_sql;        /* in `results`, of a line; NULL: no value */
    const char *results_meaning; /* in `results`, for docs/schema.md */
};

extern const struct page_column page_columns[];
extern const size_t nr_page_columns;

/* The field that the column shows; its C type follows from column->kind. */
static inline const void *page_field(const struct page_record *page,
                                     const struct page_column *column)
{
    return (const char *)page + column->offset;
}

#endif
