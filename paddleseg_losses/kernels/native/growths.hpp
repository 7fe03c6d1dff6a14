// Errors in order against the growth of 1 - IoU, as pixels are counted wrong one after another.
#pragma once

#include <algorithm>
#include <cstdint>

#include "platform.hpp"
#include "sorter.hpp"

constexpr int TOGETHER = 256;  // entries whose growths are computed together

// Sum of e times growth over sorted entries; before them came `steps` others, `lost` of them of the class. `other`: the class
// is the one of the pixels that are not marked.
EVERY_INSTRUCTION_SET
static double weigh(const Entry* entries, std::int64_t count, std::int64_t steps, std::int64_t lost, std::int64_t size,
                    bool other, float base, float* pull) {
    double sum = 0;
    for (std::int64_t start = 0; start < count; start += TOGETHER) {
        const Entry* block = entries + start;
        const int w = int(std::min<std::int64_t>(TOGETHER, count - start));
        std::int32_t hits[TOGETHER];  // so far in the block
        float slope[TOGETHER];
        std::int32_t so_far = 0;
        for (int i = 0; i < w; ++i) {
            so_far += std::int32_t((block[i] & 1) != other);
            hits[i] = so_far;
            if (pull) prefetch_to_write(pull + (std::uint32_t(block[i]) >> 1));
        }
        double part = 0;
#pragma omp simd reduction(+ : part)
        for (int i = 0; i < w; ++i) {
            const double hit = (block[i] & 1) != other ? 1.0 : 0.0;
            const double right = double(size - lost) - double(hits[i]);
            const double joint = double(size + steps - lost + 1) + double(i - hits[i]);
            // An absent class has no union before its first wrong pixel, which raises its loss from 0 to 1.
            const double parts = joint * (hit + (1.0 - hit) * (joint - 1.0));
            const double growth = parts > 0 ? (hit + (1.0 - hit) * right) / parts : 1.0;
            part += (double(base) + excess_of(block[i])) * growth;
            slope[i] = float(growth - 2.0 * hit * growth);
        }
        sum += part;
        for (int i = 0; pull && i < w; ++i) pull[std::uint32_t(block[i]) >> 1] = slope[i];
        steps += w, lost += so_far;
    }
    return sum;
}
