/*
 * The table of columns behind page_row.h. Its order is that of JSONL and CSV,
 * with what they do not show at the end; `results` has the same order. The
 * order in the table `pages` is told by the numbers.
 *
 * A new column is a field in page_row.h and a line here: among the shown ones
 * where readers will look for it, with the next number. It may be NULL, since
 * older databases get it by ALTER TABLE. test_page_row.c holds the rest.
 */
#include "storage/page_row.h"

/* The name of a column, and the same as a key of a JSON object with the comma
 * before it: made here, so that JSONL appends it in one piece. */
#define NAME(text)                                                             \
    text,                                                                      \
    {                                                                          \
        ",\"" text "\":", sizeof(",\"" text "\":") - 1                         \
    }
#define AT(member) offsetof(struct page_record, member)
/* Kind and place of a field. The kind follows from its C type, so the two
 * cannot disagree. */
#define FIELD(member)                                                          \
    _Generic(((struct page_record *)0)->member, struct bytes                   \
             : COLUMN_TEXT, int                                                \
             : COLUMN_INT, int64_t                                             \
             : COLUMN_INT64, double                                            \
             : COLUMN_REAL, bool                                               \
             : COLUMN_BOOL),                                                   \
        AT(member)
/* What JSONL and CSV show is also what an export must read. */
#define SHOWN         (COLUMN_SHOWN | COLUMN_EXPORTED)
#define REQUIRED      COLUMN_REQUIRED
#define ALWAYS        COLUMN_ALWAYS
#define KEPT          COLUMN_KEPT
#define KEPT_IF_NONE  COLUMN_KEPT_IF_NONE
#define EVERYWHERE    (COLUMN_RESULTS | SHOWN)
/* `line` holds the number of its list above 40 bits of the line's own number
 * (storage_line()). These are the two parts in SQL. */
#define LINE_OF(line) line " & 1099511627775"
#define INPUT_OF(line)                                                         \
    "(SELECT i.name FROM inputs i WHERE i.number = " line " >> 40)"

const struct page_column page_columns[] = {
    {NAME("url"), 2, "text", COLUMN_URL, AT(url), 0,
     REQUIRED | EVERYWHERE | ALWAYS, "", "canonical",
     .results_sql = "coalesce(u.listed, u.url)", .line_sql = "l.text",
     .results_meaning = "as listed, else canonical"},
    {NAME("length"), 3, "bigint", FIELD(length), -1, EVERYWHERE | ALWAYS | KEPT,
     "bytes", "decoded body; NULL: no answer"},
    {NAME("status"), 4, "integer", FIELD(status), 0, EVERYWHERE | ALWAYS | KEPT,
     "", "HTTP status of the last answer; NULL: none"},
    {NAME("outcome"), 5, "text", FIELD(outcome), 0,
     REQUIRED | EVERYWHERE | ALWAYS | KEPT, "",
     "`ok`, `redirect`, `http_error`, `error`, `skipped`",
     .line_sql = "'skipped'"},
    {NAME("error"), 6, "text", FIELD(error), 0, EVERYWHERE | ALWAYS, "",
     "why there was no usable answer; NULL: none; see errors",
     .line_sql = "l.error"},
    {NAME("final_url"), 8, "text", FIELD(final_url), 0, EVERYWHERE | KEPT, "",
     "where the answer came from; NULL: url",
     .results_sql =
         "CASE WHEN p.status IS NOT NULL THEN coalesce(p.final_url, p.url) END",
     .results_meaning = "where the answer came from; NULL: no answer"},
    {NAME("line"), 0, "bigint", COLUMN_LINE, AT(line), 0, EVERYWHERE, "",
     "line of the list, from 1; NULL: discovered",
     .export_sql = "CASE WHEN u.line > 0 THEN u.line END",
     .results_sql = LINE_OF("u.line"), .line_sql = LINE_OF("l.line")},
    {NAME("detail"), 7, "text", FIELD(detail), 0, EVERYWHERE, "", "for people",
     .line_sql = "coalesce(l.detail, 'repeats line ' || (" LINE_OF(
         "u.line") ") || CASE WHEN u.line >> 40 = l.line >> 40 THEN '' ELSE ' "
                   "of ' || " INPUT_OF("u.line") " END)",
     .results_meaning = "for people; of a duplicate: the line that it repeats"},
    {NAME("title"), 36, "text", FIELD(title), 0, EVERYWHERE | KEPT, "",
     "of the page"},
    {NAME("mime"), 21, "text", FIELD(mime), 0, EVERYWHERE | KEPT, "",
     "lower case, without parameters"},
    {NAME("charset"), 22, "text", FIELD(charset), 0, EVERYWHERE | KEPT, "",
     "by the Encoding standard"},
    {NAME("lang"), 40, "text", FIELD(lang), 0, EVERYWHERE | KEPT, "",
     "of the html element"},
    {NAME("description"), 37, "text", FIELD(description), 0, EVERYWHERE | KEPT,
     "", "meta description"},
    {NAME("h1"), 41, "text", FIELD(h1), 0, EVERYWHERE | KEPT, "",
     "first heading"},
    {NAME("canonical"), 38, "text", FIELD(canonical), 0, EVERYWHERE | KEPT, "",
     "link rel=canonical, absolute"},
    {NAME("robots"), 39, "text", FIELD(robots), 0, EVERYWHERE | KEPT, "",
     "meta robots and X-Robots-Tag"},
    {NAME("redirects"), 26, "integer", FIELD(nr_redirects), 0,
     REQUIRED | EVERYWHERE, "", "hops to final_url"},
    {NAME("fetched_at"), 13, "text", COLUMN_TIME, AT(fetched_at), 0, EVERYWHERE,
     "ISO 8601", "begin of the last request; NULL: never asked"},
    {NAME("elapsed_ms"), 14, "double precision", FIELD(elapsed_ms), 0,
     EVERYWHERE, "ms", "from first start to the end, with retries"},
    {NAME("ttfb_ms"), 31, "double precision", FIELD(ttfb_ms), 0, EVERYWHERE,
     "ms", "until the first byte"},
    {NAME("total_ms"), 32, "double precision", FIELD(total_ms), 0, EVERYWHERE,
     "ms", "until the end"},
    {NAME("wait_ms"), 27, "double precision", FIELD(wait_ms), 0, EVERYWHERE,
     "ms", "of elapsed_ms: waiting for the host's turn"},
    {NAME("dns_ms"), 28, "double precision", FIELD(dns_ms), 0, SHOWN, "ms",
     "last request: name look-up"},
    {NAME("connect_ms"), 29, "double precision", FIELD(connect_ms), 0, SHOWN,
     "ms", "until connected"},
    {NAME("tls_ms"), 30, "double precision", FIELD(tls_ms), 0, SHOWN, "ms",
     "until TLS stood"},
    {NAME("tries"), 15, "integer", FIELD(tries), 0, REQUIRED | EVERYWHERE, "",
     "requests", .results_sql = "coalesce(p.tries, u.tries)", .line_sql = "0"},
    {NAME("depth"), 16, "integer", FIELD(depth), -1, REQUIRED | EVERYWHERE, "",
     "hops from the list", .results_sql = "u.depth", .line_sql = "0"},
    {NAME("bytes_down"), 17, "bigint", FIELD(bytes_down), 0, EVERYWHERE,
     "bytes", "body as received"},
    {NAME("content_length"), 18, "bigint", FIELD(content_length), -1,
     SHOWN | KEPT, "bytes", "as claimed; NULL: not"},
    {NAME("chars"), 19, "bigint", FIELD(chars), -1, EVERYWHERE | KEPT, "",
     "characters of the text; NULL: not text"},
    {NAME("truncated"), 20, "text", FIELD(truncated), 0, EVERYWHERE | KEPT, "",
     "`length`, `time`, `disconnect`; NULL: whole"},
    {NAME("encoding"), 23, "text", FIELD(encoding), 0, EVERYWHERE | KEPT, "",
     "Content-Encoding"},
    {NAME("http_version"), 24, "text", FIELD(http_version), 0, EVERYWHERE, "",
     "`1.1`, `2`"},
    {NAME("ip"), 25, "text", FIELD(ip), 0, EVERYWHERE, "",
     "address that answered"},
    {NAME("etag"), 33, "text", FIELD(etag), 0, SHOWN | KEPT_IF_NONE, "",
     "as received"},
    {NAME("last_modified"), 34, "text", FIELD(last_modified), 0,
     SHOWN | KEPT_IF_NONE, "", "as received"},
    {NAME("server"), 51, "text", FIELD(server), 0, EVERYWHERE | KEPT_IF_NONE,
     "", "header Server, cut at 200 bytes"},
    {NAME("links_out"), 42, "integer", FIELD(nr_links_out), -1,
     EVERYWHERE | KEPT, "", "links found; NULL: not looked for"},
    {NAME("content_hash"), 35, "blob", COLUMN_HASH, AT(content_hash), 0,
     EVERYWHERE | KEPT, "", "XXH3-128 of the decoded body, 16 bytes"},
    {NAME("worker"), 43, "integer", FIELD(worker), -1, SHOWN, "",
     "slot of the process; NULL: none"},
    {NAME("retry_later"), 44, "smallint", FIELD(retry_later), 0,
     REQUIRED | SHOWN, "0/1",
     "not final: `--refetch failed` takes it up again"},
    {NAME("input"), 0, "text", FIELD(input), 0, EVERYWHERE, "",
     "list that has the line; NULL: discovered",
     .export_sql = INPUT_OF("u.line"), .results_sql = INPUT_OF("u.line"),
     .line_sql = INPUT_OF("l.line")},
    /* the columns from here on are neither in JSONL nor in CSV */
    {NAME("run_id"), 9, "bigint", FIELD(run_id), 0, REQUIRED | COLUMN_RESULTS,
     "", "as in runs"},
    {NAME("page_id"), 0, "bigint", COLUMN_ZERO, 0, 0, COLUMN_RESULTS, "",
     "its newest row in pages; NULL: none yet", .results_sql = "u.page_id"},
    {NAME("host_id"), 11, "bigint", FIELD(key.host_id), 0,
     REQUIRED | COLUMN_RESULTS, "", "as in hosts", .results_sql = "u.host_id"},
    {NAME("url_hash"), 12, "bigint", FIELD(key.url_hash), 0,
     REQUIRED | COLUMN_RESULTS, "", "as in urls", .results_sql = "u.url_hash",
     .results_meaning = "keyed SipHash of `url`"},
    /* the columns from here on are not in the view `results` either */
    {NAME("id"), 1, "integer PRIMARY KEY", FIELD(id), 0, 0, "",
     "in the order of completion"},
    {NAME("shard"), 10, "smallint", COLUMN_ZERO, 0, 0, REQUIRED, "",
     "0 in SQLite"},
    {NAME("not_modified"), 45, "smallint", FIELD(not_modified), 0, REQUIRED,
     "0/1", "a 304: the row repeats the stored answer"},
    {NAME("warc_file"), 46, "text", FIELD(warc.file), 0, 0, "",
     "part with the response; NULL: no WARC output"},
    {NAME("warc_offset"), 47, "bigint", FIELD(warc.offset), -1, 0, "bytes",
     "of the record in it"},
    {NAME("warc_length"), 48, "bigint", FIELD(warc.length), -1, 0, "bytes",
     "of the record, compressed"},
    {NAME("warc_type"), 49, "text", FIELD(warc.type), 0, 0, "",
     "`response`, `revisit`, `not_modified`"},
    {NAME("warc_digest"), 50, "text", FIELD(warc.digest), 0, 0, "",
     "`sha1:` and base32, of the payload"},
    {NAME("answer_id"), 52, "bigint", FIELD(warc.answer_id), 0, 0, "",
     "of a 304: the row in pages whose answer it confirms"},
    {NAME("listed"), 0, "text", FIELD(listed), 0, COLUMN_EXPORTED, "",
     "the line as it stood there, without credentials; NULL: same as url",
     .export_sql = "u.listed"},
};
const size_t nr_page_columns = sizeof(page_columns) / sizeof(page_columns[0]);
