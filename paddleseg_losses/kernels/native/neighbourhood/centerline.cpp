// Topology precision and sensitivity (clDice) from soft skeletons S of predicted regions p and true ones g: sums of
// S(p) (1 - g), S(p), S(g) (1 - p) and S(g) over the pixels of each sample and class.
//
// The true regions of a softmax do not overlap, so one map of labels gives the skeletons of all classes: a label survives an
// erosion where its neighbours have it too.
#include "image.hpp"
#include "memory.hpp"
#include "neighbourhood/skeleton.hpp"
#include "signed_prob.hpp"

namespace psl {

namespace {

// Keep the labels of a slice that all direct neighbours have, else -1.
template <class Label>
TARGET_CLONES void erode_labels(const Slices& grid, const Label* map, std::int64_t slice, Label* eroded) {
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
TARGET_CLONES void mark_ridges(const Slices& grid, const Label* map, const Label* eroded, std::int64_t slice,
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

// 1 where a pixel lies on the skeleton of its own region, else 0.
template <class Label>
void true_lines(const Problem& q, const Slices& grid, std::int64_t number, int iterations, int threads, std::uint8_t* lines) {
    const std::int64_t size = grid.count * grid.padded();
    std::vector<Label> map(size), eroded(size);
    std::fill_n(lines, q.s, std::uint8_t(0));
    run_slices(grid.count, threads, [&](std::int64_t first, std::int64_t last) {
        std::vector<std::int32_t> labels(grid.width);
        for (std::int64_t row = first * grid.rows; row < last * grid.rows; ++row) {
            read_label_part(q, number * q.s + row * grid.width, int(grid.width), q.sigmoid ? 2 : q.c, labels.data());
            Label* to = &map[row * grid.stride() + 1];
            for (std::int64_t i = 0; i < grid.width; ++i)
                to[i] = labels[i] < (q.sigmoid ? 1 : 0) ? Label(-1) : Label(labels[i]);
            to[-1] = to[0], to[grid.width] = to[grid.width - 1];
        }
    });
    for (int k = 0; k <= iterations; ++k, map.swap(eroded)) {
        run_slices(grid.count, threads, [&](std::int64_t first, std::int64_t last) {
            for (std::int64_t slice = first; slice < last; ++slice) erode_labels(grid, map.data(), slice, eroded.data());
        });
        run_slices(grid.count, threads, [&](std::int64_t first, std::int64_t last) {
            std::vector<std::uint8_t> covered(grid.width);
            for (std::int64_t slice = first; slice < last; ++slice)
                mark_ridges(grid, map.data(), eroded.data(), slice, covered.data(), lines);
        });
    }
}

struct Sums {
    double skeleton_outside = 0, skeleton_predicted = 0;  // S(p) (1 - g), S(p)
    double skeleton_missed = 0, skeleton_true = 0;  // S(g) (1 - p), S(g)
};

TARGET_CLONES
Sums add_up(std::int64_t pixels, const float* skeleton, const float* p, const std::int32_t* label, const std::uint8_t* on_line,
            int own) {
    double skeleton_outside = 0, skeleton_predicted = 0, skeleton_missed = 0, skeleton_true = 0;
#pragma omp simd reduction(+ : skeleton_outside, skeleton_predicted, skeleton_missed, skeleton_true)
    for (std::int64_t i = 0; i < pixels; ++i) {
        const bool mine = label[i] == own, truth = mine & (on_line[i] != 0);
        skeleton_predicted += double(skeleton[i]);
        skeleton_outside += mine ? 0.0 : double(skeleton[i]);
        skeleton_missed += truth ? -double(excess_of(p[i], true)) : 0.0;
        skeleton_true += truth ? 1.0 : 0.0;
    }
    return {skeleton_outside, skeleton_predicted, skeleton_missed, skeleton_true};
}

TARGET_CLONES
void skeleton_upstream(std::int64_t pixels, const std::int32_t* label, int own, float inside, float outside, float* to) {
    for (std::int64_t i = 0; i < pixels; ++i) to[i] = label[i] == own ? inside : outside;
}

TARGET_CLONES
void write_gradient(std::int64_t pixels, const float* found, const std::int32_t* label, const std::uint8_t* on_line, int own,
                    float of_line, float* out) {
    for (std::int64_t i = 0; i < pixels; ++i) {
        const float direct = (label[i] == own) & (on_line[i] != 0) ? of_line : 0.0f;
        out[i] = label[i] < 0 ? 0.0f : found[i] + direct;
    }
}

TARGET_CLONES
void read_probabilities(std::int64_t pixels, const float* signed_p, const std::int32_t* label, int own, float* p) {
    for (std::int64_t i = 0; i < pixels; ++i) p[i] = prob_of(signed_p[i], label[i] == own);
}

// The labels of a map, the label of its class, and its probabilities.
struct Truth {
    std::int64_t plane, pixels;
    int own;
    const float* signed_p;
    std::vector<std::int32_t> labels;  // of a slice
    std::vector<float> p;

    Truth(const Problem& q, const Slices& grid, std::int64_t map)
        : plane(q.sigmoid ? map : map / q.c),
          pixels(grid.pixels()),
          own(q.sigmoid ? 1 : int(map % q.c)),
          signed_p(q.logits + map * q.s),
          labels(pixels),
          p(pixels) {}

    const std::int32_t* read(const Problem& q, std::int64_t slice) {
        read_label_part(q, plane * q.s + slice * pixels, int(pixels), q.sigmoid ? 2 : q.c, labels.data());
        return labels.data();
    }

    const float* probabilities(const Problem& q, std::int64_t slice) {
        read_probabilities(pixels, signed_p + slice * pixels, read(q, slice), own, p.data());
        return p.data();
    }
};

template <bool VOLUME>
Status sum_up(const Problem& q, const Slices& grid, int iterations, int first, const std::uint8_t* lines, double* sums,
              int threads) {
    const std::int64_t size = grid.pixels();
    std::vector<Sums> parts(q.n * q.c * grid.count);  // of slices, added in order whatever the threads
    const std::int64_t maps = q.n * q.c;
    const Status status = in_bands(maps, grid, iterations, threads, [&](std::int64_t map, std::int64_t low, std::int64_t high) {
        if (map % q.c < first) return;
        Truth truth(q, grid, map);
        const auto map_of = [&](std::int64_t slice) { return truth.probabilities(q, slice); };
        Skeleton<VOLUME>(grid, iterations, false).forward(map_of, low, high, [&](std::int64_t slice, const float* found) {
            const std::uint8_t* on_line = lines + truth.plane * q.s + slice * size;
            const float* p = truth.signed_p + slice * size;
            parts[map * grid.count + slice] = add_up(size, found, p, truth.read(q, slice), on_line, truth.own);
        });
    });
    for (std::int64_t map = 0; map < q.n * q.c; ++map) {
        Sums all;
        for (std::int64_t slice = 0; slice < grid.count; ++slice) {
            const Sums& part = parts[map * grid.count + slice];
            all.skeleton_outside += part.skeleton_outside, all.skeleton_predicted += part.skeleton_predicted;
            all.skeleton_missed += part.skeleton_missed, all.skeleton_true += part.skeleton_true;
        }
        double* to = sums + 4 * map;
        to[0] = all.skeleton_outside, to[1] = all.skeleton_predicted, to[2] = all.skeleton_missed, to[3] = all.skeleton_true;
    }
    return status;
}

template <bool VOLUME>
Status backward(const Problem& q, const Slices& grid, int iterations, int first, const std::uint8_t* lines,
                const double* upstream, float* out, int threads) {
    const std::int64_t size = grid.pixels();
    return in_bands(q.n * q.c, grid, iterations, threads, [&](std::int64_t map, std::int64_t low, std::int64_t high) {
        float* gradient = out + map * q.s;
        if (map % q.c < first) return void(std::fill(gradient + low * size, gradient + high * size, 0.0f));
        Truth truth(q, grid, map);
        const double* u = upstream + 4 * map;
        const float inside = float(u[1]), outside = float(u[0] + u[1]), of_line = float(-u[2]);
        Skeleton<VOLUME>(grid, iterations, true)
            .backward([&](std::int64_t slice) { return truth.probabilities(q, slice); }, low, high,
                      [&](std::int64_t slice, float* to) {
                          skeleton_upstream(size, truth.read(q, slice), truth.own, inside, outside, to);
                      },
                      [&](std::int64_t slice, const float* found) {
                          const std::uint8_t* on_line = lines + truth.plane * q.s + slice * size;
                          write_gradient(size, found, truth.read(q, slice), on_line, truth.own, of_line,
                                         gradient + slice * size);
                      });
    });
}

}  // namespace

EXPORT Status centerline_truth(const Problem* problem, int axes, const std::int64_t* sizes, int iterations, std::uint8_t* lines,
                               int threads) {
    const Problem& q = *problem;
    const Slices grid(axes, sizes);
    const std::int64_t planes = q.sigmoid ? q.n * q.c : q.n;
    const int across = planes >= threads ? threads : 1, within = planes >= threads ? 1 : threads;
    const auto one = q.sigmoid || q.c <= 255 ? true_lines<std::uint8_t> : true_lines<std::int32_t>;
    return status_of(
        [&] { run_parallel(int(planes), across, [&](int i) { one(q, grid, i, iterations, within, lines + i * q.s); }); });
}

EXPORT Status centerline_forward(const Problem* problem, int axes, const std::int64_t* sizes, int iterations, int first,
                                 const std::uint8_t* lines, double* sums, int threads) {
    const Slices grid(axes, sizes);
    return (axes > 2 ? sum_up<true> : sum_up<false>)(*problem, grid, iterations, first, lines, sums, threads);
}

EXPORT Status centerline_backward(const Problem* problem, int axes, const std::int64_t* sizes, int iterations, int first,
                                  const std::uint8_t* lines, const double* upstream, float* gradient, int threads) {
    const Problem& q = *problem;
    const Slices grid(axes, sizes);
    expect_large_pages(gradient, q.n * q.c * q.s * sizeof(float));
    return (axes > 2 ? backward<true> : backward<false>)(q, grid, iterations, first, lines, upstream, gradient, threads);
}

}  // namespace psl
