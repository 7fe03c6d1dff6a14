// Labels made compact for the other kernels, and counted: pixels that count, and labels that are neither a class nor to be
// ignored. The copy is small, and nobody else writes to it between the forward and the backward pass.
#include <algorithm>
#include <atomic>
#include <cstdint>

#include "parallel.hpp"
#include "platform.hpp"

namespace {

// out: the label, or `left_out` where it does not count.
template <class In, class Out>
INLINE void convert(const In* labels, std::int64_t size, std::int64_t classes, std::int64_t ignore, Out left_out, Out* out,
                    std::int64_t& valid, std::int64_t& bad) {
    std::int64_t good = 0, wrong = 0;
    for (std::int64_t i = 0; i < size; ++i) {
        const std::int64_t y = labels[i];
        const bool ignored = y == ignore, inside = y >= 0 && y < classes;
        good += !ignored && inside;
        wrong += !ignored && !inside;
        out[i] = !ignored && inside ? static_cast<Out>(y) : left_out;
    }
    valid = good, bad = wrong;
}

template <class Out>
INLINE void convert_any(const void* labels, int bytes, std::int64_t first, std::int64_t size, std::int64_t classes,
                        std::int64_t ignore, Out left_out, Out* out, std::int64_t& valid, std::int64_t& bad) {
    if (bytes == 8)
        convert(static_cast<const std::int64_t*>(labels) + first, size, classes, ignore, left_out, out, valid, bad);
    else if (bytes == 4)
        convert(static_cast<const std::int32_t*>(labels) + first, size, classes, ignore, left_out, out, valid, bad);
    else
        convert(static_cast<const std::uint8_t*>(labels) + first, size, classes, ignore, left_out, out, valid, bad);
}

EVERY_INSTRUCTION_SET
void compact_part(const void* labels, int bytes, std::int64_t first, std::int64_t size, std::int64_t classes,
                  std::int64_t ignore, void* out, int out_bytes, std::int64_t* found) {
    if (out_bytes == 1)
        convert_any<std::uint8_t>(labels, bytes, first, size, classes, ignore, 255, static_cast<std::uint8_t*>(out) + first,
                                  found[0], found[1]);
    else
        convert_any<std::int32_t>(labels, bytes, first, size, classes, ignore, -1, static_cast<std::int32_t*>(out) + first,
                                  found[0], found[1]);
}

}  // namespace

// labels: int64, int32 or uint8 by their bytes. out: uint8 with 255 where a label does not count (out_bytes 1, for at most
// 255 classes), or int32 with -1. found: number of labels that count, and of those out of range.
EXPORT void compact_labels(const void* labels, int label_bytes, std::int64_t size, std::int64_t classes, std::int64_t ignore,
                           void* out, int out_bytes, std::int64_t* found, int threads) {
    constexpr std::int64_t PART = 1 << 16;
    std::atomic<std::int64_t> valid{0}, bad{0};
    run_parallel(static_cast<int>((size + PART - 1) / PART), threads, [&](int part) {
        std::int64_t counts[2];
        compact_part(labels, label_bytes, part * PART, std::min(PART, size - part * PART), classes, ignore, out, out_bytes,
                     counts);
        valid += counts[0], bad += counts[1];
    });
    found[0] = valid, found[1] = bad;
}
