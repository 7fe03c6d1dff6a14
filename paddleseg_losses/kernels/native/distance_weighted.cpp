// Sums over the pixels of each sample and class of an error times its price, which distance maps give, and their slope in
// p. Hausdorff: (p - g)^2 (d_g^alpha + d_p^alpha), with the maps of the truth and of p > 0.5. Boundary: p phi, with phi the
// distance to the true region, and minus (the distance to its outside - a pixel) inside it. Prices carry no gradient.
#include <cmath>

#include "edt.hpp"
#include "memory.hpp"
#include "tile.hpp"

namespace {

constexpr std::int64_t CHUNK = 1 << 15;  // pixels whose sum is a partial sum: the result does not depend on the threads

struct Price {
    edt::Grid grid;
    const double* spacing;
    double alpha, pixel;  // the exponent of the distances; the smallest size of a pixel
    bool boundary, one_sided;
    std::atomic<bool>& fits;  // whether distances that are known belong to these labels
};

// Distances to a power of w pixels, added to `price`.
template <class Square>
EVERY_INSTRUCTION_SET void add_powers(const Square* squares, double alpha, int w, float* price) {
    for (int i = 0; i < w; ++i) {
        const Square square = squares[i] < 0 ? -squares[i] : squares[i];
        const double clean = square == FAR<Square> ? 0.0 : double(square);
        price[i] += float(alpha == 2.0 ? clean : alpha == 1.0 ? std::sqrt(clean) : std::pow(clean, alpha / 2));
    }
}

template <class Square>
EVERY_INSTRUCTION_SET void signed_distances(const Square* squares, double pixel, int w, float* price) {
    for (int i = 0; i < w; ++i) {
        const Square square = squares[i] < 0 ? -squares[i] : squares[i];
        const double distance = std::sqrt(double(square));
        price[i] = float(square == FAR<Square> ? 0.0 : squares[i] > 0 ? pixel - distance : distance);
    }
}

// Prices by known distances, which are positive inside their mask; whether it is this mask.
EVERY_INSTRUCTION_SET
bool known_prices(const float* known, const std::uint8_t* mask, double alpha, double pixel, bool boundary, int w,
                  float* price) {
    int other = 0;
    for (int i = 0; i < w; ++i) {
        const float size = known[i] < 0 ? -known[i] : known[i], clean = size == INFINITY ? 0.0f : size;
        other |= (known[i] > 0) != (mask[i] != 0);
        price[i] = boundary && known[i] > 0 && clean > 0 ? float(pixel) - clean : clean;
    }
    if (!boundary && alpha != 1.0)
        for (int i = 0; i < w; ++i)
            price[i] = alpha == 2.0 ? price[i] * price[i] : float(std::pow(double(price[i]), alpha));
    return other == 0;
}

// The sum of w pixels; their slopes replace the prices.
EVERY_INSTRUCTION_SET
double price_errors(const float* p, const std::int32_t* label, int own, bool boundary, int w, float* price) {
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int i = 0; i < w; ++i) {
        const float error = boundary ? p[i] : p[i] - (label[i] == own ? 1.0f : 0.0f);
        const float value = boundary ? error * price[i] : error * error * price[i];
        const float slope = boundary ? price[i] : 2.0f * error * price[i];
        sum += label[i] < 0 ? 0.0 : double(value);
        price[i] = label[i] < 0 ? 0.0f : slope;
    }
    return sum;
}

EVERY_INSTRUCTION_SET
void mark(const std::int32_t* label, int own, const float* p, std::int64_t pixels, std::uint8_t* mask) {
    if (p == nullptr)
        for (std::int64_t i = 0; i < pixels; ++i) mask[i] = label[i] == own;
    else
        for (std::int64_t i = 0; i < pixels; ++i) mask[i] = label[i] >= 0 && p[i] > 0.5f;
}

EVERY_INSTRUCTION_SET
void labels_of(const Problem& q, std::int64_t first, int w, std::int64_t classes, std::int32_t* label) {
    read_labels(q, first, w, classes, label);
}

template <class Square>
double one_cell(const Problem& q, const Price& price, std::int64_t sample, int channel, const float* known, int threads,
                float* slope) {
    const int own = q.sigmoid ? 1 : channel;
    const float* p = q.logits + (sample * q.c + channel) * q.s;
    const int chunks = int((q.s + CHUNK - 1) / CHUNK);
    std::vector<std::int32_t> label(q.s);
    std::vector<std::uint8_t> mask(q.s);
    const std::unique_ptr<Square[]> squares(new Square[q.s]);
    std::vector<double> sums(chunks);
    const auto in_chunks = [&](auto work) {
        run_parallel(chunks, threads, [&](int i) { work(i, i * CHUNK, int(std::min(CHUNK, q.s - i * CHUNK))); });
    };
    in_chunks([&](int, std::int64_t at, int w) {
        labels_of(q, (q.sigmoid ? sample * q.c + channel : sample) * q.s + at, w, q.sigmoid ? 2 : q.c, &label[at]);
        mark(&label[at], own, nullptr, w, &mask[at]);
        std::fill_n(slope + at, w, 0.0f);
    });
    if (known == nullptr) edt::signed_squares(price.grid, mask.data(), price.spacing, threads, squares.get());
    in_chunks([&](int, std::int64_t at, int w) {
        if (known != nullptr) {
            if (!known_prices(known + at, &mask[at], price.alpha, price.pixel, price.boundary, w, slope + at))
                price.fits = false;
        } else if (price.boundary)
            signed_distances(&squares[at], price.pixel, w, slope + at);
        else
            add_powers(&squares[at], price.alpha, w, slope + at);
        mark(&label[at], own, p + at, w, &mask[at]);
    });
    if (!price.boundary && !price.one_sided) {
        edt::signed_squares(price.grid, mask.data(), price.spacing, threads, squares.get());
        in_chunks([&](int, std::int64_t at, int w) { add_powers(&squares[at], price.alpha, w, slope + at); });
    }
    in_chunks([&](int i, std::int64_t at, int w) {
        sums[i] = price_errors(p + at, &label[at], own, price.boundary, w, slope + at);
    });
    double total = 0;
    for (const double sum : sums) total += sum;
    return total;
}

}  // namespace

// `problem` holds probabilities for logits. sums [n, c] and slope [n, c, s]; 0 in channels before the first. Distances of
// the truth that are known are used; `fits` says whether they are those of these labels, else the results are not.
EXPORT int priced_forward(const Problem* problem, int axes, const std::int64_t* sizes, const double* spacing,
                          double alpha, double pixel, int boundary, int one_sided, int first, const float* known,
                          int* fits, double* sums, float* slope, int threads) {
    return status_of([&] {
        const Problem& q = *problem;
        std::atomic<bool> belongs{true};
        const Price price{edt::Grid{axes, sizes}, spacing, alpha, pixel, boundary != 0, one_sided != 0, belongs};
        const std::int64_t cells = q.n * q.c;
        const int across = cells >= threads ? threads : 1, within = cells >= threads ? 1 : threads;
        const bool whole = edt::whole(price.grid, spacing);
        expect_large_pages(slope, cells * q.s * sizeof(float));
        run_parallel(int(cells), across, [&](int i) {
            const int channel = int(i % q.c);
            float* own = slope + i * q.s;
            const float* map = known == nullptr ? nullptr : known + (i / q.c * (q.c - first) + channel - first) * q.s;
            sums[i] = 0;
            if (channel < first || !belongs)
                std::fill_n(own, q.s, 0.0f);
            else
                sums[i] = whole ? one_cell<std::int32_t>(q, price, i / q.c, channel, map, within, own)
                                : one_cell<double>(q, price, i / q.c, channel, map, within, own);
        });
        *fits = belongs;
    });
}
