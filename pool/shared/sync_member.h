/*
 * sync_member: who is alive.
 *
 * What a process may take along into death, an item of a queue or a unit of a
 * semaphore, is booked under the number of its taker. Each taker, a thread to
 * be exact, holds one robust mutex of a table from its first booking to its
 * end. The kernel marks that mutex when the thread ends in whatever way, at
 * once, even while the process is a zombie: no pid that might be reused, no
 * server, no signal.
 *
 * The table belongs to the family: it is made with the first shared object and
 * inherited by fork. Processes must come from fork(): a raw clone() has no
 * robust mutexes.
 */
#ifndef POOL_SHARED_SYNC_MEMBER_H
#define POOL_SHARED_SYNC_MEMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define SYNC_MEMBERS_MAX 4096 /* takers alive at the same time */

/* Makes the table unless it is there. CERR_NOMEM. */
enum err sync_members_init(void) CERR_CHECK;

/* The number of the calling thread, never 0, never given twice.
 * CERR_LIMIT when SYNC_MEMBERS_MAX are alive. */
enum err sync_member_self(uint64_t *member) CERR_CHECK;
/* The number of the calling thread if it has one already, else 0. */
uint64_t sync_member_known(void);
/* The kernel's number of the calling thread, asked for once: good for "is it
 * mine?", not for "does it live?". After sync_members_init(). */
uint32_t sync_member_thread(void);
/* Place in the table, below SYNC_MEMBERS_MAX; no two that live share one. */
unsigned sync_member_place(uint64_t member);
/* False for good once the taker is dead. */
bool sync_member_alive(uint64_t member);

#endif
