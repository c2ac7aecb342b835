/*
 * outcome: how a URL ended, in the words that reach the database.
 *
 * Two levels. The outcome is one of five and made for counting; the error is
 * the precise reason and made for acting. Both are fixed words: scripts and
 * queries depend on them. The table in outcome.c gives each error its class,
 * whether a retry makes sense, its meaning and a hint; it also fills the
 * database's table `errors`. Pure.
 */
#ifndef CRAWLER_PAGE_OUTCOME_H
#define CRAWLER_PAGE_OUTCOME_H

#include <stdbool.h>

enum outcome {
    OUTCOME_OK,         /* a final answer below 300, or 304 when asked so */
    OUTCOME_REDIRECT,   /* 3xx whose target is a URL of its own */
    OUTCOME_HTTP_ERROR, /* a final answer from 400 up */
    OUTCOME_ERROR,      /* no usable answer: see the error */
    OUTCOME_SKIPPED,    /* never asked for, on purpose: see the error */
    OUTCOME_NR
};

/* Errors with one cause, for counting and for the table `errors`. */
enum error_class {
    CLASS_NONE,
    CLASS_INPUT, /* the line of the list itself */
    CLASS_DNS,
    CLASS_CONNECT,
    CLASS_TLS,
    CLASS_TIMEOUT,
    CLASS_HTTP,     /* the answer's head or redirects */
    CLASS_BODY,     /* the answer's body */
    CLASS_POLICY,   /* we decided not to */
    CLASS_INTERNAL, /* our side: workers, memory, descriptors */
    CLASS_NR
};

enum error {
    ERROR_NONE,
    /* errors of the list itself: nothing is asked for */
    ERROR_BAD_URL,        /* not a URL by the WHATWG standard */
    ERROR_BLOCKED_SCHEME, /* neither http nor https */
    ERROR_TOO_LONG,       /* line or URL over its limit */
    ERROR_DUPLICATE,      /* the same URL stands on an earlier line */
    ERROR_BAD_PORT,       /* a port that no web server should be asked on */
    ERROR_LIST_DAMAGED,   /* the list cannot be decoded from here on */
    /* errors before an answer: name, connection, time limits */
    ERROR_DNS, /* the name has no address */
    ERROR_DNS_TIMEOUT,
    ERROR_CONNECT, /* refused, unreachable */
    ERROR_CONNECT_TIMEOUT,
    ERROR_CONNECT_CLOSED, /* closed before a byte of the answer */
    ERROR_TLS,            /* handshake or certificate */
    ERROR_TIMEOUT,        /* over the limit of the whole fetch, --max-time */
    ERROR_STALLED,        /* no bytes for --idle-timeout */
    /* errors of an answer that came but is of no use */
    ERROR_PROTOCOL, /* not HTTP, or broken HTTP */
    ERROR_HEAD_TOO_LARGE,
    ERROR_TRUNCATED,    /* the connection ended before the body did */
    ERROR_TOO_LARGE,    /* body over --max-size; the kept part is marked */
    ERROR_BAD_ENCODING, /* Content-Encoding damaged or unknown */
    ERROR_TRUNCATED_ENCODING, /* compressed body ends early */
    ERROR_BOMB,               /* decoded size out of all proportion */
    ERROR_BAD_REDIRECT,       /* 3xx whose Location cannot be resolved */
    ERROR_REDIRECT_LIMIT,     /* more than --max-redirects hops */
    ERROR_REDIRECT_LOOP,
    /* errors of policy: the URL is left out, or the answer not taken, on
     * purpose */
    ERROR_BLOCKED_ADDRESS,    /* private, loopback, metadata ... address */
    ERROR_ROBOTS,             /* robots.txt says no */
    ERROR_ROBOTS_UNREACHABLE, /* robots.txt gave 5xx or nothing: not allowed */
    ERROR_SCOPE,              /* outside --scope */
    ERROR_EXCLUDED,           /* --include or --exclude */
    ERROR_TRAP,               /* a trap rule: depth, repeated segments ... */
    ERROR_HOST_DOWN,          /* the host failed too often; not tried */
    /* errors of our own side: a worker, memory, the user */
    ERROR_WORKER_CRASH, /* the worker died while it had the URL */
    ERROR_POISON,       /* the URL killed two workers and was given up */
    ERROR_SANDBOX,  /* the worker was killed for a system call that the sandbox
                       forbids */
    ERROR_INTERNAL, /* out of memory, descriptors, threads */
    ERROR_CANCELED, /* stopped by the user before it ended */
    ERROR_NR
};

/* One row of the table; all texts are static. */
struct error_info {
    const char *code; /* "dns_timeout": lower case, the word in the database */
    enum error_class error_class;
    bool retryable;
    const char *meaning; /* one sentence */
    const char *hint;    /* what to do, one sentence; "" if nothing */
};

/* The words of the database: "ok", "redirect", "http_error", "error",
 * "skipped". The text is static. */
const char *outcome_name(enum outcome outcome);
/* The word of a class, for example "dns"; CLASS_NONE has "". */
const char *error_class_name(enum error_class error_class);
/* The row of an error in the table; never NULL. `error` is below ERROR_NR.
 * ERROR_NONE has the code "". */
const struct error_info *error_info(enum error error);
/* error_info(error)->code. */
const char *error_code(enum error error);

#endif
