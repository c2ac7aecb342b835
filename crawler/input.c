/* Lists are read one after the other. The place that is saved with each commit
 * is the end of the last line that is in storage: lines that still wait in the
 * frontier are read again after a crash. */
#include "crawler/input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "crawler/list/list_kind.h"
#include "crawler/list/urllist.h"
#include "storage/leases.h"

/* One list that the user has named. */
struct source {
    const char *name; /* borrowed */
    char *path;       /* owned; of a file, whole, without links; else NULL */
    char *known_name; /* owned; under which storage knows the list */
    struct stat st;   /* of a file */
    int fd;           /* -1: the name itself is the only line */
    struct storage_input place; /* up to this place every line is in storage */
    bool reread; /* the file has changed since an earlier run read it, or it is
                    a pipe, of which nobody knows whether it has */
    int64_t nr_before; /* lines that were in storage when another list was added
                          to those of earlier runs; 0: there is none to tell */
    bool cut;    /* damaged: what it does not name may stand behind that */
    bool saved;  /* `place` is as storage has it, so nothing need be written */
    bool ended;  /* the last byte was read; lines of it may still wait */
    bool looked; /* what it looks like was judged */
    bool reads_sitemap; /* if it is one, it counts as a list of its entries */
    bool is_sitemap;    /* it is, and does */
};

struct input {
    struct source *sources;
    size_t nr_sources, current;
    struct urllist
        *list; /* splits the current source into lines; NULL before it begins */
    struct storage *storage;
    const char *database; /* borrowed; for messages */
    struct frontier *frontier;
    int64_t now_ms;
    bool is_ordered;
    bool first_slice;
    bool failed; /* a line was read that is neither in storage nor waiting */
    char message[INPUT_MESSAGE_BYTES];
};

/* Says whether a name stands for a list of one line. Only names that begin so
 * do, and only if there is no such file. */
static bool looks_like_url(const char *name)
{
    return strncmp(name, "http://", 7) == 0 ||
           strncmp(name, "https://", 8) == 0;
}

/* Notes size and time of a file, which tell one version of it from the next. A
 * pipe has neither: both are -1. */
static void identify(struct source *source)
{
    const struct stat *st = &source->st;

    source->place.name = source->name;
    source->place.size_bytes = -1;
    source->place.mtime_ns = -1;
    if (!S_ISREG(st->st_mode))
        return;
    source->place.size_bytes = st->st_size;
    source->place.mtime_ns =
        (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

/* Makes the message from the words of the system and, for a name that is not
 * there, a hint of ours. */
static enum err open_failed(const char *name, int errnum, char *message)
{
    enum err err = err_from_errno(errnum);

    snprintf(message, INPUT_MESSAGE_BYTES,
             "cannot read the list '%.300s': %s%s", name, strerror(errnum),
             errnum == ENOENT ? "; give the path of a file with one URL a "
                                "line, '-' or a URL"
                              : "");
    return err ? err : CERR_IO;
}

/* Judges the first bytes of a list. What is surely none is refused; of what may
 * be one all the same it is only said what it looks like. */
static enum err look_at(struct source *source, const char *data, size_t len,
                        char *message)
{
    struct list_kind kind = list_kind_of(data, len);
    char text[LIST_KIND_TEXT_BYTES];

    source->looked = true;
    source->is_sitemap = kind.is_sitemap && source->reads_sitemap;
    if (!kind.name || source->is_sitemap)
        return CERR_OK;
    list_kind_describe(&kind, source->name, text);
    if (kind.is_refused)
        snprintf(message, INPUT_MESSAGE_BYTES, "%s", text);
    else
        log_warn("%s", text);
    return kind.is_refused ? CERR_INVALID : CERR_OK;
}

/* Looks into a file without moving its place. A pipe must be read for that. */
static enum err look_into(struct source *source, char *message)
{
    char data[LIST_KIND_BYTES];
    ssize_t len = pread(source->fd, data, sizeof(data), 0);

    /* an error comes again when the list is read, and is told there */
    return len > 0 ? look_at(source, data, (size_t)len, message) : CERR_OK;
}

static enum err open_source(struct source *source, const char *name,
                            bool sitemaps, char *message)
{
    *source =
        (struct source){.name = name, .fd = -1, .reads_sitemap = sitemaps};
    if (strcmp(name, "-") == 0)
        source->fd = dup(STDIN_FILENO);
    else
        source->fd = open(name, O_RDONLY | O_CLOEXEC);
    if (source->fd < 0 && errno == ENOENT && looks_like_url(name)) {
        source->place = (struct storage_input){
            .name = name, .size_bytes = (int64_t)strlen(name), .mtime_ns = 0};
        return CERR_OK;
    }
    if (source->fd < 0 || fstat(source->fd, &source->st) != 0)
        return open_failed(name, errno, message);
    if (S_ISDIR(source->st.st_mode)) {
        snprintf(message, INPUT_MESSAGE_BYTES,
                 "'%.300s' is a folder: give a file with one URL a line", name);
        return CERR_INVALID;
    }
    identify(source);
    if (!S_ISREG(source->st.st_mode))
        return CERR_OK;
    source->path = realpath(name, NULL);
    source->place.path = source->path;
    return look_into(source, message);
}

enum err input_open(struct input **out, const char *const *names,
                    size_t nr_names, bool sitemaps,
                    char message[INPUT_MESSAGE_BYTES])
{
    struct input *input = xcalloc(1, sizeof(*input));
    enum err err = CERR_OK;

    input->sources = xcalloc(nr_names, sizeof(*input->sources));
    input->first_slice = true;
    for (size_t i = 0; i < nr_names && !err; i++) {
        err = open_source(&input->sources[i], names[i], sitemaps, message);
        input->nr_sources++;
    }
    if (err) {
        input_close(input);
        input = NULL;
    }
    *out = input;
    return err;
}

void input_close(struct input *input)
{
    if (!input)
        return;
    for (size_t i = 0; i < input->nr_sources; i++) {
        if (input->sources[i].fd >= 0)
            close(input->sources[i].fd);
        free(input->sources[i].path);
        free(input->sources[i].known_name);
    }
    urllist_free(input->list);
    free(input->sources);
    free(input);
}

void input_attach(struct input *input, struct storage *storage,
                  const char *database, struct frontier *frontier)
{
    input->storage = storage;
    input->database = database;
    input->frontier = frontier;
}

bool input_ended(const struct input *input)
{
    return input->current == input->nr_sources;
}

/* Only a pipe can be empty for a while; a file always has bytes or its end. */
int input_fd(const struct input *input)
{
    const struct source *source = &input->sources[input->current];

    if (input_ended(input) || source->place.size_bytes >= 0)
        return -1;
    return source->fd;
}

const char *input_message(const struct input *input)
{
    return input->message;
}

/* Returns false for empty lines and comments, which have a number but make no
 * row. */
static bool holds_something(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (text[i] != ' ' && text[i] != '\t')
            return text[i] != '#';
    return false;
}

static enum err on_line(void *ctx, const struct urllist_line *line)
{
    struct input *input = ctx;
    struct source *source = &input->sources[input->current];

    source->saved = false;
    if (!holds_something(line->text, line->len))
        return CERR_OK;
    struct bytes text = {line->text, line->len};
    int64_t number = storage_line(source->place.number, line->number);
    if (line->too_long)
        return frontier_add_long_line(input->frontier, text, number);
    return frontier_add_line(input->frontier, text, number, input->now_ms);
}

static bool is_pipe(const struct source *source)
{
    return source->place.size_bytes < 0;
}

/* Stores name and number of a list before its first line, so that no line is
 * without its list. Of a pipe there is nothing more to remember. */
static enum err introduce(struct input *input, struct source *source)
{
    struct storage_input place = source->place;
    struct storage_counts counts;
    enum err err = storage_count(input->storage, &counts);

    if (err)
        return err;
    if (storage_state(input->storage) != STORAGE_NEW)
        source->nr_before = counts.nr_lines;
    place.done = is_pipe(source);
    return storage_put_input(input->storage, &place);
}

/* Says that a list was added to what another one has left: who names no output
 * may not think of the database that lies in the folder. */
static enum err say_added(const struct input *input,
                          const struct source *source)
{
    struct storage_counts counts;
    enum err err = storage_count(input->storage, &counts);

    if (!err && source->nr_before > 0)
        log_warn("'%.300s' adds %lld lines to '%.300s', which had %lld of "
                 "another list; to keep them apart, name another database with "
                 "--output",
                 source->name, (long long)(counts.nr_lines - source->nr_before),
                 input->database, (long long)source->nr_before);
    return err;
}

/* ---- the same list by another name ---- */

/* How sure it is that a list of an earlier run is the one that is given now. */
enum match { MATCH_NONE, MATCH_FILE, MATCH_PATH };

/* Lists that storage knows, as they are compared with one that is given. */
struct search {
    struct source *source; /* whose known_name is set to the best match */
    enum match match;
    bool name_is_taken; /* by another list */
};

/*
 * Compares by what the file is, and not by its name: the same one may be given
 * as l.txt, ./l.txt, or by its whole path. A file that has another path now is
 * the same one if both lead to one inode (a hard link, a mount), or if the old
 * path is gone and the name is the same (it was moved) or size and time are
 * (it was renamed). Numbers of inodes are not kept, since systems give them out
 * again.
 */
static enum match compare(const struct source *source,
                          const struct storage_input *known)
{
    const char *path = known->path ? known->path : known->name;
    bool same_name = strcmp(known->name, source->name) == 0;
    struct stat st;

    if (!source->path)
        return same_name && !known->path ? MATCH_PATH : MATCH_NONE;
    if (known->path ? strcmp(known->path, source->path) == 0 : same_name)
        return MATCH_PATH;
    if (stat(path, &st) == 0)
        return st.st_dev == source->st.st_dev && st.st_ino == source->st.st_ino
                   ? MATCH_FILE
                   : MATCH_NONE;
    return known->path && (same_name ||
                           (known->size_bytes == source->place.size_bytes &&
                            known->mtime_ns == source->place.mtime_ns))
               ? MATCH_FILE
               : MATCH_NONE;
}

/* A storage_input_fn: keeps the name of the list that matches best. */
static enum err compare_next(void *ctx, const struct storage_input *known)
{
    struct search *search = ctx;
    enum match match = compare(search->source, known);

    search->name_is_taken |= strcmp(known->name, search->source->name) == 0;
    if (match <= search->match)
        return CERR_OK;
    search->match = match;
    free(search->source->known_name);
    search->source->known_name = xstrdup(known->name);
    return CERR_OK;
}

/* Finds the name under which storage knows the list, or will. Two files of one
 * name in two folders are two lists: the second goes by its path. */
static enum err find_name(struct input *input, struct source *source)
{
    struct search search = {.source = source};
    enum err err;

    free(source->known_name);
    source->known_name = NULL;
    err = storage_each_input(input->storage, compare_next, &search);
    if (!source->known_name)
        source->known_name = xstrdup(
            search.name_is_taken && source->path ? source->path : source->name);
    source->place.name = source->known_name;
    return err;
}

/* Compares a list with what an earlier run read of it, and takes over its
 * number. CERR_NOT_FOUND: none did. */
static enum err compare_versions(struct input *input, struct source *source,
                                 struct storage_input *known)
{
    enum err err = find_name(input, source);

    if (err)
        return err;
    known->name = source->known_name;
    err = storage_get_input(input->storage, known);
    source->place.number = known->number;
    source->saved = !err && known->size_bytes >= 0 &&
                    known->size_bytes == source->place.size_bytes &&
                    known->mtime_ns == source->place.mtime_ns;
    source->reread = !err && !source->saved;
    return err;
}

/* Begins a list. The same version goes on behind the last stored line; another
 * version is read from its start. Of a pipe it is not known which it is: its
 * lines have their numbers of now, and what it does not name stays. */
static enum err begin(struct input *input, struct source *source)
{
    struct storage_input known = {0};
    struct urllist_options options = {.on_line = on_line, .ctx = input};
    enum err err = compare_versions(input, source, &known);

    if (err && err != CERR_NOT_FOUND)
        return err;
    if (source->saved) {
        options.start_offset = known.offset_bytes;
        options.start_lines = known.line;
        source->place = known;
        source->place.path = source->path;
    }
    if (err)
        err = introduce(input, source);
    else if (source->reread)
        err = frontier_begin_reading(input->frontier, source->place.number,
                                     !is_pipe(source));
    input->list = urllist_new(&options);
    if (source->is_sitemap)
        urllist_set_sitemap(input->list);
    return err;
}

/* Puts lists that are read again before all others: nothing may be in flight
 * then (frontier_begin_reading()). The others keep their order. */
static enum err order_sources(struct input *input)
{
    struct source *sources = xcalloc(input->nr_sources, sizeof(*sources));
    size_t nr = 0;
    enum err err = CERR_OK;

    for (size_t i = 0; i < input->nr_sources && !err; i++) {
        struct storage_input known = {0};

        err = compare_versions(input, &input->sources[i], &known);
        err = err == CERR_NOT_FOUND ? CERR_OK : err;
    }
    for (int again = 1; again >= 0; again--)
        for (size_t i = 0; i < input->nr_sources; i++) {
            const struct source *source = &input->sources[i];

            if ((source->reread && !is_pipe(source)) == again)
                sources[nr++] = *source;
        }
    free(input->sources);
    input->sources = sources;
    input->is_ordered = true;
    return err;
}

/* Moves the place forward if no line waits in memory, as only then a resume can
 * go on from it. */
static void note_place(struct input *input, struct source *source)
{
    if (!input->list || input->failed ||
        frontier_lines_state(input->frontier) != FRONTIER_LINES_NONE)
        return;
    source->place.offset_bytes = urllist_offset(input->list);
    source->place.line = urllist_lines(input->list);
}

/* Goes on to the next list; after the last one the frontier learns that no more
 * lines come. */
static void next_source(struct input *input)
{
    urllist_free(input->list);
    input->list = NULL;
    input->current++;
    if (input_ended(input))
        frontier_list_ended(input->frontier);
}

/* Stores a row in place of the first line that cannot be decoded, with the
 * byte of the file. The list ends there: a later start has nothing to do again
 * until another version of it comes. Returns CERR_CORRUPT. */
static enum err note_damage(struct input *input, struct source *source,
                            const char *what)
{
    int64_t line = urllist_lines(input->list);
    char detail[100];
    int len = snprintf(detail, sizeof(detail), "%s data %s at byte %lld",
                       urllist_packing(input->list), what,
                       (long long)urllist_packed_bytes(input->list));
    enum err err = frontier_add_damage(
        input->frontier, (struct bytes){source->name, strlen(source->name)},
        storage_line(source->place.number, line + 1),
        (struct bytes){detail, (size_t)len});

    source->ended = source->cut = true;
    source->saved = false;
    snprintf(input->message, sizeof(input->message),
             "'%.300s': %s, after line %lld; the lines before it count",
             source->name, detail, (long long)line);
    return err ? err : CERR_CORRUPT;
}

/* Ends the list: its last line may have no newline, and compressed data may be
 * cut in the middle. */
static enum err end_list(struct input *input, struct source *source)
{
    enum err err = urllist_finish(input->list);

    source->ended = true;
    return err == CERR_CORRUPT ? note_damage(input, source, "is cut") : err;
}

/* Leaves a list when its last lines have reached storage, which may take some
 * turns. */
static enum err finish_source(struct input *input, struct source *source)
{
    enum err err;

    if (frontier_lines_state(input->frontier) != FRONTIER_LINES_NONE) {
        frontier_push_lines(input->frontier);
        return CERR_OK;
    }
    note_place(input, source);
    source->place.done = true;
    source->saved = false;
    err = source->reread
              ? frontier_end_reading(input->frontier,
                                     !is_pipe(source) && !source->cut)
              : CERR_OK;
    if (!err)
        err = say_added(input, source);
    if (!err)
        err = input_save(input);
    next_source(input);
    return err;
}

/* Says whether read() would return at once. An error or the hang-up of the
 * other end counts as well: read() will tell which. */
static bool has_bytes(int fd)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

    return poll(&poll_fd, 1, 0) != 0;
}

/* Hands bytes to the list, and passes over in a file what an earlier run has
 * read. */
static enum err feed(struct input *input, struct source *source,
                     const char *data, size_t len)
{
    int64_t skip;
    enum err err = CERR_OK;

    if (!source->looked) {
        err = look_at(source, data, len, input->message);
        if (source->is_sitemap) /* a pipe, which was not looked into */
            urllist_set_sitemap(input->list);
    }
    if (err) {
        log_error("%s", input->message);
        source->ended = true; /* as if it were empty */
        return CERR_OK;
    }
    err = urllist_feed(input->list, data, len);

    if (err == CERR_CORRUPT)
        return note_damage(input, source, "is damaged");
    if (err == CERR_TOO_BIG)
        return note_damage(input, source, "needs over 128 MiB to unpack");
    if (err)
        return err;
    skip = source->place.size_bytes >= 0 ? urllist_skip(input->list) : 0;
    if (skip > 0 && lseek(source->fd, (off_t)skip, SEEK_CUR) < 0)
        return CERR_IO;
    /* the first lines go out at once, so that fetching begins */
    if (input->first_slice)
        frontier_push_lines(input->frontier);
    input->first_slice = false;
    return CERR_OK;
}

/* Reads with one read() at most, so that answers of workers are not kept
 * waiting. */
static enum err read_slice(struct input *input, struct source *source)
{
    char data[INPUT_SLICE_BYTES];
    ssize_t len;
    enum err err;

    if (source->fd < 0) {
        source->looked = true;
        err = feed(input, source, source->name, strlen(source->name));
        return err ? err : end_list(input, source);
    }
    if (input_fd(input) >= 0 && !has_bytes(source->fd)) {
        frontier_push_lines(input->frontier); /* nobody knows when more come */
        return CERR_AGAIN;
    }
    len = read(source->fd, data, sizeof(data));
    if (len < 0 && errno == EINTR)
        return CERR_OK;
    if (len < 0) {
        snprintf(input->message, sizeof(input->message),
                 "cannot read the list '%.300s': %s", source->name,
                 strerror(errno));
        return CERR_IO;
    }
    if (len == 0)
        return end_list(input, source);
    return feed(input, source, data, (size_t)len);
}

/* Does one step of the current list: begins it, reads on, or leaves it. */
static enum err read_on(struct input *input)
{
    struct source *source = &input->sources[input->current];
    enum err err = CERR_OK;

    if (!input->list)
        err = begin(input, source);
    if (err)
        return err;
    note_place(input, source);
    if (frontier_lines_state(input->frontier) == FRONTIER_LINES_PUSHED)
        return CERR_OK; /* no more is read until the pushed lines are in storage
                         */
    if (source->ended)
        return finish_source(input, source);
    if (source->place.done) {
        next_source(input);
        return CERR_OK;
    }
    return read_slice(input, source);
}

enum err input_read(struct input *input, int64_t now_ms)
{
    enum err err;

    if (input_ended(input))
        return CERR_OK;
    input->now_ms = now_ms;
    err = input->is_ordered ? CERR_OK : order_sources(input);
    if (!err)
        err = read_on(input);
    if (err != CERR_OK && err != CERR_AGAIN && err != CERR_CORRUPT)
        input->failed = true;
    return err;
}

/* Saves the place, unless it has not moved. A pipe has no place to go back to.
 * A reading that is cut short begins anew, so until its end the place stays
 * that of the version before. */
enum err input_save(struct input *input)
{
    struct source *source = &input->sources[input->current];
    enum err err;

    if (input_ended(input) || source->saved || is_pipe(source) ||
        (source->reread && !source->place.done))
        return CERR_OK;
    note_place(input, source);
    err = storage_put_input(input->storage, &source->place);
    source->saved = !err;
    return err;
}
