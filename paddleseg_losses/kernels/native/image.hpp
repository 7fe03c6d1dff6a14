// The pixels of one map, always with three axes, and the labels of all planes.
#pragma once

#include <memory>

#include "labels.hpp"
#include "parallel.hpp"

namespace psl {

struct Image {
    int axes;
    std::int64_t depth, height, width;

    Image(int axes, const std::int64_t* sizes)
        : axes(axes), depth(axes > 2 ? sizes[0] : 1), height(axes > 1 ? sizes[axes - 2] : 1), width(sizes[axes - 1]) {}

    std::int64_t rows() const { return depth * height; }
};

// A label for each pixel of each plane, -1 where it is left out.
struct LabelMaps {
    std::int64_t planes, classes, pixels;
    std::unique_ptr<std::int32_t[]> values;

    explicit LabelMaps(const Problem& q)
        : planes(q.sigmoid ? q.n * q.c : q.n),
          classes(q.sigmoid ? 2 : q.c),
          pixels(q.s),
          values(new std::int32_t[planes * pixels]) {}

    std::int32_t* plane(std::int64_t number) const { return values.get() + number * pixels; }
};

// Apply task(plane, first pixel, pixels) to parts of all planes.
template <class Task>
void in_parts(const LabelMaps& labels, int threads, Task task) {
    constexpr std::int64_t PART = 1 << 14;
    const std::int64_t parts = (labels.pixels + PART - 1) / PART;
    run_parallel(int(labels.planes * parts), threads, [&](int i) {
        const std::int64_t first = i % parts * PART;
        task(i / parts, first, int(std::min(PART, labels.pixels - first)));
    });
}

// As `read_labels`, but not inlined.
TARGET_CLONES
static void read_label_part(const Problem& q, std::int64_t first, int w, std::int64_t classes, std::int32_t* out) {
    read_labels(q, first, w, classes, out);
}

inline LabelMaps true_labels(const Problem& q, int threads) {
    LabelMaps labels(q);
    in_parts(labels, threads, [&](std::int64_t plane, std::int64_t first, int w) {
        read_label_part(q, plane * q.s + first, w, labels.classes, labels.plane(plane) + first);
    });
    return labels;
}

}  // namespace psl
