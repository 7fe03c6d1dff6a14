// The softmax of a tile, before and after it is normalised: e^z up to a factor of the pixel. That of the label is kept apart:
// the error 1 - p is the sum of the others, so nothing cancels.
#pragma once

#include <cmath>

#include "pixelwise/tile.hpp"

namespace psl {

// What is computed besides e^z, error and 1 - error.
struct SoftmaxRequest {
    bool nll = false;  // that of the label; its logarithm takes longer than all else
    bool stable = false;  // subtract the largest logit, so that the largest e^z is 1: for what cancels otherwise
    const float* upstream = nullptr;  // weights [c] of negative pixels: `mean` and `dot`, where mean x + dot = T
};

constexpr SoftmaxRequest STABLE{false, true};

// out = the logit of each pixel's label; arbitrary where left out.
INLINE void gather_label_logit(const Problem& q, std::int64_t sample, std::int64_t first, int w, const std::int32_t* label,
                               float* out) {
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

// Set e^z, `others` and `dot` to 0 where a pixel is left out: its logits may be NaN or infinite.
INLINE void zero_ignored(Tile& t, int c, int w) {
    const std::int32_t* label = t.label.data();
    float *others = t.error.data(), *dot = t.dot.data();
    int count = 0;
#pragma omp simd reduction(+ : count)
    for (int i = 0; i < w; ++i) count += label[i] < 0 ? 1 : 0;
    if (count == 0) return;
    for (int k = 0; k < c; ++k) {
        float* row = t.row(k);
#pragma omp simd
        for (int i = 0; i < w; ++i) row[i] = label[i] < 0 ? 0.0f : row[i];
    }
    for (int i = 0; i < w; ++i) others[i] = label[i] < 0 ? 0.0f : others[i];
    for (int i = 0; i < w; ++i) dot[i] = label[i] < 0 ? 0.0f : dot[i];
}

// Prefetch a class some rows ahead, in the next tiles after this tile's last class. Not the whole next tile at once: planes
// are often a power of two apart, so that their rows share cache sets.
INLINE void prefetch_ahead(const Problem& q, std::int64_t sample, std::int64_t first, int k, int w) {
    constexpr int ROWS = 24;
    const int c = static_cast<int>(q.c), row = k + ROWS;
    prefetch_to_read(q.logits + (sample * q.c + row % c) * q.s + first + row / c * w, w);
}

// Within these limits e^z needs no largest logit subtracted: what underflows is negligible. They leave room for weights, which
// may contain a loss scale.
constexpr float LEAST_SUM = 1e-3f, MOST_SUM = 1e24f, MOST_ODDS = 1e30f;

// e^z, `exp_label`, `others` (0 where left out) and `dot` in one pass. Returns whether all pixels are within the limits.
// Not inlined, nor is the next function: inlining changes how GCC vectorises these loops.
template <bool DOT>
TARGET_CLONES bool softmax_fast(const Problem& q, std::int64_t sample, std::int64_t first, int w, const float* upstream,
                                Tile& t) {
    const std::int32_t* label = t.label.data();
    float *exp_label = t.exp_label.data(), *others = t.error.data(), *dot = t.dot.data();
    const float least = t.bounds.least, most = t.bounds.most;
    for (int i = 0; i < w; ++i) others[i] = dot[i] = 0.0f;
    for (int k = 0; k < static_cast<int>(q.c); ++k) {
        const float* z = q.logits + (sample * q.c + k) * q.s + first;
        float* row = t.row(k);
        const float u = DOT ? upstream[k] : 0.0f;
        prefetch_ahead(q, sample, first, k, w);
#pragma omp simd
        for (int i = 0; i < w; ++i) {
            const float e = exp_within(least, most, z[i]), exp_other = label[i] == k ? 0.0f : e;
            row[i] = exp_other;
            others[i] += exp_other;
            if (DOT) dot[i] += u * exp_other;
        }
    }
    zero_ignored(t, static_cast<int>(q.c), w);
    gather_label_logit(q, sample, first, w, label, exp_label);
    int bad = 0;
#pragma omp simd reduction(+ : bad)
    for (int i = 0; i < w; ++i) {
        exp_label[i] = label[i] < 0 ? 1.0f : exp_within(least, most, exp_label[i]);
        const float sum = exp_label[i] + others[i];
        bad += sum < LEAST_SUM || sum > MOST_SUM || others[i] > MOST_ODDS * exp_label[i] ? 1 : 0;
    }
    return bad == 0;
}

// The same with the loop over few classes inside that over the pixels: what is summed over the classes stays in registers.
template <bool DOT, int C>
TARGET_CLONES bool softmax_of_few(const Problem& q, std::int64_t sample, std::int64_t first, int w, const float* upstream,
                                  Tile& t) {
    const std::int32_t* label = t.label.data();
    float *exp_label = t.exp_label.data(), *others = t.error.data(), *dot = t.dot.data();
    const float least = t.bounds.least, most = t.bounds.most;
    const float* z[C];
    float *row[C], u[C];
    for (int k = 0; k < C; ++k) {
        z[k] = q.logits + (sample * C + k) * q.s + first;
        row[k] = t.row(k);
        u[k] = DOT ? upstream[k] : 0.0f;
        prefetch_ahead(q, sample, first, k, w);
    }
    int bad = 0;
#pragma omp simd reduction(+ : bad)
    for (int i = 0; i < w; ++i) {
        float of_label = 1.0f, of_others = 0.0f, product = 0.0f;
#pragma GCC unroll 8
        for (int k = 0; k < C; ++k) {
            const float e = exp_within(least, most, z[k][i]), exp_other = label[i] < 0 || label[i] == k ? 0.0f : e;
            of_label = label[i] == k ? e : of_label;
            row[k][i] = exp_other;
            of_others += exp_other;
            if (DOT) product += u[k] * exp_other;
        }
        const float sum = of_label + of_others;
        bad += sum < LEAST_SUM || sum > MOST_SUM || of_others > MOST_ODDS * of_label ? 1 : 0;
        exp_label[i] = of_label;
        others[i] = of_others;
        dot[i] = product;
    }
    return bad == 0;
}

template <bool DOT>
INLINE auto fast_softmax(std::int64_t c) {
    return c == 3   ? softmax_of_few<DOT, 3>
           : c == 4 ? softmax_of_few<DOT, 4>
           : c == 5 ? softmax_of_few<DOT, 5>
           : c == 6 ? softmax_of_few<DOT, 6>
           : c == 7 ? softmax_of_few<DOT, 7>
           : c == 8 ? softmax_of_few<DOT, 8>
                    : softmax_fast<DOT>;
}

// The same for any logits, with e^(z - top); `gap` is the label's z - top.
template <bool DOT>
TARGET_CLONES void softmax_stable(const Problem& q, std::int64_t sample, std::int64_t first, int w, const float* upstream,
                                  Tile& t) {
    const int c = static_cast<int>(q.c);
    const std::int32_t* label = t.label.data();
    float *top = t.exp_label.data(), *gap = t.nll.data(), *others = t.error.data(), *dot = t.dot.data();
    for (int i = 0; i < w; ++i) {
        top[i] = -INFINITY;
        others[i] = dot[i] = 0.0f;
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
        const float u = DOT ? upstream[k] : 0.0f;
#pragma omp simd
        for (int i = 0; i < w; ++i) {
            const float e = exp_below_88(z[i] - top[i]), exp_other = label[i] == k ? 0.0f : e;
            row[i] = exp_other;
            others[i] += exp_other;
            if (DOT) dot[i] += u * exp_other;
        }
    }
    zero_ignored(t, c, w);
    gather_label_logit(q, sample, first, w, label, gap);
    for (int i = 0; i < w; ++i) {
        gap[i] = label[i] < 0 ? 0.0f : gap[i] - top[i];
        t.exp_label[i] = exp_below_88(gap[i]);
    }
}

// The same number for every pixel.
struct Constant {
    INLINE float operator[](int) const { return value; }
    float value;
};

// Of numbers u of all classes, which come one after another: `mean` = that of the largest share, and `dot` = the sum of
// share (u - mean). Where one class has nearly all of a pixel its u is subtracted exactly, so that nothing cancels.
struct AboutLargest {
    INLINE AboutLargest(int w, Tile& t) : largest(t.scratch.data()), sum(largest + t.stride) {
        for (int i = 0; i < w; ++i) largest[i] = sum[i] = t.mean[i] = t.dot[i] = 0.0f;
    }

    template <class Numbers>
    INLINE void add(const float* share, Numbers u, int w, Tile& t) const {
        float *dot = t.dot.data(), *mean = t.mean.data();
#pragma omp simd
        for (int i = 0; i < w; ++i) {
            // Loaded first: a choice between numbers is vectorised better than one between loads.
            const float own = share[i], number = u[i], most = largest[i], before = mean[i], total = sum[i];
            const float part = own > most ? -total : own;  // of a new largest all the others' differences change
            dot[i] += (number - before) * part;
            mean[i] = own > most ? number : before;
            sum[i] = total + own;
            largest[i] = own > most ? own : most;
        }
    }

    float *largest, *sum;
};

constexpr float SURE = 1e-7f;  // odds of the label below which a mean is too coarse

// `mean` = the mean of `upstream` weighted by e^z, and `dot` = that of upstream - mean: nearly 0, but it corrects the rounding
// of the mean where one class has nearly all of a pixel, like the second pass of a variance.
INLINE void center(std::int64_t c, int w, const float* upstream, Tile& t) {
    const float *others = t.error.data(), *exp_label = t.exp_label.data();
    float *dot = t.dot.data(), *mean = t.mean.data();
    int sure = 0;
#pragma omp simd reduction(+ : sure)
    for (int i = 0; i < w; ++i) {
        sure += exp_label[i] < SURE * others[i] ? 1 : 0;
        mean[i] = others[i] > 0.0f ? dot[i] / others[i] : 0.0f;
        dot[i] = 0.0f;
    }
    if (sure > 0) {
        const AboutLargest about(w, t);
        for (std::int64_t k = 0; k < c; ++k) about.add(t.row(k), Constant{upstream[k]}, w, t);
        return;
    }
    for (std::int64_t k = 0; k < c; ++k) {
        const float *row = t.row(k), u = upstream[k];
#pragma omp simd
        for (int i = 0; i < w; ++i) dot[i] += (u - mean[i]) * row[i];
    }
}

// `inverse`, `error` and `correct` from `exp_label` and `others`.
INLINE void normalize(int w, Tile& t) {
    const std::int32_t* label = t.label.data();
    float *exp_label = t.exp_label.data(), *others = t.error.data(), *inverse = t.inverse.data(), *correct = t.correct.data();
#pragma omp simd
    for (int i = 0; i < w; ++i) {
        const float scale = label[i] < 0 ? 0.0f : 1.0f / (others[i] + exp_label[i]);
        inverse[i] = scale;
        correct[i] = exp_label[i] * scale;
        others[i] *= scale;
    }
}

// e^z of w pixels, error and 1 - error of the label, and what else is requested.
INLINE void softmax_tile(const Problem& q, std::int64_t sample, std::int64_t first, int w, const SoftmaxRequest& request,
                         Tile& t) {
    const float* upstream = request.upstream;
    float *exp_label = t.exp_label.data(), *others = t.error.data(), *nll = t.nll.data();
    read_labels(q, sample * q.s + first, w, q.c, t.label.data());
    const auto fast = upstream == nullptr ? fast_softmax<false>(q.c) : fast_softmax<true>(q.c);
    const auto stable = upstream == nullptr ? softmax_stable<false> : softmax_stable<true>;
    const bool is_fast = !request.stable && fast(q, sample, first, w, upstream, t);
    if (!is_fast) stable(q, sample, first, w, upstream, t);
    if (request.nll && is_fast)
        for (int i = 0; i < w; ++i) nll[i] = log1p_nonnegative(others[i] / exp_label[i]);
    else if (request.nll)
        for (int i = 0; i < w; ++i) nll[i] = log1p_nonnegative(others[i] + (exp_label[i] - 1.0f)) - nll[i];
    if (upstream != nullptr) center(q.c, w, upstream, t);
    normalize(w, t);
    for (int i = 0; upstream != nullptr && i < w; ++i) t.dot[i] *= t.inverse[i];
}

}  // namespace psl
