/*
 * The settings of workers: what is left out gets its default, and what the
 * user wrote is checked, each with a sentence that says what is wrong.
 */
#include "crawler/fetch/fetch_worker.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "crawler/fetch/auth.h"
#include "crawler/fetch/fetch_internal.h"
#include "crawler/fetch/guard.h"
#include "crawler/sandbox/sandbox.h"

#define KIB ((int64_t)1024)
#define MIB (KIB * 1024)

/* libcurl 7.88 gives up at 300 KiB with an error that says nothing, so our own
 * limit lies below that. */
#define HEAD_BYTES_CEILING ((int64_t)300000)

/* None of these settings has a meaning at 0 or below. */
static void fill(int64_t *value, int64_t usual)
{
    if (*value <= 0)
        *value = usual;
}

void fetch_options_fill(struct fetch_options *out,
                        const struct fetch_options *in)
{
    *out = *in;
    if (out->max_transfers <= 0)
        out->max_transfers = 128;
    fill(&out->dns_timeout_ms, 10000);
    fill(&out->connect_timeout_ms, 10000);
    fill(&out->first_byte_timeout_ms, 20000);
    fill(&out->stall_timeout_ms, 15000);
    fill(&out->stall_bytes_per_s, 1);
    fill(&out->total_timeout_ms, 30000);
    fill(&out->max_head_bytes, HEAD_BYTES_CEILING);
    if (out->max_head_bytes > HEAD_BYTES_CEILING)
        out->max_head_bytes = HEAD_BYTES_CEILING;
    fill(&out->max_body_bytes, 16 * MIB);
    fill(&out->max_wire_bytes, 16 * MIB);
    if (out->max_ratio <= 0)
        out->max_ratio = 200;
    fill(&out->max_bodies_bytes, 256 * MIB);
    fill(&out->max_robots_bytes, 512000);
    fill(&out->max_sitemap_bytes, FETCH_SITEMAP_BYTES);
    if (!out->user_agent)
        out->user_agent = "crawl/" CRAWL_VERSION;
}

/* A header is a name without blanks and a colon (RFC 9110 5.1, RFC 9112 5), and
 * holds no byte that would begin another one. */
static bool header_is_valid(const char *header)
{
    const char *colon = strchr(header, ':');

    if (!colon || colon == header)
        return false;
    for (const char *at = header; *at; at++)
        if ((unsigned char)*at < 0x20 && *at != '\t')
            return false;
    return strcspn(header, " \t") > (size_t)(colon - header);
}

/* The form of CURLOPT_RESOLVE(3) that is taken: "host:port:address" with one
 * address, that of IPv6 in brackets or not. */
static bool resolve_is_valid(const char *entry)
{
    const char *colon = strchr(entry, ':');
    char address[INET6_ADDRSTRLEN + 2];
    unsigned char bytes[16];
    unsigned long port = 0;
    size_t len;

    if (!colon || colon == entry)
        return false;
    for (colon++; *colon >= '0' && *colon <= '9' && port <= 65535; colon++)
        port = port * 10 + (unsigned long)(*colon - '0');
    if (*colon != ':' || port == 0 || port > 65535)
        return false;
    colon++;
    len = strlen(colon);
    if (len >= 2 && colon[0] == '[' && colon[len - 1] == ']') {
        colon++;
        len -= 2;
    }
    if (len >= sizeof(address))
        return false;
    memcpy(address, colon, len);
    address[len] = '\0';
    return inet_pton(AF_INET, address, bytes) == 1 ||
           inet_pton(AF_INET6, address, bytes) == 1;
}

/* Passwords in a file that others can read are nobody's secret. */
static void warn_of_readers(const char *path)
{
    char word[400];
    struct stat st;

    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode) ||
        !(st.st_mode & (S_IRGRP | S_IROTH)))
        return;
    (void)text_shell_word(path, word, sizeof(word));
    log_warn("other users can read the passwords in %s: chmod 600 %s", word,
             word);
}

/* The file is read here to be checked, and again by each worker: its secrets
 * do not stay in the parent. */
static enum err check_auth(const char *path, char *message, size_t cap)
{
    struct auth *auth = NULL;
    size_t line = 0;
    enum err err = auth_load(&auth, path, &line);

    if (err == CERR_INVALID)
        snprintf(message, cap,
                 "%s, line %zu: neither \"host basic user:password\" "
                 "nor \"host bearer TOKEN\"",
                 path, line);
    else if (err)
        snprintf(message, cap, "cannot read %s: %s", path, err_str(err));
    auth_free(auth);
    if (!err)
        warn_of_readers(path);
    return err;
}

static enum err check_guard(const struct fetch_options *options, char *message,
                            size_t cap)
{
    struct guard *guard = NULL;
    size_t bad = 0;

    if (guard_new(&guard, options->allow_private, options->nr_allow_private,
                  &bad)) {
        snprintf(message, cap,
                 "\"%s\" is no range of addresses such as "
                 "10.0.0.0/8",
                 options->allow_private[bad]);
        return CERR_INVALID;
    }
    guard_free(guard);
    return CERR_OK;
}

/* Anything but FETCH_SANDBOX_REQUIRE takes what the system has. */
static enum err check_sandbox(const struct fetch_options *options,
                              char *message, size_t cap)
{
    uint32_t offered = sandbox_offered(options->user);
    uint32_t missing = SANDBOX_REQUIRED & ~offered;
    char parts[SANDBOX_TEXT_BYTES];

    if (options->user && geteuid() != 0) {
        snprintf(message, cap, "only root can become %s", options->user);
        return CERR_INVALID;
    }
    if (options->user && !sandbox_find_user(options->user)) {
        if (errno)
            return CERR_NOMEM;
        snprintf(message, cap, "there is no user %s", options->user);
        return CERR_INVALID;
    }
    if (options->sandbox != FETCH_SANDBOX_REQUIRE || !missing)
        return CERR_OK;
    sandbox_describe(missing, parts, sizeof(parts));
    snprintf(message, cap, "this system cannot do all of the sandbox: no %s",
             parts);
    return CERR_INVALID;
}

static enum err check_headers(const struct fetch_headers *headers,
                              char *message, size_t cap)
{
    for (size_t i = 0; i < headers->nr_items; i++) {
        if (header_is_valid(headers->items[i]))
            continue;
        snprintf(message, cap, "\"%.80s\" is no header such as \"Name: value\"",
                 headers->items[i]);
        return CERR_INVALID;
    }
    return CERR_OK;
}

static enum err check_names(const struct fetch_options *options, char *message,
                            size_t cap)
{
    for (size_t i = 0; i < options->nr_resolve; i++) {
        if (resolve_is_valid(options->resolve[i]))
            continue;
        snprintf(message, cap, "\"%.80s\" is not host:port:address",
                 options->resolve[i]);
        return CERR_INVALID;
    }
    if (!options->dns_servers || names_servers_are_valid(options->dns_servers))
        return CERR_OK;
    snprintf(message, cap, "\"%.80s\" is no list of addresses",
             options->dns_servers);
    return CERR_INVALID;
}

enum err fetch_options_check(const struct fetch_options *options, char *message,
                             size_t cap)
{
    struct fetch_headers general = {options->headers, options->nr_headers};
    enum err err = check_headers(&general, message, cap);

    for (size_t i = 0; i < options->nr_header_sets && !err; i++)
        err = check_headers(&options->header_sets[i], message, cap);
    if (err)
        return err;
    if (options->ipv4_only && options->ipv6_only) {
        snprintf(message, cap, "IPv4 only and IPv6 only exclude each other");
        return CERR_INVALID;
    }
    err = check_names(options, message, cap);
    if (err)
        return err;
    if (options->ca_file && access(options->ca_file, R_OK)) {
        snprintf(message, cap, "cannot read the CA file %s", options->ca_file);
        return CERR_NOT_FOUND;
    }
    err = check_guard(options, message, cap);
    if (!err && options->auth_file)
        err = check_auth(options->auth_file, message, cap);
    if (!err && options->sandbox != FETCH_SANDBOX_OFF)
        err = check_sandbox(options, message, cap);
    return err;
}
