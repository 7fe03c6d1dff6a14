// Exact Euclidean distance of every pixel of a mask to the other side of the mask's boundary.
//
//   d(i)^2 = min over pixels j on the other side of  sum over axes k of (s_k (i_k - j_k))^2
//
// One axis at a time: along a line, the new square of pixel i is the least, over j, of f(j) + (s (i - j))^2, where f(j) is
// the square found so far, and 0 if j lies on the other side. A square carries its side as its sign, and is FAR while
// nothing on the other side is known. Pixels near a boundary look at their neighbours one by one, many pixels at once;
// further off, the lower envelope of parabolas is faster.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <vector>

#include "envelope.hpp"
#include "parallel.hpp"
#include "platform.hpp"

namespace edt {

constexpr int COLUMNS = 16;  // lines across the memory are taken so many at a time: a cache line of squares
constexpr int STRIP = 256;   // the first axis goes along so many lines at once
constexpr int CHUNK = 32;    // neighbouring pixels that look around together
constexpr std::int16_t MOST = 1 << 14;  // 16-bit squares end there

// How far pixels look before parabolas are tried. Of short numbers a vector holds many.
template <class Small>
constexpr int NEAR = sizeof(Small) == 2 ? 64 : 16;
static_assert(NEAR<std::int16_t> % 2 == 0 && NEAR<double> % 2 == 0, "they look twice at a time");
static_assert(NEAR<std::int16_t> * NEAR<std::int16_t> < MOST, "no near square is cut");

template <class Square>
bool inside(Square signed_square) {
    return signed_square > 0;
}

// Squares along the first axis, from the pixels since the last change of side and until the next one. Lines lie side by side,
// and their pixels `stride` apart.
template <class Square>
EVERY_INSTRUCTION_SET void begin_lines(const std::uint8_t* mask, int length, std::int64_t stride, int lines, Square step,
                                       Square* squares) {
    const Square none = 1 << 30;  // more than in any line
    Square after[STRIP];
    std::fill_n(squares, lines, none);
    for (int i = 1; i < length; ++i) {
        const std::uint8_t *own = mask + i * stride, *last = own - stride;
        Square *run = squares + i * stride, *before = run - stride;
        for (int c = 0; c < lines; ++c) run[c] = (own[c] != 0) == (last[c] != 0) ? before[c] + 1 : 1;
    }
    std::fill_n(after, lines, none);
    for (int i = length - 1; i >= 0; --i) {
        const std::uint8_t *own = mask + i * stride, *next = i + 1 < length ? own + stride : own;
        Square* square = squares + i * stride;
        for (int c = 0; c < lines; ++c) {
            const Square run = after[c] = (own[c] != 0) == (next[c] != 0) ? after[c] + 1 : 1;
            const Square away = square[c] < run ? square[c] : run, known = away < none ? away : 0;
            const Square found = away < none ? step * known * known : FAR<Square>;
            square[c] = own[c] != 0 ? found : -found;
        }
    }
}

// Work space of a thread for lines along a further axis.
template <class Square>
struct Line {
    using Small = std::conditional_t<std::is_same_v<Square, std::int32_t>, std::int16_t, Square>;  // more in a vector

    int length;
    std::vector<Square> found, improved;
    std::vector<Small> near;  // `found` after its first pixel NEAR times, and before its last one likewise
    Envelope envelope;

    explicit Line(int length)
        : length(length), found(length), improved(length + CHUNK), near(length + 2 * NEAR<Small> + CHUNK), envelope(length) {}
};

// Copy squares, none larger than those that are near. What repeats the ends adds nothing new to any pixel.
template <class Square, class Small>
EVERY_INSTRUCTION_SET void make_near(const Square* found, int length, Small* near, int count) {
    const Square most = sizeof(Small) < sizeof(Square) ? Square(MOST) : FAR<Square>;
    Small* own = near + NEAR<Small>;
    for (int i = 0; i < length; ++i) {
        const Square capped = found[i] < most ? found[i] : most;
        own[i] = Small(capped > -most ? capped : -most);
    }
    std::fill(near, own, own[0]);
    std::fill(own + length, near + count, own[length - 1]);
}

// Let a chunk look at the pixels `away` before and after. Those on the other side have a square of 0.
template <class Small>
INLINE void look(const Small* own, const Small* side, Small step, int away, Small* best) {
    const Small square = step * away * away;
    for (int c = 0; c < CHUNK; ++c) {
        const Small before = own[c - away] * side[c], after = own[c + away] * side[c];
        Small least = before < after ? before : after;
        least = least < 0 ? 0 : least;
        least += square;
        best[c] = least < best[c] ? least : best[c];
    }
}

// Improve chunks of a line from `first` on, and return the first pixel of a chunk that has to look further than NEAR.
template <class Square, class Small>
EVERY_INSTRUCTION_SET int improve_near(const Small* near, int first, int length, Small step, Square* improved) {
    for (; first < length; first += CHUNK) {
        const Small* own = near + NEAR<Small> + first;
        const Small count = Small(std::min(CHUNK, length - first));
        Small side[CHUNK], best[CHUNK];
        for (int c = 0; c < CHUNK; ++c) side[c] = own[c] > 0 ? 1 : -1;
        for (int c = 0; c < CHUNK; ++c) {
            const Small size = own[c] * side[c];
            best[c] = Small(c) < count ? size : Small(0);  // beyond the line nothing is looked for
        }
        for (int away = 1;; away += 2) {
            Small most = 0;
            for (int c = 0; c < CHUNK; ++c) most = most < best[c] ? best[c] : most;
            if (most <= step * away * away) break;
            if (away > NEAR<Small>) return first;
            look(own, side, step, away, best);
            look(own, side, step, away + 1, best);
        }
        Square* out = improved + first;
        for (int c = 0; c < CHUNK; ++c) out[c] = best[c] * side[c];
    }
    return length;
}

// Improve all runs of a line that reach into a chunk, and return where the last of them ends.
template <class Square>
int improve_runs(Line<Square>& line, int chunk, Square step) {
    const Square* found = line.found.data();
    int first = chunk, last;
    while (first > 0 && inside(found[first - 1]) == inside(found[chunk])) --first;
    for (; first < line.length && first < chunk + CHUNK; first = last) {
        const bool in = inside(found[first]);
        for (last = first + 1; last < line.length && inside(found[last]) == in;) ++last;
        const Square side = in ? 1 : -1;
        line.envelope.run(first, last, line.length, step, [&](int i) { return side * found[i]; },
                          [&](int i, Square square) { line.improved[i] = side * square; });
    }
    return first;
}

template <class Square>
void improve(Line<Square>& line, Square step) {
    using Small = typename Line<Square>::Small;
    make_near(line.found.data(), line.length, line.near.data(), int(line.near.size()));
    for (int first = 0; first < line.length;) {
        first = improve_near(line.near.data(), first, line.length, Small(step), line.improved.data());
        if (first < line.length) first = improve_runs(line, first, step);
    }
}

struct Grid {
    int axes;
    const std::int64_t* sizes;

    std::int64_t pixels(int from) const {
        std::int64_t product = 1;
        for (int axis = from; axis < axes; ++axis) product *= sizes[axis];
        return product;
    }
};

// Along the first axis, lines side by side: masks become squares.
template <class Square>
void first_axis(const Grid& grid, const std::uint8_t* mask, Square step, int threads, Square* squares) {
    const std::int64_t stride = grid.pixels(1);
    run_slices(stride, threads, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t column = begin; column < end; column += STRIP) {
            const int lines = int(std::min<std::int64_t>(STRIP, end - column));
            begin_lines(mask + column, int(grid.sizes[0]), stride, lines, step, squares + column);
        }
    });
}

// Along an axis in the middle neighbours lie `stride` apart: adjacent lines are copied together, worked on, and copied back.
template <class Square>
void middle_axis(const Grid& grid, int axis, Square step, int threads, Square* squares) {
    const int length = int(grid.sizes[axis]);
    const std::int64_t stride = grid.pixels(axis + 1), blocks = (stride + COLUMNS - 1) / COLUMNS;
    const std::int64_t planes = grid.pixels(0) / (length * stride);
    run_slices(planes * blocks, threads, [&](std::int64_t begin, std::int64_t end) {
        std::vector<Square> rows(std::size_t(COLUMNS) * length);
        Line<Square> line(length);
        for (std::int64_t block = begin; block < end; ++block) {
            const std::int64_t column = block % blocks * COLUMNS;
            const int width = int(std::min<std::int64_t>(COLUMNS, stride - column));
            Square* corner = squares + block / blocks * length * stride + column;
            for (int i = 0; i < length; ++i) std::copy_n(corner + i * stride, width, &rows[i * COLUMNS]);
            for (int c = 0; c < width; ++c) {
                for (int i = 0; i < length; ++i) line.found[i] = rows[i * COLUMNS + c];
                improve(line, step);
                for (int i = 0; i < length; ++i) rows[i * COLUMNS + c] = line.improved[i];
            }
            for (int i = 0; i < length; ++i) std::copy_n(&rows[i * COLUMNS], width, corner + i * stride);
        }
    });
}

// Along the last axis lines are contiguous.
template <class Square>
void last_axis(const Grid& grid, Square step, int threads, Square* squares) {
    const int length = int(grid.sizes[grid.axes - 1]);
    run_slices(grid.pixels(0) / length, threads, [&](std::int64_t first, std::int64_t last) {
        Line<Square> line(length);
        for (std::int64_t i = first; i < last; ++i) {
            std::copy_n(squares + i * length, length, line.found.data());
            improve(line, step);
            std::copy_n(line.improved.data(), length, squares + i * length);
        }
    });
}

// Signed squares of one map, `[*sizes]`.
template <class Square>
void signed_squares(const Grid& grid, const std::uint8_t* mask, const double* spacing, int threads, Square* squares) {
    const auto step = [&](int axis) { return spacing ? Square(spacing[axis] * spacing[axis]) : Square(1); };
    if (grid.axes == 1) {  // a line is an image of one row
        const std::int64_t sizes[] = {1, grid.sizes[0]};
        first_axis(Grid{2, sizes}, mask, Square(1), threads, squares);
    } else {
        first_axis(grid, mask, step(0), threads, squares);
    }
    for (int axis = 1; axis < grid.axes - 1; ++axis) middle_axis(grid, axis, step(axis), threads, squares);
    last_axis(grid, step(grid.axes - 1), threads, squares);
}

// Whether squares of a map are whole and fit 32 bits.
inline bool whole(const Grid& grid, const double* spacing) {
    double largest = 0;
    for (int axis = 0; axis < grid.axes; ++axis) largest += double(grid.sizes[axis]) * double(grid.sizes[axis]);
    return !spacing && largest < FAR<std::int32_t>;
}

}  // namespace edt
