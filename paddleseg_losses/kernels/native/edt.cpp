// Distance maps of many masks; the transform itself is in edt.hpp.
#include <cmath>

#include "edt.hpp"
#include "memory.hpp"

namespace {

using edt::Grid;

template <class Square, class Out>
EVERY_INSTRUCTION_SET void roots(const Square* squares, std::int64_t pixels, Out* out) {
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
    run_slices(pixels, threads, [&](std::int64_t first, std::int64_t last) {
        roots(squares.get() + first, last - first, out + first);
    });
}

// Many maps are shared out whole, each small enough for a cache; few are shared line by line.
template <class Out>
int all_maps(const std::uint8_t* masks, std::int64_t maps, const Grid& grid, const double* spacing, int threads,
             Out* out) {
    const std::int64_t pixels = grid.pixels(0);
    const int across = maps >= threads ? threads : 1, within = maps >= threads ? 1 : threads;
    expect_large_pages(out, std::size_t(maps * pixels) * sizeof(Out));
    const bool whole = edt::whole(grid, spacing);
    return status_of([&] {
        run_parallel(int(maps), across, [&](int i) {
            if (whole)
                one_map<std::int32_t>(grid, masks + i * pixels, spacing, within, out + i * pixels);
            else
                one_map<double>(grid, masks + i * pixels, spacing, within, out + i * pixels);
        });
    });
}

}  // namespace

// masks `[maps, *sizes]`, 0 or not; spacing a number for each axis, or null for 1, which keeps squares whole and exact.
// Returns 0, or 1 if memory ran out.
EXPORT int edt_float32(const std::uint8_t* masks, std::int64_t maps, int axes, const std::int64_t* sizes,
                       const double* spacing, int threads, float* out) {
    return all_maps(masks, maps, Grid{axes, sizes}, spacing, threads, out);
}

EXPORT int edt_float64(const std::uint8_t* masks, std::int64_t maps, int axes, const std::int64_t* sizes,
                       const double* spacing, int threads, double* out) {
    return all_maps(masks, maps, Grid{axes, sizes}, spacing, threads, out);
}
