"""How far float32 is from float64 on the same numbers; runs inside a worker of Paddle."""

from __future__ import annotations

from typing import Any

import numpy as np
import paddle

from paddleseg_losses import kernels, registry
from paddleseg_losses.functional.region_sums import region_sums
from paddleseg_losses.ignored_labels import IgnoredLabels
from paddleseg_losses.label_sets import LabelSets
from paddleseg_losses.preparation import InputPreparer
from paddleseg_losses.registry import SupportedInputs

from .cases import IGNORED, Shape, arrays

SUMS = "region sums"  # no loss, but what region losses are made of


def errors(loss: str, shape: Shape) -> dict[str, Any]:
    """Relative error of the value (of sums: the largest), and of the gradient relative to its largest entry.

    `composed` is the gradient's error when Paddle's operators make it.
    """
    made = arrays(shape.size)
    if loss == SUMS:
        single, double = (_sums(made, dtype) for dtype in ("float32", "float64"))
        return {"value": float(np.max(np.abs(single - double) / np.maximum(np.abs(double), 1.0))), "gradient": None}
    spec = registry.get(loss)
    (value, gradient), (exact, slope) = (_both(spec, made, dtype) for dtype in ("float32", "float64"))
    with kernels.use_kernels("composed"):
        _, composed = _both(spec, made, "float32")
    largest = max(np.abs(slope).max(), 1e-300)
    return {
        "value": abs(value - exact) / max(abs(exact), 1e-30),
        "gradient": float(np.abs(gradient - slope).max() / largest),
        "composed": float(np.abs(composed - slope).max() / largest),
    }


def _both(spec: registry.LossSpec, made: Any, dtype: str) -> tuple[float, np.ndarray]:
    logits = paddle.to_tensor(made.logits.astype(dtype), stop_gradient=False)
    value = spec.cls(**spec.example)(logits, paddle.to_tensor(made.labels))
    value.backward()
    return float(value), logits.grad.numpy().astype("float64")


def _sums(made: Any, dtype: str) -> np.ndarray:
    preparer = InputPreparer(
        "sums",
        SupportedInputs(registry.MODES),
        mode=None,
        ignored=IgnoredLabels(IGNORED),
        label_sets=LabelSets.of(None),
        from_logits=True,
        channels_last=False,
    )
    logits, labels = paddle.to_tensor(made.logits.astype(dtype)), paddle.to_tensor(made.labels)
    sums = region_sums(preparer.prepare(logits, labels))
    return np.stack([np.asarray(x.numpy(), "float64") for x in (sums.tp, sums.fp, sums.fn)])
