/*
 * line: a line of the list as a URL, as people write them. Pure.
 */
#ifndef CRAWLER_FRONTIER_LINE_H
#define CRAWLER_FRONTIER_LINE_H

#include "base/wire.h"
#include "crawler/page/outcome.h"
#include "crawler/url/url.h"

/*
 * Fills `url` with the canonical form of what stands there; a bare
 * "example.com/x" is meant as https. `room` is scratch space. Returns
 * ERROR_NONE, or why the line gets no URL: ERROR_BAD_URL,
 * ERROR_BLOCKED_SCHEME, ERROR_TOO_LONG, ERROR_BAD_PORT.
 */
enum error line_read(struct url *url, struct url *room, struct bytes text);

/* Credentials that stand in a list are no business of its rows: takes them out
 * of a line, in place. Returns the new length. */
size_t line_drop_credentials(char *text, size_t len);

#endif
