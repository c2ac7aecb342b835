#include "tests/support/scripted_tls.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DAY_S 86400L

struct identity {
    EVP_PKEY *key;
    X509 *certificate;
};

/* Made once for the life of the test. */
static struct identity ca;
static pthread_once_t ca_once = PTHREAD_ONCE_INIT;

static void require(bool is_true, const char *what)
{
    if (is_true)
        return;
    fprintf(stderr, "scripted_tls: %s failed\n", what);
    abort();
}

static void add_extension(X509 *certificate, int nid, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

    require(extension && X509_add_ext(certificate, extension, -1),
            "an extension");
    X509_EXTENSION_free(extension);
}

struct request {
    const char *name;              /* common name */
    const char *altname;           /* subjectAltName; NULL: it is a CA */
    long from_s, to_s;             /* from now */
    const struct identity *issuer; /* NULL: itself */
};

static struct identity make_identity(const struct request *request)
{
    static long serial;
    struct identity made = {.key = EVP_EC_gen("P-256"),
                            .certificate = X509_new()};
    const struct identity *issuer = request->issuer ? request->issuer : &made;
    X509 *certificate = made.certificate;
    X509_NAME *name;

    require(made.key && certificate, "a key");
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(certificate), request->from_s);
    X509_gmtime_adj(X509_getm_notAfter(certificate), request->to_s);
    X509_set_pubkey(certificate, made.key);
    name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               (const unsigned char *)request->name, -1, -1, 0);
    X509_set_issuer_name(certificate,
                         X509_get_subject_name(issuer->certificate));
    if (request->altname)
        add_extension(certificate, NID_subject_alt_name, request->altname);
    else
        add_extension(certificate, NID_basic_constraints, "critical,CA:TRUE");
    require(X509_sign(certificate, issuer->key, EVP_sha256()) > 0, "X509_sign");
    return made;
}

static void make_ca(void)
{
    struct request request = {
        .name = "Test CA", .from_s = -DAY_S, .to_s = 30 * DAY_S};

    ca = make_identity(&request);
}

static void release(struct identity *identity)
{
    EVP_PKEY_free(identity->key);
    X509_free(identity->certificate);
}

static struct identity make_server(enum scripted_tls tls)
{
    struct request request = {
        .name = "127.0.0.1",
        .altname = "IP:127.0.0.1,DNS:localhost",
        .from_s = -10 * DAY_S,
        .to_s = 10 * DAY_S,
        .issuer = &ca,
    };
    struct identity stranger = {0};
    struct identity made;

    if (tls == SCRIPTED_TLS_EXPIRED)
        request.to_s = -DAY_S;
    if (tls == SCRIPTED_TLS_WRONG_HOST)
        request.altname = "DNS:other.example";
    if (tls == SCRIPTED_TLS_SELF_SIGNED)
        request.issuer = NULL;
    if (tls == SCRIPTED_TLS_UNKNOWN) {
        struct request unknown = {
            .name = "Unknown CA", .from_s = -DAY_S, .to_s = 30 * DAY_S};

        stranger = make_identity(&unknown);
        request.issuer = &stranger;
    }
    made = make_identity(&request);
    release(&stranger);
    return made;
}

SSL_CTX *scripted_tls_context(enum scripted_tls tls)
{
    SSL_CTX *context;
    struct identity identity;

    if (tls == SCRIPTED_PLAIN || tls == SCRIPTED_TLS_STALLED)
        return NULL;
    pthread_once(&ca_once, make_ca);
    context = SSL_CTX_new(TLS_server_method());
    require(context != NULL, "SSL_CTX_new");
    identity = make_server(tls);
    require(SSL_CTX_use_certificate(context, identity.certificate) == 1 &&
                SSL_CTX_use_PrivateKey(context, identity.key) == 1,
            "the certificate");
    release(&identity);
    if (tls == SCRIPTED_TLS_OLD) {
        SSL_CTX_set_security_level(context, 0);
        SSL_CTX_set_max_proto_version(context, TLS1_1_VERSION);
    }
    return context;
}

void scripted_write_ca(char *path)
{
    int fd;
    FILE *file;

    pthread_once(&ca_once, make_ca);
    strcpy(path, "/tmp/scripted-ca-XXXXXX");
    fd = mkstemp(path);
    require(fd >= 0, "mkstemp");
    file = fdopen(fd, "w");
    require(file && PEM_write_X509(file, ca.certificate) == 1,
            "PEM_write_X509");
    fclose(file);
}
