// Runs CUDA kernels on a CPU, for tests. The threads of a block are fibres of one thread, which take turns at barriers and
// where the lanes of a warp exchange numbers. Any order of turns is allowed, so several are tried: what depends on the order
// is a race. A barrier that not all threads reach ends the process.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#define HOST_SHIM
#define __global__
#define __device__
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __align__(n) alignas(n)
#define __shared__ static

struct dim3 {
    unsigned x, y, z;
};
inline dim3 threadIdx, blockIdx, blockDim, gridDim;

#if defined(__x86_64__) && defined(__linux__)
// Leaves a stack for another one: `swapcontext` asks the kernel for signals each time, which takes a hundred times as long.
asm(R"(
.text
.globl shim_switch
shim_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
)");
extern "C" void shim_switch(void** left, void* entered);

struct Context {
    void* at;

    void start(char* stack, std::size_t size, void (*body)()) {
        auto* top = reinterpret_cast<void**>(reinterpret_cast<std::uintptr_t>(stack + size) / 16 * 16) - 8;
        std::memset(top, 0, 8 * sizeof *top);
        top[6] = reinterpret_cast<void*>(body);  // where the first switch returns to
        at = top;
    }
    void switch_to(Context& other) { shim_switch(&at, other.at); }
};
#else
#include <ucontext.h>

struct Context {
    ucontext_t at;

    void start(char* stack, std::size_t size, void (*body)()) {
        getcontext(&at);
        at.uc_stack.ss_sp = stack, at.uc_stack.ss_size = size, at.uc_link = nullptr;
        makecontext(&at, body, 0);
    }
    void switch_to(Context& other) { swapcontext(&at, &other.at); }
};
#endif

namespace shim {

constexpr unsigned STACK = 1 << 16, WARP = 32;

struct Fibre {
    Context context;
    std::unique_ptr<char[]> stack{new char[STACK]};
    dim3 place;
    bool done;
    const unsigned* waits_for;  // a count of meetings
    unsigned seen;  // that count when it began to wait
};

// Where threads wait for one another.
struct Meeting {
    unsigned members, arrived = 0, held = 0;
};

inline Context scheduler;
inline std::vector<Fibre> fibres;
inline std::vector<unsigned> order;
inline std::vector<Meeting> warps;
inline Meeting block;
inline unsigned now, turn_order = 0, random_state = 1, first_block = 0;
inline std::vector<unsigned char> shared;
inline unsigned long long lanes[2][1024];
inline std::vector<unsigned> parity;
inline void (*run_body)(void*);
inline void* body;

inline void fail(const char* why) {
    std::fprintf(stderr, "CUDA shim: %s\n", why);
    std::abort();
}

inline void meet(Meeting& meeting) {
    if (++meeting.arrived == meeting.members) {
        meeting.arrived = 0;
        ++meeting.held;
        return;  // the last one goes on
    }
    Fibre& self = fibres[now];
    self.waits_for = &meeting.held;
    self.seen = meeting.held;
    self.context.switch_to(scheduler);
}

inline unsigned warp_of(unsigned thread) { return thread / WARP; }

// A number of another lane; all lanes of the warp call this.
template <class Number>
Number exchange(Number own, unsigned from) {
    static_assert(sizeof(Number) <= sizeof(unsigned long long), "lanes hold 8 bytes");
    auto* buffer = lanes[parity[now] ^= 1];  // two in turn: a lane that is ahead does not overwrite what others read
    std::memcpy(&buffer[now], &own, sizeof own);
    meet(warps[warp_of(now)]);
    Number other = own;
    if (from < WARP) std::memcpy(&other, &buffer[warp_of(now) * WARP + from], sizeof other);
    return other;
}

inline void enter() {
    run_body(body);
    fibres[now].done = true;
    fibres[now].context.switch_to(scheduler);
}

inline unsigned random_below(unsigned limit) {
    random_state = random_state * 1664525u + 1013904223u;
    return (random_state >> 8) % limit;
}

// 0: as they are numbered, 1: backwards, else another one each time.
inline void arrange() {
    if (turn_order == 1) std::reverse(order.begin(), order.end());
    if (turn_order < 2) return;
    for (unsigned i = static_cast<unsigned>(order.size()); i > 1; --i) std::swap(order[i - 1], order[random_below(i)]);
}

inline void run_block(unsigned threads) {
    block = {threads};
    warps.assign((threads + WARP - 1) / WARP, {WARP});
    if (threads % WARP) warps.back().members = threads % WARP;
    parity.assign(threads, 0);
    std::fill(shared.begin(), shared.end(), 0xff);  // NaN, whatever is read of it
    for (unsigned i = 0; i < threads; ++i) {
        Fibre& fibre = fibres[i];
        fibre.place = {i % blockDim.x, i / blockDim.x % blockDim.y, i / (blockDim.x * blockDim.y)};
        fibre.done = false;
        fibre.waits_for = nullptr;
        fibre.context.start(fibre.stack.get(), STACK, enter);
    }
    for (unsigned left = threads; left > 0;) {
        bool moved = false;
        if (turn_order > 1) arrange();
        for (unsigned i : order) {
            Fibre& fibre = fibres[i];
            if (fibre.done || (fibre.waits_for && *fibre.waits_for == fibre.seen)) continue;
            fibre.waits_for = nullptr;
            now = i;
            threadIdx = fibre.place;
            scheduler.switch_to(fibre.context);
            left -= fibre.done;
            moved = true;
        }
        if (!moved) fail("threads wait for others that have ended, or wait elsewhere");
    }
}

template <class Body>
void launch(dim3 grid, dim3 threads, std::size_t bytes, Body& call) {
    const unsigned count = threads.x * threads.y * threads.z;
    gridDim = grid;
    blockDim = threads;
    shared = std::vector<unsigned char>(bytes);  // exactly: a sanitizer sees what lies beyond
    if (fibres.size() < count) fibres = std::vector<Fibre>(count);
    order.resize(count);
    for (unsigned i = 0; i < count; ++i) order[i] = i;
    if (turn_order == 1) arrange();
    run_body = [](void* given) { (*static_cast<Body*>(given))(); };
    body = &call;
    for (unsigned z = 0; z < grid.z; ++z)
        for (unsigned y = 0; y < grid.y; ++y)
            for (unsigned x = first_block; x < grid.x; ++x) {
                blockIdx = {x, y, z};
                run_block(count);
            }
}

// As the driver does it: where each argument lies.
template <class... Types, std::size_t... Numbers>
void run(void (*kernel)(Types...), const unsigned* sizes, std::size_t bytes, void** arguments, std::index_sequence<Numbers...>) {
    auto call = [&] { kernel(*static_cast<std::decay_t<Types>*>(arguments[Numbers])...); };
    launch({sizes[0], sizes[1], sizes[2]}, {sizes[3], sizes[4], sizes[5]}, bytes, call);
}

template <class... Types>
void run(void (*kernel)(Types...), const unsigned* sizes, std::size_t bytes, void** arguments) {
    run(kernel, sizes, bytes, arguments, std::index_sequence_for<Types...>());
}

}  // namespace shim

#define SHARED_MEMORY(TYPE, NAME) TYPE* const NAME = reinterpret_cast<TYPE*>(shim::shared.data())

inline void __syncthreads() { shim::meet(shim::block); }
inline void __syncwarp(unsigned = 0xffffffffu) { shim::meet(shim::warps[shim::warp_of(shim::now)]); }

template <class Number>
Number __shfl_sync(unsigned, Number x, int lane) {
    return shim::exchange(x, static_cast<unsigned>(lane) % shim::WARP);
}
template <class Number>
Number __shfl_down_sync(unsigned, Number x, unsigned away) {
    return shim::exchange(x, shim::now % shim::WARP + away);
}
template <class Number>
Number __shfl_up_sync(unsigned, Number x, unsigned away) {
    const unsigned lane = shim::now % shim::WARP;
    return shim::exchange(x, lane >= away ? lane - away : shim::WARP);
}
template <class Number>
Number __shfl_xor_sync(unsigned, Number x, int mask) {
    return shim::exchange(x, (shim::now % shim::WARP) ^ static_cast<unsigned>(mask));
}
inline unsigned __ballot_sync(unsigned, int yes) {
    unsigned bits = 0;
    const unsigned own = yes != 0;
    auto* buffer = shim::lanes[shim::parity[shim::now] ^= 1];
    buffer[shim::now] = own;
    shim::meet(shim::warps[shim::warp_of(shim::now)]);
    for (unsigned lane = 0; lane < shim::WARP; ++lane) bits |= static_cast<unsigned>(buffer[shim::warp_of(shim::now) * shim::WARP + lane]) << lane;
    return bits;
}
inline int __any_sync(unsigned mask, int yes) { return __ballot_sync(mask, yes) != 0; }
inline int __all_sync(unsigned mask, int yes) { return __ballot_sync(mask, yes) == 0xffffffffu; }
inline int __ffs(int x) { return __builtin_ffs(x); }
inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline int __clz(int x) { return x ? __builtin_clz(static_cast<unsigned>(x)) : 32; }

template <class Number>
Number atomicAdd(Number* to, Number x) {
    const Number before = *to;
    *to += x;
    return before;
}
template <class Number>
Number atomicOr(Number* to, Number x) {
    const Number before = *to;
    *to |= x;
    return before;
}
template <class Number>
Number atomicMax(Number* to, Number x) {
    const Number before = *to;
    *to = std::max(before, x);
    return before;
}
template <class Number>
Number atomicMin(Number* to, Number x) {
    const Number before = *to;
    *to = std::min(before, x);
    return before;
}

template <class To, class From>
To shim_bits(From x) {
    static_assert(sizeof(To) == sizeof(From), "bits of one size");
    To bits;
    std::memcpy(&bits, &x, sizeof bits);
    return bits;
}
inline unsigned __float_as_uint(float x) { return shim_bits<unsigned>(x); }
inline float __uint_as_float(unsigned bits) { return shim_bits<float>(bits); }
inline int __float_as_int(float x) { return shim_bits<int>(x); }
inline float __int_as_float(int bits) { return shim_bits<float>(bits); }

inline float reciprocal(float x) { return 1.0f / x; }
inline float power_of_two(float x) { return x < -126.0f ? 0.0f : std::exp2(x); }

// By whole numbers: not every compiler has a type of 16 bits.
inline float float_of_half(unsigned short bits) {
    const unsigned sign = (bits & 0x8000u) << 16, exponent = bits >> 10 & 0x1fu, rest = bits & 0x3ffu;
    if (exponent == 31) return shim_bits<float>(sign | 0x7f800000u | rest << 13);
    const float size = exponent ? std::ldexp(static_cast<float>(rest | 0x400u), static_cast<int>(exponent) - 25)
                                : std::ldexp(static_cast<float>(rest), -24);
    return sign ? -size : size;
}

inline unsigned short half_of_float(float x) {
    const unsigned short sign = std::signbit(x) ? 0x8000 : 0;
    if (x != x) return 0x7fff;
    const float size = std::fabs(x);
    if (size == 0.0f) return sign;
    if (size >= 65520.0f) return sign | 0x7c00;
    int exponent = 0;
    std::frexp(size, &exponent);  // size = m 2^exponent with m in [0.5, 1)
    const int lowest = std::max(exponent - 11, -24);  // the exponent of the last bit that is kept
    const unsigned kept = static_cast<unsigned>(std::nearbyint(std::ldexp(size, -lowest)));  // to even
    return static_cast<unsigned short>(sign | (kept + (static_cast<unsigned>(lowest + 24) << 10)));
}
