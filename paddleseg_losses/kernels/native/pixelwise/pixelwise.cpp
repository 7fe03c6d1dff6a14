// Functions of each pixel's error, added with coefficients of its label: the value of each pixel, or their total.
//
// The gradient of the total does not need the total: one pass over the logits computes both.
#include "pixelwise/gradient.hpp"
#include "pixelwise/fused_binary.hpp"
#include "pixelwise/row_sums.hpp"

namespace psl {

namespace {

// sum = coefficients[classes][specs] f(x, l) of w pixels of a binary problem, 0 where left out.
INLINE void combine_binary(const Problem& q, const SumSpec* specs, int count, const double* coefficients, int w, Tile& t,
                           float* sum) {
    const std::int32_t* label = t.label.data();
    for (int i = 0; i < w; ++i) sum[i] = 0.0f;
    for (int m = 0; m < count; ++m) {
        if (!is_first_of_function(specs, m)) continue;
        const float* value = evaluate(specs[m], t.error.data(), t.correct.data(), t.nll.data(), w, t.slope.data());
        const LabelWeights of(q, specs, count, m, coefficients);
        for (int i = 0; i < w; ++i) sum[i] += label[i] < 0 ? 0.0f : (label[i] == 1 ? of.one : of.zero) * value[i];
    }
}

// sum = coefficients[c][specs] f(x, l) of w pixels under a softmax, 0 where left out.
INLINE void combine_softmax(const SumSpec* specs, int count, const double* coefficients, int c, int w, Tile& t, float* sum) {
    for (int i = 0; i < w; ++i) sum[i] = 0.0f;
    for (int m = 0; m < count; ++m) {
        const float* value = evaluate(specs[m], t.error.data(), t.correct.data(), t.nll.data(), w, t.slope.data());
        for (int k = 0; k < c; ++k) t.table[k] = static_cast<float>(coefficients[k * count + m]);
        add_lookup(t, c, w, t.table.data(), value, sum);
    }
    for (int i = 0; i < w; ++i) sum[i] = t.label[i] < 0 ? 0.0f : sum[i];
}

// The weighted sum of w pixels of a plane. Each result is left out if null: `values` of the pixels, unweighted, and `gradient`
// of the sum.
TARGET_CLONES
double tile_pixels(const Problem& q, std::int64_t plane, std::int64_t first, int w, const SumSpec* specs, int count,
                   const double* coefficients, const NegativeWeights& nothing, Tile& t, float* values, float* gradient) {
    const double* own = coefficients + plane * classes_of_plane(q) * count;
    float* sum = t.value.data();
    if (is_binary(q)) {
        binary_tile(q, plane, first, w, reads_nll(specs, count), t);
        combine_binary(q, specs, count, own, w, t, sum);
    } else {
        softmax_tile(q, plane, first, w, SoftmaxRequest{reads_nll(specs, count)}, t);
        combine_softmax(specs, count, own, static_cast<int>(q.c), w, t, sum);
    }
    if (values != nullptr) write_row(sum, w, false, values + plane * q.s + first);
    const double result = dot_product(sum, pixel_weights(q, t, plane, first), w);
    if (gradient != nullptr && is_binary(q)) write_binary_gradient(q, plane, first, w, specs, count, own, t, gradient);
    else if (gradient != nullptr) write_softmax_gradient(q, plane, first, w, specs, count, own, nothing, t, gradient);
    return result;
}

// The total of a problem that is fusable, and its gradient unless that is null.
double fused_total(const Problem& q, const SumSpec* specs, int count, const double* coefficients, float* gradient,
                   int threads) {
    const Tiling tiling(q);
    const std::int64_t size = classes_of_plane(q) * count;
    std::vector<double> parts(tiling.planes * tiling.chunks * size, 0.0), table(tiling.planes * size);
    const auto with_costs = gradient == nullptr ? fused_tile<true, true, false> : fused_tile<true, true, true>;
    const auto without = gradient == nullptr ? fused_tile<true, false, false> : fused_tile<true, false, true>;
    const auto work = reads_nll(specs, count) ? with_costs : without;
    tiling.run(q, threads, [&](Tile& t, std::int64_t plane, std::int64_t chunk, std::int64_t first, int w) {
        double* part = parts.data() + (plane * tiling.chunks + chunk) * size;
        work(q, plane, first, w, specs, count, coefficients + plane * size, t, part, gradient);
    });
    tiling.add_up(parts, size, table.data());
    double sum = 0;
    for (std::size_t i = 0; i < table.size(); ++i)
        if (table[i] != 0) sum += coefficients[i] * table[i];  // a coefficient of no pixel may be anything
    return sum;
}

// The same of any problem.
double total_of(const Problem& q, const SumSpec* specs, int count, const double* coefficients, float* gradient, int threads) {
    if (is_fusable(q, specs, count)) return fused_total(q, specs, count, coefficients, gradient, threads);
    const Tiling tiling(q);
    const NegativeWeights nothing(q.c);
    std::vector<double> parts(tiling.planes * tiling.chunks, 0.0);
    tiling.run(q, threads, [&](Tile& t, std::int64_t plane, std::int64_t chunk, std::int64_t first, int w) {
        parts[plane * tiling.chunks + chunk] +=
            tile_pixels(q, plane, first, w, specs, count, coefficients, nothing, t, nullptr, gradient);
    });
    double sum = 0;
    for (double part : parts) sum += part;
    return sum;
}

}  // namespace

EXPORT Status pixelwise_values(const Problem* problem, const SumSpec* specs, int count, const double* coefficients,
                               float* values, int threads) {
    return status_of([&] {
        const Problem& q = *problem;
        const NegativeWeights nothing(q.c);
        Tiling(q).run(q, threads, [&](Tile& t, std::int64_t plane, std::int64_t, std::int64_t first, int w) {
            tile_pixels(q, plane, first, w, specs, count, coefficients, nothing, t, values, nullptr);
        });
    });
}

EXPORT Status pixelwise_total(const Problem* problem, const SumSpec* specs, int count, const double* coefficients,
                              float* gradient, double* total, int threads) {
    return status_of([&] {
        const Problem& q = *problem;
        if (gradient != nullptr) expect_large_pages(gradient, sizeof(float) * q.n * q.c * q.s);
        *total = total_of(q, specs, count, coefficients, gradient, threads);
    });
}

EXPORT Status pixelwise_scale(float* values, std::int64_t size, float factor, int threads) {
    return status_of([&] {
        run_slices(size, threads, [&](std::int64_t first, std::int64_t last) {
            for (std::int64_t i = first; i < last; ++i) values[i] *= factor;
        });
    });
}

}  // namespace psl
