// Sums over the pixels of errors weighted by distance maps, and their slope in p. Hausdorff: (p - g)^2 (d_g^alpha + d_p^alpha),
// with the maps of the truth and of p > 0.5. Boundary: p phi, with phi the distance to the true region, and inside it
// -(distance to the outside - a pixel). Weights carry no gradient.
#include "edt.cuh"

const int WEIGHTED_TILE = 4 * THREADS;

// known: signed distances of the true regions, positive inside, of the maps that are not left out. misfit, 0 before, becomes 1
// if they belong to other labels. Nobody waits for it: the kernels of the true maps do nothing while it is 0.
// grid: these maps * blocks over the pixels
extern "C" __global__ void known_misfit(Maps maps, const float* known, int* misfit) {
    const int size = maps.size();
    const Pixel here = pixel_of_thread(size);
    if (!here.inside) return;
    const i64 map = maps.map_of(here.map);
    const bool inside = known[here.map * size + here.at] > 0.0f;
    if (inside != (maps.label(map, here.at) == maps.own(map))) *misfit = 1;  // all who write it write the same
}

// Of known distances, which are infinite where a mask has one side.
__device__ inline float square_of(float away) { return away - away == 0.0f ? away * away : 0.0f; }

__device__ inline float power_of_distance(float square, float alpha) {
    return alpha == 2.0f ? square : alpha == 1.0f ? sqrtf(square) : powf(square, 0.5f * alpha);
}

// p: signed probabilities. `truth` counts unless the distances are known, `prediction` unless it is null, as for `boundary`,
// where `pixel` is the smallest size of one. All are in the unit of the spacing, and `scale` makes weights of them.
// slope [n][channels][size], or null. parts, one for each block.
// grid: all maps * blocks over tiles of pixels
extern "C" __global__ void distance_weighted(Maps maps, const float* p, Nearest truth, Nearest prediction, const float* known,
                                             const int* misfit, Spacing spacing, float alpha, int boundary, float pixel,
                                             float scale, float* slope, float* parts) {
    __shared__ double room[THREADS / LANES];
    const int size = maps.size(), width = maps.width;
    const Place place = place_of_block(size, WEIGHTED_TILE);
    const i64 map = place.map, number = maps.number(map);
    const bool counts = map % maps.channels >= maps.skip, is_known = known && !*misfit;
    double sum = 0.0;
    for (int i = place.first + static_cast<int>(threadIdx.x); i < place.last; i += THREADS) {
        const int label = counts ? maps.label(map, i) : -1;
        float weight = 0.0f, error = 0.0f;
        if (label >= 0) {
            const bool mine = label == maps.own(map);
            error = boundary ? prob_of(p[map * size + i], mine) : excess_of(p[map * size + i], mine);
            const float square = is_known ? square_of(known[number * size + i] / spacing.unit)
                                          : truth.square(number, size, i, width, spacing);
            if (!boundary) weight = power_of_distance(square, alpha);
            else if (square > 0.0f) weight = mine ? pixel - sqrtf(square) : sqrtf(square);
            if (prediction.extent)
                weight += power_of_distance(prediction.square(number, size, i, width, spacing), alpha);
            weight *= scale;
        }
        sum += boundary ? error * weight : error * error * weight;
        if (slope) slope[map * size + i] = boundary ? weight : 2.0f * error * weight;
    }
    sum = block_sum(sum, room);
    if (threadIdx.x == 0) parts[blockIdx.x] = static_cast<float>(sum);
}
