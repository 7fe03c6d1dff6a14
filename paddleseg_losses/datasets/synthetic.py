"""Drawn images with a dial: how small, how thin, how ragged, how badly labelled, how often absent.

Nobody trains on them for their own sake. They show how a loss answers to one property of the data while everything else
stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import ndimage

from ..errors import DataError
from ..i18n import _
from . import folder

VERSION = 1  # of the pictures: raise it when the same call would draw others
_MARKER = "synthetic_dataset.json"
_CONTRAST, _NOISE, _UNEVEN = 0.3, 0.12, 0.12  # of the objects; of every pixel; of the light
_LIMITS = {
    "share": (0.001, 0.3),
    "classes": (1, 20),
    "ragged": (0, 0.5),
    "width": (1, 8),
    "label_noise": (0, 0.9),
    "empty": (0, 0.9),
    "size": (32, 1024),
    "train": (1, 10**5),
}

Array = Any


@dataclass(frozen=True)
class Synthetic:
    """What all drawn datasets have.

    Attributes:
        size: height and width of an image.
        train: number of images to train on; `val` and `test` likewise.
        label_noise: share of the training objects that the labels miss; what they hold is shifted. Labels of `val` and
            `test` are right.
        empty: share of the images without any object.
        seed: of the drawing.
    """

    size: int = 64
    train: int = 64
    val: int = 24
    test: int = 48
    label_noise: float = 0.0
    empty: float = 0.0
    seed: int = 0


@dataclass(frozen=True)
class Discs(Synthetic):
    """Bright discs.

    Attributes:
        share: of the pixels that belong to objects, on average: 0.001 to 0.3.
        classes: kinds of discs, some darker and some brighter than what is around them. An image holds one to three
            discs, so kinds are absent.
        ragged: how far the border wanders, over the radius.
    """

    share: float = 0.03
    classes: int = 1
    ragged: float = 0.0


@dataclass(frozen=True)
class Tree(Synthetic):
    """A bright branching tree, such as a vessel or a crack.

    Attributes:
        width: of the branches, in pixels.
    """

    width: float = 1.5


def make_synthetic_dataset(out: str | Path, scene: Discs | Tree) -> Path:
    """Write images and masks in the layout of PaddleSeg's `Dataset`: `train.txt`, `val.txt`, `test.txt`, `labels.txt`.

    Args:
        out: folder to make. It appears complete or not at all; any other content is left untouched.
        scene: what to draw.

    Returns:
        The folder's full path.

    Raises:
        DataError: a number cannot be drawn, or `out` holds anything else.
        MissingDependencyError: Pillow is missing.
    """
    _require_drawable(scene)
    facts = {"dataset": type(scene).__name__, "version": VERSION, **asdict(scene)}
    return folder.write_once(out, facts, _MARKER, lambda draft: _write(draft, scene))


def _require_drawable(scene: Discs | Tree) -> None:
    for name, (low, high) in _LIMITS.items():
        value = getattr(scene, name, low)
        if low <= value <= high:
            continue
        raise DataError(
            _("{name} is {value}.", name=name, value=value),
            _("a number from {low:g} to {high:g}", low=low, high=high),
            _("change --{name}", name=name),
        )


def _write(root: Path, scene: Discs | Tree) -> None:
    image_of = folder.new_images(root).fromarray
    draw: Callable[..., list[tuple[int, Array]]] = _draw_discs if isinstance(scene, Discs) else _draw_tree
    parts: dict[str, list[str]] = {}
    for number, part in enumerate(("train", "val", "test")):
        parts[part] = [f"{part}_{i:04d}.png" for i in range(getattr(scene, part))]
        for i, name in enumerate(parts[part]):
            random = np.random.default_rng((scene.seed, number, i))
            objects = [] if random.random() < scene.empty else draw(random, scene)
            image, truth = _image(random, objects, scene), _labels(objects, scene.size)
            if part == "train" and scene.label_noise:
                truth = _labels(_spoiled(random, objects, scene.label_noise), scene.size)
            image_of(image).save(root / "images" / name)
            image_of(truth).save(root / "annotations" / name)
    folder.write_lists(root, parts)
    classes = [f"disc {c}" for c in range(1, scene.classes + 1)] if isinstance(scene, Discs) else ["tree"]
    folder.write_labels(root, ["background", *classes])


def _draw_discs(random: Any, scene: Discs) -> list[tuple[int, Array]]:
    """Class and mask of each disc."""
    count = int(random.integers(1, 4))
    area = scene.share * scene.size**2 * random.uniform(0.6, 1.4)
    shares = random.dirichlet(np.full(count, 8.0))
    y, x = np.mgrid[: scene.size, : scene.size]
    discs = []
    for share in shares:
        radius = max(np.sqrt(share * area / np.pi), 0.8)
        cy, cx = random.uniform(min(radius, scene.size / 2 - 1), scene.size - min(radius, scene.size / 2 - 1), 2)
        angle, border = np.arctan2(y - cy, x - cx), radius
        for wave in range(3, 9):
            border = border + radius * scene.ragged * random.normal() / 3 * np.cos(wave * angle + random.uniform(0, 7))
        discs.append((int(random.integers(1, scene.classes + 1)), np.hypot(y - cy, x - cx) <= border))
    return discs


def _draw_tree(random: Any, scene: Tree) -> list[tuple[int, Array]]:
    """One mask a branch."""
    y, x = np.mgrid[: scene.size, : scene.size]
    heading = random.uniform(0, 2 * np.pi)
    centre = scene.size / 2
    branches = []
    ends = [(centre - 0.4 * scene.size * np.sin(heading), centre - 0.4 * scene.size * np.cos(heading), heading, 0.3)]
    for _level in range(5):
        grown = []
        for y0, x0, direction, length in ends:
            reach = length * scene.size * random.uniform(0.7, 1.2)
            y1, x1 = y0 + reach * np.sin(direction), x0 + reach * np.cos(direction)
            along = np.clip(((y - y0) * (y1 - y0) + (x - x0) * (x1 - x0)) / max(reach**2, 1e-9), 0, 1)
            branches.append((1, np.hypot(y - y0 - along * (y1 - y0), x - x0 - along * (x1 - x0)) <= scene.width / 2))
            turn = random.uniform(0.3, 0.8)
            grown += [(y1, x1, direction + turn, 0.75 * length), (y1, x1, direction - turn, 0.75 * length)]
        ends = grown
    return branches


def _labels(objects: list[tuple[int, Array]], size: int) -> Array:
    labels = np.zeros((size, size), np.uint8)
    for c, mask in objects:
        labels[mask] = c
    return labels


def _image(random: Any, objects: list[tuple[int, Array]], scene: Discs | Tree) -> Array:
    """Grey values: uneven light, objects by brightness, noise."""
    shape = scene.size, scene.size
    light = ndimage.gaussian_filter(random.normal(size=shape), scene.size / 8, mode="wrap")
    strengths = _strengths(getattr(scene, "classes", 1))
    image = 0.35 + 0.15 * (min(strengths) < 0) + _UNEVEN * light / max(float(light.std()), 1e-9)
    for c, mask in objects:
        image[mask] += _CONTRAST * strengths[c - 1]
    image = ndimage.gaussian_filter(image, 0.6) + _NOISE * random.normal(size=shape)
    return np.rint(255 * np.clip(image, 0, 1)).astype(np.uint8)


def _strengths(classes: int) -> list[float]:
    """How bright each class is: the first half darker than what is around it, the second brighter."""
    if classes == 1:
        return [1.0]
    steps = np.linspace(-1, 1, classes)
    return [float(np.sign(step or 1) * (0.6 + 0.9 * abs(step))) for step in steps]


def _spoiled(random: Any, objects: list[tuple[int, Array]], share: float) -> list[tuple[int, Array]]:
    """Some objects are missed; the others are labelled a pixel or two beside where they are."""
    kept = [each for each in objects if random.random() >= share]
    return [(c, ndimage.shift(mask, random.integers(-2, 3, 2), order=0)) for c, mask in kept]
