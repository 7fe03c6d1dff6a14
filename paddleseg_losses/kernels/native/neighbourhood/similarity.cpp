// Structural similarity in windows, as an error: with d = p - g and means over the valid pixels of the window,
//     b = var d / (var p + var g + c2),   a = (mean d)^2 / ((mean p)^2 + (mean g)^2 + c1),   e = b or a + b - a b.
// The slope of the mean of e in d is three maps of coefficients, blurred once more: the window is symmetric.
// All in float64, as a variance is a difference.
//
// A task is a map; its sum is added in the order of its pixels, so the result does not depend on the threads.
#include <algorithm>
#include <vector>

#include "memory.hpp"
#include "pixelwise/tile.hpp"
#include "signed_prob.hpp"

namespace psl {

namespace {

constexpr std::int64_t BLOCK = 1 << 12;  // results that stay in the first cache while all weights are applied

struct Window {
    int axes;
    const std::int64_t* sizes;
    std::vector<double> weights;
    int reach;
};

// One axis of a sum over windows: the pixels of a plane are `length` times `stride`.
TARGET_CLONES
void blur_axis(const double* in, std::int64_t planes, std::int64_t length, std::int64_t stride, const double* weights,
               int reach, double* out) {
    const std::int64_t extent = length * stride;
    for (std::int64_t plane = 0; plane < planes; ++plane, in += extent, out += extent)
        for (std::int64_t first = 0; first < extent; first += BLOCK) {
            const std::int64_t last = std::min(first + BLOCK, extent);
            for (std::int64_t i = first; i < last; ++i) out[i] = weights[reach] * in[i];
            for (int k = 1; k <= reach; ++k) {
                const std::int64_t shift = k * stride;
                const double weight = weights[reach + k];
                const std::int64_t high = std::min(last, extent - shift), low = std::max(first, shift);
                for (std::int64_t i = first; i < high; ++i) out[i] += weight * in[i + shift];
                for (std::int64_t i = low; i < last; ++i) out[i] += weight * in[i - shift];
            }
        }
}

// Maps of one size, which a thread uses for all its tasks.
struct Space {
    std::vector<double> mass, truth, gap, square, both, own, half, scratch;
    const float* mask = nullptr;  // whose mass is known

    explicit Space(std::int64_t s) {
        for (auto* field : {&mass, &truth, &gap, &square, &both, &own, &half, &scratch}) field->resize(s);
    }

    void blur(const Window& w, std::vector<double>& field) {
        std::int64_t planes = std::int64_t(field.size()), stride = 1;
        for (int axis = w.axes - 1; axis >= 0; --axis) {
            planes /= w.sizes[axis];
            blur_axis(field.data(), planes, w.sizes[axis], stride, w.weights.data(), w.reach, scratch.data());
            field.swap(scratch);
            stride *= w.sizes[axis];
        }
    }
};

// What is blurred; whether g is 0 or 1 everywhere, and the number of valid pixels.
TARGET_CLONES
bool moments_of(const float* d, const float* g, const float* m, std::int64_t s, Space& x, double& count) {
    double *half = x.half.data(), *gap = x.gap.data(), *square = x.square.data(), *both = x.both.data(), *own = x.own.data();
    std::int64_t soft = 0;
    double valid = 0;
#pragma omp simd reduction(+ : soft, valid)
    for (std::int64_t i = 0; i < s; ++i) {
        const double e = double(d[i]), h = (double(g[i]) - 0.5) * double(m[i]);
        half[i] = h;
        gap[i] = e;
        square[i] = e * e;
        both[i] = e * h;
        own[i] = h * h;
        soft += own[i] != 0.25 * double(m[i]);
        valid += double(m[i]);
    }
    count = valid;
    return soft == 0;
}

// The sum of e over the valid pixels; the slopes by the three means that hold d replace them.
TARGET_CLONES
double errors_of(const float* m, std::int64_t s, double c1, double c2, bool whole, Space& x) {
    const double *mass = x.mass.data(), *truth = x.truth.data(), *own = x.own.data();
    double *gap = x.gap.data(), *square = x.square.data(), *both = x.both.data();
    double total = 0;
#pragma omp simd reduction(+ : total)
    for (std::int64_t i = 0; i < s; ++i) {
        const double per = 1.0 / (mass[i] < 1.0 ? 1.0 : mass[i]);
        const double mean_g = truth[i] * per, mean_d = gap[i] * per;  // of g - 1/2
        const double raw = square[i] * per - mean_d * mean_d;
        const double var_d = raw > 0.0 ? raw : 0.0;
        const double sum = 2.0 * (own[i] * per - mean_g * mean_g + both[i] * per - mean_g * mean_d) + raw;
        const double scale = 1.0 / ((sum > 0.0 ? sum : 0.0) + c2);
        const double b = var_d * scale;
        const double mu_g = mean_g + 0.5, mu_p = mu_g + mean_d;
        const double norm = 1.0 / (mu_p * mu_p + mu_g * mu_g + c1);
        const double a = whole ? mean_d * mean_d * norm : 0.0;
        const double by_a = whole ? 2.0 * norm * (mean_d - a * mu_p) * (1.0 - b) : 0.0;
        const double by_variance = raw > 0.0 ? (1.0 - a) * scale : 0.0;
        const double by_sum = sum > 0.0 ? -(1.0 - a) * b * scale : 0.0;
        const bool valid = m[i] > 0.0f;
        total += valid ? a + b - a * b : 0.0;
        gap[i] = valid ? per * (by_a - 2.0 * mean_d * (by_variance + by_sum) - 2.0 * mean_g * by_sum) : 0.0;
        square[i] = valid ? per * (by_variance + by_sum) : 0.0;
        both[i] = valid ? per * 2.0 * by_sum : 0.0;
    }
    return total;
}

TARGET_CLONES
void slope_of(const float* d, const float* m, std::int64_t s, double per, const Space& x, float* slope) {
    const double *half = x.half.data(), *gap = x.gap.data(), *square = x.square.data(), *both = x.both.data();
    for (std::int64_t i = 0; i < s; ++i) {
        const double total = gap[i] + 2.0 * double(d[i]) * square[i] + half[i] * both[i];
        slope[i] = m[i] > 0.0f ? float(per * total) : 0.0f;
    }
}

TARGET_CLONES
void maps_of(const Problem& q, std::int64_t map, std::int64_t first, int size, float* d, float* g, float* m) {
    std::int32_t label[BLOCK];
    const int own = q.sigmoid ? 1 : int(map % q.c);
    read_labels(q, (q.sigmoid ? map : map / q.c) * q.s + first, size, q.sigmoid ? 2 : q.c, label);
    const float* p = q.logits + map * q.s + first;
    for (int i = 0; i < size; ++i) {
        d[i] = label[i] < 0 ? 0.0f : excess_of(p[i], label[i] == own);
        g[i] = label[i] == own ? 1.0f : 0.0f;
    }
    if (m != nullptr)
        for (int i = 0; i < size; ++i) m[i] = label[i] < 0 ? 0.0f : 1.0f;
}

}  // namespace

EXPORT Status similarity_maps(const Problem* problem, float* excess, float* target, float* mask, int threads) {
    return status_of([&] {
        const Problem& q = *problem;
        run_parallel(int(q.n * q.c), threads, [&](int map) {
            const std::int64_t of_mask = q.sigmoid ? map : map / q.c;
            const bool first_of_mask = q.sigmoid || map % q.c == 0;
            for (std::int64_t first = 0; first < q.s; first += BLOCK) {
                const std::int64_t at = map * q.s + first;
                float* m = first_of_mask ? mask + of_mask * q.s + first : nullptr;
                maps_of(q, map, first, int(std::min(BLOCK, q.s - first)), excess + at, target + at, m);
            }
        });
    });
}

EXPORT Status similarity_forward(const float* excess, const float* target, const float* mask, std::int64_t maps,
                                 std::int64_t maps_of_mask, int axes, const std::int64_t* sizes, const double* weights,
                                 int reach, double c1, double c2, int whole, double* means, float* slope, int threads) {
    return status_of([&] {
        const Window window{axes, sizes, {weights, weights + 2 * reach + 1}, reach};
        std::int64_t s = 1;
        for (int axis = 0; axis < axes; ++axis) s *= sizes[axis];
        if (slope != nullptr) expect_large_pages(slope, maps * s * sizeof(float));
        run_parallel(
            int(maps), threads, [&] { return Space(s); },
            [&](Space& x, int map) {
                const float *d = excess + map * s, *g = target + map * s, *m = mask + map / maps_of_mask * s;
                double count = 0;
                const bool hard = moments_of(d, g, m, s, x, count);
                if (x.mask != m) {
                    x.mass.assign(m, m + s);
                    x.blur(window, x.mass);
                    x.mask = m;
                }
                x.truth = x.half;
                for (auto* field : {&x.truth, &x.gap, &x.square, &x.both}) x.blur(window, *field);
                if (hard)
                    std::transform(x.mass.begin(), x.mass.end(), x.own.begin(), [](double total) { return 0.25 * total; });
                else x.blur(window, x.own);
                const double per = count > 0 ? 1.0 / count : 0.0;
                means[map] = per * errors_of(m, s, c1, c2, whole != 0, x);
                if (slope == nullptr) return;
                for (auto* field : {&x.gap, &x.square, &x.both}) x.blur(window, *field);
                slope_of(d, m, s, per, x, slope + map * s);
            });
    });
}

}  // namespace psl
