// The Lovász extension of the Jaccard loss (Berman et al., Algorithm 1) of raw logits, and its gradient.
//
// A row is a class, or an image and a class. Its errors e are sorted decreasingly and multiplied with the growth of
// 1 - IoU as pixels are counted wrong one after another: with I pixels of the class still right and a union of U after the
// step, a pixel of the class adds 1 / U, any other I / (U (U - 1)). Errors are |g - p| with p = softmax(z), or
// max(0, 1 - z (2 y - 1)) for each channel, or for z = z_1 - z_0 of two classes, which have one row then. What is
// sorted is the excess, e less a base: of the hinge -z (2 y - 1), which tells errors apart that are equal after rounding.
//
// Some errors add nothing, and are not sorted: those of 0, and those below the errors of all pixels of the class, which I = 0
// follows. Of many classes they are most: pixels of other classes, that hardly look like this one.
//
// Growths carry no gradient. The forward pass keeps them, with the sign of de/dp or de/dz, as `pull` [c, n s]; then
// dz = p (pull - sum over classes of p pull), or dz = pull, times the gradient of each row. Two classes of a softmax have the
// same errors: one order serves both, and their pull is [n s, 2], as it is written in that order.
//
// Everything is done in chunks of fixed size, which are put together in order: results do not depend on the threads.
#include <algorithm>
#include <cmath>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "excesses.hpp"
#include "growths.hpp"
#include "memory.hpp"
#include "parallel.hpp"
#include "sorter.hpp"
#include "tile.hpp"

namespace {

constexpr int BLOCK = 256;  // pixels that are worked on together
constexpr int PIECE = 64;   // pixels that are left out together, if none matters

EVERY_INSTRUCTION_SET
void read_all_labels(const Problem& q, std::int64_t first, int w, std::int64_t classes, std::int32_t* label) {
    read_labels(q, first, w, classes, label);
}

struct Lovasz {
    const Problem& q;
    bool per_image, hinge;
    const std::uint8_t* wanted;  // which rows of an image, [rows_each()]
    bool present_only;           // leave out a row without pixels of its class
    Softmax softmax;
    float* pull;  // [rows_each(), n s], of a pair [n s, 2]; or null
    std::vector<double> least{};  // error that matters, [groups, c]; empty if all do

    double base() const { return hinge ? 1.0 : 0.0; }
    bool margin() const { return hinge && !q.sigmoid; }  // of two classes
    std::int64_t rows_each() const { return margin() ? 1 : q.c; }
    std::int64_t groups() const { return per_image ? q.n : 1; }
    std::int64_t length() const { return per_image ? q.s : q.n * q.s; }

    // Apply task(sample, first, w, place) to pieces of pixels first ... last of all samples, each of `size` at most;
    // place = sample s + first.
    template <class Task>
    void pieces(std::int64_t first, std::int64_t last, Task task, int size = BLOCK) const {
        for (std::int64_t place = first; place < last;) {
            const std::int64_t sample = place / q.s, offset = place % q.s;
            const int w = int(std::min<std::int64_t>({size, q.s - offset, last - place}));
            task(sample, offset, w, place);
            place += w;
        }
    }

    void prepare(Room& room, int threads) {
        if (hinge || paired()) return;
        const std::int64_t pixels = q.n * q.s;
        softmax = {room.take<std::int32_t>(pixels), room.take<float>(pixels), room.take<float>(pixels),
                   room.take<double>(pixels), room.take<double>(pixels)};
        least.assign(groups() * q.c, INFINITY);
        std::mutex lock;
        run_slices(pixels, threads, [&](std::int64_t begin, std::int64_t end) {
            std::vector<double> found(least.size(), INFINITY);
            pieces(begin, end, [&](std::int64_t sample, std::int64_t first, int w, std::int64_t place) {
                read_all_labels(q, place, w, q.c, softmax.label + place);
                softmax_scales(q, sample, first, w, softmax.label + place, softmax.top + place, softmax.inverse + place,
                               softmax.missed + place);
                softmax_levels(softmax, place, w);
                double* of = &found[per_image ? sample * q.c : 0];
                for (std::int64_t i = place; i < place + w; ++i) {
                    const std::int32_t k = softmax.label[i];
                    if (k >= 0 && softmax.missed[i] < of[k]) of[k] = softmax.missed[i];
                }
            });
            const std::lock_guard<std::mutex> guard(lock);
            for (std::size_t i = 0; i < found.size(); ++i) least[i] = std::min(least[i], found[i]);
        });
        for (double& each : least)
            if (each == INFINITY && !present_only) each = 0;  // no pixel of the class, and the largest error matters
    }

    // Writes the entries of the pixels first ... last that matter, and returns how many these are. No template: a compiler
    // might round differently in two copies.
    std::int64_t collect(int channel, std::int64_t first, std::int64_t last, std::int64_t start, Tally& tally,
                         std::uint16_t* buckets, Entry* entries) const {
        const Packing packing(length());
        const bool sifted = !least.empty();
        std::vector<double> excess(BLOCK);
        std::vector<std::int32_t> labels(BLOCK);
        std::int64_t found = 0;
        const double enough = sifted ? least[(per_image ? start / q.s * q.c : 0) + channel] : -INFINITY;
        const float cut = float(std::log(enough));
        pieces(first, last, [&](std::int64_t sample, std::int64_t offset, int w, std::int64_t place) {
            const std::int64_t plane = (sample * q.c + channel) * q.s + offset;
            const float* z = q.logits + plane;
            if (sifted && !matter(z, softmax, place, channel, cut, w)) return;
            const std::int32_t* label = hinge || paired() ? labels.data() : softmax.label + place;
            if (hinge || paired()) read_all_labels(q, hinge && !margin() ? plane : place, w, 2, labels.data());
            if (margin()) hinge_excesses_of_two(z, z + q.s, label, w, excess.data());
            else if (hinge) hinge_excesses(z, label, w, excess.data());
            else if (paired()) softmax_errors_of_two(z, z + q.s, label, w, excess.data());
            else softmax_errors(z, softmax, place, channel, w, excess.data());
            found += make_entries(packing, excess.data(), label, hinge ? 1 : channel, place - start, base(), enough, w,
                                  buckets + found, entries + found, tally);
        }, sifted ? PIECE : BLOCK);
        return found;
    }

    bool paired() const { return !hinge && q.c == 2; }
    int together() const { return paired() ? 2 : 1; }
    int tasks() const { return int(groups() * rows_each() / together()); }
    int across(int threads) const { return tasks() >= threads ? threads : 1; }  // rows at a time, or threads in one

    void rows(std::int64_t number, int threads, Sorter& sorter, double* loss, std::int64_t* hits) const;
};

// A row, or both rows of two classes.
void Lovasz::rows(std::int64_t number, int threads, Sorter& sorter, double* loss, std::int64_t* hits) const {
    const int channel = int(number % rows_each()), served = together();
    const std::int64_t start = number / rows_each() * length();  // first pixel of the row
    const int chunks = int((length() + CHUNK - 1) / CHUNK);
    float* slopes = pull == nullptr ? nullptr : paired() ? pull + 2 * start : pull + channel * q.n * q.s + start;
    std::vector<Tally> tallies(chunks);
    sorter.keep(chunks, threads, [&](int i, std::uint16_t* buckets, Entry* entries) {
        const std::int64_t first = i * CHUNK, last = std::min(first + CHUNK, length());
        return collect(channel, start + first, start + last, start, tallies[i], buckets, entries);
    });
    Tally tally;
    for (const Tally& each : tallies) tally.hits += each.hits, tally.valid += each.valid;
    Classes classes{served, {}, {tally.hits, tally.valid - tally.hits}};
    for (int k = 0; k < served; ++k) {
        loss[k] = 0, hits[k] = classes.size[k];
        classes.asked[k] = wanted[channel + k] && !(present_only && hits[k] == 0);
    }
    run_slices(slopes ? served * length() : 0, threads, [&](std::int64_t first, std::int64_t last) {
        std::fill(slopes + first, slopes + last, 0.0f);
    });
    if (!classes.asked[0] && !classes.asked[1]) return;
    std::vector<double> sums(2 * (length() / PORTION + 1), 0.0);
    const Packing packing(length());
    const auto use = [&](int task, std::uint64_t bucket, const Entry* entries, std::int64_t count, std::int64_t steps,
                         std::int64_t marked) {
        weigh(packing, bucket, entries, count, steps, marked, classes, base(), slopes, &sums[2 * task]);
    };
    const int tasks = sorter.sort(threads, use);
    for (int task = 0; task < tasks; ++task)
        for (int k = 0; k < served; ++k) loss[k] += sums[2 * task + k];
}

// dz of w pixels of more than two classes; `pull` points at them in the first class, and `upstream` is the gradient of each
// class's row.
EVERY_INSTRUCTION_SET
void softmax_gradient(const Problem& q, std::int64_t sample, std::int64_t first, int w, const std::int32_t* label,
                      const float* pull, const double* upstream, float* space, float* out) {
    float *top = space, *inverse = space + BLOCK, *mean = space + 2 * BLOCK, *missed = space + 3 * BLOCK;
    softmax_scales(q, sample, first, w, label, top, inverse, missed);
    for (int i = 0; i < w; ++i) mean[i] = 0.0f;
    for (int k = 0; k < q.c; ++k) {
        const std::int64_t plane = (sample * q.c + k) * q.s + first;
        const float *z = q.logits + plane, *h = pull + k * q.n * q.s, u = float(upstream[k]);
        float* dz = out + plane;
        for (int i = 0; i < w; ++i) {
            dz[i] = exp_below_88(z[i] - top[i]) * inverse[i];
            mean[i] += dz[i] * u * h[i];
        }
    }
    for (int k = 0; k < q.c; ++k) {
        const float *h = pull + k * q.n * q.s, u = float(upstream[k]);
        float* dz = out + (sample * q.c + k) * q.s + first;
        for (int i = 0; i < w; ++i) dz[i] = label[i] < 0 ? 0.0f : dz[i] * (u * h[i] - mean[i]);
    }
}

// The same of two classes: dz_1 = -dz_0 = p_0 p_1 (u_1 pull_1 - u_0 pull_0).
EVERY_INSTRUCTION_SET
void softmax_gradient_of_two(const float* z0, const float* z1, const std::int32_t* label, const float* pull,
                             const double* upstream, int w, float* space, float* dz0, float* dz1) {
    float *up = space, *down = space + BLOCK;
    const float u0 = float(upstream[0]), u1 = float(upstream[1]);
    for (int i = 0; i < w; ++i) up[i] = u1 * pull[2 * i + 1] - u0 * pull[2 * i];
#pragma omp simd
    for (int i = 0; i < w; ++i) {
        const float gap = gap_of_two<float>(z0[i], z1[i]), e = exp_below_88(-std::fabs(gap)), scale = 1.0f / (1.0f + e);
        up[i] = label[i] < 0 ? 0.0f : e * scale * scale * up[i];
        down[i] = -up[i];
    }
    write_row(down, w, false, dz0);
    write_row(up, w, false, dz1);
}

EVERY_INSTRUCTION_SET
void hinge_gradient(const float* pull, double upstream, int w, float* out) {
    for (int i = 0; i < w; ++i) out[i] = float(upstream) * pull[i];
}

}  // namespace

// Bytes of work space that the forward pass needs.
EXPORT std::int64_t lovasz_room(const Problem* problem, int per_image, int hinge, int threads) {
    const Lovasz lovasz{*problem, per_image != 0, hinge != 0, nullptr, false, {}, nullptr};
    const std::int64_t pixels = problem->n * problem->s;
    const std::int64_t each = 3 * Room::bytes<float>(pixels) + 2 * Room::bytes<double>(pixels);
    const std::int64_t softmax = hinge || lovasz.paired() ? 0 : each;
    return softmax + lovasz.across(threads) * Sorter::bytes(lovasz.length());
}

// Losses and numbers of class pixels of every row, [groups, rows]; 0 for rows that are left out. pull [rows, n s] or null.
// rows = c, or 1 of the hinge of two classes.
EXPORT int lovasz_forward(const Problem* problem, int per_image, int hinge, const std::uint8_t* wanted, int present_only,
                          double* losses, std::int64_t* hits, float* pull, void* space, int threads) {
    return status_of([&] {
        Lovasz lovasz{*problem, per_image != 0, hinge != 0, wanted, present_only != 0, {}, pull};
        Room room(space);
        if (pull) expect_large_pages(pull, problem->n * problem->s * lovasz.rows_each() * sizeof(float));
        lovasz.prepare(room, threads);
        const int together = lovasz.together(), across = lovasz.across(threads), within = across > 1 ? 1 : threads;
        std::vector<std::unique_ptr<Sorter>> idle;  // each worker takes one at a time
        std::mutex lock;
        for (int i = 0; i < across; ++i) idle.emplace_back(new Sorter(room, lovasz.length()));
        run_parallel(lovasz.tasks(), across, [&](int i) {
            std::unique_lock<std::mutex> guard(lock);
            std::unique_ptr<Sorter> sorter = std::move(idle.back());
            idle.pop_back();
            guard.unlock();
            lovasz.rows(i * together, within, *sorter, losses + i * together, hits + i * together);
            guard.lock();
            idle.push_back(std::move(sorter));
        });
    });
}

// out [n, c, s] from the gradient of every row, [groups, rows].
EXPORT int lovasz_backward(const Problem* problem, int per_image, int hinge, const double* upstream, const float* pull,
                           float* out, int threads) {
    return status_of([&] {
        const Problem& q = *problem;
        const Lovasz lovasz{q, per_image != 0, hinge != 0, nullptr, false, {}, nullptr};
        expect_large_pages(out, q.n * q.c * q.s * sizeof(float));
        run_slices(q.n * q.s, threads, [&](std::int64_t begin, std::int64_t end) {
            std::vector<float> space(4 * BLOCK);
            std::vector<std::int32_t> label(BLOCK);
            lovasz.pieces(begin, end, [&](std::int64_t sample, std::int64_t first, int w, std::int64_t place) {
                const double* of = upstream + (per_image ? sample * lovasz.rows_each() : 0);
                if (!hinge) read_all_labels(q, place, w, q.c, label.data());
                if (lovasz.paired()) {
                    const std::int64_t plane = sample * 2 * q.s + first, next = plane + q.s;
                    softmax_gradient_of_two(q.logits + plane, q.logits + next, label.data(), pull + 2 * place, of, w,
                                            space.data(), out + plane, out + next);
                    return;
                }
                if (!hinge) {
                    softmax_gradient(q, sample, first, w, label.data(), pull + place, of, space.data(), out);
                    return;
                }
                for (int k = 0; k < q.c; ++k) {
                    const int row = lovasz.margin() ? 0 : k;
                    const double sign = lovasz.margin() && k == 0 ? -1.0 : 1.0;  // z = z_1 - z_0
                    float* dz = out + (sample * q.c + k) * q.s + first;
                    hinge_gradient(pull + row * q.n * q.s + place, sign * of[row], w, dz);
                }
            });
        });
    });
}
