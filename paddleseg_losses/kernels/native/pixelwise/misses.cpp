// How many pixels of each label the logits take for another one.
#include <algorithm>
#include <vector>

#include "pixelwise/most_likely.hpp"
#include "pixelwise/tile.hpp"

namespace psl {

namespace {

// Add the misses of w pixels to those of each label of the plane.
TARGET_CLONES
void count_misses(const Problem& q, std::int64_t plane, std::int64_t first, int w, Tile& t, std::int64_t* missed) {
    std::int32_t *label = t.label.data(), best[Tile::WIDTH];
    read_labels(q, plane * q.s + first, w, q.sigmoid ? 2 : q.c, label);
    const float* z = q.logits + plane * q.s + first;
    if (q.sigmoid)
        for (int i = 0; i < w; ++i) best[i] = z[i] > 0.0f ? 1 : 0;
    else most_likely(q, plane, first, w, t.value.data(), best);
    for (int i = 0; i < w; ++i)
        if (label[i] >= 0 && label[i] != best[i]) ++missed[label[i]];
}

}  // namespace

EXPORT Status label_misses(const Problem* problem, std::int64_t* missed, int threads) {
    return status_of([&] {
        const Problem& q = *problem;
        const Tiling tiling(q);
        const std::int64_t size = q.sigmoid ? 2 : q.c;
        std::vector<std::int64_t> parts(tiling.planes * tiling.chunks * size, 0);
        tiling.run(q, threads, [&](Tile& t, std::int64_t plane, std::int64_t chunk, std::int64_t first, int w) {
            count_misses(q, plane, first, w, t, parts.data() + (plane * tiling.chunks + chunk) * size);
        });
        std::fill(missed, missed + 2 * q.c, 0);
        for (std::size_t i = 0; i < parts.size(); ++i) {
            const std::int64_t at = static_cast<std::int64_t>(i), label = at % size, plane = at / size / tiling.chunks;
            missed[q.sigmoid ? (1 - label) * q.c + plane % q.c : label] += parts[i];
        }
    });
}

}  // namespace psl
