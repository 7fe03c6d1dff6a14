// Thinning: the skeleton of a region, one pixel wide, with as many components and holes as the region.
//
// Passes are repeated until none removes anything. A pixel is looked at again only where a neighbour has gone since: the
// result is that of full passes.
#pragma once

#include <algorithm>
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
        : offsets{-canvas.width - 1, -canvas.width, -canvas.width + 1, 1, canvas.width + 1, canvas.width, canvas.width - 1, -1} {}

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
// raster order, and looks again before each removal.
class VolumeRule {
public:
    static constexpr int PASSES = 6;
    static constexpr bool IN_TURN = true;
    static constexpr int NEIGHBOURS = 26;
    std::int64_t offsets[NEIGHBOURS];

    // `thick`: whether the image has more than one voxel along each axis; else no pass takes from those faces.
    VolumeRule(const Canvas& canvas, const bool (&thick)[3]) {
        constexpr int FACES[PASSES][3] = {{0, -1, 0}, {0, 1, 0}, {0, 0, 1}, {0, 0, -1}, {1, 0, 0}, {-1, 0, 0}};
        for (int a = 0; a < NEIGHBOURS; ++a) {
            const int* p = place(a);
            offsets[a] = canvas.at(p[0], p[1], p[2]);
            adjacent_[a] = 0;
            for (int b = 0; b < NEIGHBOURS; ++b) {
                const int* q = place(b);
                if (a != b && near(p[0], q[0]) && near(p[1], q[1]) && near(p[2], q[2])) adjacent_[a] |= 1u << b;
            }
        }
        for (int pass = 0; pass < PASSES; ++pass) {
            const int* f = FACES[pass];
            faces_[pass] = thick[f[0] ? 0 : f[1] ? 1 : 2] ? canvas.at(f[0], f[1], f[2]) : 0;
        }
        int corners = 0, edges = 0;
        for (int z = -1; z <= 1; ++z)
            for (int y = -1; y <= 1; ++y)
                for (int x = -1; x <= 1; ++x) {  // the corners, edges and faces of the centre, each by its direction
                    std::uint32_t sharing = 0;
                    for (int a = 0; a < NEIGHBOURS; ++a) {
                        const int* p = place(a);
                        const bool touches = within(p[0], z) && within(p[1], y) && within(p[2], x);
                        if (touches) sharing |= 1u << a;
                    }
                    const int free = (z != 0) + (y != 0) + (x != 0);
                    if (free == 3) corners_[corners++] = sharing;
                    if (free == 2) edges_[edges++] = sharing;
                    if (free == 1) all_faces_ |= sharing;
                }
    }

    bool removes(const Canvas& canvas, std::int64_t cell, int pass) const {
        return faces_[pass] != 0 && !canvas.set(cell + faces_[pass]) && still_removes(canvas, cell);
    }

    bool still_removes(const Canvas& canvas, std::int64_t cell) const {
        std::uint32_t around = 0;
        for (int a = 0; a < NEIGHBOURS; ++a) around |= std::uint32_t(canvas.set(cell + offsets[a])) << a;
        return (around & (around - 1)) != 0 && keeps_euler(around) && is_connected(around);  // not the end of a line
    }

private:
    static bool near(int a, int b) { return a - b <= 1 && b - a <= 1; }
    static bool within(int step, int direction) { return step == 0 || step == direction; }

    static const int* place(int number) {
        static constexpr int PLACES[NEIGHBOURS][3] = {
            {-1, -1, -1}, {-1, -1, 0}, {-1, -1, 1}, {-1, 0, -1}, {-1, 0, 0}, {-1, 0, 1}, {-1, 1, -1}, {-1, 1, 0}, {-1, 1, 1},
            {0, -1, -1},  {0, -1, 0},  {0, -1, 1},  {0, 0, -1},  {0, 0, 1},  {0, 1, -1}, {0, 1, 0},   {0, 1, 1},  {1, -1, -1},
            {1, -1, 0},   {1, -1, 1},  {1, 0, -1},  {1, 0, 0},   {1, 0, 1},  {1, 1, -1}, {1, 1, 0},   {1, 1, 1}};
        return PLACES[number];
    }

    // What the centre shares with its neighbours has the Euler characteristic of a point, as the centre has.
    bool keeps_euler(std::uint32_t around) const {
        int shared = 0;
        for (const std::uint32_t corner : corners_) shared += (around & corner) != 0;
        for (const std::uint32_t edge : edges_) shared -= (around & edge) != 0;
        for (std::uint32_t faces = around & all_faces_; faces; faces &= faces - 1) ++shared;
        return shared == 1;
    }

    bool is_connected(std::uint32_t around) const {
        std::uint32_t part = around & (~around + 1), found = part;
        while (found) {
            std::uint32_t reached = 0;
            for (int a = 0; a < NEIGHBOURS; ++a)
                if (found >> a & 1) reached |= adjacent_[a];
            found = reached & around & ~part;
            part |= found;
        }
        return part == around;
    }

    std::int64_t faces_[PASSES];
    std::uint32_t adjacent_[NEIGHBOURS], corners_[8], edges_[12], all_faces_ = 0;
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
