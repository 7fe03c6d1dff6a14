// Errors in descending order: a radix sort of (error, pixel, whether it is positive) by the bits of the error.
//
// Entries are stored as they come, and counted by their highest digit; then each is moved to the bucket of that digit. A bucket
// fits the caches, where it is sorted and used. Tasks have a fixed size and are combined in order, so results do not depend on
// the threads.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "memory.hpp"
#include "parallel.hpp"
#include "simd/platform.hpp"

namespace psl {

using Entry = std::uint64_t;  // from the highest bit: rest of the key, pixel, whether it is positive

// A key that sorts doubles in descending order, with the exponent range of floats: sign, 8 bits, 52 bits and 3 zeros. What is
// too small for a float becomes 0.
INLINE std::uint64_t key_of(double shifted) {
    constexpr std::uint64_t SIGN = std::uint64_t{1} << 63, ONE = std::uint64_t{1} << 52;
    std::uint64_t bits;
    std::memcpy(&bits, &shifted, sizeof bits);
    const std::uint64_t size = bits & ~SIGN, bias = size >= 2047 * ONE ? 1792 * ONE : 896 * ONE;  // infinity and NaN stay
    const std::uint64_t key = size < bias ? 0 : (size - bias) << 3;
    return bits & SIGN ? key | SIGN : key ^ ~SIGN;
}

INLINE double shifted_of(std::uint64_t key) {
    constexpr std::uint64_t SIGN = std::uint64_t{1} << 63, ONE = std::uint64_t{1} << 52;
    const std::uint64_t size = (key & SIGN ? key & ~SIGN : key ^ ~SIGN) >> 3;
    const std::uint64_t bits = (key & SIGN) | (size + (size >= 255 * ONE ? 1792 * ONE : 896 * ONE));
    double shifted;
    std::memcpy(&shifted, &bits, sizeof shifted);
    return shifted;
}

// How a key without its highest digit, which is its bucket, a pixel and whether it is positive fill an entry.
struct Packing {
    static constexpr int DIGIT = 13, REST = 64 - DIGIT;

    explicit Packing(std::int64_t pixels) {
        int bits = 1;
        while (pixels > std::int64_t{1} << bits) ++bits;
        low = (std::uint64_t{2} << bits) - 1;
    }

    Entry entry(std::uint64_t key, std::int64_t pixel, bool positive) const {
        return (key << DIGIT & ~low) | std::uint64_t(pixel) << 1 | std::uint64_t(positive);
    }
    std::int64_t pixel(Entry entry) const { return std::int64_t((entry & low) >> 1); }
    double shifted(std::uint64_t bucket, Entry entry) const { return shifted_of(bucket << REST | (entry & ~low) >> DIGIT); }

    std::uint64_t low;  // bits of the pixel and of `positive`
};

constexpr std::int64_t CHUNK = 1 << 17;  // pixels of a task; each has a table of buckets
constexpr std::int64_t PORTION = 1 << 16;  // entries of a task of sorting, or a few more

class Sorter {
public:
    // For `most` entries at most.
    Sorter(Arena& arena, std::int64_t most)
        : entries_(arena.take<Entry>(most)), unsorted_(arena.take<Entry>(most)), bucket_(arena.take<std::uint16_t>(most)) {}

    // Bytes of the arena that it takes.
    static std::int64_t bytes(std::int64_t most) { return 2 * Arena::bytes<Entry>(most) + Arena::bytes<std::uint16_t>(most); }

    // Stores and counts what make(chunk, buckets, entries) writes, which returns their number, CHUNK at most.
    template <class Make>
    void keep(int chunks, int threads, Make make) {
        sizes_.resize(chunks);
        counts_.assign(std::size_t(chunks) * BUCKETS, {});
        run_parallel(chunks, threads, [&](int i) {
            Count* counts = &counts_[std::size_t(i) * BUCKETS];
            const Entry* unsorted = unsorted_ + i * CHUNK;
            const std::uint16_t* bucket = bucket_ + i * CHUNK;
            sizes_[i] = make(i, bucket_ + i * CHUNK, unsorted_ + i * CHUNK);
            for (std::int64_t k = 0; k < sizes_[i]; ++k) {
                Count& count = counts[bucket[k]];
                ++count.all;
                count.positive += std::int32_t(unsorted[k] & 1);
            }
        });
    }

    // Sorts them, and calls use(task, bucket, entries, number, number before them, number of positives before them) for each
    // bucket, those of a task in order, tasks in parallel. Returns the number of tasks.
    template <class Use>
    int sort(int threads, Use use) {
        const std::vector<Task> tasks = plan();
        run_parallel(int(sizes_.size()), threads, [&](int i) {
            Count* counts = &counts_[std::size_t(i) * BUCKETS];
            const Entry* unsorted = unsorted_ + i * CHUNK;
            const std::uint16_t* bucket = bucket_ + i * CHUNK;
            for (std::int64_t k = 0; k < sizes_[i]; ++k) {
                Entry* place = &entries_[counts[bucket[k]].all++];
                *place = unsorted[k];
                prefetch_to_write(place + AHEAD);
            }
        });
        run_parallel(int(tasks.size()), threads, [&](int i) {
            const Task& task = tasks[i];
            const std::unique_ptr<Entry[]> space(new Entry[task.largest]);
            for (const Bucket& bucket : task.buckets) {
                sort_bucket(entries_ + bucket.first, bucket.size, space.get());
                use(i, bucket.digit, entries_ + bucket.first, bucket.size, bucket.first, bucket.positives_before);
            }
        });
        return int(tasks.size());
    }

private:
    static constexpr int BUCKETS = 1 << Packing::DIGIT, SECOND = 64 - 10, THIRD = SECOND - 9;
    static constexpr std::int64_t FEW = 48, AHEAD = 16;

    struct Count {
        std::int32_t all, positive;
    };
    struct Bucket {
        std::uint64_t digit;
        std::int64_t first, size, positives_before;
    };
    struct Task {
        std::vector<Bucket> buckets;
        std::int64_t size = 0, largest = 0;
    };

    // Distribute non-empty buckets over tasks. Counts of each chunk become the places of its first entries.
    std::vector<Task> plan() {
        std::vector<Count> total(BUCKETS, Count{});
        for (std::size_t i = 0; i < counts_.size(); ++i) {
            total[i % BUCKETS].all += counts_[i].all;
            total[i % BUCKETS].positive += counts_[i].positive;
        }
        std::vector<Task> tasks;
        std::vector<std::int32_t> place(BUCKETS);
        std::int64_t next = 0, positive = 0;
        for (int d = 0; d < BUCKETS; ++d) {
            place[d] = std::int32_t(next);
            if (total[d].all == 0) continue;
            if (tasks.empty() || tasks.back().size >= PORTION) tasks.emplace_back();
            Task& task = tasks.back();
            task.buckets.push_back({std::uint64_t(d), next, total[d].all, positive});
            task.size += total[d].all;
            task.largest = std::max<std::int64_t>(task.largest, total[d].all);
            next += total[d].all, positive += total[d].positive;
        }
        for (std::size_t i = 0; i < counts_.size(); ++i) {
            std::int32_t& here = place[i % BUCKETS];
            here += std::exchange(counts_[i].all, here);
        }
        return tasks;
    }

    // By two more digits, nearly all of a float's, and then by what remains; `space` is as large as the bucket.
    static void sort_bucket(Entry* bucket, std::int64_t count, Entry* space) {
        if (count <= FEW) {
            std::sort(bucket, bucket + count);  // stable, since pixels came in order
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

    Entry *entries_, *unsorted_;
    std::uint16_t* bucket_;
    std::vector<std::int64_t> sizes_;  // of each chunk
    std::vector<Count> counts_;  // [chunks][BUCKETS]
};

}  // namespace psl
