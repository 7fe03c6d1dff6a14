// The Lovász extension of the Jaccard loss (Berman et al., Algorithm 1) of raw logits, and its gradient, around a sort that is
// Paddle's.
//
// A row is a class, or an image and a class. Its errors e are sorted in descending order and multiplied by the increments of
// 1 - IoU, as one pixel after another is counted as wrong: with I positives still right and a union of U after the step, a
// positive pixel adds 1 / U, a negative one I / (U (U - 1)). Errors are |g - p| with p = softmax(z), or max(0, 1 - z (2 y - 1))
// for each channel, or for z = z_1 - z_0 of two classes, which then have one row. What is sorted are keys, errors less a base, 1
// for hinges: -z (2 y - 1) tells errors apart that are equal after rounding.
//
// Increments carry no gradient. With the sign of de/dp or de/dz they take the place of the keys, as slopes [rows][n][size]: then
// dz = p (slope - sum over classes of p slope), or dz = slope, times the gradient of the row.
#include "maps.cuh"
#include "shares.cuh"

// The key of a pixel that is left out: the lowest number, after which nothing has an error. Not -infinity: Paddle's search for NaN
// (FLAGS_check_nan_inf) would stop at it.
__device__ inline float last_key() { return __uint_as_float(0xff7fffffu); }

// keys [channels][n][size]. grid: n * blocks over the pixels
template <class Scalar>
__device__ inline void softmax_keys(const Maps& maps, const Scalar* z, i64 samples, float* keys) {
    const int size = maps.size();
    const Pixel here = pixel_of_thread(size);
    if (!here.inside) return;
    const Scalar* own = z + here.map * maps.channels * size + here.at;
    float* key = keys + here.map * size + here.at;
    const int label = maps.labels[here.map * size + here.at];
    const Shares s = shares_of(own, maps.channels, size);
    for (int k = 0; k < maps.channels; ++k) {
        const float p = s.of(load(own + static_cast<i64>(k) * size));
        const float error = k != label ? p : p > 0.5f ? s.rest : 1.0f - p;
        key[k * samples * size] = label < 0 ? last_key() : error;
    }
}

// keys [rows][n][size] of hinges: of all channels, or of two classes (then one row). grid: n * rows * blocks over the pixels
template <class Scalar>
__device__ inline void hinge_keys(const Maps& maps, const Scalar* z, i64 samples, float* keys) {
    const int size = maps.size(), rows = maps.sigmoid ? maps.channels : 1;
    const Pixel here = pixel_of_thread(size);
    if (!here.inside) return;
    const i64 sample = here.map / rows, row = here.map % rows, first = sample * maps.channels + row;
    const float logit = load(z + first * size + here.at);
    const float margin = maps.sigmoid ? logit : load(z + (first + 1) * size + here.at) - logit;
    const int label = maps.labels[here.map * size + here.at];
    keys[(row * samples + sample) * size + here.at] = label < 0 ? last_key() : label == 1 ? -margin : margin;
}

const int IN_TURN = 8;  // sorted entries that a thread counts one after another
const int SORTED_TILE = IN_TURN * THREADS;

// A row in its sorted order, of which each block has a tile. `lovasz.py` has the same struct.
struct Row {
    Maps maps;
    const i64* order;  // [length] pixels of the row
    i64 length, sample, channel;  // the row's first sample; its channel, or under a softmax the label that is positive

    __device__ inline bool positive(i64 entry) const {
        const i64 pixel = order[entry], size = maps.size();
        if (!maps.sigmoid) return maps.labels[sample * size + pixel] == channel;
        return maps.labels[((sample + pixel / size) * maps.channels + channel) * size + pixel % size] == 1;
    }
};

// counts [tiles]: the positive pixels of each. grid (tiles)
extern "C" __global__ void lovasz_count(Row row, int* counts) {
    __shared__ int room[THREADS / LANES];
    const i64 first = static_cast<i64>(blockIdx.x) * SORTED_TILE;
    int count = 0;
    for (int k = threadIdx.x; k < SORTED_TILE && first + k < row.length; k += THREADS) count += row.positive(first + k) ? 1 : 0;
    count = block_sum(count, room);
    if (threadIdx.x == 0) counts[blockIdx.x] = count;
}

// How many positive pixels the threads before this one have, of the whole block's; all of its threads call this.
__device__ inline int count_before(int count, int* room) {
    const int thread = threadIdx.x;
    int until = count;
    for (int away = 1; away < THREADS; away *= 2) {
        room[thread] = until;
        __syncthreads();
        until += thread >= away ? room[thread - away] : 0;
        __syncthreads();
    }
    return until - count;
}

// until [tiles]: the positive pixels up to the end of each tile. slopes [length]: the keys before, which only the thread reads
// that writes the slope. parts, one for each tile, of the loss. A row that is not `requested`, or lacks a positive pixel where
// only present classes count, has no loss. grid (tiles)
extern "C" __global__ void lovasz_grow(Row row, const int* until, int requested, int present_only, float base, float* slopes,
                                       float* parts) {
    __shared__ int counts[THREADS];
    __shared__ double room[THREADS / LANES];
    const i64 start = static_cast<i64>(blockIdx.x) * SORTED_TILE;
    const i64 positives = requested ? until[gridDim.x - 1] : 0;
    if (!requested || (present_only && positives == 0)) {
        for (int k = threadIdx.x; k < SORTED_TILE && start + k < row.length; k += THREADS) slopes[start + k] = 0.0f;
        if (threadIdx.x == 0) parts[blockIdx.x] = 0.0f;
        return;
    }
    const i64 first = start + threadIdx.x * IN_TURN;
    u32 positive = 0;  // a bit for each entry
    int count = 0;
    for (int k = 0; k < IN_TURN && first + k < row.length; ++k)
        if (row.positive(first + k)) positive |= 1u << k, ++count;
    i64 lost = count_before(count, counts) + (blockIdx.x > 0 ? until[blockIdx.x - 1] : 0);
    double sum = 0.0;
    for (int k = 0; k < IN_TURN && first + k < row.length; ++k) {
        const bool mine = positive >> k & 1;
        lost += mine ? 1 : 0;
        const float right = static_cast<float>(positives - lost), all = static_cast<float>(positives + first + k + 1 - lost);
        // The union of an absent class is empty until its first wrong pixel, which raises the loss from 0 to 1.
        const float increment = mine ? 1.0f / all : all > 1.0f ? right / (all * (all - 1.0f)) : 1.0f;
        float* slope = slopes + row.order[first + k];
        const float error = base + *slope;
        const bool counts = !(error <= 0.0f);  // NaN does, so that it reaches the loss
        sum += counts ? error * increment : 0.0f;
        *slope = !counts ? 0.0f : mine ? -increment : increment;
    }
    sum = block_sum(sum, room);
    if (threadIdx.x == 0) parts[blockIdx.x] = static_cast<float>(sum);
}

// gradient of the logits of a softmax. upstream [n or 1][channels]; grid: n * blocks over the pixels
template <class Scalar>
__device__ inline void softmax_slopes(const Maps& maps, const Scalar* z, i64 samples, const float* slopes, const float* upstream,
                                      int per_image, Scalar* gradient) {
    const int size = maps.size();
    const Pixel here = pixel_of_thread(size);
    if (!here.inside) return;
    const i64 first = here.map * maps.channels * size + here.at;
    if (maps.labels[here.map * size + here.at] < 0) {
        for (int k = 0; k < maps.channels; ++k) store(gradient + first + static_cast<i64>(k) * size, 0.0f);
        return;
    }
    const float *up = upstream + (per_image ? here.map * maps.channels : 0), *slope = slopes + here.map * size + here.at;
    const auto of = [=](int k) { return up[k] * slope[k * samples * size]; };
    shares_gradient(z + first, maps.channels, size, of, gradient + first);
}

// The same of hinges; upstream [n or 1][rows]. grid: n * rows * blocks over the pixels
template <class Scalar>
__device__ inline void hinge_slopes(const Maps& maps, i64 samples, const float* slopes, const float* upstream, int per_image,
                                    Scalar* gradient) {
    const int size = maps.size(), rows = maps.sigmoid ? maps.channels : 1;
    const Pixel here = pixel_of_thread(size);
    if (!here.inside) return;
    const i64 sample = here.map / rows, row = here.map % rows, first = sample * maps.channels + row;
    const float slope =
        upstream[(per_image ? sample * rows : 0) + row] * slopes[(row * samples + sample) * size + here.at];
    store(gradient + first * size + here.at, maps.sigmoid ? slope : -slope);
    if (!maps.sigmoid) store(gradient + (first + 1) * size + here.at, slope);
}

#define KERNELS(SCALAR, SUFFIX)                                                                                               \
    extern "C" __global__ void lovasz_softmax_keys_##SUFFIX(Maps maps, const SCALAR* z, i64 samples, float* keys) {            \
        softmax_keys(maps, z, samples, keys);                                                                                 \
    }                                                                                                                         \
    extern "C" __global__ void lovasz_hinge_keys_##SUFFIX(Maps maps, const SCALAR* z, i64 samples, float* keys) {              \
        hinge_keys(maps, z, samples, keys);                                                                                   \
    }                                                                                                                         \
    extern "C" __global__ void lovasz_softmax_gradient_##SUFFIX(Maps maps, const SCALAR* z, i64 samples, const float* slopes, \
                                                                const float* upstream, int per_image, SCALAR* gradient) {     \
        softmax_slopes(maps, z, samples, slopes, upstream, per_image, gradient);                                              \
    }                                                                                                                         \
    extern "C" __global__ void lovasz_hinge_gradient_##SUFFIX(Maps maps, i64 samples, const float* slopes,                    \
                                                              const float* upstream, int per_image, SCALAR* gradient) {       \
        hinge_slopes(maps, samples, slopes, upstream, per_image, gradient);                                                   \
    }
FOR_EACH_SCALAR(KERNELS)
#undef KERNELS
