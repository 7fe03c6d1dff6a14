// The backward pass of sums over maps whose slope was computed with them.
#include <algorithm>

#include "memory.hpp"
#include "parallel.hpp"
#include "pixelwise/tile.hpp"

namespace psl {

namespace {

constexpr std::int64_t CHUNK = 1 << 15;  // pixels that are scaled together

TARGET_CLONES
void scale(const float* slope, float factor, std::int64_t size, float* out) {
    for (std::int64_t i = 0; i < size; ++i) out[i] = factor * slope[i];
}

}  // namespace

EXPORT Status map_sums_backward(const Problem* problem, const double* upstream, const float* slope, float* gradient,
                                int threads) {
    return status_of([&] {
        const Problem& q = *problem;
        expect_large_pages(gradient, q.n * q.c * q.s * sizeof(float));
        const std::int64_t chunks = (q.s + CHUNK - 1) / CHUNK;
        run_slices(q.n * q.c * chunks, threads, [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t k = begin; k < end; ++k) {
                const std::int64_t cell = k / chunks, at = k % chunks * CHUNK;
                scale(slope + cell * q.s + at, float(upstream[cell]), std::min(CHUNK, q.s - at), gradient + cell * q.s + at);
            }
        });
    });
}

}  // namespace psl
