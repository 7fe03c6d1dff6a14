// Functions of the error of single pixels, added with coefficients of their labels. The gradient is that of `error_sums.cu`, with
// the values' gradient as weight of the pixels and the coefficients as upstream.
#include "sigmoid.cuh"
#include "softmax.cuh"

template <class Scalar>
__device__ inline void softmax_values(const Scalar* logits, const Pixels& pixels, const float* coefficients, float* values,
                                      const SumSpecs& specs) {
    const i64 s = pixels.s, n = pixels.plane(), i = pixels.first() + threadIdx.x;
    if (i >= s) return;
    const int label = pixels.label(i), classes = pixels.channels;
    float sum = 0.0f;
    if (label >= 0) {
        const Scalar* z = logits + n * classes * s + i;
        const Softmax m = read_softmax(z, s, classes, label);
        const Answer a = answer_of(m, load(z + label * s), specs.nll);
        const float* const row = coefficients + (n * classes + label) * specs.count;
        FOR_SPECS(0, specs.positives) sum += row[specs.of[j].column] * value(specs.of[j], a);
    }
    values[n * s + i] = sum;
}

template <class Scalar>
__device__ inline void sigmoid_values(const Scalar* logits, const Pixels& pixels, const float* coefficients, float* values,
                                      const SumSpecs& specs) {
    const i64 plane = pixels.plane(), i = pixels.first() + threadIdx.x, at = plane * pixels.s + i;
    if (i >= pixels.s) return;
    const int label = pixels.label(i);
    float sum = 0.0f;
    if (label >= 0) {
        const Answer a = sigmoid_answer(load(logits + at), label == 1, specs.nll);
        FOR_SPECS(0, specs.count)
            if (is_of_side(specs.of[j], label)) sum += coefficients[plane * specs.count + specs.of[j].column] * value(specs.of[j], a);
    }
    values[at] = sum;
}

// coefficients [n, c, specs]; values [n, s], or [n, c, s] under sigmoids, 0 where a pixel is left out. A tile is the pixels of a
// block; grid (planes tiles).
#define PIXEL_VALUES(SCALAR, SUFFIX)                                                                                         \
    extern "C" __global__ void softmax_values_##SUFFIX(const SCALAR* logits, Pixels pixels, const float* coefficients,       \
                                                       float* values, SumSpecs specs) {                                      \
        softmax_values(logits, pixels, coefficients, values, specs);                                                         \
    }                                                                                                                        \
    extern "C" __global__ void sigmoid_values_##SUFFIX(const SCALAR* logits, Pixels pixels, const float* coefficients,       \
                                                       float* values, SumSpecs specs) {                                      \
        sigmoid_values(logits, pixels, coefficients, values, specs);                                                         \
    }

FOR_EACH_SCALAR(PIXEL_VALUES)
