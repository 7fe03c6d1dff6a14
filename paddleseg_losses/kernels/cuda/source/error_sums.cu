// Sums of functions of the error over the pixels of each sample, class and side, and their gradient.
//
// Under a softmax a pixel is a positive of its label's class, with the error 1 - p, and a negative of every other, with p. Under
// sigmoids each channel is a plane of its own. The first stage leaves a row of sums for each tile of pixels, `sum_parts` adds
// them up. Logits are read once from memory; what reads them again finds them in the cache.
#include "sigmoid.cuh"
#include "softmax.cuh"

// What a class of which a pixel is a negative adds to a sum.
template <class Scalar>
__device__ inline float negative_value(const SumSpec& spec, const Softmax& m, float x, float e, float inverse, int k,
                                       const Scalar* z, i64 step, int classes) {
    switch (spec.kind) {
        case COUNT: return 1.0f;
        case CORRECT: return sum_without(m, e) * inverse;
        case POWER: return e * inverse * Power(e * inverse, spec.gamma).below;
        case NLL: return nll_of_negative(m, x, e, k, z, step, classes);
        default: return e * inverse;
    }
}

template <class Scalar>
__device__ inline void softmax_sums(const Scalar* logits, const Pixels& pixels, float* parts, const SumSpecs& specs) {
    SHARED_MEMORY(float, tables);  // [warps][classes][specs]: none but its own warp writes to one
    const int classes = pixels.channels, size = classes * specs.count, warps = blockDim.x / LANES;
    for (int i = threadIdx.x; i < warps * size; i += blockDim.x) tables[i] = 0.0f;
    __syncthreads();
    float* table = tables + threadIdx.x / LANES * size;
    const i64 s = pixels.s, last = pixels.last();
    const float* const weights = pixels.weights_of_plane();
    ONE_BY_ONE
    for (i64 start = pixels.first(); start < last; start += blockDim.x) {
        const i64 i = start + threadIdx.x;
        const int label = i < last ? pixels.label(i) : -1;
        const Scalar* z = logits + pixels.plane() * classes * s + i;
        const u32 counted = __ballot_sync(ALL_LANES, label >= 0);
        Softmax m = {};
        Answer a = {};
        float factor = 0.0f, inverse = 0.0f;
        if (label >= 0) factor = weights ? weights[i] : 1.0f;
        if (label >= 0 && specs.logits) {
            m = read_softmax(z, s, classes, label);
            a = answer_of(m, load(z + label * s), specs.nll);
            inverse = inverse_sum(m);
        }
        FOR_SPECS(0, specs.positives)
            add_by_label(factor * value(specs.of[j], a), label, counted, table + specs.of[j].column, specs.count);
        if (specs.positives == specs.count) continue;
        ONE_BY_ONE
        for (int k = 0; k < classes; ++k) {
            const bool negative = label >= 0 && label != k;
            const float x = negative && specs.logits ? load(z + k * s) : m.top, e = expf(x - m.top);
            FOR_SPECS(specs.positives, specs.count) {
                const float here = negative ? factor * negative_value(specs.of[j], m, x, e, inverse, k, z, s, classes) : 0.0f;
                const float sum = warp_sum(here);
                if (threadIdx.x % LANES == 0) table[k * specs.count + specs.of[j].column] += sum;
            }
        }
    }
    __syncthreads();
    for (int i = threadIdx.x; i < size; i += blockDim.x) {
        float sum = 0.0f;
        for (int warp = 0; warp < warps; ++warp) sum += tables[warp * size + i];
        parts[static_cast<i64>(blockIdx.x) * size + i] = sum;
    }
}

// u f'(p) of a class of which the pixel is a negative, without the sums of l.
__device__ inline float negative_slope(const SumSpecs& specs, const float* upstream, float p) {
    float sum = 0.0f;
    FOR_SPECS(specs.positives, specs.count) {
        const float u = upstream[specs.of[j].column];
        if (specs.of[j].kind == ERROR) sum += u;
        if (specs.of[j].kind == CORRECT) sum -= u;
        if (specs.of[j].kind == POWER) sum += u * Power(p, specs.of[j].gamma).slope;
    }
    return sum;
}

__device__ inline float upstream_of_negative_nll(const SumSpecs& specs, const float* upstream) {
    float sum = 0.0f;
    FOR_SPECS(specs.positives, specs.count)
        if (specs.of[j].kind == NLL) sum += upstream[specs.of[j].column];
    return sum;
}

// With v_k = u_k f'(p_k), G = U (df/dx (1 - x) + df/dl) of the label y, and T = sum over k != y of v_k p_k:
//     dz_k = p_k (v_k + G - T),  k != y;      dz_y = -(G x + T (1 - x)).
// With m = v of the most likely other class, T = m x + T', T' = sum of (v_k - m) p_k, and v_k - T = (v_k - m) + m (1 - x) - T'
// keeps its digits where p_k is nearly 1. The sums of l have a slope of their own: with f_k = u_k p_k / (1 - p_k),
//     dz_j = [j != y] u_j p_j - p_j (sum over k != y, j of f_k),
// where p_j f_k = u_k p_k e_j / (sum of e without k) for the largest k, whose f may have no number.
template <class Scalar>
__device__ inline void softmax_gradient_at(i64 i, const Scalar* logits, const Pixels& pixels, const float* weights,
                                           const float* upstream, Scalar* gradient, const SumSpecs& specs) {
    const int classes = pixels.channels, label = pixels.label(i);
    const i64 s = pixels.s, n = pixels.plane();
    const Scalar* z = logits + n * classes * s + i;
    Scalar* out = gradient + n * classes * s + i;
    if (label < 0) {
        for (int k = 0; k < classes; ++k) store(out + k * s, 0.0f);
        return;
    }
    const Softmax m = read_softmax(z, s, classes, label);
    const Answer a = answer_of(m, load(z + label * s), specs.nll);
    const float inverse = inverse_sum(m), factor = weights ? weights[i] : 1.0f;
    const float* const rows = upstream + n * classes * specs.count;
    float positive = 0.0f;
    FOR_SPECS(0, specs.positives) positive += rows[label * specs.count + specs.of[j].column] * slope(specs.of[j], a);

    float mean = 0.0f, dot = 0.0f, of_nll = 0.0f, top_nll = 0.0f, log_sum = 0.0f;
    const bool negatives = specs.positives < specs.count && m.at >= 0;
    const bool has_top = specs.negative_nll && negatives && m.best == m.top;
    if (negatives) mean = negative_slope(specs, rows + m.at * specs.count, expf(m.best - m.top) * inverse);
    if (has_top) {
        top_nll = upstream_of_negative_nll(specs, rows + m.at * specs.count) * inverse;  // u p, where e is 1
        if (m.below < TINY) log_sum = log_sum_without_best(m, z, s, classes);
    }
    ONE_BY_ONE
    for (int k = 0; negatives && k < classes; ++k) {
        if (k == label) continue;
        const float* const u = rows + k * specs.count;
        const float e = expf(load(z + k * s) - m.top), p = e * inverse;
        dot += (negative_slope(specs, u, p) - mean) * p;
        if (specs.negative_nll && !(has_top && k == m.at)) of_nll += upstream_of_negative_nll(specs, u) * e / sum_without(m, e);
    }
    const float shared = positive + mean * a.correct - dot;
    ONE_BY_ONE
    for (int k = 0; k < classes; ++k) {
        const float x = load(z + k * s), e = expf(x - m.top), p = e * inverse;
        float slope_k = -(positive * a.error + (mean * a.error + dot) * a.correct), own = 0.0f;
        if (k != label) slope_k = p * (shared + (negatives ? negative_slope(specs, rows + k * specs.count, p) - mean : 0.0f));
        if (specs.negative_nll) {
            const bool top = has_top && k == m.at;
            if (k != label) {
                const float u = upstream_of_negative_nll(specs, rows + k * specs.count);
                slope_k += u * p;
                own = top ? 0.0f : u * e / sum_without(m, e);
            }
            slope_k -= p * (of_nll - own);
            if (has_top && !top) slope_k -= top_nll * (m.below < TINY ? expf(x - log_sum) : e / m.below);
        }
        store(out + k * s, factor * slope_k);
    }
}

template <class Scalar>
__device__ inline void softmax_gradient(const Scalar* logits, const Pixels& pixels, const float* upstream, Scalar* gradient,
                                        const SumSpecs& specs) {
    const float* const weights = pixels.weights_of_plane();
    ONE_BY_ONE
    for (i64 i = pixels.first() + threadIdx.x; i < pixels.last(); i += blockDim.x)
        softmax_gradient_at(i, logits, pixels, weights, upstream, gradient, specs);
}

// Shared: sums [specs][threads] if some are curved.
template <bool NARROW, class Scalar>
__device__ inline void sigmoid_sums(const Scalar* logits, const Pixels& pixels, float* parts, const SumSpecs& specs) {
    SHARED_MEMORY(float, sums);
    __shared__ float room[LANES];
    const i64 first = pixels.plane() * pixels.s + pixels.first();
    const int threads = blockDim.x, thread = threadIdx.x, length = pixels.length();
    const float* const weights = pixels.weights_of_plane();
    Straight positives = {}, negatives = {};
    if (specs.curved) FOR_SPECS(0, specs.count) sums[j * threads + thread] = 0.0f;
    ONE_BY_ONE
    for (int i = thread; i < length; i += threads) {
        const float z = specs.logits ? load(logits + first + i) : 0.0f;
        const int label = NARROW ? pixels.labels.narrow(first + i) : pixels.labels[first + i];
        const Answer a = sigmoid_answer(z, label == 1, specs.nll);
        if (label < 0) continue;
        const float factor = weights ? weights[pixels.first() + i] : 1.0f;
        if (label == 1) positives.add(a, factor);
        else negatives.add(a, factor);
        if (!specs.curved) continue;
        FOR_SPECS(0, specs.count)
            if (is_curved(specs.of[j]) && is_of_side(specs.of[j], label)) sums[j * threads + thread] += factor * value(specs.of[j], a);
    }
    FOR_SPECS(0, specs.count) {
        const int kind = specs.of[j].kind;
        const float straight = specs.of[j].side == POSITIVE ? positives.of(kind) : negatives.of(kind);
        const float sum = block_sum(is_curved(specs.of[j]) ? sums[j * threads + thread] : straight, room);
        if (thread == 0) parts[static_cast<i64>(blockIdx.x) * specs.count + specs.of[j].column] = sum;
    }
}

template <bool NARROW, class Scalar>
__device__ inline void sigmoid_gradient(const Scalar* logits, const Pixels& pixels, const float* upstream, Scalar* gradient,
                                        const SumSpecs& specs) {
    const float* const row = upstream + pixels.plane() * specs.count;
    const i64 first = pixels.plane() * pixels.s + pixels.first();
    const int threads = blockDim.x, length = pixels.length();
    const float* const weights = pixels.weights_of_plane();
    StraightSlope positive = {}, negative = {};
    FOR_SPECS(0, specs.positives) positive.add(specs.of[j], row[specs.of[j].column]);
    FOR_SPECS(specs.positives, specs.count) negative.add(specs.of[j], row[specs.of[j].column]);
    ONE_BY_ONE
    for (int i = threadIdx.x; i < length; i += threads) {
        const float z = load(logits + first + i);
        const int label = NARROW ? pixels.labels.narrow(first + i) : pixels.labels[first + i];
        const Answer a = sigmoid_answer(z, label == 1, specs.curved);
        float of_logit = label == 1 ? positive.at(a) : negative.at(a);
        if (specs.curved)
            FOR_SPECS(0, specs.count)
                if (is_curved(specs.of[j]) && is_of_side(specs.of[j], label)) of_logit += row[specs.of[j].column] * slope(specs.of[j], a);
        of_logit *= (label == 1 ? -a.error : a.error) * (weights ? weights[pixels.first() + i] : 1.0f);
        store(gradient + first + i, label < 0 ? 0.0f : of_logit);
    }
}

// Sums: logits [n, c, s]; parts [n tiles, c, specs], or [n c tiles, specs] under sigmoids. Gradients: upstream [n, c, specs].
// grid (planes tiles); block: whole warps; shared by softmax_sums: for each warp [c, specs] floats.
#define ERROR_SUMS(SCALAR, SUFFIX)                                                                                            \
    extern "C" __global__ void softmax_sums_##SUFFIX(const SCALAR* logits, Pixels pixels, float* parts, SumSpecs specs) {     \
        softmax_sums(logits, pixels, parts, specs);                                                                           \
    }                                                                                                                         \
    extern "C" __global__ void softmax_gradient_##SUFFIX(const SCALAR* logits, Pixels pixels, const float* upstream,          \
                                                         SCALAR* gradient, SumSpecs specs) {                                  \
        softmax_gradient(logits, pixels, upstream, gradient, specs);                                                          \
    }                                                                                                                         \
    extern "C" __global__ void sigmoid_sums_##SUFFIX(const SCALAR* logits, Pixels pixels, float* parts, SumSpecs specs) {     \
        if (pixels.labels.type == UINT8) sigmoid_sums<true>(logits, pixels, parts, specs);                                    \
        else sigmoid_sums<false>(logits, pixels, parts, specs);                                                               \
    }                                                                                                                         \
    extern "C" __global__ void sigmoid_gradient_##SUFFIX(const SCALAR* logits, Pixels pixels, const float* upstream,          \
                                                         SCALAR* gradient, SumSpecs specs) {                                  \
        if (pixels.labels.type == UINT8) sigmoid_gradient<true>(logits, pixels, upstream, gradient, specs);                   \
        else sigmoid_gradient<false>(logits, pixels, upstream, gradient, specs);                                              \
    }

FOR_EACH_SCALAR(ERROR_SUMS)
