// Sorted errors times the increments of 1 - IoU, as one pixel after another is counted as wrong.
#pragma once

#include <algorithm>
#include <cstdint>

#include "simd/platform.hpp"
#include "lovasz/sorter.hpp"

namespace psl {

constexpr int BATCH = 256;  // entries whose increments are computed together

// One or two classes whose errors have the same order; the positives of the second are the negatives of the first.
struct Classes {
    int rows;
    bool requested[2];
    std::int64_t size[2];
};

// The errors of w entries of a block times their increments, summed, and the slopes; NEGATIVE: for the second class. Before the
// block came `steps` entries, `lost` of them positive; positives_until[i] of the first i + 1 are.
template <bool NEGATIVE>
INLINE double dot_increments_of_block(const Entry* block, const double* error, const std::int32_t* positives_until, int w,
                                      std::int64_t steps, std::int64_t lost, std::int64_t size, float* slope) {
    const double still = double(size - lost), all = double(size + steps - lost + 1);
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int i = 0; i < w; ++i) {
        const double positive = (block[i] & 1) != NEGATIVE ? 1.0 : 0.0;
        const std::int32_t positives = NEGATIVE ? i + 1 - positives_until[i] : positives_until[i];
        const double right = still - double(positives), union_size = all + double(i - positives);
        // The union of an absent class is empty until its first wrong pixel, which raises the loss from 0 to 1.
        const double denominator = union_size * (positive + (1.0 - positive) * (union_size - 1.0));
        const double increment = denominator > 0 ? (positive + (1.0 - positive) * right) / denominator : 1.0;
        sum += error[i] * increment;
        slope[i] = float(increment - 2.0 * positive * increment);
    }
    return sum;
}

// Add the errors of a bucket's sorted entries times their increments to sums[rows]; before them came `steps` others, of which
// `positives` were positive. The slopes go to grad[pixels][rows].
TARGET_CLONES
static void dot_increments(const Packing& packing, std::uint64_t bucket, const Entry* entries, std::int64_t count,
                           std::int64_t steps, std::int64_t positives, const Classes& classes, double base, float* grad,
                           double* sums) {
    float slope[2][BATCH] = {};
    double error[BATCH];
    for (std::int64_t start = 0; start < count; start += BATCH) {
        const Entry* block = entries + start;
        const int w = int(std::min<std::int64_t>(BATCH, count - start)), rows = classes.rows;
        std::int32_t positives_until[BATCH], positives_so_far = 0;
        for (int i = 0; i < w; ++i) {
            positives_so_far += std::int32_t(block[i] & 1);
            positives_until[i] = positives_so_far;
            if (grad) prefetch_to_write(grad + rows * packing.pixel(block[i]));
        }
        for (int i = 0; i < w; ++i) error[i] = base + packing.shifted(bucket, block[i]);
        if (classes.requested[0])
            sums[0] +=
                dot_increments_of_block<false>(block, error, positives_until, w, steps, positives, classes.size[0], slope[0]);
        if (classes.requested[1])
            sums[1] += dot_increments_of_block<true>(block, error, positives_until, w, steps, steps - positives,
                                                     classes.size[1], slope[1]);
        for (int i = 0; grad && i < w; ++i) {
            float* place = grad + rows * packing.pixel(block[i]);
            place[0] = slope[0][i];
            if (rows > 1) place[1] = slope[1][i];
        }
        steps += w, positives += positives_so_far;
    }
}

}  // namespace psl
