// The softmax of a pixel, read once, and what the label's error is: the sum of the others, so that nothing cancels.
#pragma once
#include "functions.cuh"

#define LOWEST -3.4e38f
#define TINY 1e-30f

// e is e^(z - top).
struct Softmax {
    float top;  // the largest logit
    float own, others;  // e of the label, and the sum of the others
    float below;  // the sum of all but the largest
    float best;  // the largest logit of the others
    int at;  // its class
};

// Class by class, a step apart. With a larger logit all that was summed shrinks; one exponential serves both cases.
template <class Scalar>
__device__ inline Softmax read_softmax(const Scalar* z, i64 step, int classes, int label) {
    Softmax m = {LOWEST, 0.0f, 0.0f, 0.0f, LOWEST, -1};
    for (int k = 0; k < classes; ++k) {
        const float x = load(z + k * step), gap = x - m.top, e = expf(-fabsf(gap));
        const bool larger = gap > 0.0f;
        const float shrink = larger ? e : 1.0f, added = larger ? 1.0f : e;
        m.own *= shrink, m.others *= shrink;
        m.below = larger ? (m.below + 1.0f) * e : m.below + e;
        m.top = larger ? x : m.top;
        if (k == label) {
            m.own += added;
        } else {
            m.others += added;
            if (x > m.best || m.at < 0) m.best = x, m.at = k;
        }
    }
    return m;
}

template <class Sums>
__device__ inline float inverse_sum(const Sums& m) { return reciprocal(m.own + m.others); }

template <class Sums>
__device__ inline Answer answer_of(const Sums& m, float of_label, bool with_nll) {
    const float inverse = inverse_sum(m), gap = of_label - m.top;
    const float nll = with_nll ? log1pf(m.others + (m.own - 1.0f)) - gap : 0.0f;
    return {m.others * inverse, m.own * inverse, nll};
}

// 1 - p in units of e, of a class whose e is given.
__device__ inline float sum_without(const Softmax& m, float e) { return e == 1.0f ? m.below : m.own + m.others - e; }

// Add a warp's numbers to the column of a table [classes][columns], each to the row of its label. One step for each label that
// occurs in the warp: of neighbouring pixels few have another label.
__device__ inline void add_by_label(float x, int label, u32 counted, float* table, int columns) {
    while (counted) {
        const int k = __shfl_sync(ALL_LANES, label, __ffs(static_cast<int>(counted)) - 1);
        const float sum = warp_sum(label == k ? x : 0.0f);
        if (threadIdx.x % LANES == 0) table[k * columns] += sum;
        counted &= ~__ballot_sync(ALL_LANES, label == k);
    }
}

// The log-sum-exp of all classes but the largest of the others.
template <class Scalar>
__device__ inline float log_sum_without_best(const Softmax& m, const Scalar* z, i64 step, int classes) {
    float top = LOWEST, sum = 0.0f;
    ONE_BY_ONE
    for (int k = 0; k < classes; ++k) {
        if (k == m.at) continue;
        const float x = load(z + k * step), gap = x - top, e = expf(-fabsf(gap));
        sum = gap > 0.0f ? sum * e + 1.0f : sum + e;
        top = gap > 0.0f ? x : top;
    }
    return top + logf(sum);
}

// l = -log(1 - p) of a class of which the pixel is a negative.
template <class Scalar>
__device__ inline float nll_of_negative(const Softmax& m, float x, float e, int k, const Scalar* z, i64 step, int classes) {
    const float rest = sum_without(m, e);
    return rest >= TINY ? log1pf(e / rest) : k == m.at ? x - log_sum_without_best(m, z, step, classes) : 0.0f;
}
