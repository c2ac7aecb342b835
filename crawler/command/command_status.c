/* crawl status: how far a crawl is, also while it runs. */
#include <inttypes.h>
#include <string.h>

#include "crawler/cli/value.h"
#include "crawler/command/command_common.h"
#include "crawler/command/commands.h"

/* One fact of the answer; a text of NULL means that the number is shown. */
struct fact {
    const char *name;
    int64_t number;
    const char *text;
};

/* The table `runs` says "running" of a killed run too, as nobody was left to
 * write another word. Whether a process holds the lock of the database tells
 * the two apart. */
static const char *state_of(const struct reader_status *status, char room[80])
{
    bool says_running = strcmp(status->run_status, "running") == 0;

    if (status->running && status->pid)
        snprintf(room, 80, "running, process %d", status->pid);
    else if (status->running)
        snprintf(room, 80, "running");
    else if (says_running)
        snprintf(room, 80, "killed; the same command goes on");
    else
        snprintf(room, 80, "%s", status->run_status);
    return room;
}

/* URLs that are known and have not ended; links still to be found are not among
 * them. */
static int64_t nr_left(const struct reader_status *status)
{
    return status->counts.nr_urls - status->counts.nr_ended;
}

/* Prints one row for programs, with numbers as numbers. The names of the
 * columns are an interface that scripts use: add new ones at the end and rename
 * none. */
static int print_row(struct row_printer *printer,
                     const struct reader_status *status)
{
    const struct {
        const char *name;
        struct query_value value;
    } cells[] = {
        {"running", command_int(status->running)},
        {"pid", command_int(status->pid)},
        {"run", command_int(status->run_id)},
        {"runs", command_int(status->nr_runs)},
        {"status", command_text(status->run_status)},
        {"started_at", command_text(status->started_at)},
        {"finished_at", command_text(status->finished_at)},
        {"urls", command_int(status->counts.nr_urls)},
        {"ended", command_int(status->counts.nr_ended)},
        {"left", command_int(nr_left(status))},
        {"lines_no_url", command_int(status->counts.nr_bad_lines)},
        {"hosts", command_int(status->counts.nr_hosts)},
        {"ok", command_int(status->nr_ok)},
        {"redirect", command_int(status->nr_redirects)},
        {"http_error", command_int(status->nr_http_errors)},
        {"error", command_int(status->nr_errors)},
        {"skipped", command_int(status->nr_skipped)},
        {"bytes_down", command_int(status->bytes_down)},
        {"urls_a_second", command_real(status->urls_a_second)},
        {"active", command_int(status->nr_active)},
        {"workers_busy", command_int(status->nr_workers_busy)},
    };
    const char *names[sizeof(cells) / sizeof(cells[0])];
    struct query_value values[sizeof(cells) / sizeof(cells[0])];
    struct query_row row = {1, sizeof(cells) / sizeof(cells[0]), names, values};

    for (size_t i = 0; i < row.nr_columns; i++) {
        names[i] = cells[i].name;
        values[i] = cells[i].value;
    }
    return row_printer_add(printer, &row) ? CRAWL_EXIT_FAILURE : CRAWL_EXIT_OK;
}

/* Prints how many URLs of the run ended in which way. An outcome that never
 * came is left out, but "ok 0" is news and is shown. */
static void print_counts(const struct reader_status *status)
{
    const struct fact facts[] = {
        {"ok", status->nr_ok, NULL},
        {"redirect", status->nr_redirects, NULL},
        {"http error", status->nr_http_errors, NULL},
        {"error", status->nr_errors, NULL},
        {"skipped", status->nr_skipped, NULL},
    };
    char count[VALUE_TEXT_BYTES];

    fputs("outcome   ", stdout);
    for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
        if (facts[i].number == 0 && i)
            continue;
        value_show_count(facts[i].number, count);
        printf("%s%s %s", i ? "   " : "", facts[i].name, count);
    }
    fputc('\n', stdout);
}

/* Prints the speed of a crawl that runs. The time left is for the known URLs:
 * links that are still to be found are in no estimate. */
static void print_speed(const struct reader_status *status)
{
    double rate = status->urls_a_second;
    char clock[VALUE_TEXT_BYTES] = "?";

    if (!status->running)
        return;
    if (rate > 0)
        value_show_clock((int64_t)((double)nr_left(status) / rate * 1000),
                         clock);
    printf("speed     %.0f URL/s, %" PRId64 " transfers, %" PRId64
           " workers busy, known URLs in %s\n",
           rate, status->nr_active, status->nr_workers_busy, clock);
}

/* Prints lines for people: what runs, since when, how far, and how the URLs
 * ended. */
static int print_people(const struct reader_status *status)
{
    char state[80], ended[VALUE_TEXT_BYTES], urls[VALUE_TEXT_BYTES];
    char left[VALUE_TEXT_BYTES], bytes[VALUE_TEXT_BYTES];
    char hosts[VALUE_TEXT_BYTES];

    value_show_count(status->counts.nr_ended, ended);
    value_show_count(status->counts.nr_urls, urls);
    value_show_count(nr_left(status), left);
    value_show_count(status->counts.nr_hosts, hosts);
    value_show_bytes((double)status->bytes_down, bytes);
    printf("run       %" PRId64 " of %" PRId64 ": %s\n", status->run_id,
           status->nr_runs, state_of(status, state));
    printf("began     %s%s%s\n", status->started_at,
           status->finished_at[0] ? "   ended " : "", status->finished_at);
    printf("urls      %s of %s ended, %s to do, %s hosts, %s received\n", ended,
           urls, left, hosts, bytes);
    print_counts(status);
    print_speed(status);
    return fflush(stdout) ? CRAWL_EXIT_FAILURE : CRAWL_EXIT_OK;
}

/* A flag such as --json asks for a row that programs read; without one the
 * answer is lines for people. */
int command_status(const struct command_line *line)
{
    struct reader_status status;
    struct reader *reader;
    struct row_printer *printer;
    int exit_status;
    enum err err;

    reader = command_open(line->words[0], &exit_status);
    if (!reader)
        return exit_status;
    err = reader_status(reader, &status);
    exit_status = err ? command_failed(reader, err) : CRAWL_EXIT_OK;
    reader_close(reader);
    if (err || line->nr_given == 0)
        return err ? exit_status : print_people(&status);
    printer = command_printer(line, 0);
    if (!printer)
        return CRAWL_EXIT_USAGE;
    return command_printer_end(printer, print_row(printer, &status));
}
