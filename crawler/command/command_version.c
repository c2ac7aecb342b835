/* crawl version, and --version of a run. */
#include "crawler/command/command_version.h"

#include "crawler/command/commands.h"
#include "crawler/crawl.h"
#include "crawler/fetch/libraries.h"
#include "storage/sqlite/sqlite_version.h"

/* The libraries say their own versions, those that were loaded and not those
 * that were compiled against: that is what a bug report needs. */
void version_print(FILE *out)
{
    fprintf(out, "crawl %s\n%s\nSQLite/%s\n", CRAWL_VERSION,
            fetch_library_versions(), storage_library_version());
}

int command_version(const struct command_line *line)
{
    (void)line;
    version_print(stdout);
    return CRAWL_EXIT_OK;
}
