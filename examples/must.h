/* must: these examples end at the first failure of our own environment. */
#ifndef EXAMPLES_MUST_H
#define EXAMPLES_MUST_H

#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"

static inline void must(enum err err, const char *what)
{
    if (err == CERR_OK)
        return;
    fprintf(stderr, "%s: %s\n", what, err_str(err));
    exit(EXIT_FAILURE);
}

#endif
