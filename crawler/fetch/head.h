/*
 * head: reads the head of an answer, one line at a time as libcurl hands it
 * over.
 *
 * Keeps the last head as it was received and remembers where the few values
 * lie that a crawler needs. Counts every byte, those of interim answers (1xx)
 * too, and tells what libcurl 7.88 passes in silence: a head without its end,
 * two lengths that differ, a length beyond all numbers. Pure.
 */
#ifndef CRAWLER_FETCH_HEAD_H
#define CRAWLER_FETCH_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/wire.h"
#include "crawler/page/outcome.h"
#include "crawler/page/page.h"

/* Most bytes of Content-Encoding, all fields joined. */
#define HEAD_CODINGS_BYTES 512

enum head_field {
    HEAD_TYPE,
    HEAD_LOCATION,
    HEAD_ETAG,
    HEAD_LAST_MODIFIED,
    HEAD_RETRY_AFTER,
    HEAD_SERVER,
    HEAD_REFRESH,
    HEAD_QUOTA_SPENT, /* RateLimit: the reset of a quota that is spent */
    HEAD_REMAINING,   /* RateLimit-Remaining and so on, see rate_limit.h */
    HEAD_RESET,
    HEAD_X_REMAINING,
    HEAD_X_RESET,
    HEAD_FIELD_NR
};

struct head {
    struct buf bytes;   /* the last head as received, blank line and all */
    struct buf codings; /* values of Content-Encoding, joined by commas */
    size_t max_bytes;   /* cap on total_bytes */
    size_t total_bytes; /* of all heads of this answer, and trailers */
    const char *agent;  /* product token that X-Robots-Tag may name; borrowed */
    int status;         /* of the last status line */
    bool complete;      /* the blank line was seen */
    int64_t content_length;  /* -1: none claimed */
    uint8_t robots;          /* enum page_robots_flag, from X-Robots-Tag */
    bool sets_cookie;        /* the field Set-Cookie was there */
    enum error length_error; /* what is wrong with Content-Length; told at the
                                end of the head, as a redirect needs none */
    int field; /* enum head_field of the line before, for folded lines; -1: none
                */
    struct {
        uint32_t at, len; /* in bytes; len 0: none */
        bool seen;
    } values[HEAD_FIELD_NR];
};

/* Allocates nothing. `agent` is "name" of "name/1.0"; NULL: none. */
void head_init(struct head *head, size_t max_bytes, const char *agent);
void head_release(struct head *head);
/* Makes the head ready for the next answer; it keeps the memory. */
void head_reset(struct head *head);

/*
 * Takes one line with its line end. ERROR_NONE, or why the answer is of no
 * use: ERROR_HEAD_TOO_LARGE; at its end, ERROR_PROTOCOL (lengths that differ or
 * are no numbers, RFC 9112 6.3) or ERROR_TOO_LARGE (a length that no number
 * holds), which the head of a redirect is whole in spite of;
 * ERROR_BAD_REDIRECT (two Locations that differ); ERROR_INTERNAL (no memory).
 */
enum error head_line(struct head *head, const char *line, size_t len);

/* Whether the end of the head of a final answer was seen (not that of a 1xx).
 */
bool head_is_final(const struct head *head);

/* Whether the answer redirects: then its body says nothing (RFC 9110 15.4). */
bool head_redirects(const struct head *head);

/* The value as received, without white space around; "" if there was none. */
struct bytes head_value(const struct head *head, enum head_field field);

/* When a quota that the host says is spent begins anew, as rate_limit_wait_ms()
 * reads it; "": none is. */
struct bytes head_quota_reset(const struct head *head);

/* The text of a page that shows this value, cleaned; NULL: none does. */
struct bytes *head_page_text(enum head_field field, struct page *page);

#endif
