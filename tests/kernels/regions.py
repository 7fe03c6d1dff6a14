"""Labels in regions, for the kernels that look at rims and depths."""

import numpy as np

from tests.laws.scenes import IGNORED, Scene

LARGE = [
    Scene("binary", 1, (263, 301), samples=1),
    Scene("multiclass", 5, (20001,), samples=1),
    Scene("multiclass", 23, (13, 17, 19)),
    Scene("multilabel", 3, (31, 57)),
    Scene("multiclass", 3, (1, 1)),
    Scene("multiclass", 2, (1, 40, 1)),
]


def blocks_of(scene):
    """Labels in blocks of 6 pixels, some ignored; the last sample is of one class."""
    rng, per_channel = np.random.default_rng(3), scene.mode == "multilabel"
    shape = (scene.samples, scene.channels) if per_channel else (scene.samples,)
    labels = rng.integers(
        0, scene.channels if scene.mode == "multiclass" else 2, (*shape, *(1 + s // 6 for s in scene.space))
    )
    for axis in range(len(shape), labels.ndim):
        labels = labels.repeat(6, axis=axis)
    labels = labels[(..., *(slice(size) for size in scene.space))].copy()
    labels[rng.random(labels.shape) < 0.01] = IGNORED
    if scene.samples > 1:
        labels[-1] = 1
    return labels
