"""Connected components of labels: the instances of each class. They are found on the host."""

from __future__ import annotations

from typing import Any

import numpy as np


def components(labels: Any, connectivity: int | None = None) -> tuple[Any, int]:
    """Number the connected components of the foreground classes of one image.

    Args:
        labels: class indices `[*S]`, an array of integers; 0 belongs to no component.
        connectivity: how many axes two neighbours may differ in: 1 is faces alone; None is as many as there are.

    Returns:
        int32 `[*S]` with numbers from 1 on, 0 outside; and how many components there are. Pixels of different classes
        are never in one component.
    """
    from scipy import ndimage  # imported here: the package itself stays light

    structure = ndimage.generate_binary_structure(labels.ndim, connectivity or labels.ndim)
    numbers, count = np.zeros(labels.shape, "int32"), 0
    for label, box in enumerate(ndimage.find_objects(labels.astype("int32", copy=False)), 1):
        if box is None:
            continue
        mask = labels[box] == label
        in_box, more = ndimage.label(mask, structure)
        numbers[box] += np.where(mask, in_box + count, 0).astype("int32")
        count += more
    return numbers, count
