// Functions of a pixel's error x, of 1 - x and of l = -log(1 - x), as `native/api.h` lists them, and their slopes.
#pragma once
#include "common.cuh"

enum Side { POSITIVE = 0, NEGATIVE = 1 };
enum Kind { COUNT = 0, CORRECT = 1, ERROR = 2, POWER = 3, NLL = 4, FOCAL = 5, NLL_POWER = 6, LQ = 7, HELD_FOCAL = 8 };
enum { MOST_SPECS = 12 };  // of a launch

// A sum of a function over the pixels of a side, and its column in the table of all sums.
struct SumSpec {
    int side, kind;
    float gamma, clip;
    int column;
};

// What a launch sums: those of positives first. Whether any reads logits, and l, and whether any of negatives reads l.
struct SumSpecs {
    int count, positives, logits, nll, negative_nll;
    SumSpec of[MOST_SPECS];
};

// Loops over specs, and over classes with such loops inside, go one by one: code for several at once is long, and slow to load.
#define ONE_BY_ONE _Pragma("unroll 1")
#define FOR_SPECS(FIRST, LAST) ONE_BY_ONE for (int j = FIRST; j < LAST; ++j)

// What functions read of a pixel. None is 1 minus another: where one is nearly 1, the other would have no digits.
struct Answer {
    float error, correct, nll;
};

#define SMALL_BASE 1e-7f  // powers below 1 are straight lines up to here, so that their slope is bounded

// x^(gamma - 1), where x is not too small. x times it is x^gamma.
struct Power {
    float below, slope;

    __device__ inline Power(float x, float gamma) {
        const bool straight = x < SMALL_BASE && gamma < 1.0f;
        const float base = straight ? SMALL_BASE : x, exponent = gamma - 1.0f;
        below = exponent == 0.0f ? 1.0f : exponent == 1.0f ? base : powf(base, exponent);
        slope = straight ? below : gamma * below;
    }
};

// The focal function reads the error reduced by the clip, and the l of that.
__device__ inline Answer clipped(const Answer& a, float clip) {
    if (clip == 0.0f) return a;
    const float rest = a.error <= clip ? 0.0f : a.error - clip, correct = a.correct + clip;
    return {rest, correct, log1pf(rest / correct)};
}

__device__ inline float value(const SumSpec& spec, const Answer& a) {
    switch (spec.kind) {
        case COUNT: return 1.0f;
        case CORRECT: return a.correct;
        case ERROR: return a.error;
        case NLL: return a.nll;
        case LQ: return -expm1f(-spec.gamma * a.nll) / spec.gamma;
        default: break;
    }
    const Answer b = clipped(a, spec.clip);
    const float base = spec.kind == NLL_POWER ? b.nll : b.error, nll = spec.kind == FOCAL || spec.kind == HELD_FOCAL ? b.nll : 1.0f;
    return spec.gamma == 0.0f ? nll : base * Power(base, spec.gamma).below * nll;
}

// df/dx (1 - x) + df/dl; x times this is the derivative of f in the logit, towards larger errors.
__device__ inline float slope(const SumSpec& spec, const Answer& a) {
    switch (spec.kind) {
        case COUNT: return 0.0f;
        case CORRECT: return -a.correct;
        case ERROR: return a.correct;
        case NLL: return 1.0f;
        case LQ: return expf(-spec.gamma * a.nll);
        default: break;
    }
    const Answer b = clipped(a, spec.clip);
    const float share = spec.clip == 0.0f ? 1.0f : a.correct / b.correct;  // of the slope of l that is left
    if (spec.gamma == 0.0f) return spec.clip != 0.0f && b.error == 0.0f ? 0.0f : share;
    const float base = spec.kind == NLL_POWER ? b.nll : b.error;
    const Power power(base, spec.gamma);
    if (spec.kind == NLL_POWER) return power.slope;
    if (spec.kind == POWER) return power.slope * a.correct;
    const float held = base * power.below * share;
    return spec.kind == HELD_FOCAL ? held : power.slope * b.nll * a.correct + held;
}
