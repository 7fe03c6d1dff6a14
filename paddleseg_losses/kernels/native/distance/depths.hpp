// How deep each pixel lies in its region: the distance to the nearest pixel of another label.
//
// One transform serves all regions of a plane. That of edt.hpp knows two sides only, so it would run once for each class, and
// rounds differently where pixels have a size.
#pragma once

#include <algorithm>
#include <vector>

#include "distance/envelope.hpp"
#include "image.hpp"

namespace psl {

constexpr double NOWHERE = FAR<double>;
constexpr int COLUMNS = 8;  // strided lines are copied this many at a time: a cache line of squares

inline void begin_line(const std::int32_t* label, int length, double step, double* line) {
    for (int first = 0, last; first < length; first = last) {
        for (last = first + 1; last < length && label[last] == label[first];) ++last;
        for (int i = first; i < last; ++i) {
            const double before = first > 0 ? i - first + 1 : 1e300, after = last < length ? last - i : 1e300;
            const double near = std::min(before, after);
            line[i] = near < 1e300 ? step * near * near : NOWHERE;
        }
    }
}

inline void relax_line(const std::int32_t* label, int length, double step, Envelope& envelope, double* line) {
    for (int first = 0, last; first < length; first = last) {
        for (last = first + 1; last < length && label[last] == label[first];) ++last;
        envelope.run(
            first, last, length, step, [&](int i) { return line[i]; }, [&](int i, double square) { line[i] = square; });
    }
}

// Lines whose pixels lie `stride` apart.
inline void relax_axis(const std::int32_t* label, std::int64_t pixels, int length, std::int64_t stride, double step,
                       int threads, double* squares) {
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

// NOWHERE where one region fills the image. spacing: a number for each axis, or null for 1.
inline void squared_depths(const Image& image, const std::int32_t* label, const double* spacing, int threads, double* squares) {
    const std::int64_t width = image.width, pixels = image.rows() * width;
    const auto step = [&](int axis) { return spacing ? spacing[axis] * spacing[axis] : 1.0; };
    run_slices(image.rows(), threads, [&](std::int64_t first, std::int64_t last) {
        for (std::int64_t row = first; row < last; ++row)
            begin_line(label + row * width, int(width), step(image.axes - 1), squares + row * width);
    });
    if (image.axes > 1) relax_axis(label, pixels, int(image.height), width, step(image.axes - 2), threads, squares);
    if (image.axes > 2) relax_axis(label, pixels, int(image.depth), width * image.height, step(0), threads, squares);
}

}  // namespace psl
