/*
 * binder: the parameters of a statement, from left to right.
 *
 * It remembers the first failure, so that a row is bound without a look at
 * each code; sqlite_run() and sqlite_step() ask for it. Texts and blobs are
 * borrowed until the statement ran.
 */
#ifndef STORAGE_SQLITE_BINDER_H
#define STORAGE_SQLITE_BINDER_H

#include <sqlite3.h>
#include <string.h>

#include "base/wire.h"

struct binder {
    sqlite3_stmt *stmt; /* borrowed; NULL when it could not be prepared */
    int at; /* number of the parameter bound last, from 1; 0: none */
    int rc; /* SQLite's code of the first failure, or SQLITE_OK */
};

/* A page has fifty parameters. If each were a call, the calls would be 1 % of
 * the time that storing a page takes; left to itself, the compiler does not
 * inline them. */
#define BIND_INLINE static inline __attribute__((always_inline))

/* Keeps the first failure: those that follow are mostly its consequences. */
BIND_INLINE void bind_note(struct binder *binder, int rc)
{
    if (binder->rc == SQLITE_OK)
        binder->rc = rc;
}

BIND_INLINE void bind_int(struct binder *binder, int64_t value)
{
    bind_note(binder, sqlite3_bind_int64(binder->stmt, ++binder->at, value));
}

BIND_INLINE void bind_null(struct binder *binder)
{
    bind_note(binder, sqlite3_bind_null(binder->stmt, ++binder->at));
}

/* `null` is the value that means that there is none, here and below. */
BIND_INLINE void bind_int_or_null(struct binder *binder, int64_t value,
                                  int64_t null)
{
    if (value == null)
        bind_null(binder);
    else
        bind_int(binder, value);
}

BIND_INLINE void bind_real_or_null(struct binder *binder, double value,
                                   double null)
{
    if (value == null) /* the caller set this constant, so == is exact */
        bind_null(binder);
    else
        bind_note(binder,
                  sqlite3_bind_double(binder->stmt, ++binder->at, value));
}

/* An empty text is stored as NULL, and so are an empty string and an empty
 * blob in the two functions below. */
BIND_INLINE void bind_text(struct binder *binder, struct bytes text)
{
    if (!text.len)
        bind_null(binder);
    else
        bind_note(binder,
                  sqlite3_bind_text64(binder->stmt, ++binder->at, text.data,
                                      text.len, SQLITE_STATIC, SQLITE_UTF8));
}

BIND_INLINE void bind_str(struct binder *binder, const char *text)
{
    bind_text(binder, (struct bytes){text, text ? strlen(text) : 0});
}

BIND_INLINE void bind_blob(struct binder *binder, struct bytes blob)
{
    if (!blob.len)
        bind_null(binder);
    else
        bind_note(binder,
                  sqlite3_bind_blob64(binder->stmt, ++binder->at, blob.data,
                                      blob.len, SQLITE_STATIC));
}

#endif
