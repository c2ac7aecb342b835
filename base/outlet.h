/*
 * outlet: descriptors that other programs read, written without waiting.
 *
 * A pipe whose reader does not read, or a terminal that was stopped by ^S,
 * holds up whoever writes to it. O_NONBLOCK belongs to the open file, which
 * standard output shares with a shell and other programs, so an outlet is an
 * open file of its own where the kernel gives one.
 */
#ifndef BASE_OUTLET_H
#define BASE_OUTLET_H

#include <stddef.h>
#include <sys/types.h>

/* Returns a descriptor, from 3 on, that leads to where `fd` leads; -1 with
 * errno on failure. The caller closes it. */
int outlet_open(int fd);
/* Writes what the reader takes now. Returns the bytes written, 0 if it takes
 * none, -1 with errno on an error. Does not wait; a regular file and a device
 * that is no terminal take everything at once. May raise SIGPIPE. */
ssize_t outlet_write(int fd, const void *data, size_t len);

#endif
