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
        const auto invert = [&](Space& x, std::int64_t line) {
            read(source, x, line);
            invert_masses(x.means.at(0, GAP), x.pixels.at(0, GAP), shape_.width, per + line * shape_.width);
            return 0.0;
        };
        go_through(source, invert, false, [](Space&, std::int64_t) {});
    }

    // The mean of e over the `count` valid pixels, and its slope, if it is wanted.
    double error(const Source& source, const double* per, double count, bool whole, float* slope) {
        const std::int64_t width = shape_.width;
        const auto add = [&](Space& x, std::int64_t line) {
            const double* fields[5];
            for (int field = 0; field < fields_; ++field) fields[field] = x.means.at(0, field);
            if (fields_ <= SPREAD) fields[SPREAD] = x.blur.zeros();
            double* slopes[SLOPES];
            for (int by = 0; by < SLOPES; ++by) slopes[by] = x.slopes.at(line / shape_.rows, by);
            return line_errors(fields, per + line * width, constants_, whole, x.means.extent(0), width, slopes);
        };
        const auto finish = [&](Space& x, std::int64_t line) {
            x.blur.along(x.back, along_, SLOPES, x.own, x.result, 0);
            double* slopes[SLOPES];
            for (int by = 0; by < SLOPES; ++by) slopes[by] = x.result.at(0, by);
            const double* pixels[] = {x.pixels.at(0, GAP), nullptr, x.pixels.at(0, TRUTH)};
            slope_of(pixels, slopes, per + line * width, x.own, width, 1.0 / count, slope + line * width);
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
                    read(source, x, line);
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
    // What a thread works with.
    struct Space {
        Lines pixels, columns, ring, means, slopes, back, result;
        Extent own;  // of the pixels
        Blur blur;
        std::vector<std::int32_t> label;

        Space(const SimilarityScale& s, const Window& window)
            : pixels(1, s.fields_, s.shape_.width, s.along_),
              columns(s.volume() ? 2 * s.down_ + 1 : 0, s.fields_, s.shape_.width),
              ring(s.volume() ? 0 : 2 * s.across_ + 1, s.fields_, s.shape_.width),
              means(1, s.fields_, s.shape_.width),
              slopes(2 * s.across_ + 1, SLOPES, s.shape_.width),
              back(1, SLOPES, s.shape_.width, s.along_),
              result(1, SLOPES, s.shape_.width),
              blur(window, s.shape_.width),
              label(s.shape_.width) {}
    };

    bool volume() const { return shape_.rows > 1; }

    void read(const Source& q, Space& x, std::int64_t line) const {
        const std::int64_t width = shape_.width, first = line * width;
        double *d = x.pixels.at(0, GAP), *g = x.pixels.at(0, TRUTH);
        bool labelled = false;
        x.own = Extent();
        if (q.problem != nullptr) {
            const std::int64_t classes = q.problem->sigmoid ? 2 : q.problem->c;
            read_label_part(*q.problem, q.plane * q.problem->s + first, int(width), classes, x.label.data());
            labelled = read_hard(q.excess + first, x.label.data(), q.own, width, d, g);
        } else if (q.target != nullptr) {
            labelled = read_soft(q.excess + first, q.target + first, width, d, g, x.own.soft);
        } else {
            std::copy_n(q.excess + first, width, d);
        }
        if (!labelled) return;
        x.own.first = (std::find_if(g, g + width, [](double truth) { return truth != 0.0; }) - g) / VECTOR * VECTOR;
        x.own.last = width;
        while (g[x.own.last - 1] == 0.0) --x.own.last;
    }

    // Blur the fields of a slice within it.
    void gather(const Source& source, Space& x, std::int64_t slice) {
        const std::int64_t start = slice * shape_.rows;
        for (std::int64_t row = 0; row < shape_.rows + down_; ++row) {
            if (row < shape_.rows) {
                read(source, x, start + row);
                blur_pixels(x, volume() ? x.columns : x.ring, volume() ? row : slice);
            }
            if (volume() && row >= down_) blur_across(x, {x.columns, shape_.rows, 1, 0}, row - down_, down_, kept_, start + row - down_);
        }
    }

    void blur_pixels(Space& x, Lines& to, std::int64_t line) {
        const double* d = x.pixels.at(0, GAP);
        squares_of(d, shape_.width, x.pixels.at(0, SQUARE));
        if (!x.own.empty())
            products_of(d, x.pixels.at(0, TRUTH), shape_.width, x.pixels.at(0, BOTH),
                        x.own.soft ? x.pixels.at(0, SPREAD) : nullptr);
        const Extent extent = x.own.wider(along_, shape_.width);
        to.begin(line, extent);
        x.blur.along(x.pixels, along_, fields_, extent, to, line);
    }

    void blur_across(Space& x, const Column& from, std::int64_t number, int reach, Lines& to, std::int64_t line) {
        Extent extent;
        for (std::int64_t k = std::max<std::int64_t>(0, number - reach); k < std::min(from.count, number + reach + 1); ++k)
            extent.include(from.lines.extent(from.line(k)));
        to.begin(line, extent);
        x.blur.across(from, number, reach, fields_, extent, to, line);
    }

    // visit(space, line) is given the means, and finish(space, line) the pixels and the slopes that are still to be blurred
    // along rows. What `visit` returns is kept for each line.
    template <class Visit, class Finish>
    void go_through(const Source& source, Visit visit, bool finishes, Finish finish) {
        const int back = finishes ? across_ : 0;
        if (!volume()) return in_parts(shape_.slices, [&](Space& x, std::int64_t first, std::int64_t last) {
            image(source, x, first, last, back, visit, finishes, finish);
        });
        in_parts(shape_.slices, [&](Space& x, std::int64_t first, std::int64_t last) {
            for (std::int64_t slice = first; slice < last; ++slice) gather(source, x, slice);
        });
        in_parts(shape_.rows, [&](Space& x, std::int64_t first, std::int64_t last) {
            for (std::int64_t row = first; row < last; ++row) column(x, row, back, visit, finishes);
        });
        if (!finishes) return;
        in_parts(shape_.slices, [&](Space& x, std::int64_t first, std::int64_t last) {
            for (std::int64_t line = first * shape_.rows; line < last * shape_.rows; ++line) {
                read(source, x, line);
                const std::int64_t row = line % shape_.rows;
                x.blur.across({kept_, shape_.rows, 1, line - row}, row, down_, SLOPES, x.own.wider(along_, shape_.width),
                              x.back, 0);
                finish(x, line);
            }
        });
    }

    // Slices of an image, its rows, which are needed on both sides of the part.
    template <class Visit, class Finish>
    void image(const Source& source, Space& x, std::int64_t first, std::int64_t last, int back, Visit visit, bool finishes,
               Finish finish) {
        const std::int64_t all = shape_.slices, begin = std::max<std::int64_t>(0, first - back);
        const std::int64_t end = std::min(all, last + back);
        for (std::int64_t slice = std::max<std::int64_t>(0, begin - across_); slice < last + back + across_; ++slice) {
            if (slice < all) gather(source, x, slice);
            const std::int64_t middle = slice - across_, done = middle - back;
            if (middle >= begin && middle < end) {
                blur_across(x, {x.ring, all, 1, 0}, middle, across_, x.means, 0);
                const double total = visit(x, middle);
                if (middle >= first && middle < last) totals_[middle] = total;
            }
            if (!finishes || done < first || done >= last) continue;
            read(source, x, done);
            x.blur.across({x.slopes, all, 1, 0}, done, across_, SLOPES, x.own.wider(along_, shape_.width), x.back, 0);
            finish(x, done);
        }
    }

    // The same row of all slices of a volume; slopes replace fields that no slice needs any more.
    template <class Visit>
    void column(Space& x, std::int64_t row, int back, Visit visit, bool finishes) {
        const std::int64_t all = shape_.slices, rows = shape_.rows;
        for (std::int64_t slice = 0; slice < all + back; ++slice) {
            if (slice < all) {
                blur_across(x, {kept_, all, rows, row}, slice, across_, x.means, 0);
                totals_[slice * rows + row] = visit(x, slice * rows + row);
            }
            const std::int64_t done = slice - back, line = done * rows + row;
            if (finishes && done >= 0)
                x.blur.across({x.slopes, all, 1, 0}, done, across_, SLOPES, kept_.extent(line), kept_, line);
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
