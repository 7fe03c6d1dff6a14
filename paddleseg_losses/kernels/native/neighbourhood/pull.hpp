// What pulls the pixels of a boundary towards one of their neighbours: the cross entropy of the scores k_j = KL(p_j || p_i) of
// the neighbours j with the one nearest to the true boundary, a share of which is spread over all.
//
// Some pixels look at their neighbours together. What they see is gathered first: then the loops over it can be vectorised.
#pragma once

#include <cmath>

#include "distance/envelope.hpp"
#include "neighbourhood/change.hpp"

namespace psl {

constexpr int LANES = 32;  // pixels that look at their neighbours together

// At which borders of the image a pixel lies: bits, one for each side of each axis.
INLINE std::int32_t borders_of(std::int32_t at, std::int32_t size, int axis) {
    return ((at == 0 ? 1 : 0) | (at == size - 1 ? 2 : 0)) << (2 * axis);
}

// Steps to all neighbours, those along fewer axes first: of equally near ones the first is taken.
struct NeighbourSteps {
    static constexpr int MOST = 26;

    int count = 0;
    std::int32_t step[MOST], leaves[MOST];  // at which borders a step leaves the image

    explicit NeighbourSteps(const Image& image) {
        const int deep = image.axes > 2, high = image.axes > 1;
        const auto side = [](int move, int axis) { return (move < 0 ? 1 : move > 0 ? 2 : 0) << (2 * axis); };
        for (int moves = 1; moves <= image.axes; ++moves)
            for (int z = -deep; z <= deep; ++z)
                for (int y = -high; y <= high; ++y)
                    for (int x = -1; x <= 1; ++x)
                        if (std::abs(z) + std::abs(y) + std::abs(x) == moves) {
                            leaves[count] = side(x, 0) | side(y, 1) | side(z, 2);
                            step[count++] = std::int32_t((z * image.height + y) * image.width + x);
                        }
    }
};

// What some pixels see of their neighbours, one row for each neighbour.
struct View {
    std::int32_t at[LANES], borders[LANES], aim[LANES], to[NeighbourSteps::MOST][LANES];
    float count[LANES], share[LANES];  // how many neighbours count; min(D, d) / d
    float there[NeighbourSteps::MOST][LANES];  // 1 if the neighbour counts, else 0; in the end the slope of its k
    float pull[NeighbourSteps::MOST][LANES];  // k
};

constexpr int LEFT_OUT = -1;

// Squared distances to the true boundary, of the squares from it, which have a sign; LEFT_OUT where a pixel is.
template <class Square>
TARGET_CLONES void measure(const std::int32_t* label, std::int64_t first, std::int64_t last, Square* squares) {
    for (std::int64_t i = first; i < last; ++i) {
        const Square square = squares[i] > 0 ? Square(0) : -squares[i];
        squares[i] = label[i] < 0 ? Square(LEFT_OUT) : square;
    }
}

template <class T>
INLINE void gather(const T* values, const std::int32_t* places, T* out) {
    for (int b = 0; b < LANES; ++b) out[b] = values[places[b]];
}

// Which neighbours count, and which of them is the nearest to the true boundary.
template <class Square>
TARGET_CLONES void look_around(const Image& image, const NeighbourSteps& around, const Square* squares, double max_distance,
                               View& v) {
    const std::int32_t width = std::int32_t(image.width), height = std::int32_t(image.height);
    Square least[LANES], away[LANES];
    gather(squares, v.at, away);
    for (int b = 0; b < LANES; ++b) {
        const double distance = std::sqrt(double(away[b]));
        const std::int32_t at = v.at[b], row = at / width;
        v.share[b] = float((distance < max_distance ? distance : max_distance) / max_distance);
        v.borders[b] = borders_of(at % width, width, 0) | borders_of(row % height, height, 1) |
                       borders_of(row / height, std::int32_t(image.depth), 2);
        v.count[b] = 0.0f, v.aim[b] = 0, least[b] = FAR<Square>;
    }
    for (int j = 0; j < around.count; ++j) {
        std::int32_t* to = v.to[j];
        for (int b = 0; b < LANES; ++b) to[b] = v.at[b] + ((v.borders[b] & around.leaves[j]) == 0 ? around.step[j] : 0);
        gather(squares, to, away);
#pragma omp simd
        for (int b = 0; b < LANES; ++b) {
            const bool counts = (to[b] != v.at[b]) & (away[b] >= 0), nearer = counts & (away[b] < least[b]);
            least[b] = nearer ? away[b] : least[b];
            v.aim[b] = nearer ? j : v.aim[b];
            v.there[j][b] = counts ? 1.0f : 0.0f;
            v.count[b] += counts ? 1.0f : 0.0f;
        }
    }
}

// k of all neighbours; of those that do not count any number.
TARGET_CLONES
static void divergences(const Scores& scores, const ChangeMaps& m, int neighbours, View& v) {
    float own[LANES], top[LANES], rest[LANES], other[LANES];
    gather(m.top, v.at, top);
    gather(m.rest, v.at, rest);
    for (int j = 0; j < neighbours; ++j) gather(m.entropy, v.to[j], v.pull[j]);
    for (int k = 0; k < scores.classes; ++k) {
        if (k < scores.first) std::fill_n(own, LANES, 0.0f);
        else gather(scores.from(k, 0), v.at, own);
#pragma omp simd
        for (int b = 0; b < LANES; ++b) own[b] = log_share(own[b], top[b], rest[b]);
        for (int j = 0; j < neighbours; ++j) {
            gather(m.p + k * m.s, v.to[j], other);
#pragma omp simd
            for (int b = 0; b < LANES; ++b) v.pull[j][b] -= other[b] * own[b];
        }
    }
}

// The losses of some pixels; `there` becomes their slopes in k.
TARGET_CLONES
static void cross_entropies(int neighbours, float smoothing, View& v, float* losses) {
    float most[LANES], sum[LANES], even[LANES], aimed[LANES];
    for (int b = 0; b < LANES; ++b) most[b] = -INFINITY, sum[b] = even[b] = aimed[b] = 0.0f;
    for (int j = 0; j < neighbours; ++j)
#pragma omp simd
        for (int b = 0; b < LANES; ++b) {
            const float pull = v.there[j][b] > 0.0f ? v.pull[j][b] : -INFINITY;
            most[b] = pull > most[b] ? pull : most[b];
        }
    for (int j = 0; j < neighbours; ++j)
#pragma omp simd
        for (int b = 0; b < LANES; ++b) {
            const bool counts = v.there[j][b] > 0.0f;
            const float lead = counts ? v.pull[j][b] - most[b] : -88.0f, share = exp_below_88(lead);
            sum[b] += share;
            even[b] += counts ? lead : 0.0f;
            aimed[b] = counts & (v.aim[b] == j) ? lead : aimed[b];
            v.pull[j][b] = share;
        }
#pragma omp simd
    for (int b = 0; b < LANES; ++b) {
        const bool any = v.count[b] > 0.0f;
        const float count = any ? v.count[b] : 1.0f, total = any ? sum[b] : 1.0f;
        const float loss = log1p_nonnegative(total - 1.0f) - aimed[b] - smoothing * (even[b] / count - aimed[b]);
        losses[b] = any ? v.share[b] * loss : 0.0f;
        sum[b] = 1.0f / total;
        even[b] = smoothing / count;
    }
    for (int j = 0; j < neighbours; ++j)
#pragma omp simd
        for (int b = 0; b < LANES; ++b) {
            const float target = even[b] + (v.aim[b] == j ? 1.0f - smoothing : 0.0f);
            v.there[j][b] *= v.share[b] * (v.pull[j][b] * sum[b] - target);
        }
}

// The slopes of some pixels in the logits of one class.
TARGET_CLONES
static void slopes_of(const float* p, int neighbours, const View& v, float* slopes) {
    float own[LANES], other[LANES];
    gather(p, v.at, own);
    for (int b = 0; b < LANES; ++b) slopes[b] = 0.0f;
    for (int j = 0; j < neighbours; ++j) {
        gather(p, v.to[j], other);
#pragma omp simd
        for (int b = 0; b < LANES; ++b) slopes[b] += v.there[j][b] * (own[b] - other[b]);
    }
}

}  // namespace psl
