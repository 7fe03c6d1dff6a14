// Sums of a row of float32 numbers, as accurate as doubles would be nearly.
#pragma once

#include <cstdint>

#include "platform.hpp"

constexpr int BLOCK = 256;  // numbers added in float32 before they go into a double

INLINE double total(const float* a, int w) {
    double sum = 0;
    for (int start = 0; start < w; start += BLOCK) {
        const int stop = start + BLOCK < w ? start + BLOCK : w;
        float part = 0;
#pragma omp simd reduction(+ : part)
        for (int i = start; i < stop; ++i) part += a[i];
        sum += part;
    }
    return sum;
}

INLINE double total_of_label(const float* a, const std::int32_t* label, std::int64_t k, int w) {
    double sum = 0;
    for (int start = 0; start < w; start += BLOCK) {
        const int stop = start + BLOCK < w ? start + BLOCK : w;
        float part = 0;
#pragma omp simd reduction(+ : part)
        for (int i = start; i < stop; ++i) part += label[i] == k ? a[i] : 0.0f;
        sum += part;
    }
    return sum;
}

INLINE double total_product(const float* a, const float* b, int w) {
    double sum = 0;
    for (int start = 0; start < w; start += BLOCK) {
        const int stop = start + BLOCK < w ? start + BLOCK : w;
        float part = 0;
#pragma omp simd reduction(+ : part)
        for (int i = start; i < stop; ++i) part += a[i] * b[i];
        sum += part;
    }
    return sum;
}

