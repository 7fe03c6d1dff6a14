"""Labels in regions, for the kernels that look at rims and depths."""

import numpy as np

from tests.laws.cases import IGNORED, Case

LARGE = [
    Case("binary", 1, (263, 301), samples=1),
    Case("multiclass", 5, (20001,), samples=1),
    Case("multiclass", 23, (13, 17, 19)),
    Case("multilabel", 3, (31, 57)),
    Case("multiclass", 3, (1, 1)),
    Case("multiclass", 2, (1, 40, 1)),
]


def blocks_of(case):
    """Labels in blocks of 6 pixels, some ignored; the last sample is of one class."""
    rng, per_channel = np.random.default_rng(3), case.mode == "multilabel"
    shape = (case.samples, case.channels) if per_channel else (case.samples,)
    labels = rng.integers(
        0, case.channels if case.mode == "multiclass" else 2, (*shape, *(1 + s // 6 for s in case.space))
    )
    for axis in range(len(shape), labels.ndim):
        labels = labels.repeat(6, axis=axis)
    labels = labels[(..., *(slice(size) for size in case.space))].copy()
    labels[rng.random(labels.shape) < 0.01] = IGNORED
    if case.samples > 1:
        labels[-1] = 1
    return labels
