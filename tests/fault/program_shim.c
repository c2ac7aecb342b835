/*
 * Preloaded into the whole program: strikes at one chosen moment of the
 * process that started it, never in its children. PROGRAM_SHIM says which:
 *
 *   write:N, sync:N, full:N, power:N:FILES  the faults of storage_shim.h
 *   lease:N      killed when the Nth host has been leased
 *   inside:N     killed at the first sync of a file inside the Nth COMMIT
 *   committed:N  killed when the Nth COMMIT has returned, before anybody knows
 *
 * With PROGRAM_SHIM_GROUP set a kill takes the whole process group.
 */
#include <dlfcn.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fault/storage_shim.h"

static struct {
    char point[16];
    long left;
} hook;

static bool begins_with(const char *text, const char *start)
{
    return text && strncmp(text, start, strlen(start)) == 0;
}

/* Whether this is the moment; counts. */
static bool is_due(const char *point)
{
    return strcmp(hook.point, point) == 0 && shim_is_owner() &&
           --hook.left == 0;
}

int sqlite3_step(sqlite3_stmt *stmt)
{
    static int (*real)(sqlite3_stmt *);
    const char *sql = sqlite3_sql(stmt);
    bool commit = begins_with(sql, "COMMIT");
    void *symbol;
    int rc;

    if (!real) {
        symbol = dlsym(RTLD_NEXT, "sqlite3_step");
        memcpy(&real, &symbol, sizeof(real));
    }
    if (commit && is_due("inside"))
        shim_set(SHIM_KILL_AT_SYNC, 1, 0);
    rc = real(stmt);
    if (commit && is_due("committed"))
        shim_kill();
    if (rc == SQLITE_ROW && begins_with(sql, "UPDATE hosts SET token") &&
        is_due("lease"))
        shim_kill();
    return rc;
}

__attribute__((constructor)) static void read_order(void)
{
    static const struct {
        const char *name;
        enum shim_fault fault;
    } faults[] = {
        {"write", SHIM_KILL},
        {"sync", SHIM_SYNC},
        {"full", SHIM_FULL},
        {"power", SHIM_POWER_CUT},
    };
    const char *order = getenv("PROGRAM_SHIM");
    unsigned files = 0;

    if (!order ||
        sscanf(order, "%15[^:]:%ld:%u", hook.point, &hook.left, &files) < 2)
        return;
    shim_own(getenv("PROGRAM_SHIM_GROUP") != NULL);
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
        if (strcmp(hook.point, faults[i].name) == 0)
            shim_set(faults[i].fault, hook.left, files);
}
