/*
 * Bodies of pages, compressed. Equal bodies are kept once: their hash is the
 * key.
 *
 * DESIGN. A body up to SQLITE_BODY_PIECES_FROM is compressed into memory and
 * bound to a statement, which is fastest. A larger one would want its own size
 * two times more: it is compressed in pieces, once to learn the size that the
 * row must have room for, and once more into that room
 * (sqlite3_blob_write(3) cannot make a blob longer). SQLite writes the pages of
 * the room to its log as its cache fills.
 */
#include "storage/sqlite/sqlite.h"

#include <stdlib.h>
#include <zstd.h>

#define ZSTD_LEVEL  3 /* zstd's own default */
#define PIECE_BYTES ((size_t)256 << 10)

static enum err no_memory(struct sqlite *sqlite)
{
    return failure_set(sqlite->base.failure, CERR_NOMEM,
                       "out of memory while compressing a body; run the same "
                       "command again to go on");
}

/* Stores a body that is compressed as a whole. */
static enum err put_whole(struct sqlite *sqlite, const struct page_record *page)
{
    size_t cap = ZSTD_compressBound(page->body.len), len;
    void *packed = malloc(cap);
    struct binder binder;
    enum err err;

    len = packed ? ZSTD_compressCCtx(sqlite->zstd, packed, cap, page->body.data,
                                     page->body.len, ZSTD_LEVEL)
                 : 0;
    if (len == 0 || ZSTD_isError(len)) {
        free(packed);
        return no_memory(sqlite);
    }
    binder = sqlite_bind(sqlite, STMT_PUT_BODY);
    bind_blob(&binder, page->content_hash);
    bind_int(&binder, (int64_t)page->body.len);
    bind_blob(&binder, (struct bytes){packed, len});
    err = sqlite_run(sqlite, &binder);
    free(packed);
    return err;
}

/* Compresses in pieces, into the blob unless that is NULL; *size gets the
 * number of compressed bytes. Two passes over the same bytes give the same. */
static enum err pack(struct sqlite *sqlite, struct bytes body,
                     sqlite3_blob *blob, size_t *size)
{
    ZSTD_inBuffer in = {body.data, body.len, 0};
    void *piece = malloc(PIECE_BYTES);
    size_t left = 1;
    int rc = SQLITE_OK;

    *size = 0;
    ZSTD_CCtx_reset(sqlite->zstd, ZSTD_reset_session_and_parameters);
    ZSTD_CCtx_setParameter(sqlite->zstd, ZSTD_c_compressionLevel, ZSTD_LEVEL);
    ZSTD_CCtx_setPledgedSrcSize(sqlite->zstd, body.len);
    while (piece && rc == SQLITE_OK && left > 0 && !ZSTD_isError(left)) {
        ZSTD_outBuffer out = {piece, PIECE_BYTES, 0};

        left = ZSTD_compressStream2(sqlite->zstd, &out, &in, ZSTD_e_end);
        if (blob && out.pos > 0 && !ZSTD_isError(left))
            rc = sqlite3_blob_write(blob, piece, (int)out.pos, (int)*size);
        *size += out.pos;
    }
    free(piece);
    if (rc != SQLITE_OK)
        return sqlite_break(sqlite, rc, "write a body");
    return piece && !ZSTD_isError(left) ? CERR_OK : no_memory(sqlite);
}

/* Fills the room of the row that was added last. */
static enum err fill_room(struct sqlite *sqlite, struct bytes body)
{
    sqlite3_blob *blob = NULL;
    size_t size;
    int rc = sqlite3_blob_open(sqlite->db, "main", "bodies", "zstd",
                               sqlite3_last_insert_rowid(sqlite->db), 1, &blob);
    enum err err;

    if (rc != SQLITE_OK)
        return sqlite_break(sqlite, rc, "write a body");
    err = pack(sqlite, body, blob, &size);
    rc = sqlite3_blob_close(blob);
    if (!err && rc != SQLITE_OK)
        err = sqlite_break(sqlite, rc, "write a body");
    return err;
}

static enum err put_in_pieces(struct sqlite *sqlite,
                              const struct page_record *page)
{
    struct binder binder;
    size_t size;
    enum err err = pack(sqlite, page->body, NULL, &size);

    if (err)
        return err;
    binder = sqlite_bind(sqlite, STMT_PUT_BODY_ROOM);
    bind_blob(&binder, page->content_hash);
    bind_int(&binder, (int64_t)page->body.len);
    bind_int(&binder, (int64_t)size);
    err = sqlite_run(sqlite, &binder);
    if (err || sqlite3_changes(sqlite->db) == 0)
        return err;
    return fill_room(sqlite, page->body);
}

/* The compressor's context is made with the first body and kept, because it is
 * large and takes time to make. */
enum err sqlite_put_body(struct sqlite *sqlite, const struct page_record *page)
{
    if (!sqlite->store_bodies || !page->body.len || !page->content_hash.len)
        return CERR_OK;
    if (!sqlite->zstd)
        sqlite->zstd = ZSTD_createCCtx();
    if (!sqlite->zstd)
        return no_memory(sqlite);
    return page->body.len > SQLITE_BODY_PIECES_FROM
               ? put_in_pieces(sqlite, page)
               : put_whole(sqlite, page);
}
