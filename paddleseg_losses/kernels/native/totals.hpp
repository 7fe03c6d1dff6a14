// Sums of a row of float32 numbers, as accurate as doubles would be nearly.
#pragma once

#include <cstdint>

#include "platform.hpp"
#include "tile.hpp"

constexpr int BLOCK = 256;  // numbers added in float32 before they go into a double

INLINE double total_of_label(const float* a, const std::int32_t* label, std::int32_t k, int w) {
    double sum = 0;
    for (int start = 0; start < w; start += BLOCK) {
        const int stop = start + BLOCK < w ? start + BLOCK : w;
        float part = 0;
#pragma omp simd reduction(+ : part)
        for (int i = start; i < stop; ++i) {
            const float value = a[i];
            part += label[i] == k ? value : 0.0f;
        }
        sum += part;
    }
    return sum;
}

// In two halves, which do not wait for each other's additions.
INLINE double total_product(const float* a, const float* b, int w) {
    double sum = 0;
    for (int start = 0; start < w; start += BLOCK) {
        const int half = (w - start < BLOCK ? w - start : BLOCK) / 2;
        const float *a1 = a + start, *b1 = b + start, *a2 = a1 + half, *b2 = b1 + half;
        float first = 0, second = 0;
#pragma omp simd reduction(+ : first, second)
        for (int i = 0; i < half; ++i) {
            first += a1[i] * b1[i];
            second += a2[i] * b2[i];
        }
        sum += first + second;
    }
    if (w % 2 == 1) sum += a[w - 1] * b[w - 1];
    return sum;
}

// table[k * step] += the sum of a over the pixels of class k.
INLINE void add_by_class(Tile& t, std::int64_t c, int w, const float* a, double* table, std::int64_t step) {
    if (c <= Tile::FEW) {
        for (int k = 0; k < c; ++k) table[k * step] += total_of_label(a, t.label.data(), k, w);
        return;
    }
    const std::int64_t size = c + 1;  // the last row takes what is left out
    double* lanes = t.lanes.data();
    std::fill(t.lanes.begin(), t.lanes.end(), 0.0);
    for (int i = 0; i < w; ++i) lanes[(i % Tile::LANES) * size + (t.label[i] < 0 ? c : t.label[i])] += a[i];
    for (std::int64_t k = 0; k < c; ++k)
        for (int lane = 0; lane < Tile::LANES; ++lane) table[k * step] += lanes[lane * size + k];
}
