/*
 * Stands between the program and the C library: a getaddrinfo() that answers
 * the names below in its own way. Others are looked up.
 */
#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <string.h>

#include "tests/integration/lookup_double.h"

static _Atomic int nr_calls;

int lookup_double_nr_calls(void)
{
    return nr_calls;
}

static int look_up(const char *name, const char *service,
                   const struct addrinfo *hints, struct addrinfo **found)
{
    int (*real)(const char *, const char *, const struct addrinfo *,
                struct addrinfo **);
    void *symbol = dlsym(RTLD_NEXT, "getaddrinfo");

    memcpy(&real, &symbol, sizeof(real));
    return real(name, service, hints, found);
}

int getaddrinfo(const char *name, const char *service,
                const struct addrinfo *hints, struct addrinfo **found)
{
    static struct {
        const char *name;
        int error;      /* for errno */
        int results[3]; /* in turns; 0: it is 127.0.0.1 */
        _Atomic unsigned nr_asked;
    } answers[] = {
        {"missing.test", 0, {EAI_NONAME, EAI_NONAME, EAI_NONAME}, 0},
        {"memory.test", ENOMEM, {EAI_MEMORY, EAI_MEMORY, EAI_MEMORY}, 0},
        {"unsaid.test", ENOMEM, {EAI_NONAME, EAI_NONAME, EAI_NONAME}, 0},
        {"descriptors.test", EMFILE, {EAI_SYSTEM, EAI_SYSTEM, EAI_SYSTEM}, 0},
        {"never.test", EAGAIN, {EAI_AGAIN, EAI_AGAIN, EAI_AGAIN}, 0},
        {"later.test", EAGAIN, {EAI_AGAIN, EAI_AGAIN, EAI_NONAME}, 0},
        {"again.test", EAGAIN, {EAI_AGAIN, 0, 0}, 0},
    };

    nr_calls++;
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        int result;

        if (strcmp(name, answers[i].name) != 0)
            continue;
        result = answers[i].results[answers[i].nr_asked++ % 3];
        if (result == 0)
            return look_up("127.0.0.1", service, hints, found);
        errno = answers[i].error;
        return result;
    }
    return look_up(name, service, hints, found);
}
