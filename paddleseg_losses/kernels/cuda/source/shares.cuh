// The shares of a softmax, for kernels that want all of them: accurate where one is nearly 1. A pixel's logits lie `stride` apart.
#pragma once
#include "common.cuh"

struct PixelShares {
    float top, others, inverse;  // the largest logit, the exponentials of the others relative to it, 1 / (1 + others)
    int first;  // the class of the largest, the first of equal ones

    __device__ inline float of(float x) const { return expf(x - top) * inverse; }
    __device__ inline float rest() const { return others * inverse; }  // of the largest share
};

template <class Scalar>
__device__ inline PixelShares shares_of(const Scalar* z, int channels, i64 stride) {
    PixelShares s = {load(z), 0.0f, 0.0f, 0};
    for (int k = 1; k < channels; ++k) {
        const float x = load(z + k * stride);
        if (x > s.top) {
            s.others = (s.others + 1.0f) * expf(s.top - x);
            s.top = x, s.first = k;
        } else {
            s.others += x == s.top ? 1.0f : expf(x - s.top);  // both may be -infinity
        }
    }
    s.inverse = 1.0f / (1.0f + s.others + (s.top - s.top));  // NaN of an infinite logit
    return s;
}

// The logits' gradient of what depends on the shares: slope(k) is that of class k. Less the slope of the largest share nothing
// cancels where that is nearly 1.
template <class Scalar, class Slope>
__device__ inline void shares_gradient(const Scalar* z, int channels, i64 stride, const Slope& slope, Scalar* gradient) {
    const PixelShares s = shares_of(z, channels, stride);
    const float of_first = slope(s.first);
    float mean = 0.0f;
    for (int k = 0; k < channels; ++k) mean += s.of(load(z + k * stride)) * (slope(k) - of_first);
    for (int k = 0; k < channels; ++k)
        store(gradient + k * stride, s.of(load(z + k * stride)) * ((slope(k) - of_first) - mean));
}

// Sigmoids of z and of -z.
struct Sigmoid {
    float positive, negative;
};

__device__ inline Sigmoid sigmoid_of(float z) {
    const float e = expf(-fabsf(z)), large = 1.0f / (1.0f + e), small = e * large;
    return z < 0.0f ? Sigmoid{small, large} : Sigmoid{large, small};
}
