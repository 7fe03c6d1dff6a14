// Labels mixed with those of their neighbours, by weights that are separable but for the centre.
//
// The window without its centre is the sum of what lies aside along the first axis, and, for each further axis, of what is
// known so far moved along it and of the pixels themselves moved along it. The weights of the latter are larger by a factor
// that the mean does not know, so they are numbers however narrow the window is.
#include <algorithm>
#include <vector>

#include "image.hpp"
#include "memory.hpp"

namespace psl {

namespace {

struct Steps {
    const double *plain, *scaled;  // weights of 1 ... reach steps
    int reach;
};

// out += the pixels `step` steps aside along an axis of d pixels, on both sides; beyond the edge they repeat.
TARGET_CLONES
void add_step(const float* x, std::int64_t d, std::int64_t inner, std::int64_t step, float weight, float* out) {
    const std::int64_t count = d * inner, shift = std::min(step, d - 1) * inner, last = count - inner;
    for (std::int64_t i = 0; i < count - shift; ++i) out[i] += weight * x[i + shift];
    for (std::int64_t i = shift; i < count; ++i) out[i] += weight * x[i - shift];
    for (std::int64_t i = 0; i < shift; i += inner)
        for (std::int64_t k = 0; k < inner; ++k) {
            out[i + k] += weight * x[k];
            out[count - shift + i + k] += weight * x[last + k];
        }
}

void add_steps(const float* x, std::int64_t size, std::int64_t d, std::int64_t inner, const double* weights, int reach,
               float* out) {
    for (std::int64_t block = 0; block < size; block += d * inner)
        for (int step = 1; step <= reach; ++step)
            add_step(x + block, d, inner, step, static_cast<float>(weights[step - 1]), out + block);
}

// The weighted sum of the neighbours of every pixel.
void neighbour_sums(const std::vector<float>& x, int axes, const std::int64_t* sizes, const Steps& steps,
                    std::vector<float>& rest, std::vector<float>& space) {
    const std::int64_t size = static_cast<std::int64_t>(x.size());
    std::fill(rest.begin(), rest.end(), 0.0f);
    std::int64_t inner = size;
    for (int axis = 0; axis < axes; ++axis) {
        inner /= sizes[axis];
        if (axis > 0) {
            space = rest;
            add_steps(space.data(), size, sizes[axis], inner, steps.plain, steps.reach, rest.data());
        }
        add_steps(x.data(), size, sizes[axis], inner, steps.scaled, steps.reach, rest.data());
    }
}

// The weights of all neighbours, added.
double total_weight(int axes, const Steps& steps) {
    double plain = 0, scaled = 0, total = 0;
    for (int k = 0; k < steps.reach; ++k) plain += steps.plain[k], scaled += steps.scaled[k];
    for (int axis = 0; axis < axes; ++axis) total += 2 * (plain * total + scaled);
    return total;
}

TARGET_CLONES
void indicators(const std::int32_t* label, std::int32_t own, std::int64_t size, float* g, float* m) {
    for (std::int64_t i = 0; i < size; ++i) {
        g[i] = label[i] == own ? 1.0f : 0.0f;
        m[i] = label[i] < 0 ? 0.0f : 1.0f;
    }
}

TARGET_CLONES
void mix(const std::int32_t* label, std::int32_t own, std::int64_t size, const float* labels, const float* valid, float scale,
         float* out) {
    for (std::int64_t i = 0; i < size; ++i) {
        const float g = label[i] == own ? 1.0f : 0.0f, share = (g + labels[i] * scale) / (1.0f + valid[i] * scale);
        out[i] = label[i] < 0 ? 255.0f : share;
    }
}

}  // namespace

EXPORT Status label_means(const Problem* problem, int axes, const std::int64_t* sizes, const double* plain,
                          const double* scaled, int reach, float* out, int threads) {
    return status_of([&] {
        const Problem& q = *problem;
        const Steps steps{plain, scaled, reach};
        const float scale = static_cast<float>(1 / total_weight(axes, steps));
        const LabelMaps labels = true_labels(q, threads);
        expect_large_pages(out, sizeof(float) * q.n * q.c * q.s);
        run_parallel(static_cast<int>(labels.planes), threads, [&](int plane) {
            const std::int32_t* label = labels.plane(plane);
            std::vector<float> g(q.s), m(q.s), of_labels(q.s), valid(q.s), space(q.s);
            for (std::int64_t k = 0; k < (q.sigmoid ? 1 : q.c); ++k) {
                const std::int32_t own = q.sigmoid ? 1 : static_cast<std::int32_t>(k);
                indicators(label, own, q.s, g.data(), m.data());
                if (k == 0) neighbour_sums(m, axes, sizes, steps, valid, space);
                neighbour_sums(g, axes, sizes, steps, of_labels, space);
                mix(label, own, q.s, of_labels.data(), valid.data(), scale, out + (q.sigmoid ? plane : plane * q.c + k) * q.s);
            }
        });
    });
}

}  // namespace psl
