// Sums of the simple functions 1 - x, x and l of two rivals, and their gradient, each in one loop that writes no row in
// between: overlaps and plain cross entropies are made of these.
//
// With p = sigmoid(z), pixels of label 1 have x = 1 - p and l = log(1 + e^-z), those of label 0 x = p and l = log(1 + e^z).
#pragma once

#include <cmath>

#include "rivals.hpp"

// Whether all sums are of such functions, without weights.
INLINE bool simple(const Problem& q, const Moment* moments, int count) {
    bool found = q.weight == nullptr && rivals(q);
    for (int m = 0; m < count; ++m)
        found &= moments[m].kind == RIGHT || moments[m].kind == ERROR || moments[m].kind == COST;
    return found;
}

// What a pixel of each label does to the gradient: dz = +-x (a (1 - x) + b), where a is the weight of the sum of x less that
// of 1 - x, and b that of l. weight: [classes][moments] of one plane.
struct Forces {
    INLINE Forces(const Problem& q, const Moment* moments, int count, const double* weight) {
        for (int k = first_class(q); k < 2; ++k)
            for (int m = 0; m < count; ++m, ++weight) {
                const int label = label_of(k, moments[m]);
                double& force = moments[m].kind == COST ? b[label] : a[label];
                force += moments[m].kind == RIGHT ? -*weight : *weight;
            }
    }

    double a[2] = {0, 0}, b[2] = {0, 0};
};

// SUMS: adds those of w elements to table[classes][moments] of one plane. SLOPES: writes the gradient of the sums with weights
// [classes][moments] of the plane. COSTS: there are sums of l, whose logarithm takes longer than the rest.
template <bool SUMS, bool COSTS, bool SLOPES>
EVERY_INSTRUCTION_SET void simple_tile(const Problem& q, std::int64_t plane, std::int64_t first, int w, const Moment* moments,
                                       int count, const double* weight, Tile& t, double* table, float* gradient) {
    const Elements elements(q, plane, first, w, t);
    const std::int32_t* label = elements.label;
    const float* z = elements.z;
    float* row = t.value.data();
    float one_a = 0, one_b = 0, zero_a = 0, zero_b = 0;
    if (SLOPES) {
        const Forces forces(q, moments, count, weight);
        one_a = static_cast<float>(-forces.a[1]), one_b = static_cast<float>(-forces.b[1]);  // its error falls as z rises
        zero_a = static_cast<float>(forces.a[0]), zero_b = static_cast<float>(forces.b[0]);
    }
    float accepted = 0, missed = 0, missed_cost = 0, refused = 0, false_ = 0, false_cost = 0;
#pragma omp simd reduction(+ : accepted, missed, missed_cost, refused, false_, false_cost)
    for (int i = 0; i < w; ++i) {
        const float e = exp_below_88(-std::fabs(z[i])), scale = 1.0f / (1.0f + e), small = e * scale;
        const float p = z[i] > 0.0f ? scale : small, rest = z[i] > 0.0f ? small : scale;
        if (SUMS) {
            accepted += label[i] == 1 ? p : 0.0f;
            missed += label[i] == 1 ? rest : 0.0f;
            refused += label[i] == 0 ? rest : 0.0f;
            false_ += label[i] == 0 ? p : 0.0f;
        }
        if (SUMS && COSTS) {
            const float flat = log1p_nonnegative(e, scale);
            missed_cost += label[i] == 1 ? flat + (z[i] > 0.0f ? 0.0f : -z[i]) : 0.0f;
            false_cost += label[i] == 0 ? flat + (z[i] > 0.0f ? z[i] : 0.0f) : 0.0f;
        }
        if (SLOPES) {
            const float both = small * scale;  // x (1 - x)
            const float one = COSTS ? one_a * both + one_b * rest : one_a * both;
            const float zero = COSTS ? zero_a * both + zero_b * p : zero_a * both;
            row[i] = label[i] == 1 ? one : label[i] == 0 ? zero : 0.0f;
        }
    }
    const float right[] = {refused, accepted}, error[] = {false_, missed}, cost[] = {false_cost, missed_cost};  // of each label
    for (int k = first_class(q); SUMS && k < 2; ++k)
        for (int m = 0; m < count; ++m) {
            const int of = label_of(k, moments[m]);
            *table++ += moments[m].kind == RIGHT ? right[of] : moments[m].kind == ERROR ? error[of] : cost[of];
        }
    if (SLOPES) write_rivals(q, plane, first, w, row, gradient);
}
