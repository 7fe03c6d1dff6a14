// Functions f(x, l) of the error x of a pixel and its cost l = -log(1 - x).
//
// Every loss on probabilities is algebra on sums of such functions. A class sees two kinds of pixels: its own
// (label = class), where the error is 1 - p, and the others, where it is p.
#pragma once

#include <cstdint>

#include "platform.hpp"
#include "vector.hpp"

enum Side : std::int32_t { OWN = 0, OTHER = 1 };

// f(x, l); `gamma` is the exponent. A power below 1 is a straight line under EPSILON, so that its slope is bounded.
enum Kind : std::int32_t {
    COUNT = 0,     // 1, never weighted
    RIGHT = 1,     // 1 - x
    ERROR = 2,     // x
    POWER = 3,     // x^gamma
    COST = 4,      // l
    FOCAL = 5,     // x^gamma l
    COST_POWER = 6 // l^gamma
};

struct Moment {
    std::int32_t side, kind;
    float gamma;
};

// Whether any of the functions reads the cost.
INLINE bool read_cost(const Moment* moments, int count) {
    bool found = false;
    for (int m = 0; m < count; ++m) found |= moments[m].kind >= COST;
    return found;
}

// Whether any reads the cost of a class that is not the pixel's own.
INLINE bool read_others_cost(const Moment* moments, int count) {
    bool found = false;
    for (int m = 0; m < count; ++m) found |= moments[m].side == OTHER && moments[m].kind >= COST;
    return found;
}

// Whether the slope of any does.
INLINE bool slope_reads_cost(const Moment* moments, int count) {
    bool found = false;
    for (int m = 0; m < count; ++m) found |= moments[m].kind > COST;
    return found;
}

constexpr float EPSILON = 1e-7f;

// x^gamma for x >= 0, with the straight line near 0.
INLINE float bounded_power(float x, float gamma) {
    const float base = x < EPSILON && gamma < 1.0f ? EPSILON : x;
    const float curve = base < 1e-37f ? 0.0f : exp_up_to_87(gamma * log_positive(base));
    const float power = x < EPSILON && gamma < 1.0f ? x * (curve / EPSILON) : curve;
    return x == x ? power : x;  // the logarithm of NaN is any number
}

INLINE float bounded_power_slope(float x, float gamma) {
    const float base = x < EPSILON && gamma < 1.0f ? EPSILON : x;
    const float below = base < 1e-37f ? 0.0f : exp_up_to_87((gamma - 1.0f) * log_positive(base));
    return x < EPSILON && gamma < 1.0f ? below : gamma * below;
}

// Loops over a tile. Returns where f(x, l) lies: a row of the tile, or else `out`. Exponents 0 and 1 have kinds of their
// own, so they do not occur.
INLINE const float* evaluate(const Moment& m, const float* x, const float* right, const float* cost, int w, float* out) {
    const float gamma = m.gamma;
    if (m.kind == RIGHT) return right;
    if (m.kind == ERROR) return x;
    if (m.kind == COST) return cost;
    if (m.kind == COUNT)
        for (int i = 0; i < w; ++i) out[i] = 1.0f;
    else if (m.kind == POWER && gamma == 2.0f)
        for (int i = 0; i < w; ++i) out[i] = x[i] * x[i];
    else if (m.kind == POWER)
        for (int i = 0; i < w; ++i) out[i] = bounded_power(x[i], gamma);
    else if (m.kind == FOCAL && gamma == 2.0f)
        for (int i = 0; i < w; ++i) out[i] = x[i] * x[i] * cost[i];
    else if (m.kind == FOCAL)
        for (int i = 0; i < w; ++i) out[i] = bounded_power(x[i], gamma) * cost[i];
    else  // COST_POWER
        for (int i = 0; i < w; ++i) out[i] = bounded_power(cost[i], gamma);
    return out;
}

// out = df/dx (1 - x) + df/dl: a step of the logit that raises the error changes f by x times this.
INLINE void evaluate_slope(const Moment& m, const float* x, const float* right, const float* cost, int w, float* out) {
    const float gamma = m.gamma;
    if (m.kind == COUNT)
        for (int i = 0; i < w; ++i) out[i] = 0.0f;
    else if (m.kind == RIGHT)
        for (int i = 0; i < w; ++i) out[i] = -right[i];
    else if (m.kind == ERROR)
        for (int i = 0; i < w; ++i) out[i] = right[i];
    else if (m.kind == COST)
        for (int i = 0; i < w; ++i) out[i] = 1.0f;
    else if (m.kind == POWER && gamma == 2.0f)
        for (int i = 0; i < w; ++i) out[i] = 2.0f * x[i] * right[i];
    else if (m.kind == POWER)
        for (int i = 0; i < w; ++i) out[i] = bounded_power_slope(x[i], gamma) * right[i];
    else if (m.kind == FOCAL && gamma == 2.0f)
        for (int i = 0; i < w; ++i) out[i] = x[i] * (2.0f * cost[i] * right[i] + x[i]);
    else if (m.kind == FOCAL)
        for (int i = 0; i < w; ++i)
            out[i] = bounded_power_slope(x[i], gamma) * cost[i] * right[i] + bounded_power(x[i], gamma);
    else  // COST_POWER
        for (int i = 0; i < w; ++i) out[i] = bounded_power_slope(cost[i], gamma);
}
