/*
 * crawl why: which rule decides about a URL.
 *
 * It asks the modules that decide during a crawl, in the order in which the
 * crawl asks them, and prints what each says. Nothing is fetched.
 */
#include "crawler/command/command_why.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "crawler/command/commands.h"
#include "crawler/crawl_settings.h"
#include "crawler/fetch/guard.h"
#include "crawler/frontier/line.h"
#include "crawler/frontier/scope.h"

#define DEFAULT_DATABASE "crawl.db"
#define USER_AGENT       "crawl/" CRAWL_VERSION

enum verdict { VERDICT_YES, VERDICT_NO, VERDICT_UNKNOWN };

static void say(struct why *why, const char *rule, enum verdict verdict,
                const char *format, ...) __attribute__((format(printf, 4, 5)));

/* One row of the answer. */
static void say(struct why *why, const char *rule, enum verdict verdict,
                const char *format, ...)
{
    static const char *const words[] = {"yes", "no", "unknown"};
    static const char *const names[] = {"rule", "passes", "why"};
    char *text = NULL;
    va_list args;

    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        text = NULL;
    va_end(args);
    const struct query_value values[] = {
        command_text(rule),
        command_text(words[verdict]),
        command_text(text),
    };
    const struct query_row row = {1, 3, names, values};
    if (row_printer_add(why->table, &row))
        why->status = CRAWL_EXIT_FAILURE;
    free(text);
}

/* The first rule that says no is the one that decides. */
static void refuse(struct why *why, enum error error)
{
    if (!why->error)
        why->error = error;
}

static const char *utc_text(int64_t wall_ms, char room[40])
{
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm parts;

    if (!gmtime_r(&seconds, &parts) ||
        strftime(room, 40, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
        room[0] = '\0';
    return room;
}

/* ---- the rules ---- */

static void judge_known(struct why *why)
{
    const struct why_known *known = &why->known;
    const char *ended = known->ended[0] ? known->ended : "to do";

    if (!why->reader)
        say(why, "known", VERDICT_UNKNOWN, "there is no database yet");
    else if (!known->has_url)
        say(why, "known", VERDICT_UNKNOWN, "%s does not have it", why->path);
    else if (known->line > 0)
        say(why, "known", VERDICT_YES, "line %lld of the list: %s",
            (long long)known->line, ended);
    else
        say(why, "known", VERDICT_YES, "found%s%s, depth %lld: %s",
            known->parent ? " on " : "", known->parent ? known->parent : "",
            (long long)known->depth, ended);
}

/* Whether `text` is where a crawl that began at why->from may go. */
static bool is_in_scope(struct why *why, struct scope *scope,
                        struct scope_verdict *verdict)
{
    if (why->folders && !folders_have(why->folders, &why->url)) {
        *verdict = (struct scope_verdict){ERROR_SCOPE, "scope prefix"};
        return false;
    }
    return scope_allows(scope, &why->url, &why->from, verdict);
}

static void judge_scope(struct why *why)
{
    const struct config *config = &why->config;
    char message[SCOPE_MESSAGE_BYTES];
    /* as in a crawl, where the list's folders are the scope */
    struct scope_options options = {
        .scope = config->scope == SCOPE_PREFIX
                     ? SCOPE_ANY
                     : (enum frontier_scope)config->scope,
        .include = config->include.items,
        .exclude = config->exclude.items,
        .nr_include = config->include.nr_items,
        .nr_exclude = config->exclude.nr_items,
    };
    struct scope_verdict verdict = {ERROR_NONE, ""};
    struct scope *scope;

    if (scope_new(&scope, &options, message)) {
        why->status = command_usage("%s", message);
        return;
    }
    if (!why->is_link)
        why->from = why->url;
    if (!is_in_scope(why, scope, &verdict)) {
        if (why->is_link)
            refuse(why, verdict.error);
        say(why, "scope", why->is_link ? VERDICT_NO : VERDICT_YES, "%s%s",
            why->is_link ? ""
                         : "a line of the list is always in scope; "
                           "a link would not be: ",
            verdict.rule);
    } else {
        say(why, "scope", VERDICT_YES, "%s",
            why->is_link ? verdict.rule
                         : "a line of the list is always in scope");
    }
    scope_free(scope);
}

static void judge_depth(struct why *why)
{
    int64_t depth =
        why->known.has_url && why->known.line == 0 ? why->known.depth : 1;

    if (!why->is_link)
        return;
    if (depth > why->config.depth) {
        refuse(why, ERROR_SCOPE);
        say(why, "depth", VERDICT_NO,
            "%lld hops from the list, and --depth is %lld", (long long)depth,
            (long long)why->config.depth);
    } else {
        say(why, "depth", VERDICT_YES, "%lld of --depth %lld", (long long)depth,
            (long long)why->config.depth);
    }
}

static void judge_traps(struct why *why)
{
    char reason[TRAP_REASON_BYTES] = "";
    enum trap_rule rule =
        trap_judge(why->trap, &why->url, why->known.nr_pages, reason);
    /* what the crawl knows already was new once */
    bool is_known = why->known.has_url;

    if (rule == TRAP_NONE) {
        say(why, "traps", VERDICT_YES, "within every limit");
    } else if (!why->is_link) {
        say(why, "traps", VERDICT_YES,
            "a line of the list is no trap; a link would be: %s", reason);
    } else if (is_known && (rule == TRAP_HAS_TOO_MANY_QUERIES ||
                            rule == TRAP_HAS_TOO_MANY_PAGES)) {
        say(why, "traps", VERDICT_YES, "it came before the limit: %s", reason);
    } else {
        refuse(why, ERROR_TRAP);
        say(why, "traps", VERDICT_NO, "%s", reason);
    }
}

static void judge_text(struct why *why, struct bytes text, const char *source)
{
    const struct config *config = &why->config;
    const char *agent = config->user_agent ? config->user_agent : USER_AGENT;
    struct robots_verdict verdict;
    struct robots *robots = NULL;
    size_t path_len = why->url.len - why->url.path_at; /* no fragment is left */
    double delay_s;

    if (robots_parse(&robots, text.data, text.len, agent)) {
        why->status = CRAWL_EXIT_FAILURE;
        return;
    }
    bool allowed = robots_allows(robots, why->url.text + why->url.path_at,
                                 path_len, &verdict);
    if (!allowed)
        refuse(why, ERROR_ROBOTS);
    if (verdict.line)
        say(why, "robots", allowed ? VERDICT_YES : VERDICT_NO,
            "line %d: %.*s (%s)", verdict.line, (int)verdict.rule.len,
            (const char *)verdict.rule.data, source);
    else
        say(why, "robots", VERDICT_YES, "no rule matches (%s)", source);
    delay_s = robots_crawl_delay_s(robots);
    if (delay_s >= 0)
        why->delay_ms = (int64_t)(delay_s * 1000);
    robots_free(robots);
}

static void judge_file(struct why *why, const char *path)
{
    struct buf text;
    char part[65536];
    size_t len;
    FILE *file = fopen(path, "rbe");
    enum err err = CERR_OK;

    if (!file) {
        why->status = command_usage("cannot read %s: %m", path);
        return;
    }
    buf_init(&text, ROBOTS_BYTES_MAX + sizeof(part));
    while (!err && text.len < ROBOTS_BYTES_MAX &&
           (len = fread(part, 1, sizeof(part), file)) > 0)
        err = buf_add(&text, part, len);
    if (err || ferror(file))
        why->status = command_usage("cannot read %s: %s", path,
                                    err_str(err ? err : CERR_IO));
    else
        judge_text(why, (struct bytes){text.data, text.len}, path);
    buf_release(&text);
    fclose(file);
}

/* What the crawl was told when it asked. */
static void judge_stored(struct why *why)
{
    const struct why_known *known = &why->known;
    int status = (int)known->robots_status;
    char when[40], source[120];

    utc_text(known->robots_at, when);
    snprintf(source, sizeof(source), "HTTP %d at %s%s", status, when,
             known->robots_until <= clock_wall_ms() ? ", is asked for again"
                                                    : "");
    switch (robots_policy(status, ERROR_NONE)) {
    case ROBOTS_PARSE:
        judge_text(why, (struct bytes){known->robots.data, known->robots.len},
                   source);
        break;
    case ROBOTS_ALLOW_ALL:
        say(why, "robots", VERDICT_YES, "there is no robots.txt: %s", source);
        break;
    case ROBOTS_DISALLOW_ALL:
        refuse(why, ERROR_ROBOTS_UNREACHABLE);
        say(why, "robots", VERDICT_NO,
            "nothing may be asked while it cannot be had: %s", source);
        break;
    }
}

static void judge_robots(struct why *why)
{
    const char *path = command_value(why->line, "robots-file");

    if (why->rules.ignore_robots) {
        say(why, "robots", VERDICT_YES, "--robots ignore");
    } else if (path) {
        judge_file(why, path);
    } else if (why->known.robots_status > 0) {
        judge_stored(why);
    } else {
        why->is_unsure = true;
        say(why, "robots", VERDICT_UNKNOWN,
            "%s/robots.txt is asked first; --robots-file FILE judges by a "
            "copy of it",
            why->host_key);
    }
}

/* The guard judges addresses; here only one that stands in the URL. */
static void judge_address(struct why *why)
{
    const struct url *url = &why->url;
    bool is_listed = !why->is_link || why->known.host_listed;
    struct guard *guard = NULL;
    char host[64];
    int brackets = url->host_is_ipv6 ? 1 : 0;
    size_t bad;

    if (!url->host_is_ipv4 && !url->host_is_ipv6)
        return;
    if (guard_new(&guard, why->config.allow_private.items,
                  why->config.allow_private.nr_items, &bad)) {
        why->status = command_usage(
            "'%.100s' is not valid for --allow-private: give a range such as "
            "10.0.0.0/8",
            why->config.allow_private.items[bad]);
        return;
    }
    snprintf(host, sizeof(host), "%.*s", url->host_len - 2 * brackets,
             url->text + url->host_at + brackets);
    if (guard_allows_text(guard, host)) {
        say(why, "address", VERDICT_YES, "%s", host);
    } else if (is_listed) {
        say(why, "address", VERDICT_YES,
            "%s is not public, and the list names it", host);
    } else {
        refuse(why, ERROR_BLOCKED_ADDRESS);
        say(why, "address", VERDICT_NO,
            "%s is not public; --allow-private lets links lead there", host);
    }
    guard_free(guard);
}

/* ---- what would be done ---- */

static void say_pace(struct why *why)
{
    const struct host_limits *limits = &why->rules.limits;
    int64_t delay_ms = limits->delay_ms;
    int64_t asked_ms = why->delay_ms;

    if (asked_ms > limits->max_wait_ms)
        asked_ms = limits->max_wait_ms;
    if (asked_ms > delay_ms)
        delay_ms = asked_ms;
    say(why, "pace", VERDICT_YES,
        "%s has one clock: at most %d at once, %lld ms apart%s", why->host_key,
        limits->per_host, (long long)delay_ms,
        asked_ms >= 0 && delay_ms == asked_ms ? " (Crawl-delay)" : "");
}

/* Which sections of the configuration speak of its host. */
static void say_settings(struct why *why)
{
    const struct config *config = &why->config;
    struct crawl_settings settings;
    struct bytes key = {why->host_key, strlen(why->host_key)};

    crawl_settings_init(&settings, config);
    host_rules_find(&settings.frontier, key, &why->rules);
    for (size_t i = 0; i < config->nr_hosts; i++)
        if (host_rules_match(config->hosts[i].pattern, key))
            say(why, "settings", VERDICT_YES, "[host %s]",
                config->hosts[i].pattern);
    crawl_settings_release(&settings);
}

static void say_request(struct why *why)
{
    const struct config *config = &why->config;
    bool plain = why->url.scheme == URL_HTTP || config->http1;

    say(why, "request", VERDICT_YES, "GET %s as %s, HTTP/%s%s%s%s",
        why->url.text, config->user_agent ? config->user_agent : USER_AGENT,
        plain ? "1.1" : "2 where the host has it",
        config->proxy ? ", by the proxy" : "",
        why->rules.header_set ? ", with the headers of its host" : "",
        config->auth_file && !why->is_link
            ? ", with credentials if --auth-file has some"
            : "");
}

static void say_answer(struct why *why)
{
    const struct error_info *info = error_info(why->error);

    if (why->error)
        say(why, "answer", VERDICT_NO, "%s: %s%s%s", info->code, info->meaning,
            info->hint[0] ? " " : "", info->hint);
    else if (why->is_unsure)
        say(why, "answer", VERDICT_UNKNOWN,
            "it is fetched if robots.txt "
            "allows it");
    else
        say(why, "answer", VERDICT_YES, "it is fetched");
}

/* ---- the whole ---- */

static bool is_database(const char *path)
{
    const char *dot = strrchr(path, '.');

    return dot && (strcmp(dot, ".db") == 0 || strcmp(dot, ".sqlite") == 0 ||
                   strcmp(dot, ".sqlite3") == 0);
}

/* The one that the same options would write to, if it is there. */
static bool open_database(struct why *why)
{
    const struct text_list *outputs = &why->config.outputs;

    why->path = outputs->nr_items ? NULL : DEFAULT_DATABASE;
    for (size_t i = 0; i < outputs->nr_items && !why->path; i++)
        if (is_database(outputs->items[i]))
            why->path = outputs->items[i];
    if (!why->path || access(why->path, F_OK) != 0)
        return true;
    why->reader = command_open(why->path, &why->status);
    return why->reader != NULL;
}

static bool read_from(struct why *why, const char *text)
{
    struct bytes bytes = {text, strlen(text)};

    if (line_read(&why->from, &why->room, bytes) == ERROR_NONE)
        return true;
    why->status = command_usage("'%.300s' is no URL to come from", text);
    return false;
}

/* A link, where somebody says so or the database knows it as one. */
static bool find_role(struct why *why)
{
    const char *from = command_value(why->line, "from");
    const struct why_known *known = &why->known;

    if (!from && known->has_url && known->line == 0)
        from = known->parent;
    why->is_link = from != NULL;
    if (from && !read_from(why, from))
        return false;
    if (why->config.scope == SCOPE_PREFIX) {
        why->folders = folders_new(&(struct hash_key){0});
        folders_add(why->folders, why->is_link ? &why->from : &why->url);
        if (why->reader && !why_read_folders(why))
            return false;
    }
    return true;
}

static void open_trap(struct why *why)
{
    const struct config *config = &why->config;
    struct trap_limits limits = {
        .url_bytes = (int)config->max_url_length,
        .path_depth = (int)config->max_path_depth,
        .repeated_segments = (int)config->max_repeated_segments,
        .query_variants = (int)config->max_query_variants,
        .pages_per_host = (int)config->max_pages_per_host,
    };

    why->trap = trap_new(&limits, &(struct hash_key){0});
}

static void judge(struct why *why)
{
    const char *given = why->config.inputs.items[0];
    struct bytes text = {given, strlen(given)};

    why->error = line_read(&why->url, &why->room, text);
    if (!why->error &&
        url_host_key(&why->url, why->host_key, sizeof(why->host_key)) == 0)
        why->error = ERROR_BAD_URL;
    if (why->error) {
        say(why, "url", VERDICT_NO, "%s", given);
        say_answer(why);
        return;
    }
    open_trap(why);
    if (why->reader && (!why_read_database(why) || !why_count_pages(why)))
        return;
    if (!find_role(why))
        return;
    say(why, "url", VERDICT_YES, "%s", why->url.text);
    say_settings(why);
    judge_known(why);
    judge_depth(why);
    judge_scope(why);
    judge_traps(why);
    judge_robots(why);
    judge_address(why);
    say_pace(why);
    say_request(why);
    say_answer(why);
}

static void release(struct why *why)
{
    folders_free(why->folders);
    trap_free(why->trap);
    reader_close(why->reader);
    free(why->known.parent);
    buf_release(&why->known.robots);
    config_release(&why->config);
    free(why);
}

int command_why(const struct command_line *line)
{
    struct why *why = xcalloc(1, sizeof(*why));
    char message[CONFIG_MESSAGE_BYTES] = "";
    int status;

    why->line = line;
    why->delay_ms = -1;
    buf_init(&why->known.robots, ROBOTS_BYTES_MAX);
    if (config_read(&why->config, line->nr_words, line->words, message))
        why->status = command_usage("%s", message);
    else if (why->config.inputs.nr_items != 1)
        why->status = command_usage("give one URL: crawl why URL [options]");
    else if (open_database(why))
        why->table = command_printer_whole(line);
    if (why->table)
        judge(why);
    else if (!why->status)
        why->status = CRAWL_EXIT_USAGE;
    status = why->status;
    if (why->table && status)
        row_printer_free(why->table);
    else if (why->table)
        status = command_printer_end(why->table, CRAWL_EXIT_OK);
    release(why);
    return status;
}
