#include "tests/support/scripted_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/scripted_tls.h"

#define REQUEST_BYTES_MAX 16384
#define CONNECTIONS_MAX   512
#define SLICE_MS          20 /* between two looks at `stopping` */

struct connection {
    struct scripted_server *server;
    pthread_t thread;
    int fd;
    SSL *ssl; /* NULL: plain */
    char request[REQUEST_BYTES_MAX];
    size_t len;
};

struct scripted_server {
    const struct scripted_answer *answers;
    size_t nr_answers;
    enum scripted_tls tls;
    SSL_CTX *context;
    int listener;
    uint16_t port;
    pthread_t thread;
    atomic_bool stopping;
    pthread_mutex_t lock; /* of all below */
    struct connection *connections[CONNECTIONS_MAX];
    size_t nr_connections;
    char last_request[REQUEST_BYTES_MAX];
};

static void require(bool is_true, const char *what)
{
    if (is_true)
        return;
    fprintf(stderr, "scripted_server: %s failed\n", what);
    abort();
}

/* ---- bytes ---- */

static bool is_readable(struct connection *connection)
{
    struct pollfd poller = {.fd = connection->fd, .events = POLLIN};

    while (!atomic_load(&connection->server->stopping))
        if (poll(&poller, 1, SLICE_MS) > 0)
            return true;
    return false;
}

static bool send_all(struct connection *connection, const char *data,
                     size_t len)
{
    while (len > 0) {
        ssize_t nr;

        if (atomic_load(&connection->server->stopping))
            return false;
        if (connection->ssl)
            nr = SSL_write(connection->ssl, data, (int)len);
        else
            nr = send(connection->fd, data, len, MSG_NOSIGNAL);
        if (nr <= 0)
            return false;
        data += nr;
        len -= (size_t)nr;
    }
    return true;
}

static ssize_t receive(struct connection *connection, char *out, size_t cap)
{
    if (connection->ssl && SSL_pending(connection->ssl) > 0)
        return SSL_read(connection->ssl, out, (int)cap);
    if (!is_readable(connection))
        return 0;
    return connection->ssl ? SSL_read(connection->ssl, out, (int)cap)
                           : recv(connection->fd, out, cap, 0);
}

static bool read_request(struct connection *connection)
{
    connection->len = 0;
    while (connection->len + 1 < sizeof(connection->request)) {
        ssize_t nr = receive(connection, connection->request + connection->len,
                             sizeof(connection->request) - 1 - connection->len);

        if (nr <= 0)
            return false;
        connection->len += (size_t)nr;
        connection->request[connection->len] = '\0';
        if (strstr(connection->request, "\r\n\r\n"))
            return true;
    }
    return false;
}

static void wait_ms(struct connection *connection, int ms)
{
    for (; ms > 0 && !atomic_load(&connection->server->stopping);
         ms -= SLICE_MS)
        usleep((useconds_t)(ms < SLICE_MS ? ms : SLICE_MS) * 1000);
}

/* ---- steps ---- */

static bool run_send(struct connection *connection,
                     const struct scripted_step *step)
{
    size_t len = step->len ? step->len : strlen(step->text);
    size_t times = step->times ? step->times : 1;

    for (size_t i = 0; i < times; i++)
        if (!send_all(connection, step->text, len))
            return false;
    return true;
}

static bool run_drip(struct connection *connection,
                     const struct scripted_step *step)
{
    size_t times = step->times ? step->times : 1;

    for (size_t i = 0; i < times; i++) {
        for (const char *at = step->text; *at; at++) {
            if (!send_all(connection, at, 1))
                return false;
            wait_ms(connection, step->ms);
        }
    }
    return true;
}

static void reset(struct connection *connection)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};

    setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &at_once,
               sizeof(at_once));
}

/* True when another request is to be read. */
static bool run_steps(struct connection *connection,
                      const struct scripted_answer *answer)
{
    for (size_t i = 0; i < SCRIPTED_STEPS_MAX; i++) {
        const struct scripted_step *step = &answer->steps[i];
        bool is_open = true;

        switch (step->op) {
        case SCRIPTED_END:
            return false;
        case SCRIPTED_SEND:
            is_open = run_send(connection, step);
            break;
        case SCRIPTED_DRIP:
            is_open = run_drip(connection, step);
            break;
        case SCRIPTED_BLOB:
            is_open = send_all(connection, (const char *)step->blob->data,
                               step->blob->len);
            break;
        case SCRIPTED_WAIT:
            wait_ms(connection, step->ms);
            break;
        case SCRIPTED_RESET:
            reset(connection);
            return false;
        case SCRIPTED_NEXT:
            return true;
        }
        if (!is_open)
            return false;
    }
    return false;
}

static const struct scripted_answer *find(const struct connection *connection)
{
    const struct scripted_server *server = connection->server;
    const char *path = strchr(connection->request, ' ');
    size_t len;

    if (!path)
        return NULL;
    path++;
    len = strcspn(path, " ");
    for (size_t i = 0; i < server->nr_answers; i++) {
        const char *wanted = server->answers[i].path;

        if (!wanted ||
            (strlen(wanted) == len && strncmp(wanted, path, len) == 0))
            return &server->answers[i];
    }
    return NULL;
}

/* ---- connections ---- */

static void serve(struct connection *connection)
{
    struct scripted_server *server = connection->server;
    const struct scripted_answer *answer;

    do {
        if (!read_request(connection))
            return;
        pthread_mutex_lock(&server->lock);
        memcpy(server->last_request, connection->request, connection->len + 1);
        pthread_mutex_unlock(&server->lock);
        answer = find(connection);
    } while (answer && run_steps(connection, answer));
}

static void *run_connection(void *ctx)
{
    struct connection *connection = ctx;
    struct scripted_server *server = connection->server;
    bool is_up = true;
    sigset_t pipe;

    sigemptyset(&pipe); /* SSL_write() knows no MSG_NOSIGNAL */
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, NULL);
    if (server->tls == SCRIPTED_TLS_STALLED) {
        while (!atomic_load(&server->stopping))
            wait_ms(connection, SLICE_MS);
        is_up = false;
    } else if (server->context) {
        connection->ssl = SSL_new(server->context);
        require(connection->ssl != NULL, "SSL_new");
        SSL_set_fd(connection->ssl, connection->fd);
        is_up = SSL_accept(connection->ssl) == 1;
    }
    if (is_up)
        serve(connection);
    if (connection->ssl && is_up)
        SSL_shutdown(connection->ssl);
    SSL_free(connection->ssl);
    connection->ssl = NULL;
    pthread_mutex_lock(&server->lock); /* the number may be another's soon */
    close(connection->fd);
    connection->fd = -1;
    pthread_mutex_unlock(&server->lock);
    return NULL;
}

static void take_connection(struct scripted_server *server, int fd)
{
    struct connection *connection = calloc(1, sizeof(*connection));
    int on = 1;

    require(connection != NULL, "calloc");
    connection->server = server;
    connection->fd = fd;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    pthread_mutex_lock(&server->lock);
    require(server->nr_connections < CONNECTIONS_MAX, "one connection more");
    server->connections[server->nr_connections++] = connection;
    pthread_mutex_unlock(&server->lock);
    require(pthread_create(&connection->thread, NULL, run_connection,
                           connection) == 0,
            "pthread_create");
}

static void *run_server(void *ctx)
{
    struct scripted_server *server = ctx;
    struct pollfd poller = {.fd = server->listener, .events = POLLIN};

    while (!atomic_load(&server->stopping)) {
        int fd;

        if (poll(&poller, 1, SLICE_MS) <= 0)
            continue;
        fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0)
            take_connection(server, fd);
    }
    return NULL;
}

static void listen_somewhere(struct scripted_server *server)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof(address);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    require(server->listener >= 0, "socket");
    require(bind(server->listener, (struct sockaddr *)&address, len) == 0,
            "bind");
    require(listen(server->listener, 256) == 0, "listen");
    require(getsockname(server->listener, (struct sockaddr *)&address, &len) ==
                0,
            "getsockname");
    server->port = ntohs(address.sin_port);
}

struct scripted_server *scripted_start(enum scripted_tls tls,
                                       const struct scripted_answer *answers,
                                       size_t nr_answers)
{
    struct scripted_server *server = calloc(1, sizeof(*server));

    require(server != NULL, "calloc");
    server->answers = answers;
    server->nr_answers = nr_answers;
    server->tls = tls;
    server->context = scripted_tls_context(tls);
    pthread_mutex_init(&server->lock, NULL);
    listen_somewhere(server);
    require(pthread_create(&server->thread, NULL, run_server, server) == 0,
            "pthread_create");
    return server;
}

void scripted_stop(struct scripted_server *server)
{
    if (!server)
        return;
    atomic_store(&server->stopping, true);
    pthread_join(server->thread, NULL);
    pthread_mutex_lock(&server->lock);
    for (size_t i = 0; i < server->nr_connections; i++)
        if (server->connections[i]->fd >= 0)
            shutdown(server->connections[i]->fd, SHUT_RDWR);
    pthread_mutex_unlock(&server->lock);
    for (size_t i = 0; i < server->nr_connections; i++) {
        pthread_join(server->connections[i]->thread, NULL);
        free(server->connections[i]);
    }
    close(server->listener);
    SSL_CTX_free(server->context);
    pthread_mutex_destroy(&server->lock);
    free(server);
}

uint16_t scripted_port(const struct scripted_server *server)
{
    return server->port;
}

size_t scripted_nr_connections(struct scripted_server *server)
{
    size_t nr;

    pthread_mutex_lock(&server->lock);
    nr = server->nr_connections;
    pthread_mutex_unlock(&server->lock);
    return nr;
}

void scripted_last_request(struct scripted_server *server, char *out,
                           size_t cap)
{
    pthread_mutex_lock(&server->lock);
    snprintf(out, cap, "%s", server->last_request);
    pthread_mutex_unlock(&server->lock);
}
