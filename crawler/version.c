#include "crawler/version.h"

#include "crawler/fetch/libraries.h"
#include "storage/sqlite/sqlite_version.h"

void version_print(FILE *out)
{
    fprintf(out, "crawl %s\n%s\nSQLite/%s\n", CRAWL_VERSION,
            fetch_library_versions(), storage_library_version());
}
