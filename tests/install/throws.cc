// Functions that throw out of a child process: only the child ends. Its stack
// is a copy of the parent's, and the catch below must not be found in it.
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

#include "pool/pool.h"
#include "pool/pool_async.h"
#include "pool/shared/process.h"

namespace
{

void check(err code, const char *what)
{
    if (code != CERR_OK)
        throw std::runtime_error(what);
}

int throw_in_worker(worker_call *)
{
    throw std::runtime_error("nobody catches me");
}

int throw_in_process(void *)
{
    throw std::runtime_error("nobody catches me");
}

void run_pool()
{
    const pool_task_fn functions[] = {throw_in_worker};
    const pool_result *result;
    pool_options options = {};
    pool_task task = {};
    char text[1200];
    pool_async *async;
    pool *workers;

    options.nr_workers = 1;
    options.functions = functions;
    options.nr_functions = 1;
    check(pool_open(&workers, &options), "open");
    check(pool_apply(workers, &task, -1, &async), "apply");
    check(pool_get(async, 0, &result), "get");
    pool_result_describe(result, text, sizeof(text));
    std::printf("pool: %s\n", text);
    pool_async_free(async);
    pool_free(workers);
}

void run_process()
{
    process *child;
    int status = 0;

    check(process_start(&child, PROCESS_PLAIN, throw_in_process, nullptr),
          "start");
    check(process_join(child, -1, &status), "join");
    std::printf("process: %d\n", status);
    process_free(child);
}

} // namespace

int main()
{
    try {
        run_pool();
        run_process();
    } catch (const std::exception &error) {
        std::printf("caught: %s\n", error.what());
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
