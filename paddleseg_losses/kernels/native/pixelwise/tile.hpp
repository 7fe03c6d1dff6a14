// Pixels are worked on in tiles: a problem cut into them, and the work space for one.
#pragma once

#include <algorithm>
#include <cstdint>
#include <new>
#include <vector>

#include "labels.hpp"
#include "parallel.hpp"
#include "simd/math.hpp"
#include "simd/stores.hpp"

namespace psl {

// Whether a result of the logits' size is too large for the caches.
inline bool streams(const Problem& q) { return q.n * q.c * q.s >= std::int64_t{1} << 22; }

// Aligned to cache lines, so that no vector straddles two of them.
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

// Work space for the pixels of one tile. Rows are padded, since planes a power of two apart share cache sets.
struct Tile {
    static constexpr int WIDTH = 256;  // pixels: with few classes a tile fits the first cache, with many the second
    static_assert(WIDTH <= 256, "a row is summed in float32 before the sum is added to a double");
    static constexpr int PADDING = 16;
    static_assert((WIDTH + PADDING) * sizeof(float) % 64 == 0, "every row starts at a cache line");
    static constexpr int FEW = 8;  // classes up to which comparing with each is faster than indexing
    static constexpr int LANES = 4;  // tables used in turn, so that neighbouring pixels of one class do not wait for each other

    explicit Tile(std::int64_t channels)
        : stride(WIDTH + PADDING),
          exp_logits(channels * stride),
          label(stride),
          exp_label(stride),
          error(stride),
          correct(stride),
          nll(stride),
          inverse(stride),
          dot(stride),
          slope(stride),
          value(stride),
          ones(stride, 1.0f),
          scratch(4 * stride),
          mean(stride),
          table(channels),
          lanes(LANES * (channels + 1)) {}

    float* row(std::int64_t k) { return exp_logits.data() + k * stride; }
    const float* row(std::int64_t k) const { return exp_logits.data() + k * stride; }

    int stride;
    Row<float> exp_logits;  // e^z of each channel up to a factor of the pixel, 0 for its label: [c, stride]
    Row<std::int32_t> label;  // -1: left out
    Row<float> exp_label;  // e^z of the label
    Row<float> error, correct, nll;  // x, 1 - x and -log(1 - x)
    Row<float> inverse;  // 1 / sum e^z
    Row<float> dot;  // upstream weights times e^z, summed over the classes
    Row<float> slope, value, ones, scratch;
    Row<float> mean;  // 0 unless a problem has weights of negative pixels
    Bounds bounds;  // for `exp_within`
    std::vector<float> table;  // a number for each class
    std::vector<double> lanes;  // sums for each class, [LANES, c + 1]
};

// An image cut into tiles, and the tiles into chunks, whose number does not depend on the threads.
struct Tiling {
    static constexpr std::int64_t CHUNKS = 64;

    explicit Tiling(const Problem& q)
        : planes(q.sigmoid ? q.n * q.c : q.n),
          tiles((q.s + Tile::WIDTH - 1) / Tile::WIDTH),
          chunks(std::min(tiles, std::max<std::int64_t>(1, (CHUNKS + planes - 1) / planes))) {}

    std::int64_t planes, tiles, chunks;  // tiles and chunks of one plane

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

    // sums [planes, size] of parts [planes, chunks, size], added in order.
    void add_up(const std::vector<double>& parts, std::int64_t size, double* sums) const {
        for (std::int64_t plane = 0; plane < planes; ++plane)
            for (std::int64_t k = 0; k < size; ++k) {
                double sum = 0;
                for (std::int64_t chunk = 0; chunk < chunks; ++chunk) sum += parts[(plane * chunks + chunk) * size + k];
                sums[plane * size + k] = sum;
            }
    }
};

}  // namespace psl
