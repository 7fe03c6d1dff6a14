"""Class weights from pixel counts."""

from __future__ import annotations

from ..i18n import _

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Callable

import numpy as np

from ..errors import DataError, OptionError
from ..registry import suggest

Array = Any


@dataclass(frozen=True)
class Tally:
    """Counts of the classes that occur, arrays of one length."""

    pixels: Array  # of the class
    area: Array  # labelled pixels of the images in which it occurs
    beta: float

    @property
    def share(self) -> Array:
        """Pixels of the class over all labelled pixels."""
        return self.pixels / self.pixels.sum()


@dataclass(frozen=True)
class Scheme:
    """A way to weigh classes; `weigh` gives weights up to a factor."""

    name: str
    formula: str
    paper: str
    weigh: Callable[[Tally], Array]


def _median_frequency(tally: Tally) -> Array:
    frequency = tally.pixels / tally.area
    return np.median(frequency) / frequency


def _effective_number(tally: Tally) -> Array:
    log_beta = np.log(tally.beta)
    return (1 - tally.beta) / -np.expm1(tally.pixels * log_beta)  # 1 - beta^n, for beta near 1 too


SCHEMES = {
    scheme.name: scheme
    for scheme in (
        Scheme("inverse", "1 / share", "folklore", lambda t: 1 / t.share),
        Scheme("sqrt_inverse", "1 / sqrt(share)", "folklore; gentler", lambda t: 1 / np.sqrt(t.share)),
        Scheme(
            "enet",
            "1 / ln(1.02 + share)",
            "Paszke et al. 2016, arXiv 1606.02147; at most 50.5 before scaling",
            lambda t: 1 / np.log(1.02 + t.share),
        ),
        Scheme(
            "median_frequency",
            "median(f) / f, f = pixels of the class / pixels of the images that hold it",
            "Eigen & Fergus 2015, arXiv 1411.4734",
            _median_frequency,
        ),
        Scheme(
            "effective_number",
            "(1 - beta) / (1 - beta^n), n = pixels of the class",
            "Cui et al. 2019, arXiv 1901.05555",
            _effective_number,
        ),
    )
}


def default_beta(pixels: Sequence[int]) -> float:
    """Beta = (N - 1) / N with N all labelled pixels, as in the paper with N all that can be told apart.

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
            _("No weights are called {scheme!r}.", scheme=scheme),
            _("one of {schemes}", schemes=", ".join(SCHEMES)),
            _("did you mean {near}?", near=near) if near else _("choose one of them"),
        )
    beta = default_beta(pixels) if beta is None else beta
    if not 0 < beta < 1:
        raise OptionError(
            _("beta={beta!r}.", beta=beta),
            _("a number in (0, 1)"),
            _("0.999 for hundreds of pixels, nearer to 1 for more"),
        )
    counted, areas = np.asarray(pixels, float), np.asarray(area, float)
    there = counted > 0
    if not there.any():
        raise DataError(
            _("No mask holds a class."), _("labelled pixels"), _("look at the masks, num_classes and ignore_index")
        )
    raw = SCHEMES[scheme].weigh(Tally(counted[there], areas[there], beta))
    weights = np.zeros(len(counted))
    weights[there] = raw / raw.mean()
    return [float(weight) for weight in weights]
