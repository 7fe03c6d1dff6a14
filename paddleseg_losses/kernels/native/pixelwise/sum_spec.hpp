// Functions f(x, l) of a pixel's error x and its negative log-likelihood l = -log(1 - x).
//
// Every loss on probabilities is algebra on sums of such functions. To each class, pixels are positive (label = class), with
// the error 1 - p, or negative, with the error p.
#pragma once

#include <cstdint>

#include "api.h"
#include "simd/math.hpp"

namespace psl {

// Whether any function reads l.
INLINE bool reads_nll(const SumSpec* specs, int count) {
    bool result = false;
    for (int m = 0; m < count; ++m) result |= specs[m].kind >= NLL;
    return result;
}

// Whether any function of negative pixels reads l.
INLINE bool reads_negative_nll(const SumSpec* specs, int count) {
    bool result = false;
    for (int m = 0; m < count; ++m) result |= specs[m].side == NEGATIVE && specs[m].kind >= NLL;
    return result;
}

// Whether the slope of any function reads l.
INLINE bool slope_reads_nll(const SumSpec* specs, int count) {
    bool result = false;
    for (int m = 0; m < count; ++m) result |= specs[m].kind > NLL;
    return result;
}

constexpr float EPSILON = 1e-7f;  // powers below 1 are linear up to here, so that their slope is bounded

// x^gamma for x >= 0, linear near 0.
INLINE float bounded_power(float x, float gamma) {
    const float base = x < EPSILON && gamma < 1.0f ? EPSILON : x;
    const float curve = base < 1e-37f ? 0.0f : exp_up_to_87(gamma * log_positive(base));
    const float power = x < EPSILON && gamma < 1.0f ? x * (curve / EPSILON) : curve;
    return x == x ? power : x;  // `log_positive` does not keep NaN
}

INLINE float bounded_power_slope(float x, float gamma) {
    const float base = x < EPSILON && gamma < 1.0f ? EPSILON : x;
    const float below = base < 1e-37f ? 0.0f : exp_up_to_87((gamma - 1.0f) * log_positive(base));
    return x < EPSILON && gamma < 1.0f ? below : gamma * below;
}

// What is left of x when it is reduced by `clip`.
INLINE float clipped(float x, float clip) { return x <= clip ? 0.0f : x - clip; }

// l of what is left, `right` being 1 minus it.
INLINE float clipped_nll(float rest, float right) { return log1p_nonnegative(rest / right); }

// The focal function of max(x - clip, 0), which is written first: no loop that computes it and its power is vectorised.
INLINE void clipped_focal(float gamma, float clip, const float* x, const float* correct, int w, float* out) {
    for (int i = 0; i < w; ++i) out[i] = gamma == 0.0f ? 1.0f : clipped(x[i], clip);
    if (gamma != 0.0f)
        for (int i = 0; i < w; ++i) out[i] = bounded_power(out[i], gamma);
    for (int i = 0; i < w; ++i) out[i] *= clipped_nll(clipped(x[i], clip), correct[i] + clip);
}

// Its slope as below; `held`: without that of the power.
INLINE void clipped_focal_slope(float gamma, float clip, bool held, const float* x, const float* correct, int w, float* out) {
    for (int i = 0; i < w; ++i) out[i] = clipped(x[i], clip);
    if (gamma == 0.0f)
        for (int i = 0; i < w; ++i) out[i] = out[i] == 0.0f ? 0.0f : correct[i] / (correct[i] + clip);
    else if (held)
        for (int i = 0; i < w; ++i) out[i] = bounded_power(out[i], gamma) * correct[i] / (correct[i] + clip);
    else
        for (int i = 0; i < w; ++i) {
            const float rest = out[i], right = correct[i] + clip;
            const float of_power = bounded_power_slope(rest, gamma) * clipped_nll(rest, right);
            out[i] = (of_power + bounded_power(rest, gamma) / right) * correct[i];
        }
}

// Returns where f(x, l) of a tile is: one of the rows given, or `out`. Exponents 0 and 1 have kinds of their own, so they do
// not occur here.
INLINE const float* evaluate(const SumSpec& m, const float* x, const float* correct, const float* nll, int w, float* out) {
    const float gamma = m.gamma;
    if (m.kind == CORRECT) return correct;
    if (m.kind == ERROR) return x;
    if (m.kind == NLL) return nll;
    if (m.kind == COUNT)
        for (int i = 0; i < w; ++i) out[i] = 1.0f;
    else if (m.kind == POWER && gamma == 2.0f)
        for (int i = 0; i < w; ++i) out[i] = x[i] * x[i];
    else if (m.kind == POWER)
        for (int i = 0; i < w; ++i) out[i] = bounded_power(x[i], gamma);
    else if (m.kind == LQ)
        for (int i = 0; i < w; ++i) out[i] = one_minus_exp(-gamma * nll[i]) / gamma;
    else if (m.clip > 0.0f) clipped_focal(gamma, m.clip, x, correct, w, out);
    else if (m.kind != NLL_POWER && gamma == 2.0f)
        for (int i = 0; i < w; ++i) out[i] = x[i] * x[i] * nll[i];
    else if (m.kind != NLL_POWER)
        for (int i = 0; i < w; ++i) out[i] = bounded_power(x[i], gamma) * nll[i];
    else  // NLL_POWER
        for (int i = 0; i < w; ++i) out[i] = bounded_power(nll[i], gamma);
    return out;
}

// out = df/dx (1 - x) + df/dl; x times this is the derivative of f in the logit, towards larger errors.
INLINE void evaluate_slope(const SumSpec& m, const float* x, const float* correct, const float* nll, int w, float* out) {
    const float gamma = m.gamma;
    if (m.kind == COUNT)
        for (int i = 0; i < w; ++i) out[i] = 0.0f;
    else if (m.kind == CORRECT)
        for (int i = 0; i < w; ++i) out[i] = -correct[i];
    else if (m.kind == ERROR)
        for (int i = 0; i < w; ++i) out[i] = correct[i];
    else if (m.kind == NLL)
        for (int i = 0; i < w; ++i) out[i] = 1.0f;
    else if (m.kind == POWER && gamma == 2.0f)
        for (int i = 0; i < w; ++i) out[i] = 2.0f * x[i] * correct[i];
    else if (m.kind == POWER)
        for (int i = 0; i < w; ++i) out[i] = bounded_power_slope(x[i], gamma) * correct[i];
    else if (m.kind == LQ)
        for (int i = 0; i < w; ++i) out[i] = exp_below_88(-gamma * nll[i]);
    else if (m.clip > 0.0f) clipped_focal_slope(gamma, m.clip, m.kind == HELD_FOCAL, x, correct, w, out);
    else if (m.kind == HELD_FOCAL)
        for (int i = 0; i < w; ++i) out[i] = bounded_power(x[i], gamma);
    else if (m.kind == FOCAL && gamma == 2.0f)
        for (int i = 0; i < w; ++i) out[i] = x[i] * (2.0f * nll[i] * correct[i] + x[i]);
    else if (m.kind == FOCAL)
        for (int i = 0; i < w; ++i)
            out[i] = bounded_power_slope(x[i], gamma) * nll[i] * correct[i] + bounded_power(x[i], gamma);
    else  // NLL_POWER
        for (int i = 0; i < w; ++i) out[i] = bounded_power_slope(nll[i], gamma);
}

}  // namespace psl
