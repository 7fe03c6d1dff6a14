// A problem, cut into tiles of pixels, and the probabilities of one tile.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <new>
#include <vector>

#include "memory.hpp"
#include "parallel.hpp"
#include "platform.hpp"
#include "vector.hpp"

struct Problem {
    const float* logits;        // [n, c, s]
    const void* labels;         // softmax: [n, s] class indices; sigmoid: [n, c, s] of 0 and 1
    const float* weight;        // factor of each pixel's contribution, [n, weight_channels, s], or null
    std::int64_t n, c, s;
    std::int64_t weight_channels;  // 1, or c under a sigmoid
    std::int64_t ignore;        // label of pixels to leave out; labels out of range are left out too
    std::int32_t label_bytes;   // 8, 4: signed; 1: unsigned
    std::int32_t sigmoid;       // else softmax over c

    // Whether a result of the logits' size is too large for the caches.
    bool streams() const { return n * c * s >= std::int64_t{1} << 22; }
};

// Memory that starts with a line of the caches, which a vector of the processor then fills and does not straddle.
template <class T>
struct Aligned {
    using value_type = T;
    static constexpr std::align_val_t LINE{64};

    T* allocate(std::size_t count) { return static_cast<T*>(::operator new(count * sizeof(T), LINE)); }
    void deallocate(T* start, std::size_t) { ::operator delete(start, LINE); }
    bool operator==(const Aligned&) const { return true; }
    bool operator!=(const Aligned&) const { return false; }
};

template <class T>
using Row = std::vector<T, Aligned<T>>;

// Work space for the pixels of one tile; rows have room between them, since planes a power of two apart share cache sets.
struct Tile {
    static constexpr int WIDTH = 256;  // pixels: few enough for the innermost cache at few classes, and for the next at many
    static constexpr int ROOM = 16;
    static_assert((WIDTH + ROOM) * sizeof(float) % 64 == 0, "every row starts with a line of the caches");
    static constexpr int FEW = 8;  // classes up to which a comparison with each is faster than an index
    static constexpr int LANES = 4;  // tables written in turn: neighbouring pixels of one class do not wait for each other

    explicit Tile(std::int64_t channels)
        : stride(WIDTH + ROOM), share(channels * stride), label(stride), own(stride), error(stride),
          right(stride), cost(stride), inverse(stride), pull(stride), slope(stride), value(stride), ones(stride, 1.0f),
          spare(4 * stride), table(channels), lanes(LANES * (channels + 1)) {}

    float* row(std::int64_t k) { return share.data() + k * stride; }
    const float* row(std::int64_t k) const { return share.data() + k * stride; }

    int stride;
    Row<float> share;         // e^z of each channel up to a factor of the pixel, 0 for the label's own: [c, stride]
    Row<std::int32_t> label;  // -1: left out
    Row<float> own, error, right, cost, inverse, pull, slope, value, ones, spare;
    float most = 87.0f;         // for `exp_bounded`
    std::vector<float> table;   // a number of each class
    std::vector<double> lanes;  // sums of each class, [LANES, c + 1]
};

// Labels of w pixels as int32, -1 where they are left out.
INLINE void read_labels(const Problem& q, std::int64_t first, int w, std::int64_t classes, std::int32_t* out) {
    if (q.label_bytes == 8) {
        const std::int64_t* y = static_cast<const std::int64_t*>(q.labels) + first;
        for (int i = 0; i < w; ++i)
            out[i] = y[i] == q.ignore || y[i] < 0 || y[i] >= classes ? -1 : static_cast<std::int32_t>(y[i]);
        return;
    }
    // Narrow labels are compared as they are: a number that they cannot be is as good as -1.
    const std::int32_t ignore = q.ignore == static_cast<std::int32_t>(q.ignore) ? static_cast<std::int32_t>(q.ignore) : -1;
    const std::int32_t most = static_cast<std::int32_t>(std::min<std::int64_t>(classes, INT32_MAX));
    if (q.label_bytes == 4) {
        const std::int32_t* y = static_cast<const std::int32_t*>(q.labels) + first;
        for (int i = 0; i < w; ++i) out[i] = y[i] == ignore || y[i] < 0 || y[i] >= most ? -1 : y[i];
    } else {
        const std::uint8_t* y = static_cast<const std::uint8_t*>(q.labels) + first;
        for (int i = 0; i < w; ++i) {
            const std::int32_t label = y[i];
            out[i] = label == ignore || label >= most ? -1 : label;
        }
    }
}

// out = the logit of each pixel's label; any number where left out.
INLINE void read_own(const Problem& q, std::int64_t sample, std::int64_t first, int w, const std::int32_t* label, float* out) {
    const float* logits = q.logits + sample * q.c * q.s + first;
    if (q.c > Tile::FEW) {
        for (int i = 0; i < w; ++i) out[i] = logits[(label[i] < 0 ? 0 : label[i]) * q.s + i];
        return;
    }
    for (int k = 0; k < static_cast<int>(q.c); ++k) {
        const float* z = logits + k * q.s;
#pragma omp simd
        for (int i = 0; i < w; ++i) out[i] = k == 0 || label[i] == k ? z[i] : out[i];
    }
}

// The label's entry in the rows = own.
INLINE void put_own(Tile& t, int c, int w, const float* own) {
    const std::int32_t* label = t.label.data();
    if (c > Tile::FEW) {
        for (int i = 0; i < w; ++i)
            if (label[i] >= 0) t.row(label[i])[i] = own[i];
        return;
    }
    for (int k = 0; k < c; ++k) {
        float* row = t.row(k);
#pragma omp simd
        for (int i = 0; i < w; ++i) row[i] = label[i] == k ? own[i] : row[i];
    }
}

// Shares, `rest` and `pull`, if they are made, become 0 where a pixel is left out: whatever its logits are must not spread.
INLINE void clear_left_out(Tile& t, int c, int w) {
    const std::int32_t* label = t.label.data();
    float *rest = t.error.data(), *pull = t.pull.data();
    int count = 0;
#pragma omp simd reduction(+ : count)
    for (int i = 0; i < w; ++i) count += label[i] < 0 ? 1 : 0;
    if (count == 0) return;
    for (int k = 0; k < c; ++k) {
        float* row = t.row(k);
#pragma omp simd
        for (int i = 0; i < w; ++i) row[i] = label[i] < 0 ? 0.0f : row[i];
    }
    for (int i = 0; i < w; ++i) rest[i] = label[i] < 0 ? 0.0f : rest[i];
    for (int i = 0; i < w; ++i) pull[i] = label[i] < 0 ? 0.0f : pull[i];
}

// Shares whose sum is in this range need no largest logit taken off: what floats cannot hold of them would not count.
constexpr float LEAST_SUM = 1e-3f, MOST_SUM = 1e34f;

// The logits of a class some rows after this one will be read soon, those of the next tiles after this one's last. Not the
// whole next tile at once: the planes of classes are often a power of two apart, and what is read of them shares cache sets.
INLINE void prefetch_ahead(const Problem& q, std::int64_t sample, std::int64_t first, int k, int w) {
    constexpr int ROWS = 24;
    const int c = static_cast<int>(q.c), row = k + ROWS;
    prefetch_to_read(q.logits + (sample * q.c + row % c) * q.s + first + row / c * w, w);
}

// Shares e^z, `own` and `rest` (0 where left out) in one pass, unless a pixel's sum is too small or too large; says whether
// they are good. A share that is nearly all is 1 up to rounding: what cancels against it needs `any_shares`. Neither
// is part of its caller: how fast their loops are would depend on the code around them.
EVERY_INSTRUCTION_SET static bool moderate_shares(const Problem& q, std::int64_t sample, std::int64_t first, int w, Tile& t) {
    const std::int32_t* label = t.label.data();
    float *own = t.own.data(), *rest = t.error.data();
    const float most = t.most;
    for (int i = 0; i < w; ++i) rest[i] = 0.0f;
    for (int k = 0; k < static_cast<int>(q.c); ++k) {
        const float* z = q.logits + (sample * q.c + k) * q.s + first;
        float* row = t.row(k);
        prefetch_ahead(q, sample, first, k, w);
#pragma omp simd
        for (int i = 0; i < w; ++i) {
            const float e = exp_bounded(z[i], most);
            row[i] = label[i] == k ? 0.0f : e;
            rest[i] += row[i];
        }
    }
    clear_left_out(t, static_cast<int>(q.c), w);
    read_own(q, sample, first, w, label, own);
    int bad = 0;
#pragma omp simd reduction(+ : bad)
    for (int i = 0; i < w; ++i) {
        own[i] = label[i] < 0 ? 1.0f : exp_bounded(own[i], most);
        const float sum = own[i] + rest[i];
        bad += sum < LEAST_SUM || sum > MOST_SUM ? 1 : 0;
    }
    return bad == 0;
}

// The same of any logits, as e^(z - top). `gap` is the label's z - top; PULLS: also the sum of the shares times `upstream`.
template <bool PULLS>
EVERY_INSTRUCTION_SET void any_shares(const Problem& q, std::int64_t sample, std::int64_t first, int w, const float* upstream,
                                      Tile& t) {
    const int c = static_cast<int>(q.c);
    const std::int32_t* label = t.label.data();
    float *top = t.own.data(), *gap = t.cost.data(), *rest = t.error.data(), *pull = t.pull.data();
    for (int i = 0; i < w; ++i) {
        top[i] = -INFINITY;
        rest[i] = pull[i] = 0.0f;
    }
    for (int k = 0; k < c; ++k) {
        const float* z = q.logits + (sample * q.c + k) * q.s + first;
        prefetch_ahead(q, sample, first, k, w);
#pragma omp simd
        for (int i = 0; i < w; ++i) top[i] = z[i] > top[i] ? z[i] : top[i];
    }
    for (int k = 0; k < c; ++k) {
        const float* z = q.logits + (sample * q.c + k) * q.s + first;
        float* row = t.row(k);
        const float u = PULLS ? upstream[k] : 0.0f;
#pragma omp simd
        for (int i = 0; i < w; ++i) {
            const float e = exp_below_88(z[i] - top[i]);
            row[i] = label[i] == k ? 0.0f : e;
            rest[i] += row[i];
            if (PULLS) pull[i] += u * row[i];
        }
    }
    clear_left_out(t, c, w);
    read_own(q, sample, first, w, label, gap);
    for (int i = 0; i < w; ++i) {
        gap[i] = label[i] < 0 ? 0.0f : gap[i] - top[i];
        t.own[i] = exp_below_88(gap[i]);
    }
}

// Inverse, error and right of shares, `own` and `rest`.
INLINE void normalise(int w, Tile& t) {
    const std::int32_t* label = t.label.data();
    float *own = t.own.data(), *rest = t.error.data(), *inverse = t.inverse.data(), *right = t.right.data();
#pragma omp simd
    for (int i = 0; i < w; ++i) {
        const float scale = label[i] < 0 ? 0.0f : 1.0f / (rest[i] + own[i]);
        inverse[i] = scale;
        right[i] = own[i] * scale;
        rest[i] *= scale;
    }
}

// Shares e_c, and error, right and cost of the true label, of w pixels. With `upstream`, `pull` = T of ERROR sums
// (without the pixel weight). Costs are left out unless asked for: their logarithm takes longer than the rest. The largest
// share is 1, for what cancels against it: gradients, costs of other classes, differences of probabilities.
INLINE void softmax_tile(const Problem& q, std::int64_t sample, std::int64_t first, int w, const float* upstream, bool costs,
                         Tile& t) {
    const std::int32_t* label = t.label.data();
    float *own = t.own.data(), *gap = t.cost.data(), *rest = t.error.data();
    read_labels(q, sample * q.s + first, w, q.c, t.label.data());
    if (upstream == nullptr) any_shares<false>(q, sample, first, w, nullptr, t);
    else any_shares<true>(q, sample, first, w, upstream, t);
    if (costs) {
        for (int i = 0; i < w; ++i) {
            const float cost = log1p_nonnegative(rest[i] + (own[i] - 1.0f)) - gap[i];
            gap[i] = label[i] < 0 ? 0.0f : cost;
        }
    }
    normalise(w, t);
    for (int i = 0; i < w; ++i) t.pull[i] *= t.inverse[i];
}

// The same for sums, where nothing cancels, without costs and `pull`.
INLINE void softmax_tile_for_sums(const Problem& q, std::int64_t sample, std::int64_t first, int w, Tile& t) {
    read_labels(q, sample * q.s + first, w, q.c, t.label.data());
    if (!moderate_shares(q, sample, first, w, t)) any_shares<false>(q, sample, first, w, nullptr, t);
    normalise(w, t);
}

// The image cut into tiles, and the tiles into a number of chunks that does not depend on the threads.
struct Plan {
    static constexpr std::int64_t CHUNKS = 64;

    explicit Plan(const Problem& q)
        : planes(q.sigmoid ? q.n * q.c : q.n), tiles((q.s + Tile::WIDTH - 1) / Tile::WIDTH),
          chunks(std::min(tiles, std::max<std::int64_t>(1, (CHUNKS + planes - 1) / planes))) {}

    std::int64_t planes, tiles, chunks;  // tiles and chunks of one plane: a sample, or a channel under a sigmoid

    // Calls work(tile, plane, chunk, first pixel, pixels) for all tiles, those of a chunk in order.
    template <class Work>
    void run(const Problem& q, int threads, Work work) const {
        const auto make = [&] { return Tile(q.sigmoid ? 1 : q.c); };
        run_parallel(static_cast<int>(planes * chunks), threads, make, [&](Tile& tile, int task) {
            const std::int64_t plane = task / chunks, chunk = task % chunks;
            for (std::int64_t k = tiles * chunk / chunks; k < tiles * (chunk + 1) / chunks; ++k) {
                const std::int64_t first = k * Tile::WIDTH;
                work(tile, plane, chunk, first, static_cast<int>(std::min<std::int64_t>(Tile::WIDTH, q.s - first)));
            }
            finish_streaming();
        });
    }

    // sums[planes][size] of parts[planes][chunks][size], in order.
    void add_up(const std::vector<double>& parts, std::int64_t size, double* sums) const {
        for (std::int64_t plane = 0; plane < planes; ++plane)
            for (std::int64_t k = 0; k < size; ++k) {
                double sum = 0;
                for (std::int64_t chunk = 0; chunk < chunks; ++chunk) sum += parts[(plane * chunks + chunk) * size + k];
                sums[plane * size + k] = sum;
            }
    }
};
