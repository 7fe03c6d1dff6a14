"""What the pictures show, measured by running the losses; needs no matplotlib."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import paddle
import paddle.nn.functional as F

from ..losses.base import Loss
from .examples import BLOCK, BLOCK_LOGITS, LOGITS, PIXELS, SCENE, Array, Pixel, Scene


@dataclass(frozen=True)
class Curve:
    """A loss while one pixel moves: its value and its slope by the pixel's logit, for each of the two pixels."""

    logits: Array
    values: dict[str, Array]
    slopes: dict[str, Array]

    @property
    def probability(self) -> Array:
        """Of the object at the pixel."""
        return 1 / (1 + np.exp(-self.logits))


@dataclass(frozen=True)
class SceneGradient:
    """The gradient of a loss by the logits of the object, on a scene.

    Attributes:
        value: of the loss.
        gradient: `[H, W]`; above 0 a step of descent lowers the probability of the object.
        regions: mean size of the gradient on the pixels of each region of the scene.
    """

    value: float
    gradient: Array
    regions: dict[str, float]

    def share(self, region: str) -> float:
        """The mean gradient of a region relative to the largest among the regions; 0 if all are 0."""
        most = max(self.regions.values())
        return self.regions[region] / most if most else 0.0


def curve_of(loss: Loss, logits: Array = LOGITS) -> Curve:
    """Move one pixel of the object, then one of the background, and evaluate the loss at each of the logits."""
    moved = {name: _moved(loss, pixel, logits) for name, pixel in PIXELS.items()}
    return Curve(logits, {name: v for name, (v, _) in moved.items()}, {name: s for name, (_, s) in moved.items()})


def gradient_on(loss: Loss, scene: Scene = SCENE) -> SceneGradient:
    """The gradient of a loss on a scene."""
    value, gradient = _evaluate(loss, scene.logits, scene.truth)
    size = {name: float(np.abs(gradient)[mask].mean()) for name, mask in scene.regions.items()}
    return SceneGradient(value, gradient, size)


def _moved(loss: Loss, pixel: Pixel, logits: Array) -> tuple[Array, Array]:
    values, slopes = [], []
    for logit in logits:
        image = BLOCK_LOGITS.copy()
        image[pixel.place] = logit
        value, gradient = _evaluate(loss, image, BLOCK)
        values.append(value)
        slopes.append(gradient[pixel.place])
    return np.array(values), np.array(slopes)


def _evaluate(loss: Loss, logits: Array, labels: Array) -> tuple[float, Array]:
    """Value, and gradient by the object's logit: one channel, or two where the classes have to compete."""
    z = paddle.to_tensor(logits[None, None].astype("float64"), stop_gradient=False)
    compete = loss.mode == "multiclass" or "binary" not in loss.supported.modes
    given = paddle.concat([paddle.zeros_like(z), z], axis=1) if compete else z
    if not loss.from_logits:
        given = F.softmax(given, axis=1) if compete else F.sigmoid(given)
    if loss.data_format == "NHWC":
        given = given.transpose([0, 2, 3, 1])
    value = loss(given, paddle.to_tensor(labels[None])).mean()
    value.backward()
    gradient: Any = z.grad
    return float(value), gradient.numpy()[0, 0]
