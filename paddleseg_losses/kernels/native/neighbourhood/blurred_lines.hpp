// Sums over separable windows in float64, line by line. The window has the same weights along every axis and to both sides;
// beyond the image is 0.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "memory.hpp"
#include "simd/platform.hpp"

namespace psl {

struct Window {
    const double* weights;  // of 0, 1, ... reach steps
    int reach;

    int within(std::int64_t length) const { return int(std::min<std::int64_t>(reach, length - 1)); }
};

// Slices lie along the first axis; those of an image have one row.
struct Shape {
    std::int64_t slices, rows, width;

    Shape(std::int64_t slices, std::int64_t rows, std::int64_t width) : slices(slices), rows(rows), width(width) {}
    Shape(int axes, const std::int64_t* sizes)
        : slices(axes > 1 ? sizes[0] : 1), rows(axes > 2 ? sizes[1] : 1), width(sizes[axes - 1]) {}

    std::int64_t lines() const { return slices * rows; }
    std::int64_t pixels() const { return lines() * width; }
};

constexpr std::int64_t VECTOR = 8;  // numbers: ranges begin at multiples of it

// Add PAIRS lines to either side, the nearest `step` steps away; `afresh`: to the line in the middle, else to what is there.
template <int PAIRS>
INLINE void add_pairs(const double* const* middle, const double* weights, int step, bool afresh, std::int64_t first,
                      std::int64_t last, double* out) {
    const double *before[PAIRS], *after[PAIRS], *start = afresh ? middle[0] : out;
    double weight[PAIRS];
    const double share = afresh ? weights[0] : 1.0;
    for (int k = 0; k < PAIRS; ++k) before[k] = middle[-step - k], after[k] = middle[step + k], weight[k] = weights[step + k];
#pragma omp simd
    for (std::int64_t i = first; i < last; ++i) {
        double total = share * start[i];
#pragma GCC unroll 5
        for (int k = 0; k < PAIRS; ++k) total += weight[k] * (before[k][i] + after[k][i]);
        out[i] = total;
    }
}

// out[i] = the sum over k = -reach ... reach of weights[|k|] middle[k][i].
TARGET_CLONES
static void blur_lines(const double* const* middle, const double* weights, int reach, std::int64_t first, std::int64_t last,
                       double* out) {
    if (reach == 0)
        for (std::int64_t i = first; i < last; ++i) out[i] = weights[0] * middle[0][i];
    for (int step = 1; step <= reach; step += 5) {
        const bool afresh = step == 1;
        switch (std::min(5, reach + 1 - step)) {
            case 1:
                add_pairs<1>(middle, weights, step, afresh, first, last, out);
                break;
            case 2:
                add_pairs<2>(middle, weights, step, afresh, first, last, out);
                break;
            case 3:
                add_pairs<3>(middle, weights, step, afresh, first, last, out);
                break;
            case 4:
                add_pairs<4>(middle, weights, step, afresh, first, last, out);
                break;
            default:
                add_pairs<5>(middle, weights, step, afresh, first, last, out);
                break;
        }
    }
}

// Pixels of a line outside which some of its fields are 0; `soft`: and one of them is not 0 everywhere.
struct Extent {
    std::int64_t first = 0, last = 0;
    bool soft = false;

    bool empty() const { return first >= last; }

    void include(const Extent& other) {
        if (other.empty()) return;
        first = empty() ? other.first : std::min(first, other.first), last = std::max(last, other.last);
        soft = soft || other.soft;
    }

    // With `reach` pixels more to either side.
    Extent wider(int reach, std::int64_t width) const {
        if (empty()) return *this;
        return {std::max<std::int64_t>(0, first - reach) / VECTOR * VECTOR, std::min(width, last + reach), soft};
    }
};

// Lines of pixels, each with some fields; a ring, if there are fewer than the image has. The fields from `SPARSE` on are 0
// outside the extent of their line.
class Lines {
public:
    static constexpr int SPARSE = 2, SOFT = 4;

    // margin: zeros on either side of a line.
    Lines(std::int64_t count, int fields, std::int64_t width, std::int64_t margin = 0)
        : count_(count), fields_(fields), width_(width), margin_(rounded(margin)), extents_(count) {
        stride_ = (margin_ + rounded(width + margin)) | VECTOR;  // an odd number of cache lines: others would meet in one place
        numbers_.reserve(count * fields * stride_ + VECTOR);
        expect_large_pages(numbers_.data(), numbers_.capacity() * sizeof(double));
        numbers_.resize(numbers_.capacity());
        const std::uintptr_t start = reinterpret_cast<std::uintptr_t>(numbers_.data());
        shift_ = std::int64_t(-start % (VECTOR * sizeof(double)) / sizeof(double));
    }

    std::int64_t width() const { return width_; }
    const Extent& extent(std::int64_t line) const { return extents_[line % count_]; }

    double* at(std::int64_t line, int field) {
        return numbers_.data() + shift_ + (line % count_ * fields_ + field) * stride_ + margin_;
    }

    // Make room for a line with this extent.
    void begin(std::int64_t line, const Extent& extent) {
        Extent& old = extents_[line % count_];
        for (int field = SPARSE; field < fields_; ++field) {
            double* numbers = at(line, field);
            if (!old.empty()) std::fill(numbers + old.first, numbers + old.last, 0.0);
        }
        old = extent;
    }

    // More of a line is written than before.
    void extend(std::int64_t line, const Extent& extent) { extents_[line % count_].include(extent); }

private:
    static std::int64_t rounded(std::int64_t size) { return (size + VECTOR - 1) / VECTOR * VECTOR; }

    std::int64_t count_, fields_, width_, margin_, stride_, shift_;
    std::vector<double> numbers_;
    std::vector<Extent> extents_;
};

// Lines along an axis: every `step`-th from the first on.
struct Column {
    Lines& lines;
    std::int64_t count, step, first;

    std::int64_t line(std::int64_t number) const { return number * step + first; }
    double* at(std::int64_t number, int field) const { return lines.at(line(number), field); }
};

constexpr int BATCH = 4;  // lines that are made together, of nearly the same lines

// Blurs lines along one axis. Sparse fields are made in `extent` only.
class Blur {
public:
    Blur(const Window& window, std::int64_t width)
        : window_(window), zeros_(width + VECTOR), lines_(2 * window.reach + BATCH) {}

    const double* zeros() const { return zeros_.data(); }

    // Along a line, whose margins are zeros.
    void along(Lines& from, std::int64_t number, int reach, int fields, const Extent& extent, Lines& to, std::int64_t line) {
        for (int field = 0; field < fields; ++field) {
            for (int k = -reach; k <= reach; ++k) lines_[reach + k] = from.at(number, field) + k;
            const Extent range = of(field, extent, to);
            blur_lines(lines_.data() + reach, window_.weights, reach, range.first, range.last, to.at(line, field));
        }
    }

    // Across the lines around some of them, beyond which is 0.
    void across(const Column& from, std::int64_t number, int lines, int reach, int fields, const Extent& extent,
                const Column& to, std::int64_t at) {
        constexpr std::int64_t STRIP = 128;  // pixels of all these lines that stay in the first cache
        for (int field = 0; field < fields; ++field) {
            const Extent range = of(field, extent, to.lines);
            if (range.empty()) continue;
            for (int k = -reach; k < lines + reach; ++k) {
                const std::int64_t other = number + k;
                lines_[reach + k] = other < 0 || other >= from.count ? zeros_.data() : from.at(other, field);
            }
            for (std::int64_t first = range.first; first < range.last; first += STRIP)
                for (int i = 0; i < lines; ++i)
                    blur_lines(lines_.data() + reach + i, window_.weights, reach, first, std::min(first + STRIP, range.last),
                               to.at(at + i, field));
        }
    }

private:
    static Extent of(int field, const Extent& extent, const Lines& to) {
        if (field < Lines::SPARSE) return {0, to.width(), false};
        return field == Lines::SOFT && !extent.soft ? Extent() : extent;
    }

    Window window_;
    std::vector<double> zeros_;
    std::vector<const double*> lines_;
};

}  // namespace psl
