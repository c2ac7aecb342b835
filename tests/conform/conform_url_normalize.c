/*
 * url_normalize: the canonical form of `input` is `expected`.
 *
 * The suite keeps credentials, so they are kept here; the crawler drops them.
 */
#include "tests/conform/conform.h"

#include "crawler/url/url.h"

#define INPUT_BYTES_MAX (1 << 20)

static bool run(const json_t *test, struct conform_answer *answer)
{
    const struct url_canonical_options options = {.keep_user = true};
    const char *expected = conform_text(test, "expected");
    static struct url url;
    struct buf input;

    buf_init(&input, INPUT_BYTES_MAX);
    if (!conform_bytes(test, "input", &input) || !expected)
        conform_stop(test, "no input, or nothing expected");
    conform_put(&answer->expected, "%s", expected);
    if (url_parse(&url, input.len ? (char *)input.data : "", input.len, NULL) !=
            URL_OK ||
        url_canonical(&url, &url, &options) != URL_OK)
        conform_put(&answer->got, "failure");
    else
        conform_put(&answer->got, "%s", url.text);
    buf_release(&input);
    return conform_same(answer);
}

static const char *const gating[] = {"core", NULL};

const struct conform_suite conform_url_normalize = {
    .name = "url_normalize", .run = run, .group = "tier", .gating = gating};
