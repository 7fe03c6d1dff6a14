// Sums over the pixels of each sample and class of errors weighted by distance maps, and their slope in p.
// Hausdorff: (p - g)^2 (d_g^alpha + d_p^alpha), with the maps of the truth and of p > 0.5. Boundary: p phi, with phi the
// distance to the true region, and inside it -(distance to the outside - a pixel). Weights carry no gradient.
#include <cmath>

#include "distance/edt.hpp"
#include "image.hpp"
#include "memory.hpp"
#include "signed_prob.hpp"

namespace psl {

namespace {

constexpr std::int64_t CHUNK = 1 << 15;  // pixels of a partial sum, so that the result does not depend on the threads

struct WeightParams {
    edt::Grid grid;
    const double* spacing;
    double alpha, pixel;  // the exponent of the distances; the smallest size of a pixel
    bool boundary, one_sided;
    std::atomic<bool>& fits;  // whether precomputed distances belong to these labels
};

// weight += distance^alpha of w pixels.
template <class Square>
TARGET_CLONES void add_powers(const Square* squares, double alpha, int w, float* weight) {
    for (int i = 0; i < w; ++i) {
        const Square square = squares[i] < 0 ? -squares[i] : squares[i];
        const double clean = square == FAR<Square> ? 0.0 : double(square);
        weight[i] += float(alpha == 2.0 ? clean : alpha == 1.0 ? std::sqrt(clean) : std::pow(clean, alpha / 2));
    }
}

template <class Square>
TARGET_CLONES void signed_distances(const Square* squares, double pixel, int w, float* weight) {
    for (int i = 0; i < w; ++i) {
        const Square square = squares[i] < 0 ? -squares[i] : squares[i];
        const double distance = std::sqrt(double(square));
        weight[i] = float(square == FAR<Square> ? 0.0 : squares[i] > 0 ? pixel - distance : distance);
    }
}

// Weights from precomputed distances, which are positive inside their mask. Returns whether it is this mask.
TARGET_CLONES
bool weights_from_precomputed(const float* precomputed, const std::uint8_t* mask, double alpha, double pixel, bool boundary,
                              int w, float* weight) {
    int other = 0;
    for (int i = 0; i < w; ++i) {
        const float size = precomputed[i] < 0 ? -precomputed[i] : precomputed[i], clean = size == INFINITY ? 0.0f : size;
        other |= (precomputed[i] > 0) != (mask[i] != 0);
        weight[i] = boundary && precomputed[i] > 0 && clean > 0 ? float(pixel) - clean : clean;
    }
    if (!boundary && alpha != 1.0)
        for (int i = 0; i < w; ++i)
            weight[i] = alpha == 2.0 ? weight[i] * weight[i] : float(std::pow(double(weight[i]), alpha));
    return other == 0;
}

// The weighted sum of w pixels; their slopes replace the weights.
TARGET_CLONES
double weighted_error_sum(const float* p, const std::int32_t* label, int own, bool boundary, int w, float* weight) {
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int i = 0; i < w; ++i) {
        const bool mine = label[i] == own;
        const float error = boundary ? prob_of(p[i], mine) : excess_of(p[i], mine);
        const float value = boundary ? error * weight[i] : error * error * weight[i];
        const float slope = boundary ? weight[i] : 2.0f * error * weight[i];
        sum += label[i] < 0 ? 0.0 : double(value);
        weight[i] = label[i] < 0 ? 0.0f : slope;
    }
    return sum;
}

TARGET_CLONES
void mark(const std::int32_t* label, int own, const float* p, std::int64_t pixels, std::uint8_t* mask) {
    if (p == nullptr)
        for (std::int64_t i = 0; i < pixels; ++i) mask[i] = label[i] == own;
    else
        for (std::int64_t i = 0; i < pixels; ++i) mask[i] = label[i] >= 0 && prob_of(p[i], label[i] == own) > 0.5f;
}

template <class Square>
double one_map(const Problem& q, const WeightParams& weight, std::int64_t sample, int channel, const float* precomputed,
               int threads, float* slope) {
    const int own = q.sigmoid ? 1 : channel;
    const float* p = q.logits + (sample * q.c + channel) * q.s;
    const int chunks = int((q.s + CHUNK - 1) / CHUNK);
    std::vector<std::int32_t> label(q.s);
    std::vector<std::uint8_t> mask(q.s);
    const std::unique_ptr<Square[]> squares(new Square[q.s]);
    std::vector<double> sums(chunks);
    const auto in_chunks = [&](auto work) {
        run_parallel(chunks, threads, [&](int i) { work(i, i * CHUNK, int(std::min(CHUNK, q.s - i * CHUNK))); });
    };
    in_chunks([&](int, std::int64_t at, int w) {
        read_label_part(q, (q.sigmoid ? sample * q.c + channel : sample) * q.s + at, w, q.sigmoid ? 2 : q.c, &label[at]);
        mark(&label[at], own, nullptr, w, &mask[at]);
        std::fill_n(slope + at, w, 0.0f);
    });
    if (precomputed == nullptr) edt::signed_squares(weight.grid, mask.data(), weight.spacing, threads, squares.get());
    in_chunks([&](int, std::int64_t at, int w) {
        if (precomputed != nullptr) {
            if (!weights_from_precomputed(precomputed + at, &mask[at], weight.alpha, weight.pixel, weight.boundary, w,
                                          slope + at))
                weight.fits = false;
        } else if (weight.boundary) signed_distances(&squares[at], weight.pixel, w, slope + at);
        else add_powers(&squares[at], weight.alpha, w, slope + at);
        mark(&label[at], own, p + at, w, &mask[at]);
    });
    if (!weight.boundary && !weight.one_sided) {
        edt::signed_squares(weight.grid, mask.data(), weight.spacing, threads, squares.get());
        in_chunks([&](int, std::int64_t at, int w) { add_powers(&squares[at], weight.alpha, w, slope + at); });
    }
    in_chunks([&](int i, std::int64_t at, int w) {
        sums[i] = weighted_error_sum(p + at, &label[at], own, weight.boundary, w, slope + at);
    });
    double total = 0;
    for (const double sum : sums) total += sum;
    return total;
}

}  // namespace

EXPORT Status distance_weighted_forward(const Problem* problem, int axes, const std::int64_t* sizes, const double* spacing,
                                        double alpha, double pixel, int boundary, int one_sided, int first,
                                        const float* precomputed, int* fits, double* sums, float* slope, int threads) {
    return status_of([&] {
        const Problem& q = *problem;
        std::atomic<bool> belongs{true};
        const WeightParams weight{edt::Grid{axes, sizes}, spacing, alpha, pixel, boundary != 0, one_sided != 0, belongs};
        const std::int64_t maps = q.n * q.c;
        const int across = maps >= threads ? threads : 1, within = maps >= threads ? 1 : threads;
        const bool fits_int32 = edt::fits_int32(weight.grid, spacing);
        expect_large_pages(slope, maps * q.s * sizeof(float));
        run_parallel(int(maps), across, [&](int i) {
            const int channel = int(i % q.c);
            float* map_slope = slope + i * q.s;
            const float* map =
                precomputed == nullptr ? nullptr : precomputed + (i / q.c * (q.c - first) + channel - first) * q.s;
            sums[i] = 0;
            if (channel < first || !belongs) std::fill_n(map_slope, q.s, 0.0f);
            else
                sums[i] = fits_int32 ? one_map<std::int32_t>(q, weight, i / q.c, channel, map, within, map_slope)
                                     : one_map<double>(q, weight, i / q.c, channel, map, within, map_slope);
        });
        *fits = belongs;
    });
}

}  // namespace psl
