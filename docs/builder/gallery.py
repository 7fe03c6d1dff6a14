"""Small gradient maps: what each loss does with the same prediction, without a word in the picture."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from paddleseg_losses import drawing
from paddleseg_losses.drawing.style import DIVERGING
from paddleseg_losses.registry import specs

FOLDER = "images/gallery"
SCENE = "scene"  # the picture of what is predicted
SCALE = 3  # pixels of a picture along a side of a pixel of the scene
LINES = {"map": (17, 17, 17), "scene": (230, 159, 0)}  # of the truth


def picture(name: str) -> str:
    """Where on the site a picture is."""
    return f"{FOLDER}/{name}.png"


def write(folder: Path) -> None:
    """The picture of every loss, and that of the prediction, for the pages in `folder`."""
    (folder / FOLDER).mkdir(parents=True, exist_ok=True)
    grey = np.rint(drawing.SCENE.probability * 255).astype("uint8")
    _save(np.stack([grey] * 3, axis=-1), LINES["scene"], folder / picture(SCENE))
    for spec in specs():
        gradient = drawing.gradient_on(spec.cls(**spec.example)).gradient
        _save(_colored(gradient), LINES["map"], folder / picture(spec.name))


def _colored(gradient: Any) -> Any:
    from matplotlib import colormaps

    most = np.abs(gradient).max() or 1.0
    return (255 * colormaps[DIVERGING](0.5 + gradient / (2 * most))[..., :3]).round().astype("uint8")


def _save(pixels: Any, line: tuple[int, int, int], path: Path) -> None:
    """Larger, with the outline of the truth between its pixels."""
    large, truth = (each.repeat(SCALE, axis=0).repeat(SCALE, axis=1) for each in (pixels, drawing.SCENE.truth))
    edge = np.zeros(truth.shape, bool)
    edge[1:] |= truth[1:] != truth[:-1]
    edge[:, 1:] |= truth[:, 1:] != truth[:, :-1]
    large[edge] = line
    file = io.BytesIO()
    Image.fromarray(large).save(file, "png", optimize=True)
    path.write_bytes(file.getvalue())
