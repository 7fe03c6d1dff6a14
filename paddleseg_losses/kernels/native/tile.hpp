// A problem, cut into tiles of pixels, and the work space for one tile.
#pragma once

#include <algorithm>
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
    static_assert(WIDTH <= 256, "numbers added in float32 before they go into a double");
    static constexpr int ROOM = 16;
    static_assert((WIDTH + ROOM) * sizeof(float) % 64 == 0, "every row starts with a line of the caches");
    static constexpr int FEW = 8;  // classes up to which a comparison with each is faster than an index
    static constexpr int LANES = 4;  // tables written in turn: neighbouring pixels of one class do not wait for each other

    explicit Tile(std::int64_t channels)
        : stride(WIDTH + ROOM), share(channels * stride), label(stride), own(stride), error(stride),
          right(stride), cost(stride), inverse(stride), pull(stride), slope(stride), value(stride), ones(stride, 1.0f),
          spare(4 * stride), mean(stride), table(channels), lanes(LANES * (channels + 1)) {}

    float* row(std::int64_t k) { return share.data() + k * stride; }
    const float* row(std::int64_t k) const { return share.data() + k * stride; }

    int stride;
    Row<float> share;         // e^z of each channel up to a factor of the pixel, 0 for the label's own: [c, stride]
    Row<std::int32_t> label;  // -1: left out
    Row<float> own, error, right, cost, inverse, pull, slope, value, ones, spare;
    Row<float> mean;            // 0 unless a problem has weights of other classes
    Bounds bounds;              // for `exp_within`
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
