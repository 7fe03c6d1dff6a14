// Overlaps of skeletons with regions, weighted by radii (cbDice): sums of I_p V_g, I_p W_p, I_g V_p and I_g W_g over the pixels
// of each sample and class.
//
// The regions of a softmax do not overlap, neither the true ones nor those with p > 0.5: one map of labels gives the skeletons
// and the depths of all classes, and each pixel counts for one class of either map.
#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "distance/depths.hpp"
#include "memory.hpp"
#include "neighbourhood/label_lines.hpp"
#include "signed_prob.hpp"

namespace psl {

namespace {

INLINE bool is_likely(float signed_p) { return std::signbit(signed_p) || signed_p > 0.5f; }

// The depths of squares; 1 in a region that fills the image.
TARGET_CLONES
void write_depths(const double* squares, std::int64_t pixels, float* depth) {
    for (std::int64_t i = 0; i < pixels; ++i) depth[i] = squares[i] < NOWHERE ? float(std::sqrt(squares[i])) : 1.0f;
}

// Label the pixels that are likely of a class; whether all probabilities are numbers.
TARGET_CLONES
bool label_likely(const float* p, const std::int32_t* valid, std::int64_t pixels, std::int32_t own, std::int32_t* label) {
    std::int32_t odd = 0;
#pragma omp simd reduction(| : odd)
    for (std::int64_t i = 0; i < pixels; ++i) {
        odd |= p[i] != p[i] ? 1 : 0;
        label[i] = (valid[i] >= 0) & is_likely(p[i]) ? own : label[i];
    }
    return odd == 0;
}

// The regions of a plane: labels, -1 where there is none, and what is measured of them.
class Regions {
public:
    std::vector<std::int32_t> label;

    Regions(std::int64_t pixels, std::int64_t classes)
        : label(pixels, -1), depth_(pixels), on_line_(pixels), largest_(classes, 1.0f) {}

    void measure(const Image& image, const Slices& grid, int iterations, int threads) {
        const std::int64_t pixels = std::int64_t(label.size());
        const std::unique_ptr<double[]> squares(new double[pixels]);
        // A pixel of the skeleton is no deeper than it has erosions, and nothing counts as deeper than the deepest of these.
        squared_depths(image, label.data(), nullptr, iterations + 1.0, threads, squares.get());
        const auto read = [&](std::int64_t row, std::int32_t* to) { std::copy_n(&label[row * grid.width], grid.width, to); };
        const auto lines =
            largest_.size() <= 255 ? label_lines<std::uint8_t, decltype(read)> : label_lines<std::int32_t, decltype(read)>;
        lines(grid, iterations, threads, read, on_line_.data());
        write_depths(squares.get(), pixels, depth_.data());
        for (std::int64_t i = 0; i < pixels; ++i)
            if (on_line_[i]) largest_[label[i]] = std::max(largest_[label[i]], depth_[i]);
    }

    bool on_line(std::int64_t i) const { return on_line_[i] != 0; }
    float depth(std::int64_t i) const { return std::min(depth_[i] / largest_[label[i]], 1.0f); }
    float radius(std::int64_t i) const { return depth_[i] / largest_[label[i]]; }  // of the skeleton

    // Of the skeleton: thin parts weigh most.
    float weight(std::int64_t i, bool volume) const {
        const float most = largest_[label[i]], thinness = (most - depth_[i] + 1) / most;
        return volume ? thinness * thinness : thinness;
    }

private:
    std::vector<float> depth_;
    std::vector<std::uint8_t> on_line_;
    std::vector<float> largest_;  // radius of each class
};

struct Plane {
    const Problem& q;
    std::int64_t number;
    bool volume;
    Regions truth, guess;
    std::vector<std::int64_t> without_value;  // cells with a NaN, which is never likely

    Plane(const Problem& q, std::int64_t number, bool volume, std::int64_t classes)
        : q(q), number(number), volume(volume), truth(q.s, classes), guess(q.s, classes) {}

    std::int64_t cell(std::int32_t label) const { return q.sigmoid ? number : number * q.c + label; }

    void read(const std::int32_t* labels, int first) {
        const std::int32_t lowest = q.sigmoid ? 1 : first, highest = q.sigmoid ? 1 : std::int32_t(q.c) - 1;
        for (std::int64_t i = 0; i < q.s; ++i) truth.label[i] = labels[i] < lowest ? -1 : labels[i];
        for (std::int32_t c = lowest; c <= highest; ++c) {
            const bool numbers = label_likely(q.logits + cell(c) * q.s, labels, q.s, c, guess.label.data());
            if (!numbers) without_value.push_back(cell(c));
        }
    }

    // Add what a pixel adds to the sums of its classes, `to(label)`; slope: that in the probability of its likely class.
    template <class To>
    void add(std::int64_t i, To to, float* slope) const {
        const std::int32_t mine = truth.label[i], likely = guess.label[i];
        const bool same = mine == likely;
        const float p = likely < 0 ? 0.0f : prob_of(q.logits[cell(likely) * q.s + i], same);
        if (likely >= 0 && guess.on_line(i)) {
            const float weight = guess.weight(i, volume), depth = same ? truth.depth(i) : 0.0f;
            const bool both = same && truth.on_line(i);
            const float radius = both ? truth.radius(i) : guess.radius(i) * p;
            double* sums = to(likely);
            sums[0] += double(weight * p * depth), sums[1] += double(weight * p * radius);
            slope[0] = weight * depth, slope[1] = weight * radius * (both ? 1.0f : 2.0f);
        }
        if (mine >= 0 && truth.on_line(i)) {
            const float weight = truth.weight(i, volume);
            const bool both = same && guess.on_line(i);
            double* sums = to(mine);
            if (same) {
                slope[2] = weight * guess.depth(i);
                sums[2] += double(weight * guess.depth(i) * p);
            }
            if (both) slope[3] = weight * guess.radius(i);
            sums[3] += double(both ? weight * guess.radius(i) * p : weight * truth.radius(i));
        }
    }
};

void one_plane(const Problem& q, const Image& image, const Slices& grid, const LabelMaps& labels, std::int64_t number,
               int iterations, int first, int threads, double* sums, float* slopes) {
    Plane plane(q, number, image.axes > 2, labels.classes);
    plane.read(labels.plane(number), first);
    plane.truth.measure(image, grid, iterations, threads);
    plane.guess.measure(image, grid, iterations, threads);
    for (std::int64_t i = 0; i < q.s; ++i) {
        if (!plane.truth.on_line(i) && !plane.guess.on_line(i)) continue;
        float unwanted[4];
        plane.add(
            i, [&](std::int32_t label) { return sums + 4 * plane.cell(label); },
            slopes ? slopes + 4 * (number * q.s + i) : unwanted);
    }
    for (const std::int64_t cell : plane.without_value) std::fill_n(sums + 4 * cell, 4, double(NAN));
}

}  // namespace

EXPORT Status radius_sums_forward(const Problem* problem, int axes, const std::int64_t* sizes, int iterations, int first,
                                  double* sums, float* slopes, int threads) {
    const Problem& q = *problem;
    return status_of([&] {
        const Image image(axes, sizes);
        const Slices grid(axes, sizes);
        const LabelMaps labels = true_labels(q, threads);
        std::fill_n(sums, 4 * q.n * q.c, 0.0);
        const int across = labels.planes >= threads ? threads : 1, within = labels.planes >= threads ? 1 : threads;
        run_parallel(int(labels.planes), across, [&](int i) {
            if (q.sigmoid && i % q.c < first) return;
            one_plane(q, image, grid, labels, i, iterations, first, within, sums, slopes);
        });
    });
}

EXPORT Status radius_sums_backward(const Problem* problem, int first, const double* upstream, const float* slopes,
                                   float* gradient, int threads) {
    const Problem& q = *problem;
    expect_large_pages(gradient, q.n * q.c * q.s * sizeof(float));
    return status_of([&] {
        run_parallel(int(q.n * q.c), threads, [&](int map) {
            const float *p = q.logits + map * q.s, *slope = slopes + 4 * (q.sigmoid ? map : map / q.c) * q.s;
            float* to = gradient + map * q.s;
            const double* u = upstream + 4 * map;
            const float up[4] = {float(u[0]), float(u[1]), float(u[2]), float(u[3])};
            const bool counts = map % q.c >= first;
            for (std::int64_t i = 0; i < q.s; ++i, slope += 4) {
                const float sum = up[0] * slope[0] + up[1] * slope[1] + up[2] * slope[2] + up[3] * slope[3];
                to[i] = counts && is_likely(p[i]) ? sum : 0.0f;
            }
        });
    });
}

}  // namespace psl
