// Topology precision and sensitivity (clDice) from soft skeletons S of predicted regions p and true ones g: sums of
// S(p) (1 - g), S(p), S(g) (1 - p) and S(g) over the pixels of each sample and class.
//
// The soft skeleton (Shit et al.) of a map x_0, with erosion the minimum over the cross and dilation the maximum over the full
// window of 3, both within the image:
//     x_{k+1} = erode(x_k),   r_k = max(x_k - dilate(x_{k+1}), 0),   s_{k+1} = s_k + max(r_k - s_k r_k, 0),   k = 0 ... K.
// Nothing is kept between the passes: the backward pass makes the x_k and s_k again, of a few maps at a time.
//
// The true regions of a softmax do not overlap, so one map of labels gives the skeletons of all classes: a label survives an
// erosion where its neighbours have it too.
//
// Pixels are compared with one neighbour after another; if two are equal, each gets half of the gradient, as in Paddle's
// operators. Beyond the image the pixel itself is repeated.
#include "maps.cuh"

// Images, and the neighbours of a pixel.
struct Image {
    int depth, height, width;

    __device__ inline int size() const { return depth * height * width; }

    // The pixel so many steps away along each axis; beyond the image the last one again.
    __device__ inline int beside(int at, int z, int y, int x) const {
        const int column = at % width, line = at / width, row = line % height, slice = line / height;
        return (within(slice + z, depth) * height + within(row + y, height)) * width + within(column + x, width);
    }

    // Of a pixel and its direct neighbours, in the order in which they are compared.
    __device__ inline int cross(int at, int number) const {
        const int step = number % 2 == 1 ? 1 : -1;
        return number == 0 ? at : number < 3 ? beside(at, step, 0, 0) : number < 5 ? beside(at, 0, step, 0) : beside(at, 0, 0, step);
    }

    __device__ static inline int within(int i, int size) { return i < 0 ? 0 : i < size ? i : size - 1; }
};

// Apply see(there, z, y, x) to the pixels of the full window of 3 that lie in the image, and how many steps away each is.
template <class See>
__device__ inline void in_window(const Image& image, int at, const See& see) {
    const int column = at % image.width, line = at / image.width, row = line % image.height, slice = line / image.height;
    for (int z = slice > 0 ? -1 : 0; z <= (slice + 1 < image.depth ? 1 : 0); ++z)
        for (int y = row > 0 ? -1 : 0; y <= (row + 1 < image.height ? 1 : 0); ++y)
            for (int x = column > 0 ? -1 : 0; x <= (column + 1 < image.width ? 1 : 0); ++x)
                see(at + (z * image.height + y) * image.width + x, z, y, x);
}

const int CROSS = 7;  // pixels of a cross

// fminf and fmaxf would lose NaN.
__device__ inline float smaller(float mine, float other) { return mine < other ? mine : other; }
__device__ inline float larger(float mine, float other) { return mine > other ? mine : other; }
__device__ inline float positive(float x) { return 0.0f > x ? 0.0f : x; }

__device__ inline float ridge_at(const Image& image, float x, const float* eroded, int at) {
    float most = eroded[at];
    in_window(image, at, [&](int there, int, int, int) { most = larger(most, eroded[there]); });
    return positive(x - most);
}

// Which part of the gradient of the largest of some numbers each of them gets.
template <int COUNT>
struct TieShares {
    float of[COUNT];

    __device__ inline explicit TieShares(const float (&x)[COUNT]) {
        float most[COUNT] = {x[0]}, rest = 1.0f;
        for (int i = 1; i < COUNT; ++i) most[i] = larger(most[i - 1], x[i]);
        for (int i = COUNT - 1; i > 0; --i) {
            of[i] = most[i - 1] > x[i] ? 0.0f : most[i - 1] == x[i] ? 0.5f * rest : rest;
            rest -= of[i];
        }
        of[0] = rest;
    }
};

// What pixel `to` gets of the gradient of the erosion at `at`.
__device__ inline float erosion_share(const Image& image, const float* x, int at, int to) {
    float negative[CROSS], share = 0.0f;
    for (int i = 0; i < CROSS; ++i) negative[i] = -x[image.cross(at, i)];
    const TieShares<CROSS> shares(negative);
    for (int i = 0; i < CROSS; ++i) share += image.cross(at, i) == to ? shares.of[i] : 0.0f;
    return share;
}

// One axis of a dilation: what(step) is the largest number there, and the pixel that gets a share is at `to`.
template <class What>
__device__ inline float axis_share(const What& what, int at, int size, int to) {
    const int steps[3] = {0, 1, -1};
    float x[3], share = 0.0f;
    for (int i = 0; i < 3; ++i) x[i] = what(steps[i]);
    const TieShares<3> shares(x);
    for (int i = 0; i < 3; ++i) share += Image::within(at + steps[i], size) == to ? shares.of[i] : 0.0f;
    return share;
}

// What the pixel (z, y, x) steps away gets of the gradient of the dilation at `at`: the last axis is split first.
__device__ inline float dilation_share(const Image& image, const float* eroded, int at, int z, int y, int x) {
    const int column = at % image.width, line = at / image.width, row = line % image.height, slice = line / image.height;
    const auto in_line = [&](int y, int x) {
        float most = eroded[image.beside(at, -1, y, x)];
        for (int z = 0; z <= 1; ++z) most = larger(most, eroded[image.beside(at, z, y, x)]);
        return most;
    };
    const auto in_plane = [&](int x) { return larger(larger(in_line(-1, x), in_line(0, x)), in_line(1, x)); };
    const float share = axis_share(in_plane, column, image.width, column + x);
    if (share == 0.0f) return 0.0f;
    return share * axis_share([&](int step) { return in_line(step, x); }, row, image.height, row + y) *
           axis_share([&](int step) { return eroded[image.beside(at, step, y, x)]; }, slice, image.depth, slice + z);
}

// Below, maps are those of a problem that are not left out, from the number `first` on, and a grid is maps * blocks over the
// pixels.

// x_0.
extern "C" __global__ void skeleton_start(Maps maps, const float* p, i64 first, float* x) {
    const int size = maps.size();
    const Pixel here = pixel_of_thread(size);
    if (!here.inside) return;
    const i64 map = maps.map_of(first + here.map);
    x[here.map * size + here.at] = prob_of(p[map * size + here.at], maps.label(map, here.at) == maps.own(map));
}

extern "C" __global__ void skeleton_erode(Image image, const float* x, float* eroded) {
    const Pixel here = pixel_of_thread(image.size());
    if (!here.inside) return;
    const i64 map = here.map * image.size();
    float least = x[map + here.at];
    for (int i = 1; i < CROSS; ++i) least = smaller(least, x[map + image.cross(here.at, i)]);
    eroded[map + here.at] = least;
}

// s_{k+1}, perhaps in the place of s_k; skeleton is null for s_0.
extern "C" __global__ void skeleton_grow(Image image, const float* x, const float* eroded, const float* skeleton, float* grown) {
    const Pixel here = pixel_of_thread(image.size());
    if (!here.inside) return;
    const i64 map = here.map * image.size(), at = map + here.at;
    const float ridge = ridge_at(image, x[at], eroded + map, here.at), before = skeleton ? skeleton[at] : 0.0f;
    grown[at] = before + positive(ridge - before * ridge);
}

// The gradient of s_{k+1} becomes that of s_k, and gives that of r_k.
extern "C" __global__ void skeleton_shrink(Image image, const float* x, const float* eroded, const float* skeleton,
                                           float* upstream, float* ridge_gradient) {
    const Pixel here = pixel_of_thread(image.size());
    if (!here.inside) return;
    const i64 map = here.map * image.size(), at = map + here.at;
    const float ridge = ridge_at(image, x[at], eroded + map, here.at), before = skeleton ? skeleton[at] : 0.0f;
    const float given = upstream[at];
    const bool grows = ridge - before * ridge > 0.0f;
    ridge_gradient[at] = grows ? given * (1.0f - before) : 0.0f;
    upstream[at] = grows ? given * (1.0f - ridge) : given;
}

// Subtract the ridges' gradient, through the dilation, from that of x_{k+1}; `gradient` is null before there is one.
extern "C" __global__ void skeleton_dilate_backward(Image image, const float* eroded, const float* ridge_gradient,
                                                    const float* gradient, float* out) {
    const Pixel here = pixel_of_thread(image.size());
    if (!here.inside) return;
    const i64 map = here.map * image.size();
    float sum = gradient ? gradient[map + here.at] : 0.0f;
    in_window(image, here.at, [&](int there, int z, int y, int x) {
        const float given = ridge_gradient[map + there];  // few pixels lie on a ridge
        if (given != 0.0f) sum -= given * dilation_share(image, eroded + map, there, -z, -y, -x);
    });
    out[map + here.at] = sum;
}

// The gradient of x_k, from those of x_{k+1} and r_k.
extern "C" __global__ void skeleton_erode_backward(Image image, const float* x, const float* eroded_gradient,
                                                   const float* ridge_gradient, float* gradient) {
    const Pixel here = pixel_of_thread(image.size());
    if (!here.inside) return;
    const i64 map = here.map * image.size();
    float sum = ridge_gradient[map + here.at];
    for (int i = 0; i < CROSS; ++i) {
        const int there = image.cross(here.at, i);
        const float given = eroded_gradient[map + there];
        if ((i == 0 || there != here.at) && given != 0.0f) sum += given * erosion_share(image, x + map, there, here.at);
    }
    gradient[map + here.at] = sum;
}

// Labels of planes, -1 where there is no region, and no pixel on a line yet. grid: planes * blocks over the pixels
extern "C" __global__ void lines_start(Maps maps, short* regions, u8* lines) {
    const int size = maps.size();
    const Pixel here = pixel_of_thread(size);
    if (!here.inside) return;
    const i64 at = here.map * size + here.at;
    const int label = maps.labels[at];
    regions[at] = static_cast<short>(maps.sigmoid && label == 0 ? -1 : label);
    lines[at] = 0;
}

// The same; a label stays where all direct neighbours have it.
extern "C" __global__ void lines_erode(Image image, const short* regions, short* eroded) {
    const Pixel here = pixel_of_thread(image.size());
    if (!here.inside) return;
    const i64 map = here.map * image.size();
    const short mine = regions[map + here.at];
    bool whole = true;
    for (int i = 1; i < CROSS; ++i) whole = whole && regions[map + image.cross(here.at, i)] == mine;
    eroded[map + here.at] = whole ? mine : static_cast<short>(-1);
}

// The same; a pixel lies on a line if its label stays nowhere in the full window.
extern "C" __global__ void lines_mark(Image image, const short* regions, const short* eroded, u8* lines) {
    const Pixel here = pixel_of_thread(image.size());
    if (!here.inside) return;
    const i64 map = here.map * image.size();
    const short mine = regions[map + here.at];
    bool covered = mine == -1;
    in_window(image, here.at, [&](int there, int, int, int) { covered = covered || eroded[map + there] == mine; });
    if (!covered) lines[map + here.at] = 1;
}

const int CENTERLINE_TILE = 4 * THREADS;

// parts [maps][tiles][4]: the sums. grid: maps * blocks over tiles of pixels
extern "C" __global__ void centerline_sums(Maps maps, const float* p, const u8* lines, i64 first, const float* skeleton,
                                           float* parts) {
    __shared__ double room[THREADS / LANES];
    const int size = maps.size();
    const Place place = place_of_block(size, CENTERLINE_TILE);
    const i64 map = maps.map_of(first + place.map), plane = (maps.sigmoid ? map : map / maps.channels) * size;
    double sums[4] = {0.0, 0.0, 0.0, 0.0};
    for (int i = place.first + static_cast<int>(threadIdx.x); i < place.last; i += THREADS) {
        const bool mine = maps.label(map, i) == maps.own(map), on_line = mine && lines[plane + i];
        const float ridge = skeleton[place.map * size + i];
        sums[0] += mine ? 0.0f : ridge;
        sums[1] += ridge;
        sums[2] += on_line ? -excess_of(p[map * size + i], true) : 0.0f;
        sums[3] += on_line ? 1.0f : 0.0f;
    }
    for (int k = 0; k < 4; ++k) {
        const double sum = block_sum(sums[k], room);
        if (threadIdx.x == 0) parts[4 * static_cast<i64>(blockIdx.x) + k] = static_cast<float>(sum);
    }
}

// The gradient of the skeletons from that of the sums, [all maps][4].
extern "C" __global__ void centerline_upstream(Maps maps, const float* of_sums, i64 first, float* upstream) {
    const int size = maps.size();
    const Pixel here = pixel_of_thread(size);
    if (!here.inside) return;
    const i64 map = maps.map_of(first + here.map);
    const float* given = of_sums + 4 * map;
    upstream[here.map * size + here.at] = given[1] + (maps.label(map, here.at) == maps.own(map) ? 0.0f : given[0]);
}

// The gradient of p, from that of x_0.
extern "C" __global__ void centerline_gradient(Maps maps, const float* of_sums, const u8* lines, i64 first, const float* of_start,
                                               float* gradient) {
    const int size = maps.size();
    const Pixel here = pixel_of_thread(size);
    if (!here.inside) return;
    const i64 map = maps.map_of(first + here.map), plane = (maps.sigmoid ? map : map / maps.channels) * size;
    const int label = maps.label(map, here.at);
    const bool on_line = label == maps.own(map) && lines[plane + here.at];
    const float sum = of_start[here.map * size + here.at] - (on_line ? of_sums[4 * map + 2] : 0.0f);
    gradient[map * size + here.at] = label < 0 ? 0.0f : sum;
}
