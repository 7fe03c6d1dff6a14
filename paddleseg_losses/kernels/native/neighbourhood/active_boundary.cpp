// Predicted boundaries that move towards the true ones: the mean over the pixels i of a predicted boundary of
//     min(D_i, d) / d (log sum_j exp(k_j) - k_a),   k_j = KL(p_j || p_i),
// where j are the neighbours of i, a is the one nearest to the true boundary, and a share of the target k_a is spread over all.
// Only log p_i has a slope, so that of k_j in the logits of i is p_i - p_j.
//
// Boundaries are few pixels: their maps are made once for a plane, then each of them looks at its neighbours. Their slopes are
// written unscaled, since how many there are in the batch is known last.
#include <cstring>

#include "distance/edt.hpp"
#include "neighbourhood/pull.hpp"

namespace psl {

namespace {

constexpr float FLAT = 1e-5f;  // a change below which there is no boundary
constexpr std::int64_t CHUNK = 32 * LANES;  // pixels whose losses are added up together

struct Options {
    double ratio, max_distance, smoothing;
};

// Mark pixels whose label is not that of the next one along an axis, and those that are left out; whether there are any.
TARGET_CLONES
bool mark_true_boundary(const Image& image, const std::int32_t* labels, std::uint8_t* edges) {
    int any = 0;
    for (std::int64_t row = 0; row < image.rows(); ++row) {
        const std::int64_t w = image.width;
        const std::int32_t* label = labels + row * w;
        std::uint8_t* edge = edges + row * w;
        for (std::int64_t i = 0; i < w; ++i) edge[i] = label[i] < 0;
        for (std::int64_t i = 0; i < w - 1; ++i) edge[i] |= label[i] != label[i + 1];
        const auto against = [&](const std::int32_t* next) {
            for (std::int64_t i = 0; i < w; ++i) edge[i] |= label[i] != next[i];
        };
        if (row % image.height + 1 < image.height) against(label + w);
        if (row / image.height + 1 < image.depth) against(label + image.height * w);
        for (std::int64_t i = 0; i < w; ++i) any |= edge[i];
    }
    return any != 0;
}

using Pixels = std::vector<std::int32_t>;

// What exactly `count` of the changes of pixels exceed, or if there are not so many FLAT. The leading bits, which order
// positive floats, tell most of them apart.
float floor_of(const ChangeMaps& m, std::int64_t count) {
    constexpr int SHIFT = 19, BINS = 1 << (32 - SHIFT);
    const auto bin_of = [](float x) {
        std::uint32_t bits;
        std::memcpy(&bits, &x, sizeof bits);
        return int(bits >> SHIFT);
    };
    std::vector<std::int32_t> sizes(BINS);
    for (std::int64_t i = 0; i < m.s; ++i) ++sizes[m.change[i] > FLAT ? bin_of(m.change[i]) : 0];
    int bin = BINS - 1;
    for (; bin > 0 && sizes[bin] <= count; --bin) count -= sizes[bin];
    if (bin == 0) return FLAT;
    std::vector<float> changes;
    for (std::int64_t i = 0; i < m.s; ++i)
        if (m.change[i] > FLAT && bin_of(m.change[i]) == bin) changes.push_back(m.change[i]);
    std::nth_element(changes.begin(), changes.begin() + count, changes.end(), std::greater<float>());
    return changes[count];
}

// The pixels that change most, at most a share of those that count, and those around them.
Pixels predicted_boundary(const Image& image, const ChangeMaps& m, double ratio) {
    const std::int64_t valid = m.s - std::count(m.change, m.change + m.s, UNCOUNTED);
    const float floor = floor_of(m, std::max<std::int64_t>(std::int64_t(ratio * double(valid)), 1));
    std::vector<std::uint8_t> marks(m.s);
    const auto range = [](std::int64_t at, std::int64_t size, std::int64_t& last) {
        last = std::min(at + 2, size);
        return std::max<std::int64_t>(at - 1, 0);
    };
    for (std::int64_t i = 0; i < m.s; ++i) {
        if (!(m.change[i] > floor)) continue;
        const std::int64_t row = i / image.width;
        std::int64_t x_end, y_end, z_end;
        const std::int64_t x = range(i % image.width, image.width, x_end);
        const std::int64_t y_start = range(row % image.height, image.height, y_end);
        for (std::int64_t z = range(row / image.height, image.depth, z_end); z < z_end; ++z)
            for (std::int64_t y = y_start; y < y_end; ++y)
                std::fill_n(&marks[(z * image.height + y) * image.width + x], x_end - x, std::uint8_t(1));
    }
    Pixels boundary;
    for (std::int64_t i = 0; i < m.s; ++i)
        if (marks[i] && m.label[i] >= 0) boundary.push_back(std::int32_t(i));
    return boundary;
}

// What a thread needs for a plane.
struct Space {
    ChangeMaps maps;
    std::vector<std::uint8_t> edges;  // of the true regions

    Space(std::int64_t s, int classes) : maps(s, classes), edges(s) {}
};

// The sum of the losses of a predicted boundary; slopes: those of the plane's logits, or null.
template <class Square>
double boundary_loss(const Image& image, const Scores& scores, const Options& o, const Space& x, const Pixels& pixels,
                     int threads, float* slopes) {
    const ChangeMaps& m = x.maps;
    const std::unique_ptr<Square[]> squares(new Square[m.s]);
    const std::int64_t sizes[] = {image.depth, image.height, image.width};
    edt::signed_squares(edt::Grid{image.axes, sizes + 3 - image.axes}, x.edges.data(), nullptr, threads, squares.get());
    run_slices(m.s, threads, [&](std::int64_t first, std::int64_t last) { measure(m.label, first, last, squares.get()); });
    const NeighbourSteps around(image);
    const std::int64_t size = std::int64_t(pixels.size()), chunks = (size + CHUNK - 1) / CHUNK;
    std::vector<double> sums(chunks, 0.0);
    run_parallel(int(chunks), threads, [&](int chunk) {
        View v;
        float values[LANES];
        for (std::int64_t i = chunk * CHUNK; i < std::min(size, (chunk + 1) * CHUNK); i += LANES) {
            const int w = int(std::min<std::int64_t>(LANES, size - i));
            for (int b = 0; b < LANES; ++b) v.at[b] = pixels[i + (b < w ? b : 0)];
            look_around(image, around, squares.get(), o.max_distance, v);
            divergences(scores, m, around.count, v);
            cross_entropies(around.count, float(o.smoothing), v, values);
            for (int b = 0; b < w; ++b) sums[chunk] += double(values[b]);
            for (int k = scores.first; slopes != nullptr && k < scores.classes; ++k) {
                slopes_of(m.p + k * m.s, around.count, v, values);
                for (int b = 0; b < w; ++b) slopes[(k - scores.first) * m.s + v.at[b]] = values[b];
            }
        }
    });
    double total = 0;
    for (const double sum : sums) total += sum;
    return total;
}

TARGET_CLONES
void scale(const Pixels& pixels, float factor, float* values) {
    for (const std::int32_t i : pixels) values[i] *= factor;
}

}  // namespace

EXPORT Status active_boundary_forward(const Problem* problem, int axes, const std::int64_t* sizes, double ratio,
                                      double max_distance, double smoothing, double* total, float* gradient, int threads) {
    return status_of([&] {
        const Problem& q = *problem;
        const Image image(axes, sizes);
        const Options options{ratio, max_distance, smoothing};
        const int channels = q.sigmoid ? int(q.c) : 1, classes = q.sigmoid ? 1 : int(q.c), planes = int(q.n) * channels;
        const int across = planes >= threads ? threads : 1, within = planes >= threads ? 1 : threads;
        const bool fits_int32 = edt::fits_int32(edt::Grid{axes, sizes}, nullptr);
        const auto loss_of = fits_int32 ? boundary_loss<std::int32_t> : boundary_loss<double>;
        if (gradient != nullptr) expect_large_pages(gradient, q.n * q.c * q.s * sizeof(float));
        std::vector<Pixels> boundaries(planes);
        std::vector<double> losses(planes, 0.0), counts(channels, 0.0);
        run_parallel(
            planes, across, [&] { return Space(q.s, q.sigmoid ? 2 : classes); },
            [&](Space& x, int plane) {
                const Scores scores(q, plane, image.width);
                float* slopes = gradient == nullptr ? nullptr : gradient + plane * classes * q.s;
                if (slopes != nullptr) std::fill_n(slopes, classes * q.s, 0.0f);
                if (!measure_changes(q, image, scores, plane, within, x.maps)) losses[plane] = NAN;
                if (!mark_true_boundary(image, x.maps.label, x.edges.data())) return;
                boundaries[plane] = predicted_boundary(image, x.maps, ratio);
                losses[plane] += loss_of(image, scores, options, x, boundaries[plane], within, slopes);
            });
        for (int i = 0; i < planes; ++i) counts[i % channels] += double(boundaries[i].size());
        *total = 0;
        for (double& count : counts) count = channels * std::max(count, 1.0);
        for (int i = 0; i < planes; ++i) *total += losses[i] / counts[i % channels];
        run_parallel(gradient == nullptr ? 0 : planes * classes, threads, [&](int map) {
            const int plane = map / classes;
            const double factor = *total == *total ? 1.0 / counts[plane % channels] : NAN;
            scale(boundaries[plane], float(factor), gradient + map * q.s);
        });
    });
}

}  // namespace psl
