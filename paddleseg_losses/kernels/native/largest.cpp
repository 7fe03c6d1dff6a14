// Which pixels have the largest values: found by counting bit patterns, which order non-negative floats, in two rounds of
// 16 bits. Of equal values the earlier pixels are taken.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <mutex>
#include <vector>

#include "parallel.hpp"
#include "tile.hpp"

namespace {

constexpr std::int64_t PART = 1 << 16;  // pixels of one task
constexpr int BINS = 1 << 16;

// NaN stays and counts as largest, so that it is seen.
inline std::uint32_t bits_of(float value) {
    if (value <= 0.0f) return 0;
    std::uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    return bits;
}

// From the top: the bin in which the count-th value lies; `count` becomes its rank within the bin.
int bin_of(const std::vector<std::int64_t>& counts, std::int64_t& count) {
    int bin = BINS - 1;
    for (; bin > 0 && counts[bin] < count; --bin) count -= counts[bin];
    return bin;
}

}  // namespace

// chosen: 1 at the given per cent (at least one pixel) of those that count with the largest values, else 0. Values are at
// least 0; labels tell which pixels count, as in a problem of `classes` classes.
EXPORT void largest(const float* values, const void* labels, int label_bytes, std::int64_t size, std::int64_t classes,
                    std::int64_t ignore, double percent, float* chosen, int threads) {
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
    std::vector<std::int64_t> high(BINS, 0), low(BINS, 0), ties(parts, 0);
    std::mutex lock;
    auto count_bins = [&](std::vector<std::int64_t>& counts, auto bin) {
        every_part([&](std::int64_t first, int w, const std::int32_t* label) {
            std::vector<std::int32_t> own(BINS, 0);
            for (int i = 0; i < w; ++i) {
                const int place = label[i] < 0 ? -1 : bin(bits_of(values[first + i]));
                if (place >= 0) ++own[place];
            }
            std::lock_guard<std::mutex> guard(lock);
            for (int k = 0; k < BINS; ++k) counts[k] += own[k];
        });
    };
    count_bins(high, [](std::uint32_t bits) { return static_cast<int>(bits >> 16); });
    std::int64_t valid = 0;
    for (std::int64_t number : high) valid += number;
    std::int64_t rank = std::max<std::int64_t>(1, static_cast<std::int64_t>(std::floor(valid * percent / 100)));
    const std::uint32_t top = bin_of(high, rank);
    count_bins(low, [&](std::uint32_t bits) { return bits >> 16 == top ? static_cast<int>(bits & 0xffff) : -1; });
    const std::uint32_t threshold = top << 16 | static_cast<std::uint32_t>(bin_of(low, rank));  // `rank` of these are taken
    every_part([&](std::int64_t first, int w, const std::int32_t* label) {
        for (int i = 0; i < w; ++i) ties[first / PART] += label[i] >= 0 && bits_of(values[first + i]) == threshold;
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
            chosen[first + i] = taken ? 1.0f : 0.0f;
        }
    });
}
