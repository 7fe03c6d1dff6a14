// Expected prices of confusions, summed over the pixels of each class, and their gradient.
//
// At a pixel of label y the expected price is W = sum over k of M[y][k] p_k, with p = softmax(z) and 0 on the diagonal of M.
// The gradient of the sums with weights u[y] is dz_k = u[y] p_k (M[y][k] - W).
#include "gradient.hpp"
#include "totals.hpp"

namespace {

// The label's entry in the rows = own.
INLINE void put_own(Tile& t, int c, int w, const float* own) {
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
INLINE void prices(const Problem& q, std::int64_t sample, std::int64_t first, int w, const float* columns,
                   const Wanted& wanted, Tile& t) {
    const int c = static_cast<int>(q.c);
    float* price = t.value.data();
    softmax_tile(q, sample, first, w, wanted, t);
    for (int i = 0; i < w; ++i) price[i] = 0.0f;
    for (int k = 0; k < c; ++k) add_by_label(t, c, w, columns + k * c, t.row(k), price);
    for (int i = 0; i < w; ++i) price[i] *= t.inverse[i];
}

// Adds W of w pixels to table[c].
EVERY_INSTRUCTION_SET
void tile_sums(const Problem& q, std::int64_t sample, std::int64_t first, int w, const float* columns, Tile& t,
               double* table) {
    prices(q, sample, first, w, columns, Wanted{}, t);
    add_by_class(t, q.c, w, t.value.data(), table, 1);
}

EVERY_INSTRUCTION_SET
void tile_gradient(const Problem& q, std::int64_t sample, std::int64_t first, int w, const float* columns,
                   const double* upstream, Tile& t, float* gradient) {
    const int c = static_cast<int>(q.c);
    prices(q, sample, first, w, columns, EXACT_SHARES, t);  // M - W cancels
    float *force = t.slope.data(), *ones = t.cost.data(), *price = t.value.data(), *gap = t.pull.data();
    for (int i = 0; i < w; ++i) force[i] = 0.0f, ones[i] = 1.0f;
    for (int k = 0; k < c; ++k) t.table[k] = static_cast<float>(upstream[k]);
    add_by_label(t, c, w, t.table.data(), ones, force);
    for (int i = 0; i < w; ++i) {
        t.own[i] = -force[i] * t.right[i] * price[i];  // dz of the label
        force[i] *= t.inverse[i];
    }
    for (int k = 0; k < c; ++k) {
        float* row = t.row(k);
        for (int i = 0; i < w; ++i) gap[i] = -price[i];
        add_by_label(t, c, w, columns + k * c, ones, gap);
        for (int i = 0; i < w; ++i) row[i] *= force[i] * gap[i];
    }
    put_own(t, c, w, t.own.data());
    for (int k = 0; k < c; ++k) write_row(t.row(k), w, q.streams(), gradient + (sample * q.c + k) * q.s + first);
}

}  // namespace

// columns: M as [predicted][true]; sums: [n][c], overwritten.
EXPORT void confusion_forward(const Problem* problem, const float* columns, double* sums, int threads) {
    const Problem& q = *problem;
    const Plan plan(q);
    std::vector<double> parts(plan.planes * plan.chunks * q.c, 0.0);
    plan.run(q, threads, [&](Tile& t, std::int64_t plane, std::int64_t chunk, std::int64_t first, int w) {
        tile_sums(q, plane, first, w, columns, t, parts.data() + (plane * plan.chunks + chunk) * q.c);
    });
    plan.add_up(parts, q.c, sums);
}

// upstream: [n][c], the gradient of the sums; gradient: that of the logits, overwritten.
EXPORT void confusion_backward(const Problem* problem, const float* columns, const double* upstream, float* gradient,
                               int threads) {
    const Problem& q = *problem;
    expect_large_pages(gradient, sizeof(float) * q.n * q.c * q.s);
    Plan(q).run(q, threads, [&](Tile& t, std::int64_t plane, std::int64_t, std::int64_t first, int w) {
        tile_gradient(q, plane, first, w, columns, upstream + plane * q.c, t, gradient);
    });
}
