// All shares of a pixel's softmax, accurate where one is nearly 1. Its logits lie `stride` apart.
#pragma once
#include "softmax.cuh"

struct Shares {
    float top, inverse;  // a share is e^(x - top) inverse
    float rest;  // 1 - the largest share
    int largest;  // its class, the first of equal ones

    __device__ inline float of(float x) const { return expf(x - top) * inverse; }
};

template <class Scalar>
__device__ inline Shares shares_of(const Scalar* z, int channels, i64 stride) {
    const Softmax m = read_softmax(z, stride, channels, -1);  // without a label all classes are the others
    const float inverse = 1.0f / (m.others + (m.top - m.top));  // NaN if a logit is infinite
    return {m.top, inverse, m.below * inverse, m.at};
}

// The logits' gradient of what depends on the shares: slope(k) is that of class k. Less the slope of the largest share nothing
// cancels where that is nearly 1.
template <class Scalar, class Slope>
__device__ inline void shares_gradient(const Scalar* z, int channels, i64 stride, const Slope& slope, Scalar* gradient) {
    const Shares s = shares_of(z, channels, stride);
    const float of_largest = slope(s.largest);
    float mean = 0.0f;
    for (int k = 0; k < channels; ++k) mean += s.of(load(z + k * stride)) * (slope(k) - of_largest);
    for (int k = 0; k < channels; ++k)
        store(gradient + k * stride, s.of(load(z + k * stride)) * ((slope(k) - of_largest) - mean));
}
