// The class that the logits of a pixel say.
#pragma once

#include "api.h"

namespace psl {

// The largest logit at w pixels, and its class, the first of equal ones.
INLINE void most_likely(const Problem& q, std::int64_t sample, std::int64_t first, int w, float* top, std::int32_t* best) {
    const float* z = q.logits + sample * q.c * q.s + first;
    for (int i = 0; i < w; ++i) top[i] = z[i], best[i] = 0;
    for (std::int32_t k = 1; k < q.c; ++k) {
        const float* channel = z + k * q.s;
#pragma omp simd
        for (int i = 0; i < w; ++i) {
            const float here = channel[i], before = top[i];
            best[i] = here > before ? k : best[i];
            top[i] = here > before ? here : before;
        }
    }
}

}  // namespace psl
