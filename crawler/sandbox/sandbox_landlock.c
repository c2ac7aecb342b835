/*
 * Landlock behind sandbox_landlock.h, see landlock(7). The kernel says which
 * version (ABI) of it there is, and that much is used: more shut with a newer
 * kernel, nothing refused by an older one.
 */
#include "crawler/sandbox/sandbox_landlock.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NR(array) (sizeof(array) / sizeof((array)[0]))

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

/* struct landlock_ruleset_attr: what is forbidden unless a rule allows it. */
struct ruleset {
    uint64_t files;  /* ABI 1 */
    uint64_t net;    /* ABI 4 */
    uint64_t scoped; /* ABI 6 */
};

/* struct landlock_path_beneath_attr, which the kernel has packed. */
struct path_rule {
    uint64_t allowed;
    int32_t fd;
} __attribute__((packed));

/* Returns the version of Landlock; below 1 there is none, or it is switched
 * off. */
static int landlock_abi(void)
{
    return (int)syscall(SYS_landlock_create_ruleset, NULL, 0, RULESET_VERSION);
}

/* Fills in what the ABI knows and returns the size that it knows: the kernel
 * refuses a ruleset with one bit or byte that it does not. */
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

static uint32_t parts_of(int abi)
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

uint32_t landlock_offered(void)
{
    return parts_of(landlock_abi());
}

/* A file that is not there needs no rule. */
static bool allow_file(int ruleset, const struct sandbox_file *file)
{
    struct path_rule rule = {.allowed = ACCESS_READ_FILE};
    long bad;

    rule.fd = open(file->path, O_PATH | O_CLOEXEC);
    if (rule.fd < 0)
        return errno == ENOENT || errno == EACCES || errno == ENOTDIR;
    bad = syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0);
    close(rule.fd);
    return bad == 0;
}

static int64_t changed_ns(const struct stat *about)
{
    return about->st_mtim.tv_sec * INT64_C(1000000000) + about->st_mtim.tv_nsec;
}

/* Remembers which file has the name now, for sandbox_is_stale(). */
static void note_file(struct sandbox *sandbox, const char *path, bool is_once)
{
    struct stat about = {.st_ino = 0};

    assert(sandbox->nr_files < SANDBOX_FILES_MAX);
    if (stat(path, &about))
        about.st_ino = 0;
    sandbox->files[sandbox->nr_files++] =
        (struct sandbox_file){.path = path,
                              .device = about.st_dev,
                              .inode = about.st_ino,
                              .changed_ns = is_once ? changed_ns(&about) : 0};
}

/* The files by which names are looked up: resolv.conf(5), nsswitch.conf(5) and
 * host.conf(5), which c-ares reads at its start, and hosts(5), which it reads
 * for each look-up. */
static void note_files(struct sandbox *sandbox, const char *ca_file)
{
    note_file(sandbox, "/etc/resolv.conf", true);
    note_file(sandbox, "/etc/nsswitch.conf", true);
    note_file(sandbox, "/etc/host.conf", true);
    note_file(sandbox, "/etc/hosts", false);
    if (ca_file)
        note_file(sandbox, ca_file, false);
}

void sandbox_watch(struct sandbox *sandbox)
{
    note_files(sandbox, NULL);
}

enum err landlock_enter(struct sandbox *sandbox, const char *ca_file)
{
    int abi = landlock_abi();
    struct ruleset rules;
    size_t size;
    bool is_complete = true;
    int fd;

    note_files(sandbox, ca_file);
    if (abi < 1)
        return CERR_OK;
    size = fill_ruleset(&rules, abi);
    fd = (int)syscall(SYS_landlock_create_ruleset, &rules, size, 0);
    if (fd < 0)
        return CERR_PERM;
    for (size_t i = 0; i < sandbox->nr_files; i++)
        is_complete &= allow_file(fd, &sandbox->files[i]);
    is_complete =
        is_complete && syscall(SYS_landlock_restrict_self, fd, 0) == 0;
    close(fd);
    if (!is_complete)
        return CERR_PERM;
    sandbox->parts |= parts_of(abi);
    return CERR_OK;
}

bool sandbox_is_stale(struct sandbox *sandbox)
{
    for (size_t i = 0; i < sandbox->nr_files && !sandbox->is_stale; i++) {
        const struct sandbox_file *file = &sandbox->files[i];
        struct stat now;

        /* A file that is gone for the moment is about to be replaced: there is
         * nothing to read yet. */
        if (stat(file->path, &now) == 0)
            sandbox->is_stale =
                now.st_dev != file->device || now.st_ino != file->inode ||
                (file->changed_ns != 0 && file->changed_ns != changed_ns(&now));
    }
    return sandbox->is_stale;
}
