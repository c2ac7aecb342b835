/*
 * sandbox_landlock: the files, ports and signals that Landlock rules. Its
 * structures are defined here, as older headers lack parts of them; what the
 * kernel knows is asked at run time.
 */
#ifndef CRAWLER_SANDBOX_SANDBOX_LANDLOCK_H
#define CRAWLER_SANDBOX_SANDBOX_LANDLOCK_H

#include "crawler/sandbox/sandbox.h"

/* Returns the parts (enum sandbox_part) that this kernel offers; 0 without
 * Landlock. */
uint32_t landlock_offered(void);
/* Leaves the resolver's files and `ca_file` (may be NULL) to be read, notes
 * them in `sandbox`, and adds the parts that hold now. Nothing without
 * Landlock. Wants no_new_privs. CERR_PERM: a step failed. */
enum err landlock_enter(struct sandbox *sandbox,
                        const char *ca_file) CERR_CHECK;

#endif
