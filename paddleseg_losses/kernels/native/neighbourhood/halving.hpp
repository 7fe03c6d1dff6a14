// Maps at half the size: every second pixel, with what is around it. Along an even side pairs count 1/2 each, along an odd one
// the pixel 1/2 and its neighbours 1/4; beyond the image is 0.
#pragma once

#include "neighbourhood/blurred_lines.hpp"
#include "parallel.hpp"

namespace psl {

// Some pixels along an axis, and how much they count.
struct Taps {
    std::int64_t place[3];
    double weight[3];
    int count = 0;

    void add(std::int64_t at, std::int64_t size, double share) {
        if (at >= 0 && at < size) place[count] = at, weight[count++] = share;
    }
};

inline std::int64_t half_of(std::int64_t size) { return (size + 1) / 2; }

inline Shape half_of(const Shape& shape) { return {half_of(shape.slices), half_of(shape.rows), half_of(shape.width)}; }

// What a pixel of the half map is made of.
inline Taps parts_of(std::int64_t coarse, std::int64_t size) {
    Taps taps;
    if (size % 2 == 1) taps.add(2 * coarse - 1, size, 0.25);
    taps.add(2 * coarse, size, 0.5);
    taps.add(2 * coarse + 1, size, size % 2 == 1 ? 0.25 : 0.5);
    return taps;
}

// The pixels of the half map that a pixel is part of.
inline Taps wholes_of(std::int64_t fine, std::int64_t size) {
    Taps taps;
    const bool shared = size % 2 == 1 && fine % 2 == 1;
    taps.add(fine / 2, half_of(size), shared ? 0.25 : 0.5);
    if (shared) taps.add(fine / 2 + 1, half_of(size), 0.25);
    return taps;
}

TARGET_CLONES
static void halve_line(const double* x, std::int64_t width, double* half) {
    const bool even = width % 2 == 0;
    for (std::int64_t i = 0; even && i < width / 2; ++i) half[i] = 0.5 * (x[2 * i] + x[2 * i + 1]);
    for (std::int64_t i = 0; !even && i <= width / 2; ++i) half[i] = 0.5 * x[2 * i] + 0.25 * (x[2 * i - 1] + x[2 * i + 1]);
}

TARGET_CLONES
static void double_line(const double* half, std::int64_t width, double* x) {
    const bool even = width % 2 == 0;
    for (std::int64_t i = 0; i < width / 2; ++i) {
        x[2 * i] = 0.5 * half[i];
        x[2 * i + 1] = even ? 0.5 * half[i] : 0.25 * (half[i] + half[i + 1]);
    }
    if (!even) x[width - 1] = 0.5 * half[width / 2];
}

// Divide by the number of valid pixels that each pixel stands for.
TARGET_CLONES
static void write_shares(const double* x, const float* size, std::int64_t width, float* out) {
    for (std::int64_t i = 0; i < width; ++i) out[i] = size[i] > 0.0f ? float(x[i] / double(size[i])) : 0.0f;
}

template <class Real>
TARGET_CLONES static void add_line(const Real* x, double weight, std::int64_t width, double* sum) {
    for (std::int64_t i = 0; i < width; ++i) sum[i] += weight * double(x[i]);
}

// Visit the pixels (slice, row) of two axes, with how much they count together.
template <class Visit>
void each_line(const Taps& slices, const Taps& rows, std::int64_t of_slice, Visit visit) {
    for (int i = 0; i < slices.count; ++i)
        for (int j = 0; j < rows.count; ++j)
            visit(slices.place[i] * of_slice + rows.place[j], slices.weight[i] * rows.weight[j]);
}

// Make the lines of some slices of the half map. add(line, weight, sum): add so much of a line of the whole map.
template <class Add, class Done>
void halve_slices(const Shape& whole, std::int64_t first, std::int64_t last, Add add, Done done) {
    const Shape half = half_of(whole);
    std::vector<double> sum(whole.width + 2), line(half.width);  // and a 0 on either side
    for (std::int64_t slice = first; slice < last; ++slice)
        for (std::int64_t row = 0; row < half.rows; ++row) {
            std::fill(sum.begin(), sum.end(), 0.0);
            each_line(parts_of(slice, whole.slices), parts_of(row, whole.rows), whole.rows,
                      [&](std::int64_t from, double weight) { add(from, weight, &sum[1]); });
            halve_line(&sum[1], whole.width, line.data());
            done(slice * half.rows + row, line.data());
        }
}

// The way back: what the half map gives to the lines of some slices of the whole one. add(line, weight, sum): of the half map.
template <class Add, class Done>
void double_slices(const Shape& whole, std::int64_t first, std::int64_t last, Add add, Done done) {
    const Shape half = half_of(whole);
    std::vector<double> sum(half.width), line(whole.width);
    for (std::int64_t slice = first; slice < last; ++slice)
        for (std::int64_t row = 0; row < whole.rows; ++row) {
            std::fill(sum.begin(), sum.end(), 0.0);
            each_line(wholes_of(slice, whole.slices), wholes_of(row, whole.rows), half.rows,
                      [&](std::int64_t from, double weight) { add(from, weight, sum.data()); });
            double_line(sum.data(), whole.width, line.data());
            done(slice * whole.rows + row, line.data());
        }
}

}  // namespace psl
