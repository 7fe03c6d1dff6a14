// l_c = -log(1 - p_c) of the classes of which a pixel is a negative, under a softmax.
//
// With e = e^z and D their sum, 1 - p_c = R_c / D, where R_c = D - e_c. For the largest class this would cancel, so R_c is
// summed without it. Where even that sum is too small for a float32 (logits at least 70 apart), the pixel is computed in
// double, from the logits.
//     dl_c / dz_c = p_c;      dl_c / dz_j = -p_c e_j / R_c for j != c.
#pragma once

#include <cmath>

#include "pixelwise/softmax.hpp"
#include "pixelwise/sum_spec.hpp"

namespace psl {

constexpr float TINY = 1e-30f;

// Whether a class has nearly all of a pixel: its e is 1, and those of the others are small.
INLINE bool dominates(float exp_z, float rest) { return exp_z == 1.0f && rest < 0.5f; }

// rest: the sum of all e except the largest, after a stable softmax. Returns whether it is too small somewhere.
INLINE bool sum_without_top(const Problem& q, const Tile& t, int w, float* rest) {
    for (int i = 0; i < w; ++i) {
        const float own = t.label[i] < 0 ? 1.0f : t.correct[i] / t.inverse[i];
        rest[i] = own < 1.0f ? own : 0.0f;
    }
    for (std::int64_t k = 0; k < q.c; ++k) {
        const float* row = t.row(k);
        for (int i = 0; i < w; ++i) rest[i] += row[i] < 1.0f ? row[i] : 0.0f;
    }
    // Where several e are 1 none dominates, and `rest` is not used: it must not look small.
    int small = 0;
#pragma omp simd reduction(+ : small)
    for (int i = 0; i < w; ++i) {
        const float sum = t.label[i] < 0 ? 1.0f : 1.0f / t.inverse[i];
        rest[i] = sum - rest[i] > 1.5f ? 1.0f : rest[i];
        small += t.label[i] >= 0 && rest[i] < TINY ? 1 : 0;
    }
    return small > 0;
}

// R_c of one class.
INLINE float sum_without(float exp_z, float inverse, float rest) {
    const float without_top = rest > TINY ? rest : TINY;
    return dominates(exp_z, rest) ? without_top : (inverse > 0.0f ? 1.0f / inverse : 2.0f) - exp_z;
}

// The log-sum-exp of all classes but one, in double.
inline double log_sum_exp_without(const Problem& q, std::int64_t sample, std::int64_t pixel, std::int64_t without) {
    const float* z = q.logits + sample * q.c * q.s + pixel;
    double top = -HUGE_VAL, sum = 0;
    for (std::int64_t k = 0; k < q.c; ++k)
        if (k != without) top = std::max(top, static_cast<double>(z[k * q.s]));
    for (std::int64_t k = 0; k < q.c; ++k)
        if (k != without) sum += std::exp(z[k * q.s] - top);
    return top + std::log(sum);
}

// out = l of one class at w pixels, after a stable softmax.
INLINE void neg_log_one_minus_p(const Problem& q, std::int64_t sample, std::int64_t first, std::int64_t k, const Tile& t,
                                const float* rest, bool small, int w, float* out) {
    const float *row = t.row(k), *inverse = t.inverse.data();
    const std::int32_t* label = t.label.data();
    for (int i = 0; i < w; ++i) {
        const float nll = log1p_nonnegative(row[i] / sum_without(row[i], inverse[i], rest[i]));
        out[i] = label[i] < 0 ? 0.0f : nll;
    }
    for (int i = 0; small && i < w; ++i)
        if (dominates(row[i], rest[i]) && rest[i] < TINY && t.label[i] >= 0)
            out[i] = static_cast<float>(q.logits[(sample * q.c + k) * q.s + first + i] -
                                        log_sum_exp_without(q, sample, first + i, k));
}

// Add the gradient of the sums of l with weights u [c], times the weights of pixels, to that of the logits.
INLINE void add_neg_log_one_minus_p_gradient(const Problem& q, std::int64_t sample, std::int64_t first, const float* u, Tile& t,
                                             const float* weight, int w, float* gradient) {
    float *rest = t.scratch.data(), *all = rest + t.stride, *top = all + t.stride, *factor = top + t.stride;
    const float *inverse = t.inverse.data(), *correct = t.correct.data();
    const std::int32_t* label = t.label.data();
    const bool small = sum_without_top(q, t, w, rest);
    // With f_c = u_c p_c / R_c:  dz_j = u_j p_j - e_j (sum f - f_j). The large f_c of a dominant class is summed
    // apart from the others.
    for (int i = 0; i < w; ++i) {
        all[i] = top[i] = 0.0f;
        factor[i] = label[i] < 0 ? 0.0f : weight[i];
    }
    for (int k = 0; k < q.c; ++k) {
        const float* row = t.row(k);
        for (int i = 0; i < w; ++i) {
            const float ratio = u[k] * row[i] * inverse[i] / sum_without(row[i], inverse[i], rest[i]);
            const bool dominant = dominates(row[i], rest[i]);
            all[i] += dominant ? 0.0f : ratio;
            top[i] += dominant && rest[i] >= TINY ? ratio : 0.0f;
        }
    }
    for (int k = 0; k < q.c; ++k) {
        const float* row = t.row(k);
        float* out = gradient + (sample * q.c + k) * q.s + first;
        for (int i = 0; i < w; ++i) {
            const float numerator = u[k] * row[i] * inverse[i];
            const bool dominant = dominates(row[i], rest[i]);
            const float others = dominant ? all[i] : all[i] - numerator / sum_without(row[i], inverse[i], rest[i]) + top[i];
            const float exp_z = label[i] == k ? correct[i] / inverse[i] : row[i];
            out[i] += factor[i] > 0.0f ? factor[i] * (numerator - exp_z * others) : 0.0f;
        }
        for (int i = 0; small && i < w; ++i) {
            if (!dominates(row[i], rest[i]) || rest[i] >= TINY || t.label[i] < 0) continue;
            const double log_sum = log_sum_exp_without(q, sample, first + i, k), ratio = u[k] * weight[i];
            for (std::int64_t j = 0; j < q.c; ++j) {
                const std::int64_t place = (sample * q.c + j) * q.s + first + i;
                if (j != k) gradient[place] -= static_cast<float>(ratio * std::exp(q.logits[place] - log_sum));
            }
        }
    }
}

}  // namespace psl
