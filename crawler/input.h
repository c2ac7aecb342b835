/*
 * input: reads the lists of a run, a slice at a time, and feeds their lines to
 * the frontier.
 *
 * A name is a file, "-" for standard input, or a URL that stands for a list of
 * one line. A file that was read in part by an earlier run goes on behind the
 * last committed line; one that was read whole and has not changed is not read
 * again; one that has changed is read again, and counts as it is now.
 */
#ifndef CRAWLER_INPUT_H
#define CRAWLER_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "crawler/frontier/frontier.h"
#include "storage/storage.h"

struct input;

#define INPUT_SLICE_BYTES   4096
#define INPUT_MESSAGE_BYTES 900

/*
 * Opens all lists, so that a missing one is said before anything starts.
 * Borrows `names`. CERR_NOT_FOUND, CERR_PERM, CERR_INVALID (a folder, or a file
 * that is surely no list), CERR_IO, with a sentence in `message`. With
 * `sitemaps` a file that is one is a list of its entries.
 */
enum err input_open(struct input **input, const char *const *names,
                    size_t nr_names, bool sitemaps,
                    char message[INPUT_MESSAGE_BYTES]) CERR_CHECK;
void input_close(struct input *input);

/* Sets where places are saved and where lines go; all are borrowed for the life
 * of the input. `database` is what messages call the storage. */
void input_attach(struct input *input, struct storage *storage,
                  const char *database, struct frontier *frontier);

/*
 * Reads one slice. CERR_AGAIN: a pipe has nothing now, watch input_fd().
 * CERR_CORRUPT, once a list: damaged gzip, which is a row now; read on. Other
 * errors are the frontier's or storage's, or CERR_IO. These two have a sentence
 * in input_message().
 */
enum err input_read(struct input *input, int64_t now_ms) CERR_CHECK;
/* Whether every list was read to its end. */
bool input_ended(const struct input *input);
/* The descriptor that input_read() waits for; -1: none, call it again. */
int input_fd(const struct input *input);
const char *input_message(const struct input *input);
/* Notes the place reached; call it before each commit. */
enum err input_save(struct input *input) CERR_CHECK;

#endif
