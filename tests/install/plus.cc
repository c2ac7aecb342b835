// A C++ program of somebody else: a pool task, a queue and a dict.
#include <cstdint>
#include <cstdio>
#include <cstring>

#include "pool/map.h"
#include "pool/pool.h"
#include "pool/pool_async.h"
#include "pool/pool_stats.h"
#include "pool/shared/dict.h"
#include "pool/shared/list.h"
#include "pool/shared/lock.h"
#include "pool/shared/process.h"
#include "pool/shared/queue.h"

namespace
{

dict *counts;
queue *numbers;

bool is_ok(err code, const char *what)
{
    if (code != CERR_OK)
        std::fprintf(stderr, "%s: %s\n", what, err_str(code));
    return code == CERR_OK;
}

// In a worker: the square goes back, and into the queue.
int square(worker_call *call)
{
    std::int64_t number;

    std::memcpy(&number, call->data, sizeof(number));
    number *= number;
    if (!is_ok(dict_add_int(counts, sync_text("calls"), 1, nullptr), "add") ||
        !is_ok(queue_put(numbers, &number, sizeof(number), -1), "put"))
        return 1;
    return worker_return(call, &number, sizeof(number)) == CERR_OK ? 0 : 1;
}

void print(void *, const pool_result *result)
{
    std::int64_t number = 0;

    if (result->status == POOL_OK)
        std::memcpy(&number, result->data, sizeof(number));
    std::printf("%s: %d\n", pool_status_str(result->status), (int)number);
}

bool run()
{
    const pool_task_fn functions[] = {square};
    pool_options options = {};
    std::int64_t number = 7, calls = 0, sum = 0;
    pool_task task = {};
    pool *workers = nullptr;

    options.nr_workers = 1;
    options.functions = functions;
    options.nr_functions = 1;
    task.data = &number;
    task.len = sizeof(number);
    task.on_done = print;
    if (!is_ok(dict_open(&counts, nullptr), "dict") ||
        !is_ok(queue_open(&numbers, nullptr), "queue") ||
        !is_ok(pool_open(&workers, &options), "pool") ||
        !is_ok(pool_submit_wait(workers, &task, -1, nullptr), "submit") ||
        !is_ok(pool_close(workers), "close") ||
        !is_ok(pool_join(workers, -1), "join") ||
        !is_ok(queue_get(numbers, &sum, sizeof(sum), nullptr, 0), "get") ||
        !is_ok(dict_get_int(counts, sync_text("calls"), &calls), "calls"))
        return false;
    std::printf("queue: %d, calls: %d\n", (int)sum, (int)calls);
    pool_free(workers);
    queue_free(numbers);
    dict_free(counts);
    return true;
}

} // namespace

int main()
{
    return run() ? 0 : 1;
}
