/*
 * The sandbox behind sandbox.h, put on in an order that matters: another user
 * first, which needs root; then limits, capabilities and no_new_privs, which
 * Landlock and seccomp want from a process without rights; files; system calls
 * last, as they shut out what the steps before need.
 */
#include "crawler/sandbox/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/text.h"
#include "base/xalloc.h"
#include "crawler/sandbox/sandbox_calls.h"
#include "crawler/sandbox/sandbox_landlock.h"

#define NR(array) (sizeof(array) / sizeof((array)[0]))

/* ---- the board ---- */

struct sandbox_line {
    _Atomic uint32_t parts; /* enum sandbox_part */
    _Atomic int call;       /* number of the forbidden one, plus 1 */
};

/* The size and `taken` are the parent's own. What is shared may say anything,
 * and a line belongs to the next worker as soon as there is one. */
struct sandbox_board {
    size_t nr_lines;
    struct sandbox_line *lines; /* shared */
    int taken[];                /* as `call`, of the last that died there */
};

struct sandbox_board *sandbox_board_new(int nr_workers)
{
    size_t nr = (size_t)nr_workers;
    struct sandbox_line *lines =
        mmap(NULL, nr * sizeof(*lines), PROT_READ | PROT_WRITE,
             MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct sandbox_board *board;

    if (lines == MAP_FAILED)
        return NULL;
    board = xcalloc(1, sizeof(*board) + nr * sizeof(board->taken[0]));
    board->nr_lines = nr;
    board->lines = lines;
    return board;
}

void sandbox_board_free(struct sandbox_board *board)
{
    if (!board)
        return;
    munmap(board->lines, board->nr_lines * sizeof(*board->lines));
    free(board);
}

/* NULL: there is no board, or no such line on it. */
static struct sandbox_line *line_of(const struct sandbox_board *board,
                                    int worker)
{
    if (!board || worker < 0 || (size_t)worker >= board->nr_lines)
        return NULL;
    return &board->lines[worker];
}

uint32_t sandbox_board_parts(const struct sandbox_board *board, int worker)
{
    const struct sandbox_line *line = line_of(board, worker);

    return line ? line->parts : 0;
}

void sandbox_board_take(struct sandbox_board *board, int worker)
{
    struct sandbox_line *line = line_of(board, worker);

    if (line)
        board->taken[worker] = atomic_exchange(&line->call, 0);
}

void sandbox_board_call(const struct sandbox_board *board, int worker,
                        char *out, size_t cap)
{
    int call = line_of(board, worker) ? board->taken[worker] : 0;

    out[0] = '\0';
    if (call > 0)
        sandbox_name_call(call - 1, out, cap);
}

/* ---- the user ---- */

/* Whether the process can read the file with its effective user, which
 * access() would not look at. A file that is not there hinders nobody. */
static bool can_read(const char *path)
{
    return !path || faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) == 0 ||
           errno == ENOENT;
}

/* Becomes that user for a moment. `*is_fit`: that worked, and the user can read
 * `ca_file`. CERR_PERM: there was no way back. */
static enum err try_user(const struct passwd *user, const char *ca_file,
                         bool *is_fit)
{
    uid_t before_uid = geteuid();
    gid_t before_gid = getegid();

    *is_fit = setgroups(0, NULL) == 0 && setegid(user->pw_gid) == 0 &&
              seteuid(user->pw_uid) == 0 && can_read(ca_file);
    if (seteuid(before_uid) || setegid(before_gid))
        return CERR_PERM;
    return CERR_OK;
}

/* Becomes that user for good, in the real, effective and saved ids; the last
 * condition tries to come back, which must fail. */
static enum err leave_root(struct sandbox *sandbox, const struct passwd *user,
                           const char *ca_file, bool is_asked)
{
    bool is_fit;
    enum err err = try_user(user, ca_file, &is_fit);

    if (err)
        return err;
    if (!is_fit)
        return is_asked ? CERR_PERM : CERR_OK;
    if (setresgid(user->pw_gid, user->pw_gid, user->pw_gid) ||
        setresuid(user->pw_uid, user->pw_uid, user->pw_uid) || setuid(0) == 0)
        return CERR_PERM;
    sandbox->parts |= SANDBOX_USER;
    return CERR_OK;
}

/* NSS (getpwnam()) is asked only for users that /etc/passwd does not have. */
const struct passwd *sandbox_find_user(const char *name)
{
    FILE *file = fopen("/etc/passwd", "re");
    const struct passwd *user = NULL;
    bool failed = !file && errno != ENOENT;

    if (file) {
        do {
            errno = 0;
            user = fgetpwent(file);
        } while (user && strcmp(user->pw_name, name) != 0);
        failed = !user && errno == ENOMEM;
        fclose(file);
    }
    if (!user && !failed) {
        errno = 0;
        user = getpwnam(name);
        failed = !user && errno == ENOMEM;
    }
    errno = failed ? ENOMEM : 0;
    return user;
}

static enum err change_user(struct sandbox *sandbox,
                            const struct sandbox_options *options)
{
    bool is_asked = options->user != NULL;
    const char *name = is_asked ? options->user : SANDBOX_USER_DEFAULT;
    const struct passwd *user;
    int death_signal = 0;
    enum err err;

    if (geteuid() != 0 && !is_asked)
        return CERR_OK;
    user = sandbox_find_user(name);
    if (!user && errno)
        return CERR_NOMEM;
    if (!user)
        return is_asked ? CERR_NOT_FOUND : CERR_OK;
    if (user->pw_uid == geteuid())
        return CERR_OK;
    if (geteuid() != 0)
        return CERR_PERM;
    /* The signal that the worker gets when its parent dies: the kernel forgets
     * it when the user changes, see prctl(2). */
    prctl(PR_GET_PDEATHSIG, &death_signal);
    err = leave_root(sandbox, user, options->ca_file, is_asked);
    prctl(PR_SET_PDEATHSIG, death_signal);
    return err;
}

static bool has_user(const char *name)
{
    const struct passwd *user =
        sandbox_find_user(name ? name : SANDBOX_USER_DEFAULT);

    return geteuid() == 0 && user && user->pw_uid != 0;
}

/* ---- the environment ---- */

/* Whether the worker needs the variable: the clock's zone, the language, and
 * two for the resolver, see resolv.conf(5). */
static bool is_needed(const char *variable)
{
    static const char *const names[] = {
        "TZ=", "LANG=", "RES_OPTIONS=", "LOCALDOMAIN="};

    for (size_t i = 0; i < NR(names); i++)
        if (strncmp(variable, names[i], strlen(names[i])) == 0)
            return true;
    return false;
}

/* Overwrites the environment but for what is needed: tokens and passwords often
 * lie there, and its strings stay in memory however it is cleared. */
static void wipe_environment(void)
{
    char **to = environ;

    for (char **from = environ; from && *from; from++)
        if (is_needed(*from))
            *to++ = *from;
        else
            explicit_bzero(*from, strlen(*from));
    if (to)
        *to = NULL;
}

/* ---- capabilities ---- */

/* Gives up what the kernel allows root alone, whoever this process is: a root
 * that stays root could still change the machine's network through netlink.
 * See capabilities(7); capset(2) has no function in the C library. */
static void drop_capabilities(struct sandbox *sandbox)
{
    struct __user_cap_header_struct header = {.version =
                                                  _LINUX_CAPABILITY_VERSION_3};
    const struct __user_cap_data_struct none[2] = {{0}};

    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == 0 &&
        syscall(SYS_capset, &header, none) == 0)
        sandbox->parts |= SANDBOX_CAPABILITIES;
}

/* ---- limits ---- */

/* Lowers a limit, and never raises one, which root could. */
static bool lower(int resource, rlim_t most)
{
    struct rlimit limit;

    if (getrlimit((__rlimit_resource_t)resource, &limit))
        return false;
    if (limit.rlim_max > most)
        limit.rlim_max = most;
    if (limit.rlim_cur > limit.rlim_max)
        limit.rlim_cur = limit.rlim_max;
    return setrlimit((__rlimit_resource_t)resource, &limit) == 0;
}

/* Reads how much address space is in use, and how much of it is data: the first
 * and the sixth number of statm, in pages, see proc(5). 0: not known. */
static void read_memory(uint64_t *mapped_bytes, uint64_t *data_bytes)
{
    char text[128] = "", *at = text;
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);

    *mapped_bytes = *data_bytes = 0;
    if (fd < 0)
        return;
    if (read(fd, text, sizeof(text) - 1) < 0)
        text[0] = '\0';
    close(fd);
    for (int i = 1; i <= 6; i++) {
        uint64_t bytes = strtoull(at, &at, 10) * page_bytes;
        if (i == 1)
            *mapped_bytes = bytes;
        *data_bytes = bytes;
    }
}

static void limit_resources(struct sandbox *sandbox, uint64_t memory_bytes)
{
    bool is_complete = lower(RLIMIT_CORE, 0) && lower(RLIMIT_FSIZE, 0) &&
                       lower(RLIMIT_NPROC, SANDBOX_PROCESSES);
    uint64_t mapped_bytes, data_bytes;

    /* Standard error may be a file, and RLIMIT_FSIZE is 0: then a line is lost,
     * not the worker. */
    signal(SIGXFSZ, SIG_IGN);
    /* A sanitizer reserves terabytes of address space. */
    read_memory(&mapped_bytes, &data_bytes);
    if (!SANDBOX_HAS_SANITIZER)
        is_complete = is_complete &&
                      lower(RLIMIT_AS, mapped_bytes + memory_bytes) &&
                      lower(RLIMIT_DATA, data_bytes + memory_bytes);
    if (is_complete)
        sandbox->parts |= SANDBOX_LIMITS;
}

/* ---- all of it ---- */

enum err sandbox_enter(struct sandbox *sandbox,
                       const struct sandbox_options *options)
{
    struct sandbox_line *line = line_of(options->board, options->worker);
    enum err err;

    *sandbox = (struct sandbox){0};
    wipe_environment();
    err = change_user(sandbox, options);
    if (err)
        return err;
    limit_resources(sandbox, options->memory_bytes);
    drop_capabilities(sandbox);
    if (prctl(PR_SET_DUMPABLE, 0) == 0 &&
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
        sandbox->parts |= SANDBOX_NO_NEW_PRIVS;
    err = landlock_enter(sandbox, options->ca_file);
    if (!err && sandbox_can_limit_calls()) {
        err = sandbox_limit_calls(line ? &line->call : NULL);
        if (!err)
            sandbox->parts |= SANDBOX_CALLS;
    }
    if (!err && line)
        line->parts = sandbox->parts;
    return err;
}

uint32_t sandbox_offered(const char *user)
{
    uint32_t parts =
        SANDBOX_NO_NEW_PRIVS | SANDBOX_LIMITS | SANDBOX_CAPABILITIES;

    parts |= landlock_offered();
    if (sandbox_can_limit_calls())
        parts |= SANDBOX_CALLS;
    if (has_user(user))
        parts |= SANDBOX_USER;
    return parts;
}

void sandbox_describe(uint32_t parts, char *out, size_t cap)
{
    static const char *const names[] = {
        "no new privileges", "limits",       "files", "listening",
        "signals",           "system calls", "user",  "capabilities"};

    text_name_bits(parts, names, NR(names), out, cap);
}
