// Errors far from a boundary, found by ball filters, summed over the pixels of each sample and class, and their slope in p.
// With B_r the mean over a ball of radius r, 0 beyond the image, and f(x) = max(x - 0.5, 0),
//     L = sum over radii of weight (p - g)^2 [f(1 - B_r g) p + f(B_r p) p + f(1 - B_r p) g + f(B_r g) g].
//
// In each line a ball is a segment, whose sum is a difference of two prefix sums: in float64, or in integers for g. Lines at
// the same distance on both sides have segments of the same length, and so have planes: pairs of lines are added first, and the
// sum of a disk serves the balls of two planes. A ball's mean is its own adjoint.
#include "image.hpp"
#include "memory.hpp"
#include "signed_prob.hpp"

namespace psl {

namespace {

struct Ball {
    std::vector<std::vector<std::int64_t>> half;  // pixels to either side, [planes away][lines away], at most the width
    double size = 0;

    Ball(double radius, const Image& image) {
        const auto within = [&](double x, double y, double z) { return x * x + y * y + z * z <= radius * radius; };
        for (int z = 0; z == 0 || (image.axes > 2 && within(0, 0, z)); ++z) {
            half.emplace_back();
            for (int y = 0; y == 0 || (image.axes > 1 && within(0, y, z)); ++y) {
                int reach = 0;
                while (within(reach + 1, y, z)) ++reach;
                half[z].push_back(std::min<std::int64_t>(reach, image.width));
                size += (z == 0 ? 1 : 2) * (y == 0 ? 1 : 2) * (2.0 * reach + 1);
            }
        }
    }
};

// Prefix sums of each line, extended by `pad` pixels at both ends.
template <class Number>
struct PrefixSums {
    const Image& image;
    std::int64_t pad, stride;
    std::vector<Number> sums;

    PrefixSums(const Image& image, std::int64_t pad)
        : image(image), pad(pad), stride(image.width + 2 * pad + 1), sums(image.rows() * stride) {}

    template <class Field>
    void add_up(const Field* field, std::int64_t row) {
        Number *to = &sums[row * stride], *end = to + stride, sum = 0;
        field += row * image.width;
        to = std::fill_n(to, pad + 1, Number(0));
        for (std::int64_t i = 0; i < image.width; ++i) *to++ = sum += Number(field[i]);
        std::fill(to, end, sum);
    }
};

// Sums over balls around all pixels with the same index along the second axis, and their work space.
template <class Number>
class BallSum {
public:
    explicit BallSum(const PrefixSums<Number>& prefix)
        : prefix_(prefix), disk_(prefix.image.width), sums_(prefix.image.depth * prefix.image.width) {}

    const Number* plane(std::int64_t z) const { return &sums_[z * prefix_.image.width]; }

    TARGET_CLONES
    void sum(const Ball& ball, std::int64_t y) {
        const Image& image = prefix_.image;
        std::fill(sums_.begin(), sums_.end(), Number(0));
        for (std::int64_t z = 0; z < image.depth; ++z) {
            const std::int64_t lines = std::min<std::int64_t>(ball.half[0].size(), std::max(y + 1, image.height - y));
            pairs_.resize(std::max<std::size_t>(pairs_.size(), lines * prefix_.stride));
            for (std::int64_t away = 0; away < lines; ++away) {
                const Number* mine = &prefix_.sums[(z * image.height + y) * prefix_.stride];
                const std::int64_t shift = away * prefix_.stride;
                const bool below = y + away < image.height, excess = away > 0 && y >= away;
                if (below && excess) add_pair(mine + shift, mine - shift, prefix_.stride, &pairs_[shift]);
                else std::copy_n(below ? mine + shift : mine - shift, prefix_.stride, &pairs_[shift]);
            }
            for (std::int64_t away = 0; away < std::int64_t(ball.half.size()); ++away) {
                const bool after = z + away < image.depth, before = away > 0 && z >= away;
                if (!after && !before) break;
                sum_disk(ball.half[away], lines);
                if (after) add(&sums_[(z + away) * image.width]);
                if (before) add(&sums_[(z - away) * image.width]);
            }
        }
    }

private:
    static INLINE void add_pair(const Number* one, const Number* other, std::int64_t width, Number* to) {
#pragma omp simd
        for (std::int64_t i = 0; i < width; ++i) to[i] = one[i] + other[i];
    }

    // Four lines at a time, so that sums are read and written once.
    static INLINE void add_segments(const Number* const* begin, const Number* const* end, std::int64_t width, Number* to) {
        const Number *a = begin[0], *b = begin[1], *c = begin[2], *d = begin[3];
        const Number *e = end[0], *f = end[1], *g = end[2], *h = end[3];
#pragma omp simd
        for (std::int64_t i = 0; i < width; ++i) to[i] += ((e[i] - a[i]) + (f[i] - b[i])) + ((g[i] - c[i]) + (h[i] - d[i]));
    }

    static INLINE void add_row(const Number* row, std::int64_t width, Number* to) {
#pragma omp simd
        for (std::int64_t i = 0; i < width; ++i) to[i] += row[i];
    }

    INLINE void add(Number* to) const { add_row(disk_.data(), prefix_.image.width, to); }

    INLINE void sum_disk(const std::vector<std::int64_t>& half, std::int64_t lines) {
        lines = std::min<std::int64_t>(half.size(), lines);
        std::fill(disk_.begin(), disk_.end(), Number(0));
        for (std::int64_t line = 0; line < lines; line += 4) {
            const Number *begin[4], *end[4];
            for (int k = 0; k < 4; ++k) {
                const bool there = line + k < lines;  // else an empty segment
                const Number* middle = &pairs_[(there ? line + k : 0) * prefix_.stride + prefix_.pad];
                begin[k] = there ? middle - half[line + k] : middle;
                end[k] = there ? middle + half[line + k] + 1 : middle;
            }
            add_segments(begin, end, prefix_.image.width, disk_.data());
        }
    }

    const PrefixSums<Number>& prefix_;
    std::vector<Number> pairs_, disk_, sums_;
};

INLINE double above_half(double x) { return x <= 0.5 ? 0.0 : x - 0.5; }  // NaN stays NaN

// The weighted errors of a line, summed; their slope in p without the part through B_r p, and `grad`, the gradient of B_r p.
TARGET_CLONES
double weigh_line(const float* p_map, const float* g_map, const float* excess, const double* sum_p, const std::int32_t* sum_g,
                  std::int64_t width, double size, double weight, double* slope, double* grad) {
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (std::int64_t i = 0; i < width; ++i) {
        const double p = double(p_map[i]), g = double(g_map[i]), of_p = sum_p[i] / size, of_g = double(sum_g[i]) / size;
        const double gap = double(excess[i]), error = weight * gap * gap;
        const double field_p = above_half(1 - of_g) + above_half(of_p), field_g = above_half(1 - of_p) + above_half(of_g);
        const double field = field_p * p + field_g * g;
        sum += error * field;
        slope[i] += 2 * weight * gap * field + error * field_p;
        grad[i] = error * (of_p > 0.5 ? p : of_p < 0.5 ? -g : 0.0);
    }
    return sum;
}

TARGET_CLONES
void add_means(const double* sums, std::int64_t width, double size, double* to) {
    for (std::int64_t i = 0; i < width; ++i) to[i] += sums[i] / size;
}

TARGET_CLONES
void read_map(const float* signed_p, const std::int32_t* label, int own, std::int64_t pixels, float* p, float* g, float* gap) {
    for (std::int64_t i = 0; i < pixels; ++i) {
        const bool mine = label[i] == own;
        g[i] = mine ? 1.0f : 0.0f;
        gap[i] = label[i] < 0 ? 0.0f : excess_of(signed_p[i], mine);
        p[i] = label[i] < 0 ? 0.0f : prob_of(signed_p[i], mine);
    }
}

double one_map(const Problem& q, const Image& image, const std::vector<Ball>& balls, const double* weights, std::int64_t cell,
               int threads, float* slope) {
    const std::int64_t n = q.s, width = image.width, height = image.height;
    std::vector<std::int32_t> label(n);
    std::vector<float> p(n), g(n), gap(n);
    std::vector<double> slopes(n), grad(n), totals(height);
    read_label_part(q, (q.sigmoid ? cell : cell / q.c) * n, int(n), q.sigmoid ? 2 : q.c, label.data());
    read_map(q.logits + cell * n, label.data(), q.sigmoid ? 1 : int(cell % q.c), n, p.data(), g.data(), gap.data());
    std::int64_t reach = 0;
    for (const Ball& ball : balls) reach = std::max(reach, ball.half[0][0]);
    PrefixSums<double> p_map(image, reach), grad_sums(image, reach);
    PrefixSums<std::int32_t> g_map(image, reach);
    for (std::int64_t row = 0; row < image.rows(); ++row) p_map.add_up(p.data(), row), g_map.add_up(g.data(), row);
    for (std::size_t k = 0; k < balls.size(); ++k) {
        const double size = balls[k].size;
        run_slices(height, threads, [&](std::int64_t first, std::int64_t last) {
            BallSum<double> of_p(p_map);
            BallSum<std::int32_t> of_g(g_map);
            for (std::int64_t y = first; y < last; ++y) {
                of_p.sum(balls[k], y), of_g.sum(balls[k], y);
                for (std::int64_t z = 0, at = y * width; z < image.depth; ++z, at += height * width)
                    totals[y] += weigh_line(&p[at], &g[at], &gap[at], of_p.plane(z), of_g.plane(z), width, size, weights[k],
                                            &slopes[at], &grad[at]);
            }
        });
        if (slope == nullptr) continue;
        for (std::int64_t row = 0; row < image.rows(); ++row) grad_sums.add_up(grad.data(), row);
        run_slices(height, threads, [&](std::int64_t first, std::int64_t last) {
            BallSum<double> of_grad(grad_sums);
            for (std::int64_t y = first; y < last; ++y) {
                of_grad.sum(balls[k], y);
                for (std::int64_t z = 0, at = y * width; z < image.depth; ++z, at += height * width)
                    add_means(of_grad.plane(z), width, size, &slopes[at]);
            }
        });
    }
    for (std::int64_t i = 0; slope != nullptr && i < n; ++i) slope[i] = label[i] < 0 ? 0.0f : float(slopes[i]);
    double total = 0;
    for (const double part : totals) total += part;
    return total;
}

}  // namespace

EXPORT Status ball_filter_forward(const Problem* problem, int axes, const std::int64_t* sizes, const double* radii,
                                  const double* weights, int count, int first, double* sums, float* slope, int threads) {
    return status_of([&] {
        const Problem& q = *problem;
        const Image image(axes, sizes);
        std::vector<Ball> balls;
        for (int k = 0; k < count; ++k) balls.emplace_back(radii[k], image);
        if (slope != nullptr) expect_large_pages(slope, q.n * q.c * q.s * sizeof(float));
        const std::int64_t maps = q.n * (q.c - first);
        const int across = maps >= threads ? threads : 1, within = maps >= threads ? 1 : threads;
        run_parallel(int(q.n * q.c), across, [&](int i) {
            float* map_slope = slope == nullptr ? nullptr : slope + i * q.s;
            sums[i] = 0;
            if (i % q.c >= first) sums[i] = one_map(q, image, balls, weights, i, within, map_slope);
            else if (map_slope != nullptr) std::fill_n(map_slope, q.s, 0.0f);
        });
    });
}

}  // namespace psl
