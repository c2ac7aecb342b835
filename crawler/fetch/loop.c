#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "crawler/fetch/fetch_internal.h"

#define EVENTS_MAX         256
#define CHECK_EVERY_MS_MIN ((int64_t)5)
#define CHECK_EVERY_MS_MAX ((int64_t)250)

/* ---- descriptors ---- */

static struct interest *interest_of(struct transfers *set, int fd)
{
    size_t nr = set->nr_interests;

    if ((size_t)fd < nr)
        return &set->interests[fd];
    while (nr <= (size_t)fd)
        nr = nr ? nr * 2 : 256;
    set->interests =
        xrealloc_array(set->interests, nr, sizeof(*set->interests));
    memset(set->interests + set->nr_interests, 0,
           (nr - set->nr_interests) * sizeof(*set->interests));
    set->nr_interests = nr;
    return &set->interests[fd];
}

/* Brings epoll to `events`; what is known may be wrong for descriptors that
 * libcurl opens and closes by itself. */
static void arm(struct transfers *set, int fd, struct interest *interest,
                uint32_t events)
{
    struct epoll_event event = {.events = events, .data.fd = fd};
    int op = interest->armed ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

    if (events == interest->armed && interest->is_ours)
        return;
    if (events == 0) {
        epoll_ctl(set->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
        interest->armed = 0;
        return;
    }
    if (epoll_ctl(set->epoll_fd, op, fd, &event) == 0) {
        interest->armed = events;
        return;
    }
    if (errno == ENOMEM || errno == ENOSPC) {
        set->is_deaf = true;
        return;
    }
    op = op == EPOLL_CTL_ADD ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    interest->armed =
        epoll_ctl(set->epoll_fd, op, fd, &event) == 0 ? events : 0;
}

void loop_socket_opened(struct transfer *transfer, int fd)
{
    *interest_of(transfer->set, fd) =
        (struct interest){.is_ours = true, .cache = transfer->cache};
}

/* Closing takes it out of epoll. */
int loop_close_socket(void *ctx, curl_socket_t fd)
{
    *interest_of(ctx, fd) = (struct interest){0};
    return close(fd);
}

/*
 * Lazy: a connection that libcurl takes out stays in epoll as it is, as it is
 * most often wanted again for the next request. If it stirs meanwhile, it is
 * taken out then.
 */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *ctx,
                     void *assigned)
{
    struct transfers *set = ctx;
    struct interest *interest = interest_of(set, fd);
    uint32_t events = 0;

    (void)easy;
    (void)assigned;
    if (what == CURL_POLL_REMOVE) {
        interest->is_wanted = false;
        if (!interest->is_ours)
            arm(set, fd, interest, 0);
        return 0;
    }
    if (what & CURL_POLL_IN)
        events |= EPOLLIN;
    if (what & CURL_POLL_OUT)
        events |= EPOLLOUT;
    interest->is_wanted = events != 0;
    arm(set, fd, interest, events);
    return 0;
}

static int on_timer(CURLM *multi, long timeout_ms, void *ctx)
{
    struct transfers *set = ctx;

    (void)multi;
    set->timer_is_set = timeout_ms >= 0;
    if (set->timer_is_set)
        set->timer_ms = set->now_ms + timeout_ms;
    return 0;
}

static int64_t smallest(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Looks about twenty times within the shortest limit. */
static int64_t choose_check_every(const struct fetch_options *options)
{
    int64_t shortest = options->total_timeout_ms;

    shortest = smallest(shortest, options->dns_timeout_ms);
    shortest = smallest(shortest, options->connect_timeout_ms);
    shortest = smallest(shortest, options->first_byte_timeout_ms);
    shortest = smallest(shortest, options->stall_timeout_ms) / 20;
    if (shortest < CHECK_EVERY_MS_MIN)
        return CHECK_EVERY_MS_MIN;
    return smallest(shortest, CHECK_EVERY_MS_MAX);
}

enum err loop_open(struct transfers *set)
{
    set->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (set->epoll_fd < 0)
        return err_from_errno(errno);
    curl_multi_setopt(set->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(set->multi, CURLMOPT_SOCKETDATA, set);
    curl_multi_setopt(set->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(set->multi, CURLMOPT_TIMERDATA, set);
    set->check_every_ms = choose_check_every(&set->options);
    set->now_ms = clock_mono_ms();
    return CERR_OK;
}

void loop_close(struct transfers *set)
{
    if (set->epoll_fd >= 0)
        close(set->epoll_fd);
    free(set->interests);
}

enum err transfers_watch(struct transfers *set, int fd, bool writing)
{
    struct epoll_event event = {
        .events = EPOLLIN | (writing ? (uint32_t)EPOLLOUT : 0),
        .data.fd = fd,
    };
    int op = set->watched_fd == fd ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

    if (set->watched_fd == fd &&
        (fd < 0 || set->watched_events == event.events))
        return CERR_OK;
    if (fd < 0) {
        epoll_ctl(set->epoll_fd, EPOLL_CTL_DEL, set->watched_fd, NULL);
        set->watched_fd = -1;
        return CERR_OK;
    }
    if (epoll_ctl(set->epoll_fd, op, fd, &event))
        return CERR_IO;
    set->watched_fd = fd;
    set->watched_events = event.events;
    return CERR_OK;
}

/* ---- time limits ---- */

static bool has_stalled(struct transfer *transfer)
{
    const struct fetch_options *options = &transfer->set->options;
    int64_t waited_ms = transfer->set->now_ms - transfer->window_ms;
    uint64_t got = transfer->progress - transfer->window_progress;
    uint64_t wanted = (uint64_t)(options->stall_bytes_per_s * waited_ms / 1000);

    if (waited_ms < options->stall_timeout_ms)
        return false;
    if (got < wanted || got == 0)
        return true;
    transfer->window_ms = transfer->set->now_ms;
    transfer->window_progress = transfer->progress;
    return false;
}

static void check_limits(struct transfer *transfer)
{
    const struct fetch_options *options = &transfer->set->options;
    int64_t now_ms = transfer->set->now_ms;
    int64_t waited_ms = now_ms - transfer->phase_ms;
    enum error error = ERROR_NONE;
    const char *note = "";

    switch (transfer->phase) {
    case PHASE_WAITING:
        break;
    case PHASE_RESOLVING:
        if (waited_ms >= options->dns_timeout_ms)
            error = ERROR_DNS_TIMEOUT;
        break;
    case PHASE_CONNECTING:
        if (waited_ms >= options->connect_timeout_ms)
            error = ERROR_CONNECT_TIMEOUT;
        break;
    case PHASE_ASKED:
        if (waited_ms >= options->first_byte_timeout_ms) {
            error = ERROR_TIMEOUT;
            note = "no answer to the request";
        }
        break;
    case PHASE_ANSWERING:
        if (has_stalled(transfer))
            error = ERROR_STALLED;
        break;
    }
    if (!error && now_ms - transfer->start_ms >= options->total_timeout_ms)
        error = ERROR_TIMEOUT;
    if (error)
        transfer_end(transfer, CURLE_OPERATION_TIMEDOUT, error, note);
}

static void check_all_limits(struct transfers *set)
{
    for (size_t i = 0; i < set->nr_all; i++)
        if (set->all[i]->active)
            check_limits(set->all[i]);
    set->check_ms = set->now_ms + set->check_every_ms;
}

/* ---- a turn ---- */

static void run_timer(struct transfers *set)
{
    int running;

    if (!set->timer_is_set || set->timer_ms > set->now_ms)
        return;
    /* If libcurl finds it too early by a hair, it keeps silent: so ask again
     * soon, unless it says otherwise. */
    set->timer_ms = set->now_ms + 1;
    handles_limit(set, NULL);
    curl_multi_socket_action(set->multi, CURL_SOCKET_TIMEOUT, 0, &running);
}

static void run_socket(struct transfers *set, int fd, uint32_t events)
{
    struct interest *interest = interest_of(set, fd);
    int running;
    int mask = 0;

    if (!interest->is_wanted) {
        arm(set, fd, interest, 0);
        return;
    }
    if (events & EPOLLIN)
        mask |= CURL_CSELECT_IN;
    if (events & EPOLLOUT)
        mask |= CURL_CSELECT_OUT;
    if (events & (EPOLLERR | EPOLLHUP))
        mask |= CURL_CSELECT_ERR;
    handles_limit(set, interest->cache);
    curl_multi_socket_action(set->multi, fd, mask, &running);
}

/* True when at least one has ended. */
static bool collect_ended(struct transfers *set)
{
    bool any = false;
    int nr_left;
    CURLMsg *message = curl_multi_info_read(set->multi, &nr_left);

    for (; message; message = curl_multi_info_read(set->multi, &nr_left)) {
        CURLcode code = message->data.result;
        char *private = NULL;

        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
        transfer_end((struct transfer *)private, code, ERROR_NONE, "");
        any = true;
    }
    return any;
}

static int choose_wait(const struct transfers *set, int timeout_ms)
{
    int64_t wait_ms = timeout_ms < 0 ? INT32_MAX : timeout_ms;
    bool is_idle = set->nr_busy == 0;

    if (set->timer_is_set)
        wait_ms = smallest(wait_ms, set->timer_ms - set->now_ms);
    if (!is_idle)
        wait_ms = smallest(wait_ms, set->check_ms - set->now_ms);
    if (timeout_ms < 0 && is_idle && !set->timer_is_set)
        return -1;
    return wait_ms < 0 ? 0 : (int)wait_ms;
}

enum err transfers_turn(struct transfers *set, int timeout_ms, bool *watched)
{
    struct epoll_event events[EVENTS_MAX];
    int nr;

    *watched = false;
    set->nr_fresh = 0;
    run_timer(set); /* sends what has just been started */
    if (collect_ended(set))
        timeout_ms = 0;
    nr = epoll_wait(set->epoll_fd, events, EVENTS_MAX,
                    choose_wait(set, timeout_ms));
    set->now_ms = clock_mono_ms();
    if (nr < 0)
        return errno == EINTR ? CERR_OK : err_from_errno(errno);
    for (int i = 0; i < nr; i++) {
        if (events[i].data.fd == set->watched_fd)
            *watched = true;
        else
            run_socket(set, events[i].data.fd, events[i].events);
    }
    run_timer(set);
    collect_ended(set);
    if (set->now_ms >= set->check_ms)
        check_all_limits(set);
    return set->is_deaf ? CERR_NOMEM : CERR_OK;
}
