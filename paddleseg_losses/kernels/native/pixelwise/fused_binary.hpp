// Binary problems whose sums are of 1 - x, x and l only, as for overlaps and plain cross entropies: sums and gradient in one
// loop, without intermediate rows.
//
// With p = sigmoid(z), pixels of label 1 have x = 1 - p and l = log(1 + e^-z), those of label 0 x = p and l = log(1 + e^z).
#pragma once

#include <cmath>

#include "pixelwise/binary_logit.hpp"

namespace psl {

// Whether all sums are of these functions, and unweighted.
INLINE bool is_fusable(const Problem& q, const SumSpec* specs, int count) {
    bool result = q.weight == nullptr && is_binary(q);
    for (int m = 0; m < count; ++m) result &= specs[m].kind == CORRECT || specs[m].kind == ERROR || specs[m].kind == NLL;
    return result;
}

// dz = +-x (a (1 - x) + b) at pixels of each label: a is the weight of the sum of x minus that of 1 - x, b that of the sum of
// l. weight: [classes][specs] of one plane.
struct SlopeFactors {
    INLINE SlopeFactors(const Problem& q, const SumSpec* specs, int count, const double* weight) {
        for (int k = first_class(q); k < 2; ++k)
            for (int m = 0; m < count; ++m, ++weight) {
                const int label = label_of(k, specs[m]);
                double& factor = specs[m].kind == NLL ? b[label] : a[label];
                factor += specs[m].kind == CORRECT ? -*weight : *weight;
            }
    }

    double a[2] = {0, 0}, b[2] = {0, 0};
};

// Where the logit of a plane's pixels has its gradient; of two classes the second.
INLINE std::int64_t place_of(const Problem& q, std::int64_t plane, std::int64_t first) {
    return (q.sigmoid ? plane : 2 * plane + 1) * q.s + first;
}

// SUMS: add the sums of w pixels to table[classes][specs] of one plane. SLOPES: write the gradient of the sums with weights
// [classes][specs] of the plane. KEEP: write x (1 - x) there instead, for `finish_fused`. WITH_NLL: some sums are of l, whose
// logarithm takes longer than all else.
template <bool SUMS, bool WITH_NLL, bool SLOPES, bool KEEP = false>
TARGET_CLONES void fused_tile(const Problem& q, std::int64_t plane, std::int64_t first, int w, const SumSpec* specs, int count,
                              const double* weight, Tile& t, double* table, float* gradient) {
    const BinaryLogits logits(q, plane, first, w, t);
    const std::int32_t* label = logits.label;
    const float* z = logits.z;
    float* row = t.value.data();
    float one_a = 0, one_b = 0, zero_a = 0, zero_b = 0;
    if (SLOPES) {
        const SlopeFactors factors(q, specs, count, weight);
        one_a = static_cast<float>(-factors.a[1]), one_b = static_cast<float>(-factors.b[1]);  // the error falls as z rises
        zero_a = static_cast<float>(factors.a[0]), zero_b = static_cast<float>(factors.b[0]);
    }
    float true_positive = 0, false_negative = 0, nll_of_one = 0;
    float true_negative = 0, false_positive = 0, nll_of_zero = 0;
#pragma omp simd reduction(+ : true_positive, false_negative, nll_of_one, true_negative, false_positive, nll_of_zero)
    for (int i = 0; i < w; ++i) {
        const float e = exp_below_88(-std::fabs(z[i])), scale = 1.0f / (1.0f + e), small = e * scale;
        const float p = z[i] > 0.0f ? scale : small, one_minus_p = z[i] > 0.0f ? small : scale;
        if (SUMS) {
            true_positive += label[i] == 1 ? p : 0.0f;
            false_negative += label[i] == 1 ? one_minus_p : 0.0f;
            true_negative += label[i] == 0 ? one_minus_p : 0.0f;
            false_positive += label[i] == 0 ? p : 0.0f;
        }
        if (SUMS && WITH_NLL) {
            const float softplus = log1p_nonnegative(e, scale);  // of -|z|
            nll_of_one += label[i] == 1 ? softplus + (z[i] > 0.0f ? 0.0f : -z[i]) : 0.0f;
            nll_of_zero += label[i] == 0 ? softplus + (z[i] > 0.0f ? z[i] : 0.0f) : 0.0f;
        }
        if (SLOPES) {
            const float both = small * scale;  // x (1 - x)
            const float one = WITH_NLL ? one_a * both + one_b * one_minus_p : one_a * both;
            const float zero = WITH_NLL ? zero_a * both + zero_b * p : zero_a * both;
            row[i] = label[i] == 1 ? one : label[i] == 0 ? zero : 0.0f;
        }
        if (KEEP) row[i] = small * scale;
    }
    const float correct[] = {true_negative, true_positive}, error[] = {false_positive, false_negative};  // of each label
    const float nll[] = {nll_of_zero, nll_of_one};
    for (int k = first_class(q); SUMS && k < 2; ++k)
        for (int m = 0; m < count; ++m) {
            const int of = label_of(k, specs[m]);
            *table++ += specs[m].kind == CORRECT ? correct[of] : specs[m].kind == ERROR ? error[of] : nll[of];
        }
    if (SLOPES) write_binary_row(q, plane, first, w, row, gradient);
    if (KEEP) write_row(row, w, streams(q), gradient + place_of(q, plane, first));
}

// Turn x (1 - x), kept by the forward pass, into the gradient of sums without l.
TARGET_CLONES
static inline void finish_fused(const Problem& q, std::int64_t plane, std::int64_t first, int w, const SumSpec* specs,
                                int count, const double* weight, Tile& t, float* gradient) {
    const SlopeFactors factors(q, specs, count, weight);
    const float one = static_cast<float>(-factors.a[1]), zero = static_cast<float>(factors.a[0]);
    const float* kept = gradient + place_of(q, plane, first);
    const std::int32_t* label = t.label.data();
    float* row = t.value.data();
    prefetch_to_read(kept + w, w);
    read_labels(q, plane * q.s + first, w, 2, t.label.data());
    for (int i = 0; i < w; ++i) row[i] = label[i] == 1 ? one * kept[i] : label[i] == 0 ? zero * kept[i] : 0.0f;
    write_binary_row(q, plane, first, w, row, gradient);
}

}  // namespace psl
