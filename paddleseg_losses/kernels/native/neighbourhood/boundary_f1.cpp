// Precision and recall of soft boundaries, as the error 1 - F1 of each sample and class, and its slope in p. The boundary of a
// map is b = p - (least p in the square or cube around the pixel); w is the largest b in a wider one:
//     a = sum b_p (1 - w_g) / (sum b_p + s),   b = sum b_g (1 - w_p) / (sum b_g + s),   1 - F1 = (a + b - 2 a b) / (2 - a - b).
//
// Every filter takes the least of a number; with the number comes the pixel that has it, to which the slope flows. Of equal
// ones it is that of Paddle's pooling of one axis after another: the first along the last axis, of those the first before it.
//
// A task is a map; its sums are added in the order of its pixels, so the result does not depend on the threads.
#include <cmath>
#include <cstring>
#include <utility>

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

// p and 1 - p of a key.
INLINE void share_of(std::int32_t key, float& p, float& q) {
    const bool large = key > HALF;
    const float x = float_of(large ? 2 * HALF - key : key), rest = 1.0f - x;
    p = large ? rest : x;
    q = large ? x : rest;
}

// Whether pixels of the truth have something.
struct Flags {
    std::uint8_t* x;

    Flags operator+(std::int64_t step) const { return {x + step}; }
};

// Numbers, and the pixels that they come from.
struct Placed {
    std::int32_t *number, *place;

    Placed operator+(std::int64_t step) const { return {number + step, place + step}; }
};

INLINE void keep_less(Flags x, Flags y, std::int64_t size, Flags out) {
#pragma omp simd
    for (std::int64_t i = 0; i < size; ++i) out.x[i] = y.x[i] < x.x[i] ? y.x[i] : x.x[i];
}

// Of equal numbers that of x.
INLINE void keep_less(Placed x, Placed y, std::int64_t size, Placed out) {
#pragma omp simd
    for (std::int64_t i = 0; i < size; ++i) {
        const std::int32_t mine = x.number[i], other = y.number[i], at = x.place[i], there = y.place[i];
        out.number[i] = other < mine ? other : mine;
        out.place[i] = other < mine ? there : at;
    }
}

// One axis of the least over a cube: the pixels of a plane are `length` times `stride`. What the `reach` next pixels have is
// gathered in x, in windows of growing length; each pixel and the one `reach` before it then see all. Lines of pixels take
// their steps in waves, each step as soon as the lines that it reads have taken theirs, so that they are still in the cache.
template <class Map>
INLINE void lowest_along(std::int64_t planes, std::int64_t length, std::int64_t stride, std::int64_t reach, Map x, Map out) {
    const std::int64_t extent = length * stride;
    const bool row = stride == 1;  // taken at once
    const std::int64_t line = row ? extent : stride, waves = row ? 1 : length + reach - 1;
    for (std::int64_t plane = 0; plane < planes; ++plane, x = x + extent, out = out + extent)
        for (std::int64_t wave = 0; wave < waves; ++wave) {
            std::int64_t lag = 0;
            for (std::int64_t known = 1, step; known <= reach; known += step) {
                step = std::min(known, reach + 1 - known);
                lag = row ? 0 : known + step - 2;
                const std::int64_t first = (wave - lag) * line, last = std::min(first + line, extent - step * stride);
                if (first >= 0 && first < last) keep_less(x + first, x + (first + step * stride), last - first, x + first);
            }
            const std::int64_t first = (wave - lag) * line, last = first + line, start = std::max(first, reach * stride);
            if (first < 0 || first >= extent) continue;
            if (first == 0) keep_less(x, x, stride, out);
            for (std::int64_t i = std::max(first, stride); i < std::min(last, reach * stride); i += stride)
                keep_less(out + (i - stride), x + i, stride, out + i);
            if (start < last) keep_less(x + (start - reach * stride), x + start, last - start, out + start);
        }
}

TARGET_CLONES
void lowest_flags(std::int64_t planes, std::int64_t length, std::int64_t stride, std::int64_t reach, Flags x, Flags out) {
    lowest_along(planes, length, stride, reach, x, out);
}

TARGET_CLONES
void lowest_placed(std::int64_t planes, std::int64_t length, std::int64_t stride, std::int64_t reach, Placed x, Placed out) {
    lowest_along(planes, length, stride, reach, x, out);
}

// Replace pixels by the least ones of the cubes around them, the first axis first; beyond the image there is nothing.
template <class Map, class Along>
void filter(int axes, const std::int64_t* sizes, std::int64_t reach, Along along, Map& x, Map& other) {
    std::int64_t planes = 1, stride = 1;
    for (int axis = 0; axis < axes; ++axis) stride *= sizes[axis];
    for (int axis = 0; axis < axes; planes *= sizes[axis++]) {
        stride /= sizes[axis];
        const std::int64_t within = std::min(reach, sizes[axis] - 1);
        if (within == 0) continue;
        along(planes, sizes[axis], stride, within, x, other);
        std::swap(x, other);
    }
}

// Maps of one size, which a thread uses for all its tasks: one block, which the next call mostly finds still mapped.
struct Space {
    std::int32_t *label, *edge;  // edge: the pixels of the true boundary
    float* outside;  // 1 - w of the truth
    double* slope;
    Flags inside, lowest, spare;  // of the truth; in the end 1 - w in `lowest`
    Placed low, missed, other;  // of the prediction: the least p and the least 1 - w

    explicit Space(std::int64_t s) : block_(new char[bytes(s)]) {
        expect_large_pages(block_.get(), bytes(s));
        Arena arena(block_.get());
        for (std::int32_t** each :
             {&label, &edge, &low.number, &low.place, &missed.number, &missed.place, &other.number, &other.place})
            *each = arena.take<std::int32_t>(s);
        outside = arena.take<float>(s);
        slope = arena.take<double>(s);
        for (Flags* each : {&inside, &lowest, &spare}) each->x = arena.take<std::uint8_t>(s);
    }

private:
    static std::int64_t bytes(std::int64_t s) {
        return 8 * Arena::bytes<std::int32_t>(s) + Arena::bytes<float>(s) + Arena::bytes<double>(s) +
               3 * Arena::bytes<std::uint8_t>(s);
    }

    std::unique_ptr<char[]> block_;
};

// The keys of p; whether all are numbers.
TARGET_CLONES
bool read_keys(const float* folded, const std::int32_t* label, std::int64_t s, Placed low) {
    std::int32_t odd = 0;
#pragma omp simd reduction(| : odd)
    for (std::int64_t i = 0; i < s; ++i) {
        const float x = label[i] < 0 ? 0.0f : folded[i];
        odd |= x != x ? 1 : 0;
        low.number[i] = key_of(x);
        low.place[i] = std::int32_t(i);
    }
    return odd == 0;
}

TARGET_CLONES
void read_truth(const std::int32_t* label, int own, std::int64_t s, Flags inside, Flags copy) {
    for (std::int64_t i = 0; i < s; ++i) inside.x[i] = copy.x[i] = label[i] == own ? 1 : 0;
}

// The true boundary, where a pixel is inside and the least around it is not: the rest replaces the least.
TARGET_CLONES
void leave_boundary_out(Flags inside, std::int64_t s, Flags lowest) {
    for (std::int64_t i = 0; i < s; ++i) lowest.x[i] = std::uint8_t(1 - (inside.x[i] - lowest.x[i]));
}

// Its pixels, in order; their number.
std::int64_t list_boundary(Flags rest, std::int64_t s, std::int32_t* edge) {
    std::int64_t count = 0;
    for (std::int64_t i = 0; i + 1 < s; ++i) {
        edge[count] = std::int32_t(i);
        count += rest.x[i] ^ 1;
    }
    if (!rest.x[s - 1]) edge[count++] = std::int32_t(s - 1);
    return count;
}

TARGET_CLONES
void widen(Flags x, std::int64_t s, float* out) {
    for (std::int64_t i = 0; i < s; ++i) out[i] = float(x.x[i]);
}

// Sums over the pixels: of a boundary, and of what the other one misses of it.
struct Part {
    double missed, size;

    double share(double smooth) const { return size + smooth > 0 ? missed / (size + smooth) : 0.0; }
};

// The predicted boundary b; 1 - b is left in `missed`.
TARGET_CLONES
Part predicted(const float* folded, const std::int32_t* label, const std::int32_t* low, const float* outside, std::int64_t s,
               Placed missed) {
    double total = 0, alarms = 0;
#pragma omp simd reduction(+ : total, alarms)
    for (std::int64_t i = 0; i < s; ++i) {
        float p, q, low_p, low_q;
        share_of(key_of(label[i] < 0 ? 0.0f : folded[i]), p, q);
        share_of(low[i], low_p, low_q);
        const float boundary = p > 0.5f ? low_q - q : p - low_p;
        total += double(boundary);
        alarms += double(outside[i] * boundary);
        missed.number[i] = bits_of(q + low_p);
        missed.place[i] = std::int32_t(i);
    }
    return {alarms, total};
}

TARGET_CLONES
void start_slope(const float* outside, std::int64_t s, double a, double of_guess, double* slope) {
    for (std::int64_t i = 0; i < s; ++i) slope[i] = of_guess * (double(outside[i]) - a);
}

// The slope of 1 - F1: in each b_p `of_guess` times (1 - w_g) - a, in each 1 - w_p at the true boundary `of_truth`.
void add_slopes(const Space& x, std::int64_t s, std::int64_t edges, double a, double of_guess, double of_truth) {
    double* slope = x.slope;
    start_slope(x.outside, s, a, of_guess, slope);
    const double given[] = {-of_guess * a, of_guess * (1.0 - a)};
    const auto lower = [&](std::int64_t i) { slope[x.low.place[i]] -= given[x.lowest.x[i]]; };
    constexpr int PARTS = 4;  // in turn: neighbours mostly have the same place, and would wait for each other
    const std::int64_t part = s / PARTS;
    for (std::int64_t i = 0; i < part; ++i)
        for (int k = 0; k < PARTS; ++k) lower(i + k * part);
    for (std::int64_t i = PARTS * part; i < s; ++i) lower(i);
    for (std::int64_t k = 0; k < edges; ++k) {
        const std::int32_t largest = x.missed.place[x.edge[k]];  // the pixel whose boundary is largest
        slope[largest] -= of_truth;
        slope[x.low.place[largest]] += of_truth;
    }
}

TARGET_CLONES
void write_slope(const double* slope, const std::int32_t* label, std::int64_t s, float* out) {
    for (std::int64_t i = 0; i < s; ++i) out[i] = label[i] < 0 ? 0.0f : float(slope[i]);
}

struct Options {
    int axes;
    const std::int64_t* sizes;
    std::int64_t width, reach;
    double smooth;
};

double error_of(const Problem& q, const Options& o, Space& x, std::int64_t map, float* out) {
    const std::int64_t s = q.s;
    const float* folded = q.logits + map * s;
    const int own = q.sigmoid ? 1 : int(map % q.c);
    const std::int32_t* label = x.label;
    read_label_part(q, (q.sigmoid ? map : map / q.c) * s, int(s), q.sigmoid ? 2 : q.c, x.label);
    if (!read_keys(folded, label, s, x.low)) {
        if (out != nullptr) std::fill_n(out, s, NAN);
        return NAN;
    }
    read_truth(label, own, s, x.inside, x.lowest);
    filter(o.axes, o.sizes, o.width, lowest_flags, x.lowest, x.spare);
    leave_boundary_out(x.inside, s, x.lowest);
    const std::int64_t edges = list_boundary(x.lowest, s, x.edge);
    filter(o.axes, o.sizes, o.reach, lowest_flags, x.lowest, x.spare);
    widen(x.lowest, s, x.outside);
    filter(o.axes, o.sizes, o.width, lowest_placed, x.low, x.other);
    const Part guess = predicted(folded, label, x.low.number, x.outside, s, x.missed);
    filter(o.axes, o.sizes, o.reach, lowest_placed, x.missed, x.other);
    Part truth{0, double(edges)};
    for (std::int64_t k = 0; k < edges; ++k) truth.missed += double(float_of(x.missed.number[x.edge[k]]));
    const double a = guess.share(o.smooth), b = truth.share(o.smooth), kept = 2.0 - a - b;
    if (out != nullptr) {
        const auto per = [&](const Part& part) {
            const double size = part.size + o.smooth;
            return kept > 0 && size > 0 ? 2.0 / (kept * kept * size) : 0.0;
        };
        add_slopes(x, s, edges, a, per(guess) * (1.0 - b) * (1.0 - b), per(truth) * (1.0 - a) * (1.0 - a));
        write_slope(x.slope, label, s, out);
    }
    return kept > 0 ? (a + b - 2.0 * a * b) / kept : 1.0;
}

}  // namespace

EXPORT Status boundary_f1_forward(const Problem* problem, int axes, const std::int64_t* sizes, std::int64_t width,
                                  std::int64_t reach, double smooth, int first, double* errors, float* slope, int threads) {
    return status_of([&] {
        const Problem& q = *problem;
        const Options options{axes, sizes, width, reach, smooth};
        if (slope != nullptr) expect_large_pages(slope, q.n * q.c * q.s * sizeof(float));
        run_parallel(
            int(q.n * q.c), threads, [&] { return Space(q.s); },
            [&](Space& x, int map) {
                float* out = slope == nullptr ? nullptr : slope + map * q.s;
                errors[map] = 0;
                if (map % q.c >= first) errors[map] = error_of(q, options, x, map, out);
                else if (out != nullptr) std::fill_n(out, q.s, 0.0f);
            });
    });
}

}  // namespace psl
