// Large results: fresh memory, and stores past the caches.
#pragma once

#include <cstddef>
#include <cstdint>

#if defined(__linux__)
#include <sys/mman.h>
#endif
#if defined(__SSE2__) || defined(_M_X64)
#include <emmintrin.h>
#define HAS_STREAMING_STORES
#endif

#include "platform.hpp"

// Paddle maps and unmaps every large tensor, so a new gradient costs a page fault every 4 KiB. Ask for large pages; if
// the system declines, nothing changes.
inline void expect_large_pages(void* start, std::size_t bytes) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    constexpr std::uintptr_t PAGE = std::uintptr_t{1} << 21;
    const std::uintptr_t first = (reinterpret_cast<std::uintptr_t>(start) + PAGE - 1) / PAGE * PAGE;
    const std::uintptr_t last = (reinterpret_cast<std::uintptr_t>(start) + bytes) / PAGE * PAGE;
    if (last > first) madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);
#else
    (void)start, (void)bytes;
#endif
}

// Work space that the caller lends, handed out piece by piece.
class Room {
public:
    explicit Room(void* start) : next_(static_cast<char*>(start)) {}

    template <class T>
    static std::int64_t bytes(std::int64_t count) {
        return (count * std::int64_t(sizeof(T)) + 63) / 64 * 64;
    }

    template <class T>
    T* take(std::int64_t count) {
        char* piece = next_;
        next_ += bytes<T>(count);
        return reinterpret_cast<T*>(piece);
    }

private:
    char* next_;
};

// Copy a finished row. A `stream` that nobody reads soon goes past the caches, which saves reading what it overwrites.
INLINE void write_row(const float* row, int w, bool stream, float* out) {
#if defined(HAS_STREAMING_STORES)
    if (stream && reinterpret_cast<std::uintptr_t>(out) % 16 == 0) {
        int i = 0;
        for (; i + 4 <= w; i += 4) _mm_stream_ps(out + i, _mm_loadu_ps(row + i));
        for (; i < w; ++i) out[i] = row[i];
        return;
    }
#endif
    for (int i = 0; i < w; ++i) out[i] = row[i];
}

// Before other threads read what was streamed.
inline void finish_streaming() {
#if defined(HAS_STREAMING_STORES)
    _mm_sfence();
#endif
}
