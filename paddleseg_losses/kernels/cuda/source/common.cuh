// What the kernels share. CUDA C++ without headers, so that NVRTC, nvcc and, with the shim of the tests, g++ compile the same
// text.
//
// No kernel adds floats by atomics: whatever is summed is summed in an order that the shapes alone decide.
#pragma once

typedef long long i64;
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;

enum : u32 { ALL_LANES = 0xffffffffu };
enum : int { LANES = 32 };  // of a warp

#ifndef HOST_SHIM
// Memory that the threads of a block share; its size is given at the launch.
#define SHARED_MEMORY(TYPE, NAME)                                         \
    extern __shared__ __align__(16) unsigned char shared_bytes[];         \
    TYPE* const NAME = reinterpret_cast<TYPE*>(shared_bytes)

__device__ inline float float_of_half(u16 bits) {
    float x;
    asm("cvt.f32.f16 %0, %1;" : "=f"(x) : "h"(bits));
    return x;
}

__device__ inline u16 half_of_float(float x) {
    u16 bits;
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(x));
    return bits;
}

__device__ inline float power_of_two(float x) {
    float y;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
}

__device__ inline float reciprocal(float x) {  // off by a last digit
    float y;
    asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
}
#endif

// e^x of x <= 0 by a single instruction of the card, 0 below 2^-126. Off by the rounding of x log2(e), 4e-6 for x = -40.
__device__ inline float exponential(float x) { return power_of_two(x * 1.44269504f); }

__device__ inline float minus_infinity() { return __uint_as_float(0xff800000u); }

// Numbers as they lie in memory. Whatever is computed is computed in float.
struct Half {
    u16 bits;
};
struct BFloat {
    u16 bits;
};

__device__ inline float load(const float* x) { return *x; }
__device__ inline float load(const Half* x) { return float_of_half(x->bits); }
__device__ inline float load(const BFloat* x) { return __uint_as_float(static_cast<u32>(x->bits) << 16); }

__device__ inline void store(float* to, float x) { *to = x; }
__device__ inline void store(Half* to, float x) { to->bits = half_of_float(x); }
__device__ inline void store(BFloat* to, float x) {
    const u32 bits = __float_as_uint(x);
    to->bits = static_cast<u16>(x == x ? (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16 : 0x7fffu);  // to even; NaN stays one
}

// A kernel for each type of logits: KERNEL(type, suffix of the name).
#define FOR_EACH_SCALAR(KERNEL) KERNEL(float, f32) KERNEL(Half, f16) KERNEL(BFloat, bf16)

enum LabelType { UINT8 = 0, INT8 = 1, INT16 = 2, INT32 = 3, INT64 = 4 };

// Integer labels as the caller has them. Every thread takes the same branch.
struct Labels {
    const void* data;
    int type;
    i64 classes, ignore;

    __device__ inline int narrow(i64 at) const {  // of UINT8
        const int label = static_cast<const u8*>(data)[at];
        return label == ignore || label >= classes ? -1 : label;
    }

    __device__ inline i64 raw(i64 at) const {
        if (type == UINT8) return static_cast<const u8*>(data)[at];
        if (type == INT64) return static_cast<const i64*>(data)[at];
        if (type == INT32) return static_cast<const int*>(data)[at];
        if (type == INT16) return static_cast<const short*>(data)[at];
        return static_cast<const signed char*>(data)[at];
    }

    // The class of a pixel; -1 where it does not count, because it is ignored or out of range.
    __device__ inline int operator[](i64 at) const {
        if (type == UINT8) return narrow(at);
        const i64 label = raw(at);
        return label == ignore || label < 0 || label >= classes ? -1 : static_cast<int>(label);
    }
};

// Sum over a warp, all of whose lanes call this; lane 0 has it.
template <class Number>
__device__ inline Number warp_sum(Number x) {
    for (int away = LANES / 2; away > 0; away /= 2) x += __shfl_down_sync(ALL_LANES, x, away);
    return x;
}

// Sum over a block of whole warps, all of whose threads call this; thread 0 has it. `room`: a number for each warp.
template <class Number>
__device__ inline Number block_sum(Number x, Number* room) {
    const int warps = blockDim.x / LANES;
    x = warp_sum(x);
    if (threadIdx.x % LANES == 0) room[threadIdx.x / LANES] = x;
    __syncthreads();
    if (threadIdx.x == 0)
        for (int warp = 1; warp < warps; ++warp) x += room[warp];
    __syncthreads();  // the room may be used again
    return x;
}
