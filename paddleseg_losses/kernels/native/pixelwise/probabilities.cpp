// Probabilities of every pixel and class, 0 where a pixel is left out, and their gradient:
//     softmax: dz_c = p_c (u_c - sum_k u_k p_k);   sigmoid: dz = u p (1 - p).
#include "memory.hpp"
#include "pixelwise/binary_logit.hpp"
#include "pixelwise/softmax.hpp"

namespace psl {

namespace {

TARGET_CLONES
void tile_probabilities(const Problem& q, std::int64_t plane, std::int64_t first, int w, Tile& t, float* out) {
    if (is_binary(q)) {
        binary_tile(q, plane, first, w, false, t);
        for (int k = first_class(q); k < 2; ++k) {
            float* row = out + (q.sigmoid ? plane : 2 * plane + k) * q.s + first;
            for (int i = 0; i < w; ++i) row[i] = t.label[i] < 0 ? 0.0f : t.label[i] == k ? t.correct[i] : t.error[i];
        }
        return;
    }
    softmax_tile(q, plane, first, w, STABLE, t);
    for (std::int64_t k = 0; k < q.c; ++k) {
        const float* exp_z = t.row(k);
        float* row = out + (plane * q.c + k) * q.s + first;
        for (int i = 0; i < w; ++i) row[i] = exp_z[i] * t.inverse[i];
    }
    for (int i = 0; i < w; ++i)
        if (t.label[i] >= 0) out[(plane * q.c + t.label[i]) * q.s + first + i] = t.correct[i];
}

TARGET_CLONES
void tile_gradient(const Problem& q, const float* p, const float* upstream, std::int64_t plane, std::int64_t first, int w,
                   Tile& t, float* gradient) {
    if (q.sigmoid) {
        const std::int64_t start = plane * q.s + first;
        for (std::int64_t i = start; i < start + w; ++i) gradient[i] = upstream[i] * p[i] * (1.0f - p[i]);
        return;
    }
    float* dot = t.dot.data();
    for (int i = 0; i < w; ++i) dot[i] = 0.0f;
    for (std::int64_t k = 0; k < q.c; ++k) {
        const std::int64_t start = (plane * q.c + k) * q.s + first;
        for (int i = 0; i < w; ++i) dot[i] += upstream[start + i] * p[start + i];
    }
    for (std::int64_t k = 0; k < q.c; ++k) {
        const std::int64_t start = (plane * q.c + k) * q.s + first;
        for (int i = 0; i < w; ++i) gradient[start + i] = p[start + i] * (upstream[start + i] - dot[i]);
    }
}

}  // namespace

EXPORT Status probabilities_forward(const Problem* problem, float* out, int threads) {
    return status_of([&] {
        const Problem& q = *problem;
        expect_large_pages(out, sizeof(float) * q.n * q.c * q.s);
        Tiling(q).run(q, threads, [&](Tile& t, std::int64_t plane, std::int64_t, std::int64_t first, int w) {
            tile_probabilities(q, plane, first, w, t, out);
        });
    });
}

EXPORT Status probabilities_backward(const Problem* problem, const float* p, const float* upstream, float* gradient,
                                     int threads) {
    return status_of([&] {
        const Problem& q = *problem;
        expect_large_pages(gradient, sizeof(float) * q.n * q.c * q.s);
        Tiling(q).run(q, threads, [&](Tile& t, std::int64_t plane, std::int64_t, std::int64_t first, int w) {
            tile_gradient(q, p, upstream, plane, first, w, t, gradient);
        });
    });
}

}  // namespace psl
