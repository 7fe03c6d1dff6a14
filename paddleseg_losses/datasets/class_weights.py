"""Class weights from pixel counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Callable

import numpy as np

from ..errors import DataError, OptionError
from ..i18n import Text, _
from ..registry import suggest

Array = Any


@dataclass(frozen=True)
class ClassCounts:
    """Pixel counts of the classes that occur, as arrays of the same length."""

    pixels: Array  # of the class
    area: Array  # labelled pixels of the images in which it occurs
    beta: float

    @property
    def share(self) -> Array:
        """Pixels of the class over all labelled pixels."""
        return self.pixels / self.pixels.sum()


@dataclass(frozen=True)
class Scheme:
    """A way to weight classes; `weigh` gives the weights up to a factor."""

    name: str
    formula: Text
    paper: Text
    weigh: Callable[[ClassCounts], Array]


def _median_frequency(counts: ClassCounts) -> Array:
    frequency = counts.pixels / counts.area
    return np.median(frequency) / frequency


def _effective_number(counts: ClassCounts) -> Array:
    log_beta = np.log(counts.beta)
    return (1 - counts.beta) / -np.expm1(counts.pixels * log_beta)  # 1 - beta^n, for beta near 1 too


SCHEMES = {
    scheme.name: scheme
    for scheme in (
        Scheme("inverse", "1 / share", _("common practice"), lambda counts: 1 / counts.share),
        Scheme(
            "sqrt_inverse", "1 / sqrt(share)", _("common practice; milder"), lambda counts: 1 / np.sqrt(counts.share)
        ),
        Scheme(
            "enet",
            "1 / ln(1.02 + share)",
            _("Paszke et al. 2016, arXiv 1606.02147; at most 50.5 before scaling"),
            lambda counts: 1 / np.log(1.02 + counts.share),
        ),
        Scheme(
            "median_frequency",
            _("median(f) / f, f = pixels of the class / pixels of the images that contain it"),
            "Eigen & Fergus 2015, arXiv 1411.4734",
            _median_frequency,
        ),
        Scheme(
            "effective_number",
            _("(1 - beta) / (1 - beta^n), n = pixels of the class"),
            "Cui et al. 2019, arXiv 1901.05555",
            _effective_number,
        ),
    )
}


def default_beta(pixels: Sequence[int]) -> float:
    """Beta = (N - 1) / N with N the number of labelled pixels; in the paper N is the number of unique samples.

    The paper's 0.9 to 0.9999 are for counts of images: with millions of pixels every class would weigh the same.
    """
    return 1 - 1 / max(sum(pixels), 2)


def balance(scheme: str, pixels: Sequence[int], area: Sequence[int], beta: float | None = None) -> list[float]:
    """Weights of the classes, of mean 1 over the classes that occur; 0 for a class that never occurs.

    No pixel ever asks for the weight of an absent class, and none can be computed; 0 also keeps it out of the class
    mean of a region loss, which it could only disturb.

    Args:
        scheme: a key of `SCHEMES`.
        pixels: pixels of each class.
        area: labelled pixels of the images in which each class occurs.
        beta: for effective_number, in [0, 1); `default_beta` if None.
    """
    if scheme not in SCHEMES:
        near = suggest(scheme, list(SCHEMES))
        raise OptionError(
            _("There is no weighting scheme {name!r}.", name=scheme),
            _("one of {names}", names=", ".join(SCHEMES)),
            _("did you mean {near}?", near=near) if near else _("choose one of them"),
        )
    beta = default_beta(pixels) if beta is None else beta
    if not 0 < beta < 1:
        raise OptionError(
            f"beta={beta!r}.",
            _("a number in (0, 1)"),
            _("use 0.999 for hundreds of pixels, closer to 1 for more"),
        )
    counted, areas = np.asarray(pixels, float), np.asarray(area, float)
    there = counted > 0
    if not there.any():
        raise DataError(
            _("No mask contains a class."), _("labelled pixels"), _("check the masks, num_classes and ignore_index")
        )
    raw = SCHEMES[scheme].weigh(ClassCounts(counted[there], areas[there], beta))
    weights = np.zeros(len(counted))
    weights[there] = raw / raw.mean()
    return [float(weight) for weight in weights]
