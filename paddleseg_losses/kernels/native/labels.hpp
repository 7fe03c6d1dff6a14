// A problem's labels, as the kernels compute with them.
#pragma once

#include <algorithm>
#include <cstdint>

#include "api.h"

namespace psl {

// Labels of w pixels as int32, -1 where they are left out.
INLINE void read_labels(const Problem& q, std::int64_t first, int w, std::int64_t classes, std::int32_t* out) {
    if (q.label_bytes == 8) {
        const std::int64_t* y = static_cast<const std::int64_t*>(q.labels) + first;
        for (int i = 0; i < w; ++i)
            out[i] = y[i] == q.ignore || y[i] < 0 || y[i] >= classes ? -1 : static_cast<std::int32_t>(y[i]);
        return;
    }
    // Narrow labels are compared as they are; an ignored value that the type cannot hold never matches, so -1 will do.
    const std::int32_t ignore = q.ignore == static_cast<std::int32_t>(q.ignore) ? static_cast<std::int32_t>(q.ignore) : -1;
    const std::int32_t limit = static_cast<std::int32_t>(std::min<std::int64_t>(classes, INT32_MAX));
    if (q.label_bytes == 4) {
        const std::int32_t* y = static_cast<const std::int32_t*>(q.labels) + first;
        for (int i = 0; i < w; ++i) out[i] = y[i] == ignore || y[i] < 0 || y[i] >= limit ? -1 : y[i];
    } else {
        const std::uint8_t* y = static_cast<const std::uint8_t*>(q.labels) + first;
        for (int i = 0; i < w; ++i) {
            const std::int32_t label = y[i];
            out[i] = label == ignore || label >= limit ? -1 : label;
        }
    }
}

}  // namespace psl
