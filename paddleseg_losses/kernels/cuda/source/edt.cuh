// Square of the exact Euclidean distance of a pixel to the other side of its mask's boundary, axis by axis.
//
// Along the first axis a thread walks down and up a line, and counts the steps to the other side. Along each further one a pixel
// looks outward until nothing nearer can come: neighbours read neighbours, so lines lie in the cache, and none is too long.
// Steps and squares carry the side in their sign. Squares are floats, which are exact up to 4096 pixels of equal sides.
//
// Of both sides of each mask, `extent` [maps][2][2] says between which columns of the last axis it lies: width - the first, and
// the last + 1; zeros before. A mask without both sides has distance 0, and nobody looks where there is nothing.
#pragma once
#include "maps.cuh"

const int FAR_STEPS = 32767;
const float FAR_SQUARE = 1e30f;

// After a few threads the rest need not queue.
__device__ inline void raise_to(int* most, int x) {
    if (x > *most) atomicMax(most, x);
}

// mask(map, pixel). Lines of `length` pixels, `inner` of them beside each other; grid: maps * blocks over these.
template <class Mask>
__device__ inline void count_steps(const Mask& mask, short* steps, int* extent, int length, int inner, int width) {
    const Pixel start = pixel_of_thread(inner);
    if (!start.inside) return;
    short* line = steps + start.map * length * inner + start.at;
    int away = FAR_STEPS;
    bool before = false, seen[2] = {false, false};
    for (int i = 0; i < length; ++i) {
        const bool inside = mask(start.map, i * inner + start.at);
        away = i > 0 && inside != before ? 1 : away < FAR_STEPS ? away + 1 : FAR_STEPS;
        line[static_cast<i64>(i) * inner] = static_cast<short>(inside ? away : -away);
        seen[0] = seen[0] || !inside, seen[1] = seen[1] || inside;
        before = inside;
    }
    away = FAR_STEPS;
    for (int i = length - 1; i >= 0; --i) {
        short* here = line + static_cast<i64>(i) * inner;
        const bool inside = *here > 0;
        away = i < length - 1 && inside != before ? 1 : away < FAR_STEPS ? away + 1 : FAR_STEPS;
        if (away < (inside ? *here : -*here)) *here = static_cast<short>(inside ? away : -away);
        before = inside;
    }
    const int column = start.at % width;
    for (int side = 0; side < 2; ++side) {
        if (!seen[side]) continue;
        raise_to(extent + 4 * start.map + 2 * side, width - column);
        raise_to(extent + 4 * start.map + 2 * side + 1, column + 1);
    }
}

// What is known of a pixel after some axes: the square of its distance to another side, and its own side.
struct Reach {
    float square;
    int side;
};

__device__ inline float square_of_steps(int away, float size) {
    return away == FAR_STEPS ? FAR_SQUARE : (away * size) * (away * size);
}

// After the first axis, along which steps have a size.
struct Steps {
    const short* steps;
    float size;

    __device__ inline Reach operator()(i64 pixel) const {
        const int away = steps[pixel];
        return {square_of_steps(away < 0 ? -away : away, size), away > 0};
    }
};

// After more axes.
struct Squares {
    const float* squares;

    __device__ inline Reach operator()(i64 pixel) const { return {fabsf(squares[pixel]), squares[pixel] > 0.0f}; }
};

// The square with one more axis, along which a line has `length` pixels, `stride` apart; the pixel is its i-th. Nothing is to be
// found fewer than `nearest` steps away.
template <class Known>
__device__ inline float look_outward(const Known& known, i64 pixel, int i, int length, int stride, float step, int nearest = 1) {
    const Reach here = known(pixel);
    float best = here.square;
    for (int k = nearest; k <= i || k < length - i; ++k) {
        const float away = (k * step) * (k * step);
        if (!(away < best)) break;
        const i64 reach = static_cast<i64>(k) * stride;
        for (int way = 0; way < 2; ++way) {
            if (way == 0 ? k > i : k >= length - i) continue;
            const Reach there = known(way == 0 ? pixel - reach : pixel + reach);
            best = fminf(best, away + (there.side == here.side ? there.square : 0.0f));
        }
    }
    return best;
}

// Sizes of a pixel, in units of the largest, so that no square overflows: `steps` along the axis whose steps are counted, the
// middle axis of a volume, and the last one. `edt.py` has the same struct.
struct Spacing {
    float first, middle, last, unit;
};

// What is known of masks before the last axis: squares of volumes, else steps. `edt.py` has the same struct.
struct Nearest {
    const short* steps;
    const float* squares;
    const int* extent;

    __device__ inline bool bounded(i64 map) const { return extent[4 * map] > 0 && extent[4 * map + 2] > 0; }

    // In the units of the spacing.
    __device__ inline float square(i64 map, int size, int at, int width, const Spacing& spacing) const {
        if (!bounded(map)) return 0.0f;
        const i64 pixel = map * size + at;
        return squares ? looked(Squares{squares}, map, pixel, at % width, width, spacing)
                       : looked(Steps{steps, spacing.first}, map, pixel, at % width, width, spacing);
    }

private:
    template <class Known>
    __device__ inline float looked(const Known& known, i64 map, i64 pixel, int i, int width, const Spacing& spacing) const {
        const int* other = extent + 4 * map + 2 * (1 - known(pixel).side);
        const int before = width - other[0] - i, after = i - (other[1] - 1);  // how far its columns lie beside this one
        const int nearest = before > after ? before : after;
        return look_outward(known, pixel, i, width, 1, spacing.last, nearest > 1 ? nearest : 1);
    }
};
