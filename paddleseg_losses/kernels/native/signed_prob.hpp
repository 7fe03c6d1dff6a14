// Probabilities with all their digits: at a pixel's own class p - 1 where p > 0.5, told by its sign (-0 is 1), else p.
// Folded ones are p - 1 where p > 0.5 in every class, and need no labels to be read.
#pragma once

#include <cmath>

#include "api.h"

namespace psl {

INLINE float signed_prob(float p, float one_minus_p) { return p > 0.5f ? -one_minus_p : p; }

INLINE float prob_of(float x, bool own) { return own && std::signbit(x) ? 1.0f + x : x; }

// p - g, of the target g.
INLINE float excess_of(float x, bool own) { return own && !std::signbit(x) ? x - 1.0f : x; }

}  // namespace psl
