// How deep each pixel lies in its region: the distance to the nearest pixel of another label.
//
// One transform serves all regions of a plane. That of edt.hpp knows two sides only, so it would run once for each class, and
// rounds differently where pixels have a size. As there, pixels first scan their neighbours one by one, many pixels at once;
// only lines with deeper ones take the lower envelope of parabolas.
#pragma once

#include <algorithm>
#include <limits>
#include <vector>

#include "distance/envelope.hpp"
#include "image.hpp"

namespace psl {

constexpr double NOWHERE = FAR<double>;
constexpr int COLUMNS = 16;  // strided lines are copied this many at a time: two cache lines of squares
constexpr int NEAR = 16;  // how far pixels scan
constexpr double ANY_DEPTH = std::numeric_limits<double>::infinity();

// Squares along a line, from the number of pixels since the last change of label and until the next. after [length].
TARGET_CLONES
static void begin_line(const std::int32_t* label, int length, double step, std::int32_t* after, double* line) {
    constexpr std::int32_t NONE = 1 << 30;  // longer than any line
    after[length - 1] = NONE;
    const auto going_on = [](std::int32_t run, bool same) { return (run & -std::int32_t(same)) + 1; };  // no jump
    for (int i = length - 2; i >= 0; --i) after[i] = going_on(after[i + 1], label[i] == label[i + 1]);
    std::int32_t before = NONE;
    for (int i = 1; i < length; ++i) {
        before = going_on(before, label[i] == label[i - 1]);
        after[i] = before < after[i] ? before : after[i];
    }
#pragma omp simd
    for (int i = 0; i < length; ++i) {
        const double near = after[i], square = after[i] < NONE ? step * near * near : NOWHERE;
        line[i] = label[i] < 0 ? 0.0 : square;
    }
}

inline void relax_line(const std::int32_t* label, int length, double step, Envelope& envelope, double* line) {
    for (int first = 0, last; first < length; first = last) {
        for (last = first + 1; last < length && label[last] == label[first];) ++last;
        if (label[first] < 0) continue;
        envelope.run(
            first, last, length, step, [&](int i) { return line[i]; }, [&](int i, double square) { line[i] = square; });
    }
}

// Lines side by side, [length, COLUMNS].
struct LineBlock {
    std::vector<double> squares, relaxed;
    std::vector<std::int32_t> label;

    explicit LineBlock(int length)
        : squares(std::size_t(COLUMNS) * length), relaxed(squares.size()), label(squares.size(), -1) {}
};

// Relax all lines by the pixels up to `reach` away; far[c]: whether a pixel of the line is deeper than that.
TARGET_CLONES
static void relax_near(int length, double step, int reach, LineBlock& lines, std::int32_t* far) {
    std::fill_n(far, COLUMNS, 0);
    for (int i = 0; i < length; ++i) {
        const std::int32_t* label = &lines.label[i * COLUMNS];
        double best[COLUMNS];
        std::copy_n(&lines.squares[i * COLUMNS], COLUMNS, best);
        const auto see = [&](int j, double away) {
            const std::int32_t* other = &lines.label[j * COLUMNS];
            const double* square = &lines.squares[j * COLUMNS];
#pragma omp simd
            for (int c = 0; c < COLUMNS; ++c) {
                const double reached = square[c], there = (other[c] == label[c] ? reached : 0.0) + away;
                best[c] = there < best[c] ? there : best[c];
            }
        };
        for (int away = 1; away <= reach; ++away) {
            const double square = step * away * away;
            double most = 0;
            for (int c = 0; c < COLUMNS; ++c) most = most < best[c] ? best[c] : most;
            if (most <= square) break;
            if (i >= away) see(i - away, square);
            if (i + away < length) see(i + away, square);
        }
        for (int c = 0; c < COLUMNS; ++c) far[c] |= label[c] >= 0 && best[c] > step * reach * reach ? 1 : 0;
        std::copy_n(best, COLUMNS, &lines.relaxed[i * COLUMNS]);
    }
}

// Lines whose pixels lie `stride` apart.
inline void relax_axis(const std::int32_t* label, std::int64_t pixels, int length, std::int64_t stride, double step,
                       double deepest, int threads, double* squares) {
    const std::int64_t blocks = (stride + COLUMNS - 1) / COLUMNS;
    const int reach = int(std::min<double>(NEAR, deepest));
    run_slices(pixels / (length * stride) * blocks, threads, [&](std::int64_t begin, std::int64_t end) {
        LineBlock lines(length);
        std::vector<double> line(length);
        std::vector<std::int32_t> label_of(length);
        std::int32_t far[COLUMNS];
        Envelope envelope(length);
        for (std::int64_t block = begin; block < end; ++block) {
            const std::int64_t column = block % blocks * COLUMNS, corner = block / blocks * length * stride + column;
            const int width = int(std::min<std::int64_t>(COLUMNS, stride - column));
            for (int i = 0; i < length; ++i) {
                std::copy_n(squares + corner + i * stride, width, &lines.squares[i * COLUMNS]);
                std::copy_n(label + corner + i * stride, width, &lines.label[i * COLUMNS]);
            }
            relax_near(length, step, reach, lines, far);
            for (int c = 0; c < width; ++c) {
                if (!far[c] || reach >= deepest) continue;
                for (int i = 0; i < length; ++i) {
                    line[i] = lines.squares[i * COLUMNS + c];
                    label_of[i] = lines.label[i * COLUMNS + c];
                }
                relax_line(label_of.data(), length, step, envelope, line.data());
                for (int i = 0; i < length; ++i) lines.relaxed[i * COLUMNS + c] = line[i];
            }
            for (int i = 0; i < length; ++i) std::copy_n(&lines.relaxed[i * COLUMNS], width, squares + corner + i * stride);
        }
    });
}

// NOWHERE where one region fills the image, 0 where a label is negative. Of pixels deeper than `deepest` steps the result says
// no more than that. spacing: a number for each axis, or null for 1.
inline void squared_depths(const Image& image, const std::int32_t* label, const double* spacing, double deepest, int threads,
                           double* squares) {
    const std::int64_t width = image.width, pixels = image.rows() * width;
    const auto step = [&](int axis) { return spacing ? spacing[axis] * spacing[axis] : 1.0; };
    run_slices(image.rows(), threads, [&](std::int64_t first, std::int64_t last) {
        std::vector<std::int32_t> after(width);
        for (std::int64_t row = first; row < last; ++row)
            begin_line(label + row * width, int(width), step(image.axes - 1), after.data(), squares + row * width);
    });
    const auto relax = [&](std::int64_t length, std::int64_t stride, int axis) {
        relax_axis(label, pixels, int(length), stride, step(axis), deepest, threads, squares);
    };
    if (image.axes > 1) relax(image.height, width, image.axes - 2);
    if (image.axes > 2) relax(image.depth, width * image.height, 0);
}

}  // namespace psl
