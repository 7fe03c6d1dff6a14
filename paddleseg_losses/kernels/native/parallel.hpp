// Tasks on several threads. Threads live for one call, so nothing remains that a fork could break, and no other thread pool is
// disturbed.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <thread>
#include <vector>

#include "api.h"

namespace psl {

// Run task(space, 0) ... task(space, tasks - 1), each once, in any order, with a work space that each thread makes once.
// Results must not depend on the order. What a thread throws is thrown here, after the others have stopped.
template <class Make, class Task>
void run_parallel(int tasks, int threads, Make make, Task task) {
    if (threads > tasks) threads = tasks;
    std::atomic<int> next{0};
    std::atomic<bool> failed{false};
    std::exception_ptr problem;
    auto work = [&] {
        try {
            auto space = make();
            for (int i = next++; i < tasks && !failed; i = next++) task(space, i);
        } catch (...) {
            if (!failed.exchange(true)) problem = std::current_exception();
        }
    };
    std::vector<std::thread> others;
    for (int t = 1; t < threads; ++t) {
        try {
            others.emplace_back(work);
        } catch (...) {
            break;  // the system gives no more threads: those that run, at least this one, do the work
        }
    }
    work();
    for (auto& other : others) other.join();
    if (problem) std::rethrow_exception(problem);
}

// The same without work space.
template <class Task>
void run_parallel(int tasks, int threads, Task task) {
    run_parallel(tasks, threads, [] { return nullptr; }, [&](std::nullptr_t, int i) { task(i); });
}

// Run task(first, last) on slices of 0 ... total, a few for each thread. Results must not depend on the slices.
template <class Task>
void run_slices(std::int64_t total, int threads, Task task) {
    const int slices = threads > 1 ? 4 * threads : 1;
    run_parallel(slices, threads, [&](int i) { task(total * i / slices, total * (i + 1) / slices); });
}

// The status of work that may throw; only memory can run out.
template <class Work>
Status status_of(Work work) {
    try {
        work();
        return 0;
    } catch (...) {
        return 1;
    }
}

}  // namespace psl
