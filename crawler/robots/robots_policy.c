/*
 * What the answer to the request for robots.txt means (RFC 9309 2.3.1).
 */
#include "crawler/robots/robots.h"

#define STATUS_TOO_MANY_REQUESTS 429

enum robots_policy robots_policy(int status, enum error error)
{
    /* 2.3.1.3: the status is enough to know that there is no file, even if the
     * body broke off. 429 says "not now", as a 503 does. */
    if (status >= 400 && status <= 499 && status != STATUS_TOO_MANY_REQUESTS)
        return ROBOTS_ALLOW_ALL;
    /* 2.3.1.2: a file behind more than five redirects may count as unavailable.
     * Redirects that lead in a circle or nowhere have given no answer. */
    if (error == ERROR_REDIRECT_LIMIT)
        return ROBOTS_ALLOW_ALL;
    /* 2.5: of a file that is too large the first part counts. */
    if (error != ERROR_NONE && error != ERROR_TOO_LARGE)
        return ROBOTS_DISALLOW_ALL;
    if (status >= 200 && status <= 299)
        return ROBOTS_PARSE;
    if (status >= 300 && status <= 399)
        return ROBOTS_ALLOW_ALL;
    return ROBOTS_DISALLOW_ALL;
}
