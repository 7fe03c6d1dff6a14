// The inverted distance to the boundary of each pixel's region: the depth of the region's deepest pixel minus its own.
//
// One transform serves all regions of a plane: a pixel's depth is its distance to the nearest pixel of another label. That of
// edt.hpp knows two sides only, so it would run once for each class, and rounds differently where pixels have a size.
#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "distance/envelope.hpp"
#include "image.hpp"
#include "memory.hpp"
#include "parallel.hpp"

namespace psl {

namespace {

constexpr double NOWHERE = FAR<double>;
constexpr int COLUMNS = 8;  // strided lines are copied this many at a time: a cache line of squares

void begin_line(const std::int32_t* label, int length, double step, double* line) {
    for (int first = 0, last; first < length; first = last) {
        for (last = first + 1; last < length && label[last] == label[first];) ++last;
        for (int i = first; i < last; ++i) {
            const double before = first > 0 ? i - first + 1 : 1e300, after = last < length ? last - i : 1e300;
            const double near = std::min(before, after);
            line[i] = near < 1e300 ? step * near * near : NOWHERE;
        }
    }
}

void relax_line(const std::int32_t* label, int length, double step, Envelope& envelope, double* line) {
    for (int first = 0, last; first < length; first = last) {
        for (last = first + 1; last < length && label[last] == label[first];) ++last;
        envelope.run(
            first, last, length, step, [&](int i) { return line[i]; }, [&](int i, double square) { line[i] = square; });
    }
}

// Lines whose pixels lie `stride` apart.
void relax_axis(const std::int32_t* label, std::int64_t pixels, int length, std::int64_t stride, double step, int threads,
                double* squares) {
    const std::int64_t blocks = (stride + COLUMNS - 1) / COLUMNS;
    run_slices(pixels / (length * stride) * blocks, threads, [&](std::int64_t begin, std::int64_t end) {
        std::vector<double> lines(std::size_t(COLUMNS) * length);
        std::vector<std::int32_t> labels(lines.size());
        Envelope envelope(length);
        for (std::int64_t block = begin; block < end; ++block) {
            const std::int64_t column = block % blocks * COLUMNS, corner = block / blocks * length * stride + column;
            const int width = int(std::min<std::int64_t>(COLUMNS, stride - column));
            for (int i = 0; i < length; ++i)
                for (int c = 0; c < width; ++c) {
                    lines[c * length + i] = squares[corner + i * stride + c];
                    labels[c * length + i] = label[corner + i * stride + c];
                }
            for (int c = 0; c < width; ++c) relax_line(&labels[c * length], length, step, envelope, &lines[c * length]);
            for (int i = 0; i < length; ++i)
                for (int c = 0; c < width; ++c) squares[corner + i * stride + c] = lines[c * length + i];
        }
    });
}

void squared_depths(const Image& image, const std::int32_t* label, const double* spacing, int threads, double* squares) {
    const std::int64_t width = image.width, pixels = image.rows() * width;
    const auto step = [&](int axis) { return spacing ? spacing[axis] * spacing[axis] : 1.0; };
    run_slices(image.rows(), threads, [&](std::int64_t first, std::int64_t last) {
        for (std::int64_t row = first; row < last; ++row)
            begin_line(label + row * width, int(width), step(image.axes - 1), squares + row * width);
    });
    if (image.axes > 1) relax_axis(label, pixels, int(image.height), width, step(image.axes - 2), threads, squares);
    if (image.axes > 2) relax_axis(label, pixels, int(image.depth), width * image.height, step(0), threads, squares);
}

void one_plane(const Image& image, const LabelMaps& labels, std::int64_t plane, const double* spacing, bool normalize,
               int threads, float* out) {
    const std::int32_t* label = labels.plane(plane);
    const std::unique_ptr<double[]> squares(new double[labels.pixels]);
    std::vector<double> deepest(labels.classes, 0.0), boundary(labels.classes, NOWHERE);
    squared_depths(image, label, spacing, threads, squares.get());
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
