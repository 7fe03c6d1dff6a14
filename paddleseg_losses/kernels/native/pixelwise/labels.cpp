// A compact copy of the labels for the other kernels, and their counts. The copy is small, and nobody else writes to it between
// the forward and the backward pass.
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <vector>

#include "api.h"
#include "parallel.hpp"

namespace psl {

namespace {

constexpr std::int64_t PART = 1 << 16;

// out: the label, or `left_out` where it does not count. Returns how many are out of range.
template <class In, class Out>
INLINE std::int64_t convert(const In* labels, std::int64_t size, std::int64_t classes, std::int64_t ignore, Out left_out,
                            Out* out) {
    std::int64_t out_of_range = 0;
    for (std::int64_t i = 0; i < size; ++i) {
        const std::int64_t y = labels[i];
        const bool ignored = y == ignore, inside = y >= 0 && y < classes;
        out_of_range += !ignored && !inside;
        out[i] = !ignored && inside ? static_cast<Out>(y) : left_out;
    }
    return out_of_range;
}

template <class Out>
INLINE std::int64_t convert_any(const void* labels, int bytes, std::int64_t first, std::int64_t size, std::int64_t classes,
                                std::int64_t ignore, Out left_out, Out* out) {
    if (bytes == 8) return convert(static_cast<const std::int64_t*>(labels) + first, size, classes, ignore, left_out, out);
    if (bytes == 4) return convert(static_cast<const std::int32_t*>(labels) + first, size, classes, ignore, left_out, out);
    return convert(static_cast<const std::uint8_t*>(labels) + first, size, classes, ignore, left_out, out);
}

TARGET_CLONES
std::int64_t compact_part(const void* labels, int bytes, std::int64_t first, std::int64_t size, std::int64_t classes,
                          std::int64_t ignore, void* out, int out_bytes) {
    if (out_bytes == 1)
        return convert_any<std::uint8_t>(labels, bytes, first, size, classes, ignore, 255,
                                         static_cast<std::uint8_t*>(out) + first);
    return convert_any<std::int32_t>(labels, bytes, first, size, classes, ignore, -1, static_cast<std::int32_t*>(out) + first);
}

// Tables used in turn, so that neighbouring labels of one class do not wait for each other.
constexpr int LANES = 4;

constexpr std::int64_t BLOCK = 192;  // labels: whole vectors, and few enough for the narrowest type to count
static_assert(BLOCK <= 255, "uint8 counts a block's matches");

constexpr std::int64_t FEW = 8;  // classes up to which comparing with each is faster than indexing

template <class In>
INLINE void count_each(const In* labels, std::int64_t size, std::int64_t classes, std::int64_t ignore, std::int64_t* counts) {
    for (std::int64_t k = 0; k < classes; ++k) {
        std::int32_t matches = 0;  // a part has fewer pixels than this can count
        const In label = static_cast<In>(k);
        for (std::int64_t start = 0; start < size; start += BLOCK) {
            const int w = static_cast<int>(std::min(BLOCK, size - start));
            In matches_here = 0;
            for (int i = 0; i < w; ++i) matches_here = static_cast<In>(matches_here + (labels[start + i] == label));
            matches += static_cast<std::int32_t>(matches_here);
        }
        counts[k] += k == ignore ? 0 : matches;
    }
}

TARGET_CLONES
void count_few(const void* labels, int bytes, std::int64_t first, std::int64_t size, std::int64_t classes, std::int64_t ignore,
               std::int64_t* counts) {
    if (bytes == 8) count_each(static_cast<const std::int64_t*>(labels) + first, size, classes, ignore, counts);
    else if (bytes == 4) count_each(static_cast<const std::int32_t*>(labels) + first, size, classes, ignore, counts);
    else count_each(static_cast<const std::uint8_t*>(labels) + first, size, classes, ignore, counts);
}

template <class In>
void count_part(const In* labels, std::int64_t size, std::int64_t classes, std::int64_t ignore, std::int64_t* counts) {
    std::vector<std::int32_t> lanes(LANES * (classes + 1), 0);  // the last entry of each takes what does not count
    for (std::int64_t i = 0; i < size; ++i) {
        const std::int64_t y = labels[i];
        ++lanes[(i % LANES) * (classes + 1) + (y == ignore || y < 0 || y >= classes ? classes : y)];
    }
    for (int lane = 0; lane < LANES; ++lane)
        for (std::int64_t k = 0; k < classes; ++k) counts[k] += lanes[lane * (classes + 1) + k];
}

// Add the number of labels of each class in a part to own[classes].
void count_any(const void* labels, int bytes, std::int64_t first, std::int64_t size, std::int64_t classes, std::int64_t ignore,
               std::int64_t* own) {
    if (classes <= FEW) count_few(labels, bytes, first, size, classes, ignore, own);
    else if (bytes == 8) count_part(static_cast<const std::int64_t*>(labels) + first, size, classes, ignore, own);
    else if (bytes == 4) count_part(static_cast<const std::int32_t*>(labels) + first, size, classes, ignore, own);
    else count_part(static_cast<const std::uint8_t*>(labels) + first, size, classes, ignore, own);
}

// Run work(first, size, own) on the parts of every plane; what it adds to own[classes] is added to counts[planes][classes].
template <class Work>
void run_parts(std::int64_t planes, std::int64_t size, std::int64_t classes, std::int64_t* counts, int threads, Work work) {
    const std::int64_t parts = (size + PART - 1) / PART;
    std::mutex lock;
    run_parallel(static_cast<int>(planes * parts), threads, [&](int task) {
        const std::int64_t plane = task / parts, start = task % parts * PART;
        std::vector<std::int64_t> own(classes, 0);
        work(plane * size + start, std::min(PART, size - start), own.data());
        std::lock_guard<std::mutex> guard(lock);
        for (std::int64_t k = 0; k < classes; ++k) counts[plane * classes + k] += own[k];
    });
}

}  // namespace

EXPORT Status labels_compact(const void* labels, int label_bytes, std::int64_t planes, std::int64_t size, std::int64_t classes,
                             std::int64_t ignore, void* out, int out_bytes, std::int64_t* counts, std::int64_t* out_of_range,
                             int threads) {
    return status_of([&] {
        std::atomic<std::int64_t> total{0};
        run_parts(planes, size, classes, counts, threads, [&](std::int64_t first, std::int64_t count, std::int64_t* own) {
            total += compact_part(labels, label_bytes, first, count, classes, ignore, out, out_bytes);
            count_any(out, out_bytes, first, count, classes, out_bytes == 1 ? 255 : -1, own);
        });
        *out_of_range = total;
    });
}

EXPORT Status labels_count(const void* labels, int label_bytes, std::int64_t planes, std::int64_t size, std::int64_t classes,
                           std::int64_t ignore, std::int64_t* counts, int threads) {
    return status_of([&] {
        run_parts(planes, size, classes, counts, threads, [&](std::int64_t first, std::int64_t count, std::int64_t* own) {
            count_any(labels, label_bytes, first, count, classes, ignore, own);
        });
    });
}

}  // namespace psl
