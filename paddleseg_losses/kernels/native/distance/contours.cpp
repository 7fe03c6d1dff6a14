// Boundary pixels of regions, which have a direct neighbour with another label: how many each class has, and how far the
// predicted ones lie from the true ones.
#include <array>
#include <cmath>

#include "distance/edt.hpp"
#include "image.hpp"
#include "memory.hpp"

namespace psl {

namespace {

INLINE void differ(const std::int32_t* row, const std::int32_t* other, std::int64_t width, std::uint8_t* edge) {
    for (std::int64_t i = 0; i < width; ++i) edge[i] |= row[i] != other[i];
}

// Mark the boundary pixels of a row; beyond the image lies another region if `image_edges`.
TARGET_CLONES
void boundary_row(const Image& image, const std::int32_t* label, std::int64_t number, bool image_edges, std::uint8_t* edge) {
    const std::int64_t width = image.width, plane = image.height * width;
    const std::int64_t y = number % image.height, z = number / image.height;
    const std::int32_t* row = label + number * width;
    const bool top = y == 0, bottom = y + 1 == image.height, front = z == 0, back = z + 1 == image.depth;
    const bool cut = image_edges && ((image.axes > 1 && (top || bottom)) || (image.axes > 2 && (front || back)));
    for (std::int64_t i = 0; i < width; ++i) edge[i] = cut;
    differ(row, row + 1, width - 1, edge);
    differ(row + 1, row, width - 1, edge + 1);
    if (!top) differ(row, row - width, width, edge);
    if (!bottom) differ(row, row + width, width, edge);
    if (!front) differ(row, row - plane, width, edge);
    if (!back) differ(row, row + plane, width, edge);
    edge[0] |= image_edges, edge[width - 1] |= image_edges;
    for (std::int64_t i = 0; i < width; ++i) edge[i] &= row[i] >= 0;
}

using PixelIndices = std::vector<std::int64_t>;

// The boundary pixels of each class of a plane.
std::vector<PixelIndices> boundaries_of(const Image& image, const LabelMaps& labels, std::int64_t plane) {
    std::vector<PixelIndices> pixels(labels.classes);
    std::vector<std::uint8_t> edge(image.width);
    const std::int32_t* label = labels.plane(plane);
    for (std::int64_t row = 0; row < image.rows(); ++row) {
        boundary_row(image, label, row, false, edge.data());
        for (std::int64_t i = 0, at = row * image.width; i < image.width; ++i, ++at)
            if (edge[i]) pixels[label[at]].push_back(at);
    }
    return pixels;
}

// The first class with the largest logit.
TARGET_CLONES
void argmax_labels(const Problem& q, std::int64_t plane, std::int64_t first, int w, std::int32_t* best) {
    if (q.sigmoid) {
        const float* p = q.logits + plane * q.s + first;
        for (int i = 0; i < w; ++i) best[i] = p[i] > 0.5f;
        return;
    }
    const float* z = q.logits + plane * q.c * q.s + first;
    std::vector<float> most(z, z + w);
    float* top = most.data();
    for (int i = 0; i < w; ++i) best[i] = 0;
    for (int k = 1; k < int(q.c); ++k) {
        z += q.s;
        for (int i = 0; i < w; ++i) {
            best[i] = z[i] > top[i] ? k : best[i];
            top[i] = z[i] > top[i] ? z[i] : top[i];
        }
    }
}

LabelMaps predicted_labels(const Problem& q, const LabelMaps& truth, int threads) {
    LabelMaps labels(q);
    in_parts(labels, threads, [&](std::int64_t plane, std::int64_t first, int w) {
        std::int32_t* best = labels.plane(plane) + first;
        argmax_labels(q, plane, first, w, best);
        const std::int32_t* label = truth.plane(plane) + first;
        for (int i = 0; i < w; ++i) best[i] = label[i] < 0 ? -1 : best[i];
    });
    return labels;
}

struct BoundingBox {
    std::array<std::int64_t, 3> low{INT64_MAX, INT64_MAX, INT64_MAX}, high{-1, -1, -1}, sizes{};

    static std::array<std::int64_t, 3> position(const Image& image, std::int64_t i) {
        return {i / (image.width * image.height), i / image.width % image.height, i % image.width};
    }

    BoundingBox(const Image& image, const PixelIndices& some, const PixelIndices& others) {
        for (const PixelIndices* pixels : {&some, &others})
            for (const std::int64_t i : *pixels)
                for (int axis = 0; axis < 3; ++axis) {
                    low[axis] = std::min(low[axis], position(image, i)[axis]);
                    high[axis] = std::max(high[axis], position(image, i)[axis]);
                }
        for (int axis = 0; axis < 3; ++axis) sizes[axis] = high[axis] - low[axis] + 1;
    }

    std::int64_t inside(const Image& image, std::int64_t i) const {
        const auto at = position(image, i);
        return ((at[0] - low[0]) * sizes[1] + at[1] - low[1]) * sizes[2] + at[2] - low[2];
    }
};

// The mean distance of some pixels to the nearest of others, neither empty, computed in a box around both.
template <class Square>
double mean_distance(const Image& image, const BoundingBox& box, const double* spacing, const PixelIndices& from,
                     const PixelIndices& to) {
    const edt::Grid grid{3, box.sizes.data()};
    std::vector<std::uint8_t> mask(grid.pixels(0));
    const std::unique_ptr<Square[]> squares(new Square[mask.size()]);
    for (const std::int64_t i : to) mask[box.inside(image, i)] = 1;
    edt::signed_squares(grid, mask.data(), spacing, 1, squares.get());
    double sum = 0;
    for (const std::int64_t i : from) {
        const std::int64_t at = box.inside(image, i);
        sum += mask[at] ? 0.0 : std::sqrt(-double(squares[at]));
    }
    return sum / double(from.size());
}

}  // namespace

EXPORT Status contours_boundary_counts(const Problem* problem, int axes, const std::int64_t* sizes, std::int64_t* counts,
                                       int threads) {
    return status_of([&] {
        const Problem& q = *problem;
        const Image image(axes, sizes);
        const LabelMaps labels = true_labels(q, threads);
        const std::int64_t parts = std::min<std::int64_t>(image.rows(), 16), rows = image.rows();
        std::vector<PixelIndices> of_part(labels.planes * parts, PixelIndices(labels.classes));
        run_parallel(int(of_part.size()), threads, [&](int i) {
            std::vector<std::uint8_t> edge(image.width);
            const std::int32_t* label = labels.plane(i / parts);
            for (std::int64_t row = rows * (i % parts) / parts; row < rows * (i % parts + 1) / parts; ++row) {
                boundary_row(image, label, row, true, edge.data());
                for (std::int64_t k = 0; k < image.width; ++k)
                    if (edge[k]) ++of_part[i][label[row * image.width + k]];
            }
        });
        std::fill_n(counts, q.n * q.c, 0);
        for (std::size_t i = 0; i < of_part.size(); ++i)
            for (std::int64_t k = 0; k < (q.sigmoid ? 1 : q.c); ++k)
                counts[std::int64_t(i) / parts * (q.sigmoid ? 1 : q.c) + k] += of_part[i][q.sigmoid ? 1 : k];
    });
}

EXPORT Status contours_surface_distances(const Problem* problem, int axes, const std::int64_t* sizes, const double* spacing,
                                         float* out, int threads) {
    return status_of([&] {
        const Problem& q = *problem;
        const Image image(axes, sizes);
        const LabelMaps truth = true_labels(q, threads), prediction = predicted_labels(q, truth, threads);
        const int classes = int(truth.classes), planes = int(truth.planes);
        std::vector<std::vector<PixelIndices>> true_boundaries(planes), boundaries(planes);
        run_parallel(2 * planes, threads, [&](int i) {
            (i % 2 ? boundaries : true_boundaries)[i / 2] = boundaries_of(image, i % 2 ? prediction : truth, i / 2);
        });
        std::vector<double> distance(planes * classes, -1.0);
        run_parallel(planes * (classes - 1), threads, [&](int i) {
            const int plane = i / (classes - 1), k = i % (classes - 1) + 1;
            const PixelIndices &from = boundaries[plane][k], &to = true_boundaries[plane][k];
            if (from.empty() || to.empty()) return;
            const BoundingBox box(image, from, to);
            const bool fits_int32 = edt::fits_int32(edt::Grid{3, box.sizes.data()}, spacing);
            distance[plane * classes + k] = fits_int32 ? mean_distance<std::int32_t>(image, box, spacing, from, to)
                                                       : mean_distance<double>(image, box, spacing, from, to);
        });
        std::vector<float> error(planes);
        for (int plane = 0; plane < planes; ++plane) {
            double sum = 0, number = 0;
            for (int k = 1; k < classes; ++k) {
                const double mean = distance[plane * classes + k];
                if (mean >= 0) sum += mean, ++number;
            }
            error[plane] = number > 0 ? float(sum / number) : 0.0f;
        }
        in_parts(truth, threads, [&](std::int64_t plane, std::int64_t first, int w) {
            const std::int32_t *label = truth.plane(plane) + first, *other = prediction.plane(plane) + first;
            float* distance_of = out + plane * q.s + first;
            for (int i = 0; i < w; ++i) distance_of[i] = label[i] != other[i] ? error[plane] : 0.0f;
        });
    });
}

}  // namespace psl
