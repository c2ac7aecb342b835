/*
 * The clock of one transfer behind phase.h: moves it from phase to phase and
 * compares the time spent with the limits.
 */
#include "crawler/fetch/phase.h"

#define CHECK_EVERY_MS_MIN ((int64_t)5)
#define CHECK_EVERY_MS_MAX ((int64_t)250)

void phase_start(struct phase_clock *clock, int64_t now_ms)
{
    clock->start_ms = now_ms;
    clock->received_bytes = 0;
    phase_enter(clock, PHASE_WAITING, now_ms);
}

void phase_enter(struct phase_clock *clock, enum phase phase, int64_t now_ms)
{
    if (phase == PHASE_ANSWERING) {
        clock->window_ms = now_ms;
        clock->window_bytes = clock->received_bytes;
    }
    clock->phase = phase;
    clock->phase_ms = now_ms;
}

void phase_forgive(struct phase_clock *clock, int64_t away_ms)
{
    clock->start_ms += away_ms;
    clock->phase_ms += away_ms;
    clock->window_ms += away_ms;
}

bool phase_is_active(const struct phase_clock *clock)
{
    return clock->phase != PHASE_IDLE && clock->phase != PHASE_ENDED;
}

/* Whether too few bytes came within the stall window. A window without any byte
 * is a stall even where the limit is 0 bytes a second. */
static bool has_stalled(struct phase_clock *clock,
                        const struct fetch_options *options, int64_t now_ms)
{
    int64_t waited_ms = now_ms - clock->window_ms;
    uint64_t got = clock->received_bytes - clock->window_bytes;
    uint64_t wanted = (uint64_t)(options->stall_bytes_per_s * waited_ms / 1000);

    if (waited_ms < options->stall_timeout_ms)
        return false;
    if (got < wanted || got == 0)
        return true;
    clock->window_ms = now_ms;
    clock->window_bytes = clock->received_bytes;
    return false;
}

enum error phase_check(struct phase_clock *clock,
                       const struct fetch_options *options, int64_t now_ms,
                       const char **note)
{
    int64_t waited_ms = now_ms - clock->phase_ms;

    *note = "";
    switch (clock->phase) {
    case PHASE_RESOLVING:
        if (waited_ms >= options->dns_timeout_ms)
            return ERROR_DNS_TIMEOUT;
        break;
    case PHASE_CONNECTING:
        if (waited_ms >= options->connect_timeout_ms)
            return ERROR_CONNECT_TIMEOUT;
        break;
    case PHASE_ASKED:
        if (waited_ms >= options->first_byte_timeout_ms) {
            *note = "no answer to the request: --first-byte-timeout";
            return ERROR_TIMEOUT;
        }
        break;
    case PHASE_ANSWERING:
        if (has_stalled(clock, options, now_ms))
            return ERROR_STALLED;
        break;
    case PHASE_WAITING:
    case PHASE_IDLE:
    case PHASE_ENDED:
        break;
    }
    return now_ms - clock->start_ms >= options->total_timeout_ms ? ERROR_TIMEOUT
                                                                 : ERROR_NONE;
}

static int64_t smallest(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t phase_check_every_ms(const struct fetch_options *options)
{
    int64_t shortest = options->total_timeout_ms;

    shortest = smallest(shortest, options->dns_timeout_ms);
    shortest = smallest(shortest, options->connect_timeout_ms);
    shortest = smallest(shortest, options->first_byte_timeout_ms);
    shortest = smallest(shortest, options->stall_timeout_ms) / 20;
    if (shortest < CHECK_EVERY_MS_MIN)
        return CHECK_EVERY_MS_MIN;
    return smallest(shortest, CHECK_EVERY_MS_MAX);
}
