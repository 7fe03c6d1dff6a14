// Expected costs of confusions, summed over the pixels of each class, and their gradient.
//
// At a pixel of label y the expected cost is W = sum over k of M[y][k] p_k, with p = softmax(z) and 0 on the diagonal of M.
// The gradient of the sums with weights u[y] is dz_k = u[y] p_k (M[y][k] - W). With m the cost of the class that the pixel
// looks most like, W = m x + W', and M[y][k] - W = (M[y][k] - m) + m (1 - x) - W' keeps its digits where p_k is nearly 1.
#include "pixelwise/gradient.hpp"
#include "pixelwise/row_sums.hpp"

namespace psl {

namespace {

// Adds W of w pixels to table[c]; `columns` are those of M: [predicted][true].
TARGET_CLONES
void tile_sums(const Problem& q, std::int64_t sample, std::int64_t first, int w, const float* columns, Tile& t, double* table) {
    const int c = static_cast<int>(q.c);
    float* cost = t.value.data();
    softmax_tile(q, sample, first, w, SoftmaxRequest{}, t);
    for (int i = 0; i < w; ++i) cost[i] = 0.0f;
    for (int k = 0; k < c; ++k) add_lookup(t, c, w, columns + k * c, t.row(k), cost);
    for (int i = 0; i < w; ++i) cost[i] *= t.inverse[i];
    add_by_class(t, c, w, cost, table, 1);
}

TARGET_CLONES
void tile_gradient(const Problem& q, std::int64_t sample, std::int64_t first, int w, const float* columns,
                   const double* upstream, Tile& t, float* gradient) {
    const int c = static_cast<int>(q.c);
    softmax_tile(q, sample, first, w, SoftmaxRequest{}, t);
    float *weight = t.slope.data(), *cost = t.value.data(), *common = t.nll.data(), *of_label = t.exp_label.data();
    const AboutLargest about(w, t);
    for (int k = 0; k < c; ++k) {
        look_up(t, c, w, columns + k * c, cost);
        about.add(t.row(k), cost, w, t);
    }
    for (int k = 0; k < c; ++k) t.table[k] = static_cast<float>(upstream[k]);
    look_up(t, c, w, t.table.data(), weight);
    for (int i = 0; i < w; ++i) {
        const float rest = t.dot[i] * t.inverse[i];  // W'
        of_label[i] = -weight[i] * t.correct[i] * (t.mean[i] * t.error[i] + rest);
        weight[i] *= t.inverse[i];
        common[i] = weight[i] * (t.mean[i] * t.correct[i] - rest);
    }
    for (int k = 0; k < c; ++k) {
        look_up(t, c, w, columns + k * c, cost);
        logit_gradient(t, k, cost, weight, common, of_label, w, cost);
        write_row(cost, w, streams(q), gradient + (sample * q.c + k) * q.s + first);
    }
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
