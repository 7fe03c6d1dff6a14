// What differs between compilers.
#pragma once

// Export a plain C function.
#if defined(_WIN32)
#define EXPORT extern "C" __declspec(dllexport)
#else
#define EXPORT extern "C" __attribute__((visibility("default")))
#endif

// Compile a function once for each instruction set and choose when the library is loaded. Elsewhere there is one
// version, correct and untuned. Loops in such a function are vectorised by the compiler; they call only inline functions.
#if !defined(ONE_INSTRUCTION_SET) && defined(__x86_64__) && defined(__linux__) && defined(__GNUC__) && !defined(__clang__) && \
    __GNUC__ >= 12
#define EVERY_INSTRUCTION_SET __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define EVERY_INSTRUCTION_SET
#endif

// Functions that become part of their caller, and so of each of its versions: what runs in the inner loops.
#if defined(_MSC_VER)
#define INLINE __forceinline
#else
#define INLINE inline __attribute__((always_inline))
#endif

// Say that numbers will be read soon, though not at once. They need not exist.
INLINE void prefetch_to_read(const float* first, int count) {
#if defined(__GNUC__)
    for (const float* end = first + count; first < end; first += 16) __builtin_prefetch(first, 0, 2);  // 16 share a line
#else
    (void)first, (void)count;
#endif
}

// Say that an address will be written to soon.
INLINE void prefetch_to_write(const void* address) {
#if defined(__GNUC__)
    __builtin_prefetch(address, 1);
#else
    (void)address;
#endif
}
