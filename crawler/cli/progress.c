/* Draws the progress. Rows are made as text first and then drawn over those
 * that stand on the terminal, so that a log line can be put above them at any
 * time. */
#include "crawler/cli/progress.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "crawler/cli/value.h"

#define ROW_BYTES      512
#define BAR_CELLS      28
#define RATE_WINDOW_MS 5000
#define WIDTH_DEFAULT  80
#define WIDTH_MIN      20

/* How much had been done at some time. */
struct mark {
    int64_t at_ms, nr_run, bytes;
};

struct progress {
    struct progress_options options;
    int width;
    int nr_drawn; /* rows that stand on the terminal now; 0: none */
    int64_t next_ms;
    struct mark before, last; /* rates are taken since `before` */
    double urls_per_s, bytes_per_s;
    char rows[PROGRESS_ROWS][ROW_BYTES];
    int nr_rows;
};

/* Rows need a terminal that knows how to move up; editors that run a shell call
 * theirs "dumb". */
enum progress_mode progress_choose(enum progress_mode wanted, bool quiet)
{
    const char *term = getenv("TERM");

    if (quiet)
        return PROGRESS_NONE;
    if (wanted != PROGRESS_AUTO)
        return wanted;
    if (!isatty(STDERR_FILENO) || !term || strcmp(term, "dumb") == 0)
        return PROGRESS_PLAIN;
    return PROGRESS_LIVE;
}

/* The terminal knows best how wide it is, then COLUMNS. Rows are cut to that: a
 * row that wraps would take two lines, and the next drawing would leave one of
 * them behind. */
void progress_resized(struct progress *progress)
{
    struct winsize size;
    const char *columns = getenv("COLUMNS");
    int64_t asked = 0;
    int fd = fileno(progress->options.out);

    progress->width = WIDTH_DEFAULT;
    /* a stream that is no file itself is on its way to standard error */
    if (ioctl(fd < 0 ? STDERR_FILENO : fd, TIOCGWINSZ, &size) == 0 &&
        size.ws_col > 0)
        progress->width = size.ws_col;
    else if (columns && !value_int(columns, &asked) && asked > 0 &&
             asked < ROW_BYTES)
        progress->width = (int)asked;
    if (progress->width < WIDTH_MIN)
        progress->width = WIDTH_MIN;
}

/* Erases the rows. The cursor stands below them: it goes up by their number and
 * clears to the end of the screen (CUU and ED, ECMA-48, 8.3). */
static void erase(struct progress *progress)
{
    FILE *out = progress->options.out;

    if (progress->nr_drawn == 0)
        return;
    fprintf(out, "\033[%dA\r\033[J", progress->nr_drawn);
    progress->nr_drawn = 0;
}

/* Prints the rows, and remembers how many, as the next drawing starts above
 * them. */
static void print_rows(struct progress *progress)
{
    for (int i = 0; i < progress->nr_rows; i++)
        fprintf(progress->options.out, "%s\n", progress->rows[i]);
    progress->nr_drawn = progress->nr_rows;
    fflush(progress->options.out);
}

/* Prints a log line above the rows. */
static void on_log_line(void *ctx, const char *line)
{
    struct progress *progress = ctx;

    erase(progress);
    fprintf(progress->options.out, "%s\n", line);
    print_rows(progress);
}

/* Rows appear at once, so that a person sees that something happens; plain
 * lines wait for their first interval. */
struct progress *progress_new(const struct progress_options *options)
{
    struct progress *progress = xcalloc(1, sizeof(*progress));

    progress->options = *options;
    progress->before.at_ms = progress->last.at_ms = options->start_ms;
    progress->next_ms = options->mode == PROGRESS_LIVE
                            ? options->start_ms
                            : options->start_ms + options->interval_ms;
    progress_resized(progress);
    if (options->mode == PROGRESS_LIVE)
        log_set_sink(on_log_line, progress);
    return progress;
}

/* Takes the rows away, so that the summary stands in their place. */
void progress_free(struct progress *progress)
{
    if (!progress)
        return;
    if (progress->options.mode == PROGRESS_LIVE) {
        log_set_sink(NULL, NULL);
        erase(progress);
        fflush(progress->options.out);
    }
    free(progress);
}

int64_t progress_wait_ms(const struct progress *progress, int64_t now_ms)
{
    if (progress->options.mode == PROGRESS_NONE)
        return -1;
    return progress->next_ms > now_ms ? progress->next_ms - now_ms : 0;
}

bool progress_due(const struct progress *progress, int64_t now_ms)
{
    return progress_wait_ms(progress, now_ms) == 0;
}

/* Measures the rates over the last RATE_WINDOW_MS, or up to twice as long: a
 * rate over the whole run would hide that a crawl has slowed down, one over a
 * moment would jump, and the time that is left with it. */
static void measure_rate(struct progress *progress,
                         const struct progress_view *view, int64_t now_ms)
{
    struct mark now = {now_ms, view->nr_run, view->bytes_down};
    const struct mark *before = &progress->before;
    double seconds;

    if (now_ms - progress->last.at_ms >= RATE_WINDOW_MS) {
        progress->before = progress->last;
        progress->last = now;
    }
    seconds = (double)(now_ms - before->at_ms) / 1e3;
    if (seconds <= 0)
        return;
    progress->urls_per_s = (double)(now.nr_run - before->nr_run) / seconds;
    progress->bytes_per_s = (double)(now.bytes - before->bytes) / seconds;
}

/* Adds a row, cut to the width at a character. */
static void add_row(struct progress *progress, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void add_row(struct progress *progress, const char *format, ...)
{
    char raw[ROW_BYTES];
    size_t cap = (size_t)progress->width;
    va_list args;

    if (progress->nr_rows == PROGRESS_ROWS)
        return;
    va_start(args, format);
    vsnprintf(raw, sizeof(raw), format, args);
    va_end(args);
    /* what a row names, hosts and files, may hold any byte */
    if (cap > ROW_BYTES)
        cap = ROW_BYTES;
    text_escape(raw, strnlen(raw, sizeof(raw)),
                progress->rows[progress->nr_rows++], cap);
}

/* Returns how much of the known URLs has ended; it can fall when links are
 * found. */
static int percent_of(const struct progress_view *view)
{
    if (view->nr_urls <= 0)
        return 0;
    return (int)(view->nr_ended * 100 / view->nr_urls);
}

/* Says when the run may end. There is no honest estimate before the list has
 * been read to its end. */
static void eta_text(const struct progress *progress,
                     const struct progress_view *view,
                     char out[VALUE_TEXT_BYTES + 8])
{
    int64_t left = view->nr_urls - view->nr_ended;
    char clock[VALUE_TEXT_BYTES];

    out[0] = '\0';
    if (view->stopping)
        snprintf(out, VALUE_TEXT_BYTES, "stopping");
    else if (view->no_network_ms > 0)
        snprintf(out, VALUE_TEXT_BYTES + 8, "no network since %d s; waiting",
                 (int)(view->no_network_ms / 1000));
    else if (view->paused)
        snprintf(out, VALUE_TEXT_BYTES, "paused");
    else if (view->list_done && progress->urls_per_s > 0 && left > 0) {
        value_show_clock((int64_t)((double)left * 1e3 / progress->urls_per_s),
                         clock);
        snprintf(out, VALUE_TEXT_BYTES + 8, "ETA %s", clock);
    }
}

/* Whether earlier sessions have done a part: then it is said what is meant. */
static bool is_resumed(const struct progress_view *view)
{
    return view->nr_ended > view->nr_run;
}

/* Adds the row of counts: how URLs ended, and what happens now. */
static void counts_row(struct progress *progress,
                       const struct progress_view *view)
{
    char ok[VALUE_TEXT_BYTES], failed[VALUE_TEXT_BYTES];

    value_show_count(view->nr_ok, ok);
    value_show_count(view->nr_failed, failed);
    add_row(progress,
            " %sok %s   3xx %" PRId64 "   4xx %" PRId64 "   5xx %" PRId64
            "   failed %s   skipped %" PRId64 "   retrying %" PRId64
            "   active %d   waiting(hosts) %d",
            is_resumed(view) ? "this session: " : "", ok, view->nr_3xx,
            view->nr_4xx, view->nr_5xx, failed, view->nr_skipped,
            view->nr_retrying, view->nr_active, view->nr_hosts_waiting);
}

/* Draws the rows. They are cut to the width, so what matters most stands to the
 * left. */
static void draw_live(struct progress *progress,
                      const struct progress_view *view, int64_t now_ms)
{
    char ended[VALUE_TEXT_BYTES], urls[VALUE_TEXT_BYTES];
    char bytes[VALUE_TEXT_BYTES], clock[VALUE_TEXT_BYTES];
    char eta[VALUE_TEXT_BYTES + 8];
    char bar[BAR_CELLS + 1];
    int percent = percent_of(view);

    progress->nr_rows = 0;
    for (int i = 0; i < BAR_CELLS; i++)
        bar[i] = i * 100 < percent * BAR_CELLS ? '#' : '-';
    bar[BAR_CELLS] = '\0';
    value_show_count(view->nr_ended, ended);
    value_show_count(view->nr_urls, urls);
    value_show_bytes(progress->bytes_per_s, bytes);
    value_show_clock(now_ms - progress->options.start_ms, clock);
    eta_text(progress, view, eta);
    add_row(progress, "crawl  %s -> %s  %d workers     Ctrl-C saves and stops",
            progress->options.input, progress->options.output,
            progress->options.nr_workers);
    add_row(progress, "%3d%% %s  %s/%s%s%s   %.0f url/s  %s/s  %s  %s", percent,
            bar, ended, urls, view->list_done ? "" : "+",
            is_resumed(view) ? " in all" : "", progress->urls_per_s, bytes,
            clock, eta);
    counts_row(progress, view);
    if (view->throttled.host[0]) {
        value_show_clock(view->throttled.for_ms, clock);
        if (view->throttled.status)
            add_row(progress, " throttled  %s %d, for %s", view->throttled.host,
                    view->throttled.status, clock);
        else
            add_row(progress, " throttled  %s, for %s", view->throttled.host,
                    clock);
    }
    erase(progress);
    print_rows(progress);
}

/* Shows the name of a host as one word; "-" when there is none. */
static const char *host_word(const char *host, char out[ROW_BYTES])
{
    if (!host || !host[0])
        return "-";
    text_escape(host, strnlen(host, ROW_BYTES), out, ROW_BYTES);
    return out;
}

/* Prints one line for log files, with keys that never change and no units. A
 * host that waits for less than a second is not throttled, it has its turn. */
static void draw_plain(struct progress *progress,
                       const struct progress_view *view, int64_t now_ms)
{
    const struct progress_throttled *throttled = &view->throttled;
    bool waits = throttled->status > 0 || throttled->for_ms >= 1000;
    char clock[CLOCK_ISO_BYTES], host[ROW_BYTES];
    FILE *out = progress->options.out;

    clock_iso(view->wall_ms, clock);
    fprintf(out,
            "crawl: time=%s elapsed_s=%" PRId64 " done=%" PRId64
            " urls=%" PRId64 " list_done=%d ok=%" PRId64 " 3xx=%" PRId64
            " 4xx=%" PRId64 " 5xx=%" PRId64 " failed=%" PRId64
            " skipped=%" PRId64 " retrying=%" PRId64
            " active=%d hosts_waiting=%d bytes=%" PRId64
            " url_per_s=%.0f session_done=%" PRId64,
            clock, (now_ms - progress->options.start_ms) / 1000, view->nr_ended,
            view->nr_urls, view->list_done, view->nr_ok, view->nr_3xx,
            view->nr_4xx, view->nr_5xx, view->nr_failed, view->nr_skipped,
            view->nr_retrying, view->nr_active, view->nr_hosts_waiting,
            view->bytes_down, progress->urls_per_s, view->nr_run);
    fprintf(out, " throttled=%s throttled_status=%d throttled_s=%" PRId64,
            host_word(waits ? throttled->host : "", host),
            waits ? throttled->status : 0,
            waits ? (throttled->for_ms + 999) / 1000 : 0);
    fprintf(out, " slowest=%s slowest_ms=%" PRId64 "\n",
            host_word(view->slowest.host, host), view->slowest.latency_ms);
    fflush(out);
}

bool progress_is_plain(const struct progress *progress)
{
    return progress->options.mode == PROGRESS_PLAIN;
}

void progress_draw(struct progress *progress, const struct progress_view *view,
                   int64_t now_ms)
{
    measure_rate(progress, view, now_ms);
    if (progress->options.mode == PROGRESS_LIVE)
        draw_live(progress, view, now_ms);
    else if (progress->options.mode == PROGRESS_PLAIN)
        draw_plain(progress, view, now_ms);
    progress->next_ms = now_ms + (progress->options.mode == PROGRESS_LIVE
                                      ? PROGRESS_REDRAW_MS
                                      : progress->options.interval_ms);
}
