#include "crawler/fetch/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "crawler/fetch/sandbox_calls.h"

#define NR(array) (sizeof(array) / sizeof((array)[0]))

/* ---- Landlock, as of its sixth ABI; older headers lack parts of it ---- */

#define RULESET_VERSION     1u
#define RULE_PATH_BENEATH   1
#define ACCESS_READ_FILE    ((uint64_t)1 << 2)
#define ACCESS_ALL_ABI_1    (((uint64_t)1 << 13) - 1)
#define ACCESS_REFER        ((uint64_t)1 << 13) /* ABI 2 */
#define ACCESS_TRUNCATE     ((uint64_t)1 << 14) /* ABI 3 */
#define ACCESS_NET_BIND_TCP ((uint64_t)1 << 0)  /* ABI 4 */
#define ACCESS_IOCTL_DEV    ((uint64_t)1 << 15) /* ABI 5 */
#define SCOPE_ABSTRACT_UNIX ((uint64_t)1 << 0)  /* ABI 6 */
#define SCOPE_SIGNAL        ((uint64_t)1 << 1)  /* ABI 6 */

struct ruleset {
    uint64_t files;  /* ABI 1 */
    uint64_t net;    /* ABI 4 */
    uint64_t scoped; /* ABI 6 */
};

struct path_rule {
    uint64_t allowed;
    int32_t fd;
} __attribute__((packed));

static int landlock_abi(void)
{
    return (int)syscall(SYS_landlock_create_ruleset, NULL, 0, RULESET_VERSION);
}

/* No more than the ABI knows: an unknown bit would refuse it all. */
static size_t fill_ruleset(struct ruleset *rules, int abi)
{
    *rules = (struct ruleset){.files = ACCESS_ALL_ABI_1};
    if (abi >= 2)
        rules->files |= ACCESS_REFER;
    if (abi >= 3)
        rules->files |= ACCESS_TRUNCATE;
    if (abi >= 4)
        rules->net = ACCESS_NET_BIND_TCP;
    if (abi >= 5)
        rules->files |= ACCESS_IOCTL_DEV;
    if (abi >= 6)
        rules->scoped = SCOPE_ABSTRACT_UNIX | SCOPE_SIGNAL;
    if (abi >= 6)
        return sizeof(*rules);
    return abi >= 4 ? offsetof(struct ruleset, scoped)
                    : offsetof(struct ruleset, net);
}

static uint32_t landlock_parts(int abi)
{
    uint32_t parts = 0;

    if (abi >= 1)
        parts |= SANDBOX_FILES;
    if (abi >= 4)
        parts |= SANDBOX_LISTEN;
    if (abi >= 6)
        parts |= SANDBOX_SIGNALS;
    return parts;
}

/* A file that is not there needs no rule. */
static bool allow_file(int ruleset, const char *path)
{
    struct path_rule rule = {.allowed = ACCESS_READ_FILE};
    int bad;

    rule.fd = open(path, O_PATH | O_CLOEXEC);
    if (rule.fd < 0)
        return errno == ENOENT || errno == EACCES || errno == ENOTDIR;
    bad = (int)syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule,
                       0);
    close(rule.fd);
    return bad == 0;
}

static const char *const resolver_files[] = {
    "/etc/resolv.conf", "/etc/hosts",    "/etc/nsswitch.conf",
    "/etc/host.conf",   "/etc/gai.conf",
};

static enum err limit_files(const char *ca_file, uint32_t *reached)
{
    int abi = landlock_abi();
    struct ruleset rules;
    size_t size;
    bool is_complete = true;
    int fd;

    if (abi < 1)
        return ERR_OK;
    size = fill_ruleset(&rules, abi);
    fd = (int)syscall(SYS_landlock_create_ruleset, &rules, size, 0);
    if (fd < 0)
        return ERR_PERM;
    for (size_t i = 0; i < NR(resolver_files); i++)
        is_complete &= allow_file(fd, resolver_files[i]);
    if (ca_file)
        is_complete &= allow_file(fd, ca_file);
    is_complete =
        is_complete && syscall(SYS_landlock_restrict_self, fd, 0) == 0;
    close(fd);
    if (!is_complete)
        return ERR_PERM;
    *reached |= landlock_parts(abi);
    return ERR_OK;
}

/* ---- rights and limits ---- */

static enum err become(const char *name, uint32_t *reached)
{
    const struct passwd *user;
    int death_signal = 0;

    if (!name || geteuid() != 0)
        return ERR_OK;
    errno = 0;
    user = getpwnam(name);
    if (!user)
        return ERR_NOT_FOUND;
    if (user->pw_uid == 0)
        return ERR_OK;
    prctl(PR_GET_PDEATHSIG, &death_signal);
    if (setgroups(0, NULL) ||
        setresgid(user->pw_gid, user->pw_gid, user->pw_gid) ||
        setresuid(user->pw_uid, user->pw_uid, user->pw_uid) || setuid(0) == 0)
        return ERR_PERM;
    /* The kernel forgets it with the user, see prctl(2). */
    prctl(PR_SET_PDEATHSIG, death_signal);
    *reached |= SANDBOX_USER;
    return ERR_OK;
}

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

static void limit_resources(uint32_t *reached)
{
    bool is_complete = lower(RLIMIT_CORE, 0) && lower(RLIMIT_FSIZE, 0);

    /* Standard error may be a file: then a line is lost, not the worker. */
    signal(SIGXFSZ, SIG_IGN);
#ifndef __SANITIZE_ADDRESS__ /* it reserves terabytes */
    is_complete = is_complete && lower(RLIMIT_AS, SANDBOX_ADDRESS_BYTES);
#endif
    if (is_complete)
        *reached |= SANDBOX_LIMITS;
}

enum err sandbox_enter(const struct sandbox_options *options, uint32_t *reached)
{
    enum err err;

    *reached = 0;
    err = become(options->user, reached);
    if (err)
        return err;
    if (options->ca_file && access(options->ca_file, F_OK) == 0 &&
        access(options->ca_file, R_OK) != 0)
        return ERR_PERM;
    limit_resources(reached);
    if (prctl(PR_SET_DUMPABLE, 0) == 0 &&
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
        *reached |= SANDBOX_NO_NEW_PRIVS;
    err = limit_files(options->ca_file, reached);
    if (!err && sandbox_can_limit_calls()) {
        err = sandbox_limit_calls();
        if (!err)
            *reached |= SANDBOX_CALLS;
    }
    return err;
}

uint32_t sandbox_offered(const char *user)
{
    uint32_t parts = SANDBOX_NO_NEW_PRIVS | SANDBOX_LIMITS;

    parts |= landlock_parts(landlock_abi());
    if (sandbox_can_limit_calls())
        parts |= SANDBOX_CALLS;
    if (user && geteuid() == 0)
        parts |= SANDBOX_USER;
    return parts;
}

void sandbox_describe(uint32_t parts, char *out, size_t cap)
{
    static const char *const names[] = {
        "no new privileges", "limits",       "files", "listening",
        "signals",           "system calls", "user"};
    size_t len = 0;

    out[0] = '\0';
    for (size_t i = 0; i < NR(names) && len < cap; i++)
        if (parts & (1u << i))
            len += (size_t)snprintf(out + len, cap - len, "%s%s",
                                    len ? ", " : "", names[i]);
}
