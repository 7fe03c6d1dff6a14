// Losses that compare a pixel with its window: sums of w_{j-i} x_j over a box with the same weights along every axis, 0
// outside the image, in float64.
//
// Structural similarity: with weighted mean m and deviation s of the valid pixels of a window, for truth g and p = sigmoid(z),
//     e = |(g - m_g + c) / (s_g + c) - (p - m_p + c) / (s_p + c)|,     L = sum of e BCE / their number, where e > beta max e;
// e carries no gradient, so dz = e (p - g). NACL: d = (sum of w g) - z, L = sum of |d| or d^2.
//
// A map is cut into slabs of whole rows that fit a cache; a slab is computed with the rows around it that its windows reach.
// Partial sums of slabs are added in order, so the result does not depend on the threads.
#include <cmath>

#include "memory.hpp"
#include "pixelwise/tile.hpp"

namespace psl {

namespace {

constexpr std::int64_t SLAB = 1 << 15;  // pixels
constexpr std::int64_t BLOCK = 1 << 12;  // results that stay in the first cache while all weights are applied

struct Windows {
    const Problem& q;
    int axes;
    const std::int64_t* sizes;
    const double* weights;
    int reach;  // pixels to either side

    std::int64_t stride() const { return q.s / sizes[0]; }
    std::int64_t rows() const { return std::max<std::int64_t>(1, SLAB / stride()); }  // of a slab
    std::int64_t slabs() const { return (sizes[0] + rows() - 1) / rows(); }
};

// One axis of a sum over windows: the pixels of a plane are `length` times `stride`.
TARGET_CLONES
void sum_along(const double* in, std::int64_t planes, std::int64_t length, std::int64_t stride, const double* weights,
               int reach, double* out) {
    const std::int64_t extent = length * stride;
    for (std::int64_t plane = 0; plane < planes; ++plane, in += extent, out += extent)
        for (std::int64_t first = 0; first < extent; first += BLOCK) {
            const std::int64_t last = std::min(first + BLOCK, extent);
            for (std::int64_t i = first; i < last; ++i) out[i] = 0;
            for (int k = -reach; k <= reach; ++k) {
                const std::int64_t shift = k * stride;
                const std::int64_t low = std::max(first, -shift), high = std::min(last, extent - shift);
                const double weight = weights[k + reach];
                for (std::int64_t i = low; i < high; ++i) out[i] += weight * in[i + shift];
            }
        }
}

// Pixels of one map in a slab, the rows around it included.
struct Slab {
    std::int64_t map, begin, end;  // the slab's own pixels, counted from the start of the map
    std::int64_t first, size;  // with the rows around it
    std::vector<std::int32_t> label;
    std::vector<double> scratch;

    Slab(const Windows& w, std::int64_t number) : map(number / w.slabs()) {
        const std::int64_t row = number % w.slabs() * w.rows(), stride = w.stride();
        const std::int64_t top = std::max<std::int64_t>(0, row - w.reach);
        const std::int64_t below = std::min(row + w.rows(), w.sizes[0]);
        begin = row * stride, end = below * stride, first = top * stride;
        size = (std::min(below + w.reach, w.sizes[0]) - top) * stride;
        label.resize(size), scratch.resize(size);
    }

    // Replace pixels by sums over their windows; valid in the slab's own rows.
    void sum(const Windows& w, std::vector<double>& field) {
        std::int64_t planes = size, stride = 1;
        for (int axis = w.axes - 1; axis >= 0; --axis) {
            const std::int64_t length = axis == 0 ? size / stride : w.sizes[axis];
            planes /= length;
            sum_along(field.data(), planes, length, stride, w.weights, w.reach, scratch.data());
            field.swap(scratch);
            stride *= length;
        }
    }
};

INLINE float sigmoid(float z) {
    const float e = exp_below_88(z < 0.0f ? z : -z);
    return (z < 0.0f ? e : 1.0f) / (1.0f + e);
}

TARGET_CLONES
void read_map_labels(const Problem& q, std::int64_t map, std::int64_t first, int w, std::int32_t* label) {
    const std::int64_t plane = q.sigmoid ? map : map / q.c;  // of the labels
    read_labels(q, plane * q.s + first, w, q.sigmoid ? 2 : q.c, label);
}

// The valid pixels, the truth g, and d = p - g, which keeps its digits near 0; g d and d^2.
TARGET_CLONES
void moments_of(const float* z, const std::int32_t* label, int own, std::int64_t size, double* m, double* g, double* d,
                double* gd, double* dd) {
    for (std::int64_t i = 0; i < size; ++i) {
        const bool mine = label[i] == own;
        const float error = sigmoid(mine ? -z[i] : z[i]);
        const double x = label[i] < 0 ? 0.0 : double(mine ? -error : error);
        m[i] = label[i] < 0 ? 0.0 : 1.0;
        g[i] = mine ? 1.0 : 0.0;
        d[i] = x;
        gd[i] = mine ? x : 0.0;
        dd[i] = x * x;
    }
}

INLINE double root(double variance) { return std::sqrt(variance > 0.0 ? variance : 0.0); }

// e of the pixels, and the largest. The difference of two standardised maps would cancel: with the deviations s_g and s_p,
//     e = |(g - m_g + c) (s_p - s_g) / (s_g + c) - (d - m_d)| / (s_p + c),
// where s_p^2 - s_g^2 is made of d.
TARGET_CLONES
float similarity_errors(const float* z, const std::int32_t* label, int own, std::int64_t size, const double* m, const double* g,
                        const double* d, const double* gd, const double* dd, double c, float* error) {
    float largest = 0.0f;
    for (std::int64_t i = 0; i < size; ++i) {
        // Divided, so that the mean of a window of ones is 1, and its variance 0.
        const double mean = g[i] / m[i], mean_d = d[i] / m[i], variance = mean * (1.0 - mean);
        const double change = 2.0 * (gd[i] / m[i] - mean * mean_d) + dd[i] / m[i] - mean_d * mean_d;
        const double of_g = root(variance), of_p = root(variance + change), both = of_g + of_p;
        const double spread = both > 0.0 ? change / both : 0.0;
        const bool mine = label[i] == own;
        const float wrong = sigmoid(mine ? -z[i] : z[i]);
        const double x = double(mine ? -wrong : wrong), truth = mine ? 1.0 : 0.0;
        const double gap = ((truth - mean + c) * spread / (of_g + c) - (x - mean_d)) / (of_p + c);
        error[i] = label[i] < 0 ? 0.0f : float(gap < 0.0 ? -gap : gap);
    }
#pragma omp simd reduction(max : largest)
    for (std::int64_t i = 0; i < size; ++i) largest = error[i] > largest ? error[i] : largest;
    return largest;
}

// The sum of errors above `least` times cross entropies, and their number; the slope replaces the error.
TARGET_CLONES
void weigh_cross_entropy(const float* z, const std::int32_t* label, int own, std::int64_t size, float least, float* error,
                         double& sum, double& count) {
    double total = 0, number = 0;
#pragma omp simd reduction(+ : total, number)
    for (std::int64_t i = 0; i < size; ++i) {
        const bool kept = !(error[i] <= least);  // NaN is kept, so that it reaches the loss
        const float margin = label[i] == own ? -z[i] : z[i];
        const float e = exp_below_88(margin < 0.0f ? margin : -margin);
        const float entropy = (margin > 0.0f ? margin : 0.0f) + log1p_nonnegative(e);
        const float wrong = (margin < 0.0f ? e : 1.0f) / (1.0f + e);
        total += kept ? double(error[i] * entropy) : 0.0;
        number += kept ? 1.0 : 0.0;
        const float slope = error[i] * (label[i] == own ? -wrong : wrong);
        error[i] = kept ? slope : 0.0f;
    }
    sum = total, count = number;
}

TARGET_CLONES
void positives(const std::int32_t* label, int own, std::int64_t size, double* g) {
    for (std::int64_t i = 0; i < size; ++i) g[i] = label[i] == own ? 1.0 : 0.0;
}

TARGET_CLONES
double nacl_terms(const float* z, const std::int32_t* label, std::int64_t size, const double* mean, bool squared,
                  float* slope) {
    double total = 0;
#pragma omp simd reduction(+ : total)
    for (std::int64_t i = 0; i < size; ++i) {
        const float gap = float(mean[i] - double(z[i]));
        const float length = gap < 0.0f ? -gap : gap;
        const float sign = gap > 0.0f ? -1.0f : gap < 0.0f ? 1.0f : 0.0f;
        total += label[i] < 0 ? 0.0 : double(squared ? gap * gap : length);
        slope[i] = label[i] < 0 ? 0.0f : squared ? -2.0f * gap : sign;
    }
    return total;
}

}  // namespace

EXPORT Status window_ssl_forward(const Problem* problem, int axes, const std::int64_t* sizes, const double* weights, int reach,
                                 double c4, double beta, double* total, float* slope, int threads) {
    return status_of([&] {
        const Problem& q = *problem;
        const Windows windows{q, axes, sizes, weights, reach};
        const int slabs = int(q.n * q.c * windows.slabs());
        std::vector<float> largest(slabs);
        std::vector<double> sums(slabs), counts(slabs);
        expect_large_pages(slope, q.n * q.c * q.s * sizeof(float));
        run_parallel(slabs, threads, [&](int i) {
            Slab slab(windows, i);
            const int own = q.sigmoid ? 1 : int(slab.map % q.c);
            std::vector<double> m(slab.size), g(slab.size), d(slab.size), gd(slab.size), dd(slab.size);
            read_map_labels(q, slab.map, slab.first, int(slab.size), slab.label.data());
            const float* z = q.logits + slab.map * q.s;
            moments_of(z + slab.first, slab.label.data(), own, slab.size, m.data(), g.data(), d.data(), gd.data(), dd.data());
            for (auto* field : {&m, &g, &d, &gd, &dd}) slab.sum(windows, *field);
            const std::int64_t skip = slab.begin - slab.first;
            largest[i] = similarity_errors(z + slab.begin, &slab.label[skip], own, slab.end - slab.begin, &m[skip], &g[skip],
                                           &d[skip], &gd[skip], &dd[skip], c4, slope + slab.map * q.s + slab.begin);
        });
        const float least = float(beta * *std::max_element(largest.begin(), largest.end()));
        run_parallel(slabs, threads, [&](int i) {
            Slab slab(windows, i);
            const int own = q.sigmoid ? 1 : int(slab.map % q.c);
            const std::int64_t at = slab.map * q.s + slab.begin, size = slab.end - slab.begin;
            read_map_labels(q, slab.map, slab.begin, int(size), slab.label.data());
            weigh_cross_entropy(q.logits + at, slab.label.data(), own, size, least, slope + at, sums[i], counts[i]);
        });
        total[0] = total[1] = 0;
        for (int i = 0; i < slabs; ++i) total[0] += sums[i], total[1] += counts[i];
    });
}

EXPORT Status window_nacl_forward(const Problem* problem, int axes, const std::int64_t* sizes, const double* weights, int reach,
                                  int squared, double* total, float* slope, int threads) {
    return status_of([&] {
        const Problem& q = *problem;
        const Windows windows{q, axes, sizes, weights, reach};
        const int slabs = int(q.n * q.c * windows.slabs());
        std::vector<double> sums(slabs);
        expect_large_pages(slope, q.n * q.c * q.s * sizeof(float));
        run_parallel(slabs, threads, [&](int i) {
            Slab slab(windows, i);
            std::vector<double> g(slab.size);
            read_map_labels(q, slab.map, slab.first, int(slab.size), slab.label.data());
            positives(slab.label.data(), q.sigmoid ? 1 : int(slab.map % q.c), slab.size, g.data());
            slab.sum(windows, g);
            const std::int64_t skip = slab.begin - slab.first, at = slab.map * q.s + slab.begin;
            sums[i] = nacl_terms(q.logits + at, &slab.label[skip], slab.end - slab.begin, &g[skip], squared != 0, slope + at);
        });
        *total = 0;
        for (const double sum : sums) *total += sum;
    });
}

}  // namespace psl
