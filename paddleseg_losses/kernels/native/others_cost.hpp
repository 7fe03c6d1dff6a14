// The cost l_c = -log(1 - p_c) of classes that are not a pixel's own, under a softmax.
//
// With shares e and their sum D, 1 - p_c = R_c / D, where R_c = D - e_c is the share of all other classes. For the largest
// class R_c is added up without it, since D - e_c would cancel. Where even that sum is too small for a float32 (the
// logits are 70 or more apart), the pixel is computed on its own in double, from the logits.
//     dl_c / dz_c = p_c;      dl_c / dz_j = -p_c e_j / R_c for j != c.
#pragma once

#include <cmath>

#include "error_sums.hpp"
#include "shares.hpp"

constexpr float TINY = 1e-30f;

// Whether a class has nearly all of a pixel: its share is 1, and those of the others are small.
INLINE bool dominates(float share, float rest) { return share == 1.0f && rest < 0.5f; }

// rest: the sum of all shares, which have to be exact, without the largest one. Returns whether it is too small somewhere.
INLINE bool rest_of_top(const Problem& q, const Tile& t, int w, float* rest) {
    for (int i = 0; i < w; ++i) {
        const float own = t.label[i] < 0 ? 1.0f : t.right[i] / t.inverse[i];
        rest[i] = own < 1.0f ? own : 0.0f;
    }
    for (std::int64_t k = 0; k < q.c; ++k) {
        const float* row = t.row(k);
        for (int i = 0; i < w; ++i) rest[i] += row[i] < 1.0f ? row[i] : 0.0f;
    }
    // Where several shares are 1 none of them dominates, and `rest` is not used: it may not look small.
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
INLINE float rest_of(float share, float inverse, float rest) {
    const float without_top = rest > TINY ? rest : TINY;
    return dominates(share, rest) ? without_top : (inverse > 0.0f ? 1.0f / inverse : 2.0f) - share;
}

// The logarithm of the summed exponentials of all classes but one, in double.
inline double log_rest(const Problem& q, std::int64_t sample, std::int64_t pixel, std::int64_t without) {
    const float* z = q.logits + sample * q.c * q.s + pixel;
    double top = -HUGE_VAL, sum = 0;
    for (std::int64_t k = 0; k < q.c; ++k)
        if (k != without) top = std::max(top, static_cast<double>(z[k * q.s]));
    for (std::int64_t k = 0; k < q.c; ++k)
        if (k != without) sum += std::exp(z[k * q.s] - top);
    return top + std::log(sum);
}

// out = l of one class at w pixels, after `softmax_tile` with exact shares.
INLINE void others_cost(const Problem& q, std::int64_t sample, std::int64_t first, std::int64_t k, const Tile& t,
                        const float* rest, bool small, int w, float* out) {
    const float *row = t.row(k), *inverse = t.inverse.data();
    const std::int32_t* label = t.label.data();
    for (int i = 0; i < w; ++i) {
        const float cost = log1p_nonnegative(row[i] / rest_of(row[i], inverse[i], rest[i]));
        out[i] = label[i] < 0 ? 0.0f : cost;
    }
    for (int i = 0; small && i < w; ++i)
        if (dominates(row[i], rest[i]) && rest[i] < TINY && t.label[i] >= 0)
            out[i] = static_cast<float>(q.logits[(sample * q.c + k) * q.s + first + i] - log_rest(q, sample, first + i, k));
}

// Adds the gradient of the sums of l with weights u [c] (and those of the pixels) to that of the logits.
INLINE void add_others_cost_gradient(const Problem& q, std::int64_t sample, std::int64_t first, const float* u, Tile& t,
                                     const float* weight, int w, float* gradient) {
    float *rest = t.spare.data(), *all = rest + t.stride, *top = all + t.stride, *factor = top + t.stride;
    const float *inverse = t.inverse.data(), *right = t.right.data();
    const std::int32_t* label = t.label.data();
    const bool small = rest_of_top(q, t, w, rest);
    // With f_c = u_c p_c / R_c:  dz_j = u_j p_j - e_j (sum f - f_j). A dominating class has a large f_c that must not meet
    // the others in one sum.
    for (int i = 0; i < w; ++i) {
        all[i] = top[i] = 0.0f;
        factor[i] = label[i] < 0 ? 0.0f : weight[i];
    }
    for (int k = 0; k < q.c; ++k) {
        const float* row = t.row(k);
        for (int i = 0; i < w; ++i) {
            const float force = u[k] * row[i] * inverse[i] / rest_of(row[i], inverse[i], rest[i]);
            const bool first_of_all = dominates(row[i], rest[i]);
            all[i] += first_of_all ? 0.0f : force;
            top[i] += first_of_all && rest[i] >= TINY ? force : 0.0f;
        }
    }
    for (int k = 0; k < q.c; ++k) {
        const float* row = t.row(k);
        float* out = gradient + (sample * q.c + k) * q.s + first;
        for (int i = 0; i < w; ++i) {
            const float push = u[k] * row[i] * inverse[i];
            const bool first_of_all = dominates(row[i], rest[i]);
            const float others = first_of_all ? all[i] : all[i] - push / rest_of(row[i], inverse[i], rest[i]) + top[i];
            const float share = label[i] == k ? right[i] / inverse[i] : row[i];
            out[i] += factor[i] > 0.0f ? factor[i] * (push - share * others) : 0.0f;
        }
        for (int i = 0; small && i < w; ++i) {
            if (!dominates(row[i], rest[i]) || rest[i] >= TINY || t.label[i] < 0) continue;
            const double log_sum = log_rest(q, sample, first + i, k), force = u[k] * weight[i];
            for (std::int64_t j = 0; j < q.c; ++j) {
                const std::int64_t place = (sample * q.c + j) * q.s + first + i;
                if (j != k) gradient[place] -= static_cast<float>(force * std::exp(q.logits[place] - log_sum));
            }
        }
    }
}
