/* The list of all kinds of sinks, and the choice of one by a name. The suffix
 * of a path counts more than the word of --format. */
#include "storage/sink/sink.h"

#include <string.h>

#include "storage/suffix.h"

static const struct sink_ops *const kinds[] = {&sink_text, &sink_jsonl,
                                               &sink_csv, &sink_warc};
#define NR_KINDS (sizeof(kinds) / sizeof(kinds[0]))

const struct sink_ops *sink_kind(const char *path, const char *format)
{
    for (size_t i = 0; i < NR_KINDS; i++)
        if (suffix_of(path, kinds[i]->suffixes))
            return kinds[i];
    if (!format && strcmp(path, "-") == 0)
        format = "jsonl";
    for (size_t i = 0; i < NR_KINDS && format; i++)
        if (strcmp(format, kinds[i]->kind) == 0)
            return kinds[i];
    return NULL;
}
