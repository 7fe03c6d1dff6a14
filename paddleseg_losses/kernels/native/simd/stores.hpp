// Stores that bypass the caches.
#pragma once

#include <cstdint>

#if defined(__SSE2__) || defined(_M_X64)
#include <emmintrin.h>
#define HAS_STREAMING_STORES
#endif

#include "simd/platform.hpp"

namespace psl {

// Copy a finished row. `stream`: nobody reads it soon, so write past the caches, which saves reading what is overwritten.
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

// Call this before other threads read what was streamed.
inline void finish_streaming() {
#if defined(HAS_STREAMING_STORES)
    _mm_sfence();
#endif
}

}  // namespace psl
