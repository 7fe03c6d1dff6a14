// How much further than a margin logits are below the largest of their pixel, and the gradient of that.
#include <cmath>
#include <vector>

#include "memory.hpp"
#include "pixelwise/gradient.hpp"
#include "pixelwise/most_likely.hpp"
#include "pixelwise/row_sums.hpp"

namespace psl {

namespace {

// The factor of each of w pixels: its weight, 0 where it is left out.
INLINE void pixel_factors(const Problem& q, std::int64_t plane, std::int64_t first, int w, float scale, Tile& t, float* out) {
    const float* weight = pixel_weights(q, t, plane, first);
    std::int32_t* label = t.label.data();
    read_labels(q, plane * q.s + first, w, q.sigmoid ? 2 : q.c, label);
    for (int i = 0; i < w; ++i) out[i] = label[i] < 0 ? 0.0f : scale * weight[i];
}

// The weighted sum of w pixels of a sample, and its gradient.
TARGET_CLONES
double softmax_margin(const Problem& q, std::int64_t sample, std::int64_t first, int w, float margin, Tile& t, float* slope) {
    const std::int64_t start = sample * q.c * q.s + first;
    const float* z = q.logits + start;
    float *factor = t.slope.data(), *top = t.value.data(), *count = t.dot.data(), *row = t.mean.data();
    std::int32_t best[Tile::WIDTH];
    pixel_factors(q, sample, first, w, 1.0f / static_cast<float>(q.c), t, factor);
    most_likely(q, sample, first, w, top, best);
    for (int i = 0; i < w; ++i) count[i] = 0.0f;
    double total = 0;
    for (std::int64_t k = 0; k < q.c; ++k) {
        const float* channel = z + k * q.s;
        for (int i = 0; i < w; ++i) {
            const float excess = (top[i] - channel[i]) - margin;
            row[i] = factor[i] == 0.0f || excess <= 0.0f ? 0.0f : factor[i] * excess;
            count[i] += factor[i] != 0.0f && excess > 0.0f ? 1.0f : 0.0f;
        }
        total += dot_product(row, t.ones.data(), w);
    }
    for (std::int32_t k = 0; slope != nullptr && k < q.c; ++k) {
        const float* channel = z + k * q.s;
        for (int i = 0; i < w; ++i) {
            const float above = best[i] == k ? count[i] : 0.0f, below = (top[i] - channel[i]) - margin > 0.0f ? 1.0f : 0.0f;
            row[i] = factor[i] == 0.0f ? 0.0f : factor[i] * (above - below);
        }
        write_row(row, w, streams(q), slope + start + k * q.s);
    }
    return total;
}

// The same of a channel under a sigmoid.
TARGET_CLONES
double sigmoid_margin(const Problem& q, std::int64_t plane, std::int64_t first, int w, float margin, Tile& t, float* slope) {
    const float* z = q.logits + plane * q.s + first;
    float *factor = t.slope.data(), *value = t.value.data(), *row = t.mean.data();
    pixel_factors(q, plane, first, w, 0.5f, t, factor);
    for (int i = 0; i < w; ++i) {
        const float excess = std::fabs(z[i]) - margin, sign = z[i] < 0.0f ? -1.0f : z[i] > 0.0f ? 1.0f : 0.0f;
        const bool counts = factor[i] != 0.0f && !(excess <= 0.0f);
        value[i] = counts ? factor[i] * excess : 0.0f;
        row[i] = counts ? factor[i] * sign : 0.0f;
    }
    if (slope != nullptr) write_row(row, w, streams(q), slope + plane * q.s + first);
    return dot_product(value, t.ones.data(), w);
}

}  // namespace

EXPORT Status margin_forward(const Problem* problem, double margin, double* total, float* slope, int threads) {
    return status_of([&] {
        const Problem& q = *problem;
        const Tiling tiling(q);
        const auto work = q.sigmoid ? sigmoid_margin : softmax_margin;
        if (slope != nullptr) expect_large_pages(slope, sizeof(float) * q.n * q.c * q.s);
        std::vector<double> parts(tiling.planes * tiling.chunks, 0.0);
        tiling.run(q, threads, [&](Tile& t, std::int64_t plane, std::int64_t chunk, std::int64_t first, int w) {
            parts[plane * tiling.chunks + chunk] += work(q, plane, first, w, static_cast<float>(margin), t, slope);
        });
        *total = 0;
        for (const double part : parts) *total += part;
    });
}

}  // namespace psl
