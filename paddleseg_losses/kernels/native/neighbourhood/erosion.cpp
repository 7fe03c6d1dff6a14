// Sums over the pixels of each sample and class of the errors that survive erosions, and their slope in p.
//     E_0 = (p - g)^2,   b_k = max(mean of E_{k-1} over the cross - 0.5, 0),   E_k = (b_k - low) / (high - low),
// with low and high the minimum and maximum of b_k, and 0 beyond the image. L = sum of k^alpha E_k over the valid pixels.
//
// The slope flows through low and high at the first pixel that has them. Once a map is constant it stays 0: most maps are after
// one step, as their errors are small.
#include <cmath>

#include "image.hpp"
#include "memory.hpp"
#include "signed_prob.hpp"

namespace psl {

namespace {

struct Step {
    std::unique_ptr<float[]> map;  // E_k
    float low, high;
    std::int64_t lowest, highest;  // the first pixels that have them
};

INLINE void add(const float* row, std::int64_t width, double* sum) {
    for (std::int64_t i = 0; i < width; ++i) sum[i] += row[i];
}

// Means over the cross of one row of pixels, minus `base`, in double, as most may cancel. The filter is its own adjoint, so it
// serves the gradient too.
TARGET_CLONES
void cross_filter_row(const Image& image, const float* map, std::int64_t number, double base, double* sum, float* out) {
    const std::int64_t width = image.width, plane = image.height * width;
    const std::int64_t y = number % image.height, z = number / image.height;
    const float* row = map + number * width;
    const double share = 1.0 / double(2 * image.axes + 1);
    for (std::int64_t i = 0; i < width; ++i) sum[i] = row[i];
    add(row + 1, width - 1, sum);
    add(row, width - 1, sum + 1);
    if (y > 0) add(row - width, width, sum);
    if (y + 1 < image.height) add(row + width, width, sum);
    if (z > 0) add(row - plane, width, sum);
    if (z + 1 < image.depth) add(row + plane, width, sum);
    for (std::int64_t i = 0; i < width; ++i) out[i] = float(sum[i] * share - base);
}

TARGET_CLONES
void threshold(std::int64_t width, float* row, float& low, float& high) {
    float least = low, most = high;
#pragma omp simd reduction(min : least) reduction(max : most)
    for (std::int64_t i = 0; i < width; ++i) {
        row[i] = row[i] > 0.0f ? row[i] : 0.0f;
        least = row[i] < least ? row[i] : least;
        most = row[i] > most ? row[i] : most;
    }
    low = least, high = most;
}

TARGET_CLONES
double minmax_normalize(const std::int32_t* label, std::int64_t pixels, float low, float range, float* map) {
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (std::int64_t i = 0; i < pixels; ++i) {
        map[i] = (map[i] - low) / range;
        sum += label[i] < 0 ? 0.0 : double(map[i]);
    }
    return sum;
}

TARGET_CLONES
double first_errors(const float* p, const std::int32_t* label, int own, std::int64_t pixels, float* map) {
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (std::int64_t i = 0; i < pixels; ++i) {
        const float error = excess_of(p[i], label[i] == own);
        map[i] = label[i] < 0 ? 0.0f : error * error;
        sum += double(map[i]);
    }
    return sum;
}

// From the gradient of E_k, without its own weight, to that of b_k before the threshold.
TARGET_CLONES
void step_backward(const std::int32_t* label, std::int64_t pixels, float weight, const Step& step, float* upstream) {
    const float *map = step.map.get(), inverse = 1.0f / (step.high - step.low);
    const bool all = step.low > 0.0f;  // nothing was below the threshold
    double of_low = 0, of_high = 0;
#pragma omp simd reduction(+ : of_low, of_high)
    for (std::int64_t i = 0; i < pixels; ++i) {
        const float given = (upstream[i] + (label[i] < 0 ? 0.0f : weight)) * inverse;
        of_low += double(given * (1.0f - map[i]));
        of_high += double(given * map[i]);
        upstream[i] = all || map[i] > 0.0f ? given : 0.0f;
    }
    if (all) upstream[step.lowest] -= float(of_low);
    upstream[step.highest] -= float(of_high);
}

TARGET_CLONES
void input_gradient(const float* p, const std::int32_t* label, int own, std::int64_t pixels, const float* upstream,
                    float* slope) {
    for (std::int64_t i = 0; i < pixels; ++i)
        slope[i] = label[i] < 0 ? 0.0f : 2.0f * excess_of(p[i], label[i] == own) * upstream[i];
}

double one_map(const Problem& q, const Image& image, const double* weights, int erosions, std::int64_t cell, float* slope) {
    const std::int64_t n = q.s, rows = image.rows();
    const int own = q.sigmoid ? 1 : int(cell % q.c);
    const float* p = q.logits + cell * n;
    const std::unique_ptr<std::int32_t[]> label(new std::int32_t[n]);
    std::unique_ptr<float[]> first(new float[n]), upstream(new float[n]);
    read_label_part(q, (q.sigmoid ? cell : cell / q.c) * n, int(n), q.sigmoid ? 2 : q.c, label.get());
    const double errors = first_errors(p, label.get(), own, n, first.get());
    if (std::isnan(errors)) {
        if (slope != nullptr) std::fill_n(slope, n, NAN);
        return errors;
    }
    double total = 0;
    std::vector<Step> steps;
    std::vector<double> sum(image.width);
    const float* before = first.get();
    for (int k = 0; k < erosions; ++k) {
        Step step{std::unique_ptr<float[]>(new float[n]), INFINITY, -INFINITY, 0, 0};
        float* map = step.map.get();
        for (std::int64_t row = 0; row < rows; ++row) {
            cross_filter_row(image, before, row, 0.5, sum.data(), map + row * image.width);
            threshold(image.width, map + row * image.width, step.low, step.high);
        }
        if (step.low == step.high) break;
        step.lowest = std::find(map, map + n, step.low) - map;
        step.highest = std::find(map, map + n, step.high) - map;
        total += weights[k] * minmax_normalize(label.get(), n, step.low, step.high - step.low, map);
        if (slope == nullptr) steps.clear();  // only the last map is read again
        steps.push_back(std::move(step));
        before = map;
    }
    if (slope == nullptr) return total;
    std::fill_n(upstream.get(), n, 0.0f);
    for (std::size_t k = steps.size(); k-- > 0;) {
        step_backward(label.get(), n, float(weights[k]), steps[k], upstream.get());
        for (std::int64_t row = 0; row < rows; ++row)
            cross_filter_row(image, upstream.get(), row, 0.0, sum.data(), first.get() + row * image.width);
        upstream.swap(first);
    }
    input_gradient(p, label.get(), own, n, upstream.get(), slope);
    return total;
}

}  // namespace

EXPORT Status erosion_forward(const Problem* problem, int axes, const std::int64_t* sizes, const double* weights, int erosions,
                              int first, double* sums, float* slope, int threads) {
    return status_of([&] {
        const Problem& q = *problem;
        const Image image(axes, sizes);
        if (slope != nullptr) expect_large_pages(slope, q.n * q.c * q.s * sizeof(float));
        run_parallel(int(q.n * q.c), threads, [&](int i) {
            float* map_slope = slope == nullptr ? nullptr : slope + i * q.s;
            sums[i] = 0;
            if (i % q.c >= first) sums[i] = one_map(q, image, weights, erosions, i, map_slope);
            else if (map_slope != nullptr) std::fill_n(map_slope, q.s, 0.0f);
        });
    });
}

}  // namespace psl
