"""Calls every kernel of a library built with sanitizers on odd shapes; without Paddle.

On small images with every combination of what may be asked for; on large ones every value of it occurs.

python sanitized.py <library> <signatures.py> <sizes of images>:<number of threads>...
"""

import ctypes
import runpy
import sys
from itertools import cycle, islice, product
from types import SimpleNamespace

import numpy as np

SHAPES = {
    "small": [
        (1, 1, (1,)), (2, 3, (1,)), (1, 2, (2111,)), (2, 3, (7, 5)), (1, 1, (1, 40)), (3, 1, (33, 1)), (2, 5, (39, 37)),
        (2, 3, (5, 4, 7)), (1, 2, (1, 3, 1)), (1, 2, (3, 70, 50)),
    ],
    "medium": [(1, 2, (33007,))],  # more than 32768 pixels, the largest part that a kernel of images shares out
    "long": [(1, 2, (131101,))],  # kernels of labels share out parts of 65536, those of Lovasz of 131072
    "large": [(1, 2, (66001,)), (1, 2, (259, 255)), (1, 2, (3, 149, 149))],  # more pixels than 16 bits can count
}  # fmt: skip


MANY = 1000  # pixels of an image


def cases(sizes):
    """Samples, channels, sizes of the axes, and whether they are under a sigmoid."""
    for n, c, space in SHAPES[sizes]:
        yield n, c, space, False
        if sizes != "medium":  # which is there for a softmax: its one map is cut into parts
            yield n, 1 if sizes == "large" else c, space, True


def combinations(problem, *options):
    """Of one value of each option."""
    if problem.s < MANY:
        return product(*options)
    most = max(map(len, options))
    return zip(*(islice(cycle(values), most) for values in options))


class Kernels:
    """Functions of the library as attributes, and the names of those that were called."""

    def __init__(self, path, signatures):
        self._library, self._bind, self.called = ctypes.CDLL(path), signatures.bind, set()

    def __getattr__(self, name):
        self.called.add(name)
        return self._bind(self._library, name)


def address(array):
    """Where an array is; None stays None."""
    return None if array is None else array.ctypes.data


def reals(*values):
    """A C array of doubles."""
    return (ctypes.c_double * len(values))(*values)


def run(kernels, n, c, space, sigmoid, threads, all_kernels=True):
    """All kernels, or those that share out large parts alone, on arrays of exactly the size that they may touch."""
    rng = np.random.default_rng(0)
    s = int(np.prod(space))
    z = rng.normal(size=(n, c, s)).astype("float32")
    z[rng.random(z.shape) < 0.02] = np.nan
    z[rng.random(z.shape) < 0.02] = np.inf
    labels = rng.integers(-1, c + 1, (n, c if sigmoid else 1, s))
    labels[rng.random(labels.shape) < 0.1] = 10**12
    problem = Problem(address(z), address(labels), None, n, c, s, 1, 255, 8, int(sigmoid))
    image = (len(space), (ctypes.c_int64 * len(space))(*space))
    run_labels(kernels, problem, labels, threads)
    run_lovasz(kernels, problem, z, threads)
    if not all_kernels:
        return
    run_sums(kernels, problem, labels, z, threads)
    run_soft_targets(kernels, problem, z, threads)
    run_distances(kernels, problem, rng, z, image, threads)
    run_windows(kernels, problem, z, image, threads)
    run_means(kernels, problem, z, image, threads)
    hard = rng.integers(0, 2, (n, c, s)).astype("float32")
    run_boundaries(kernels, problem, z, image, threads)
    for maps in (z, hard):
        run_maps(kernels, changed(problem, logits=address(maps)), image, threads)


def run_boundaries(kernels, problem, z, image, threads):
    """Boundaries that move, with and without a gradient."""
    total = np.empty(1)
    for ratio, kept in combinations(problem, (0.01, 1.0), (None, np.empty_like(z))):
        kernels.active_boundary_forward(problem, *image, ratio, 20.0, 0.2, address(total), address(kept), threads)


def changed(problem, **fields):
    """A problem with other fields."""
    kept = {name: getattr(problem, name) for name, _ in Problem._fields_}
    return Problem(**{**kept, **fields})


def run_sums(kernels, problem, labels, z, threads):
    """Sums over pixels and values of pixels; also without what may be left out."""
    n, c, s, out = problem.n, problem.c, problem.s, np.empty_like(z)
    functions = ((0, 1), (1, 1), (2, 1), (3, 0.5), (4, 1), (5, 2), (6, 0.5))
    every = [(side, kind, gamma) for side in (0, 1) for kind, gamma in functions]
    if not problem.sigmoid:
        every = [(side, kind, gamma) for side, kind, gamma in every if side == 0 or kind in (2, 3, 4)]
    fusable, overlap = [(0, 2, 1), (1, 4, 1)], [(0, 1, 1), (1, 2, 1)]
    sums, values = np.ones((n, c, len(every))), np.empty((n, c if problem.sigmoid else 1, s), "float32")
    weight, total, again = np.ones((n, s), "float32"), np.empty(1), np.empty_like(sums)
    is_kept = np.zeros(1, "int32")
    for dtype, w in combinations(problem, ("int64", "int32", "uint8"), (None, weight)):
        narrow = np.where(labels > c + 1, 255, labels).astype(dtype)
        q = changed(problem, labels=address(narrow), label_bytes=narrow.itemsize, weight=address(w))
        for chosen, kept in combinations(problem, (every, fusable, overlap), (out, None)):
            specs = (SumSpec * len(chosen))(*(SumSpec(*spec) for spec in chosen))
            given = (address(again), address(kept), address(is_kept), threads)
            kernels.error_sums_forward(q, specs, len(specs), *given)
            kernels.error_sums_backward(q, specs, len(specs), address(sums), int(is_kept[0]), address(out), threads)
        specs = (SumSpec * 2)(SumSpec(0, 4, 1), SumSpec(0, 5, 2))
        kernels.pixelwise_values(q, specs, 2, address(sums), address(values), threads)
        for count, grad in product((1, 2), (None, out)):  # one alone is fusable
            kernels.pixelwise_total(q, specs, count, address(sums), address(grad), address(total), threads)
        for sign in (0, 1, 2):
            kernels.probabilities_forward(q, sign, address(out), threads)
        kernels.probabilities_backward(q, address(z), address(out), threads)
        run_histograms(kernels, q, out, threads)
        run_counts(kernels, q, out, threads)
        if not problem.sigmoid:
            costs, of_classes = np.ones((c, c), "float32"), np.ones((n, c))
            kernels.confusion_forward(q, address(costs), address(of_classes), threads)
            kernels.confusion_backward(q, address(costs), address(of_classes), address(out), threads)
    kernels.pixelwise_scale(address(out), out.size, 0.5, threads)


def run_counts(kernels, problem, out, threads):
    """Counts of pixels, their weights, and logits beyond a margin."""
    n, c, total = problem.n, problem.c, np.empty(1)
    kernels.label_misses(problem, address(np.zeros((2, c), "int64")), threads)
    for kept in (None, out):
        kernels.margin_forward(problem, 0.5, address(total), address(kept), threads)
    if problem.weight:
        kernels.error_sums_weights(problem, address(np.empty((n, c, 2))), threads)


def run_histograms(kernels, problem, out, threads):
    """One bin, and as many as there can be."""
    for bins, soft in ((1, 0), (20, 0), (256, 1)):
        sums = np.ones((problem.n, problem.c, bins, 2))
        kernels.calibration_forward(problem, bins, soft, address(sums), threads)
        kernels.calibration_backward(problem, bins, soft, address(sums), address(out), threads)


def run_labels(kernels, problem, labels, threads):
    """Counts and copies of labels, and the labels of the largest values."""
    n, size = problem.n, labels.size
    copy, values, out_of_range = np.empty(labels.shape, "uint8"), np.ones(labels.shape, "float32"), np.empty(1, "int64")
    for dtype, classes in product(("int64", "int32", "uint8"), (2, 20)):
        narrow = np.where(labels > problem.c + 1, 255, labels).astype(dtype)
        counts, kept = np.zeros((n, classes), "int64"), np.empty_like(narrow)
        given, planes = (address(narrow), narrow.itemsize), (n, size // n, classes, 255)
        kernels.labels_count(*given, *planes, address(counts), threads)
        kernels.labels_compact(*given, *planes, address(copy), 1, address(counts), address(out_of_range), threads)
        if problem.sigmoid:  # with a channel for each class
            index, of_classes = np.empty((n, problem.s), "uint8"), np.zeros((n, problem.c), "int64")
            outputs = (address(index), 1, address(of_classes), address(out_of_range), threads)
            kernels.labels_compact_one_hot(*given, n, problem.c, problem.s, 255, *outputs)
        kernels.top_k(address(values), *given, size, problem.c, 255, 10, address(kept), threads)


def run_soft_targets(kernels, problem, z, threads):
    """Targets of numbers, some of which no target may be."""
    n, c, s = problem.n, problem.c, problem.s
    targets = np.random.default_rng(1).random(z.shape).astype("float32") * 1.2 - 0.1
    targets[..., : s // 3] = 255
    q = SoftProblem(address(z), address(targets), n, c, s, 255, problem.sigmoid)
    numbers = signatures.enums()["SoftSum"]["SOFT_SUMS"]
    counts, sums, out = np.empty(2, "int64"), np.empty((n, c, numbers)), np.empty_like(z)
    upstream = np.ones((n, c, numbers), "float32")
    kernels.soft_targets_check(q, address(counts), threads)
    kernels.soft_targets_forward(q, address(sums), threads)
    kernels.soft_targets_backward(q, address(upstream), address(out), threads)


def run_lovasz(kernels, problem, z, threads):
    """All rows, with and without a gradient."""
    n, c, out = problem.n, problem.c, np.empty_like(z)
    for per_image, hinge in product((0, 1), (1,) if problem.sigmoid else (0, 1) if c == 2 else (0,)):
        rows = 1 if hinge and not problem.sigmoid else c
        losses, positives = (np.empty((n if per_image else 1, rows), dtype) for dtype in ("float64", "int64"))
        requested = np.ones(rows, "uint8")
        workspace = np.empty(kernels.lovasz_workspace_bytes(problem, per_image, hinge, threads), "uint8")
        grad = np.empty_like(z)
        for kept in (None, grad):
            kernels.lovasz_forward(
                problem, per_image, hinge, address(requested), per_image,
                address(losses), address(positives), address(kept), address(workspace), threads,
            )  # fmt: skip
        given = (address(losses), address(grad))
        kernels.lovasz_backward(problem, per_image, hinge, *given, address(out), threads)


def run_distances(kernels, problem, rng, z, image, threads):
    """Distance maps, with and without sizes of pixels, and what is computed from them."""
    n, c, s, axes = problem.n, problem.c, problem.s, image[0]
    slope, sums, counts = np.empty_like(z), np.empty((n, c)), np.empty((n, c), "int64")
    masks = (rng.random((n, c, s)) < 0.3).astype("uint8")
    out, fits = np.empty((n, c if problem.sigmoid else 1, s), "float32"), np.zeros(1, "int32")
    for spacing, padded in ((None, None), (reals(*(0.5, 2.0, 3.0)[:axes]), reals(0.5, 2.0, 3.0))):
        for dtype in ("float32", "float64"):
            distances = np.empty(z.shape, dtype)
            edt = getattr(kernels, f"edt_{dtype}")
            edt(address(masks), n * c, *image, spacing, address(distances), threads)
        for boundary, precomputed in combinations(problem, (0, 1), (None, z)):
            kernels.distance_weighted_forward(
                problem, *image, spacing, 1.5, 1, boundary, 0, min(1, c - 1), address(precomputed),
                address(fits), address(sums), address(slope), threads,
            )  # fmt: skip
        kernels.boundary_proximity(problem, *image, spacing, int(spacing is None), address(out), threads)
        kernels.contours_surface_distances(problem, *image, padded, address(out), threads)
    kernels.contours_boundary_counts(problem, *image, address(counts), threads)


def run_windows(kernels, problem, z, image, threads):
    """Losses of windows, and soft skeletons."""
    n, c, slope, out = problem.n, problem.c, np.empty_like(z), np.empty_like(z)
    for reach in (0, 1, 4):
        window, total = (problem, *image, reals(*[0.3] * (2 * reach + 1)), reach), np.empty(2)
        kernels.window_ssl_forward(*window, 0.01, 0.1, address(total), address(slope), threads)
        kernels.window_nacl_forward(*window, 1, address(total), address(slope), threads)
    lines, sums = np.empty((n, c if problem.sigmoid else 1, problem.s), "uint8"), np.ones((n, c, 4))
    for iterations in (0, 2):
        kernels.centerline_truth(problem, *image, iterations, address(lines), threads)
        region = (problem, *image, iterations, min(1, c - 1), address(lines))
        kernels.centerline_forward(*region, address(sums), threads)
        kernels.centerline_backward(*region, address(sums), address(out), threads)
    table, slopes = np.empty((n, c, 4)), np.zeros((*lines.shape, 4), "float32")
    for kept in (None, slopes):
        kernels.radius_sums_forward(problem, *image, 2, min(1, c - 1), address(table), address(kept), threads)
    kernels.radius_sums_backward(problem, min(1, c - 1), address(table), address(slopes), address(out), threads)
    for merge, radius in product((0, 1), (0, 3)):
        kernels.thinning_tubes(problem, *image, radius, merge, address(lines), threads)


def run_means(kernels, problem, z, image, threads):
    """Means over windows, of labels and of maps."""
    n, c, s, out = problem.n, problem.c, problem.s, np.empty_like(z)
    target, mask = np.where(z > 0, z, 0).clip(0, 1), np.ones((n, c if problem.sigmoid else 1, s), "float32")
    errors, shared = np.empty((n, c)), 1 if problem.sigmoid else c
    for reach in (1, 3):
        kernels.label_means(problem, *image, reals(*[0.5] * reach), reals(*[1] * reach), reach, address(out), threads)
        window = (*image, reals(1, *[0.3] * reach), reach, 1e-4, 1e-3)
        for exponents, kept in combinations(problem, (None, (0.3, 0.3, 0.4)), (None, out)):
            scales = (exponents and reals(*exponents), len(exponents or "1"))
            kernels.similarity_forward(
                problem, *window, *scales, min(1, c - 1), address(errors), address(kept), threads
            )
            maps = (address(z), address(target), address(mask), n * c, shared)
            kernels.similarity_of_maps(*maps, *window, *scales, address(errors), address(kept), threads)


def run_maps(kernels, problem, image, threads):
    """Filters of whole maps, with and without a slope."""
    shape = (problem.n, problem.c, problem.s)
    slope, out, sums = np.empty(shape, "float32"), np.empty(shape, "float32"), np.empty(shape[:2])
    largest = 60 if problem.s < MANY else 12  # on small images it reaches beyond them; on large ones it takes minutes
    weights, radii, first = reals(1, 2, 3, 4), reals(0.5, 3, 7.5, largest), min(1, problem.c - 1)
    results = [(first, address(sums), address(kept), threads) for kept in (None, slope)]
    for outputs in results:
        kernels.erosion_forward(problem, *image, weights, 4, *outputs)
        kernels.ball_filter_forward(problem, *image, radii, weights, 4, *outputs)
    for exclusive, outputs in combinations(problem, (0, 1), results):
        kernels.active_contour_forward(problem, *image, 1.0, 0.5, 1e-8, exclusive, *outputs)
    for (width, reach), outputs in combinations(problem, ((0, 1), (1, 2), (5, 70)), results):
        kernels.boundary_f1_forward(problem, *image, width, reach, 1.0, *outputs)
    kernels.map_sums_backward(problem, address(sums), address(slope), address(out), threads)


if __name__ == "__main__":
    signatures = SimpleNamespace(**runpy.run_path(sys.argv[2]))
    Problem, SumSpec, SoftProblem = (signatures.structs()[name] for name in ("Problem", "SumSpec", "SoftProblem"))
    loaded = Kernels(sys.argv[1], signatures)
    for sizes, _, thread_count in (argument.partition(":") for argument in sys.argv[3:]):
        for case in cases(sizes):
            run(loaded, *case, int(thread_count), all_kernels=sizes != "long")
    if left_out := signatures.functions().keys() - loaded.called:
        raise SystemExit(f"not called: {', '.join(sorted(left_out))}")
    print("clean")
