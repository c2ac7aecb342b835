/*
 * What the content of a robots <meta> and of a refresh <meta> says.
 */
#include <string.h>

#include "crawler/html/html.h"
#include "crawler/html/html_words.h"

/* Words are parted by commas, and in practice by blanks; unknown ones say
 * nothing. */
uint8_t html_robots_flags(const void *content, size_t len)
{
    struct bytes rest = {content, len}, word;
    unsigned flags = 0;

    while (html_next_word(&rest, ',', &word)) {
        if (html_is_word(word, "noindex"))
            flags |= PAGE_NOINDEX;
        else if (html_is_word(word, "nofollow"))
            flags |= PAGE_NOFOLLOW;
        else if (html_is_word(word, "noarchive"))
            flags |= PAGE_NOARCHIVE;
        else if (html_is_word(word, "none"))
            flags |= PAGE_NOINDEX | PAGE_NOFOLLOW;
    }
    return (uint8_t)flags;
}

static const unsigned char *skip_spaces(const unsigned char *at,
                                        const unsigned char *end)
{
    while (at < end && html_is_space(*at))
        at++;
    return at;
}

/* Returns what stands behind "url=", `at` itself if there is no such word, and
 * NULL where a URL only begins like it ("urls.html"). */
static const unsigned char *skip_url_word(const unsigned char *at,
                                          const unsigned char *end)
{
    static const char word[] = "url";

    if (at == end || (*at | 0x20) != 'u')
        return at;
    for (size_t i = 0; i < 3; i++, at++) {
        if (at == end || (*at | 0x20) != word[i])
            return NULL;
    }
    at = skip_spaces(at, end);
    return at < end && *at == '=' ? skip_spaces(at + 1, end) : NULL;
}

/* Returns where the URL begins, behind the seconds and their comma or
 * semicolon; NULL if nothing follows. Fractions are passed over. */
static const unsigned char *skip_seconds(const unsigned char *at,
                                         const unsigned char *end)
{
    const unsigned char *from;

    from = at = skip_spaces(at, end);
    while (at < end && ((*at >= '0' && *at <= '9') || *at == '.'))
        at++;
    if (at == from || at == end ||
        (*at != ';' && *at != ',' && !html_is_space(*at)))
        return NULL;
    at = skip_spaces(at, end);
    if (at < end && (*at == ';' || *at == ','))
        at = skip_spaces(at + 1, end);
    return at < end ? at : NULL;
}

/* 4.2.5.3, the end of the "shared declarative refresh steps": the URL may stand
 * bare or in quotes, behind "url=" or without it. */
bool html_refresh_url(const void *content, size_t len, struct bytes *url)
{
    const unsigned char *at = content, *end = at + len, *quote;

    at = skip_seconds(at, end);
    if (!at)
        return false;
    *url = (struct bytes){at, (size_t)(end - at)};
    at = skip_url_word(at, end);
    if (!at)
        return true;
    if (at < end && (*at == '"' || *at == '\'')) {
        quote = memchr(at + 1, *at, (size_t)(end - at - 1));
        end = quote ? quote : end;
        at++;
    }
    *url = (struct bytes){at, (size_t)(end - at)};
    return true;
}
