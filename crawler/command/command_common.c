/* What the commands that print tables share: opening a database, tables on
 * standard output, sentences on standard error. */
#include "crawler/command/command_common.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/log.h"
#include "crawler/cli/value.h"

/* The width in characters of a terminal that does not tell its own, and the
 * largest one that COLUMNS may ask for. */
#define WIDTH_DEFAULT 80
#define WIDTH_MAX     4000

/* Standard output decides how much is shown: a terminal gets tables that fit
 * and a hundred rows, a file or a pipe gets everything. */
bool command_is_shown(void)
{
    return isatty(STDOUT_FILENO) == 1;
}

/* Returns the width of the terminal in characters, or 0 if standard output is
 * none. COLUMNS comes before the terminal itself, as in POSIX (XBD 8.3), so
 * that a user or a test can set it. */
static int shown_width(void)
{
    const char *columns = getenv("COLUMNS");
    struct winsize size;
    int64_t asked;

    if (!command_is_shown())
        return 0;
    if (columns && !value_int(columns, &asked) && asked > 0 &&
        asked <= WIDTH_MAX)
        return (int)asked;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return WIDTH_DEFAULT;
}

/* The form of the rows comes from the flags; without one it is aligned
 * columns. */
static struct row_printer *new_printer(const struct command_line *line,
                                       int64_t limit, int width)
{
    static const struct {
        const char *flag;
        enum row_format format;
    } forms[] = {
        {"csv", ROWS_CSV},
        {"json", ROWS_JSON},
        {"plain", ROWS_PLAIN},
    };
    struct row_printer_options options = {
        .out = stdout,
        .format = ROWS_ALIGNED,
        .is_terminal = command_is_shown(),
        .width = width,
        .limit = limit,
    };
    int nr_asked = 0;

    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
        if (command_has(line, forms[i].flag)) {
            options.format = forms[i].format;
            nr_asked++;
        }
    /* the last form could win, but then a mistake in a script would not show */
    if (nr_asked > 1) {
        command_usage("--csv, --json and --plain exclude each other");
        return NULL;
    }
    return row_printer_new(&options);
}

struct row_printer *command_printer(const struct command_line *line,
                                    int64_t limit)
{
    return new_printer(line, limit, shown_width());
}

struct row_printer *command_printer_whole(const struct command_line *line)
{
    return new_printer(line, 0, 0);
}

/* The last rows are written here, so this is where a full disk or a closed pipe
 * shows: a result that is not whole must not exit with 0. */
int command_printer_end(struct row_printer *printer, int status)
{
    enum err err = row_printer_end(printer);

    row_printer_free(printer);
    if (!err)
        return status;
    log_error("cannot write the result: %s", err_str(err));
    return CRAWL_EXIT_FAILURE;
}

/* A wrong word or path of the user is usage; everything else is wrong with the
 * database and counts as storage. Scripts tell the two apart by the exit
 * status. */
static int status_of(enum err err)
{
    return err == CERR_INVALID || err == CERR_NOT_FOUND || err == CERR_PERM ||
                   err == CERR_EXISTS
               ? CRAWL_EXIT_USAGE
               : CRAWL_EXIT_STORAGE;
}

struct reader *command_open(const char *path, int *status)
{
    char message[STORAGE_MESSAGE_BYTES] = "";
    struct reader *reader = NULL;
    enum err err = reader_open(&reader, path, message);

    if (!err)
        return reader;
    log_error("%s", message[0] ? message : err_str(err));
    *status = status_of(err);
    return NULL;
}

int command_failed(const struct reader *reader, enum err err)
{
    const char *message = reader_message(reader);

    log_error("%s", message[0] ? message : err_str(err));
    return status_of(err);
}

int command_usage(const char *format, ...)
{
    char text[COMMAND_MESSAGE_BYTES];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    log_error("%s", text);
    return CRAWL_EXIT_USAGE;
}

struct query_value command_int(int64_t value)
{
    return (struct query_value){.type = QUERY_INT, .integer = value};
}

struct query_value command_real(double value)
{
    return (struct query_value){.type = QUERY_REAL, .real = value};
}

struct query_value command_text(const char *text)
{
    struct query_value value = {.type = text ? QUERY_TEXT : QUERY_NULL};

    value.text = (struct bytes){text, text ? strlen(text) : 0};
    return value;
}
