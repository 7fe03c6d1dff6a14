// Functions of each pixel's error, added with coefficients of its label: the values of single pixels, or their sum.
//
// The sum's gradient for an upstream of 1 is known before the sum is: one pass over the logits makes both.
#include "gradient.hpp"
#include "simple.hpp"
#include "totals.hpp"

namespace {

// sum = coefficient[classes][moments] f(x, l) of w elements of a plane of two rivals, 0 where left out.
INLINE void add_up_rivals(const Problem& q, const Moment* moments, int count, const double* coefficient, int w, Tile& t,
                          float* sum) {
    const std::int32_t* label = t.label.data();
    for (int i = 0; i < w; ++i) sum[i] = 0.0f;
    for (int m = 0; m < count; ++m) {
        if (!first_of_function(moments, m)) continue;
        const float* value = evaluate(moments[m], t.error.data(), t.right.data(), t.cost.data(), w, t.slope.data());
        const LabelWeights of(q, moments, count, m, coefficient);
        for (int i = 0; i < w; ++i) sum[i] += label[i] < 0 ? 0.0f : (label[i] == 1 ? of.one : of.zero) * value[i];
    }
}

// sum = coefficient[c][moments] f(x, l) of w pixels under a softmax, 0 where left out.
INLINE void add_up_softmax(const Moment* moments, int count, const double* coefficient, int c, int w, Tile& t, float* sum) {
    for (int i = 0; i < w; ++i) sum[i] = 0.0f;
    for (int m = 0; m < count; ++m) {
        const float* value = evaluate(moments[m], t.error.data(), t.right.data(), t.cost.data(), w, t.slope.data());
        for (int k = 0; k < c; ++k) t.table[k] = static_cast<float>(coefficient[k * count + m]);
        add_by_label(t, c, w, t.table.data(), value, sum);
    }
    for (int i = 0; i < w; ++i) sum[i] = t.label[i] < 0 ? 0.0f : sum[i];
}

// The sum of w pixels of a plane (a sample, or a channel under a sigmoid), weighted. Each result is left out if null:
// `values` are those of the single pixels, unweighted, `gradient` that of the sum.
EVERY_INSTRUCTION_SET
double tile_pixels(const Problem& q, std::int64_t plane, std::int64_t first, int w, const Moment* moments, int count,
                   const double* coefficient, const Others& nothing, Tile& t, float* values, float* gradient) {
    const double* own = coefficient + plane * classes_of_plane(q) * count;
    float* sum = t.value.data();
    if (rivals(q)) {
        rivals_tile(q, plane, first, w, read_cost(moments, count), t);
        add_up_rivals(q, moments, count, own, w, t, sum);
    } else {
        softmax_tile(q, plane, first, w, Wanted{read_cost(moments, count)}, t);
        add_up_softmax(moments, count, own, static_cast<int>(q.c), w, t, sum);
    }
    if (values != nullptr) write_row(sum, w, false, values + plane * q.s + first);
    const double found = total_product(sum, weights(q, t, plane, first), w);
    if (gradient != nullptr && rivals(q))
        write_rivals_gradient(q, plane, first, w, moments, count, own, t, gradient);
    else if (gradient != nullptr)
        write_softmax_gradient(q, plane, first, w, moments, count, own, nothing, t, gradient);
    return found;
}

// The same sum of all pixels, and its gradient unless that is null, where the functions are simple.
double simple_total(const Problem& q, const Moment* moments, int count, const double* coefficient, float* gradient,
                    int threads) {
    const Plan plan(q);
    const std::int64_t size = classes_of_plane(q) * count;
    std::vector<double> parts(plan.planes * plan.chunks * size, 0.0), table(plan.planes * size);
    const auto with_costs = gradient == nullptr ? simple_tile<true, true, false> : simple_tile<true, true, true>;
    const auto without = gradient == nullptr ? simple_tile<true, false, false> : simple_tile<true, false, true>;
    const auto work = read_cost(moments, count) ? with_costs : without;
    plan.run(q, threads, [&](Tile& t, std::int64_t plane, std::int64_t chunk, std::int64_t first, int w) {
        double* part = parts.data() + (plane * plan.chunks + chunk) * size;
        work(q, plane, first, w, moments, count, coefficient + plane * size, t, part, gradient);
    });
    plan.add_up(parts, size, table.data());
    double sum = 0;
    for (std::size_t i = 0; i < table.size(); ++i)
        if (table[i] != 0) sum += coefficient[i] * table[i];  // a coefficient of no pixel may be anything
    return sum;
}

}  // namespace

// coefficient: [n][c][count], of a pixel's label; under a softmax all functions are of OWN pixels.
// values: [n, s] under a softmax, [n, c, s] under a sigmoid, overwritten.
// Their gradient is that of the sums with the values' own gradient as the pixel weight and the coefficients as upstream.
EXPORT void pixel_values(const Problem* problem, const Moment* moments, int count, const double* coefficient,
                         float* values, int threads) {
    const Problem& q = *problem;
    const Others nothing(q.c);
    Plan(q).run(q, threads, [&](Tile& t, std::int64_t plane, std::int64_t, std::int64_t first, int w) {
        tile_pixels(q, plane, first, w, moments, count, coefficient, nothing, t, values, nullptr);
    });
}

// The weighted sum of the values, and its gradient with respect to the logits unless that is null.
EXPORT double pixel_total(const Problem* problem, const Moment* moments, int count, const double* coefficient,
                          float* gradient, int threads) {
    const Problem& q = *problem;
    if (gradient != nullptr) expect_large_pages(gradient, sizeof(float) * q.n * q.c * q.s);
    if (simple(q, moments, count)) return simple_total(q, moments, count, coefficient, gradient, threads);
    const Plan plan(q);
    const Others nothing(q.c);
    std::vector<double> parts(plan.planes * plan.chunks, 0.0);
    plan.run(q, threads, [&](Tile& t, std::int64_t plane, std::int64_t chunk, std::int64_t first, int w) {
        parts[plane * plan.chunks + chunk] +=
            tile_pixels(q, plane, first, w, moments, count, coefficient, nothing, t, nullptr, gradient);
    });
    double sum = 0;
    for (double part : parts) sum += part;
    return sum;
}

// numbers *= factor.
EXPORT void scale(float* numbers, std::int64_t size, float factor, int threads) {
    run_slices(size, threads, [&](std::int64_t first, std::int64_t last) {
        for (std::int64_t i = first; i < last; ++i) numbers[i] *= factor;
    });
}
