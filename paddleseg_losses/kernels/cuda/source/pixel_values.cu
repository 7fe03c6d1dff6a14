// Functions of the error of single pixels, added with coefficients of their labels. The gradient is that of `error_sums.cu`, with
// the values' gradient as weight of the pixels and the coefficients as upstream.
#include "sigmoid.cuh"
#include "softmax.cuh"

template <class Scalar>
__device__ inline void softmax_values(const Scalar* logits, const Labels& labels, const float* coefficients, float* values, i64 s,
                                      i64 tiles, const SumSpecs& specs) {
    const i64 n = blockIdx.x / tiles, i = blockIdx.x % tiles * blockDim.x + threadIdx.x, classes = labels.classes;
    if (i >= s) return;
    const int label = labels[n * s + i];
    float sum = 0.0f;
    if (label >= 0) {
        const Scalar* z = logits + n * classes * s + i;
        const Softmax m = read_softmax(z, s, static_cast<int>(classes), label);
        const Answer a = answer_of(m, load(z + label * s), specs.nll);
        const float* const row = coefficients + (n * classes + label) * specs.count;
        FOR_SPECS(0, specs.positives) sum += row[specs.of[j].column] * value(specs.of[j], a);
    }
    values[n * s + i] = sum;
}

template <class Scalar>
__device__ inline void sigmoid_values(const Scalar* logits, const Labels& labels, const float* coefficients, float* values, i64 s,
                                      i64 tiles, const SumSpecs& specs) {
    const i64 plane = blockIdx.x / tiles, i = blockIdx.x % tiles * blockDim.x + threadIdx.x;
    if (i >= s) return;
    const int label = labels[plane * s + i];
    float sum = 0.0f;
    if (label >= 0) {
        const Answer a = sigmoid_answer(load(logits + plane * s + i), label == 1, specs.nll);
        FOR_SPECS(0, specs.count)
            if (is_of_side(specs.of[j], label)) sum += coefficients[plane * specs.count + specs.of[j].column] * value(specs.of[j], a);
    }
    values[plane * s + i] = sum;
}

// coefficients [n, c, specs]; values [n, s], or [n, c, s] under sigmoids, 0 where a pixel is left out. A tile is the pixels of a
// block; grid (n tiles), or (n c tiles).
#define PIXEL_VALUES(SCALAR, SUFFIX)                                                                                               \
    extern "C" __global__ void softmax_values_##SUFFIX(const SCALAR* logits, const void* labels, int type, i64 classes, i64 ignore, \
                                                       const float* coefficients, float* values, i64 s, i64 tiles,                 \
                                                       SumSpecs specs) {                                                           \
        softmax_values(logits, Labels{labels, type, classes, ignore}, coefficients, values, s, tiles, specs);                      \
    }                                                                                                                              \
    extern "C" __global__ void sigmoid_values_##SUFFIX(const SCALAR* logits, const void* labels, int type, i64 classes, i64 ignore, \
                                                       const float* coefficients, float* values, i64 s, i64 tiles,                 \
                                                       SumSpecs specs) {                                                           \
        sigmoid_values(logits, Labels{labels, type, classes, ignore}, coefficients, values, s, tiles, specs);                      \
    }

FOR_EACH_SCALAR(PIXEL_VALUES)
