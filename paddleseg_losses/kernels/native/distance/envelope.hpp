// The lower envelope of parabolas (Felzenszwalb & Huttenlocher), which extends squared distances along one axis.
//
// Along a line the new square of pixel i is the minimum over j of f(j) + (s (i - j))^2, with f(j) the current square, and 0
// where j lies on the other side of a boundary: a run of pixels on one side needs its own parabolas and the two zeros next to
// it.
#pragma once

#include <limits>
#include <vector>

namespace psl {

template <class Square>
constexpr Square FAR = std::numeric_limits<Square>::max() / 2;  // unknown; its sum with another square does not overflow

class Envelope {
    std::vector<int> site, start;  // a parabola is the lowest one from its start to the next one's
    std::vector<double> height, half_inverse;
    int count = 0;

    // Add the parabola of a site to the right of all others; `first` to `last` is the run.
    void add(int place, double lift, int first, int last) {
        int begin = first;
        for (; count > 0; --count) {
            const int other = site[count - 1], apart = place - other;
            // The new one is lower to the right of `meet`. If they meet on a pixel, either will do.
            const double meet = (lift - height[count - 1] + double(apart) * (place + other)) * half_inverse[apart];
            begin = meet < first ? first : meet >= last ? last : int(meet) + 1;
            if (begin > start[count - 1]) break;
            begin = first;
        }
        if (begin >= last) return;
        site[count] = place;
        start[count] = begin;
        height[count++] = lift;
    }

public:
    explicit Envelope(int length) : site(length + 2), start(length + 2), height(length + 2), half_inverse(length + 2) {
        for (int d = 1; d < length + 2; ++d) half_inverse[d] = 0.5 / d;
    }

    // Calls relaxed(i, square) for the pixels `first` to `last`, a run within a line of `length`, with squares `current(i)`.
    template <class Square, class Current, class Relaxed>
    void run(int first, int last, int length, Square step, Current current, Relaxed relaxed) {
        const double scale = 1.0 / step;
        count = 0;
        if (first > 0) add(first - 1, 0.0, first, last);
        for (int i = first; i < last; ++i)
            if (current(i) < FAR<Square>) add(i, current(i) * scale, first, last);
        if (last < length) add(last, 0.0, first, last);
        if (count == 0)
            for (int i = first; i < last; ++i) relaxed(i, FAR<Square>);
        for (int k = 0; k < count; ++k) {
            const int end = k + 1 < count ? start[k + 1] : last;
            const Square lowest = Square(height[k]);
            for (int i = start[k]; i < end; ++i) {
                const Square away = i - site[k];
                relaxed(i, step * (lowest + away * away));
            }
        }
    }
};

}  // namespace psl
