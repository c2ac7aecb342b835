/*
 * url_normalize: the canonical form of `input` is `expected`.
 *
 * The suite keeps credentials. The crawler drops them, so they are put back in
 * front of the host here, as the parser left them.
 */
#include "tests/conform/conform.h"

#include "crawler/url/url.h"

#define INPUT_BYTES_MAX (1 << 20)

static void put_canonical(struct buf *out, const struct url *url)
{
    static struct url canonical;

    url_canonical(&canonical, url);
    conform_put(out, "%.*s", (int)canonical.host_at, canonical.text);
    if (url->has_user)
        conform_put(out, "%.*s@", (int)url->user_len, url->text + url->user_at);
    conform_put(out, "%s", canonical.text + canonical.host_at);
}

static bool run(const json_t *test, struct conform_answer *answer)
{
    const char *expected = conform_text(test, "expected");
    static struct url url;
    struct buf input;

    buf_init(&input, INPUT_BYTES_MAX);
    if (!conform_bytes(test, "input", &input) || !expected)
        conform_stop(test, "no input, or nothing expected");
    conform_put(&answer->expected, "%s", expected);
    if (url_parse(&url, input.len ? (char *)input.data : "", input.len, NULL) !=
        URL_OK)
        conform_put(&answer->got, "failure");
    else
        put_canonical(&answer->got, &url);
    buf_release(&input);
    return conform_same(answer);
}

static const char *const gating[] = {"core", NULL};

const struct conform_suite conform_url_normalize = {
    .name = "url_normalize", .run = run, .group = "tier", .gating = gating};
