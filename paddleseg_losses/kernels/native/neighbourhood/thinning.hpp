// Thinning: the skeleton of a region, one pixel wide, with as many components and holes as the region.
//
// Passes are repeated until none removes anything. A pixel is looked at again only where a neighbour has gone since: the
// result is that of full passes.
#pragma once

#include <algorithm>
#include <bitset>
#include <cstdint>
#include <vector>

namespace psl {

// Pixels of a region in its bounding box, with a margin of one pixel outside it along the axes that have neighbours.
struct Canvas {
    std::int64_t depth, height, width;  // the margin included; depth 1 without one if the image is flat
    std::vector<std::uint8_t> cells;  // SET, passes that are due, LISTED

    static constexpr std::uint8_t SET = 1, LISTED = 128;

    Canvas(bool flat, std::int64_t d, std::int64_t h, std::int64_t w)
        : depth(flat ? 1 : d + 2), height(h + 2), width(w + 2), cells(std::size_t(depth * height * width)) {}

    bool flat() const { return depth == 1; }
    std::int64_t at(std::int64_t z, std::int64_t y, std::int64_t x) const { return (z * height + y) * width + x; }
    std::int64_t inner(std::int64_t z, std::int64_t y, std::int64_t x) const { return at(flat() ? z : z + 1, y + 1, x + 1); }
    bool set(std::int64_t cell) const { return cells[cell] & SET; }
};

// Zhang and Suen's rule with the table of scikit-image (BSD-3-Clause), which departs from their paper in 25 of 256
// neighbourhoods: bit i of an index is neighbour i, bit k of an entry says that pass k removes the pixel.
class FlatRule {
public:
    static constexpr int PASSES = 2;
    static constexpr bool IN_TURN = false;  // a pass sees the image as it was before it
    static constexpr int NEIGHBOURS = 8;
    std::int64_t offsets[NEIGHBOURS];

    explicit FlatRule(const Canvas& canvas)
        : offsets{-canvas.width - 1, -canvas.width, -canvas.width + 1, 1,
                  canvas.width + 1,  canvas.width,  canvas.width - 1,  -1} {}

    bool removes(const Canvas& canvas, std::int64_t cell, int pass) const {
        int index = 0;
        for (int i = 0; i < NEIGHBOURS; ++i) index |= int(canvas.set(cell + offsets[i])) << i;
        return (TABLE[index] - '0') >> pass & 1;
    }

    bool still_removes(const Canvas&, std::int64_t) const { return true; }

private:
    static constexpr const char* TABLE =
        "0001001300311013000000002020303300000000300000000000000020003022"
        "0000000000000000000000000000000020000000200020003000000030003020"
        "0031001300000001000000000000000131000000000000002000000000000000"
        "2313001300000001000000000000000023010001000000003301000022002000";
};

// Lee's thinning of volumes. A pass takes the voxels that are open at one face and whose removal changes no topology, in
// raster order, and looks again before each removal. Of the block of 27 voxels around one, bit 9 z + 3 y + x is voxel (z, y,
// x).
class VolumeRule {
public:
    static constexpr int PASSES = 6;
    static constexpr bool IN_TURN = true;
    static constexpr int NEIGHBOURS = 26;
    std::int64_t offsets[NEIGHBOURS];

    // `thick`: whether the image has more than one voxel along each axis; else no pass takes from those faces.
    VolumeRule(const Canvas& canvas, const bool (&thick)[3]) {
        constexpr int FACES[PASSES][3] = {{0, -1, 0}, {0, 1, 0}, {0, 0, 1}, {0, 0, -1}, {1, 0, 0}, {-1, 0, 0}};
        int count = 0;
        for (int z = -1; z <= 1; ++z)
            for (int y = -1; y <= 1; ++y) {
                rows_[3 * z + y + 4] = canvas.at(z, y, -1);
                for (int x = -1; x <= 1; ++x)
                    if (z || y || x) offsets[count++] = canvas.at(z, y, x);
            }
        for (int pass = 0; pass < PASSES; ++pass) {
            const int* f = FACES[pass];
            faces_[pass] = thick[f[0] ? 0 : f[1] ? 1 : 2] ? canvas.at(f[0], f[1], f[2]) : 0;
        }
    }

    bool removes(const Canvas& canvas, std::int64_t cell, int pass) const {
        return faces_[pass] != 0 && !canvas.set(cell + faces_[pass]) && still_removes(canvas, cell);
    }

    bool still_removes(const Canvas& canvas, std::int64_t cell) const {
        std::uint32_t around = 0;
        for (int row = 0; row < 9; ++row) {
            const std::uint8_t* from = &canvas.cells[cell + rows_[row]];
            around |= std::uint32_t((from[0] & 1) | (from[1] & 1) << 1 | (from[2] & 1) << 2) << 3 * row;
        }
        around &= ~CENTRE;
        return (around & (around - 1)) != 0 && keeps_euler(around) && is_connected(around);  // not the end of a line
    }

private:
    static constexpr std::uint32_t CENTRE = 1u << 13;
    static constexpr std::uint32_t X0 = 0111111111, Y0 = 0007007007, Z0 = 0000000777;  // the sides of the block; octal

    static int count(std::uint32_t block) { return int(std::bitset<32>(block).count()); }

    // What the centre shares with its neighbours has the Euler characteristic of a point, as the centre has: its corners belong
    // to blocks of 8 voxels, its edges to blocks of 4.
    static bool keeps_euler(std::uint32_t around) {
        const std::uint32_t x = around | around >> 1, y = around | around >> 3;
        const std::uint32_t xy = x | x >> 3, xz = x | x >> 9, yz = y | y >> 9, xyz = xy | xy >> 9;
        const int corners = count(xyz & bits<0, 1, 3, 4, 9, 10, 12, 13>());
        const int edges =
            count(yz & bits<1, 4, 10, 13>()) + count(xz & bits<3, 4, 12, 13>()) + count(xy & bits<9, 10, 12, 13>());
        return corners - edges + count(around & bits<4, 10, 12, 14, 16, 22>()) == 1;
    }

    template <int... NUMBERS>
    static constexpr std::uint32_t bits() {
        return (0u | ... | (1u << NUMBERS));
    }

    static bool is_connected(std::uint32_t around) {
        std::uint32_t part = around & (~around + 1), before = 0;
        while (part != before) {
            before = part;
            part |= (part & ~(X0 << 2)) << 1 | (part & ~X0) >> 1;
            part |= (part & ~(Y0 << 6)) << 3 | (part & ~Y0) >> 3;
            part |= (part & ~(Z0 << 18)) << 9 | (part & ~Z0) >> 9;
            part &= around;
        }
        return part == around;
    }

    std::int64_t rows_[9], faces_[PASSES];
};

// Leave the skeleton of the pixels that are set.
template <class Rule>
void thin(Canvas& canvas, const Rule& rule) {
    constexpr std::uint8_t DUE = ((1 << Rule::PASSES) - 1) << 1;
    auto& cells = canvas.cells;
    std::vector<std::int64_t> listed, chosen;
    for (std::int64_t cell = 0; cell < std::int64_t(cells.size()); ++cell) {
        if (!canvas.set(cell)) continue;
        bool inside = true;
        for (const std::int64_t offset : rule.offsets) inside = inside && canvas.set(cell + offset);
        if (inside) continue;  // no rule removes it
        cells[cell] |= DUE | Canvas::LISTED;
        listed.push_back(cell);
    }
    while (!listed.empty()) {
        for (int pass = 0; pass < Rule::PASSES; ++pass) {
            const std::uint8_t due = 2 << pass;
            chosen.clear();
            for (const std::int64_t cell : listed) {
                if (!(cells[cell] & due)) continue;
                cells[cell] &= ~due;
                if (canvas.set(cell) && rule.removes(canvas, cell, pass)) chosen.push_back(cell);
            }
            if (Rule::IN_TURN) std::sort(chosen.begin(), chosen.end());
            for (const std::int64_t cell : chosen) {
                if (Rule::IN_TURN && !rule.still_removes(canvas, cell)) continue;
                cells[cell] &= ~Canvas::SET;
                for (const std::int64_t offset : rule.offsets) {
                    std::uint8_t& other = cells[cell + offset];
                    if (!(other & Canvas::SET)) continue;
                    if (!(other & Canvas::LISTED)) listed.push_back(cell + offset);
                    other |= DUE | Canvas::LISTED;
                }
            }
        }
        std::size_t kept = 0;
        for (const std::int64_t cell : listed)
            if (canvas.set(cell) && (cells[cell] & DUE)) listed[kept++] = cell;
            else cells[cell] &= ~Canvas::LISTED;
        listed.resize(kept);
    }
}

// Set all cells at most `radius` steps along the axes away from those that are set, none in the margin.
inline void widen(Canvas& canvas, std::int64_t radius) {
    auto& cells = canvas.cells;
    constexpr std::uint8_t MARGIN = 2;
    std::vector<std::int64_t> front, next;
    for (std::int64_t z = 0; z < canvas.depth; ++z)
        for (std::int64_t y = 0; y < canvas.height; ++y)
            for (std::int64_t x = 0; x < canvas.width; ++x) {
                const bool beyond = x == 0 || x == canvas.width - 1 || y == 0 || y == canvas.height - 1 ||
                                    (!canvas.flat() && (z == 0 || z == canvas.depth - 1));
                const std::int64_t cell = canvas.at(z, y, x);
                cells[cell] = beyond ? MARGIN : cells[cell] & Canvas::SET;
                if (cells[cell] == Canvas::SET) front.push_back(cell);
            }
    const std::int64_t steps[] = {1, -1, canvas.width, -canvas.width, canvas.at(1, 0, 0), -canvas.at(1, 0, 0)};
    const int directions = canvas.flat() ? 4 : 6;
    for (std::int64_t step = 0; step < radius && !front.empty(); ++step, front.swap(next)) {
        next.clear();
        for (const std::int64_t cell : front)
            for (int d = 0; d < directions; ++d)
                if (cells[cell + steps[d]] == 0) {
                    cells[cell + steps[d]] = Canvas::SET;
                    next.push_back(cell + steps[d]);
                }
    }
}

}  // namespace psl
