/*
 * The allocations of xalloc.h. The last line is written without stdio, which
 * may want memory itself, and _exit() runs no handler that might.
 */
#include "base/xalloc.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *checked(void *memory)
{
    static const char line[] = "crawl: out of memory: stopping; what is "
                               "committed is safe, run again to go on\n";

    if (!memory) {
        ssize_t done = write(STDERR_FILENO, line, sizeof(line) - 1);
        (void)done;
        _exit(1);
    }
    return memory;
}

/* A size of 0 is made 1: malloc(0) may give NULL, which would look like a
 * refusal. */
void *xmalloc(size_t len)
{
    return checked(malloc(len ? len : 1));
}

void *xcalloc(size_t nr, size_t size)
{
    return checked(calloc(nr ? nr : 1, size ? size : 1));
}

void *xrealloc_array(void *old, size_t nr, size_t size)
{
    if (nr == 0 || size == 0)
        nr = size = 1; /* realloc() to 0 bytes may free and return NULL */
    return checked(reallocarray(old, nr, size));
}

char *xstrdup(const char *text)
{
    return xmemdup0(text, strlen(text));
}

char *xmemdup0(const void *data, size_t len)
{
    char *copy = xmalloc(len + 1);

    if (len)
        memcpy(copy, data, len);
    copy[len] = '\0';
    return copy;
}
