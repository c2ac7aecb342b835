/*
 * version: the libraries behind fetching, as libcurl names them.
 */
#ifndef CRAWLER_FETCH_VERSION_H
#define CRAWLER_FETCH_VERSION_H

/* "libcurl/7.88.1 OpenSSL/3.0.17 zlib/1.2.13 ..."; static. */
const char *fetch_library_versions(void);

#endif
