/*
 * The readers behind resolver_files.h. Both files are lines of words between
 * blanks; in nsswitch.conf(5) "#" begins a comment, in resolv.conf(5) "#" and
 * ";" do so at the beginning of a line.
 */
#include "crawler/names/resolver_files.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#define TIMEOUT_S_MAX 30 /* RES_MAXRETRANS */
#define ATTEMPTS_MAX  5  /* RES_MAXRETRY */

/* ---- lines and words ---- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Cuts the part before `end` off the front. */
static struct bytes cut(struct bytes *text, char end)
{
    const char *from = text->data;
    const char *at = text->len ? memchr(from, end, text->len) : NULL;
    size_t len = at ? (size_t)(at - from) : text->len;

    text->data = from + len + (at ? 1 : 0);
    text->len -= len + (at ? 1 : 0);
    return (struct bytes){from, len};
}

/* The next word of a line; len 0: there is none. */
static struct bytes next_word(struct bytes *line)
{
    const char *text = line->data;
    size_t from = 0, to;

    while (from < line->len && is_blank(text[from]))
        from++;
    for (to = from; to < line->len && !is_blank(text[to]); to++)
        ;
    *line = (struct bytes){text + to, line->len - to};
    return (struct bytes){text + from, to - from};
}

static bool is_word(struct bytes word, const char *text)
{
    return word.len == strlen(text) && memcmp(word.data, text, word.len) == 0;
}

/* Reads "name:number"; false if it is another option. */
static bool read_option(struct bytes word, const char *name, int most, int *out)
{
    const char *text = word.data;
    size_t len = strlen(name);
    int number = 0;

    if (word.len <= len || memcmp(text, name, len) != 0)
        return false;
    for (size_t i = len; i < word.len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        if (number <= most)
            number = 10 * number + (text[i] - '0');
    }
    *out = number > most ? most : number;
    return true;
}

/* ---- the two files ---- */

void resolver_read_patience(struct resolver_patience *patience,
                            struct bytes text)
{
    while (text.len > 0) {
        struct bytes line = cut(&text, '\n');
        struct bytes word = next_word(&line);
        int number;

        if (!is_word(word, "options"))
            continue;
        for (word = next_word(&line); word.len > 0; word = next_word(&line)) {
            if (read_option(word, "timeout:", TIMEOUT_S_MAX, &number) &&
                number > 0)
                patience->wait_ms = number * 1000;
            else if (read_option(word, "attempts:", ATTEMPTS_MAX, &number) &&
                     number > 0)
                patience->nr_tries = number;
        }
    }
}

/* What is asked: hosts(5), DNS, and names of this machine itself, of which
 * those that end in "localhost" need no asking. An action, "[!UNAVAIL=return]",
 * is no source. */
static bool is_asked(struct bytes word)
{
    return is_word(word, "files") || is_word(word, "dns") ||
           *(const char *)word.data == '[';
}

static void add_word(struct bytes word, char *out, size_t cap)
{
    size_t len = strlen(out);

    snprintf(out + len, cap - len, "%s%.*s", len ? " " : "", (int)word.len,
             (const char *)word.data);
}

void resolver_unasked(struct bytes text, char *out, size_t cap)
{
    out[0] = '\0';
    while (text.len > 0) {
        struct bytes line = cut(&text, '\n');
        struct bytes rest = cut(&line, '#');
        struct bytes name = cut(&rest, ':');
        struct bytes word;

        if (!is_word(next_word(&name), "hosts"))
            continue;
        for (word = next_word(&rest); word.len > 0; word = next_word(&rest))
            if (!is_asked(word))
                add_word(word, out, cap);
    }
}

/* ---- a list of name servers ---- */

/* Reads ":5353"; nothing at all is right too. */
static bool is_port(struct bytes text)
{
    const char *digits = text.data;
    int port = 0;

    if (text.len == 0)
        return true;
    if (digits[0] != ':' || text.len < 2 || text.len > 6)
        return false;
    for (size_t i = 1; i < text.len; i++) {
        if (digits[i] < '0' || digits[i] > '9')
            return false;
        port = 10 * port + (digits[i] - '0');
    }
    return port > 0 && port <= 65535;
}

/* Reads "192.0.2.1:53", "[2001:db8::1]:53" or "2001:db8::1". */
static bool is_server(struct bytes text)
{
    char address[INET6_ADDRSTRLEN];
    unsigned char bytes[16];
    const char *from = text.data, *end = from + text.len, *stop;
    bool is_bracketed = text.len > 0 && from[0] == '[';
    int family = AF_INET;

    if (is_bracketed) {
        stop = memchr(from, ']', text.len);
        family = AF_INET6;
        from++;
    } else {
        stop = text.len ? memchr(from, ':', text.len) : NULL;
        if (stop && memchr(stop + 1, ':', (size_t)(end - stop - 1))) {
            stop = end;
            family = AF_INET6;
        }
        if (!stop)
            stop = end;
    }
    if (!stop || (size_t)(stop - from) >= sizeof(address))
        return false;
    memcpy(address, from, (size_t)(stop - from));
    address[stop - from] = '\0';
    if (is_bracketed)
        stop++;
    return inet_pton(family, address, bytes) == 1 &&
           is_port((struct bytes){stop, (size_t)(end - stop)});
}

bool resolver_servers_are_valid(struct bytes list)
{
    bool is_valid =
        list.len > 0 && ((const char *)list.data)[list.len - 1] != ',';

    while (list.len > 0 && is_valid)
        is_valid = is_server(cut(&list, ','));
    return is_valid;
}
