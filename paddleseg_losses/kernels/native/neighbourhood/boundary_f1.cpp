// Precision and recall of soft boundaries, as the error 1 - F1 of each sample and class, and its slope in p. The boundary of a
// map is b = p - (least p in the cube around the pixel); w is the largest b in a wider cube:
//     a = sum b_p (1 - w_g) / (sum b_p + s),   b = sum b_g (1 - w_p) / (sum b_g + s),   1 - F1 = (a + b - 2 a b) / (2 - a - b).
//
// Every filter takes the least of a number; with the number comes the pixel that has it, the first of equal ones, to which the
// slope flows. Both are one integer: it compares as the number does, then as the place.
//
// A task is a map; its sums are added in the order of its pixels, so the result does not depend on the threads.
#include <cmath>
#include <cstring>

#include "image.hpp"
#include "memory.hpp"

namespace psl {

namespace {

constexpr std::int32_t HALF = 0x3f000000;  // the bits of 0.5f
constexpr std::int32_t MAGNITUDE = 0x7fffffff;

INLINE std::int32_t bits_of(float x) {
    std::int32_t bits;
    std::memcpy(&bits, &x, sizeof bits);
    return bits;
}

INLINE float float_of(std::int32_t bits) {
    float x;
    std::memcpy(&x, &bits, sizeof x);
    return x;
}

// An integer in the order of p with all digits of a folded probability: the bits of p <= 1/2, else 2 HALF - those of 1 - p.
INLINE std::int32_t key_of(float folded) {
    const std::int32_t bits = bits_of(folded);
    return bits < 0 ? 2 * HALF - (bits & MAGNITUDE) : bits;
}

struct Share {
    double p, q;  // q = 1 - p
};

INLINE Share share_of(std::int32_t key) {
    const double x = double(float_of(key > HALF ? 2 * HALF - key : key));
    return key > HALF ? Share{1.0 - x, x} : Share{x, 1.0 - x};
}

INLINE double difference(Share high, Share low) { return high.p > 0.5 ? low.q - high.q : high.p - low.p; }

INLINE std::int64_t with_place(std::int32_t number, std::int64_t place) { return number * (std::int64_t{1} << 32) + place; }
INLINE std::int32_t number_of(std::int64_t both) { return std::int32_t(both >> 32); }
INLINE std::int64_t place_of(std::int64_t both) { return both & 0xffffffff; }

template <class T>
INLINE void keep_less(const T* x, const T* y, std::int64_t size, T* out) {
#pragma omp simd
    for (std::int64_t i = 0; i < size; ++i) out[i] = y[i] < x[i] ? y[i] : x[i];
}

// One axis of the least over a cube: the pixels of a plane are `length` times `stride`. What the `reach` next pixels have is
// gathered in x, in windows of growing length; each pixel and the one `reach` before it then see all.
template <class T>
INLINE void lowest_along(std::int64_t planes, std::int64_t length, std::int64_t stride, std::int64_t reach, T* x, T* out) {
    const std::int64_t extent = length * stride;
    for (std::int64_t plane = 0; plane < planes; ++plane, x += extent, out += extent) {
        for (std::int64_t known = 1; known <= reach;) {
            const std::int64_t step = std::min(known, reach + 1 - known);
            keep_less(x, x + step * stride, extent - step * stride, x);
            known += step;
        }
        std::copy_n(x, stride, out);
        for (std::int64_t k = 1; k < reach; ++k) keep_less(x + k * stride, out + (k - 1) * stride, stride, out + k * stride);
        const std::int64_t start = reach * stride;
        keep_less(x + start, x, extent - start, out + start);
    }
}

TARGET_CLONES
void lowest_numbers(std::int64_t planes, std::int64_t length, std::int64_t stride, std::int64_t reach, std::int64_t* x,
                    std::int64_t* out) {
    lowest_along(planes, length, stride, reach, x, out);
}

TARGET_CLONES
void lowest_bytes(std::int64_t planes, std::int64_t length, std::int64_t stride, std::int64_t reach, std::uint8_t* x,
                  std::uint8_t* out) {
    lowest_along(planes, length, stride, reach, x, out);
}

// Maps of one size, which a thread uses for all its tasks.
struct Space {
    int axes;
    const std::int64_t* sizes;
    std::vector<std::int32_t> label;
    std::vector<std::int64_t> low, missed, scratch;  // of the prediction: the least p and the least 1 - w, with their places
    std::vector<std::uint8_t> boundary, truth_missed, bytes;  // of the truth
    std::vector<double> slope;

    Space(int axes, const std::int64_t* sizes, std::int64_t s, bool wanted) : axes(axes), sizes(sizes), label(s) {
        for (auto* field : {&low, &missed, &scratch}) field->resize(s);
        for (auto* field : {&boundary, &truth_missed, &bytes}) field->resize(s);
        slope.resize(wanted ? s : 0);
    }

    // Replace pixels by the least ones of the cubes around them; beyond the image there is nothing.
    template <class T, class Along>
    void filter(std::int64_t reach, Along along, std::vector<T>& x, std::vector<T>& other) {
        std::int64_t planes = std::int64_t(x.size()), stride = 1;
        for (int axis = axes - 1; axis >= 0; stride *= sizes[axis--]) {
            planes /= sizes[axis];
            const std::int64_t within = std::min(reach, sizes[axis] - 1);
            if (within == 0) continue;
            along(planes, sizes[axis], stride, within, x.data(), other.data());
            x.swap(other);
        }
    }
};

// The keys of p and the true region; whether all are numbers.
TARGET_CLONES
bool read_map(const float* folded, const std::int32_t* label, int own, std::int64_t s, std::int64_t* low,
              std::uint8_t* inside) {
    std::int64_t odd = 0;
#pragma omp simd reduction(+ : odd)
    for (std::int64_t i = 0; i < s; ++i) {
        const float x = label[i] < 0 ? 0.0f : folded[i];
        odd += x != x ? 1 : 0;
        low[i] = with_place(key_of(x), i);
        inside[i] = label[i] == own ? 1 : 0;
    }
    return odd == 0;
}

// What is left of x without y, and the rest of 1.
TARGET_CLONES
std::int64_t subtract(const std::uint8_t* x, const std::uint8_t* y, std::int64_t s, std::uint8_t* left, std::uint8_t* rest) {
    std::int64_t total = 0;
#pragma omp simd reduction(+ : total)
    for (std::int64_t i = 0; i < s; ++i) {
        left[i] = std::uint8_t(x[i] - y[i]);
        rest[i] = std::uint8_t(1 - left[i]);
        total += left[i];
    }
    return total;
}

// Sums over the pixels: of a boundary, and of what the other one misses of it.
struct Part {
    double missed, size;

    double share(double smooth) const { return size + smooth > 0 ? missed / (size + smooth) : 0.0; }
};

// The predicted boundary b; 1 - b is left in `missed`.
TARGET_CLONES
Part predicted(const float* folded, const std::int32_t* label, const std::int64_t* low, const std::uint8_t* truth_missed,
               std::int64_t s, std::int64_t* missed) {
    double total = 0, alarms = 0;
#pragma omp simd reduction(+ : total, alarms)
    for (std::int64_t i = 0; i < s; ++i) {
        const Share own = share_of(key_of(label[i] < 0 ? 0.0f : folded[i])), least = share_of(number_of(low[i]));
        const double boundary = difference(own, least);
        total += boundary;
        alarms += double(truth_missed[i]) * boundary;
        missed[i] = with_place(bits_of(float(own.q + least.p)), i);
    }
    return {alarms, total};
}

TARGET_CLONES
double misses_of(const std::uint8_t* boundary, const std::int64_t* missed, std::int64_t s) {
    double total = 0;
#pragma omp simd reduction(+ : total)
    for (std::int64_t i = 0; i < s; ++i) total += boundary[i] ? double(float_of(number_of(missed[i]))) : 0.0;
    return total;
}

// The slope of 1 - F1: in each b_p `of_guess` times (1 - w_g) - a, in each 1 - w_p at the true boundary `of_truth`.
void add_slopes(Space& x, double a, double of_guess, double of_truth) {
    double* slope = x.slope.data();
    std::fill(x.slope.begin(), x.slope.end(), 0.0);
    for (std::size_t i = 0; i < x.slope.size(); ++i) {
        const double given = of_guess * (double(x.truth_missed[i]) - a);
        slope[i] += given;
        slope[place_of(x.low[i])] -= given;
        if (!x.boundary[i]) continue;
        const std::int64_t found = place_of(x.missed[i]);  // the pixel whose boundary is largest
        slope[found] -= of_truth;
        slope[place_of(x.low[found])] += of_truth;
    }
}

TARGET_CLONES
void write_slope(const double* slope, const std::int32_t* label, std::int64_t s, float* out) {
    for (std::int64_t i = 0; i < s; ++i) out[i] = label[i] < 0 ? 0.0f : float(slope[i]);
}

double error_of(const Problem& q, Space& x, std::int64_t map, std::int64_t width, std::int64_t reach, double smooth,
                float* out) {
    const std::int64_t s = q.s;
    const float* folded = q.logits + map * s;
    const int own = q.sigmoid ? 1 : int(map % q.c);
    read_label_part(q, (q.sigmoid ? map : map / q.c) * s, int(s), q.sigmoid ? 2 : q.c, x.label.data());
    if (!read_map(folded, x.label.data(), own, s, x.low.data(), x.boundary.data())) {
        if (out != nullptr) std::fill_n(out, s, NAN);
        return NAN;
    }
    x.truth_missed = x.boundary;
    x.filter(width, lowest_bytes, x.truth_missed, x.bytes);
    Part truth{0, 0};
    truth.size = double(subtract(x.boundary.data(), x.truth_missed.data(), s, x.boundary.data(), x.truth_missed.data()));
    x.filter(reach, lowest_bytes, x.truth_missed, x.bytes);
    x.filter(width, lowest_numbers, x.low, x.scratch);
    const Part guess = predicted(folded, x.label.data(), x.low.data(), x.truth_missed.data(), s, x.missed.data());
    x.filter(reach, lowest_numbers, x.missed, x.scratch);
    truth.missed = misses_of(x.boundary.data(), x.missed.data(), s);
    const double a = guess.share(smooth), b = truth.share(smooth), kept = 2.0 - a - b;
    if (out != nullptr) {
        const auto per = [&](double size) {
            return kept > 0 && size + smooth > 0 ? 2.0 / (kept * kept * (size + smooth)) : 0.0;
        };
        add_slopes(x, a, per(guess.size) * (1.0 - b) * (1.0 - b), per(truth.size) * (1.0 - a) * (1.0 - a));
        write_slope(x.slope.data(), x.label.data(), s, out);
    }
    return kept > 0 ? (a + b - 2.0 * a * b) / kept : 1.0;
}

}  // namespace

EXPORT Status boundary_f1_forward(const Problem* problem, int axes, const std::int64_t* sizes, std::int64_t width,
                                  std::int64_t reach, double smooth, int first, double* errors, float* slope, int threads) {
    return status_of([&] {
        const Problem& q = *problem;
        if (slope != nullptr) expect_large_pages(slope, q.n * q.c * q.s * sizeof(float));
        run_parallel(
            int(q.n * q.c), threads, [&] { return Space(axes, sizes, q.s, slope != nullptr); },
            [&](Space& x, int map) {
                float* out = slope == nullptr ? nullptr : slope + map * q.s;
                errors[map] = 0;
                if (map % q.c >= first) errors[map] = error_of(q, x, map, width, reach, smooth, out);
                else if (out != nullptr) std::fill_n(out, q.s, 0.0f);
            });
    });
}

}  // namespace psl
