// What the sums and the values of pixels share: the problem, the moments, and the probabilities of a tile of pixels.
//
// Every loss on probabilities is algebra on sums over pixels of a function f(x, l) of the error x and its cost
// l = -log(1 - x). A class sees two kinds of pixels: its own (label = class), where the error is 1 - p, and the others,
// where it is p.
#pragma once

#include <cstdint>
#include <vector>

#include "platform.hpp"
#include "vector.hpp"

struct Problem {
    const float* logits;        // [n, c, s]
    const void* labels;         // softmax: [n, s] class indices; sigmoid: [n, c, s] of 0 and 1
    const float* weight;        // factor of each pixel's contribution, [n, weight_channels, s], or null
    std::int64_t n, c, s;
    std::int64_t weight_channels;  // 1, or c under a sigmoid
    std::int64_t ignore;        // label of pixels to leave out; labels out of range are left out too
    std::int32_t label_bytes;   // 8, 4: signed; 1: unsigned
    std::int32_t sigmoid;       // else softmax over c
};

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

constexpr float EPSILON = 1e-7f;

// Work space for the pixels of one tile; rows have room between them, since planes a power of two apart share cache sets.
struct Tile {
    static constexpr int WIDEST = 2048;
    static constexpr int ROOM = 16;
    static constexpr int LANES = 4;  // tables written in turn: neighbouring pixels of one class do not wait for each other

    explicit Tile(std::int64_t channels)
        : stride(width(channels) + ROOM), share(channels * stride), label(stride), own(stride), error(stride),
          right(stride), cost(stride), inverse(stride), pull(stride), slope(stride), value(stride),
          lanes(LANES * (channels + 1)) {}

    // Pixels of a tile: few enough for the cache, and enough for long reads of every plane.
    static int width(std::int64_t channels) {
        const std::int64_t fitting = (512 << 10) / (4 * channels) / 64 * 64;
        return static_cast<int>(fitting > WIDEST ? WIDEST : fitting < 256 ? 256 : fitting);
    }

    int stride;
    std::vector<float> share;       // e^(z - top) of each channel, 0 for the label's own: [c, stride]
    std::vector<std::int32_t> label;  // -1: left out
    std::vector<float> own, error, right, cost, inverse, pull, slope, value;
    std::vector<double> lanes;  // sums of each class, [LANES, c + 1]
};

// Labels of w pixels as int32, -1 where they are left out.
INLINE void read_labels(const Problem& q, std::int64_t first, int w, std::int64_t classes, std::int32_t* out) {
    if (q.label_bytes == 8) {
        const std::int64_t* y = static_cast<const std::int64_t*>(q.labels) + first;
        for (int i = 0; i < w; ++i)
            out[i] = y[i] == q.ignore || y[i] < 0 || y[i] >= classes ? -1 : static_cast<std::int32_t>(y[i]);
    } else if (q.label_bytes == 4) {
        const std::int32_t* y = static_cast<const std::int32_t*>(q.labels) + first;
        for (int i = 0; i < w; ++i) out[i] = y[i] == q.ignore || y[i] < 0 || y[i] >= classes ? -1 : y[i];
    } else {
        const std::uint8_t* y = static_cast<const std::uint8_t*>(q.labels) + first;
        for (int i = 0; i < w; ++i) out[i] = y[i] == q.ignore || y[i] >= classes ? -1 : y[i];
    }
}

// x^gamma for x >= 0, with the straight line near 0.
INLINE float bounded_power(float x, float gamma) {
    const float base = x < EPSILON && gamma < 1.0f ? EPSILON : x;
    const float curve = base < 1e-37f ? 0.0f : exp_bounded(gamma * log_positive(base));
    return x < EPSILON && gamma < 1.0f ? x * (curve / EPSILON) : curve;
}

INLINE float bounded_power_slope(float x, float gamma) {
    const float base = x < EPSILON && gamma < 1.0f ? EPSILON : x;
    const float below = base < 1e-37f ? 0.0f : exp_bounded((gamma - 1.0f) * log_positive(base));
    return x < EPSILON && gamma < 1.0f ? below : gamma * below;
}

// Loops over a tile: out = f(x, l). Exponents 0 and 1 have kinds of their own, so they do not occur.
INLINE void evaluate(const Moment& m, const float* x, const float* right, const float* cost, int w, float* out) {
    const float gamma = m.gamma;
    if (m.kind == COUNT)
        for (int i = 0; i < w; ++i) out[i] = 1.0f;
    else if (m.kind == RIGHT)
        for (int i = 0; i < w; ++i) out[i] = right[i];
    else if (m.kind == ERROR)
        for (int i = 0; i < w; ++i) out[i] = x[i];
    else if (m.kind == COST)
        for (int i = 0; i < w; ++i) out[i] = cost[i];
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
