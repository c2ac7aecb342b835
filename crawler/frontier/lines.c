/*
 * Lines of the list: blank ones and comments are passed over, URLs gather in a
 * batch, and whatever is no URL becomes a row that says so, with its line
 * number.
 */
#include <string.h>

#include "base/text.h"
#include "base/unfilled.h"
#include "crawler/frontier/frontier_internal.h"

#define LINE_TEXT_BYTES 2048 /* bytes of a bad line that its row keeps */

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
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
    frontier->stats.nr_bad_lines++;
    return storage_put_line(frontier->storage,
                            &(struct line_record){
                                .line = line,
                                .text = {clean, len},
                                .error = {code, strlen(code)},
                                .detail = detail,
                            });
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

/* Adds one line. A batch that is on its way to storage takes no line in and is
 * stored whole first; that happens only if the caller does not wait for it. */
static enum err add_line(struct frontier *frontier, struct bytes text,
                         int64_t line, int64_t now_ms)
{
    struct url_reader *reader = frontier->reader;
    struct batch *batch = &frontier->lines;
    UNFILLED char clean[URL_BYTES_MAX];
    struct keyed_url url;
    enum error error = line_read(&reader->url, &reader->room, text);
    enum err err = CERR_OK;

    if (!error)
        error = url_reader_key(reader, &url);
    if (error)
        return put_bad_line(frontier, text, line, error, (struct bytes){0});
    judge_add_folder(frontier->judge, &reader->url);
    if (batch->is_reread)
        err = storage_drop_line(frontier->storage, line);
    text = listed_text(text, url.url, clean);
    if (!err && (batch->nr == batch->cap || batch->run_end > 0 ||
                 batch->text.len >= FRONTIER_TEXT_BYTES))
        err = intake_flush(frontier, batch, now_ms);
    if (!err)
        err = batch_add(batch, &url, text, NULL,
                        &(struct url_source){.line = line});
    batch->is_pushed |= batch_is_full(batch);
    return err;
}

/* A batch has lines of one kind: in a list that is read again, a known URL is
 * no duplicate, so lines of both kinds cannot be stored together. */
enum err frontier_add_line(struct frontier *frontier, struct bytes text,
                           int64_t line, bool reread, int64_t now_ms)
{
    struct bytes trimmed = trim(text.data, text.len);

    if (trimmed.len == 0 || ((const char *)trimmed.data)[0] == '#')
        return reread ? storage_drop_line(frontier->storage, line) : CERR_OK;
    if (frontier->lines.is_reread != reread) {
        enum err err = intake_flush(frontier, &frontier->lines, now_ms);
        if (err)
            return err;
        frontier->lines.is_reread = reread;
    }
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
