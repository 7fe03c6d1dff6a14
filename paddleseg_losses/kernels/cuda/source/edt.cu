// Exact Euclidean distance maps: see edt.cuh.
#include "edt.cuh"

struct GivenMask {
    const u8* mask;
    i64 size;

    __device__ inline bool operator()(i64 map, int pixel) const { return mask[map * size + pixel] != 0; }
};

struct TrueMask {
    const Maps& maps;

    __device__ inline bool operator()(i64 number, int pixel) const {
        const i64 map = maps.map_of(number);
        return maps.label(map, pixel) == maps.own(map);
    }
};

struct PredictedMask {
    const Maps& maps;
    const float* p;

    __device__ inline bool operator()(i64 number, int pixel) const {
        const i64 map = maps.map_of(number);
        const int label = maps.label(map, pixel);
        return label >= 0 && prob_of(p[map * maps.size() + pixel], label == maps.own(map)) > 0.5f;
    }
};

// mask [maps][length][inner], 0 or not.
extern "C" __global__ void edt_steps_of_mask(const u8* mask, short* steps, int* extent, int length, int inner,
                                              int width) {
    count_steps(GivenMask{mask, static_cast<i64>(length) * inner}, steps, extent, length, inner, width);
}

// Of the maps that are not left out, as all that follows. Does nothing if `misfit` is given and 0: the distances are known.
extern "C" __global__ void edt_steps_of_truth(Maps maps, const int* misfit, short* steps, int* extent, int length, int inner,
                                              int width) {
    if (misfit && !*misfit) return;
    count_steps(TrueMask{maps}, steps, extent, length, inner, width);
}

// p: signed probabilities of all maps.
extern "C" __global__ void edt_steps_of_prediction(Maps maps, const float* p, short* steps, int* extent, int length, int inner,
                                              int width) {
    count_steps(PredictedMask{maps, p}, steps, extent, length, inner, width);
}

// The middle axis of volumes: signed squares. grid: maps * blocks over the pixels
extern "C" __global__ void edt_middle(const short* steps, const int* extent, const int* misfit, Spacing spacing, float* squares,
                                      int depth, int height, int width) {
    if (misfit && !*misfit) return;
    const int size = depth * height * width;
    const Pixel here = pixel_of_thread(size);
    if (!here.inside || !Nearest{steps, nullptr, extent}.bounded(here.map)) return;
    const i64 pixel = here.map * size + here.at;
    const float square =
        look_outward(Steps{steps, spacing.first}, pixel, here.at / width % height, height, width, spacing.middle);
    squares[pixel] = steps[pixel] > 0 ? square : -square;
}

// The last axis: distances, or their squares. grid: maps * blocks over the pixels
extern "C" __global__ void edt_distance(Nearest nearest, Spacing spacing, int squared, float* distance, int size, int width) {
    const Pixel here = pixel_of_thread(size);
    if (!here.inside) return;
    const float square = nearest.square(here.map, size, here.at, width, spacing);
    distance[here.map * size + here.at] = squared ? spacing.unit * spacing.unit * square : spacing.unit * sqrtf(square);
}
