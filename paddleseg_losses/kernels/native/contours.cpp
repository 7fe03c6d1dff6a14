// Rims of regions: pixels with a direct neighbour that is labelled otherwise. How many each class has, and how far the
// predicted ones lie from the true ones.
#include <array>
#include <cmath>

#include "edt.hpp"
#include "image.hpp"
#include "memory.hpp"

namespace {

INLINE void differ(const std::int32_t* row, const std::int32_t* other, std::int64_t width, std::uint8_t* rim) {
    for (std::int64_t i = 0; i < width; ++i) rim[i] |= row[i] != other[i];
}

// Which pixels of a row are on a rim; beyond the image is another region if `edges`.
EVERY_INSTRUCTION_SET
void rim_row(const Image& image, const std::int32_t* label, std::int64_t number, bool edges, std::uint8_t* rim) {
    const std::int64_t width = image.width, plane = image.height * width;
    const std::int64_t y = number % image.height, z = number / image.height;
    const std::int32_t* row = label + number * width;
    const bool top = y == 0, bottom = y + 1 == image.height, front = z == 0, back = z + 1 == image.depth;
    const bool cut = edges && ((image.axes > 1 && (top || bottom)) || (image.axes > 2 && (front || back)));
    for (std::int64_t i = 0; i < width; ++i) rim[i] = cut;
    differ(row, row + 1, width - 1, rim);
    differ(row + 1, row, width - 1, rim + 1);
    if (!top) differ(row, row - width, width, rim);
    if (!bottom) differ(row, row + width, width, rim);
    if (!front) differ(row, row - plane, width, rim);
    if (!back) differ(row, row + plane, width, rim);
    rim[0] |= edges, rim[width - 1] |= edges;
    for (std::int64_t i = 0; i < width; ++i) rim[i] &= row[i] >= 0;
}

using Places = std::vector<std::int64_t>;

// Pixels on the rims of a plane, of each class.
std::vector<Places> rims_of(const Image& image, const Labels& labels, std::int64_t plane) {
    std::vector<Places> places(labels.classes);
    std::vector<std::uint8_t> rim(image.width);
    const std::int32_t* label = labels.plane(plane);
    for (std::int64_t row = 0; row < image.rows(); ++row) {
        rim_row(image, label, row, false, rim.data());
        for (std::int64_t i = 0, at = row * image.width; i < image.width; ++i, ++at)
            if (rim[i]) places[label[at]].push_back(at);
    }
    return places;
}

// The first of the largest logits.
EVERY_INSTRUCTION_SET
void decide(const Problem& q, std::int64_t plane, std::int64_t first, int w, std::int32_t* best) {
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

Labels decided_labels(const Problem& q, const Labels& truth, int threads) {
    Labels labels(q);
    in_parts(labels, threads, [&](std::int64_t plane, std::int64_t first, int w) {
        std::int32_t* best = labels.plane(plane) + first;
        decide(q, plane, first, w, best);
        const std::int32_t* label = truth.plane(plane) + first;
        for (int i = 0; i < w; ++i) best[i] = label[i] < 0 ? -1 : best[i];
    });
    return labels;
}

struct Box {
    std::array<std::int64_t, 3> low{INT64_MAX, INT64_MAX, INT64_MAX}, high{-1, -1, -1}, sizes{};

    static std::array<std::int64_t, 3> place(const Image& image, std::int64_t i) {
        return {i / (image.width * image.height), i / image.width % image.height, i % image.width};
    }

    Box(const Image& image, const Places& some, const Places& others) {
        for (const Places* places : {&some, &others})
            for (const std::int64_t i : *places)
                for (int axis = 0; axis < 3; ++axis) {
                    low[axis] = std::min(low[axis], place(image, i)[axis]);
                    high[axis] = std::max(high[axis], place(image, i)[axis]);
                }
        for (int axis = 0; axis < 3; ++axis) sizes[axis] = high[axis] - low[axis] + 1;
    }

    std::int64_t inside(const Image& image, std::int64_t i) const {
        const auto at = place(image, i);
        return ((at[0] - low[0]) * sizes[1] + at[1] - low[1]) * sizes[2] + at[2] - low[2];
    }
};

// Mean distance of some pixels to the nearest of others, neither empty: a box around both is enough.
template <class Square>
double mean_distance(const Image& image, const Box& box, const double* spacing, const Places& from, const Places& to) {
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

// counts [n, c]: pixels on the rim of each class; beyond the image is another region.
EXPORT int rim_counts(const Problem* problem, int axes, const std::int64_t* sizes, std::int64_t* counts, int threads) {
    return status_of([&] {
        const Problem& q = *problem;
        const Image image(axes, sizes);
        const Labels labels = true_labels(q, threads);
        const std::int64_t parts = std::min<std::int64_t>(image.rows(), 16), rows = image.rows();
        std::vector<Places> found(labels.planes * parts, Places(labels.classes));
        run_parallel(int(found.size()), threads, [&](int i) {
            std::vector<std::uint8_t> rim(image.width);
            const std::int32_t* label = labels.plane(i / parts);
            for (std::int64_t row = rows * (i % parts) / parts; row < rows * (i % parts + 1) / parts; ++row) {
                rim_row(image, label, row, true, rim.data());
                for (std::int64_t k = 0; k < image.width; ++k)
                    if (rim[k]) ++found[i][label[row * image.width + k]];
            }
        });
        std::fill_n(counts, q.n * q.c, 0);
        for (std::size_t i = 0; i < found.size(); ++i)
            for (std::int64_t k = 0; k < (q.sigmoid ? 1 : q.c); ++k)
                counts[std::int64_t(i) / parts * (q.sigmoid ? 1 : q.c) + k] += found[i][q.sigmoid ? 1 : k];
    });
}

// `problem` holds logits, under a sigmoid probabilities. out [n, s], under a sigmoid [n, c, s]: where the decision is
// wrong, the mean over the classes from 1 on that have both rims of how far the decided rim is from the true one; else 0.
// `spacing` has three numbers, or is null.
EXPORT int contour_errors(const Problem* problem, int axes, const std::int64_t* sizes, const double* spacing, float* out,
                          int threads) {
    return status_of([&] {
        const Problem& q = *problem;
        const Image image(axes, sizes);
        const Labels truth = true_labels(q, threads), guess = decided_labels(q, truth, threads);
        const int classes = int(truth.classes), planes = int(truth.planes);
        std::vector<std::vector<Places>> true_rims(planes), rims(planes);
        run_parallel(2 * planes, threads, [&](int i) {
            (i % 2 ? rims : true_rims)[i / 2] = rims_of(image, i % 2 ? guess : truth, i / 2);
        });
        std::vector<double> distance(planes * classes, -1.0);
        run_parallel(planes * (classes - 1), threads, [&](int i) {
            const int plane = i / (classes - 1), k = i % (classes - 1) + 1;
            const Places &from = rims[plane][k], &to = true_rims[plane][k];
            if (from.empty() || to.empty()) return;
            const Box box(image, from, to);
            const bool whole = edt::whole(edt::Grid{3, box.sizes.data()}, spacing);
            distance[plane * classes + k] = whole ? mean_distance<std::int32_t>(image, box, spacing, from, to)
                                                  : mean_distance<double>(image, box, spacing, from, to);
        });
        std::vector<float> error(planes);
        for (int plane = 0; plane < planes; ++plane) {
            double sum = 0, number = 0;
            for (int k = 1; k < classes; ++k) {
                const double found = distance[plane * classes + k];
                if (found >= 0) sum += found, ++number;
            }
            error[plane] = number > 0 ? float(sum / number) : 0.0f;
        }
        in_parts(truth, threads, [&](std::int64_t plane, std::int64_t first, int w) {
            const std::int32_t *label = truth.plane(plane) + first, *other = guess.plane(plane) + first;
            float* price = out + plane * q.s + first;
            for (int i = 0; i < w; ++i) price[i] = label[i] != other[i] ? error[plane] : 0.0f;
        });
    });
}
