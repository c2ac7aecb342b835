/* The one list of back ends, and the choice among them. A new back end is a
 * line in the list below; nothing else of storage/ names one. */
#include "storage/storage_ops.h"

#include <string.h>

#include "storage/sink/sink.h"
#include "storage/sqlite/sqlite_ops.h"
#include "storage/suffix.h"

static const struct storage_ops *const back_ends[] = {&sqlite_storage};
#define NR_BACK_ENDS (sizeof(back_ends) / sizeof(back_ends[0]))

/* Whether `word` is one of `words`, a text with a blank between two of them. */
static bool is_among(const char *word, const char *words)
{
    size_t len = strlen(word);

    while (*words) {
        size_t each = strcspn(words, " ");

        if (each == len && strncmp(word, words, len) == 0)
            return true;
        words += each + strspn(words + each, " ");
    }
    return false;
}

const struct storage_ops *back_end_of(const char *path, const char *format)
{
    for (size_t i = 0; i < NR_BACK_ENDS; i++)
        if (suffix_of(path, back_ends[i]->suffixes))
            return back_ends[i];
    /* "--format db" is meant for names without a suffix of their own: with it,
     * x.csv stays a CSV file */
    if (!format || sink_kind(path, NULL))
        return NULL;
    for (size_t i = 0; i < NR_BACK_ENDS; i++)
        if (is_among(format, back_ends[i]->formats))
            return back_ends[i];
    return NULL;
}

bool storage_is_database(const char *path, const char *format)
{
    return back_end_of(path, format) != NULL;
}

const struct storage_ops *back_end_default(void)
{
    return &sqlite_storage;
}
