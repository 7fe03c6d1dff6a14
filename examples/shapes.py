"""Pictures for the examples: noise with round things in it, in any number of dimensions."""

from __future__ import annotations

import numpy as np
import paddle


def batch(count: int, space: tuple[int, ...], seed: int) -> tuple[paddle.Tensor, paddle.Tensor]:
    """Images `[N, 1, *S]`, and labels `[N, *S]`: 0 noise, 1 a large dim ball, 2 the small bright one inside it."""
    rng = np.random.default_rng(seed)
    places = np.indices(space)
    labels = np.zeros((count, *space), "int64")
    for label in labels:
        middle = [rng.uniform(0.35 * size, 0.65 * size) for size in space]
        away = np.sqrt(sum(((place - at) / size) ** 2 for place, at, size in zip(places, middle, space)))
        label[away < 0.3] = 1
        label[away < 0.12] = 2
    images = labels + rng.normal(0, 0.8, labels.shape)
    return paddle.to_tensor(images[:, None].astype("float32")), paddle.to_tensor(labels)


def dice(predicted: paddle.Tensor, truth: paddle.Tensor) -> float:
    """How far two bool masks agree: 1 is all, 0 is nothing."""
    both = paddle.logical_and(predicted, truth).astype("float32").sum()
    return float(2 * both / (predicted.astype("float32").sum() + truth.astype("float32").sum()))
