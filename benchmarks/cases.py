"""What is measured: losses times shapes, and the arrays that every implementation is given."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

IGNORED = 255
EDT = "exact EDT"  # no loss, but what the distance losses are made of: distance of each pixel to its mask's boundary
Size = tuple[int, ...]  # [N, C, *S]
INDEX, ONE_HOT, SOFT = "index", "one-hot", "soft"  # forms of labels


@dataclass(frozen=True)
class Shape:
    """A size with a name, and how its labels are written. `maps` are for the EDT alone."""

    name: str
    size: Size
    maps: bool = False
    labels: str = INDEX

    @property
    def axes(self) -> str:
        """The size as people write it."""
        return "[" + ",".join(map(str, self.size)) + "]"

    @property
    def mode(self) -> str:
        """The problem that this size stands for."""
        return "binary" if self.size[1] == 1 else "multiclass"

    @property
    def small(self) -> Shape:
        """The same problem, small: to warm up with."""
        return replace(self, size=(1, self.size[1], *(16 for _ in self.size[2:])))


SHAPES = {
    shape.name: shape
    for shape in (
        Shape("A", (4, 19, 512, 512)),
        Shape("B", (8, 2, 512, 512)),
        Shape("C", (2, 4, 96, 96, 96)),
        Shape("D", (1, 150, 512, 512)),
        Shape("binary", (8, 1, 512, 512)),
        Shape("wide", (1, 2, 2048, 1024)),
        Shape("tiny", (2, 5, 8, 8)),
        Shape("small", (2, 4, 32, 32)),
        Shape("maps", (1, 16, 512, 512), maps=True),
        Shape("volumes", (1, 4, 96, 96, 96), maps=True),
    )
}


@dataclass(frozen=True)
class Arrays:
    """Inputs of one size. `whole` are the labels without ignored pixels, for peers that cannot ignore any."""

    logits: np.ndarray
    labels: np.ndarray
    whole: np.ndarray


@lru_cache(maxsize=2)  # the small ones and those of the shape at hand
def arrays(size: Size, seed: int = 0) -> Arrays:
    """Regions about 16 pixels wide, logits that are right more often than not, 5 % of the pixels ignored."""
    rng = np.random.default_rng(seed)
    n, c, *space = size
    whole = rng.integers(0, max(c, 2), (n, *(-(-s // 16) for s in space)))
    for axis, length in enumerate(space, start=1):
        whole = np.repeat(whole, 16, axis=axis).take(range(length), axis=axis)
    logits = rng.standard_normal(size, dtype=np.float32)
    for channel in range(c):
        logits[:, channel] += 2.0 * (whole == (1 if c == 1 else channel))
    labels = np.where(rng.random(whole.shape, dtype=np.float32) < 0.05, IGNORED, whole)
    return Arrays(logits, labels, whole)


def written(labels: np.ndarray, classes: int, form: str) -> np.ndarray:
    """Class indices in another form: one-hot, or softened by a tenth; ignored in all channels."""
    if form == INDEX:
        return labels
    hot = np.moveaxis(np.eye(classes, dtype=labels.dtype)[np.where(labels == IGNORED, 0, labels)], -1, 1)
    targets = hot if form == ONE_HOT else (0.9 * hot + 0.1 / classes).astype(np.float32)
    return np.where(labels[:, None] == IGNORED, targets.dtype.type(IGNORED), targets)


@lru_cache(maxsize=2)
def masks(size: Size, seed: int = 0) -> np.ndarray:
    """Masks of blobs, half of the pixels set."""
    rng = np.random.default_rng(seed)
    n, c, *space = size
    coarse = rng.random((n, c, *(-(-s // 32) for s in space))) < 0.5
    for axis, length in enumerate(space, start=2):
        coarse = np.repeat(coarse, 32, axis=axis).take(range(length), axis=axis)
    return np.ascontiguousarray(coarse)


def cases(losses: list[str], shapes: list[str]) -> Iterator[tuple[str, Shape]]:
    """Every loss with every shape whose problem it takes, shape by shape."""
    from paddleseg_losses import registry

    for shape in (SHAPES[name] for name in shapes):
        for loss in losses:
            if shape.maps == (loss == EDT) and (loss == EDT or fits(registry.get(loss), shape)):
                yield loss, shape


def fits(spec, shape: Shape) -> bool:
    """Whether a loss takes the problem of a shape."""
    many = spec.most_classes is not None and shape.size[1] > spec.most_classes
    return shape.mode in spec.modes and not many
