// Sums of f(x, l) over the pixels of each sample and class, and their gradient (see `gradient.hpp`).
//
// The logits are read once in each direction, a tile of pixels across all classes at a time.
// Partial sums are kept for a fixed number of chunks and added in order: the result does not depend on the threads.
#include "gradient.hpp"
#include "simple.hpp"
#include "totals.hpp"

namespace {

// What each of w pixels adds to a sum of the true label's error.
INLINE const float* weighted_values(const Moment& moment, const float* weight, int w, Tile& t) {
    float* space = t.value.data();
    const float* value = evaluate(moment, t.error.data(), t.right.data(), t.cost.data(), w, space);
    if (weight == t.ones.data() || moment.kind == COUNT) return value;
    for (int i = 0; i < w; ++i) space[i] = value[i] * weight[i];
    return space;
}

// Adds the sums of w pixels to table[c][moments].
EVERY_INSTRUCTION_SET
void softmax_sums(const Problem& q, std::int64_t sample, std::int64_t first, int w, const Moment* moments, int count,
                  Tile& t, double* table) {
    softmax_tile(q, sample, first, w, Wanted{read_cost(moments, count), read_others_cost(moments, count)}, t);
    const float* weight = weights(q, t, sample, first);
    float* factor = t.pull.data();  // what turns a share into a weighted probability
    for (int i = 0; i < w; ++i) factor[i] = t.inverse[i] * weight[i];
    for (int m = 0; m < count; ++m) {
        if (moments[m].side == OTHER) {
            bool small = false;
            for (std::int64_t k = 0; k < q.c; ++k) {
                const float* row = t.row(k);
                if (moments[m].kind == ERROR) {
                    table[k * count + m] += total_product(row, factor, w);
                    continue;
                }
                const float* value = t.value.data();
                if (moments[m].kind == COST) {
                    if (k == 0) small = rest_of_top(q, t, w, t.own.data());
                    others_cost(q, sample, first, k, t, t.own.data(), small, w, t.value.data());
                } else {
                    for (int i = 0; i < w; ++i) t.slope[i] = row[i] * t.inverse[i];
                    value = evaluate(moments[m], t.slope.data(), nullptr, nullptr, w, t.value.data());
                }
                table[k * count + m] += total_product(value, weight, w);
            }
            continue;
        }
        add_by_class(t, q.c, w, weighted_values(moments[m], weight, w, t), table + m, count);
    }
}

EVERY_INSTRUCTION_SET
void softmax_gradient(const Problem& q, std::int64_t sample, std::int64_t first, int w, const Moment* moments, int count,
                      const double* upstream, const Others& others, Tile& t, float* gradient) {
    const float* of_error = others.errors ? others.of_error.data() : nullptr;
    softmax_tile(q, sample, first, w, Wanted{slope_reads_cost(moments, count), others.costs, of_error}, t);
    write_softmax_gradient(q, sample, first, w, moments, count, upstream, others, t, gradient);
}

// Adds the sums of w elements to table[classes][moments] of one plane.
EVERY_INSTRUCTION_SET
void rivals_sums(const Problem& q, std::int64_t plane, std::int64_t first, int w, const Moment* moments, int count, Tile& t,
                 double* table) {
    rivals_tile(q, plane, first, w, read_cost(moments, count), t);
    const float* weight = weights(q, t, plane, first);
    for (int m = 0; m < count; ++m) {
        if (!first_of_function(moments, m)) continue;
        const float* value = weighted_values(moments[m], weight, w, t);
        double total[2];
        for (int label = 0; label < 2; ++label) total[label] = total_of_label(value, t.label.data(), label, w);
        double* row = table;
        for (int k = first_class(q); k < 2; ++k, row += count)
            for (int j = m; j < count; ++j)
                if (same_function(moments[j], moments[m])) row[j] += total[label_of(k, moments[j])];
    }
}

EVERY_INSTRUCTION_SET
void rivals_gradient(const Problem& q, std::int64_t plane, std::int64_t first, int w, const Moment* moments, int count,
                     const double* upstream, Tile& t, float* gradient) {
    rivals_tile(q, plane, first, w, slope_reads_cost(moments, count), t);
    write_rivals_gradient(q, plane, first, w, moments, count, upstream, t, gradient);
}

}  // namespace

// table: [n][c][count], overwritten.
EXPORT void moments_forward(const Problem* problem, const Moment* moments, int count, double* table, int threads) {
    const Problem& q = *problem;
    const Plan plan(q);
    const std::int64_t size = classes_of_plane(q) * count;
    const bool is_simple = simple(q, moments, count);
    const auto add_simple = read_cost(moments, count) ? simple_tile<true, true, false> : simple_tile<true, false, false>;
    const auto add_sums = rivals(q) ? rivals_sums : softmax_sums;
    std::vector<double> parts(plan.planes * plan.chunks * size, 0.0);
    plan.run(q, threads, [&](Tile& t, std::int64_t plane, std::int64_t chunk, std::int64_t first, int w) {
        double* part = parts.data() + (plane * plan.chunks + chunk) * size;
        if (is_simple) add_simple(q, plane, first, w, moments, count, nullptr, t, part, nullptr);
        else add_sums(q, plane, first, w, moments, count, t, part);
    });
    plan.add_up(parts, size, table);
}

// upstream: [n][c][count], the gradient of the table; gradient: that of the logits, overwritten.
EXPORT void moments_backward(const Problem* problem, const Moment* moments, int count, const double* upstream,
                          float* gradient, int threads) {
    const Problem& q = *problem;
    expect_large_pages(gradient, sizeof(float) * q.n * q.c * q.s);
    const std::int64_t size = classes_of_plane(q) * count;
    const bool is_simple = simple(q, moments, count);
    const auto write_simple = read_cost(moments, count) ? simple_tile<false, true, true> : simple_tile<false, false, true>;
    std::vector<Others> others;
    for (std::int64_t n = 0; n < q.n && !rivals(q); ++n)
        others.emplace_back(q.c, moments, count, upstream + n * size);
    Plan(q).run(q, threads, [&](Tile& t, std::int64_t plane, std::int64_t, std::int64_t first, int w) {
        const double* own = upstream + plane * size;
        if (is_simple)
            write_simple(q, plane, first, w, moments, count, own, t, nullptr, gradient);
        else if (rivals(q))
            rivals_gradient(q, plane, first, w, moments, count, own, t, gradient);
        else
            softmax_gradient(q, plane, first, w, moments, count, own, others[plane], t, gradient);
    });
}
