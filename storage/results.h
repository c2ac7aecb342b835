/*
 * results: what a crawl leaves behind, row by row.
 *
 * Each call is one row (and for a page its line in every text output) of the
 * open transaction: storage.h has its rules. Everything is borrowed for the
 * call. It does not know how a page was judged, only how that is kept. One
 * thread.
 */
#ifndef STORAGE_RESULTS_H
#define STORAGE_RESULTS_H

#include <stdint.h>

#include "base/err.h"
#include "storage/page_row.h"

struct storage;

/*
 * Ends a URL: its page row, links, redirects, state, and a line in each text
 * output. A URL that has ended in this run already is left alone (CERR_EXISTS),
 * and so is one that was never added (CERR_NOT_FOUND). Status 304 to a refetch
 * repeats the stored answer and its links under the new run.
 */
enum err storage_put_page(struct storage *storage,
                          const struct page_record *page) CERR_CHECK;
/* A request that did not end its URL: a retry follows. */
struct attempt_record {
    struct url_key key;
    int attempt; /* number of the request for this URL, from 1 */
    int64_t at;  /* wall ms of its start */
    int status;  /* 0: no answer */
    struct bytes error, detail;
    double elapsed_ms;
};
enum err storage_put_attempt(struct storage *storage,
                             const struct attempt_record *attempt) CERR_CHECK;
enum err storage_put_sample(struct storage *storage,
                            const struct sample_record *sample) CERR_CHECK;
/* Keeps something that happened to the crawl itself. `level` is "info",
 * "warning" or "error"; `what` is one word, such as "worker_death". */
enum err storage_put_event(struct storage *storage, int64_t now_ms,
                           const char *level, const char *what,
                           const char *detail) CERR_CHECK;

/*
 * Makes every redirect of this run that leads to a `redirect_loop` one as well;
 * *nr is their number. Which redirect closes a loop is known with the last
 * answer, when the rows of the others are stored: text outputs keep them as
 * they were.
 */
enum err storage_end_loops(struct storage *storage, int64_t *nr) CERR_CHECK;

/* Adds numbers to those of the host and rule in this run. The first example
 * stays. */
enum err storage_add_refused(struct storage *storage,
                             const struct refusal_record *refusal) CERR_CHECK;
/* How many links of the host that the rule refused have a row, whichever run
 * has made it. */
enum err storage_get_refused(struct storage *storage, int64_t host_id,
                             struct bytes rule, int64_t *nr_rows) CERR_CHECK;
/* Counts the URLs of a host that were found and not refused by a trap, up to
 * `max`. */
enum err storage_count_found(struct storage *storage, int64_t host_id,
                             int64_t max, int64_t *nr) CERR_CHECK;

/* What the workers' sandbox reached, for the table `runs`. */
enum err storage_put_sandbox(struct storage *storage,
                             const char *level) CERR_CHECK;

#endif
