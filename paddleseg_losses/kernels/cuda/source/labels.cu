// Labels as the other kernels like them.
#include "common.cuh"

enum : u32 { SOME_COUNT = 1, SOME_WRONG = 2 };

// out: labels [size] as uint8, 255 where a label does not count (`narrow`, for at most 255 classes), or as int32, -1 there.
// found: SOME_COUNT if a label counts, SOME_WRONG if one is neither a class nor `ignore`; 0 before. Bits, whose order does not
// show. block: whole warps.
extern "C" __global__ void labels_compact(const void* labels, int type, i64 size, i64 classes, i64 ignore, void* out, int narrow,
                                          u32* found) {
    const Labels given = {labels, type, classes, ignore};
    u32 bits = 0;
    for (i64 i = static_cast<i64>(blockIdx.x) * blockDim.x + threadIdx.x; i < size; i += static_cast<i64>(gridDim.x) * blockDim.x) {
        const int label = given[i];
        if (narrow) static_cast<u8*>(out)[i] = static_cast<u8>(label < 0 ? 255 : label);
        else static_cast<int*>(out)[i] = label;
        bits |= label >= 0 ? SOME_COUNT : given.raw(i) != ignore ? SOME_WRONG : 0;
    }
    const u32 some = __ballot_sync(ALL_LANES, bits & SOME_COUNT), wrong = __ballot_sync(ALL_LANES, bits & SOME_WRONG);
    const u32 together = (some ? SOME_COUNT : 0) | (wrong ? SOME_WRONG : 0);
    if (threadIdx.x % LANES == 0 && together) atomicOr(found, together);
}
