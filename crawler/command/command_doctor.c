/*
 * crawl doctor: what this machine offers to a crawl, and what its lack costs.
 *
 * It asks the system itself and nobody on the network. A probe has no effect
 * that outlives it.
 */
#define PCRE2_CODE_UNIT_WIDTH 8

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <linux/magic.h>
#include <linux/seccomp.h>
#include <pcre2.h>
#include <sched.h>
#include <seccomp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "crawler/cli/value.h"
#include "crawler/command/command_common.h"
#include "crawler/command/commands.h"
#include "crawler/command/hardening.h"
#include "crawler/fetch/libraries.h"
#include "crawler/names/resolver_files.h"
#include "crawler/sandbox/sandbox.h"
#include "storage/sqlite/sqlite_version.h"

/* Descriptors for the default --concurrency and the files. */
#define DESCRIPTORS_WANTED 1024
#define MEMORY_WANTED      ((int64_t)512 << 20)
#define DISK_WANTED        ((int64_t)1 << 30)
#define LINE_BYTES         1024
#define NSSWITCH_BYTES     8192
#define SMB2_SUPER_MAGIC_  0xfe534d42 /* magic.h has it since Linux 6 */

/* How bad a finding is. Only GRADE_MISSING changes the exit status. */
enum grade {
    GRADE_OK,
    GRADE_WEAK,    /* works, with less speed or safety */
    GRADE_MISSING, /* `crawl` cannot work without */
};

/* A grade, with a note that says what the lack costs or what to do about it;
 * NULL where all is well. */
struct health {
    enum grade grade;
    const char *note;
};

#define HEALTHY ((struct health){GRADE_OK, NULL})

struct doctor {
    struct row_printer *printer;
    int nr_missing;
};

static void tell(struct doctor *doctor, const char *what, struct health health,
                 const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Prints one row: what was looked at, its grade, what was found, and the note.
 */
static void tell(struct doctor *doctor, const char *what, struct health health,
                 const char *format, ...)
{
    static const char *const words[] = {"ok", "weak", "missing"};
    static const char *const names[] = {"what", "health", "found", "note"};
    char found[LINE_BYTES];
    va_list args;

    va_start(args, format);
    vsnprintf(found, sizeof(found), format, args);
    va_end(args);
    const struct query_value values[] = {
        command_text(what),
        command_text(words[health.grade]),
        command_text(found),
        command_text(health.note),
    };
    const struct query_row row = {1, 4, names, values};
    doctor->nr_missing += health.grade == GRADE_MISSING;
    if (row_printer_add(doctor->printer, &row))
        doctor->nr_missing++; /* seen again by row_printer_end() */
}

/* Grades a thing that a crawl can do without; `note` says what that costs. */
static struct health wanted(bool good, const char *note)
{
    return good ? HEALTHY : (struct health){GRADE_WEAK, note};
}

/* Grades a thing that no crawl can do without. */
static struct health needed(bool good, const char *note)
{
    return good ? HEALTHY : (struct health){GRADE_MISSING, note};
}

/* Reads the first line of a small file, without its newline. Returns false if
 * there is none. */
static bool first_line(const char *path, char line[LINE_BYTES])
{
    FILE *file = fopen(path, "re");
    bool read = file && fgets(line, LINE_BYTES, file);

    if (file)
        fclose(file);
    if (read)
        line[strcspn(line, "\n")] = '\0';
    return read;
}

/* ---- programs and libraries ---- */

/* Prints a row for each library in a list such as "libcurl/7.88.1
 * OpenSSL/3.0.17 ...". A word in parentheses is a library that libcurl has but
 * does not use. */
static void see_library_list(struct doctor *doctor, const char *list)
{
    while (*list) {
        int len = (int)strcspn(list, " ");

        if (len > 0 && *list != '(')
            tell(doctor, "library", HEALTHY, "%.*s", len, list);
        list += len;
        list += strspn(list, " ");
    }
}

/* The versions come first, as a bug report needs them. */
static void see_versions(struct doctor *doctor)
{
    char pcre2[64] = "?";
    const struct scmp_version *seccomp = seccomp_version();

    (void)pcre2_config(PCRE2_CONFIG_VERSION, pcre2);
    tell(doctor, "program", HEALTHY, "crawl %s", CRAWL_VERSION);
    see_library_list(doctor, fetch_library_versions());
    tell(doctor, "library", HEALTHY, "SQLite/%s", storage_library_version());
    tell(doctor, "library", HEALTHY, "PCRE2/%.*s", (int)strcspn(pcre2, " "),
         pcre2);
    tell(doctor, "library", HEALTHY, "libseccomp/%u.%u.%u", seccomp->major,
         seccomp->minor, seccomp->micro);
}

/* ---- the machine ---- */

/* A container may be allowed less than the machine has: by affinity, or by a
 * quota of its group (cgroup v2). */
static void see_cores(struct doctor *doctor)
{
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    char quota[LINE_BYTES];
    cpu_set_t usable;
    int nr = sched_getaffinity(0, sizeof(usable), &usable) == 0
                 ? CPU_COUNT(&usable)
                 : (int)online;

    if (first_line("/sys/fs/cgroup/cpu.max", quota) &&
        strncmp(quota, "max", 3) != 0)
        tell(doctor, "cores", HEALTHY,
             "%ld, of which this process may use %d, in a group with the "
             "quota %s",
             online, nr, quota);
    else
        tell(doctor, "cores", HEALTHY, "%ld, of which this process may use %d",
             online, nr);
}

/* _SC_AVPHYS_PAGES counts only what is wholly unused; the kernel would give up
 * its caches too, so no grade is made of it. */
static void see_memory(struct doctor *doctor)
{
    int64_t page = sysconf(_SC_PAGESIZE);
    int64_t whole = page * sysconf(_SC_PHYS_PAGES);
    int64_t free_bytes = page * sysconf(_SC_AVPHYS_PAGES);
    char limit[LINE_BYTES], whole_text[VALUE_TEXT_BYTES];
    char free_text[VALUE_TEXT_BYTES];
    int64_t cap;

    /* a container's limit is what counts; "max" is no number and leaves the
     * machine's size (cgroup v2, memory.max) */
    if (first_line("/sys/fs/cgroup/memory.max", limit) &&
        !value_int(limit, &cap) && cap < whole)
        whole = cap;
    value_show_bytes((double)whole, whole_text);
    value_show_bytes((double)free_bytes, free_text);
    tell(doctor, "memory",
         wanted(whole >= MEMORY_WANTED,
                "lower --max-size, --workers and --concurrency"),
         "%s, unused %s", whole_text, free_text);
}

/* The hard limit of open files is what counts: a crawl raises its soft limit to
 * it when it starts (getrlimit(2)). */
static void see_descriptors(struct doctor *doctor)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    tell(doctor, "open files",
         wanted(limit.rlim_max >= DESCRIPTORS_WANTED,
                "raise the hard limit, or lower --concurrency"),
         "%llu now, %llu at most (taken when a crawl starts)",
         (unsigned long long)limit.rlim_cur,
         (unsigned long long)limit.rlim_max);
}

/* A crawl of root should give its workers another user: the parent stays root,
 * but it parses no pages. */
static void see_user(struct doctor *doctor)
{
    bool root = geteuid() == 0;

    tell(doctor, "user",
         wanted(!root, "--user NAME lets the workers be somebody else"),
         "%s (%u)", root ? "root" : "not root", (unsigned)geteuid());
}

/* SQLite's write-ahead log needs memory that all its readers share, and file
 * systems on the network do not have it (sqlite.org/wal.html). */
static bool is_network(const struct statfs *fs)
{
    unsigned long type = (unsigned long)fs->f_type;

    return type == NFS_SUPER_MAGIC || type == SMB_SUPER_MAGIC ||
           type == SMB2_SUPER_MAGIC_ || type == V9FS_MAGIC;
}

/* Looks at the folder of the caller, where crawl.db is made by default. */
static void see_folder(struct doctor *doctor)
{
    struct statfs fs;
    char room[VALUE_TEXT_BYTES];
    int64_t bytes;
    bool writable = access(".", W_OK) == 0;

    if (statfs(".", &fs) != 0)
        return;
    bytes = (int64_t)fs.f_bavail * (int64_t)fs.f_bsize;
    value_show_bytes((double)bytes, room);
    tell(doctor, "this folder",
         wanted(writable && bytes >= DISK_WANTED && !is_network(&fs),
                is_network(&fs) ? "a database in use belongs on a local disk"
                : writable      ? "a big crawl may fill it"
                                : "name outputs elsewhere with --output"),
         "%s, %s free%s", writable ? "writable" : "not writable", room,
         is_network(&fs) ? ", on the network" : "");
}

/* ---- the kernel ---- */

/* The pool waits for workers by pidfd and hands pages over in sealed memory;
 * there is no other way for either. */
static void see_kernel(struct doctor *doctor)
{
    struct utsname name;
    int fd;

    if (uname(&name) == 0)
        tell(doctor, "kernel", HEALTHY, "%s %s %s", name.sysname, name.release,
             name.machine);
    fd = (int)syscall(SYS_pidfd_open, getpid(), 0);
    tell(doctor, "pidfd",
         needed(fd >= 0, "workers cannot be watched; Linux has it since 5.3"),
         "%s", fd >= 0 ? "there" : strerror(errno));
    if (fd >= 0)
        close(fd);
    fd = memfd_create("doctor", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    bool sealed = fd >= 0 && fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK) == 0;
    tell(doctor, "sealed memory", needed(sealed, "pages cannot be handed over"),
         "%s", sealed ? "there" : strerror(errno));
    if (fd >= 0)
        close(fd);
}

/* Asks the kernel for the version of Landlock with the flag of
 * landlock_create_ruleset(2) that makes no rule set. A version from 4 on can
 * shut off TCP ports, which is what a crawl wants. */
static void see_landlock(struct doctor *doctor)
{
    /* what each version of the interface added that a worker can use */
    static const char *const adds[] = {"none",
                                       "files",
                                       "files",
                                       "files, truncation",
                                       "files, truncation, TCP ports",
                                       "files, truncation, TCP ports",
                                       "files, truncation, TCP ports, signals"};
    const int nr_known = sizeof(adds) / sizeof(adds[0]) - 1;
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
                       LANDLOCK_CREATE_RULESET_VERSION);

    if (abi < 0)
        tell(doctor, "landlock",
             wanted(false, errno == ENOSYS
                               ? "files of this user are not shut off; Linux "
                                 "has it since 5.13"
                               : "it is switched off at boot: files of this "
                                 "user are not shut off"),
             "none: %s", strerror(errno));
    else
        tell(doctor, "landlock",
             wanted(abi >= 4,
                    "ports are not shut off; Linux does that since 6.7"),
             "version %ld: %s", abi, adds[abi > nr_known ? nr_known : abi]);
}

/* Looks for filters of system calls. A filter that is on already, as in many
 * containers, may forbid what ours would allow. */
static void see_seccomp(struct doctor *doctor)
{
    uint32_t kill = SECCOMP_RET_KILL_PROCESS;
    bool filters =
        syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &kill) == 0;
    int mode = prctl(PR_GET_SECCOMP);

    tell(doctor, "seccomp", wanted(filters, "system calls are not shut off"),
         "%s, API level %u%s",
         filters ? "filters that kill the process" : "none", seccomp_api_get(),
         mode == SECCOMP_MODE_FILTER ? "; a filter is on already" : "");
}

/* Says which parts of the sandbox the workers of a crawl would get on this
 * machine. */
static void see_sandbox(struct doctor *doctor)
{
    uint32_t offered = sandbox_offered(NULL);
    char parts[LINE_BYTES], missing[LINE_BYTES];

    sandbox_describe(offered, parts, sizeof(parts));
    sandbox_describe(SANDBOX_REQUIRED & ~offered, missing, sizeof(missing));
    tell(doctor, "sandbox",
         wanted((offered & SANDBOX_REQUIRED) == SANDBOX_REQUIRED,
                "--sandbox require would refuse to start"),
         "%s%s%s", parts[0] ? parts : "none", missing[0] ? "; missing: " : "",
         missing);
}

/* Looks at the program itself: what a bug in it could be used for. */
static void see_hardening(struct doctor *doctor)
{
    uint32_t has = hardening_parts();
    char parts[LINE_BYTES], missing[LINE_BYTES];

    hardening_describe(has, parts, sizeof(parts));
    hardening_describe(HARDENING_ALL & ~has, missing, sizeof(missing));
    tell(doctor, "hardening",
         wanted(has == HARDENING_ALL,
                "build a release: 'cmake --preset release'"),
         "%s%s%s", parts[0] ? parts : "none", missing[0] ? "; missing: " : "",
         missing);
}

/* ---- the network, as far as this machine has it ---- */

/* Counts the certificates in a PEM file by their first lines (RFC 7468; OpenSSL
 * has a second label). Returns -1 if the file cannot be read. */
static int count_certificates(const char *path)
{
    FILE *file = fopen(path, "re");
    char line[LINE_BYTES];
    int nr = 0;

    if (!file)
        return -1;
    while (fgets(line, sizeof(line), file))
        nr += strncmp(line, "-----BEGIN CERTIFICATE-----", 27) == 0 ||
              strncmp(line, "-----BEGIN TRUSTED CERTIFICATE-----", 35) == 0;
    fclose(file);
    return nr;
}

/* Looks at the authorities that libcurl trusts unless --cacert names others. */
static void see_certificates(struct doctor *doctor)
{
    const char *path = fetch_ca_file();
    int nr = path ? count_certificates(path) : -1;

    tell(doctor, "certificates",
         wanted(nr > 0,
                "https will fail: install ca-certificates or give --cacert"),
         nr >= 0 ? "%s: %d authorities" : "%s: cannot be read",
         path ? path : "no file", nr);
}

/* Lists the name servers of resolv.conf(5). Nothing is asked of them: the
 * doctor does not use the network. */
static void see_resolver(struct doctor *doctor)
{
    FILE *file = fopen("/etc/resolv.conf", "re");
    char line[LINE_BYTES], servers[LINE_BYTES] = "";
    int nr = 0;

    while (file && fgets(line, sizeof(line), file)) {
        char address[64];

        if (sscanf(line, " nameserver %63s", address) != 1)
            continue;
        if (strlen(servers) + strlen(address) + 2 < sizeof(servers)) {
            strcat(servers, " ");
            strcat(servers, address);
        }
        nr++;
    }
    if (file)
        fclose(file);
    tell(
        doctor, "resolver",
        wanted(nr > 0,
               "no name server is set: names of /etc/hosts and --resolve work"),
        "%s%s%s", fetch_resolver(), nr ? ", asks" : "", servers);
}

/* Names the sources of names that programs ask by nsswitch.conf(5), and a crawl
 * does not: they are modules of the C library, which its workers cannot load.
 */
static void see_name_sources(struct doctor *doctor)
{
    FILE *file = fopen("/etc/nsswitch.conf", "re");
    char text[NSSWITCH_BYTES], unasked[LINE_BYTES] = "";
    size_t len = file ? fread(text, 1, sizeof(text), file) : 0;

    if (file)
        fclose(file);
    resolver_unasked((struct bytes){text, len}, unasked, sizeof(unasked));
    tell(doctor, "names",
         wanted(!*unasked, "names that only these know are not found: give "
                           "them by --resolve or in /etc/hosts"),
         "/etc/hosts, then name servers%s%s",
         *unasked ? "; not asked, though in /etc/nsswitch.conf: " : "",
         unasked);
}

/* Looks for the variables that choose a proxy; a crawl obeys them. */
static void see_proxies(struct doctor *doctor)
{
    bool set = getenv("http_proxy") || getenv("https_proxy") ||
               getenv("HTTPS_PROXY") || getenv("all_proxy") ||
               getenv("ALL_PROXY");

    tell(doctor, "proxy",
         wanted(!set, "hosts are asked by it; --proxy none turns it off"), "%s",
         set ? "the environment names one" : "none in the environment");
}

/* Each probe prints its own rows and none stops the others: a report with all
 * findings is worth more than the first. */
int command_doctor(const struct command_line *line)
{
    struct doctor doctor = {.printer = command_printer_whole(line)};

    if (!doctor.printer)
        return CRAWL_EXIT_USAGE;
    see_versions(&doctor);
    see_cores(&doctor);
    see_memory(&doctor);
    see_descriptors(&doctor);
    see_user(&doctor);
    see_folder(&doctor);
    see_kernel(&doctor);
    see_landlock(&doctor);
    see_seccomp(&doctor);
    see_sandbox(&doctor);
    see_hardening(&doctor);
    see_certificates(&doctor);
    see_resolver(&doctor);
    see_name_sources(&doctor);
    see_proxies(&doctor);
    return command_printer_end(
        doctor.printer, doctor.nr_missing ? CRAWL_EXIT_FAILURE : CRAWL_EXIT_OK);
}
