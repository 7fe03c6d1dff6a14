// Functions of a pixel's error x, of 1 - x and of l = -log(1 - x), as `native/api.h` lists them, and their slopes.
#pragma once
#include "common.cuh"

// The pixels of planes that have labels of their own: samples under a softmax, else channels of samples. A block has a tile of one.
// Handed to kernels as it is: `cuda_problem.py` has the same struct.
struct Pixels {
    Labels labels;  // [planes][s]
    const float* weights;  // [planes / sharing][s], or null
    int sharing, channels, tile;
    u32 tiles;  // of a plane, as s
    i64 s;

    __device__ inline i64 plane() const { return blockIdx.x / tiles; }
    __device__ inline i64 first() const { return static_cast<i64>(blockIdx.x % tiles) * tile; }
    __device__ inline i64 last() const { return first() + tile < s ? first() + tile : s; }
    __device__ inline int length() const { return static_cast<int>(last() - first()); }
    __device__ inline int label(i64 i) const { return labels[plane() * s + i]; }
    __device__ inline const float* weights_of_plane() const { return weights ? weights + plane() / sharing * s : nullptr; }
};

enum Side { POSITIVE = 0, NEGATIVE = 1 };
enum Kind { COUNT = 0, CORRECT = 1, ERROR = 2, POWER = 3, NLL = 4, FOCAL = 5, NLL_POWER = 6, LQ = 7, HELD_FOCAL = 8 };
enum { MOST_SPECS = 12 };  // of a launch

// A sum of a function over the pixels of a side, and its column in the table of all sums.
struct SumSpec {
    int side, kind;
    float gamma, clip;
    int column;
};

// What a launch sums: those of positives first. Whether any reads logits, or l, or is curved, and whether any of negatives reads l.
struct SumSpecs {
    int count, positives, logits, nll, curved, negative_nll;
    SumSpec of[MOST_SPECS];
};

// Loops over specs, and over classes with such loops inside, go one by one: code for several at once is long, and slow to load.
#define ONE_BY_ONE _Pragma("unroll 1")
#define PRAGMA(TEXT) _Pragma(#TEXT)
#define UNROLL(TIMES) PRAGMA(unroll TIMES)
#define FOR_SPECS(FIRST, LAST) ONE_BY_ONE for (int j = FIRST; j < (LAST); ++j)

// What functions read of a pixel. None is 1 minus another: where one is nearly 1, the other would have no digits.
struct Answer {
    float error, correct, nll;
};

// Sums of the pixels of one side whose functions need nothing but the answer: made in registers, whatever is asked for.
struct Straight {
    float count, correct, error, nll;

    __device__ inline void add(const Answer& a, float factor) {
        count += factor, correct += factor * a.correct, error += factor * a.error, nll += factor * a.nll;
    }
    __device__ inline float of(int kind) const { return kind == COUNT ? count : kind == CORRECT ? correct : kind == ERROR ? error : nll; }
};

__device__ inline bool is_curved(const SumSpec& spec) {
    return spec.kind != COUNT && spec.kind != CORRECT && spec.kind != ERROR && spec.kind != NLL;
}

// The slope of all straight sums of a side together: (u of errors - u of what is correct) (1 - x) + u of l.
struct StraightSlope {
    float of_correct, constant;

    __device__ inline void add(const SumSpec& spec, float upstream) {
        of_correct += spec.kind == ERROR ? upstream : spec.kind == CORRECT ? -upstream : 0.0f;
        constant += spec.kind == NLL ? upstream : 0.0f;
    }
    __device__ inline float at(const Answer& a) const { return of_correct * a.correct + constant; }
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
