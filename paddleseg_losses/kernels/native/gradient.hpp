// The gradient of sums of f(x, l) with weights, at one tile.
//
// With the softmax p_c = e_c / sum e and a pixel of label y, the gradient of a sum with weights u (of class c's OTHER pixels)
// and U (of y's OWN pixels) is
//     dz_c = u_c f'(p_c) p_c + p_c (G - T),   c != y;      dz_y = -(G x + T (1 - x)),   x = 1 - p_y,
//     T = sum over c != y of u_c f'(p_c) p_c,              G = U (df/dx (1 - x) + df/dl).
// The label's own share of e is left out of every sum over c, so that x and T do not cancel. With the mean m of the u of ERROR
// over the other shares, T = m x + T', and u_c - T = (u_c - m) + m (1 - x) - T' keeps its digits where p_c is nearly 1.
#pragma once

#include "memory.hpp"
#include "error_sums.hpp"
#include "others_cost.hpp"
#include "rivals.hpp"
#include "shares.hpp"

// Weights of a tile's pixels: ones where the problem has none. A loop that asked for null would be made of masked loads,
// and some processors take hundreds of cycles over one whose address is null, although nothing of it is read. A plane is a
// channel under a sigmoid, else a sample; channels may share weights.
INLINE const float* weights(const Problem& q, const Tile& t, std::int64_t plane, std::int64_t first) {
    if (q.weight == nullptr) return t.ones.data();
    const std::int64_t row = q.sigmoid && q.weight_channels == 1 ? plane / q.c : plane;
    return q.weight + row * q.s + first;
}

// Weights of the sums of OTHER pixels: of ERROR, which needs no further pass, of COST, and which kinds there are.
struct Others {
    explicit Others(std::int64_t c) : of_error(c, 0.0f), of_cost(c, 0.0f) {}

    Others(std::int64_t c, const Moment* moments, int count, const double* upstream) : Others(c) {
        for (int m = 0; m < count; ++m) {
            if (moments[m].side != OTHER) continue;
            errors |= moments[m].kind == ERROR;
            powers |= moments[m].kind == POWER;
            costs |= moments[m].kind == COST;
            for (std::int64_t k = 0; k < c; ++k) {
                const float u = static_cast<float>(upstream[k * count + m]);
                if (moments[m].kind == ERROR) of_error[k] += u;
                if (moments[m].kind == COST) of_cost[k] += u;
            }
        }
    }

    std::vector<float> of_error, of_cost;  // [c]
    bool errors = false, powers = false, costs = false;
};

// out = sum over the powers of u f'(p) p, for one class.
INLINE void powers_pull(const Moment* moments, int count, const double* upstream, const float* share,
                        const float* inverse, int w, float* p, float* out) {
    for (int i = 0; i < w; ++i) p[i] = share[i] * inverse[i], out[i] = 0.0f;
    for (int m = 0; m < count; ++m) {
        if (moments[m].side != OTHER || moments[m].kind != POWER) continue;
        const float u = static_cast<float>(upstream[m]), gamma = moments[m].gamma;
        if (gamma == 2.0f)
            for (int i = 0; i < w; ++i) out[i] += u * 2.0f * p[i] * p[i];
        else
            for (int i = 0; i < w; ++i) out[i] += u * p[i] * bounded_power_slope(p[i], gamma);
    }
}

// out[i] += table[label of pixel i] * value[i]; pixels that are left out count as class 0.
INLINE void add_by_label(const Tile& t, int c, int w, const float* table, const float* value, float* out) {
    const std::int32_t* label = t.label.data();
    if (c > Tile::FEW) {
#pragma omp simd
        for (int i = 0; i < w; ++i) out[i] += table[label[i] < 0 ? 0 : label[i]] * value[i];
        return;
    }
    for (int k = 0; k < c; ++k) {
        const float entry = table[k];
#pragma omp simd
        for (int i = 0; i < w; ++i) out[i] += (label[i] == k || (k == 0 && label[i] < 0) ? entry : 0.0f) * value[i];
    }
}

// After `softmax_tile` with `others.of_error`, if there are any, and with exact shares if there are costs of others.
// upstream: [c][moments] of this sample; gradient: that of all logits.
INLINE void write_softmax_gradient(const Problem& q, std::int64_t sample, std::int64_t first, int w, const Moment* moments,
                                   int count, const double* upstream, const Others& others, Tile& t, float* gradient) {
    const int c = static_cast<int>(q.c);
    const float* weight = weights(q, t, sample, first);
    const std::int32_t* label = t.label.data();
    if (others.costs) {
        for (int k = 0; k < c; ++k) std::fill_n(gradient + (sample * q.c + k) * q.s + first, w, 0.0f);
        add_others_cost_gradient(q, sample, first, others.of_cost.data(), t, weight, w, gradient);
    }
    float *own = t.own.data(), *pull = t.pull.data(), *slope = t.slope.data(), *value = t.value.data();
    const float* mean = t.mean.data();
    for (int i = 0; i < w; ++i) own[i] = 0.0f;
    for (int m = 0; m < count; ++m) {
        if (moments[m].side != OWN || moments[m].kind == COUNT) continue;
        evaluate_slope(moments[m], t.error.data(), t.right.data(), t.cost.data(), w, slope);
        for (int k = 0; k < c; ++k) t.table[k] = static_cast<float>(upstream[k * count + m]);
        add_by_label(t, c, w, t.table.data(), slope, own);
    }
    for (int k = 0; others.powers && k < c; ++k) {
        powers_pull(moments, count, upstream + k * count, t.row(k), t.inverse.data(), w, value, slope);
        for (int i = 0; i < w; ++i) pull[i] += slope[i];
    }
#pragma omp simd
    for (int i = 0; i < w; ++i) {
        const float factor = label[i] < 0 ? 0.0f : weight[i];
        t.cost[i] = -factor * (own[i] * t.error[i] + (mean[i] * t.error[i] + pull[i]) * t.right[i]);  // dz of the label
        t.error[i] = factor * t.inverse[i];
        own[i] = label[i] < 0 ? 0.0f : (own[i] + mean[i] * t.right[i] - pull[i]) * t.error[i];  // (G - T + mean) / sum e
    }
    for (int k = 0; k < c; ++k) {
        const float* row = t.row(k);
        if (others.powers) powers_pull(moments, count, upstream + k * count, row, t.inverse.data(), w, value, slope);
        const float u = others.of_error[k];
        float *rest = t.error.data(), *mine = t.cost.data();
        float* out = gradient + (sample * q.c + k) * q.s + first;
#pragma omp simd
        for (int i = 0; i < w; ++i) {
            const float of_others = row[i] * ((u - mean[i]) * rest[i] + own[i]), of_label = mine[i];
            value[i] = label[i] == k ? of_label : of_others;
        }
        if (others.powers)
            for (int i = 0; i < w; ++i)
                value[i] += label[i] == k ? 0.0f : slope[i] * weight[i];
        if (others.costs)
            for (int i = 0; i < w; ++i) out[i] += value[i];
        else
            write_row(value, w, q.streams(), out);
    }
}

// After `rivals_tile`: dz = +-x (df/dx (1 - x) + df/dl) u; upstream: [classes][moments] of the plane.
INLINE void write_rivals_gradient(const Problem& q, std::int64_t plane, std::int64_t first, int w, const Moment* moments,
                                  int count, const double* upstream, Tile& t, float* gradient) {
    const float* weight = weights(q, t, plane, first);
    const std::int32_t* label = t.label.data();
    float *slope = t.slope.data(), *force = t.value.data();
    for (int i = 0; i < w; ++i) force[i] = 0.0f;
    for (int m = 0; m < count; ++m) {
        if (moments[m].kind == COUNT || !first_of_function(moments, m)) continue;
        evaluate_slope(moments[m], t.error.data(), t.right.data(), t.cost.data(), w, slope);
        const LabelWeights of(q, moments, count, m, upstream);
        for (int i = 0; i < w; ++i) force[i] += (label[i] == 1 ? of.one : of.zero) * slope[i];
    }
    for (int i = 0; i < w; ++i) {
        const float factor = t.error[i] * weight[i];
        force[i] = label[i] < 0 ? 0.0f : label[i] == 1 ? -factor * force[i] : factor * force[i];
    }
    write_rivals(q, plane, first, w, force, gradient);
}
