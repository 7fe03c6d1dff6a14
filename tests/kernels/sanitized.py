"""Calls kernels of a library built with sanitizers, whose path is given, on odd shapes. Without Paddle: ctypes."""

import ctypes
import sys
from itertools import product

import numpy as np

SHAPES = [
    (1, 1, (1,)), (2, 3, (1,)), (1, 2, (70001,)), (2, 3, (7, 5)), (1, 1, (1, 40)), (3, 1, (33, 1)), (2, 5, (65, 67)),
    (1, 2, (300, 257)), (2, 3, (5, 4, 7)), (1, 2, (1, 3, 1)), (1, 2, (3, 190, 190)),
]  # fmt: skip


class Problem(ctypes.Structure):
    """The struct of `native/tile.hpp`."""

    _fields_ = (
        *((name, ctypes.c_void_p) for name in ("logits", "labels", "weight")),
        *((name, ctypes.c_int64) for name in ("n", "c", "s", "weight_channels", "ignore")),
        *((name, ctypes.c_int32) for name in ("label_bytes", "sigmoid")),
    )


class Moment(ctypes.Structure):
    """The struct of `native/error_sums.hpp`."""

    _fields_ = (("side", ctypes.c_int32), ("kind", ctypes.c_int32), ("gamma", ctypes.c_float))


def address(array):
    """Where an array is; None stays None."""
    return None if array is None else ctypes.c_void_p(array.ctypes.data)


def run(library, n, c, space, sigmoid, threads):
    """The kernels, forward and backward, on arrays of exactly the size that it may touch."""
    rng = np.random.default_rng(0)
    s, real, long = int(np.prod(space)), ctypes.c_double, ctypes.c_int64
    z = rng.normal(size=(n, c, s)).astype("float32")
    z[rng.random(z.shape) < 0.02] = np.nan
    z[rng.random(z.shape) < 0.02] = np.inf
    labels = rng.integers(-1, c + 1, (n, c if sigmoid else 1, s))
    labels[rng.random(labels.shape) < 0.1] = 10**12
    problem = Problem(address(z), address(labels), None, n, c, s, 1, 255, 8, int(sigmoid))
    q, sizes, axes = ctypes.byref(problem), (ctypes.c_int64 * len(space))(*space), len(space)
    slope, out = np.empty_like(z), np.empty_like(z)
    for spacing in (None, (real * axes)(*(0.5, 2.0, 3.0)[:axes])):
        masks = (rng.random((n, c, s)) < 0.3).astype("uint8")
        for dtype in ("float32", "float64"):
            found = np.empty(z.shape, dtype)
            run_one(library, f"edt_{dtype}", address(masks), long(n * c), axes, sizes, spacing, threads, address(found))
        sums = np.empty((n, c))
        for boundary, known in ((0, None), (1, None), (0, z), (1, z)):
            price, fits = (real(1.5), real(1), boundary, 0, min(1, c - 1), address(known)), np.zeros(1, "int32")
            found = (address(fits), address(sums), address(slope), threads)
            run_one(library, "priced_forward", q, axes, sizes, spacing, *price, *found)
        run_one(library, "map_sums_backward", q, address(sums), address(slope), address(out), threads)
    for per_image, hinge in product((0, 1), (1,) if sigmoid else (0, 1) if c == 2 else (0,)):
        rows = 1 if hinge and not sigmoid else c
        losses, hits = (np.empty((n if per_image else 1, rows), dtype) for dtype in ("float64", "int64"))
        wanted = np.ones(rows, "uint8")
        library.lovasz_room.restype = long
        room = np.empty(library.lovasz_room(q, per_image, hinge, threads), "uint8")
        for pull in (None, slope):
            table = (per_image, hinge, address(wanted), per_image, address(losses), address(hits), address(pull))
            run_one(library, "lovasz_forward", q, *table, address(room), threads)
        run_one(library, "lovasz_backward", q, per_image, hinge, address(losses), address(slope), address(out), threads)
    for reach in (0, 1, 4):
        weights, total = (real * (2 * reach + 1))(*[0.3] * (2 * reach + 1)), np.empty(2)
        window = (q, axes, sizes, weights, reach)
        run_one(library, "structure_forward", *window, real(0.01), real(0.1), address(total), address(slope), threads)
        run_one(library, "neighbours_forward", *window, 1, address(total), address(slope), threads)
    for iterations in (0, 2):
        grid = (long(n * c), axes, sizes, iterations, threads)
        run_one(library, "skeleton_forward", address(z), *grid, address(out))
        run_one(library, "skeleton_backward", address(z), address(z), *grid, address(out))
        lines, upstream = np.empty(labels.shape, "uint8"), np.ones((n, c, 4))
        region = (q, axes, sizes, iterations, min(1, c - 1), address(lines))
        run_one(library, "centre_lines", *region[:4], address(lines), threads)
        run_one(library, "centre_line_sums", *region, address(upstream), threads)
        run_one(library, "centre_line_gradient", *region, address(upstream), address(out), threads)
    run_sums(library, problem, labels, z, threads)
    run_maps(library, problem, rng, sizes, axes, threads)


def run_sums(library, problem, labels, z, threads):
    """Kernels of sums and of labels; all but `moments_backward` also without what they may leave out."""
    n, c, s, out = problem.n, problem.c, problem.s, np.empty_like(z)
    library.pixel_total.restype = ctypes.c_double
    kinds = [
        (side, kind, gamma) for side in (0, 1) for kind, gamma in ((0, 1), (1, 1), (2, 1), (3, 0.5), (4, 1), (5, 2))
    ]
    if not problem.sigmoid:
        kinds = [k for k in kinds if k[0] == 0 or k[1] in (2, 3, 4)]
    moments = (Moment * len(kinds))(*(Moment(*k) for k in kinds))
    own = (Moment * 2)(Moment(0, 4, 1), Moment(0, 5, 2))
    simple, overlap = (Moment * 2)(Moment(0, 2, 1), Moment(1, 4, 1)), (Moment * 2)(Moment(0, 1, 1), Moment(1, 2, 1))
    table, maps = np.ones((n, c, len(kinds))), np.empty((n, c if problem.sigmoid else 1, s), "float32")
    weight = np.ones((n, s), "float32")
    rest = [getattr(problem, name) for name, _ in Problem._fields_[3:]]
    for dtype in ("int64", "int32", "uint8"):
        narrow = np.where(labels > c + 1, 255, labels).astype(dtype)
        rest[5] = narrow.itemsize
        copy = np.empty(labels.shape, "uint8")
        size, few = ctypes.c_int64(labels.size), ctypes.c_int64(c)
        arguments = (address(narrow), narrow.itemsize)
        for classes in (2, 20):
            found = np.zeros((n, classes), "int64")
            planes = (ctypes.c_int64(n), ctypes.c_int64(labels.size // n), ctypes.c_int64(classes), ctypes.c_int64(255))
            library.label_counts(*arguments, *planes, address(found), threads)
            library.compact_labels(*arguments, *planes, address(copy), 1, address(found), threads)
        for w in (None, weight):
            q = ctypes.byref(Problem(address(z), address(narrow), address(w), *rest))
            library.moments_forward(q, moments, len(kinds), address(table.copy()), threads)
            library.moments_backward(q, moments, len(kinds), address(table), address(out), threads)
            for few_kinds in (simple, overlap):
                library.moments_forward(q, few_kinds, len(few_kinds), address(table.copy()), threads)
                library.moments_backward(q, few_kinds, len(few_kinds), address(table), address(out), threads)
            library.pixel_values(q, own, 2, address(table), address(maps), threads)
            for slope in (None, out):
                library.pixel_total(q, own, 2, address(table), address(slope), threads)
                library.pixel_total(q, own, 1, address(table), address(slope), threads)  # of a cost alone: simple
        library.probabilities_forward(q, address(out), threads)
        if not problem.sigmoid:
            prices, found = np.ones((c, c), "float32"), np.ones((n, c))
            library.confusion_forward(q, address(prices), address(found), threads)
            library.confusion_backward(q, address(prices), address(found), address(out), threads)
        values, kept = np.ones(labels.shape, "float32"), np.empty_like(narrow)
        whole = (size, few, ctypes.c_int64(255), ctypes.c_double(10))
        library.largest(address(values), *arguments, *whole, address(kept), threads)
    library.scale(address(out), ctypes.c_int64(out.size), ctypes.c_float(0.5), threads)


def run_maps(library, problem, rng, sizes, axes, threads):
    """Kernels that work on whole maps, of what is given and of 0 and 1."""
    n, c, s = problem.n, problem.c, problem.s
    hard, slope, sums = (
        rng.integers(0, 2, (n, c, s)).astype("float32"),
        np.empty((n, c, s), "float32"),
        np.empty((n, c)),
    )
    rest = [getattr(problem, name) for name, _ in Problem._fields_[1:]]
    for q in (ctypes.byref(problem), ctypes.byref(Problem(address(hard), *rest))):
        for kept in (None, slope):
            prices = (ctypes.c_double * 4)(1, 2, 3, 4)
            erosion = (q, axes, sizes, prices, 4, min(1, c - 1), address(sums), address(kept), threads)
            run_one(library, "eroded_forward", *erosion)
            radii = (ctypes.c_double * 4)(0.5, 3, 7.5, 60)
            run_one(library, "balls_forward", q, axes, sizes, radii, *erosion[3:])
        counts = np.empty((n, c), "int64")
        run_one(library, "rim_counts", q, axes, sizes, address(counts), threads)
        for spacing in (None, (ctypes.c_double * 3)(0.5, 2.0, 3.0)):
            out = np.empty((n, c if problem.sigmoid else 1, s), "float32")
            run_one(library, "contour_errors", q, axes, sizes, spacing, address(out), threads)
            run_one(library, "region_closeness", q, axes, sizes, spacing, int(spacing is None), address(out), threads)


def run_one(library, name, *arguments):
    """A kernel must say that it worked."""
    if getattr(library, name)(*arguments) != 0:
        raise SystemExit(f"{name} failed")


if __name__ == "__main__":
    loaded = ctypes.CDLL(sys.argv[1])
    for samples, channels, size in SHAPES:
        for under_sigmoid in (False, True):
            for count in (1, 3):
                run(loaded, samples, channels, size, under_sigmoid, count)
    print("clean")
