// The gradient of weighted sums of f(x, l), at one tile.
//
// With the softmax p_c = e_c / sum e, a pixel of label y, and weights u_c of NEGATIVE and U of POSITIVE pixels:
//     dz_c = u_c f'(p_c) p_c + p_c (G - T),   c != y;      dz_y = -(G x + T (1 - x)),   x = 1 - p_y,
//     T = sum over c != y of u_c f'(p_c) p_c,              G = U (df/dx (1 - x) + df/dl).
// The label is left out of every sum over c, so that x and T do not cancel. With v_c = u_c f'(p_c), and m their mean, weighted
// by the other e, or that of the largest e, T = m x + T', and v_c - T = (v_c - m) + m (1 - x) - T' keeps its digits where p_c
// is nearly 1.
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
            errors |= specs[m].kind == ERROR || specs[m].kind == CORRECT;
            powers |= specs[m].kind == POWER;
            nll |= specs[m].kind == NLL;
            for (std::int64_t k = 0; k < c; ++k) {
                const float u = static_cast<float>(upstream[k * count + m]);
                if (specs[m].kind == ERROR) of_error[k] += u;
                if (specs[m].kind == CORRECT) of_error[k] -= u;
                if (specs[m].kind == NLL) of_nll[k] += u;
            }
        }
    }

    // What `softmax_tile` is to center: it knows no slopes that depend on the pixel.
    INLINE const float* constant() const { return errors && !powers ? of_error.data() : nullptr; }

    std::vector<float> of_error, of_nll;  // [c]
    bool errors = false, powers = false, nll = false;
};

// p of one class, and out = u f'(p), summed over ERROR, whose total u is given, and the powers.
INLINE void slopes_of_class(const SumSpec* specs, int count, const double* upstream, float of_error, const float* exp_z,
                            const float* inverse, int w, float* p, float* out) {
    for (int i = 0; i < w; ++i) p[i] = exp_z[i] * inverse[i], out[i] = of_error;
    for (int m = 0; m < count; ++m) {
        if (specs[m].side != NEGATIVE || specs[m].kind != POWER) continue;
        const float u = static_cast<float>(upstream[m]), gamma = specs[m].gamma;
        if (gamma == 2.0f)
            for (int i = 0; i < w; ++i) out[i] += u * 2.0f * p[i];
        else
            for (int i = 0; i < w; ++i) out[i] += u * bounded_power_slope(p[i], gamma);
    }
}

// Numbers of the classes, looked up by label; pixels that are left out count as class 0.
template <int C>
struct FewEntries {  // of at most C classes: comparing with each is faster than indexing
    INLINE FewEntries(const float* table, int c) { std::copy_n(table, c, of); }
    INLINE float operator[](std::int32_t label) const {
        float entry = label < 1 ? of[0] : 0.0f;
#pragma GCC unroll 8
        for (int k = 1; k < C; ++k) entry += label == k ? of[k] : 0.0f;  // exact: all but one are 0
        return entry;
    }
    float of[C] = {};
};

struct Entries {
    INLINE float operator[](std::int32_t label) const { return of[label < 0 ? 0 : label]; }
    const float* of;
};

// out[i] += table[label[i]] * value[i].
template <class Table>
INLINE void add_entries(const std::int32_t* label, int w, const Table& table, const float* value, float* out) {
#pragma omp simd
    for (int i = 0; i < w; ++i) out[i] += table[label[i]] * value[i];
}

INLINE void add_lookup(const Tile& t, int c, int w, const float* table, const float* value, float* out) {
    const std::int32_t* label = t.label.data();
    if (c <= 4) add_entries(label, w, FewEntries<4>(table, c), value, out);
    else if (c <= Tile::FEW) add_entries(label, w, FewEntries<Tile::FEW>(table, c), value, out);
    else add_entries(label, w, Entries{table}, value, out);
}

// out[i] = table[label[i]].
template <class Table>
INLINE void copy_entries(const std::int32_t* label, int w, const Table& table, float* out) {
#pragma omp simd
    for (int i = 0; i < w; ++i) out[i] = table[label[i]];
}

INLINE void look_up(const Tile& t, int c, int w, const float* table, float* out) {
    const std::int32_t* label = t.label.data();
    if (c <= 4) copy_entries(label, w, FewEntries<4>(table, c), out);
    else if (c <= Tile::FEW) copy_entries(label, w, FewEntries<Tile::FEW>(table, c), out);
    else copy_entries(label, w, Entries{table}, out);
}

// out = dz of class k, whose slopes are v; scale: 1 / sum e; common: what the pixel's classes share; of_label: that of the
// label.
template <class Numbers>
INLINE void logit_gradient(const Tile& t, int k, Numbers v, const float* scale, const float* common, const float* of_label,
                           int w, float* out) {
    const float *row = t.row(k), *mean = t.mean.data();
    const std::int32_t* label = t.label.data();
#pragma omp simd
    for (int i = 0; i < w; ++i) {
        const float of_other = row[i] * ((v[i] - mean[i]) * scale[i] + common[i]), of_own = of_label[i];
        out[i] = label[i] == k ? of_own : of_other;
    }
}

// After `softmax_tile`, with `negative.constant()` as upstream, and stable if it has nll.
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
    if (negative.powers) {
        const AboutLargest about(w, t);
        for (int k = 0; k < c; ++k) {
            slopes_of_class(specs, count, upstream + k * count, negative.of_error[k], t.row(k), t.inverse.data(), w, value,
                            slope);
            about.add(value, slope, w, t);
        }
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
        const float u = negative.of_error[k], *scale = t.error.data(), *of_label = t.nll.data();
        float* out = gradient + (sample * q.c + k) * q.s + first;
        if (negative.powers) {
            slopes_of_class(specs, count, upstream + k * count, u, t.row(k), t.inverse.data(), w, value, slope);
            logit_gradient(t, k, slope, scale, positive, of_label, w, value);
        } else {
            logit_gradient(t, k, Constant{u}, scale, positive, of_label, w, value);
        }
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
