// The soft skeleton of maps (Shit et al.) and its gradient. With x_0 the map, erosion the minimum over the cross and
// dilation the maximum over the full 3-window, both within the image,
//     x_{k+1} = erode(x_k),   r_k = max(x_k - dilate(x_{k+1}), 0),   s_{k+1} = s_k + max(r_k - s_k r_k, 0).
//
// The gradient computes the maps again, so that nothing but x_0 is kept. Pixels are compared with one neighbour after
// another; of two equal ones each takes half of the gradient, as with Paddle's operators.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "memory.hpp"
#include "parallel.hpp"
#include "platform.hpp"

namespace {

using Share = std::uint8_t;  // what a neighbour takes of the gradient: 0, 1 half, 2 all of it

struct Grid {
    int axes;
    const std::int64_t* sizes;
    std::int64_t pixels;
};

// Compare every pixel's `best` with a neighbour along an axis; beyond the image lies the pixel itself.
template <bool LARGEST>
EVERY_INSTRUCTION_SET void compare(const float* in, std::int64_t low, std::int64_t high, std::int64_t shift, float* best,
                                   Share* share) {
#pragma omp simd
    for (std::int64_t i = low; i < high; ++i) {
        const float other = in[i + shift], mine = best[i];
        const bool stays = LARGEST ? mine > other : mine < other;
        best[i] = stays ? mine : other;
        share[i] = Share(stays ? 0 : mine == other ? 1 : 2);
    }
}

// Let a neighbour take its share of the gradient; the rest stays.
EVERY_INSTRUCTION_SET
void give(float* gradient, const Share* share, std::int64_t low, std::int64_t high, std::int64_t shift, float* to) {
#pragma omp simd
    for (std::int64_t i = low; i < high; ++i) {
        const float given = gradient[i] * (0.5f * float(share[i]));
        to[i + shift] += given;
        gradient[i] -= given;
    }
}

// Apply task(low, high, shift) to the pixels with a neighbour on one side along an axis, and those without.
template <class Task>
void along(const Grid& grid, int axis, bool next, Task task) {
    std::int64_t stride = 1;
    for (int k = axis + 1; k < grid.axes; ++k) stride *= grid.sizes[k];
    const std::int64_t extent = grid.sizes[axis] * stride;
    for (std::int64_t start = 0; start < grid.pixels; start += extent) {
        const std::int64_t end = start + extent;
        task(next ? start : start + stride, next ? end - stride : end, next ? stride : -stride);
        task(next ? end - stride : start, next ? end : start + stride, std::int64_t(0));
    }
}

// Shares are those of both sides of every axis, in the order of comparison.
void erode(const Grid& grid, const float* in, float* out, Share* shares) {
    std::memcpy(out, in, grid.pixels * sizeof(float));
    for (int turn = 0; turn < 2 * grid.axes; ++turn, shares += grid.pixels)
        along(grid, turn / 2, turn % 2 == 0, [&](std::int64_t low, std::int64_t high, std::int64_t shift) {
            compare<false>(in, low, high, shift, out, shares);
        });
}

// One axis after another; `steps` are the results of the axes, one map each.
void dilate(const Grid& grid, const float* in, float* steps, Share* shares) {
    for (int axis = 0; axis < grid.axes; ++axis, in = steps, steps += grid.pixels) {
        std::memcpy(steps, in, grid.pixels * sizeof(float));
        for (const bool next : {true, false}) {
            along(grid, axis, next, [&](std::int64_t low, std::int64_t high, std::int64_t shift) {
                compare<true>(in, low, high, shift, steps, shares);
            });
            shares += grid.pixels;
        }
    }
}

// Undo comparisons, the last one first: `to` gains what the pixels take of the gradient, which is used up.
void hand_back(const Grid& grid, int first, int last, float* gradient, const Share* shares, float* to) {
    for (int turn = 2 * last - 1; turn >= 2 * first; --turn)
        along(grid, turn / 2, turn % 2 == 0, [&](std::int64_t low, std::int64_t high, std::int64_t shift) {
            give(gradient, shares + turn * grid.pixels, low, high, shift, to);
        });
    for (std::int64_t i = 0; i < grid.pixels; ++i) to[i] += gradient[i];
}

EVERY_INSTRUCTION_SET
void grow(const float* x, const float* dilated, std::int64_t pixels, const float* skeleton, float* grown) {
    for (std::int64_t i = 0; i < pixels; ++i) {
        const float difference = x[i] - dilated[i], ridge = difference > 0.0f ? difference : 0.0f;
        const float added = ridge - skeleton[i] * ridge;
        grown[i] = skeleton[i] + (added > 0.0f ? added : 0.0f);
    }
}

// From the gradient of the grown skeleton: those of the skeleton (in place), of x and of the dilated map.
EVERY_INSTRUCTION_SET
void shrink(const float* x, const float* dilated, std::int64_t pixels, const float* skeleton, float* upstream, float* of_x,
            float* of_dilated) {
    for (std::int64_t i = 0; i < pixels; ++i) {
        const float difference = x[i] - dilated[i], ridge = difference > 0.0f ? difference : 0.0f;
        const bool grows = ridge - skeleton[i] * ridge > 0.0f;
        const float of_ridge = grows && difference > 0.0f ? upstream[i] * (1.0f - skeleton[i]) : 0.0f;
        upstream[i] = grows ? upstream[i] * (1.0f - ridge) : upstream[i];
        of_x[i] = of_ridge;
        of_dilated[i] = -of_ridge;
    }
}

void skeleton_of(const Grid& grid, int iterations, const float* map, float* out) {
    const std::int64_t n = grid.pixels;
    std::vector<float> x(map, map + n), eroded(n), steps(grid.axes * n);
    std::vector<Share> shares(2 * grid.axes * n);
    std::memset(out, 0, n * sizeof(float));
    for (int k = 0; k <= iterations; ++k) {
        erode(grid, x.data(), eroded.data(), shares.data());
        dilate(grid, eroded.data(), steps.data(), shares.data());
        grow(x.data(), &steps[(grid.axes - 1) * n], n, out, out);
        x.swap(eroded);
    }
}

void gradient_of(const Grid& grid, int iterations, const float* map, const float* upstream, float* out) {
    const std::int64_t n = grid.pixels;
    std::vector<float> x((iterations + 2) * n), skeleton((iterations + 2) * n), steps(grid.axes * n);
    const std::int64_t each = 2 * grid.axes * n;
    std::vector<Share> eroded((iterations + 1) * each), dilated(each);
    std::memcpy(x.data(), map, n * sizeof(float));
    const float* top = &steps[(grid.axes - 1) * n];
    for (int k = 0; k <= iterations; ++k) {
        erode(grid, &x[k * n], &x[(k + 1) * n], &eroded[k * each]);
        dilate(grid, &x[(k + 1) * n], steps.data(), dilated.data());
        grow(&x[k * n], top, n, &skeleton[k * n], &skeleton[(k + 1) * n]);
    }
    std::vector<float> pull(upstream, upstream + n), of_next(n), of_x(n), of_dilated(n), before(n);
    for (int k = iterations; k >= 0; --k) {  // of_next: gradient of x_{k+1}
        dilate(grid, &x[(k + 1) * n], steps.data(), dilated.data());
        shrink(&x[k * n], top, n, &skeleton[k * n], pull.data(), of_x.data(), of_dilated.data());
        for (int axis = grid.axes - 1; axis >= 0; --axis) {
            std::fill(before.begin(), before.end(), 0.0f);
            hand_back(grid, axis, axis + 1, of_dilated.data(), dilated.data(), before.data());
            of_dilated.swap(before);
        }
        for (std::int64_t i = 0; i < n; ++i) of_next[i] += of_dilated[i];
        hand_back(grid, 0, grid.axes, of_next.data(), &eroded[k * each], of_x.data());
        of_next.swap(of_x);
    }
    std::memcpy(out, of_next.data(), n * sizeof(float));
}

template <class Task>
int for_maps(std::int64_t maps, int axes, const std::int64_t* sizes, int threads, float* out, Task task) {
    return status_of([&] {
        Grid grid{axes, sizes, 1};
        for (int axis = 0; axis < axes; ++axis) grid.pixels *= sizes[axis];
        expect_large_pages(out, maps * grid.pixels * sizeof(float));
        run_parallel(int(maps), threads, [&](int i) { task(grid, i * grid.pixels); });
    });
}

}  // namespace

// maps and out [maps, *sizes].
EXPORT int skeleton_forward(const float* x, std::int64_t maps, int axes, const std::int64_t* sizes, int iterations,
                            int threads, float* out) {
    return for_maps(maps, axes, sizes, threads, out,
                    [&](const Grid& grid, std::int64_t at) { skeleton_of(grid, iterations, x + at, out + at); });
}

EXPORT int skeleton_backward(const float* x, const float* upstream, std::int64_t maps, int axes,
                             const std::int64_t* sizes, int iterations, int threads, float* out) {
    return for_maps(maps, axes, sizes, threads, out, [&](const Grid& grid, std::int64_t at) {
        gradient_of(grid, iterations, x + at, upstream + at, out + at);
    });
}
