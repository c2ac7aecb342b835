/*
 * What files are that people take for lists, see list_kind.h.
 *
 * A file that is surely no list is refused before anything starts: all its
 * lines would be bad, or worse, some would not. Of CSV that is never sure,
 * since a comma may stand in a URL: it is told, and each line is judged.
 */
#include "crawler/list/list_kind.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "crawler/list/unpack.h"
#include "crawler/list/utf16.h"

/* Text that was seen, as far as it was decoded. */
struct head {
    char text[LIST_KIND_BYTES];
    size_t len;
};

/* The beginnings of files, at their place. Those that are letters are read in
 * any case. */
static const struct {
    size_t at, len;
    const char *magic, *name, *advice;
} magics[] = {
    {0, 4, "PK\3\4", "a ZIP archive", "unzip -p @ | crawl -"},
    {257, 5, "ustar", "a tar archive", "tar -xOf @ | crawl -"},
    {0, 6, "7z\xbc\xaf\x27\x1c", "a 7z archive", "7z x -so @ | crawl -"},
    {0, 4, "Rar!", "a RAR archive", "unrar p -inul @ | crawl -"},
    {0, 4, "\x04\x22\x4d\x18", "compressed by lz4", "lz4 -dc @ | crawl -"},
    {0, 2, "\x1f\x9d", "compressed by compress", "gzip -dc @ | crawl -"},
    {0, 4, "LZIP", "compressed by lzip", "lzip -dc @ | crawl -"},
    {0, 4, "\xff\xfe\0\0", "text in UTF-32",
     "iconv -f UTF-32 -t UTF-8 @ | crawl -"},
    {0, 4, "\0\0\xfe\xff", "text in UTF-32",
     "iconv -f UTF-32 -t UTF-8 @ | crawl -"},
    {0, 16, "SQLite format 3", "an SQLite database",
     "sqlite3 @ .dump | grep -oE \"https?://[^ ']+\" | crawl -"},
    {0, 5, "%PDF-", "a PDF document",
     "pdftotext @ - | grep -oE 'https?://[^ ]+' | crawl -"},
    {0, 5, "WARC/", "a WARC archive",
     "grep -aoP '^WARC-Target-URI: \\K\\S+' @ | crawl -"},
};

/* What the first tag says of a document. The first one that occurs counts, so
 * that a sitemap with a stylesheet is no HTML. */
static const struct {
    const char *tag, *name, *advice;
} tags[] = {
    {"<urlset", "a sitemap", "crawl --sitemaps @"},
    {"<sitemapindex", "a sitemap index", "crawl --sitemaps @"},
    {"<rss", "a feed", "grep -oP '<link>\\s*\\K[^<\\s]+' @ | crawl -"},
    {"<feed", "a feed", "grep -oP '<link [^>]*href=\"\\K[^\"]+' @ | crawl -"},
    {"<!doctype html", "an HTML page",
     "grep -oE 'https?://[^\"<> ]+' @ | crawl -"},
    {"<html", "an HTML page", "grep -oE 'https?://[^\"<> ]+' @ | crawl -"},
    {"<?xml", "XML", "grep -oE 'https?://[^\"<> ]+' @ | crawl -"},
};

#define NR_SITEMAP_TAGS 2 /* that come first */

/* Headings of a column with URLs. */
static const char *const headings[] = {"url", "urls", "link",     "links",
                                       "uri", "href", "address",  "website",
                                       "loc", "page", "page_url", "final_url"};

/* ---- the first bytes as text ---- */

/* An unpack_fn: keeps what fits. */
static enum err keep(void *ctx, const void *data, size_t len)
{
    struct head *head = ctx;
    size_t room = sizeof(head->text) - head->len;
    size_t kept = len < room ? len : room;

    memcpy(head->text + head->len, data, kept);
    head->len += kept;
    return kept < len ? CERR_FULL : CERR_OK;
}

/* Decodes UTF-16 with a byte order mark in place. */
static void decode(struct head *head)
{
    static const char big[] = "\xfe\xff", little[] = "\xff\xfe";
    char out[UTF16_ROOM(LIST_KIND_BYTES)];
    struct utf16 utf16 = {0};

    if (head->len < 2 ||
        (memcmp(head->text, big, 2) != 0 && memcmp(head->text, little, 2) != 0))
        return;
    if (head->len >= 4 && memcmp(head->text, "\xff\xfe\0\0", 4) == 0)
        return; /* UTF-32 begins with the mark of UTF-16 */
    utf16.is_big = memcmp(head->text, big, 2) == 0;
    size_t len = utf16_decode(&utf16, head->text, head->len, out);
    head->len = len < sizeof(head->text) ? len : sizeof(head->text);
    memcpy(head->text, out, head->len);
}

static void fill_head(struct head *head, const void *data, size_t len)
{
    struct unpack *unpack = unpack_new(keep, head);

    head->len = 0;
    /* the error of a damaged file is told by who reads it whole */
    if (!unpack_feed(unpack, data,
                     len < LIST_KIND_BYTES ? len : LIST_KIND_BYTES) &&
        !unpack_is_plain(unpack) && !unpack_name(unpack)[0])
        (void)!unpack_finish(unpack);
    unpack_free(unpack);
    decode(head);
}

/* ---- documents ---- */

static struct list_kind refused(const char *name, const char *advice)
{
    return (struct list_kind){
        .name = name, .advice = advice, .is_refused = true};
}

/* Finds a tag, whose letters are in any case, among the first bytes. */
static bool has_tag(const char *at, const char *end, const char *tag)
{
    size_t len = strlen(tag);

    for (; (size_t)(end - at) >= len; at++)
        if (strncasecmp(at, tag, len) == 0)
            return true;
    return false;
}

/* A document in angle brackets begins with one; no URL does, but for
 * <http://...> in a mail. */
static struct list_kind markup_of(const char *at, const char *end)
{
    for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
        if (has_tag(at, end, tags[i].tag)) {
            struct list_kind kind = refused(tags[i].name, tags[i].advice);

            kind.is_sitemap = i < NR_SITEMAP_TAGS;
            return kind;
        }
    return (struct list_kind){0};
}

static struct list_kind json_of(const char *at, const char *end)
{
    const char *eol = memchr(at, '\n', (size_t)(end - at));
    size_t len = (size_t)((eol ? eol : end) - at);

    if (*at == '[' && (len == 1 || strchr("\"{ \r\t", at[1])))
        return refused("a JSON array", "jq -r '.[] | .url? // .' @ | crawl -");
    if (*at == '{' && (len == 1 || strchr("\" \r\t", at[1])))
        return refused("JSON lines", "jq -r .url @ | crawl -");
    return (struct list_kind){0};
}

/* Says whether the bytes are no text: control bytes occur in none, but for
 * white space and the NUL of `find -print0`. UTF-16 without its mark has a NUL
 * in each second place. */
static struct list_kind binary_of(const struct head *head)
{
    size_t nr_control = 0, nr_nul[2] = {0};

    for (size_t i = 0; i < head->len; i++) {
        unsigned char byte = (unsigned char)head->text[i];

        nr_nul[i % 2] += byte == 0;
        nr_control += byte != 0 && byte < 0x20 &&
                      (byte < '\t' || byte > '\r') && byte != 0x1b;
    }
    if (nr_nul[1] * 5 > head->len * 2 && nr_nul[0] * 50 < head->len)
        return refused("text in UTF-16 without a byte order mark",
                       "iconv -f UTF-16LE -t UTF-8 @ | crawl -");
    if (nr_nul[0] * 5 > head->len * 2 && nr_nul[1] * 50 < head->len)
        return refused("text in UTF-16 without a byte order mark",
                       "iconv -f UTF-16BE -t UTF-8 @ | crawl -");
    if (nr_control > 4 && nr_control * 20 > head->len)
        return refused("a binary file",
                       "strings @ | grep -oE 'https?://[^ ]+' | crawl -");
    return (struct list_kind){0};
}

/* ---- CSV ---- */

/* Whether a cell, without its quotes, is the heading of a column of URLs. */
static bool is_heading(const char *cell, size_t len)
{
    for (size_t i = 0; i < sizeof(headings) / sizeof(headings[0]); i++)
        if (len == strlen(headings[i]) &&
            strncasecmp(cell, headings[i], len) == 0)
            return true;
    return false;
}

static bool begins_url(const char *at, size_t len)
{
    return (len > 7 && strncasecmp(at, "http://", 7) == 0) ||
           (len > 8 && strncasecmp(at, "https://", 8) == 0);
}

/* Looks in one line for a cell that is a URL or the heading of URLs. A line
 * that begins with a URL is a line of a list. */
static bool find_column(const char *at, const char *end, char separator,
                        struct list_kind *kind)
{
    int column = 0;

    if (begins_url(at, (size_t)(end - at)) ||
        !memchr(at, separator, (size_t)(end - at)))
        return false;
    while (at <= end) {
        const char *cell_end = memchr(at, separator, (size_t)(end - at));
        const char *next = cell_end ? cell_end + 1 : end + 1;
        bool is_quoted = at < end && *at == '"';

        cell_end = cell_end ? cell_end : end;
        column++;
        if (is_quoted && cell_end - at > 1) {
            at++;
            cell_end -= cell_end[-1] == '"';
        }
        size_t len = (size_t)(cell_end - at);
        if (begins_url(at, len) || is_heading(at, len)) {
            kind->separator = separator;
            kind->column = column;
            kind->is_quoted = is_quoted;
            return true;
        }
        at = next;
    }
    return false;
}

/* The first line that is no comment decides. */
static struct list_kind csv_of(const char *at, const char *end)
{
    static const char separators[] = {',', ';', '|'};
    struct list_kind kind = {0};
    const char *eol;

    while (at < end && *at == '#') {
        eol = memchr(at, '\n', (size_t)(end - at));
        at = eol ? eol + 1 : end;
    }
    eol = memchr(at, '\n', (size_t)(end - at));
    eol = eol ? eol : end;
    eol -= eol > at && eol[-1] == '\r';
    for (size_t i = 0; i < sizeof(separators) && !kind.name; i++)
        if (find_column(at, eol, separators[i], &kind))
            kind.name = "CSV";
    return kind;
}

/* ---- the kind ---- */

struct list_kind list_kind_of(const void *data, size_t len)
{
    struct head head;
    struct list_kind kind;

    fill_head(&head, data, len);
    for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++)
        if (head.len >= magics[i].at + magics[i].len &&
            memcmp(head.text + magics[i].at, magics[i].magic, magics[i].len) ==
                0)
            return refused(magics[i].name, magics[i].advice);
    const char *at = head.text, *const end = at + head.len;
    if (end - at >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0)
        at += 3;
    while (at < end && (*at == ' ' || (*at >= '\t' && *at <= '\r')))
        at++;
    if (at == end)
        return (struct list_kind){0};
    kind = *at == '<' ? markup_of(at, end) : json_of(at, end);
    if (!kind.name)
        kind = binary_of(&head);
    return kind.name ? kind : csv_of(at, end);
}

void list_kind_describe(const struct list_kind *kind, const char *file,
                        char out[LIST_KIND_TEXT_BYTES])
{
    bool is_pipe = strcmp(file, "-") == 0;
    char word[320] = "", command[120];

    if (is_pipe && kind->is_sitemap)
        snprintf(word, sizeof(word), "-");
    if (!is_pipe)
        (void)text_shell_word(file, word, sizeof(word));
    if (kind->advice)
        snprintf(command, sizeof(command), "%s", kind->advice);
    else
        snprintf(command, sizeof(command), "cut -d'%c' -f%d @%s | crawl -",
                 kind->separator, kind->column,
                 kind->is_quoted ? " | tr -d '\"'" : "");
    size_t before = strcspn(command, "@");
    snprintf(out, LIST_KIND_TEXT_BYTES,
             "%s looks like %s, not like a list with one URL a line; try: "
             "%.*s%s%s",
             is_pipe ? "standard input" : word, kind->name, (int)before,
             command, word, command + before + 1);
}
