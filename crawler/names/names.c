/*
 * The cache of names behind names.h, around some channels of c-ares.
 *
 * Each channel has a socket of its own, and a name always goes to the same: a
 * socket holds a few hundred answers, and some thousand may come at once. Their
 * ports, too, have to be guessed by whoever would forge answers.
 *
 * A name is in the table from its first question on. While it is asked it
 * collects waiters; when its look-up has ended it goes to `ready`, and from
 * there, once its waiters are served, to `kept` or away:
 *
 *   ASKED ─► ready ─► kept      [found, until its time is up]
 *              └────► freed     [anything else]
 *
 * c-ares calls back from inside of its functions, also from the one that
 * starts a look-up: on_answer() therefore only moves the name.
 */
#include "crawler/names/names.h"

#include <ares.h>
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/xalloc.h"
#include "crawler/names/resolver_files.h"

#define NR_CHANNELS  16
#define SOCKET_BYTES (1 << 20) /* as much as the system allows of it */
#define NR_BUCKETS   8192
#define HOST_BYTES   256 /* RFC 1035, 3.1: 255 at most */
#define TEXT_BYTES   ((size_t)(2 * NAMES_ADDRESSES_MAX * (INET6_ADDRSTRLEN + 3)))
#define CONF_BYTES   ((size_t)64 << 10)
#define ASK_MS       2000 /* first wait for an answer, unless resolv.conf says */
#define NR_ASKS      3

/* A channel knows whose it is, for the callback that names its sockets. */
struct channel {
    struct names *names;
    ares_channel ares; /* NULL: not open */
};

struct name {
    LIST_ENTRY(name) chain; /* of its bucket */
    TAILQ_ENTRY(name) link; /* in `ready` or `kept` */
    TAILQ_HEAD(, names_waiter) waiters;
    struct names *names; /* borrowed */
    enum name_state state;
    int status; /* of c-ares */
    int64_t expires_ms;
    bool is_kept;                /* it lies in `kept` */
    TAILQ_ENTRY(name) told_link; /* in `unused` */
    size_t nr_users;
    bool is_unused; /* it lies in `unused` */
    bool is_old;    /* out of the table, as its time is up; its users remain */
    uint16_t told[NAMES_PORTS_MAX]; /* 0: free */
    char *addresses;                /* owned; NULL: none */
    size_t host_len;
    char host[]; /* with a NUL behind it */
};

TAILQ_HEAD(name_list, name);

struct names {
    struct channel channels[NR_CHANNELS];
    struct channel **by_fd; /* owned; nr_fds places, NULL: not ours */
    size_t nr_fds;
    struct ares_addrinfo_hints hints;
    names_watch_fn *watch;
    void *ctx;
    bool has_ipv6_route;
    int64_t now_ms;
    size_t nr_asked, nr_kept;
    size_t nr_unused;
    struct name_list unused;      /* told, and nobody uses them */
    struct name_list ready, kept; /* kept: the one used last is the last */
    LIST_HEAD(, name) buckets[NR_BUCKETS];
};

/* ---- names ---- */

static void take_out_of_unused(struct name *name)
{
    if (!name->is_unused)
        return;
    TAILQ_REMOVE(&name->names->unused, name, told_link);
    name->is_unused = false;
    name->names->nr_unused--;
}

/* Whoever was told of it is told anew when its host is used again. */
static void free_name(struct name *name)
{
    take_out_of_unused(name);
    if (!name->is_old)
        LIST_REMOVE(name, chain);
    free(name->addresses);
    free(name);
}

static size_t bucket_of(struct bytes host)
{
    return XXH3_64bits(host.data, host.len) % NR_BUCKETS;
}

static struct name *find(struct names *names, struct bytes host)
{
    struct name *name;

    LIST_FOREACH(name, &names->buckets[bucket_of(host)], chain)
    if (name->host_len == host.len &&
        memcmp(name->host, host.data, host.len) == 0)
        break;
    return name;
}

static struct name *add(struct names *names, struct bytes host)
{
    struct name *name = xcalloc(1, sizeof(*name) + host.len + 1);

    name->names = names;
    name->state = NAME_ASKED;
    TAILQ_INIT(&name->waiters);
    name->host_len = host.len;
    memcpy(name->host, host.data, host.len);
    LIST_INSERT_HEAD(&names->buckets[bucket_of(host)], name, chain);
    return name;
}

static void keep(struct names *names, struct name *name)
{
    TAILQ_INSERT_TAIL(&names->kept, name, link);
    name->is_kept = true;
    names->nr_kept++;
}

static void unkeep(struct names *names, struct name *name)
{
    TAILQ_REMOVE(&names->kept, name, link);
    name->is_kept = false;
    names->nr_kept--;
}

/* Takes a name whose waiters are served out of `ready`. */
static void settle(struct names *names, struct name *name)
{
    TAILQ_REMOVE(&names->ready, name, link);
    if (name->state != NAME_FOUND) {
        free_name(name);
        return;
    }
    keep(names, name);
}

/* Makes room at the beginning of a call, as the name that the last one gave
 * out lives until then. */
static void make_room(struct names *names)
{
    size_t nr_more =
        names->nr_kept > NAMES_KEPT_MAX ? names->nr_kept - NAMES_KEPT_MAX : 0;

    for (; nr_more > 0; nr_more--) {
        struct name *oldest = TAILQ_FIRST(&names->kept);

        unkeep(names, oldest);
        if (oldest->nr_users == 0)
            free_name(oldest);
        else
            keep(names, oldest);
    }
}

/* ---- what a look-up found ---- */

static enum name_state state_of(int status)
{
    switch (status) {
    case ARES_SUCCESS:
        return NAME_FOUND;
    case ARES_ENOTFOUND:
        return NAME_MISSING;
    case ARES_ENODATA:
        return NAME_EMPTY;
    case ARES_ETIMEOUT:
        return NAME_LATE;
    case ARES_EBADNAME:
    case ARES_EBADSTR:
        return NAME_BAD;
    case ARES_ENOMEM:
    case ARES_EDESTRUCTION:
    case ARES_ECANCELLED:
        return NAME_FAILED;
    default: /* SERVFAIL, REFUSED, no connection, an answer that is none */
        return NAME_UNSURE;
    }
}

/* Writes one address, that of IPv6 in brackets; 0 if it is of no family. */
static size_t write_address(char *out, size_t cap, const struct sockaddr *from)
{
    char text[INET6_ADDRSTRLEN];
    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;
    int len = 0;

    if (from->sa_family == AF_INET) {
        memcpy(&ipv4, from, sizeof(ipv4));
        inet_ntop(AF_INET, &ipv4.sin_addr, text, sizeof(text));
        len = snprintf(out, cap, "%s", text);
    } else if (from->sa_family == AF_INET6) {
        memcpy(&ipv6, from, sizeof(ipv6));
        inet_ntop(AF_INET6, &ipv6.sin6_addr, text, sizeof(text));
        len = snprintf(out, cap, "[%s]", text);
    }
    return len > 0 && (size_t)len < cap ? (size_t)len : 0;
}

/* Adds the addresses of one family, NAMES_ADDRESSES_MAX of them at most. */
static size_t write_family(char *text, size_t cap, int family,
                           const struct ares_addrinfo *found)
{
    size_t len = 0;
    int nr = 0;

    for (const struct ares_addrinfo_node *at = found->nodes;
         at && nr < NAMES_ADDRESSES_MAX; at = at->ai_next) {
        if (at->ai_family != family)
            continue;
        if (nr++ > 0)
            text[len++] = ',';
        len += write_address(text + len, cap - len - 1, at->ai_addr);
    }
    return len;
}

/* Takes the addresses, and the shortest time that one of them may live. The
 * family that this machine has a way for is first (RFC 6724, 6, rule 1); within
 * it the name server's order counts, which it changes to spread load. */
static void take_addresses(struct name *name, const struct ares_addrinfo *found)
{
    int better = name->names->has_ipv6_route ? AF_INET6 : AF_INET;
    int other = better == AF_INET ? AF_INET6 : AF_INET;
    int64_t ttl_ms = NAMES_TTL_MS_MAX;
    char text[TEXT_BYTES];
    size_t len = write_family(text, sizeof(text), better, found), more;

    if (len > 0)
        text[len++] = ',';
    more = write_family(text + len, sizeof(text) - len, other, found);
    if (more == 0 && len > 0)
        len--;
    text[len + more] = '\0';
    for (const struct ares_addrinfo_node *at = found->nodes; at;
         at = at->ai_next)
        if ((int64_t)at->ai_ttl * 1000 < ttl_ms)
            ttl_ms = (int64_t)at->ai_ttl * 1000;
    if (ttl_ms < NAMES_TTL_MS_MIN)
        ttl_ms = NAMES_TTL_MS_MIN;
    name->expires_ms = name->names->now_ms + ttl_ms;
    name->addresses = xstrdup(text);
    if (!*text)
        name->state = NAME_EMPTY;
}

static void on_answer(void *ctx, int status, int nr_timeouts,
                      struct ares_addrinfo *found)
{
    struct name *name = ctx;
    struct names *names = name->names;

    (void)nr_timeouts;
    name->status = status;
    name->state = state_of(status);
    if (name->state == NAME_FOUND)
        take_addresses(name, found);
    if (found)
        ares_freeaddrinfo(found);
    names->nr_asked--;
    TAILQ_INSERT_TAIL(&names->ready, name, link);
}

/* ---- asking ---- */

static void ask(struct names *names, struct name *name)
{
    struct bytes host = {name->host, name->host_len};

    names->nr_asked++;
    ares_getaddrinfo(names->channels[bucket_of(host) % NR_CHANNELS].ares,
                     name->host, NULL, &names->hints, on_answer, name);
}

/* Takes a name out of the table; those who use it have it until they are done.
 */
static void retire(struct name *name)
{
    if (name->nr_users == 0) {
        free_name(name);
        return;
    }
    LIST_REMOVE(name, chain);
    name->is_old = true;
}

/* Finds a name, and keeps `kept` in the order of use. NULL: it is unknown, or
 * was until its time was up. */
static struct name *use(struct names *names, struct bytes host)
{
    struct name *name = find(names, host);

    if (!name || !name->is_kept)
        return name;
    if (names->now_ms >= name->expires_ms) {
        unkeep(names, name);
        retire(name);
        return NULL;
    }
    TAILQ_REMOVE(&names->kept, name, link);
    TAILQ_INSERT_TAIL(&names->kept, name, link);
    return name;
}

enum name_state names_wait(struct names *names, struct names_waiter *waiter,
                           struct bytes host, int64_t now_ms)
{
    struct name *name;

    names->now_ms = now_ms;
    if (host.len == 0 || host.len >= HOST_BYTES)
        return NAME_BAD;
    make_room(names);
    name = use(names, host);
    if (!name) {
        name = add(names, host);
        ask(names, name);
    }
    waiter->name = name;
    if (name->is_kept)
        return NAME_FOUND;
    waiter->is_waiting = true;
    TAILQ_INSERT_TAIL(&name->waiters, waiter, link);
    return NAME_ASKED;
}

void names_withdraw(struct names_waiter *waiter)
{
    if (waiter->is_waiting)
        TAILQ_REMOVE(&waiter->name->waiters, waiter, link);
    waiter->is_waiting = false;
    waiter->name = NULL;
}

/* A name stays in `ready` until the call after its last waiter has been given
 * out, who looks at it meanwhile. */
struct names_waiter *names_next_ready(struct names *names)
{
    struct name *name = TAILQ_FIRST(&names->ready);
    struct names_waiter *waiter;

    while (name && TAILQ_EMPTY(&name->waiters)) {
        settle(names, name);
        name = TAILQ_FIRST(&names->ready);
    }
    if (!name)
        return NULL;
    waiter = TAILQ_FIRST(&name->waiters);
    TAILQ_REMOVE(&name->waiters, waiter, link);
    waiter->is_waiting = false;
    return waiter;
}

size_t names_nr_asked(const struct names *names)
{
    return names->nr_asked;
}

/* ---- the loop ---- */

void names_socket(struct names *names, int fd, bool readable, bool writable,
                  int64_t now_ms)
{
    struct channel *channel =
        (size_t)fd < names->nr_fds ? names->by_fd[fd] : NULL;

    names->now_ms = now_ms;
    if (channel)
        ares_process_fd(channel->ares, readable ? fd : ARES_SOCKET_BAD,
                        writable ? fd : ARES_SOCKET_BAD);
}

void names_tick(struct names *names, int64_t now_ms)
{
    names->now_ms = now_ms;
    for (size_t i = 0; i < NR_CHANNELS && names->nr_asked > 0; i++)
        ares_process_fd(names->channels[i].ares, ARES_SOCKET_BAD,
                        ARES_SOCKET_BAD);
}

/* ---- what is known of a name ---- */

enum name_state name_state(const struct name *name)
{
    return name->state;
}

const char *name_addresses(const struct name *name)
{
    return name->addresses ? name->addresses : "";
}

const char *name_word(const struct name *name)
{
    switch (name->status) {
    case ARES_ESERVFAIL:
        return "SERVFAIL";
    case ARES_EREFUSED:
        return "REFUSED";
    case ARES_ENOTIMP:
        return "NOTIMP";
    case ARES_EFORMERR:
        return "FORMERR";
    case ARES_ECONNREFUSED:
        /* c-ares 1.18 has this for failing name servers too */
        return "SERVFAIL, REFUSED or no connection";
    case ARES_ENOTFOUND:
        return "NXDOMAIN";
    default:
        return "a broken answer";
    }
}

bool names_use(struct names_waiter *waiter, uint16_t port)
{
    struct name *name = waiter->name;
    size_t i = 0;

    waiter->is_user = true;
    name->nr_users++;
    take_out_of_unused(name);
    while (i < NAMES_PORTS_MAX && name->told[i] != port && name->told[i] != 0)
        i++;
    if (i == NAMES_PORTS_MAX) /* told for each request, and not forgotten */
        return true;
    if (name->told[i] == port)
        return false;
    name->told[i] = port;
    return true;
}

/* What was told of an old name was replaced by what was told of the new one. */
static void leave_unused(struct name *name)
{
    struct names *names = name->names;

    if (name->is_old) {
        free_name(name);
    } else if (name->told[0] != 0) {
        TAILQ_INSERT_TAIL(&names->unused, name, told_link);
        name->is_unused = true;
        names->nr_unused++;
    }
}

size_t names_release(struct names_waiter *waiter,
                     uint16_t ports[NAMES_PORTS_MAX], const char **host)
{
    struct name *name = waiter->name;
    struct names *names;
    size_t nr = 0;

    if (!waiter->is_user)
        return 0;
    names = name->names;
    waiter->is_user = false;
    waiter->name = NULL;
    if (--name->nr_users == 0)
        leave_unused(name);
    if (names->nr_unused <= NAMES_TOLD_MAX)
        return 0;
    name = TAILQ_FIRST(&names->unused);
    take_out_of_unused(name);
    for (; nr < NAMES_PORTS_MAX && name->told[nr] != 0; nr++)
        ports[nr] = name->told[nr];
    memset(name->told, 0, sizeof(name->told));
    *host = name->host;
    return nr;
}

/* ---- the beginning and the end ---- */

static void note_fd(struct names *names, size_t fd, struct channel *channel)
{
    if (fd >= names->nr_fds) {
        names->by_fd =
            xrealloc_array(names->by_fd, fd + 1, sizeof(*names->by_fd));
        memset(names->by_fd + names->nr_fds, 0,
               (fd + 1 - names->nr_fds) * sizeof(*names->by_fd));
        names->nr_fds = fd + 1;
    }
    names->by_fd[fd] = channel;
}

static void on_socket(void *ctx, ares_socket_t fd, int readable, int writable)
{
    struct channel *channel = ctx;
    struct names *names = channel->names;

    note_fd(names, (size_t)fd, readable || writable ? channel : NULL);
    names->watch(names->ctx, fd, readable != 0, writable != 0);
}

/* Whether this machine has a way to global addresses of IPv6. Connecting a
 * socket of UDP asks the kernel's routes and sends nothing. */
static bool has_ipv6_route(void)
{
    struct sockaddr_in6 far = {.sin6_family = AF_INET6,
                               .sin6_port = htons(53),
                               .sin6_addr.s6_addr = {0x20}};
    int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool has;

    if (fd < 0)
        return false;
    has = connect(fd, (struct sockaddr *)&far, sizeof(far)) == 0;
    close(fd);
    return has;
}

static bool has_ipv6(void)
{
    int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

/* c-ares 1.18 does not know the options timeout and attempts of resolv.conf(5).
 * Each of its rounds waits twice as long as the one before; those that nobody
 * waits for are left out. */
static void fill_patience(struct ares_options *own, int64_t timeout_ms)
{
    struct resolver_patience patience = {ASK_MS, NR_ASKS};
    FILE *file = fopen("/etc/resolv.conf", "re");
    char *text = file ? xcalloc(1, CONF_BYTES) : NULL;
    size_t len = file ? fread(text, 1, CONF_BYTES, file) : 0;
    int64_t most_ms = timeout_ms > 0 ? timeout_ms : ASK_MS;

    if (file)
        fclose(file);
    resolver_read_patience(&patience, (struct bytes){text, len});
    free(text);
    if (patience.wait_ms > most_ms)
        patience.wait_ms = (int)most_ms;
    own->timeout = patience.wait_ms;
    own->tries = 1;
    for (int64_t sum_ms = own->timeout;
         own->tries < patience.nr_tries && sum_ms < most_ms; own->tries++)
        sum_ms += (int64_t)own->timeout << own->tries;
}

const char *names_library(void)
{
    static char text[32];

    snprintf(text, sizeof(text), "c-ares %s", ares_version(NULL));
    return text;
}

bool names_servers_are_valid(const char *servers)
{
    return resolver_servers_are_valid((struct bytes){servers, strlen(servers)});
}

static enum err open_channel(struct channel *channel,
                             const struct names_options *options)
{
    struct ares_options own = {
        .flags = ARES_FLAG_NOALIASES,
        .lookups = "fb", /* files, then name servers */
        .socket_receive_buffer_size = SOCKET_BYTES,
        .sock_state_cb = on_socket,
        .sock_state_cb_data = channel,
    };
    int status;

    fill_patience(&own, options->timeout_ms);
    status = ares_init_options(
        &channel->ares, &own,
        ARES_OPT_FLAGS | ARES_OPT_LOOKUPS | ARES_OPT_SOCK_RCVBUF |
            ARES_OPT_SOCK_STATE_CB | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES);
    if (status != ARES_SUCCESS)
        return CERR_NOMEM;
    if (!options->servers)
        return CERR_OK;
    status = ares_set_servers_ports_csv(channel->ares, options->servers);
    if (status == ARES_ENOMEM)
        return CERR_NOMEM;
    return status == ARES_SUCCESS ? CERR_OK : CERR_INVALID;
}

static enum err open_channels(struct names *names,
                              const struct names_options *options)
{
    int bad = options->take
                  ? ares_library_init_mem(ARES_LIB_INIT_ALL, options->take,
                                          free, options->take_more)
                  : ares_library_init(ARES_LIB_INIT_ALL);
    enum err err = bad ? CERR_NOMEM : CERR_OK;

    for (size_t i = 0; i < NR_CHANNELS && !err; i++) {
        names->channels[i].names = names;
        err = open_channel(&names->channels[i], options);
    }
    return err;
}

enum err names_open(struct names **out, const struct names_options *options)
{
    struct names *names = xcalloc(1, sizeof(*names));
    enum err err;

    TAILQ_INIT(&names->ready);
    TAILQ_INIT(&names->kept);
    TAILQ_INIT(&names->unused);
    names->watch = options->watch;
    names->ctx = options->ctx;
    names->has_ipv6_route = has_ipv6_route();
    /* c-ares would open a socket for each address to sort it */
    names->hints.ai_flags = ARES_AI_NOSORT;
    names->hints.ai_socktype = SOCK_STREAM;
    names->hints.ai_family = AF_UNSPEC;
    if (options->ipv4_only || (!options->ipv6_only && !has_ipv6()))
        names->hints.ai_family = AF_INET;
    else if (options->ipv6_only)
        names->hints.ai_family = AF_INET6;
    err = open_channels(names, options);
    if (err)
        names_close(names);
    else
        *out = names;
    return err;
}

void names_close(struct names *names)
{
    if (!names)
        return;
    for (size_t i = 0; i < NR_CHANNELS; i++)
        if (names->channels[i].ares) /* all that is asked gets ready */
            ares_destroy(names->channels[i].ares);
    ares_library_cleanup();
    for (size_t i = 0; i < NR_BUCKETS; i++)
        while (!LIST_EMPTY(&names->buckets[i]))
            free_name(LIST_FIRST(&names->buckets[i]));
    free(names->by_fd);
    free(names);
}
