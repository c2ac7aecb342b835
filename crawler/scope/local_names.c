/* Names as they are in the two files, in lower case and sorted. */
#include "crawler/scope/local_names.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "crawler/url/url.h"

#define DOMAINS_MAX    32  /* glibc has no limit; no network has so many */
#define NAME_BYTES_MAX 255 /* RFC 1035, 3.1 */

struct local_names {
    char **items; /* owned, each too; in lower case */
    size_t nr_items, cap;
    char *domains[DOMAINS_MAX]; /* owned; without a dot in front */
    size_t nr_domains;
};

struct local_names *local_names_new(void)
{
    return xcalloc(1, sizeof(struct local_names));
}

static void drop_domains(struct local_names *names)
{
    for (size_t i = 0; i < names->nr_domains; i++)
        free(names->domains[i]);
    names->nr_domains = 0;
}

void local_names_free(struct local_names *names)
{
    if (!names)
        return;
    for (size_t i = 0; i < names->nr_items; i++)
        free(names->items[i]);
    drop_domains(names);
    free(names->items);
    free(names);
}

/* ---- words ---- */

/* Takes the next word of a line, which a blank or a comment ends. */
static bool next_word(struct bytes *line, struct bytes *word)
{
    const char *at = line->data, *end = at + line->len, *from;

    while (at < end && (*at == ' ' || *at == '\t' || *at == '\r'))
        at++;
    from = at;
    while (at < end && *at != ' ' && *at != '\t' && *at != '\r' && *at != '#' &&
           *at != ';')
        at++;
    *word = (struct bytes){from, (size_t)(at - from)};
    *line = (struct bytes){at, (size_t)(end - at)};
    return word->len > 0;
}

static bool next_line(struct bytes *text, struct bytes *line)
{
    const char *end = text->len ? memchr(text->data, '\n', text->len) : NULL;
    size_t len = end ? (size_t)(end - (const char *)text->data) : text->len;

    if (text->len == 0)
        return false;
    *line = (struct bytes){text->data, len};
    len += end != NULL;
    *text = (struct bytes){(const char *)text->data + len, text->len - len};
    return true;
}

static bool is_word(struct bytes word, const char *text)
{
    return word.len == strlen(text) && memcmp(word.data, text, word.len) == 0;
}

/* A name in lower case, without the dot that may end it. */
static char *copy_name(struct bytes word)
{
    char *name;

    if (word.len > 0 && ((const char *)word.data)[word.len - 1] == '.')
        word.len--;
    name = xmemdup0(word.data, word.len);
    for (char *at = name; *at; at++)
        *at = (char)tolower((unsigned char)*at);
    return name;
}

/* ---- what is added ---- */

static void add_name(struct local_names *names, struct bytes word)
{
    if (word.len == 0 || word.len > NAME_BYTES_MAX ||
        names->nr_items == LOCAL_NAMES_MAX)
        return;
    if (names->nr_items == names->cap) {
        names->cap = names->cap ? 2 * names->cap : 16;
        names->items =
            xrealloc_array(names->items, names->cap, sizeof(*names->items));
    }
    names->items[names->nr_items++] = copy_name(word);
}

void local_names_add_hosts(struct local_names *names, struct bytes text)
{
    struct bytes line, word;

    while (next_line(&text, &line)) {
        if (!next_word(&line, &word)) /* the address */
            continue;
        while (next_word(&line, &word))
            add_name(names, word);
    }
}

static void add_domain(struct local_names *names, struct bytes word)
{
    const char *at = word.data;

    if (word.len > 0 && *at == '.')
        word = (struct bytes){at + 1, word.len - 1};
    if (word.len > 0 && names->nr_domains < DOMAINS_MAX)
        names->domains[names->nr_domains++] = copy_name(word);
}

void local_names_add_search(struct local_names *names, struct bytes text)
{
    struct bytes line, word;

    while (next_line(&text, &line)) {
        if (!next_word(&line, &word) ||
            !(is_word(word, "search") || is_word(word, "domain")))
            continue;
        drop_domains(names); /* of several lines the last one counts */
        while (next_word(&line, &word))
            add_domain(names, word);
    }
}

/* Entries may begin with '+' or '-': CURLOPT_RESOLVE(3). The latter takes an
 * address away. */
void local_names_add_resolve(struct local_names *names, const char *entry)
{
    if (*entry == '-')
        return;
    entry += *entry == '+';
    add_name(names, (struct bytes){entry, strcspn(entry, ":")});
}

/* ---- the question ---- */

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void local_names_sort(struct local_names *names)
{
    if (names->nr_items > 1)
        qsort(names->items, names->nr_items, sizeof(*names->items),
              compare_names);
}

/* Addresses are written in one way in a canonical URL. */
static bool is_address(struct bytes host)
{
    char text[INET_ADDRSTRLEN];
    struct in_addr address;

    if (host.len > 0 && *(const char *)host.data == '[')
        return true;
    if (host.len >= sizeof(text))
        return false;
    memcpy(text, host.data, host.len);
    text[host.len] = '\0';
    return inet_pton(AF_INET, text, &address) == 1;
}

static bool is_in_list(const struct local_names *names, struct bytes host)
{
    char *name = copy_name(host);
    bool found = bsearch(&name, names->items, names->nr_items,
                         sizeof(*names->items), compare_names) != NULL;

    free(name);
    return found;
}

bool local_names_has(const struct local_names *names, struct bytes host)
{
    if (host.len > 0 && ((const char *)host.data)[host.len - 1] == '.')
        host.len--;
    if (host.len == 0)
        return false;
    if (is_address(host) ||
        url_host_is_below(host, (struct bytes){"localhost", 9}) ||
        !memchr(host.data, '.', host.len))
        return true;
    if (!names)
        return false;
    for (size_t i = 0; i < names->nr_domains; i++)
        if (url_host_is_below(host, (struct bytes){names->domains[i],
                                                   strlen(names->domains[i])}))
            return true;
    return names->nr_items > 0 && is_in_list(names, host);
}
