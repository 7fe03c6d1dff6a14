// Soft skeletons of maps and their gradient.
#include "memory.hpp"
#include "neighbourhood/skeleton.hpp"

namespace psl {

namespace {

template <bool VOLUME>
Status forward(const float* x, std::int64_t maps, const Slices& grid, int iterations, int threads, float* out) {
    const std::int64_t size = grid.pixels(), whole = grid.count * size;
    return in_bands(maps, grid, iterations, threads, [&](std::int64_t map, std::int64_t first, std::int64_t last) {
        Skeleton<VOLUME> skeleton(grid, iterations, false);
        skeleton.forward(x + map * whole, first, last, [&](std::int64_t slice, const float* found) {
            std::copy_n(found, size, out + map * whole + slice * size);
        });
    });
}

template <bool VOLUME>
Status backward(const float* x, const float* upstream, std::int64_t maps, const Slices& grid, int iterations, int threads,
                float* out) {
    const std::int64_t size = grid.pixels(), whole = grid.count * size;
    return in_bands(maps, grid, iterations, threads, [&](std::int64_t map, std::int64_t first, std::int64_t last) {
        Skeleton<VOLUME> skeleton(grid, iterations, true);
        skeleton.backward(
            x + map * whole, first, last,
            [&](std::int64_t slice, float* to) { std::copy_n(upstream + map * whole + slice * size, size, to); },
            [&](std::int64_t slice, const float* found) { std::copy_n(found, size, out + map * whole + slice * size); });
    });
}

}  // namespace

EXPORT Status skeleton_forward(const float* x, std::int64_t maps, int axes, const std::int64_t* sizes, int iterations,
                               float* out, int threads) {
    const Slices grid(axes, sizes);
    expect_large_pages(out, maps * grid.count * grid.pixels() * sizeof(float));
    return (axes > 2 ? forward<true> : forward<false>)(x, maps, grid, iterations, threads, out);
}

EXPORT Status skeleton_backward(const float* x, const float* upstream, std::int64_t maps, int axes, const std::int64_t* sizes,
                                int iterations, float* out, int threads) {
    const Slices grid(axes, sizes);
    expect_large_pages(out, maps * grid.count * grid.pixels() * sizeof(float));
    return (axes > 2 ? backward<true> : backward<false>)(x, upstream, maps, grid, iterations, threads, out);
}

}  // namespace psl
