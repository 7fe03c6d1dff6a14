"""What the masks of a dataset look like, as plain numbers for each class: shares, sizes, thin and ragged shapes.

    statistics = measure((name, mask) for name, mask in masks)
    statistics.classes[1].thinness

Masks hold class indices. Whoever has many of them measures some, spread over all: `MaskSource.sampled` does that.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import ndimage

from ..paddleseg.loading import plain
from ..transforms import signed_maps

Array = Any
_EIGHT_NEIGHBOURS = np.ones((3, 3), bool)
_WINDOW = 5  # pixels: wiggles of a boundary below that size are smoothed away
_MOST_COMPONENTS = 200_000  # of a class whose sizes are kept; the first ones say enough about the others


@dataclass(frozen=True)
class ClassStatistics:
    """One class. A component is a set of pixels of the class that touch each other, corners included."""

    label: int
    pixels: int
    share: float  # of the labelled pixels
    masks: int  # in which it occurs
    presence: float  # their share
    components: int
    component_pixels: tuple[float, float, float]  # sizes: tenth percentile, median, ninetieth
    component_share: float  # the median size over the size of its image
    width: float  # in pixels: diameter of the largest disc inside a component; the median, weighted by size
    thinness: float  # how many such discs a component has the area of: 1.3 a square, 13 a line of length 10; the median
    raggedness: float  # boundary over that of the smoothed shape, of what is wide enough: 1 smooth; nan: all is narrow


@dataclass(frozen=True)
class MaskStatistics:
    """All classes that occur, by label."""

    masks: int
    pixels: int  # labelled
    ignored: float  # share of all pixels
    single: float  # share of the masks that show one class only, and so have no boundary
    size: tuple[int, int]  # median height and width
    classes: dict[int, ClassStatistics]


@dataclass
class _Class:
    """What has been seen of a class so far."""

    pixels: int = 0
    masks: int = 0
    components: int = 0
    sizes: list[Array] = field(default_factory=list)  # an array for each mask
    shares: list[Array] = field(default_factory=list)
    widths: list[Array] = field(default_factory=list)
    boundary: int = 0  # edges between pixels, of wide components
    smoothed: int = 0  # and of the same when smoothed

    def add(self, inside: Array, image: int) -> None:
        """Measure the class in one mask: a box around it, and the number of pixels of the image."""
        self.pixels += int(inside.sum())
        self.masks += 1
        padded = np.pad(inside, _WINDOW)
        components, count = ndimage.label(padded, _EIGHT_NEIGHBOURS)
        self.components += count
        if self.components > _MOST_COMPONENTS:
            return
        which, depths = components[padded], signed_maps(padded[np.newaxis])[0][padded]
        sizes = np.bincount(which)[1:]
        widths = 2 * np.asarray(ndimage.maximum(depths, which, np.arange(1, count + 1))) - 1
        self.sizes.append(sizes)
        self.shares.append(sizes / image)
        self.widths.append(widths)
        wide = np.concatenate([[False], widths > _WINDOW])
        if wide.any():
            shape = wide[components]
            self.boundary += _edges(shape)
            self.smoothed += _edges(ndimage.uniform_filter(shape.astype("float32"), _WINDOW, mode="constant") > 0.5)

    def result(self, label: int, labelled: int, masks: int) -> ClassStatistics:
        """The numbers."""
        sizes, widths = np.concatenate(self.sizes or [[0]]), np.concatenate(self.widths or [[1]])
        low, middle, high = (float(value) for value in np.quantile(sizes, [0.1, 0.5, 0.9]))
        return ClassStatistics(
            label=label,
            pixels=self.pixels,
            share=self.pixels / max(labelled, 1),
            masks=self.masks,
            presence=self.masks / max(masks, 1),
            components=self.components,
            component_pixels=(low, middle, high),
            component_share=float(np.median(np.concatenate(self.shares or [[0]]))),
            width=_median(widths, sizes),
            thinness=_median(sizes / (np.pi / 4 * widths**2), sizes),
            raggedness=self.boundary / self.smoothed if self.smoothed else float("nan"),
        )


def measure(masks: Iterable[tuple[str, Array]], ignore_index: int | None = 255) -> MaskStatistics:
    """Measure masks one after another; one is in memory at a time.

    Args:
        masks: names and arrays `[H, W]` of class indices.
        ignore_index: the label of pixels that count for nothing.
    """
    classes: dict[int, _Class] = {}
    shapes, ignored, single = [], 0, 0
    for _name, given in masks:
        mask = plain(np.asarray(given))
        labels = [int(label) for label in np.unique(mask)]
        shapes.append(mask.shape)
        single += len(set(labels) - {ignore_index}) == 1
        for label in labels:
            if label == ignore_index:
                ignored += int((mask == label).sum())
            else:
                classes.setdefault(label, _Class()).add(_box(mask == label), mask.size)
    labelled = sum(each.pixels for each in classes.values())
    height, width = np.median(shapes or [(0, 0)], axis=0)
    return MaskStatistics(
        masks=len(shapes),
        pixels=labelled,
        ignored=ignored / max(labelled + ignored, 1),
        single=single / max(len(shapes), 1),
        size=(int(height), int(width)),
        classes={label: classes[label].result(label, labelled, len(shapes)) for label in sorted(classes)},
    )


def _box(inside: Array) -> Array:
    """The part of an array around what is true."""
    (box,) = ndimage.find_objects(inside.astype("uint8"))
    return inside[box]


def _edges(shape: Array) -> int:
    """How many pairs of neighbouring pixels are one inside and one outside."""
    return int((shape[1:] != shape[:-1]).sum() + (shape[:, 1:] != shape[:, :-1]).sum())


def _median(values: Array, weights: Array) -> float:
    """The median of weighted values."""
    order = np.argsort(values)
    heights = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(heights, heights[-1] / 2)]) if len(values) else float("nan")
