/*
 * The event loop of a worker: sockets and one timer for libcurl's multi
 * interface (curl_multi_socket_action(3)), in one epoll.
 *
 * It knows no transfers. libcurl tells it by two callbacks what to wait for;
 * what stirs is handed to the caller, who tells libcurl.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "crawler/fetch/fetch_internal.h"

/* ---- descriptors ---- */

static struct interest *interest_of(struct loop *loop, int fd)
{
    size_t nr = loop->nr_interests;

    if ((size_t)fd < nr)
        return &loop->interests[fd];
    while (nr <= (size_t)fd)
        nr = nr ? nr * 2 : 256;
    loop->interests =
        xrealloc_array(loop->interests, nr, sizeof(*loop->interests));
    memset(loop->interests + loop->nr_interests, 0,
           (nr - loop->nr_interests) * sizeof(*loop->interests));
    loop->nr_interests = nr;
    return &loop->interests[fd];
}

/* Brings epoll to `events`. `armed` may be wrong for a descriptor that libcurl
 * opened itself (a resolver's pair, say), as nobody tells us when that is
 * closed: then the other operation is tried, too. */
static void arm(struct loop *loop, int fd, struct interest *interest,
                uint32_t events)
{
    struct epoll_event event = {.events = events, .data.fd = fd};
    int op = interest->armed ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

    if (events == interest->armed && interest->is_ours)
        return;
    if (events == 0) {
        epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
        interest->armed = 0;
        return;
    }
    if (epoll_ctl(loop->epoll_fd, op, fd, &event) == 0) {
        interest->armed = events;
        return;
    }
    if (errno == ENOMEM || errno == ENOSPC) {
        loop->is_deaf = true;
        return;
    }
    op = op == EPOLL_CTL_ADD ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    interest->armed =
        epoll_ctl(loop->epoll_fd, op, fd, &event) == 0 ? events : 0;
}

void loop_socket_opened(struct loop *loop, int fd, void *owner)
{
    *interest_of(loop, fd) = (struct interest){.is_ours = true, .owner = owner};
}

int loop_close_socket(struct loop *loop, int fd)
{
    *interest_of(loop, fd) = (struct interest){0};
    return close(fd);
}

void loop_watch(struct loop *loop, int fd, uint32_t events, void *owner)
{
    struct interest *interest = interest_of(loop, fd);

    if (interest->owner != owner || !interest->is_ours)
        *interest = (struct interest){.is_ours = true, .owner = owner};
    interest->is_wanted = events != 0;
    arm(loop, fd, interest, events);
    if (events == 0)
        *interest = (struct interest){0};
}

enum err loop_watch_other(struct loop *loop, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

    if (fd == loop->other_fd)
        return CERR_OK;
    if (loop->other_fd >= 0)
        epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, loop->other_fd, NULL);
    loop->other_fd = -1;
    if (fd >= 0 && epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event))
        return CERR_IO;
    loop->other_fd = fd;
    return CERR_OK;
}

/* ---- what libcurl wants ---- */

/*
 * A connection that libcurl takes out stays in epoll as it is, because most
 * often it is wanted again for the next request. If it stirs meanwhile,
 * loop_next_event() takes it out.
 */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *ctx,
                     void *assigned)
{
    struct loop *loop = ctx;
    struct interest *interest = interest_of(loop, fd);
    uint32_t events = 0;

    (void)easy;
    (void)assigned;
    if (what == CURL_POLL_REMOVE) {
        interest->is_wanted = false;
        if (!interest->is_ours)
            arm(loop, fd, interest, 0);
        return 0;
    }
    if (what & CURL_POLL_IN)
        events |= EPOLLIN;
    if (what & CURL_POLL_OUT)
        events |= EPOLLOUT;
    interest->is_wanted = events != 0;
    arm(loop, fd, interest, events);
    return 0;
}

static int on_timer(CURLM *multi, long timeout_ms, void *ctx)
{
    struct loop *loop = ctx;

    (void)multi;
    loop->timer_is_set = timeout_ms >= 0;
    if (loop->timer_is_set)
        loop->timer_ms = loop->now_ms + timeout_ms;
    return 0;
}

enum err loop_open(struct loop *loop, CURLM *multi)
{
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (loop->epoll_fd < 0)
        return err_from_errno(errno);
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, loop);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, loop);
    loop->now_ms = clock_mono_ms();
    return CERR_OK;
}

void loop_close(struct loop *loop)
{
    if (loop->epoll_fd >= 0)
        close(loop->epoll_fd);
    free(loop->interests);
}

/* ---- waiting ---- */

bool loop_timer_is_due(struct loop *loop)
{
    if (!loop->timer_is_set || loop->timer_ms > loop->now_ms)
        return false;
    /* libcurl keeps silent if it finds the call too early by a hair. So it is
     * called again soon, unless it sets another time. */
    loop->timer_ms = loop->now_ms + 1;
    return true;
}

static int choose_wait(const struct loop *loop, int64_t timeout_ms)
{
    int64_t until_timer_ms = loop->timer_ms - loop->now_ms;

    if (loop->timer_is_set && (timeout_ms < 0 || until_timer_ms < timeout_ms))
        timeout_ms = until_timer_ms < 0 ? 0 : until_timer_ms;
    return timeout_ms < INT32_MAX ? (int)timeout_ms : INT32_MAX;
}

enum err loop_wait(struct loop *loop, int64_t timeout_ms)
{
    int nr = epoll_wait(loop->epoll_fd, loop->events, LOOP_EVENTS_MAX,
                        choose_wait(loop, timeout_ms));
    int errnum = errno;

    loop->now_ms = clock_mono_ms();
    loop->nr_events = nr > 0 ? (size_t)nr : 0;
    loop->next_event = 0;
    return nr >= 0 || errnum == EINTR ? CERR_OK : err_from_errno(errnum);
}

/* What is wanted is asked when an event's turn has come: those before it may
 * have closed its socket. */
bool loop_next_event(struct loop *loop, struct loop_event *event)
{
    while (loop->next_event < loop->nr_events) {
        const struct epoll_event *next = &loop->events[loop->next_event++];
        int fd = next->data.fd;
        struct interest *interest;

        if (fd == loop->other_fd)
            continue;
        interest = interest_of(loop, fd);
        if (!interest->is_wanted) {
            arm(loop, fd, interest, 0);
            continue;
        }
        *event = (struct loop_event){.fd = fd, .owner = interest->owner};
        if (next->events & EPOLLIN)
            event->mask |= CURL_CSELECT_IN;
        if (next->events & EPOLLOUT)
            event->mask |= CURL_CSELECT_OUT;
        if (next->events & (EPOLLERR | EPOLLHUP))
            event->mask |= CURL_CSELECT_ERR;
        return true;
    }
    return false;
}
