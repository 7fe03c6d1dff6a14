// Binary problems, with one logit: a sigmoid's, or z = z_1 - z_0 of a softmax over two classes, which is the sigmoid of it. A
// plane is a channel, or a sample. Pixels of one label are the POSITIVE ones of one class and the NEGATIVE ones of the other,
// with the same error.
#pragma once

#include "pixelwise/sum_spec.hpp"
#include "pixelwise/tile.hpp"

namespace psl {

INLINE bool is_binary(const Problem& q) { return q.sigmoid || q.c == 2; }

// Classes that a plane has sums of: under a sigmoid not of label 0.
INLINE int first_class(const Problem& q) { return q.sigmoid ? 1 : 0; }
INLINE std::int64_t classes_of_plane(const Problem& q) { return q.sigmoid ? 1 : q.c; }

// The label of the pixels on a side of class k.
INLINE int label_of(int k, const SumSpec& spec) { return spec.side == POSITIVE ? k : 1 - k; }

INLINE bool same_function(const SumSpec& a, const SumSpec& b) {
    return a.kind == b.kind && a.gamma == b.gamma && a.clip == b.clip;
}

// Whether no earlier spec has the same function, so that it has to be computed.
INLINE bool is_first_of_function(const SumSpec* specs, int m) {
    bool result = true;
    for (int j = 0; j < m; ++j) result &= !same_function(specs[j], specs[m]);
    return result;
}

// The total weight of a spec's function at pixels of each label; weight: [classes][specs] of one plane.
struct LabelWeights {
    INLINE LabelWeights(const Problem& q, const SumSpec* specs, int count, int m, const double* weight) {
        double sum[] = {0, 0};
        for (int k = first_class(q); k < 2; ++k, weight += count)
            for (int j = m; j < count; ++j)
                if (same_function(specs[j], specs[m])) sum[label_of(k, specs[j])] += weight[j];
        zero = static_cast<float>(sum[0]);
        one = static_cast<float>(sum[1]);
    }

    float zero, one;
};

// z and labels of w pixels.
struct BinaryLogits {
    INLINE BinaryLogits(const Problem& q, std::int64_t plane, std::int64_t first, int w, Tile& t) : label(t.label.data()) {
        read_labels(q, plane * q.s + first, w, 2, t.label.data());
        const float* logits = q.logits + (q.sigmoid ? plane : 2 * plane) * q.s + first;
        prefetch_to_read(logits + w, w);  // those of the next tile
        z = logits;
        if (q.sigmoid) return;
        const float* of_one = logits + q.s;
        prefetch_to_read(of_one + w, w);
        float* gap = t.dot.data();
#pragma omp simd
        for (int i = 0; i < w; ++i) gap[i] = logit_difference<float>(logits[i], of_one[i]);
        z = gap;
    }

    const std::int32_t* label;  // -1: left out, and z may be anything
    const float* z;
};

// Error x, 1 - x and, `with_nll`, -log(1 - x) of each pixel's label, 0 or 1.
INLINE void binary_tile(const Problem& q, std::int64_t plane, std::int64_t first, int w, bool with_nll, Tile& t) {
    const BinaryLogits logits(q, plane, first, w, t);
    const std::int32_t* label = logits.label;
    const float* z = logits.z;
    float *error = t.error.data(), *correct = t.correct.data(), *nll = t.nll.data(), *small = t.exp_label.data();
    float* inverse = t.inverse.data();
#pragma omp simd
    for (int i = 0; i < w; ++i) {
        const float clean = label[i] < 0 ? 0.0f : z[i];
        const float wrong = label[i] == 1 ? -clean : clean;  // log-odds of the error
        const float e = exp_below_88(wrong < 0.0f ? wrong : -wrong), scale = 1.0f / (1.0f + e);
        error[i] = wrong > 0.0f ? scale : e * scale;
        correct[i] = wrong > 0.0f ? e * scale : scale;
        nll[i] = wrong > 0.0f ? wrong : 0.0f;
        small[i] = e;
        inverse[i] = scale;
    }
    if (!with_nll) return;
#pragma omp simd
    for (int i = 0; i < w; ++i) nll[i] += log1p_nonnegative(small[i], inverse[i]);
}

// Write dz, and -dz for the first of two classes.
INLINE void write_binary_row(const Problem& q, std::int64_t plane, std::int64_t first, int w, float* row, float* gradient) {
    float* out = gradient + (q.sigmoid ? plane : 2 * plane + 1) * q.s + first;
    write_row(row, w, streams(q), out);
    if (q.sigmoid) return;
    for (int i = 0; i < w; ++i) row[i] = 0.0f - row[i];
    write_row(row, w, streams(q), out - q.s);
}

}  // namespace psl
