"""Folders of images and masks as people have them, written in milliseconds."""

import numpy as np
from PIL import Image

SIZE = (48, 64)
_ROWS, _COLUMNS = np.indices(SIZE)


def disc(number=0, radius=9):
    """A boolean mask; each number gives another place."""
    row, column = 14 + 5 * number % 18, 16 + 7 * number % 32
    return np.hypot(_ROWS - row, _COLUMNS - column) < radius


def save_image(path, mask, **options):
    """Noise, brighter inside the mask."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(0).integers(0, 60, (*mask.shape, 3))
    Image.fromarray((noise + 120 * (mask > 0)[..., None]).astype("uint8")).save(path, **options)
    return path


def save_mask(path, labels, **options):
    """Any array."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".npy":
        np.save(path, labels)
    else:
        Image.fromarray(labels).save(path, **options)
    return path


def foreground(number):
    """A mask of 0 and 255."""
    return (disc(number) * 255).astype("uint8")


def write(root, names, labels=foreground):
    """Pairs: the names of image and mask, with `{}` for the number."""
    for number in range(6):
        save_image(root / names[0].format(number), disc(number))
        save_mask(root / names[1].format(number), labels(number))
    return root
