/*
 * How the sandbox is entered, by whom, how far, and what the parent hears of
 * it. What it refuses is tests/fault/fetch_sandbox.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crawler/fetch/fetch_worker.h"
#include "crawler/sandbox/sandbox.h"
#include "tests/support/cmocka_all.h"

#define CANNOT_ENTER 200 /* exit status of a child */

static const struct sandbox_options options = {
    .ca_file = "/etc/ssl/certs/ca-certificates.crt",
    .memory_bytes = (uint64_t)1 << 30,
};

/* 0 when it worked, or errno. */
static int open_for(const char *path, int flags)
{
    int fd = open(path, flags, 0600);

    if (fd < 0)
        return errno;
    close(fd);
    return 0;
}

static int try_exec(void)
{
    char *const arguments[] = {"true", NULL};

    execv("/bin/true", arguments);
    return errno;
}

static int try_ptrace(void)
{
    return ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0 ? 0 : errno;
}

static int try_execution(void)
{
    void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return memory == MAP_FAILED ? errno : 0;
}

static int try_signal_to_self(void)
{
    return tgkill(getpid(), gettid(), 0) == 0 ? 0 : errno;
}

static int try_signal_to_parent(void)
{
    return tgkill(getppid(), getppid(), 0) == 0 ? 0 : errno;
}

static int try_socket(void)
{
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

    return fd < 0 ? errno : 0;
}

/* Of a child that does nothing but `check`; -1 if it was killed. */
static int exit_status_of(int (*check)(void))
{
    pid_t pid = fork();
    int status = 0;

    assert_true(pid >= 0);
    if (pid == 0)
        _exit(check());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int check_level(void)
{
    uint32_t offered = sandbox_offered(NULL);
    struct sandbox sandbox;

    if (sandbox_enter(&sandbox, &options))
        return CANNOT_ENTER;
    return sandbox.parts == offered ? 0 : 1;
}

static void sandbox_reaches_what_it_offers(void **state)
{
    (void)state;
    assert_int_equal(exit_status_of(check_level), 0);
}

static int check_user(void)
{
    struct sandbox_options as_nobody = options;
    struct sandbox sandbox;

    as_nobody.user = "nobody";
    if (sandbox_enter(&sandbox, &as_nobody))
        return CANNOT_ENTER;
    if (!(sandbox.parts & SANDBOX_USER) || getuid() == 0 || geteuid() == 0)
        return 1;
    return 0;
}

static void sandbox_leaves_root_behind(void **state)
{
    (void)state;
    if (geteuid() != 0 || !getpwnam("nobody"))
        skip();
    assert_int_equal(exit_status_of(check_user), 0);
}

static void sandbox_knows_no_such_user(void **state)
{
    struct sandbox_options unknown = {.user = "no-such-user-here"};
    struct sandbox sandbox;

    (void)state;
    assert_int_equal(sandbox_enter(&sandbox, &unknown), CERR_NOT_FOUND);
}

static const char *secret_ca;

/* As nobody was asked for, it stays root; then the file can be read. */
static int check_secret_ca(void)
{
    struct sandbox_options secret = options;
    struct sandbox sandbox;

    secret.ca_file = secret_ca;
    if (sandbox_enter(&sandbox, &secret))
        return CANNOT_ENTER;
    if (sandbox.parts & SANDBOX_USER || geteuid() != 0)
        return CANNOT_ENTER;
    return open_for(secret_ca, O_RDONLY);
}

static int check_secret_ca_as_nobody(void)
{
    struct sandbox_options secret = options;
    struct sandbox sandbox;

    secret.ca_file = secret_ca;
    secret.user = SANDBOX_USER_DEFAULT;
    return (int)sandbox_enter(&sandbox, &secret);
}

static struct sandbox_board *board;
static int (*told_attempt)(void);

static int try_unknown_call(void)
{
    return syscall(9999) == 0 ? 0 : errno;
}

static int run_told(void)
{
    struct sandbox_options told = options;
    struct sandbox sandbox;

    told.board = board;
    told.worker = 2;
    if (sandbox_enter(&sandbox, &told))
        return CANNOT_ENTER;
    return told_attempt();
}

static int gate[2];

static int check_stale(const char *path)
{
    struct sandbox_options replaced = {.ca_file = path,
                                       .memory_bytes = options.memory_bytes};
    struct sandbox sandbox;

    if (sandbox_enter(&sandbox, &replaced))
        return CANNOT_ENTER;
    if (open_for(path, O_RDONLY) != 0 || sandbox_is_stale(&sandbox))
        return 1;
    if (write(gate[1], "", 1) != 1)
        return 2;
    for (int i = 0; i < 2000 && !sandbox_is_stale(&sandbox); i++)
        usleep(1000);
    if (!sandbox_is_stale(&sandbox))
        return 3;
    return open_for(path, O_RDONLY) == EACCES ? 0 : 4;
}

static void sandbox_stays_root_where_nobody_could_not_read(void **state)
{
    char folder[] = "/tmp/crawl-sandbox-XXXXXX"; /* is made for one user */
    char path[64];

    (void)state;
    if (geteuid() != 0 || !getpwnam(SANDBOX_USER_DEFAULT))
        skip();
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/ca.pem", folder);
    close(open(path, O_WRONLY | O_CREAT, 0644));
    secret_ca = path;
    assert_int_equal(exit_status_of(check_secret_ca), 0);
    assert_int_equal(exit_status_of(check_secret_ca_as_nobody), CERR_PERM);
    secret_ca = NULL;
    unlink(path);
    rmdir(folder);
}

static void sandbox_tells_what_it_died_of(void **state)
{
    static const struct {
        int (*run)(void);
        const char *call;
    } deaths[] = {{try_exec, "execve"},
                  {try_ptrace, "ptrace"},
                  {try_execution, "mmap"},
                  {try_unknown_call, "number 9999"},
                  {try_signal_to_parent, "tgkill"},
                  {try_signal_to_self, ""},
                  {try_socket, ""}};
    char call[SANDBOX_CALL_BYTES];

    (void)state;
    if (!(sandbox_offered(NULL) & SANDBOX_CALLS))
        skip();
    board = sandbox_board_new(3);
    assert_non_null(board);
    for (size_t i = 0; i < NR(deaths); i++) {
        told_attempt = deaths[i].run;
        (void)exit_status_of(run_told);
        sandbox_board_take(board, 2);
        sandbox_board_call(board, 2, call, sizeof(call));
        assert_string_equal(call, deaths[i].call);
        assert_int_equal(sandbox_board_parts(board, 2), sandbox_offered(NULL));
    }
    sandbox_board_call(board, 1, call, sizeof(call));
    assert_string_equal(call, "");
    assert_int_equal(sandbox_board_parts(board, 1), 0);
    assert_int_equal(sandbox_board_parts(board, 3), 0);
    assert_int_equal(sandbox_board_parts(board, -1), 0);
    assert_int_equal(sandbox_board_parts(NULL, 0), 0);
    sandbox_board_free(board);
}

/* Its line is another's by the time that somebody asks. */
static void
sandbox_tells_of_the_dead_whatever_its_replacement_does(void **state)
{
    char call[SANDBOX_CALL_BYTES];

    (void)state;
    if (!(sandbox_offered(NULL) & SANDBOX_CALLS))
        skip();
    board = sandbox_board_new(3);
    assert_non_null(board);
    told_attempt = try_ptrace;
    assert_int_equal(exit_status_of(run_told), -1);
    sandbox_board_take(board, 2);
    told_attempt = try_socket;
    assert_int_equal(exit_status_of(run_told), 0);
    sandbox_board_call(board, 2, call, sizeof(call));
    assert_string_equal(call, "ptrace");
    told_attempt = try_exec;
    assert_int_equal(exit_status_of(run_told), -1);
    sandbox_board_call(board, 2, call, sizeof(call));
    assert_string_equal(call, "ptrace");
    sandbox_board_take(board, 2);
    sandbox_board_call(board, 2, call, sizeof(call));
    assert_string_equal(call, "execve");
    sandbox_board_take(board, 2); /* whose death had no such reason */
    sandbox_board_call(board, 2, call, sizeof(call));
    assert_string_equal(call, "");
    sandbox_board_take(board, 3);
    sandbox_board_take(NULL, 0);
    sandbox_board_free(board);
}

/* Two files of one name; the parent swaps them while the child is shut in. */
static void sandbox_notices_a_replaced_file(void **state)
{
    char path[] = "/tmp/crawl-sandbox-XXXXXX";
    char other[] = "/tmp/crawl-sandbox-XXXXXX";
    char byte;
    int status;
    pid_t pid;

    (void)state;
    if (!(sandbox_offered(NULL) & SANDBOX_FILES))
        skip();
    close(mkstemp(path));
    close(mkstemp(other));
    chmod(path, 0644);
    assert_int_equal(pipe(gate), 0);
    pid = fork();
    if (pid == 0)
        _exit(check_stale(path));
    assert_int_equal(read(gate[0], &byte, 1), 1);
    assert_int_equal(rename(other, path), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    unlink(path);
    close(gate[0]);
    close(gate[1]);
}

static void sandbox_names_its_parts(void **state)
{
    char text[64];

    (void)state;
    sandbox_describe(SANDBOX_FILES | SANDBOX_CALLS, text, sizeof(text));
    assert_string_equal(text, "files, system calls");
    sandbox_describe(0, text, sizeof(text));
    assert_string_equal(text, "");
    sandbox_describe(UINT32_MAX, text, 12);
    assert_int_equal(strlen(text), 11);
}

/* ---- a kernel that has less ---- */

/* From here on this process is on a kernel without that call. */
static bool take_away(int call)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    int bad = !filter;

    if (!bad)
        bad = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), call, 0);
    if (!bad)
        bad = seccomp_load(filter);
    seccomp_release(filter);
    return !bad;
}

static uint32_t expected_parts;

static int check_without(int call, const char *refusal)
{
    struct fetch_options fetch = {.sandbox = FETCH_SANDBOX_REQUIRE};
    struct sandbox sandbox;
    char message[300] = "";

    if (!take_away(call))
        return CANNOT_ENTER;
    if (fetch_options_check(&fetch, message, sizeof(message)) != CERR_INVALID ||
        strcmp(message, refusal) != 0)
        return 1;
    fetch.sandbox = FETCH_SANDBOX_AUTO;
    if (fetch_options_check(&fetch, message, sizeof(message)))
        return 2;
    if (sandbox_enter(&sandbox, &options))
        return CANNOT_ENTER;
    if (sandbox.parts != expected_parts)
        return 3;
    return sandbox_is_stale(&sandbox) ? 4 : 0;
}

static int check_without_landlock(void)
{
    return check_without(SCMP_SYS(landlock_create_ruleset),
                         "this system cannot do all of the sandbox: no files");
}

static int check_without_seccomp(void)
{
    return check_without(
        SCMP_SYS(seccomp),
        "this system cannot do all of the sandbox: no system calls");
}

static void sandbox_does_without_landlock_and_require_does_not(void **state)
{
    (void)state;
    expected_parts =
        sandbox_offered(NULL) &
        ~(uint32_t)(SANDBOX_FILES | SANDBOX_LISTEN | SANDBOX_SIGNALS);
    assert_int_equal(exit_status_of(check_without_landlock), 0);
}

static void sandbox_does_without_seccomp_and_require_does_not(void **state)
{
    (void)state;
    if (!(sandbox_offered(NULL) & SANDBOX_CALLS))
        skip();
    expected_parts = sandbox_offered(NULL) & ~(uint32_t)SANDBOX_CALLS;
    assert_int_equal(exit_status_of(check_without_seccomp), 0);
}

static int check_options_of_another_user(void)
{
    struct fetch_options fetch = {.user = "root"};
    char message[300] = "";

    if (geteuid() == 0 && seteuid(65534))
        return CANNOT_ENTER;
    if (fetch_options_check(&fetch, message, sizeof(message)) != CERR_INVALID)
        return 1;
    return strcmp(message, "only root can become root") == 0 ? 0 : 2;
}

static void sandbox_needs_root_to_change_the_user(void **state)
{
    (void)state;
    assert_int_equal(exit_status_of(check_options_of_another_user), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sandbox_reaches_what_it_offers),
        cmocka_unit_test(sandbox_leaves_root_behind),
        cmocka_unit_test(sandbox_knows_no_such_user),
        cmocka_unit_test(sandbox_stays_root_where_nobody_could_not_read),
        cmocka_unit_test(sandbox_needs_root_to_change_the_user),
        cmocka_unit_test(sandbox_tells_what_it_died_of),
        cmocka_unit_test(
            sandbox_tells_of_the_dead_whatever_its_replacement_does),
        cmocka_unit_test(sandbox_notices_a_replaced_file),
        cmocka_unit_test(sandbox_does_without_landlock_and_require_does_not),
        cmocka_unit_test(sandbox_does_without_seccomp_and_require_does_not),
        cmocka_unit_test(sandbox_names_its_parts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
