// The softmax sums of `error_sums.cu` that losses mostly ask for, and their gradient: of positives any, of negatives the error alone.
//
// Each logit is read once, into columns of shared memory of which every lane has its own, and its exponential takes its place.
// A warp takes pixels one after another: as long as they have one label, lanes sum what is straight in registers.
#include "softmax.cuh"

const int GROUP = 4;  // classes whose columns are read together: there are columns for a multiple of it, as `error_sums.py` knows
const int AT_ONCE = 8;  // logits of a thread that are on their way from memory together

__device__ inline int in_groups(int classes) { return (classes + GROUP - 1) / GROUP * GROUP; }

// The classes of a pixel, LANES apart: its logits, then e^(z - top). 0 for the label's own, and beyond the last class.
struct Column {
    float* e;
    int classes;
    float top, own, others;  // the largest logit; e of the label, and the sum of the others
    float of_label;  // its logit
    int at;  // a class with the largest logit, if the label has not; else -1

    template <class Scalar>
    __device__ inline void read(const Scalar* z, i64 step) {
        top = LOWEST;
        int first = 0;
        ONE_BY_ONE
        for (; first + AT_ONCE <= classes; first += AT_ONCE) read_some<AT_ONCE>(z, step, first, AT_ONCE);
        ONE_BY_ONE
        for (; first < classes; first += GROUP) read_some<GROUP>(z, step, first, classes - first);
    }

    // The next classes, all at once; -infinity where there are none.
    template <int MOST, class Scalar>
    __device__ inline void read_some(const Scalar*& z, i64 step, int first, int there) {
        float x[MOST];
        UNROLL(MOST)
        for (int j = 0; j < MOST; ++j, z += step) x[j] = j < there ? load(z) : minus_infinity();
        UNROLL(MOST)
        for (int j = 0; j < MOST; ++j) {
            e[(first + j) * LANES] = x[j];
            top = fmaxf(top, x[j]);
        }
    }

    __device__ inline void exponentiate(int label) {
        of_label = e[label * LANES];
        e[label * LANES] = minus_infinity();
        own = exponential(of_label - top), others = 0.0f, at = -1;
        ONE_BY_ONE
        for (int first = 0; first < classes; first += GROUP)
            UNROLL(GROUP)
            for (int k = first; k < first + GROUP; ++k) {
                const float of_class = exponential(e[k * LANES] - top);
                e[k * LANES] = of_class;
                others += of_class;
                if (of_class == 1.0f) at = k;
            }
    }
};

// Sums over a warp of four numbers of each lane, with less exchange than one after another: lanes 0, 8, 16 and 24 have one each.
__device__ inline float sum_of_four(const Straight& sums, int lane) {
    const bool upper = lane & 16, odd = lane & 8;
    const float first = (upper ? sums.error : sums.count) + __shfl_xor_sync(ALL_LANES, upper ? sums.count : sums.error, 16);
    const float second = (upper ? sums.nll : sums.correct) + __shfl_xor_sync(ALL_LANES, upper ? sums.correct : sums.nll, 16);
    float sum = (odd ? second : first) + __shfl_xor_sync(ALL_LANES, odd ? first : second, 8);
    for (int away = 4; away > 0; away /= 2) sum += __shfl_xor_sync(ALL_LANES, sum, away);
    return sum;
}

// Shared, for each warp: straight sums [classes][4], a table [classes][specs], and of each lane exponentials [classes] and, of errors
// of negatives, sums [classes], in groups.
template <class Scalar>
__device__ inline void kept_sums(const Scalar* logits, const Pixels& pixels, float* parts, const SumSpecs& specs) {
    SHARED_MEMORY(float, shared);
    const int classes = pixels.channels, size = classes * specs.count, columns = in_groups(classes) * LANES;
    const int lane = threadIdx.x % LANES, warp = threadIdx.x / LANES, warps = blockDim.x / LANES;
    const bool negatives = specs.positives < specs.count;
    const int room = 4 * classes + size + (negatives ? 2 : 1) * columns;
    float* const straight = shared + warp * room;
    float* const table = straight + 4 * classes;
    float* const exponentials = table + size + lane;
    float* const errors = exponentials + columns;
    for (int i = lane; i < room; i += LANES) straight[i] = 0.0f;
    __syncwarp();
    const auto add = [&](int k, const Straight& sums) {
        const float sum = sum_of_four(sums, lane);
        if (lane % 8 == 0) straight[4 * k + lane / 8] += sum;
    };
    int run = 0;
    Straight of_run = {};
    const i64 s = pixels.s, first = pixels.first() + warp * (pixels.tile / warps);
    const i64 left = s - first;
    const int length = left < pixels.tile / warps ? static_cast<int>(left) : pixels.tile / warps;
    const u8* const labels = static_cast<const u8*>(pixels.labels.data) + pixels.plane() * s + first;
    const Scalar* const z = logits + pixels.plane() * classes * s + first;
    const float* const weights = pixels.weights_of_plane();
    int next = lane < length ? labels[lane] : 0;
    ONE_BY_ONE
    for (int start = 0; start < length; start += LANES) {
        const int i = start + lane, mine = next;
        const bool inside = i < length;
        if (i + LANES < length) next = labels[i + LANES];  // it arrives while this pixel waits for its logits
        Column column = {exponentials, classes};
        column.read(z + (inside ? i : 0), s);
        const bool counts = inside && mine < classes && mine != pixels.labels.ignore;
        const int label = counts ? mine : -1;
        column.exponentiate(counts ? label : 0);
        const Answer a = answer_of(column, column.of_label, specs.nll);
        const float factor = !counts ? 0.0f : weights ? weights[first + i] : 1.0f;
        u32 others = __ballot_sync(ALL_LANES, counts && label != run);
        if (others) {
            add(run, of_run);
            of_run = {};
            run = __shfl_sync(ALL_LANES, label, __ffs(static_cast<int>(others)) - 1);
            others = __ballot_sync(ALL_LANES, counts && label != run);
        }
        if (label == run) of_run.add(a, factor);
        while (others) {
            const int k = __shfl_sync(ALL_LANES, label, __ffs(static_cast<int>(others)) - 1);
            Straight of_label = {};
            if (label == k) of_label.add(a, factor);
            add(k, of_label);
            others &= ~__ballot_sync(ALL_LANES, label == k);
        }
        if (specs.curved) {
            const u32 counted = __ballot_sync(ALL_LANES, counts);
            FOR_SPECS(0, specs.positives)
                if (is_curved(specs.of[j]))
                    add_by_label(counts ? factor * value(specs.of[j], a) : 0.0f, label, counted, table + specs.of[j].column, specs.count);
        }
        if (!negatives || !counts) continue;
        const float scale = factor * inverse_sum(column);
        ONE_BY_ONE
        for (int group = 0; group < classes; group += GROUP) {
            float sums[GROUP];  // all are read before one is written
            UNROLL(GROUP)
            for (int j = 0; j < GROUP; ++j) sums[j] = errors[(group + j) * LANES] + exponentials[(group + j) * LANES] * scale;
            UNROLL(GROUP)
            for (int j = 0; j < GROUP; ++j) errors[(group + j) * LANES] = sums[j];
        }
    }
    add(run, of_run);
    __syncwarp();
    ONE_BY_ONE
    for (int k = lane; k < classes; k += LANES) {
        const float* const of_class = straight + 4 * k;
        const Straight sums = {of_class[0], of_class[1], of_class[2], of_class[3]};
        FOR_SPECS(0, specs.positives)
            if (!is_curved(specs.of[j])) table[k * specs.count + specs.of[j].column] = sums.of(specs.of[j].kind);
        if (!negatives) continue;
        const float* const of_lanes = errors - lane + k * LANES;
        float sum = 0.0f;
        UNROLL(GROUP)
        for (int j = 0; j < LANES; ++j) sum += of_lanes[(lane + j) % LANES];  // each lane of another bank
        table[k * specs.count + specs.of[specs.positives].column] = sum;
    }
    __syncthreads();
    for (int i = threadIdx.x; i < size; i += blockDim.x) {
        float sum = 0.0f;
        for (int other = 0; other < warps; ++other) sum += shared[other * room + 4 * classes + i];
        parts[static_cast<i64>(blockIdx.x) * size + i] = sum;
    }
}

// As in `error_sums.cu`, where v_k is the same for every p. Shared, in groups: v [classes], slopes of the straight sums of positives
// [classes], and of each lane exponentials [classes].
template <class Scalar>
__device__ inline void kept_gradient(const Scalar* logits, const Pixels& pixels, const float* upstream, Scalar* gradient,
                                     const SumSpecs& specs) {
    SHARED_MEMORY(float, v);
    const int classes = pixels.channels, thread = threadIdx.x, threads = blockDim.x, lane = thread % LANES, warp = thread / LANES;
    const int columns = in_groups(classes);
    StraightSlope* const of_positives = reinterpret_cast<StraightSlope*>(v + columns);
    float* const exponentials = v + 3 * columns + warp * columns * LANES + lane;
    const bool negatives = specs.positives < specs.count;
    const i64 s = pixels.s, n = pixels.plane();
    const float* const rows = upstream + n * classes * specs.count;
    for (int k = thread; k < columns; k += threads) {
        StraightSlope positive = {};
        FOR_SPECS(0, k < classes ? specs.positives : 0) positive.add(specs.of[j], rows[k * specs.count + specs.of[j].column]);
        of_positives[k] = positive;
        v[k] = negatives && k < classes ? rows[k * specs.count + specs.of[specs.positives].column] : 0.0f;
    }
    __syncthreads();
    const i64 first = pixels.first();
    const int length = pixels.length();
    const u8* const labels = static_cast<const u8*>(pixels.labels.data) + n * s + first;
    const Scalar* const z = logits + n * classes * s + first;
    const float* const weights = pixels.weights_of_plane();
    int next = thread < length ? labels[thread] : 0;
    ONE_BY_ONE
    for (int i = thread; i < length; i += threads) {
        const int label = next;
        if (i + threads < length) next = labels[i + threads];  // it arrives while this pixel waits for its logits
        Scalar* out = gradient + n * classes * s + first + i;
        Column column = {exponentials, classes};
        column.read(z + i, s);
        if (label >= classes || label == pixels.labels.ignore) {
            for (int k = 0; k < classes; ++k, out += s) store(out, 0.0f);
            continue;
        }
        column.exponentiate(label);
        const Answer a = answer_of(column, column.of_label, specs.curved && specs.nll);
        const float inverse = inverse_sum(column), factor = weights ? weights[first + i] : 1.0f;
        float positive = of_positives[label].at(a);
        if (specs.curved)
            FOR_SPECS(0, specs.positives)
                if (is_curved(specs.of[j])) positive += rows[label * specs.count + specs.of[j].column] * slope(specs.of[j], a);
        float mean = 0.0f, dot = 0.0f;
        if (negatives) {
            if (column.at >= 0) mean = v[column.at];
            ONE_BY_ONE
            for (int group = 0; group < classes; group += GROUP)
                UNROLL(GROUP)
                for (int k = group; k < group + GROUP; ++k) dot += (v[k] - mean) * exponentials[k * LANES];
            dot *= inverse;
        }
        const float others = positive + mean * a.correct - dot, scale = factor * inverse;
        Scalar* const own = out + label * s;
        UNROLL(GROUP)
        for (int k = 0; k < classes; ++k, out += s) store(out, scale * exponentials[k * LANES] * (others + (v[k] - mean)));
        store(own, -factor * (positive * a.error + (mean * a.error + dot) * a.correct));
    }
}

// Logits [n, classes, s]; parts [n tiles, classes, specs]; upstream [n, classes, specs]. grid (n tiles); block: whole warps, among
// which a tile can be shared out.
#define KEPT_SUMS(SCALAR, SUFFIX)                                                                                          \
    extern "C" __global__ void kept_sums_##SUFFIX(const SCALAR* logits, Pixels pixels, float* parts, SumSpecs specs) {     \
        kept_sums(logits, pixels, parts, specs);                                                                           \
    }                                                                                                                      \
    extern "C" __global__ void kept_gradient_##SUFFIX(const SCALAR* logits, Pixels pixels, const float* upstream,          \
                                                      SCALAR* gradient, SumSpecs specs) {                                  \
        kept_gradient(logits, pixels, upstream, gradient, specs);                                                          \
    }

FOR_EACH_SCALAR(KEPT_SUMS)
