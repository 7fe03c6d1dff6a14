// The pixels with the largest values, found by a radix select: bit patterns, which order non-negative floats, are counted in
// rounds of 11 bits. Of equal values the first pixels are taken.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <mutex>
#include <vector>

#include "parallel.hpp"
#include "pixelwise/tile.hpp"

namespace psl {

namespace {

constexpr std::int64_t PART = 1 << 14;  // pixels of one task
constexpr int DIGIT = 11, BINS = 1 << DIGIT;

// NaN is kept, as the largest, so that it reaches the loss.
inline std::uint32_t bits_of(float value) {
    if (value <= 0.0f) return 0;
    std::uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    return bits;
}

// The bin of the count-th largest value; `count` becomes its rank within the bin.
int bin_of(const std::vector<std::int64_t>& counts, std::int64_t& count) {
    int bin = BINS - 1;
    for (; bin > 0 && counts[bin] < count; --bin) count -= counts[bin];
    return bin;
}

inline void write_label(void* labels, int bytes, std::int64_t place, std::int64_t label) {
    if (bytes == 8) static_cast<std::int64_t*>(labels)[place] = label;
    else if (bytes == 4) static_cast<std::int32_t*>(labels)[place] = static_cast<std::int32_t>(label);
    else static_cast<std::uint8_t*>(labels)[place] = static_cast<std::uint8_t>(label);
}

// See `top_k`.
void select(const float* values, const void* labels, int label_bytes, std::int64_t size, std::int64_t classes,
            std::int64_t ignore, double percent, void* kept, int threads) {
    Problem q{};
    q.labels = labels, q.label_bytes = label_bytes, q.ignore = ignore;
    const std::int64_t parts = (size + PART - 1) / PART;
    auto every_part = [&](auto work) {  // work(first pixel, pixels, labels)
        run_parallel(static_cast<int>(parts), threads, [&](int part) {
            const std::int64_t first = part * PART;
            const int w = static_cast<int>(std::min(PART, size - first));
            std::vector<std::int32_t> label(w);
            read_labels(q, first, w, classes, label.data());
            work(first, w, label.data());
        });
    };
    std::mutex lock;
    std::int64_t rank = 0;  // of the smallest value taken, among those with the same digits so far
    std::uint32_t prefix = 0;
    for (int shift = 2 * DIGIT; shift >= 0; shift -= DIGIT) {
        std::vector<std::int64_t> counts(BINS, 0);
        every_part([&](std::int64_t first, int w, const std::int32_t* label) {
            std::vector<std::int32_t> own(BINS + 1, 0);  // the last one takes the pixels that are out
            for (int i = 0; i < w; ++i) {
                const std::uint32_t bits = bits_of(values[first + i]);
                const bool candidate = label[i] >= 0 && (shift == 2 * DIGIT || bits >> (shift + DIGIT) == prefix);
                ++own[candidate ? bits >> shift & (BINS - 1) : BINS];
            }
            std::lock_guard<std::mutex> guard(lock);
            for (int k = 0; k < BINS; ++k) counts[k] += own[k];
        });
        if (shift == 2 * DIGIT) {
            std::int64_t valid = 0;
            for (std::int64_t number : counts) valid += number;
            rank = std::max<std::int64_t>(1, static_cast<std::int64_t>(std::floor(valid * percent / 100)));
        }
        prefix = prefix << DIGIT | static_cast<std::uint32_t>(bin_of(counts, rank));
    }
    const std::uint32_t threshold = prefix;  // `rank` pixels of this value are taken
    std::vector<std::int64_t> ties(parts, 0);
    every_part([&](std::int64_t first, int w, const std::int32_t* label) {
        std::int64_t result = 0;
        for (int i = 0; i < w; ++i) result += label[i] >= 0 && bits_of(values[first + i]) == threshold;
        ties[first / PART] = result;
    });
    for (std::int64_t& number : ties) {  // how many of each part are taken
        number = std::min(number, rank);
        rank -= number;
    }
    every_part([&](std::int64_t first, int w, const std::int32_t* label) {
        std::int64_t left = ties[first / PART];
        for (int i = 0; i < w; ++i) {
            const std::uint32_t bits = bits_of(values[first + i]);
            const bool taken = label[i] >= 0 && (bits > threshold || (bits == threshold && left-- > 0));
            write_label(kept, label_bytes, first + i, taken ? label[i] : ignore);
        }
    });
}

}  // namespace

EXPORT Status top_k(const float* values, const void* labels, int label_bytes, std::int64_t size, std::int64_t classes,
                    std::int64_t ignore, double percent, void* kept, int threads) {
    return status_of([&] { select(values, labels, label_bytes, size, classes, ignore, percent, kept, threads); });
}

}  // namespace psl
