"""Law 4: the same problem written differently has the same loss."""

from __future__ import annotations

import numpy as np
import paddle

from ...errors import InputError, OptionError
from ...registry import LossSpec
from ..law import identical, law, near, require
from ..law import same as _same
from ..scenes import IGNORED, Array, Result, Scene, foreground_only, make, value_and_gradient

DOOR = "leave layouts to forward, which you inherit: the hook gets clean tensors, and reads only these"


def same(found: Result, expected: Result, what: str) -> None:
    """Equal but for the order in which sums are taken."""
    _same(found, expected, what, 1e-12, (1e-9, 1e-14))


@law(4, DOOR, seen=lambda scene: scene.mode != "multilabel")  # whose labels always have the channel axis
def channel_axis(spec: LossSpec, scene: Scene) -> None:
    """Labels `[N, *S]` and `[N, 1, *S]` are the same."""
    logits, labels = scene.logits(), scene.labels()
    expected = value_and_gradient(make(spec), logits, labels)
    same(value_and_gradient(make(spec), logits, labels[:, None]), expected, "of labels with a channel axis")


@law(4, DOOR)
def label_dtypes(spec: LossSpec, scene: Scene) -> None:
    """Labels may be integers of any kind."""
    logits, labels = scene.logits(), scene.labels()
    expected = value_and_gradient(make(spec), logits, labels)
    for dtype in ("uint8", "int16", "int32"):
        same(value_and_gradient(make(spec), logits, labels.astype(dtype)), expected, f"of {dtype} labels")


@law(4, DOOR)
def channels_last(spec: LossSpec, scene: Scene) -> None:
    """With data_format='NHWC' the channels may be the last axis."""
    logits, labels = scene.logits(), scene.labels()
    expected = value_and_gradient(make(spec), logits, labels)
    moved = np.ascontiguousarray(np.moveaxis(logits, 1, -1))
    variants = [_last(labels)] if scene.mode == "multilabel" else [labels, labels[..., None]]
    for given in variants:
        value, gradient = value_and_gradient(make(spec, data_format="NHWC"), moved, given)
        same((value, np.moveaxis(gradient, -1, 1)), expected, "with data_format='NHWC'")


def _last(labels: Array) -> Array:
    return np.ascontiguousarray(np.moveaxis(labels, 1, -1))


@law(
    4,
    "score every channel against the rest, or state one_vs_rest=False in its spec",
    where=lambda spec: spec.one_vs_rest and {"binary", "multiclass"} <= set(spec.modes),
    seen=lambda scene: scene.mode == "binary",
)
def sigmoid_is_softmax_of_two(spec: LossSpec, scene: Scene) -> None:
    """One channel z is the foreground of the two channels (0, z)."""
    logits, labels = scene.logits(), scene.labels()
    value, gradient = value_and_gradient(make(spec), logits, labels)
    two = np.concatenate([np.zeros_like(logits), logits], axis=1)
    other, other_gradient = value_and_gradient(make(spec, **foreground_only(spec)), two, labels)
    near(value, other, "the value of one channel, not of two,", 1e-10)
    near(gradient[:, 0], other_gradient[:, 1], "the gradient of one channel, not of two,", 1e-8, 1e-14)


@law(4, DOOR, seen=lambda scene: scene.mode == "multiclass")
def one_hot(spec: LossSpec, scene: Scene) -> None:
    """With mode='multiclass' labels may be one-hot."""
    logits, labels = scene.logits(), scene.labels()
    hot = np.moveaxis(np.eye(scene.channels, dtype="int64")[np.where(labels == IGNORED, 0, labels)], -1, 1).copy()
    hot[scene.ignored(labels)] = IGNORED
    found = value_and_gradient(make(spec, mode="multiclass"), logits, hot)
    identical(found, value_and_gradient(make(spec), logits, labels), "of one-hot labels")


@law(4, "make the formula for soft targets the hard one at 0 and 1", where=lambda spec: spec.soft)
def hard_targets_as_floats(spec: LossSpec, scene: Scene) -> None:
    """Soft targets of 0 and 1 are labels."""
    logits, labels = scene.logits(), scene.labels(ignored=0)
    if scene.mode == "multiclass":
        soft = np.moveaxis(np.eye(scene.channels)[labels], -1, 1).copy()
    else:
        soft = labels.astype("float64")
    found = value_and_gradient(make(spec, mode=scene.mode), logits, soft)
    same(found, value_and_gradient(make(spec), logits, labels), "of soft targets that are 0 and 1")


@law(4, "read probabilities through inputs.prob, or name the modes that need logits in logits_only of its spec")
def probabilities(spec: LossSpec, scene: Scene) -> None:
    """With from_logits=False it takes what the activation makes of the logits, or refuses to."""
    logits, labels = scene.logits(), scene.labels()
    expected = value_and_gradient(make(spec), logits, labels)
    z = paddle.to_tensor(logits, stop_gradient=False)
    p = paddle.nn.functional.softmax(z, axis=1) if scene.mode == "multiclass" else paddle.nn.functional.sigmoid(z)
    if scene.mode in spec.logits_only:
        try:
            make(spec, from_logits=False)(p, paddle.to_tensor(labels))
        except (OptionError, InputError) as error:
            require("from_logits" in str(error), f"from_logits=False is refused by {error}", "a word of from_logits")
            return
        require(False, "from_logits=False is not refused", f"a refusal, as logits_only names {scene.mode}")
    value = make(spec, from_logits=False)(p, paddle.to_tensor(labels))
    value.backward()
    near(float(value), expected[0], "the value of probabilities", 1e-6)
    near(z.grad.numpy(), expected[1], "the gradient through probabilities", 1e-5, 1e-10)
