// Expected costs of confusions, summed over the pixels of each class, and their gradient.
//
// At a pixel of label y the expected cost is W = sum over k of M[y][k] p_k, with p = softmax(z) and 0 on the diagonal of M.
// The gradient of the sums with weights u[y] is dz_k = u[y] p_k (M[y][k] - W).
#include "pixelwise/gradient.hpp"
#include "pixelwise/row_sums.hpp"

namespace psl {

namespace {

// Set the label's entry in the rows.
INLINE void set_label_entry(Tile& t, int c, int w, const float* own) {
    const std::int32_t* label = t.label.data();
    if (c > Tile::FEW) {
        for (int i = 0; i < w; ++i)
            if (label[i] >= 0) t.row(label[i])[i] = own[i];
        return;
    }
    for (int k = 0; k < c; ++k) {
        float* row = t.row(k);
#pragma omp simd
        for (int i = 0; i < w; ++i) row[i] = label[i] == k ? own[i] : row[i];
    }
}

// `value` = W of w pixels, 0 where left out; `columns` are those of M: [predicted][true].
INLINE void expected_costs(const Problem& q, std::int64_t sample, std::int64_t first, int w, const float* columns,
                           const SoftmaxRequest& request, Tile& t) {
    const int c = static_cast<int>(q.c);
    float* cost = t.value.data();
    softmax_tile(q, sample, first, w, request, t);
    for (int i = 0; i < w; ++i) cost[i] = 0.0f;
    for (int k = 0; k < c; ++k) add_lookup(t, c, w, columns + k * c, t.row(k), cost);
    for (int i = 0; i < w; ++i) cost[i] *= t.inverse[i];
}

// Adds W of w pixels to table[c].
TARGET_CLONES
void tile_sums(const Problem& q, std::int64_t sample, std::int64_t first, int w, const float* columns, Tile& t, double* table) {
    expected_costs(q, sample, first, w, columns, SoftmaxRequest{}, t);
    add_by_class(t, q.c, w, t.value.data(), table, 1);
}

TARGET_CLONES
void tile_gradient(const Problem& q, std::int64_t sample, std::int64_t first, int w, const float* columns,
                   const double* upstream, Tile& t, float* gradient) {
    const int c = static_cast<int>(q.c);
    expected_costs(q, sample, first, w, columns, STABLE, t);  // M - W cancels
    float *weight = t.slope.data(), *ones = t.nll.data(), *cost = t.value.data(), *difference = t.dot.data();
    for (int i = 0; i < w; ++i) weight[i] = 0.0f, ones[i] = 1.0f;
    for (int k = 0; k < c; ++k) t.table[k] = static_cast<float>(upstream[k]);
    add_lookup(t, c, w, t.table.data(), ones, weight);
    for (int i = 0; i < w; ++i) {
        t.exp_label[i] = -weight[i] * t.correct[i] * cost[i];  // dz of the label
        weight[i] *= t.inverse[i];
    }
    for (int k = 0; k < c; ++k) {
        float* row = t.row(k);
        for (int i = 0; i < w; ++i) difference[i] = -cost[i];
        add_lookup(t, c, w, columns + k * c, ones, difference);
        for (int i = 0; i < w; ++i) row[i] *= weight[i] * difference[i];
    }
    set_label_entry(t, c, w, t.exp_label.data());
    for (int k = 0; k < c; ++k) write_row(t.row(k), w, streams(q), gradient + (sample * q.c + k) * q.s + first);
}

}  // namespace

EXPORT Status confusion_forward(const Problem* problem, const float* columns, double* sums, int threads) {
    return status_of([&] {
        const Problem& q = *problem;
        const Tiling tiling(q);
        std::vector<double> parts(tiling.planes * tiling.chunks * q.c, 0.0);
        tiling.run(q, threads, [&](Tile& t, std::int64_t plane, std::int64_t chunk, std::int64_t first, int w) {
            tile_sums(q, plane, first, w, columns, t, parts.data() + (plane * tiling.chunks + chunk) * q.c);
        });
        tiling.add_up(parts, q.c, sums);
    });
}

EXPORT Status confusion_backward(const Problem* problem, const float* columns, const double* upstream, float* gradient,
                                 int threads) {
    return status_of([&] {
        const Problem& q = *problem;
        expect_large_pages(gradient, sizeof(float) * q.n * q.c * q.s);
        Tiling(q).run(q, threads, [&](Tile& t, std::int64_t plane, std::int64_t, std::int64_t first, int w) {
            tile_gradient(q, plane, first, w, columns, upstream + plane * q.c, t, gradient);
        });
    });
}

}  // namespace psl
