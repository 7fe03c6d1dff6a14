// Row sums of a tile, nearly as accurate as in double: of at most WIDTH numbers.
#pragma once

#include <cstdint>

#include "simd/platform.hpp"
#include "pixelwise/tile.hpp"

namespace psl {

INLINE double sum_of_label(const float* a, const std::int32_t* label, std::int32_t k, int w) {
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int i = 0; i < w; ++i) {
        const float value = a[i];
        sum += label[i] == k ? value : 0.0f;
    }
    return sum;
}

// In two halves, whose additions do not wait for each other.
INLINE double dot_product(const float* a, const float* b, int w) {
    const int half = w / 2;
    const float *a2 = a + half, *b2 = b + half;
    float first = 0, second = w % 2 == 1 ? a[w - 1] * b[w - 1] : 0.0f;
#pragma omp simd reduction(+ : first, second)
    for (int i = 0; i < half; ++i) {
        first += a[i] * b[i];
        second += a2[i] * b2[i];
    }
    return double(first) + second;
}

// table[k * step] += the sum of a over the pixels of class k.
INLINE void add_by_class(Tile& t, std::int64_t c, int w, const float* a, double* table, std::int64_t step) {
    if (c <= Tile::FEW) {
        for (int k = 0; k < c; ++k) table[k * step] += sum_of_label(a, t.label.data(), k, w);
        return;
    }
    const std::int64_t size = c + 1;  // the last entry takes what is left out
    double* lanes = t.lanes.data();
    std::fill(t.lanes.begin(), t.lanes.end(), 0.0);
    for (int i = 0; i < w; ++i) lanes[(i % Tile::LANES) * size + (t.label[i] < 0 ? c : t.label[i])] += a[i];
    for (std::int64_t k = 0; k < c; ++k)
        for (int lane = 0; lane < Tile::LANES; ++lane) table[k * step] += lanes[lane * size + k];
}

}  // namespace psl
