/*
 * Lines of the list: blank ones and comments are passed over, URLs gather in a
 * batch, and whatever is no URL becomes a row that says so, with its line
 * number.
 *
 * A line is read as words. The first one is its URL; of the others, those with
 * http:// or https:// are URLs with the same line number, and the rest is what
 * people write beside a URL. A word that begins with # ends the line.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/unfilled.h"
#include "crawler/frontier/frontier_internal.h"

#define LINE_TEXT_BYTES   2048 /* bytes of a bad line that its row keeps */
#define LINE_DETAIL_BYTES 120

/* A URL holds neither white space nor NUL (URL 4.1), so both end a word. */
static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || c == '\0';
}

/* Cuts the white space of C off both ends; the end of the line is gone already.
 */
static struct bytes trim(const char *text, size_t len)
{
    while (len > 0 && is_blank(text[len - 1]))
        len--;
    while (len > 0 && is_blank(*text)) {
        text++;
        len--;
    }
    return (struct bytes){text, len};
}

/* Takes the next word off a text; an empty one when there is none. A comma at
 * the end of a word is taken off as the punctuation that it is, unless the word
 * ends the line: there it may belong to the URL. */
static struct bytes next_word(struct bytes *text)
{
    const char *at = text->data, *const end = at + text->len;

    while (at < end && is_blank(*at))
        at++;
    const char *word = at;
    while (at < end && !is_blank(*at))
        at++;
    *text = (struct bytes){at, (size_t)(end - at)};
    size_t len = (size_t)(at - word);
    while (at < end && len > 1 && word[len - 1] == ',')
        len--;
    return (struct bytes){word, len};
}

/* Whether a word behind the first one is meant as a URL. A bare name is not:
 * "see example.com" is a note. */
static bool is_plain_url(struct bytes word)
{
    return (word.len > 7 && strncasecmp(word.data, "http://", 7) == 0) ||
           (word.len > 8 && strncasecmp(word.data, "https://", 8) == 0);
}

/* Writes what a bad line with commas looks like, and the command that takes its
 * URLs out: the column is that of the first http:// or https://. Returns the
 * length; 0 for a line without commas. */
static size_t describe_commas(struct bytes text, char out[LINE_DETAIL_BYTES])
{
    const char *at = text.data, *const end = at + text.len;
    int nr_commas = 0, column = 0;

    for (; at < end; at++) {
        struct bytes rest = {at, (size_t)(end - at)};
        if (column == 0 && is_plain_url(rest))
            column = nr_commas + 1;
        nr_commas += *at == ',';
    }
    if (nr_commas == 0)
        return 0;
    if (column == 0)
        return (size_t)snprintf(out, LINE_DETAIL_BYTES,
                                "looks like CSV, which is no list of URLs");
    return (size_t)snprintf(out, LINE_DETAIL_BYTES,
                            "looks like CSV with a URL in column %d: "
                            "'cut -d, -f%d LIST > urls.txt' takes it out",
                            column, column);
}

/* Stores a line that is no URL. The row keeps the text as far as a database
 * takes it: valid UTF-8, cut, without credentials. */
static enum err put_bad_line(struct frontier *frontier, struct bytes text,
                             int64_t line, enum error error,
                             struct bytes detail)
{
    UNFILLED char clean[LINE_TEXT_BYTES];
    const char *code = error_code(error);
    size_t len = text_clean(text.data, text.len, clean, sizeof(clean));

    len = line_drop_credentials(clean, len);
    return intake_put_line(frontier,
                           &(struct line_record){
                               .line = line,
                               .text = {clean, len},
                               .error = {code, strlen(code)},
                               .detail = detail,
                           },
                           &frontier->stats.nr_bad_lines);
}

static bool is_same(struct bytes a, struct bytes b)
{
    return a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}

/* The row's text must be valid UTF-8, as everything in the database, and is
 * kept only where it differs from the URL. */
static struct bytes listed_text(struct bytes text, struct bytes url,
                                char clean[URL_BYTES_MAX])
{
    if (!is_same(text, url)) {
        text.len = text_clean(text.data, text.len, clean, URL_BYTES_MAX);
        text.len = line_drop_credentials(clean, text.len);
        text.data = clean;
    }
    if (is_same(text, url))
        text.len = 0;
    return text;
}

/* Adds a URL of a line. A batch that is on its way to storage takes no line in
 * and is stored whole first; that happens only if the caller does not wait for
 * it. `error` says what is wrong with the word, which is not added then. */
static enum err add_word(struct frontier *frontier, struct bytes text,
                         int64_t line, int64_t now_ms, enum error *error)
{
    struct url_reader *reader = frontier->reader;
    struct batch *batch = &frontier->lines;
    UNFILLED char clean[URL_BYTES_MAX];
    struct keyed_url url;
    enum err err = CERR_OK;

    *error = line_read(&reader->url, &reader->room, text);
    if (!*error)
        *error = url_reader_key(reader, &url);
    if (*error)
        return CERR_OK;
    judge_add_folder(frontier->judge, &reader->url);
    text = listed_text(text, url.url, clean);
    if (batch->nr == batch->cap || batch->run_end > 0 ||
        batch->text.len >= FRONTIER_TEXT_BYTES)
        err = intake_flush(frontier, batch, now_ms);
    if (!err)
        err = batch_add(batch, &url, text, NULL,
                        &(struct url_source){.line = line});
    batch->is_pushed |= batch_is_full(batch);
    return err;
}

/* Adds the first word of a line. A line whose first word is no URL is bad as a
 * whole, and its row has the whole text. */
static enum err add_first(struct frontier *frontier, struct bytes word,
                          struct bytes whole, int64_t line, int64_t now_ms)
{
    char detail[LINE_DETAIL_BYTES];
    enum error error;
    enum err err = add_word(frontier, word, line, now_ms, &error);

    if (err)
        return err;
    if (!error)
        return CERR_OK;
    size_t len = error == ERROR_BAD_URL ? describe_commas(whole, detail) : 0;
    return put_bad_line(frontier, whole, line, error,
                        (struct bytes){detail, len});
}

/* Adds what a line names: its first word, and the URLs behind it. */
static enum err add_line(struct frontier *frontier, struct bytes whole,
                         int64_t line, int64_t now_ms)
{
    struct bytes rest = whole, word = next_word(&rest);
    enum err err = add_first(frontier, word, whole, line, now_ms);

    while (rest.len > 0 && !err) {
        enum error error = ERROR_NONE;

        word = next_word(&rest);
        if (word.len == 0 || ((const char *)word.data)[0] == '#')
            break;
        if (is_plain_url(word))
            err = add_word(frontier, word, line, now_ms, &error);
        if (!err && error)
            err = put_bad_line(frontier, word, line, error, (struct bytes){0});
    }
    return err;
}

enum err frontier_add_line(struct frontier *frontier, struct bytes text,
                           int64_t line, int64_t now_ms)
{
    struct bytes trimmed = trim(text.data, text.len);

    if (trimmed.len == 0 || ((const char *)trimmed.data)[0] == '#')
        return CERR_OK;
    frontier->stats.nr_lines++;
    return add_line(frontier, trimmed, line, now_ms);
}

enum err frontier_add_long_line(struct frontier *frontier, struct bytes text,
                                int64_t line)
{
    frontier->stats.nr_lines++;
    return put_bad_line(frontier, text, line, ERROR_TOO_LONG,
                        (struct bytes){0});
}

enum err frontier_add_damage(struct frontier *frontier, struct bytes name,
                             int64_t line, struct bytes detail)
{
    return put_bad_line(frontier, name, line, ERROR_LIST_DAMAGED, detail);
}

enum err frontier_begin_reading(struct frontier *frontier, int64_t number,
                                bool whole)
{
    frontier->run.holds = whole;
    return storage_begin_reading(frontier->storage, number);
}

enum err frontier_end_reading(struct frontier *frontier, bool whole)
{
    struct storage_gone gone = {0};
    enum err err = storage_end_reading(frontier->storage, whole, &gone);

    frontier->stats.nr_queued -= gone.nr_forgotten + gone.nr_closed;
    frontier->run.holds = false;
    return err;
}

void frontier_push_lines(struct frontier *frontier)
{
    frontier->lines.is_pushed = frontier->lines.nr > 0;
}

enum frontier_lines frontier_lines_state(const struct frontier *frontier)
{
    if (frontier->lines.nr == 0)
        return FRONTIER_LINES_NONE;
    return frontier->lines.is_pushed ? FRONTIER_LINES_PUSHED
                                     : FRONTIER_LINES_GATHERED;
}

enum err frontier_flush_lines(struct frontier *frontier, int64_t now_ms)
{
    return intake_flush(frontier, &frontier->lines, now_ms);
}

void frontier_list_ended(struct frontier *frontier)
{
    frontier->run.list_has_ended = true;
}
