/*
 * libraries: the libraries behind fetching, and what they were built to use.
 */
#ifndef CRAWLER_FETCH_LIBRARIES_H
#define CRAWLER_FETCH_LIBRARIES_H

/* "libcurl/7.88.1 OpenSSL/3.0.17 zlib/1.2.13 ..."; static. */
const char *fetch_library_versions(void);
/* Certificate authorities that are trusted unless a file is named; NULL: the
 * library has no file of its own. Static. */
const char *fetch_ca_file(void);
/* How names are looked up: "c-ares 1.18.1"; static. */
const char *fetch_resolver(void);

#endif
