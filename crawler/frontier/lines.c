/*
 * Lines of the list, as people write them: blank lines and comments are
 * passed over, a bare "example.com/x" is meant as https, and whatever is no
 * URL becomes a row that says so, with its line number.
 */
#include <string.h>

#include "base/text.h"
#include "crawler/frontier/follow.h"
#include "crawler/frontier/frontier_internal.h"
#include "crawler/frontier/line.h"

#define LINE_TEXT_BYTES 2048 /* of a bad line, kept in its row */
#define BARE_PREFIX     "https://"

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

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

static bool is_name_byte(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
           c >= 0x80;
}

static bool is_digit(unsigned char c)
{
    return c >= '0' && c <= '9';
}

/* "example.com", "example.com:8080/x", "localhost/x": a name with a dot, or
 * localhost, then nothing, a port, or what may follow a host. */
static bool is_bare(struct bytes text)
{
    const char *data = text.data;
    size_t len = 0;

    while (len < text.len && is_name_byte((unsigned char)data[len]))
        len++;
    bool named = memchr(data, '.', len) != NULL ||
                 (len == 9 && strncasecmp(data, "localhost", 9) == 0);
    if (!named || data[0] == '.')
        return false;
    if (len < text.len && data[len] == ':') {
        size_t port = len + 1;
        len = port;
        while (len < text.len && is_digit((unsigned char)data[len]))
            len++;
        if (len == port)
            return false;
    }
    return len == text.len || strchr("/?#", data[len]) != NULL;
}

/* Where the authority of a URL begins, or would if it were one: behind the
 * scheme and its slashes. */
static size_t authority_at(const char *text, size_t len)
{
    size_t at = 0;

    while (at < len &&
           (is_name_byte((unsigned char)text[at]) || text[at] == '+'))
        at++;
    if (at < len && text[at] == ':')
        at++;
    size_t slashes = at;
    while (at < len && (text[at] == '/' || text[at] == '\\'))
        at++;
    return at > slashes ? at : 0;
}

/* Credentials that stand in a list are no business of its rows. In place; the
 * new length. */
static size_t drop_credentials(char *text, size_t len)
{
    size_t begin = authority_at(text, len);
    size_t end = begin;
    const char *at;

    while (end < len && text[end] != '/' && text[end] != '\\' &&
           text[end] != '?' && text[end] != '#')
        end++;
    at = memrchr(text + begin, '@', end - begin);
    if (!at)
        return len;
    size_t userinfo = (size_t)(at - text) - begin;
    if (begin == 0 && (!memchr(text, ':', userinfo) ||
                       (len > 7 && strncasecmp(text, "mailto:", 7) == 0)))
        return len;
    memmove(text + begin, at + 1, len - begin - userinfo - 1);
    return len - userinfo - 1;
}

static enum err put_bad_line(struct frontier *frontier, struct bytes text,
                             int64_t line, enum error error)
{
    char clean[LINE_TEXT_BYTES];
    const char *code = error_code(error);
    size_t len = text_clean(text.data, text.len, clean, sizeof(clean));

    len = drop_credentials(clean, len);
    frontier->stats.nr_bad_lines++;
    return storage_put_line(frontier->storage,
                            &(struct line_record){
                                .line = line,
                                .text = {clean, len},
                                .error = {code, strlen(code)},
                            });
}

static enum error read_bare(struct url *url, struct url *room,
                            struct bytes text)
{
    char whole[sizeof(BARE_PREFIX) + URL_BYTES_MAX];

    if (text.len > URL_BYTES_MAX)
        return ERROR_TOO_LONG;
    memcpy(whole, BARE_PREFIX, sizeof(BARE_PREFIX) - 1);
    memcpy(whole + sizeof(BARE_PREFIX) - 1, text.data, text.len);
    struct bytes bare = {whole, sizeof(BARE_PREFIX) - 1 + text.len};
    return url_key_canonical(url, room, bare);
}

enum error line_read(struct url *url, struct url *room, struct bytes text)
{
    enum error error = url_key_canonical(url, room, text);

    if ((error == ERROR_BAD_URL || error == ERROR_BLOCKED_SCHEME) &&
        is_bare(text))
        error = read_bare(url, room, text);
    return error;
}

static bool is_same(struct bytes a, struct bytes b)
{
    return a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}

static enum err add_line(struct frontier *frontier, struct bytes text,
                         int64_t line, int64_t now_ms)
{
    struct batch *batch = &frontier->lines;
    struct keyed_url url;
    enum error error = line_read(&frontier->url, &frontier->parsed, text);

    if (!error)
        error = url_key_fill(frontier, &url);
    if (error)
        return put_bad_line(frontier, text, line, error);
    judge_add_folder(frontier);
    enum err err = CERR_OK;
    if (batch->reread)
        err = storage_drop_line(frontier->storage, line);

    /* The row's text must be valid UTF-8, as everything in the database. */
    char clean[URL_BYTES_MAX];
    if (!is_same(text, url.url)) {
        text.len = text_clean(text.data, text.len, clean, sizeof(clean));
        text.len = drop_credentials(clean, text.len);
        text.data = clean;
    }
    if (is_same(text, url.url))
        text.len = 0;
    if (!err && (batch->nr == batch->cap || batch->is_sorted ||
                 batch->text.len >= FRONTIER_TEXT_BYTES))
        err = batch_flush(frontier, batch, now_ms);
    if (!err)
        err = batch_add(batch, &url, text, &(struct url_source){.line = line});
    batch->is_pushed |= batch_is_full(batch);
    return err;
}

enum err frontier_add_line(struct frontier *frontier, struct bytes text,
                           int64_t line, bool reread, int64_t now_ms)
{
    struct bytes trimmed = trim(text.data, text.len);

    if (trimmed.len == 0 || ((const char *)trimmed.data)[0] == '#')
        return reread ? storage_drop_line(frontier->storage, line) : CERR_OK;
    if (frontier->lines.reread != reread) {
        enum err err = batch_flush(frontier, &frontier->lines, now_ms);
        if (err)
            return err;
        frontier->lines.reread = reread;
    }
    frontier->stats.nr_lines++;
    return add_line(frontier, trimmed, line, now_ms);
}

enum err frontier_add_long_line(struct frontier *frontier, struct bytes text,
                                int64_t line)
{
    frontier->stats.nr_lines++;
    return put_bad_line(frontier, text, line, ERROR_TOO_LONG);
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
    return batch_flush(frontier, &frontier->lines, now_ms);
}

void frontier_list_ended(struct frontier *frontier)
{
    frontier->list_ended = true;
}
