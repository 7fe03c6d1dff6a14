// Sums over pixels of what soft targets g and probabilities p share, their gradient, and what is wrong with the targets.
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <vector>

#include "memory.hpp"
#include "parallel.hpp"
#include "simd/math.hpp"

namespace psl {

namespace {

constexpr int WIDTH = 256;  // pixels of a tile
constexpr std::int64_t PART = 1 << 14;  // pixels of a task: fixed, so that sums do not depend on the number of threads

// What a thread knows of a tile. Rows of e^z, of all channels under a softmax.
struct SoftTile {
    explicit SoftTile(std::int64_t channels) : rows(channels * WIDTH) {}
    std::vector<float> rows;
    float top[WIDTH], others[WIDTH], inverse[WIDTH], log_sum[WIDTH], valid[WIDTH];
    float rest[WIDTH];  // what the largest p lacks to 1, with all its digits
    std::int32_t best[WIDTH];
    float* row(std::int64_t k) { return rows.data() + k * WIDTH; }
};

constexpr float ROUNDING = 1e-2f;  // sums of shares in half precision are off by so much, and single ones exceed 1

INLINE bool is_share(float target) { return target >= -ROUNDING && target <= 1.0f + ROUNDING; }

INLINE float clean(float target, float valid) {
    const float above = target > 0.0f ? target : 0.0f;
    return valid > 0.0f && is_share(target) ? (above < 1.0f ? above : 1.0f) : 0.0f;
}

// max(x, 0), but NaN for NaN; of finite numbers, and of infinite ones too.
INLINE float positive_part(float x) { return x > 0.0f ? x : 0.0f * x; }
INLINE float positive_part_of_any(float x) { return x < 0.0f ? 0.0f : x; }

// p - g, `rest` being 1 - p where p is the largest: between numbers near 1 the digits are in what they lack.
INLINE float gap_of(float p, float rest, float target) {
    const float near = (1.0f - target) - rest, gap = p - target, least = p < target ? p : target;
    return least > 0.5f ? near : gap;
}

// Softmax: 1 where a channel is not to be ignored, the largest logit, e^z below it, and log sum e^(z - top).
INLINE void softmax_rows(const SoftProblem& q, const float* z, const float* g, int w, SoftTile& t) {
    for (int i = 0; i < w; ++i) t.top[i] = z[i], t.best[i] = 0, t.others[i] = 0.0f, t.valid[i] = g[i] != q.ignore;
    for (std::int32_t k = 1; k < q.c; ++k) {
        const float *channel = z + k * q.s, *target = g + k * q.s;
        for (int i = 0; i < w; ++i) {
            const bool larger = channel[i] > t.top[i];
            t.top[i] = larger ? channel[i] : t.top[i];
            t.best[i] = larger ? k : t.best[i];
            t.valid[i] = target[i] != q.ignore ? 1.0f : t.valid[i];
        }
    }
    for (std::int32_t k = 0; k < q.c; ++k) {
        const float* channel = z + k * q.s;
        float* row = t.row(k);
        for (int i = 0; i < w; ++i) {
            row[i] = exp_below_88(channel[i] - t.top[i]);
            t.others[i] += t.best[i] == k ? 0.0f * row[i] : row[i];
        }
    }
    for (int i = 0; i < w; ++i) {
        t.inverse[i] = 1.0f / (1.0f + t.others[i]);
        t.rest[i] = t.others[i] * t.inverse[i];
        t.log_sum[i] = log1p_nonnegative(t.others[i], t.inverse[i]);
    }
}

// Adds the sums of one channel of a tile.
INLINE void add_sums(int w, const float* p, const float* rest, const float* nll, const float* nll_other, const float* g,
                     const float* valid, double* sums) {
    float tp = 0, fp = 0, fn = 0, cost = 0, other = 0, positives = 0, count = 0;
#pragma omp simd reduction(+ : tp, fp, fn, cost, other, positives, count)
    for (int i = 0; i < w; ++i) {
        const float target = clean(g[i], valid[i]), gap = gap_of(p[i], rest[i], target);
        const bool counts = valid[i] > 0.0f;
        tp += counts ? (gap >= 0.0f ? target : p[i]) : 0.0f;  // NaN where p is
        fp += counts ? positive_part(gap) : 0.0f;
        fn += counts ? positive_part(-gap) : 0.0f;
        cost += counts ? target * nll[i] : 0.0f;
        other += counts ? (1.0f - target) * nll_other[i] : 0.0f;
        positives += target;
        count += valid[i];
    }
    const double of_tile[SOFT_SUMS] = {tp, fp, fn, cost, other, positives, double(count) - positives, count};
    for (int k = 0; k < SOFT_SUMS; ++k) sums[k] += of_tile[k];
}

TARGET_CLONES
void softmax_sums(const SoftProblem& q, std::int64_t plane, std::int64_t first, int w, SoftTile& t, double* sums) {
    const float *z = q.logits + plane * q.c * q.s + first, *g = q.targets + plane * q.c * q.s + first;
    softmax_rows(q, z, g, w, t);
    float nll[WIDTH], none[WIDTH];
    for (int i = 0; i < w; ++i) none[i] = 0.0f;
    for (std::int64_t k = 0; k < q.c; ++k) {
        const float *channel = z + k * q.s, *target = g + k * q.s;
        float* p = t.row(k);
        for (int i = 0; i < w; ++i) {
            p[i] *= t.inverse[i];
            const float cost = (t.top[i] - channel[i]) + t.log_sum[i];
            nll[i] = clean(target[i], t.valid[i]) == 0.0f ? 0.0f : cost;  // of nothing an infinite cost is nothing
        }
        add_sums(w, p, t.rest, nll, none, g + k * q.s, t.valid, sums + k * SOFT_SUMS);
    }
}

// The gradient of a channel's sums, read before a loop: a choice between numbers is vectorised, one between loads is not.
struct Upstream {
    explicit INLINE Upstream(const float* u)
        : above(u[SOFT_FP]), below(u[SOFT_TP] - u[SOFT_FN]), nll(u[SOFT_NLL]), nll_other(u[SOFT_NLL_OTHER]) {}
    float above, below, nll, nll_other;

    // What it says of p, p - g being the gap. Exactly at p = g no sum has a slope.
    INLINE float slope(float gap) const {
        const float over = gap > 0.0f ? above : 0.0f;
        return gap < 0.0f ? below : over;
    }
};

TARGET_CLONES
void softmax_gradient(const SoftProblem& q, const float* upstream, std::int64_t plane, std::int64_t first, int w, SoftTile& t,
                      float* gradient) {
    const std::int64_t start = plane * q.c * q.s + first;
    softmax_rows(q, q.logits + start, q.targets + start, w, t);
    float best_slope[WIDTH], best_cost[WIDTH], other_slopes[WIDTH], other_costs[WIDTH];  // of the largest p and of the others
    for (int i = 0; i < w; ++i) best_slope[i] = best_cost[i] = other_slopes[i] = other_costs[i] = 0.0f;
    for (std::int32_t k = 0; k < q.c; ++k) {
        const Upstream u(upstream + k * SOFT_SUMS);
        const float* g = q.targets + start + k * q.s;
        float* p = t.row(k);
        for (int i = 0; i < w; ++i) {
            p[i] *= t.inverse[i];
            const float target = clean(g[i], t.valid[i]), slope = u.slope(gap_of(p[i], t.rest[i], target));
            const bool best = t.best[i] == k;
            best_slope[i] += best ? slope : 0.0f;
            best_cost[i] += best ? u.nll * target : 0.0f;
            other_slopes[i] += best ? 0.0f : p[i] * slope;
            other_costs[i] += best ? 0.0f : u.nll * target;
        }
    }
    // p (s - sum p s) + p sum c - c for slopes s and costs c: of the largest p by what it lacks to 1.
    for (std::int32_t k = 0; k < q.c; ++k) {
        const Upstream u(upstream + k * SOFT_SUMS);
        const float *g = q.targets + start + k * q.s, *p = t.row(k);
        float* out = gradient + start + k * q.s;
        for (int i = 0; i < w; ++i) {
            const float target = clean(g[i], t.valid[i]), slope = u.slope(gap_of(p[i], t.rest[i], target));
            const float cost = best_cost[i] + other_costs[i];
            const float of_best = p[i] * (slope * t.rest[i] - other_slopes[i]) + other_costs[i] - t.rest[i] * cost;
            const float mean = best_slope[i] * (1.0f - t.rest[i]) + other_slopes[i];
            const float of_other = p[i] * (slope - mean + cost) - u.nll * target;
            out[i] = t.valid[i] > 0.0f ? (t.best[i] == k ? of_best : of_other) : 0.0f;
        }
    }
}

// Sigmoid: p in the first row, 1 - p in `rest`, log(1 + e^-|z|) in `log_sum`.
INLINE void sigmoid_row(const SoftProblem& q, const float* z, const float* g, int w, SoftTile& t) {
    float* p = t.row(0);
    for (int i = 0; i < w; ++i) {
        const float size = z[i] < 0.0f ? -z[i] : z[i], small = exp_below_88(-size), inverse = 1.0f / (1.0f + small);
        p[i] = z[i] < 0.0f ? small * inverse : inverse;
        t.rest[i] = z[i] < 0.0f ? inverse : small * inverse;
        t.log_sum[i] = log1p_nonnegative(small, inverse);
        t.valid[i] = g[i] != q.ignore ? 1.0f : 0.0f;
    }
}

TARGET_CLONES
void sigmoid_sums(const SoftProblem& q, std::int64_t plane, std::int64_t first, int w, SoftTile& t, double* sums) {
    const float *z = q.logits + plane * q.s + first, *g = q.targets + plane * q.s + first;
    sigmoid_row(q, z, g, w, t);
    float nll[WIDTH], nll_other[WIDTH];
    for (int i = 0; i < w; ++i) {
        const float cost = positive_part_of_any(-z[i]) + t.log_sum[i];
        const float cost_other = positive_part_of_any(z[i]) + t.log_sum[i];
        const float target = clean(g[i], t.valid[i]);
        nll[i] = target == 0.0f ? 0.0f : cost;  // of nothing an infinite cost is nothing
        nll_other[i] = target == 1.0f ? 0.0f : cost_other;
    }
    add_sums(w, t.row(0), t.rest, nll, nll_other, g, t.valid, sums);
}

TARGET_CLONES
void sigmoid_gradient(const SoftProblem& q, const float* upstream, std::int64_t plane, std::int64_t first, int w, SoftTile& t,
                      float* gradient) {
    const float *z = q.logits + plane * q.s + first, *g = q.targets + plane * q.s + first;
    sigmoid_row(q, z, g, w, t);
    const Upstream u(upstream);
    const float* p = t.row(0);
    float* out = gradient + plane * q.s + first;
    for (int i = 0; i < w; ++i) {
        const float target = clean(g[i], t.valid[i]), rest = t.rest[i];
        const float cost = u.nll_other * (1.0f - target) * p[i] - u.nll * target * rest;
        const float slope = u.slope(gap_of(p[i], rest, target)) * p[i] * rest + cost;
        out[i] = t.valid[i] > 0.0f ? slope : 0.0f;
    }
}

// Run work(tile, plane, part, first, width) on the tiles of every part of every plane.
template <class Work>
void run_tiles(const SoftProblem& q, int threads, Work work) {
    const std::int64_t planes = q.sigmoid ? q.n * q.c : q.n, parts = (q.s + PART - 1) / PART;
    run_parallel(
        static_cast<int>(planes * parts), threads, [&] { return SoftTile(q.sigmoid ? 1 : q.c); },
        [&](SoftTile& t, int task) {
            const std::int64_t plane = task / parts, start = task % parts * PART, end = std::min(start + PART, q.s);
            for (std::int64_t first = start; first < end; first += WIDTH)
                work(t, plane, task, first, static_cast<int>(std::min<std::int64_t>(WIDTH, end - first)));
        });
}

TARGET_CLONES
void check_tile(const SoftProblem& q, std::int64_t plane, std::int64_t first, int w, std::int64_t* counts) {
    const std::int64_t channels = q.sigmoid ? 1 : q.c;
    const float* g = q.targets + plane * channels * q.s + first;
    float sum[WIDTH], valid[WIDTH], outside[WIDTH];
    for (int i = 0; i < w; ++i) sum[i] = valid[i] = outside[i] = 0.0f;
    for (std::int64_t k = 0; k < channels; ++k) {
        const float* target = g + k * q.s;
        for (int i = 0; i < w; ++i) {
            sum[i] += target[i];
            valid[i] = target[i] != q.ignore ? 1.0f : valid[i];
            outside[i] = is_share(target[i]) ? outside[i] : 1.0f;
        }
    }
    const float slack = q.sigmoid ? 3e38f : ROUNDING;
    std::int32_t wrong = 0, count = 0;
#pragma omp simd reduction(+ : wrong, count)
    for (int i = 0; i < w; ++i) {
        const float gap = sum[i] - 1.0f, size = gap < 0.0f ? -gap : gap;
        wrong += valid[i] > 0.0f && (outside[i] > 0.0f || !(size <= slack)) ? 1 : 0;
        count += valid[i] > 0.0f ? 1 : 0;
    }
    counts[0] += wrong;
    counts[1] += count;
}

}  // namespace

EXPORT Status soft_targets_check(const SoftProblem* problem, std::int64_t* counts, int threads) {
    return status_of([&] {
        const SoftProblem& q = *problem;
        std::atomic<std::int64_t> wrong{0}, valid{0};
        run_tiles(q, threads, [&](SoftTile&, std::int64_t plane, int, std::int64_t first, int w) {
            std::int64_t of_tile[2] = {0, 0};
            check_tile(q, plane, first, w, of_tile);
            wrong += of_tile[0];
            valid += of_tile[1];
        });
        counts[0] = wrong;
        counts[1] = valid;
    });
}

EXPORT Status soft_targets_forward(const SoftProblem* problem, double* sums, int threads) {
    return status_of([&] {
        const SoftProblem& q = *problem;
        const std::int64_t planes = q.sigmoid ? q.n * q.c : q.n, parts = (q.s + PART - 1) / PART;
        const std::int64_t size = (q.sigmoid ? 1 : q.c) * SOFT_SUMS;
        std::vector<double> partial(planes * parts * size, 0.0);
        run_tiles(q, threads, [&](SoftTile& t, std::int64_t plane, int task, std::int64_t first, int w) {
            (q.sigmoid ? sigmoid_sums : softmax_sums)(q, plane, first, w, t, partial.data() + task * size);
        });
        std::fill(sums, sums + planes * size, 0.0);
        for (std::int64_t task = 0; task < planes * parts; ++task)
            for (std::int64_t i = 0; i < size; ++i) sums[task / parts * size + i] += partial[task * size + i];
    });
}

EXPORT Status soft_targets_backward(const SoftProblem* problem, const float* upstream, float* gradient, int threads) {
    return status_of([&] {
        const SoftProblem& q = *problem;
        const std::int64_t size = (q.sigmoid ? 1 : q.c) * SOFT_SUMS;
        expect_large_pages(gradient, sizeof(float) * q.n * q.c * q.s);
        run_tiles(q, threads, [&](SoftTile& t, std::int64_t plane, int, std::int64_t first, int w) {
            (q.sigmoid ? sigmoid_gradient : softmax_gradient)(q, upstream + plane * size, plane, first, w, t, gradient);
        });
    });
}

}  // namespace psl
