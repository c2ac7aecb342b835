/*
 * robots: `robots` for `agent`: is `url` `allowed`?
 *
 * The URL takes the crawler's own way: parsed, made canonical, and of that
 * path and query.
 */
#include "tests/conform/conform.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crawler/robots/robots.h"
#include "crawler/url/url.h"

#define ROBOTS_FILE_MAX ((size_t)16 << 20)

/* Path and query of the URL; those of a URL over our limit as they stand. */
static void put_target(const char *text, struct buf *target)
{
    static struct url url;
    const char *path;

    if (url_parse(&url, text, strlen(text), NULL) == URL_OK) {
        url_canonical(&url, &url);
        conform_put_bytes(target, url.text + url.path_at,
                          (size_t)(url.len - url.path_at));
        return;
    }
    path = strstr(text, "://");
    path = strchr(path ? path + 3 : text, '/');
    conform_put(target, "%s", path ? path : "/");
}

static bool run(const json_t *test, struct conform_answer *answer)
{
    const char *agent = conform_text(test, "agent");
    const char *url = conform_text(test, "url");
    struct robots *robots = NULL;
    struct robots_verdict verdict;
    struct buf file, target;

    buf_init(&file, ROBOTS_FILE_MAX);
    buf_init(&target, ROBOTS_FILE_MAX);
    if (!agent || !url || !conform_bytes(test, "robots", &file))
        conform_stop(test, "no robots, agent or url");
    if (robots_parse(&robots, file.data, file.len, agent) != CERR_OK)
        conform_stop(test, "out of memory");
    put_target(url, &target);
    robots_allows(robots, (const char *)target.data, target.len, &verdict);
    conform_put(&answer->expected, "%s",
                json_is_true(json_object_get(test, "allowed")) ? "allowed"
                                                               : "refused");
    conform_put(&answer->got, "%s", verdict.allowed ? "allowed" : "refused");
    robots_free(robots);
    buf_release(&target);
    buf_release(&file);
    return conform_same(answer);
}

static const char *const gating[] = {"core", "rfc", NULL};

const struct conform_suite conform_robots = {
    .name = "robots", .run = run, .group = "tier", .gating = gating};
