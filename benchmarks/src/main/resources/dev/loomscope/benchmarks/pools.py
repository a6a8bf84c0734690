"""The pools of Python's standard library at the work of the Java programs beside it, with what they print.

Arguments: round-trip or throughput, executor or pool, the number of samples, and for throughput the number of tasks.
"""
import multiprocessing
import statistics
import sys
import time
from concurrent.futures import ProcessPoolExecutor

PER_SAMPLE = 1000
WARM_UP = 2000


def one():
    return 1


def one_of(_):
    return 1


def round_trips(name, call, samples):
    for _ in range(WARM_UP):
        call()
    for _ in range(samples):
        micros = []
        for _ in range(PER_SAMPLE):
            start = time.perf_counter_ns()
            if call() != 1:
                raise ValueError("each call has to return 1")
            micros.append((time.perf_counter_ns() - start) / 1e3)
        print("SAMPLE", name, statistics.median(micros))


def throughput(name, batch, samples, tasks):
    batch(tasks)
    for _ in range(samples):
        start = time.perf_counter_ns()
        if batch(tasks) != tasks:
            raise ValueError("each task has to return 1")
        print("SAMPLE", name, tasks / ((time.perf_counter_ns() - start) / 1e9))


def submit_all(executor, tasks):
    futures = [executor.submit(one) for _ in range(tasks)]
    return sum(future.result() for future in futures)


def main():
    what, which, samples = sys.argv[1], sys.argv[2], int(sys.argv[3])
    workers = 1 if what == "round-trip" else 2
    if which == "executor":
        with ProcessPoolExecutor(workers) as executor:
            if what == "round-trip":
                round_trips(which, lambda: executor.submit(one).result(), samples)
            else:
                throughput(which, lambda tasks: submit_all(executor, tasks), samples, int(sys.argv[4]))
    else:
        with multiprocessing.Pool(workers) as pool:
            if what == "round-trip":
                round_trips(which, lambda: pool.apply(one), samples)
            else:
                throughput(which, lambda tasks: sum(pool.imap(one_of, range(tasks))), samples, int(sys.argv[4]))


if __name__ == "__main__":
    main()
