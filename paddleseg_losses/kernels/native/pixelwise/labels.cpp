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

constexpr std::int64_t BLOCK = 192;  // labels: whole vectors, and few enough for the narrowest type to count
static_assert(BLOCK <= 255, "uint8 counts a block's matches");

// out: the label, or `left_out` where it does not count. Returns how many are out of range. Labels are cut into halves of 32
// bits, of which a vector compares twice as many.
template <class In, class Out>
INLINE std::int64_t convert(const In* labels, std::int64_t size, std::int64_t classes, std::int64_t ignore, Out left_out,
                            Out* out) {
    const auto limit = static_cast<std::uint32_t>(std::min<std::int64_t>(classes, INT32_MAX));
    const auto ignored_low = static_cast<std::int32_t>(ignore), ignored_high = static_cast<std::int32_t>(ignore >> 32);
    std::int32_t low[BLOCK], high[BLOCK];
    std::int64_t out_of_range = 0;
    for (std::int64_t start = 0; start < size; start += BLOCK) {
        const int w = static_cast<int>(std::min(BLOCK, size - start));
        for (int i = 0; i < w; ++i) {
            const std::int64_t y = labels[start + i];
            low[i] = static_cast<std::int32_t>(y);
            high[i] = static_cast<std::int32_t>(y >> 32);
        }
        std::int32_t wrong = 0;
        Out* to = out + start;
        for (int i = 0; i < w; ++i) {
            const bool inside = (high[i] == 0) & (static_cast<std::uint32_t>(low[i]) < limit);
            const bool ignored = (low[i] == ignored_low) & (high[i] == ignored_high);
            wrong += !ignored & !inside;
            to[i] = inside & !ignored ? static_cast<Out>(low[i]) : left_out;
        }
        out_of_range += wrong;
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

constexpr std::int64_t CHUNK = 512;  // pixels whose state stays in the first cache, channel after channel

// What is known of a chunk's pixels after some channels: masks of 0 and 1, as wide as the labels, so that nothing is widened.
template <class Mask>
struct OneHotState {
    Mask index[CHUNK], seen[CHUNK], twice[CHUNK], other[CHUNK], kept[CHUNK];
};

// The same of pixels that are one-hot or left out, as nearly all are: all bits that a channel has, those that every channel
// has, the sum of the channels, and the sum of the numbers of those that hold 1.
template <class In, class Mask>
struct OneHotSums {
    In any[CHUNK], every[CHUNK];
    Mask ones[CHUNK], index[CHUNK];
};

// Add channels `number` to `number` + 3, or the first of them alone: what is known is then read and written a quarter as often.
template <bool FOUR, class In, class Mask>
INLINE void add_channels(const In* first, std::int64_t stride, int size, std::int64_t number, OneHotSums<In, Mask>& sums) {
    const In *second = first + (FOUR ? stride : 0), *third = first + (FOUR ? 2 * stride : 0),
             *fourth = first + (FOUR ? 3 * stride : 0);
    const Mask k = static_cast<Mask>(number), k1 = static_cast<Mask>(k + 1), k2 = static_cast<Mask>(k + 2),
               k3 = static_cast<Mask>(k + 3);
    for (int i = 0; i < size; ++i) {
        const In a = first[i], b = second[i], c = third[i], d = fourth[i];
        sums.any[i] |= FOUR ? (a | b) | (c | d) : a;
        sums.every[i] &= FOUR ? (a & b) & (c & d) : a;
        const Mask ma = static_cast<Mask>(a), mb = static_cast<Mask>(b), mc = static_cast<Mask>(c), md = static_cast<Mask>(d);
        sums.ones[i] += FOUR ? static_cast<Mask>((ma + mb) + (mc + md)) : ma;
        // -1 has all bits.
        sums.index[i] +=
            FOUR ? static_cast<Mask>(((-ma & k) + (-mb & k1)) + ((-mc & k2) + (-md & k3))) : static_cast<Mask>(-ma & k);
    }
}

// `first_hot` where every pixel is one-hot or left out; returns whether that is so.
template <class In, class Mask, class Out>
INLINE bool only_hot(const In* labels, std::int64_t stride, int size, std::int64_t classes, std::int64_t ignore, Out left_out,
                     Out* out, OneHotSums<In, Mask>& sums) {
    const bool can_ignore = static_cast<std::int64_t>(static_cast<In>(ignore)) == ignore;
    const In ignored = can_ignore ? static_cast<In>(ignore) : In(0);  // all channels 0 is wrong whatever is ignored
    for (int i = 0; i < size; ++i) sums.any[i] = 0, sums.every[i] = static_cast<In>(-1), sums.ones[i] = sums.index[i] = 0;
    std::int64_t k = 0;
    for (; k + 4 <= classes; k += 4) add_channels<true>(labels + k * stride, stride, size, k, sums);
    for (; k < classes; ++k) add_channels<false>(labels + k * stride, stride, size, k, sums);
    Mask wrong = 0;
    for (int i = 0; i < size; ++i) {
        const Mask hot = (sums.any[i] == 1) & (sums.ones[i] == 1);
        const Mask skip = (sums.any[i] == ignored) & (sums.every[i] == ignored) & can_ignore;
        wrong |= !(hot | skip);
        out[i] = skip ? left_out : static_cast<Out>(sums.index[i]);
    }
    return !wrong;
}

// labels [classes, stride] of 0 and 1. out: the first channel with a 1 (0 if none has), or `left_out` where all channels are
// `ignore`. Returns how many pixels that count do not have exactly one 1 among zeros.
template <class In, class Mask, class Out>
INLINE std::int64_t first_hot(const In* labels, std::int64_t stride, int size, std::int64_t classes, std::int64_t ignore,
                              Out left_out, Out* out, OneHotState<Mask>& state) {
    const bool can_ignore = static_cast<std::int64_t>(static_cast<In>(ignore)) == ignore;
    const In ignored = static_cast<In>(ignore);
    for (int i = 0; i < size; ++i) state.index[i] = state.seen[i] = state.twice[i] = state.other[i] = state.kept[i] = 0;
    for (std::int64_t k = classes - 1; k >= 0; --k) {
        const In* channel = labels + k * stride;
        const Mask number = static_cast<Mask>(k), may_ignore = can_ignore;
        for (int i = 0; i < size; ++i) {
            const In y = channel[i];
            const Mask hot = y == 1, odd = (y != 0) & (y != 1), keep = (y != ignored) | !may_ignore;
            state.index[i] = hot ? number : state.index[i];
            state.twice[i] |= state.seen[i] & hot;
            state.seen[i] |= hot;
            state.other[i] |= odd;
            state.kept[i] |= keep;
        }
    }
    std::int64_t out_of_range = 0;
    for (int i = 0; i < size; ++i) {
        out_of_range += state.kept[i] & (state.twice[i] | state.other[i] | !state.seen[i]);
        out[i] = state.kept[i] ? static_cast<Out>(state.index[i]) : left_out;
    }
    return out_of_range;
}

template <class In, class Mask, class Out>
INLINE std::int64_t first_hot_part(const In* labels, std::int64_t stride, std::int64_t size, std::int64_t classes,
                                   std::int64_t ignore, Out left_out, Out* out) {
    OneHotState<Mask> state;
    OneHotSums<In, Mask> sums;
    std::int64_t out_of_range = 0;
    for (std::int64_t first = 0; first < size; first += CHUNK) {
        const int count = static_cast<int>(std::min(CHUNK, size - first));
        if (!only_hot(labels + first, stride, count, classes, ignore, left_out, out + first, sums))
            out_of_range += first_hot(labels + first, stride, count, classes, ignore, left_out, out + first, state);
    }
    return out_of_range;
}

template <class In, class Mask>
INLINE std::int64_t first_hot_any(const void* labels, std::int64_t offset, std::int64_t stride, std::int64_t size,
                                  std::int64_t classes, std::int64_t ignore, void* out, std::int64_t out_offset,
                                  int out_bytes) {
    const In* from = static_cast<const In*>(labels) + offset;
    if (out_bytes == 1)
        return first_hot_part<In, Mask, std::uint8_t>(from, stride, size, classes, ignore, 255,
                                                      static_cast<std::uint8_t*>(out) + out_offset);
    return first_hot_part<In, std::uint32_t, std::int32_t>(from, stride, size, classes, ignore, -1,
                                                           static_cast<std::int32_t*>(out) + out_offset);
}

TARGET_CLONES
std::int64_t compact_hot_part(const void* labels, int bytes, std::int64_t offset, std::int64_t stride, std::int64_t size,
                              std::int64_t classes, std::int64_t ignore, void* out, std::int64_t out_offset, int out_bytes) {
    if (bytes == 8)
        return first_hot_any<std::int64_t, std::uint64_t>(labels, offset, stride, size, classes, ignore, out, out_offset,
                                                          out_bytes);
    if (bytes == 4)
        return first_hot_any<std::int32_t, std::uint32_t>(labels, offset, stride, size, classes, ignore, out, out_offset,
                                                          out_bytes);
    return first_hot_any<std::uint8_t, std::uint8_t>(labels, offset, stride, size, classes, ignore, out, out_offset, out_bytes);
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

EXPORT Status labels_compact_one_hot(const void* labels, int label_bytes, std::int64_t samples, std::int64_t classes,
                                     std::int64_t size, std::int64_t ignore, void* out, int out_bytes, std::int64_t* counts,
                                     std::int64_t* out_of_range, int threads) {
    return status_of([&] {
        std::atomic<std::int64_t> total{0};
        run_parts(samples, size, classes, counts, threads, [&](std::int64_t first, std::int64_t count, std::int64_t* own) {
            const std::int64_t sample = first / size, offset = sample * classes * size + first % size;
            total += compact_hot_part(labels, label_bytes, offset, size, count, classes, ignore, out, first, out_bytes);
            count_any(out, out_bytes, first, count, classes, out_bytes == 1 ? 255 : -1, own);
        });
        *out_of_range = total;
    });
}

}  // namespace psl
