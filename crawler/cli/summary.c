/* Prints the summary. Counts that are zero are left out; what to do next comes
 * last, where the eye is when the shell prompts again. */
#include "crawler/cli/summary.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "crawler/cli/value.h"

struct count {
    const char *name;
    int64_t nr;
};

/* Prints counts that are not zero, and the first one always. */
static void print_list(const char *begin, const struct count *counts, size_t nr,
                       FILE *out)
{
    char count[VALUE_TEXT_BYTES];

    fputs(begin, out);
    for (size_t i = 0; i < nr; i++) {
        if (counts[i].nr == 0 && i > 0)
            continue;
        value_show_count(counts[i].nr, count);
        fprintf(out, "%s%s %s", i > 0 ? "   " : "", counts[i].name, count);
    }
}

/* Prints the counts; of a run that was gone on with, those of this session and
 * then those of the whole run. */
static void print_counts(const struct summary *summary, FILE *out)
{
    const struct summary_ended *now = &summary->visits;
    const struct summary_ended *all = &summary->all.ended;
    bool is_resumed = summary->all.nr_sessions > 1;
    const struct count counts[] = {
        {"ok", now->nr_ok},
        {"redirect", now->nr_redirect},
        {"http error", now->nr_http_error},
        {"error", now->nr_error},
        {"skipped", now->nr_skipped},
        {"bad lines", summary->nr_bad_lines},
        {"duplicates", summary->nr_duplicates},
        {"left to do", summary->nr_left},
    };
    const struct count in_all[] = {
        {"ok", all->nr_ok},
        {"redirect", all->nr_redirect},
        {"http error", all->nr_http_error},
        {"error", all->nr_error},
        {"skipped", all->nr_skipped},
    };

    print_list(is_resumed ? "  this session: " : "  ", counts,
               sizeof(counts) / sizeof(counts[0]), out);
    fputc('\n', out);
    if (!is_resumed)
        return;
    print_list("  in all: ", in_all, sizeof(in_all) / sizeof(in_all[0]), out);
    fprintf(out, "   (%" PRId64 " sessions, %.1f s of work)\n",
            summary->all.nr_sessions, (double)summary->all.work_ms / 1e3);
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

/* Prints a word as a shell reads it. A path has at most 4,096 bytes
 * (PATH_MAX), and each may need four. */
static void print_word(const char *word, FILE *out)
{
    char quoted[4 * 4096 + 3];

    (void)text_shell_word(word, quoted, sizeof(quoted));
    fputs(quoted, out);
}

/* Prints a hint; the word DB in it stands for the database of this crawl. */
static void print_hint(const char *hint, const char *database, FILE *out)
{
    const char *at = database ? strstr(hint, " DB ") : NULL;
    int before = at ? (int)(at + 1 - hint) : (int)strlen(hint);

    fprintf(out, "      %.*s", before, hint);
    if (at) {
        print_word(database, out);
        fputs(at + 3, out);
    }
    fputc('\n', out);
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
            print_hint(cause->hint, summary->database, out);
    }
}

/* Says how often hosts asked to wait, and how often they were slowed down for:
 * it is why a crawl took long. */
static void print_waits(const struct summary *summary, FILE *out)
{
    const struct summary_waits *waits = &summary->waits;
    const struct count counts[] = {{"429 x", waits->nr_429},
                                   {"503 x", waits->nr_503}};
    const struct count *asked = waits->nr_429 ? counts : counts + 1;
    char nr_slow[VALUE_TEXT_BYTES];

    if (waits->nr_429 + waits->nr_503 > 0) {
        print_list("  hosts asked to wait: ", asked,
                   (size_t)(counts + 2 - asked), out);
        fprintf(out, "   (%.1f s at most)\n",
                (double)waits->longest_wait_ms / 1e3);
    }
    value_show_count(waits->nr_slow_downs, nr_slow);
    if (waits->nr_slow_downs > 0)
        fprintf(out, "  slower or failing hosts were asked less, %s times\n",
                nr_slow);
    if (!summary->database ||
        waits->nr_429 + waits->nr_503 + waits->nr_slow_downs == 0)
        return;
    fputs("      which ones: crawl query ", out);
    print_word(summary->database, out);
    /* a host that was slow, but needed no second try, is in no named query */
    fputs(waits->nr_429 + waits->nr_503 > 0
              ? " flaky\n"
              : " \"select at, detail from events where what = 'slowed'\"\n",
          out);
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
    print_waits(summary, out);
    print_causes(summary, out);
    if (summary->nr_moved_away > 0)
        fprintf(out,
                "  %" PRId64 " listed URL%s to another domain, where no links "
                "were followed:\n      list where they lead, or use --scope "
                "any\n",
                summary->nr_moved_away,
                summary->nr_moved_away == 1 ? " redirects" : "s redirect");
    if (summary->nr_unread_sitemaps > 0)
        fprintf(out,
                "  %" PRId64 " listed URL%s: --sitemaps reads the entries\n",
                summary->nr_unread_sitemaps,
                summary->nr_unread_sitemaps == 1 ? " is a sitemap"
                                                 : "s are sitemaps");
    if (summary->clock_in_doubt)
        fputs("  many certificates seem expired: is this machine's clock "
              "right? (date)\n",
              out);
    print_again(summary, out);
    if (summary->database) {
        fputs("  next:   crawl query ", out);
        print_word(summary->database, out);
        /* a query that has rows: `errors` knows no answer with a bad status */
        fputs(summary->visits.nr_error > 0        ? " errors\n"
              : summary->visits.nr_http_error > 0 ? " broken\n"
                                                  : "\n",
              out);
    }
    fflush(out);
}
