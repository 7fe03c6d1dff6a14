// Topology precision and sensitivity (clDice) from soft skeletons S of predicted regions p and true ones g: sums of
// S(p) (1 - g), S(p), S(g) (1 - p) and S(g) over the pixels of each sample and class.
//
// The true regions of a softmax do not overlap, so one map of labels gives the skeletons of all classes: a label survives an
// erosion where its neighbours have it too.
#include "image.hpp"
#include "memory.hpp"
#include "neighbourhood/label_lines.hpp"
#include "neighbourhood/skeleton.hpp"
#include "signed_prob.hpp"

namespace psl {

namespace {

template <class Label>
void true_lines(const Problem& q, const Slices& grid, std::int64_t number, int iterations, int threads, std::uint8_t* lines) {
    const std::int32_t lowest = q.sigmoid ? 1 : 0;
    const auto read = [&](std::int64_t row, std::int32_t* labels) {
        read_label_part(q, number * q.s + row * grid.width, int(grid.width), q.sigmoid ? 2 : q.c, labels);
        for (std::int64_t i = 0; i < grid.width; ++i) labels[i] = labels[i] < lowest ? -1 : labels[i];
    };
    label_lines<Label>(grid, iterations, threads, read, lines);
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
void write_gradient(std::int64_t pixels, const float* of_skeleton, const std::int32_t* label, const std::uint8_t* on_line,
                    int own, float of_line, float* out) {
    for (std::int64_t i = 0; i < pixels; ++i) {
        const float direct = (label[i] == own) & (on_line[i] != 0) ? of_line : 0.0f;
        out[i] = label[i] < 0 ? 0.0f : of_skeleton[i] + direct;
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
        Skeleton<VOLUME>(grid, iterations, false).forward(map_of, low, high, [&](std::int64_t slice, const float* skeleton) {
            const std::uint8_t* on_line = lines + truth.plane * q.s + slice * size;
            const float* p = truth.signed_p + slice * size;
            parts[map * grid.count + slice] = add_up(size, skeleton, p, truth.read(q, slice), on_line, truth.own);
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
                      [&](std::int64_t slice, const float* of_skeleton) {
                          const std::uint8_t* on_line = lines + truth.plane * q.s + slice * size;
                          write_gradient(size, of_skeleton, truth.read(q, slice), on_line, truth.own, of_line,
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
