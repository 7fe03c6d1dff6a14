// Errors in order against the growth of 1 - IoU, as pixels are counted wrong one after another.
#pragma once

#include <algorithm>
#include <cstdint>

#include "platform.hpp"
#include "sorter.hpp"

constexpr int TOGETHER = 256;  // entries whose growths are computed together

// One or two classes whose errors have the same order; of two, the second has the pixels that are not marked.
struct Classes {
    int served;
    bool asked[2];
    std::int64_t size[2];
};

// The sum of e times growth over w entries of a block, and their slopes, for the class of the marked ones, or of the others.
// Before the block came `steps` entries, `lost` of them of the class; so_far[i] are marked of the first i + 1.
template <bool OTHER>
INLINE double weigh_block(const Entry* block, const double* error, const std::int32_t* so_far, int w, std::int64_t steps,
                          std::int64_t lost, std::int64_t size, float* slope) {
    const double still = double(size - lost), all = double(size + steps - lost + 1);
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int i = 0; i < w; ++i) {
        const double hit = (block[i] & 1) != OTHER ? 1.0 : 0.0;
        const std::int32_t hits = OTHER ? i + 1 - so_far[i] : so_far[i];
        const double right = still - double(hits), joint = all + double(i - hits);
        // An absent class has no union before its first wrong pixel, which raises its loss from 0 to 1.
        const double parts = joint * (hit + (1.0 - hit) * (joint - 1.0));
        const double growth = parts > 0 ? (hit + (1.0 - hit) * right) / parts : 1.0;
        sum += error[i] * growth;
        slope[i] = float(growth - 2.0 * hit * growth);
    }
    return sum;
}

// Adds e times growth of a bucket's sorted entries to sums[served]; before them came `steps` others, `marked` of them marked.
// The growths go to pull[pixels][served].
EVERY_INSTRUCTION_SET
static void weigh(const Packing& packing, std::uint64_t bucket, const Entry* entries, std::int64_t count, std::int64_t steps,
                  std::int64_t marked, const Classes& classes, double base, float* pull, double* sums) {
    float slope[2][TOGETHER] = {};
    double error[TOGETHER];
    for (std::int64_t start = 0; start < count; start += TOGETHER) {
        const Entry* block = entries + start;
        const int w = int(std::min<std::int64_t>(TOGETHER, count - start)), served = classes.served;
        std::int32_t so_far[TOGETHER], marks = 0;
        for (int i = 0; i < w; ++i) {
            marks += std::int32_t(block[i] & 1);
            so_far[i] = marks;
            if (pull) prefetch_to_write(pull + served * packing.pixel(block[i]));
        }
        for (int i = 0; i < w; ++i) error[i] = base + packing.excess(bucket, block[i]);
        if (classes.asked[0]) sums[0] += weigh_block<false>(block, error, so_far, w, steps, marked, classes.size[0], slope[0]);
        if (classes.asked[1])
            sums[1] += weigh_block<true>(block, error, so_far, w, steps, steps - marked, classes.size[1], slope[1]);
        for (int i = 0; pull && i < w; ++i) {
            float* place = pull + served * packing.pixel(block[i]);
            place[0] = slope[0][i];
            if (served > 1) place[1] = slope[1][i];
        }
        steps += w, marked += marks;
    }
}
