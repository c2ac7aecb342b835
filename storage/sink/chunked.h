/*
 * chunked: the payload of an HTTP message that was kept as it was sent.
 *
 * RFC 9112, section 7.1: a chunk is its size in hexadecimal digits, perhaps
 * extensions, CR LF, so many bytes, CR LF; one of size 0 ends the body. What is
 * damaged or cut gives the bytes that stand there. Pure.
 */
#ifndef STORAGE_SINK_CHUNKED_H
#define STORAGE_SINK_CHUNKED_H

#include <stdbool.h>

#include "base/wire.h"

/* Whether the head of a message ("HTTP/1.1 200 OK" and its fields) says that
 * its body is chunked: the last coding of Transfer-Encoding. */
bool chunked_is_said(struct bytes head);
/* Takes the next chunk off the front of *body. False: there is none; then
 * *body is empty. */
bool chunked_next(struct bytes *body, struct bytes *chunk);

#endif
