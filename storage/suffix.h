/*
 * suffix: which ending of a file name tells the kind of an output. Pure.
 */
#ifndef STORAGE_SUFFIX_H
#define STORAGE_SUFFIX_H

/*
 * Returns the end of `path` if it is one of `suffixes` (".db .sqlite", with a
 * blank between two) and something stands before it; else NULL.
 */
const char *suffix_of(const char *path, const char *suffixes);

#endif
