// Tasks on several threads. Threads live for one call: nothing is left behind that a fork could break, and no other
// thread pool is disturbed.
#pragma once

#include <atomic>
#include <thread>
#include <vector>

// Run task(0) ... task(tasks - 1), each once, in any order. The results may not depend on the order.
template <class Task>
void run_parallel(int tasks, int threads, Task task) {
    if (threads > tasks) threads = tasks;
    std::atomic<int> next{0};
    auto work = [&] {
        for (int i = next++; i < tasks; i = next++) task(i);
    };
    std::vector<std::thread> others;
    for (int t = 1; t < threads; ++t) {
        try {
            others.emplace_back(work);
        } catch (...) {
            break;  // no more threads to be had: those that run, this one at least, do all the work
        }
    }
    work();
    for (auto& other : others) other.join();
}
