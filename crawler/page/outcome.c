/*
 * The words behind outcome.h. Codes are fixed: they stand in databases, and
 * scripts look for them. Meanings and hints may be put better at any time.
 */
#include "crawler/page/outcome.h"

#include <assert.h>

static const char *const outcome_names[OUTCOME_NR] = {
    [OUTCOME_OK] = "ok",
    [OUTCOME_REDIRECT] = "redirect",
    [OUTCOME_HTTP_ERROR] = "http_error",
    [OUTCOME_ERROR] = "error",
    [OUTCOME_SKIPPED] = "skipped",
};

static const char *const class_names[CLASS_NR] = {
    [CLASS_NONE] = "",         [CLASS_INPUT] = "input",
    [CLASS_DNS] = "dns",       [CLASS_CONNECT] = "connect",
    [CLASS_TLS] = "tls",       [CLASS_TIMEOUT] = "timeout",
    [CLASS_HTTP] = "http",     [CLASS_BODY] = "body",
    [CLASS_POLICY] = "policy", [CLASS_INTERNAL] = "internal",
};

/*
 * One row for each error: code, class, whether a retry makes sense, meaning,
 * hint. A retry makes sense where the same request may end otherwise soon, by
 * itself. The hint speaks to somebody at a command line.
 */
/* clang-format off */
static const struct error_info infos[ERROR_NR] = {
    [ERROR_NONE] = {
        "", CLASS_NONE, false,
        "There was no error.",
        ""},
    /* Input: the line of the list is wrong and stays wrong, so nothing here is
     * tried again. */
    [ERROR_BAD_URL] = {
        "bad_url", CLASS_INPUT, false,
        "The text is not a URL by the WHATWG URL standard.",
        "Correct the line of the list; its number is stored with it."},
    [ERROR_BLOCKED_SCHEME] = {
        "blocked_scheme", CLASS_INPUT, false,
        "The URL's scheme is neither http nor https.",
        "Remove the line: only web pages are fetched."},
    [ERROR_TOO_LONG] = {
        "too_long", CLASS_INPUT, false,
        "The line or its URL is longer than 8,192 bytes.",
        "Look whether two lines ran together, or the file is not a list of "
        "URLs."},
    [ERROR_DUPLICATE] = {
        "duplicate", CLASS_INPUT, false,
        "The same URL stands on an earlier line.",
        "Nothing to do: it was fetched once, and that row holds the answer."},
    [ERROR_BAD_PORT] = {
        "bad_port", CLASS_INPUT, false,
        "The port belongs to a service other than the web.",
        "Correct the port: browsers refuse it too (Fetch standard, port "
        "blocking)."},
    [ERROR_LIST_DAMAGED] = {
        "list_damaged", CLASS_INPUT, false,
        "The compressed list is cut or damaged: what follows is not read.",
        "Get the list again and run the same command: it adds what is "
        "new."},
    /* DNS: a name server that says "no such name" (NXDOMAIN, RFC 1035, 4.1.1)
     * will say so again, so ERROR_DNS is not tried again. Where no name server
     * could say so, the worker sets PAGE_MAY_PASS, and the frontier tries again
     * in spite of this table. */
    [ERROR_DNS] = {
        "dns", CLASS_DNS, false,
        "The host's name has no address, as far as name servers can tell.",
        "Check the network: does 'getent hosts NAME' answer? If it does not, "
        "the name may be misspelt or gone."},
    [ERROR_DNS_TIMEOUT] = {
        "dns_timeout", CLASS_DNS, true,
        "No name server answered in time.",
        "Check the name servers in /etc/resolv.conf, or name others by "
        "--dns-servers."},
    /* Connections: a server that restarts or is full refuses for seconds, so
     * all three are tried again. */
    [ERROR_CONNECT] = {
        "connect", CLASS_CONNECT, true,
        "The connection was refused, or the host cannot be reached.",
        "Try 'curl -I URL': if it fails too, the server is down or a firewall"
        " stands between."},
    [ERROR_CONNECT_TIMEOUT] = {
        "connect_timeout", CLASS_CONNECT, true,
        "The host did not take the connection in time.",
        "Try later, or raise --connect-timeout."},
    [ERROR_CONNECT_CLOSED] = {
        "connect_closed", CLASS_CONNECT, true,
        "The connection closed before a byte of the answer.",
        "The server may be overloaded or refuse this client: raise --delay or"
        " set --user-agent."},
    /* TLS: a certificate that is not valid now is not valid a second later, and
     * a handshake that found no common version or cipher finds none the next
     * time. */
    [ERROR_TLS] = {
        "tls", CLASS_TLS, false,
        "The TLS handshake failed, or the certificate is not valid; the "
        "detail says which.",
        "Check the clock with 'date' and the certificate with 'openssl "
        "s_client -connect HOST:443'."},
    /* Time limits: the server may be under load, and this load may be ours, so
     * a retry with the growing delay makes sense. */
    [ERROR_TIMEOUT] = {
        "timeout", CLASS_TIMEOUT, true,
        "The fetch took longer than --max-time, or had no answer within "
        "--first-byte-timeout.",
        "Raise the one that the detail names, else --max-time; or lower "
        "--per-host if the server is slow under load."},
    [ERROR_STALLED] = {
        "stalled", CLASS_TIMEOUT, true,
        "The transfer was too slow for too long.",
        "Try later, or raise --idle-timeout."},
    /* The head of the answer: what the server sends here is what its software
     * makes of the request, and it will make the same again. */
    [ERROR_PROTOCOL] = {
        "protocol", CLASS_HTTP, false,
        "The answer is not HTTP, or broken HTTP.",
        "Look at it with 'curl -v URL': the port may belong to another "
        "service, or want https."},
    [ERROR_HEAD_TOO_LARGE] = {
        "head_too_large", CLASS_HTTP, false,
        "The answer's header fields are larger than the limit.",
        "Nothing to do here: the server sends far more header than a page "
        "needs."},
    /* The body: a body that broke off may come whole the next time; one that is
     * too large or wrongly compressed will not change. */
    [ERROR_TRUNCATED] = {
        "truncated", CLASS_BODY, true,
        "The answer ended before its end.",
        "Fetch it again; if it stays so, the server or a proxy breaks the "
        "connection off."},
    [ERROR_TOO_LARGE] = {
        "too_large", CLASS_BODY, false,
        "The body is larger than --max-size; the part kept is marked as cut.",
        "Raise --max-size to get it whole."},
    [ERROR_BAD_ENCODING] = {
        "bad_encoding", CLASS_BODY, false,
        "The body's Content-Encoding is damaged or unknown.",
        "The server's compression is at fault: compare 'curl --compressed "
        "URL'."},
    [ERROR_TRUNCATED_ENCODING] = {
        "truncated_encoding", CLASS_BODY, true,
        "The compressed body ends before its end.",
        "Fetch it again; if it stays so, the server's compression is at "
        "fault."},
    [ERROR_BOMB] = {
        "bomb", CLASS_BODY, false,
        "The body decodes to a size out of all proportion.",
        "Leave the URL out: it is a decompression bomb, or looks like one."},
    /* Redirects that lead nowhere (RFC 9110, 15.4). The chain before them was
     * followed and is stored. */
    [ERROR_BAD_REDIRECT] = {
        "bad_redirect", CLASS_HTTP, false,
        "The redirect's Location is missing or not a web URL.",
        "Look at it with 'curl -I URL' and list the page it should lead to."},
    [ERROR_REDIRECT_LIMIT] = {
        "redirect_limit", CLASS_HTTP, false,
        "There were more redirects than --max-redirects.",
        "Raise --max-redirects, or list the final URL."},
    [ERROR_REDIRECT_LOOP] = {
        "redirect_loop", CLASS_HTTP, false,
        "The redirects lead back to a URL before them.",
        "The site may want a cookie, or is at fault: see 'curl -IL URL'."},
    /* Policy: a rule of ours or of the server decides, and rules do not change
     * within a run. Two are about the state of the host and may pass: a
     * robots.txt that cannot be had (RFC 9309, 2.3.1.4), and a host that has
     * failed too often. */
    [ERROR_BLOCKED_ADDRESS] = {
        "blocked_address", CLASS_POLICY, false,
        "The name leads to a private, loopback, link-local or metadata "
        "address.",
        "If it is your own server, name the host in the list or allow its "
        "range with --allow-private."},
    [ERROR_ROBOTS] = {
        "robots", CLASS_POLICY, false,
        "The site's robots.txt disallows it.",
        "Ask the site's owner; on a site of your own use --robots ignore."},
    [ERROR_ROBOTS_UNREACHABLE] = {
        "robots_unreachable", CLASS_POLICY, true,
        "The site's robots.txt could not be had, which disallows everything "
        "for now (RFC 9309).",
        "Try later: see what 'curl -I SITE/robots.txt' answers."},
    [ERROR_SCOPE] = {
        "scope", CLASS_POLICY, false,
        "The URL lies outside --scope.",
        "Widen --scope, or put the URL on the list."},
    [ERROR_EXCLUDED] = {
        "excluded", CLASS_POLICY, false,
        "A rule of --include or --exclude leaves the URL out.",
        "Change --include or --exclude if it should be fetched."},
    [ERROR_TRAP] = {
        "trap", CLASS_POLICY, false,
        "The URL looks like one of an endless series.",
        "Put the URL on the list if it is wanted: listed URLs are not judged "
        "so."},
    [ERROR_HOST_DOWN] = {
        "host_down", CLASS_POLICY, true,
        "The host failed too often in this run; the URL was not tried.",
        "Try later: see what 'curl -I' says about the host, or raise "
        "--max-host-errors."},
    /* Our own side. A URL that was there when a worker died is tried again: the
     * first death is forgiven, after the second one the URL runs alone in
     * quarantine, and a death there is its own, ERROR_POISON (see
     * frontier/retry.c). */
    [ERROR_WORKER_CRASH] = {
        "worker_crash", CLASS_INTERNAL, true,
        "The worker process died while it held the URL.",
        "Run again; if it comes back, report the URL: this is a defect of "
        "crawl or of a library."},
    [ERROR_POISON] = {
        "poison", CLASS_INTERNAL, false,
        "The URL killed two worker processes and was given up.",
        "Report the URL: this is a defect of crawl or of a library."},
    [ERROR_SANDBOX] = {
        "sandbox", CLASS_INTERNAL, false,
        "The worker made a system call that its sandbox forbids.",
        "Report the URL and treat the page as hostile."},
    [ERROR_INTERNAL] = {
        "internal", CLASS_INTERNAL, true,
        "Our side ran out of memory, descriptors or threads.",
        "Lower --concurrency or --workers, or raise 'ulimit -n'; then run "
        "again."},
    [ERROR_CANCELED] = {
        "canceled", CLASS_INTERNAL, true,
        "The run was stopped before the fetch ended.",
        "Run the same command again to go on."},
};
/* clang-format on */

const char *outcome_name(enum outcome outcome)
{
    assert(outcome < OUTCOME_NR);
    return outcome_names[outcome];
}

const char *error_class_name(enum error_class error_class)
{
    assert(error_class < CLASS_NR);
    return class_names[error_class];
}

const struct error_info *error_info(enum error error)
{
    assert(error < ERROR_NR);
    return &infos[error];
}

const char *error_code(enum error error)
{
    return error_info(error)->code;
}
