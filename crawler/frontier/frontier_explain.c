/* Asks what decides during a crawl, in the order in which the frontier does:
 * depth, scope and traps when a URL is offered, robots.txt at its host. */
#include "crawler/frontier/frontier_explain.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "crawler/frontier/frontier_internal.h"

struct explain {
    struct frontier_options options;
    const struct url *url;
    struct judge *judge;
    struct host_rules rules;
    struct robots_admission robots;
    int64_t host_id;
};

static const struct hash_key no_secret; /* nothing is kept by these hashes */

enum err explain_new(struct explain **explain,
                     const struct frontier_options *options,
                     const struct url *url, char message[SCOPE_MESSAGE_BYTES])
{
    struct explain *made = xcalloc(1, sizeof(*made));
    char text[URL_HOST_KEY_BYTES];
    struct bytes host_key = {text, url_host_key(url, text, sizeof(text))};
    struct bytes no_url = {"", 0};
    struct judge_options judge;

    made->options = *options;
    frontier_set_defaults(&made->options);
    made->url = url;
    made->host_id = url_key_of(&no_secret, host_key, no_url).host_id;
    host_rules_find(&made->options, host_key, &made->rules);
    frontier_judge_options(&made->options, &judge);
    judge.has_offers =
        true; /* link rules are asked even if the crawl has --depth 0 */
    enum err err = judge_new(&made->judge, &judge, &no_secret, message);
    if (err) {
        explain_free(made);
        made = NULL;
    }
    *explain = made;
    return err;
}

void explain_free(struct explain *explain)
{
    if (!explain)
        return;
    judge_free(explain->judge);
    robots_admission_release(&explain->robots);
    free(explain);
}

const struct host_rules *explain_host_rules(const struct explain *explain)
{
    return &explain->rules;
}

void explain_count_page(struct explain *explain, struct bytes url)
{
    judge_count_page(explain->judge, explain->host_id, url);
}

void explain_add_listed(struct explain *explain, const struct url *url)
{
    judge_add_folder(explain->judge, url);
}

void explain_add_landing(struct explain *explain, const struct url *listed,
                         const struct url *landed)
{
    (void)judge_add_landing(explain->judge, listed, landed);
}

/* ---- the rules ---- */

/* The first rule that says no is the one that decides. */
static void refuse(struct explanation *out, enum explain_rule rule,
                   enum error error)
{
    if (out->error)
        return;
    out->error = error;
    out->decides = rule;
}

/* Whether the host of a page has its robots rules obeyed, nofollow among them.
 */
static bool obeys(const struct explain *explain, const struct url *page)
{
    char text[URL_HOST_KEY_BYTES];
    struct bytes host_key = {text, url_host_key(page, text, sizeof(text))};
    struct host_rules rules;

    host_rules_find(&explain->options, host_key, &rules);
    return !rules.ignore_robots;
}

/* Judges what stands before the link itself: the page that it is on. */
static void explain_page(struct explain *explain,
                         const struct explain_facts *facts,
                         struct explanation *out)
{
    const struct url *page = facts->landed ? facts->landed : facts->from;

    out->is_too_deep = !frontier_follows_to(&explain->options, facts->depth);
    if (!page)
        return;
    if (out->is_too_deep)
        refuse(out, EXPLAIN_DEPTH, ERROR_SCOPE);
    out->is_nofollow =
        (facts->page_says_nofollow || facts->link_says_nofollow) &&
        obeys(explain, page);
    if (out->is_nofollow)
        refuse(out, EXPLAIN_NOFOLLOW, ERROR_SCOPE);
    out->has_moved_away =
        facts->landed && !facts->landed_is_listed &&
        !judge_add_landing(explain->judge, facts->from, facts->landed);
    if (out->has_moved_away)
        refuse(out, EXPLAIN_SCOPE, ERROR_SCOPE);
}

static void explain_offer(struct explain *explain,
                          const struct explain_facts *facts,
                          struct explanation *out)
{
    const struct url *from = facts->from ? facts->from : explain->url;
    const struct url *seed = facts->landed ? facts->landed : from;
    bool is_link = facts->from != NULL;

    judge_add_folder(explain->judge, from);
    explain_page(explain, facts, out);
    out->is_in_scope = judge_in_scope(explain->judge, explain->url, seed,
                                      facts->landed ? from : NULL, &out->scope);
    if (is_link && !out->is_in_scope)
        refuse(out, EXPLAIN_SCOPE, out->scope.error);
    out->trap = judge_trap(explain->judge, explain->host_id, explain->url,
                           out->trap_reason);
    bool is_of_counts = out->trap == TRAP_HAS_TOO_MANY_QUERIES ||
                        out->trap == TRAP_HAS_TOO_MANY_PAGES;
    /* a known URL was judged when fewer were counted */
    out->is_trapped =
        is_link && out->trap != TRAP_NONE && !(facts->is_known && is_of_counts);
    if (out->is_trapped)
        refuse(out, EXPLAIN_TRAPS, ERROR_TRAP);
}

/* A clock as the host would have it: the delay of robots.txt is capped, and
 * never below the user's own. */
static void explain_delay(struct explain *explain, struct explanation *out)
{
    const struct host_limits *limits = &explain->rules.limits;
    int64_t asked_ms = robots_admission_delay_ms(&explain->robots);
    struct host_clock clock;

    host_clock_init(&clock, limits);
    if (asked_ms >= 0)
        host_clock_set_crawl_delay(&clock, limits, asked_ms);
    if (asked_ms > limits->max_wait_ms)
        asked_ms = limits->max_wait_ms;
    out->delay_ms = clock.delay_ms;
    out->is_delay_of_robots_txt = asked_ms >= 0 && clock.delay_ms == asked_ms;
}

/* An answer of robots.txt that is not known leaves it unknown, and everything
 * allowed so far. */
static enum err explain_admission(struct explain *explain,
                                  const struct explain_facts *facts,
                                  struct explanation *out)
{
    struct robots_admission *robots = &explain->robots;
    struct bytes url = {explain->url->text, explain->url->len};
    enum err err = CERR_OK;

    if (explain->rules.ignore_robots)
        robots_admission_allow_all(robots);
    else if (facts->robots_status != 0)
        err = robots_admission_learn(robots, facts->robots_status, ERROR_NONE,
                                     facts->robots,
                                     explain->options.product_token);
    if (err)
        return err;
    out->robots = robots->state;
    out->has_rules = robots->rules != NULL;
    out->waits_for_robots = robots->state == ROBOTS_UNKNOWN;
    if (robots->state == ROBOTS_UNREACHABLE)
        refuse(out, EXPLAIN_ROBOTS, ERROR_ROBOTS_UNREACHABLE);
    else if (!robots_admission_allows(robots, url, &out->rule))
        refuse(out, EXPLAIN_ROBOTS, ERROR_ROBOTS);
    return CERR_OK;
}

enum err frontier_explain(struct explain *explain,
                          const struct explain_facts *facts,
                          struct explanation *explanation)
{
    *explanation = (struct explanation){0};
    explain_offer(explain, facts, explanation);
    enum err err = explain_admission(explain, facts, explanation);
    if (!err)
        explain_delay(explain, explanation);
    return err;
}
