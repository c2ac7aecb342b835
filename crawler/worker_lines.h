/*
 * worker_lines: what workers have for standard input, output and error.
 *
 * A worker may be taken over by a page, so it has no descriptor of the parent:
 * the rows on standard output, the list on standard input and the terminal are
 * out of its reach. It has /dev/null for 0 and 1, and for 2 a pipe, whose lines
 * the parent puts into its own log, escaped like any text from outside.
 */
#ifndef CRAWLER_WORKER_LINES_H
#define CRAWLER_WORKER_LINES_H

#include "base/err.h"

/* Lines of workers that are logged in one session; what more there is is
 * dropped, so that no worker floods a terminal or fills a disk. */
#define WORKER_LINES_MAX 1000

struct worker_lines; /* opaque */

/* Makes the pipe. CERR_LIMIT (descriptors), CERR_NOT_FOUND (no /dev/null). */
enum err worker_lines_open(struct worker_lines **lines) CERR_CHECK;
/* The descriptors that become 0, 1 and 2 of a worker; borrowed. */
const int *worker_lines_stdio(const struct worker_lines *lines);
/* Polls readable when a worker has said something. */
int worker_lines_fd(const struct worker_lines *lines);
/* Logs what has come. It reads a bounded piece and never waits. */
void worker_lines_read(struct worker_lines *lines);
/* Logs what is left, once the workers have ended. NULL is fine. */
void worker_lines_close(struct worker_lines *lines);

#endif
