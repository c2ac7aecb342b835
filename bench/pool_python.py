#!/usr/bin/python3
"""What bench_pool and bench_pool_sync measure, done by Python's multiprocessing.

Same names, same units, same work; BENCH_SCALE and BENCH_REPS as in bench.h.
Results are pickled bytes here, so whoever gets one has it copied already; the C
side looks at each cache line of a result to pay for reading it.
"""
import multiprocessing as mp
import os
import resource
import signal
import statistics
import time

SCALE = float(os.environ.get("BENCH_SCALE", "1"))
REPS = int(os.environ.get("BENCH_REPS", "3"))
BIG = b"x" * 1048576
clock = time.perf_counter


def scaled(count):
    return max(1, int(count * SCALE))


def best(run, count):
    return max(run(scaled(count)) for _ in range(REPS))


def report(name, value, unit):
    print(f"{name} {value:.6g} {unit}", flush=True)


def nop(value=0):
    return value


def body(size):
    return BIG[:size]


def slow(value):
    time.sleep(0.5)
    return value


def async_rate(function, argument, count):
    """Tasks a second, each with a callback."""
    done = []
    with mp.Pool(2) as pool:
        pool.apply(function, (argument,))
        begin = clock()
        tasks = [pool.apply_async(function, (argument,), callback=done.append if function is nop
                                  else lambda result: done.append(len(result)))
                 for _ in range(count)]
        for task in tasks:
            task.wait()
        rate = count / (clock() - begin)
    assert len(done) == count
    return rate


def imap_rate(chunk, count):
    with mp.Pool(2) as pool:
        pool.apply(nop)
        begin = clock()
        assert sum(1 for _ in pool.imap_unordered(nop, range(count), chunk)) == count
        return count / (clock() - begin)


def pool_figures():
    with mp.Pool(2) as pool:
        times = []
        for i in range(scaled(20000) + 200):
            begin = clock()
            pool.apply(nop, (i,))
            times.append((clock() - begin) * 1e6)
    report("pool_apply_roundtrip_median", statistics.median(times[200:]), "us")
    report("pool_apply_roundtrip_p99", sorted(times[200:])[len(times[200:]) * 99 // 100], "us")
    report("pool_apply_async_tiny", best(lambda n: async_rate(nop, 0, n), 30000), "tasks/s")

    def cpu():
        return sum(usage.ru_utime + usage.ru_stime for usage in
                   map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))
    before, count = cpu(), scaled(30000)
    with mp.Pool(2) as pool:
        for task in [pool.apply_async(nop, (i,)) for i in range(count)]:
            task.wait()
        pool.close()
        pool.join()
    report("pool_apply_async_tiny_cpu", (cpu() - before) / count * 1e6, "us_cpu/task")
    for name, size, count in (("20k", 20480, 6000), ("1m", 1048576, 300)):
        rate = best(lambda n, size=size: async_rate(body, size, n), count)
        report(f"pool_apply_async_{name}_rate", rate, "results/s")
        report(f"pool_apply_async_{name}_throughput", rate * size / 1e6, "MB/s")
    report("pool_imap_unordered_chunk1", best(lambda n: imap_rate(1, n), 40000), "tasks/s")
    report("pool_imap_unordered_chunk100", best(lambda n: imap_rate(100, n), 600000), "tasks/s")

    def start(_):
        begin = clock()
        pool = mp.Pool(2)
        pool.apply(nop)
        pool.close()
        pool.join()
        return 1 / (clock() - begin)
    report("pool_start_apply_close_join", 1e3 / best(start, 1), "ms")


def resident():
    with open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGESIZE")


def backlog_and_kills():
    count = scaled(200000)
    pool = mp.Pool(2)
    for _ in range(2):
        pool.apply_async(time.sleep, (60,))
    time.sleep(0.2)
    before = resident()
    tasks = [pool.apply_async(nop, (i,)) for i in range(count)]
    report("pool_backlog_bytes_per_task", (resident() - before) / len(tasks), "B/task")
    pool.terminate()

    def lost(tasks, seconds):
        end, missing = clock() + seconds, 0
        for task in tasks:
            try:
                task.get(max(0.01, end - clock()))
            except mp.TimeoutError:
                missing += 1
        return missing
    pool = mp.Pool(2)
    workers = [process.pid for process in mp.active_children()]
    tasks = [pool.apply_async(slow, (i,)) for i in range(4)]
    time.sleep(0.25)
    os.kill(workers[0], signal.SIGKILL)
    report("pool_tasks_lost_on_worker_kill", lost(tasks, 4), "tasks_of_4")
    pool.terminate()
    worst = 0
    for victim in (0, 1, 0, 1):    # which of them holds the lock is a coin toss
        known = {process.pid for process in mp.active_children()}
        pool = mp.Pool(2)
        workers = [p.pid for p in mp.active_children() if p.pid not in known]
        pool.apply(nop)
        time.sleep(0.3)
        os.kill(workers[victim], signal.SIGKILL)
        time.sleep(0.5)
        worst = max(worst, lost([pool.apply_async(nop, (i,)) for i in range(4)], 2))
        if worst:
            break
    report("pool_tasks_lost_on_idle_worker_kill", worst, "tasks_of_4")


def produce(queue, go, count, data):
    go.wait()
    for _ in range(count):
        queue.put(data)
    queue.put(b"")


def stream_rate(make, data, count):
    queue, go = make(), mp.Event()
    producer = mp.Process(target=produce, args=(queue, go, count, data))
    producer.start()
    time.sleep(0.1)
    begin = clock()
    go.set()
    joinable = hasattr(queue, "task_done")
    while queue.get():
        if joinable:
            queue.task_done()
    if joinable:
        queue.task_done()
        queue.join()
    rate = count / (clock() - begin)
    producer.join()
    return rate


def add(table, lock, count):
    for _ in range(count):
        with lock:
            table["n"] = table["n"] + 1


def add_value(value, count):
    for _ in range(count):
        with value.get_lock():
            value.value += 1


def together(target, nr, *args):
    processes = [mp.Process(target=target, args=args) for _ in range(nr)]
    begin = clock()
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    return clock() - begin


def sync_figures():
    for name, make, data, count in (
            ("queue_tiny", mp.Queue, b"x", 100000),
            ("queue_20k", mp.Queue, BIG[:20480], 20000),
            ("queue_bounded64_tiny", lambda: mp.Queue(64), b"x", 60000),
            ("joinable_tiny", mp.JoinableQueue, b"x", 60000)):
        report(name, best(lambda n, m=make, d=data: stream_rate(m, d, n), count), "items/s")
    with mp.Manager() as manager:
        table, lock = manager.dict(n=0), manager.Lock()
        for nr in (1, 2):
            rate = best(lambda n, nr=nr: n / together(add, nr, table, lock, n // nr), 10000)
            report(f"manager_dict_rmw_{nr}proc{'s' * (nr > 1)}", rate, "ops/s")
    value = mp.Value("q", 0)
    report("value_lock_rmw_2procs",
           best(lambda n: n / together(add_value, 2, value, n // 2), 200000), "ops/s")


if __name__ == "__main__":
    pool_figures()
    sync_figures()
    backlog_and_kills()
    os._exit(0)     # a pool that lost its lock may not end otherwise
