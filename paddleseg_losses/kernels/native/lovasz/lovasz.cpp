// The Lovász extension of the Jaccard loss (Berman et al., Algorithm 1) of raw logits, and its gradient.
//
// A row is a class, or an image and a class. Its errors e are sorted in descending order and multiplied by the increments of
// 1 - IoU, as one pixel after another is counted as wrong: with I positives still right and a union of U after the step, a
// positive pixel adds 1 / U, a negative one I / (U (U - 1)). Errors are |g - p| with p = softmax(z), or max(0, 1 - z (2 y - 1))
// for each channel, or for z = z_1 - z_0 of two classes, which then have one row. Errors are sorted less a base, 1 for hinges:
// -z (2 y - 1) tells errors apart that are equal after rounding.
//
// After the last positive pixel I = 0 and increments are 0: smaller errors are not sorted, nor are those of 0. With many
// classes that is most pixels, which hardly look like the class.
//
// Increments carry no gradient. The forward pass keeps them, with the sign of de/dp or de/dz, as `grad` [c, n s]; then
// dz = p (grad - sum over classes of p grad), or dz = grad, times the gradient of each row. Two classes of a softmax have the
// same errors, so they share one order, and their grad is [n s, 2].
//
// Chunks have a fixed size and are combined in order, so results do not depend on the threads.
#include <algorithm>
#include <cmath>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "image.hpp"
#include "lovasz/errors.hpp"
#include "lovasz/jaccard_increments.hpp"
#include "lovasz/sorter.hpp"
#include "memory.hpp"
#include "parallel.hpp"
#include "pixelwise/tile.hpp"

namespace psl {

namespace {

constexpr int BLOCK = 256;  // pixels that are computed together
constexpr int PIECE = 64;  // pixels that are skipped together if all are below the threshold

struct Lovasz {
    const Problem& q;
    bool per_image, hinge;
    const std::uint8_t* requested;  // which rows of an image, [rows_each()]
    bool present_only;  // leave out rows without a positive pixel
    Softmax softmax;
    float* grad;  // [rows_each(), n s], of a pair [n s, 2]; or null
    std::vector<double> thresholds{};  // the smallest error that counts, [groups, c]; empty if all do

    double base() const { return hinge ? 1.0 : 0.0; }
    bool margin() const { return hinge && !q.sigmoid; }  // of two classes
    std::int64_t rows_each() const { return margin() ? 1 : q.c; }
    std::int64_t groups() const { return per_image ? q.n : 1; }
    std::int64_t length() const { return per_image ? q.s : q.n * q.s; }

    // Apply task(sample, first, w, place) to pieces, of `size` at most, of the pixels first ... last of all samples;
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

    void prepare(Arena& arena, int threads) {
        if (hinge || paired()) return;
        const std::int64_t pixels = q.n * q.s;
        softmax = {arena.take<std::int32_t>(pixels), arena.take<float>(pixels), arena.take<float>(pixels),
                   arena.take<double>(pixels), arena.take<double>(pixels)};
        thresholds.assign(groups() * q.c, INFINITY);
        std::mutex lock;
        run_slices(pixels, threads, [&](std::int64_t begin, std::int64_t end) {
            std::vector<double> lowest(thresholds.size(), INFINITY);
            pieces(begin, end, [&](std::int64_t sample, std::int64_t first, int w, std::int64_t place) {
                read_label_part(q, place, w, q.c, softmax.label + place);
                softmax_scales(q, sample, first, w, softmax.label + place, softmax.top + place, softmax.inverse + place,
                               softmax.one_minus_p_true + place);
                softmax_log_partition(softmax, place, w);
                double* of = &lowest[per_image ? sample * q.c : 0];
                for (std::int64_t i = place; i < place + w; ++i) {
                    const std::int32_t k = softmax.label[i];
                    if (k >= 0 && softmax.one_minus_p_true[i] < of[k]) of[k] = softmax.one_minus_p_true[i];
                }
            });
            const std::lock_guard<std::mutex> guard(lock);
            for (std::size_t i = 0; i < lowest.size(); ++i) thresholds[i] = std::min(thresholds[i], lowest[i]);
        });
        for (double& each : thresholds)
            if (each == INFINITY && !present_only) each = 0;  // of an absent class the largest error counts
    }

    // Writes the entries of the pixels first ... last that count, and returns their number. Not a template: a compiler might
    // round differently in two copies.
    std::int64_t collect(int channel, std::int64_t first, std::int64_t last, std::int64_t start, Counts& counts,
                         std::uint16_t* buckets, Entry* entries) const {
        const Packing packing(length());
        const bool thresholded = !thresholds.empty();
        std::vector<double> shifted(BLOCK);
        std::vector<std::int32_t> labels(BLOCK);
        std::int64_t entries_made = 0;
        const double threshold = thresholded ? thresholds[(per_image ? start / q.s * q.c : 0) + channel] : -INFINITY;
        const float cut = float(std::log(threshold));
        pieces(
            first, last,
            [&](std::int64_t sample, std::int64_t offset, int w, std::int64_t place) {
                const std::int64_t plane = (sample * q.c + channel) * q.s + offset;
                const float* z = q.logits + plane;
                if (thresholded && !any_above_threshold(z, softmax, place, channel, cut, w)) return;
                const std::int32_t* label = hinge || paired() ? labels.data() : softmax.label + place;
                if (hinge || paired()) read_label_part(q, hinge && !margin() ? plane : place, w, 2, labels.data());
                if (margin()) hinge_margins_of_two(z, z + q.s, label, w, shifted.data());
                else if (hinge) hinge_margins(z, label, w, shifted.data());
                else if (paired()) softmax_errors_of_two(z, z + q.s, label, w, shifted.data());
                else softmax_errors(z, softmax, place, channel, w, shifted.data());
                entries_made += make_entries(packing, shifted.data(), label, hinge ? 1 : channel, place - start, base(),
                                             threshold, w, buckets + entries_made, entries + entries_made, counts);
            },
            thresholded ? PIECE : BLOCK);
        return entries_made;
    }

    bool paired() const { return !hinge && q.c == 2; }
    int together() const { return paired() ? 2 : 1; }
    int tasks() const { return int(groups() * rows_each() / together()); }
    int across(int threads) const { return tasks() >= threads ? threads : 1; }  // rows in parallel; else threads share a row

    void rows(std::int64_t number, int threads, Sorter& sorter, double* loss, std::int64_t* positives) const;
};

// A row, or both rows of two classes.
void Lovasz::rows(std::int64_t number, int threads, Sorter& sorter, double* loss, std::int64_t* positives) const {
    const int channel = int(number % rows_each()), joint = together();
    const std::int64_t start = number / rows_each() * length();  // first pixel of the row
    const int chunks = int((length() + CHUNK - 1) / CHUNK);
    float* slopes = grad == nullptr ? nullptr : paired() ? grad + 2 * start : grad + channel * q.n * q.s + start;
    std::vector<Counts> chunk_counts(chunks);
    sorter.keep(chunks, threads, [&](int i, std::uint16_t* buckets, Entry* entries) {
        const std::int64_t first = i * CHUNK, last = std::min(first + CHUNK, length());
        return collect(channel, start + first, start + last, start, chunk_counts[i], buckets, entries);
    });
    Counts counts;
    for (const Counts& each : chunk_counts) counts.positives += each.positives, counts.valid += each.valid;
    Classes classes{joint, {}, {counts.positives, counts.valid - counts.positives}};
    for (int k = 0; k < joint; ++k) {
        loss[k] = 0, positives[k] = classes.size[k];
        classes.requested[k] = requested[channel + k] && !(present_only && positives[k] == 0);
    }
    run_slices(slopes ? joint * length() : 0, threads,
               [&](std::int64_t first, std::int64_t last) { std::fill(slopes + first, slopes + last, 0.0f); });
    if (!classes.requested[0] && !classes.requested[1]) return;
    std::vector<double> sums(2 * (length() / PORTION + 1), 0.0);
    const Packing packing(length());
    const auto use = [&](int task, std::uint64_t bucket, const Entry* entries, std::int64_t count, std::int64_t steps,
                         std::int64_t positives_before) {
        dot_increments(packing, bucket, entries, count, steps, positives_before, classes, base(), slopes, &sums[2 * task]);
    };
    const int tasks = sorter.sort(threads, use);
    for (int task = 0; task < tasks; ++task)
        for (int k = 0; k < joint; ++k) loss[k] += sums[2 * task + k];
}

// dz of w pixels of more than two classes; `grad` points at them in the first class; `upstream` is the gradient of each class.
TARGET_CLONES
void softmax_gradient(const Problem& q, std::int64_t sample, std::int64_t first, int w, const std::int32_t* label,
                      const float* grad, const double* upstream, float* space, float* out) {
    float *top = space, *inverse = space + BLOCK, *mean = space + 2 * BLOCK, *of_large = space + 3 * BLOCK;
    softmax_scales(q, sample, first, w, label, top, inverse, of_large);
    for (int i = 0; i < w; ++i) mean[i] = of_large[i] = 0.0f;
    for (int k = 0; k < q.c; ++k) {
        const std::int64_t plane = (sample * q.c + k) * q.s + first;
        const float *z = q.logits + plane, *h = grad + k * q.n * q.s, u = float(upstream[k]);
        float* dz = out + plane;
        for (int i = 0; i < w; ++i) {
            dz[i] = exp_below_88(z[i] - top[i]) * inverse[i];
            of_large[i] = dz[i] > 0.5f ? u * h[i] : of_large[i];
        }
    }
    for (int k = 0; k < q.c; ++k) {  // less that of a class that has nearly all of a pixel: then nothing cancels
        const float *h = grad + k * q.n * q.s, u = float(upstream[k]);
        const float* dz = out + (sample * q.c + k) * q.s + first;
        for (int i = 0; i < w; ++i) mean[i] += dz[i] * (u * h[i] - of_large[i]);
    }
    for (int k = 0; k < q.c; ++k) {
        const float *h = grad + k * q.n * q.s, u = float(upstream[k]);
        float* dz = out + (sample * q.c + k) * q.s + first;
        for (int i = 0; i < w; ++i) dz[i] = label[i] < 0 ? 0.0f : dz[i] * ((u * h[i] - of_large[i]) - mean[i]);
    }
}

// The same of two classes: dz_1 = -dz_0 = p_0 p_1 (u_1 grad_1 - u_0 grad_0).
TARGET_CLONES
void softmax_gradient_of_two(const float* z0, const float* z1, const std::int32_t* label, const float* grad,
                             const double* upstream, int w, float* space, float* dz0, float* dz1) {
    float *up = space, *down = space + BLOCK;
    const float u0 = float(upstream[0]), u1 = float(upstream[1]);
    for (int i = 0; i < w; ++i) up[i] = u1 * grad[2 * i + 1] - u0 * grad[2 * i];
#pragma omp simd
    for (int i = 0; i < w; ++i) {
        const float gap = logit_difference<float>(z0[i], z1[i]), e = exp_below_88(-std::fabs(gap)), scale = 1.0f / (1.0f + e);
        up[i] = label[i] < 0 ? 0.0f : e * scale * scale * up[i];
        down[i] = -up[i];
    }
    write_row(down, w, false, dz0);
    write_row(up, w, false, dz1);
}

TARGET_CLONES
void hinge_gradient(const float* grad, double upstream, int w, float* out) {
    for (int i = 0; i < w; ++i) out[i] = float(upstream) * grad[i];
}

}  // namespace

EXPORT std::int64_t lovasz_workspace_bytes(const Problem* problem, int per_image, int hinge, int threads) {
    const Lovasz lovasz{*problem, per_image != 0, hinge != 0, nullptr, false, {}, nullptr};
    const std::int64_t pixels = problem->n * problem->s;
    const std::int64_t each = 3 * Arena::bytes<float>(pixels) + 2 * Arena::bytes<double>(pixels);
    const std::int64_t softmax = hinge || lovasz.paired() ? 0 : each;
    return softmax + lovasz.across(threads) * Sorter::bytes(lovasz.length());
}

EXPORT Status lovasz_forward(const Problem* problem, int per_image, int hinge, const std::uint8_t* requested, int present_only,
                             double* losses, std::int64_t* positives, float* grad, void* workspace, int threads) {
    return status_of([&] {
        Lovasz lovasz{*problem, per_image != 0, hinge != 0, requested, present_only != 0, {}, grad};
        Arena arena(workspace);
        if (grad) expect_large_pages(grad, problem->n * problem->s * lovasz.rows_each() * sizeof(float));
        lovasz.prepare(arena, threads);
        const int together = lovasz.together(), across = lovasz.across(threads), within = across > 1 ? 1 : threads;
        std::vector<std::unique_ptr<Sorter>> idle;  // each worker takes one at a time
        std::mutex lock;
        for (int i = 0; i < across; ++i) idle.emplace_back(new Sorter(arena, lovasz.length()));
        run_parallel(lovasz.tasks(), across, [&](int i) {
            std::unique_lock<std::mutex> guard(lock);
            std::unique_ptr<Sorter> sorter = std::move(idle.back());
            idle.pop_back();
            guard.unlock();
            lovasz.rows(i * together, within, *sorter, losses + i * together, positives + i * together);
            guard.lock();
            idle.push_back(std::move(sorter));
        });
    });
}

EXPORT Status lovasz_backward(const Problem* problem, int per_image, int hinge, const double* upstream, const float* grad,
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
                if (!hinge) read_label_part(q, place, w, q.c, label.data());
                if (lovasz.paired()) {
                    const std::int64_t plane = sample * 2 * q.s + first, next = plane + q.s;
                    softmax_gradient_of_two(q.logits + plane, q.logits + next, label.data(), grad + 2 * place, of, w,
                                            space.data(), out + plane, out + next);
                    return;
                }
                if (!hinge) {
                    softmax_gradient(q, sample, first, w, label.data(), grad + place, of, space.data(), out);
                    return;
                }
                for (int k = 0; k < q.c; ++k) {
                    const int row = lovasz.margin() ? 0 : k;
                    const double sign = lovasz.margin() && k == 0 ? -1.0 : 1.0;  // z = z_1 - z_0
                    float* dz = out + (sample * q.c + k) * q.s + first;
                    hinge_gradient(grad + row * q.n * q.s + place, sign * of[row], w, dz);
                }
            });
        });
    });
}

}  // namespace psl
