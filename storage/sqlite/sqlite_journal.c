/* Reads the end of a journal: sqlite.org/fileformat2.html, and the function
 * readSuperJournal() of SQLite's pager, whose rule is looser than here. */
#include "storage/sqlite/sqlite_journal.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/xalloc.h"

/* A journal begins with these bytes, and one that names a file ends with them.
 */
static const unsigned char magic[8] = {0xd9, 0xd5, 0x05, 0xf9,
                                       0x20, 0xa1, 0x63, 0xd7};

static enum journal_kind look_at(int fd)
{
    struct stat file;
    unsigned char end[sizeof(magic)];

    if (fstat(fd, &file) || !S_ISREG(file.st_mode))
        return JOURNAL_FOREIGN;
    if (file.st_size == 0)
        return JOURNAL_NONE;
    if (file.st_size < (off_t)(2 * sizeof(magic)))
        return JOURNAL_PLAIN;
    if (pread(fd, end, sizeof(end), file.st_size - (off_t)sizeof(end)) !=
            (ssize_t)sizeof(end) ||
        memcmp(end, magic, sizeof(magic)) == 0)
        return JOURNAL_FOREIGN;
    return JOURNAL_PLAIN;
}

enum journal_kind journal_look(const char *path)
{
    size_t len = strlen(path) + sizeof("-journal");
    char *name = xcalloc(1, len);
    enum journal_kind kind = JOURNAL_NONE;
    struct stat file;
    int fd;

    snprintf(name, len, "%s-journal", path);
    fd = open(name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0) {
        kind = look_at(fd);
        close(fd);
    } else if (lstat(name, &file) == 0) {
        kind = JOURNAL_FOREIGN; /* a link, or what may not be read */
    }
    free(name);
    return kind;
}
