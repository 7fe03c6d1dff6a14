// The inverted distance to the boundary of each pixel's region: the depth of the region's deepest pixel minus its own.
//
#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "distance/depths.hpp"
#include "image.hpp"
#include "memory.hpp"
#include "parallel.hpp"

namespace psl {

namespace {

void one_plane(const Image& image, const LabelMaps& labels, std::int64_t plane, const double* spacing, bool normalize,
               int threads, float* out) {
    const std::int32_t* label = labels.plane(plane);
    const std::unique_ptr<double[]> squares(new double[labels.pixels]);
    std::vector<double> deepest(labels.classes, 0.0), boundary(labels.classes, NOWHERE);
    squared_depths(image, label, spacing, ANY_DEPTH, threads, squares.get());
    for (std::int64_t i = 0; i < labels.pixels; ++i) {
        if (label[i] < 0 || squares[i] >= NOWHERE) continue;
        deepest[label[i]] = std::max(deepest[label[i]], squares[i]);
        boundary[label[i]] = std::min(boundary[label[i]], squares[i]);
    }
    std::vector<char> flat(labels.classes);
    for (std::int64_t k = 0; k < labels.classes; ++k) {
        deepest[k] = std::sqrt(deepest[k]), boundary[k] = std::sqrt(boundary[k]);
        flat[k] = deepest[k] - boundary[k] <= 1e-6 * deepest[k];  // every pixel is on the boundary
    }
    run_slices(labels.pixels, threads, [&](std::int64_t first, std::int64_t last) {
        for (std::int64_t i = first; i < last; ++i) {
            const std::int32_t k = label[i];
            const bool inside = k >= 0 && squares[i] < NOWHERE;  // a region that fills the image has no boundary
            const double gap = inside ? deepest[k] - std::sqrt(squares[i]) : 0.0;
            out[i] = !inside ? 0.0f : !normalize ? float(gap) : flat[k] ? 1.0f : float(gap / (deepest[k] - boundary[k]));
        }
    });
}

}  // namespace

EXPORT Status boundary_proximity(const Problem* problem, int axes, const std::int64_t* sizes, const double* spacing,
                                 int normalize, float* out, int threads) {
    return status_of([&] {
        const Image image(axes, sizes);
        const LabelMaps labels = true_labels(*problem, threads);
        const int across = labels.planes >= threads ? threads : 1, within = labels.planes >= threads ? 1 : threads;
        run_parallel(int(labels.planes), across,
                     [&](int i) { one_plane(image, labels, i, spacing, normalize != 0, within, out + i * labels.pixels); });
    });
}

}  // namespace psl
