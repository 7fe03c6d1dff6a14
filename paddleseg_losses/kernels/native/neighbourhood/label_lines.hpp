// The skeletons of regions that do not overlap, by erosions and openings: one map of labels gives those of all of them, as a
// label survives an erosion where its neighbours have it too.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "parallel.hpp"
#include "neighbourhood/slices.hpp"

namespace psl {

// Keep the labels of a slice that all direct neighbours have, else -1.
template <class Label>
TARGET_CLONES static void erode_labels(const Slices& grid, const Label* map, std::int64_t slice, Label* eroded) {
    const std::int64_t width = grid.width, stride = grid.stride(), plane = grid.padded();
    for (std::int64_t y = 0; y < grid.rows; ++y) {
        const std::int64_t at = slice * plane + y * stride + 1;
        const Label *mine = map + at, *none = mine;  // beyond the image the pixel itself is repeated
        const Label *after = slice + 1 < grid.count ? mine + plane : none, *before = slice > 0 ? mine - plane : none;
        const Label *below = y + 1 < grid.rows ? mine + stride : none, *above = y > 0 ? mine - stride : none;
        Label* to = eroded + at;
#pragma omp simd
        for (std::int64_t i = 0; i < width; ++i) {
            const bool whole = (mine[i] == after[i]) & (mine[i] == before[i]) & (mine[i] == below[i]) & (mine[i] == above[i]) &
                               (mine[i] == mine[i + 1]) & (mine[i] == mine[i - 1]);
            to[i] = whole ? mine[i] : Label(-1);
        }
        to[-1] = to[0], to[width] = to[width - 1];
    }
}

// Mark the pixels whose label does not survive anywhere in the full window.
template <class Label>
TARGET_CLONES static void mark_ridges(const Slices& grid, const Label* map, const Label* eroded, std::int64_t slice,
                                      std::uint8_t* covered, std::uint8_t* lines) {
    const std::int64_t width = grid.width, stride = grid.stride(), plane = grid.padded();
    for (std::int64_t y = 0; y < grid.rows; ++y) {
        const std::int64_t at = slice * plane + y * stride + 1;
        const Label* mine = map + at;
        for (std::int64_t i = 0; i < width; ++i) covered[i] = 0;
        for (int z = slice > 0 ? -1 : 0; z <= (slice + 1 < grid.count ? 1 : 0); ++z)
            for (int v = y > 0 ? -1 : 0; v <= (y + 1 < grid.rows ? 1 : 0); ++v) {
                const Label* row = eroded + at + z * plane + v * stride;
#pragma omp simd
                for (std::int64_t i = 0; i < width; ++i)
                    covered[i] |= (row[i] == mine[i]) | (row[i + 1] == mine[i]) | (row[i - 1] == mine[i]);
            }
        std::uint8_t* line = lines + slice * grid.pixels() + y * width;
#pragma omp simd
        for (std::int64_t i = 0; i < width; ++i) line[i] |= (mine[i] != Label(-1)) & (covered[i] == 0);
    }
}

// lines: 1 where a pixel lies on the skeleton of its own region, else 0. read(row, labels) writes the labels of a row of all
// slices, -1 where there is no region; Label holds them and its own -1.
template <class Label, class Read>
void label_lines(const Slices& grid, int iterations, int threads, Read read, std::uint8_t* lines) {
    const std::int64_t size = grid.count * grid.padded();
    std::vector<Label> map(size), eroded(size);
    std::fill_n(lines, grid.count * grid.pixels(), std::uint8_t(0));
    run_slices(grid.count, threads, [&](std::int64_t first, std::int64_t last) {
        std::vector<std::int32_t> labels(grid.width);
        for (std::int64_t row = first * grid.rows; row < last * grid.rows; ++row) {
            read(row, labels.data());
            Label* to = &map[row * grid.stride() + 1];
            for (std::int64_t i = 0; i < grid.width; ++i) to[i] = Label(labels[i]);
            to[-1] = to[0], to[grid.width] = to[grid.width - 1];
        }
    });
    const auto empty = [](Label label) { return label == Label(-1); };
    for (int k = 0; k <= iterations; ++k, map.swap(eroded)) {
        run_slices(grid.count, threads, [&](std::int64_t first, std::int64_t last) {
            for (std::int64_t slice = first; slice < last; ++slice) erode_labels(grid, map.data(), slice, eroded.data());
        });
        run_slices(grid.count, threads, [&](std::int64_t first, std::int64_t last) {
            std::vector<std::uint8_t> covered(grid.width);
            for (std::int64_t slice = first; slice < last; ++slice)
                mark_ridges(grid, map.data(), eroded.data(), slice, covered.data(), lines);
        });
        if (std::all_of(eroded.begin(), eroded.end(), empty)) return;  // nothing is left
    }
}

}  // namespace psl
