// Labels made compact for the other kernels, and counted: those of each class, and those that are neither a class nor to be
// ignored. The copy is small, and nobody else writes to it between the forward and the backward pass.
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <vector>

#include "parallel.hpp"
#include "platform.hpp"

namespace {

constexpr std::int64_t PART = 1 << 16;

// out: the label, or `left_out` where it does not count. Returns how many are out of range.
template <class In, class Out>
INLINE std::int64_t convert(const In* labels, std::int64_t size, std::int64_t classes, std::int64_t ignore, Out left_out,
                            Out* out) {
    std::int64_t wrong = 0;
    for (std::int64_t i = 0; i < size; ++i) {
        const std::int64_t y = labels[i];
        const bool ignored = y == ignore, inside = y >= 0 && y < classes;
        wrong += !ignored && !inside;
        out[i] = !ignored && inside ? static_cast<Out>(y) : left_out;
    }
    return wrong;
}

template <class Out>
INLINE std::int64_t convert_any(const void* labels, int bytes, std::int64_t first, std::int64_t size, std::int64_t classes,
                                std::int64_t ignore, Out left_out, Out* out) {
    if (bytes == 8) return convert(static_cast<const std::int64_t*>(labels) + first, size, classes, ignore, left_out, out);
    if (bytes == 4) return convert(static_cast<const std::int32_t*>(labels) + first, size, classes, ignore, left_out, out);
    return convert(static_cast<const std::uint8_t*>(labels) + first, size, classes, ignore, left_out, out);
}

EVERY_INSTRUCTION_SET
std::int64_t compact_part(const void* labels, int bytes, std::int64_t first, std::int64_t size, std::int64_t classes,
                          std::int64_t ignore, void* out, int out_bytes) {
    if (out_bytes == 1)
        return convert_any<std::uint8_t>(labels, bytes, first, size, classes, ignore, 255,
                                         static_cast<std::uint8_t*>(out) + first);
    return convert_any<std::int32_t>(labels, bytes, first, size, classes, ignore, -1, static_cast<std::int32_t*>(out) + first);
}

// Tables written in turn: neighbouring labels of one class do not wait for each other.
constexpr int LANES = 4;

constexpr std::int64_t BLOCK = 192;  // labels: whole vectors, and few enough for the smallest type to count
static_assert(BLOCK <= 255, "uint8 counts a block's hits");

constexpr std::int64_t FEW = 8;  // classes up to which a comparison with each is faster than an index

template <class In>
INLINE void count_each(const In* labels, std::int64_t size, std::int64_t classes, std::int64_t ignore, std::int64_t* found) {
    for (std::int64_t k = 0; k < classes; ++k) {
        std::int32_t hits = 0;  // a part has fewer pixels than this can count
        const In label = static_cast<In>(k);
        for (std::int64_t start = 0; start < size; start += BLOCK) {
            const int w = static_cast<int>(std::min(BLOCK, size - start));
            In hits_here = 0;
            for (int i = 0; i < w; ++i) hits_here = static_cast<In>(hits_here + (labels[start + i] == label));
            hits += static_cast<std::int32_t>(hits_here);
        }
        found[k] += k == ignore ? 0 : hits;
    }
}

EVERY_INSTRUCTION_SET
void count_few(const void* labels, int bytes, std::int64_t first, std::int64_t size, std::int64_t classes,
               std::int64_t ignore, std::int64_t* found) {
    if (bytes == 8) count_each(static_cast<const std::int64_t*>(labels) + first, size, classes, ignore, found);
    else if (bytes == 4) count_each(static_cast<const std::int32_t*>(labels) + first, size, classes, ignore, found);
    else count_each(static_cast<const std::uint8_t*>(labels) + first, size, classes, ignore, found);
}

template <class In>
void count_part(const In* labels, std::int64_t size, std::int64_t classes, std::int64_t ignore, std::int64_t* found) {
    std::vector<std::int32_t> lanes(LANES * (classes + 1), 0);  // the last place of each takes what does not count
    for (std::int64_t i = 0; i < size; ++i) {
        const std::int64_t y = labels[i];
        ++lanes[(i % LANES) * (classes + 1) + (y == ignore || y < 0 || y >= classes ? classes : y)];
    }
    for (int lane = 0; lane < LANES; ++lane)
        for (std::int64_t k = 0; k < classes; ++k) found[k] += lanes[lane * (classes + 1) + k];
}

// Adds the number of each class's labels in a part to own[classes].
void count_any(const void* labels, int bytes, std::int64_t first, std::int64_t size, std::int64_t classes,
               std::int64_t ignore, std::int64_t* own) {
    if (classes <= FEW)
        count_few(labels, bytes, first, size, classes, ignore, own);
    else if (bytes == 8)
        count_part(static_cast<const std::int64_t*>(labels) + first, size, classes, ignore, own);
    else if (bytes == 4)
        count_part(static_cast<const std::int32_t*>(labels) + first, size, classes, ignore, own);
    else
        count_part(static_cast<const std::uint8_t*>(labels) + first, size, classes, ignore, own);
}

// Run work(first, size, counts) on the parts of every plane; what it adds to counts[classes] goes into found[planes][classes].
template <class Work>
void run_parts(std::int64_t planes, std::int64_t size, std::int64_t classes, std::int64_t* found, int threads, Work work) {
    const std::int64_t parts = (size + PART - 1) / PART;
    std::mutex lock;
    run_parallel(static_cast<int>(planes * parts), threads, [&](int task) {
        const std::int64_t plane = task / parts, start = task % parts * PART;
        std::vector<std::int64_t> own(classes, 0);
        work(plane * size + start, std::min(PART, size - start), own.data());
        std::lock_guard<std::mutex> guard(lock);
        for (std::int64_t k = 0; k < classes; ++k) found[plane * classes + k] += own[k];
    });
}

constexpr std::int64_t CHUNK = 512;  // pixels whose state stays in the first cache while the channels go by

// What the channels of a chunk's pixels have said so far, as masks of 0 and 1 of the labels' own width: nothing is widened.
template <class Mask>
struct OneHotState {
    Mask index[CHUNK], seen[CHUNK], twice[CHUNK], other[CHUNK], kept[CHUNK];
};

// labels[classes][stride] of 0 and 1. out: the first channel that holds 1 (0 if none does), or `left_out` where all channels
// hold `ignore`. Returns how many pixels that count do not hold a single 1 among zeros.
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
    std::int64_t wrong = 0;
    for (int i = 0; i < size; ++i) {
        wrong += state.kept[i] & (state.twice[i] | state.other[i] | !state.seen[i]);
        out[i] = state.kept[i] ? static_cast<Out>(state.index[i]) : left_out;
    }
    return wrong;
}

template <class In, class Mask, class Out>
INLINE std::int64_t first_hot_part(const In* labels, std::int64_t stride, std::int64_t size, std::int64_t classes,
                                   std::int64_t ignore, Out left_out, Out* out) {
    OneHotState<Mask> state;
    std::int64_t wrong = 0;
    for (std::int64_t first = 0; first < size; first += CHUNK) {
        const int some = static_cast<int>(std::min(CHUNK, size - first));
        wrong += first_hot(labels + first, stride, some, classes, ignore, left_out, out + first, state);
    }
    return wrong;
}

template <class In, class Mask>
INLINE std::int64_t first_hot_any(const void* labels, std::int64_t offset, std::int64_t stride, std::int64_t size,
                                  std::int64_t classes, std::int64_t ignore, void* out, std::int64_t out_offset,
                                  int out_bytes) {
    const In* from = static_cast<const In*>(labels) + offset;
    if (out_bytes == 1)
        return first_hot_part<In, Mask, std::uint8_t>(from, stride, size, classes, ignore, 255,
                                                      static_cast<std::uint8_t*>(out) + out_offset);
    return first_hot_part<In, std::int32_t, std::int32_t>(from, stride, size, classes, ignore, -1,
                                                          static_cast<std::int32_t*>(out) + out_offset);
}

EVERY_INSTRUCTION_SET
std::int64_t compact_hot_part(const void* labels, int bytes, std::int64_t offset, std::int64_t stride, std::int64_t size,
                              std::int64_t classes, std::int64_t ignore, void* out, std::int64_t out_offset, int out_bytes) {
    if (bytes == 8)
        return first_hot_any<std::int64_t, std::int64_t>(labels, offset, stride, size, classes, ignore, out, out_offset,
                                                         out_bytes);
    if (bytes == 4)
        return first_hot_any<std::int32_t, std::int32_t>(labels, offset, stride, size, classes, ignore, out, out_offset,
                                                         out_bytes);
    return first_hot_any<std::uint8_t, std::uint8_t>(labels, offset, stride, size, classes, ignore, out, out_offset,
                                                     out_bytes);
}

}  // namespace

// labels [planes][size]: int64, int32 or uint8 by their bytes. out: uint8 with 255 where a label does not count (out_bytes 1,
// for at most 255 classes), or int32 with -1. found[planes][classes], zeros before: how many labels of each class count.
// Returns how many are out of range.
EXPORT std::int64_t compact_labels(const void* labels, int label_bytes, std::int64_t planes, std::int64_t size,
                                   std::int64_t classes, std::int64_t ignore, void* out, int out_bytes, std::int64_t* found,
                                   int threads) {
    std::atomic<std::int64_t> wrong{0};
    run_parts(planes, size, classes, found, threads, [&](std::int64_t first, std::int64_t some, std::int64_t* own) {
        wrong += compact_part(labels, label_bytes, first, some, classes, ignore, out, out_bytes);
        count_any(out, out_bytes, first, some, classes, out_bytes == 1 ? 255 : -1, own);
    });
    return wrong;
}

// found[planes][classes], zeros before: how many of each plane's `size` labels are of each class and not to be ignored.
EXPORT void label_counts(const void* labels, int label_bytes, std::int64_t planes, std::int64_t size, std::int64_t classes,
                         std::int64_t ignore, std::int64_t* found, int threads) {
    run_parts(planes, size, classes, found, threads, [&](std::int64_t first, std::int64_t some, std::int64_t* own) {
        count_any(labels, label_bytes, first, some, classes, ignore, own);
    });
}

// One-hot labels [samples][classes][size] made class indices: out [samples][size] and found [samples][classes] as those of
// `compact_labels`. Returns how many pixels that count do not hold a single 1 among zeros.
EXPORT std::int64_t compact_one_hot(const void* labels, int label_bytes, std::int64_t samples, std::int64_t classes,
                                    std::int64_t size, std::int64_t ignore, void* out, int out_bytes, std::int64_t* found,
                                    int threads) {
    std::atomic<std::int64_t> wrong{0};
    run_parts(samples, size, classes, found, threads, [&](std::int64_t first, std::int64_t some, std::int64_t* own) {
        const std::int64_t sample = first / size, offset = sample * classes * size + first % size;
        wrong += compact_hot_part(labels, label_bytes, offset, size, some, classes, ignore, out, first, out_bytes);
        count_any(out, out_bytes, first, some, classes, out_bytes == 1 ? 255 : -1, own);
    });
    return wrong;
}
