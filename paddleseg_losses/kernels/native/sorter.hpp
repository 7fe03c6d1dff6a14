// Errors in order, largest first: a radix sort of (error, pixel, mark) by the bits of the error.
//
// Entries are made twice: to be counted by their highest digit, and to be written into the bucket of that digit. A bucket
// fits the caches: it is sorted and used there. Tasks have a fixed size and are put together in order: results do not depend
// on the threads.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "memory.hpp"
#include "parallel.hpp"
#include "platform.hpp"

using Entry = std::uint64_t;  // sort key, pixel and whether it is marked, from the highest bit to the lowest

// The bits of a float in the order of the numbers, largest first.
INLINE Entry entry_of(float excess, std::int64_t pixel, bool marked) {
    std::uint32_t bits;
    std::memcpy(&bits, &excess, sizeof bits);
    bits ^= bits >> 31 ? 0x00000000u : 0x7fffffffu;
    return Entry(bits) << 32 | Entry(pixel) << 1 | Entry(marked);
}

INLINE float excess_of(Entry entry) {
    std::uint32_t bits = std::uint32_t(entry >> 32);
    bits ^= bits >> 31 ? 0x00000000u : 0x7fffffffu;
    float excess;
    std::memcpy(&excess, &bits, sizeof excess);
    return excess;
}

constexpr std::int64_t CHUNK = 1 << 16;  // entries of a task, or a few more

class Sorter {
public:
    Sorter(Room& room, std::int64_t most) : entries_(room.take<Entry>(most)) {}

    // Room that it takes.
    static std::int64_t bytes(std::int64_t most) { return Room::bytes<Entry>(most); }

    // Counts what make(chunk, take) hands out: take(entries, how many), any number of times.
    template <class Make>
    void count(int chunks, int threads, Make make) {
        chunks_ = chunks;
        counts_.assign(std::size_t(chunks) * BUCKETS, {});
        run_parallel(chunks, threads, [&](int i) {
            Count* counts = &counts_[std::size_t(i) * BUCKETS];
            make(i, [counts](const Entry* entries, int some) {
                for (int k = 0; k < some; ++k) {
                    Count& count = counts[entries[k] >> FIRST];
                    ++count.all;
                    count.marked += std::int32_t(entries[k] & 1);
                }
            });
        });
    }

    // Sorts the same entries. use(task, entries, how many, number of entries before them, number of marked ones before them)
    // gets them bucket by bucket, those of a task in order, and tasks at once. Returns the number of tasks.
    template <class Make, class Use>
    int sort(int threads, Make make, Use use) {
        const std::vector<Task> tasks = plan();
        run_parallel(chunks_, threads, [&](int i) {
            Count* counts = &counts_[std::size_t(i) * BUCKETS];
            make(i, [this, counts](const Entry* entries, int some) {
                for (int k = 0; k < some; ++k) {
                    Entry* place = &entries_[counts[entries[k] >> FIRST].all++];
                    *place = entries[k];
                    prefetch_to_write(place + AHEAD);
                }
            });
        });
        run_parallel(int(tasks.size()), threads, [&](int i) {
            const Task& task = tasks[i];
            const std::unique_ptr<Entry[]> space(new Entry[task.largest]);
            for (const Bucket& bucket : task.buckets) {
                sort_bucket(entries_ + bucket.first, bucket.size, space.get());
                use(i, entries_ + bucket.first, bucket.size, bucket.first, bucket.marked_before);
            }
        });
        return int(tasks.size());
    }

private:
    static constexpr int FIRST = 64 - 13, BUCKETS = 1 << 13, SECOND = FIRST - 10, THIRD = SECOND - 9;
    static constexpr std::int64_t FEW = 48, AHEAD = 16;

    struct Count {
        std::int32_t all, marked;
    };
    struct Bucket {
        std::int64_t first, size, marked_before;
    };
    struct Task {
        std::vector<Bucket> buckets;
        std::int64_t size = 0, largest = 0;
    };

    // Buckets that are not empty, some for each task. Counts of each chunk become the places of its first entries.
    std::vector<Task> plan() {
        std::vector<Count> total(BUCKETS, Count{});
        for (std::size_t i = 0; i < counts_.size(); ++i) {
            total[i % BUCKETS].all += counts_[i].all;
            total[i % BUCKETS].marked += counts_[i].marked;
        }
        std::vector<Task> tasks;
        std::vector<std::int32_t> place(BUCKETS);
        std::int64_t next = 0, marked = 0;
        for (int d = 0; d < BUCKETS; ++d) {
            place[d] = std::int32_t(next);
            if (total[d].all == 0) continue;
            if (tasks.empty() || tasks.back().size >= CHUNK) tasks.emplace_back();
            Task& task = tasks.back();
            task.buckets.push_back({next, total[d].all, marked});
            task.size += total[d].all;
            task.largest = std::max<std::int64_t>(task.largest, total[d].all);
            next += total[d].all, marked += total[d].marked;
        }
        for (std::size_t i = 0; i < counts_.size(); ++i) place[i % BUCKETS] += std::exchange(counts_[i].all, place[i % BUCKETS]);
        return tasks;
    }

    // By the rest of the key; `space` is as large as the bucket.
    static void sort_bucket(Entry* bucket, std::int64_t count, Entry* space) {
        if (count < 2) return;
        if (count <= FEW) {
            std::sort(bucket, bucket + count);  // pixels were in order
            return;
        }
        sort_by_digit<9>(bucket, count, THIRD, space);
        sort_by_digit<10>(space, count, SECOND, bucket);
    }

    template <int BITS>
    static void sort_by_digit(const Entry* from, std::int64_t count, int shift, Entry* to) {
        std::int32_t place[1 << BITS] = {};
        const auto digit = [shift](Entry entry) { return entry >> shift & ((1 << BITS) - 1); };
        for (std::int64_t k = 0; k < count; ++k) ++place[digit(from[k])];
        std::int32_t next = 0;
        for (std::int32_t& each : place) next += std::exchange(each, next);
        for (std::int64_t k = 0; k < count; ++k) to[place[digit(from[k])]++] = from[k];
    }

    Entry* entries_;
    int chunks_ = 0;
    std::vector<Count> counts_;  // [chunks][BUCKETS]
};
