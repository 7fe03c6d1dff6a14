// Steps of the soft skeleton on one slice of a map: a plane of a volume, or a row of an image.
//
// Pixels are compared with one neighbour after another; if two are equal, each gets half of the gradient, as in Paddle's
// operators. Beyond the image the pixel itself is repeated.
#pragma once

#include <cstdint>
#include <vector>

#include "simd/platform.hpp"

namespace psl {

// Slices lie along the first axis; those of an image have one row. A padded row repeats its outermost pixels.
struct Slices {
    std::int64_t count, rows, width;

    Slices(int axes, const std::int64_t* sizes)
        : count(axes > 1 ? sizes[0] : 1), rows(axes > 2 ? sizes[1] : 1), width(sizes[axes - 1]) {}

    std::int64_t stride() const { return width + 2; }  // of padded rows
    std::int64_t padded() const { return rows * stride(); }
    std::int64_t pixels() const { return rows * width; }
};

struct Neighbors {
    float *before, *mine, *after;
};

// Work space of the steps.
struct Scratch {
    std::vector<float> largest, gradient, column, rows, grown, upstreams;
    std::int64_t stride;

    Scratch(const Slices& grid, std::int64_t last)
        : largest(grid.padded()),
          gradient(grid.pixels()),
          column(grid.stride()),
          rows(7 * grid.stride()),
          grown((last + 2) * grid.pixels()),
          upstreams(grid.pixels()),
          stride(grid.stride()) {}

    float* row(int number) { return &rows[number * stride]; }
    float* skeletons() { return grown.data(); }  // s_0 ... s_{K+1} of a slice
    float* upstream() { return upstreams.data(); }
};

INLINE float smaller(float mine, float other) { return mine < other ? mine : other; }
INLINE float larger(float mine, float other) { return mine > other ? mine : other; }
INLINE float positive(float x) { return 0.0f > x ? 0.0f : x; }  // NaN stays NaN

// The part of a gradient that goes to the other pixel of a comparison; the rest stays.
INLINE float split_tie(bool mine, bool equal, float& rest) {
    const float given = rest * (mine ? 0.0f : equal ? 0.5f : 1.0f);
    rest -= given;
    return given;
}

INLINE void add(const float* values, std::int64_t size, float* to) {
#pragma omp simd
    for (std::int64_t i = 0; i < size; ++i) to[i] += values[i];
}

// Add to each pixel of a row its parts of the gradients of the next and of the previous one.
INLINE void add_shifted(const float* from_next, const float* from_previous, std::int64_t width, float* to) {
    to[0] += from_next[0];
    add(from_next + 1, width - 1, to);
    add(from_previous, width - 1, to + 1);
    to[width - 1] += from_previous[width - 1];
}

static void read(const Slices& grid, const float* map, float* out) {
    for (std::int64_t y = 0; y < grid.rows; ++y, map += grid.width, out += grid.stride()) {
        std::copy_n(map, grid.width, out + 1);
        out[0] = map[0], out[grid.width + 1] = map[grid.width - 1];
    }
}

template <bool VOLUME>
TARGET_CLONES void erode(const Slices& grid, const Neighbors& x, float* out) {
    const std::int64_t width = grid.width, stride = grid.stride();
    for (std::int64_t y = 0, at = 1; y < grid.rows; ++y, at += stride) {
        const float *mine = x.mine + at, *after = x.after + at, *before = x.before + at;
        const float *below = y + 1 < grid.rows ? mine + stride : mine, *above = y > 0 ? mine - stride : mine;
        float* to = out + at;
#pragma omp simd
        for (std::int64_t i = 0; i < width; ++i) {
            float least = smaller(smaller(mine[i], after[i]), before[i]);
            if (VOLUME) least = smaller(smaller(least, below[i]), above[i]);
            to[i] = smaller(smaller(least, mine[i + 1]), mine[i - 1]);
        }
        to[-1] = to[0], to[width] = to[width - 1];
    }
}

// The maximum over a slice and the two beside it.
INLINE void largest_of(const Slices& grid, const Neighbors& x, float* out) {
#pragma omp simd
    for (std::int64_t i = 0; i < grid.padded(); ++i) out[i] = larger(larger(x.mine[i], x.after[i]), x.before[i]);
}

// The maximum over a row and, in a volume, the two beside it.
template <bool VOLUME>
INLINE const float* column_of(const Slices& grid, std::int64_t y, const float* largest, float* out) {
    const std::int64_t stride = grid.stride();
    const float* mine = largest + y * stride;
    if (!VOLUME) return mine;
    const float *below = y + 1 < grid.rows ? mine + stride : mine, *above = y > 0 ? mine - stride : mine;
#pragma omp simd
    for (std::int64_t i = 0; i < stride; ++i) out[i] = larger(larger(mine[i], below[i]), above[i]);
    return out;
}

// r_k from x_k and x_{k+1}.
template <bool VOLUME>
TARGET_CLONES void ridge(const Slices& grid, const float* x, const Neighbors& eroded, float* out, Scratch& scratch) {
    const std::int64_t width = grid.width;
    largest_of(grid, eroded, scratch.largest.data());
    for (std::int64_t y = 0; y < grid.rows; ++y, out += width) {
        const float* column = column_of<VOLUME>(grid, y, scratch.largest.data(), scratch.column.data()) + 1;
        const float* mine = x + y * grid.stride() + 1;
#pragma omp simd
        for (std::int64_t i = 0; i < width; ++i)
            out[i] = positive(mine[i] - larger(larger(column[i], column[i + 1]), column[i - 1]));
    }
}

// s_0 ... s_{K+1} from the ridges; returns the last.
TARGET_CLONES
static const float* grow(std::int64_t pixels, std::int64_t steps, const std::vector<float*>& ridges, float* skeletons) {
    for (std::int64_t i = 0; i < pixels; ++i) skeletons[i] = 0.0f;
    for (std::int64_t k = 0; k < steps; ++k, skeletons += pixels) {
        const float* ridge = ridges[k];
        float* grown = skeletons + pixels;
#pragma omp simd
        for (std::int64_t i = 0; i < pixels; ++i) grown[i] = skeletons[i] + positive(ridge[i] - skeletons[i] * ridge[i]);
    }
    return skeletons;
}

// Replace the ridges by their gradients, from that of s_{K+1}, which is overwritten.
TARGET_CLONES
static void shrink(std::int64_t pixels, std::int64_t steps, const std::vector<float*>& ridges, const float* skeletons,
                   float* upstream) {
    for (std::int64_t k = steps - 1; k >= 0; --k) {
        const float* skeleton = skeletons + k * pixels;
        float* ridge = ridges[k];
#pragma omp simd
        for (std::int64_t i = 0; i < pixels; ++i) {
            const float height = ridge[i], free = 1.0f - skeleton[i], given = upstream[i];
            const bool grows = height - skeleton[i] * height > 0.0f;
            ridge[i] = grows ? given * free : 0.0f;
            upstream[i] = grows ? given * (1.0f - height) : given;
        }
    }
}

// Add the gradient of a slice of x_{k+1}, which is cleared, to that of x_k and the slices beside it.
template <bool VOLUME>
TARGET_CLONES void erode_backward(const Slices& grid, const Neighbors& x, float* gradient, const Neighbors& to,
                                  Scratch& scratch) {
    const std::int64_t width = grid.width, stride = grid.stride();
    float *to_after = scratch.row(0), *to_before = scratch.row(1), *to_below = scratch.row(2), *to_above = scratch.row(3);
    float *to_next = scratch.row(4), *to_previous = scratch.row(5), *stays = scratch.row(6);
    for (std::int64_t y = 0, at = 1; y < grid.rows; ++y, at += stride) {
        const float *mine = x.mine + at, *after = x.after + at, *before = x.before + at;
        const bool first = y == 0, last = y + 1 == grid.rows;
        const float *below = last ? mine : mine + stride, *above = first ? mine : mine - stride;
        float* upstream = gradient + y * width;
#pragma omp simd
        for (std::int64_t i = 0; i < width; ++i) {
            const float a = mine[i], b = smaller(a, after[i]), c = smaller(b, before[i]);
            const float d = VOLUME ? smaller(c, below[i]) : c, e = VOLUME ? smaller(d, above[i]) : d;
            const float f = smaller(e, mine[i + 1]);
            float rest = upstream[i];
            to_previous[i] = split_tie(f < mine[i - 1], f == mine[i - 1], rest);
            to_next[i] = split_tie(e < mine[i + 1], e == mine[i + 1], rest);
            if (VOLUME) {
                to_above[i] = split_tie(d < above[i], d == above[i], rest);
                to_below[i] = split_tie(c < below[i], c == below[i], rest);
            }
            to_before[i] = split_tie(b < before[i], b == before[i], rest);
            to_after[i] = split_tie(a < after[i], a == after[i], rest);
            stays[i] = rest;
            upstream[i] = 0.0f;
        }
        float* row = to.mine + y * width;
        add(stays, width, row);
        add_shifted(to_previous, to_next, width, row);
        add(to_after, width, to.after + y * width);
        add(to_before, width, to.before + y * width);
        if (VOLUME) {
            add(to_below, width, last ? row : row + width);
            add(to_above, width, first ? row : row - width);
        }
    }
}

// Split the gradient of the maximum of three rows among them.
INLINE void max_backward(const float* mine, const float* next, const float* previous, const float* upstream, std::int64_t width,
                         float* stays, float* to_next, float* to_previous) {
#pragma omp simd
    for (std::int64_t i = 0; i < width; ++i) {
        const float a = mine[i], b = larger(a, next[i]);
        float rest = upstream[i];
        to_previous[i] = split_tie(b > previous[i], b == previous[i], rest);
        to_next[i] = split_tie(a > next[i], a == next[i], rest);
        stays[i] = rest;
    }
}

// Subtract the gradient of a slice of the ridges, through the dilation, from that of x_{k+1} and the slices beside it.
template <bool VOLUME>
TARGET_CLONES void dilate_backward(const Slices& grid, const Neighbors& x, const float* ridges, const Neighbors& to,
                                   Scratch& scratch) {
    const std::int64_t width = grid.width, stride = grid.stride();
    float *gradient = scratch.gradient.data(), *largest = scratch.largest.data();
    float *upstream = scratch.row(0), *stays = scratch.row(1), *next = scratch.row(2), *previous = scratch.row(3);
    largest_of(grid, x, largest);
    for (std::int64_t i = 0; i < grid.pixels(); ++i) gradient[i] = 0.0f;
    for (std::int64_t y = 0; y < grid.rows; ++y) {
        const float *mine = largest + y * stride + 1, *ridge = ridges + y * width;
        const float* column = column_of<VOLUME>(grid, y, largest, scratch.column.data()) + 1;
        for (std::int64_t i = 0; i < width; ++i) upstream[i] = -ridge[i];
        float *row = gradient + y * width, *beside = VOLUME ? scratch.row(4) : row;
        max_backward(column, column + 1, column - 1, upstream, width, stays, next, previous);
        for (std::int64_t i = 0; i < width; ++i) beside[i] = stays[i];
        add_shifted(previous, next, width, beside);
        if (!VOLUME) continue;
        const bool first = y == 0, last = y + 1 == grid.rows;
        max_backward(mine, last ? mine : mine + stride, first ? mine : mine - stride, beside, width, stays, next, previous);
        add(stays, width, row);
        add(next, width, last ? row : row + width);
        add(previous, width, first ? row : row - width);
    }
    for (std::int64_t y = 0, at = 1, from = 0; y < grid.rows; ++y, at += stride, from += width) {
        max_backward(x.mine + at, x.after + at, x.before + at, gradient + from, width, stays, next, previous);
        add(stays, width, to.mine + from);
        add(next, width, to.after + from);
        add(previous, width, to.before + from);
    }
}

}  // namespace psl
