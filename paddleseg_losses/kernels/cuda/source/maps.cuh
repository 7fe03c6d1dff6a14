// Maps of a problem's channels, [n][channels][depth][height][width], and how blocks are laid over maps: side by side over one
// after another. Images have depth 1, signals height 1 too.
#pragma once
#include "common.cuh"

const int THREADS = 256;  // of every block of a kernel of maps

// Handed to kernels as it is: `maps.py` has the same struct.
struct Maps {
    Labels labels;  // softmax: [n][size] class indices; sigmoid: [n][channels][size] of 0 and 1
    int channels, skip, sigmoid;  // channels before `skip` are left out
    int depth, height, width;  // fewer than 2^30 pixels together

    __device__ inline int size() const { return depth * height * width; }
    __device__ inline int own(i64 map) const { return sigmoid ? 1 : static_cast<int>(map % channels); }
    __device__ inline int label(i64 map, int pixel) const { return labels[(sigmoid ? map : map / channels) * size() + pixel]; }

    // Among the maps that are not left out: how many there are of a sample, the number of a map, and its number in all.
    __device__ inline int kept() const { return channels - skip; }
    __device__ inline i64 number(i64 map) const { return map / channels * kept() + map % channels - skip; }
    __device__ inline i64 map_of(i64 number) const { return number / kept() * channels + skip + number % kept(); }
};

// The pixels of one map that a block works on.
struct Place {
    i64 map;
    int first, last;
};

// Blocks of `tile` pixels at most, over maps of `size`.
__device__ inline Place place_of_block(int size, int tile) {
    const u32 tiles = (static_cast<u32>(size) + tile - 1) / tile;
    const int first = static_cast<int>(blockIdx.x % tiles) * tile;
    return {blockIdx.x / tiles, first, size - first < tile ? size : first + tile};
}

// A pixel for each thread; none if it is not inside.
struct Pixel {
    i64 map;
    int at;
    bool inside;
};

__device__ inline Pixel pixel_of_thread(int size) {
    const Place place = place_of_block(size, THREADS);
    const int at = place.first + static_cast<int>(threadIdx.x);
    return {place.map, at, at < place.last};
}

// Probabilities with all their digits: at a pixel's own class p - 1 where p > 0.5, told by its sign (-0 is 1), else p.
__device__ inline bool is_negative(float x) { return __float_as_int(x) < 0; }
__device__ inline float prob_of(float x, bool own) { return own && is_negative(x) ? 1.0f + x : x; }
__device__ inline float excess_of(float x, bool own) { return own && !is_negative(x) ? x - 1.0f : x; }  // p - g
