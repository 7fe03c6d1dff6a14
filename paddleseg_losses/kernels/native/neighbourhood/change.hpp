// How much a softmax changes from pixel to pixel: for each pixel the sum of its divergences KL(p_i || p_j) from the next pixels
// j along the axes. Pixels and pairs of them that do not all count add nothing. A channel under a sigmoid is a softmax over (0,
// z).
#pragma once

#include <cmath>

#include "image.hpp"
#include "memory.hpp"
#include "simd/math.hpp"

namespace psl {

constexpr float LEAST_LOGIT = -1e30f;  // below the largest one: it has no share, and its products stay finite
constexpr float UNCOUNTED = -1.0f;  // below every divergence

// The logits of a plane.
class Scores {
public:
    static constexpr int PART = 512;  // pixels that are worked on together

    Scores(const Problem& q, std::int64_t plane, std::int64_t width)
        : first(q.sigmoid ? 1 : 0),
          classes(q.sigmoid ? 2 : int(q.c)),
          logits_(q.logits + plane * (q.sigmoid ? 1 : q.c) * q.s),
          s_(q.s),
          zeros_(q.sigmoid ? std::max<std::int64_t>(PART, width) : 0) {}

    // Those of a class from a pixel on; at most PART of them, or a row.
    const float* from(int k, std::int64_t pixel) const {
        return zeros_.empty() ? logits_ + k * s_ + pixel : k == 0 ? zeros_.data() : logits_ + pixel;
    }

    int first, classes;  // the first class that has logits of its own, and how many there are

private:
    const float* logits_;
    std::int64_t s_;
    std::vector<float> zeros_;
};

// Maps of a plane, in a block that the next call mostly finds still mapped.
struct ChangeMaps {
    float *p, *top, *rest;  // p [classes, s]; the logarithm of p is (z - top) - rest
    float *entropy, *change;  // sum p log p, and the sum of the divergences
    std::int32_t* label;
    std::int64_t s;

    ChangeMaps(std::int64_t s, int classes) : s(s), block_(new char[bytes(s, classes)]) {
        expect_large_pages(block_.get(), bytes(s, classes));
        Arena arena(block_.get());
        p = arena.take<float>(classes * s);
        for (float** each : {&top, &rest, &entropy, &change}) *each = arena.take<float>(s);
        label = arena.take<std::int32_t>(s);
    }

private:
    static std::int64_t bytes(std::int64_t s, int classes) {
        return Arena::bytes<float>(classes * s) + 4 * Arena::bytes<float>(s) + Arena::bytes<std::int32_t>(s);
    }

    std::unique_ptr<char[]> block_;
};

INLINE float log_share(float z, float top, float rest) {
    const float gap = z - top;
    return (gap < LEAST_LOGIT ? LEAST_LOGIT : gap) - rest;
}

// p, `top` and `rest` of some pixels; whether all are numbers.
TARGET_CLONES
static bool softmax_part(const Scores& scores, std::int64_t first, int w, ChangeMaps& m) {
    const std::int32_t* label = m.label + first;
    float *top = m.top + first, *rest = m.rest + first, sum[Scores::PART];
    for (int i = 0; i < w; ++i) top[i] = -INFINITY;
    for (int k = 0; k < scores.classes; ++k) {
        const float* z = scores.from(k, first);
#pragma omp simd
        for (int i = 0; i < w; ++i) top[i] = z[i] > top[i] ? z[i] : top[i];
    }
    for (int i = 0; i < w; ++i) sum[i] = 0.0f;
    for (int k = 0; k < scores.classes; ++k) {
        const float* z = scores.from(k, first);
        float* p = m.p + k * m.s + first;
#pragma omp simd
        for (int i = 0; i < w; ++i) {
            p[i] = exp_below_88(z[i] - top[i]);
            sum[i] += p[i];
        }
    }
    int odd = 0;
#pragma omp simd reduction(| : odd)
    for (int i = 0; i < w; ++i) {
        const float inverse = 1.0f / sum[i], log_sum = log1p_nonnegative(sum[i] - 1.0f, inverse);
        odd |= label[i] >= 0 && log_sum != log_sum ? 1 : 0;
        rest[i] = log_sum;
        sum[i] = inverse;
    }
    for (int k = 0; k < scores.classes; ++k) {
        float* p = m.p + k * m.s + first;
#pragma omp simd
        for (int i = 0; i < w; ++i) p[i] = label[i] < 0 ? 0.0f : p[i] * sum[i];
    }
    return odd == 0;
}

// Work space of a row. Sums of products are double: equal changes of different classes then stay equal.
struct ChangeRow {
    std::vector<float> log_p;
    std::vector<double> change, entropy;

    explicit ChangeRow(std::int64_t width) : log_p(width), change(width), entropy(width) {}
};

// `entropy` and `change` of a row of pixels.
TARGET_CLONES
static void change_row(const Scores& scores, const Image& image, std::int64_t row, ChangeMaps& m, ChangeRow& x) {
    const std::int64_t w = image.width, first = row * w, plane = image.height * w;
    const std::int32_t* label = m.label + first;
    const float *top = m.top + first, *rest = m.rest + first;
    float* log_p = x.log_p.data();
    double *change = x.change.data(), *entropy = x.entropy.data();
    for (std::int64_t i = 0; i < w; ++i) change[i] = entropy[i] = 0.0;
    for (int k = 0; k < scores.classes; ++k) {
        const float *z = scores.from(k, first), *p = m.p + k * m.s + first;
#pragma omp simd
        for (std::int64_t i = 0; i < w; ++i) {
            log_p[i] = label[i] < 0 ? 0.0f : log_share(z[i], top[i], rest[i]);
            entropy[i] += double(p[i]) * double(log_p[i]);
        }
#pragma omp simd
        for (std::int64_t i = 0; i < w - 1; ++i) {
            const float fall = log_p[i] - log_p[i + 1];
            change[i] += label[i + 1] < 0 ? 0.0 : double(p[i]) * double(fall);
        }
        const auto towards = [&](std::int64_t step, const float* next) {
#pragma omp simd
            for (std::int64_t i = 0; i < w; ++i) {
                const float fall = log_p[i] - log_share(next[i], top[i + step], rest[i + step]);
                change[i] += label[i + step] < 0 ? 0.0 : double(p[i]) * double(fall);
            }
        };
        if (row % image.height + 1 < image.height) towards(w, scores.from(k, first + w));
        if (row / image.height + 1 < image.depth) towards(plane, scores.from(k, first + plane));
    }
    for (std::int64_t i = 0; i < w; ++i) {
        m.entropy[first + i] = float(entropy[i]);
        m.change[first + i] = label[i] < 0 ? UNCOUNTED : float(change[i]);
    }
}

// All maps of a plane; whether its logits are numbers.
inline bool measure_changes(const Problem& q, const Image& image, const Scores& scores, std::int64_t plane, int threads,
                            ChangeMaps& m) {
    const std::int64_t parts = (q.s + Scores::PART - 1) / Scores::PART;
    std::atomic<bool> numbers{true};
    run_slices(parts, threads, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t first = begin * Scores::PART; begin < end; ++begin, first += Scores::PART) {
            const int w = int(std::min<std::int64_t>(Scores::PART, q.s - first));
            read_label_part(q, plane * q.s + first, w, scores.classes, m.label + first);
            if (!softmax_part(scores, first, w, m)) numbers = false;
        }
    });
    run_slices(image.rows(), threads, [&](std::int64_t begin, std::int64_t end) {
        ChangeRow row(image.width);
        for (; begin < end; ++begin) change_row(scores, image, begin, m, row);
    });
    return numbers;
}

}  // namespace psl
