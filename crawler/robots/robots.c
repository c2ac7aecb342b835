/*
 * The parser and the judge behind robots.h.
 *
 * DESIGN. The file is read twice: first to see whether a group names the
 * token, then to collect what the groups for it (or for "*") say. Texts and
 * compiled patterns lie in one pool. Rules are sorted by what decides, the
 * length of the pattern and then Allow, so the first that matches is the
 * verdict.
 *
 * Groups (RFC 9309 2.2.1): user-agent lines in a row begin one, the first
 * rule behind them ends their row. Other records neither begin nor end
 * anything (2.2.4), so
 *
 *     User-agent: a
 *     Crawl-delay: 10
 *     User-agent: b
 *     Disallow: /
 *
 * is one group of two for the rule. The delay, which the RFC does not know,
 * is for the agents named right before it only, "a" here: so it is meant.
 */
#include "crawler/robots/robots.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/unfilled.h"
#include "crawler/robots/robots_index.h"
#include "crawler/robots/robots_rule.h"

#define TARGET_BYTES 20480 /* bytes of a path that matching looks at */

/* Never reached: a rule on a line of n bytes takes n bytes of text and at most
 * 1.5 n + 4 of pieces, and n is at least 7 ("allow:/"). */
#define POOL_BYTES_MAX (4 * ROBOTS_BYTES_MAX)

struct place {
    uint32_t at, len; /* in the pool */
};

/* What one file says to one token. */
struct robots {
    struct buf pool;
    struct buf rules; /* of struct robots_rule, sorted */
    struct robots_index index;
    struct buf sitemaps; /* of struct place */
    size_t nr_wildcards; /* rules that count for ROBOTS_WILDCARDS_MAX */
    double delay_s;
    bool names_token;
};

static size_t nr_rules(const struct robots *robots)
{
    return robots->rules.len / sizeof(struct robots_rule);
}

static struct robots_rules rules_of(const struct robots *robots)
{
    return (struct robots_rules){
        (const struct robots_rule *)(const void *)robots->rules.data,
        nr_rules(robots), &robots->pool};
}

/* ---- lines ---- */

enum line_kind {
    LINE_OTHER,
    LINE_USER_AGENT,
    LINE_ALLOW,
    LINE_DISALLOW,
    LINE_CRAWL_DELAY,
    LINE_SITEMAP,
};

/* The misspellings are those that Google's parser knows. */
static const struct {
    const char *name;
    enum line_kind kind;
} line_names[] = {
    {"user-agent", LINE_USER_AGENT},   {"useragent", LINE_USER_AGENT},
    {"user agent", LINE_USER_AGENT},   {"allow", LINE_ALLOW},
    {"disallow", LINE_DISALLOW},       {"dissallow", LINE_DISALLOW},
    {"dissalow", LINE_DISALLOW},       {"disalow", LINE_DISALLOW},
    {"diasllow", LINE_DISALLOW},       {"disallaw", LINE_DISALLOW},
    {"crawl-delay", LINE_CRAWL_DELAY}, {"sitemap", LINE_SITEMAP},
    {"site-map", LINE_SITEMAP},
};
#define NR_LINE_NAMES (sizeof(line_names) / sizeof(line_names[0]))

/* One line of the file, cut into name and value. Borrowed from the file. */
struct line {
    const char *text; /* trimmed, without comment */
    size_t len;
    enum line_kind kind;
    const char *value; /* trimmed */
    size_t value_len;
    uint32_t number;
};

struct reader {
    const char *at, *end;
    uint32_t number; /* of the last line read */
};

/* White space as isspace() has it in the C locale. */
static bool is_space(char byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

static void trim(const char **text, size_t *len)
{
    while (*len && is_space((*text)[*len - 1]))
        --*len;
    while (*len && is_space(**text)) {
        ++*text;
        --*len;
    }
}

static enum line_kind kind_of(const char *name, size_t len)
{
    for (size_t i = 0; i < NR_LINE_NAMES; i++)
        if (strlen(line_names[i].name) == len &&
            strncasecmp(line_names[i].name, name, len) == 0)
            return line_names[i].kind;
    return LINE_OTHER;
}

/* Finds the white space between two words, and NULL if there are more. */
static const char *gap_of_two_words(const char *text, size_t len)
{
    const char *end = text + len, *gap = text, *word;

    while (gap < end && !is_space(*gap))
        gap++;
    word = gap;
    while (word < end && is_space(*word))
        word++;
    for (const char *at = word; at < end; at++)
        if (is_space(*at))
            return NULL;
    return word < end ? gap : NULL;
}

/* Cuts a line into name and value, which a colon parts, with white space around
 * both (RFC 9309, 2.2). */
static void split_name_and_value(struct line *line)
{
    const char *name = line->text;
    const char *gap = memchr(line->text, ':', line->len);
    size_t name_len;

    line->kind = LINE_OTHER;
    if (!gap) /* the colon is forgotten at times: "Disallow /a" */
        gap = gap_of_two_words(line->text, line->len);
    if (!gap)
        return;
    name_len = (size_t)(gap - line->text);
    trim(&name, &name_len);
    line->kind = kind_of(name, name_len);
    line->value = gap + 1;
    line->value_len = (size_t)(line->text + line->len - line->value);
    trim(&line->value, &line->value_len);
}

/* Reads the next line, which ends in LF, CRLF or CR, or with the file. */
static bool next_line(struct reader *reader, struct line *line)
{
    const char *at = reader->at, *comment;
    size_t len = 0, left = (size_t)(reader->end - at);

    if (!left)
        return false;
    while (len < left && at[len] != '\n' && at[len] != '\r')
        len++;
    reader->at = at + len;
    if (left - len >= 2 && at[len] == '\r' && at[len + 1] == '\n')
        reader->at += 2;
    else if (len < left)
        reader->at++;

    line->number = ++reader->number;
    if (len > ROBOTS_LINE_BYTES)
        len = ROBOTS_LINE_BYTES;
    comment = memchr(at, '#', len);
    line->text = at;
    line->len = comment ? (size_t)(comment - at) : len;
    trim(&line->text, &line->len);
    split_name_and_value(line);
    return true;
}

/* A reader at the beginning of the file, behind a byte order mark, of which any
 * part counts as one (Google does the same). */
static struct reader reader_of(const void *data, size_t len)
{
    static const char bom[] = "\xef\xbb\xbf";
    struct reader reader = {.at = data ? data : ""};

    if (len >= ROBOTS_BYTES_MAX) {
        /* The file was cut, here or by the fetch. Half a line may be a very
         * different rule: "/" of "/private". */
        len = ROBOTS_BYTES_MAX;
        while (len && reader.at[len - 1] != '\n' && reader.at[len - 1] != '\r')
            len--;
    }
    reader.end = reader.at + len;
    for (size_t i = 0; bom[i] && reader.at < reader.end; i++) {
        if (*reader.at != bom[i])
            break;
        reader.at++;
    }
    return reader;
}

/* ---- groups ---- */

/* Returns the length of the product token at the beginning (RFC 9309, 2.2.1).
 * Digits are not in its grammar, but in the names that people use. */
static size_t token_len(const char *text, size_t len)
{
    size_t i = 0;

    while (i < len && ((text[i] >= 'a' && text[i] <= 'z') ||
                       (text[i] >= 'A' && text[i] <= 'Z') ||
                       (text[i] >= '0' && text[i] <= '9') || text[i] == '_' ||
                       text[i] == '-'))
        i++;
    return i;
}

/* Whether the line names everybody. Some files come as HTML: "*<br>". */
static bool is_star(const struct line *line)
{
    return line->value_len && line->value[0] == '*' &&
           (line->value_len == 1 || is_space(line->value[1]) ||
            line->value[1] == '<');
}

/* Whether the line names the token. A token of length 0 is nobody's name, so
 * that the groups for "*" count. */
static bool is_token(const struct line *line, const char *token, size_t len)
{
    return len && token_len(line->value, line->value_len) == len &&
           strncasecmp(line->value, token, len) == 0;
}

/* The first reading: whether some group names the token. */
static bool file_names(const void *data, size_t data_len, const char *token,
                       size_t len)
{
    struct reader reader = reader_of(data, data_len);
    struct line line;

    while (next_line(&reader, &line))
        if (line.kind == LINE_USER_AGENT && is_token(&line, token, len))
            return true;
    return false;
}

/* ---- records ---- */

static enum err pool_add(struct robots *robots, const char *text, size_t len,
                         uint32_t *at)
{
    *at = (uint32_t)robots->pool.len;
    return buf_add(&robots->pool, text, len);
}

/* Whether a value is a pattern: it begins with a slash (RFC 9309, 2.2.2) or a
 * wildcard; others, empty ones first of all, are no rule. */
static bool is_pattern(const char *value, size_t len)
{
    return len && (*value == '/' || *value == '*');
}

/* Keeps a rule, compiled, with its line for `crawl why`. */
static enum err add_rule(struct robots *robots, const struct line *line)
{
    struct robots_rule rule = {.allow = line->kind == LINE_ALLOW,
                               .text_len = (uint16_t)line->len,
                               .line = line->number};
    bool has_wildcard;
    enum err err;

    if (!is_pattern(line->value, line->value_len) ||
        nr_rules(robots) == ROBOTS_RULES_MAX)
        return CERR_OK;
    has_wildcard = memchr(line->value, '*', line->value_len - 1) != NULL;
    if (has_wildcard && robots->nr_wildcards == ROBOTS_WILDCARDS_MAX)
        return CERR_OK;
    robots->nr_wildcards += has_wildcard;
    err = pool_add(robots, line->text, line->len, &rule.text_at);
    if (!err)
        err = robots_rule_compile(&rule, &robots->pool, line->value,
                                  line->value_len);
    if (!err)
        err = buf_add(&robots->rules, &rule, sizeof(rule));
    return err;
}

/* A sitemap line counts once, in whatever group it stands (2.2.4). */
static enum err add_sitemap(struct robots *robots, const struct line *line)
{
    struct place place = {.len = (uint32_t)line->value_len};
    size_t nr = robots_nr_sitemaps(robots);
    enum err err;

    if (!line->value_len || nr >= ROBOTS_SITEMAPS_MAX)
        return CERR_OK;
    for (size_t i = 0; i < nr; i++) {
        struct bytes known = robots_sitemap(robots, i);

        if (known.len == line->value_len &&
            memcmp(known.data, line->value, known.len) == 0)
            return CERR_OK;
    }
    err = pool_add(robots, line->value, line->value_len, &place.at);
    if (!err)
        err = buf_add(&robots->sitemaps, &place, sizeof(place));
    return err;
}

/* Reads a delay in seconds, digits with at most one point; returns a negative
 * number if it is none. */
static double read_delay(const char *text, size_t len)
{
    double value = 0, unit = 1;
    bool has_point = false, has_digit = false;

    for (size_t i = 0; i < len; i++) {
        if (text[i] == '.' && !has_point) {
            has_point = true;
        } else if (text[i] >= '0' && text[i] <= '9') {
            has_digit = true;
            value = value * 10 + (text[i] - '0');
            unit *= has_point ? 10 : 1;
        } else {
            return -1;
        }
        if (unit > 1e6) /* finer than a microsecond */
            break;
    }
    if (!has_digit)
        return -1;
    value /= unit;
    return value < ROBOTS_DELAY_MAX_S ? value : ROBOTS_DELAY_MAX_S;
}

/* Keeps the longest of several delays, which offends nobody. In a file that
 * comes as HTML a tag stands behind the number. */
static void add_delay(struct robots *robots, const struct line *line)
{
    const char *value = line->value;
    const char *tag = memchr(value, '<', line->value_len);
    size_t len = tag ? (size_t)(tag - value) : line->value_len;
    double delay_s;

    trim(&value, &len);
    delay_s = read_delay(value, len);

    if (delay_s > robots->delay_s)
        robots->delay_s = delay_s;
}

/* The group that is being read: whether what follows is for the token. */
struct group {
    bool wanted;      /* rules */
    bool has_rule;    /* so the next user-agent line begins a group */
    bool wants_delay; /* the same two for delays */
    bool has_delay;
};

/* A user-agent line: it begins a group, or adds one more agent to its head. */
static void name_agent(struct group *group, bool is_named)
{
    if (group->has_rule)
        *group = (struct group){0};
    if (group->has_delay)
        group->wants_delay = group->has_delay = false;
    group->wanted |= is_named;
    group->wants_delay |= is_named;
}

/* The second reading: rules and delay of our groups, all sitemaps. */
static enum err collect(struct robots *robots, struct reader reader,
                        const char *token, size_t token_bytes)
{
    struct group group = {0};
    enum err err = CERR_OK;
    struct line line;

    while (!err && next_line(&reader, &line)) {
        switch (line.kind) {
        case LINE_USER_AGENT:
            name_agent(&group, robots->names_token
                                   ? is_token(&line, token, token_bytes)
                                   : is_star(&line));
            break;
        case LINE_ALLOW:
        case LINE_DISALLOW:
            group.has_rule = true;
            if (group.wanted)
                err = add_rule(robots, &line);
            break;
        case LINE_CRAWL_DELAY:
            group.has_delay = true;
            if (group.wants_delay)
                add_delay(robots, &line);
            break;
        case LINE_SITEMAP:
            err = add_sitemap(robots, &line);
            break;
        case LINE_OTHER:
            break;
        }
    }
    return err;
}

/* Orders rules by what decides: the longest pattern first, and Allow before
 * Disallow (RFC 9309, 2.2.2). */
static int compare_rules(const void *left, const void *right)
{
    const struct robots_rule *a = left, *b = right;

    if (a->octets != b->octets)
        return a->octets > b->octets ? -1 : 1;
    if (a->allow != b->allow)
        return a->allow ? -1 : 1;
    return a->line < b->line ? -1 : a->line > b->line;
}

/* ---- public ---- */

enum err robots_parse(struct robots **robots, const void *data, size_t len,
                      const char *token)
{
    struct robots *new = calloc(1, sizeof(*new));
    size_t token_bytes = token_len(token, strlen(token));
    enum err err;

    *robots = NULL;
    if (!new)
        return CERR_NOMEM;
    buf_init(&new->pool, POOL_BYTES_MAX);
    buf_init(&new->rules, ROBOTS_RULES_MAX * sizeof(struct robots_rule));
    buf_init(&new->sitemaps, ROBOTS_SITEMAPS_MAX * sizeof(struct place));
    new->delay_s = -1;
    new->names_token = file_names(data, len, token, token_bytes);
    err = collect(new, reader_of(data, len), token, token_bytes);
    if (!err && nr_rules(new) > 1)
        qsort(new->rules.data, nr_rules(new), sizeof(struct robots_rule),
              compare_rules);
    if (!err) {
        struct robots_rules rules = rules_of(new);

        err = robots_index_make(&new->index, &rules);
    }
    if (err) {
        robots_free(new);
        return err;
    }
    *robots = new;
    return CERR_OK;
}

void robots_free(struct robots *robots)
{
    if (!robots)
        return;
    buf_release(&robots->pool);
    buf_release(&robots->rules);
    robots_index_release(&robots->index);
    buf_release(&robots->sitemaps);
    free(robots);
}

/* Without a rule the path is allowed (RFC 9309 2.2.2). */
static bool give_verdict(const struct robots *robots,
                         const struct robots_rule *rule,
                         struct robots_verdict *verdict)
{
    bool allowed = !rule || rule->allow;

    if (!verdict)
        return allowed;
    *verdict = (struct robots_verdict){.allowed = allowed, .rule.data = ""};
    if (rule) {
        verdict->rule.data = robots->pool.data + rule->text_at;
        verdict->rule.len = rule->text_len;
        verdict->line = (int)rule->line;
    }
    return allowed;
}

bool robots_allows(const struct robots *robots, const char *target, size_t len,
                   struct robots_verdict *verdict)
{
    static const char self[] = "/robots.txt";
    struct robots_rules rules = rules_of(robots);
    UNFILLED char path[TARGET_BYTES + 1];
    size_t path_len = 0, number;

    if (len == sizeof(self) - 1 && memcmp(target, self, len) == 0)
        return give_verdict(robots, NULL, verdict);
    if (!len || *target != '/')
        path[path_len++] = '/';
    if (len > TARGET_BYTES)
        len = TARGET_BYTES;
    path_len += robots_normalize(target, len, path + path_len);
    number = robots_index_find(&robots->index, &rules, path, path_len);
    return give_verdict(robots,
                        number == ROBOTS_NO_RULE ? NULL : &rules.items[number],
                        verdict);
}

double robots_crawl_delay_s(const struct robots *robots)
{
    return robots->delay_s;
}

size_t robots_nr_sitemaps(const struct robots *robots)
{
    return robots->sitemaps.len / sizeof(struct place);
}

struct bytes robots_sitemap(const struct robots *robots, size_t i)
{
    struct place place;

    memcpy(&place, robots->sitemaps.data + i * sizeof(place), sizeof(place));
    return (struct bytes){.data = robots->pool.data + place.at,
                          .len = place.len};
}

size_t robots_bytes(const struct robots *robots)
{
    return sizeof(*robots) + robots->pool.cap + robots->rules.cap +
           robots->sitemaps.cap + robots_index_bytes(&robots->index);
}
