// What differs between compilers.
#pragma once

// Export a plain C function.
#if defined(_WIN32)
#define EXPORT extern "C" __declspec(dllexport)
#else
#define EXPORT extern "C" __attribute__((visibility("default")))
#endif

// Compile a function once for each instruction set, and choose when the library is loaded. Other compilers make one version,
// correct but untuned. The compiler vectorises the loops of such a function; they call inline functions only.
#if !defined(NO_TARGET_CLONES) && defined(__x86_64__) && defined(__linux__) && defined(__GNUC__) && !defined(__clang__) && \
    __GNUC__ >= 12
#define TARGET_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define TARGET_CLONES
#endif

// Always inlined, so that the function is part of each clone of its caller.
#if defined(_MSC_VER)
#define INLINE __forceinline
#else
#define INLINE inline __attribute__((always_inline))
#endif

namespace psl {

// Fetch memory that will be read soon, but not at once. It need not exist.
INLINE void prefetch_to_read(const float* first, int count) {
#if defined(__GNUC__)
    for (const float* end = first + count; first < end; first += 16) __builtin_prefetch(first, 0, 2);  // 16 to a cache line
#else
    (void)first, (void)count;
#endif
}

// Fetch memory that will be written soon.
INLINE void prefetch_to_write(const void* address) {
#if defined(__GNUC__)
    __builtin_prefetch(address, 1);
#else
    (void)address;
#endif
}

}  // namespace psl
