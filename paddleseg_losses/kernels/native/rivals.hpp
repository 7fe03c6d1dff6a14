// Two rivals: a channel and what it is not under a sigmoid, or the classes 1 and 0 of a softmax over two, which is the
// sigmoid of z = z_1 - z_0. A plane is a channel, or the sample. Of each pixel the error of its label is known, so a sum over
// the pixels of one label is that of the one's OWN pixels, and of the other's OTHER ones.
#pragma once

#include "memory.hpp"
#include "error_sums.hpp"
#include "tile.hpp"

INLINE bool rivals(const Problem& q) { return q.sigmoid || q.c == 2; }

// Classes whose sums a plane has: label 0 is none of them under a sigmoid.
INLINE int first_class(const Problem& q) { return q.sigmoid ? 1 : 0; }
INLINE std::int64_t classes_of_plane(const Problem& q) { return q.sigmoid ? 1 : q.c; }

// The label of the pixels that class k counts on a side.
INLINE int label_of(int k, const Moment& moment) { return moment.side == OWN ? k : 1 - k; }

INLINE bool same_function(const Moment& a, const Moment& b) { return a.kind == b.kind && a.gamma == b.gamma; }

// Whether no earlier moment is a sum of the same function, which then need not be computed again.
INLINE bool first_of_function(const Moment* moments, int m) {
    bool found = true;
    for (int j = 0; j < m; ++j) found &= !same_function(moments[j], moments[m]);
    return found;
}

// What all sums of a moment's function weigh at pixels of each label; weight: [classes][moments] of one plane.
struct LabelWeights {
    INLINE LabelWeights(const Problem& q, const Moment* moments, int count, int m, const double* weight) {
        double sum[] = {0, 0};
        for (int k = first_class(q); k < 2; ++k, weight += count)
            for (int j = m; j < count; ++j)
                if (same_function(moments[j], moments[m])) sum[label_of(k, moments[j])] += weight[j];
        zero = static_cast<float>(sum[0]);
        one = static_cast<float>(sum[1]);
    }

    float zero, one;
};

// z and labels of w elements.
struct Elements {
    INLINE Elements(const Problem& q, std::int64_t plane, std::int64_t first, int w, Tile& t) : label(t.label.data()) {
        read_labels(q, plane * q.s + first, w, 2, t.label.data());
        const float* logits = q.logits + (q.sigmoid ? plane : 2 * plane) * q.s + first;
        prefetch_to_read(logits + w, w);  // the next tile's, while this one's are computed
        z = logits;
        if (q.sigmoid) return;
        const float* of_one = logits + q.s;
        prefetch_to_read(of_one + w, w);
        float* gap = t.pull.data();
#pragma omp simd
        for (int i = 0; i < w; ++i) gap[i] = gap_of_two<float>(logits[i], of_one[i]);
        z = gap;
    }

    const std::int32_t* label;  // -1: left out, and z may be anything
    const float* z;
};

// Error, right and cost of each pixel's label, 0 or 1. `costs`: else the cost is not finished.
INLINE void rivals_tile(const Problem& q, std::int64_t plane, std::int64_t first, int w, bool costs, Tile& t) {
    const Elements elements(q, plane, first, w, t);
    const std::int32_t* label = elements.label;
    const float* z = elements.z;
    float *error = t.error.data(), *right = t.right.data(), *cost = t.cost.data(), *small = t.own.data();
    float* inverse = t.inverse.data();
#pragma omp simd
    for (int i = 0; i < w; ++i) {
        const float clean = label[i] < 0 ? 0.0f : z[i];
        const float wrong = label[i] == 1 ? -clean : clean;  // log-odds of the error
        const float e = exp_below_88(wrong < 0.0f ? wrong : -wrong), scale = 1.0f / (1.0f + e);
        error[i] = wrong > 0.0f ? scale : e * scale;
        right[i] = wrong > 0.0f ? e * scale : scale;
        cost[i] = wrong > 0.0f ? wrong : 0.0f;
        small[i] = e;
        inverse[i] = scale;
    }
    if (!costs) return;
#pragma omp simd
    for (int i = 0; i < w; ++i) cost[i] += log1p_nonnegative(small[i], inverse[i]);
}

// Writes a row dz; of two classes the first loses what the other gains.
INLINE void write_rivals(const Problem& q, std::int64_t plane, std::int64_t first, int w, float* row, float* gradient) {
    float* out = gradient + (q.sigmoid ? plane : 2 * plane + 1) * q.s + first;
    write_row(row, w, q.streams(), out);
    if (q.sigmoid) return;
    for (int i = 0; i < w; ++i) row[i] = 0.0f - row[i];
    write_row(row, w, q.streams(), out - q.s);
}
