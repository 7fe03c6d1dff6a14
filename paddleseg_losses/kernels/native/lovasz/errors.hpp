// What the Lovász extension sorts: errors of the softmax, or hinge errors shifted by -1.
//
// In double: among many pixels some errors differ too little for a float, and a positive pixel that swaps places with a
// negative one changes slopes.
#pragma once

#include <cmath>
#include <cstdint>

#include "simd/platform.hpp"
#include "lovasz/sorter.hpp"
#include "pixelwise/tile.hpp"
#include "simd/math.hpp"

namespace psl {

struct Counts {
    std::int64_t positives = 0, valid = 0;  // pixels of the class, and all that count
};

// The softmax is e^(z - top) inverse; `one_minus_p_true` is 1 - p of the label. All [n s].
struct Softmax {
    std::int32_t* label;  // -1 where a pixel is left out
    float *top, *log_partition;  // slightly too small, so that z - log_partition >= log p; infinity where left out
    double *inverse, *one_minus_p_true;
};

template <class Real>
TARGET_CLONES void softmax_scales(const Problem& q, std::int64_t sample, std::int64_t first, int w, const std::int32_t* label,
                                  float* top, Real* inverse, Real* one_minus_p_true) {
    for (int k = 0; k < q.c; ++k) {
        const float* z = q.logits + (sample * q.c + k) * q.s + first;
        for (int i = 0; i < w; ++i) top[i] = k == 0 || z[i] > top[i] ? z[i] : top[i];
    }
    for (int i = 0; i < w; ++i) inverse[i] = one_minus_p_true[i] = 0;
    for (int k = 0; k < q.c; ++k) {
        const float* z = q.logits + (sample * q.c + k) * q.s + first;
#pragma omp simd
        for (int i = 0; i < w; ++i) {
            const Real e = exp_below_88(Real(z[i]) - Real(top[i]));
            inverse[i] += e;
            one_minus_p_true[i] += e * (label[i] == k ? Real(0) : Real(1));
        }
    }
    for (int i = 0; i < w; ++i) {
        inverse[i] = 1 / inverse[i];
        one_minus_p_true[i] = label[i] < 0 ? 0 : one_minus_p_true[i] * inverse[i];  // the logits may be NaN
    }
}

TARGET_CLONES
static void softmax_log_partition(const Softmax& of, std::int64_t first, int w) {
    const float* top = of.top + first;
    const double* inverse = of.inverse + first;
    for (int i = 0; i < w; ++i) {
        const float scale = float(inverse[i]), margin = 1e-4f + 1e-6f * std::fabs(top[i]);
        const float log_partition = top[i] - log_positive(scale) - margin + 0.0f * scale;  // NaN stays NaN
        of.log_partition[first + i] = of.label[first + i] < 0 ? INFINITY : log_partition;
    }
}

// Whether any of w pixels is positive, or may have an error of at least e^cut.
TARGET_CLONES
static bool any_above_threshold(const float* z, const Softmax& of, std::int64_t first, int channel, float cut, int w) {
    const std::int32_t* label = of.label + first;
    const float* log_partition = of.log_partition + first;
    std::int32_t above = 0;
#pragma omp simd reduction(+ : above)
    for (int i = 0; i < w; ++i) above += label[i] == channel || !(z[i] - log_partition[i] < cut) ? 1 : 0;
    return above != 0;
}

TARGET_CLONES
static void softmax_errors(const float* z, const Softmax& of, std::int64_t first, int channel, int w, double* error) {
    const std::int32_t* label = of.label + first;
    const float* top = of.top + first;
    const double *inverse = of.inverse + first, *one_minus_p_true = of.one_minus_p_true + first;
#pragma omp simd
    for (int i = 0; i < w; ++i) {
        const double p = exp_below_88(double(z[i]) - double(top[i])) * inverse[i];
        error[i] = label[i] < 0 ? 0.0 : label[i] == channel ? one_minus_p_true[i] : p;
    }
}

// Of two classes both have the same error, 1 - p of the label.
TARGET_CLONES
static void softmax_errors_of_two(const float* z0, const float* z1, const std::int32_t* label, int w, double* error) {
#pragma omp simd
    for (int i = 0; i < w; ++i) {
        const double gap = logit_difference<double>(z0[i], z1[i]), e = exp_below_88(-std::fabs(gap)), scale = 1.0 / (1.0 + e);
        const bool correct = (gap > 0.0) == (label[i] == 1);
        error[i] = label[i] < 0 ? 0.0 : correct ? e * scale : scale;
    }
}

TARGET_CLONES
static void hinge_margins(const float* z, const std::int32_t* label, int w, double* shifted) {
    for (int i = 0; i < w; ++i) shifted[i] = label[i] < 0 ? -1.0 : label[i] == 1 ? -double(z[i]) : double(z[i]);
}

TARGET_CLONES
static void hinge_margins_of_two(const float* z0, const float* z1, const std::int32_t* label, int w, double* shifted) {
    for (int i = 0; i < w; ++i) {
        const double gap = double(z1[i]) - double(z0[i]);
        shifted[i] = label[i] < 0 ? -1.0 : label[i] == 1 ? -gap : gap;
    }
}

// The buckets and entries of those of w <= 256 pixels whose error, base + shifted, is above 0 and not below the threshold.
// Returns their number, and counts all pixels.
TARGET_CLONES
static int make_entries(const Packing& packing, const double* shifted, const std::int32_t* label, std::int32_t own_label,
                        std::int64_t pixel, double base, double threshold, int w, std::uint16_t* bucket, Entry* entries,
                        Counts& counts) {
    const Packing own = packing;  // a copy, which cannot alias with what is stored
    std::uint64_t key[256], every[256];
    std::int32_t positives = 0, valid = 0;
#pragma omp simd reduction(+ : positives, valid)
    for (int i = 0; i < w; ++i) {
        const bool positive = label[i] == own_label;
        positives += positive ? 1 : 0;
        valid += label[i] >= 0 ? 1 : 0;
        key[i] = key_of(shifted[i]);
        every[i] = own.entry(key[i], pixel + i, positive);
    }
    counts.positives += positives, counts.valid += valid;
    int count = 0;
    for (int i = 0; i < w; ++i) {
        bucket[count] = std::uint16_t(key[i] >> Packing::REST);
        entries[count] = every[i];
        count += !(shifted[i] <= -base || shifted[i] < threshold);  // NaN is kept, so that it reaches the loss
    }
    return count;
}

}  // namespace psl
