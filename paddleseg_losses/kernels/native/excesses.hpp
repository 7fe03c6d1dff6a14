// What the Lovász extension sorts, of a row of pixels: errors of the softmax, or what hinges exceed 1 by.
//
// Errors are doubles: of many pixels some have a neighbour in the order that floats would not tell from it, and a pixel of the
// class that changes places with another changes slopes.
#pragma once

#include <cmath>
#include <cstdint>

#include "platform.hpp"
#include "sorter.hpp"
#include "tile.hpp"
#include "vector.hpp"

struct Tally {
    std::int64_t hits = 0, valid = 0;  // pixels of the class, and those that count among all that were looked at
};

// e^(z - top) is scaled to the softmax by `inverse`; `missed` is 1 - p of the label. All [n s].
struct Softmax {
    std::int32_t* label;  // -1 where a pixel is left out
    float *top, *level;   // z - level is log p, or a little more; -infinity where a pixel is left out
    double *inverse, *missed;
};

template <class Real>
EVERY_INSTRUCTION_SET void softmax_scales(const Problem& q, std::int64_t sample, std::int64_t first, int w,
                                          const std::int32_t* label, float* top, Real* inverse, Real* missed) {
    for (int k = 0; k < q.c; ++k) {
        const float* z = q.logits + (sample * q.c + k) * q.s + first;
        for (int i = 0; i < w; ++i) top[i] = k == 0 || z[i] > top[i] ? z[i] : top[i];
    }
    for (int i = 0; i < w; ++i) inverse[i] = missed[i] = 0;
    for (int k = 0; k < q.c; ++k) {
        const float* z = q.logits + (sample * q.c + k) * q.s + first;
#pragma omp simd
        for (int i = 0; i < w; ++i) {
            const Real e = exp_below_88(Real(z[i]) - Real(top[i]));
            inverse[i] += e;
            missed[i] += e * (label[i] == k ? Real(0) : Real(1));
        }
    }
    for (int i = 0; i < w; ++i) {
        inverse[i] = 1 / inverse[i];
        missed[i] = label[i] < 0 ? 0 : missed[i] * inverse[i];  // whatever is there must not spread
    }
}

EVERY_INSTRUCTION_SET
static void softmax_levels(const Softmax& of, std::int64_t first, int w) {
    const float* top = of.top + first;
    const double* inverse = of.inverse + first;
    for (int i = 0; i < w; ++i) {
        const float scale = float(inverse[i]), margin = 1e-4f + 1e-6f * std::fabs(top[i]);
        const float level = top[i] - log_positive(scale) - margin + 0.0f * scale;  // NaN stays NaN
        of.level[first + i] = of.label[first + i] < 0 ? INFINITY : level;
    }
}

// Whether any of w pixels is of the class, or may have an error of e^cut at least.
EVERY_INSTRUCTION_SET
static bool matter(const float* z, const Softmax& of, std::int64_t first, int channel, float cut, int w) {
    const std::int32_t* label = of.label + first;
    const float* level = of.level + first;
    std::int32_t some = 0;
#pragma omp simd reduction(+ : some)
    for (int i = 0; i < w; ++i) some += label[i] == channel || !(z[i] - level[i] < cut) ? 1 : 0;
    return some != 0;
}

EVERY_INSTRUCTION_SET
static void softmax_errors(const float* z, const Softmax& of, std::int64_t first, int channel, int w, double* error) {
    const std::int32_t* label = of.label + first;
    const float* top = of.top + first;
    const double *inverse = of.inverse + first, *missed = of.missed + first;
#pragma omp simd
    for (int i = 0; i < w; ++i) {
        const double p = exp_below_88(double(z[i]) - double(top[i])) * inverse[i];
        error[i] = label[i] < 0 ? 0.0 : label[i] == channel ? missed[i] : p;
    }
}

// Both classes of two have this error, 1 - p of the label.
EVERY_INSTRUCTION_SET
static void softmax_errors_of_two(const float* z0, const float* z1, const std::int32_t* label, int w, double* error) {
#pragma omp simd
    for (int i = 0; i < w; ++i) {
        const double gap = gap_of_two<double>(z0[i], z1[i]), e = exp_below_88(-std::fabs(gap)), scale = 1.0 / (1.0 + e);
        const bool right = (gap > 0.0) == (label[i] == 1);
        error[i] = label[i] < 0 ? 0.0 : right ? e * scale : scale;
    }
}

EVERY_INSTRUCTION_SET
static void hinge_excesses(const float* z, const std::int32_t* label, int w, double* excess) {
    for (int i = 0; i < w; ++i) excess[i] = label[i] < 0 ? -1.0 : label[i] == 1 ? -double(z[i]) : double(z[i]);
}

EVERY_INSTRUCTION_SET
static void hinge_excesses_of_two(const float* z0, const float* z1, const std::int32_t* label, int w, double* excess) {
    for (int i = 0; i < w; ++i) {
        const double gap = double(z1[i]) - double(z0[i]);
        excess[i] = label[i] < 0 ? -1.0 : label[i] == 1 ? -gap : gap;
    }
}

// Of w <= 256 pixels, those whose error, base + excess, is above 0 and not below the least that matters: their buckets and
// entries. Returns how many these are, and counts all pixels.
EVERY_INSTRUCTION_SET
static int make_entries(const Packing& packing, const double* excess, const std::int32_t* label, std::int32_t own_label,
                        std::int64_t pixel, double base, double least, int w, std::uint16_t* bucket, Entry* entries,
                        Tally& tally) {
    const Packing own = packing;  // a copy, which no store can change
    std::uint64_t key[256], every[256];
    std::int32_t hits = 0, valid = 0;
#pragma omp simd reduction(+ : hits, valid)
    for (int i = 0; i < w; ++i) {
        const bool hit = label[i] == own_label;
        hits += hit ? 1 : 0;
        valid += label[i] >= 0 ? 1 : 0;
        key[i] = key_of(excess[i]);
        every[i] = own.entry(key[i], pixel + i, hit);
    }
    tally.hits += hits, tally.valid += valid;
    int count = 0;
    for (int i = 0; i < w; ++i) {
        bucket[count] = std::uint16_t(key[i] >> Packing::REST);
        entries[count] = every[i];
        count += !(excess[i] <= -base || excess[i] < least);  // NaN is kept, and seen
    }
    return count;
}
