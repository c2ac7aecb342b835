/*
 * messages: what a run says on standard error, written without waiting.
 *
 * A pager that does not read, or a terminal stopped by ^S, must not hold up a
 * crawl, nor its end. What is not taken waits in memory; lines over a limit are
 * dropped and counted. Opened once a process, after its workers were forked:
 * they have standard errors of their own.
 */
#ifndef CRAWLER_MESSAGES_H
#define CRAWLER_MESSAGES_H

#include <stdbool.h>
#include <stdio.h>

#define MESSAGES_WAIT_BYTES (256u << 10) /* more are dropped */

struct messages; /* opaque */

/* Never NULL. From here on the log is written through it. */
struct messages *messages_open(void);
/* What is printed there is written at each fflush(), as far as it is taken.
 * Borrowed until the closing. */
FILE *messages_file(const struct messages *messages);
/* Takes the log back from whoever has had it meanwhile. */
void messages_take_log(struct messages *messages);
/* Writes more of what waits. Returns whether some is left. NULL is fine. */
bool messages_push(struct messages *messages);
/* The descriptor that waits; -1: standard error is closed. */
int messages_fd(const struct messages *messages);
/* Gives the log back to standard error and frees; NULL is fine. */
void messages_close(struct messages *messages);

#endif
