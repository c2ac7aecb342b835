/*
 * names: the addresses of names, thousands of them looked up at once in the
 * caller's own loop, by c-ares: hosts(5) first, then the name servers of
 * resolv.conf(5) or those that the user names (docs/decisions/0065).
 *
 *   wait ─► (already known) ─► addresses
 *      └──► socket, tick ... ─► next_ready ─► addresses
 *
 * What was found is kept for as long as its records say, within bounds, and
 * for so many names. What was not found is not kept: whoever asks again wants
 * to know it anew. Whether an address may be used is not judged here.
 */
#ifndef CRAWLER_NAMES_NAMES_H
#define CRAWLER_NAMES_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/err.h"
#include "base/wire.h"

/* Names whose addresses are kept; the one that was asked for the longest time
 * ago goes first. */
#define NAMES_KEPT_MAX      4096
/* Look-ups at once: two questions each, which have 16 bits of numbers to tell
 * them apart (RFC 1035, 4.1.1). */
#define NAMES_ASKED_MAX     16384
/* Bounds of the time to live that records may have. */
#define NAMES_TTL_MS_MIN    ((int64_t)10 * 1000)
#define NAMES_TTL_MS_MAX    ((int64_t)600 * 1000)
/* Addresses of each family that are kept of a name. */
#define NAMES_ADDRESSES_MAX 8
/* Names that nobody uses any more, and that whoever connects still knows. */
#define NAMES_TOLD_MAX      256
/* Ports of a name at once, for which somebody knows its addresses. */
#define NAMES_PORTS_MAX     2

enum name_state {
    NAME_ASKED,   /* not known yet */
    NAME_FOUND,   /* has addresses */
    NAME_MISSING, /* a name server says: there is no such name */
    NAME_EMPTY,   /* a name server says: it has no address */
    NAME_UNSURE,  /* no name server could tell: SERVFAIL, REFUSED ... */
    NAME_LATE,    /* no name server answered in time */
    NAME_BAD,     /* no name of DNS: too long, an empty label */
    NAME_FAILED,  /* our own failure: no memory */
};

struct names; /* opaque */
struct name;  /* opaque */

/* Told which events a socket of ours waits for; none: it is about to be closed.
 */
typedef void names_watch_fn(void *ctx, int fd, bool readable, bool writable);

struct names_options {
    const char *servers; /* "192.0.2.1,[2001:db8::1]:5353"; NULL: those of
                            resolv.conf(5) */
    bool ipv4_only, ipv6_only;
    /* The memory of c-ares, which is the process's, as malloc(3) and so on;
     * NULL: those. */
    void *(*take)(size_t len);
    void *(*take_more)(void *old, size_t len);
    int64_t timeout_ms; /* after which nobody waits for a name any more */
    names_watch_fn *watch;
    void *ctx;
};

/* Somebody who waits for a name, or has it; all zero at the beginning. */
struct names_waiter {
    TAILQ_ENTRY(names_waiter) link;
    struct name *name;
    bool is_waiting, is_user;
};

/* Reads the system's settings: files may be shut afterwards, but for hosts(5).
 * CERR_INVALID: `servers` is no list of addresses; CERR_NOMEM. Owned. */
enum err names_open(struct names **names,
                    const struct names_options *options) CERR_CHECK;
/* Whoever waits is forgotten; NULL is fine. */
void names_close(struct names *names);
/* "c-ares 1.18.1", as it runs; static. */
const char *names_library(void);
/* Whether it is a list for names_options.servers. */
bool names_servers_are_valid(const char *servers);

/* What is known of `host`. NAME_ASKED: the waiter comes out of
 * names_next_ready(), unless it is withdrawn before. Call it only while
 * names_nr_asked() is below NAMES_ASKED_MAX. */
enum name_state names_wait(struct names *names, struct names_waiter *waiter,
                           struct bytes host, int64_t now_ms);
/* Takes a waiter back; fine for one that does not wait. */
void names_withdraw(struct names_waiter *waiter);
/* How many look-ups run, those for which nobody waits any more too. */
size_t names_nr_asked(const struct names *names);

/* A socket of ours stirs. */
void names_socket(struct names *names, int fd, bool readable, bool writable,
                  int64_t now_ms);
/* Lets questions without an answer be asked again, or end. */
void names_tick(struct names *names, int64_t now_ms);
/* The next waiter whose look-up has ended; NULL: none. Its name lives until
 * the next call of this function or of names_wait(). */
struct names_waiter *names_next_ready(struct names *names);

enum name_state name_state(const struct name *name);
/* "192.0.2.1,[2001:db8::1]", the best first (RFC 6724); "" unless
 * NAME_FOUND. */
const char *name_addresses(const struct name *name);
/* What the name servers answered in a word, "SERVFAIL"; static. */
const char *name_word(const struct name *name);

/*
 * Whoever connects is told the addresses by one of those who use the name, and
 * forgets them some time after the last of them has gone: so it knows of as
 * many names as are in use, and a few.
 */

/* Takes the name of a waiter that has NAME_FOUND into use: it lives until it is
 * released. True: its addresses have to be told for this port. */
bool names_use(struct names_waiter *waiter, uint16_t port);
/* Releases the name; fine for a waiter that does not use one. Writes the ports
 * of a name that has to be forgotten, and returns how many. `host`, its text,
 * is valid until the next call of names_wait(). */
size_t names_release(struct names_waiter *waiter,
                     uint16_t ports[NAMES_PORTS_MAX], const char **host);

#endif
