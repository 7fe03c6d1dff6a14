// Tubes around the skeletons of true regions; thinning itself is in thinning.hpp.
#include <algorithm>
#include <vector>

#include "image.hpp"
#include "neighbourhood/thinning.hpp"

namespace psl {

namespace {

struct Box {
    std::int64_t low[3] = {INT64_MAX, INT64_MAX, INT64_MAX}, high[3] = {-1, -1, -1};

    bool empty() const { return high[0] < 0; }
    std::int64_t size(int axis) const { return high[axis] - low[axis] + 1; }

    void add_row(std::int64_t z, std::int64_t y, std::int64_t x) {
        const std::int64_t place[3] = {z, y, x};
        for (int axis = 0; axis < 3; ++axis) {
            low[axis] = std::min(low[axis], place[axis]);
            high[axis] = std::max(high[axis], place[axis]);
        }
    }
};

// The box of each class from 1 on, or of all of them together, as number 1.
std::vector<Box> boxes_of(const Image& image, const std::int32_t* label, std::int64_t classes, bool merge) {
    std::vector<Box> boxes(merge ? 2 : classes);
    for (std::int64_t z = 0; z < image.depth; ++z)
        for (std::int64_t y = 0; y < image.height; ++y) {
            const std::int32_t* row = label + (z * image.height + y) * image.width;
            for (std::int64_t x = 0; x < image.width; ++x)
                if (row[x] > 0 && (x == 0 || x == image.width - 1 || row[x] != row[x - 1] || row[x] != row[x + 1]))
                    boxes[merge ? 1 : row[x]].add_row(z, y, x);
        }
    return boxes;
}

void one_tube(const Image& image, const std::int32_t* label, std::int32_t own, const Box& box, std::int64_t radius,
              std::uint8_t* tube) {
    const auto mine = [&](std::int32_t found) { return own ? found == own : found > 0; };
    Canvas canvas(image.axes < 3, box.size(0), box.size(1), box.size(2));
    const auto each = [&](auto task) {
        for (std::int64_t z = 0; z < box.size(0); ++z)
            for (std::int64_t y = 0; y < box.size(1); ++y) {
                const std::int64_t row = ((z + box.low[0]) * image.height + y + box.low[1]) * image.width + box.low[2];
                const std::int64_t cells = canvas.inner(z, y, 0);
                for (std::int64_t x = 0; x < box.size(2); ++x) task(row + x, cells + x);
            }
    };
    each([&](std::int64_t i, std::int64_t cell) { canvas.cells[cell] = mine(label[i]); });
    const bool thick[3] = {image.depth > 1, image.height > 1, image.width > 1};
    if (canvas.flat()) thin(canvas, FlatRule(canvas));
    else thin(canvas, VolumeRule(canvas, thick));
    widen(canvas, radius);
    each([&](std::int64_t i, std::int64_t cell) {
        if (mine(label[i])) tube[i] = canvas.cells[cell] == Canvas::SET;
    });
}

}  // namespace

EXPORT Status thinning_tubes(const Problem* problem, int axes, const std::int64_t* sizes, std::int64_t radius, int merge,
                             std::uint8_t* tubes, int threads) {
    return status_of([&] {
        const Image image(axes, sizes);
        const LabelMaps labels = true_labels(*problem, threads);
        std::fill_n(tubes, labels.planes * labels.pixels, std::uint8_t(0));
        std::vector<std::vector<Box>> boxes(labels.planes);
        run_parallel(int(labels.planes), threads,
                     [&](int i) { boxes[i] = boxes_of(image, labels.plane(i), labels.classes, merge != 0); });
        const int regions = merge ? 1 : int(labels.classes) - 1;
        run_parallel(int(labels.planes) * regions, threads, [&](int i) {
            const std::int64_t plane = i / regions;
            const int own = i % regions + 1;
            const Box& box = boxes[plane][own];
            if (!box.empty()) one_tube(image, labels.plane(plane), merge ? 0 : own, box, radius, tubes + plane * labels.pixels);
        });
    });
}

}  // namespace psl
