#include "tests/support/storage_fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/xalloc.h"
#include "storage/results.h"
#include "tests/support/memory_storage.h"

/* Texts of the rows, kept until the program ends: rows only borrow them. */
static struct bytes keep(const char *format, ...)
    __attribute__((format(printf, 1, 2)));
static struct bytes keep(const char *format, ...)
{
    static char pool[64][64];
    static size_t next;
    char *out = pool[next++ % 64];
    va_list args;
    int len;

    va_start(args, format);
    len = vsnprintf(out, 64, format, args);
    va_end(args);
    return (struct bytes){out, (size_t)len};
}

struct bytes text(const char *text)
{
    return (struct bytes){text, strlen(text)};
}

static void set_path(struct fixture *fix, size_t i)
{
    char *path = fix->paths[i];
    size_t len = strlen(fix->folder);

    memcpy(path, fix->folder, len);
    snprintf(path + len, sizeof(fix->paths[i]) - len, "/%s", fix->names[i]);
}

static void make_folder(struct fixture *fix)
{
    snprintf(fix->folder, sizeof(fix->folder), "/tmp/crawl-test-XXXXXX");
    assert_non_null(mkdtemp(fix->folder));
    for (size_t i = 0; i < fix->options.nr_outputs; i++)
        set_path(fix, i);
}

int fixture_new(void **state)
{
    struct fixture *fix = xcalloc(1, sizeof(*fix));

    make_folder(fix);
    fixture_output(fix, "crawl.db");
    fixture_output(fix, "db.txt");
    fix->options = (struct storage_options){
        .outputs = fix->outputs,
        .nr_outputs = fix->options.nr_outputs,
        .version = "1.0",
        .command = "crawl urls.txt",
        .user_agent = "crawl/1.0",
        .input = "urls.txt",
        .nr_workers = 2,
        .now_ms = NOW,
    };
    fix->ops = FIXTURE_BACK_END;
    *state = fix;
    return 0;
}

void fixture_output(struct fixture *fix, const char *name)
{
    size_t nr = fix->options.nr_outputs++;

    assert_true(nr < FIXTURE_OUTPUTS);
    fix->names[nr] = name;
    set_path(fix, nr);
    fix->outputs[nr] = fix->paths[nr];
}

void fixture_empty(struct fixture *fix)
{
    DIR *folder = opendir(fix->folder);
    const struct dirent *entry;

    assert_non_null(folder);
    for (entry = readdir(folder); entry; entry = readdir(folder))
        if (entry->d_name[0] != '.')
            unlinkat(dirfd(folder), entry->d_name,
                     entry->d_type == DT_DIR ? AT_REMOVEDIR : 0);
    closedir(folder);
}

int fixture_free(void **state)
{
    struct fixture *fix = *state;

    if (fix->storage)
        (void)!storage_close(fix->storage, "failed", NULL, NOW);
    fixture_empty(fix);
    rmdir(fix->folder);
    free(fix);
    return 0;
}

enum err fixture_try(struct fixture *fix, struct storage **storage)
{
    return fix->ops
               ? storage_open_on(fix->ops, storage, &fix->options, fix->message)
               : storage_open(storage, &fix->options, fix->message);
}

void fixture_open(struct fixture *fix)
{
    enum err err = fixture_try(fix, &fix->storage);

    if (err)
        print_error("%s\n", fix->message);
    assert_ok(err);
    assert_non_null(fix->storage);
}

void fixture_close(struct fixture *fix, const char *status)
{
    struct storage *storage = fix->storage;

    fix->storage = NULL;
    assert_ok(storage_close(storage, status, NULL, NOW));
}

void fixture_reopen(struct fixture *fix)
{
    assert_ok(storage_commit(fix->storage));
    fixture_crash(fix);
    fixture_open(fix);
}

static void copy_file(const char *from, const char *to)
{
    char block[65536];
    FILE *in = fopen(from, "rbe"), *out = fopen(to, "wbe");
    size_t len;

    assert_non_null(in);
    assert_non_null(out);
    for (len = fread(block, 1, sizeof(block), in); len;
         len = fread(block, 1, sizeof(block), in))
        assert_int_equal(fwrite(block, 1, len, out), len);
    fclose(in);
    assert_int_equal(fclose(out), 0);
}

/*
 * What a kill leaves is the files as they stand at that moment: they are
 * copied to a new folder, and the crawl goes on there.
 */
void fixture_crash(struct fixture *fix)
{
    struct fixture old = *fix;
    DIR *folder = opendir(old.folder);
    const struct dirent *entry;

    assert_non_null(folder);
    make_folder(fix);
    for (entry = readdir(folder); entry; entry = readdir(folder)) {
        char from[400], to[400];

        if (entry->d_name[0] == '.')
            continue;
        snprintf(from, sizeof(from), "%s/%s", old.folder, entry->d_name);
        snprintf(to, sizeof(to), "%s/%s", fix->folder, entry->d_name);
        copy_file(from, to);
    }
    closedir(folder);
    fix->storage = NULL;
    assert_ok(storage_close(old.storage, "failed", NULL, NOW));
    fixture_empty(&old);
    rmdir(old.folder);
}

struct url_record fixture_url(int host, int64_t hash, int64_t line)
{
    return (struct url_record){
        .key = {host, hash},
        .host_key = keep("http://h%d:80", host),
        .url = keep("http://h%d/%" PRId64, host, hash),
        .line = line,
    };
}

struct page_record fixture_page(int host, int64_t hash, const char *outcome,
                                int status)
{
    return (struct page_record){
        .key = {host, hash},
        .url = keep("http://h%d/%" PRId64, host, hash),
        .line = hash,
        .outcome = text(outcome),
        .error = text(strcmp(outcome, "error") == 0 ? "timeout" : ""),
        .status = status,
        .length = status ? 1000 + hash : -1,
        .content_length = -1,
        .chars = -1,
        .nr_links_out = -1,
        .fetched_at = NOW,
        .tries = 1,
    };
}

void fixture_add(struct fixture *fix, int nr_hosts, int nr_urls)
{
    for (int host = 1; host <= nr_hosts; host++)
        for (int i = 1; i <= nr_urls; i++) {
            struct url_record url = fixture_url(host, i, i);

            assert_ok(storage_add_urls(fix->storage, &url, 1, NOW, NULL));
        }
}

void fixture_end(struct fixture *fix, int host, int64_t hash,
                 const char *outcome, int status)
{
    struct page_record page = fixture_page(host, hash, outcome, status);

    assert_ok(storage_put_page(fix->storage, &page));
}

static void copy_text(char *out, size_t cap, struct bytes text)
{
    snprintf(out, cap, "%.*s", (int)text.len,
             text.len ? (const char *)text.data : "");
}

static enum err take_host(void *ctx, const struct host_record *host)
{
    struct fixture *fix = ctx;
    size_t i = fix->nr_hosts++;

    assert_true(i < FIXTURE_MAX);
    fix->hosts[i] = *host;
    copy_text(fix->host_key[i], sizeof(fix->host_key[i]), host->key);
    copy_text(fix->robots[i], sizeof(fix->robots[i]), host->robots);
    fix->hosts[i].key = fix->hosts[i].robots = (struct bytes){0};
    return CERR_OK;
}

static enum err take_url(void *ctx, const struct stored_url *url)
{
    struct fixture *fix = ctx;
    size_t i = fix->nr_urls++;

    assert_true(i < FIXTURE_MAX);
    if (i == 0) {
        copy_text(fix->etag, sizeof(fix->etag), url->etag);
        copy_text(fix->last_modified, sizeof(fix->last_modified),
                  url->last_modified);
    }
    fix->urls[i] = *url;
    fix->urls[i].url = fix->urls[i].listed = (struct bytes){0};
    fix->urls[i].etag = fix->urls[i].last_modified = (struct bytes){0};
    return CERR_OK;
}

struct storage_taker fixture_taker(struct fixture *fix)
{
    return (struct storage_taker){take_host, take_url, fix};
}

void fixture_lease_hosts(struct fixture *fix, int64_t now_ms, size_t max_hosts)
{
    struct storage_taker taker = fixture_taker(fix);

    fix->nr_hosts = 0;
    assert_ok(storage_lease_hosts(fix->storage, now_ms, max_hosts, &taker));
}

void fixture_refill_urls(struct fixture *fix, int host, size_t max_urls)
{
    struct storage_taker taker = fixture_taker(fix);

    fix->nr_urls = 0;
    assert_ok(storage_refill_urls(fix->storage, host, &URL_PLACE_FIRST,
                                  max_urls, &taker));
}

char *fixture_read(struct fixture *fix, const char *name)
{
    char path[400];
    FILE *file;
    char *data;
    size_t len;

    snprintf(path, sizeof(path), "%s/%s", fix->folder, name);
    file = fopen(path, "rbe");
    if (!file)
        return NULL;
    data = xcalloc(1, 1 << 20);
    len = fread(data, 1, (1 << 20) - 1, file);
    data[len] = '\0';
    fclose(file);
    return data;
}

void fixture_text_is(struct fixture *fix, const char *expected)
{
    char *found = fixture_read(fix, "db.txt");

    assert_non_null(found);
    assert_string_equal(found, expected);
    free(found);
}
