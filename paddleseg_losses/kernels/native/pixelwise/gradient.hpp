// The gradient of weighted sums of f(x, l), at one tile.
//
// With the softmax p_c = e_c / sum e, a pixel of label y, and weights u_c of NEGATIVE and U of POSITIVE pixels:
//     dz_c = u_c f'(p_c) p_c + p_c (G - T),   c != y;      dz_y = -(G x + T (1 - x)),   x = 1 - p_y,
//     T = sum over c != y of u_c f'(p_c) p_c,              G = U (df/dx (1 - x) + df/dl).
// The label is left out of every sum over c, so that x and T do not cancel. With m the mean of the u of ERROR, weighted by the
// other e, T = m x + T', and u_c - T = (u_c - m) + m (1 - x) - T' keeps its digits where p_c is nearly 1.
#pragma once

#include "memory.hpp"
#include "pixelwise/binary_logit.hpp"
#include "pixelwise/neg_log_one_minus_p.hpp"
#include "pixelwise/softmax.hpp"
#include "pixelwise/sum_spec.hpp"

namespace psl {

// Weights of a tile's pixels, ones if the problem has none: a loop that tests for null is vectorised with masked loads, which
// take hundreds of cycles on some processors if the address is null. Channels may share weights.
INLINE const float* pixel_weights(const Problem& q, const Tile& t, std::int64_t plane, std::int64_t first) {
    if (q.weight == nullptr) return t.ones.data();
    const std::int64_t row = q.sigmoid && q.weight_channels == 1 ? plane / q.c : plane;
    return q.weight + row * q.s + first;
}

// Weights of the sums of NEGATIVE pixels, of ERROR and of NLL, and which kinds there are.
struct NegativeWeights {
    explicit NegativeWeights(std::int64_t c) : of_error(c, 0.0f), of_nll(c, 0.0f) {}

    NegativeWeights(std::int64_t c, const SumSpec* specs, int count, const double* upstream) : NegativeWeights(c) {
        for (int m = 0; m < count; ++m) {
            if (specs[m].side != NEGATIVE) continue;
            errors |= specs[m].kind == ERROR;
            powers |= specs[m].kind == POWER;
            nll |= specs[m].kind == NLL;
            for (std::int64_t k = 0; k < c; ++k) {
                const float u = static_cast<float>(upstream[k * count + m]);
                if (specs[m].kind == ERROR) of_error[k] += u;
                if (specs[m].kind == NLL) of_nll[k] += u;
            }
        }
    }

    std::vector<float> of_error, of_nll;  // [c]
    bool errors = false, powers = false, nll = false;
};

// out = u f'(p) p, summed over the powers, for one class.
INLINE void power_slopes(const SumSpec* specs, int count, const double* upstream, const float* exp_z, const float* inverse,
                         int w, float* p, float* out) {
    for (int i = 0; i < w; ++i) p[i] = exp_z[i] * inverse[i], out[i] = 0.0f;
    for (int m = 0; m < count; ++m) {
        if (specs[m].side != NEGATIVE || specs[m].kind != POWER) continue;
        const float u = static_cast<float>(upstream[m]), gamma = specs[m].gamma;
        if (gamma == 2.0f)
            for (int i = 0; i < w; ++i) out[i] += u * 2.0f * p[i] * p[i];
        else
            for (int i = 0; i < w; ++i) out[i] += u * p[i] * bounded_power_slope(p[i], gamma);
    }
}

// `add_lookup` for up to C classes.
template <int C>
INLINE void add_lookup_of_few(const std::int32_t* label, int w, const float (&table)[Tile::FEW], const float* value,
                              float* out) {
#pragma omp simd
    for (int i = 0; i < w; ++i) {
        float entry = label[i] < 1 ? table[0] : 0.0f;
#pragma GCC unroll 8
        for (int k = 1; k < C; ++k) entry += label[i] == k ? table[k] : 0.0f;  // exact: all but one are 0
        out[i] += entry * value[i];
    }
}

// out[i] += table[label[i]] * value[i]; pixels that are left out count as class 0.
INLINE void add_lookup(const Tile& t, int c, int w, const float* table, const float* value, float* out) {
    const std::int32_t* label = t.label.data();
    if (c > Tile::FEW) {
#pragma omp simd
        for (int i = 0; i < w; ++i) out[i] += table[label[i] < 0 ? 0 : label[i]] * value[i];
        return;
    }
    float entries[Tile::FEW] = {};
    std::copy_n(table, c, entries);
    if (c <= 4) add_lookup_of_few<4>(label, w, entries, value, out);
    else add_lookup_of_few<Tile::FEW>(label, w, entries, value, out);
}

// After `softmax_tile`, with `negative.of_error` as upstream if it has errors, and stable if it has nll.
// upstream: [c][specs] of this sample; gradient: that of all logits.
INLINE void write_softmax_gradient(const Problem& q, std::int64_t sample, std::int64_t first, int w, const SumSpec* specs,
                                   int count, const double* upstream, const NegativeWeights& negative, Tile& t,
                                   float* gradient) {
    const int c = static_cast<int>(q.c);
    const float* weight = pixel_weights(q, t, sample, first);
    const std::int32_t* label = t.label.data();
    if (negative.nll) {
        for (int k = 0; k < c; ++k) std::fill_n(gradient + (sample * q.c + k) * q.s + first, w, 0.0f);
        add_neg_log_one_minus_p_gradient(q, sample, first, negative.of_nll.data(), t, weight, w, gradient);
    }
    float *positive = t.exp_label.data(), *dot = t.dot.data(), *slope = t.slope.data(), *value = t.value.data();
    const float* mean = t.mean.data();
    for (int i = 0; i < w; ++i) positive[i] = 0.0f;
    for (int m = 0; m < count; ++m) {
        if (specs[m].side != POSITIVE || specs[m].kind == COUNT) continue;
        evaluate_slope(specs[m], t.error.data(), t.correct.data(), t.nll.data(), w, slope);
        for (int k = 0; k < c; ++k) t.table[k] = static_cast<float>(upstream[k * count + m]);
        add_lookup(t, c, w, t.table.data(), slope, positive);
    }
    for (int k = 0; negative.powers && k < c; ++k) {
        power_slopes(specs, count, upstream + k * count, t.row(k), t.inverse.data(), w, value, slope);
        for (int i = 0; i < w; ++i) dot[i] += slope[i];
    }
#pragma omp simd
    for (int i = 0; i < w; ++i) {
        const float factor = label[i] < 0 ? 0.0f : weight[i];
        t.nll[i] = -factor * (positive[i] * t.error[i] + (mean[i] * t.error[i] + dot[i]) * t.correct[i]);  // dz of the label
        t.error[i] = factor * t.inverse[i];
        positive[i] =
            label[i] < 0 ? 0.0f : (positive[i] + mean[i] * t.correct[i] - dot[i]) * t.error[i];  // (G - T + m) / sum e
    }
    for (int k = 0; k < c; ++k) {
        const float* row = t.row(k);
        if (negative.powers) power_slopes(specs, count, upstream + k * count, row, t.inverse.data(), w, value, slope);
        const float u = negative.of_error[k];
        const float *scale = t.error.data(), *of_label = t.nll.data();
        float* out = gradient + (sample * q.c + k) * q.s + first;
#pragma omp simd
        for (int i = 0; i < w; ++i) {
            const float of_other = row[i] * ((u - mean[i]) * scale[i] + positive[i]), of_own = of_label[i];
            value[i] = label[i] == k ? of_own : of_other;
        }
        if (negative.powers)
            for (int i = 0; i < w; ++i) value[i] += label[i] == k ? 0.0f : slope[i] * weight[i];
        if (negative.nll)
            for (int i = 0; i < w; ++i) out[i] += value[i];
        else write_row(value, w, streams(q), out);
    }
}

// After `binary_tile`: dz = +-x (df/dx (1 - x) + df/dl) u; upstream: [classes][specs] of the plane.
INLINE void write_binary_gradient(const Problem& q, std::int64_t plane, std::int64_t first, int w, const SumSpec* specs,
                                  int count, const double* upstream, Tile& t, float* gradient) {
    const float* weight = pixel_weights(q, t, plane, first);
    const std::int32_t* label = t.label.data();
    float *slope = t.slope.data(), *logit_grad = t.value.data();
    for (int i = 0; i < w; ++i) logit_grad[i] = 0.0f;
    for (int m = 0; m < count; ++m) {
        if (specs[m].kind == COUNT || !is_first_of_function(specs, m)) continue;
        evaluate_slope(specs[m], t.error.data(), t.correct.data(), t.nll.data(), w, slope);
        const LabelWeights of(q, specs, count, m, upstream);
        for (int i = 0; i < w; ++i) logit_grad[i] += (label[i] == 1 ? of.one : of.zero) * slope[i];
    }
    for (int i = 0; i < w; ++i) {
        const float factor = t.error[i] * weight[i];
        logit_grad[i] = label[i] < 0 ? 0.0f : label[i] == 1 ? -factor * logit_grad[i] : factor * logit_grad[i];
    }
    write_binary_row(q, plane, first, w, logit_grad, gradient);
}

}  // namespace psl
