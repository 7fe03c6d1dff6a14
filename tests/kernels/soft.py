"""Problems with soft targets for the kernel's tests, and what its sums are by definition."""

import numpy as np
import paddle

from paddleseg_losses.problem import Problem
from tests.kernels.problems import LARGE
from tests.laws.cases import IGNORED, Case

# Beyond a part of 16 384 pixels too.
SIZES = [*LARGE, Case("binary", 1, (20001,)), Case("multiclass", 3, (150, 131)), Case("multilabel", 2, (256, 65))]
SLOPED = 5  # the first columns; the others are known from the targets alone


def problem(case, dtype="float32", ignored=0.1):
    """Logits and soft targets, some of them ignored: a pixel in all its channels, multilabel each channel alone."""
    logits, targets = case.logits(scale=2.5, dtype="float32"), case.soft(seed=1).astype("float32")
    rng = np.random.default_rng(2)
    channels = case.channels if case.mode == "multilabel" else 1
    left_out = np.broadcast_to(rng.random((case.samples, channels, *case.space)) < ignored, targets.shape)
    return logits.astype(dtype), np.where(left_out, IGNORED, targets).astype(dtype), left_out


def task(logits, targets, mode):
    return Problem(logits, targets, mode, soft=True)


def definition(z, targets, multiclass):
    """The columns by Paddle's operators in float64, the gradient with them; and where p is too near g to compare."""
    left_out = (targets == IGNORED).all(axis=1, keepdim=True) if multiclass else targets == IGNORED
    mask = 1 - left_out.astype("float64")
    g = paddle.where(targets == IGNORED, paddle.zeros_like(targets), targets)
    if multiclass:
        shifted = z - z.max(axis=1, keepdim=True)
        log_p = shifted - paddle.log(paddle.exp(shifted).sum(axis=1, keepdim=True))
        p, other = paddle.exp(log_p), paddle.zeros_like(z)
    else:
        log_p, other = (-paddle.log1p(paddle.exp(-z.abs())) + paddle.minimum(s * z, 0 * z) for s in (1, -1))
        p, other = paddle.nn.functional.sigmoid(z), -other
    gap = p - g
    columns = [
        paddle.minimum(p, g), gap.clip(min=0), (-gap).clip(min=0), -g * log_p, (1 - g) * other, g, 1 - g, 0 * g + 1,
    ]  # fmt: skip
    near = (mask * gap.abs() < 1e-6 * mask * (p + g)).numpy()  # float32 may see p on the other side of g
    near = near.any(axis=1, keepdims=True) if multiclass else near
    return paddle.stack([(mask * column).flatten(2).sum(axis=-1) for column in columns], axis=-1), near
