/* The child's output goes into two files in memory, which are read back. */
#include "tests/support/command_fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "crawler/command/commands.h"
#include "storage/results.h"

int command_fixture_new(void **state)
{
    struct command_fixture *fix = xcalloc(1, sizeof(*fix));
    void *db = NULL;

    assert_int_equal(fixture_new(&db), 0);
    fix->db = db;
    assert_int_equal(chdir(fix->db->folder), 0);
    setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
    *state = fix;
    return 0;
}

int command_fixture_new_database(void **state)
{
    command_fixture_new(state);
    command_fixture_database(*state);
    return 0;
}

int command_fixture_free(void **state)
{
    struct command_fixture *fix = *state;
    void *db = fix->db;

    assert_int_equal(chdir("/"), 0);
    fixture_free(&db);
    free(fix);
    return 0;
}

void command_fixture_database(struct command_fixture *fix)
{
    struct fixture *db = fix->db;

    fixture_open(db);
    fixture_add(db, 1, 4);
    fixture_end(db, 1, 1, "ok", 200);
    fixture_end(db, 1, 2, "http_error", 404);
    fixture_end(db, 1, 3, "error", 0);
    fixture_close(db, "limit");
}

void command_fixture_file(const char *name, const char *text)
{
    FILE *file = fopen(name, "we");

    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void read_back(int fd, char *out)
{
    ssize_t len = pread(fd, out, COMMAND_OUTPUT_BYTES - 1, 0);

    assert_true(len >= 0);
    out[len] = '\0';
    close(fd);
}

/* A descriptor that is closed once too often is somebody else's by then: the
 * streams of the caller are looked for after each command. */
static int and_keep_streams(int status)
{
    for (int fd = 0; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            _exit(98);
    return status;
}

void command_fixture_call(struct command_fixture *fix,
                          int (*function)(int argc, char **argv), int argc,
                          char **argv)
{
    int out = memfd_create("out", 0), err = memfd_create("err", 0);
    int status;
    pid_t pid;

    assert_true(out >= 0 && err >= 0);
    fflush(stdout);
    fflush(stderr);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if (dup2(out, STDOUT_FILENO) < 0 || dup2(err, STDERR_FILENO) < 0 ||
            !freopen("/dev/null", "re", stdin))
            _exit(99);
        exit(and_keep_streams(function(argc, argv)));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    fix->status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    read_back(out, fix->out);
    read_back(err, fix->err);
}

static int run(int argc, char **argv)
{
    return commands_run(argc, argv);
}

void command_fixture_run(struct command_fixture *fix, const char *const *words,
                         size_t nr_words)
{
    char *argv[32] = {NULL};

    assert_true(nr_words < NR(argv));
    for (size_t i = 0; i < nr_words; i++)
        argv[i] = (char *)words[i];
    command_fixture_call(fix, run, (int)nr_words, argv);
}

static bool is_as_expected(const char *text, const char *part)
{
    return part ? strstr(text, part) != NULL : text[0] == '\0';
}

void command_fixture_check(const struct command_fixture *fix, int expected,
                           const char *in_out, const char *in_err,
                           const char *file, int line)
{
    if (fix->status == expected && is_as_expected(fix->out, in_out) &&
        is_as_expected(fix->err, in_err))
        return;
    print_error("exit status %d, standard output:\n%s\nstandard error:\n%s\n",
                fix->status, fix->out, fix->err);
    _fail(file, line);
}
