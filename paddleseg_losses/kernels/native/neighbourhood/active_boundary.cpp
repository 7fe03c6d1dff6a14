// Predicted boundaries that move towards the true ones: the mean over the pixels i of a predicted boundary of
//     min(D_i, d) / d (log sum_j exp(k_j) - k_a),   k_j = KL(p_j || p_i),
// where j are the neighbours of i, a is the one nearest to the true boundary, and a share of the target k_a is spread over all.
// Only log p_i has a slope, so that of k_j in the logits of i is p_i - p_j.
//
// Boundaries are few pixels: their maps are made once for a plane, then each of them looks at its neighbours. Their slopes are
// written unscaled, since how many there are in the batch is known last.
#include <cmath>

#include "distance/edt.hpp"
#include "neighbourhood/change.hpp"

namespace psl {

namespace {

constexpr float FLAT = 1e-5f;  // a change below which there is no boundary
constexpr int LANES = 32;  // pixels that look at their neighbours together
constexpr std::int64_t CHUNK = 32 * LANES;  // pixels whose losses are added up together

struct Options {
    double ratio, max_distance, smoothing;
};

// Steps to all neighbours, those along fewer axes first: of equally near ones the first is taken.
struct Neighbours {
    static constexpr int MOST = 26;

    int count = 0;
    std::int32_t z[MOST], y[MOST], x[MOST], step[MOST];

    explicit Neighbours(const Image& image) {
        const int deep = image.axes > 2, high = image.axes > 1;
        for (int moves = 1; moves <= image.axes; ++moves)
            for (int k = -deep; k <= deep; ++k)
                for (int j = -high; j <= high; ++j)
                    for (int i = -1; i <= 1; ++i)
                        if (std::abs(k) + std::abs(j) + std::abs(i) == moves) {
                            z[count] = k, y[count] = j, x[count] = i;
                            step[count++] = std::int32_t((k * image.height + j) * image.width + i);
                        }
    }
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

// The pixels that change most, at most a share of those that count, and those around them.
Pixels predicted_boundary(const Image& image, const ChangeMaps& m, double ratio) {
    std::vector<float> changes;
    std::int64_t valid = 0;
    for (std::int64_t i = 0; i < m.s; ++i) {
        valid += m.label[i] >= 0;
        if (m.change[i] > FLAT) changes.push_back(m.change[i]);
    }
    const std::int64_t most = std::max<std::int64_t>(std::int64_t(ratio * double(valid)), 1);
    float floor = FLAT;
    if (std::int64_t(changes.size()) > most) {
        std::nth_element(changes.begin(), changes.begin() + most, changes.end(), std::greater<float>());
        floor = changes[most];
    }
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
    Pixels found;
    for (std::int64_t i = 0; i < m.s; ++i)
        if (marks[i] && m.label[i] >= 0) found.push_back(std::int32_t(i));
    return found;
}

// What some pixels see of their neighbours, one row for each neighbour.
struct View {
    std::int32_t at[LANES], x[LANES], y[LANES], z[LANES], aim[LANES], to[Neighbours::MOST][LANES];
    float count[LANES], share[LANES], most[LANES], own[LANES];
    float there[Neighbours::MOST][LANES];  // 1 if the neighbour counts, else 0; in the end the slope of its k
    float pull[Neighbours::MOST][LANES];  // k
};

// Which neighbours count, and which of them is the nearest to the true boundary. Signed squares: positive on the boundary.
template <class Square>
TARGET_CLONES void look_around(const Image& image, const Neighbours& around, const ChangeMaps& m, const Square* squares,
                               const std::int32_t* pixels, int w, double max_distance, View& v) {
    const std::int32_t width = std::int32_t(image.width), height = std::int32_t(image.height),
                       depth = std::int32_t(image.depth);
    Square least[LANES];
    for (int b = 0; b < w; ++b) {
        const std::int32_t row = pixels[b] / width;
        v.at[b] = pixels[b];
        v.x[b] = pixels[b] % width, v.y[b] = row % height, v.z[b] = row / height;
        const double away = squares[pixels[b]] > 0 ? 0.0 : std::sqrt(-double(squares[pixels[b]]));
        v.share[b] = float((away < max_distance ? away : max_distance) / max_distance);
        v.count[b] = 0.0f, v.aim[b] = 0, least[b] = FAR<Square>;
    }
    for (int j = 0; j < around.count; ++j) {
        const std::int32_t dz = around.z[j], dy = around.y[j], dx = around.x[j], step = around.step[j];
#pragma omp simd
        for (int b = 0; b < w; ++b) {
            const std::int32_t z = v.z[b] + dz, y = v.y[b] + dy, x = v.x[b] + dx;
            const bool inside = (z >= 0) & (z < depth) & (y >= 0) & (y < height) & (x >= 0) & (x < width);
            const std::int32_t to = v.at[b] + (inside ? step : 0);
            const bool counts = inside & (m.label[to] >= 0);
            const Square square = squares[to], away = square > 0 ? Square(0) : -square;
            const bool nearer = counts & (away < least[b]);
            least[b] = nearer ? away : least[b];
            v.aim[b] = nearer ? j : v.aim[b];
            v.to[j][b] = counts ? to : v.at[b];
            v.there[j][b] = counts ? 1.0f : 0.0f;
            v.count[b] += counts ? 1.0f : 0.0f;
        }
    }
}

// The sum of the losses of some pixels; `there` becomes their slopes in k.
TARGET_CLONES
double cross_entropies(int neighbours, int w, float smoothing, View& v) {
    float sum[LANES], even[LANES], aimed[LANES];
    for (int b = 0; b < w; ++b) v.most[b] = -INFINITY, sum[b] = even[b] = aimed[b] = 0.0f;
    for (int j = 0; j < neighbours; ++j)
        for (int b = 0; b < w; ++b) {
            const float pull = v.there[j][b] > 0.0f ? v.pull[j][b] : -INFINITY;
            v.most[b] = pull > v.most[b] ? pull : v.most[b];
        }
    for (int j = 0; j < neighbours; ++j)
#pragma omp simd
        for (int b = 0; b < w; ++b) {
            const bool counts = v.there[j][b] > 0.0f;
            const float lead = counts ? v.pull[j][b] - v.most[b] : -88.0f, share = counts ? exp_below_88(lead) : 0.0f;
            sum[b] += share;
            even[b] += counts ? lead : 0.0f;
            aimed[b] = counts & (v.aim[b] == j) ? lead : aimed[b];
            v.pull[j][b] = share;
        }
    double total = 0;
    for (int b = 0; b < w; ++b) {
        const float count = v.count[b] > 0.0f ? v.count[b] : 1.0f;
        const float loss = log1p_nonnegative((sum[b] < 1.0f ? 1.0f : sum[b]) - 1.0f) - aimed[b];
        total += double(v.count[b] > 0.0f ? v.share[b] * (loss - smoothing * (even[b] / count - aimed[b])) : 0.0f);
        sum[b] = v.count[b] > 0.0f ? 1.0f / sum[b] : 0.0f;
        even[b] = smoothing / count;
    }
    for (int j = 0; j < neighbours; ++j)
        for (int b = 0; b < w; ++b) {
            const float target = even[b] + (v.aim[b] == j ? 1.0f - smoothing : 0.0f);
            v.there[j][b] *= v.share[b] * (v.pull[j][b] * sum[b] - target);
        }
    return total;
}

// k of all neighbours.
TARGET_CLONES
void divergences(const Scores& scores, const ChangeMaps& m, int neighbours, int w, View& v) {
    for (int j = 0; j < neighbours; ++j)
        for (int b = 0; b < w; ++b) v.pull[j][b] = m.entropy[v.to[j][b]];
    for (int k = 0; k < scores.classes; ++k) {
        const float* p = m.p + k * m.s;
        for (int b = 0; b < w; ++b) v.own[b] = log_share(*scores.from(k, v.at[b]), m.top[v.at[b]], m.rest[v.at[b]]);
        for (int j = 0; j < neighbours; ++j)
            for (int b = 0; b < w; ++b) v.pull[j][b] -= p[v.to[j][b]] * v.own[b];
    }
}

// Write the slopes of some pixels in the logits of one class.
TARGET_CLONES
void write_slopes(const float* p, int neighbours, int w, View& v, float* gradient) {
    for (int b = 0; b < w; ++b) v.most[b] = 0.0f, v.own[b] = p[v.at[b]];
    for (int j = 0; j < neighbours; ++j)
        for (int b = 0; b < w; ++b) v.most[b] += v.there[j][b] * (v.own[b] - p[v.to[j][b]]);
    for (int b = 0; b < w; ++b) gradient[v.at[b]] = v.most[b];
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
    const Neighbours around(image);
    const std::int64_t size = std::int64_t(pixels.size()), chunks = (size + CHUNK - 1) / CHUNK;
    std::vector<double> sums(chunks, 0.0);
    run_parallel(int(chunks), threads, [&](int chunk) {
        View v;
        for (std::int64_t i = chunk * CHUNK; i < std::min(size, (chunk + 1) * CHUNK); i += LANES) {
            const int w = int(std::min<std::int64_t>(LANES, size - i));
            look_around(image, around, m, squares.get(), &pixels[i], w, o.max_distance, v);
            divergences(scores, m, around.count, w, v);
            sums[chunk] += cross_entropies(around.count, w, float(o.smoothing), v);
            for (int k = scores.first; slopes != nullptr && k < scores.classes; ++k)
                write_slopes(m.p + k * m.s, around.count, w, v, slopes + (k - scores.first) * m.s);
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
