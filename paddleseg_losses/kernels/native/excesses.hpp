// What the Lovász extension sorts, of a row of pixels: errors of the softmax, or what hinges exceed 1 by.
#pragma once

#include <cmath>
#include <cstdint>

#include "platform.hpp"
#include "sorter.hpp"
#include "tile.hpp"
#include "vector.hpp"

// e^(z - top) is scaled to the softmax by `inverse`; `missed` is 1 - p of the label, which is -1 where a pixel is left out.
// All [n s].
struct Softmax {
    std::int32_t* label;
    float *top, *inverse, *missed;  // of more than two classes
};

EVERY_INSTRUCTION_SET
static void softmax_scales(const Problem& q, std::int64_t sample, std::int64_t first, int w, const std::int32_t* label,
                           float* top, float* inverse, float* missed) {
    for (int k = 0; k < q.c; ++k) {
        const float* z = q.logits + (sample * q.c + k) * q.s + first;
        for (int i = 0; i < w; ++i) top[i] = k == 0 || z[i] > top[i] ? z[i] : top[i];
    }
    for (int i = 0; i < w; ++i) inverse[i] = missed[i] = 0.0f;
    for (int k = 0; k < q.c; ++k) {
        const float* z = q.logits + (sample * q.c + k) * q.s + first;
#pragma omp simd
        for (int i = 0; i < w; ++i) {
            const float e = exp_below_88(z[i] - top[i]);
            inverse[i] += e;
            missed[i] += e * (label[i] == k ? 0.0f : 1.0f);
        }
    }
    for (int i = 0; i < w; ++i) {
        inverse[i] = 1.0f / inverse[i];
        missed[i] = label[i] < 0 ? 0.0f : missed[i] * inverse[i];  // whatever is there must not spread
    }
}

EVERY_INSTRUCTION_SET
static void softmax_errors(const float* z, const Softmax& of, std::int64_t first, int channel, int w, float* error) {
    const std::int32_t* label = of.label + first;
    const float *top = of.top + first, *inverse = of.inverse + first, *missed = of.missed + first;
#pragma omp simd
    for (int i = 0; i < w; ++i) {
        const float p = exp_below_88(z[i] - top[i]) * inverse[i];
        error[i] = label[i] < 0 ? 0.0f : label[i] == channel ? missed[i] : p;
    }
}

// Both classes of two have this error, 1 - p of the label.
EVERY_INSTRUCTION_SET
static void softmax_errors_of_two(const float* z0, const float* z1, const std::int32_t* label, int w, float* error) {
#pragma omp simd
    for (int i = 0; i < w; ++i) {
        const float gap = z1[i] - z0[i], e = exp_below_88(-std::fabs(gap)), scale = 1.0f / (1.0f + e);
        const bool right = (gap > 0.0f) == (label[i] == 1);
        error[i] = label[i] < 0 ? 0.0f : right ? e * scale : scale;
    }
}

EVERY_INSTRUCTION_SET
static void hinge_excesses(const float* z, const std::int32_t* label, int w, float* excess) {
    for (int i = 0; i < w; ++i) excess[i] = label[i] < 0 ? -1.0f : label[i] == 1 ? -z[i] : z[i];
}

EVERY_INSTRUCTION_SET
static void hinge_excesses_of_two(const float* z0, const float* z1, const std::int32_t* label, int w, float* excess) {
    for (int i = 0; i < w; ++i) excess[i] = label[i] < 0 ? -1.0f : label[i] == 1 ? z0[i] - z1[i] : z1[i] - z0[i];
}

struct Tally {
    std::int64_t hits = 0, valid = 0;  // pixels of the class, and those that count
};

// Entries of those of w <= 256 pixels whose error, base + excess, is above 0; returns how many, and counts all pixels.
EVERY_INSTRUCTION_SET
static int make_entries(const float* excess, const std::int32_t* label, std::int32_t own_label, std::int64_t pixel,
                        float base, int w, Entry* entries, Tally& tally) {
    Entry every[256];
    std::int32_t hits = 0, valid = 0;
#pragma omp simd reduction(+ : hits, valid)
    for (int i = 0; i < w; ++i) {
        const bool hit = label[i] == own_label;
        hits += hit ? 1 : 0;
        valid += label[i] >= 0 ? 1 : 0;
        every[i] = entry_of(excess[i], pixel + i, hit);
    }
    tally.hits += hits, tally.valid += valid;
    int count = 0;
    for (int i = 0; i < w; ++i) {
        entries[count] = every[i];
        count += !(excess[i] <= -base);  // NaN is kept, and seen
    }
    return count;
}
