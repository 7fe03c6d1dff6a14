"""The weight map of U-Net (Ronneberger et al. 2015, eq. 2): narrow gaps between cells weigh most."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

LEAST = 1e-7  # what a weight of 1 does not notice


def gap_weights(cells: Any, w0: float, sigma: float) -> Any:
    """`w0 exp(-(d1 + d2)^2 / (2 sigma^2))` outside the cells, 0 inside, as float32.

    Args:
        cells: the number of the cell that a pixel belongs to, `[*S]`; 0 for none.
        w0: the weight of a gap without width.
        sigma: width of the gaps, in pixels, at which it has fallen to 0.6 of that.

    d1 and d2 are the distances to the nearest cell and to the second nearest one.
    """
    from scipy import ndimage  # imported here: the package itself stays light

    reach = math.ceil(sigma * math.sqrt(2 * math.log(max(w0 / LEAST, 1.0))))  # beyond it nothing is added
    first, second = np.full(cells.shape, np.inf), np.full(cells.shape, np.inf)
    for number, box in enumerate(ndimage.find_objects(cells), 1):
        if box is None:
            continue
        window = tuple(slice(max(0, side.start - reach), side.stop + reach) for side in box)
        distance = ndimage.distance_transform_edt(cells[window] != number)
        one, two = first[window], second[window]
        two[...] = np.minimum(two, np.maximum(one, distance))
        one[...] = np.minimum(one, distance)
    with np.errstate(over="ignore"):
        weights = w0 * np.exp(-((first + second) ** 2) / (2 * sigma**2))
    return np.where(cells == 0, weights, 0.0).astype("float32")


def separated(ids: Any) -> Any:
    """Where cells are, bool, one pixel apart: of two that touch, the one with the lower number gives way."""
    from scipy import ndimage

    return (ids > 0) & (ndimage.maximum_filter(ids, size=3, mode="nearest") == ids)
