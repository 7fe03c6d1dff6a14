// Probabilities of every pixel and class.
#include "maps.cuh"
#include "shares.cuh"
#include "sigmoid.cuh"

// Where a probability above 1/2 is p - 1, told by its sign (-0 is 1); as in `native/api.h`.
enum Sign { NO_SIGN = 0, SIGN_IN_OWN_CLASS = 1, SIGN_IN_EVERY_CLASS = 2 };

// p [n][channels][size]; 0 where a pixel is left out. grid: planes of labels * blocks over the pixels
template <class Scalar>
__device__ inline void write_probabilities(const Maps& maps, const Scalar* z, int sign, float* p) {
    const int size = maps.size();
    const Pixel here = pixel_of_thread(size);
    if (!here.inside) return;
    const int planes = maps.sigmoid ? 1 : maps.channels;  // of logits that belong to one plane of labels
    const i64 first = here.map * planes * size + here.at;
    const int label = maps.labels[here.map * size + here.at];
    if (label < 0) {
        for (int k = 0; k < planes; ++k) p[first + static_cast<i64>(k) * size] = 0.0f;
        return;
    }
    if (maps.sigmoid) {
        const Answer a = sigmoid_answer(load(z + first), true, false);
        const bool is_signed = sign == SIGN_IN_EVERY_CLASS || (sign == SIGN_IN_OWN_CLASS && label == 1);
        p[first] = is_signed && a.correct > 0.5f ? -a.error : a.correct;
        return;
    }
    const Shares s = shares_of(z + first, planes, size);
    for (int k = 0; k < planes; ++k) {
        const i64 at = first + static_cast<i64>(k) * size;
        const bool is_signed = sign == SIGN_IN_EVERY_CLASS || (sign == SIGN_IN_OWN_CLASS && label == k);
        const float share = s.of(load(z + at));
        p[at] = is_signed && share > 0.5f ? -s.rest : share;
    }
}

// From the gradient of the probabilities, with whatever sign.
template <class Scalar>
__device__ inline void write_gradient(const Maps& maps, const Scalar* z, const float* upstream, Scalar* gradient) {
    const int size = maps.size();
    const Pixel here = pixel_of_thread(size);
    if (!here.inside) return;
    const int planes = maps.sigmoid ? 1 : maps.channels;
    const i64 first = here.map * planes * size + here.at;
    if (maps.labels[here.map * size + here.at] < 0) {
        for (int k = 0; k < planes; ++k) store(gradient + first + static_cast<i64>(k) * size, 0.0f);
        return;
    }
    if (maps.sigmoid) {
        const Answer a = sigmoid_answer(load(z + first), true, false);
        store(gradient + first, upstream[first] * a.correct * a.error);
        return;
    }
    const auto slope = [=](int k) { return upstream[first + static_cast<i64>(k) * size]; };
    shares_gradient(z + first, planes, size, slope, gradient + first);
}

#define KERNELS(SCALAR, SUFFIX)                                                                                           \
    extern "C" __global__ void probabilities_##SUFFIX(Maps maps, const SCALAR* z, int sign, float* p) {                    \
        write_probabilities(maps, z, sign, p);                                                                            \
    }                                                                                                                     \
    extern "C" __global__ void probabilities_gradient_##SUFFIX(Maps maps, const SCALAR* z, const float* upstream,         \
                                                              SCALAR* gradient) {                                         \
        write_gradient(maps, z, upstream, gradient);                                                                      \
    }
FOR_EACH_SCALAR(KERNELS)
#undef KERNELS
