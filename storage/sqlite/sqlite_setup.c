/*
 * What happens to the database at its opening: whose file is it, the schema,
 * the hash key, the counters, and the run that begins or goes on.
 *
 * The states of a run, as the newest row of `runs` and the counters have it:
 *
 *   new -> under way [sqlite_start_run]: there was no run
 *   under way -> ended [sqlite_end_run]: done, interrupted, limit, failed
 *   under way -> under way [sqlite_start_run]: the process died
 *   ended, URLs to do -> under way [sqlite_start_run]: one session more
 *   ended, nothing to do -> under way [sqlite_open_run]: new lines came
 *   ended, nothing to do -> a new run [put_back]: with --refetch
 */
#include "base/xalloc.h"
#include "storage/sqlite/sqlite.h"
#include "storage/sqlite/sqlite_page.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/*
 * The settings of the connection. Pages of 8 KiB, twice SQLite's default, save
 * a tenth of the time. The cache has 64 MiB. The write-ahead log is copied back
 * after 4,096 pages, which are 32 MiB, and its file is cut to 64 MiB.
 * synchronous = FULL makes each commit survive a power cut. Debian builds
 * SQLite to overwrite what is deleted with zeros, which nobody needs here.
 * trusted_schema = OFF keeps a foreign schema from calling functions that have
 * side effects.
 */
static const char pragmas[] =
    "PRAGMA page_size = 8192; PRAGMA trusted_schema = OFF; PRAGMA "
    "secure_delete = OFF;"
    "PRAGMA synchronous = FULL; PRAGMA cache_size = -65536;"
    "PRAGMA temp_store = FILE; PRAGMA wal_autocheckpoint = 4096;"
    "PRAGMA journal_size_limit = 67108864";

/* ---- the table meta ---- */

/* Sets a number in the table meta. Its values are texts, because other keys may
 * need texts. */
static enum err put_meta(struct sqlite *sqlite, const char *key, int64_t value)
{
    struct binder binder = sqlite_bind(sqlite, STMT_PUT_META);
    char text[24];

    snprintf(text, sizeof(text), "%" PRId64, value);
    bind_str(&binder, key);
    bind_str(&binder, text);
    return sqlite_run(sqlite, &binder);
}

/* Reads a number of the table meta. A counter that never moved has no row, and
 * reads as 0. */
static enum err get_meta(struct sqlite *sqlite, const char *key, int64_t *value)
{
    char sql[80];

    snprintf(sql, sizeof(sql),
             "SELECT CAST(v AS bigint) FROM meta WHERE k = '%s'", key);
    return sqlite_number(sqlite, sql, 0, value);
}

/* The counters of storage_count(): the name of each in meta, and its place in
 * struct storage_counts. */
static const struct {
    const char *key;
    size_t offset;
} counters[] = {
    {"urls", offsetof(struct storage_counts, nr_urls)},
    {"ended", offsetof(struct storage_counts, nr_ended)},
    {"lines", offsetof(struct storage_counts, nr_lines)},
    {"bad_lines", offsetof(struct storage_counts, nr_bad_lines)},
    {"hosts", offsetof(struct storage_counts, nr_hosts)},
};
#define NR_COUNTERS (sizeof(counters) / sizeof(counters[0]))

static int64_t *counter_at(struct storage_counts *counts, size_t i)
{
    return (int64_t *)(void *)((char *)counts + counters[i].offset);
}

static int64_t counter_of(const struct storage_counts *counts, size_t i)
{
    struct storage_counts copy = *counts;

    return *counter_at(&copy, i);
}

/* Writes only counters that have changed: most commits move one or two. */
enum err sqlite_put_counts(struct sqlite *sqlite,
                           const struct storage_counts *counts)
{
    enum err err = CERR_OK;

    for (size_t i = 0; i < NR_COUNTERS && !err; i++) {
        int64_t now = counter_of(counts, i);

        if (now != counter_of(&sqlite->counts_stored, i))
            err = put_meta(sqlite, counters[i].key, now);
    }
    sqlite->counts_stored = *counts;
    return err;
}

/* Reads the hash key and the counters. The key is stored as two signed numbers,
 * since SQLite has no unsigned ones. */
static enum err read_meta(struct sqlite *sqlite, struct storage_found *found)
{
    int64_t k0, k1;
    enum err err = get_meta(sqlite, "hash_k0", &k0);

    if (!err)
        err = get_meta(sqlite, "hash_k1", &k1);
    if (err)
        return err;
    found->hash_key = (struct hash_key){(uint64_t)k0, (uint64_t)k1};
    for (size_t i = 0; i < NR_COUNTERS && !err; i++)
        err = get_meta(sqlite, counters[i].key, counter_at(&found->counts, i));
    sqlite->counts_stored = found->counts;
    return err;
}

/* ---- the schema ---- */

/*
 * Makes the schema and sets the application id in one transaction, so that a
 * kill leaves an empty file or a whole schema. The journal is still of the old
 * kind: all this stands in the file itself before the write-ahead log begins.
 */
static enum err make_schema(struct sqlite *sqlite)
{
    char pragma[120];
    struct hash_key key;
    enum err err = sqlite_exec(sqlite, "BEGIN IMMEDIATE");

    snprintf(pragma, sizeof(pragma),
             "PRAGMA application_id = %d; PRAGMA user_version = %d",
             STORAGE_APPLICATION_ID, STORAGE_SCHEMA_VERSION);
    if (!err)
        err = sqlite_exec(sqlite, storage_schema);
    if (!err)
        err = sqlite_exec(sqlite, storage_results_view);
    if (!err)
        err = sqlite_exec(sqlite, pragma);
    hash_key_random(&key);
    if (!err)
        err = put_meta(sqlite, "hash_k0", (int64_t)key.k0);
    if (!err)
        err = put_meta(sqlite, "hash_k1", (int64_t)key.k1);
    if (!err)
        err = put_meta(sqlite, "shards", 1);
    if (!err)
        err = sqlite_exec(sqlite, "COMMIT");
    return err;
}

/* Tells by the numbers in the file's head whether the database is ours, new, or
 * neither; the last is CERR_FORMAT. A file without any table counts as new only
 * if no other program has put its number there. */
static enum err check_owner(struct sqlite *sqlite, bool *is_new)
{
    int64_t id = 0, version = 0, nr_objects = 0;
    enum err err = sqlite_number(sqlite, "PRAGMA application_id", 0, &id);

    if (!err)
        err = sqlite_number(sqlite, "PRAGMA user_version", 0, &version);
    if (!err)
        err = sqlite_number(sqlite, "SELECT count(*) FROM sqlite_master", 0,
                            &nr_objects);
    if (err)
        return err;
    *is_new = id == 0 && version == 0 && nr_objects == 0;
    if (*is_new)
        return CERR_OK;
    if (id != STORAGE_APPLICATION_ID)
        return failure_set(sqlite->base.failure, CERR_FORMAT,
                           "%s: a database of another program; name "
                           "another file with --output",
                           sqlite->path);
    if (version != STORAGE_SCHEMA_VERSION)
        return failure_set(sqlite->base.failure, CERR_FORMAT,
                           "%s: written by %s version of crawl (schema "
                           "%" PRId64 ", this one knows %d); use that "
                           "version, or name another file with --output",
                           sqlite->path,
                           version > STORAGE_SCHEMA_VERSION ? "a newer"
                                                            : "an older",
                           version, STORAGE_SCHEMA_VERSION);
    return CERR_OK;
}

/* Empties, for --force, a file that is ours, even a damaged one. It is done in
 * place, by SQLITE_DBCONFIG_RESET_DATABASE and VACUUM as SQLite's manual says:
 * the file keeps its name, its rights and our lock. */
static enum err empty_database(struct sqlite *sqlite)
{
    int rc =
        sqlite3_db_config(sqlite->db, SQLITE_DBCONFIG_RESET_DATABASE, 1, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_exec(sqlite->db, "VACUUM", NULL, NULL, NULL);
    if (rc)
        return sqlite_break(sqlite, rc, "empty it for --force");
    (void)sqlite3_db_config(sqlite->db, SQLITE_DBCONFIG_RESET_DATABASE, 0,
                            NULL);
    /* the schema is made with the old journal kind, see make_schema() */
    return sqlite_exec(sqlite, "PRAGMA journal_mode = DELETE");
}

/* Writes the look-up table `errors`, from which queries take the meaning of an
 * error. It belongs to the version of the program, so each opening writes it.
 */
static enum err put_errors(struct sqlite *sqlite,
                           const struct storage_options *options)
{
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(
        sqlite->db,
        "INSERT INTO errors (code, class, retryable, meaning, hint)"
        " VALUES (?, ?, ?, ?, ?) ON CONFLICT (code) DO UPDATE SET"
        " class = excluded.class, retryable = excluded.retryable,"
        " meaning = excluded.meaning, hint = excluded.hint",
        -1, &stmt, NULL);
    enum err err = CERR_OK;

    for (size_t i = 0; i < options->nr_errors && !err; i++) {
        const struct error_record *error = &options->errors[i];
        struct binder binder = {.stmt = stmt, .rc = rc};

        bind_str(&binder, error->code);
        bind_str(&binder, error->error_class);
        bind_int(&binder, error->retryable);
        bind_str(&binder, error->meaning);
        bind_str(&binder, error->hint);
        err = sqlite_run(sqlite, &binder);
    }
    sqlite3_finalize(stmt);
    return err;
}

/* Adds what an older program did not know. */
static enum err add_columns(struct sqlite *sqlite)
{
    enum err err = page_add_columns(sqlite);

    if (!err)
        err = sqlite_add_output_state(sqlite);
    if (!err)
        err = sqlite_add_input_path(sqlite);
    if (!err)
        err = sqlite_add_refusals(sqlite);
    if (!err)
        err = sqlite_renew_views(sqlite);
    return err ? err : sqlite_add_sessions(sqlite);
}

/* The order matters: the page size counts only before the first table is made,
 * and the schema is made before the journal becomes a write-ahead log. */
enum err sqlite_setup(struct sqlite *sqlite,
                      const struct storage_options *options,
                      struct storage_found *found)
{
    bool is_new = false;
    enum err err = sqlite_exec(sqlite, pragmas);

    if (!err)
        err = check_owner(sqlite, &is_new);
    if (!err && options->force && !is_new) {
        err = empty_database(sqlite);
        is_new = true;
    }
    if (!err && is_new)
        err = make_schema(sqlite);
    /* a temporary database stays with another journal, which is no error:
     * nobody else can read it */
    if (!err)
        err = sqlite_exec(sqlite, "PRAGMA journal_mode = WAL");
    if (!err && !is_new)
        err = add_columns(sqlite);
    if (!err)
        err = read_meta(sqlite, found);
    if (!err)
        err = sqlite_number(sqlite, "SELECT max(id) FROM pages", 0,
                            &sqlite->next_page_id);
    found->has_pages = sqlite->next_page_id > 0;
    sqlite->next_page_id++;
    return err;
}

/* ---- the run ---- */

static void keep_words(struct sqlite *sqlite,
                       const struct storage_options *options)
{
    struct session_words *words = &sqlite->words;

    words->version = options->version ? xstrdup(options->version) : NULL;
    words->command = options->command ? xstrdup(options->command) : NULL;
    words->config = options->config_json ? xstrdup(options->config_json) : NULL;
    words->user_agent =
        options->user_agent ? xstrdup(options->user_agent) : NULL;
    words->nr_workers = options->nr_workers;
    words->now_ms = options->now_ms;
}

void sqlite_free_words(struct sqlite *sqlite)
{
    free(sqlite->words.version);
    free(sqlite->words.command);
    free(sqlite->words.config);
    free(sqlite->words.user_agent);
}

/* Adds the row of this session, in the words of the run's row, which are those
 * of its newest session. One before it that has no end was killed. */
static enum err begin_session(struct sqlite *sqlite)
{
    struct binder binder = sqlite_bind_once(
        sqlite, "UPDATE sessions SET status = 'killed'"
                " WHERE finished_at IS NULL AND status = 'running'");
    enum err err = sqlite_run(sqlite, &binder);

    sqlite3_finalize(binder.stmt);
    if (err)
        return err;
    binder = sqlite_bind_once(
        sqlite, "INSERT INTO sessions (run_id, session, started_at, status,"
                " version, command, config, user_agent, workers)"
                " SELECT id, sessions, ?, 'running', version, command, config,"
                " user_agent, workers FROM runs WHERE id = ?");
    bind_text(&binder, sqlite_iso(sqlite, sqlite->words.now_ms));
    bind_int(&binder, sqlite->run_id);
    err = sqlite_run(sqlite, &binder);
    sqlite3_finalize(binder.stmt);
    return err ? err
               : sqlite_number(sqlite,
                               "SELECT sessions FROM runs"
                               " ORDER BY id DESC LIMIT 1",
                               1, &sqlite->session);
}

/* Adds the row of a new run, with the number after the last one. */
static enum err insert_run(struct sqlite *sqlite,
                           const struct storage_options *options)
{
    static const char *const refetch[] = {
        [STORAGE_REFETCH_NONE] = NULL,
        [STORAGE_REFETCH_FAILED] = "failed",
        [STORAGE_REFETCH_STALE] = "stale",
        [STORAGE_REFETCH_ALL] = "all",
    };
    enum err err;
    struct binder binder = sqlite_bind_once(
        sqlite,
        "INSERT INTO runs (id, started_at, status, version, command, config,"
        " user_agent, input, workers, refetch)"
        " VALUES (?, ?, 'running', ?, ?, ?, ?, ?, ?, ?)");

    sqlite->run_id++;
    bind_int(&binder, sqlite->run_id);
    bind_text(&binder, sqlite_iso(sqlite, options->now_ms));
    bind_str(&binder, options->version);
    bind_str(&binder, options->command);
    bind_str(&binder, options->config_json);
    bind_str(&binder, options->user_agent);
    bind_str(&binder, options->input);
    bind_int(&binder, options->nr_workers);
    bind_str(&binder, refetch[options->refetch]);
    err = sqlite_run(sqlite, &binder);
    sqlite3_finalize(binder.stmt);
    return err ? err : begin_session(sqlite);
}

/*
 * The statements that set ended URLs back to "to do" for a refetch; ?1 is the
 * time before which an answer is stale. URLs that a trap rule refused stay as
 * they are: no request was made for them, and the rule would refuse them again.
 * So do those that no list names any more.
 */
static const char *const refetch_sql[] = {
    [STORAGE_REFETCH_NONE] = NULL,
    [STORAGE_REFETCH_FAILED] =
        "UPDATE urls SET state = 0, tries = 0 WHERE state <> 0"
        " AND coalesce(line, 1) > 0 AND page_id IN"
        " (SELECT id FROM pages WHERE outcome = 'error' OR retry_later <> 0"
        " OR status IN (408, 429) OR status BETWEEN 500 AND 599)",
    [STORAGE_REFETCH_STALE] =
        "UPDATE urls SET state = 0, tries = 0 WHERE state <> 0"
        " AND coalesce(line, 1) > 0 AND page_id IN"
        " (SELECT id FROM pages WHERE (fetched_at IS NULL OR fetched_at < ?1)"
        " AND coalesce(error, '') <> 'trap')",
    [STORAGE_REFETCH_ALL] =
        "UPDATE urls SET state = 0, tries = 0 WHERE state <> 0"
        " AND coalesce(line, 1) > 0 AND page_id IN"
        " (SELECT id FROM pages WHERE coalesce(error, '') <> 'trap')",
};

/* Begins a new run for a refetch, and sets its URLs back to "to do". Each URL
 * keeps its old answer until the new one comes. */
static enum err put_back(struct sqlite *sqlite,
                         const struct storage_options *options,
                         struct storage_found *found)
{
    struct binder binder;
    size_t nr_woken;
    enum err err = insert_run(sqlite, options);

    if (err)
        return err;
    found->run_open = true;
    binder = sqlite_bind_once(sqlite, refetch_sql[options->refetch]);
    if (options->refetch == STORAGE_REFETCH_STALE)
        bind_text(&binder,
                  sqlite_iso(sqlite, options->now_ms - options->stale_ms));
    err = sqlite_run(sqlite, &binder);
    sqlite3_finalize(binder.stmt);
    /* Bulk URLs to do again can lie anywhere in a host's range of hashes, so
     * each walk begins anew, from INT64_MIN to INT64_MAX. Failures count
     * against a host within one run: this one asks it as if for the first
     * time. */
    if (!err) {
        found->counts.nr_ended -= sqlite3_changes64(sqlite->db);
        err = sqlite_exec(sqlite, "UPDATE hosts SET walk_from ="
                                  " -9223372036854775808,"
                                  " walk_to = 9223372036854775807,"
                                  " errors = 0");
    }
    if (!err)
        err = sqlite_lease.sweep(&sqlite->base, options->now_ms, &nr_woken);
    return err;
}

/*
 * Frees the hosts that a dead process held. This process has the lock, so no
 * living one can hold any. When the last request of each was is not known, so
 * its delay is kept from now on.
 */
static enum err free_hosts(struct sqlite *sqlite, int64_t now_ms)
{
    char sql[160];

    snprintf(sql, sizeof(sql),
             "UPDATE hosts SET holder = 0,"
             " due_at = max(not_before, %" PRId64 " + delay_ms)"
             " WHERE holder <> 0",
             now_ms);
    return sqlite_exec(sqlite, sql);
}

/* The latest time that the database knows, by the clocks of earlier sessions: a
 * session keeps the clock that it began with, and the end of a run has that of
 * its moment. */
static enum err last_clock(struct sqlite *sqlite, int64_t *last_ms)
{
    int64_t ended_ms = 0;
    enum err err = get_meta(sqlite, "clock_ms", last_ms);

    if (!err)
        err = sqlite_number(
            sqlite,
            "SELECT CAST(round((julianday(max(coalesce(finished_at,"
            " started_at))) - 2440587.5) * 86400000) AS bigint) FROM runs",
            0, &ended_ms);
    if (ended_ms > *last_ms)
        *last_ms = ended_ms;
    return err;
}

/*
 * Moves the times of hosts when the wall clock was set back, or they would wait
 * for as long: of each wait is left what was left when the last session ended.
 * A clock that was set forward needs nothing, as waits are over then. The clock
 * of this session is noted before it can be killed.
 */
static enum err heed_the_clock(struct sqlite *sqlite, int64_t now_ms)
{
    int64_t last_ms = 0;
    char sql[400];
    enum err err = last_clock(sqlite, &last_ms);

    if (!err && last_ms > now_ms) {
        snprintf(sql, sizeof(sql),
                 "UPDATE hosts SET"
                 " due_at = CASE WHEN holder = 0 AND due_at < %" PRId64
                 " THEN due_at - %" PRId64 " ELSE due_at END,"
                 " not_before = max(0, not_before - %" PRId64 "),"
                 " robots_until = max(0, robots_until - %" PRId64 ")",
                 STORAGE_HOST_IDLE, last_ms - now_ms, last_ms - now_ms,
                 last_ms - now_ms);
        err = sqlite_exec(sqlite, sql);
    }
    return err ? err : put_meta(sqlite, "clock_ms", now_ms);
}

/* Tells a finished crawl from an unfinished one. It is finished when no list
 * has unread lines, no URL is to do, and the last run ended as "done". */
static enum err look_back(struct sqlite *sqlite, struct storage_found *found)
{
    const struct storage_counts *counts = &found->counts;
    int64_t nr_open = 0;
    enum err err = sqlite_number(
        sqlite,
        "SELECT (SELECT count(*) FROM inputs WHERE done = 0) +"
        " (SELECT status <> 'done' FROM runs ORDER BY id DESC LIMIT 1)",
        0, &nr_open);

    found->state = nr_open || counts->nr_ended < counts->nr_urls
                       ? STORAGE_UNFINISHED
                       : STORAGE_FINISHED;
    return err;
}

/* Whether one of the lines of `text` is this one, whatever the case: names of
 * headers have none (RFC 9110, 5.1). */
static bool has_line(const char *text, const char *line, size_t len)
{
    size_t here;

    for (; text && *text; text += here + (text[here] == '\n')) {
        here = strcspn(text, "\n");
        if (here == len && strncasecmp(text, line, len) == 0)
            return true;
    }
    return false;
}

/* A storage_text_fn: refuses to go on without a secret that the run had, which
 * are the lines of `text`. `ctx` is the struct secrets. */
struct secrets {
    struct sqlite *sqlite;
    const char *given;
};

static enum err check_secrets(void *ctx, struct bytes text)
{
    const struct secrets *secrets = ctx;
    const char *at = text.data, *end = at + text.len;

    while (at < end) {
        const char *lf = memchr(at, '\n', (size_t)(end - at));
        int len = (int)((lf ? lf : end) - at);

        if (!has_line(secrets->given, at, (size_t)len))
            return failure_set(
                secrets->sqlite->base.failure, CERR_INVALID,
                "%s: this crawl was begun with %.*s and a value that is kept "
                "nowhere: add it to go on, or start over with --force",
                secrets->sqlite->path, len, at);
        at += len + 1;
    }
    return CERR_OK;
}

/* Notes which secrets the run has, and refuses to go on without those that it
 * had: the rest of its pages would be others'. */
static enum err keep_secrets(struct sqlite *sqlite,
                             const struct storage_options *options,
                             bool goes_on)
{
    struct secrets secrets = {sqlite, options->secrets};
    struct binder binder;
    enum err err = CERR_OK;

    if (goes_on)
        err = sqlite_each_text(sqlite, "SELECT v FROM meta WHERE k = 'secrets'",
                               check_secrets, &secrets);
    if (err)
        return err;
    if (!options->secrets || !options->secrets[0])
        return sqlite_exec(sqlite, "DELETE FROM meta WHERE k = 'secrets'");
    binder = sqlite_bind(sqlite, STMT_PUT_META);
    bind_str(&binder, "secrets");
    bind_str(&binder, options->secrets);
    return sqlite_run(sqlite, &binder);
}

/* Puts the text into the remark, which is cut. */
static void add_remark(struct storage_found *found, struct bytes text)
{
    snprintf(found->remark, sizeof(found->remark),
             "goes on with other options than before: %.*s; what was fetched "
             "stays as it is",
             (int)(text.len < 150 ? text.len : 150), (const char *)text.data);
}

/* Remarks which options differ from those of the session before, of those that
 * decide what is asked and stored: half of the pages have come by the old ones.
 */
static enum err compare_options(struct sqlite *sqlite,
                                const struct storage_options *options,
                                struct storage_found *found)
{
    struct binder binder = sqlite_bind_once(
        sqlite,
        "SELECT group_concat(n.key || ' (was ' ||"
        " coalesce(o.value, 'not set') || ')', ', ')"
        " FROM runs r, json_each(CASE WHEN json_valid(r.config) THEN r.config"
        " ELSE '{}' END) o JOIN json_each(?) n ON n.key = o.key"
        " WHERE r.id = (SELECT max(id) FROM runs) AND n.value IS NOT o.value"
        " AND n.key IN ('cookies', 'depth', 'exclude', 'extract', 'header',"
        " 'include', 'max-size', 'proxy', 'robots', 'scope', 'sitemaps',"
        " 'store', 'user-agent')");
    bool row;
    enum err err;

    bind_str(&binder, options->config_json ? options->config_json : "{}");
    err = sqlite_step(sqlite, &binder, &row);
    if (!err && row && sqlite3_column_type(binder.stmt, 0) != SQLITE_NULL)
        add_remark(found, column_bytes(binder.stmt, 0));
    sqlite3_finalize(binder.stmt);
    return err;
}

/* Goes on with the newest run. Its row tells the options of this session: they
 * are what the next rows come from. */
enum err sqlite_go_on(struct sqlite *sqlite)
{
    const struct session_words *words = &sqlite->words;
    struct binder binder = sqlite_bind_once(
        sqlite, "UPDATE runs SET sessions = sessions + 1, status = 'running',"
                " finished_at = NULL, reason = NULL, version = ?, command = ?,"
                " config = ?, user_agent = ?, workers = ?"
                " WHERE id = (SELECT max(id) FROM runs)");
    enum err err;

    bind_str(&binder, words->version);
    bind_str(&binder, words->command);
    bind_str(&binder, words->config);
    bind_str(&binder, words->user_agent);
    bind_int(&binder, words->nr_workers);
    err = sqlite_run(sqlite, &binder);
    sqlite3_finalize(binder.stmt);
    return err ? err : begin_session(sqlite);
}

/* The states and the ways between them stand at the head of this file. */
enum err sqlite_start_run(struct sqlite *sqlite,
                          const struct storage_options *options,
                          struct storage_found *found)
{
    enum err err =
        sqlite_number(sqlite, "SELECT max(id) FROM runs", 0, &sqlite->run_id);

    keep_words(sqlite, options);
    if (!err)
        err = put_errors(sqlite, options);
    if (err)
        return err;
    if (sqlite->run_id == 0) {
        found->state = STORAGE_NEW;
        found->run_open = true;
        err = keep_secrets(sqlite, options, false);
        return err ? err : insert_run(sqlite, options);
    }
    err = look_back(sqlite, found);
    if (!err)
        err = keep_secrets(sqlite, options, found->state == STORAGE_UNFINISHED);
    if (!err)
        err = heed_the_clock(sqlite, options->now_ms);
    if (!err)
        err = free_hosts(sqlite, options->now_ms);
    if (err || found->state == STORAGE_FINISHED)
        return err || !options->refetch ? err
                                        : put_back(sqlite, options, found);
    found->run_open = true;
    err = compare_options(sqlite, options, found);
    return err ? err : sqlite_go_on(sqlite);
}
