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
#include "sums.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "memory.hpp"
#include "parallel.hpp"

namespace {

constexpr int BLOCK = 256;  // numbers added in float32 before they go into a double

// Labels that count, and those out of range.
EVERY_INSTRUCTION_SET
std::pair<std::int64_t, std::int64_t> count_labels(const Problem& q, std::int64_t first, std::int64_t size,
                                                   std::int64_t classes) {
    std::int64_t valid = 0, bad = 0;
    for (std::int64_t i = first; i < first + size; ++i) {
        const std::int64_t y = q.label_bytes == 8   ? static_cast<const std::int64_t*>(q.labels)[i]
                               : q.label_bytes == 4 ? static_cast<const std::int32_t*>(q.labels)[i]
                                                    : static_cast<const std::uint8_t*>(q.labels)[i];
        const bool inside = y >= 0 && y < classes;
        valid += y != q.ignore && inside;
        bad += y != q.ignore && !inside;
    }
    return {valid, bad};
}

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

// Shares e_c, and error, right and cost of the true label, of w pixels. With `upstream`, `pull` = T of ERROR sums
// (without the pixel weight).
EVERY_INSTRUCTION_SET
void softmax_tile(const Problem& q, std::int64_t sample, std::int64_t first, int w, const float* upstream, Tile& t) {
    const int c = static_cast<int>(q.c), stride = t.stride;
    const std::int32_t* label = t.label.data();
    read_labels(q, sample * q.s + first, w, q.c, t.label.data());
    float *top = t.own.data(), *share = t.share.data(), *gap = t.cost.data(), *rest = t.error.data();
    float *inverse = t.inverse.data(), *right = t.right.data(), *pull = t.pull.data();
    for (int k = 0; k < c; ++k) {
        const float* z = q.logits + (sample * q.c + k) * q.s + first;
        float* row = share + static_cast<std::int64_t>(k) * stride;
        for (int i = 0; i < w; ++i) {
            const float clean = label[i] < 0 ? 0.0f : z[i];  // whatever is there must not spread
            row[i] = clean;
            top[i] = k == 0 || clean > top[i] ? clean : top[i];
        }
    }
    for (int i = 0; i < w; ++i) {  // the label's own leaves the rows
        float& own = share[static_cast<std::int64_t>(label[i] < 0 ? 0 : label[i]) * stride + i];
        gap[i] = own - top[i];
        own = -INFINITY;
    }
    for (int i = 0; i < w; ++i) rest[i] = pull[i] = 0.0f;
    for (int k = 0; k < c; ++k) {
        float* row = share + static_cast<std::int64_t>(k) * stride;
        if (upstream == nullptr) {
            for (int i = 0; i < w; ++i) {
                row[i] = exp_nonpositive(row[i] - top[i]);
                rest[i] += row[i];
            }
        } else {
            const float u = upstream[k];
            for (int i = 0; i < w; ++i) {
                row[i] = exp_nonpositive(row[i] - top[i]);
                rest[i] += row[i];
                pull[i] += u * row[i];
            }
        }
    }
    for (int i = 0; i < w; ++i) {
        const float own = exp_nonpositive(gap[i]);
        const float scale = label[i] < 0 ? 0.0f : 1.0f / (rest[i] + own);
        const float cost = log1p_nonnegative(rest[i] + (own - 1.0f)) - gap[i];
        inverse[i] = scale;
        t.error[i] = rest[i] * scale;
        right[i] = own * scale;
        pull[i] *= scale;
        t.cost[i] = label[i] < 0 ? 0.0f : cost;
    }
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
            for (std::int64_t k = 0; k < q.c; ++k) {
                const float* row = t.share.data() + k * t.stride;
                if (moments[m].kind == ERROR) {
                    table[k * count + m] += total_product(row, factor, w);
                    continue;
                }
                for (int i = 0; i < w; ++i) t.slope[i] = row[i] * t.inverse[i];
                evaluate(moments[m], t.slope.data(), nullptr, nullptr, w, value);  // POWER
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

// Weights of the sums of OTHER pixels: of ERROR alone, which needs no further pass, and whether there are powers too.
struct Others {
    std::vector<float> of_error;  // [c]
    bool powers = false;
};

Others others_of(std::int64_t c, const Moment* moments, int count, const double* upstream) {
    Others found{std::vector<float>(c, 0.0f)};
    for (int m = 0; m < count; ++m) {
        if (moments[m].side != OTHER) continue;
        if (moments[m].kind == POWER) found.powers = true;
        else if (moments[m].kind == ERROR)
            for (std::int64_t k = 0; k < c; ++k) found.of_error[k] += static_cast<float>(upstream[k * count + m]);
    }
    return found;
}

// out = sum over the powers of u f'(p) p, for one class.
INLINE void powers_pull(const Moment* moments, int count, const double* upstream, const float* p, int w, float* out) {
    for (int i = 0; i < w; ++i) out[i] = 0.0f;
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
    for (int k = 0; others.powers && k < c; ++k) {  // shares become probabilities
        float* row = t.share.data() + static_cast<std::int64_t>(k) * t.stride;
        for (int i = 0; i < w; ++i) row[i] *= t.inverse[i];
        powers_pull(moments, count, upstream + k * count, row, w, slope);
        for (int i = 0; i < w; ++i) pull[i] += slope[i];
    }
    for (int i = 0; i < w; ++i) {
        const float factor = t.label[i] < 0 ? 0.0f : weight == nullptr ? 1.0f : weight[i];
        value[i] = -factor * (own[i] * t.error[i] + pull[i] * t.right[i]);  // dz of the label
        own[i] = factor * (own[i] - pull[i]);                               // G - T
        t.cost[i] = others.powers ? factor : factor * t.inverse[i];
        own[i] *= others.powers ? 1.0f : t.inverse[i];
    }
    for (int k = 0; k < c; ++k) {
        const float* row = t.share.data() + static_cast<std::int64_t>(k) * t.stride;
        float* out = gradient + (sample * q.c + k) * q.s + first;
        const float u = others.of_error[k];
        for (int i = 0; i < w; ++i) out[i] = row[i] * (u * t.cost[i] + own[i]);
        if (!others.powers) continue;
        powers_pull(moments, count, upstream + k * count, row, w, slope);
        for (int i = 0; i < w; ++i) out[i] += slope[i] * t.cost[i];
    }
    for (int i = 0; i < w; ++i)
        if (t.label[i] >= 0) gradient[(sample * q.c + t.label[i]) * q.s + first + i] = value[i];
}

// Error, right and cost of w elements of one channel under a sigmoid; label 1 is the channel's own, 0 the others'.
EVERY_INSTRUCTION_SET
void sigmoid_tile(const Problem& q, std::int64_t plane, std::int64_t first, int w, Tile& t) {
    read_labels(q, plane * q.s + first, w, 2, t.label.data());
    const float* z = q.logits + plane * q.s + first;
    for (int i = 0; i < w; ++i) {
        const float clean = t.label[i] < 0 ? 0.0f : z[i];
        const float wrong = t.label[i] == 1 ? -clean : clean;  // log-odds of the error
        const float size = wrong < 0.0f ? -wrong : wrong;
        const float small = exp_nonpositive(-size), scale = 1.0f / (1.0f + small);
        t.error[i] = wrong > 0.0f ? scale : small * scale;
        t.right[i] = wrong > 0.0f ? small * scale : scale;
        t.cost[i] = (wrong > 0.0f ? wrong : 0.0f) + log1p_nonnegative(small);
    }
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

// The image cut into tiles, and the tiles into a number of chunks that does not depend on the threads.
struct Plan {
    static constexpr std::int64_t CHUNKS = 64;

    explicit Plan(const Problem& q)
        : planes(q.sigmoid ? q.n * q.c : q.n), width(Tile::width(q.sigmoid ? 1 : q.c)),
          tiles((q.s + width - 1) / width),
          chunks(std::min(tiles, std::max<std::int64_t>(1, (CHUNKS + planes - 1) / planes))) {}

    std::int64_t planes, width, tiles, chunks;  // tiles and chunks of one plane: a sample, or a channel under a sigmoid

    // Calls work(tile, plane, chunk, first pixel, pixels) for all tiles, those of a chunk in order.
    template <class Work>
    void run(const Problem& q, int threads, Work work) const {
        run_parallel(static_cast<int>(planes * chunks), threads, [&](int task) {
            Tile tile(q.sigmoid ? 1 : q.c);
            const std::int64_t plane = task / chunks, chunk = task % chunks;
            for (std::int64_t k = tiles * chunk / chunks; k < tiles * (chunk + 1) / chunks; ++k) {
                const std::int64_t first = k * width;
                work(tile, plane, chunk, first, static_cast<int>(std::min(width, q.s - first)));
            }
        });
    }
};

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

// found: number of labels that count, and of those out of range, among all of them.
EXPORT void scan_labels(const void* labels, int label_bytes, std::int64_t size, std::int64_t classes, std::int64_t ignore,
                        std::int64_t* found, int threads) {
    constexpr std::int64_t PART = 1 << 16;
    const std::int64_t parts = (size + PART - 1) / PART;
    std::atomic<std::int64_t> valid{0}, bad{0};
    Problem q{};
    q.labels = labels, q.label_bytes = label_bytes, q.ignore = ignore;
    run_parallel(static_cast<int>(parts), threads, [&](int part) {
        const auto [good, wrong] = count_labels(q, part * PART, std::min(PART, size - part * PART), classes);
        valid += good, bad += wrong;
    });
    found[0] = valid, found[1] = bad;
}
