// Sums of the simple functions 1 - x, x and l under a sigmoid, and their gradient, each in one loop that writes no row in
// between: overlaps and plain cross entropies are made of these.
//
// With p = sigmoid(z), a channel's own pixels have x = 1 - p and l = log(1 + e^-z), the others x = p and l = log(1 + e^z).
#pragma once

#include <cmath>

#include "memory.hpp"
#include "moments.hpp"
#include "tile.hpp"

// Whether all sums are of such functions (1 - x: of own pixels), without weights.
INLINE bool simple(const Problem& q, const Moment* moments, int count) {
    bool found = q.weight == nullptr;
    for (int m = 0; m < count; ++m) {
        const bool own = moments[m].side == OWN;
        found &= (moments[m].kind == RIGHT && own) || moments[m].kind == ERROR || moments[m].kind == COST;
    }
    return found;
}

// What both directions read of w elements.
struct Elements {
    Elements(const Problem& q, std::int64_t plane, std::int64_t first, int w, Tile& t)
        : label(t.label.data()), z(q.logits + plane * q.s + first) {
        read_labels(q, plane * q.s + first, w, 2, t.label.data());
        prefetch_to_read(z + w, w);  // the next tile's, while this one's are computed
    }

    const std::int32_t* label;  // -1: left out, and z may be anything
    const float* z;
};

// Adds the sums of w elements to table[moments] of one channel.
template <bool COSTS>
EVERY_INSTRUCTION_SET void simple_sums(const Problem& q, std::int64_t plane, std::int64_t first, int w,
                                       const Moment* moments, int count, Tile& t, double* table) {
    static_assert(Tile::WIDTH <= 256, "numbers added in float32 before they go into a double");
    const Elements elements(q, plane, first, w, t);
    const std::int32_t* label = elements.label;
    const float* z = elements.z;
    float right = 0, missed = 0, false_ = 0, missed_cost = 0, false_cost = 0;
#pragma omp simd reduction(+ : right, missed, false_, missed_cost, false_cost)
    for (int i = 0; i < w; ++i) {
        const float e = exp_below_88(-std::fabs(z[i])), scale = 1.0f / (1.0f + e), small = e * scale;
        const float p = z[i] > 0.0f ? scale : small, rest = z[i] > 0.0f ? small : scale;
        right += label[i] == 1 ? p : 0.0f;
        missed += label[i] == 1 ? rest : 0.0f;
        false_ += label[i] == 0 ? p : 0.0f;
        if (!COSTS) continue;
        const float flat = log1p_nonnegative(e, scale);
        missed_cost += label[i] == 1 ? flat + (z[i] > 0.0f ? 0.0f : -z[i]) : 0.0f;
        false_cost += label[i] == 0 ? flat + (z[i] > 0.0f ? z[i] : 0.0f) : 0.0f;
    }
    for (int m = 0; m < count; ++m) {
        const bool own = moments[m].side == OWN;
        table[m] += moments[m].kind == RIGHT   ? right
                    : moments[m].kind == ERROR ? (own ? missed : false_)
                                               : (own ? missed_cost : false_cost);
    }
}

// dz = +-x (a (1 - x) + b) for w elements of one channel, where a is the weight of the sum of x less that of 1 - x, and b that
// of l; upstream: [moments] of the channel.
template <bool COSTS>
EVERY_INSTRUCTION_SET void write_simple_gradient(const Problem& q, std::int64_t plane, std::int64_t first, int w,
                                                 const Moment* moments, int count, const double* upstream, Tile& t,
                                                 float* gradient) {
    float own_a = 0, own_b = 0, other_a = 0, other_b = 0;
    for (int m = 0; m < count; ++m) {
        const float u = static_cast<float>(moments[m].kind == RIGHT ? -upstream[m] : upstream[m]);
        if (moments[m].side == OWN) (moments[m].kind == COST ? own_b : own_a) -= u;  // its error falls as z rises
        else (moments[m].kind == COST ? other_b : other_a) += u;
    }
    const Elements elements(q, plane, first, w, t);
    const std::int32_t* label = elements.label;
    const float* z = elements.z;
    float* row = t.value.data();
#pragma omp simd
    for (int i = 0; i < w; ++i) {
        const float e = exp_below_88(-std::fabs(z[i])), scale = 1.0f / (1.0f + e), small = e * scale;
        const float both = small * scale;  // x (1 - x)
        const float p = z[i] > 0.0f ? scale : small, rest = z[i] > 0.0f ? small : scale;
        const float own = COSTS ? own_a * both + own_b * rest : own_a * both;
        const float other = COSTS ? other_a * both + other_b * p : other_a * both;
        row[i] = label[i] == 1 ? own : label[i] == 0 ? other : 0.0f;
    }
    write_row(row, w, q.streams(), gradient + plane * q.s + first);
}
