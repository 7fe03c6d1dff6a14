"""Inputs of the laws: never square, never two axes alike, imperfect, with ignored pixels, in every mode."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import paddle

from ..errors import OptionError
from ..options import options_of
from ..registry import LossSpec

Array = Any
Result = tuple[Array, Array]  # value and gradient

IGNORED = 255


@dataclass(frozen=True)
class Case:
    """A kind of problem, a size, and the type of its logits."""

    mode: str
    channels: int
    space: tuple[int, ...]
    samples: int = 2
    dtype: str = "float64"

    def __str__(self) -> str:
        return f"{self.mode}{self.channels}-{'x'.join(map(str, self.space))}"

    def logits(self, seed: int = 0, dtype: str | None = None, scale: float = 1.5) -> Array:
        """Random scores, of the type of this case unless another is given."""
        shape = (self.samples, self.channels, *self.space)
        return (np.random.default_rng(seed).normal(size=shape) * scale).astype(dtype or self.dtype)

    @property
    def classes(self) -> int:
        """Number of values that a label can have."""
        return self.channels if self.mode == "multiclass" else 2

    def labels(self, seed: int = 1, ignored: float = 0.15) -> Array:
        """Random labels; every class occurs, and some pixels are ignored."""
        rng = np.random.default_rng(seed)
        per_channel = self.mode == "multilabel"
        shape = (self.samples, self.channels, *self.space) if per_channel else (self.samples, *self.space)
        labels = rng.integers(0, self.classes, size=shape)
        labels[rng.random(shape) < ignored] = IGNORED
        return labels

    def soft(self, seed: int) -> Array:
        """Random soft targets; the classes of a multiclass problem add to 1."""
        target = np.random.default_rng(seed).random((self.samples, self.channels, *self.space))
        return target / target.sum(axis=1, keepdims=True) if self.mode == "multiclass" else target

    def perfect(self, labels: Array, size: float = 30.0) -> Array:
        """Logits that say what the labels say."""
        if self.mode == "multiclass":
            hot = np.moveaxis(np.eye(self.channels)[np.where(labels == IGNORED, 0, labels)], -1, 1)
        else:
            hot = (labels == 1).reshape(self.samples, self.channels, *self.space)
        return (size * (2.0 * hot - 1.0)).astype(self.dtype)

    def ignored(self, labels: Array) -> Array:
        """Where logits are ignored, `[N, C, *S]`."""
        where = labels == IGNORED
        return where if self.mode == "multilabel" else np.repeat(where[:, None], self.channels, axis=1)


CASES = (
    Case("binary", 1, (11,)),
    Case("binary", 1, (7, 5)),
    Case("binary", 1, (3, 5, 4)),
    Case("multiclass", 2, (5, 7)),
    Case("multiclass", 3, (9,)),
    Case("multiclass", 3, (7, 5), samples=4),
    Case("multiclass", 3, (4, 3, 5)),
    Case("multilabel", 3, (5, 7)),
    Case("multilabel", 2, (3, 4, 5)),
)


def supports(spec: LossSpec, case: Case) -> bool:
    """Whether a loss takes a kind of problem."""
    few = case.mode != "multiclass" or spec.most_classes is None or case.channels <= spec.most_classes
    return case.mode in spec.modes and few


def make(spec: LossSpec, **options: Any) -> Any:
    """The loss with the options that the spec's example asks for."""
    return spec.cls(**{**spec.example, **options})


def value_and_gradient(loss: Any, logits: Array, labels: Array, **kwargs: Any) -> Result:
    """Value and gradient as numpy."""
    z = paddle.to_tensor(logits, stop_gradient=False)
    value = loss(z, paddle.to_tensor(labels), **kwargs)
    value.backward()
    gradient: Any = z.grad
    return value.numpy(), gradient.numpy()


def value_of(loss: Any, logits: Array, labels: Array) -> float:
    """Value as a float."""
    return float(loss(paddle.to_tensor(logits), paddle.to_tensor(labels)))


def has(spec: LossSpec, option: str) -> bool:
    """Whether a loss has an option."""
    return option in options_of(spec.cls)


def possible(spec: LossSpec, name: str, value: Any) -> bool:
    """Whether an option may have a value."""
    try:
        options_of(spec.cls)[name].parse(value, spec.name)
    except OptionError:
        return False
    return True


def takes_weights(spec: LossSpec) -> bool:
    """Whether `weight` is a list of weights of classes."""
    return has(spec, "weight") and options_of(spec.cls)["weight"].default is None


def weights(spec: LossSpec, case: Case) -> list[float]:
    """Different weights for all classes of a case."""
    if spec.weighs_labels and case.mode != "multiclass":
        return [0.5, 2.0]
    return [0.5, 2.0, 1.25][: case.channels]


def foreground_only(spec: LossSpec) -> dict[str, bool]:
    """Options that score the foreground alone, where a loss has the choice."""
    return {"include_background": False} if has(spec, "include_background") else {}


def everything(spec: LossSpec) -> dict[str, bool]:
    """Options that score all classes, where a loss has the choice."""
    return {"include_background": True} if has(spec, "include_background") else {}
