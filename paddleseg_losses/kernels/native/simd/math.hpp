// Elementary functions that the compiler can vectorise: call them in simple loops of functions marked TARGET_CLONES.
#pragma once

#include <cstdint>
#include <cstring>

#include "simd/platform.hpp"

namespace psl {

// e^x = power (1 + above), where `power` is that of 2, or 0, and |above| < 0.42.
struct Exponential {
    float power, above;
};

// For -88 <= x < 88. x = n log 2 + r with an integer n, so e^x = 2^n e^r, and as |r| <= log(2) / 2 a short polynomial is
// enough. Its terms are added in independent pairs.
INLINE Exponential exponential(float x) {
    const float shift = 12583039.0f;  // 1.5 * 2^23 + 127: adding it rounds to an integer, n + 127 in the low bits
    const float shifted = x * 1.44269504f + shift;
    const float n = shifted - shift;
    const float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;  // log 2 in two parts; products with the first are exact
    const float square = r * r;  // (e^r - 1 - r) / r^2 = low + high r^2, fitted to a relative error of e^r of 5e-9
    const float low = 1.6666520e-1f * r + 4.9999993e-1f;
    const float high = 1.3814540e-3f * square + (8.3687452e-3f * r + 4.1668391e-2f);
    const float above = (high * square + low) * square + r;  // e^r - 1
    std::uint32_t bits;
    std::memcpy(&bits, &shifted, sizeof bits);
    bits <<= 23;  // the float 2^n, or 0 for n = -127
    float power;
    std::memcpy(&power, &bits, sizeof power);
    return {power, above};
}

// e^x for -88 <= x < 88 with a relative error below 1.2e-7, unless the result is denormal; 0 for -88, NaN for NaN.
INLINE float exp_moderate(float x) {
    const Exponential e = exponential(x);
    return e.above * e.power + e.power;
}

// 1 - e^x for x <= 0, whose digits do not cancel near 0.
INLINE float one_minus_exp(float x) {
    const Exponential e = exponential(x < -88.0f ? -88.0f : x);
    return (1.0f - e.power) - e.above * e.power;
}

// The same for any x < 88; 0 below -87.
INLINE float exp_below_88(float x) {
    const float power = exp_moderate(x);
    return x < -87.0f ? 0.0f : power;
}

// The same for any x; e^87 above 87.
INLINE float exp_up_to_87(float x) { return exp_below_88(87.0f < x ? 87.0f : x); }

// e^x for x < 88, accurate to the last bits of a double; 0 below -700.
INLINE double exp_below_88(double x) {
    const double shift = 6755399441055744.0;  // 1.5 * 2^52
    const double shifted = x * 1.4426950408889634 + shift;
    const double n = shifted - shift;
    const double r = (x - n * 6.93147180369123816490e-1) - n * 1.90821492927058770002e-10;
    double series = 1.0 / 479001600;  // Taylor: 1 / 12!
    series = series * r + 1.0 / 39916800;
    series = series * r + 1.0 / 3628800;
    series = series * r + 1.0 / 362880;
    series = series * r + 1.0 / 40320;
    series = series * r + 1.0 / 5040;
    series = series * r + 1.0 / 720;
    series = series * r + 1.0 / 120;
    series = series * r + 1.0 / 24;
    series = series * r + 1.0 / 6;
    series = series * r + 0.5;
    series = series * (r * r) + r + 1.0;
    std::uint64_t bits;
    std::memcpy(&bits, &shifted, sizeof bits);
    bits = (bits << 52) + (std::uint64_t{1023} << 52);
    double power;
    std::memcpy(&power, &bits, sizeof power);
    return x < -700.0 ? 0.0 : series * power;
}

// Where `exp_within` clamps x. Variables, not constants: with constants GCC computes both sides of a choice in full.
struct Bounds {
    float least = -88.0f, most = 87.0f;
};

// e^x, 0 up to `least` and e^most from `most` on; NaN for NaN.
INLINE float exp_within(float least, float most, float x) {
    x = most < x ? most : x;
    return exp_moderate(x < least ? least : x);
}

// z1 - z0, whose sigmoid is the softmax of class 1 of two. Like any softmax, NaN if the larger is infinite, but not if the
// smaller is -infinity.
template <class Real>
INLINE Real logit_difference(float z0, float z1) {
    return Real(z1) - Real(z0) + Real(0) * (z1 > z0 ? z1 : z0);
}

// log x for normal x > 0 with an error below 1e-7 (relative where |log x| > 0.5, else absolute).
//
// x = 2^n m with sqrt(1/2) <= m < sqrt(2), so log x = n log 2 + log m, and log m is a polynomial in m - 1.
INLINE float log_positive(float x) {
    std::uint32_t bits;
    std::memcpy(&bits, &x, sizeof bits);
    const std::int32_t n = static_cast<std::int32_t>(bits - 0x3f3504f3u) >> 23;
    bits -= static_cast<std::uint32_t>(n) << 23;
    float m;
    std::memcpy(&m, &bits, sizeof m);
    const float r = m - 1.0f;
    float series = 7.0376836292e-2f;
    series = series * r - 1.1514610310e-1f;
    series = series * r + 1.1676998740e-1f;
    series = series * r - 1.2420140846e-1f;
    series = series * r + 1.4249322787e-1f;
    series = series * r - 1.6668057665e-1f;
    series = series * r + 2.0000714765e-1f;
    series = series * r - 2.4999993993e-1f;
    series = series * r + 3.3333331174e-1f;
    const float square = r * r;
    const float exponent = static_cast<float>(n);
    const float low = series * r * square - 0.5f * square + exponent * -2.12194440e-4f;
    return (r + low) + exponent * 0.693359375f;
}

// log(1 + x) for x >= 0, accurate near 0 too: the rounding of 1 + x is corrected. `inverse` is about 1 / (1 + x).
INLINE float log1p_nonnegative(float x, float inverse) {
    const float sum = 1.0f + x;
    const float lost = x - (sum - 1.0f);
    return log_positive(sum) + lost * inverse;
}

INLINE float log1p_nonnegative(float x) { return log1p_nonnegative(x, 1.0f / (1.0f + x)); }

}  // namespace psl
