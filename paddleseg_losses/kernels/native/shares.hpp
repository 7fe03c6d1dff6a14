// Shares of the classes in each pixel of a tile under a softmax: e^z up to a factor of the pixel. The share of the label is
// kept apart, since the error 1 - p is the sum of the others, added up without it.
#pragma once

#include <cmath>

#include "tile.hpp"

// What is made besides the shares of a tile.
struct Wanted {
    bool costs = false;               // the label's cost, whose logarithm takes longer than the rest
    bool exact = false;               // each pixel's largest share is 1 (its largest logit is taken off), for what cancels
    const float* upstream = nullptr;  // weights [c] of other classes: `mean` and `pull`, whose sum mean x + pull is T
};

constexpr Wanted EXACT_SHARES{false, true};

// out = the logit of each pixel's label; any number where left out.
INLINE void read_own(const Problem& q, std::int64_t sample, std::int64_t first, int w, const std::int32_t* label, float* out) {
    const float* logits = q.logits + sample * q.c * q.s + first;
    if (q.c > Tile::FEW) {
        for (int i = 0; i < w; ++i) out[i] = logits[(label[i] < 0 ? 0 : label[i]) * q.s + i];
        return;
    }
    for (int k = 0; k < static_cast<int>(q.c); ++k) {
        const float* z = logits + k * q.s;
#pragma omp simd
        for (int i = 0; i < w; ++i) out[i] = k == 0 || label[i] == k ? z[i] : out[i];
    }
}

// Shares, `rest` and `pull` become 0 where a pixel is left out: whatever its logits are must not spread.
INLINE void clear_left_out(Tile& t, int c, int w) {
    const std::int32_t* label = t.label.data();
    float *rest = t.error.data(), *pull = t.pull.data();
    int count = 0;
#pragma omp simd reduction(+ : count)
    for (int i = 0; i < w; ++i) count += label[i] < 0 ? 1 : 0;
    if (count == 0) return;
    for (int k = 0; k < c; ++k) {
        float* row = t.row(k);
#pragma omp simd
        for (int i = 0; i < w; ++i) row[i] = label[i] < 0 ? 0.0f : row[i];
    }
    for (int i = 0; i < w; ++i) rest[i] = label[i] < 0 ? 0.0f : rest[i];
    for (int i = 0; i < w; ++i) pull[i] = label[i] < 0 ? 0.0f : pull[i];
}

// The logits of a class some rows after this one will be read soon, those of the next tiles after this one's last. Not the
// whole next tile at once: the planes of classes are often a power of two apart, and what is read of them shares cache sets.
INLINE void prefetch_ahead(const Problem& q, std::int64_t sample, std::int64_t first, int k, int w) {
    constexpr int ROWS = 24;
    const int c = static_cast<int>(q.c), row = k + ROWS;
    prefetch_to_read(q.logits + (sample * q.c + row % c) * q.s + first + row / c * w, w);
}

// Shares whose sum is in this range, and whose label's is not too small a part of it, need no largest logit taken off: what
// floats cannot hold of them would not count. Their sums with weights, which may be a scaler's, have to be floats too.
constexpr float LEAST_SUM = 1e-3f, MOST_SUM = 1e24f, MOST_ODDS = 1e30f;

// Shares e^z, `own`, `rest` (0 where left out) and `pull` in one pass, unless a pixel needs its largest logit taken off; says
// whether they are good. Neither this nor the next is part of its caller: how fast their loops are would depend on the code
// around them.
template <bool PULLS>
EVERY_INSTRUCTION_SET bool moderate_shares(const Problem& q, std::int64_t sample, std::int64_t first, int w,
                                           const float* upstream, Tile& t) {
    const std::int32_t* label = t.label.data();
    float *own = t.own.data(), *rest = t.error.data(), *pull = t.pull.data();
    const float least = t.bounds.least, most = t.bounds.most;
    for (int i = 0; i < w; ++i) rest[i] = pull[i] = 0.0f;
    for (int k = 0; k < static_cast<int>(q.c); ++k) {
        const float* z = q.logits + (sample * q.c + k) * q.s + first;
        float* row = t.row(k);
        const float u = PULLS ? upstream[k] : 0.0f;
        prefetch_ahead(q, sample, first, k, w);
#pragma omp simd
        for (int i = 0; i < w; ++i) {
            const float e = exp_within(least, most, z[i]), other = label[i] == k ? 0.0f : e;
            row[i] = other;
            rest[i] += other;
            if (PULLS) pull[i] += u * other;
        }
    }
    clear_left_out(t, static_cast<int>(q.c), w);
    read_own(q, sample, first, w, label, own);
    int bad = 0;
#pragma omp simd reduction(+ : bad)
    for (int i = 0; i < w; ++i) {
        own[i] = label[i] < 0 ? 1.0f : exp_within(least, most, own[i]);
        const float sum = own[i] + rest[i];
        bad += sum < LEAST_SUM || sum > MOST_SUM || rest[i] > MOST_ODDS * own[i] ? 1 : 0;
    }
    return bad == 0;
}

// The same of any logits, as e^(z - top), and `gap`, the label's z - top.
template <bool PULLS>
EVERY_INSTRUCTION_SET void any_shares(const Problem& q, std::int64_t sample, std::int64_t first, int w, const float* upstream,
                                      Tile& t) {
    const int c = static_cast<int>(q.c);
    const std::int32_t* label = t.label.data();
    float *top = t.own.data(), *gap = t.cost.data(), *rest = t.error.data(), *pull = t.pull.data();
    for (int i = 0; i < w; ++i) {
        top[i] = -INFINITY;
        rest[i] = pull[i] = 0.0f;
    }
    for (int k = 0; k < c; ++k) {
        const float* z = q.logits + (sample * q.c + k) * q.s + first;
        prefetch_ahead(q, sample, first, k, w);
#pragma omp simd
        for (int i = 0; i < w; ++i) top[i] = z[i] > top[i] ? z[i] : top[i];
    }
    for (int k = 0; k < c; ++k) {
        const float* z = q.logits + (sample * q.c + k) * q.s + first;
        float* row = t.row(k);
        const float u = PULLS ? upstream[k] : 0.0f;
#pragma omp simd
        for (int i = 0; i < w; ++i) {
            const float e = exp_below_88(z[i] - top[i]), other = label[i] == k ? 0.0f : e;
            row[i] = other;
            rest[i] += other;
            if (PULLS) pull[i] += u * other;
        }
    }
    clear_left_out(t, c, w);
    read_own(q, sample, first, w, label, gap);
    for (int i = 0; i < w; ++i) {
        gap[i] = label[i] < 0 ? 0.0f : gap[i] - top[i];
        t.own[i] = exp_below_88(gap[i]);
    }
}

// `mean` = that of `upstream` over the shares of `rest`, and `pull` = what is left of it when the mean is taken off each:
// nearly nothing, but where one share is nearly all it is what u - T needs, as a second pass is for a variance. Instead of
// the rounding of u, the square of that is left.
INLINE void take_off_mean(std::int64_t c, int w, const float* upstream, Tile& t) {
    const float* rest = t.error.data();
    float *pull = t.pull.data(), *mean = t.mean.data();
    for (int i = 0; i < w; ++i) {
        mean[i] = rest[i] > 0.0f ? pull[i] / rest[i] : 0.0f;
        pull[i] = 0.0f;
    }
    for (std::int64_t k = 0; k < c; ++k) {
        const float *row = t.row(k), u = upstream[k];
#pragma omp simd
        for (int i = 0; i < w; ++i) pull[i] += (u - mean[i]) * row[i];
    }
}

// Inverse, error and right of shares, `own` and `rest`.
INLINE void normalise(int w, Tile& t) {
    const std::int32_t* label = t.label.data();
    float *own = t.own.data(), *rest = t.error.data(), *inverse = t.inverse.data(), *right = t.right.data();
#pragma omp simd
    for (int i = 0; i < w; ++i) {
        const float scale = label[i] < 0 ? 0.0f : 1.0f / (rest[i] + own[i]);
        inverse[i] = scale;
        right[i] = own[i] * scale;
        rest[i] *= scale;
    }
}

// Shares of w pixels, error and right of the true label, and what else is wanted.
INLINE void softmax_tile(const Problem& q, std::int64_t sample, std::int64_t first, int w, const Wanted& wanted, Tile& t) {
    const float* upstream = wanted.upstream;
    float *own = t.own.data(), *rest = t.error.data(), *cost = t.cost.data();
    read_labels(q, sample * q.s + first, w, q.c, t.label.data());
    const auto moderate_ones = upstream == nullptr ? moderate_shares<false> : moderate_shares<true>;
    const auto any_ones = upstream == nullptr ? any_shares<false> : any_shares<true>;
    const bool moderate = !wanted.exact && moderate_ones(q, sample, first, w, upstream, t);
    if (!moderate) any_ones(q, sample, first, w, upstream, t);
    if (wanted.costs && moderate)
        for (int i = 0; i < w; ++i) cost[i] = log1p_nonnegative(rest[i] / own[i]);
    else if (wanted.costs)
        for (int i = 0; i < w; ++i) cost[i] = log1p_nonnegative(rest[i] + (own[i] - 1.0f)) - cost[i];
    if (upstream != nullptr) take_off_mean(q.c, w, upstream, t);
    normalise(w, t);
    for (int i = 0; upstream != nullptr && i < w; ++i) t.pull[i] *= t.inverse[i];
}
