// Sums of f(x, l) over the pixels of each sample and class, and their gradient (see `gradient.hpp`).
//
// The logits are read once in each direction, a tile of pixels across all classes at a time. Partial sums of chunks are added
// in order, so the result does not depend on the threads.
#include "pixelwise/gradient.hpp"
#include "pixelwise/fused_binary.hpp"
#include "pixelwise/row_sums.hpp"

namespace psl {

namespace {

// What each of w pixels adds to a sum over POSITIVE pixels, or over any of a binary problem.
INLINE const float* weighted_values(const SumSpec& spec, const float* weight, int w, Tile& t) {
    float* space = t.value.data();
    const float* value = evaluate(spec, t.error.data(), t.correct.data(), t.nll.data(), w, space);
    if (weight == t.ones.data() || spec.kind == COUNT) return value;
    for (int i = 0; i < w; ++i) space[i] = value[i] * weight[i];
    return space;
}

// The largest p of each pixel, and 1 minus it, as the sum of the others.
INLINE void largest_prob(const Tile& t, int c, int w, float* largest, float* rest) {
    for (int i = 0; i < w; ++i) largest[i] = t.correct[i], rest[i] = 0.0f;
    for (int k = 0; k < c; ++k) {
        const float* row = t.row(k);
        for (int i = 0; i < w; ++i) {
            const float p = row[i] * t.inverse[i];
            rest[i] += p < largest[i] ? p : largest[i];
            largest[i] = p > largest[i] ? p : largest[i];
        }
    }
}

// out = 1 - p of class k at its negative pixels, else 0.
INLINE void one_minus_prob(const Tile& t, int k, int w, const float* largest, const float* rest, float* out) {
    const float* row = t.row(k);
    const std::int32_t* label = t.label.data();
    for (int i = 0; i < w; ++i) {
        const float p = row[i] * t.inverse[i], other = p < largest[i] ? 1.0f - p : rest[i];
        out[i] = label[i] < 0 || label[i] == k ? 0.0f : other;
    }
}

// Add the sums of w pixels to table[c][specs].
TARGET_CLONES
void softmax_sums(const Problem& q, std::int64_t sample, std::int64_t first, int w, const SumSpec* specs, int count, Tile& t,
                  double* table) {
    softmax_tile(q, sample, first, w, SoftmaxRequest{reads_nll(specs, count), reads_negative_nll(specs, count)}, t);
    const float* weight = pixel_weights(q, t, sample, first);
    float* factor = t.dot.data();  // turns e^z into a weighted probability
    for (int i = 0; i < w; ++i) factor[i] = t.inverse[i] * weight[i];
    for (int m = 0; m < count; ++m) {
        if (specs[m].side == NEGATIVE) {
            bool small = false;
            for (std::int64_t k = 0; k < q.c; ++k) {
                const float* row = t.row(k);
                if (specs[m].kind == ERROR) {
                    table[k * count + m] += dot_product(row, factor, w);
                    continue;
                }
                const float* value = t.value.data();
                if (specs[m].kind == CORRECT) {
                    float *largest = t.scratch.data(), *rest = largest + t.stride;
                    if (k == 0) largest_prob(t, static_cast<int>(q.c), w, largest, rest);
                    one_minus_prob(t, static_cast<int>(k), w, largest, rest, t.value.data());
                } else if (specs[m].kind == NLL) {
                    if (k == 0) small = sum_without_top(q, t, w, t.exp_label.data());
                    neg_log_one_minus_p(q, sample, first, k, t, t.exp_label.data(), small, w, t.value.data());
                } else {
                    for (int i = 0; i < w; ++i) t.slope[i] = row[i] * t.inverse[i];
                    value = evaluate(specs[m], t.slope.data(), nullptr, nullptr, w, t.value.data());
                }
                table[k * count + m] += dot_product(value, weight, w);
            }
            continue;
        }
        add_by_class(t, q.c, w, weighted_values(specs[m], weight, w, t), table + m, count);
    }
}

TARGET_CLONES
void softmax_gradient(const Problem& q, std::int64_t sample, std::int64_t first, int w, const SumSpec* specs, int count,
                      const double* upstream, const NegativeWeights& negative, Tile& t, float* gradient) {
    const SoftmaxRequest request{slope_reads_nll(specs, count), negative.nll, negative.constant()};
    softmax_tile(q, sample, first, w, request, t);
    write_softmax_gradient(q, sample, first, w, specs, count, upstream, negative, t, gradient);
}

// Add the sums of w pixels to table[classes][specs] of one plane.
TARGET_CLONES
void binary_sums(const Problem& q, std::int64_t plane, std::int64_t first, int w, const SumSpec* specs, int count, Tile& t,
                 double* table) {
    binary_tile(q, plane, first, w, reads_nll(specs, count), t);
    const float* weight = pixel_weights(q, t, plane, first);
    for (int m = 0; m < count; ++m) {
        if (!is_first_of_function(specs, m)) continue;
        const float* value = weighted_values(specs[m], weight, w, t);
        double total[2];
        for (int label = 0; label < 2; ++label) total[label] = sum_of_label(value, t.label.data(), label, w);
        double* row = table;
        for (int k = first_class(q); k < 2; ++k, row += count)
            for (int j = m; j < count; ++j)
                if (same_function(specs[j], specs[m])) row[j] += total[label_of(k, specs[j])];
    }
}

TARGET_CLONES
void binary_gradient(const Problem& q, std::int64_t plane, std::int64_t first, int w, const SumSpec* specs, int count,
                     const double* upstream, Tile& t, float* gradient) {
    binary_tile(q, plane, first, w, slope_reads_nll(specs, count), t);
    write_binary_gradient(q, plane, first, w, specs, count, upstream, t, gradient);
}

// Adds the weights of w pixels to table[labels].
TARGET_CLONES
void label_weights(const Problem& q, std::int64_t plane, std::int64_t first, int w, std::int64_t labels, Tile& t,
                   double* table) {
    read_labels(q, plane * q.s + first, w, labels, t.label.data());
    add_by_class(t, labels, w, pixel_weights(q, t, plane, first), table, 1);
}

}  // namespace

EXPORT Status error_sums_forward(const Problem* problem, const SumSpec* specs, int count, double* sums, float* kept,
                                 int* is_kept, int threads) {
    return status_of([&] {
        const Problem& q = *problem;
        const Tiling tiling(q);
        const std::int64_t size = classes_of_plane(q) * count;
        const bool fused = is_fusable(q, specs, count);
        if (!fused || reads_nll(specs, count)) kept = nullptr;
        if (kept != nullptr) expect_large_pages(kept, sizeof(float) * q.n * q.c * q.s);
        *is_kept = kept != nullptr;
        const auto without_nll = kept == nullptr ? fused_tile<true, false, false> : fused_tile<true, false, false, true>;
        const auto add_fused = reads_nll(specs, count) ? fused_tile<true, true, false> : without_nll;
        const auto add_sums = is_binary(q) ? binary_sums : softmax_sums;
        std::vector<double> parts(tiling.planes * tiling.chunks * size, 0.0);
        tiling.run(q, threads, [&](Tile& t, std::int64_t plane, std::int64_t chunk, std::int64_t first, int w) {
            double* part = parts.data() + (plane * tiling.chunks + chunk) * size;
            if (fused) add_fused(q, plane, first, w, specs, count, nullptr, t, part, kept);
            else add_sums(q, plane, first, w, specs, count, t, part);
        });
        tiling.add_up(parts, size, sums);
    });
}

EXPORT Status error_sums_backward(const Problem* problem, const SumSpec* specs, int count, const double* upstream, int is_kept,
                                  float* gradient, int threads) {
    return status_of([&] {
        const Problem& q = *problem;
        expect_large_pages(gradient, sizeof(float) * q.n * q.c * q.s);
        const std::int64_t size = classes_of_plane(q) * count;
        const bool fused = is_fusable(q, specs, count);
        const auto write_fused = reads_nll(specs, count) ? fused_tile<false, true, true> : fused_tile<false, false, true>;
        std::vector<NegativeWeights> negative;
        for (std::int64_t n = 0; n < q.n && !is_binary(q); ++n) negative.emplace_back(q.c, specs, count, upstream + n * size);
        Tiling(q).run(q, threads, [&](Tile& t, std::int64_t plane, std::int64_t, std::int64_t first, int w) {
            const double* own = upstream + plane * size;
            if (fused && is_kept) finish_fused(q, plane, first, w, specs, count, own, t, gradient);
            else if (fused) write_fused(q, plane, first, w, specs, count, own, t, nullptr, gradient);
            else if (is_binary(q)) binary_gradient(q, plane, first, w, specs, count, own, t, gradient);
            else softmax_gradient(q, plane, first, w, specs, count, own, negative[plane], t, gradient);
        });
    });
}

EXPORT Status error_sums_weights(const Problem* problem, double* sums, int threads) {
    return status_of([&] {
        const Problem& q = *problem;
        const Tiling tiling(q);
        const std::int64_t labels = q.sigmoid ? 2 : q.c;
        std::vector<double> parts(tiling.planes * tiling.chunks * labels, 0.0);
        tiling.run(q, threads, [&](Tile& t, std::int64_t plane, std::int64_t chunk, std::int64_t first, int w) {
            label_weights(q, plane, first, w, labels, t, parts.data() + (plane * tiling.chunks + chunk) * labels);
        });
        tiling.add_up(parts, labels, sums);
    });
}

}  // namespace psl
