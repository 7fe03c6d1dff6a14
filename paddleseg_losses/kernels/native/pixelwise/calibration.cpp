// Histograms of the probabilities of each class: in every bin the sums of u (p - g) and of u, u being the share of the pixel in
// the bin times its weight, and their gradient.
//
// A pixel is in one bin, or, if soft, shared by the two bins whose middles are nearest to p. Then u has a slope too.
#include "memory.hpp"
#include "pixelwise/binary_logit.hpp"
#include "pixelwise/gradient.hpp"

namespace psl {

namespace {

constexpr int MOST_BINS = 256;
constexpr int LANES = 4;  // tables used in turn, so that neighbouring pixels of one bin do not wait for each other

// The bins of a pixel: all of it in `low`, but for the share `above` in the next one.
struct Place {
    int low, high;
    float above;
    bool moves;  // whether `above` follows p
};

INLINE Place place_of(float p, int bins, bool soft) {
    const float last = static_cast<float>(bins - 1), x = p * static_cast<float>(bins);
    if (!soft) {
        const int bin = static_cast<int>(x < last ? x : last);  // that of NaN is the last
        return {bin, bin, 0.0f, false};
    }
    const float middle = x - 0.5f, inside = middle > 0.0f ? (middle < last ? middle : last) : 0.0f;
    const int low = static_cast<int>(inside);
    return {low, low + 1 < bins ? low + 1 : low, inside - static_cast<float>(low), middle > 0.0f && middle < last};
}

// p and p - g of class k, after `softmax_tile` or `binary_tile`; anything where a pixel is left out.
INLINE void class_rows(const Tile& t, bool binary, int k, int w, float* p, float* gap) {
    const std::int32_t* label = t.label.data();
    const float *error = t.error.data(), *correct = t.correct.data(), *inverse = t.inverse.data();
    const float* row = binary ? error : t.row(k);
    for (int i = 0; i < w; ++i) {
        const float other = binary ? row[i] : row[i] * inverse[i];
        p[i] = label[i] == k ? correct[i] : other;
        gap[i] = label[i] == k ? -error[i] : other;
    }
}

INLINE void fill_tile(const Problem& q, std::int64_t plane, std::int64_t first, int w, Tile& t) {
    if (is_binary(q)) binary_tile(q, plane, first, w, false, t);
    else softmax_tile(q, plane, first, w, STABLE, t);
}

// Adds one class's pixels to sums [bins, 2].
INLINE void add_pixels(const Tile& t, const float* weight, int bins, bool soft, int w, const float* p, const float* gap,
                       double* sums) {
    float table[LANES * MOST_BINS * 2];
    std::fill_n(table, LANES * bins * 2, 0.0f);
    for (int i = 0; i < w; ++i) {
        if (t.label[i] < 0) continue;
        const Place place = place_of(p[i], bins, soft);
        float* lane = table + (i % LANES) * bins * 2;
        const float low = (1.0f - place.above) * weight[i];
        lane[2 * place.low] += low * gap[i];
        lane[2 * place.low + 1] += low;
        if (!soft) continue;
        const float high = place.above * weight[i];
        lane[2 * place.high] += high * gap[i];
        lane[2 * place.high + 1] += high;
    }
    for (int lane = 0; lane < LANES; ++lane)
        for (int k = 0; k < bins * 2; ++k) sums[k] += table[lane * bins * 2 + k];
}

TARGET_CLONES
void tile_sums(const Problem& q, std::int64_t plane, std::int64_t first, int w, int bins, bool soft, Tile& t, double* sums) {
    fill_tile(q, plane, first, w, t);
    const float* weight = pixel_weights(q, t, plane, first);
    float *p = t.value.data(), *gap = t.slope.data();
    for (int k = 0; k < static_cast<int>(classes_of_plane(q)); ++k, sums += 2 * bins) {
        class_rows(t, is_binary(q), q.sigmoid ? 1 : k, w, p, gap);
        add_pixels(t, weight, bins, soft, w, p, gap, sums);
    }
}

// out = the slope by p of the sums of one class, weighted by upstream [bins, 2].
INLINE void slopes(const Tile& t, const float* weight, const double* upstream, int bins, bool soft, int w, const float* p,
                   const float* gap, float* out) {
    for (int i = 0; i < w; ++i) {
        const Place place = place_of(p[i], bins, soft);
        const float low = static_cast<float>(upstream[2 * place.low]);
        float slope = low;
        if (soft) {
            const float high = static_cast<float>(upstream[2 * place.high]);
            const double more = upstream[2 * place.high + 1] - upstream[2 * place.low + 1];
            slope += place.above * (high - low);
            if (place.moves) slope += static_cast<float>(bins) * ((high - low) * gap[i] + static_cast<float>(more));
        }
        out[i] = t.label[i] < 0 ? 0.0f : slope * weight[i];
    }
}

TARGET_CLONES
void binary_gradient(const Problem& q, std::int64_t plane, std::int64_t first, int w, int bins, bool soft,
                     const double* upstream, Tile& t, float* gradient) {
    binary_tile(q, plane, first, w, false, t);
    const float* weight = pixel_weights(q, t, plane, first);
    float *p = t.value.data(), *gap = t.slope.data(), *slope = t.nll.data(), *row = t.mean.data();
    for (int i = 0; i < w; ++i) row[i] = 0.0f;
    for (int k = first_class(q); k < 2; ++k, upstream += 2 * bins) {
        class_rows(t, true, k, w, p, gap);
        slopes(t, weight, upstream, bins, soft, w, p, gap, slope);
        for (int i = 0; i < w; ++i) row[i] += k == 1 ? slope[i] : -slope[i];
    }
    for (int i = 0; i < w; ++i) row[i] *= t.correct[i] * t.error[i];
    write_binary_row(q, plane, first, w, row, gradient);
}

TARGET_CLONES
void softmax_gradient(const Problem& q, std::int64_t sample, std::int64_t first, int w, int bins, bool soft,
                      const double* upstream, Tile& t, float* gradient) {
    softmax_tile(q, sample, first, w, STABLE, t);
    const float* weight = pixel_weights(q, t, sample, first);
    float *p = t.value.data(), *gap = t.slope.data(), *slope = t.nll.data();
    const AboutLargest about(w, t);
    for (int k = 0; k < static_cast<int>(q.c); ++k) {
        class_rows(t, false, k, w, p, gap);
        slopes(t, weight, upstream + 2 * bins * k, bins, soft, w, p, gap, slope);
        about.add(p, slope, w, t);
    }
    for (int k = 0; k < static_cast<int>(q.c); ++k) {
        class_rows(t, false, k, w, p, gap);
        slopes(t, weight, upstream + 2 * bins * k, bins, soft, w, p, gap, slope);
        for (int i = 0; i < w; ++i) slope[i] = t.label[i] < 0 ? 0.0f : p[i] * ((slope[i] - t.mean[i]) - t.dot[i]);
        write_row(slope, w, streams(q), gradient + (sample * q.c + k) * q.s + first);
    }
}

}  // namespace

EXPORT Status calibration_forward(const Problem* problem, int bins, int soft, double* sums, int threads) {
    return status_of([&] {
        const Problem& q = *problem;
        const Tiling tiling(q);
        const std::int64_t size = classes_of_plane(q) * bins * 2;
        std::vector<double> parts(tiling.planes * tiling.chunks * size, 0.0);
        tiling.run(q, threads, [&](Tile& t, std::int64_t plane, std::int64_t chunk, std::int64_t first, int w) {
            tile_sums(q, plane, first, w, bins, soft != 0, t, parts.data() + (plane * tiling.chunks + chunk) * size);
        });
        tiling.add_up(parts, size, sums);
    });
}

EXPORT Status calibration_backward(const Problem* problem, int bins, int soft, const double* upstream, float* gradient,
                                   int threads) {
    return status_of([&] {
        const Problem& q = *problem;
        expect_large_pages(gradient, sizeof(float) * q.n * q.c * q.s);
        const auto write = is_binary(q) ? binary_gradient : softmax_gradient;
        const std::int64_t size = classes_of_plane(q) * bins * 2;
        Tiling(q).run(q, threads, [&](Tile& t, std::int64_t plane, std::int64_t, std::int64_t first, int w) {
            write(q, plane, first, w, bins, soft != 0, upstream + plane * size, t, gradient);
        });
    });
}

}  // namespace psl
