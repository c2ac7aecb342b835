/*
 * storage_fixture: a storage in a folder of its own, and rows to put into it.
 *
 * The rows follow one rule, so that every check can tell what to expect: URL
 * `n` of host `h` is "http://hH/N" with the key {h, n} and line n of the list,
 * and its page is 1,000 + n bytes long.
 */
#ifndef TESTS_SUPPORT_STORAGE_FIXTURE_H
#define TESTS_SUPPORT_STORAGE_FIXTURE_H

#include "storage/leases.h"
#include "storage/storage.h"
#include "storage/storage_ops.h"

#define NOW             INT64_C(1795421982123) /* 2026-11-23T08:19:42.123Z */
#define FIXTURE_MAX     16
#define FIXTURE_OUTPUTS 6

/* A program that is built with FIXTURE_BACK_END runs on that back end, whatever
 * the outputs are called. */
#ifndef FIXTURE_BACK_END
#define FIXTURE_BACK_END ((const struct storage_ops *)NULL)
#endif

#define assert_ok(call) assert_int_equal((call), CERR_OK)

struct fixture {
    char folder[64];
    char paths[FIXTURE_OUTPUTS][128]; /* crawl.db, db.txt ... */
    const char *outputs[FIXTURE_OUTPUTS], *names[FIXTURE_OUTPUTS];
    struct storage_options options;
    const struct storage_ops *ops; /* NULL: what the outputs' names say */
    struct storage *storage;
    char message[STORAGE_MESSAGE_BYTES];
    /* of the last lease or refill */
    size_t nr_hosts, nr_urls;
    struct host_record hosts[FIXTURE_MAX]; /* without views */
    char host_key[FIXTURE_MAX][64], robots[FIXTURE_MAX][128];
    struct stored_url urls[FIXTURE_MAX]; /* without views */
    char etag[64], last_modified[64];    /* of the first URL */
};

/* For cmocka: *state becomes a fixture with an empty folder. */
int fixture_new(void **state);
int fixture_free(void **state);
/* Empties the folder. */
void fixture_empty(struct fixture *fix);
/* Adds an output FOLDER/NAME. */
void fixture_output(struct fixture *fix, const char *name);

void fixture_open(struct fixture *fix);
/* Opens with the fixture's options and back end; says why not in message. */
enum err fixture_try(struct fixture *fix, struct storage **storage);
void fixture_close(struct fixture *fix, const char *status);
/* Commits, closes without an end of the run, as a kill would, and opens. */
void fixture_reopen(struct fixture *fix);
/* Leaves as a kill would: what was not committed is lost. */
void fixture_crash(struct fixture *fix);

struct bytes text(const char *text);
struct url_record fixture_url(int host, int64_t hash, int64_t line);
struct page_record fixture_page(int host, int64_t hash, const char *outcome,
                                int status);
/* URLs 1 to nr_urls of the hosts 1 to nr_hosts. */
void fixture_add(struct fixture *fix, int nr_hosts, int nr_urls);
void fixture_end(struct fixture *fix, int host, int64_t hash,
                 const char *outcome, int status);
/* Keeps what it is given in fix->hosts and fix->urls. */
struct storage_taker fixture_taker(struct fixture *fix);
void fixture_lease_hosts(struct fixture *fix, int64_t now_ms, size_t max_hosts);
void fixture_refill_urls(struct fixture *fix, int host, size_t max_urls);
/* Contents of FOLDER/NAME; owned by the caller, NULL if there is no file. */
char *fixture_read(struct fixture *fix, const char *name);
void fixture_text_is(struct fixture *fix, const char *expected);

#endif
