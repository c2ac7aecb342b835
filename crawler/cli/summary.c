/* Prints the summary. Counts that are zero are left out; what to do next comes
 * last, where the eye is when the shell prompts again. */
#include "crawler/cli/summary.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "crawler/cli/value.h"

/* Prints the counts; "ok" is shown even when it is zero. */
static void print_counts(const struct summary *summary, FILE *out)
{
    const struct {
        const char *name;
        int64_t nr;
    } counts[] = {
        {"ok", summary->nr_ok},
        {"redirect", summary->nr_redirect},
        {"http error", summary->nr_http_error},
        {"error", summary->nr_error},
        {"skipped", summary->nr_skipped},
        {"bad lines", summary->nr_bad_lines},
        {"duplicates", summary->nr_duplicates},
        {"left to do", summary->nr_left},
    };
    const char *between = "  ";
    char count[VALUE_TEXT_BYTES];

    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        if (counts[i].nr == 0 && i > 0)
            continue;
        value_show_count(counts[i].nr, count);
        fprintf(out, "%s%s %s", between, counts[i].name, count);
        between = "   ";
    }
    fputc('\n', out);
}

/* Prints requests, bytes and their rates. A run that took no time counts as one
 * millisecond, or the rate would be infinite. */
static void print_rate(const struct summary *summary, FILE *out)
{
    double seconds =
        (double)(summary->elapsed_ms > 0 ? summary->elapsed_ms : 1) / 1e3;
    char bytes[VALUE_TEXT_BYTES], rate[VALUE_TEXT_BYTES];
    char requests[VALUE_TEXT_BYTES];

    value_show_bytes((double)summary->bytes_down, bytes);
    value_show_bytes((double)summary->bytes_down / seconds, rate);
    value_show_count(summary->nr_requests, requests);
    fprintf(out, "  %s requests in %.1f s, %.0f/s   %s, %s/s\n", requests,
            seconds, (double)summary->nr_requests / seconds, bytes, rate);
}

/* Prints the most frequent causes, each with what can be done about it, so that
 * nobody has to look its code up. */
static void print_causes(const struct summary *summary, FILE *out)
{
    char count[VALUE_TEXT_BYTES];

    for (size_t i = 0; i < summary->nr_causes && i < SUMMARY_CAUSES; i++) {
        const struct summary_cause *cause = &summary->causes[i];

        value_show_count(cause->nr, count);
        fprintf(out, "  %s x %s: %s\n", count, cause->code, cause->meaning);
        if (cause->hint[0])
            fprintf(out, "      %s\n", cause->hint);
    }
}

/* Prints a word as a shell reads it. A path has at most 4,096 bytes
 * (PATH_MAX), and each may need four. */
static void print_word(const char *word, FILE *out)
{
    char quoted[4 * 4096 + 3];

    (void)text_shell_word(word, quoted, sizeof(quoted));
    fputs(quoted, out);
}

/* Prints the command that goes on, and what its reader has to add, because it
 * is kept nowhere. */
static void print_again(const struct summary *summary, FILE *out)
{
    const char *at = summary->secrets ? summary->secrets : "";

    if (!summary->again[0])
        return;
    fprintf(out, "  go on:  %s\n", summary->again);
    for (size_t len; *at; at += len + (at[len] == '\n')) {
        len = strcspn(at, "\n");
        fprintf(out,
                "          add %.*s with its value, which is kept "
                "nowhere\n",
                (int)len, at);
    }
}

void summary_print(const struct summary *summary, FILE *out)
{
    fprintf(out, "crawl: %s%s%s\n", summary->ended,
            summary->reason[0] ? ": " : "", summary->reason);
    print_counts(summary, out);
    print_rate(summary, out);
    print_causes(summary, out);
    if (summary->nr_moved_away > 0)
        fprintf(out,
                "  %" PRId64 " listed URL%s to another domain, where no links "
                "were followed:\n      list where they lead, or use --scope "
                "any\n",
                summary->nr_moved_away,
                summary->nr_moved_away == 1 ? " redirects" : "s redirect");
    if (summary->clock_in_doubt)
        fputs("  many certificates seem expired: is this machine's clock "
              "right? (date)\n",
              out);
    print_again(summary, out);
    if (summary->database) {
        fputs("  next:   crawl query ", out);
        print_word(summary->database, out);
        /* a query that has rows: `errors` knows no answer with a bad status */
        fputs(summary->nr_error > 0        ? " errors\n"
              : summary->nr_http_error > 0 ? " broken\n"
                                           : "\n",
              out);
    }
    fflush(out);
}
