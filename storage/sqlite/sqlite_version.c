/* The library that runs, which may be newer than the one that was built for. */
#include "storage/sqlite/sqlite_version.h"

#include <sqlite3.h>

const char *storage_library_version(void)
{
    return sqlite3_libversion();
}
