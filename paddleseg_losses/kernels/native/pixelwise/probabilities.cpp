// Probabilities of every pixel and class, signed, folded or neither (see `signed_prob.hpp`), 0 where a pixel is left out, and
// their gradient:
//     softmax: dz_c = p_c (u_c - sum_k u_k p_k);   sigmoid: dz = u p (1 - p).
// Where p_c is nearly 1, u_c is subtracted from all u, which changes no gradient, so that nothing cancels.
#include "memory.hpp"
#include "pixelwise/binary_logit.hpp"
#include "pixelwise/softmax.hpp"
#include "signed_prob.hpp"

namespace psl {

namespace {

// The others of a softmax: 1 - p of a large one is the sum of the rest.
INLINE void folded_rows(const Problem& q, std::int64_t plane, std::int64_t first, int w, Tile& t, float* out) {
    float* rest = t.value.data();
    for (int i = 0; i < w; ++i) rest[i] = t.correct[i] > 0.5f ? 0.0f : t.correct[i];
    for (std::int64_t k = 0; k < q.c; ++k) {
        const float* exp_z = t.row(k);
        for (int i = 0; i < w; ++i) rest[i] += exp_z[i] * t.inverse[i] > 0.5f ? 0.0f : exp_z[i] * t.inverse[i];
    }
    for (std::int64_t k = 0; k < q.c; ++k) {
        const float* exp_z = t.row(k);
        float* row = out + (plane * q.c + k) * q.s + first;
        for (int i = 0; i < w; ++i) row[i] = t.label[i] < 0 ? 0.0f : signed_prob(exp_z[i] * t.inverse[i], rest[i]);
    }
}

TARGET_CLONES
void tile_probabilities(const Problem& q, int sign, std::int64_t plane, std::int64_t first, int w, Tile& t, float* out) {
    const bool with_sign = sign != NO_SIGN, folded = sign == SIGN_IN_EVERY_CLASS;
    if (is_binary(q)) {
        binary_tile(q, plane, first, w, false, t);
        for (int k = first_class(q); k < 2; ++k) {
            float* row = out + (q.sigmoid ? plane : 2 * plane + k) * q.s + first;
            for (int i = 0; i < w; ++i) {
                const float own = with_sign ? signed_prob(t.correct[i], t.error[i]) : t.correct[i];
                const float other = folded ? signed_prob(t.error[i], t.correct[i]) : t.error[i];
                row[i] = t.label[i] < 0 ? 0.0f : t.label[i] == k ? own : other;
            }
        }
        return;
    }
    softmax_tile(q, plane, first, w, STABLE, t);
    if (folded) folded_rows(q, plane, first, w, t, out);
    for (std::int64_t k = 0; k < q.c && !folded; ++k) {
        const float* exp_z = t.row(k);
        float* row = out + (plane * q.c + k) * q.s + first;
        for (int i = 0; i < w; ++i) row[i] = exp_z[i] * t.inverse[i];
    }
    for (int i = 0; i < w; ++i)
        if (t.label[i] >= 0)
            out[(plane * q.c + t.label[i]) * q.s + first + i] =
                with_sign ? signed_prob(t.correct[i], t.error[i]) : t.correct[i];
}

TARGET_CLONES
void binary_tile_gradient(const Problem& q, const float* upstream, std::int64_t plane, std::int64_t first, int w, Tile& t,
                          float* gradient) {
    binary_tile(q, plane, first, w, false, t);
    const std::int64_t start = (q.sigmoid ? plane : 2 * plane) * q.s + first;
    const float* u = upstream + start;
    float* to = gradient + start;
    for (int i = 0; i < w; ++i) {
        const float slope = t.label[i] < 0 ? 0.0f : t.correct[i] * t.error[i];
        if (q.sigmoid) to[i] = u[i] * slope;
        else {
            to[q.s + i] = (u[q.s + i] - u[i]) * slope;
            to[i] = -to[q.s + i];
        }
    }
}

TARGET_CLONES
void tile_gradient(const Problem& q, const float* upstream, std::int64_t plane, std::int64_t first, int w, Tile& t,
                   float* gradient) {
    if (is_binary(q)) return binary_tile_gradient(q, upstream, plane, first, w, t, gradient);
    softmax_tile(q, plane, first, w, STABLE, t);
    const std::int32_t* label = t.label.data();
    float *of_large = t.value.data(), *dot = t.slope.data();
    for (int i = 0; i < w; ++i) of_large[i] = dot[i] = 0.0f;
    for (std::int64_t k = 0; k < q.c; ++k) {
        const float* u = upstream + (plane * q.c + k) * q.s + first;
        float* p = t.row(k);
        for (int i = 0; i < w; ++i) {
            p[i] = label[i] == k ? t.correct[i] : p[i] * t.inverse[i];
            of_large[i] = p[i] > 0.5f ? u[i] : of_large[i];
        }
    }
    for (std::int64_t k = 0; k < q.c; ++k) {
        const float *u = upstream + (plane * q.c + k) * q.s + first, *p = t.row(k);
        for (int i = 0; i < w; ++i) dot[i] += p[i] * (u[i] - of_large[i]);
    }
    for (std::int64_t k = 0; k < q.c; ++k) {
        const std::int64_t start = (plane * q.c + k) * q.s + first;
        const float *u = upstream + start, *p = t.row(k);
        for (int i = 0; i < w; ++i) gradient[start + i] = label[i] < 0 ? 0.0f : p[i] * ((u[i] - of_large[i]) - dot[i]);
    }
}

}  // namespace

EXPORT Status probabilities_forward(const Problem* problem, int sign, float* out, int threads) {
    return status_of([&] {
        const Problem& q = *problem;
        expect_large_pages(out, sizeof(float) * q.n * q.c * q.s);
        Tiling(q).run(q, threads, [&](Tile& t, std::int64_t plane, std::int64_t, std::int64_t first, int w) {
            tile_probabilities(q, sign, plane, first, w, t, out);
        });
    });
}

EXPORT Status probabilities_backward(const Problem* problem, const float* upstream, float* gradient, int threads) {
    return status_of([&] {
        const Problem& q = *problem;
        expect_large_pages(gradient, sizeof(float) * q.n * q.c * q.s);
        Tiling(q).run(q, threads, [&](Tile& t, std::int64_t plane, std::int64_t, std::int64_t first, int w) {
            tile_gradient(q, upstream, plane, first, w, t, gradient);
        });
    });
}

}  // namespace psl
