// Active contours: for each sample and class, length times the mean of sqrt(S + eps) - sqrt(eps) over the cells of 2^d
// neighbouring pixels that all count, plus region times the mean of |p - g| over the pixels that count. S is the squared slope
// of p: along each axis the mean of the squared differences of the cell's edges, added up. Axes of length 1 take no part.
//
// A task is a map; its sums are added in the order of its pixels, so the result does not depend on the threads.
#include <cmath>
#include <utility>

#include "image.hpp"
#include "memory.hpp"
#include "signed_prob.hpp"

namespace psl {

namespace {

// Corners and edges of a cell, as offsets from its first pixel.
struct Cell {
    std::vector<std::int64_t> sizes, corners{0};  // of the axes that take part
    std::vector<std::pair<std::int64_t, std::int64_t>> edges;

    Cell(int axes, const std::int64_t* all) {
        std::int64_t stride = 1;
        for (int axis = axes - 1; axis >= 0; stride *= all[axis--]) {
            if (all[axis] == 1) continue;
            sizes.insert(sizes.begin(), all[axis]);
            const auto old_edges = edges;
            const auto old_corners = corners;
            for (const auto& [a, b] : old_edges) edges.emplace_back(a + stride, b + stride);
            for (const std::int64_t corner : old_corners) {
                edges.emplace_back(corner, corner + stride);
                corners.push_back(corner + stride);
            }
        }
    }

    double share() const { return 1.0 / double(corners.size() / 2); }  // of an edge in the mean along its axis
};

// Maps of one size, and rows of cells, which a thread uses for all its tasks: the maps are one block, which the next call
// mostly finds still mapped.
struct Space {
    double *p, *slope;
    std::int32_t* label;
    std::vector<double> square, weight, flow;
    std::vector<std::int32_t> marks;

    Space(std::int64_t s, std::int64_t width)
        : square(width), weight(width), flow(width + 1), marks(width), block_(new char[bytes(s)]) {
        expect_large_pages(block_.get(), bytes(s));
        Arena arena(block_.get());
        for (double** each : {&p, &slope}) *each = arena.take<double>(s);
        label = arena.take<std::int32_t>(s);
    }

private:
    static std::int64_t bytes(std::int64_t s) { return 2 * Arena::bytes<double>(s) + Arena::bytes<std::int32_t>(s); }

    std::unique_ptr<char[]> block_;
};

struct Means {
    double total = 0, count = 0;

    double per() const { return count > 0 ? 1.0 / count : 0.0; }
};

// p, and the sum of |p - g|.
TARGET_CLONES
Means region_of(const float* folded, const std::int32_t* label, int own, std::int64_t s, double* p) {
    double total = 0, count = 0;
#pragma omp simd reduction(+ : total, count)
    for (std::int64_t i = 0; i < s; ++i) {
        const double x = double(folded[i]);
        const bool large = std::signbit(folded[i]);
        const double high = large ? 1.0 + x : x, rest = large ? -x : 1.0 - x, error = label[i] == own ? rest : high;
        p[i] = label[i] < 0 ? 0.0 : high;
        total += label[i] < 0 ? 0.0 : error;
        count += label[i] < 0 ? 0.0 : 1.0;
    }
    return {total, count};
}

TARGET_CLONES
void add_squares(const double* a, const double* b, std::int64_t cells, double* square) {
    for (std::int64_t i = 0; i < cells; ++i) square[i] += (b[i] - a[i]) * (b[i] - a[i]);
}

TARGET_CLONES
void add_marks(const std::int32_t* label, std::int64_t cells, std::int32_t* marks) {
    for (std::int64_t i = 0; i < cells; ++i) marks[i] |= label[i];
}

// Lengths of a row of cells, and the weights of the differences in their slopes.
TARGET_CLONES
void add_lengths(const double* square, const std::int32_t* marks, std::int64_t cells, double share, double eps, double* weight,
                 Means& means) {
    const double root = std::sqrt(eps);
    double total = 0, count = 0;
#pragma omp simd reduction(+ : total, count)
    for (std::int64_t i = 0; i < cells; ++i) {
        const double mean = share * square[i], length = std::sqrt(mean + eps);
        const double sum = length + root, inverse = 1.0 / (length * sum);
        const bool whole = marks[i] >= 0;  // no label is -1
        total += whole ? mean * length * inverse : 0.0;
        count += whole ? 1.0 : 0.0;
        weight[i] = whole ? share * sum * inverse : 0.0;
    }
    means.total += total, means.count += count;
}

// The slope of the edges along a row: what flows through one leaves its first end for its second. flow [cells + 2].
TARGET_CLONES
void add_slopes_along(const double* p, const double* weight, std::int64_t cells, double* flow, double* slope) {
    flow[0] = flow[cells + 1] = 0.0;
    for (std::int64_t i = 0; i < cells; ++i) flow[i + 1] = weight[i] * (p[i + 1] - p[i]);
    for (std::int64_t i = 0; i <= cells; ++i) slope[i] += flow[i] - flow[i + 1];
}

// That of edges between two rows.
TARGET_CLONES
void add_slopes_across(const double* a, const double* b, const double* weight, std::int64_t cells, double* to_a, double* to_b) {
#pragma omp simd
    for (std::int64_t i = 0; i < cells; ++i) {
        const double given = weight[i] * (b[i] - a[i]);
        to_a[i] -= given;
        to_b[i] += given;
    }
}

// The sum of the lengths, and their slopes in p.
Means length_of(const Cell& cell, double eps, bool wanted, Space& x) {
    Means means;
    if (cell.edges.empty()) return means;
    const Image image(int(cell.sizes.size()), cell.sizes.data());
    const std::int64_t cells = image.width - 1;
    const auto steps = [](std::int64_t size) { return std::max<std::int64_t>(size - 1, 1); };
    for (std::int64_t row = 0; row < steps(image.depth) * steps(image.height); ++row) {
        const std::int64_t y = row % steps(image.height), z = row / steps(image.height);
        const std::int64_t first = (z * image.height + y) * image.width;
        const double* p = x.p + first;
        double* slope = x.slope + first;
        std::fill(x.square.begin(), x.square.end(), 0.0);
        std::fill(x.marks.begin(), x.marks.end(), 0);
        for (const std::int64_t corner : cell.corners) add_marks(x.label + first + corner, cells, x.marks.data());
        for (const auto& [a, b] : cell.edges) add_squares(p + a, p + b, cells, x.square.data());
        add_lengths(x.square.data(), x.marks.data(), cells, cell.share(), eps, x.weight.data(), means);
        if (!wanted) continue;
        for (const auto& [a, b] : cell.edges) {
            if (b == a + 1) add_slopes_along(p + a, x.weight.data(), cells, x.flow.data(), slope + a);
            else add_slopes_across(p + a, p + b, x.weight.data(), cells, slope + a, slope + b);
        }
    }
    return means;
}

TARGET_CLONES
void write_slope(const double* slope, const std::int32_t* label, int own, std::int64_t s, double of_length, double of_region,
                 float* out) {
    for (std::int64_t i = 0; i < s; ++i) {
        const double total = of_length * slope[i] + (label[i] == own ? -of_region : of_region);
        out[i] = label[i] < 0 ? 0.0f : float(total);
    }
}

// The slope of the first of two classes, whose p is 1 minus the other's: its length and its error are the same.
TARGET_CLONES
void mirror(const float* slope, std::int64_t s, float* out) {
    for (std::int64_t i = 0; i < s; ++i) out[i] = 0.0f - slope[i];
}

}  // namespace

EXPORT Status active_contour_forward(const Problem* problem, int axes, const std::int64_t* sizes, double length, double region,
                                     double eps, int exclusive, int first, double* errors, float* slope, int threads) {
    return status_of([&] {
        const Problem& q = *problem;
        const Cell cell(axes, sizes);
        const bool mirrored = exclusive && !q.sigmoid && q.c == 2 && first == 0;
        if (slope != nullptr) expect_large_pages(slope, q.n * q.c * q.s * sizeof(float));
        run_parallel(
            int(q.n * q.c), threads, [&] { return Space(q.s, cell.sizes.empty() ? 1 : cell.sizes.back()); },
            [&](Space& x, int map) {
                if (mirrored && map % 2 == 0) return;
                float* out = slope == nullptr ? nullptr : slope + map * q.s;
                errors[map] = 0;
                if (map % q.c < first) {
                    if (out != nullptr) std::fill_n(out, q.s, 0.0f);
                    return;
                }
                const int own = q.sigmoid ? 1 : int(map % q.c);
                read_label_part(q, (q.sigmoid ? map : map / q.c) * q.s, int(q.s), q.sigmoid ? 2 : q.c, x.label);
                const Means areas = region_of(q.logits + map * q.s, x.label, own, q.s, x.p);
                std::fill_n(x.slope, q.s, 0.0);
                const Means lengths = length > 0 ? length_of(cell, std::max(eps, 1e-300), out != nullptr, x) : Means();
                const double of_length = length * lengths.per(), of_region = region * areas.per();
                errors[map] = of_length * lengths.total + of_region * areas.total;
                if (out != nullptr) write_slope(x.slope, x.label, own, q.s, of_length, of_region, out);
                if (mirrored) errors[map - 1] = errors[map];
                if (mirrored && out != nullptr) mirror(out, q.s, out - q.s);
            });
    });
}

}  // namespace psl
