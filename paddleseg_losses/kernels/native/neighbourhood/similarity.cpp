// Structural similarity of prediction and truth, on one scale or on several: 1 - the product of (1 - error)^exponent.
//
// A map of an image is a task; with fewer maps than threads, and for volumes, several threads work on each.
#include <cmath>

#include "memory.hpp"
#include "neighbourhood/halving.hpp"
#include "neighbourhood/similarity_scale.hpp"

namespace psl {

namespace {

constexpr std::int64_t PART = 1 << 14;  // labels that are read together
constexpr double TINY = 1e-7;  // below it a fractional power continues as a straight line

struct Options {
    Window window;
    Constants constants;
    const double* exponents;  // null: the error of the only scale as it is
    int scales;
};

struct Value {
    double value, slope;
};

// 1 - (1 - error)^exponent and its slope; 1 where the error is more.
Value one_minus_power(double error, double exponent) {
    const double rest = 1.0 - error;
    if (rest > TINY) {
        const double log_rest = std::log1p(-error);
        return {-std::expm1(exponent * log_rest), exponent * std::exp((exponent - 1.0) * log_rest)};
    }
    if (rest < 0.0) return {1.0, 0.0};
    if (exponent < 1.0) return {1.0 - rest * std::pow(TINY, exponent - 1.0), std::pow(TINY, exponent - 1.0)};
    return {1.0 - std::pow(rest, exponent), exponent * std::pow(rest, exponent - 1.0)};
}

TARGET_CLONES
void add_shares(const float* x, const float* size, double weight, std::int64_t width, double* sum) {
    for (std::int64_t i = 0; i < width; ++i) sum[i] += size[i] > 0.0f ? weight * double(x[i]) / double(size[i]) : 0.0;
}

TARGET_CLONES
void join(const double* from_half, const double* per, double factor, std::int64_t width, float* slope) {
    for (std::int64_t i = 0; i < width; ++i) slope[i] = per[i] > 0.0 ? float(factor * double(slope[i]) + from_half[i]) : 0.0f;
}

// One scale: what its maps are, and what belongs to the plane they lie in.
struct Scale {
    SimilarityScale similarity;
    std::vector<float> excess, target, slope;  // of all but the first
    std::vector<float> size;  // how many valid pixels of the scale before a pixel stands for
    std::vector<double> per;
    double count = 0;

    Scale(const Shape& shape, const Options& o, bool first, bool hard, int threads)
        : similarity(shape, o.window, o.constants, first && hard ? 4 : 5, threads), per(shape.pixels()) {
        if (first) return;
        for (auto* field : {&excess, &target, &slope, &size}) field->resize(shape.pixels());
    }

    const Shape& shape() const { return similarity.shape(); }
    std::int64_t width() const { return shape().width; }
    Source source() const { return {nullptr, 0, 0, excess.data(), target.data()}; }
};

// What a thread, with its helpers, works with.
class Similarity {
public:
    Similarity(const Shape& shape, const Options& options, bool hard, int threads) : options_(options) {
        Shape size = shape;
        for (int i = 0; i < options.scales; ++i, size = half_of(size))
            scales_.emplace_back(size, options, i == 0, hard, threads);
    }

    // The plane of the next maps. mask: 1 or 0.
    void enter(std::vector<float> mask) {
        const bool whole = std::find(mask.begin(), mask.end(), 0.0f) == mask.end();
        if (whole && whole_) return;  // as before
        whole_ = whole;
        for (std::size_t i = 0; i < scales_.size(); ++i) {
            Scale& scale = scales_[i];
            if (i > 0) mask.assign(scale.size.size(), 0.0f);
            for (std::size_t k = 0; i > 0 && k < mask.size(); ++k) mask[k] = scale.size[k] > 0.0f ? 1.0f : 0.0f;
            scale.count = double(std::count(mask.begin(), mask.end(), 1.0f));
            scale.similarity.invert_masses_of(mask.data(), scale.per.data());
            if (i + 1 == scales_.size()) break;
            const auto add = [&](std::int64_t line, double weight, double* sum) {
                add_line(&mask[line * scale.width()], weight, scale.width(), sum);
            };
            Scale& next = scales_[i + 1];
            halve_slices(scale.shape(), 0, next.shape().slices, add, [&](std::int64_t line, const double* half) {
                std::copy_n(half, next.width(), &next.size[line * next.width()]);
            });
        }
    }

    // The error of a map and its slope in d, or null.
    double error(const Source& map, float* slope) {
        const int last = options_.scales - 1;
        std::vector<Value> lost(last + 1);
        for (int i = 0; i <= last; ++i) {
            Scale& scale = scales_[i];
            const Source source = i == 0 ? map : scale.source();
            float* to = slope == nullptr ? nullptr : i == 0 ? slope : scale.slope.data();
            const double error = scale.similarity.error(source, scale.per.data(), scale.count, i == last, to);
            if (options_.exponents == nullptr) return error;
            lost[i] = one_minus_power(error, options_.exponents[i]);
            if (i == last) break;
            Scale& next = scales_[i + 1];
            scale.similarity.halve(source, next.size.data(), next.excess.data(), next.target.data());
        }
        if (slope != nullptr) join_slopes(lost, slope);
        double total = 0;
        for (const Value& x : lost) total += x.value * (1.0 - total);
        return total;
    }

private:
    // The slope of the first scale becomes that of the product, by way of all others.
    void join_slopes(const std::vector<Value>& lost, float* slope) {
        for (int i = int(lost.size()) - 1; i >= 0; --i) {
            Scale& scale = scales_[i];
            double factor = lost[i].slope;
            for (int k = 0; k < int(lost.size()); ++k) factor *= k == i ? 1.0 : 1.0 - lost[k].value;
            const Scale* half = i + 1 < int(lost.size()) ? &scales_[i + 1] : nullptr;
            const auto add = [&](std::int64_t line, double weight, double* sum) {
                if (half == nullptr) return;
                const std::int64_t first = line * half->width();
                add_shares(&half->slope[first], &half->size[first], weight, half->width(), sum);
            };
            float* to = i == 0 ? slope : scale.slope.data();
            scale.similarity.in_parts(scale.shape().slices, [&](auto&, std::int64_t first, std::int64_t last) {
                double_slices(scale.shape(), first, last, add, [&](std::int64_t line, const double* from_half) {
                    const std::int64_t at = line * scale.width();
                    join(from_half, &scale.per[at], factor, scale.width(), to + at);
                });
            });
        }
    }

    Options options_;
    bool whole_ = false;
    std::deque<Scale> scales_;
};

// Maps one after another, for each thread some of them. source(map), mask(plane): 1 or 0.
template <class SourceOf, class MaskOf>
void each_map(std::int64_t maps, std::int64_t maps_of_plane, const Shape& shape, const Options& options, bool hard, int threads,
              SourceOf source, MaskOf mask, double* errors, float* slope) {
    const std::int64_t s = shape.pixels();
    if (slope != nullptr) expect_large_pages(slope, maps * s * sizeof(float));
    const int at_once = shape.rows > 1 ? 1 : int(std::min<std::int64_t>(threads, maps));
    struct Space {
        Similarity similarity;
        std::int64_t plane = -1;
    };
    run_parallel(
        int(maps), at_once, [&] { return Space{Similarity(shape, options, hard, (threads + at_once - 1) / at_once)}; },
        [&](Space& x, int map) {
            const Source from = source(map);
            float* to = slope == nullptr ? nullptr : slope + map * s;
            errors[map] = 0;
            if (from.excess == nullptr) {
                if (to != nullptr) std::fill_n(to, s, 0.0f);
                return;
            }
            if (x.plane != map / maps_of_plane) {
                x.plane = map / maps_of_plane;
                x.similarity.enter(mask(x.plane));
            }
            errors[map] = x.similarity.error(from, to);
        });
}

}  // namespace

EXPORT Status similarity_forward(const Problem* problem, int axes, const std::int64_t* sizes, const double* weights, int reach,
                                 double c1, double c2, const double* exponents, int scales, int first, double* errors,
                                 float* slope, int threads) {
    return status_of([&] {
        const Problem& q = *problem;
        const std::int64_t classes = q.sigmoid ? 2 : q.c;
        const auto source = [&](std::int64_t map) {
            const bool skipped = map % q.c < first;
            return Source{problem, q.sigmoid ? map : map / q.c, q.sigmoid ? 1 : int(map % q.c),
                          skipped ? nullptr : q.logits + map * q.s, nullptr};
        };
        const auto mask = [&](std::int64_t plane) {
            std::vector<float> valid(q.s);
            std::vector<std::int32_t> label(std::min(q.s, PART));
            for (std::int64_t at = 0; at < q.s; at += PART) {
                const int size = int(std::min(PART, q.s - at));
                read_label_part(q, plane * q.s + at, size, classes, label.data());
                std::transform(label.begin(), label.begin() + size, &valid[at], [](int y) { return y < 0 ? 0.0f : 1.0f; });
            }
            return valid;
        };
        each_map(q.n * q.c, q.sigmoid ? 1 : q.c, Shape(axes, sizes), {{weights, reach}, {c1, c2}, exponents, scales}, true,
                 threads, source, mask, errors, slope);
    });
}

EXPORT Status similarity_of_maps(const float* excess, const float* target, const float* mask, std::int64_t maps,
                                 std::int64_t maps_of_mask, int axes, const std::int64_t* sizes, const double* weights,
                                 int reach, double c1, double c2, const double* exponents, int scales, double* errors,
                                 float* slope, int threads) {
    return status_of([&] {
        const Shape shape(axes, sizes);
        const std::int64_t s = shape.pixels();
        const auto source = [&](std::int64_t map) { return Source{nullptr, 0, 0, excess + map * s, target + map * s}; };
        const auto mask_of = [&](std::int64_t plane) { return std::vector<float>(mask + plane * s, mask + (plane + 1) * s); };
        each_map(maps, maps_of_mask, shape, {{weights, reach}, {c1, c2}, exponents, scales}, false, threads, source, mask_of,
                 errors, slope);
    });
}

}  // namespace psl
