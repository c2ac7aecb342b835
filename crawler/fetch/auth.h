/*
 * auth: credentials of the user for hosts, from a file.
 *
 * One host a line: "host user:password", "host basic user:password" or "host
 * bearer TOKEN"; empty lines and lines that begin with '#' are nothing. What is
 * read here goes into the Authorization header of requests to that very host,
 * and nowhere else: no log, no row.
 */
#ifndef CRAWLER_FETCH_AUTH_H
#define CRAWLER_FETCH_AUTH_H

#include <stddef.h>

#include "base/err.h"

#define AUTH_FILE_BYTES_MAX ((size_t)1 << 20)
#define AUTH_LINE_BYTES_MAX ((size_t)4096)

struct auth; /* opaque; constant once loaded */

/*
 * Reads the whole file. CERR_NOT_FOUND (cannot be opened), CERR_TOO_BIG,
 * CERR_INVALID (a line is neither form; `*bad_line` (may be NULL) is its
 * number), CERR_IO. Owned by the caller.
 */
enum err auth_load(struct auth **auth, const char *path,
                   size_t *bad_line) CERR_CHECK;
/* Overwrites the secrets before it frees them; NULL is fine. */
void auth_free(struct auth *auth);

/* "Authorization: ..." for a host in its canonical form, or NULL. `auth` may
 * be NULL. Borrowed. */
const char *auth_header(const struct auth *auth, const char *host, size_t len);

#endif
