// Sums of f(x, l) over the pixels of each sample and class, their gradient, and the same for single pixels.
//
// The logits are read once in each direction, a tile of pixels across all classes at a time. With the softmax
// p_c = e_c / sum e and a pixel of label y, the gradient of a sum with weights u (of class c's OTHER pixels) and U (of y's
// OWN pixels) is
//     dz_c = u_c f'(p_c) p_c + p_c (G - T),   c != y;      dz_y = -(G x + T (1 - x)),   x = 1 - p_y,
//     T = sum over c != y of u_c f'(p_c) p_c,              G = U (df/dx (1 - x) + df/dl).
// The label's own share of e is left out of every sum over c, so that x and T do not cancel.
//
// Partial sums are kept for a fixed number of chunks and added in order: the result does not depend on the threads.
#include "memory.hpp"
#include "moments.hpp"
#include "others_cost.hpp"
#include "tile.hpp"

namespace {

constexpr int BLOCK = 256;  // numbers added in float32 before they go into a double

INLINE double total(const float* a, int w) {
    double sum = 0;
    for (int start = 0; start < w; start += BLOCK) {
        const int stop = start + BLOCK < w ? start + BLOCK : w;
        float part = 0;
#pragma omp simd reduction(+ : part)
        for (int i = start; i < stop; ++i) part += a[i];
        sum += part;
    }
    return sum;
}

INLINE double total_product(const float* a, const float* b, int w) {
    double sum = 0;
    for (int start = 0; start < w; start += BLOCK) {
        const int stop = start + BLOCK < w ? start + BLOCK : w;
        float part = 0;
#pragma omp simd reduction(+ : part)
        for (int i = start; i < stop; ++i) part += a[i] * b[i];
        sum += part;
    }
    return sum;
}

INLINE const float* weights(const Problem& q, std::int64_t sample, std::int64_t channel, std::int64_t first) {
    if (q.weight == nullptr) return nullptr;
    const std::int64_t row = q.weight_channels == 1 ? sample : sample * q.c + channel;
    return q.weight + row * q.s + first;
}

// Adds the sums of w pixels to table[c][moments].
EVERY_INSTRUCTION_SET
void softmax_sums(const Problem& q, std::int64_t sample, std::int64_t first, int w, const Moment* moments, int count,
                  Tile& t, double* table) {
    softmax_tile(q, sample, first, w, nullptr, t);
    const float* weight = weights(q, sample, 0, first);
    float* value = t.value.data();
    float* factor = t.pull.data();  // what turns a share into a weighted probability
    for (int i = 0; i < w; ++i) factor[i] = weight == nullptr ? t.inverse[i] : t.inverse[i] * weight[i];
    for (int m = 0; m < count; ++m) {
        if (moments[m].side == OTHER) {
            bool small = false;
            for (std::int64_t k = 0; k < q.c; ++k) {
                const float* row = t.share.data() + k * t.stride;
                if (moments[m].kind == ERROR) {
                    table[k * count + m] += total_product(row, factor, w);
                    continue;
                }
                if (moments[m].kind == COST) {
                    if (k == 0) small = rest_of_top(q, t, w, t.own.data());
                    others_cost(q, sample, first, k, t, t.own.data(), small, w, value);
                } else {
                    for (int i = 0; i < w; ++i) t.slope[i] = row[i] * t.inverse[i];
                    evaluate(moments[m], t.slope.data(), nullptr, nullptr, w, value);  // POWER
                }
                table[k * count + m] += weight == nullptr ? total(value, w) : total_product(value, weight, w);
            }
            continue;
        }
        evaluate(moments[m], t.error.data(), t.right.data(), t.cost.data(), w, value);
        if (weight != nullptr && moments[m].kind != COUNT)
            for (int i = 0; i < w; ++i) value[i] *= weight[i];
        const std::int64_t size = q.c + 1;  // the last row takes what is left out
        double* lanes = t.lanes.data();
        std::fill(t.lanes.begin(), t.lanes.end(), 0.0);
        for (int i = 0; i < w; ++i) {
            const std::int64_t row = t.label[i] < 0 ? q.c : t.label[i];
            lanes[(i % Tile::LANES) * size + row] += value[i];
        }
        for (std::int64_t k = 0; k < q.c; ++k)
            for (int lane = 0; lane < Tile::LANES; ++lane) table[k * count + m] += lanes[lane * size + k];
    }
}

// Weights of the sums of OTHER pixels: of ERROR, which needs no further pass, of COST, and whether there are more.
struct Others {
    std::vector<float> of_error, of_cost;  // [c]
    bool powers = false, costs = false;
};

Others others_of(std::int64_t c, const Moment* moments, int count, const double* upstream) {
    Others found{std::vector<float>(c, 0.0f), std::vector<float>(c, 0.0f)};
    for (int m = 0; m < count; ++m) {
        if (moments[m].side != OTHER) continue;
        found.powers |= moments[m].kind == POWER;
        found.costs |= moments[m].kind == COST;
        for (std::int64_t k = 0; k < c; ++k) {
            const float u = static_cast<float>(upstream[k * count + m]);
            if (moments[m].kind == ERROR) found.of_error[k] += u;
            if (moments[m].kind == COST) found.of_cost[k] += u;
        }
    }
    return found;
}

// out = sum over the powers of u f'(p) p, for one class.
INLINE void powers_pull(const Moment* moments, int count, const double* upstream, const float* share,
                        const float* inverse, int w, float* p, float* out) {
    for (int i = 0; i < w; ++i) p[i] = share[i] * inverse[i], out[i] = 0.0f;
    for (int m = 0; m < count; ++m) {
        if (moments[m].side != OTHER || moments[m].kind != POWER) continue;
        const float u = static_cast<float>(upstream[m]), gamma = moments[m].gamma;
        if (gamma == 2.0f)
            for (int i = 0; i < w; ++i) out[i] += u * 2.0f * p[i] * p[i];
        else
            for (int i = 0; i < w; ++i) out[i] += u * p[i] * bounded_power_slope(p[i], gamma);
    }
}

// upstream: [c][moments] of this sample.
EVERY_INSTRUCTION_SET
void softmax_gradient(const Problem& q, std::int64_t sample, std::int64_t first, int w, const Moment* moments, int count,
                      const double* upstream, const Others& others, Tile& t, float* gradient) {
    softmax_tile(q, sample, first, w, others.of_error.data(), t);
    const int c = static_cast<int>(q.c);
    const float* weight = weights(q, sample, 0, first);
    float *own = t.own.data(), *pull = t.pull.data(), *slope = t.slope.data(), *value = t.value.data();
    for (int i = 0; i < w; ++i) own[i] = 0.0f;
    for (int m = 0; m < count; ++m) {
        if (moments[m].side != OWN || moments[m].kind == COUNT) continue;
        evaluate_slope(moments[m], t.error.data(), t.right.data(), t.cost.data(), w, slope);
        for (int i = 0; i < w; ++i)
            own[i] += static_cast<float>(upstream[(t.label[i] < 0 ? 0 : t.label[i]) * count + m]) * slope[i];
    }
    for (int k = 0; others.powers && k < c; ++k) {
        powers_pull(moments, count, upstream + k * count, t.share.data() + k * t.stride, t.inverse.data(), w, value, slope);
        for (int i = 0; i < w; ++i) pull[i] += slope[i];
    }
    for (int i = 0; i < w; ++i) {
        const float factor = t.label[i] < 0 ? 0.0f : weight == nullptr ? 1.0f : weight[i];
        t.cost[i] = -factor * (own[i] * t.error[i] + pull[i] * t.right[i]);  // dz of the label
        t.error[i] = factor * t.inverse[i];
        own[i] = (own[i] - pull[i]) * t.error[i];  // (G - T) / sum e
    }
    for (int k = 0; k < c; ++k) {
        const float* row = t.share.data() + static_cast<std::int64_t>(k) * t.stride;
        float* out = gradient + (sample * q.c + k) * q.s + first;
        const float u = others.of_error[k];
        for (int i = 0; i < w; ++i) out[i] = row[i] * (u * t.error[i] + own[i]);
        if (!others.powers) continue;
        powers_pull(moments, count, upstream + k * count, row, t.inverse.data(), w, value, slope);
        for (int i = 0; i < w; ++i) out[i] += weight == nullptr ? slope[i] : slope[i] * weight[i];
    }
    for (int i = 0; i < w; ++i)
        if (t.label[i] >= 0) gradient[(sample * q.c + t.label[i]) * q.s + first + i] = t.cost[i];
    if (others.costs) add_others_cost_gradient(q, sample, first, others.of_cost.data(), t, weight, w, gradient);
}

// Adds the sums of w elements to table[moments] of one channel.
EVERY_INSTRUCTION_SET
void sigmoid_sums(const Problem& q, std::int64_t sample, std::int64_t channel, std::int64_t first, int w,
                  const Moment* moments, int count, Tile& t, double* table) {
    sigmoid_tile(q, sample * q.c + channel, first, w, t);
    const float* weight = weights(q, sample, channel, first);
    float *value = t.value.data(), *chosen = t.slope.data();
    for (int m = 0; m < count; ++m) {
        evaluate(moments[m], t.error.data(), t.right.data(), t.cost.data(), w, value);
        const std::int32_t side = moments[m].side == OWN ? 1 : 0;
        for (int i = 0; i < w; ++i) chosen[i] = t.label[i] == side ? value[i] : 0.0f;
        const bool weighted = weight != nullptr && moments[m].kind != COUNT;
        table[m] += weighted ? total_product(chosen, weight, w) : total(chosen, w);
    }
}

// dz = +-x (df/dx (1 - x) + df/dl) u; upstream: [moments] of the channel.
EVERY_INSTRUCTION_SET
void sigmoid_gradient(const Problem& q, std::int64_t sample, std::int64_t channel, std::int64_t first, int w,
                      const Moment* moments, int count, const double* upstream, Tile& t, float* gradient) {
    sigmoid_tile(q, sample * q.c + channel, first, w, t);
    const float* weight = weights(q, sample, channel, first);
    float *slope = t.slope.data(), *force = t.value.data();
    for (int i = 0; i < w; ++i) force[i] = 0.0f;
    for (int m = 0; m < count; ++m) {
        if (moments[m].kind == COUNT) continue;
        evaluate_slope(moments[m], t.error.data(), t.right.data(), t.cost.data(), w, slope);
        const std::int32_t side = moments[m].side == OWN ? 1 : 0;
        const float u = static_cast<float>(upstream[m]);
        for (int i = 0; i < w; ++i) force[i] += t.label[i] == side ? u * slope[i] : 0.0f;
    }
    float* out = gradient + (sample * q.c + channel) * q.s + first;
    for (int i = 0; i < w; ++i) {
        const float factor = weight == nullptr ? t.error[i] : t.error[i] * weight[i];
        out[i] = t.label[i] < 0 ? 0.0f : t.label[i] == 1 ? -factor * force[i] : factor * force[i];
    }
}

// Writes coefficient[n][c][moments] f(x, l) of every pixel into values: [n, s] under a softmax, [n, c, s] under a sigmoid.
EVERY_INSTRUCTION_SET
void tile_values(const Problem& q, std::int64_t sample, std::int64_t channel, std::int64_t first, int w,
                 const Moment* moments, int count, const double* coefficient, Tile& t, float* values) {
    if (q.sigmoid) sigmoid_tile(q, sample * q.c + channel, first, w, t);
    else softmax_tile(q, sample, first, w, nullptr, t);
    float *value = t.value.data(), *sum = t.slope.data();
    for (int i = 0; i < w; ++i) sum[i] = 0.0f;
    for (int m = 0; m < count; ++m) {
        evaluate(moments[m], t.error.data(), t.right.data(), t.cost.data(), w, value);
        if (q.sigmoid) {
            const std::int32_t side = moments[m].side == OWN ? 1 : 0;
            const float u = static_cast<float>(coefficient[(sample * q.c + channel) * count + m]);
            for (int i = 0; i < w; ++i) sum[i] += t.label[i] == side ? u * value[i] : 0.0f;
        } else {
            for (int i = 0; i < w; ++i)
                sum[i] += static_cast<float>(coefficient[(sample * q.c + (t.label[i] < 0 ? 0 : t.label[i])) * count + m]) * value[i];
        }
    }
    float* out = values + (q.sigmoid ? sample * q.c + channel : sample) * q.s + first;
    for (int i = 0; i < w; ++i) out[i] = t.label[i] < 0 ? 0.0f : sum[i];
}

}  // namespace

// table: [n][c][count], overwritten.
EXPORT void sums_forward(const Problem* problem, const Moment* moments, int count, double* table, int threads) {
    const Problem& q = *problem;
    const Plan plan(q);
    const std::int64_t size = (q.sigmoid ? 1 : q.c) * count;
    std::vector<double> parts(plan.planes * plan.chunks * size, 0.0);
    plan.run(q, threads, [&](Tile& t, std::int64_t plane, std::int64_t chunk, std::int64_t first, int w) {
        double* part = parts.data() + (plane * plan.chunks + chunk) * size;
        if (q.sigmoid) sigmoid_sums(q, plane / q.c, plane % q.c, first, w, moments, count, t, part);
        else softmax_sums(q, plane, first, w, moments, count, t, part);
    });
    for (std::int64_t plane = 0; plane < plan.planes; ++plane)
        for (std::int64_t k = 0; k < size; ++k) {
            double sum = 0;
            for (std::int64_t chunk = 0; chunk < plan.chunks; ++chunk) sum += parts[(plane * plan.chunks + chunk) * size + k];
            table[plane * size + k] = sum;
        }
}

// upstream: [n][c][count], the gradient of the table; gradient: that of the logits, overwritten.
EXPORT void sums_backward(const Problem* problem, const Moment* moments, int count, const double* upstream,
                          float* gradient, int threads) {
    const Problem& q = *problem;
    expect_large_pages(gradient, sizeof(float) * q.n * q.c * q.s);
    std::vector<Others> others;
    for (std::int64_t n = 0; n < q.n && !q.sigmoid; ++n)
        others.push_back(others_of(q.c, moments, count, upstream + n * q.c * count));
    Plan(q).run(q, threads, [&](Tile& t, std::int64_t plane, std::int64_t, std::int64_t first, int w) {
        if (q.sigmoid)
            sigmoid_gradient(q, plane / q.c, plane % q.c, first, w, moments, count, upstream + plane * count, t, gradient);
        else
            softmax_gradient(q, plane, first, w, moments, count, upstream + plane * q.c * count, others[plane], t, gradient);
    });
}

// coefficient: [n][c][count], of a pixel's label; values: [n, s] under a softmax, [n, c, s] under a sigmoid, overwritten. Their gradient is that
// of the sums with the values' own gradient as the pixel weight and the coefficients as upstream.
EXPORT void pixel_values(const Problem* problem, const Moment* moments, int count, const double* coefficient,
                         float* values, int threads) {
    const Problem& q = *problem;
    Plan(q).run(q, threads, [&](Tile& t, std::int64_t plane, std::int64_t, std::int64_t first, int w) {
        tile_values(q, q.sigmoid ? plane / q.c : plane, q.sigmoid ? plane % q.c : 0, first, w, moments, count, coefficient,
                    t, values);
    });
}
