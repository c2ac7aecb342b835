/*
 * outputs: the append-only files and streams of one crawl, as one thing.
 *
 * They are exactly-once through the byte offset that the back end commits with
 * the rows: files are written and synced before that commit, and cut back to
 * the offset when they are opened again. Streams have no offset; they are
 * written after the commit. What fails here sets the failure, with a sentence
 * that names the output.
 *
 * Private to storage/.
 */
#ifndef STORAGE_OUTPUTS_H
#define STORAGE_OUTPUTS_H

#include "storage/sink/sink.h"
#include "storage/storage_ops.h"

#define OUTPUTS_MAX 16 /* more are refused: nobody needs them */

struct outputs {
    struct sink *sinks[OUTPUTS_MAX]; /* owned */
    size_t nr;                       /* sinks that are open */
    bool has_rows;                   /* this session has written a row */
    bool others_left; /* outputs that are not open are marked as behind */
    bool is_open; /* rows may come: a kill may leave more than is committed */
    struct failure *failure; /* borrowed */
};

/*
 * Opens those of options->outputs that are no database, writes nothing yet,
 * and sets *database to the one that is (borrowed; NULL: none).
 */
enum err outputs_open(struct outputs *outputs,
                      const struct storage_options *options,
                      const char **database) CERR_CHECK;
/* The name of a database beside the first file, owned by the caller; NULL when
 * all outputs are streams. */
char *outputs_state_path(const struct outputs *outputs);
/*
 * Cuts each file back to what is committed of it, where a kill has left more.
 * `path` is the database's. A new output that would lack pages is refused, as
 * is one that a session has left out.
 */
enum err outputs_resume(struct outputs *outputs, struct back_end *back,
                        const char *path, const struct storage_options *options,
                        const struct storage_found *found) CERR_CHECK;
/* Writes to each empty output what stands at the start of its kind. */
enum err outputs_start(struct outputs *outputs) CERR_CHECK;
/* Writes the page to each output; a WARC file fills `place`. */
enum err outputs_put(struct outputs *outputs, const struct page_record *page,
                     struct sink_place *place) CERR_CHECK;
/* Writes and syncs the files, or writes the streams. */
enum err outputs_flush(struct outputs *outputs, bool streams) CERR_CHECK;
/* Writes to the streams more of what is committed; does not wait. */
enum err outputs_push(struct outputs *outputs) CERR_CHECK;
/* Bytes that the readers of streams have not taken; *fd is one that waits. */
size_t outputs_unread(const struct outputs *outputs, int *fd);
/* The stream whose reader has left, by its name; NULL: none has. */
const char *outputs_left(const struct outputs *outputs);
/* Gives offset and state of each file to the back end. */
enum err outputs_save(struct outputs *outputs,
                      struct back_end *back) CERR_CHECK;
/* Whether any output is a file, which has a state to save. */
bool outputs_have_file(const struct outputs *outputs);
/* Writes the index beside each WARC file, anew each time. */
enum err outputs_index(const struct outputs *outputs,
                       struct back_end *back) CERR_CHECK;
/* Whether any output needs the raw fields of page_record. */
bool outputs_want_raw(const struct outputs *outputs);
/* Closes all outputs. With `undo`, files that this opening made are removed. */
void outputs_close(struct outputs *outputs, bool undo);

#endif
