/*
 * crawl why: which rule decides about a URL.
 *
 * It asks frontier_explain() with the options of the crawl and what the
 * database knows, and prints what each rule says. Nothing is fetched.
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
#include "crawler/fetch/guard.h"
#include "crawler/frontier/url_key.h"
#include "storage/storage.h"

#define DEFAULT_DATABASE "crawl.db"
#define USER_AGENT       "crawl/" CRAWL_VERSION

enum verdict { VERDICT_YES, VERDICT_NO, VERDICT_UNKNOWN };

static void say(struct why *why, const char *rule, enum verdict verdict,
                const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Prints one row of the answer: the rule, its verdict, and the reason in words.
 */
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

/* The time as ISO 8601, in UTC and to the second; "" for one that no calendar
 * has. */
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

/* Whether storage has the URL already. It decides nothing here, but a URL that
 * has ended is not asked for again without --refetch. */
static void say_known(struct why *why)
{
    const struct why_known *known = &why->known;
    const char *ended = known->ended[0] ? known->ended : "to do";

    if (!why->reader)
        say(why, "known", VERDICT_UNKNOWN, "there is no database yet");
    else if (!known->has_url)
        say(why, "known", VERDICT_UNKNOWN, "%s does not have it", why->path);
    else if (known->is_hop && known->parent)
        say(why, "known", VERDICT_YES, "redirects of %s lead there: %s",
            known->parent, ended);
    else if (known->line > 0)
        say(why, "known", VERDICT_YES, "line %lld of the list: %s",
            (long long)known->line, ended);
    else
        say(why, "known", VERDICT_YES, "found%s%s, depth %lld: %s",
            known->parent ? " on " : "", known->parent ? known->parent : "",
            (long long)known->depth, ended);
}

/* --depth counts links, so a line of the list has none to be judged by. */
static void say_depth(struct why *why, const struct explanation *rules,
                      int depth)
{
    const struct why_link *link = &why->link;

    if (!why->is_link)
        return;
    if (link->lacks_it)
        say(why, "link", VERDICT_UNKNOWN,
            "%s had no link to it when it was fetched", link->page);
    else if (link->lacks_links)
        say(why, "link", VERDICT_UNKNOWN,
            "from %s, whose links were not stored (--extract links): rel of "
            "the link is not known",
            link->page);
    else if (link->is_known)
        say(why, "link", VERDICT_YES, "from %s", link->page);
    if (rules->is_too_deep)
        say(why, "depth", VERDICT_NO,
            "%d hops from the list, and --depth is %lld", depth,
            (long long)why->config.depth);
    else
        say(why, "depth", VERDICT_YES, "%d of --depth %lld", depth,
            (long long)why->config.depth);
}

/* nofollow stands in the page (meta robots, X-Robots-Tag) or in the link (rel),
 * and is known where both are stored. */
static void say_nofollow(struct why *why, const struct explanation *rules)
{
    const struct why_link *link = &why->link;
    const char *who = link->page_says_nofollow
                          ? "the page asks robots to follow none of its links"
                          : "rel=nofollow stands in each link from there";

    if (!why->is_link ||
        (!link->page_says_nofollow && !link->link_says_nofollow))
        return;
    if (rules->is_nofollow)
        say(why, "nofollow", VERDICT_NO, "%s", who);
    else
        say(why, "nofollow", VERDICT_YES, "%s; --robots ignore", who);
}

/* Scope is for links. For a line of the list the row says, too, what a link to
 * the same place would get, as that is what people are puzzled by. */
static void say_scope(struct why *why, const struct explanation *rules)
{
    static const char listed[] = "a line of the list is always in scope";

    if (rules->has_moved_away)
        say(why, "scope", VERDICT_NO,
            "its page is where a line landed on another domain, %s; list that, "
            "or use --scope any",
            why->link.landed);
    else if (why->is_link)
        say(why, "scope", rules->is_in_scope ? VERDICT_YES : VERDICT_NO, "%s",
            rules->scope.rule);
    else if (rules->is_in_scope)
        say(why, "scope", VERDICT_YES, "%s", listed);
    else
        say(why, "scope", VERDICT_YES, "%s; a link would not be: %s", listed,
            rules->scope.rule);
}

/* Traps are for links as well. A known URL may be over a limit that was reached
 * after it came; it stays. */
static void say_traps(struct why *why, const struct explanation *rules)
{
    if (rules->trap == TRAP_NONE)
        say(why, "traps", VERDICT_YES, "within every limit");
    else if (!why->is_link)
        say(why, "traps", VERDICT_YES,
            "a line of the list is no trap; a link would be: %s",
            rules->trap_reason);
    else if (!rules->is_trapped)
        say(why, "traps", VERDICT_YES, "it came before the limit: %s",
            rules->trap_reason);
    else
        say(why, "traps", VERDICT_NO, "%s", rules->trap_reason);
}

/* ---- robots.txt ---- */

/* Reads a copy of robots.txt, no more of it than a crawl would use (RFC 9309,
 * section 2.5). It counts as an answer 200. */
static void read_robots_file(struct why *why, const char *path)
{
    struct buf *text = &why->known.robots;
    char part[65536];
    size_t len;
    FILE *file = fopen(path, "rbe");
    enum err err = CERR_OK;

    if (!file) {
        why->status = command_usage("cannot read %s: %m", path);
        return;
    }
    buf_reset(text);
    while (!err && text->len < ROBOTS_BYTES_MAX &&
           (len = fread(part, 1, sizeof(part), file)) > 0)
        err = buf_add(text, part, len);
    if (err || ferror(file))
        why->status = command_usage("cannot read %s: %s", path,
                                    err_str(err ? err : CERR_IO));
    why->known.robots_status = 200;
    snprintf(why->robots_source, sizeof(why->robots_source), "%s", path);
    fclose(file);
}

/* Says where robots.txt comes from: from the answer that the crawl got, unless
 * the user gives a copy with --robots-file. */
static void find_robots(struct why *why)
{
    const char *path = command_value(why->line, "robots-file");
    const struct why_known *known = &why->known;
    bool ignored = explain_host_rules(why->explain)->ignore_robots;
    char when[40];

    if (path && !ignored)
        read_robots_file(why, path);
    else
        snprintf(why->robots_source, sizeof(why->robots_source),
                 "HTTP %d at %s%s", (int)known->robots_status,
                 utc_text(known->robots_at, when),
                 known->robots_until <= clock_wall_ms() ? ", is asked for again"
                                                        : "");
}

/* The longest matching rule decides (RFC 9309, section 2.2.2); without one the
 * path is allowed. */
static void say_rule(struct why *why, const struct robots_verdict *rule)
{
    if (rule->line)
        say(why, "robots", rule->allowed ? VERDICT_YES : VERDICT_NO,
            "line %d: %.*s (%s)", rule->line, (int)rule->rule.len,
            (const char *)rule->rule.data, why->robots_source);
    else
        say(why, "robots", VERDICT_YES, "no rule matches (%s)",
            why->robots_source);
}

/* A robots.txt that could not be had forbids everything, one that is not there
 * allows everything (RFC 9309, section 2.3.1). */
static void say_robots(struct why *why, const struct explanation *rules)
{
    if (explain_host_rules(why->explain)->ignore_robots)
        say(why, "robots", VERDICT_YES, "--robots ignore");
    else if (rules->waits_for_robots)
        say(why, "robots", VERDICT_UNKNOWN,
            "%s/robots.txt is asked first; --robots-file FILE judges by a "
            "copy of it",
            why->host_key);
    else if (rules->robots == ROBOTS_UNREACHABLE)
        say(why, "robots", VERDICT_NO,
            "nothing may be asked while it cannot be had: %s",
            why->robots_source);
    else if (!rules->has_rules)
        say(why, "robots", VERDICT_YES, "there is no robots.txt: %s",
            why->robots_source);
    else
        say_rule(why, &rules->rule);
}

/* ---- addresses ---- */

/* The guard of the workers judges the addresses of a name after the look-up.
 * Nothing is looked up here, so only an address that stands in the URL itself
 * is judged. */
static void say_address(struct why *why)
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

/* Everything that asks the host waits for one clock. A Crawl-delay counts where
 * it is longer than --delay. */
static void say_pace(struct why *why, const struct explanation *rules)
{
    say(why, "pace", VERDICT_YES,
        "%s has one clock: at most %d at once, %lld ms apart%s", why->host_key,
        explain_host_rules(why->explain)->limits.per_host,
        (long long)rules->delay_ms,
        rules->is_delay_of_robots_txt ? " (Crawl-delay)" : "");
}

/* Names the sections [host PATTERN] of the configuration that match the host.
 */
static void say_settings(struct why *why)
{
    const struct config *config = &why->config;
    struct bytes key = {why->host_key, strlen(why->host_key)};

    for (size_t i = 0; i < config->nr_hosts; i++)
        if (host_rules_match(config->hosts[i].pattern, key))
            say(why, "settings", VERDICT_YES, "[host %s]",
                config->hosts[i].pattern);
}

/* The request as it would leave. Credentials go to hosts of the list alone, so
 * for a link they are not spoken of. */
static void say_request(struct why *why)
{
    const struct config *config = &why->config;
    bool plain = why->url.scheme == URL_HTTP || config->http1;

    say(why, "request", VERDICT_YES, "GET %s as %s, HTTP/%s%s%s%s",
        why->url.text, config->user_agent ? config->user_agent : USER_AGENT,
        plain ? "1.1" : "2 where the host has it",
        config->proxy && strcmp(config->proxy, "none") != 0 ? ", by the proxy"
                                                            : "",
        explain_host_rules(why->explain)->header_set
            ? ", with the headers of its host"
            : "",
        config->auth_file && !why->is_link
            ? ", with credentials if --auth-file has some"
            : "");
}

/* The last row: the first rule that refused, as a row of `results` would say
 * it. */
static void say_answer(struct why *why)
{
    const struct error_info *info = error_info(why->error);

    if (why->decides == EXPLAIN_DEPTH)
        say(why, "answer", VERDICT_NO,
            "depth: it is more links away from the list than --depth allows");
    else if (why->decides == EXPLAIN_NOFOLLOW)
        say(why, "answer", VERDICT_NO,
            "nofollow: its page asks robots not to follow it; --robots ignore "
            "does so all the same");
    else if (why->error)
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

/* Opens the database that a crawl with the same options would write to. One
 * that is not there is no failure: the question can be asked before the first
 * run. */
static bool open_database(struct why *why)
{
    const struct text_list *outputs = &why->config.outputs;

    why->path = outputs->nr_items ? NULL : DEFAULT_DATABASE;
    for (size_t i = 0; i < outputs->nr_items && !why->path; i++)
        if (storage_is_database(outputs->items[i], why->config.format))
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

/* The page whose link is judged, NULL for none: that of --from, or the one that
 * the URL was found on. */
static const char *page_of_link(struct why *why)
{
    const struct why_known *known = &why->known;
    const char *from = command_value(why->line, "from");

    if (from)
        return read_from(why, from) ? why->from.text : NULL;
    return known->line == 0 && !known->is_hop ? known->parent : NULL;
}

/* Decides whether the URL is judged as a link: from --from, when the database
 * has it as one, or when a page links to it that was not followed. A line of
 * the list passes rules that a link does not. */
static bool find_role(struct why *why)
{
    const char *from = page_of_link(why);

    if (why->status)
        return false;
    if (why->reader && (from || !why->known.has_url) &&
        !why_read_link(why, from))
        return false;
    if (why->link.page)
        from = why->link.page;
    why->is_link = from != NULL;
    if (from && !read_from(why, from))
        return false;
    return !why->reader ||
           (why_read_landings(why) &&
            (why->config.scope != SCOPE_PREFIX || why_read_folders(why)));
}

/* Makes the judge with the options of the crawl, and reads what the database
 * has for it: the URL, its host, and how many pages of it are known. */
static bool open_explain(struct why *why)
{
    char message[SCOPE_MESSAGE_BYTES];

    crawl_settings_init(&why->settings, &why->config);
    if (explain_new(&why->explain, &why->settings.frontier, &why->url,
                    message)) {
        why->status = command_usage("%s", message);
        return false;
    }
    if (why->reader && (!why_read_database(why) || !why_count_pages(why)))
        return false;
    return find_role(why);
}

/* Prints the rules of the frontier in the order in which it asks them, and
 * between them what this command knows itself. */
static void say_rules(struct why *why)
{
    const struct why_known *known = &why->known;
    const struct why_link *link = &why->link;
    struct explain_facts facts = {
        .from = why->is_link ? &why->from : NULL,
        .landed = link->landed ? &why->landed : NULL,
        .landed_is_listed = link->landed_is_listed,
        .page_says_nofollow = link->page_says_nofollow,
        .link_says_nofollow = link->link_says_nofollow,
        .depth = link->is_known                       ? (int)link->depth
                 : known->has_url && known->line == 0 ? (int)known->depth
                                                      : 1,
        .is_known = known->has_url,
    };
    struct explanation rules;

    find_robots(why);
    if (why->status)
        return;
    if (known->robots_status > 0)
        facts.robots_status = (int)known->robots_status;
    facts.robots = (struct bytes){known->robots.data, known->robots.len};
    if (frontier_explain(why->explain, &facts, &rules)) {
        why->status = CRAWL_EXIT_FAILURE;
        return;
    }
    why->error = rules.error;
    why->decides = rules.decides;
    why->is_unsure = rules.waits_for_robots;
    say_settings(why);
    say_known(why);
    say_depth(why, &rules, facts.depth);
    say_nofollow(why, &rules);
    say_scope(why, &rules);
    say_traps(why, &rules);
    say_robots(why, &rules);
    say_address(why);
    say_pace(why, &rules);
}

/* One row for each rule. A text that is no URL gets the first and the last. */
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
    if (!open_explain(why))
        return;
    say(why, "url", VERDICT_YES, "%s", why->url.text);
    if (why->reader)
        say(why, "options", VERDICT_YES,
            "of the newest run in %s; flags given here go before", why->path);
    say_rules(why);
    say_request(why);
    say_answer(why);
}

/* `why` is large, as it has room for two URLs, so it lies on the heap. */
static void release(struct why *why)
{
    explain_free(why->explain);
    crawl_settings_release(&why->settings);
    reader_close(why->reader);
    free(why->known.parent);
    free(why->link.page);
    free(why->link.landed);
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
    buf_init(&why->known.robots, ROBOTS_BYTES_MAX + 65536);
    if (config_read(&why->config, line->nr_words, line->words, message))
        why->status = command_usage("%s", message);
    else if (why->config.inputs.nr_items != 1)
        why->status = command_usage("give one URL: crawl why URL [options]");
    else if (open_database(why) && (!why->reader || why_read_options(why)))
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
