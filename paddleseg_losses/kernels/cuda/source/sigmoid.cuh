// The sigmoid of a pixel, for the error of its label, 0 or 1; each channel is a plane.
#pragma once
#include "functions.cuh"

// Of a logit z, and whether it ought to be positive.
__device__ inline Answer sigmoid_answer(float z, bool label, bool with_nll) {
    const float wrong = label ? -z : z, e = exponential(-fabsf(wrong)), inverse = reciprocal(1.0f + e);
    const float large = inverse, small = e * inverse;
    const float nll = with_nll ? (wrong > 0.0f ? wrong : 0.0f) + log1pf(e) : 0.0f;
    return {wrong > 0.0f ? large : small, wrong > 0.0f ? small : large, nll};
}

__device__ inline bool is_of_side(const SumSpec& spec, int label) { return label == (spec.side == POSITIVE ? 1 : 0); }
