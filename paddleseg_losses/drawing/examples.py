"""The two small images on which losses are drawn. Neither is square, so that a transposed axis is seen."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

Array = Any
SURE, WRONG = 3.0, 1.5  # logits of what the example prediction gets right, and wrong


@dataclass(frozen=True)
class Scene:
    """An object, and a prediction that is wrong in named places.

    Attributes:
        truth: 0/1 `[H, W]`.
        logits: of the object, `[H, W]`.
        errors: the wrong pixels of each kind, bool `[H, W]`.
    """

    truth: Array
    logits: Array
    errors: dict[str, Array]

    @cached_property
    def regions(self) -> dict[str, Array]:
        """The errors, and the pixels that are right."""
        wrong = np.logical_or.reduce(list(self.errors.values()))
        return {**self.errors, "right pixels": ~wrong}

    @property
    def probability(self) -> Array:
        """Of the object, `[H, W]`."""
        return 1 / (1 + np.exp(-self.logits))


def _scene() -> Scene:
    """A disc with a missed bottom and a ragged right edge, and two false blobs of equal size, one near and one far."""
    rows, columns = np.mgrid[:44, :68]
    truth = ((rows - 20) / 15) ** 2 + ((columns - 20) / 15) ** 2 < 1
    body = truth & (rows < 28)
    edge = columns - (20 + 15 * np.sqrt(np.clip(1 - ((rows - 20) / 15) ** 2, 0, 1)))  # columns beyond the right edge
    tooth = rows // 2 % 2 == 0
    sides = (rows > 12) & (rows < 28)
    out, into = sides & tooth & ~truth & (edge < 3) & (columns > 20), sides & ~tooth & truth & (edge > -3)
    near, far = np.zeros_like(truth), np.zeros_like(truth)
    near[3:8, 36:41], far[35:40, 59:64] = True, True
    errors = {"missed part": truth & ~body, "ragged edge": out | into, "near blob": near, "far blob": far}
    wrong = np.logical_or.reduce(list(errors.values()))
    logits = np.where(truth ^ wrong, 1.0, -1.0) * (np.where(wrong, WRONG, SURE) + _unevenness(rows, columns))
    logits[far] = logits[near] + 1e-3  # the same blob twice, for losses that sort
    return Scene(truth.astype("int64"), logits, errors)


def _unevenness(rows: Array, columns: Array) -> Array:
    """A slight hill over the missed part, so that no two pixels tie where a loss sorts or looks for the largest."""
    return 0.05 * np.cos(0.0317 * (rows - 31.3)) * np.cos(0.0213 * (columns - 20.4))


SCENE = _scene()


@dataclass(frozen=True)
class Pixel:
    """A pixel whose logit is moved while all others stay."""

    place: tuple[int, int]
    label: int


# A block of 3 x 5 in 9 x 13, nearly right everywhere; its middle, and a pixel three away from it.
BLOCK = np.zeros((9, 13), "int64")
BLOCK[3:6, 3:8] = 1
BLOCK_LOGITS = np.where(BLOCK == 1, 2.2, -2.2)  # p = 0.9 and 0.1
PIXELS = {"object": Pixel((4, 5), 1), "background": Pixel((4, 10), 0)}
# To which the pixel is moved, so that its probability goes from 0.007 to 0.993; a little off the round numbers, where
# losses have their kinks.
LOGITS = np.linspace(-5, 5, 101) + 0.003
