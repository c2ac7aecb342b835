/* What stands above every back end: failures, counters, the order of a commit,
 * the choice of a back end, and the lock. On a back end that fails when told.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "storage/crawl_lock.h"
#include "storage/results.h"
#include "storage/suffix.h"
#include "tests/support/memory_storage.h"
#include "tests/support/storage_fixture.h"

static int memory_new(void **state)
{
    struct fixture *fix;

    fixture_new(state);
    fix = *state;
    fix->ops = &memory_storage;
    return 0;
}

/* ---- failures ---- */

static void failure_keeps_the_first(void **state)
{
    struct failure failure = {0};

    (void)state;
    assert_int_equal(failure_set(&failure, CERR_FULL, "%s: full", "a"),
                     CERR_FULL);
    assert_int_equal(failure_set(&failure, CERR_IO, "%s: broken", "b"),
                     CERR_FULL);
    assert_int_equal(failure.err, CERR_FULL);
    assert_string_equal(failure.message, "a: full");
}

static void failure_says_nothing_that_harms_a_terminal(void **state)
{
    struct failure failure = {0};

    (void)state;
    failure_set(&failure, CERR_IO, "%s: cannot write", "a\n\x1b[2J");
    assert_string_equal(failure.message, "a\\x0a\\x1b[2J: cannot write");
}

/* ---- a commit ---- */

static void assert_counts(struct fixture *fix, int64_t nr_urls,
                          int64_t nr_ended)
{
    struct storage_counts counts;

    assert_ok(storage_count(fix->storage, &counts));
    assert_int_equal(counts.nr_urls, nr_urls);
    assert_int_equal(counts.nr_lines, nr_urls);
    assert_int_equal(counts.nr_ended, nr_ended);
}

/* Three URLs, of which the first has ended and is committed. */
static void begin_three(struct fixture *fix)
{
    fixture_open(fix);
    fixture_add(fix, 1, 3);
    fixture_end(fix, 1, 1, "ok", 200);
    assert_ok(storage_commit(fix->storage));
    assert_counts(fix, 3, 1);
}

/* Everything is refused with `err`, and nothing reaches the back end. */
static void assert_refused(struct fixture *fix, enum err err)
{
    struct storage_taker taker = fixture_taker(fix);
    struct page_record page = fixture_page(1, 3, "ok", 200);
    struct url_record url = fixture_url(9, 9, 9);
    struct storage_counts counts;

    assert_int_equal(storage_uncommitted(fix->storage), 0);
    assert_int_equal(storage_put_page(fix->storage, &page), err);
    assert_int_equal(storage_add_urls(fix->storage, &url, 1, NOW, NULL), err);
    assert_int_equal(storage_lease_hosts(fix->storage, NOW, 1, &taker), err);
    assert_int_equal(storage_count(fix->storage, &counts), err);
    assert_int_equal(storage_commit(fix->storage), err);
    assert_int_equal(storage_close(fix->storage, "failed", NULL, NOW), err);
    fix->storage = NULL;
}

static void storage_goes_back_to_the_last_commit_when_one_fails(void **state)
{
    struct fixture *fix = *state;

    begin_three(fix);
    fixture_end(fix, 1, 2, "ok", 200);
    memory_storage_fail_commit(CERR_FULL);
    assert_int_equal(storage_commit(fix->storage), CERR_FULL);
    assert_non_null(strstr(storage_message(fix->storage), "as told"));
    assert_refused(fix, CERR_FULL);
    /* the file has the line of the second page, and loses it now */
    fixture_text_is(fix, "http://h1/1:1001\nhttp://h1/2:1002\n");
    fixture_open(fix);
    assert_string_equal(storage_message(fix->storage), "");
    assert_counts(fix, 3, 1);
    fixture_end(fix, 1, 2, "ok", 200);
    fixture_close(fix, "interrupted");
    fixture_text_is(fix, "http://h1/1:1001\nhttp://h1/2:1002\n");
}

/* No file of this process may grow beyond `bytes`. */
static void limit_files(rlim_t bytes)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void storage_commits_no_row_whose_output_cannot_be_written(void **state)
{
    struct fixture *fix = *state;

    signal(SIGXFSZ, SIG_IGN);
    begin_three(fix);
    fixture_end(fix, 1, 2, "ok", 200);
    limit_files(20); /* the first line has 17 bytes */
    assert_true(storage_commit(fix->storage) != CERR_OK);
    limit_files(RLIM_INFINITY);
    assert_non_null(strstr(storage_message(fix->storage), "db.txt"));
    assert_null(strstr(storage_message(fix->storage), "as told"));
    assert_refused(fix, storage_commit(fix->storage));
    fixture_open(fix);
    assert_counts(fix, 3, 1);
    fixture_close(fix, "interrupted");
    fixture_text_is(fix, "http://h1/1:1001\n");
}

static void
storage_keeps_what_was_committed_before_a_stream_failed(void **state)
{
    struct fixture *fix = *state;

    fix->outputs[1] = "/dev/full";
    fix->options.format = "jsonl";
    fixture_open(fix);
    fixture_add(fix, 1, 3);
    fixture_end(fix, 1, 1, "ok", 200);
    assert_int_equal(storage_commit(fix->storage), CERR_FULL);
    assert_non_null(strstr(storage_message(fix->storage), "/dev/full"));
    assert_refused(fix, CERR_FULL);
    fix->options.nr_outputs = 1;
    fixture_open(fix);
    assert_counts(fix, 3, 1);
}

static void storage_removes_what_a_failed_opening_made(void **state)
{
    struct fixture *fix = *state;

    memory_storage_fail_commit(CERR_IO);
    assert_int_equal(fixture_try(fix, &fix->storage), CERR_IO);
    assert_null(fix->storage);
    assert_non_null(strstr(fix->message, "as told"));
    assert_int_equal(access(fix->paths[0], F_OK), -1);
    assert_int_equal(access(fix->paths[1], F_OK), -1);
}

static void storage_has_nothing_to_commit_when_nothing_is_due(void **state)
{
    struct fixture *fix = *state;

    begin_three(fix);
    fixture_lease_hosts(fix, NOW - 1, 10);
    assert_int_equal(storage_uncommitted(fix->storage), 0);
    memory_storage_fail_commit(CERR_IO);
    assert_ok(storage_commit(fix->storage)); /* does not reach the back end */
    fixture_lease_hosts(fix, NOW, 10);
    assert_int_equal(storage_uncommitted(fix->storage), 1);
    assert_int_equal(storage_commit(fix->storage), CERR_IO);
}

static void storage_leaves_a_finished_run_alone_that_it_only_read(void **state)
{
    struct fixture *fix = *state;

    fixture_open(fix);
    fixture_close(fix, "done");
    fixture_open(fix);
    assert_int_equal(storage_state(fix->storage), STORAGE_FINISHED);
    memory_storage_fail_commit(CERR_IO);
    fixture_close(fix, "interrupted"); /* no commit: nothing to write */
    memory_storage_fail_commit(CERR_OK);
    fixture_open(fix);
    assert_int_equal(storage_state(fix->storage), STORAGE_FINISHED);
    assert_ok(storage_put_event(fix->storage, NOW, "info", "test", "said"));
    fixture_close(fix, "interrupted");
    fixture_open(fix);
    assert_int_equal(storage_state(fix->storage), STORAGE_UNFINISHED);
}

/* ---- the choice ---- */

static void back_ends_are_known_by_suffix_and_word(void **state)
{
    static const struct {
        const char *path, *format;
        bool is_database;
    } rows[] = {
        {"a.db", NULL, true},      {"a.sqlite", NULL, true},
        {"a.sqlite3", NULL, true}, {"a.db", "csv", true},
        {"a", "db", true},         {"a.out", "sqlite", true},
        {"a", NULL, false},        {"a", "sq", false},
        {"a", "jsonl", false},     {"a.txt", "db", false},
        {"-", "db", false},        {".db", NULL, false},
        {"a.db.txt", NULL, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct storage_ops *ops =
            back_end_of(rows[i].path, rows[i].format);

        print_message("%s\n", rows[i].path);
        assert_int_equal(ops != NULL, rows[i].is_database);
    }
    assert_non_null(back_end_default());
}

static void suffix_is_the_end_of_a_longer_name(void **state)
{
    static const char path[] = "folder/a.warc.gz";

    (void)state;
    assert_ptr_equal(suffix_of(path, ".gzip .warc.gz"), path + 8);
    assert_null(suffix_of(path, ".gzip .warc"));
    assert_null(suffix_of(".warc.gz", ".warc.gz"));
    assert_null(suffix_of(path, ""));
}

/* ---- the lock ---- */

static void crawl_lock_names_who_has_it(void **state)
{
    struct fixture *fix = *state;
    struct crawl_lock first, second;
    struct failure failure = {0};
    char pid[32];
    pid_t holder;
    bool made;

    snprintf(pid, sizeof(pid), "process %d", (int)getpid());
    assert_ok(crawl_lock_take(&first, fix->paths[0], &made, &failure));
    assert_true(made);
    assert_true(crawl_lock_is_held(fix->paths[0], &holder));
    assert_int_equal(holder, getpid());
    assert_int_equal(crawl_lock_take(&second, fix->paths[0], &made, &failure),
                     CERR_BUSY);
    assert_false(made);
    assert_non_null(strstr(failure.message, pid));
    crawl_lock_drop(&second);
    crawl_lock_drop(&first);
    assert_false(crawl_lock_is_held(fix->paths[0], &holder));
}

static void crawl_lock_takes_nothing_but_a_file(void **state)
{
    struct fixture *fix = *state;
    struct crawl_lock lock;
    struct failure failure = {0};
    bool made;

    assert_int_equal(mkdir(fix->paths[0], 0777), 0);
    assert_int_equal(crawl_lock_take(&lock, fix->paths[0], &made, &failure),
                     CERR_INVALID);
    assert_non_null(strstr(failure.message, "not a regular file"));
    assert_int_equal(lock.fd, -1);
}

/* ---- a file system without locks ---- */

static struct {
    bool no_flock, no_fcntl;
} mount;

/* These two stand in for the C library's, so that a test can refuse them. */
int flock(int fd, int how)
{
    errno = ENOLCK;
    return mount.no_flock ? -1 : (int)syscall(SYS_flock, fd, how);
}

int fcntl(int fd, int what, ...)
{
    bool is_lock = what == F_GETLK || what == F_SETLK || what == F_SETLKW;
    va_list args;
    void *arg;

    va_start(args, what);
    arg = va_arg(args, void *);
    va_end(args);
    errno = EOPNOTSUPP;
    return mount.no_fcntl && is_lock ? -1
                                     : (int)syscall(SYS_fcntl, fd, what, arg);
}

static void
crawl_lock_says_that_a_mount_has_no_locks_and_leaves_no_file(void **state)
{
    struct fixture *fix = *state;
    struct crawl_lock lock;
    bool made;

    for (int i = 0; i < 2; i++) {
        struct failure failure = {0};

        mount.no_flock = i == 0;
        mount.no_fcntl = i == 1;
        assert_int_equal(crawl_lock_take(&lock, fix->paths[0], &made, &failure),
                         CERR_STATE);
        assert_non_null(strstr(failure.message, "gives no file locks"));
        assert_int_equal(access(fix->paths[0], F_OK), -1);
    }
    mount.no_flock = mount.no_fcntl = false;
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, memory_new, fixture_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failure_keeps_the_first),
        cmocka_unit_test(failure_says_nothing_that_harms_a_terminal),
        TEST(storage_goes_back_to_the_last_commit_when_one_fails),
        TEST(storage_commits_no_row_whose_output_cannot_be_written),
        TEST(storage_keeps_what_was_committed_before_a_stream_failed),
        TEST(storage_removes_what_a_failed_opening_made),
        TEST(storage_has_nothing_to_commit_when_nothing_is_due),
        TEST(storage_leaves_a_finished_run_alone_that_it_only_read),
        cmocka_unit_test(back_ends_are_known_by_suffix_and_word),
        cmocka_unit_test(suffix_is_the_end_of_a_longer_name),
        TEST(crawl_lock_names_who_has_it),
        TEST(crawl_lock_takes_nothing_but_a_file),
        TEST(crawl_lock_says_that_a_mount_has_no_locks_and_leaves_no_file),
    };

    return cmocka_run_group_tests_name("storage", tests, NULL, NULL);
}
