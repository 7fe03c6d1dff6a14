// The second stage of every sum over pixels: what the blocks of the first stage have left.
#include "common.cuh"

// out [rows, cells] = the sums of parts [rows, tiles, cells] over the tiles, added in double. grid (rows cells), block 128.
extern "C" __global__ void sum_parts(const float* parts, float* out, i64 tiles, i64 cells) {
    __shared__ double room[4];
    const i64 row = blockIdx.x / cells, cell = blockIdx.x % cells;
    double sum = 0.0;
    for (i64 tile = threadIdx.x; tile < tiles; tile += blockDim.x) sum += parts[(row * tiles + tile) * cells + cell];
    sum = block_sum(sum, room);
    if (threadIdx.x == 0) out[blockIdx.x] = static_cast<float>(sum);
}
