/*
 * The reader behind head.h. A line is added to the whole head first and read
 * there, so that a value is remembered as an offset and nothing is copied.
 * Whether a line has the form of HTTP at all is judged by libcurl.
 */
#include "crawler/fetch/head.h"

#include <string.h>
#include <strings.h>

#include "crawler/politeness/rate_limit.h"

void head_init(struct head *head, size_t max_bytes, const char *agent)
{
    *head = (struct head){.max_bytes = max_bytes, .agent = agent};
    buf_init(&head->bytes, max_bytes);
    buf_init(&head->codings, HEAD_CODINGS_BYTES);
    head_reset(head);
}

void head_release(struct head *head)
{
    buf_release(&head->bytes);
    buf_release(&head->codings);
}

/* Begins a head, as an interim answer (1xx) may stand before the final one. Its
 * bytes still count in `total_bytes`. */
static void begin(struct head *head)
{
    buf_reset(&head->bytes);
    buf_reset(&head->codings);
    head->status = 0;
    head->complete = false;
    head->content_length = -1;
    head->robots = 0;
    head->sets_cookie = false;
    head->length_error = ERROR_NONE;
    head->field = -1;
    memset(head->values, 0, sizeof(head->values));
}

void head_reset(struct head *head)
{
    begin(head);
    head->total_bytes = 0;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct bytes trim(const char *text, size_t len)
{
    while (len > 0 && is_blank(text[0])) {
        text++;
        len--;
    }
    while (len > 0 && is_blank(text[len - 1]))
        len--;
    return (struct bytes){text, len};
}

static bool equals(struct bytes text, const char *word)
{
    return text.len == strlen(word) &&
           strncasecmp(text.data, word, text.len) == 0;
}

/* Cuts the part before the next comma off the front. */
static struct bytes next_element(struct bytes *list)
{
    const char *text = list->data;
    const char *comma = memchr(text, ',', list->len);
    size_t len = comma ? (size_t)(comma - text) : list->len;
    size_t used = comma ? len + 1 : len;

    *list = (struct bytes){text + used, list->len - used};
    return trim(text, len);
}

/* Reads a Content-Length. It may be a list of equal numbers, or stand there
 * several times with the same one (RFC 9112, 6.3); all else is an error. */
static enum error read_length(struct head *head, struct bytes value)
{
    do {
        struct bytes element = next_element(&value);
        const char *digits = element.data;
        int64_t length = 0;

        if (element.len == 0)
            return ERROR_PROTOCOL;
        for (size_t i = 0; i < element.len; i++) {
            if (digits[i] < '0' || digits[i] > '9')
                return ERROR_PROTOCOL;
            if (__builtin_mul_overflow(length, 10, &length) ||
                __builtin_add_overflow(length, digits[i] - '0', &length))
                return ERROR_TOO_LARGE;
        }
        if (head->content_length >= 0 && head->content_length != length)
            return ERROR_PROTOCOL;
        head->content_length = length;
    } while (value.len > 0);
    return ERROR_NONE;
}

/* Reads one rule for robots; those that a crawler neither acts on nor stores
 * give 0. */
static uint8_t robots_rule(struct bytes word)
{
    if (equals(word, "noindex"))
        return PAGE_NOINDEX;
    if (equals(word, "nofollow"))
        return PAGE_NOFOLLOW;
    if (equals(word, "noarchive"))
        return PAGE_NOARCHIVE;
    if (equals(word, "none"))
        return PAGE_NOINDEX | PAGE_NOFOLLOW;
    return 0;
}

/* Whether a rule carries a value: a colon after such a word does not end the
 * name of a robot. */
static bool has_value(struct bytes name)
{
    return equals(name, "unavailable_after") || equals(name, "max-snippet") ||
           equals(name, "max-image-preview") ||
           equals(name, "max-video-preview");
}

/*
 * X-Robots-Tag is a list of rules, joined by commas. "name:" before a rule
 * gives it, and those behind it, to that robot alone. There is no standard:
 * the form is the one that Google and Bing document.
 */
static void read_robots(struct head *head, struct bytes value)
{
    bool ours = true;

    while (value.len > 0) {
        struct bytes word = next_element(&value);
        const char *text = word.data;
        const char *colon = memchr(text, ':', word.len);

        if (colon) {
            struct bytes name = trim(text, (size_t)(colon - text));

            if (has_value(name))
                continue;
            ours = head->agent && equals(name, head->agent);
            word = trim(colon + 1, word.len - (size_t)(colon + 1 - text));
        }
        if (ours)
            head->robots |= robots_rule(word);
    }
}

/* Several headers of a name are one list (RFC 9110, section 5.3). A list that
 * is too long counts as a coding that is unknown. */
static enum error add_codings(struct head *head, struct bytes value)
{
    enum err err = CERR_OK;

    if (head->codings.len > 0)
        err = buf_add_byte(&head->codings, ',');
    if (!err)
        err = buf_add(&head->codings, value.data, value.len);
    if (err == CERR_TOO_BIG)
        return ERROR_BAD_ENCODING;
    return err ? ERROR_INTERNAL : ERROR_NONE;
}

/* The type and subtype that a Content-Type begins with. */
static struct bytes essence_of(struct bytes type)
{
    const char *text = type.data;
    const char *end = memchr(text, ';', type.len);

    return trim(text, end ? (size_t)(end - text) : type.len);
}

/* Whether a further Content-Type counts in place of the one before it: the
 * last that is a type does, but one that says the same without parameters does
 * not take those away (Fetch, "extract a MIME type"). */
static bool replaces_type(struct bytes before, struct bytes value)
{
    struct bytes old = essence_of(before), new = essence_of(value);
    const char *slash = memchr(new.data, '/', new.len);

    if (!slash || slash == (const char *)new.data ||
        slash + 1 == (const char *)new.data + new.len || equals(new, "*/*"))
        return false;
    return new.len != old.len || new.len < value.len ||
           strncasecmp(new.data, old.data, new.len) != 0;
}

static void set_value(struct head *head, enum head_field field,
                      struct bytes value)
{
    const unsigned char *start = head->bytes.data;

    head->values[field].seen = true;
    head->values[field].len = (uint32_t)value.len;
    head->values[field].at =
        (uint32_t)((const unsigned char *)value.data - start);
}

/* Keeps of all fields RateLimit, which are one list, the reset that matters. */
static void keep_quota(struct head *head, struct bytes value)
{
    struct bytes before = head_value(head, HEAD_QUOTA_SPENT);
    struct bytes reset = rate_limit_spent(value, before);

    if (reset.len > 0)
        set_value(head, HEAD_QUOTA_SPENT, reset);
}

/* Keeps the first value of a field, and of Content-Type the last; but two
 * Locations that differ are an error, as nobody can tell where to go. */
static enum error keep_value(struct head *head, enum head_field field,
                             struct bytes value)
{
    if (field == HEAD_QUOTA_SPENT) {
        keep_quota(head, value);
        return ERROR_NONE;
    }
    if (head->values[field].seen) {
        struct bytes first = head_value(head, field);

        if (field == HEAD_LOCATION &&
            (first.len != value.len ||
             memcmp(first.data, value.data, value.len) != 0))
            return ERROR_BAD_REDIRECT;
        if (field != HEAD_TYPE || !replaces_type(first, value))
            return ERROR_NONE;
    }
    head->field = (int)field;
    set_value(head, field, value);
    return ERROR_NONE;
}

#define NO_TEXT SIZE_MAX

/* The headers of which one value is kept. `page_offset` is that of the text in
 * struct page which shows the value as it is. */
static const struct {
    const char *name; /* lower case */
    size_t len;
    size_t page_offset;
} kept[HEAD_FIELD_NR] = {
    [HEAD_TYPE] = {"content-type", 12, NO_TEXT},
    [HEAD_LOCATION] = {"location", 8, NO_TEXT},
    [HEAD_ETAG] = {"etag", 4, offsetof(struct page, etag)},
    [HEAD_LAST_MODIFIED] = {"last-modified", 13,
                            offsetof(struct page, last_modified)},
    [HEAD_RETRY_AFTER] = {"retry-after", 11,
                          offsetof(struct page, retry_after)},
    [HEAD_SERVER] = {"server", 6, offsetof(struct page, server)},
    [HEAD_REFRESH] = {"refresh", 7, NO_TEXT},
    [HEAD_QUOTA_SPENT] = {"ratelimit", 9, NO_TEXT},
    [HEAD_REMAINING] = {"ratelimit-remaining", 19, NO_TEXT},
    [HEAD_RESET] = {"ratelimit-reset", 15, NO_TEXT},
    [HEAD_X_REMAINING] = {"x-ratelimit-remaining", 21, NO_TEXT},
    [HEAD_X_RESET] = {"x-ratelimit-reset", 17, NO_TEXT},
};

static enum error read_field(struct head *head, const char *line, size_t len)
{
    const char *colon = memchr(line, ':', len);
    size_t name_len = colon ? (size_t)(colon - line) : 0;
    struct bytes name = {line, name_len};
    struct bytes value;

    head->field = -1;
    if (!colon)
        return ERROR_NONE; /* no field: libcurl judges that */
    value = trim(colon + 1, len - name_len - 1);
    for (size_t i = 0; i < HEAD_FIELD_NR; i++)
        if (kept[i].len == name_len &&
            strncasecmp(line, kept[i].name, name_len) == 0)
            return keep_value(head, (enum head_field)i, value);
    if (equals(name, "content-length")) {
        if (!head->length_error)
            head->length_error = read_length(head, value);
        return ERROR_NONE;
    }
    if (equals(name, "content-encoding"))
        return add_codings(head, value);
    if (equals(name, "x-robots-tag"))
        read_robots(head, value);
    else if (equals(name, "set-cookie"))
        head->sets_cookie = true;
    return ERROR_NONE;
}

/* A folded line (RFC 9112, section 5.2) continues the value of the line before
 * it. Both lie one behind the other, so the value only becomes longer. */
static void extend_field(struct head *head)
{
    const char *start = (const char *)head->bytes.data;
    uint32_t at;
    struct bytes value;

    if (head->field < 0)
        return;
    at = head->values[head->field].at;
    value = trim(start + at, head->bytes.len - at);
    head->values[head->field].at = (uint32_t)((const char *)value.data - start);
    head->values[head->field].len = (uint32_t)value.len;
}

/* Reads the status: the number after the first blank, three digits at most; 0:
 * there is none. */
static int status_of(const char *line, size_t len)
{
    const char *space = memchr(line, ' ', len);
    int status = 0;

    if (!space)
        return 0;
    for (const char *at = space + 1;
         at < line + len && at < space + 4 && *at >= '0' && *at <= '9'; at++)
        status = status * 10 + (*at - '0');
    return status;
}

/* A head begins with the answer, and again behind that of an interim answer.
 * Behind a final one a line like that is a trailer. */
static bool begins_head(const struct head *head, const char *line, size_t len)
{
    if (head->bytes.len == 0)
        return true;
    return head->complete && head->status < 200 && len >= 5 &&
           memcmp(line, "HTTP/", 5) == 0;
}

enum error head_line(struct head *head, const char *line, size_t len)
{
    size_t at;

    if (len == 0)
        return ERROR_NONE;
    head->total_bytes += len;
    if (head->total_bytes > head->max_bytes)
        return ERROR_HEAD_TOO_LARGE;
    if (begins_head(head, line, len)) {
        begin(head);
        head->status = status_of(line, len);
        return buf_add(&head->bytes, line, len) ? ERROR_INTERNAL : ERROR_NONE;
    }
    if (head->complete)
        return ERROR_NONE; /* a trailer: nothing in it is believed */
    at = head->bytes.len;
    if (buf_add(&head->bytes, line, len))
        return ERROR_INTERNAL;
    line = (const char *)head->bytes.data + at;
    if (line[0] == '\n' || (len == 2 && line[0] == '\r' && line[1] == '\n')) {
        head->complete = true;
        /* a head that lies about its body is believed as a redirect alone */
        if (head->length_error && !head_redirects(head))
            head->complete = false;
        return head->length_error;
    }
    if (line[0] == ' ' || line[0] == '\t') {
        extend_field(head);
        return ERROR_NONE;
    }
    return read_field(head, line, len);
}

bool head_is_final(const struct head *head)
{
    return head->complete && head->status >= 200;
}

/* 304 is a 3xx that leads nowhere. */
bool head_redirects(const struct head *head)
{
    return head_is_final(head) && head->status >= 300 && head->status < 400 &&
           head->status != 304 && head->values[HEAD_LOCATION].seen;
}

struct bytes head_value(const struct head *head, enum head_field field)
{
    if (head->values[field].len == 0)
        return (struct bytes){"", 0};
    return (struct bytes){head->bytes.data + head->values[field].at,
                          head->values[field].len};
}

struct bytes head_quota_reset(const struct head *head)
{
    struct bytes reset = head_value(head, HEAD_QUOTA_SPENT);

    if (reset.len == 0 &&
        rate_limit_is_nothing(head_value(head, HEAD_REMAINING)))
        reset = head_value(head, HEAD_RESET);
    if (reset.len == 0 &&
        rate_limit_is_nothing(head_value(head, HEAD_X_REMAINING)))
        reset = head_value(head, HEAD_X_RESET);
    return reset;
}

struct bytes *head_page_text(enum head_field field, struct page *page)
{
    if (kept[field].page_offset == NO_TEXT)
        return NULL;
    return (struct bytes *)((char *)page + kept[field].page_offset);
}
