/*
 * sqlite_journal: looks at the rollback journal beside a database.
 *
 * SQLite rolls a journal back when it opens a database for writing. One that
 * was part of a transaction over several databases ends with the name of a
 * file, which SQLite deletes then, whatever file that is. Ours never name one,
 * so such a journal was made by somebody else.
 */
#ifndef STORAGE_SQLITE_SQLITE_JOURNAL_H
#define STORAGE_SQLITE_SQLITE_JOURNAL_H

enum journal_kind {
    JOURNAL_NONE,    /* there is none, or an empty one */
    JOURNAL_PLAIN,   /* it may be what a killed crawl has left */
    JOURNAL_FOREIGN, /* it names another file, or is no regular file */
};

/* Looks at PATH-journal without a lock, and follows no symbolic link. */
enum journal_kind journal_look(const char *path);

#endif
