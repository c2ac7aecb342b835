/*
 * html_words: attribute values as words, by the HTML standard's white space
 * and without regard to ASCII case. Pure.
 */
#ifndef CRAWLER_HTML_HTML_WORDS_H
#define CRAWLER_HTML_HTML_WORDS_H

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/wire.h"

static inline bool html_is_space(unsigned char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r' && c != '\v');
}

static inline struct bytes html_trim(struct bytes text)
{
    const unsigned char *at = text.data, *end = at + text.len;

    while (at < end && html_is_space(*at))
        at++;
    while (end > at && html_is_space(end[-1]))
        end--;
    return (struct bytes){at, (size_t)(end - at)};
}

static inline bool html_is_word(struct bytes text, const char *word)
{
    return text.len == strlen(word) &&
           strncasecmp(text.data, word, text.len) == 0;
}

/* Takes the next word off the front; white space and `comma` part them. */
static inline bool html_next_word(struct bytes *text, char comma,
                                  struct bytes *word)
{
    const unsigned char *at = text->data, *end = at + text->len, *from;

    while (at < end && (html_is_space(*at) || *at == (unsigned char)comma))
        at++;
    from = at;
    while (at < end && !html_is_space(*at) && *at != (unsigned char)comma)
        at++;
    *word = (struct bytes){from, (size_t)(at - from)};
    *text = (struct bytes){at, (size_t)(end - at)};
    return word->len > 0;
}

#endif
