// The Lovász extension of the Jaccard loss (Berman et al., Algorithm 1) of raw logits, and its gradient.
//
// A row is a class, or an image and a class. Its errors e are sorted decreasingly and multiplied with the growth of
// 1 - IoU as pixels are counted wrong one after another: with I pixels of the class still right and a union of U after the
// step, a pixel of the class adds 1 / U, any other I / (U (U - 1)). Errors are |g - p| with p = softmax(z), or
// max(0, 1 - z (2 y - 1)); an error of 0 adds nothing, so it is not sorted. What is sorted is the excess, e less a base: of
// the hinge -z (2 y - 1), which tells errors apart that are equal after rounding.
//
// Growths carry no gradient. The forward pass keeps them, with the sign of de/dp or de/dz, as `pull` [c, n s]; then
// dz = p (pull - sum over classes of p pull), or dz = pull, times the gradient of each row.
//
// Everything is done in chunks of fixed size, which are put together in order: results do not depend on the threads.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "memory.hpp"
#include "parallel.hpp"
#include "tile.hpp"

namespace {

constexpr std::int64_t CHUNK = 1 << 16;  // pixels of a task
constexpr int BLOCK = 1024;              // pixels whose errors are computed together
constexpr int DIGIT = 11, DIGITS = 1 << DIGIT;

using Entry = std::uint64_t;  // sort key, pixel and whether it belongs to the class, from the highest bit to the lowest

// The bits of a float in the order of the numbers, largest first.
INLINE Entry entry_of(float excess, std::int64_t pixel, bool hit) {
    std::uint32_t bits;
    std::memcpy(&bits, &excess, sizeof bits);
    bits ^= bits >> 31 ? 0x00000000u : 0x7fffffffu;
    return Entry(bits) << 32 | Entry(pixel) << 1 | Entry(hit);
}

INLINE float excess_of(Entry entry) {
    std::uint32_t bits = std::uint32_t(entry >> 32);
    bits ^= bits >> 31 ? 0x00000000u : 0x7fffffffu;
    float excess;
    std::memcpy(&excess, &bits, sizeof excess);
    return excess;
}

// e^(z - top) is scaled to the softmax by `inverse`; labels are -1 where a pixel is left out. All [n s].
struct Softmax {
    std::vector<std::int32_t> label;
    std::vector<float> top, inverse;
};

EVERY_INSTRUCTION_SET
void softmax_scales(const Problem& q, std::int64_t sample, std::int64_t first, int w, float* top, float* inverse) {
    for (int k = 0; k < q.c; ++k) {
        const float* z = q.logits + (sample * q.c + k) * q.s + first;
        for (int i = 0; i < w; ++i) top[i] = k == 0 || z[i] > top[i] ? z[i] : top[i];
    }
    for (int i = 0; i < w; ++i) inverse[i] = 0.0f;
    for (int k = 0; k < q.c; ++k) {
        const float* z = q.logits + (sample * q.c + k) * q.s + first;
        for (int i = 0; i < w; ++i) inverse[i] += exp_nonpositive(z[i] - top[i]);
    }
    for (int i = 0; i < w; ++i) inverse[i] = 1.0f / inverse[i];
}

EVERY_INSTRUCTION_SET
void softmax_errors(const float* z, const Softmax& of, std::int64_t first, int channel, int w, float* error) {
    const std::int32_t* label = of.label.data() + first;
    const float *top = of.top.data() + first, *inverse = of.inverse.data() + first;
    for (int i = 0; i < w; ++i) {
        const float p = exp_nonpositive(z[i] - top[i]) * inverse[i];
        const float gap = (label[i] == channel ? 1.0f : 0.0f) - p;
        error[i] = label[i] < 0 ? 0.0f : gap < 0.0f ? -gap : gap;
    }
}

EVERY_INSTRUCTION_SET
void hinge_excesses(const float* z, const std::int32_t* label, int w, float* excess) {
    for (int i = 0; i < w; ++i) excess[i] = label[i] < 0 ? -1.0f : label[i] == 1 ? -z[i] : z[i];
}

EVERY_INSTRUCTION_SET
void read_all_labels(const Problem& q, std::int64_t first, int w, std::int64_t classes, std::int32_t* label) {
    read_labels(q, first, w, classes, label);
}

struct Lovasz {
    const Problem& q;
    bool per_image;
    const std::uint8_t* wanted;  // which classes, [c]
    bool present_only;           // leave out a row without pixels of its class
    Softmax softmax;
    float* pull;  // [c, n s], or null

    float base() const { return q.sigmoid ? 1.0f : 0.0f; }
    std::int64_t groups() const { return per_image ? q.n : 1; }
    std::int64_t length() const { return per_image ? q.s : q.n * q.s; }

    // Apply task(sample, first, w, place) to pieces of pixels first ... last of all samples; place = sample s + first.
    template <class Task>
    void pieces(std::int64_t first, std::int64_t last, Task task) const {
        for (std::int64_t place = first; place < last;) {
            const std::int64_t sample = place / q.s, offset = place % q.s;
            const int w = int(std::min<std::int64_t>({BLOCK, q.s - offset, last - place}));
            task(sample, offset, w, place);
            place += w;
        }
    }

    void prepare(int threads) {
        if (q.sigmoid) return;
        const std::int64_t pixels = q.n * q.s;
        softmax.label.resize(pixels), softmax.top.resize(pixels), softmax.inverse.resize(pixels);
        run_slices(pixels, threads, [&](std::int64_t begin, std::int64_t end) {
            pieces(begin, end, [&](std::int64_t sample, std::int64_t first, int w, std::int64_t place) {
                read_all_labels(q, place, w, q.c, &softmax.label[place]);
                softmax_scales(q, sample, first, w, &softmax.top[place], &softmax.inverse[place]);
            });
        });
    }

    // Entries of the pixels first ... last with an error above 0; `hits` are the pixels of the class among all.
    std::int64_t collect(int channel, std::int64_t first, std::int64_t last, std::int64_t start, Entry* entries,
                         std::int64_t& hits) const {
        std::int64_t count = 0;
        std::vector<float> excess(BLOCK);
        std::vector<std::int32_t> own(BLOCK);
        pieces(first, last, [&](std::int64_t sample, std::int64_t offset, int w, std::int64_t place) {
            const std::int64_t plane = (sample * q.c + channel) * q.s + offset;
            const std::int32_t* label = own.data();
            if (q.sigmoid) {
                read_all_labels(q, plane, w, 2, own.data());
                hinge_excesses(q.logits + plane, label, w, excess.data());
            } else {
                label = &softmax.label[place];
                softmax_errors(q.logits + plane, softmax, place, channel, w, excess.data());
            }
            const int mine = q.sigmoid ? 1 : channel;
            for (int i = 0; i < w; ++i) {
                const bool hit = label[i] == mine;
                hits += hit;
                entries[count] = entry_of(excess[i], place - start + i, hit);
                count += !(excess[i] <= -base());  // NaN is kept, and seen
            }
        });
        return count;
    }

    void row(std::int64_t number, int threads, double* loss, std::int64_t* hits) const;
};

// One pass of a radix sort: entries of each chunk, `filled` many, go to their places by one digit of the key.
void sort_by_digit(const Entry* from, const std::vector<std::int64_t>& filled, int shift, int threads, Entry* to) {
    const int chunks = int(filled.size());
    std::vector<std::int64_t> place(std::size_t(chunks) * DIGITS);
    const auto digit = [shift](Entry entry) { return entry >> shift & (DIGITS - 1); };
    run_parallel(chunks, threads, [&](int i) {
        for (std::int64_t k = 0; k < filled[i]; ++k) ++place[i * DIGITS + digit(from[i * CHUNK + k])];
    });
    std::int64_t next = 0;
    for (int d = 0; d < DIGITS; ++d)
        for (int i = 0; i < chunks; ++i) next += std::exchange(place[std::int64_t(i) * DIGITS + d], next);
    run_parallel(chunks, threads, [&](int i) {
        for (std::int64_t k = 0; k < filled[i]; ++k) {
            const Entry entry = from[i * CHUNK + k];
            to[place[i * DIGITS + digit(entry)]++] = entry;
        }
    });
}

// Sum of e times growth over sorted entries; before them came `steps` others, `lost` of them of the class.
double weigh(const Entry* entries, std::int64_t count, std::int64_t steps, std::int64_t lost, std::int64_t size,
             float base, float* pull) {
    double sum = 0;
    double right = double(size - lost), joint = double(size + steps - lost);
    for (std::int64_t k = 0; k < count; ++k) {
        const bool hit = entries[k] & 1;
        right -= hit;
        joint += !hit;
        const double parts = hit ? joint : joint * (joint - 1);
        // An absent class has no union before its first wrong pixel, which raises its loss from 0 to 1.
        const double growth = parts > 0 ? (hit ? 1.0 : right) / parts : 1.0;
        sum += (double(base) + excess_of(entries[k])) * growth;
        if (pull) pull[std::uint32_t(entries[k]) >> 1] = float(hit ? -growth : growth);
    }
    return sum;
}

void Lovasz::row(std::int64_t number, int threads, double* loss, std::int64_t* hits) const {
    const int channel = int(number % q.c);
    const std::int64_t start = number / q.c * length();  // first pixel of the row
    const int chunks = int((length() + CHUNK - 1) / CHUNK);
    *loss = 0, *hits = 0;
    const std::unique_ptr<Entry[]> space(new Entry[2 * length()]);
    expect_large_pages(space.get(), 2 * length() * sizeof(Entry));
    Entry *from = space.get(), *to = from + length();
    std::vector<std::int64_t> filled(chunks), found(chunks);
    run_parallel(chunks, threads, [&](int i) {
        const std::int64_t first = i * CHUNK, last = std::min(first + CHUNK, length());
        filled[i] = collect(channel, start + first, start + last, start, from + first, found[i]);
        if (pull) std::fill(pull + channel * q.n * q.s + start + first, pull + channel * q.n * q.s + start + last, 0.0f);
    });
    std::int64_t total = 0;
    for (int i = 0; i < chunks; ++i) total += filled[i], *hits += found[i];
    if (!wanted[channel] || (present_only && *hits == 0)) return;
    for (int shift = 32; shift < 64; shift += DIGIT, std::swap(from, to)) {
        sort_by_digit(from, filled, shift, threads, to);
        for (int i = 0; i < chunks; ++i) filled[i] = std::clamp<std::int64_t>(total - i * CHUNK, 0, CHUNK);
    }
    std::vector<double> sums(chunks);
    run_parallel(chunks, threads, [&](int i) {
        found[i] = 0;
        for (std::int64_t k = 0; k < filled[i]; ++k) found[i] += from[i * CHUNK + k] & 1;
    });
    std::vector<std::int64_t> lost(chunks);
    for (int i = 1; i < chunks; ++i) lost[i] = lost[i - 1] + found[i - 1];
    run_parallel(chunks, threads, [&](int i) {
        sums[i] = weigh(from + i * CHUNK, filled[i], i * CHUNK, lost[i], *hits, base(),
                        pull ? pull + channel * q.n * q.s + start : nullptr);
    });
    for (int i = 0; i < chunks; ++i) *loss += sums[i];
}

// dz of w pixels; `pull` points at them in the first class, and `upstream` is the gradient of each class's row.
EVERY_INSTRUCTION_SET
void softmax_gradient(const Problem& q, std::int64_t sample, std::int64_t first, int w, const std::int32_t* label,
                      const float* pull, const double* upstream, float* space, float* out) {
    float *top = space, *inverse = space + BLOCK, *mean = space + 2 * BLOCK;
    softmax_scales(q, sample, first, w, top, inverse);
    for (int i = 0; i < w; ++i) mean[i] = 0.0f;
    for (int k = 0; k < q.c; ++k) {
        const std::int64_t plane = (sample * q.c + k) * q.s + first;
        const float *z = q.logits + plane, *h = pull + k * q.n * q.s, u = float(upstream[k]);
        float* dz = out + plane;
        for (int i = 0; i < w; ++i) {
            dz[i] = exp_nonpositive(z[i] - top[i]) * inverse[i];
            mean[i] += dz[i] * u * h[i];
        }
    }
    for (int k = 0; k < q.c; ++k) {
        const float *h = pull + k * q.n * q.s, u = float(upstream[k]);
        float* dz = out + (sample * q.c + k) * q.s + first;
        for (int i = 0; i < w; ++i) dz[i] = label[i] < 0 ? 0.0f : dz[i] * (u * h[i] - mean[i]);
    }
}

EVERY_INSTRUCTION_SET
void hinge_gradient(const float* pull, const double upstream, int w, float* out) {
    for (int i = 0; i < w; ++i) out[i] = float(upstream) * pull[i];
}

}  // namespace

// Losses and numbers of class pixels of every row, [groups, c]; 0 for rows that are left out. pull [c, n s] or null.
EXPORT int lovasz_forward(const Problem* problem, int per_image, const std::uint8_t* wanted, int present_only,
                          double* losses, std::int64_t* hits, float* pull, int threads) {
    return status_of([&] {
        Lovasz lovasz{*problem, per_image != 0, wanted, present_only != 0, {}, pull};
        const std::int64_t pixels = problem->n * problem->s;
        if (pull) expect_large_pages(pull, pixels * problem->c * sizeof(float));
        lovasz.prepare(threads);
        const int rows = int(lovasz.groups() * problem->c);
        const int across = rows >= threads ? threads : 1, within = rows >= threads ? 1 : threads;
        run_parallel(rows, across, [&](int i) { lovasz.row(i, within, losses + i, hits + i); });
    });
}

// out [n, c, s] from the gradient of every row, [groups, c].
EXPORT int lovasz_backward(const Problem* problem, int per_image, const double* upstream, const float* pull,
                           float* out, int threads) {
    return status_of([&] {
        const Problem& q = *problem;
        const Lovasz lovasz{q, per_image != 0, nullptr, false, {}, nullptr};
        expect_large_pages(out, q.n * q.c * q.s * sizeof(float));
        run_slices(q.n * q.s, threads, [&](std::int64_t begin, std::int64_t end) {
            std::vector<float> space(3 * BLOCK);
            std::vector<std::int32_t> label(BLOCK);
            lovasz.pieces(begin, end, [&](std::int64_t sample, std::int64_t first, int w, std::int64_t place) {
                const double* of = upstream + (per_image ? sample * q.c : 0);
                if (!q.sigmoid) {
                    read_all_labels(q, place, w, q.c, label.data());
                    softmax_gradient(q, sample, first, w, label.data(), pull + place, of, space.data(), out);
                    return;
                }
                for (int k = 0; k < q.c; ++k)
                    hinge_gradient(pull + k * q.n * q.s + place, of[k], w, out + (sample * q.c + k) * q.s + first);
            });
        });
    });
}
