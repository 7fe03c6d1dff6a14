// Errors in order, largest first: a radix sort of (error, pixel, mark) by the bits of the error.
//
// Entries are kept as they come, and counted by their highest digit; then each goes into the bucket of that digit. A bucket
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

using Entry = std::uint64_t;  // rest of the key, pixel and whether it is marked, from the highest bit to the lowest

// A double in the order of the numbers, largest first, with the exponents of floats: sign, 8 bits, 52 bits and 3 that are 0.
// What is too small for a float is as small as the smallest.
INLINE std::uint64_t key_of(double excess) {
    constexpr std::uint64_t SIGN = std::uint64_t{1} << 63, ONE = std::uint64_t{1} << 52;
    std::uint64_t bits;
    std::memcpy(&bits, &excess, sizeof bits);
    const std::uint64_t size = bits & ~SIGN, bias = size >= 2047 * ONE ? 1792 * ONE : 896 * ONE;  // infinity and NaN stay
    const std::uint64_t key = size < bias ? 0 : (size - bias) << 3;
    return bits & SIGN ? key | SIGN : key ^ ~SIGN;
}

INLINE double excess_of(std::uint64_t key) {
    constexpr std::uint64_t SIGN = std::uint64_t{1} << 63, ONE = std::uint64_t{1} << 52;
    const std::uint64_t size = (key & SIGN ? key & ~SIGN : key ^ ~SIGN) >> 3;
    const std::uint64_t bits = (key & SIGN) | (size + (size >= 255 * ONE ? 1792 * ONE : 896 * ONE));
    double excess;
    std::memcpy(&excess, &bits, sizeof excess);
    return excess;
}

// How a key, whose highest digit is its bucket, a pixel and a mark fill an entry.
struct Packing {
    static constexpr int DIGIT = 13, REST = 64 - DIGIT;

    explicit Packing(std::int64_t pixels) {
        int bits = 1;
        while (pixels > std::int64_t{1} << bits) ++bits;
        low = (std::uint64_t{2} << bits) - 1;
    }

    Entry entry(std::uint64_t key, std::int64_t pixel, bool marked) const {
        return (key << DIGIT & ~low) | std::uint64_t(pixel) << 1 | std::uint64_t(marked);
    }
    std::int64_t pixel(Entry entry) const { return std::int64_t((entry & low) >> 1); }
    double excess(std::uint64_t bucket, Entry entry) const { return excess_of(bucket << REST | (entry & ~low) >> DIGIT); }

    std::uint64_t low;  // bits of pixel and mark
};

constexpr std::int64_t CHUNK = 1 << 17;  // pixels that are read together; there is a table of buckets for each
constexpr std::int64_t PORTION = 1 << 16;  // entries that are sorted together, or a few more

class Sorter {
public:
    // Of at most so many entries.
    Sorter(Room& room, std::int64_t most)
        : entries_(room.take<Entry>(most)), given_(room.take<Entry>(most)), bucket_(room.take<std::uint16_t>(most)) {}

    // Room that it takes.
    static std::int64_t bytes(std::int64_t most) { return 2 * Room::bytes<Entry>(most) + Room::bytes<std::uint16_t>(most); }

    // Keeps what make(chunk, buckets, entries) writes, and counts it. It returns how many these are, CHUNK at most.
    template <class Make>
    void keep(int chunks, int threads, Make make) {
        some_.resize(chunks);
        counts_.assign(std::size_t(chunks) * BUCKETS, {});
        run_parallel(chunks, threads, [&](int i) {
            Count* counts = &counts_[std::size_t(i) * BUCKETS];
            const Entry* given = given_ + i * CHUNK;
            const std::uint16_t* bucket = bucket_ + i * CHUNK;
            some_[i] = make(i, bucket_ + i * CHUNK, given_ + i * CHUNK);
            for (std::int64_t k = 0; k < some_[i]; ++k) {
                Count& count = counts[bucket[k]];
                ++count.all;
                count.marked += std::int32_t(given[k] & 1);
            }
        });
    }

    // Sorts them. use(task, bucket, entries, how many, number of entries before them, of marked ones before them) gets them
    // bucket by bucket, those of a task in order, and tasks at once. Returns the number of tasks.
    template <class Use>
    int sort(int threads, Use use) {
        const std::vector<Task> tasks = plan();
        run_parallel(int(some_.size()), threads, [&](int i) {
            Count* counts = &counts_[std::size_t(i) * BUCKETS];
            const Entry* given = given_ + i * CHUNK;
            const std::uint16_t* bucket = bucket_ + i * CHUNK;
            for (std::int64_t k = 0; k < some_[i]; ++k) {
                Entry* place = &entries_[counts[bucket[k]].all++];
                *place = given[k];
                prefetch_to_write(place + AHEAD);
            }
        });
        run_parallel(int(tasks.size()), threads, [&](int i) {
            const Task& task = tasks[i];
            const std::unique_ptr<Entry[]> space(new Entry[task.largest]);
            for (const Bucket& bucket : task.buckets) {
                sort_bucket(entries_ + bucket.first, bucket.size, space.get());
                use(i, bucket.digit, entries_ + bucket.first, bucket.size, bucket.first, bucket.marked_before);
            }
        });
        return int(tasks.size());
    }

private:
    static constexpr int BUCKETS = 1 << Packing::DIGIT, SECOND = 64 - 10, THIRD = SECOND - 9;
    static constexpr std::int64_t FEW = 48, AHEAD = 16;

    struct Count {
        std::int32_t all, marked;
    };
    struct Bucket {
        std::uint64_t digit;
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
            if (tasks.empty() || tasks.back().size >= PORTION) tasks.emplace_back();
            Task& task = tasks.back();
            task.buckets.push_back({std::uint64_t(d), next, total[d].all, marked});
            task.size += total[d].all;
            task.largest = std::max<std::int64_t>(task.largest, total[d].all);
            next += total[d].all, marked += total[d].marked;
        }
        for (std::size_t i = 0; i < counts_.size(); ++i) {
            std::int32_t& here = place[i % BUCKETS];
            here += std::exchange(counts_[i].all, here);
        }
        return tasks;
    }

    // By two more digits, which are nearly all of a float, and then by what is left; `space` is as large as the bucket.
    static void sort_bucket(Entry* bucket, std::int64_t count, Entry* space) {
        if (count <= FEW) {
            std::sort(bucket, bucket + count);  // pixels were in order
            return;
        }
        sort_by_digit<9>(bucket, count, THIRD, space);
        sort_by_digit<10>(space, count, SECOND, bucket);
        for (std::int64_t k = 1; k < count; ++k) {
            if (bucket[k - 1] <= bucket[k]) continue;
            std::int64_t first = k - 1;  // of those that have the same digits so far
            while (first > 0 && bucket[first - 1] >> THIRD == bucket[k] >> THIRD) --first;
            while (k < count && bucket[k] >> THIRD == bucket[first] >> THIRD) ++k;
            std::sort(bucket + first, bucket + k);
        }
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

    Entry *entries_, *given_;
    std::uint16_t* bucket_;
    std::vector<std::int64_t> some_;  // of each chunk
    std::vector<Count> counts_;  // [chunks][BUCKETS]
};
