// Exact Euclidean distance of every pixel of a mask to the other side of the mask's boundary.
//
//   d(i)^2 = min over pixels j on the other side of  sum over axes k of (s_k (i_k - j_k))^2
//
// One axis at a time: along a line, the new square of pixel i is the minimum over j of f(j) + (s (i - j))^2, where f(j) is the
// current square, and 0 if j lies on the other side. The sign of a square tells its side; it is FAR while nothing on the other
// side is known. Near a boundary, pixels scan their neighbours one by one, many pixels at once; further away, the lower
// envelope of parabolas is faster.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <vector>

#include "distance/envelope.hpp"
#include "parallel.hpp"
#include "simd/platform.hpp"

namespace psl::edt {

constexpr int COLUMNS = 16;  // strided lines are copied this many at a time: a cache line of squares
constexpr int STRIP = 256;  // lines of the first axis that are worked on together
constexpr int CHUNK = 32;  // neighbouring pixels that scan together
constexpr std::int16_t SHORT_MAX = 1 << 14;  // limit of 16-bit squares

// How far pixels scan before parabolas are tried: further with 16 bits, of which a vector holds many.
template <class Small>
constexpr int NEAR = sizeof(Small) == 2 ? 64 : 16;
static_assert(NEAR<std::int16_t> % 2 == 0 && NEAR<double> % 2 == 0, "two distances are scanned at a time");
static_assert(NEAR<std::int16_t> * NEAR<std::int16_t> < SHORT_MAX, "no near square is clamped");

template <class Square>
bool inside(Square signed_square) {
    return signed_square > 0;
}

// Squares along the first axis, from the number of pixels since the last change of side and until the next. Lines are adjacent,
// their pixels `stride` apart.
template <class Square>
TARGET_CLONES void first_axis_lines(const std::uint8_t* mask, int length, std::int64_t stride, int lines, Square step,
                                    Square* squares) {
    const Square none = 1 << 30;  // longer than any line
    Square after[STRIP];
    std::fill_n(squares, lines, none);
    for (int i = 1; i < length; ++i) {
        const std::uint8_t *mine = mask + i * stride, *last = mine - stride;
        Square *run = squares + i * stride, *before = run - stride;
        for (int c = 0; c < lines; ++c) run[c] = (mine[c] != 0) == (last[c] != 0) ? before[c] + 1 : 1;
    }
    std::fill_n(after, lines, none);
    for (int i = length - 1; i >= 0; --i) {
        const std::uint8_t *mine = mask + i * stride, *next = i + 1 < length ? mine + stride : mine;
        Square* square = squares + i * stride;
        for (int c = 0; c < lines; ++c) {
            const Square run = after[c] = (mine[c] != 0) == (next[c] != 0) ? after[c] + 1 : 1;
            const Square away = square[c] < run ? square[c] : run, known = away < none ? away : 0;
            const Square current = away < none ? step * known * known : FAR<Square>;
            square[c] = mine[c] != 0 ? current : -current;
        }
    }
}

// Work space of a thread for lines along the other axes.
template <class Square>
struct Line {
    using Small = std::conditional_t<std::is_same_v<Square, std::int32_t>, std::int16_t, Square>;  // a vector holds more

    int length;
    std::vector<Square> current, relaxed;
    std::vector<Small> near;  // `current`, clamped, with its ends repeated NEAR times
    Envelope envelope;

    explicit Line(int length)
        : length(length), current(length), relaxed(length + CHUNK), near(length + 2 * NEAR<Small> + CHUNK), envelope(length) {}
};

// Copy and clamp squares. Repeated ends cannot change any minimum.
template <class Square, class Small>
TARGET_CLONES void clamp_line(const Square* current, int length, Small* near, int count) {
    const Square most = sizeof(Small) < sizeof(Square) ? Square(SHORT_MAX) : FAR<Square>;
    Small* mine = near + NEAR<Small>;
    for (int i = 0; i < length; ++i) {
        const Square capped = current[i] < most ? current[i] : most;
        mine[i] = Small(capped > -most ? capped : -most);
    }
    std::fill(near, mine, mine[0]);
    std::fill(mine + length, near + count, mine[length - 1]);
}

// Relax a chunk by the pixels `away` before and after it. Those on the other side have a square of 0.
template <class Small>
INLINE void scan_neighbors(const Small* mine, const Small* side, Small step, int away, Small* best) {
    const Small square = step * away * away;
    for (int c = 0; c < CHUNK; ++c) {
        const Small before = mine[c - away] * side[c], after = mine[c + away] * side[c];
        Small least = before < after ? before : after;
        least = least < 0 ? 0 : least;
        least += square;
        best[c] = least < best[c] ? least : best[c];
    }
}

// Relax chunks of a line from `first` on; returns the first pixel of a chunk that has to look further than NEAR.
template <class Square, class Small>
TARGET_CLONES int relax_near(const Small* near, int first, int length, Small step, Square* relaxed) {
    for (; first < length; first += CHUNK) {
        const Small* mine = near + NEAR<Small> + first;
        const Small count = Small(std::min(CHUNK, length - first));
        Small side[CHUNK], best[CHUNK];
        for (int c = 0; c < CHUNK; ++c) side[c] = mine[c] > 0 ? 1 : -1;
        for (int c = 0; c < CHUNK; ++c) {
            const Small size = mine[c] * side[c];
            best[c] = Small(c) < count ? size : Small(0);  // beyond the line there is nothing to find
        }
        for (int away = 1;; away += 2) {
            Small most = 0;
            for (int c = 0; c < CHUNK; ++c) most = most < best[c] ? best[c] : most;
            if (most <= step * away * away) break;
            if (away > NEAR<Small>) return first;
            scan_neighbors(mine, side, step, away, best);
            scan_neighbors(mine, side, step, away + 1, best);
        }
        Square* out = relaxed + first;
        for (int c = 0; c < CHUNK; ++c) out[c] = best[c] * side[c];
    }
    return length;
}

// Relax all runs of a line that overlap a chunk; returns the end of the last one.
template <class Square>
int relax_parabolas(Line<Square>& line, int chunk, Square step) {
    const Square* current = line.current.data();
    int first = chunk, last;
    while (first > 0 && inside(current[first - 1]) == inside(current[chunk])) --first;
    for (; first < line.length && first < chunk + CHUNK; first = last) {
        const bool in = inside(current[first]);
        for (last = first + 1; last < line.length && inside(current[last]) == in;) ++last;
        const Square side = in ? 1 : -1;
        line.envelope.run(
            first, last, line.length, step, [&](int i) { return side * current[i]; },
            [&](int i, Square square) { line.relaxed[i] = side * square; });
    }
    return first;
}

template <class Square>
void relax_line(Line<Square>& line, Square step) {
    using Small = typename Line<Square>::Small;
    clamp_line(line.current.data(), line.length, line.near.data(), int(line.near.size()));
    for (int first = 0; first < line.length;) {
        first = relax_near(line.near.data(), first, line.length, Small(step), line.relaxed.data());
        if (first < line.length) first = relax_parabolas(line, first, step);
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

// The first axis turns masks into squares, adjacent lines together.
template <class Square>
void first_axis(const Grid& grid, const std::uint8_t* mask, Square step, int threads, Square* squares) {
    const std::int64_t stride = grid.pixels(1);
    run_slices(stride, threads, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t column = begin; column < end; column += STRIP) {
            const int lines = int(std::min<std::int64_t>(STRIP, end - column));
            first_axis_lines(mask + column, int(grid.sizes[0]), stride, lines, step, squares + column);
        }
    });
}

// Along a middle axis pixels lie `stride` apart: adjacent lines are copied, relaxed and copied back.
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
                for (int i = 0; i < length; ++i) line.current[i] = rows[i * COLUMNS + c];
                relax_line(line, step);
                for (int i = 0; i < length; ++i) rows[i * COLUMNS + c] = line.relaxed[i];
            }
            for (int i = 0; i < length; ++i) std::copy_n(&rows[i * COLUMNS], width, corner + i * stride);
        }
    });
}

// Lines of the last axis are contiguous.
template <class Square>
void last_axis(const Grid& grid, Square step, int threads, Square* squares) {
    const int length = int(grid.sizes[grid.axes - 1]);
    run_slices(grid.pixels(0) / length, threads, [&](std::int64_t first, std::int64_t last) {
        Line<Square> line(length);
        for (std::int64_t i = first; i < last; ++i) {
            std::copy_n(squares + i * length, length, line.current.data());
            relax_line(line, step);
            std::copy_n(line.relaxed.data(), length, squares + i * length);
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

// Whether the squares of a map are integers that fit 32 bits.
inline bool fits_int32(const Grid& grid, const double* spacing) {
    double largest = 0;
    for (int axis = 0; axis < grid.axes; ++axis) largest += double(grid.sizes[axis]) * double(grid.sizes[axis]);
    return !spacing && largest < FAR<std::int32_t>;
}

}  // namespace psl::edt
