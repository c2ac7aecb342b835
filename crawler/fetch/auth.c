/*
 * The reader behind auth.h. Each line becomes a whole header line at once, so
 * that a request only looks its host up. Whatever held a secret is overwritten
 * before its memory is freed: the file's text, each piece read, each header.
 */
#include "crawler/fetch/auth.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/wire.h"
#include "base/xalloc.h"

/* "\r" is among them, as files written on Windows have it. */
#define BLANKS " \t\r"

struct credential {
    char *host;   /* owned */
    char *header; /* owned */
};

struct auth {
    struct credential *list;
    size_t nr, cap;
};

/* memset() before free() is optimised away, this is not, see bzero(3). */
static void wipe(char *text)
{
    if (text)
        explicit_bzero(text, strlen(text));
    free(text);
}

void auth_free(struct auth *auth)
{
    if (!auth)
        return;
    for (size_t i = 0; i < auth->nr; i++) {
        free(auth->list[i].host);
        wipe(auth->list[i].header);
    }
    free(auth->list);
    free(auth);
}

/* Encodes in Base 64 (RFC 4648, 4). `out` has room for 4 bytes for each 3, and
 * the NUL. */
static void encode_base64(const char *text, size_t len, char *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "abcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *in = (const unsigned char *)text;

    for (size_t i = 0; i < len; i += 3) {
        size_t nr = len - i < 3 ? len - i : 3;
        uint32_t group = (uint32_t)in[i] << 16;

        if (nr > 1)
            group |= (uint32_t)in[i + 1] << 8;
        if (nr > 2)
            group |= in[i + 2];
        *out++ = digits[group >> 18];
        *out++ = digits[(group >> 12) & 63];
        *out++ = (char)(nr > 1 ? digits[(group >> 6) & 63] : '=');
        *out++ = (char)(nr > 2 ? digits[group & 63] : '=');
    }
    *out = '\0';
}

/* Makes a Basic header (RFC 7617, 2): "user:password", encoded. */
static char *make_basic(const char *user, size_t len)
{
    static const char start[] = "Authorization: Basic ";
    char *header = xmalloc(sizeof(start) + (len + 2) / 3 * 4);

    memcpy(header, start, sizeof(start));
    encode_base64(user, len, header + sizeof(start) - 1);
    return header;
}

/* Makes a Bearer header (RFC 6750, 2.1) with the token as it is. */
static char *make_bearer(const char *token, size_t len)
{
    static const char start[] = "Authorization: Bearer ";
    char *header = xmalloc(sizeof(start) + len);

    memcpy(header, start, sizeof(start));
    memcpy(header + sizeof(start) - 1, token, len);
    header[sizeof(start) - 1 + len] = '\0';
    return header;
}

/* Cuts the first word and the blanks around it off the front. */
static struct bytes next_word(struct bytes *line)
{
    const char *text = line->data;
    size_t before = 0;
    size_t end;

    while (before < line->len && strchr(BLANKS, text[before]))
        before++;
    end = before;
    while (end < line->len && !strchr(BLANKS, text[end]))
        end++;
    *line = (struct bytes){text + end, line->len - end};
    return (struct bytes){text + before, end - before};
}

/* Whether a line has no control byte, which could end the header and begin
 * another. */
static bool is_clean(struct bytes line)
{
    const unsigned char *text = line.data;

    for (size_t i = 0; i < line.len; i++)
        if ((text[i] < 0x20 && text[i] != '\t' && text[i] != '\r') ||
            text[i] == 0x7f)
            return false;
    return true;
}

static bool is_word(struct bytes text, const char *word)
{
    return text.len == strlen(word) &&
           strncasecmp(text.data, word, text.len) == 0;
}

/* The words behind the host: "user:password", or the scheme (RFC 9110 11.1, in
 * any case of letters) and what belongs to it. NULL if they are neither. */
static char *make_header(struct bytes second, struct bytes third)
{
    if (third.len > 0 && is_word(second, "bearer"))
        return make_bearer(third.data, third.len);
    if (third.len > 0 && !is_word(second, "basic"))
        return NULL;
    if (third.len > 0)
        second = third;
    return memchr(second.data, ':', second.len)
               ? make_basic(second.data, second.len)
               : NULL;
}

/* Adds one line; returns false if it is malformed. Empty lines and remarks are
 * fine. */
static bool add_line(struct auth *auth, struct bytes line)
{
    struct bytes host;
    struct bytes second;
    struct bytes third;
    char *header;

    if (!is_clean(line) || line.len > AUTH_LINE_BYTES_MAX)
        return false;
    host = next_word(&line);
    if (host.len == 0 || *(const char *)host.data == '#')
        return true;
    second = next_word(&line);
    third = next_word(&line);
    if (second.len == 0 || next_word(&line).len > 0)
        return false;
    header = make_header(second, third);
    if (!header)
        return false;
    if (auth->nr == auth->cap) {
        auth->cap = auth->cap ? auth->cap * 2 : 8;
        auth->list = xrealloc_array(auth->list, auth->cap, sizeof(*auth->list));
    }
    auth->list[auth->nr++] =
        (struct credential){xmemdup0(host.data, host.len), header};
    return true;
}

/* Reads the file with read(2), as stdio would keep the text in a buffer of its
 * own that nobody wipes. */
static enum err read_file(struct buf *text, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    enum err err = CERR_OK;
    ssize_t nr = 1;

    if (fd < 0)
        return CERR_NOT_FOUND;
    while (!err && nr > 0) {
        char piece[4096];

        nr = read(fd, piece, sizeof(piece));
        if (nr < 0 && errno == EINTR)
            nr = 1;
        else if (nr < 0)
            err = CERR_IO;
        else
            err = buf_add(text, piece, (size_t)nr);
        explicit_bzero(piece, sizeof(piece));
    }
    close(fd);
    return err;
}

enum err auth_load(struct auth **out, const char *path, size_t *bad_line)
{
    struct auth *auth = xcalloc(1, sizeof(*auth));
    struct buf text;
    size_t number = 0;
    enum err err;

    buf_init(&text, AUTH_FILE_BYTES_MAX);
    err = read_file(&text, path);
    for (size_t at = 0; !err && at < text.len;) {
        const char *start = (const char *)text.data + at;
        const char *end = memchr(start, '\n', text.len - at);
        size_t len = end ? (size_t)(end - start) : text.len - at;

        number++;
        if (!add_line(auth, (struct bytes){start, len})) {
            if (bad_line)
                *bad_line = number;
            err = CERR_INVALID;
        }
        at += len + 1;
    }
    if (text.data)
        explicit_bzero(text.data, text.cap);
    buf_release(&text);
    if (err)
        auth_free(auth);
    else
        *out = auth;
    return err;
}

/* The list is searched from its front, as a file names few hosts and only jobs
 * with JOB_LISTED_AUTH ask. Of two lines for a host the first counts. */
const char *auth_header(const struct auth *auth, const char *host, size_t len)
{
    for (size_t i = 0; auth && i < auth->nr; i++)
        if (strlen(auth->list[i].host) == len &&
            strncasecmp(auth->list[i].host, host, len) == 0)
            return auth->list[i].header;
    return NULL;
}
