/*
 * hardening: what this program was built with against the use of its bugs.
 *
 * It reads the program itself, as it lies in memory: the ELF headers tell what
 * the linker did, and what the compiler did is known from its own macros. For
 * `crawl doctor`.
 */
#ifndef CRAWLER_COMMAND_HARDENING_H
#define CRAWLER_COMMAND_HARDENING_H

#include <stddef.h>
#include <stdint.h>

enum hardening_part {
    HARDENING_PIE = 1 << 0,     /* loaded at another address each time */
    HARDENING_RELRO = 1 << 1,   /* tables of addresses are read-only, all bound
                                 * at the start */
    HARDENING_STACK = 1 << 2,   /* no stack can be executed */
    HARDENING_CANARY = 1 << 3,  /* an overrun of a stack buffer is noticed */
    HARDENING_FORTIFY = 1 << 4, /* copies are checked where sizes are known */
    HARDENING_CET = 1 << 5,     /* marks where indirect jumps may lead */
};

#define HARDENING_ALL ((uint32_t)(HARDENING_CET << 1) - 1)

/* The parts that this program has: a set of enum hardening_part. */
uint32_t hardening_parts(void);
/* "PIE, RELRO"; "" for 0. Cut at `cap`. */
void hardening_describe(uint32_t parts, char *out, size_t cap);

#endif
