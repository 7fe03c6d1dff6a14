// Counting labels: those of pixels that count, and those that are neither a class nor to be ignored.
#include <algorithm>
#include <atomic>
#include <utility>

#include "parallel.hpp"
#include "tile.hpp"

namespace {

EVERY_INSTRUCTION_SET
std::pair<std::int64_t, std::int64_t> count_labels(const Problem& q, std::int64_t first, std::int64_t size,
                                                   std::int64_t classes) {
    std::int64_t valid = 0, bad = 0;
    for (std::int64_t i = first; i < first + size; ++i) {
        const std::int64_t y = q.label_bytes == 8   ? static_cast<const std::int64_t*>(q.labels)[i]
                               : q.label_bytes == 4 ? static_cast<const std::int32_t*>(q.labels)[i]
                                                    : static_cast<const std::uint8_t*>(q.labels)[i];
        const bool inside = y >= 0 && y < classes;
        valid += y != q.ignore && inside;
        bad += y != q.ignore && !inside;
    }
    return {valid, bad};
}

}  // namespace

// found: number of labels that count, and of those out of range, among all of them.
EXPORT void scan_labels(const void* labels, int label_bytes, std::int64_t size, std::int64_t classes, std::int64_t ignore,
                        std::int64_t* found, int threads) {
    constexpr std::int64_t PART = 1 << 16;
    const std::int64_t parts = (size + PART - 1) / PART;
    std::atomic<std::int64_t> valid{0}, bad{0};
    Problem q{};
    q.labels = labels, q.label_bytes = label_bytes, q.ignore = ignore;
    run_parallel(static_cast<int>(parts), threads, [&](int part) {
        const auto [good, wrong] = count_labels(q, part * PART, std::min(PART, size - part * PART), classes);
        valid += good, bad += wrong;
    });
    found[0] = valid, found[1] = bad;
}
