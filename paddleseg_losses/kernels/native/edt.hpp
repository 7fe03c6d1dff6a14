// Exact Euclidean distance of every pixel of a mask to the other side of the mask's boundary.
//
//   d(i)^2 = min over pixels j on the other side of  sum over axes k of (s_k (i_k - j_k))^2
//
// One axis at a time (Felzenszwalb & Huttenlocher): along a line the new square of pixel i is the least, over j, of
// f(j) + (s (i - j))^2, the height at i of the lower envelope of parabolas. f(j) is the square found so far, and 0
// if j lies on the other side: so a run of pixels on one side needs its own parabolas and the two zeros next to it, and
// one pass serves both sides. A square carries its side as its sign, and is FAR while nothing on the other side is known.
// Where all boundaries are near, as in noise and thin structures, looking at near pixels one by one is faster.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <type_traits>
#include <vector>

#include "parallel.hpp"
#include "platform.hpp"

namespace edt {

constexpr int COLUMNS = 16;  // lines across the memory are taken so many at a time: a cache line of squares
constexpr int NEAR = 12;  // pixels to either side that are looked at one by one before parabolas are tried

template <class Square>
constexpr Square FAR = std::numeric_limits<Square>::max() / 2;  // a sum with another square is still a number

// The lower envelope of parabolas (i - site)^2 + height, from left to right, over the pixels of one run.
struct Envelope {
    std::vector<int> site, start;  // a parabola is the lowest one from its start to the next one's
    std::vector<double> height, half_inverse;
    int count = 0;

    explicit Envelope(int length) : site(length + 2), start(length + 2), height(length + 2), half_inverse(length + 2) {
        for (int d = 1; d < length + 2; ++d) half_inverse[d] = 0.5 / d;
    }

    // Take in the parabola of a site to the right of all others; `first` to `last` is the run.
    void add(int place, double lift, int first, int last) {
        int begin = first;
        for (; count > 0; --count) {
            const int other = site[count - 1], apart = place - other;
            // The new one is lower to the right of `meet`. Where they meet on a pixel, either serves.
            const double meet = (lift - height[count - 1] + double(apart) * (place + other)) * half_inverse[apart];
            begin = meet < first ? first : meet >= last ? last : int(meet) + 1;
            if (begin > start[count - 1]) break;
            begin = first;
        }
        if (begin >= last) return;
        site[count] = place;
        start[count] = begin;
        height[count++] = lift;
    }
};

template <class Square>
bool inside(Square signed_square) {
    return signed_square > 0;
}

template <class Square>
int end_of_run(const Square* line, int first, int length) {
    int last = first + 1;
    while (last < length && inside(line[last]) == inside(line[first])) ++last;
    return last;
}

// The pixels since the last change of side, one step further. No branch, as masks may be noise.
INLINE int step_on(int run, bool same_side) { return (run & -int(same_side)) + 1; }

// Squares along the first axis that is looked at, from the pixels since the last change of side and until the next one.
template <class Square>
EVERY_INSTRUCTION_SET void begin_line(const std::uint8_t* mask, Square* line, int length, Square step) {
    const int none = 1 << 30;  // more than in any line
    int run = none;
    line[0] = Square(none);
    for (int i = 1; i < length; ++i) {
        run = step_on(run, (mask[i] != 0) == (mask[i - 1] != 0));
        line[i] = Square(run);
    }
    run = none;
    for (int i = length - 2; i >= 0; --i) {
        run = step_on(run, (mask[i] != 0) == (mask[i + 1] != 0));
        line[i] = line[i] < Square(run) ? line[i] : Square(run);
    }
    for (int i = 0; i < length; ++i) {
        const Square square = line[i] >= none ? FAR<Square> : step * line[i] * line[i];
        line[i] = mask[i] != 0 ? square : -square;
    }
}

// Improve squares along a further axis.
template <class Square>
void improve_line(Square* line, int length, Square step, Envelope& envelope) {
    const double scale = 1.0 / step;
    for (int first = 0, last; first < length; first = last) {
        last = end_of_run(line, first, length);
        const Square side = inside(line[first]) ? 1 : -1;
        if (first > 0 && last < length && last - first <= 2) {  // all next to an end: common in noise
            for (int i = first; i < last; ++i) line[i] = side * std::min(side * line[i], step);
            continue;
        }
        envelope.count = 0;
        if (first > 0) envelope.add(first - 1, 0.0, first, last);
        for (int i = first; i < last; ++i)
            if (side * line[i] < FAR<Square>) envelope.add(i, side * line[i] * scale, first, last);
        if (last < length) envelope.add(last, 0.0, first, last);
        for (int k = 0; k < envelope.count; ++k) {
            const int end = k + 1 < envelope.count ? envelope.start[k + 1] : last;
            const Square lowest = Square(envelope.height[k]);
            for (int i = envelope.start[k]; i < end; ++i) {
                const Square away = i - envelope.site[k];
                line[i] = side * step * (lowest + away * away);
            }
        }
    }
}

// The same for COLUMNS lines side by side, if no pixel has to look further than NEAR; else false.
template <class Square>
EVERY_INSTRUCTION_SET bool improve_near(const Square* rows, int length, Square step, Square* improved) {
    for (int i = 0; i < length; ++i) {
        const Square* own = rows + i * COLUMNS;
        Square* best = improved + i * COLUMNS;
        for (int c = 0; c < COLUMNS; ++c) best[c] = own[c] < 0 ? -own[c] : own[c];
        for (int away = 1; i >= away || i + away < length; ++away) {
            const Square square = step * away * away;
            int open = 0;
            for (int c = 0; c < COLUMNS; ++c) open |= best[c] > square;
            if (!open) break;
            if (away > NEAR) return false;
            for (const int j : {i - away, i + away}) {
                if (j < 0 || j >= length) continue;
                const Square* other = rows + j * COLUMNS;
                for (int c = 0; c < COLUMNS; ++c) {
                    const Square size = other[c] < 0 ? -other[c] : other[c];
                    const Square found = square + ((other[c] > 0) == (own[c] > 0) ? size : 0);
                    best[c] = found < best[c] ? found : best[c];
                }
            }
        }
        for (int c = 0; c < COLUMNS; ++c) best[c] = own[c] > 0 ? best[c] : -best[c];
    }
    return true;
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

// Along the last axis lines are contiguous, and masks become squares.
template <class Square>
void last_axis(const Grid& grid, const std::uint8_t* mask, Square step, int threads, Square* squares) {
    const int length = int(grid.sizes[grid.axes - 1]);
    const std::int64_t lines = grid.pixels(0) / length;
    run_slices(lines, threads, [&](std::int64_t first, std::int64_t last) {
        for (std::int64_t i = first; i < last; ++i) begin_line(mask + i * length, squares + i * length, length, step);
    });
}

// Along another axis neighbours lie `stride` apart: adjacent lines are copied together, worked on, and copied back.
template <class Square>
void other_axis(const Grid& grid, int axis, Square step, int threads, Square* squares) {
    const int length = int(grid.sizes[axis]);
    const std::int64_t stride = grid.pixels(axis + 1), blocks = (stride + COLUMNS - 1) / COLUMNS;
    const std::int64_t planes = grid.pixels(0) / (length * stride);
    run_slices(planes * blocks, threads, [&](std::int64_t begin, std::int64_t end) {
        std::vector<Square> rows(std::size_t(COLUMNS) * length), improved(rows.size()), line(length);
        Envelope envelope(length);
        for (std::int64_t block = begin; block < end; ++block) {
            const std::int64_t column = block % blocks * COLUMNS;
            const int width = int(std::min<std::int64_t>(COLUMNS, stride - column));
            Square* corner = squares + block / blocks * length * stride + column;
            for (int i = 0; i < length; ++i) std::copy_n(corner + i * stride, width, &rows[i * COLUMNS]);
            if (!improve_near(rows.data(), length, step, improved.data()))
                for (int c = 0; c < width; ++c) {
                    for (int i = 0; i < length; ++i) line[i] = rows[i * COLUMNS + c];
                    improve_line(line.data(), length, step, envelope);
                    for (int i = 0; i < length; ++i) improved[i * COLUMNS + c] = line[i];
                }
            for (int i = 0; i < length; ++i) std::copy_n(&improved[i * COLUMNS], width, corner + i * stride);
        }
    });
}

// Signed squares of one map, `[*sizes]`.
template <class Square>
void signed_squares(const Grid& grid, const std::uint8_t* mask, const double* spacing, int threads, Square* squares) {
    const auto step = [&](int axis) { return spacing ? Square(spacing[axis] * spacing[axis]) : Square(1); };
    last_axis(grid, mask, step(grid.axes - 1), threads, squares);
    for (int axis = grid.axes - 2; axis >= 0; --axis) other_axis(grid, axis, step(axis), threads, squares);
}

// Whether squares of a map are whole and fit 32 bits.
inline bool whole(const Grid& grid, const double* spacing) {
    double largest = 0;
    for (int axis = 0; axis < grid.axes; ++axis) largest += double(grid.sizes[axis]) * double(grid.sizes[axis]);
    return !spacing && largest < FAR<std::int32_t>;
}

}  // namespace edt
