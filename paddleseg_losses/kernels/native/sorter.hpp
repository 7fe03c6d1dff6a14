// Errors in order, largest first: a radix sort of (error, pixel, mark) by the bits of the error.
//
// The first pass splits entries by their highest digit into buckets, which then fit the caches and are sorted on their own,
// several at a time. Chunks have a fixed size and are put together in order: results do not depend on the threads.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
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

constexpr std::int64_t CHUNK = 1 << 16;  // entries of a task

class Sorter {
public:
    Sorter(Room& room, std::int64_t most) : here_(room.take<Entry>(most)), there_(room.take<Entry>(most)) {}

    // Room that it takes.
    static std::int64_t bytes(std::int64_t most) { return 2 * Room::bytes<Entry>(most); }

    // Takes what collect(chunk, entries) writes, at most CHUNK entries, and says how many.
    template <class Collect>
    void fill(int chunks, int threads, Collect collect) {
        filled_.assign(chunks, 0);
        place_.assign(std::size_t(chunks) * BUCKETS, 0);
        run_parallel(chunks, threads, [&](int i) {
            const Entry* chunk = here_ + i * CHUNK;
            filled_[i] = collect(i, here_ + i * CHUNK);
            for (std::int64_t k = 0; k < filled_[i]; ++k) ++place_[i * BUCKETS + (chunk[k] >> FIRST)];
        });
        total_ = 0;
        for (std::int64_t count : filled_) total_ += count;
    }

    void sort(int threads) {
        const int chunks = int(filled_.size());
        std::vector<std::int64_t> start(BUCKETS + 1);
        std::int64_t next = 0;
        for (int d = 0; d < BUCKETS; ++d) {
            start[d] = next;
            for (int i = 0; i < chunks; ++i) next += std::exchange(place_[std::int64_t(i) * BUCKETS + d], std::int32_t(next));
        }
        start[BUCKETS] = next;
        run_parallel(chunks, threads, [&](int i) {
            const Entry* chunk = here_ + i * CHUNK;
            for (std::int64_t k = 0; k < filled_[i]; ++k) there_[place_[i * BUCKETS + (chunk[k] >> FIRST)]++] = chunk[k];
        });
        run_parallel(BUCKETS, threads, [&](int d) {
            sort_bucket(there_ + start[d], start[d + 1] - start[d], here_ + start[d]);
        });
        std::swap(here_, there_);
    }

    const Entry* entries() const { return here_; }
    std::int64_t total() const { return total_; }

private:
    static constexpr int FIRST = 64 - 13, BUCKETS = 1 << 13, SECOND = FIRST - 10, THIRD = SECOND - 9;
    static constexpr std::int64_t FEW = 48;

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

    Entry *here_, *there_;
    std::vector<std::int64_t> filled_;
    std::vector<std::int32_t> place_;
    std::int64_t total_ = 0;
};
