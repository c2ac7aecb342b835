/* The clock of one host. Its window follows the rule of thumb of TCP (additive
 * increase, multiplicative decrease: RFC 5681, 3.1): one more per window of
 * calm answers, half of it at the first sign of trouble, and once per round
 * trip at most. A request that had started before the last cut says nothing
 * new. */
#include "crawler/politeness/host_clock.h"

#include <assert.h>

/* Growth of the first round trips: half as many again. */
#define OPENING_STEP 0.5
#define RECENT_SHARE 0.25      /* weight of an answer in the recent latency */
#define NORMAL_SHARE (1 / 32.) /* weight in the normal latency */
#define NORMAL_SLOW_SHARE                                                      \
    (1 / 256.) /* weight of a slow answer in it, so that a lasting change is   \
                  learnt */
#define RECENT_ERRORS_SHARE (1 / 16.)
#define NORMAL_ERRORS_SHARE (1 / 128.)
/* Share that is less than one error more than usual. */
#define ERRORS_MARGIN       0.05
#define ERRORS_DEVIATIONS   3 /* standard deviations that chance explains */

/* Makes a clock for a host that nothing is known of: it is asked once at first
 * (docs/decisions/0015). */
void host_clock_init(struct host_clock *clock, const struct host_limits *limits)
{
    *clock = (struct host_clock){
        .state = HOST_UP,
        .due_ms = INT64_MIN,
        .delay_ms = limits->delay_ms,
        .window = 1,
        .is_opening = true,
        .cut_ms = INT64_MIN,
        .busy_ms = INT64_MIN,
    };
}

static int64_t at_most(int64_t value, int64_t cap)
{
    return value < cap ? value : cap;
}

static int64_t at_least(int64_t value, int64_t floor)
{
    return value > floor ? value : floor;
}

void host_clock_set_crawl_delay(struct host_clock *clock,
                                const struct host_limits *limits,
                                int64_t delay_ms)
{
    clock->delay_ms =
        at_least(at_most(delay_ms, limits->max_wait_ms), limits->delay_ms);
}

bool host_clock_has_room(const struct host_clock *clock)
{
    int limit = clock->state == HOST_UP ? (int)clock->window : 1;
    return clock->in_flight < limit;
}

bool host_clock_may_start(const struct host_clock *clock, int64_t now_ms)
{
    return clock->due_ms <= now_ms && host_clock_has_room(clock);
}

/* Notes a start. The delay counts from it; a pause that lasts longer is kept.
 */
void host_clock_started(struct host_clock *clock, int64_t now_ms)
{
    clock->in_flight++;
    if (clock->most_in_flight < clock->in_flight)
        clock->most_in_flight = clock->in_flight;
    if (clock->delay_ms > 0)
        clock->due_ms = at_least(clock->due_ms, now_ms) + clock->delay_ms;
}

void host_clock_put_back(struct host_clock *clock)
{
    assert(clock->in_flight > 0);
    clock->in_flight--;
    if (clock->delay_ms > 0)
        clock->due_ms -= clock->delay_ms;
}

/* Halves the window; one request is always left. */
static void cut_window(struct host_clock *clock, int64_t now_ms)
{
    clock->window = clock->window / 2 < 1 ? 1 : clock->window / 2;
    clock->cut_ms = now_ms;
    clock->is_opening = false;
}

/* Whether an answer tells something new: a request that started before the last
 * cut tells of the time before it. */
static bool is_news(const struct host_clock *clock,
                    const struct host_answer *answer)
{
    return answer->started_ms > clock->cut_ms;
}

/* Whether an answer is too slow. It must be so by a factor and by some time: a
 * host that needs 2 ms is not slow at 10. */
static bool is_slow(const struct host_clock *clock, double latency_ms)
{
    return latency_ms > HOST_SLOW_FACTOR * clock->normal_ms + HOST_SLOW_MS;
}

/* The usual latency follows slowly, and more slowly still what is slow: a host
 * that is overloaded must not teach us that this is normal. */
static void learn_latency(struct host_clock *clock, double latency_ms)
{
    if (clock->normal_ms <= 0) {
        clock->normal_ms = latency_ms;
        clock->recent_ms = latency_ms;
        return;
    }
    double share =
        is_slow(clock, latency_ms) ? NORMAL_SLOW_SHARE : NORMAL_SHARE;
    clock->normal_ms += share * (latency_ms - clock->normal_ms);
    clock->recent_ms += RECENT_SHARE * (latency_ms - clock->recent_ms);
}

/* Whether errors are more frequent than chance makes them at their normal
 * rate: a moving average with weight w of independent answers has w / (2 - w)
 * of the variance of one. */
static bool has_many_errors(const struct host_clock *clock)
{
    double normal = clock->normal_errors;
    double variance =
        normal * (1 - normal) * RECENT_ERRORS_SHARE / (2 - RECENT_ERRORS_SHARE);
    double above = clock->recent_errors - normal - ERRORS_MARGIN;

    return above > 0 &&
           above * above > ERRORS_DEVIATIONS * ERRORS_DEVIATIONS * variance;
}

/* Returns whether this answer is an error too many; it is judged before the
 * normal rate learns from it. */
static bool learn_errors(struct host_clock *clock, bool is_error)
{
    double error = is_error ? 1 : 0;
    bool too_many;

    clock->recent_errors +=
        RECENT_ERRORS_SHARE * (error - clock->recent_errors);
    too_many = is_error && has_many_errors(clock);
    clock->normal_errors +=
        NORMAL_ERRORS_SHARE * (error - clock->normal_errors);
    if (clock->normal_errors > HOST_ERRORS_NORMAL)
        clock->normal_errors = HOST_ERRORS_NORMAL;
    return too_many;
}

static void take_trouble(struct host_clock *clock,
                         const struct host_answer *answer)
{
    if (learn_errors(clock, true) && is_news(clock, answer))
        cut_window(clock, answer->now_ms);
}

static void take_calm(struct host_clock *clock,
                      const struct host_limits *limits,
                      const struct host_answer *answer)
{
    learn_errors(clock, false);
    if (answer->latency_ms > 0)
        learn_latency(clock, answer->latency_ms);
    if (is_slow(clock, clock->recent_ms)) {
        if (is_news(clock, answer))
            cut_window(clock, answer->now_ms);
        return;
    }
    if (!is_news(clock, answer))
        return;
    clock->window += clock->is_opening ? OPENING_STEP : 1 / clock->window;
    if (clock->window >= limits->per_host) {
        clock->window = limits->per_host;
        clock->is_opening = false;
    }
    clock->backoff_ms /= 2;
    clock->status = 0;
}

/* Counts one more round without a useful answer: it may be the last one before
 * the probe, or the probe itself. */
static void count_error(struct host_clock *clock,
                        const struct host_limits *limits,
                        const struct host_answer *answer)
{
    /* of a host that answers at least */
    bool patient = clock->status != 0 &&
                   clock->busy_ms > answer->now_ms - HOST_PATIENCE_MS;

    clock->nr_errors++;
    if (clock->state == HOST_UP && clock->nr_errors >= limits->max_errors &&
        !patient) {
        clock->state = HOST_SUSPECT;
        clock->suspect_ms = answer->now_ms;
        clock->due_ms = at_least(clock->due_ms, answer->now_ms + HOST_PROBE_MS);
    } else if (clock->state == HOST_SUSPECT &&
               answer->started_ms > clock->suspect_ms) {
        clock->state = HOST_DOWN;
    }
}

/* Takes an answer of 429 or 503, by which the host says itself that it is asked
 * too much (RFC 6585, 4; RFC 9110, 15.6.4). */
static void take_busy(struct host_clock *clock,
                      const struct host_limits *limits,
                      const struct host_answer *answer)
{
    bool news = is_news(clock, answer);
    int64_t wait_ms = 0;

    if (clock->status == 0 &&
        clock->nr_errors > 0) { /* the host answers now, so what was counted was
                                   another kind of failure */
        clock->nr_errors = 0;
        clock->state = HOST_UP;
    }
    if (clock->nr_errors == 0)
        clock->busy_ms = answer->now_ms;

    if (news) {
        cut_window(clock, answer->now_ms);
        clock->backoff_ms =
            at_most(at_least(2 * clock->backoff_ms, HOST_BACKOFF_MS),
                    at_least(limits->max_wait_ms, HOST_BACKOFF_MS));
        wait_ms = host_backoff_ms(clock->backoff_ms, 0, clock->backoff_ms,
                                  answer->jitter);
    }
    /* A wait that the host names counts, even where it is shorter than ours;
     * then one request tries whether it is over. */
    if (answer->retry_after_ms >= 0) {
        wait_ms = at_most(answer->retry_after_ms, limits->max_retry_after_ms);
        clock->window = 1;
    }
    clock->status = answer->status;
    clock->due_ms = at_least(clock->due_ms, answer->now_ms + wait_ms);
    if (news)
        count_error(clock, limits, answer);
}

/* Takes a wait that an answer asks for which is no refusal: its quota is spent,
 * and what comes before it begins anew would be refused. */
static void take_quota(struct host_clock *clock,
                       const struct host_limits *limits,
                       const struct host_answer *answer)
{
    if (answer->retry_after_ms >= 0)
        clock->due_ms =
            at_least(clock->due_ms,
                     answer->now_ms + at_most(answer->retry_after_ms,
                                              limits->max_retry_after_ms));
}

static void take_unreachable(struct host_clock *clock,
                             const struct host_limits *limits,
                             const struct host_answer *answer)
{
    if (is_news(clock, answer))
        cut_window(clock, answer->now_ms);
    if (clock->status > 0) /* until now the host asked for waits */
        clock->nr_errors = 0;
    clock->status = 0;
    count_error(clock, limits, answer);
}

void host_clock_answered(struct host_clock *clock,
                         const struct host_limits *limits,
                         const struct host_answer *answer)
{
    assert(clock->in_flight > 0);
    clock->in_flight--;
    if (answer->kind == HOST_ANSWER_CALM ||
        (answer->kind == HOST_ANSWER_TROUBLE && answer->status != 0)) {
        clock->nr_errors = 0;
        clock->state = HOST_UP;
    }
    switch (answer->kind) {
    case HOST_ANSWER_CALM:
        take_calm(clock, limits, answer);
        take_quota(clock, limits, answer);
        break;
    case HOST_ANSWER_BUSY:
        take_busy(clock, limits, answer);
        break;
    case HOST_ANSWER_TROUBLE:
        take_trouble(clock, answer);
        take_quota(clock, limits, answer);
        break;
    case HOST_ANSWER_UNREACHABLE:
        take_unreachable(clock, limits, answer);
        break;
    case HOST_ANSWER_NOTHING:
        break;
    }
}

/* Jitter spreads what would come back together. */
int64_t host_backoff_ms(int64_t base_ms, int attempt, int64_t cap_ms,
                        double jitter)
{
    int64_t wait_ms = base_ms;

    for (int i = 0; i < attempt && wait_ms < cap_ms; i++)
        wait_ms *= 2;
    wait_ms = at_most(wait_ms, cap_ms);
    return wait_ms - (int64_t)(jitter * (double)wait_ms / 2);
}
