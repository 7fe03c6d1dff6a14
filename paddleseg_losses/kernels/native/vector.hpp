// Elementary functions that the compiler can vectorise: call them in simple loops of functions marked
// EVERY_INSTRUCTION_SET.
#pragma once

#include <cstdint>
#include <cstring>

// e^x for x <= 0 with a relative error below 1.2e-7; 0 below -87, where the result would be denormal; NaN of NaN.
//
// x = n log 2 + r with a whole n, so e^x = 2^n e^r, and |r| <= log(2) / 2 makes a short polynomial enough.
inline float exp_nonpositive(float x) {
    const float shift = 12582912.0f;  // 1.5 * 2^23: a sum with it is rounded to a whole number, kept in its low bits
    const float shifted = x * 1.44269504f + shift;
    const float n = shifted - shift;
    const float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;  // log 2 in two parts, the first exact in products
    float series = 1.9875691500e-4f;
    series = series * r + 1.3981999507e-3f;
    series = series * r + 8.3334519073e-3f;
    series = series * r + 4.1665795894e-2f;
    series = series * r + 1.6666665459e-1f;
    series = series * r + 5.0000001201e-1f;
    series = series * (r * r) + r + 1.0f;
    std::uint32_t bits;
    std::memcpy(&bits, &shifted, sizeof bits);
    bits = (bits << 23) + (127u << 23);  // the float 2^n
    float power;
    std::memcpy(&power, &bits, sizeof power);
    return x < -87.0f ? 0.0f : series * power;
}
