#include "crawler/command/command_why.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

#define SQL_BYTES ((size_t)32 << 10)

static int64_t number(const struct query_value *value)
{
    return value->type == QUERY_INT ? value->integer : 0;
}

static char *owned_text(const struct query_value *value)
{
    if (value->type != QUERY_TEXT)
        return NULL;
    return xmemdup0(value->text.data, value->text.len);
}

/* A text as SQL has it: quotes twice. Every text here is a canonical URL or a
 * part of one, so it holds no NUL. */
static enum err add_sql_text(struct buf *sql, const char *text)
{
    enum err err = buf_add_byte(sql, '\'');

    for (; *text && !err; text++) {
        err = buf_add_byte(sql, (unsigned char)*text);
        if (!err && *text == '\'')
            err = buf_add_byte(sql, '\'');
    }
    return err ? err : buf_add_byte(sql, '\'');
}

/* `sql` with `text` behind it and `tail` behind that. */
static bool run(struct why *why, const char *head, const char *text,
                const char *tail, query_row_fn fn)
{
    struct buf sql;
    enum err err;

    buf_init(&sql, SQL_BYTES);
    err = buf_add_str(&sql, head);
    if (!err)
        err = add_sql_text(&sql, text);
    if (!err)
        err = buf_add_str(&sql, tail);
    if (!err)
        err = reader_run(why->reader, (const char *)sql.data, sql.len, fn, why);
    buf_release(&sql);
    if (err)
        why->status = command_failed(why->reader, err);
    return !err;
}

static void describe_end(struct why_known *known,
                         const struct query_value *values)
{
    static const char *const before[] = {"", ", HTTP ", ", ", ": ", ", at "};
    size_t len = 0;

    for (size_t i = 0; i < 5 && len < sizeof(known->ended); i++) {
        const struct bytes *text = &values[i].text;

        if (values[i].type != QUERY_NULL)
            len += (size_t)snprintf(
                known->ended + len, sizeof(known->ended) - len, "%s%.*s",
                before[i], (int)text->len, (const char *)text->data);
    }
}

static enum err take_url(void *ctx, const struct query_row *row)
{
    struct why_known *known = &((struct why *)ctx)->known;

    if (!row->values || known->has_url)
        return CERR_OK;
    known->has_url = true;
    known->line = number(&row->values[0]);
    known->depth = number(&row->values[1]);
    known->parent = owned_text(&row->values[2]);
    describe_end(known, row->values + 3);
    return CERR_OK;
}

static enum err take_host(void *ctx, const struct query_row *row)
{
    struct why_known *known = &((struct why *)ctx)->known;
    const struct query_value *values = row->values;

    if (!values)
        return CERR_OK;
    known->has_host = true;
    known->host_listed = number(&values[0]) != 0;
    known->robots_status = number(&values[1]);
    known->robots_at = number(&values[2]);
    known->robots_until = number(&values[3]);
    return buf_add(&known->robots, values[4].text.data, values[4].text.len);
}

bool why_read_database(struct why *why)
{
    return run(why,
               "SELECT u.line & 1099511627775, u.depth, o.url, p.outcome, "
               "p.status, p.error,"
               " p.detail, p.fetched_at FROM urls u"
               " LEFT JOIN pages p ON p.id = u.page_id AND u.state <> 0"
               " LEFT JOIN urls o ON o.shard = u.shard"
               " AND o.host_id = u.parent_host_id"
               " AND o.url_hash = u.parent_hash WHERE u.url = ",
               why->url.text, "", take_url) &&
           run(why,
               "SELECT h.listed, h.robots_status, h.robots_at,"
               " h.robots_until, r.body FROM hosts h"
               " LEFT JOIN robots r ON r.shard = h.shard"
               " AND r.host_id = h.host_id WHERE h.host = ",
               why->host_key, "", take_host);
}

static bool parse_column(struct why *why, const struct query_row *row)
{
    const struct query_value *value = row->values;

    return value && value->type == QUERY_TEXT &&
           url_parse(&why->room, value->text.data, value->text.len, NULL) ==
               URL_OK;
}

static enum err count_page(void *ctx, const struct query_row *row)
{
    struct why *why = ctx;

    if (!parse_column(why, row))
        return CERR_OK;
    why->known.nr_pages++;
    trap_count(why->trap, &why->room);
    return CERR_OK;
}

bool why_count_pages(struct why *why)
{
    return run(why,
               "SELECT u.url FROM hosts h JOIN urls u ON u.shard = h.shard"
               " AND u.host_id = h.host_id"
               " WHERE u.line IS NULL AND h.host = ",
               why->host_key, "", count_page);
}

static enum err add_folder(void *ctx, const struct query_row *row)
{
    struct why *why = ctx;

    if (parse_column(why, row))
        folders_add(why->folders, &why->room);
    return CERR_OK;
}

bool why_read_folders(struct why *why)
{
    return run(why, "SELECT url FROM urls WHERE line > 0 AND url > ", "", "",
               add_folder);
}
