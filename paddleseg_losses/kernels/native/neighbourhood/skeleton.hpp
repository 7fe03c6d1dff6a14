// The soft skeleton of a map (Shit et al.) and its gradient. With x_0 the map, erosion the minimum over the cross and dilation
// the maximum over the full window of 3, both within the image,
//     x_{k+1} = erode(x_k),   r_k = max(x_k - dilate(x_{k+1}), 0),   s_{k+1} = s_k + max(r_k - s_k r_k, 0),   k = 0 ... K.
//
// All erosions run over the map together, each one slice behind the previous one: a slice is read while it is still in a cache,
// and only the last few slices of each x_k are kept. The backward pass runs the same way, since a slice needs only those around
// it, and recomputes the x_k, so that only x_0 is kept between the passes.
#pragma once

#include <algorithm>
#include <vector>

#include "parallel.hpp"
#include "neighbourhood/slices.hpp"

namespace psl {

// The last few slices of a map; they start as 0.
class RingBuffer {
public:
    RingBuffer(std::int64_t size, std::int64_t count) : size_(size), count_(count), values_(size * count) {}
    float* operator[](std::int64_t slice) { return &values_[slice % count_ * size_]; }

private:
    std::int64_t size_, count_;
    std::vector<float> values_;
};

// Slices [first, last) of the skeleton of one map, or of its gradient.
template <bool VOLUME>
class Skeleton {
public:
    Skeleton(const Slices& slices, int iterations, bool backward) : grid_(slices), last_(iterations), scratch_(slices, last_) {
        const std::int64_t back = backward ? 1 : 0;
        for (std::int64_t k = 0; k <= last_ + 1; ++k) x_.emplace_back(grid_.padded(), 3 + back * 2 * (last_ + 1 - k));
        for (std::int64_t k = 0; k <= last_; ++k) ridges_.emplace_back(grid_.pixels(), last_ - k + 1);
        for (std::int64_t k = 0; back && k <= last_ + 1; ++k) gradients_.emplace_back(grid_.pixels(), last_ - k + 4);
    }

    // map(slice) is where the pixels of a slice are, until the next call; done(slice, its skeleton).
    template <class Map, class Done>
    void forward(Map map, std::int64_t first, std::int64_t last, Done done) {
        begin_ = std::max<std::int64_t>(0, first - last_ - 2), end_ = std::min(grid_.count, last + last_ + 2);
        for (std::int64_t now = begin_; now < end_ + last_ + 2; ++now) {
            erode_and_open(map, now);
            const std::int64_t slice = now - last_ - 2;
            if (slice < first || slice >= last) continue;
            done(slice, grow(grid_.pixels(), last_ + 1, ridges_of(slice), scratch_.skeletons()));
        }
    }

    // upstream(slice, to) writes the gradient of the skeleton; done(slice, the map's gradient).
    template <class Map, class Upstream, class Done>
    void backward(Map map, std::int64_t first, std::int64_t last, Upstream upstream, Done done) {
        const std::int64_t reach = 2 * last_ + 4;
        begin_ = std::max<std::int64_t>(0, first - reach), end_ = std::min(grid_.count, last + reach);
        for (std::int64_t now = begin_; now < end_ + reach; ++now) {
            erode_and_open(map, now);
            const std::int64_t grown = now - last_ - 2;
            if (inside(grown)) {
                upstream(grown, scratch_.upstream());
                ridges_backward(grown);
            }
            for (std::int64_t k = last_; k >= 0; --k) {
                const std::int64_t slice = now - (2 * last_ + 3 - k);
                if (inside(slice))
                    erode_backward<VOLUME>(grid_, neighbors(x_[k], slice), gradients_[k + 1][slice],
                                           neighbors(gradients_[k], slice), scratch_);
            }
            const std::int64_t slice = now - reach;
            if (!inside(slice)) continue;
            float* gradient = gradients_[0][slice];
            if (slice >= first && slice < last) done(slice, gradient);
            std::fill_n(gradient, grid_.pixels(), 0.0f);
        }
    }

private:
    bool inside(std::int64_t slice) const { return slice >= begin_ && slice < end_; }

    // Beyond the image lies the slice itself.
    Neighbors neighbors(RingBuffer& ring, std::int64_t slice) const {
        return {ring[std::max(slice - 1, begin_)], ring[slice], ring[std::min(slice + 1, end_ - 1)]};
    }

    std::vector<float*> ridges_of(std::int64_t slice) {
        std::vector<float*> rows;
        for (RingBuffer& ring : ridges_) rows.push_back(ring[slice]);
        return rows;
    }

    template <class Map>
    void erode_and_open(Map& map, std::int64_t now) {
        if (inside(now)) read(grid_, map(now), x_[0][now]);
        for (std::int64_t k = 0; k <= last_; ++k) {
            const std::int64_t eroded = now - k - 1, opened = now - k - 2;
            if (inside(eroded)) erode<VOLUME>(grid_, neighbors(x_[k], eroded), x_[k + 1][eroded]);
            if (inside(opened)) ridge<VOLUME>(grid_, x_[k][opened], neighbors(x_[k + 1], opened), ridges_[k][opened], scratch_);
        }
    }

    // Gradients of the ridges, and through them of x_0 ... x_{K+1}, from a slice of the skeleton's.
    void ridges_backward(std::int64_t slice) {
        const std::vector<float*> ridges = ridges_of(slice);
        grow(grid_.pixels(), last_ + 1, ridges, scratch_.skeletons());
        shrink(grid_.pixels(), last_ + 1, ridges, scratch_.skeletons(), scratch_.upstream());
        for (std::int64_t k = 0; k <= last_; ++k) {
            add(ridges[k], grid_.pixels(), gradients_[k][slice]);
            dilate_backward<VOLUME>(grid_, neighbors(x_[k + 1], slice), ridges[k], neighbors(gradients_[k + 1], slice),
                                    scratch_);
        }
    }

    const Slices& grid_;
    std::int64_t last_, begin_ = 0, end_ = 0;  // K; the slices in use
    Scratch scratch_;
    std::vector<RingBuffer> x_, ridges_, gradients_;  // of x_k, r_k and the gradient of x_k
};

// Run task(map, first slice, last) on all maps, which are distributed whole; if there are fewer than threads, each is cut into
// bands of slices. A band is computed with the slices around it that matter, so the result does not depend on the cuts.
template <class Task>
Status in_bands(std::int64_t maps, const Slices& grid, int iterations, int threads, Task task) {
    const std::int64_t most = std::max<std::int64_t>(1, grid.count / (8 * (iterations + 2)));
    const std::int64_t bands = std::min((threads + maps - 1) / maps, most);
    return status_of([&] {
        run_parallel(int(maps * bands), threads, [&](int i) {
            const std::int64_t band = i % bands;
            task(i / bands, grid.count * band / bands, grid.count * (band + 1) / bands);
        });
    });
}

}  // namespace psl
