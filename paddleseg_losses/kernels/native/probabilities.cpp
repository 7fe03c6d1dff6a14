// Probabilities of every pixel and class, 0 where a pixel is left out, and their gradient:
//     softmax: dz_c = p_c (u_c - sum_k u_k p_k);   sigmoid: dz = u p (1 - p).
#include "memory.hpp"
#include "rivals.hpp"
#include "shares.hpp"

namespace {

EVERY_INSTRUCTION_SET
void tile_probabilities(const Problem& q, std::int64_t plane, std::int64_t first, int w, Tile& t, float* out) {
    if (rivals(q)) {
        rivals_tile(q, plane, first, w, false, t);
        for (int k = first_class(q); k < 2; ++k) {
            float* row = out + (q.sigmoid ? plane : 2 * plane + k) * q.s + first;
            for (int i = 0; i < w; ++i) row[i] = t.label[i] < 0 ? 0.0f : t.label[i] == k ? t.right[i] : t.error[i];
        }
        return;
    }
    softmax_tile(q, plane, first, w, EXACT_SHARES, t);
    for (std::int64_t k = 0; k < q.c; ++k) {
        const float* share = t.share.data() + k * t.stride;
        float* row = out + (plane * q.c + k) * q.s + first;
        for (int i = 0; i < w; ++i) row[i] = share[i] * t.inverse[i];
    }
    for (int i = 0; i < w; ++i)
        if (t.label[i] >= 0) out[(plane * q.c + t.label[i]) * q.s + first + i] = t.right[i];
}

EVERY_INSTRUCTION_SET
void tile_gradient(const Problem& q, const float* p, const float* upstream, std::int64_t plane, std::int64_t first, int w,
                   Tile& t, float* gradient) {
    if (q.sigmoid) {
        const std::int64_t start = plane * q.s + first;
        for (std::int64_t i = start; i < start + w; ++i) gradient[i] = upstream[i] * p[i] * (1.0f - p[i]);
        return;
    }
    float* pull = t.pull.data();
    for (int i = 0; i < w; ++i) pull[i] = 0.0f;
    for (std::int64_t k = 0; k < q.c; ++k) {
        const std::int64_t start = (plane * q.c + k) * q.s + first;
        for (int i = 0; i < w; ++i) pull[i] += upstream[start + i] * p[start + i];
    }
    for (std::int64_t k = 0; k < q.c; ++k) {
        const std::int64_t start = (plane * q.c + k) * q.s + first;
        for (int i = 0; i < w; ++i) gradient[start + i] = p[start + i] * (upstream[start + i] - pull[i]);
    }
}

}  // namespace

EXPORT void probabilities_forward(const Problem* problem, float* out, int threads) {
    const Problem& q = *problem;
    expect_large_pages(out, sizeof(float) * q.n * q.c * q.s);
    Plan(q).run(q, threads, [&](Tile& t, std::int64_t plane, std::int64_t, std::int64_t first, int w) {
        tile_probabilities(q, plane, first, w, t, out);
    });
}

EXPORT void probabilities_backward(const Problem* problem, const float* p, const float* upstream, float* gradient,
                                   int threads) {
    const Problem& q = *problem;
    expect_large_pages(gradient, sizeof(float) * q.n * q.c * q.s);
    Plan(q).run(q, threads, [&](Tile& t, std::int64_t plane, std::int64_t, std::int64_t first, int w) {
        tile_gradient(q, p, upstream, plane, first, w, t, gradient);
    });
}
