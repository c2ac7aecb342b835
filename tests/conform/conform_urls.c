/*
 * urls: `input` against `base` gives `href`, or `failure` is true.
 *
 * Suites list http and https results only; what is neither is a failure for
 * this program too.
 */
#include "tests/conform/conform.h"

#include "crawler/url/url.h"

#define INPUT_BYTES_MAX (1 << 20)

/* Parses the base, if the case has one. Against one of another scheme only
 * what needs none can be http or https. */
static const struct url *parse_base(const json_t *test, struct url *base,
                                    bool *bad)
{
    struct buf text;
    const struct url *result = NULL;

    buf_init(&text, INPUT_BYTES_MAX);
    if (conform_bytes(test, "base", &text) && text.len > 0) {
        enum url_error error =
            url_parse(base, (const char *)text.data, text.len, NULL);

        *bad = error != URL_OK && error != URL_BAD_SCHEME;
        result = error == URL_OK ? base : NULL;
    }
    buf_release(&text);
    return result;
}

static bool run(const json_t *test, struct conform_answer *answer)
{
    const char *href = conform_text(test, "href");
    static struct url base, url;
    bool bad_base = false;
    const struct url *against = parse_base(test, &base, &bad_base);
    struct buf input;

    buf_init(&input, INPUT_BYTES_MAX);
    if (!conform_bytes(test, "input", &input))
        conform_stop(test, "no input");
    if (!href && !json_is_true(json_object_get(test, "failure")))
        conform_stop(test, "neither href nor failure");
    conform_put(&answer->expected, "%s", href ? href : "failure");
    if (bad_base || url_parse(&url, input.len ? (char *)input.data : "",
                              input.len, against) != URL_OK)
        conform_put(&answer->got, "failure");
    else
        conform_put(&answer->got, "%s", url.text);
    buf_release(&input);
    return conform_same(answer);
}

static const char *const gating[] = {"core", "idn", NULL};

const struct conform_suite conform_urls = {
    .name = "urls", .run = run, .group = "tier", .gating = gating};
