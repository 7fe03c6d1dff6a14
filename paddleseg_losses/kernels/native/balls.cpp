// Sums over the pixels of each sample and class of errors far from a boundary by balls, and their slope in p. With B_r the
// mean over a ball of radius r, 0 beyond the image, and f(x) = max(x - 0.5, 0),
//     L = sum over radii of price (p - g)^2 [f(1 - B_r g) p + f(B_r p) p + f(1 - B_r p) g + f(B_r g) g].
//
// One or two axes. A ball is a row of pixels in each line, whose sum is a difference of two sums from the line's start, in
// float64. A ball's mean is its own adjoint.
#include "image.hpp"
#include "memory.hpp"

namespace {

struct Ball {
    std::vector<int> half;  // pixels to either side, in lines 0, 1, ... away
    double size = 0;

    Ball(double radius, int axes) {
        for (int away = 0; away == 0 || (axes > 1 && away <= radius); ++away) {
            int reach = 0;
            while (double(reach + 1) * (reach + 1) + double(away) * away <= radius * radius) ++reach;
            half.push_back(reach);
            size += (away == 0 ? 1 : 2) * (2.0 * reach + 1);
        }
    }
};

// Sums from the start of each line, which goes on for `pad` pixels at both ends.
struct Running {
    const Image& image;
    std::int64_t pad, stride;
    std::vector<double> sums;

    Running(const Image& image, std::int64_t reach)
        : image(image), pad(std::min(reach, image.width)), stride(image.width + 2 * pad + 1), sums(image.rows() * stride) {}

    void add_up(const double* field) {
        for (std::int64_t row = 0; row < image.rows(); ++row) {
            double *to = &sums[row * stride], sum = 0;
            for (std::int64_t i = 0; i <= pad; ++i) *to++ = 0;
            for (std::int64_t i = 0; i < image.width; ++i) *to++ = sum += *field++;
            for (std::int64_t i = 0; i < pad; ++i) *to++ = sum;
        }
    }
};

EVERY_INSTRUCTION_SET
void add_segments(const double* begin, const double* end, std::int64_t width, double* out) {
    for (std::int64_t i = 0; i < width; ++i) out[i] += end[i] - begin[i];
}

// Means over balls around the pixels of a line.
void mean_line(const Running& running, const Ball& ball, std::int64_t line, double* out) {
    const Image& image = running.image;
    std::fill_n(out, image.width, 0.0);
    const int lines = int(ball.half.size());
    for (int k = 1 - lines; k < lines; ++k) {
        if (line + k < 0 || line + k >= image.rows()) continue;
        const std::int64_t half = std::min<std::int64_t>(ball.half[k < 0 ? -k : k], running.pad);
        const double* start = &running.sums[(line + k) * running.stride + running.pad];
        add_segments(start - half, start + half + 1, image.width, out);
    }
    for (std::int64_t i = 0; i < image.width; ++i) out[i] /= ball.size;
}

INLINE double above(double x) { return x <= 0.5 ? 0.0 : x - 0.5; }  // NaN stays NaN

// Prices of a line's errors: their sum, the slope in p without its part through B_r p, and what pulls at B_r p.
EVERY_INSTRUCTION_SET
double price_line(const double* p, const double* g, const double* of_p, const double* of_g, std::int64_t width,
                  double price, double* slope, double* pull) {
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (std::int64_t i = 0; i < width; ++i) {
        const double gap = p[i] - g[i], error = price * gap * gap;
        const double of_guess = above(1 - of_g[i]) + above(of_p[i]), of_truth = above(1 - of_p[i]) + above(of_g[i]);
        const double field = of_guess * p[i] + of_truth * g[i];
        sum += error * field;
        slope[i] += 2 * price * gap * field + error * of_guess;
        pull[i] = error * (of_p[i] > 0.5 ? p[i] : of_p[i] < 0.5 ? -g[i] : 0.0);
    }
    return sum;
}

double one_map(const Problem& q, const Image& image, const std::vector<Ball>& balls, const double* prices,
               std::int64_t cell, float* slope) {
    const std::int64_t n = q.s, width = image.width;
    const int own = q.sigmoid ? 1 : int(cell % q.c);
    std::vector<std::int32_t> label(n);
    read_part(q, (q.sigmoid ? cell : cell / q.c) * n, int(n), q.sigmoid ? 2 : q.c, label.data());
    std::vector<double> p(n), g(n), slopes(n), pull(n), of_p(width), of_g(width);
    for (std::int64_t i = 0; i < n; ++i) {
        p[i] = label[i] < 0 ? 0.0 : q.logits[cell * n + i];
        g[i] = label[i] == own;
    }
    int reach = 0;
    for (const Ball& ball : balls) reach = std::max(reach, ball.half[0]);
    Running guess(image, reach), truth(image, reach), pulls(image, reach);
    guess.add_up(p.data()), truth.add_up(g.data());
    double total = 0;
    for (std::size_t k = 0; k < balls.size(); ++k) {
        for (std::int64_t line = 0, at = 0; line < image.rows(); ++line, at += width) {
            mean_line(guess, balls[k], line, of_p.data());
            mean_line(truth, balls[k], line, of_g.data());
            total += price_line(&p[at], &g[at], of_p.data(), of_g.data(), width, prices[k], &slopes[at], &pull[at]);
        }
        if (slope == nullptr) continue;
        pulls.add_up(pull.data());
        for (std::int64_t line = 0, at = 0; line < image.rows(); ++line, at += width) {
            mean_line(pulls, balls[k], line, of_p.data());
            for (std::int64_t i = 0; i < width; ++i) slopes[at + i] += of_p[i];
        }
    }
    if (slope != nullptr)
        for (std::int64_t i = 0; i < n; ++i) slope[i] = label[i] < 0 ? 0.0f : float(slopes[i]);
    return total;
}

}  // namespace

// `problem` holds probabilities for logits; radii and prices [count]. sums [n, c], 0 in channels before the first, and
// slope [n, c, s] if it is not null.
EXPORT int balls_forward(const Problem* problem, int axes, const std::int64_t* sizes, const double* radii,
                         const double* prices, int count, int first, double* sums, float* slope, int threads) {
    return status_of([&] {
        const Problem& q = *problem;
        const Image image(axes, sizes);
        std::vector<Ball> balls;
        for (int k = 0; k < count; ++k) balls.emplace_back(radii[k], axes);
        if (slope != nullptr) expect_large_pages(slope, q.n * q.c * q.s * sizeof(float));
        run_parallel(int(q.n * q.c), threads, [&](int i) {
            float* own = slope == nullptr ? nullptr : slope + i * q.s;
            sums[i] = 0;
            if (i % q.c >= first)
                sums[i] = one_map(q, image, balls, prices, i, own);
            else if (own != nullptr)
                std::fill_n(own, q.s, 0.0f);
        });
    });
}
