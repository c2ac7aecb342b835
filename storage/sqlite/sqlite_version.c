#include <sqlite3.h>

#include "storage/sqlite/sqlite_version.h"

const char *storage_library_version(void)
{
    return sqlite3_libversion();
}
