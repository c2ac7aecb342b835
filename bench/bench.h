/*
 * bench: what the programs of this folder share.
 *
 * Each prints lines `name value unit`. A rate is the best of BENCH_REPS runs
 * (3), the least disturbed by other load; BENCH_SCALE (1) scales the number of
 * operations. The same two variables steer the Python scripts beside which
 * these figures are read.
 */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/err.h"

static inline size_t bench_nr(size_t nr)
{
    const char *scale = getenv("BENCH_SCALE");
    double scaled = (double)nr * (scale ? strtod(scale, NULL) : 1);

    return scaled < 1 ? 1 : (size_t)scaled;
}

/* The best of some runs of `run`, which returns a rate. */
static inline double bench_best(double (*run)(size_t nr), size_t nr)
{
    const char *reps = getenv("BENCH_REPS");
    long left = reps ? strtol(reps, NULL, 10) : 3;
    double best = 0;

    for (; left > 0; left--) {
        double rate = run(bench_nr(nr));

        if (rate > best)
            best = rate;
    }
    return best;
}

static inline double bench_seconds_since(int64_t start_us)
{
    return (double)(clock_mono_us() - start_us) / 1e6;
}

static inline void bench_print(const char *name, double value, const char *unit)
{
    printf("%s %.6g %s\n", name, value, unit);
    fflush(stdout);
}

/* A bench ends at the first failure. */
static inline void bench_must(enum err err, const char *what)
{
    if (err == CERR_OK)
        return;
    fprintf(stderr, "%s: %s\n", what, err_str(err));
    exit(EXIT_FAILURE);
}

#endif
