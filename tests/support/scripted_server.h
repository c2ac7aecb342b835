/*
 * scripted_server: a server that does exactly what a table says, right or
 * wrong, byte by byte.
 *
 * It reads a request up to its blank line, looks for its path in the table and
 * runs the steps found there. Behind them the connection closes, unless the
 * last step says that it stays open for another request. One thread per
 * connection; listens on 127.0.0.1 on a port of its own. For tests only: what
 * fails here, aborts.
 */
#ifndef TESTS_SUPPORT_SCRIPTED_SERVER_H
#define TESTS_SUPPORT_SCRIPTED_SERVER_H

#include <stddef.h>
#include <stdint.h>

enum scripted_op {
    SCRIPTED_END = 0, /* no more steps: close */
    SCRIPTED_SEND,    /* `text`, or `len` bytes of it; `times` over (0: 1) */
    SCRIPTED_DRIP,    /* the same, a byte each `ms` */
    SCRIPTED_BLOB,    /* what `blob` holds by then */
    SCRIPTED_WAIT,    /* `ms` */
    SCRIPTED_RESET,   /* close with RST */
    SCRIPTED_NEXT,    /* wait for another request on this connection */
};

/* Bytes that no literal can hold. */
struct scripted_blob {
    unsigned char *data;
    size_t len;
};

struct scripted_step {
    enum scripted_op op;
    const char *text; /* borrowed */
    size_t len;       /* 0: up to the NUL */
    size_t times;
    int ms;
    const struct scripted_blob *blob; /* borrowed */
};

#define SCRIPTED_STEPS_MAX 6

struct scripted_answer {
    const char *path; /* NULL: any */
    struct scripted_step steps[SCRIPTED_STEPS_MAX];
};

enum scripted_tls {
    SCRIPTED_PLAIN,
    SCRIPTED_TLS, /* certificate for 127.0.0.1 by our CA */
    SCRIPTED_TLS_EXPIRED,
    SCRIPTED_TLS_WRONG_HOST, /* for other.example */
    SCRIPTED_TLS_SELF_SIGNED,
    SCRIPTED_TLS_UNKNOWN, /* by a CA that nobody knows */
    SCRIPTED_TLS_OLD,     /* speaks TLS 1.1 at most */
    SCRIPTED_TLS_STALLED, /* takes the connection and says nothing */
};

struct scripted_server; /* opaque */

/* `answers` is borrowed. Owned by the caller. */
struct scripted_server *scripted_start(enum scripted_tls tls,
                                       const struct scripted_answer *answers,
                                       size_t nr_answers);
/* Ends every connection, joins every thread. */
void scripted_stop(struct scripted_server *server);

uint16_t scripted_port(const struct scripted_server *server);
/* Connections accepted so far. */
size_t scripted_nr_connections(struct scripted_server *server);
/* Copies the latest request, with a NUL; cut at `cap`. */
void scripted_last_request(struct scripted_server *server, char *out,
                           size_t cap);

/* Writes the certificate of our CA into a new file and its name into `path`,
 * which has room for 64 bytes. */
void scripted_write_ca(char *path);

#endif
