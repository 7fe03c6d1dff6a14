// The Lovász extension of the Jaccard loss (Berman et al., Algorithm 1) of raw logits, and its gradient.
//
// A row is a class, or an image and a class. Its errors e are sorted decreasingly and multiplied with the growth of
// 1 - IoU as pixels are counted wrong one after another: with I pixels of the class still right and a union of U after the
// step, a pixel of the class adds 1 / U, any other I / (U (U - 1)). Errors are |g - p| with p = softmax(z), or
// max(0, 1 - z (2 y - 1)) for each channel, or for z = z_1 - z_0 of two classes, which have one row then. An error of 0
// adds nothing, so it is not sorted. What is sorted is the excess, e less a base: of the hinge -z (2 y - 1), which tells
// errors apart that are equal after rounding.
//
// Growths carry no gradient. The forward pass keeps them, with the sign of de/dp or de/dz, as `pull` [c, n s]; then
// dz = p (pull - sum over classes of p pull), or dz = pull, times the gradient of each row.
//
// Everything is done in chunks of fixed size, which are put together in order: results do not depend on the threads.
#include <algorithm>
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

constexpr int BLOCK = 256;  // pixels whose errors are computed together

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
    float* pull;  // [rows_each(), n s], or null

    float base() const { return hinge ? 1.0f : 0.0f; }
    bool margin() const { return hinge && !q.sigmoid; }  // of two classes
    std::int64_t rows_each() const { return margin() ? 1 : q.c; }
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

    void prepare(Room& room, int threads) {
        if (hinge) return;
        const std::int64_t pixels = q.n * q.s;
        softmax = {room.take<std::int32_t>(pixels), room.take<float>(pixels), room.take<float>(pixels),
                   room.take<float>(pixels)};
        run_slices(pixels, threads, [&](std::int64_t begin, std::int64_t end) {
            pieces(begin, end, [&](std::int64_t sample, std::int64_t first, int w, std::int64_t place) {
                read_all_labels(q, place, w, q.c, softmax.label + place);
                softmax_scales(q, sample, first, w, softmax.label + place, softmax.top + place, softmax.inverse + place,
                               softmax.missed + place);
            });
        });
    }

    // Entries of the pixels first ... last with an error above 0; `hits` are the pixels of the class among all, and `valid`
    // those that count.
    std::int64_t collect(int channel, std::int64_t first, std::int64_t last, std::int64_t start, Entry* entries,
                         std::int64_t& hits, std::int64_t& valid) const {
        std::int64_t count = 0, mine = 0, all = 0;
        std::vector<float> excess(BLOCK);
        std::vector<std::int32_t> labels(BLOCK);
        pieces(first, last, [&](std::int64_t sample, std::int64_t offset, int w, std::int64_t place) {
            const std::int64_t plane = (sample * q.c + channel) * q.s + offset;
            const std::int32_t* label = hinge ? labels.data() : softmax.label + place;
            const float* error = paired() ? softmax.missed + place : excess.data();
            if (margin()) {
                read_all_labels(q, place, w, 2, labels.data());
                hinge_excesses_of_two(q.logits + plane, q.logits + plane + q.s, label, w, excess.data());
            } else if (hinge) {
                read_all_labels(q, plane, w, 2, labels.data());
                hinge_excesses(q.logits + plane, label, w, excess.data());
            } else if (!paired()) {
                softmax_errors(q.logits + plane, softmax, place, channel, w, excess.data());
            }
            const int own_label = hinge ? 1 : channel;
            for (int i = 0; i < w; ++i) {
                const bool hit = label[i] == own_label;
                mine += hit;
                all += label[i] >= 0;
                entries[count] = entry_of(error[i], place - start + i, hit);
                count += !(error[i] <= -base());  // NaN is kept, and seen
            }
        });
        hits = mine, valid = all;
        return count;
    }

    // Two classes have the same errors: one order serves both.
    bool paired() const { return !hinge && q.c == 2; }
    int together() const { return paired() ? 2 : 1; }
    int tasks() const { return int(groups() * rows_each() / together()); }
    int across(int threads) const { return tasks() >= threads ? threads : 1; }  // rows at a time, or threads in one

    void rows(std::int64_t number, int threads, Sorter& sorter, double* loss, std::int64_t* hits) const;
    double weigh_all(const Entry* entries, std::int64_t total, std::int64_t size, bool other, int threads, float* pull) const;
};

double Lovasz::weigh_all(const Entry* entries, std::int64_t total, std::int64_t size, bool other, int threads,
                         float* pull) const {
    const int chunks = int((total + CHUNK - 1) / CHUNK);
    const auto filled = [&](int i) { return std::min(CHUNK, total - i * CHUNK); };
    std::vector<std::int64_t> found(chunks), lost(chunks + 1);
    run_parallel(chunks, threads, [&](int i) {
        std::int64_t hits = 0;
        for (std::int64_t k = 0; k < filled(i); ++k) hits += (entries[i * CHUNK + k] & 1) != other;
        found[i] = hits;
    });
    for (int i = 0; i < chunks; ++i) lost[i + 1] = lost[i] + found[i];
    std::vector<double> sums(chunks);
    run_parallel(chunks, threads, [&](int i) {
        sums[i] = weigh(entries + i * CHUNK, filled(i), i * CHUNK, lost[i], size, other, base(), pull);
    });
    double sum = 0;
    for (double each : sums) sum += each;
    return sum;
}

// A row, or both rows of two classes.
void Lovasz::rows(std::int64_t number, int threads, Sorter& sorter, double* loss, std::int64_t* hits) const {
    const int channel = int(number % rows_each()), served = together();
    const std::int64_t start = number / rows_each() * length();  // first pixel of the row
    const int chunks = int((length() + CHUNK - 1) / CHUNK);
    float* slopes[2] = {};
    for (int k = 0; k < served; ++k) {
        loss[k] = 0, hits[k] = 0;
        if (pull) slopes[k] = pull + (channel + k) * q.n * q.s + start;
    }
    std::vector<std::int64_t> found(chunks), valid(chunks);
    sorter.fill(chunks, threads, [&](int i, Entry* entries) {
        const std::int64_t first = i * CHUNK, last = std::min(first + CHUNK, length());
        for (int k = 0; k < served && pull; ++k) std::fill(slopes[k] + first, slopes[k] + last, 0.0f);
        return collect(channel, start + first, start + last, start, entries, found[i], valid[i]);
    });
    for (int i = 0; i < chunks; ++i) {
        hits[0] += found[i];
        if (served > 1) hits[1] += valid[i] - found[i];
    }
    bool sorted = false;
    for (int k = 0; k < served; ++k) {
        if (!wanted[channel + k] || (present_only && hits[k] == 0)) continue;
        if (!sorted) sorter.sort(threads);
        sorted = true;
        loss[k] = weigh_all(sorter.entries(), sorter.total(), hits[k], k == 1, threads, slopes[k]);
    }
}

// dz of w pixels; `pull` points at them in the first class, and `upstream` is the gradient of each class's row.
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

EVERY_INSTRUCTION_SET
void hinge_gradient(const float* pull, double upstream, int w, float* out) {
    for (int i = 0; i < w; ++i) out[i] = float(upstream) * pull[i];
}

}  // namespace

// Bytes of work space that the forward pass needs.
EXPORT std::int64_t lovasz_room(const Problem* problem, int per_image, int hinge, int threads) {
    const Lovasz lovasz{*problem, per_image != 0, hinge != 0, nullptr, false, {}, nullptr};
    const std::int64_t softmax = hinge ? 0 : 4 * Room::bytes<float>(problem->n * problem->s);
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
                if (!hinge) {
                    read_all_labels(q, place, w, q.c, label.data());
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
