/*
 * scripted_tls: certificates for the scripted server, made on the spot.
 */
#ifndef TESTS_SUPPORT_SCRIPTED_TLS_H
#define TESTS_SUPPORT_SCRIPTED_TLS_H

#include <openssl/ssl.h>

#include "tests/support/scripted_server.h"

/* NULL for the kinds that need none. Owned by the caller. */
SSL_CTX *scripted_tls_context(enum scripted_tls tls);

#endif
