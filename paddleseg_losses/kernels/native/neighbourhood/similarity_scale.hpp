// Structural similarity of the maps of one scale, all in float64, as a variance is a difference.
//
// An image is gone through row by row: a few rows of blurred fields, and of their slopes, are all that is kept. Of a volume all
// are kept, blurred within each slice, then across the slices, back again, and within each slice. What has to do with g alone
// is left out where g is 0. A line is always computed in the same way, so the result does not depend on the threads.
#pragma once

#include <deque>

#include "image.hpp"
#include "neighbourhood/halving.hpp"
#include "neighbourhood/similarity_lines.hpp"

namespace psl {

// d and g of a map, both 0 where a pixel is left out.
struct Source {
    const Problem* problem;  // hard labels: `excess` holds signed probabilities
    std::int64_t plane;
    int own;
    const float *excess, *target;
};

// All maps of one size.
class SimilarityScale {
public:
    // fields: 4 where every g is 0 or 1, else 5.
    SimilarityScale(const Shape& shape, const Window& window, const Constants& constants, int fields, int threads)
        : shape_(shape),
          constants_(constants),
          fields_(fields),
          across_(window.within(shape.slices)),
          down_(window.within(shape.rows)),
          along_(window.within(shape.width)),
          kept_(volume() ? shape.lines() : 0, fields, shape.width),
          totals_(shape.lines()) {
        for (int i = 0; i < threads; ++i) spaces_.emplace_back(*this, window);
    }

    const Shape& shape() const { return shape_; }

    // 1 / the number of valid pixels in each window, 0 where a pixel is left out; mask: 1 or 0.
    void invert_masses_of(const float* mask, double* per) {
        const Source source{nullptr, 0, 0, mask, nullptr};
        const auto invert = [&](Space& x, std::int64_t line, int slot) {
            read(source, x, line, slot);
            invert_masses(x.means.at(slot, GAP), x.pixels.at(slot, GAP), shape_.width, per + line * shape_.width);
            return 0.0;
        };
        go_through(source, invert, false, [](Space&, std::int64_t, int) {});
    }

    // The mean of e over the `count` valid pixels, and its slope, if it is wanted.
    double error(const Source& source, const double* per, double count, bool whole, float* slope) {
        const std::int64_t width = shape_.width;
        const auto add = [&](Space& x, std::int64_t line, int slot) {
            const double* fields[5];
            for (int field = 0; field < fields_; ++field) fields[field] = x.means.at(slot, field);
            if (fields_ <= SPREAD) fields[SPREAD] = x.blur.zeros();
            double* slopes[SLOPES];
            for (int by = 0; by < SLOPES; ++by) slopes[by] = x.slopes.at(line / shape_.rows, by);
            return line_errors(fields, per + line * width, constants_, whole, x.means.extent(slot), width, slopes);
        };
        const auto finish = [&](Space& x, std::int64_t line, int slot) {
            x.blur.along(x.back, slot, along_, SLOPES, x.own[slot], x.result, 0);
            double* slopes[SLOPES];
            for (int by = 0; by < SLOPES; ++by) slopes[by] = x.result.at(0, by);
            const double* pixels[] = {x.pixels.at(slot, GAP), nullptr, x.pixels.at(slot, TRUTH)};
            slope_of(pixels, slopes, per + line * width, x.own[slot], width, 1.0 / count, slope + line * width);
        };
        go_through(source, add, slope != nullptr, finish);
        double total = 0;
        for (const double of_line : totals_) total += of_line;
        return count > 0 ? total / count : 0.0;
    }

    // The maps d and g at half the size, whose pixels stand for `size` valid ones.
    void halve(const Source& source, const float* size, float* excess, float* target) {
        const Shape half = half_of(shape_);
        in_parts(half.slices, [&](Space& x, std::int64_t first, std::int64_t last) {
            for (const int field : {GAP, TRUTH}) {
                const auto add = [&](std::int64_t line, double weight, double* sum) {
                    read(source, x, line, 0);
                    add_line(x.pixels.at(0, field), weight, shape_.width, sum);
                };
                halve_slices(shape_, first, last, add, [&](std::int64_t line, const double* sum) {
                    const std::int64_t at = line * half.width;
                    write_shares(sum, size + at, half.width, (field == GAP ? excess : target) + at);
                });
            }
        });
    }

    // task(space, first, last): each thread has a part of what is counted.
    template <class Task>
    void in_parts(std::int64_t count, Task task) {
        const int parts = int(spaces_.size());
        run_parallel(parts, parts, [&](int i) {
            const std::int64_t first = count * i / parts, last = count * (i + 1) / parts;
            if (first < last) task(spaces_[i], first, last);
        });
    }

private:
    // What a thread works with; some lines of a batch have slots.
    struct Space {
        Lines pixels, columns, ring, means, slopes, back, result;
        Extent own[BATCH];  // of the pixels
        Blur blur;
        std::vector<std::int32_t> label;

        Space(const SimilarityScale& s, const Window& window)
            : pixels(s.slots(), s.fields_, s.shape_.width, s.along_),
              columns(s.volume() ? 2 * s.down_ + s.slots() : 0, s.fields_, s.shape_.width),
              ring(s.volume() ? 0 : 2 * s.across_ + s.slots(), s.fields_, s.shape_.width),
              means(s.slots(), s.fields_, s.shape_.width),
              slopes(2 * s.across_ + s.slots(), SLOPES, s.shape_.width),
              back(s.slots(), SLOPES, s.shape_.width, s.along_),
              result(1, SLOPES, s.shape_.width),
              blur(window, s.shape_.width),
              label(s.shape_.width) {}
    };

    bool volume() const { return shape_.rows > 1; }
    std::int64_t slots() const { return std::min<std::int64_t>(BATCH, shape_.lines()); }

    void read(const Source& q, Space& x, std::int64_t line, int slot) const {
        const std::int64_t width = shape_.width, first = line * width;
        double *d = x.pixels.at(slot, GAP), *g = x.pixels.at(slot, TRUTH);
        bool labelled = false;
        Extent& own = x.own[slot] = Extent();
        if (q.problem != nullptr) {
            const std::int64_t classes = q.problem->sigmoid ? 2 : q.problem->c;
            read_label_part(*q.problem, q.plane * q.problem->s + first, int(width), classes, x.label.data());
            labelled = read_hard(q.excess + first, x.label.data(), q.own, width, d, g);
        } else if (q.target != nullptr) {
            labelled = read_soft(q.excess + first, q.target + first, width, d, g, own.soft);
        } else {
            std::copy_n(q.excess + first, width, d);
        }
        if (!labelled) return;
        own.first = (std::find_if(g, g + width, [](double truth) { return truth != 0.0; }) - g) / VECTOR * VECTOR;
        own.last = width;
        while (g[own.last - 1] == 0.0) --own.last;
    }

    // Read a line and blur its fields along it.
    void gather(const Source& source, Space& x, std::int64_t line, Lines& to, std::int64_t at) {
        read(source, x, line, 0);
        const double* d = x.pixels.at(0, GAP);
        squares_of(d, shape_.width, x.pixels.at(0, SQUARE));
        if (!x.own[0].empty())
            products_of(d, x.pixels.at(0, TRUTH), shape_.width, x.pixels.at(0, BOTH),
                        x.own[0].soft ? x.pixels.at(0, SPREAD) : nullptr);
        const Extent extent = x.own[0].wider(along_, shape_.width);
        to.begin(at, extent);
        x.blur.along(x.pixels, 0, along_, fields_, extent, to, at);
    }

    void blur_across(Space& x, const Column& from, std::int64_t number, int lines, int reach, const Column& to,
                     std::int64_t at) {
        Extent all;
        for (int i = 0; i < lines; ++i) {
            Extent extent;  // the line's own, whichever lines are made with it
            const std::int64_t first = std::max<std::int64_t>(0, number + i - reach);
            for (std::int64_t k = first; k < std::min(from.count, number + i + reach + 1); ++k)
                extent.include(from.lines.extent(from.line(k)));
            to.lines.begin(to.line(at + i), extent);
            all.include(extent);
        }
        x.blur.across(from, number, lines, reach, fields_, all, to, at);
    }

    // Read some lines, and blur what there is of their slopes across the lines around them.
    template <class Finish>
    void finish_lines(const Source& source, Space& x, const Column& slopes, std::int64_t number, std::int64_t line, int lines,
                      int reach, Finish finish) {
        Extent extent;
        for (int i = 0; i < lines; ++i) {
            read(source, x, line + i, i);
            extent.include(x.own[i].wider(along_, shape_.width));
        }
        x.blur.across(slopes, number, lines, reach, SLOPES, extent, {x.back, BATCH, 1, 0}, 0);
        for (int i = 0; i < lines; ++i) finish(x, line + i, i);
    }

    // visit(space, line, slot) is given the means, and finish(space, line, slot) the pixels and the slopes that are still to
    // be blurred along lines. What `visit` returns is kept for each line.
    template <class Visit, class Finish>
    void go_through(const Source& source, Visit visit, bool finishes, Finish finish) {
        const std::int64_t slices = shape_.slices, rows = shape_.rows;
        if (!volume())
            return in_parts(slices, [&](Space& x, std::int64_t first, std::int64_t last) {
                const int back = finishes ? across_ : 0;
                std::int64_t next = std::max<std::int64_t>(0, first - back - across_);
                const auto make_ready = [&](std::int64_t end) {
                    for (; next < end; ++next) gather(source, x, next, x.ring, next);
                };
                const auto done = [&](std::int64_t slice, int lines) {
                    finish_lines(source, x, {x.slopes, slices, 1, 0}, slice, slice, lines, across_, finish);
                };
                roll(x, {x.ring, slices, 1, 0}, first, last, back, make_ready, visit, finishes, done);
            });
        in_parts(slices, [&](Space& x, std::int64_t first, std::int64_t last) {
            for (std::int64_t slice = first; slice < last; ++slice) gather_slice(source, x, slice);
        });
        in_parts(rows, [&](Space& x, std::int64_t first, std::int64_t last) {
            for (std::int64_t row = first; row < last; ++row) {
                const Column column{kept_, slices, rows, row};
                const auto done = [&](std::int64_t slice, int lines) {  // in place of fields that no slice needs any more
                    Extent extent;
                    for (int i = 0; i < lines; ++i) extent.include(kept_.extent(column.line(slice + i)));
                    for (int i = 0; i < lines; ++i) kept_.extend(column.line(slice + i), extent);
                    x.blur.across({x.slopes, slices, 1, 0}, slice, lines, across_, SLOPES, extent, column, slice);
                };
                roll(x, column, 0, slices, 0, [](std::int64_t) {}, visit, finishes, done);
            }
        });
        if (!finishes) return;
        in_parts(slices, [&](Space& x, std::int64_t first, std::int64_t last) {
            for (std::int64_t slice = first; slice < last; ++slice)
                for (std::int64_t row = 0; row < rows; row += BATCH)
                    finish_lines(source, x, {kept_, rows, 1, slice * rows}, row, slice * rows + row,
                                 int(std::min<std::int64_t>(BATCH, rows - row)), down_, finish);
        });
    }

    // The fields of a slice of a volume, blurred within it.
    void gather_slice(const Source& source, Space& x, std::int64_t slice) {
        const std::int64_t rows = shape_.rows, start = slice * rows;
        for (std::int64_t row = 0, next = 0; row < rows; row += BATCH) {
            const int lines = int(std::min<std::int64_t>(BATCH, rows - row));
            for (; next < std::min(rows, row + lines + down_); ++next) gather(source, x, start + next, x.columns, next);
            blur_across(x, {x.columns, rows, 1, 0}, row, lines, down_, {kept_, rows, 1, start}, row);
        }
    }

    // Blur fields across the slices of a part, and of `back` more on both sides; visit them; and those are done, the slopes
    // around which are known. make_ready(end): fields up to there will be read.
    template <class Ready, class Visit, class Done>
    void roll(Space& x, const Column& from, std::int64_t first, std::int64_t last, int back, Ready make_ready, Visit visit,
              bool finishes, Done done) {
        const std::int64_t end = std::min(from.count, last + back);
        std::int64_t finished = first;
        for (std::int64_t slice = std::max<std::int64_t>(0, first - back); slice < end; slice += BATCH) {
            const int lines = int(std::min<std::int64_t>(BATCH, end - slice));
            make_ready(std::min(from.count, slice + lines + across_));
            blur_across(x, from, slice, lines, across_, {x.means, BATCH, 1, 0}, 0);
            for (int i = 0; i < lines; ++i) {
                const double total = visit(x, from.line(slice + i), i);
                if (slice + i >= first && slice + i < last) totals_[from.line(slice + i)] = total;
            }
            const std::int64_t known = slice + lines == end ? last : std::min(last, slice + lines - across_);
            for (; finishes && finished < known; finished += BATCH)
                done(finished, int(std::min<std::int64_t>(BATCH, known - finished)));
            finished = std::max(finished > known ? known : finished, first);
        }
    }

    Shape shape_;
    Constants constants_;
    int fields_, across_, down_, along_;  // how far the window reaches along each axis
    Lines kept_;  // of a volume
    std::vector<double> totals_;
    std::deque<Space> spaces_;
};

}  // namespace psl
