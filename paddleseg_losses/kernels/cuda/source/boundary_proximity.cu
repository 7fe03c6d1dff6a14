// The inverted distance to the boundary of each pixel's region, all pixels of its class: the depth of the region's deepest pixel
// minus its own. The depths of all classes are one map, of the distance to another label. Planes are what has labels of its own.
#include "edt.cuh"

// Depths after the first axis.
struct StepsByLabel {
    const Labels& labels;
    const short* steps;
    float size;

    __device__ inline Reach operator()(i64 pixel) const { return {square_of_steps(steps[pixel], size), labels[pixel]}; }
};

// After more axes.
struct SquaresByLabel {
    const Labels& labels;
    const float* squares;

    __device__ inline Reach operator()(i64 pixel) const { return {squares[pixel], labels[pixel]}; }
};

// Steps to another label along lines of `length` pixels, `inner` of them beside each other. grid: planes * blocks over these
extern "C" __global__ void depth_steps(Maps maps, short* steps, int length, int inner) {
    const Pixel start = pixel_of_thread(inner);
    if (!start.inside) return;
    const i64 first = start.map * length * inner + start.at;
    for (int way = 0; way < 2; ++way) {
        int away = FAR_STEPS, before = -1;
        for (int i = 0; i < length; ++i) {
            const i64 at = first + static_cast<i64>(way == 0 ? i : length - 1 - i) * inner;
            const int label = maps.labels[at];
            away = i > 0 && label != before ? 1 : away < FAR_STEPS ? away + 1 : FAR_STEPS;
            if (way == 0 || away < steps[at]) steps[at] = static_cast<short>(away);
            before = label;
        }
    }
}

// Squares of depths with the middle axis of volumes. grid: planes * blocks over the pixels
extern "C" __global__ void depth_middle(Maps maps, const short* steps, Spacing spacing, float* squares, int depth, int height,
                                        int width) {
    const Pixel here = pixel_of_thread(depth * height * width);
    if (!here.inside) return;
    const i64 pixel = here.map * depth * height * width + here.at;
    const StepsByLabel known = {maps.labels, steps, spacing.first};
    squares[pixel] = look_outward(known, pixel, here.at / width % height, height, width, spacing.middle);
}

// Squares of depths, from those without the last axis, or else from steps. Of each class of a plane, as the bits of floats, which
// have the same order: deepest, 0 before, and shallowest, the largest int before. grid: planes * blocks over the pixels
extern "C" __global__ void depth_last(Maps maps, const short* steps, const float* before, Spacing spacing, float* squares,
                                      int* deepest, int* shallowest, int size, int width) {
    const Pixel here = pixel_of_thread(size);
    if (!here.inside) return;
    const i64 pixel = here.map * size + here.at;
    const int i = here.at % width, label = maps.labels[pixel];
    float square = FAR_SQUARE;
    if (label >= 0 && before)
        square = look_outward(SquaresByLabel{maps.labels, before}, pixel, i, width, 1, spacing.last);
    else if (label >= 0)
        square = look_outward(StepsByLabel{maps.labels, steps, spacing.first}, pixel, i, width, 1, spacing.last);
    squares[pixel] = square;
    if (square == FAR_SQUARE) return;
    const i64 region = here.map * maps.labels.classes + label;
    const int bits = __float_as_int(square);
    raise_to(deepest + region, bits);
    if (bits < shallowest[region]) atomicMin(shallowest + region, bits);
}

// squares become proximities, 1 on the boundary if they are to be normalized; 0 where a pixel is left out, or its region fills
// the plane. grid: planes * blocks over the pixels
extern "C" __global__ void depth_invert(Maps maps, const int* deepest, const int* shallowest, float unit, int normalize,
                                        float* squares) {
    const int size = maps.size();
    const Pixel here = pixel_of_thread(size);
    if (!here.inside) return;
    const i64 pixel = here.map * size + here.at;
    const float square = squares[pixel];
    if (square == FAR_SQUARE) {
        squares[pixel] = 0.0f;
        return;
    }
    const i64 region = here.map * maps.labels.classes + maps.labels[pixel];
    const float most = sqrtf(__int_as_float(deepest[region])), least = sqrtf(__int_as_float(shallowest[region]));
    const float gap = most - sqrtf(square);
    const bool flat = most - least <= 1e-6f * most;  // every pixel is on the boundary
    squares[pixel] = !normalize ? unit * gap : flat ? 1.0f : gap / (most - least);
}
