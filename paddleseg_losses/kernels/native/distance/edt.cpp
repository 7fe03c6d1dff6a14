// Distance maps of many masks; the transform itself is in edt.hpp.
#include <cmath>

#include "api.h"
#include "distance/edt.hpp"
#include "memory.hpp"

namespace psl {

namespace {

using edt::Grid;

template <class Square, class Out>
TARGET_CLONES void roots(const Square* squares, std::int64_t pixels, Out* out) {
    using Wide = std::common_type_t<Square, Out>;
    for (std::int64_t i = 0; i < pixels; ++i) {
        const Square square = squares[i] < 0 ? -squares[i] : squares[i];
        out[i] = square == FAR<Square> ? Out(0) : Out(std::sqrt(Wide(square)));
    }
}

template <class Square, class Out>
void one_map(const Grid& grid, const std::uint8_t* mask, const double* spacing, int threads, Out* out) {
    const std::int64_t pixels = grid.pixels(0);
    const std::unique_ptr<Square[]> squares(new Square[pixels]);
    edt::signed_squares(grid, mask, spacing, threads, squares.get());
    run_slices(pixels, threads,
               [&](std::int64_t first, std::int64_t last) { roots(squares.get() + first, last - first, out + first); });
}

// Many maps are distributed whole, so that each stays in a cache; few are distributed line by line.
template <class Out>
Status all_maps(const std::uint8_t* masks, std::int64_t maps, const Grid& grid, const double* spacing, Out* out, int threads) {
    const std::int64_t pixels = grid.pixels(0);
    const int across = maps >= threads ? threads : 1, within = maps >= threads ? 1 : threads;
    expect_large_pages(out, std::size_t(maps * pixels) * sizeof(Out));
    const bool fits_int32 = edt::fits_int32(grid, spacing);
    return status_of([&] {
        run_parallel(int(maps), across, [&](int i) {
            if (fits_int32) one_map<std::int32_t>(grid, masks + i * pixels, spacing, within, out + i * pixels);
            else one_map<double>(grid, masks + i * pixels, spacing, within, out + i * pixels);
        });
    });
}

}  // namespace

EXPORT Status edt_float32(const std::uint8_t* masks, std::int64_t maps, int axes, const std::int64_t* sizes,
                          const double* spacing, float* out, int threads) {
    return all_maps(masks, maps, Grid{axes, sizes}, spacing, out, threads);
}

EXPORT Status edt_float64(const std::uint8_t* masks, std::int64_t maps, int axes, const std::int64_t* sizes,
                          const double* spacing, double* out, int threads) {
    return all_maps(masks, maps, Grid{axes, sizes}, spacing, out, threads);
}

}  // namespace psl
