// What is done with a line of pixels: structural similarity in windows, as an error. With d = p - g and means over the valid
// pixels of the window,
//     b = var d / (var p + var g + c2),   a = (mean d)^2 / ((mean p)^2 + (mean g)^2 + c1),   e = b or a + b - a b.
// The slope of the mean of e in d is three maps of coefficients, blurred once more: the window is symmetric.
#pragma once

#include "neighbourhood/blurred_lines.hpp"
#include "signed_prob.hpp"

namespace psl {

struct Constants {
    double c1, c2;
};

enum Field { GAP = 0, SQUARE = 1, TRUTH = 2, BOTH = 3, SPREAD = 4 };  // d, d^2, g, g d, g - g^2
enum Slope { BY_GAP = 0, BY_SQUARE = 1, BY_BOTH = 2, SLOPES = 3 };  // by the means of these

TARGET_CLONES
static bool read_hard(const float* p, const std::int32_t* label, int own, std::int64_t width, double* d, double* g) {
    int labelled = 0;
#pragma omp simd reduction(+ : labelled)
    for (std::int64_t i = 0; i < width; ++i) {
        const bool mine = label[i] == own;
        d[i] = label[i] < 0 ? 0.0 : double(excess_of(p[i], mine));
        g[i] = mine ? 1.0 : 0.0;
        labelled += mine;
    }
    return labelled > 0;
}

TARGET_CLONES
static bool read_soft(const float* excess, const float* target, std::int64_t width, double* d, double* g, bool& soft) {
    int labelled = 0, between = 0;
#pragma omp simd reduction(+ : labelled, between)
    for (std::int64_t i = 0; i < width; ++i) {
        d[i] = excess[i];
        g[i] = target[i];
        labelled += g[i] != 0.0;
        between += (g[i] != 0.0) & (g[i] != 1.0);
    }
    soft = between > 0;
    return labelled > 0;
}

TARGET_CLONES
static void squares_of(const double* d, std::int64_t width, double* square) {
    for (std::int64_t i = 0; i < width; ++i) square[i] = d[i] * d[i];
}

TARGET_CLONES
static void products_of(const double* d, const double* g, std::int64_t width, double* both, double* spread) {
    for (std::int64_t i = 0; i < width; ++i) both[i] = d[i] * g[i];
    if (spread != nullptr)
        for (std::int64_t i = 0; i < width; ++i) spread[i] = g[i] - g[i] * g[i];
}

// The sum of e over pixels from their blurred fields, and the slopes. `per`: 1 / the number of pixels in the window, 0 where
// a pixel is left out.
template <bool WHOLE, bool TRUE>
INLINE double add_errors(const double* const* x, const double* per, const Constants& c, std::int64_t first, std::int64_t last,
                         double* const* slopes) {
    const double *gap = x[GAP], *square = x[SQUARE], *truth = x[TRUTH], *both = x[BOTH], *spread = x[SPREAD];
    double *by_gap = slopes[BY_GAP], *by_square = slopes[BY_SQUARE], *by_both = slopes[BY_BOTH];
    double total = 0;
#pragma omp simd reduction(+ : total)
    for (std::int64_t i = first; i < last; ++i) {
        const double mean_d = gap[i] * per[i], mean_g = TRUE ? truth[i] * per[i] : 0.0;
        const double raw = square[i] * per[i] - mean_d * mean_d;
        const double var_d = raw > 0.0 ? raw : 0.0;
        const double of_g = TRUE ? mean_g * (1.0 - mean_g) - spread[i] * per[i] + both[i] * per[i] - mean_g * mean_d : 0.0;
        const double sum = 2.0 * of_g + raw;
        const double scale = 1.0 / ((sum > 0.0 ? sum : 0.0) + c.c2);
        const double b = var_d * scale;
        const double mu_p = mean_g + mean_d;
        const double norm = WHOLE ? 1.0 / (mu_p * mu_p + mean_g * mean_g + c.c1) : 0.0;
        const double a = mean_d * mean_d * norm;
        const double by_a = 2.0 * norm * (mean_d - a * mu_p) * (1.0 - b);
        const double by_variance = raw > 0.0 ? (1.0 - a) * scale : 0.0;
        const double by_sum = sum > 0.0 ? -(1.0 - a) * b * scale : 0.0;
        total += a + b - a * b;
        by_gap[i] = per[i] * (by_a - 2.0 * mean_d * (by_variance + by_sum) - 2.0 * mean_g * by_sum);
        by_square[i] = per[i] * (by_variance + by_sum);
        by_both[i] = per[i] * 2.0 * by_sum;
    }
    return total;
}

// g is 0 outside the extent.
template <bool WHOLE>
INLINE double add_line_errors(const double* const* x, const double* per, const Constants& c, const Extent& extent,
                              std::int64_t width, double* const* slopes) {
    const double before = add_errors<WHOLE, false>(x, per, c, 0, extent.first, slopes);
    const double inside = add_errors<WHOLE, true>(x, per, c, extent.first, extent.last, slopes);
    return before + inside + add_errors<WHOLE, false>(x, per, c, extent.last, width, slopes);
}

TARGET_CLONES
static double line_errors(const double* const* x, const double* per, const Constants& c, bool whole, const Extent& extent,
                          std::int64_t width, double* const* slopes) {
    return whole ? add_line_errors<true>(x, per, c, extent, width, slopes)
                 : add_line_errors<false>(x, per, c, extent, width, slopes);
}

TARGET_CLONES
static void slope_of(const double* const* pixels, double* const* x, const double* per, const Extent& extent, std::int64_t width,
                     double factor, float* slope) {
    const double *d = pixels[GAP], *g = pixels[TRUTH], *by_square = x[BY_SQUARE], *by_both = x[BY_BOTH];
    double* total = x[BY_GAP];
    for (std::int64_t i = extent.first; i < extent.last; ++i) total[i] += g[i] * by_both[i];
    for (std::int64_t i = 0; i < width; ++i)
        slope[i] = per[i] > 0.0 ? float(factor * (total[i] + 2.0 * d[i] * by_square[i])) : 0.0f;
}

TARGET_CLONES
static void invert_masses(const double* mass, const double* mask, std::int64_t width, double* per) {
    for (std::int64_t i = 0; i < width; ++i) per[i] = mask[i] > 0.0 ? 1.0 / mass[i] : 0.0;
}

}  // namespace psl
