// Sums of functions of the error over the pixels of each sample, class and side, and their gradient.
//
// Under a softmax a pixel is a positive of its label's class, with the error 1 - p, and a negative of every other, with p. Under
// sigmoids each channel is a plane of its own. The first stage leaves a row of sums for each tile of pixels, `sum_parts` adds
// them up. Logits are read once from memory; what reads them again finds them in the cache.
#include "sigmoid.cuh"
#include "softmax.cuh"

// Add a warp's numbers to the column of a table [classes][columns], each to the row of its label. One step for each label that
// occurs in the warp: of neighbouring pixels few have another label.
__device__ inline void add_by_label(float x, int label, u32 counted, float* table, int columns) {
    while (counted) {
        const int k = __shfl_sync(ALL_LANES, label, __ffs(static_cast<int>(counted)) - 1);
        const float sum = warp_sum(label == k ? x : 0.0f);
        if (threadIdx.x % LANES == 0) table[k * columns] += sum;
        counted &= ~__ballot_sync(ALL_LANES, label == k);
    }
}

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
__device__ inline void softmax_sums(const Scalar* logits, const Labels& labels, const float* weight, float* parts, i64 s, i64 tiles,
                                    int tile, const SumSpecs& specs) {
    SHARED_MEMORY(float, tables);  // [warps][classes][specs]: none but its own warp writes to one
    const int classes = static_cast<int>(labels.classes), size = classes * specs.count, warps = blockDim.x / LANES;
    for (int i = threadIdx.x; i < warps * size; i += blockDim.x) tables[i] = 0.0f;
    __syncthreads();
    float* table = tables + threadIdx.x / LANES * size;
    const i64 n = blockIdx.x / tiles, first = blockIdx.x % tiles * tile, last = first + tile < s ? first + tile : s;
    ONE_BY_ONE
    for (i64 start = first; start < last; start += blockDim.x) {
        const i64 i = start + threadIdx.x;
        const int label = i < last ? labels[n * s + i] : -1;
        const Scalar* z = logits + n * classes * s + i;
        const u32 counted = __ballot_sync(ALL_LANES, label >= 0);
        Softmax m = {};
        Answer a = {};
        float factor = 0.0f, inverse = 0.0f;
        if (label >= 0) factor = weight ? weight[n * s + i] : 1.0f;
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
__device__ inline void softmax_gradient(const Scalar* logits, const Labels& labels, const float* weight, const float* upstream,
                                        Scalar* gradient, i64 s, i64 tiles, const SumSpecs& specs) {
    const int classes = static_cast<int>(labels.classes);
    const i64 n = blockIdx.x / tiles, i = blockIdx.x % tiles * blockDim.x + threadIdx.x;
    if (i >= s) return;
    const int label = labels[n * s + i];
    const Scalar* z = logits + n * classes * s + i;
    Scalar* out = gradient + n * classes * s + i;
    if (label < 0) {
        for (int k = 0; k < classes; ++k) store(out + k * s, 0.0f);
        return;
    }
    const Softmax m = read_softmax(z, s, classes, label);
    const Answer a = answer_of(m, load(z + label * s), specs.nll);
    const float inverse = inverse_sum(m), factor = weight ? weight[n * s + i] : 1.0f;
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
__device__ inline void sigmoid_sums(const Scalar* logits, const Labels& labels, const float* weight, int weight_channels, float* parts,
                                    i64 channels, i64 s, i64 tiles, int tile, const SumSpecs& specs) {
    SHARED_MEMORY(float, sums);  // [specs][threads]
    __shared__ float room[LANES];
    FOR_SPECS(0, specs.count) sums[j * blockDim.x + threadIdx.x] = 0.0f;
    const i64 plane = blockIdx.x / tiles, first = blockIdx.x % tiles * tile, last = first + tile < s ? first + tile : s;
    const float* const of_pixel = weights_of(weight, weight_channels, plane, channels, s);
    ONE_BY_ONE
    for (i64 i = first + threadIdx.x; i < last; i += blockDim.x) {
        const int label = labels[plane * s + i];
        if (label < 0) continue;
        const Answer a = specs.logits ? sigmoid_answer(load(logits + plane * s + i), label == 1, specs.nll) : Answer{};
        const float factor = of_pixel ? of_pixel[i] : 1.0f;
        FOR_SPECS(0, specs.count)
            if (is_of_side(specs.of[j], label)) sums[j * blockDim.x + threadIdx.x] += factor * value(specs.of[j], a);
    }
    FOR_SPECS(0, specs.count) {
        const float sum = block_sum(sums[j * blockDim.x + threadIdx.x], room);
        if (threadIdx.x == 0) parts[static_cast<i64>(blockIdx.x) * specs.count + specs.of[j].column] = sum;
    }
}

// upstream [planes][specs].
template <class Scalar>
__device__ inline void sigmoid_gradient(const Scalar* logits, const Labels& labels, const float* weight, int weight_channels,
                                        const float* upstream, Scalar* gradient, i64 channels, i64 s, i64 tiles,
                                        const SumSpecs& specs) {
    const i64 plane = blockIdx.x / tiles, i = blockIdx.x % tiles * blockDim.x + threadIdx.x;
    if (i >= s) return;
    const int label = labels[plane * s + i];
    float of_logit = 0.0f;
    if (label >= 0) {
        const float* const of_pixel = weights_of(weight, weight_channels, plane, channels, s);
        const Answer a = sigmoid_answer(load(logits + plane * s + i), label == 1, specs.nll);
        FOR_SPECS(0, specs.count)
            if (is_of_side(specs.of[j], label)) of_logit += upstream[plane * specs.count + specs.of[j].column] * slope(specs.of[j], a);
        of_logit *= (label == 1 ? -a.error : a.error) * (of_pixel ? of_pixel[i] : 1.0f);
    }
    store(gradient + plane * s + i, of_logit);
}

// Sums: logits [n, c, s], labels [n, s] or, under sigmoids, [n, c, s], weight [n, weight_channels, s] or null; parts
// [n tiles, c, specs], or [n c tiles, specs]. grid (n tiles), or (n c tiles); block: whole warps; shared: warps c specs floats, or
// specs floats for each thread.
// Gradients: upstream [n, c, specs]; here a tile is the pixels of a block, and nothing is shared.
#define ERROR_SUMS(SCALAR, SUFFIX)                                                                                                  \
    extern "C" __global__ void softmax_sums_##SUFFIX(const SCALAR* logits, const void* labels, int type, i64 classes, i64 ignore,   \
                                                     const float* weight, float* parts, i64 s, i64 tiles, int tile,                 \
                                                     SumSpecs specs) {                                                              \
        softmax_sums(logits, Labels{labels, type, classes, ignore}, weight, parts, s, tiles, tile, specs);                          \
    }                                                                                                                               \
    extern "C" __global__ void softmax_gradient_##SUFFIX(const SCALAR* logits, const void* labels, int type, i64 classes,           \
                                                         i64 ignore, const float* weight, const float* upstream, SCALAR* gradient,  \
                                                         i64 s, i64 tiles, SumSpecs specs) {                                        \
        softmax_gradient(logits, Labels{labels, type, classes, ignore}, weight, upstream, gradient, s, tiles, specs);               \
    }                                                                                                                               \
    extern "C" __global__ void sigmoid_sums_##SUFFIX(const SCALAR* logits, const void* labels, int type, i64 classes, i64 ignore,   \
                                                     const float* weight, int weight_channels, float* parts, i64 channels, i64 s,   \
                                                     i64 tiles, int tile, SumSpecs specs) {                                         \
        sigmoid_sums(logits, Labels{labels, type, classes, ignore}, weight, weight_channels, parts, channels, s, tiles, tile,       \
                     specs);                                                                                                        \
    }                                                                                                                               \
    extern "C" __global__ void sigmoid_gradient_##SUFFIX(const SCALAR* logits, const void* labels, int type, i64 classes,           \
                                                         i64 ignore, const float* weight, int weight_channels,                      \
                                                         const float* upstream, SCALAR* gradient, i64 channels, i64 s, i64 tiles,   \
                                                         SumSpecs specs) {                                                          \
        sigmoid_gradient(logits, Labels{labels, type, classes, ignore}, weight, weight_channels, upstream, gradient, channels, s,   \
                         tiles, specs);                                                                                             \
    }

FOR_EACH_SCALAR(ERROR_SUMS)
